//! go-musicfox's `plugin.json`.

use plugin_sdk_harness::manifest::Manifest;
use serde_json::{Value, json};

use crate::quantities::PAGE;
use crate::wasm::Interface;

/// The version of the plugin interface that the document is for.
const API_VERSION: &str = "v2.0.0";

/// The required host version if the plugin declares none.
const KERNEL_VERSION: &str = "2.0.0";

/// The host's name among the hosts for which a plugin requires a version.
const HOST: &str = "go-musicfox";

pub fn document(manifest: &Manifest, interface: &Interface) -> Value {
    let limits = &manifest.limits;
    let rust = super::without_null(json!({
        "file": super::module_file(manifest),
        "runtime": "wasmtime",
        "memory_limit": limits.memory_pages.map(memory),
        "timeout": limits.timeout_ms.map(duration),
    }));
    let imports = interface.imports.iter();
    let host_functions: Vec<&str> = imports.map(|(_, name)| name.as_str()).collect();
    let permissions = manifest.permissions.iter().map(|permission| {
        json!({
            "id": permission.name(),
            // The member is required.
            "description": permission.reason().unwrap_or(""),
            "required": !permission.is_optional(),
        })
    });
    let kernel = manifest
        .requires
        .get(HOST)
        .and_then(|requirement| least_version(requirement))
        .unwrap_or(KERNEL_VERSION);
    super::without_null(json!({
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "author": super::author(manifest),
        "license": manifest.license,
        "type": "wasm",
        "category": category(manifest),
        // In the same form as in `get_metadata`.
        "tags": manifest.tags,
        "api_version": API_VERSION,
        "min_kernel_version": kernel,
        "wasm": {
            "implementations": {"rust": rust},
            "preferred": "rust",
            "host_functions": host_functions,
        },
        "permissions": permissions.collect::<Vec<_>>(),
        "config_schema": super::config_schema(manifest),
    }))
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
    let kib = u64::from(pages) * (PAGE / 1024);
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
