//! The services as traits: implemented by hosts and mocks, and by every [contract](super::Contract)
//! on the guest's side.
//!
//! [`services`](crate::services) has the functions that authors call.

use serde::{Deserialize, Serialize};

use crate::contracts::forms::from_json;
use crate::error::{Error, Result, code};
use crate::imports::returned::Payload;
use plugin_sdk_macros::{Schema, host_functions};

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "ai_", permission = "ai")]
pub trait Ai {
    /// Goes on with a conversation.
    #[json]
    fn chat(#[json] conversation: &Conversation) -> Result<Reply>;
}

/// What has been said, and how to go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Schema)]
pub struct Conversation {
    /// In their order.
    pub messages: Vec<Message>,
    /// Which model; the host's choice unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long the reply may be, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
}

/// One thing said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// What was said.
    pub content: String,
}

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Reply {
    /// Its words.
    pub content: String,
    /// Which model it was.
    #[serde(default)]
    pub model: Option<String>,
}

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "config_")]
pub trait Config {
    /// The value under a key, as JSON.
    fn get(key: &str) -> Result<Option<Vec<u8>>>;
}

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "events_", permission = "events")]
pub trait Events {
    /// Tells everybody who has subscribed; `data` is JSON.
    fn emit(topic: &str, data: &[u8]) -> Result<()>;
    /// From now on, events whose topic matches reach the plugin's event handlers.
    fn subscribe(topic: &str) -> Result<()>;
    /// No more of them.
    fn unsubscribe(topic: &str) -> Result<()>;
}

/// What a host implements. A path is relative, its first part naming a granted root: `data/words.txt`.
#[host_functions(module = "plugin_host", prefix = "files_", permission = "files")]
pub trait Files {
    /// A file's contents.
    fn read(path: &str) -> Result<Vec<u8>>;
    /// Makes or replaces a file.
    fn write(path: &str, contents: &[u8]) -> Result<()>;
    /// Removes a file.
    fn remove(path: &str) -> Result<()>;
    /// What is in a folder, in alphabetical order.
    #[json]
    fn list(path: &str) -> Result<Vec<Entry>>;
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub folder: bool,
    /// Its size in bytes; 0 for a folder.
    pub bytes: u64,
}

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "http_", permission = "http")]
pub trait Http {
    /// Sends a request and waits for its response, whatever its status.
    fn send(#[json] head: &Head, body: &[u8]) -> Result<Response>;
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

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "kv_", permission = "kv")]
pub trait Kv {
    /// The bytes under a key.
    fn get(key: &str) -> Result<Option<Vec<u8>>>;
    /// Puts bytes under a key.
    fn set(key: &str, value: &[u8]) -> Result<()>;
    /// Forgets a key; whether there was one.
    fn delete(key: &str) -> Result<bool>;
    /// The keys that begin with a prefix, in alphabetical order.
    #[json]
    fn list(prefix: &str) -> Result<Vec<String>>;
}

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "log_")]
pub trait Log {
    /// The most detailed level that the host wants: 0 none, 1 error, 2 warn, 3 info, 4 debug, 5 trace.
    fn max_level() -> u32;
    /// Takes a line.
    fn write(level: u32, target: &str, message: &str);
}

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "random_")]
pub trait Random {
    /// Fills a buffer with bytes fit for keys.
    fn fill(#[out] bytes: &mut [u8]) -> Result<()>;
}

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "time_")]
pub trait Time {
    /// Nanoseconds since 1970-01-01 00:00 UTC.
    fn now(#[out] nanoseconds: &mut u64) -> Result<()>;
    /// Nanoseconds since a moment of the host's choosing; never goes back.
    fn monotonic(#[out] nanoseconds: &mut u64) -> Result<()>;
}

/// A response without its body, as it crosses.
#[derive(Serialize, Deserialize)]
struct ResponseHead {
    status: u16,
    headers: Vec<(String, String)>,
}

/// The length of the head in four bytes, the head as JSON, the body as it is.
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
    fn a_response_crosses_as_it_is_whatever_its_body() {
        let response = Response {
            status: 404,
            headers: vec![("content-type".to_owned(), "\"ü\"".to_owned())],
            body: vec![0, 255, b'{', 0],
        };
        let bytes = Payload::into_bytes(response.clone());
        assert_eq!(Response::from_bytes(bytes).unwrap(), response);
    }

    #[test]
    fn a_response_that_is_none_is_an_error() {
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
