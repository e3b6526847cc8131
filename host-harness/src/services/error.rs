//! The errors that services answer with.

use std::fmt::Display;

use plugin_sdk::{Error, code};
use serde_json::json;

use crate::text;

/// How much of a guest's text a message quotes, in bytes.
const QUOTED: usize = 120;

/// A guest's text (a key, a path, an address) as a message shows it.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", text::one_line(text, QUOTED))
}

/// The call asks for what makes no sense.
pub(super) fn invalid(message: String) -> Error {
    Error::new(code::INVALID_ARGUMENT, message)
}

/// There is no such thing.
pub(super) fn not_found(message: String) -> Error {
    Error::new(code::NOT_FOUND, message)
}

/// What the service stands on does not work.
pub(super) fn unavailable(what: &str, reason: impl Display) -> Error {
    Error::new(
        code::UNAVAILABLE,
        format!("{what}: {}", text::from_str(&reason.to_string())),
    )
}

/// More bytes than the host allows by a setting.
pub(super) fn too_large(what: &str, limit: u64, setting: &str) -> Error {
    Error::new(
        code::TOO_LARGE,
        format!(
            "{what} has more than {limit} bytes, which is the host's limit; its setting is `{setting}`"
        ),
    )
    .with_details(&json!({ "limit": limit }))
}

/// No room for more.
pub(super) fn quota_exceeded(what: &str, limit: u64) -> Error {
    Error::new(
        code::QUOTA_EXCEEDED,
        format!(
            "{what} may hold {limit} bytes, and this would be more; the host's setting is `limit_bytes`"
        ),
    )
    .with_details(&json!({ "limit": limit }))
}
