//! go-musicfox's `plugin.json`.

use plugin_sdk_harness::manifest::Manifest;
use serde_json::{Map, Value, json};

use crate::wasm::Interface;

/// The version of the plugin interface that the document is for.
const API_VERSION: &str = "v2.0.0";

/// The required host version if the plugin declares none.
const KERNEL_VERSION: &str = "2.0.0";

/// The host's name among the hosts for which a plugin requires a version.
const HOST: &str = "go-musicfox";

/// The size of a page of linear memory in KiB.
const PAGE_KIB: u64 = 64;

pub fn document(manifest: &Manifest, interface: &Interface) -> Value {
    let mut rust = Map::new();
    rust.insert("file".to_owned(), json!(super::module_file(manifest)));
    rust.insert("runtime".to_owned(), json!("wasmtime"));
    if let Some(pages) = manifest.limits.memory_pages {
        rust.insert("memory_limit".to_owned(), json!(memory(pages)));
    }
    if let Some(milliseconds) = manifest.limits.timeout_ms {
        rust.insert("timeout".to_owned(), json!(duration(milliseconds)));
    }
    let host_functions: Vec<&str> = interface
        .imports
        .iter()
        .map(|(_, name)| name.as_str())
        .collect();
    let permissions: Vec<Value> = manifest
        .permissions
        .iter()
        .map(|permission| {
            json!({
                "id": permission.name(),
                "description": permission.reason().unwrap_or_default(),
                "required": !permission.is_optional(),
            })
        })
        .collect();
    let kernel = manifest
        .requires
        .get(HOST)
        .and_then(|requirement| least_version(requirement))
        .unwrap_or(KERNEL_VERSION);
    let members = [
        ("id", Some(json!(manifest.id))),
        ("name", Some(json!(manifest.name))),
        ("version", Some(json!(manifest.version))),
        ("description", Some(json!(manifest.description))),
        ("author", super::author(manifest).map(Value::from)),
        ("license", manifest.license.clone().map(Value::from)),
        ("type", Some(json!("wasm"))),
        ("category", Some(json!(category(manifest)))),
        // In the same form as in `get_metadata`.
        ("tags", Some(json!(manifest.tags))),
        ("api_version", Some(json!(API_VERSION))),
        ("min_kernel_version", Some(json!(kernel))),
        (
            "wasm",
            Some(json!({
                "implementations": {"rust": rust},
                "preferred": "rust",
                "host_functions": host_functions,
            })),
        ),
        ("permissions", Some(Value::Array(permissions))),
        ("config_schema", super::config_schema(manifest)),
    ];
    let said = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
    Value::Object(members.into_iter().filter_map(said).collect())
}

/// Returns the plugin's type with hyphens between words, as the host writes categories.
fn category(manifest: &Manifest) -> String {
    super::plugin_type(manifest).replace('_', "-")
}

/// Returns the first version in a requirement such as `>=2.0.0, <3`: the lowest, as requirements
/// are usually written.
fn least_version(requirement: &str) -> Option<&str> {
    let first = requirement
        .split([',', ' '])
        .find(|part| part.contains(|c: char| c.is_ascii_digit()))?;
    Some(first.trim_start_matches(|c: char| !c.is_ascii_digit()))
}

/// Formats a size as `30MB`, or as `64KB` if it is not a whole number of MB.
fn memory(pages: u32) -> String {
    let kib = u64::from(pages) * PAGE_KIB;
    match kib % 1024 {
        0 => format!("{}MB", kib / 1024),
        _ => format!("{kib}KB"),
    }
}

/// Formats a duration as Go does: `30s`, or `1500ms` if it is not a whole number of seconds.
fn duration(milliseconds: u64) -> String {
    match milliseconds % 1000 {
        0 => format!("{}s", milliseconds / 1000),
        _ => format!("{milliseconds}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_the_format_of_the_host() {
        assert_eq!(
            (memory(480), memory(1)),
            ("30MB".to_owned(), "64KB".to_owned())
        );
        assert_eq!(
            (duration(30_000), duration(1500)),
            ("30s".to_owned(), "1500ms".to_owned())
        );
    }

    #[test]
    fn lowest_version_is_read_from_a_requirement() {
        for requirement in ["2.1.0", ">=2.1.0", "^2.1.0", ">= 2.1.0, <3", "=2.1.0"] {
            assert_eq!(least_version(requirement), Some("2.1.0"), "{requirement}");
        }
        assert_eq!(least_version("*"), None);
    }
}
