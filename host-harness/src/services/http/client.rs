//! An HTTP client that sends requests over the network.

use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION};
use http::{HeaderMap, Method, Request, StatusCode};
use plugin_sdk::services::http::{Head, Http, Response};
use plugin_sdk::{Error, Result, code};
use serde_json::json;
use ureq::{Agent, Proxy};

use super::check_head;
use crate::services::allow_list::{AllowList, Target};
use crate::services::{error, time_left};

/// The default limit of a response, in bytes.
pub(in crate::services) const MAX_RESPONSE: u64 = 16 << 20;

/// The default timeout of a request.
pub(in crate::services) const TIMEOUT: Duration = Duration::from_secs(30);

/// The upper bound of any timeout, so that adding it to the current time cannot overflow.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The default limit of redirections.
pub(in crate::services) const REDIRECTS: u32 = 10;

/// An HTTP client that sends plugins' requests to allowed hosts. Clones share their connections.
///
/// A response of any status is a success. The client follows redirections and checks each against
/// the allow-list. It sends `authorization` and `cookie` only to the server they were meant for. A
/// request, including the host lookup and reading the body, takes no longer than its own timeout,
/// [the client's](Self::timeout) and [the time left to the plugin's
/// call](crate::services::time_left). The client reads nothing from the environment by default; see
/// [`proxy_from_environment`](Self::proxy_from_environment).
///
/// `https` addresses need this crate's feature `https`.
///
/// ```no_run
/// use plugin_sdk::services::http::{Head, Http};
/// use plugin_sdk_harness::services::{AllowList, HttpClient};
///
/// let allowed = AllowList::new(["api.example.com"])?;
/// let mut client = HttpClient::new(allowed).max_response_bytes(1 << 20);
/// let head = Head { method: "GET".into(), url: "http://api.example.com/words".into(), headers: vec![], timeout_ms: Some(500) };
/// let response = client.send(&head, b"").unwrap();
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone, Debug)]
pub struct HttpClient {
    agent: Agent,
    allowed: AllowList,
    max_response: u64,
    timeout: Duration,
    redirects: u32,
}

impl HttpClient {
    /// Creates a client for the hosts of a list.
    pub fn new(allowed: AllowList) -> Self {
        HttpClient {
            agent: agent(None),
            allowed,
            max_response: MAX_RESPONSE,
            timeout: TIMEOUT,
            redirects: REDIRECTS,
        }
    }

    /// Sends one request and returns its response, without following redirections.
    fn exchange(
        &self,
        sent: &Sent<'_>,
        target: &Target,
        deadline: Instant,
        allowed_time: Duration,
    ) -> Result<Response> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out(target, allowed_time));
        }
        let mut request = Request::new(());
        *request.method_mut() = sent.method.clone();
        *request.uri_mut() = target.uri().clone();
        *request.headers_mut() = sent.headers.clone();
        // A `POST` without a body needs a `content-length` of 0; a `GET` has none.
        let answered = if sent.body.is_empty() && !expects_body(&sent.method) {
            self.run(request, left)
        } else {
            let body = error::copied(sent.body)?;
            self.run(request.map(|()| body), left)
        };
        let explain = |error| explain(error, target, self.max_response, allowed_time);
        let (head, body) = answered.map_err(explain)?.into_parts();
        let body = body
            .into_with_config()
            // `ureq` rejects a body that exactly reaches the limit.
            .limit(self.max_response.saturating_add(1))
            .read_to_vec()
            .map_err(explain)?;
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        Ok(Response {
            status: head.status.as_u16(),
            headers,
            body,
        })
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: Request<B>,
        timeout: Duration,
    ) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(timeout))
            .build();
        self.agent.run(request)
    }

    /// Sets the largest body of a response, in bytes. The default is 16 MiB; a larger one is the
    /// error `too_large`.
    pub fn max_response_bytes(mut self, bytes: u64) -> Self {
        self.max_response = bytes;
        self
    }

    /// Sets the longest time that any request may take, at most a day. The default is 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    /// Sets how many redirections are followed. The default is 10; the next redirection is returned
    /// as the response.
    pub fn redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// Sends everything through the proxy that the variable `ALL_PROXY`, `HTTPS_PROXY` or
    /// `HTTP_PROXY` names, except to the hosts in `NO_PROXY`.
    pub fn proxy_from_environment(mut self) -> Self {
        self.agent = agent(Proxy::try_from_env());
        self
    }
}

/// A request as it is sent. Redirections change it.
struct Sent<'a> {
    method: Method,
    headers: HeaderMap,
    body: &'a [u8],
}

