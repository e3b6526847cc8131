//! Capsules: everything that is needed to run the calls of a plugin again, in one file.
//!
//! [`PluginBuilder::record`](crate::PluginBuilder::record) keeps one of every failure, and
//! [`Capsule::replay`] runs it again:
//!
//! ```
//! use plugin_sdk_harness::capsule::Capsule;
//! use plugin_sdk_harness::{Plugin, Source};
//!
//! # const HEAD: &str = r#"(memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
//! #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
//! #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))"#;
//! # let wat = format!(r#"(module {HEAD} (func (export "command_average") (param i32 i32) (result i64)
//! #   (i64.extend_i32_u (i32.div_u (i32.const 1) (local.get 1)))))"#);
//! # let folder = std::env::temp_dir().join(format!("plugin-sdk-capsule-{}", std::process::id()));
//! # let source = Source::wat(wat);
//! let mut plugin = Plugin::builder(source.clone()).record(&folder).build()?;
//! let failure = plugin.call_raw("average", b"").unwrap_err();
//!
//! let capsule = Capsule::read(failure.capsule().unwrap())?;
//! assert_eq!(capsule.command.as_deref(), Some("average"));
//! let replayed = capsule.replay(source)?;
//! assert!(replayed.is_same(), "{replayed}");
//! assert_eq!(replayed.failure.unwrap().message(), failure.message());
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The page `docs/capsules.md` describes the file, and `docs/guide/replay.md` how to use it.

mod error;
mod file;
mod functions;
mod settings;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::observe::transcript::{Call, Data, Transcript};

pub use error::CapsuleError;
pub use file::MAX_BYTES;
pub(crate) use file::{checksum, keep};
pub(crate) use functions::{described, foreign, provided};
pub use settings::{ClockHands, GrantSettings, LimitSettings, Seeds};

/// The version of the format that this crate writes and reads.
pub const FORMAT: u32 = 1;

/// Everything that is needed to run the calls of a plugin again. See the [module](self).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capsule {
    /// The version of the format: [`FORMAT`].
    pub format: u32,
    /// The version of this crate that wrote it.
    pub harness: String,
    /// The plugin's module.
    pub module: ModuleRecord,
    /// The name of the host's contract: `native`, or that of an [emulated host](crate::hosts).
    pub host: String,
    /// The last command that was called, if the last call was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The configuration, as JSON; empty without one.
    pub config: Data,
    /// The permissions that were granted.
    pub grants: GrantSettings,
    /// The limits of the instance.
    pub limits: LimitSettings,
    /// The state of the services in memory when the instance was created.
    pub seeds: Seeds,
    /// `true` if required permissions must be granted.
    #[serde(default)]
    pub require_permissions: bool,
    /// `true` if values are validated against the plugin's schemas.
    #[serde(default)]
    pub validate_schemas: bool,
    /// The host functions that the module imports and its host does not have by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionRecord>,
    /// `true` if data was passed to [`PluginBuilder::redact`](crate::PluginBuilder::redact).
    #[serde(default)]
    pub redacted: bool,
    /// The failure, as [`Failure::to_json`](crate::Failure::to_json) returns it; `None` if the last
    /// call did not fail.
    #[serde(default)]
    pub failure: Option<Value>,
    /// The last call, if the host refused it before it reached the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Call>,
    /// Everything that happened to the plugin since its instance was created.
    pub transcript: Transcript,
}

/// The module of a [`Capsule`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModuleRecord {
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// The number of its bytes.
    pub bytes: u64,
    /// Its file, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The folder of the crate that it was built from, if the harness built it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crate_dir: Option<PathBuf>,
    /// The plugin's id, if it describes itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The plugin's version, if it describes itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
}

/// The description of a host function, from which a replay links it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FunctionRecord {
    /// The module that the guest imports it from.
    pub module: String,
    /// Its name in that module.
    pub name: String,
    /// Its arguments.
    pub parameters: Vec<ParameterRecord>,
    /// The types of the parameters after the arguments: `i32` or `i64`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub room: Vec<String>,
    /// The type of its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The meaning of its result.
    pub form: String,
}

/// An argument of a [`FunctionRecord`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParameterRecord {
    /// The name in the declaration.
    pub name: String,
    /// Its kind: `text`, `json`, `numbers`, `fixed` and so on.
    pub kind: String,
    /// The size of a number for `numbers`, or of everything for `fixed`, in bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub size: u32,
    /// The types of its one or two numbers.
    pub types: Vec<String>,
    /// `true` if the host may change it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_place: bool,
    /// `true` if the host only writes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_written: bool,
}

fn is_zero(size: &u32) -> bool {
    *size == 0
}

impl Capsule {
    /// Passes all data to a function that may change it: the name of what has it, and the bytes.
    pub(crate) fn redact(&mut self, redact: &(dyn Fn(&str, &mut Vec<u8>) + Send + Sync)) {
        let mut change = |place: &str, data: &mut Data| {
            if let Some(bytes) = data.bytes_mut() {
                redact(place, bytes);
            }
        };
        self.transcript.for_each_data(&mut change);
        change("config", &mut self.config);
        if let Some(call) = &mut self.refused {
            change(&format!("{}.input", call.name), &mut call.input);
        }
        if let Some(failure) = &mut self.failure {
            // These show the beginnings of values, in which a function cannot find a secret that is
            // cut. The transcript has them whole.
            if let Some(members) = failure.as_object_mut() {
                for shortened in ["host_calls", "logs"] {
                    members.insert(shortened.to_owned(), Value::Array(Vec::new()));
                }
            }
            redact_texts(failure, redact);
        }
        self.redacted = true;
    }
}

/// Passes every text of a failure to a function that may change it.
fn redact_texts(value: &mut Value, redact: &(dyn Fn(&str, &mut Vec<u8>) + Send + Sync)) {
    match value {
        Value::String(text) => {
            let mut bytes = std::mem::take(text).into_bytes();
            redact("failure", &mut bytes);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| redact_texts(value, redact)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|value| redact_texts(value, redact)),
        _ => {}
    }
}
