//! From a request to its answer.

use serde::de::Error as _;

use super::description::{Description, form};
use super::resources::Unread;
use crate::contracts::call::{self, Failed};
use crate::contracts::registry::Codec;
use crate::decode_error::DecodeError;
use crate::json::{self, Arena, object};
use crate::serving::{self, MAX_BODY, MAX_TARGET, Route, message};

/// A request.
pub(super) trait Request {
    /// Returns whether the method is GET or HEAD.
    fn reads(&self) -> bool;
    /// Returns whether the method is POST.
    fn calls(&self) -> bool;
    /// Returns the path and the query.
    fn target(&self) -> &str;
    /// Reads the body.
    fn body(&self) -> Result<Vec<u8>, Unread>;
    /// Returns the id that a proxy gave the request.
    fn id(&self) -> Option<String>;
}

/// The answer to a request.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media: &'static str,
    pub(super) body: Vec<u8>,
    /// The id of a request that failed.
    pub(super) request_id: Option<String>,
    /// The methods of the route, if the request has another.
    pub(super) allowed: Option<&'static str>,
}

impl Answer {
    fn ok(media: &'static str, body: Vec<u8>) -> Self {
        Answer {
            status: 200,
            media,
            body,
            request_id: None,
            allowed: None,
        }
    }

    /// Returns data, which is JSON, in an envelope.
    fn data(data: &[u8]) -> Self {
        let envelope = object(|answer| {
            answer.json("success", b"true");
            answer.json("data", data);
        });
        Answer::ok(serving::JSON, envelope)
    }
}

/// The reason why a request has no other answer.
struct Refusal {
    status: u16,
    message: String,
    reason: Option<String>,
    /// JSON.
    details: Option<String>,
    hint: Option<String>,
    allowed: Option<&'static str>,
}

impl Refusal {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Refusal {
            status,
            message: message.into(),
            reason: None,
            details: None,
            hint: None,
            allowed: None,
        }
    }

    /// Returns the refusal for an error of the plugin, whose status depends on its code.
    fn failed(error: &[u8], status: impl FnOnce(&str) -> u16) -> Self {
        let (reason, message) = call::code_and_message(error);
        let (arena, mut details) = (Arena::new(), None);
        // The plugin's guest has written it as an object.
        let _ = json::members(error, &arena, |name, value| {
            if name == "details" {
                details = Some(value.to_owned());
            }
            Ok(())
        });
        Refusal {
            details,
            reason: Some(reason.clone()),
            ..Refusal::new(status(&reason), message)
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    fn into_answer(self, id: String) -> Answer {
        let error = object(|error| {
            error.string("code", serving::word(self.status));
            error.string("message", &self.message);
            error.string("request_id", &id);
            if let Some(reason) = &self.reason {
                error.string("reason", reason);
            }
            if let Some(details) = &self.details {
                error.json("details", details.as_bytes());
            }
            if let Some(hint) = &self.hint {
                error.string("hint", hint);
            }
        });
        let body = object(|answer| {
            answer.json("success", b"false");
            answer.json("error", &error);
        });
        Answer {
            status: self.status,
            request_id: Some(id),
            allowed: self.allowed,
            ..Answer::ok(serving::JSON, body)
        }
    }
}

type Answered = Result<Answer, Refusal>;

/// Makes the plugin and starts it, if that has not been done.
type Ready<'a> = &'a dyn Fn() -> Result<(), Failed>;

/// Answers a request.
pub(super) fn answer(request: &dyn Request, plugin: &Description<'_>, ready: Ready<'_>) -> Answer {
    let served = Served {
        request,
        plugin,
        ready,
    };
    match served.routed() {
        Ok(answer) => answer,
        Err(refusal) => refusal.into_answer(request_id(request)),
    }
}

/// The longest id of a request in bytes that an answer repeats.
const MAX_ID: usize = 64;

/// Returns the id that a proxy gave the request, if it is a plain word.
fn request_id(request: &dyn Request) -> String {
    let is_plain = |id: &String| {
        let mut bytes = id.bytes();
        (1..=MAX_ID).contains(&id.len()) && bytes.all(|byte| byte.is_ascii_graphic())
    };
    // Ids of an own count would repeat: an instance may answer one request only.
    request.id().filter(is_plain).unwrap_or_default()
}

struct Served<'a> {
    request: &'a dyn Request,
    plugin: &'a Description<'a>,
    ready: Ready<'a>,
}

