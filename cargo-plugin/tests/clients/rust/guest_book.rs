// A client of the plugin `guest-book` 0.1.0, made by `cargo plugin client` 0.1.0. Do not
// edit it: make it anew when the plugin changes. It needs the crate `plugin-sdk-harness`.
#![allow(dead_code, reason = "a host uses what it needs")]
#![allow(
    clippy::doc_lazy_continuation,
    clippy::doc_overindented_list_items,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    clippy::type_complexity,
    reason = "the plugin's author chose names, types and documentation"
)]

use plugin_sdk_harness::serde::{Deserialize, Serialize};
use plugin_sdk_harness::{Failure, Plugin, PluginBuilder, Source};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct GreetArguments {
    pub name: String,
}

/// The codes of errors: the plugin's own, those of every plugin, and those of the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    UnknownCommand,
    InvalidJson,
    MissingArgument,
    UnknownArgument,
    InvalidArgument,
    InvalidResult,
    TooLarge,
    NotInitialized,
    InitFailed,
    InvalidState,
    Busy,
    PermissionDenied,
    Unsupported,
    NotFound,
    Timeout,
    Unavailable,
    BadAnswer,
    Status,
    QuotaExceeded,
    Failed,
    AbiVersion,
    AllocationFailed,
    BadArguments,
    BadJson,
    InvalidModule,
    MissingExport,
    NotUtf8,
    OutOfBounds,
    OutOfMemory,
    Panic,
    Poisoned,
    ResultTooLarge,
    Trap,
    /// Another code.
    Other(String),
}

impl ErrorCode {
    /// Returns the code of a failure.
    pub fn of(failure: &Failure) -> Self {
        match failure.code() {
            "unknown_command" => ErrorCode::UnknownCommand,
            "invalid_json" => ErrorCode::InvalidJson,
            "missing_argument" => ErrorCode::MissingArgument,
            "unknown_argument" => ErrorCode::UnknownArgument,
            "invalid_argument" => ErrorCode::InvalidArgument,
            "invalid_result" => ErrorCode::InvalidResult,
            "too_large" => ErrorCode::TooLarge,
            "not_initialized" => ErrorCode::NotInitialized,
            "init_failed" => ErrorCode::InitFailed,
            "invalid_state" => ErrorCode::InvalidState,
            "busy" => ErrorCode::Busy,
            "permission_denied" => ErrorCode::PermissionDenied,
            "unsupported" => ErrorCode::Unsupported,
            "not_found" => ErrorCode::NotFound,
            "timeout" => ErrorCode::Timeout,
            "unavailable" => ErrorCode::Unavailable,
            "bad_answer" => ErrorCode::BadAnswer,
            "status" => ErrorCode::Status,
            "quota_exceeded" => ErrorCode::QuotaExceeded,
            "failed" => ErrorCode::Failed,
            "abi_version" => ErrorCode::AbiVersion,
            "allocation_failed" => ErrorCode::AllocationFailed,
            "bad_arguments" => ErrorCode::BadArguments,
            "bad_json" => ErrorCode::BadJson,
            "invalid_module" => ErrorCode::InvalidModule,
            "missing_export" => ErrorCode::MissingExport,
            "not_utf8" => ErrorCode::NotUtf8,
            "out_of_bounds" => ErrorCode::OutOfBounds,
            "out_of_memory" => ErrorCode::OutOfMemory,
            "panic" => ErrorCode::Panic,
            "poisoned" => ErrorCode::Poisoned,
            "result_too_large" => ErrorCode::ResultTooLarge,
            "trap" => ErrorCode::Trap,
            other => ErrorCode::Other(other.to_owned()),
        }
    }
}

/// Greets people and remembers the last one.
///
/// It asks for permissions:
///
/// - `kv`: remembers who was greeted
pub struct GuestBook {
    plugin: Plugin,
}

impl GuestBook {
    /// Loads the plugin from its bytes or its path, and initialises it.
    ///
    /// # Errors
    ///
    /// If it is not this kind of plugin, or refuses its configuration.
    pub fn load(source: impl Into<Source>) -> Result<Self, Failure> {
        Self::build(Plugin::builder(source))
    }

    /// Initialises the plugin with the limits, grants and services of a builder.
    ///
    /// # Errors
    ///
    /// Like [`load`](Self::load).
    pub fn build(builder: PluginBuilder) -> Result<Self, Failure> {
        let plugin = builder.build()?;
        Ok(GuestBook { plugin })
    }

    /// Returns the plugin, for everything else that the harness offers.
    pub fn plugin(&mut self) -> &mut Plugin {
        &mut self.plugin
    }

    /// Greets someone by name.
    pub fn greet(&mut self, arguments: &GreetArguments) -> Result<String, Failure> {
        self.plugin.call("greet", arguments)
    }

    /// Returns the last person greeted, by this instance or an earlier one.
    pub fn last(&mut self) -> Result<Option<String>, Failure> {
        self.plugin.call("last", ())
    }

    /// Ends the plugin's life.
    pub fn close(mut self) -> Result<(), Failure> {
        self.plugin.cleanup()
    }
}
