//! Requests over the network.

use serde::{Deserialize, Serialize};

use crate::Result;

/// What a host implements.
pub trait Http {
    /// Sends a request and waits for its response, whatever its status.
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response>;
}

/// A request without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// With `http://` or `https://`.
    pub url: String,
    /// Names and values, in their order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// How long it may take, in milliseconds; never longer than what is left of the call's time.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}