impl Sent<'_> {
    /// Changes the request to follow a redirection with this status.
    fn redirected(&mut self, status: StatusCode, from: &Target, to: &Target) {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = b"";
            self.headers.remove(CONTENT_TYPE);
        }
        if !from.same_server(to) {
            self.headers.remove(AUTHORIZATION);
            self.headers.remove(COOKIE);
        }
    }
}

impl Http for HttpClient {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        let mut target = self.allowed.check(&head.url)?;
        let (method, headers) = check_head(head)?;
        let asked = head.timeout_ms.map(Duration::from_millis);
        let limits = [asked, time_left(), Some(self.timeout)];
        let allowed_time = limits.into_iter().flatten().min().unwrap_or(TIMEOUT);
        let deadline = Instant::now() + allowed_time;

        let mut sent = Sent {
            method,
            headers,
            body,
        };
        let mut left = self.redirects;
        loop {
            let response = self.exchange(&sent, &target, deadline, allowed_time)?;
            let Some((status, location)) = redirection(&response).filter(|_| left > 0) else {
                return Ok(response);
            };
            left -= 1;
            let next = self
                .allowed
                .check(&resolve(&target, location))
                .map_err(|error| {
                    error.context(format!(
                        "{} redirects to where the plugin may not go",
                        error::quoted(&target.uri().to_string())
                    ))
                })?;
            sent.redirected(status, &target, &next);
            target = next;
        }
    }
}

/// Returns the status and target of a redirection.
fn redirection(response: &Response) -> Option<(StatusCode, &str)> {
    let status = StatusCode::from_u16(response.status).ok()?;
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let (_, location) = response
        .headers
        .iter()
        .find(|(name, _)| *name == LOCATION.as_str())?;
    Some((status, location))
}

/// Resolves a reference relative to a URL, as RFC 3986 (5.2) specifies.
fn resolve(base: &Target, reference: &str) -> String {
    let reference = reference
        .split_once('#')
        .map_or(reference, |(start, _)| start);
    let has_scheme = reference
        .split_once(':')
        .is_some_and(|(scheme, _)| !scheme.is_empty() && !scheme.contains(['/', '?']));
    if has_scheme {
        return reference.to_owned();
    }
    let uri = base.uri();
    let scheme = base.scheme();
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (reference, String::new()),
    };
    let (path, query) = match path {
        "" if query.is_empty() => (
            uri.path().to_owned(),
            uri.query()
                .map_or_else(String::new, |query| format!("?{query}")),
        ),
        "" => (uri.path().to_owned(), query),
        _ if path.starts_with('/') => (without_dots(path), query),
        _ => {
            let folder = uri.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            (without_dots(&format!("{folder}/{path}")), query)
        }
    };
    format!("{scheme}://{authority}{path}{query}")
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                // `a/..` is the folder, with a trailing slash.
                if segments.peek().is_none() {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn agent(proxy: Option<Proxy>) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .user_agent(concat!(
            env!("CARGO_PKG_NAME"),
            "/",
            env!("CARGO_PKG_VERSION")
        ))
        .build()
        .into()
}

fn timed_out(target: &Target, allowed_time: Duration) -> Error {
    Error::new(
        code::TIMEOUT,
        format!(
            "{} did not answer within {} ms",
            error::quoted(&target.host()),
            allowed_time.as_millis()
        ),
    )
    .with_details(&json!({ "timeout_ms": allowed_time.as_millis() as u64 }))
}

fn explain(error: ureq::Error, target: &Target, limit: u64, allowed_time: Duration) -> Error {
    match error {
        ureq::Error::Timeout(_) => timed_out(target, allowed_time),
        ureq::Error::BodyExceedsLimit(_) => {
            error::too_large("the response", limit, "max_response_bytes")
        }
        ureq::Error::HostNotFound => error::unavailable(
            "the request failed",
            format_args!("there is no host {}", error::quoted(&target.host())),
        ),
        ureq::Error::TlsRequired => error::unavailable(
            "the request failed",
            "the host's client cannot speak `https`, which takes the feature `https` of plugin-sdk-harness",
        ),
        other => error::unavailable("the request failed", other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_as_in_rfc_3986() {
        // The examples of RFC 3986, 5.4, except those whose base has another scheme.
        let base = AllowList::any().check("http://a/b/c/d;p?q").unwrap();
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://h/p", "https://h/p"),
            ("ftp://h/p", "ftp://h/p"),
        ] {
            assert_eq!(resolve(&base, reference), expected, "{reference:?}");
        }
    }
}
