//! The codes of errors that every client knows.

use plugin_sdk::code;

/// The codes of the SDK's own errors, and those of failures that a client finds itself.
pub const STANDARD: [&str; 33] = [
    code::UNKNOWN_COMMAND,
    code::INVALID_JSON,
    code::MISSING_ARGUMENT,
    code::UNKNOWN_ARGUMENT,
    code::INVALID_ARGUMENT,
    code::INVALID_RESULT,
    code::TOO_LARGE,
    code::NOT_INITIALIZED,
    code::INIT_FAILED,
    code::INVALID_STATE,
    code::BUSY,
    code::PERMISSION_DENIED,
    code::UNSUPPORTED,
    code::NOT_FOUND,
    code::TIMEOUT,
    code::UNAVAILABLE,
    code::BAD_ANSWER,
    code::STATUS,
    code::QUOTA_EXCEEDED,
    code::FAILED,
    // As the kinds of failures in the harness.
    "abi_version",
    "allocation_failed",
    "bad_arguments",
    "bad_json",
    "invalid_module",
    "missing_export",
    "not_utf8",
    "out_of_bounds",
    "out_of_memory",
    "panic",
    "poisoned",
    "result_too_large",
    "trap",
];
