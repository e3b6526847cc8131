//! Requests of the plugin to other servers, by `wasi:http/outgoing-handler`.

use super::super::Contract;
use super::super::resources::{Fields, Handle, OutgoingBody, Unread, read_body, wait};
use crate::contracts::canonical::Answer;
use crate::contracts::services::{Head, Http, Response};
use crate::error::{Error, Result, code};
use crate::json::decimal;
use crate::memory::Address;
use crate::services::http::named;
use crate::serving::MAX_BODY;

imported! {
    "wasi:http/types@0.2.0":
        fn request_new = "[constructor]outgoing-request"(headers: u32) -> u32;
        fn request_body = "[method]outgoing-request.body"(request: u32, area: Address);
        fn request_set_method = "[method]outgoing-request.set-method"(
            request: u32, method: u32, other: Address, len: usize
        ) -> u32;
        fn request_set_target = "[method]outgoing-request.set-path-with-query"(
            request: u32, is_some: u32, target: Address, len: usize
        ) -> u32;
        fn request_set_scheme = "[method]outgoing-request.set-scheme"(
            request: u32, is_some: u32, scheme: u32, other: Address, len: usize
        ) -> u32;
        fn request_set_authority = "[method]outgoing-request.set-authority"(
            request: u32, is_some: u32, authority: Address, len: usize
        ) -> u32;
        fn request_drop = "[resource-drop]outgoing-request"(request: u32);
        fn options_new = "[constructor]request-options"() -> u32;
        fn options_connect = "[method]request-options.set-connect-timeout"(
            options: u32, is_some: u32, nanoseconds: u64
        ) -> u32;
        fn options_first_byte = "[method]request-options.set-first-byte-timeout"(
            options: u32, is_some: u32, nanoseconds: u64
        ) -> u32;
        fn options_between = "[method]request-options.set-between-bytes-timeout"(
            options: u32, is_some: u32, nanoseconds: u64
        ) -> u32;
        fn options_drop = "[resource-drop]request-options"(options: u32);
        fn future_subscribe = "[method]future-incoming-response.subscribe"(future: u32) -> u32;
        fn future_get = "[method]future-incoming-response.get"(future: u32, area: Address);
        fn future_drop = "[resource-drop]future-incoming-response"(future: u32);
        fn response_status = "[method]incoming-response.status"(response: u32) -> u32;
        fn response_headers = "[method]incoming-response.headers"(response: u32) -> u32;
        fn response_consume = "[method]incoming-response.consume"(response: u32, area: Address);
        fn response_drop = "[resource-drop]incoming-response"(response: u32);
    "wasi:http/outgoing-handler@0.2.0":
        fn send = "handle"(request: u32, has_options: u32, options: u32, area: Address);
}

/// The methods with a number of their own, in the order of the numbers.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// The host's errors, in the order of their numbers.
const ERRORS: [&str; 39] = [
    "the name server did not answer in time",
    "the name server reported an error",
    "the server was not found",
    "the server is not available",
    "the platform prohibits the server's address",
    "there is no route to the server's address",
    "the server refused the connection",
    "the server ended the connection",
    "the connection took too long",
    "reading from the connection took too long",
    "writing to the connection took too long",
    "the platform has too many connections",
    "the TLS protocol failed",
    "the server's certificate is not valid",
    "the server sent a TLS alert",
    "the platform does not allow the request",
    "the request must state its length",
    "the request's body is too large",
    "the request's method is not valid",
    "the request's address is not valid",
    "the request's address is too long",
    "the request's headers are too large",
    "a header of the request is too large",
    "the request's trailers are too large",
    "a trailer of the request is too large",
    "the response is incomplete",
    "the response's headers are too large",
    "a header of the response is too large",
    "the response's body is too large",
    "the response's trailers are too large",
    "a trailer of the response is too large",
    "the response's transfer coding is not supported",
    "the response's content coding is not supported",
    "the response took too long",
    "the change of protocol failed",
    "the server does not follow the HTTP protocol",
    "the request went in a loop",
    "the platform's configuration is wrong",
    "the platform failed",
];

impl Http for Contract {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        let request = request(head, body.len())?;
        // Taken before the request is sent, and written after it.
        let outgoing = OutgoingBody::of(|area| request_body(request.get(), area))?;
        let options = head.timeout_ms.map(options);
        let mut sent = Answer::of(|area| {
            let has_options = options.is_some().into();
            let options = options.map(Handle::give).unwrap_or_default();
            send(request.give(), has_options, options, area);
        });
        if sent.is_some(0) {
            return Err(explained(&mut sent, 8, head));
        }
        let future = Handle::new(sent.number(8, 4) as u32, future_drop);
        outgoing.write(body);
        let response = response(&future, head)?;
        Ok(Response {
            status: response_status(response.get()) as u16,
            headers: Fields::of(response_headers(response.get())).entries()?,
            body: read_body(MAX_BODY, |area| response_consume(response.get(), area))
                .map_err(|unread| unreadable(unread, head))?,
        })
    }
}

