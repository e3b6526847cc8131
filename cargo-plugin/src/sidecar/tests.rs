//! Checks of the sidecars against the formats that hosts read.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin_sdk_harness::hosts;
use plugin_sdk_harness::manifest::Manifest;
use serde_json::{Value, json};

use super::{KINDS, Sidecar, of};
use crate::wasm::Interface;

fn of_host(host: &str, manifest: Value, interface: &Interface) -> Vec<Sidecar> {
    let manifest: Manifest = serde_json::from_value(manifest).unwrap();
    of(hosts::find(host).unwrap(), &manifest, interface)
}

/// Returns a host's only document.
fn document(host: &str, manifest: &Value, interface: &Interface) -> Value {
    let [sidecar] = of_host(host, manifest.clone(), interface)
        .try_into()
        .unwrap();
    sidecar.document
}

fn full() -> (Value, Interface) {
    let manifest = json!({
        "abi": 1, "sdk": "0.1.0", "id": "my-wasm-plugin", "name": "My WASM Plugin", "version": "0.1.0",
        "type": "tool", "tags": ["audio", "cross-platform"], "description": "A plugin that does amazing things",
        "authors": ["Ada <ada@example.com>", "Grace"], "license": "MIT",
        "homepage": "https://example.com/my-plugin", "repository": "https://example.com/my-plugin.git",
        "requires": {"neotalk": ">=0.1.0", "go-musicfox": ">=2.1.0"},
        "permissions": [{"name": "http", "reason": "asks the weather"}],
        "limits": {"memory_pages": 16, "max_fuel": 1_000_000, "timeout_ms": 5000},
        "config": {"$ref": "#/$defs/Config"},
        "$defs": {
            "Config": {"type": "object", "properties": {"api_key": {"type": "string"}, "endpoint": {"$ref": "#/$defs/Endpoint"}}, "required": ["api_key"]},
            "Endpoint": {"type": "string", "format": "uri"},
        },
    });
    let function = |module: &str, name: &str| (module.to_owned(), name.to_owned());
    let interface = Interface {
        imports: vec![
            function("env", "neotalk_log"),
            function("env", "neotalk_get_config"),
            function("shop", "price"),
        ],
        exports: vec!["neotalk_init".to_owned(), "neotalk_command".to_owned()],
    };
    (manifest, interface)
}

/// Returns the schema of `full`'s configuration in the form that the guides show: properties at the
/// top level, and no references.
fn config_schema() -> Value {
    json!({
        "type": "object",
        "properties": {"api_key": {"type": "string"}, "endpoint": {"type": "string", "format": "uri"}},
        "required": ["api_key"],
    })
}

#[test]
fn neotalk_sidecar_has_every_field_that_the_host_reads() {
    let (mut manifest, interface) = full();
    manifest["permissions"] = json!([{"name": "http"}, {"name": "files"}, {"name": "kv"}]);
    assert_eq!(
        document("neotalk", &manifest, &interface),
        json!({
            "$schema": "https://neotalk.dev/schemas/plugin-v1.json",
            "id": "my-wasm-plugin",
            "name": "My WASM Plugin",
            "version": "0.1.0",
            "description": "A plugin that does amazing things",
            "plugin_type": "tool",
            "required_neotalk_version": ">=0.1.0",
            "author": "Ada <ada@example.com>, Grace",
            "homepage": "https://example.com/my-plugin",
            "repository": "https://example.com/my-plugin.git",
            "license": "MIT",
            "memory_pages": 16,
            "max_fuel": 1_000_000,
            "timeout_ms": 5000,
            "permissions": ["network", "file_read", "file_write", "kv"],
            "config_schema": config_schema(),
            "imports": {
                "neotalk": {"log": "function", "get_config": "function"},
                "shop": {"price": "function"},
            },
            "exports": ["neotalk_init", "neotalk_command"],
        })
    );
}

#[test]
fn go_musicfox_sidecar_has_every_field_that_the_host_reads() {
    let (mut manifest, mut interface) = full();
    manifest["type"] = json!("audio_effect");
    manifest["permissions"] = json!([
        {"name": "http", "reason": "asks the weather"},
        {"name": "files", "reason": "remembers it", "optional": true},
    ]);
    interface.imports = ["host_log", "host_get_config", "host_emit_event"]
        .map(|name| ("env".to_owned(), name.to_owned()))
        .to_vec();
    assert_eq!(
        document("musicfox", &manifest, &interface),
        json!({
            "id": "my-wasm-plugin",
            "name": "My WASM Plugin",
            "version": "0.1.0",
            "description": "A plugin that does amazing things",
            "author": "Ada <ada@example.com>, Grace",
            "license": "MIT",
            "type": "wasm",
            "category": "audio-effect",
            "tags": ["audio", "cross-platform"],
            "api_version": "v2.0.0",
            "min_kernel_version": "2.1.0",
            "wasm": {
                "implementations": {"rust": {
                    "file": "my-wasm-plugin.wasm", "runtime": "wasmtime", "memory_limit": "1MB", "timeout": "5s",
                }},
                "preferred": "rust",
                "host_functions": ["host_log", "host_get_config", "host_emit_event"],
            },
            "permissions": [
                {"id": "http", "description": "asks the weather", "required": true},
                {"id": "files", "description": "remembers it", "required": false},
            ],
            "config_schema": config_schema(),
        })
    );
}

