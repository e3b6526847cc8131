//! The errors that services return.

use std::fmt::Display;

use plugin_sdk::{Error, Result, code};
use serde_json::json;

use crate::text;

/// The longest quote of text from a guest in a message, in bytes.
const QUOTED: usize = 120;

/// Quotes a guest's text (a key, a path, a URL) for a message.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", text::one_line(text, QUOTED))
}

/// Creates an error for a call with an invalid argument.
pub(super) fn invalid(message: String) -> Error {
    Error::new(code::INVALID_ARGUMENT, message)
}

/// Creates an error for a missing object.
pub(super) fn not_found(message: String) -> Error {
    Error::new(code::NOT_FOUND, message)
}

/// Creates an error for a failed back end of a service.
pub(super) fn unavailable(what: &str, reason: impl Display) -> Error {
    Error::new(
        code::UNAVAILABLE,
        format!("{what}: {}", text::from_str(&reason.to_string())),
    )
}

/// Copies a guest's bytes.
///
/// # Errors
///
/// `unavailable` if the host has no memory for them.
pub(super) fn copied(bytes: &[u8]) -> Result<Vec<u8>> {
    crate::memory::copied(bytes).ok_or_else(|| {
        let reason = format_args!("{} bytes were needed", bytes.len());
        unavailable("the host has no memory left", reason)
    })
}

/// Creates an error for data larger than a setting of the host allows.
pub(super) fn too_large(what: &str, limit: u64, setting: &str) -> Error {
    Error::new(
        code::TOO_LARGE,
        format!(
            "{what} has more than {limit} bytes, which is the host's limit; its setting is `{setting}`"
        ),
    )
    .with_details(&json!({ "limit": limit }))
}

/// Creates an error for data that no longer fits.
pub(super) fn quota_exceeded(what: &str, limit: u64, setting: &str) -> Error {
    Error::new(
        code::QUOTA_EXCEEDED,
        format!(
            "{what} may hold {limit} bytes, and this would be more; the host's setting is `{setting}`"
        ),
    )
    .with_details(&json!({ "limit": limit }))
}
