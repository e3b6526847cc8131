//! Plugins written by hand: WebAssembly text with a manifest that the test chooses.

use serde_json::{Value, json};

/// The exports of every plugin, with an `alloc` that always returns the same address.
pub const EXPORTS: &str = r#"(memory (export "memory") 2) (global (export "plugin_abi_1") i32 (i32.const 0))
    (func (export "alloc") (param i32) (result i32) i32.const 4096) (func (export "free") (param i32 i32))
    (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))"#;

/// The exports that NeoTalk requires.
pub const FOR_NEOTALK: &str = r#"(memory (export "memory") 2)
    (func (export "neotalk_init") (param i32 i32) (result i32) i32.const 1)
    (func (export "neotalk_command") (param i32 i32 i32 i32) (result i32) i32.const 0)
    (func (export "neotalk_get_result") (param i32 i32) (result i32) i32.const 1)
    (func (export "neotalk_cleanup"))"#;

/// The imports and exports that go-musicfox requires.
pub const FOR_MUSICFOX: &str = r#"(import "env" "host_log" (func (param i32 i32 i32)))
    (import "env" "host_get_config" (func (param i32 i32) (result i32)))
    (import "env" "host_emit_event" (func (param i32 i32 i32 i32)))
    (memory (export "memory") 2) (func $ok (result i32) i32.const 0)
    (func (export "initialize") (param i32 i32) (result i32) i32.const 0)
    (export "start" (func $ok)) (export "stop" (func $ok)) (export "cleanup" (func $ok))
    (func (export "process_audio") (param i32 i32 i32) (result i32) i32.const 0)
    (func (export "handle_event") (param i32 i32) (result i32) i32.const 0)
    (export "get_version" (func $ok)) (export "get_metadata" (func $ok))
    (func (export "malloc") (param i32) (result i32) i32.const 4096) (func (export "free") (param i32))"#;

/// Returns a module with imports, exports and other fields, and the section if there is one.
pub fn module(imports: &str, fields: &str, section: Option<&str>) -> Vec<u8> {
    let section = section.map_or(String::new(), |text| {
        let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        format!("(@custom \"plugin-sdk\" \"{bytes}\")")
    });
    wat::parse_str(format!("(module {imports} {fields} {section})")).unwrap()
}

/// Returns a plugin to run, with these functions. They may call `$random`, `$now`, `$monotonic`,
/// and `$echo`, which answers with its input.
pub fn running(functions: &str, manifest: Option<&Value>) -> Vec<u8> {
    let imports = r#"(import "plugin_host" "random_fill" (func $random (param i32 i32) (result i64)))
        (import "plugin_host" "time_now" (func $now (param i32) (result i64)))
        (import "plugin_host" "time_monotonic" (func $monotonic (param i32) (result i64)))"#;
    let echo = "(func $echo (param i32 i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))";
    let section = manifest.map(|manifest| format!("{manifest}\n"));
    module(
        imports,
        &format!("{EXPORTS} {echo} {functions}"),
        section.as_deref(),
    )
}

/// Returns a plugin with the exports of its commands.
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

/// Returns the manifest of a plugin that greets.
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
            {"name": "reverse", "description": "Turns text around.", "codec": "raw", "input": "u8", "output": "u8", "in_place": true}],
        "emits": [{"topic": "guest.greeted", "description": "Somebody was greeted."}],
        "$defs": {
            "Config": {"description": "What a host can choose.", "type": "object",
                "properties": {"limit": {"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615u64}}, "additionalProperties": false},
            "Greeting": {"description": "What a greeted person gets.", "type": "object",
                "properties": {"message": {"type": "string"}, "greeted": {"type": "integer", "minimum": 0, "maximum": 18446744073709551615u64}},
                "required": ["message", "greeted"]}}
    })
}

/// Returns a plugin whose commands answer with their input, described in all detail.
pub fn wares() -> Vec<u8> {
    let functions = r#"(data (i32.const 64) "{\"code\":\"sold_out\",\"message\":\"there is none left\"}")
        (data (i32.const 256) "\"two\\nlines \\u001b[2J\"")
        (export "command_order" (func $echo))
        (export "command_amplify" (func $echo))
        (export "command_count" (func $echo))
        (export "command_compute" (func $echo))
        (export "command_undescribed" (func $echo))
        (func (export "command_fail") (param i32 i32) (result i64) i64.const 0x40_8000_0032)
        (func (export "command_say") (param i32 i32) (result i64) i64.const 0x100_0000_0016)
        (func (export "command_spin") (param i32 i32) (result i64) (loop (br 0)) unreachable)"#;
    let integer = |minimum: i64, maximum: u64| json!({"type": "integer", "minimum": minimum, "maximum": maximum});
    let mut times = integer(0, 255);
    times["default"] = json!(1);
    times["description"] = json!("How many are wanted.\n\nMore than ten are sent by cart.");
    let nothing = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let manifest = json!({
        "abi": 1, "sdk": "0.1.0", "id": "wares", "name": "Wares", "version": "1.2.0",
        "description": "Sells wares.\n\nAnd more.",
        "commands": [
            {
                "name": "order",
                "description": "Orders something, and answers with the order.\n\nWhatever is left out is taken as usual.",
                "arguments": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "description": "What to order.", "minLength": 1},
                        "times": times,
                        "urgent": {"type": "boolean", "description": "Whether it cannot wait.", "default": false},
                        "packing": {"description": "What it comes in.", "oneOf": [
                            {"const": "box", "description": "A box of wood."},
                            {"const": "bag", "description": "A bag of paper."},
                        ]},
                        "max_price": {"type": ["number", "null"], "description": "No more than this.", "exclusiveMinimum": 0},
                        "tags": {"type": "array", "items": {"type": "string"}},
                        "sizes": {"type": "array", "items": integer(1, 99), "description": "Sizes that fit."},
                        "labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Written on it."},
                        "address": {"$ref": "#/$defs/Address"},
                        "payment": {"description": "How it is paid.", "oneOf": [
                            {"type": "object", "description": "By card.", "properties": {"card": {"type": "string"}}, "required": ["card"]},
                            {"type": "object", "description": "In cash.", "properties": {"cash": integer(0, 1000)}, "required": ["cash"]},
                        ]},
                    },
                    "required": ["name"],
                    "additionalProperties": false,
                },
                "result": {"$ref": "#/$defs/Order"},
                "errors": [
                    {"code": "sold_out", "description": "There is none left."},
                    {"code": "too_dear", "description": "It costs more than `max_price`."},
                ],
            },
            {"name": "fail", "description": "Always fails.", "arguments": nothing, "result": {"type": "null"}},
            {"name": "say", "description": "Says two lines.", "arguments": nothing, "result": {"type": "string"}},
            {"name": "spin", "description": "Never ends.", "arguments": nothing, "result": {"type": "null"}},
            {"name": "amplify", "description": "Changes samples where they are.", "codec": "raw", "input": "f32", "in_place": true},
            {"name": "count", "description": "Counts words.", "codec": "raw", "input": "text", "output": "u8"},
            {"name": "compute", "description": "Crosses in another codec.", "codec": "binary", "arguments": nothing, "result": {"type": "null"}},
        ],
        "$defs": {
            "Address": {
                "type": "object",
                "description": "Where to send it.",
                "properties": {"street": {"type": "string", "description": "Street and number."}, "town": {"type": "string"}},
                "required": ["street"],
            },
            "Order": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "What was ordered."},
                    "address": {"$ref": "#/$defs/Address"},
                    "sizes": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["name"],
            },
        },
    });
    running(functions, Some(&manifest))
}
