//! Files beside the module for hosts that read no custom section: generated from the manifest, so that they cannot say anything else.

mod musicfox;
mod neotalk;

use plugin_sdk_harness::manifest::Manifest;
use serde_json::Value;

use crate::wasm::Interface;

/// A file that describes a module, for one kind of host.
#[derive(Clone, Debug, PartialEq)]
pub struct Sidecar {
    /// The file's name, without a folder.
    pub file_name: String,
    /// What it says.
    pub document: Value,
}

impl Sidecar {
    /// The file's contents.
    pub fn contents(&self) -> String {
        format!("{:#}\n", self.document)
    }
}

/// All sidecars of a module: `<id>.json` as NeoTalk reads it, and `plugin.json` as go-musicfox does.
pub fn all(manifest: &Manifest, interface: &Interface) -> [Sidecar; 2] {
    [
        Sidecar {
            file_name: format!("{}.json", manifest.id),
            document: neotalk::document(manifest, interface),
        },
        Sidecar {
            file_name: "plugin.json".to_owned(),
            document: musicfox::document(manifest, interface),
        },
    ]
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

fn config_schema(manifest: &Manifest) -> Option<Value> {
    let schema = manifest.config.as_ref()?;
    Some(manifest.standalone(schema))
}

#[cfg(test)]
mod tests;