impl Served<'_> {
    fn routed(&self) -> Answered {
        let target = self.request.target();
        if target.len() > MAX_TARGET {
            return Err(Refusal::new(414, message::target_too_long(MAX_TARGET)));
        }
        let route = Route::of(target).ok_or_else(|| Refusal::new(404, message::NO_ROUTE))?;
        let (fits, allowed) = match route.reads() {
            true => (self.request.reads(), "GET,HEAD"),
            false => (self.request.calls(), "POST"),
        };
        if !fits {
            return Err(Refusal {
                allowed: Some(allowed),
                ..Refusal::new(405, message::WRONG_METHOD)
            });
        }
        match route {
            Route::OpenApi => Ok(Answer::ok(
                serving::JSON,
                self.plugin.openapi.as_bytes().to_vec(),
            )),
            Route::Manifest(id) => {
                self.expect_own(id)?;
                Ok(Answer::data(self.plugin.manifest.as_bytes()))
            }
            Route::Health(id) => {
                self.expect_own(id)?;
                self.health()
            }
            Route::Call(id) => {
                let body = self.body()?;
                self.expect_own(id)?;
                self.named_in_body(&body)
            }
            Route::Command(id, command) => {
                let command = decoded(command)?;
                let body = self.body()?;
                self.expect_own(id)?;
                self.named_in_path(&command, body)
            }
        }
    }

    /// Checks that a request is for this plugin.
    fn expect_own(&self, id: &str) -> Result<(), Refusal> {
        let id = decoded(id)?;
        if id == self.plugin.id {
            return Ok(());
        }
        let message = ["there is no plugin `", &call::shown(&id), "`"].concat();
        Err(Refusal::new(404, message).reason("unknown_plugin"))
    }

    fn body(&self) -> Result<Vec<u8>, Refusal> {
        self.request.body().map_err(|unread| match unread {
            Unread::TooLong => Refusal::new(413, message::too_large(MAX_BODY)),
            Unread::Broken => Refusal::new(400, message::BODY_ENDED),
        })
    }

    fn health(&self) -> Answered {
        let id = self.plugin.id;
        if let Err(failed) = (self.ready)() {
            let (_, message) = failed.code_and_message();
            let message = ["the plugin `", id, "` is failed: ", &message].concat();
            return Err(Refusal::new(503, message));
        }
        Ok(Answer::data(&object(|health| {
            health.string("status", "healthy");
            health.string("plugin_id", id);
            health.string("state", "running");
        })))
    }

    fn named_in_body(&self, body: &[u8]) -> Answered {
        let (arena, mut command, mut arguments) = (Arena::new(), None, None);
        let read = json::members(body, &arena, |name, value| {
            match name {
                "command" if command.is_some() => {
                    return Err(DecodeError::duplicate_field("command"));
                }
                "args" if arguments.is_some() => return Err(DecodeError::duplicate_field("args")),
                "command" => command = Some(json::read::<String>(value.as_bytes(), &Arena::new())?),
                "args" => arguments = Some(value),
                _ => {}
            }
            Ok(())
        });
        let no_call = |why: &str| {
            let message = ["the body is not a call: ", why].concat();
            Refusal::new(400, message).hint(message::CALL_HINT)
        };
        read.map_err(|fault| no_call(fault.into_error("the body").message()))?;
        let command = command.ok_or_else(|| no_call("missing field `command`"))?;
        self.made()?;
        match codec(&command)? {
            Codec::Json => {}
            Codec::Raw | Codec::Binary => {
                let hint = message::bytes_hint(self.plugin.id, &command);
                return Err(Refusal::new(400, message::takes_bytes(&command)).hint(hint));
            }
        }
        let arguments = arguments.filter(|arguments| *arguments != "null");
        let mut arguments = arguments.unwrap_or_default().as_bytes().to_vec();
        let result = called(&command, &mut arguments)?;
        Ok(Answer::data(&object(|data| data.json("result", &result))))
    }

    fn named_in_path(&self, command: &str, mut body: Vec<u8>) -> Answered {
        self.made()?;
        let codec = codec(command)?;
        if let Codec::Json = codec {
            let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
            if !body.is_empty() && first != Some(&b'{') {
                return Err(Refusal::new(400, message::NO_OBJECT));
            }
            return Ok(Answer::ok(serving::JSON, called(command, &mut body)?));
        }
        let form = self.plugin.form(command);
        let output = called(command, &mut body)?;
        let output = match form & form::IN_PLACE {
            0 => output,
            _ => body,
        };
        Ok(Answer::ok(serving::media(form & form::TEXT != 0), output))
    }

    fn made(&self) -> Result<(), Refusal> {
        (self.ready)().map_err(|failed| Refusal::failed(failed.json(), |_| 503))
    }
}

