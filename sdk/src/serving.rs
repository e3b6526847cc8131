//! The HTTP API of served plugins, as far as a server of plugins and a plugin that answers requests
//! itself have it in common.

use std::borrow::Cow;

use crate::error::code;

/// The largest body of a request in bytes, unless the server sets another.
pub const MAX_BODY: usize = 16 << 20;

/// The longest target of a request that a plugin reads itself, in bytes.
pub const MAX_TARGET: usize = 8 << 10;

/// The media type of answers in JSON.
pub const JSON: &str = "application/json";

/// The media type of a raw command's output.
pub fn media(is_text: bool) -> &'static str {
    match is_text {
        true => "text/plain; charset=utf-8",
        false => "application/octet-stream",
    }
}

/// The route of a request that concerns one plugin. Names are still percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// The description of all routes.
    OpenApi,
    /// The health of the plugin with this id.
    Health(&'a str),
    /// Its manifest.
    Manifest(&'a str),
    /// A call whose body names the command.
    Call(&'a str),
    /// A call of the command with this name.
    Command(&'a str, &'a str),
}

impl<'a> Route<'a> {
    /// Returns the route of a target: a path, possibly with a query.
    pub fn of(target: &'a str) -> Option<Self> {
        let (path, _) = target.split_once('?').unwrap_or((target, ""));
        if path == "/openapi.json" {
            return Some(Route::OpenApi);
        }
        let (id, rest) = path.strip_prefix("/api/plugins/")?.split_once('/')?;
        let route = match rest {
            "health" => Route::Health(id),
            "manifest" => Route::Manifest(id),
            "command" => Route::Call(id),
            rest => {
                let command = rest.strip_prefix("commands/")?;
                if command.is_empty() || command.contains('/') {
                    return None;
                }
                Route::Command(id, command)
            }
        };
        (!id.is_empty()).then_some(route)
    }

    /// Returns whether the route only reads.
    pub fn reads(self) -> bool {
        matches!(self, Route::OpenApi | Route::Health(_) | Route::Manifest(_))
    }
}

/// Returns a segment of a path without percent-encoding; `None` if that is not UTF-8.
pub fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(segment.into());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.split_first_chunk().filter(|_| *first == b'%');
        let escaped = digits.and_then(|([high, low], after)| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            Some(((digit(*high)? << 4 | digit(*low)?) as u8, after))
        });
        let (byte, after) = escaped.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Returns the status for an error that a plugin returns, by its code.
pub fn status(code: &str) -> u16 {
    match code {
        code::MISSING_ARGUMENT
        | code::UNKNOWN_ARGUMENT
        | code::INVALID_ARGUMENT
        | code::INVALID_JSON => 400,
        code::PERMISSION_DENIED => 403,
        _ => 422,
    }
}

/// Returns the word for a status, as NeoTalk has it for those that it knows.
pub fn word(status: u16) -> &'static str {
    match status {
        400 => "BAD_REQUEST",
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        405 => "METHOD_NOT_ALLOWED",
        408 => "REQUEST_TIMEOUT",
        413 => "PAYLOAD_TOO_LARGE",
        414 => "URI_TOO_LONG",
        421 => "MISDIRECTED_REQUEST",
        422 => "UNPROCESSABLE_ENTITY",
        503 => "SERVICE_UNAVAILABLE",
        504 => "GATEWAY_TIMEOUT",
        _ => "INTERNAL_ERROR",
    }
}

/// The messages of errors that do not come from a plugin.
pub mod message {
    use crate::json::decimal;

    /// No route has this path.
    pub const NO_ROUTE: &str = "there is no such route";
    /// The route takes other methods.
    pub const WRONG_METHOD: &str = "the route does not take this method";
    /// A part of the path is not UTF-8.
    pub const PATH_NOT_TEXT: &str = "the path is not text in UTF-8";
    /// The body was cut off.
    pub const BODY_ENDED: &str = "the body ended early";
    /// The body of a command in the path is JSON, but no object.
    pub const NO_OBJECT: &str = "the arguments are an object with a member for each, or nothing";
    /// The form of a call whose body names the command.
    pub const CALL_HINT: &str = r#"send `{"command": "…", "args": {…}}`"#;

    /// The body is too large.
    pub fn too_large(limit: usize) -> String {
        ["the body has more than ", &decimal(limit as u64), " bytes"].concat()
    }

    /// The target of the request is too long.
    pub fn target_too_long(limit: usize) -> String {
        ["the path has more than ", &decimal(limit as u64), " bytes"].concat()
    }

    /// Another route is for commands that take bytes.
    pub fn takes_bytes(command: &str) -> String {
        [
            "the command `",
            command,
            "` takes and returns bytes, not JSON",
        ]
        .concat()
    }

    /// The route for commands that take bytes.
    pub fn bytes_hint(id: &str, command: &str) -> String {
        [
            "send the bytes to `/api/plugins/",
            id,
            "/commands/",
            command,
            "`",
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_by_whole_segments() {
        for (target, route) in [
            ("/openapi.json", Some(Route::OpenApi)),
            ("/openapi.json?x=1", Some(Route::OpenApi)),
            ("/api/plugins/a/health", Some(Route::Health("a"))),
            ("/api/plugins/a/manifest", Some(Route::Manifest("a"))),
            ("/api/plugins/a%20b/command?", Some(Route::Call("a%20b"))),
            (
                "/api/plugins/a/commands/greet?x=/",
                Some(Route::Command("a", "greet")),
            ),
            ("", None),
            ("/", None),
            ("/openapi.json/", None),
            ("/api/plugins//health", None),
            ("/api/plugins/a", None),
            ("/api/plugins/a/", None),
            ("/api/plugins/a/health/", None),
            ("/api/plugins/a/commands", None),
            ("/api/plugins/a/commands/", None),
            ("/api/plugins/a/commands/b/c", None),
            ("api/plugins/a/health", None),
        ] {
            assert_eq!(Route::of(target), route, "{target:?}");
        }
    }

    #[test]
    fn segments_are_decoded_as_far_as_they_are_encoded() {
        for (segment, text) in [
            ("greet", Some("greet")),
            ("gr%65et", Some("greet")),
            ("%c3%A9", Some("é")),
            ("100%", Some("100%")),
            ("%2", Some("%2")),
            ("%zz%41", Some("%zzA")),
            ("%+1", Some("%+1")),
            ("%ff", None),
        ] {
            assert_eq!(decoded(segment).as_deref(), text, "{segment}");
        }
    }
}
