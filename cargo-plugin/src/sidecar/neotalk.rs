//! NeoTalk's sidecar.

use plugin_sdk_harness::manifest::Manifest;
use serde_json::{Map, Value, json};

use crate::wasm::Interface;

const SCHEMA: &str = "https://neotalk.dev/schemas/plugin-v1.json";

/// The host's name among the hosts for which a plugin requires a version.
const HOST: &str = "neotalk";

/// The module of NeoTalk's functions, and the prefix of their names.
const FUNCTIONS: (&str, &str) = ("env", "neotalk_");

/// The SDK's permissions and NeoTalk's words for them. Other names stay as they are.
const PERMISSIONS: [(&str, &[&str]); 2] = [
    ("http", &["network"]),
    ("files", &["file_read", "file_write"]),
];

pub fn document(manifest: &Manifest, interface: &Interface) -> Value {
    let mut imports: Map<String, Value> = Map::new();
    for (module, name) in &interface.imports {
        let (module, name) = named(module, name);
        let functions = imports.entry(module).or_insert_with(|| json!({}));
        if let Value::Object(functions) = functions {
            functions.insert(name.to_owned(), json!("function"));
        }
    }
    let permissions: Vec<&str> = manifest
        .permissions
        .iter()
        .flat_map(|permission| permissions(permission.name()))
        .collect();
    super::without_null(json!({
        "$schema": SCHEMA,
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "plugin_type": super::plugin_type(manifest),
        "required_neotalk_version": manifest.requires.get(HOST),
        "author": super::author(manifest),
        "homepage": manifest.homepage,
        "repository": manifest.repository,
        "license": manifest.license,
        "memory_pages": manifest.limits.memory_pages,
        "max_fuel": manifest.limits.max_fuel,
        "timeout_ms": manifest.limits.timeout_ms,
        "permissions": permissions,
        "config_schema": super::config_schema(manifest),
        "imports": imports,
        "exports": interface.exports,
    }))
}

/// Returns a function's module and name in the sidecar's form: `neotalk` and `log` for
/// `env.neotalk_log`.
fn named<'a>(module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    let (own, prefix) = FUNCTIONS;
    match name.strip_prefix(prefix) {
        Some(name) if module == own => (HOST, name),
        _ => (module, name),
    }
}

fn permissions(name: &str) -> Vec<&str> {
    let known = PERMISSIONS.iter().find(|(ours, _)| *ours == name);
    known.map_or_else(|| vec![name], |(_, theirs)| theirs.to_vec())
}
