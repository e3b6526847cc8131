//! The manifest of a plugin: its name, its permissions and limits, and a description of every
//! command, read from the `.wasm` file without running it.
//!
//! The SDK's macros write it into the module's custom section `plugin-sdk` (`docs/abi.md` describes
//! the format). A host or a tool reads it from the bytes of a file or from a loaded
//! [`Module`](crate::Module):
//!
//! ```
//! use plugin_sdk_harness::manifest::Manifest;
//!
//! # let line = r#"{"abi":1,"sdk":"0.1.0","id":"greeter","name":"Greeter","version":"1.2.0","commands":[{"name":"greet","description":"Greets someone by name.",
//! #   "arguments":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false},"result":{"type":"string"}}]}"#;
//! # let wasm = wat::parse_str(format!("(module (@custom \"plugin-sdk\" {:?}))", line.replace('\n', "") + "\n")).unwrap();
//! let manifest = Manifest::read(&wasm)?.expect("a plugin that describes itself");
//! assert_eq!((&*manifest.id, &*manifest.version), ("greeter", "1.2.0"));
//!
//! let greet = manifest.command("greet").unwrap();
//! assert_eq!(greet.description, "Greets someone by name.");
//! assert_eq!(greet.arguments.as_ref().unwrap().as_value()["required"][0], "name");
//! # Ok::<(), plugin_sdk_harness::manifest::ManifestError>(())
//! ```
//!
//! All of it comes from the plugin, bounded but not filtered: remove escapes from its texts before
//! you show them on a terminal. `id`, `version` and `type` are safe as parts of a file name.

#[cfg(feature = "schema-checks")]
mod check;
mod definitions;
mod error;
mod section;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits::ModuleLimits;
use crate::permissions::Permission;
use crate::wasm::examine;
use crate::wasm::inspect::Inspection;

pub use crate::failure::Problem;
#[cfg(feature = "schema-checks")]
pub(crate) use check::Checks;
#[cfg(feature = "schema-checks")]
pub use check::Validators;
use definitions::Document;
pub use definitions::{definition, needed_definitions};
pub use error::ManifestError;

/// A plugin's description of itself.
///
/// It serialises to one JSON document, with the same member names as the lines of the section.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Manifest {
    /// The version of the ABI that the plugin implements.
    pub abi: u32,
    /// The version of the SDK that built the plugin; empty if it was built without the SDK.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sdk: String,
    /// The plugin's identifier for programs: lower-case letters, digits and hyphens.
    ///
    /// Empty if the plugin was built without the SDK and does not set it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The plugin's name for people; may be empty like `id`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The plugin's version, in semver form; may be empty like `id`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The kind of plugin: `tool`, `llm_backend` or any other word of lower-case letters, digits,
    /// `_` and hyphens.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub plugin_type: Option<String>,
    /// Search terms for the plugin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The purpose of the plugin, in Markdown; empty if not described.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The authors, in the form of `Cargo.toml`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// The licence, as an SPDX expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The URL of the home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// The URL of the source repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The hosts that the plugin requires, each with the accepted versions.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requires: BTreeMap<String, String>,
    /// The permissions that the plugin asks for, with reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// The limits that the plugin asks for. A host need not grant them.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// The events that the plugin emits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emits: Vec<EmittedEvent>,
    /// The schema of the configuration; `None` if the plugin takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Schema>,
    /// The commands, in alphabetical order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandInfo>,
    /// The events that the plugin handles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handles: Vec<EventHandler>,
    /// The schemas that other schemas refer to as `{"$ref": "#/$defs/<name>"}`.
    #[serde(rename = "$defs", skip_serializing_if = "Map::is_empty")]
    pub defs: Map<String, Value>,
}

/// The limits that a plugin asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Limits {
    /// The linear memory that the plugin needs, in pages of 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_pages: Option<u32>,
    /// The maximum fuel that a call needs; one unit is about one WebAssembly instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_fuel: Option<u64>,
    /// The maximum duration of a call, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// A command, as the plugin describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CommandInfo {
    /// The name that hosts call it by.
    pub name: String,
    /// The purpose of the command, in Markdown; empty if not described.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The encoding of its arguments and its result.
    #[serde(skip_serializing_if = "is_default")]
    pub codec: Codec,
    /// `true` if one call can pass it many inputs.
    #[serde(skip_serializing_if = "is_default")]
    pub batch: bool,
    /// The schema of its arguments, an object with one member per argument; `None` for a raw
    /// command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Schema>,
    /// The schema of its result; `None` for a raw command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Schema>,
    /// The kind of bytes that a raw command takes: `u8`, `f32`, … or `text`; `None` if it takes
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The kind of bytes that a raw command returns; `None` if it returns none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// `true` if a raw command modifies its input in place.
    #[serde(skip_serializing_if = "is_default")]
    pub in_place: bool,
    /// The plugin-defined errors that it may return.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorInfo>,
}

impl CommandInfo {
    /// Returns whether the answer of a raw command is the input as the command has changed it,
    /// because it returns nothing else.
    pub fn answers_in_place(&self) -> bool {
        self.in_place && self.output.is_none()
    }

    /// Returns whether the output of a raw command is text.
    pub fn returns_text(&self) -> bool {
        self.codec == Codec::Raw && self.output.as_deref() == Some("text")
    }
}

/// The encoding of arguments and results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Codec {
    /// JSON.
    #[default]
    Json,
    /// The SDK's binary codec, which omits names.
    Binary,
    /// Plain bytes.
    Raw,
}