/// Creates a request without its body, which has `len` bytes.
fn request(head: &Head, len: usize) -> Result<Handle> {
    let (is_https, authority, target) = parts(&head.url).ok_or_else(|| refused("address", head))?;
    let mut headers = Fields::new();
    for (name, value) in &head.headers {
        if !headers.append(name, value.as_bytes()) {
            let message = [
                "the platform does not let plugins send the header `",
                name,
                "`",
            ];
            return Err(Error::new(code::UNSUPPORTED, message.concat()));
        }
    }
    if len > 0 && named(&head.headers, "content-length").is_none() {
        let length = decimal(len as u64);
        // Without it, hosts send chunks, and with GET nothing. A host that refuses the header
        // states the length itself.
        headers.append("content-length", length.as_bytes());
    }
    let request = Handle::new(request_new(headers.give()), request_drop);
    let method = head.method.as_str();
    let known = METHODS.iter().position(|known| *known == method);
    let number = known.unwrap_or(METHODS.len()) as u32;
    let bytes = |text: &str| (Address::of(text.as_bytes()), text.len());
    let (text, len) = bytes(method);
    if request_set_method(request.get(), number, text, len) != 0 {
        return Err(refused("method", head));
    }
    let (text, len) = bytes(authority);
    let authority = request_set_authority(request.get(), 1, text, len);
    let scheme = request_set_scheme(request.get(), 1, is_https.into(), Address::NULL, 0);
    let (text, len) = bytes(&target);
    if authority + scheme + request_set_target(request.get(), 1, text, len) != 0 {
        return Err(refused("address", head));
    }
    Ok(request)
}

/// Splits an address: whether its scheme is `https`, its authority, and its path with the query.
fn parts(url: &str) -> Option<(bool, &str, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let is_https = scheme.eq_ignore_ascii_case("https");
    if !is_https && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end)?;
    let slash = if target.starts_with('/') { "" } else { "/" };
    (!authority.is_empty()).then(|| (is_https, authority, [slash, target].concat()))
}

/// Returns options by which no step of a request takes longer than this.
fn options(timeout_ms: u64) -> Handle {
    let options = Handle::new(options_new(), options_drop);
    let nanoseconds = timeout_ms.saturating_mul(1_000_000);
    // A platform without such a limit has its own.
    for set in [options_connect, options_first_byte, options_between] {
        set(options.get(), 1, nanoseconds);
    }
    options
}

/// Waits for the response.
fn response(future: &Handle, head: &Head) -> Result<Handle> {
    loop {
        let mut received = Answer::of(|area| future_get(future.get(), area));
        if !received.is_some(0) {
            wait(future_subscribe(future.get()));
            continue;
        }
        if received.is_some(8) {
            let message = "the platform gives a response only once";
            return Err(Error::new(code::BAD_ANSWER, message));
        }
        return match received.is_some(16) {
            false => Ok(Handle::new(received.number(24, 4) as u32, response_drop)),
            true => Err(explained(&mut received, 24, head)),
        };
    }
}

/// Returns the error for the host's error at a position.
fn explained(answer: &mut Answer, at: usize, head: &Head) -> Error {
    let number = answer.number(at, 1) as usize;
    let code = match number {
        0 | 8..=10 | 33 => code::TIMEOUT,
        4 | 15 => code::PERMISSION_DENIED,
        17 | 22 | 28 => code::TOO_LARGE,
        _ => code::UNAVAILABLE,
    };
    let why = ERRORS.get(number).copied().unwrap_or("the platform failed");
    about(code, why, head)
}

fn unreadable(unread: Unread, head: &Head) -> Error {
    match unread {
        Unread::TooLong => about(code::TOO_LARGE, "the response has more than 16 MiB", head),
        Unread::Broken => about(code::UNAVAILABLE, "the response ended early", head),
    }
}

#[cold]
fn refused(part: &str, head: &Head) -> Error {
    let why = ["the request's ", part, " is not valid"].concat();
    about(code::INVALID_ARGUMENT, &why, head)
}

#[cold]
fn about(code: &'static str, why: &str, head: &Head) -> Error {
    let url: String = head
        .url
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    Error::new(code, [&*head.method, " ", &url, ": ", why].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_three_parts() {
        let url = |https, authority, target: &str| Some((https, authority, target.to_owned()));
        for (text, expected) in [
            ("http://a.example/b?c#d", url(false, "a.example", "/b?c")),
            ("HTTPS://a:8443", url(true, "a:8443", "/")),
            ("http://a?b", url(false, "a", "/?b")),
            ("http://[::1]:80/x", url(false, "[::1]:80", "/x")),
            ("ftp://a/", None),
            ("http:///x", None),
            ("a.example", None),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn every_error_of_the_interface_has_its_words() {
        let wit = include_str!("../wit/http.wit");
        let (_, cases) = wit.split_once("variant error-code {\n").unwrap();
        let (cases, _) = cases.split_once("\n    }").unwrap();
        let cases: Vec<&str> = cases.lines().map(str::trim).collect();
        assert_eq!(cases.len(), ERRORS.len());
        for (nth, name) in [
            (0, "DNS-timeout"),
            (4, "destination-IP-prohibited"),
            (8, "connection-timeout"),
            (15, "HTTP-request-denied"),
            (33, "HTTP-response-timeout"),
        ] {
            assert_eq!(cases[nth].trim_end_matches(','), name);
        }
    }
}
