//! Scripted responses.

use std::time::Duration;

use plugin_sdk::services::http::{Head, Http, Response};
use plugin_sdk::{Error, Result};

use super::check_head;
use crate::services::allow_list::AllowList;
use crate::services::script::{self, Script};
use crate::services::{Shared, error};

/// A network with scripted responses, which sends nothing. Clones share one script.
///
/// Requests are checked, also against an allow-list, as [the client](super::super#) does it. A
/// rule's pattern is matched against the method and the URL:
/// `GET https://api.example.com/words?n=3`.
///
/// ```
/// use plugin_sdk::services::http::{Head, Http};
/// use plugin_sdk_harness::services::{AllowList, ScriptedHttp};
/// use serde_json::json;
///
/// let http = ScriptedHttp::new(AllowList::new(["api.example.com"])?)
///     .answer_to("GET https://api.example.com/words*", json!(["one", "two"]))
///     .answer((503, "try again"));
///
/// let mut plugins = http.clone();
/// let mut send = |method: &str, url: &str| {
///     let (method, url) = (method.to_owned(), url.to_owned());
///     plugins.send(&Head { method, url, headers: Vec::new(), timeout_ms: None }, b"")
/// };
/// assert_eq!(send("GET", "https://api.example.com/words?n=2").unwrap().body, br#"["one","two"]"#);
/// assert_eq!(send("POST", "https://api.example.com/").unwrap().status, 503);
/// assert_eq!(send("GET", "https://evil.com/").unwrap_err().code(), "permission_denied");
///
/// assert_eq!(http.requests()[1].method, "POST");
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone, Default)]
pub struct ScriptedHttp(Shared<State>);

#[derive(Default)]
struct State {
    allowed: AllowList,
    script: Script<HttpRequest, Response>,
}

/// A request that a plugin sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The names and values that the plugin gave, in the same order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The timeout that the plugin asked for, if any.
    pub timeout: Option<Duration>,
}

impl HttpRequest {
    /// Returns the value of a header; the case of its name is ignored.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = |(own, _): &&(String, String)| own.eq_ignore_ascii_case(name);
        self.headers.iter().find(found).map(|(_, value)| &**value)
    }

    fn bytes(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|header| header.0.len() + header.1.len() + size_of_val(header))
            .sum();
        self.method.len() + self.url.len() + headers + self.body.len() + size_of_val(self)
    }
}

/// A type that converts to a response: a body with the status 200, a status and a body, or a
/// [`Response`] itself.
///
/// A [`serde_json::Value`] becomes a JSON body, with its `content-type`.
pub trait IntoResponse {
    /// Converts this value to a response.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        Response {
            status: 200,
            headers: Vec::new(),
            body: self,
        }
    }
}

impl IntoResponse for &[u8] {
    fn into_response(self) -> Response {
        self.to_vec().into_response()
    }
}

impl IntoResponse for &str {
    fn into_response(self) -> Response {
        self.as_bytes().into_response()
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        self.into_bytes().into_response()
    }
}

impl IntoResponse for serde_json::Value {
    fn into_response(self) -> Response {
        let content_type = ("content-type".to_owned(), "application/json".to_owned());
        Response {
            headers: vec![content_type],
            ..self.to_string().into_response()
        }
    }
}

/// Converts a status to a response without a body.
impl IntoResponse for u16 {
    fn into_response(self) -> Response {
        (self, "").into_response()
    }
}

impl<B: IntoResponse> IntoResponse for (u16, B) {
    fn into_response(self) -> Response {
        Response {
            status: self.0,
            ..self.1.into_response()
        }
    }
}

impl ScriptedHttp {
    /// Creates a network without responses, for requests that the list allows.
    pub fn new(allowed: AllowList) -> Self {
        ScriptedHttp(Shared::new(State {
            allowed,
            script: Script::default(),
        }))
    }

    /// Replaces the allow-list.
    pub fn allow(&self, allowed: AllowList) {
        self.0.lock().allowed = allowed;
    }

    /// Responds with this response whenever method and URL match the pattern, in which `*` matches
    /// any run of characters.
    pub fn answer_to(self, pattern: &str, response: impl IntoResponse) -> Self {
        let pattern = pattern.to_owned();
        self.answer_when(
            move |request| {
                let asked = format!("{} {}", request.method, request.url);
                script::matches(&pattern, &asked)
            },
            response,
        )
    }

    /// Responds with this response whenever the condition holds.
    pub fn answer_when(
        self,
        condition: impl Fn(&HttpRequest) -> bool + Send + 'static,
        response: impl IntoResponse,
    ) -> Self {
        let response = response.into_response();
        self.answer_with(move |request| condition(request).then(|| Ok(response.clone())))
    }

