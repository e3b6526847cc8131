//! Running the tool, and plugins made for it to run.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test uses a part of it, and a test fails by panicking"
)]

use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with files in it, in which the tool is run.
pub struct Place(TempDir);

/// What a run of the tool came to.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path().join(name), contents).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    /// `cargo plugin`, in this folder.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::cargo_bin("cargo-plugin").unwrap();
        command
            .current_dir(self.path())
            .env("PLUGIN_SDK_CACHE_DIR", self.path().join("cache"))
            .env("COLUMNS", "100")
            .env_remove("CLICOLOR_FORCE")
            .arg("plugin")
            .args(words);
        command
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        Ran::of(&mut self.command(words))
    }

    pub fn run_with(&self, words: &[&str], input: impl Into<Vec<u8>>) -> Ran {
        Ran::of(self.command(words).write_stdin(input))
    }
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it wrote where there is nothing to complain about.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.err, self.out);
        self.out
    }

    /// The exit code and what was complained about.
    #[track_caller]
    pub fn bad(self, code: i32) -> String {
        assert_eq!((self.code, &*self.out), (code, ""), "{}", self.err);
        self.err
    }
}

/// A module with a custom section, as `@custom` of the text format would make it.
pub fn with_section(mut wasm: Vec<u8>, name: &str, contents: &[u8]) -> Vec<u8> {
    let mut body = leb(name.len());
    body.extend(name.as_bytes());
    body.extend(contents);
    wasm.push(0);
    wasm.extend(leb(body.len()));
    wasm.extend(body);
    wasm
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// What every plugin exports, with an `alloc` that always gives the same place.
const HEAD: &str = r#"
  (import "plugin_host" "random_fill" (func $random (param i32 i32) (result i64)))
  (import "plugin_host" "time_now" (func $now (param i32) (result i64)))
  (import "plugin_host" "time_monotonic" (func $monotonic (param i32) (result i64)))
  (memory (export "memory") 2) (global (export "plugin_abi_1") i32 (i32.const 0))
  (func (export "alloc") (param i32) (result i32) i32.const 4096) (func (export "free") (param i32 i32))
  (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
  (func $echo (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))"#;

pub fn module(functions: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {HEAD} {functions})")).unwrap()
}

/// A plugin whose commands answer with what they were given, described in all detail.
pub fn wares() -> Vec<u8> {
    let wasm = module(
        r#"(data (i32.const 64) "{\"code\":\"sold_out\",\"message\":\"there is none left\"}")
        (data (i32.const 256) "\"two\\nlines \\u001b[2J\"")
        (export "command_order" (func $echo))
        (export "command_amplify" (func $echo))
        (export "command_count" (func $echo))
        (export "command_compute" (func $echo))
        (export "command_undescribed" (func $echo))
        (func (export "command_fail") (param i32 i32) (result i64) i64.const 0x40_8000_0032)
        (func (export "command_say") (param i32 i32) (result i64) i64.const 0x100_0000_0016)
        (func (export "command_spin") (param i32 i32) (result i64) (loop (br 0)) unreachable)"#,
    );
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
            {"name": "amplify", "description": "Changes samples where they are.", "codec": "raw", "takes": "f32", "in_place": true},
            {"name": "count", "description": "Counts words.", "codec": "raw", "takes": "text", "gives": "u8"},
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
    with_section(wasm, "plugin-sdk", format!("{manifest}\n").as_bytes())
}

/// JSON that the tool wrote.
#[track_caller]
pub fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
