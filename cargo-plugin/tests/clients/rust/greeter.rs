// A client of the plugin `greeter` 0.1.0, made by `cargo plugin client` 0.1.0. Do not
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

/// The options that a host can set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Config {
    /// The word before the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    /// The maximum number of people to greet; unlimited by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct GreetArguments {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u8>,
}

impl GreetArguments {
    /// Creates a value with the required members.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            times: None,
        }
    }
}

/// The answer to a greeted person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Greeting {
    /// One line per greeting.
    pub message: String,
    /// The number of people greeted so far, including this one.
    pub greeted: u64,
}

/// The codes of errors: the plugin's own, those of every plugin, and those of the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The name is empty.
    NameEmpty,
    /// The limit in the configuration is reached.
    LimitReached,
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
            "name_empty" => ErrorCode::NameEmpty,
            "limit_reached" => ErrorCode::LimitReached,
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

/// Greets people, and counts them.
pub struct Greeter {
    plugin: Plugin,
}

impl Greeter {
    /// Loads the plugin from its bytes or its path, and initialises it.
    ///
    /// # Errors
    ///
    /// If it is not this kind of plugin, or refuses its configuration.
    pub fn load(source: impl Into<Source>, config: Config) -> Result<Self, Failure> {
        Self::build(Plugin::builder(source), config)
    }

    /// Initialises the plugin with the limits, grants and services of a builder.
    ///
    /// # Errors
    ///
    /// Like [`load`](Self::load).
    pub fn build(builder: PluginBuilder, config: Config) -> Result<Self, Failure> {
        let plugin = builder.config(config).build()?;
        Ok(Greeter { plugin })
    }

    /// Returns the plugin, for everything else that the harness offers.
    pub fn plugin(&mut self) -> &mut Plugin {
        &mut self.plugin
    }

    /// Greets someone by name.
    ///
    /// Errors:
    ///
    /// - `name_empty`: The name is empty.
    /// - `limit_reached`: The limit in the configuration is reached.
    pub fn greet(&mut self, arguments: &GreetArguments) -> Result<Greeting, Failure> {
        self.plugin.call("greet", arguments)
    }

    /// Returns the number of people greeted.
    pub fn greeted(&mut self) -> Result<u64, Failure> {
        self.plugin.call("greeted", ())
    }

    /// Ends the plugin's life.
    pub fn close(mut self) -> Result<(), Failure> {
        self.plugin.cleanup()
    }
}
