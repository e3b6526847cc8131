//! HTTP requests.

#[cfg(feature = "http-client")]
pub(super) mod client;
mod scripted;

#[cfg(feature = "http-client")]
pub use client::HttpClient;
pub use scripted::{HttpRequest, IntoResponse, ScriptedHttp};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use plugin_sdk::Result;
use plugin_sdk::services::http::Head;

use super::error;

/// Headers that only the client may set: they frame a message or name its host.
const CLIENTS_OWN: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Checks a request's method and headers, for the real and the scripted client alike.
fn check_head(head: &Head) -> Result<(Method, HeaderMap)> {
    let method = Method::from_bytes(head.method.as_bytes())
        .map_err(|_| error::invalid(format!("{} is not a method", error::quoted(&head.method))))?;
    if method == Method::CONNECT {
        return Err(error::invalid(
            "a plugin may not use the method `CONNECT`".to_owned(),
        ));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &head.headers {
        let wrong =
            |what: &str| error::invalid(format!("the header {} {what}", error::quoted(name)));
        let known: HeaderName = name.parse().map_err(|_| wrong("has an invalid name"))?;
        if CLIENTS_OWN.contains(&known.as_str()) {
            return Err(wrong("may only be set by the host's client"));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| wrong("has a value with invalid characters"))?;
        headers
            .try_append(known, value)
            .map_err(|_| wrong("is one header too many"))?;
    }
    Ok((method, headers))
}
