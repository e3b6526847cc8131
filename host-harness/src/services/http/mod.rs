//! Requests over the network.

#[cfg(feature = "http-client")]
mod client;
mod scripted;

#[cfg(feature = "http-client")]
pub use client::HttpClient;
pub use scripted::{HttpRequest, IntoResponse, ScriptedHttp};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use plugin_sdk::Result;
use plugin_sdk::services::http::Head;

use super::error;

/// Headers that belong to the client: they decide where a message ends, and which host it is for.
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

/// Checks a request's method and headers, the same for the client and for what stands in for it.
fn check_head(head: &Head) -> Result<(Method, HeaderMap)> {
    let method = Method::from_bytes(head.method.as_bytes())
        .map_err(|_| error::invalid(format!("{} is no method", error::quoted(&head.method))))?;
    if method == Method::CONNECT {
        return Err(error::invalid(
            "the method `CONNECT` is not for plugins".to_owned(),
        ));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &head.headers {
        let wrong =
            |what: &str| error::invalid(format!("the header {} {what}", error::quoted(name)));
        let known: HeaderName = name.parse().map_err(|_| wrong("has no proper name"))?;
        if CLIENTS_OWN.contains(&known.as_str()) {
            return Err(wrong("is set by the host's client alone"));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| wrong("has a value with characters that no header may have"))?;
        headers
            .try_append(known, value)
            .map_err(|_| wrong("is one too many"))?;
    }
    Ok((method, headers))
}
