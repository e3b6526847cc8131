//! The services as traits: implemented by hosts and mocks, and by every [contract](super::Contract)
//! on the guest's side.
//!
//! [`services`](crate::services) has the functions that authors call.

use serde::{Deserialize, Serialize};

use crate::contracts::forms::from_json;
use crate::error::{Error, Result, code};
use crate::imports::returned::Payload;
use plugin_sdk_macros::{Schema, host_functions};

/// The service `ai`, as hosts implement it.
#[host_functions(module = "plugin_host", prefix = "ai_", permission = "ai")]
pub trait Ai {
    /// Continues a conversation.
    #[json]
    fn chat(#[json] conversation: &Conversation) -> Result<Reply>;
}

/// The messages so far, and how to continue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Schema)]
pub struct Conversation {
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// The model to use; `None` leaves the choice to the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The most tokens that the reply may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// The text.
    pub content: String,
}

/// The reply of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Reply {
    /// The text.
    pub content: String,
    /// The model that replied, if the host names it.
    #[serde(default)]
    pub model: Option<String>,
}

/// The service `config`, as hosts implement it.
#[host_functions(module = "plugin_host", prefix = "config_")]
pub trait Config {
    /// Returns the value under a key as JSON.
    fn get(key: &str) -> Result<Option<Vec<u8>>>;
}

/// The service `events`, as hosts implement it.
#[host_functions(module = "plugin_host", prefix = "events_", permission = "events")]
pub trait Events {
    /// Emits an event to all subscribers; `data` is JSON.
    fn emit(topic: &str, data: &[u8]) -> Result<()>;
    /// Subscribes the plugin's handlers to events whose topic matches.
    fn subscribe(topic: &str) -> Result<()>;
    /// Cancels a subscription.
    fn unsubscribe(topic: &str) -> Result<()>;
}

/// The service `files`, as hosts implement it. A path is relative and begins with the name of a
/// granted folder: `data/words.txt`.
#[host_functions(module = "plugin_host", prefix = "files_", permission = "files")]
pub trait Files {
    /// Returns the contents of a file.
    fn read(path: &str) -> Result<Vec<u8>>;
    /// Creates or replaces a file.
    fn write(path: &str, contents: &[u8]) -> Result<()>;
    /// Removes a file.
    fn remove(path: &str) -> Result<()>;
    /// Returns the entries of a folder, in alphabetical order.
    #[json]
    fn list(path: &str) -> Result<Vec<Entry>>;
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Entry {
    /// The name in the folder.
    pub name: String,
    /// `true` for a folder.
    pub folder: bool,
    /// The size in bytes; 0 for a folder.
    pub bytes: u64,
}

/// The service `http`, as hosts implement it.
#[host_functions(module = "plugin_host", prefix = "http_", permission = "http")]
pub trait Http {
    /// Sends a request and waits for the response, whatever its status.
    fn send(#[json] head: &Head, body: &[u8]) -> Result<Response>;
}

/// A request without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The method: `GET`, `POST` and so on.
    pub method: String,
    /// The address, with `http://` or `https://`.
    pub url: String,
    /// Names and values, in order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The timeout in milliseconds; the call's remaining time limits it further.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// A server's response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body.
    pub body: Vec<u8>,
}

/// The service `kv`, as hosts implement it.
#[host_functions(module = "plugin_host", prefix = "kv_", permission = "kv")]
pub trait Kv {
    /// Returns the bytes under a key.
    fn get(key: &str) -> Result<Option<Vec<u8>>>;
    /// Stores bytes under a key.
    fn set(key: &str, value: &[u8]) -> Result<()>;
    /// Removes a key; returns whether it existed.
    fn delete(key: &str) -> Result<bool>;
    /// Returns the keys with a prefix, in alphabetical order.
    #[json]
    fn list(prefix: &str) -> Result<Vec<String>>;
}

/// The service `log`, as hosts implement it.
#[host_functions(module = "plugin_host", prefix = "log_")]
pub trait Log {
    /// Returns the most detailed level that the host wants: 0 none, 1 error, 2 warn, 3 info, 4
    /// debug, 5 trace.
    fn max_level() -> u32;
    /// Writes a line.
    fn write(level: u32, target: &str, message: &str);
}

/// The service `random`, as hosts implement it.
#[host_functions(module = "plugin_host", prefix = "random_")]
pub trait Random {
    /// Fills a buffer with bytes fit for keys.
    fn fill(#[out] bytes: &mut [u8]) -> Result<()>;
}

/// The service `time`, as hosts implement it.
#[host_functions(module = "plugin_host", prefix = "time_")]
pub trait Time {
    /// Writes the nanoseconds since 1970-01-01 00:00 UTC.
    fn now(#[out] nanoseconds: &mut u64) -> Result<()>;
    /// Writes the nanoseconds since an arbitrary moment; never goes back.
    fn monotonic(#[out] nanoseconds: &mut u64) -> Result<()>;
}

/// A response without its body, as it crosses the boundary.
#[derive(Serialize, Deserialize)]
struct ResponseHead {
    status: u16,
    headers: Vec<(String, String)>,
}

/// Four bytes with the length of the head, the head as JSON, then the body.
impl Payload for Response {
    #[inline]
    fn into_bytes(self) -> Option<Vec<u8>> {
        let Response {
            status,
            headers,
            body,
        } = self;
        let mut bytes = vec![0; 4];
        crate::json::write(&ResponseHead { status, headers }, &mut bytes).ok()?;
        let len = u32::try_from(bytes.len() - 4).ok()?;
        bytes.splice(..4, len.to_le_bytes());
        bytes.extend_from_slice(&body);
        Some(bytes)
    }

    #[inline]
    fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self> {
        let bytes = bytes.unwrap_or_default();
        let parts = bytes
            .split_first_chunk()
            .and_then(|(len, rest)| rest.split_at_checked(u32::from_le_bytes(*len) as usize));
        let Some((head, body)) = parts else {
            return Err(Error::new(
                code::BAD_ANSWER,
                "the host returned a response that ends within its head",
            ));
        };
        let ResponseHead { status, headers } = from_json(head, "head")?;
        Ok(Response {
            status,
            headers,
            body: body.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_survives_the_call_boundary() {
        let response = Response {
            status: 404,
            headers: vec![("content-type".to_owned(), "\"ü\"".to_owned())],
            body: vec![0, 255, b'{', 0],
        };
        let bytes = Payload::into_bytes(response.clone());
        assert_eq!(Response::from_bytes(bytes).unwrap(), response);
    }

    #[test]
    fn a_malformed_response_is_an_error() {
        for bytes in [
            None,
            Some(vec![0; 3]),
            Some(vec![9, 0, 0, 0, b'{']),
            Some(vec![255; 4]),
            Some(vec![2, 0, 0, 0, b'{', b'}']),
        ] {
            let error = Response::from_bytes(bytes.clone()).unwrap_err();
            assert_eq!(error.code(), "bad_answer", "{bytes:?}");
        }
    }
}
