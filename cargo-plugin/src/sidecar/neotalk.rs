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
    let members = [
        ("$schema", Some(json!(SCHEMA))),
        ("id", Some(json!(manifest.id))),
        ("name", Some(json!(manifest.name))),
        ("version", Some(json!(manifest.version))),
        ("description", Some(json!(manifest.description))),
        ("plugin_type", Some(json!(super::plugin_type(manifest)))),
        (
            "required_neotalk_version",
            manifest.requires.get(HOST).map(|version| json!(version)),
        ),
        ("author", super::author(manifest).map(Value::from)),
        ("homepage", manifest.homepage.clone().map(Value::from)),
        ("repository", manifest.repository.clone().map(Value::from)),
        ("license", manifest.license.clone().map(Value::from)),
        (
            "memory_pages",
            manifest.limits.memory_pages.map(Value::from),
        ),
        ("max_fuel", manifest.limits.max_fuel.map(Value::from)),
        ("timeout_ms", manifest.limits.timeout_ms.map(Value::from)),
        ("permissions", Some(json!(permissions))),
        ("config_schema", super::config_schema(manifest)),
        ("imports", Some(Value::Object(imports))),
        ("exports", Some(json!(interface.exports))),
    ];
    let said = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
    Value::Object(members.into_iter().filter_map(said).collect())
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
