//! HTTP requests. The permission is `http`, and a host may allow some servers only.
//!
//! ```
//! # #[derive(serde::Serialize)] struct Order { cakes: u32 }
//! # #[derive(serde::Deserialize)] struct Receipt { number: u64 }
//! # fn order() -> plugin_sdk::Result<u64> {
//! use plugin_sdk::http;
//! use std::time::Duration;
//!
//! let menu = http::get("https://bakery.example/menu")?.text()?;
//! let receipt: Receipt = http::Request::post("https://bakery.example/orders")
//!     .header("accept", "application/json")
//!     .json(&Order { cakes: 3 })?
//!     .timeout(Duration::from_secs(2))
//!     .send()?
//!     .json()?;
//! # let _ = menu;
//! # Ok(receipt.number)
//! # }
//! ```

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contracts::forms::{from_json, to_json};
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::http;
pub use crate::contracts::services::{Head, Http, Response};
use crate::contracts::{Contract, ContractTerms as _};
use crate::error::{Error, Result, code};

implemented_by_hosts!(Http, AsyncHttp as http);

/// Sends a GET request.
///
/// # Errors
///
/// The same as for [`Request::send`].
#[inline]
pub fn get(url: &str) -> Result<Response> {
    Request::get(url).send()
}

/// A request under construction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    head: Head,
    body: Vec<u8>,
}

impl Request {
    /// Creates a request with any method.
    #[inline]
    pub fn new(method: &str, url: &str) -> Self {
        Request {
            head: Head {
                method: method.to_owned(),
                url: url.to_owned(),
                headers: Vec::new(),
                timeout_ms: None,
            },
            body: Vec::new(),
        }
    }

    /// Creates a GET request.
    #[inline]
    pub fn get(url: &str) -> Self {
        Request::new("GET", url)
    }

    /// Creates a POST request.
    #[inline]
    pub fn post(url: &str) -> Self {
        Request::new("POST", url)
    }

    /// Creates a PUT request.
    #[inline]
    pub fn put(url: &str) -> Self {
        Request::new("PUT", url)
    }

    /// Creates a DELETE request.
    #[inline]
    pub fn delete(url: &str) -> Self {
        Request::new("DELETE", url)
    }

    /// Adds a header.
    #[inline]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[inline]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to a value in JSON, and the header `content-type` unless it is set.
    ///
    /// # Errors
    ///
    /// Returns an error if the value has no form in JSON.
    #[inline]
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self> {
        let typed = named(&self.head.headers, "content-type").is_some();
        let this = match typed {
            true => self,
            false => self.header("content-type", "application/json"),
        };
        Ok(this.body(to_json(value)?))
    }

    /// Sets a timeout, in whole milliseconds. The call's remaining time limits every request, with
    /// or without a timeout.
    #[inline]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.head.timeout_ms = Some(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Sends the request, and waits for the response, whatever its status.
    ///
    /// # Errors
    ///
    /// Returns the host's error: `permission_denied`, also for a server that is not allowed;
    /// `timeout`; `unavailable` if no response came.
    #[inline]
    pub fn send(self) -> Result<Response> {
        Contract.send(&self.head, &self.body)
    }
}

impl Response {
    /// Returns the status, such as 200.
    #[inline]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the first header of a name, in upper or lower case.
    #[inline]
    pub fn header(&self, name: &str) -> Option<&str> {
        named(&self.headers, name)
    }

    /// Returns the body; empty if the host returns none.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body as text.
    ///
    /// # Errors
    ///
    /// Returns `bad_answer` if the body is not UTF-8, and `unsupported` if the host returns no
    /// bodies.
    #[inline]
    pub fn text(self) -> Result<String> {
        has_body()?;
        String::from_utf8(self.body).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            Error::new(
                code::BAD_ANSWER,
                format!("the response's body is not UTF-8 after byte {valid}"),
            )
        })
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// Returns `bad_answer` if the body is not a `T`, and `unsupported` if the host returns no
    /// bodies.
    #[inline]
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        has_body()?;
        from_json(&self.body, "body")
    }
}

/// Fails at a host that returns only the status of a response.
#[inline]
fn has_body() -> Result<()> {
    match Contract::HAS_BODIES {
        true => Ok(()),
        false => Err(no_body()),
    }
}

#[cold]
fn no_body() -> Error {
    let message = "the host returns the status of a response, but not its body";
    Error::new(code::UNSUPPORTED, message)
}

#[inline]
pub(crate) fn named<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut headers = headers.iter();
    let found = headers.find(|(header, _)| header.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}