    /// Returns the requests that were allowed, oldest first: the last 1000, and at most 64 MiB of
    /// them.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.0.lock().script.asked().cloned().collect()
    }

    /// Returns the number of responses left in the queue.
    pub fn unanswered(&self) -> usize {
        self.0.lock().script.left()
    }

    /// Adds a response to the queue, for the next request that no rule matches.
    pub fn answer(self, response: impl IntoResponse) -> Self {
        self.0.lock().script.queue(Ok(response.into_response()));
        self
    }

    /// Responds with the closure's result. If the closure returns `None`, later rules and the queue
    /// decide.
    pub fn answer_with(
        self,
        answer: impl FnMut(&HttpRequest) -> Option<Result<Response>> + Send + 'static,
    ) -> Self {
        self.0.lock().script.rule(answer);
        self
    }

    /// Adds an error to the queue, such as that of an unreachable server.
    pub fn fail(self, error: Error) -> Self {
        self.0.lock().script.queue(Err(error));
        self
    }
}

impl std::fmt::Debug for ScriptedHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptedHttp")
            .field("allowed", &self.0.lock().allowed)
            .field("unanswered", &self.unanswered())
            .finish_non_exhaustive()
    }
}

impl Http for ScriptedHttp {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        let mut state = self.0.lock();
        state.allowed.check(&head.url)?;
        check_head(head)?;
        let request = HttpRequest {
            method: head.method.clone(),
            url: head.url.clone(),
            headers: head.headers.clone(),
            body: error::copied(body)?,
            timeout: head.timeout_ms.map(Duration::from_millis),
        };
        let bytes = request.bytes();
        state.script.ask(request, bytes).unwrap_or_else(|| {
            Err(error::unavailable(
                "the network has no response",
                format_args!(
                    "none is scripted for {}; see `ScriptedHttp::answer`",
                    error::quoted(&format!("{} {}", head.method, head.url))
                ),
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(method: &str, url: &str, headers: &[(&str, &str)]) -> Head {
        Head {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            timeout_ms: Some(7),
        }
    }

    #[test]
    fn requests_are_recorded_unchanged_and_closures_answer_them() {
        let mut calls = 0;
        let http = ScriptedHttp::new(AllowList::any())
            .answer_with(move |request| {
                calls += 1;
                (request.body == b"\xff\0").then(|| Ok((201, calls.to_string()).into_response()))
            })
            .answer_when(|request| request.header("x-key").is_some(), 204)
            .fail(Error::new("unavailable", "no route"));
        let mut plugins = http.clone();
        let sent = head("PUT", "http://a/b", &[("X-Key", "1")]);
        let response = plugins.send(&sent, b"\xff\0").unwrap();
        assert_eq!((response.status, response.body), (201, b"1".to_vec()));
        assert_eq!(plugins.send(&sent, b"").unwrap().status, 204);
        let error = plugins
            .send(&head("GET", "http://a", &[]), b"")
            .unwrap_err();
        assert_eq!(error.message(), "no route");
        let error = plugins
            .send(&head("GET", "http://a", &[]), b"")
            .unwrap_err();
        assert!(error.message().contains("`GET http://a`"), "{error}");
        let requests = http.requests();
        assert_eq!(requests.len(), 4);
        assert_eq!(requests[0].header("x-KEY"), Some("1"));
        assert_eq!(requests[0].body, b"\xff\0");
        assert_eq!(requests[0].timeout, Some(Duration::from_millis(7)));
    }

    #[test]
    fn scripted_network_refuses_what_the_client_refuses() {
        let mut http = ScriptedHttp::new(AllowList::any()).answer("fine");
        for (method, headers) in [
            ("", &[][..]),
            ("GET x", &[]),
            ("CONNECT", &[]),
            ("GET", &[("Host", "evil.com")]),
            ("POST", &[("content-length", "1")]),
            ("POST", &[("Transfer-Encoding", "chunked")]),
            ("GET", &[("a b", "1")]),
            ("GET", &[("a", "1\r\nb: 2")]),
        ] {
            let error = http
                .send(&head(method, "http://a", headers), b"")
                .unwrap_err();
            assert_eq!(error.code(), "invalid_argument", "{method} {headers:?}");
        }
        assert_eq!(http.requests(), []);
        assert_eq!(
            ScriptedHttp::default()
                .send(&head("GET", "http://a", &[]), b"")
                .unwrap_err()
                .code(),
            "permission_denied"
        );
    }
}