fn codec(command: &str) -> Result<Codec, Refusal> {
    let command = command.as_bytes();
    call::codec(command).ok_or_else(|| {
        let error = call::unknown_command(command);
        Refusal::new(404, error.message()).reason(error.code())
    })
}

/// Calls a command, and returns a copy of its answer.
fn called(command: &str, input: &mut [u8]) -> Result<Vec<u8>, Refusal> {
    call::command(command.as_bytes(), input, |_, reply| match reply.failed {
        false => Ok(reply.bytes.to_vec()),
        true => Err(Refusal::failed(reply.bytes, serving::status)),
    })
}

fn decoded(segment: &str) -> Result<std::borrow::Cow<'_, str>, Refusal> {
    serving::decoded(segment).ok_or_else(|| Refusal::new(400, message::PATH_NOT_TEXT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    /// A request without a body, or with one that is too long.
    struct Sent {
        method: &'static str,
        target: String,
        id: &'static str,
    }

    impl Request for Sent {
        fn reads(&self) -> bool {
            self.method == "GET"
        }

        fn calls(&self) -> bool {
            self.method == "POST"
        }

        fn target(&self) -> &str {
            &self.target
        }

        fn body(&self) -> Result<Vec<u8>, Unread> {
            match self.target.ends_with("?long") {
                true => Err(Unread::TooLong),
                false => Ok(Vec::new()),
            }
        }

        fn id(&self) -> Option<String> {
            Some(self.id.to_owned())
        }
    }

    /// Answers for a plugin `p` with the manifest `{}`, the document `[]` and no commands.
    fn answered(method: &'static str, target: &str, id: &'static str, ready: Ready<'_>) -> Answer {
        let description = Description::read(b"\x01p\x02{}\x02[]\x00");
        let target = target.to_owned();
        answer(&Sent { method, target, id }, &description, ready)
    }

    fn body(answer: &Answer) -> &str {
        std::str::from_utf8(&answer.body).unwrap()
    }

    #[test]
    fn each_route_has_its_methods_and_its_plugin() {
        let long = format!("/api/plugins/p/health?{}", "x".repeat(MAX_TARGET));
        for (method, target, status) in [
            ("GET", "/openapi.json", 200),
            ("GET", "/api/plugins/p/manifest", 200),
            ("GET", "/api/plugins/%70/health", 200),
            ("GET", "/api/plugins/q/health", 404),
            ("GET", "/api/plugins/%ff/health", 400),
            ("POST", "/api/plugins/p/health", 405),
            ("GET", "/api/plugins/p/commands/x", 405),
            ("POST", "/api/plugins/p/commands/x", 404),
            ("POST", "/api/plugins/p/commands/x?long", 413),
            ("POST", "/api/plugins/p/command", 400),
            ("GET", "/", 404),
            ("GET", &long, 414),
        ] {
            let answer = answered(method, target, "1", &|| Ok(()));
            assert_eq!(
                answer.status,
                status,
                "{method} {target}: {}",
                body(&answer)
            );
            assert_eq!(answer.media, "application/json");
        }
        let refused = answered("DELETE", "/openapi.json", "1", &|| Ok(()));
        assert_eq!(refused.allowed, Some("GET,HEAD"));
    }

    #[test]
    fn an_error_repeats_only_plain_ids() {
        for (id, repeated) in [("a-1", "a-1"), ("a b", ""), ("\u{1b}[0m", ""), ("", "")] {
            let answer = answered("GET", "/", id, &|| Ok(()));
            assert_eq!(answer.request_id.as_deref(), Some(repeated));
        }
        let member = r#""message":"there is no such route","request_id":"a-1"}"#;
        let answer = answered("GET", "/", "a-1", &|| Ok(()));
        assert!(body(&answer).contains(member), "{}", body(&answer));
    }

    #[test]
    fn a_plugin_that_cannot_be_made_is_unavailable() {
        let refused = || Err(Error::new("refused", "never").with_details(&[1]).into());
        let call = answered("POST", "/api/plugins/p/commands/x", "", &refused);
        assert_eq!(call.status, 503);
        let error = r#""code":"SERVICE_UNAVAILABLE","message":"never","request_id":"","reason":"refused","details":[1]}"#;
        assert!(body(&call).contains(error), "{}", body(&call));
        let health = answered("GET", "/api/plugins/p/health", "", &refused);
        assert_eq!(health.status, 503);
        assert!(body(&health).contains("the plugin `p` is failed: never"));
    }
}
