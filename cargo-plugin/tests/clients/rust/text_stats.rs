// A client of the plugin `text-stats` 0.1.0, made by `cargo plugin client` 0.1.0. Do not
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
pub struct StatsArguments {
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
}

impl StatsArguments {
    /// Creates a value with the required members.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            top: None,
            min_length: None,
        }
    }
}

/// The statistics of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Stats {
    /// The number of lines, with or without a line break at the end.
    pub lines: u64,
    /// The number of words.
    pub words: u64,
    /// The number of characters, as Unicode counts them.
    pub characters: u64,
    /// The most frequent words first; equally frequent ones in alphabetical order.
    pub frequent: Vec<WordCount>,
}

/// A word and the number of its occurrences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct WordCount {
    /// The word, in lower case.
    pub word: String,
    /// The number of its occurrences in any case.
    pub count: u64,
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

/// Counts lines, words and characters of a text. It has no state, so its commands are free
/// functions.
pub struct TextStats {
    plugin: Plugin,
}

impl TextStats {
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
        Ok(TextStats { plugin })
    }

    /// Returns the plugin, for everything else that the harness offers.
    pub fn plugin(&mut self) -> &mut Plugin {
        &mut self.plugin
    }

    /// Counts lines, words and characters of a text in plain bytes: a large text needs no JSON quoting
    /// and no copy.
    ///
    /// Returns three little-endian numbers of 64 bits.
    pub fn count(&mut self, input: &str) -> Result<Vec<u64>, Failure> {
        let bytes = self.plugin.call_raw("count", input.as_bytes())?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect())
    }

    /// Counts lines, words and characters, and finds the `top` most frequent words of at least
    /// `min_length` characters.
    pub fn stats(&mut self, arguments: &StatsArguments) -> Result<Stats, Failure> {
        self.plugin.call("stats", arguments)
    }

    /// Ends the plugin's life.
    pub fn close(mut self) -> Result<(), Failure> {
        self.plugin.cleanup()
    }
}
