//! The JSON form of a failure.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::Failure;
use super::context::Stage;
use super::kind::FailureKind;
use crate::text;

/// The maximum number of causes that are included.
const MAX_CAUSES: usize = 20;

/// Serialises an object with the members that [`Failure::to_json`] lists.
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let account = self.account();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.0.kind.word())?;
        map.serialize_entry("code", &text::name(self.code()))?;
        map.serialize_entry("message", &account.message)?;
        if let Some(command) = self.command() {
            map.serialize_entry("command", &text::name(command))?;
        }
        if let Stage::Export(export) = &self.0.during {
            map.serialize_entry("export", export)?;
        }
        if let Some(panic) = self.panic() {
            map.serialize_entry("panic", panic)?;
        }
        if let Some(words) = self.host_says() {
            map.serialize_entry("host_says", words)?;
        }
        if let FailureKind::Poisoned { first } = self.kind() {
            map.serialize_entry("first", first)?;
        }
        if let FailureKind::Plugin(error)
        | FailureKind::SchemaMismatch { error, .. }
        | FailureKind::HostFunction { error, .. } = self.kind()
        {
            map.serialize_entry("error", &Error::of(error))?;
        }
        map.serialize_entry("notes", &account.notes)?;
        map.serialize_entry("hint", &account.help)?;
        map.serialize_entry("output", &account.output)?;
        map.serialize_entry("backtrace", self.backtrace())?;
        map.serialize_entry("host_calls", self.host_calls())?;
        map.serialize_entry("logs", self.logs())?;
        map.serialize_entry("usage", &self.usage())?;
        map.end()
    }
}

/// A plugin's error, which may be of any size, within bounds.
#[derive(serde::Serialize)]
struct Error {
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    source: Vec<String>,
}

impl Error {
    fn of(error: &plugin_sdk::Error) -> Self {
        let source = error.causes().into_iter().take(MAX_CAUSES);
        Error {
            code: text::name(error.code()),
            message: text::from_str(error.message()),
            // Truncated details would be something else.
            details: error
                .details()
                .filter(|details| details.to_string().len() <= text::MAX_SHOWN),
            source: source.map(text::from_str).collect(),
        }
    }
}