#[test]
fn missing_metadata_is_omitted_unless_a_host_requires_it() {
    let said = json!({"abi": 1, "id": "hello", "name": "Hello", "version": "1.0.0"});
    let [neotalk, musicfox] =
        ["neotalk", "musicfox"].map(|host| document(host, &said, &Interface::default()));
    for member in ["id", "name", "version", "plugin_type", "permissions"] {
        assert!(neotalk.get(member).is_some(), "{member}");
    }
    for member in [
        "author",
        "license",
        "memory_pages",
        "config_schema",
        "required_neotalk_version",
    ] {
        assert_eq!(neotalk.get(member), None, "{member}");
    }
    assert_eq!(musicfox["min_kernel_version"], "2.0.0");
    assert_eq!(
        musicfox["wasm"]["implementations"]["rust"].get("timeout"),
        None
    );
}

#[test]
fn cis_sidecar_has_every_member_that_its_reader_needs() {
    let (mut manifest, interface) = full();
    manifest["permissions"] = json!([{"name": "kv"}, {"name": "http"}, {"name": "payments"}]);
    manifest["handles"] = json!([{"topic": "user.created"}]);
    manifest["commands"] = json!([{
        "name": "greet", "description": "Greets someone by name.",
        "arguments": {
            "type": "object", "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "Who is greeted."},
                "times": {"type": "integer", "default": 1},
                "title": {"type": ["string", "null"], "default": null},
                "most": {"type": "integer", "default": 18446744073709551615u64},
                "scale": {"type": "array", "default": [0.5, -2, {"exact": true}]},
            },
        },
        "result": {"type": "null"},
    }]);
    let [sidecar] = of_host("cis", manifest, &interface).try_into().unwrap();
    assert_eq!(sidecar.file_name, "skill.toml");
    // Not as serde_json's own form of numbers, which the next line would also read.
    let text = sidecar.contents();
    for line in ["default = 1\n", "default = [0.5, -2, { exact = true }]\n"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("private"), "{text}");
    // Read the written file as a program would.
    let read: Value = toml::from_str(&sidecar.contents()).unwrap();
    assert_eq!(read, sidecar.document);
    assert_eq!(
        read,
        json!({
            "skill": {
                "name": "my-wasm-plugin", "version": "0.1.0", "description": "A plugin that does amazing things",
                "author": "Ada <ada@example.com>, Grace", "type": "wasm", "entry": "my-wasm-plugin.wasm",
                "homepage": "https://example.com/my-plugin", "repository": "https://example.com/my-plugin.git",
                "license": "MIT",
            },
            "permissions": {"memory_read": true, "memory_write": true, "network": true, "custom": ["payments"]},
            "exports": {
                "functions": ["neotalk_init", "neotalk_command"],
                "events": ["user.created"],
                "commands": [{"name": "greet", "description": "Greets someone by name.", "args": [
                    {"name": "name", "description": "Who is greeted.", "type": "string", "required": true},
                    {"name": "times", "description": "", "type": "integer", "required": false, "default": 1},
                    {"name": "title", "description": "", "type": "any", "required": false},
                    {"name": "most", "description": "", "type": "integer", "required": false},
                    {"name": "scale", "description": "", "type": "array", "required": false, "default": [0.5, -2, {"exact": true}]},
                ]}],
            },
        })
    );
}

#[test]
fn recursive_configuration_has_top_level_properties() {
    let (mut manifest, interface) = full();
    manifest["$defs"]["Config"] = json!({"type": "object", "properties": {
        "rules": {"type": "array", "items": {"$ref": "#/$defs/Rule"}, "default": []},
    }});
    manifest["$defs"]["Rule"] = json!({"type": "object", "properties": {
        "else": {"anyOf": [{"$ref": "#/$defs/Rule"}, {"type": "null"}]},
    }});
    let schema = &document("neotalk", &manifest, &interface)["config_schema"];
    let rule = &schema["properties"]["rules"]["items"];
    assert_eq!(rule["type"], "object");
    assert_eq!(
        rule["properties"]["else"]["anyOf"][0],
        json!({"$ref": "#/$defs/Rule"})
    );
    assert_eq!(schema["$defs"]["Rule"], manifest["$defs"]["Rule"]);
}

#[test]
fn module_has_only_the_sidecar_of_its_host() {
    let said = json!({"abi": 1, "id": "hello", "name": "Hello", "version": "1.0.0"});
    for host in hosts::all() {
        let sidecars = of_host(host.name, said.clone(), &Interface::default());
        let kinds = KINDS.iter().filter(|kind| kind.host == host.name);
        assert_eq!(sidecars.len(), kinds.count(), "{}", host.name);
        assert!(sidecars.len() <= 1);
    }
}
