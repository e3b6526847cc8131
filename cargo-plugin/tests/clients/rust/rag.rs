// A client of the plugin `rag` 0.1.0, made by `cargo plugin client` 0.1.0. Do not
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
    /// The longest passage in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passage_bytes: Option<u32>,
    /// The maximum number of files and folders to read per call of `index`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_entries: Option<u32>,
    /// The approximate maximum size of the index in bytes, including the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct IndexArguments {
    pub path: String,
}

/// The result of indexing a folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Indexed {
    /// The number of indexed files.
    pub files: u32,
    /// The number of their passages.
    pub passages: u32,
    /// The files and folders that were left out.
    pub skipped: Vec<Skipped>,
}

/// A file or folder that was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Skipped {
    /// Its path.
    pub path: String,
    /// The reason: `not_text`, `too_large`, `too_deep`, or the code of the host's error.
    /// `index_full` and `too_many_entries` also apply to all files that would have followed.
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ReadFileArguments {
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
}

impl ReadFileArguments {
    /// Creates a value with the required members.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            offset: None,
            length: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct SearchArguments {
    pub query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u8>,
}

impl SearchArguments {
    /// Creates a value with the required members.
    pub fn new(query: impl Into<String>) -> Self {
        Self {
            query: query.into(),
            limit: None,
        }
    }
}

/// A passage that matches a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Found {
    /// Its file.
    pub path: String,
    /// Its offset in the file, in bytes: `read_file` takes it to read on from there.
    pub offset: u32,
    /// Its score: equally good matches have equal scores.
    pub score: f64,
    /// Its text.
    pub text: String,
}

/// The codes of errors: the plugin's own, those of every plugin, and those of the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// no folder has been indexed
    NothingIndexed,
    /// the query has no words in it
    NoWords,
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
            "nothing_indexed" => ErrorCode::NothingIndexed,
            "no_words" => ErrorCode::NoWords,
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

/// Indexes folders of text files, and finds passages in them.
///
/// It asks for permissions:
///
/// - `files`: reads the files that it indexes
pub struct Rag {
    plugin: Plugin,
}

impl Rag {
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
        Ok(Rag { plugin })
    }

    /// Returns the plugin, for everything else that the harness offers.
    pub fn plugin(&mut self) -> &mut Plugin {
        &mut self.plugin
    }

    /// Indexes the text files of a folder and its subfolders, and replaces the previous index of
    /// the folder.
    pub fn index(&mut self, arguments: &IndexArguments) -> Result<Indexed, Failure> {
        self.plugin.call("index", arguments)
    }

    /// Lists a folder in alphabetical order; the names of folders end in `/`.
    pub fn list_dir(&mut self, arguments: &IndexArguments) -> Result<Vec<String>, Failure> {
        self.plugin.call("list_dir", arguments)
    }

    /// Returns text of a file: at most `length` bytes from `offset`, and the rest of the first and
    /// last character. Empty text means the end.
    pub fn read_file(&mut self, arguments: &ReadFileArguments) -> Result<String, Failure> {
        self.plugin.call("read_file", arguments)
    }

    /// Finds the passages with the most and the rarest words of a query: the best first, and equals
    /// in the order of their files.
    ///
    /// Errors:
    ///
    /// - `nothing_indexed`: no folder has been indexed
    /// - `no_words`: the query has no words in it
    pub fn search(&mut self, arguments: &SearchArguments) -> Result<Vec<Found>, Failure> {
        self.plugin.call("search", arguments)
    }

    /// Ends the plugin's life.
    pub fn close(mut self) -> Result<(), Failure> {
        self.plugin.cleanup()
    }
}
