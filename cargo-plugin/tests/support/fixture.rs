//! Plugins written by hand: WebAssembly text that says of itself what a test wants.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder of files for a test.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

/// What every plugin exports.
pub const EXPORTS: &str = r#"(memory (export "memory") 2) (global (export "plugin_abi_1") i32 (i32.const 0))
    (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))"#;

/// A module with imports, exports and other fields, and with the section, if there is one.
pub fn module(imports: &str, fields: &str, section: Option<&str>) -> Vec<u8> {
    let section = section.map_or(String::new(), |text| {
        let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        format!("(@custom \"plugin-sdk\" \"{bytes}\")")
    });
    wat::parse_str(format!("(module {imports} {fields} {section})")).unwrap()
}

/// A plugin with the exports of its commands.
pub fn plugin(manifest: &Value) -> Vec<u8> {
    let commands = manifest["commands"].as_array().cloned().unwrap_or_default();
    let exports: String = commands
        .iter()
        .map(|command| {
            format!(
                r#"(func (export "command_{}") (param i32 i32) (result i64) i64.const 0)"#,
                command["name"].as_str().unwrap()
            )
        })
        .collect();
    module(
        "",
        &format!("{EXPORTS} {exports}"),
        Some(&format!("{manifest}\n")),
    )
}

/// What a plugin that greets says of itself.
pub fn greeter() -> Value {
    json!({
        "abi": 1, "sdk": "0.1.0", "id": "greeter", "name": "Greeter", "version": "0.1.0", "type": "tool",
        "description": "Greets people, and counts them.\n\nIn any language.", "authors": ["Ada <ada@example.com>"], "license": "MIT",
        "homepage": "https://example.com/greeter", "requires": {"neotalk": ">=0.1.0"},
        "limits": {"memory_pages": 16, "max_fuel": 1_000_000, "timeout_ms": 5000},
        "config": {"$ref": "#/$defs/Config"},
        "commands": [
            {"name": "greet", "description": "Greets someone by name.",
             "arguments": {"type": "object", "properties": {
                 "name": {"type": "string", "description": "Who is greeted."},
                 "times": {"type": "integer", "minimum": 0, "maximum": 255, "default": 1}},
                 "required": ["name"], "additionalProperties": false},
             "result": {"$ref": "#/$defs/Greeting"},
             "errors": [{"code": "name_empty", "description": "There is no name to greet by."}]},
            {"name": "reverse", "description": "Turns text around.", "codec": "raw", "takes": "u8", "gives": "u8", "in_place": true}],
        "emits": [{"topic": "guest.greeted", "description": "Somebody was greeted."}],
        "$defs": {
            "Config": {"description": "What a host can choose.", "type": "object",
                "properties": {"limit": {"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615u64}}, "additionalProperties": false},
            "Greeting": {"description": "What a greeted person gets.", "type": "object",
                "properties": {"message": {"type": "string"}, "greeted": {"type": "integer", "minimum": 0, "maximum": 18446744073709551615u64}},
                "required": ["message", "greeted"]}}
    })
}