/// An error that a command may return.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorInfo {
    /// The code, for programs.
    pub code: String,
    /// The meaning of the error, in Markdown; empty if not described.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Events that a plugin handles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EventHandler {
    /// The pattern of topics: `*` matches one segment, and a final `**` any number of them.
    pub topic: String,
    /// The plugin's reaction to the events, in Markdown; empty if not described.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The schema of the event data; `None` if any data are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Schema>,
}

/// Events that a plugin emits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EmittedEvent {
    /// The topic of the events.
    pub topic: String,
    /// The meaning of the events, in Markdown; empty if not described.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A JSON Schema (2020-12): an object, or `true` for anything at all.
///
/// It may refer to the manifest's [`defs`](Manifest::defs); [`Manifest::standalone`] turns it into
/// a self-contained document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema(Value);

impl Schema {
    /// Returns the schema as JSON.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// Returns the schema as JSON.
    pub fn into_value(self) -> Value {
        self.0
    }

    fn as_value_mut(&mut self) -> &mut Value {
        &mut self.0
    }
}

/// Reading the manifest of a module.
impl Inspection<'_> {
    /// Returns the module's manifest; `None` if it has none.
    ///
    /// # Errors
    ///
    /// Fails if the manifest is invalid.
    pub fn manifest(&self) -> Result<Option<Manifest>, ManifestError> {
        Manifest::of_sections(&self.interface().manifests)
    }
}

impl Manifest {
    /// Reads the manifest from the bytes of a module, without compiling or running anything.
    ///
    /// Returns `None` if the module has no manifest. The bytes need not be trusted: size, number
    /// and nesting are bounded, so that reading always ends and never panics.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not a WebAssembly module or the manifest is invalid. A
    /// [`Module`](crate::Module) with an invalid manifest can still be loaded and called.
    pub fn read(wasm: &[u8]) -> Result<Option<Self>, ManifestError> {
        let interface = examine(wasm, &ModuleLimits::default()).map_err(ManifestError::Module)?;
        Self::of_sections(&interface.manifests)
    }

    /// Parses the manifest sections of a module, of which there should be at most one.
    pub(crate) fn of_sections(sections: &[&[u8]]) -> Result<Option<Self>, ManifestError> {
        section::read(sections)
    }

    /// Returns the description of a command, or `None` if there is no such command.
    pub fn command(&self, name: &str) -> Option<&CommandInfo> {
        self.commands.iter().find(|command| command.name == name)
    }

    /// Returns a schema as a self-contained document.
    ///
    /// It has the dialect as `$schema`, and the `$defs` of the manifest that it needs.
    ///
    /// ```
    /// use plugin_sdk_harness::manifest::Manifest;
    /// use serde_json::json;
    ///
    /// let manifest: Manifest = serde_json::from_value(json!({
    ///     "abi": 1,
    ///     "config": {"$ref": "#/$defs/Config"},
    ///     "$defs": {
    ///         "Config": {"type": "array", "items": {"$ref": "#/$defs/Rule"}},
    ///         "Rule": {"type": "string"},
    ///         "Other": {"type": "null"},
    ///     },
    /// }))?;
    /// let config = manifest.standalone(manifest.config.as_ref().unwrap());
    /// assert_eq!(config, json!({
    ///     "$schema": "https://json-schema.org/draft/2020-12/schema",
    ///     "$ref": "#/$defs/Config",
    ///     "$defs": {
    ///         "Config": {"type": "array", "items": {"$ref": "#/$defs/Rule"}},
    ///         "Rule": {"type": "string"},
    ///     },
    /// }));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn standalone(&self, schema: &Schema) -> Value {
        self.document(schema).to_standalone()
    }

    fn document(&self, schema: &Schema) -> Document {
        Document::new(schema.as_value(), &self.defs)
    }

    /// Returns a schema with each reference replaced by its definition, for readers that do not
    /// follow references.
    ///
    /// Definitions that contain themselves stay in `$defs`, as do those that would make the schema
    /// larger than 256 KiB.
    ///
    /// ```
    /// use plugin_sdk_harness::manifest::Manifest;
    /// use serde_json::json;
    ///
    /// let manifest: Manifest = serde_json::from_value(json!({
    ///     "abi": 1,
    ///     "config": {"$ref": "#/$defs/Config"},
    ///     "$defs": {
    ///         "Config": {
    ///             "type": "object",
    ///             "properties": {"key": {"$ref": "#/$defs/Key", "default": "a"}},
    ///         },
    ///         "Key": {"type": "string"},
    ///     },
    /// }))?;
    /// let config = manifest.inlined(manifest.config.as_ref().unwrap());
    /// assert_eq!(config, json!({
    ///     "type": "object",
    ///     "properties": {"key": {"type": "string", "default": "a"}},
    /// }));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn inlined(&self, schema: &Schema) -> Value {
        definitions::inline(schema.as_value(), &self.defs)
    }

    /// Returns all schemas except the definitions.
    fn schemas_mut(&mut self) -> impl Iterator<Item = &mut Schema> {
        let commands = self.commands.iter_mut();
        let of_commands =
            commands.flat_map(|command| [&mut command.arguments, &mut command.result]);
        let of_events = self.handles.iter_mut().map(|handled| &mut handled.data);
        std::iter::once(&mut self.config)
            .chain(of_commands)
            .chain(of_events)
            .flatten()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
