//! A request of the host, and the answer to it.

use super::resources::{Fields, Handle, OutgoingBody, Unread, read_body};
use super::routing::{Answer, Request};
use crate::contracts::canonical;
use crate::json::decimal;
use crate::memory::Address;
use crate::serving::MAX_BODY;

imported! {
    "wasi:http/types@0.2.0":
        fn request_method = "[method]incoming-request.method"(request: u32, area: Address);
        fn request_target = "[method]incoming-request.path-with-query"(request: u32, area: Address);
        fn request_headers = "[method]incoming-request.headers"(request: u32) -> u32;
        fn request_consume = "[method]incoming-request.consume"(request: u32, area: Address);
        fn request_drop = "[resource-drop]incoming-request"(request: u32);
        fn response_new = "[constructor]outgoing-response"(headers: u32) -> u32;
        fn response_set_status = "[method]outgoing-response.set-status-code"(
            response: u32, status: u32
        ) -> u32;
        fn response_body = "[method]outgoing-response.body"(response: u32, area: Address);
        fn response_drop = "[resource-drop]outgoing-response"(response: u32);
        fn outparam_set = "[static]response-outparam.set"(
            place: u32, failed: u32, response: u32, p1: u32, p2: u64, p3: u32, p4: u32, p5: u32,
            p6: u32
        );
}

/// Methods, as the host counts them.
mod method {
    pub(super) const GET: u64 = 0;
    pub(super) const HEAD: u64 = 1;
    pub(super) const POST: u64 = 2;
}

/// The header with the request's id, of the request and of an answer.
const REQUEST_ID: &str = "x-request-id";

/// Answers a request of the host.
pub(super) fn handle(request: u32, response: u32, answer: impl FnOnce(&dyn Request) -> Answer) {
    let request = Incoming::read(request);
    let answer = answer(&request);
    send(response, &answer, request.method == method::HEAD);
}

/// A request of the host.
struct Incoming {
    // Dropped before the request, as the host demands.
    headers: Fields,
    handle: Handle,
    method: u64,
    target: String,
}

impl Incoming {
    fn read(request: u32) -> Self {
        let handle = Handle::new(request, request_drop);
        let headers = Fields::of(request_headers(request));
        let mut method = canonical::Answer::of(|area| request_method(request, area));
        let mut target = canonical::Answer::of(|area| request_target(request, area));
        Incoming {
            headers,
            handle,
            method: method.number(0, 1),
            target: match target.is_some(0) {
                true => target.text(4).unwrap_or_default(),
                false => String::new(),
            },
        }
    }
}

impl Request for Incoming {
    fn reads(&self) -> bool {
        matches!(self.method, method::GET | method::HEAD)
    }

    fn calls(&self) -> bool {
        self.method == method::POST
    }

    fn target(&self) -> &str {
        &self.target
    }

    fn body(&self) -> Result<Vec<u8>, Unread> {
        read_body(MAX_BODY, |area| request_consume(self.handle.get(), area))
    }

    fn id(&self) -> Option<String> {
        String::from_utf8(self.headers.first(REQUEST_ID)?).ok()
    }
}

/// Sends an answer. The host reports what keeps it from reaching the client.
fn send(place: u32, answer: &Answer, is_head: bool) {
    let mut headers = Fields::new();
    headers.append("content-type", answer.media.as_bytes());
    if let Some(id) = answer.request_id.as_ref().filter(|id| !id.is_empty()) {
        headers.append(REQUEST_ID, id.as_bytes());
    }
    if let Some(allowed) = answer.allowed {
        headers.append("allow", allowed.as_bytes());
    }
    if !is_head {
        let length = decimal(answer.body.len() as u64);
        headers.append("content-length", length.as_bytes());
    }
    let response = Handle::new(response_new(headers.give()), response_drop);
    response_set_status(response.get(), answer.status.into());
    let body = OutgoingBody::of(|area| response_body(response.get(), area));
    outparam_set(place, 0, response.give(), 0, 0, 0, 0, 0, 0);
    if let Ok(body) = body {
        body.write(if is_head { &[] } else { &answer.body });
    }
}
