//! What a plugin says of itself: its name, what it asks for, and a description of every command, read from the `.wasm` without running it.
//!
//! The macros of the SDK write it into the module's custom section `plugin-sdk` (`docs/abi.md` has its form). A host, or a tool, reads it from a file's bytes or from
//! a [`Module`](crate::Module) that it has loaded:
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
//! All of it is the plugin's own word, in bounds but not filtered: whoever shows its texts on a terminal takes the escapes out of them.
//! `id`, `version` and `type` are safe as parts of a file's name.

#[cfg(feature = "schema-checks")]
mod check;
mod definitions;
mod error;
mod problem;
mod section;
mod warning;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits::ModuleLimits;
use crate::services::Permission;
use crate::triage;

#[cfg(feature = "schema-checks")]
pub(crate) use check::Checks;
pub use definitions::definition;
pub use error::ManifestError;
pub use problem::Problem;
pub use warning::Warning;
pub(crate) use warning::warnings;

/// The custom section's name.
pub(crate) const SECTION: &str = "plugin-sdk";

/// What a plugin says of itself.
///
/// It serialises to one JSON document with the members that the section's lines have, under the same names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Manifest {
    /// The version of the ABI that the plugin keeps to.
    pub abi: u32,
    /// The version of the SDK that it was made with; empty where it was made without.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sdk: String,
    /// What programs know the plugin by: lower-case letters, digits and hyphens; empty where it was made without the SDK and does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What people know it by; empty like `id`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The plugin's own version, as semver has it; empty like `id`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// What kind of plugin it is: `tool`, `llm_backend` or any other word of lower-case letters, digits, `_` and hyphens.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub plugin_type: Option<String>,
    /// Words by which people find it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What the plugin is for, in Markdown; empty where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Who wrote it, as in `Cargo.toml`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Its licence, an SPDX expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Where to read about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Where its source is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The hosts that it is for, with the versions of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requires: BTreeMap<String, String>,
    /// The permissions that it asks for, with its reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// The limits that it asks for. A host need not give them.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// The events that it emits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emits: Vec<Emitted>,
    /// What a configuration looks like; `None` where it takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Schema>,
    /// Its commands, in alphabetical order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandInfo>,
    /// The events that it handles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handles: Vec<Handled>,
    /// The schemas that others refer to, as `{"$ref": "#/$defs/<name>"}`.
    #[serde(rename = "$defs", skip_serializing_if = "Map::is_empty")]
    pub defs: Map<String, Value>,
}

/// The limits that a plugin asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Limits {
    /// How far its memory has to grow, in pages of 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_pages: Option<u32>,
    /// The most fuel that a call needs, a unit being about one WebAssembly instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_fuel: Option<u64>,
    /// The longest that a call takes, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

impl Limits {
    fn is_empty(&self) -> bool {
        *self == Limits::default()
    }
}

/// A command, as the plugin describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CommandInfo {
    /// What it is called by.
    pub name: String,
    /// What it does, in Markdown; empty where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How its arguments and its result cross.
    #[serde(skip_serializing_if = "Codec::is_json")]
    pub codec: Codec,
    /// Whether many inputs can be given to it in one call.
    #[serde(skip_serializing_if = "is_false")]
    pub batch: bool,
    /// The object that it takes, with one member per argument; `None` for a raw command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Schema>,
    /// What it gives; `None` for a raw command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Schema>,
    /// What the bytes are that a raw command takes: `u8`, `f32`, … or `text`; `None` where it takes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// What the bytes are that a raw command gives; `None` where it gives nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Whether a raw command changes the bytes that it takes.
    #[serde(skip_serializing_if = "is_false")]
    pub in_place: bool,
    /// The errors of its own that it may answer with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorInfo>,
}

/// How the values of a command cross.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Codec {
    /// As JSON.
    #[default]
    Json,
    /// In the binary codec of the SDK, which has no names.
    Binary,
    /// As plain bytes.
    Raw,
}

impl Codec {
    fn is_json(&self) -> bool {
        *self == Codec::Json
    }
}

