//! Files beside the module for hosts that read no custom section: generated from the manifest, so that they cannot say anything else.
//!
//! A host that reads such a file has one here, and a line in [`KINDS`]; the others have none.

mod cis;
mod musicfox;
mod neotalk;

use plugin_sdk_harness::manifest::Manifest;
use serde_json::Value;

use crate::target_host::Host;
use crate::wasm::Interface;

/// A file that describes a module, for one kind of host.
#[derive(Clone, Debug, PartialEq)]
pub struct Sidecar {
    /// The file's name, without a folder.
    pub file_name: String,
    /// What it says.
    pub document: Value,
    /// How that is written.
    pub format: Format,
    /// Whether the file is called after the module beside it, and not the same beside each.
    pub is_named_after_module: bool,
    /// Where it says which plugin it is of: a JSON pointer.
    pub identity: &'static str,
}

/// How a sidecar is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    Json,
    Toml,
}

impl Format {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "JSON",
            Format::Toml => "TOML",
        }
    }

    /// Reads what was written in it.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Format::Json => serde_json::from_str(text).map_err(|error| error.to_string()),
            Format::Toml => {
                toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
            }
        }
    }
}

impl Sidecar {
    /// The file's contents.
    pub fn contents(&self) -> String {
        match self.format {
            Format::Json => format!("{:#}\n", self.document),
            // No document has a null in it, the one value that TOML cannot write.
            Format::Toml => toml::to_string(&self.document).unwrap_or_default(),
        }
    }
}

/// The sidecar of a host.
struct Kind {
    /// The host's name in the harness.
    host: &'static str,
    /// The file's name; with a leading point, what comes behind the plugin's id.
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

/// The file name of the module itself, beside which a sidecar stands.
pub fn module_file(manifest: &Manifest) -> String {
    format!("{}.wasm", manifest.id)
}

/// The type of a plugin that does not say of which it is.
const DEFAULT_TYPE: &str = "tool";

fn plugin_type(manifest: &Manifest) -> &str {
    manifest.plugin_type.as_deref().unwrap_or(DEFAULT_TYPE)
}

/// All authors as one text; `None` where there is none.
fn author(manifest: &Manifest) -> Option<String> {
    match manifest.authors.as_slice() {
        [] => None,
        authors => Some(authors.join(", ")),
    }
}

/// Returns the configuration's schema with its properties at the top: hosts follow no references.
fn config_schema(manifest: &Manifest) -> Option<Value> {
    let schema = manifest.config.as_ref()?;
    Some(manifest.inlined(schema))
}

#[cfg(test)]
mod tests;
