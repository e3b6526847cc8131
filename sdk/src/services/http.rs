//! Requests over the network. The permission is `http`, and a host may allow some servers only.
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
use crate::contracts::{Contract, HostContract as _};
use crate::error::{Error, Result, code};

implemented_by_hosts!(Http, AsyncHttp as http);

/// Asks for what is at an address.
///
/// # Errors
///
/// As [`Request::send`].
#[inline]
pub fn get(url: &str) -> Result<Response> {
    Request::get(url).send()
}

/// A request, to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    head: Head,
    body: Vec<u8>,
}

impl Request {
    /// A request of any method.
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

    /// Asks for what is at an address.
    #[inline]
    pub fn get(url: &str) -> Self {
        Request::new("GET", url)
    }

    /// Sends something to an address.
    #[inline]
    pub fn post(url: &str) -> Self {
        Request::new("POST", url)
    }

    /// Puts something at an address.
    #[inline]
    pub fn put(url: &str) -> Self {
        Request::new("PUT", url)
    }

    /// Removes what is at an address.
    #[inline]
    pub fn delete(url: &str) -> Self {
        Request::new("DELETE", url)
    }

    /// With one more header.
    #[inline]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With these bytes as its body.
    #[inline]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With a value as its body, in JSON, and the header that says so unless there is one of that name.
    ///
    /// # Errors
    ///
    /// Where the value has no form in JSON.
    #[inline]
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self> {
        let typed = named(&self.head.headers, "content-type").is_some();
        let this = match typed {
            true => self,
            false => self.header("content-type", "application/json"),
        };
        Ok(this.body(to_json(value)?))
    }

    /// With a limit of its time, in whole milliseconds; without one, what is left of the call's time is the limit, as it is of any other.
    #[inline]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.head.timeout_ms = Some(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Sends it, and waits for the response, whatever its status.
    ///
    /// # Errors
    ///
    /// The host's: `permission_denied` for a server that is not allowed, too; `timeout`; `unavailable` where no response came.
    #[inline]
    pub fn send(self) -> Result<Response> {
        Contract.send(&self.head, &self.body)
    }
}

impl Response {
    /// The status, such as 200.
    #[inline]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of the first header of a name, in whatever case.
    #[inline]
    pub fn header(&self, name: &str) -> Option<&str> {
        named(&self.headers, name)
    }

    /// The body; no bytes where the host tells none.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// `bad_answer` where it is not UTF-8, and `unsupported` where the host tells no bodies.
    #[inline]
    pub fn text(self) -> Result<String> {
        told()?;
        String::from_utf8(self.body).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            Error::new(
                code::BAD_ANSWER,
                format!("the response's body is not UTF-8 after byte {valid}"),
            )
        })
    }

    /// The body as a value, from JSON.
    ///
    /// # Errors
    ///
    /// `bad_answer` where it is something else than a `T`, and `unsupported` where the host tells no bodies.
    #[inline]
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        told()?;
        from_json(&self.body, "body")
    }
}

/// Some hosts tell no more of a response than its status.
#[inline]
fn told() -> Result<()> {
    match Contract::HAS_BODIES {
        true => Ok(()),
        false => Err(untold()),
    }
}

#[cold]
fn untold() -> Error {
    let message = "the host tells the status of a response, and nothing of its body";
    Error::new(code::UNSUPPORTED, message)
}

#[inline]
fn named<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut headers = headers.iter();
    let found = headers.find(|(header, _)| header.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}