/// An error that a command may answer with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorInfo {
    /// Its code, for programs.
    pub code: String,
    /// What it means, in Markdown; empty where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Events that a plugin handles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Handled {
    /// Which ones: a pattern, in which `*` is one segment and `**`, as the last, any number of them.
    pub topic: String,
    /// What it does with them, in Markdown; empty where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What their data look like; `None` where it does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Schema>,
}

/// Events that a plugin emits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Emitted {
    /// Their topic.
    pub topic: String,
    /// What they mean, in Markdown; empty where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A JSON Schema (2020-12): an object, or `true` for anything at all.
///
/// It may refer to the manifest's [`defs`](Manifest::defs); [`Manifest::standalone`] makes a document of it that needs nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema(Value);

impl Schema {
    /// The schema as JSON.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The schema as JSON.
    pub fn into_value(self) -> Value {
        self.0
    }

    fn as_value_mut(&mut self) -> &mut Value {
        &mut self.0
    }
}

impl Manifest {
    /// Reads what a plugin says of itself out of the bytes of its module, of which nothing is compiled or run; `None` where it says nothing.
    ///
    /// The bytes need not be trusted: they are bounded, in size, number and nesting, and whatever they are, reading them ends and panics never.
    ///
    /// # Errors
    ///
    /// Where the bytes are no WebAssembly module, or what it says cannot be read. A [`Module`](crate::Module) of such a plugin can still be loaded and called.
    pub fn read(wasm: &[u8]) -> Result<Option<Self>, ManifestError> {
        let interface =
            triage::examine(wasm, &ModuleLimits::default()).map_err(ManifestError::Module)?;
        Self::of_sections(interface.manifests())
    }

    /// Reads the sections of the name, of which there should be one or none.
    pub(crate) fn of_sections(sections: &[&[u8]]) -> Result<Option<Self>, ManifestError> {
        section::read(sections)
    }

    /// The description of a command, if there is one.
    pub fn command(&self, name: &str) -> Option<&CommandInfo> {
        self.commands.iter().find(|command| command.name == name)
    }

    /// A schema as a document of its own: with its dialect as `$schema`, and with those of the manifest's `$defs` that it needs.
    ///
    /// ```
    /// use plugin_sdk_harness::manifest::Manifest;
    /// use serde_json::json;
    ///
    /// let manifest: Manifest = serde_json::from_value(json!({
    ///     "abi": 1,
    ///     "config": {"$ref": "#/$defs/Config"},
    ///     "$defs": {"Config": {"type": "array", "items": {"$ref": "#/$defs/Rule"}}, "Rule": {"type": "string"}, "Other": {"type": "null"}},
    /// }))?;
    /// let config = manifest.standalone(manifest.config.as_ref().unwrap());
    /// assert_eq!(config, json!({
    ///     "$schema": "https://json-schema.org/draft/2020-12/schema",
    ///     "$ref": "#/$defs/Config",
    ///     "$defs": {"Config": {"type": "array", "items": {"$ref": "#/$defs/Rule"}}, "Rule": {"type": "string"}},
    /// }));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn standalone(&self, schema: &Schema) -> Value {
        definitions::bundle(schema.as_value(), &self.defs)
    }

    /// Returns a schema with each reference replaced by the definition that it refers to, for
    /// readers that follow no references. Definitions that contain themselves stay in `$defs`, as do
    /// those that would make the schema larger than 256 KiB.
    ///
    /// ```
    /// use plugin_sdk_harness::manifest::Manifest;
    /// use serde_json::json;
    ///
    /// let manifest: Manifest = serde_json::from_value(json!({
    ///     "abi": 1,
    ///     "config": {"$ref": "#/$defs/Config"},
    ///     "$defs": {"Config": {"type": "object", "properties": {"key": {"$ref": "#/$defs/Key", "default": "a"}}}, "Key": {"type": "string"}},
    /// }))?;
    /// let config = manifest.inlined(manifest.config.as_ref().unwrap());
    /// assert_eq!(config, json!({"type": "object", "properties": {"key": {"type": "string", "default": "a"}}}));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn inlined(&self, schema: &Schema) -> Value {
        definitions::inline(schema.as_value(), &self.defs)
    }

    /// All schemas but the definitions.
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

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference over"
)]
fn is_false(value: &bool) -> bool {
    !value
}
