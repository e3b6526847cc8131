//! Files next to the module, for hosts that read no custom section. They are generated from the
//! manifest, so they always agree with it; those of other plugins are `written` by hand.
//!
//! Each host that reads such a file has a module here, and a line in [`KINDS`].

mod cis;
mod hand_written;
mod musicfox;
mod neotalk;
mod written;

pub use written::WrittenSidecar;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use plugin_sdk_harness::manifest::Manifest;
use serde_json::Value;

use crate::regular_file;
use crate::target_host::Host;
use crate::toml::{from_json, to_json};
use crate::wasm::Interface;

pub use self::hand_written::{HandWritten, is_of_plugin};

/// The largest sidecar that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// A file that describes a module for one kind of host.
#[derive(Clone, Debug, PartialEq)]
pub struct Sidecar {
    /// The file's name, without a folder.
    pub file_name: String,
    /// The file's contents as JSON.
    pub document: Value,
    /// The file's format.
    pub format: Format,
    /// True if the file is named after the module next to it; false if its name is fixed.
    pub is_named_after_module: bool,
    /// The JSON pointer to the member that identifies the plugin.
    pub identity: &'static str,
}

/// The format of a sidecar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    Json,
    Toml,
}

impl Format {
    /// Returns the format's name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "JSON",
            Format::Toml => "TOML",
        }
    }

    /// Parses text in this format.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Format::Json => serde_json::from_str(text).map_err(|error| error.to_string()),
            Format::Toml => match text.parse() {
                Ok(table) => Ok(to_json(toml::Value::Table(table))),
                Err(error) => Err(error.to_string().trim_end().to_owned()),
            },
        }
    }
}

impl Sidecar {
    /// Returns the file's contents.
    pub fn contents(&self) -> String {
        match self.format {
            Format::Json => format!("{:#}\n", self.document),
            Format::Toml => match from_json(&self.document).map(|value| toml::to_string(&value)) {
                Some(Ok(text)) => text,
                // Documents for TOML contain no other values of the plugin than those for which
                // `from_json` has a form.
                other => unreachable!("a document for TOML: {other:?}"),
            },
        }
    }
}

/// The sidecar of one host.
struct Kind {
    /// The host's name in the harness.
    host: &'static str,
    /// The file's name; if it begins with a dot, the suffix to the plugin's id.
    file_name: &'static str,
    format: Format,
    identity: &'static str,
    document: fn(&Manifest, &Interface) -> Value,
}

const KINDS: [Kind; 3] = [
    Kind {
        host: "neotalk",
        file_name: ".json",
        format: Format::Json,
        identity: "/id",
        document: neotalk::document,
    },
    Kind {
        host: "musicfox",
        file_name: "plugin.json",
        format: Format::Json,
        identity: "/id",
        document: musicfox::document,
    },
    Kind {
        host: "cis",
        file_name: "skill.toml",
        format: Format::Toml,
        identity: "/skill/name",
        document: cis::document,
    },
];

impl Kind {
    /// Returns the path of this sidecar next to a module.
    fn next_to(&self, module: &Path) -> PathBuf {
        match self.file_name.strip_prefix('.') {
            Some(extension) => module.with_extension(extension),
            None => module.with_file_name(self.file_name),
        }
    }
}

/// Returns the sidecars that a module's host reads. Other hosts could not run the module.
pub fn of(host: Host, manifest: &Manifest, interface: &Interface) -> Vec<Sidecar> {
    let kinds = KINDS.iter().filter(|kind| kind.host == host.name);
    kinds
        .map(|kind| {
            let is_named_after_module = kind.file_name.starts_with('.');
            Sidecar {
                file_name: match is_named_after_module {
                    true => format!("{}{}", manifest.id, kind.file_name),
                    false => kind.file_name.to_owned(),
                },
                document: (kind.document)(manifest, interface),
                format: kind.format,
                is_named_after_module,
                identity: kind.identity,
            }
        })
        .collect()
}

/// Reads a sidecar of a bounded size. An error says what is wrong with the file.
pub fn read(path: &Path) -> Result<String, String> {
    match regular_file::read(path, MAX_BYTES) {
        Ok(contents) => String::from_utf8(contents).map_err(|_| "is not text in UTF-8".to_owned()),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            Err(format!("has more than {} MiB", MAX_BYTES >> 20))
        }
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

/// Returns the file name of the module, next to which the sidecar is written.
pub fn module_file(manifest: &Manifest) -> String {
    format!("{}.wasm", manifest.id)
}

/// The type of a plugin that declares none.
const DEFAULT_TYPE: &str = "tool";

fn plugin_type(manifest: &Manifest) -> &str {
    manifest.plugin_type.as_deref().unwrap_or(DEFAULT_TYPE)
}

/// Returns all authors in one text, if there are any.
fn author(manifest: &Manifest) -> Option<String> {
    let authors = manifest.authors.join(", ");
    (!manifest.authors.is_empty()).then_some(authors)
}

/// Returns the configuration's schema with its properties at the top level: hosts follow no
/// references.
fn config_schema(manifest: &Manifest) -> Option<Value> {
    let schema = manifest.config.as_ref()?;
    Some(manifest.inlined(schema))
}

/// Removes the members of an object that are null because the manifest does not specify them.
fn without_null(mut document: Value) -> Value {
    if let Value::Object(members) = &mut document {
        members.retain(|_, value| !value.is_null());
    }
    document
}

#[cfg(test)]
mod tests;
