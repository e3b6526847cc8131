//! The refusal of arguments, as opposed to errors from the author's code.

use plugin_sdk_harness::manifest::CommandInfo;
use plugin_sdk_harness::{Failure, FailureKind};
use serde_json::Value;

/// The error codes with which a plugin refuses arguments.
const REFUSALS: [&str; 4] = [
    "invalid_argument",
    "invalid_json",
    "missing_argument",
    "unknown_argument",
];

/// Returns true if an error is from the SDK's reader of arguments: one from the author's code has
/// no path that the reader adds.
pub fn is_from_reader(code: &str, details: &Value) -> bool {
    let mut members = ["path", "argument"].iter();
    REFUSALS.contains(&code) && members.any(|member| details.get(member).is_some())
}

/// Returns true if the plugin or its emulated host refused a call.
pub fn is_refused_by_host(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::Plugin(_)
            | FailureKind::BadArguments { .. }
            | FailureKind::UnsupportedByHost { .. }
    )
}

/// Returns what a raw command takes, and bytes that are not that, if such bytes exist.
pub(super) fn invalid_bytes(command: &CommandInfo) -> Option<(&str, &'static [u8])> {
    match command.input.as_deref()? {
        "u8" | "i8" => None,
        text @ "text" => Some((text, b"\xff")),
        // Not a whole number of elements.
        element => Some((element, b"\0")),
    }
}
