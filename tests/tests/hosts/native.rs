//! Plugins of the SDK's own ABI in hosts that know only `docs/abi.md`: on Node's engine, on
//! Python's wasmtime, and on the interpreter wasmi.
//!
//! Each runs them in both styles of ownership that the ABI allows.

use std::fs;
use std::path::{Path, PathBuf};

use plugin_sdk_harness::manifest::Manifest;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::Program;
use super::{WORKSPACE, build, call, interpreter};

/// A host, and its style of ownership.
#[derive(Debug)]
struct Host {
    engine: Engine,
    style: &'static str,
}

#[derive(Clone, Debug)]
enum Engine {
    Program(Program),
    Wasmi,
}

impl Host {
    fn all() -> impl Iterator<Item = Host> {
        let engines = [
            Engine::Program(Program::node("host.mjs")),
            Engine::Program(Program::python("host.py")),
            Engine::Wasmi,
        ];
        engines.into_iter().flat_map(|engine| {
            ["keep", "free"].map(|style| Host {
                engine: engine.clone(),
                style,
            })
        })
    }

    /// Returns the host's description of a plugin.
    fn describe(&self, wasm: &Path) -> Value {
        let described = Host {
            engine: self.engine.clone(),
            style: "describe",
        };
        described.run(wasm, &[]).unwrap().remove(0)
    }

    /// Serves some calls of a plugin. The last line of the output is the size of the plugin's
    /// memory.
    fn run(&self, wasm: &Path, calls: &[Value]) -> Result<Vec<Value>, String> {
        match &self.engine {
            Engine::Program(program) => {
                program.converse(&[wasm.as_os_str(), self.style.as_ref()], calls)
            }
            Engine::Wasmi => interpreter::run(wasm, self.style, calls),
        }
    }
}

/// Serves the same calls on every host, and returns the answers if all are the same.
#[track_caller]
pub fn answers(wasm: &Path, calls: &[Value]) -> Vec<Value> {
    let mut agreed: Option<Vec<Value>> = None;
    for host in Host::all() {
        let mut answers = host
            .run(wasm, calls)
            .unwrap_or_else(|error| panic!("{host:?}: {error}"));
        assert!(answers.pop().unwrap()["memory"].is_u64(), "{host:?}");
        assert_eq!(answers.len(), calls.len(), "{host:?}");
        // Each engine has its own message for a trap, and each language for a refusal.
        for words in answers
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .flat_map(|answer| answer.iter_mut())
        {
            if ["trap", "refused"].contains(&words.0.as_str()) {
                assert!(!words.1.as_str().unwrap().is_empty(), "{host:?}");
                *words.1 = json!("");
            }
        }
        let agreed = agreed.get_or_insert_with(|| answers.clone());
        assert_eq!(
            &answers, agreed,
            "{host:?} does not agree with the first host"
        );
    }
    agreed.unwrap()
}

/// Bytes for raw commands, with a folder for them.
struct Raw(TempDir);

impl Raw {
    fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("in"), bytes).unwrap();
        Raw(folder)
    }

    fn call(&self, export: &str) -> Value {
        json!({"export": export, "in": self.0.path().join("in"), "out": self.0.path().join("out")})
    }

    /// Returns the answer that every host must give for a result of these bytes.
    #[track_caller]
    fn assert_result(&self, wasm: &Path, export: &str, expected: &[u8]) {
        for host in Host::all() {
            let out = self.0.path().join("out");
            let _ = fs::remove_file(&out);
            let answers = host.run(wasm, &[self.call(export)]).unwrap();
            assert_eq!(answers[0], json!({"bytes": expected.len()}), "{host:?}");
            assert!(
                fs::read(&out).unwrap() == expected,
                "{host:?} has other bytes"
            );
        }
    }
}

/// Returns a guest in text form with false values from the test.
fn guest(folder: &TempDir, pages: u32, alloc: &str, code: &str) -> PathBuf {
    let text = format!(
        r#"(module (memory (export "memory") {pages})
            (global (export "plugin_abi_1") i32 (i32.const 64))
            (func (export "alloc") (param i32) (result i32) {alloc})
            (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)
            (func (export "plugin_cleanup"))
            (func (export "command_echo") (param i32 i32) (result i64)
                (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
            {code})"#
    );
    let file = folder.path().join("guest.wasm");
    fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    file
}

#[test]
fn greetings_in_every_script_are_counted() {
    let greet = |name: &str| call("command_greet", json!({"name": name, "times": 2}));
    let calls = [
        call("plugin_init", json!({"greeting": "Grüß Gott"})),
        greet("Ödön 東京 🎉"),
        greet("\u{0}\"\\\n"),
    ];
    let answers = answers(&build("examples/greeter"), &calls);
    assert_eq!(answers[0], json!({"json": null}));
    let message = "Grüß Gott, Ödön 東京 🎉!\nGrüß Gott, Ödön 東京 🎉!";
    assert_eq!(
        answers[1],
        json!({"json": {"message": message, "greeted": 1}})
    );
    assert_eq!(answers[2]["json"]["greeted"], 2);
}

#[test]
fn errors_have_codes_and_the_plugin_stays_usable() {
    let calls = [
        call("command_greet", json!({"name": "Ada"})),
        call("plugin_init", json!({"greeting": ""})),
        json!({"export": "plugin_init"}),
        call("command_greet", json!({"name": ""})),
        call("command_greet", json!([])),
        json!({"export": "command_greet"}),
        call("command_greet", json!({"name": "Ada", "times": true})),
        call("command_grete", json!({})),
        call("command_greet", json!({"name": "Ada"})),
    ];
    let answers = answers(&build("examples/greeter"), &calls);
    let codes: Vec<_> = answers
        .iter()
        .map(|answer| answer["error"]["code"].as_str().unwrap_or("none"))
        .collect();
    let expected = [
        "not_initialized",
        "init_failed",
        "none",
        "name_empty",
        "invalid_json",
        "missing_argument",
        "invalid_argument",
        "unknown_command",
        "none",
    ];
    assert_eq!(codes, expected);
    assert_eq!(answers[6]["error"]["details"]["path"], "times");
}

#[test]
fn an_error_has_details_and_a_cause() {
    let answers = answers(
        &build("tests/guests/basics"),
        &[call("command_fail", json!({"items": [1, 2]}))],
    );
    let error = json!({"code": "not_enough", "message": "the order was refused", "details": 2, "source": ["three items are needed"]});
    assert_eq!(answers, [json!({"error": error})]);
}

#[test]
fn a_panic_reports_message_and_place_and_kills_the_instance() {
    let calls = [
        call("command_panic", json!({"message": "no, wé cannot"})),
        call("command_is_running", json!({})),
    ];
    let answers = answers(&build("tests/guests/basics"), &calls);
    let panic = &answers[0]["panic"];
    assert_eq!(panic["message"], "no, wé cannot");
    let file = panic["file"].as_str().unwrap();
    assert!(
        Path::new(file).ends_with("tests/guests/basics/src/lib.rs"),
        "{file}"
    );
    let source = include_str!("../../guests/basics/src/lib.rs");
    let line = source
        .lines()
        .position(|line| line.ends_with("// the line of the panic"))
        .unwrap()
        + 1;
    assert_eq!(panic["line"], line);
    assert_eq!(panic["column"], 9);
    assert_eq!(answers[1], json!({"refused": ""}));
}

#[test]
fn a_trap_without_a_panic_is_distinguished() {
    let calls = [
        json!({"export": "command_abort"}),
        json!({"export": "command_is_running"}),
    ];
    let answers = answers(&build("tests/guests/basics"), &calls);
    assert_eq!(answers, [json!({"trap": ""}), json!({"refused": ""})]);
}

#[test]
fn hooks_without_arguments_are_called() {
    let calls = [
        "plugin_start",
        "command_is_running",
        "plugin_cleanup_is_no_command",
    ]
    .map(|export| json!({"export": export}));
    let answers = answers(&build("tests/guests/basics"), &calls);
    assert_eq!(answers[..2], [json!({"json": null}), json!({"json": true})]);
    assert_eq!(answers[2]["error"]["code"], "unknown_command");
}

#[test]
fn eight_mebibytes_pass_in_and_out_wherever_the_result_is() {
    let bytes: Vec<u8> = (0..8 << 20)
        .map(|nth: u32| (nth.wrapping_mul(0x9E37_79B9) >> 24) as u8)
        .collect();
    let wasm = build("tests/guests/basics");
    let raw = Raw::new(&bytes);
    raw.assert_result(&wasm, "command_echo", &bytes);
    raw.assert_result(&wasm, "command_tail", &bytes[4 << 20..]);
    raw.assert_result(&wasm, "command_copy", &bytes);
}

#[test]
fn empty_input_and_output_are_passed() {
    let wasm = build("tests/guests/basics");
    for export in [
        "command_echo",
        "command_tail",
        "command_copy",
        "command_halve",
    ] {
        Raw::new(b"").assert_result(&wasm, export, b"");
    }
}

#[test]
fn aligned_numbers_change_in_place() {
    let numbers = |numbers: [f32; 3]| numbers.map(f32::to_le_bytes).concat();
    let wasm = build("tests/guests/basics");
    let raw = Raw::new(&numbers([1.0, -3.0, 0.5]));
    raw.assert_result(&wasm, "command_halve", &numbers([0.5, -1.5, 0.25]));

    let mut shifted = raw.call("command_halve");
    shifted["shift"] = json!(1);
    let answers = answers(
        &wasm,
        &[
            shifted,
            Raw::new(b"not twelve").call("command_halve"),
            raw.call("command_halve"),
        ],
    );
    assert_eq!(answers[0]["error"]["code"], "invalid_argument");
    assert_eq!(answers[2], json!({"bytes": 12}));
}

#[test]
fn hundreds_of_calls_do_not_grow_memory() {
    let wasm = build("tests/guests/basics");
    let raw = Raw::new(&vec![7; 1 << 18]);
    let error = call("command_fail", json!({"items": [1]}));
    let round = [
        raw.call("command_echo"),
        error,
        raw.call("command_tail"),
        raw.call("command_copy"),
        json!({"export": "plugin_start"}),
    ];
    for host in Host::all() {
        let memory = |rounds| {
            host.run(&wasm, &vec![round.as_slice(); rounds].concat())
                .unwrap()
                .pop()
                .unwrap()
        };
        assert_eq!(memory(40), memory(2), "{host:?}");
    }
}

#[test]
fn the_words_of_a_real_file_are_counted() {
    let text = fs::read_to_string(Path::new(WORKSPACE).join("README.md")).unwrap();
    let wasm = build("examples/text-stats");
    let stats = &answers(
        &wasm,
        &[call("command_stats", json!({"text": text, "top": 3}))],
    )[0]["json"];
    assert_eq!(stats["lines"], text.lines().count());
    assert_eq!(stats["characters"], text.chars().count());
    assert_eq!(stats["frequent"].as_array().unwrap().len(), 3);

    let counts =
        ["lines", "words", "characters"].map(|count| stats[count].as_u64().unwrap().to_le_bytes());
    Raw::new(text.as_bytes()).assert_result(&wasm, "command_count", &counts.concat());
}

#[test]
fn audio_is_filtered_between_start_and_stop() {
    let raw = Raw::new(&[0; 64]);
    let process = || raw.call("command_process_audio");
    let hook = |export: &str| json!({"export": export});
    let calls = [
        hook("plugin_init"),
        process(),
        hook("plugin_start"),
        process(),
        hook("plugin_stop"),
        process(),
    ];
    let answers = answers(&build("examples/audio-filter"), &calls);
    assert_eq!(answers[1]["error"]["code"], "not_running");
    assert_eq!(
        answers[3],
        json!({"bytes": 0}),
        "the samples are the result"
    );
    assert_eq!(answers[5]["error"]["code"], "not_running");
}

#[test]
fn addresses_above_two_gibibytes_are_unsigned() {
    let folder = tempfile::tempdir().unwrap();
    // Only the last pages are touched, so it takes no real memory.
    let wasm = guest(&folder, 32_784, "i32.const 0x8000_0010", "");
    Raw::new(b"high up").assert_result(&wasm, "command_echo", b"high up");
}

#[test]
fn false_lengths_and_addresses_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let result = |name: &str, packed: &str| {
        format!(
            r#"(func (export "command_{name}") (param i32 i32) (result i64) i64.const {packed})"#
        )
    };
    let lies = [
        ("one_byte_too_long", "0x0001_0000_0000_0001"),
        ("wraps", "0xffff_fff0_0000_0020"),
        ("two_gibibytes", "0x0000_0000_7fff_ffff"),
        ("error_out_of_bounds", "0x0000_ffff_8000_0002"),
        ("no_json", "0x0000_0040_0000_0002"),
    ];
    let code: String = lies
        .iter()
        .map(|(name, packed)| result(name, packed))
        .collect();
    let wasm = guest(&folder, 1, "i32.const 1024", &code);
    for (name, _) in lies {
        let answers = answers(&wasm, &[call(&format!("command_{name}"), json!({}))]);
        assert_eq!(answers, [json!({"refused": ""})], "{name}");
    }
    let fits = guest(
        &folder,
        1,
        "i32.const 1024",
        &result("fits", "0x0001_0000_0000_0000"),
    );
    Raw::new(b"").assert_result(&fits, "command_fits", b"");
}

#[test]
fn a_failed_or_invalid_alloc_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for alloc in ["i32.const 0", "i32.const 0xffff", "i32.const -16"] {
        let wasm = guest(&folder, 1, alloc, "");
        let answers = answers(&wasm, &[call("command_echo", json!({"a": 1}))]);
        assert_eq!(answers, [json!({"refused": ""})], "{alloc}");
    }
}

#[test]
fn an_invalid_panic_record_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let code = r#"(data (i32.const 64) "\ff\ff\ff\ff\ff\ff\00\00")
        (func (export "command_trap") (param i32 i32) (result i64) unreachable)"#;
    let wasm = guest(&folder, 1, "i32.const 1024", code);
    let answers = answers(&wasm, &[json!({"export": "command_trap"})]);
    assert_eq!(answers, [json!({"refused": ""})]);
}

#[test]
fn another_abi_version_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_2") i32 (i32.const 0))
        (func $begin unreachable) (start $begin))"#;
    let wasm = folder.path().join("guest.wasm");
    fs::write(&wasm, wat::parse_str(text).unwrap()).unwrap();
    for host in Host::all() {
        let refusal = host.run(&wasm, &[]).unwrap_err();
        assert!(
            refusal.contains("expected plugin_abi_1, found plugin_abi_2"),
            "{host:?}: {refusal}"
        );
    }
}

/// Returns the harness's description in the form that the hosts use.
fn described(wasm: &Path) -> Value {
    let bytes = fs::read(wasm).unwrap();
    let Some(manifest) = Manifest::read(&bytes).unwrap() else {
        return Value::Null;
    };
    let commands = manifest.commands.iter().map(|command| {
        let schema = command.arguments.as_ref();
        let schema = schema.map(|schema| manifest.standalone(schema));
        let schema = schema.unwrap_or_default();
        let name = schema["$ref"].as_str().unwrap_or_default();
        let definition = &schema["$defs"][name.trim_start_matches("#/$defs/")];
        let properties = [&schema, definition].map(|schema| schema["properties"].as_object());
        let names: Vec<&String> = properties
            .into_iter()
            .flatten()
            .flat_map(|all| all.keys())
            .collect();
        let mut described = json!({"arguments": names, "description": command.description});
        if command.description.is_empty() {
            described["description"].take();
        }
        (command.name.clone(), described)
    });
    json!({"id": manifest.id, "version": manifest.version, "commands": Value::Object(commands.collect())})
}

#[test]
fn a_manifest_is_read_without_running_the_plugin() {
    let text_stats = build("examples/text-stats");
    let expected = described(&text_stats);
    assert_eq!(expected["id"], "text-stats");
    let listener = build("tests/guests/listener");
    // The lines of several impl blocks, each with its own `$defs`; an instance of it would trap.
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        r##"{"commands":[{"name":"order","arguments":{"$ref":"#/$defs/Order"},"result":true}],"$defs":{"Order":{"type":"object","properties":{"item":true,"number":true}}}}"##,
        r##"{"commands":[{"name":"shout","codec":"raw","input":"text","output":"text"}]}"##,
        r##"{"abi":1,"sdk":"0.1.0","id":"shop","name":"Größe – ‹Shop›","version":"0.1.0-rc.1"}"##,
        r##"{"commands":[{"name":"cancel","description":"Takes \"it\"\nback.","arguments":{"$ref":"#/$defs/Order"},"result":true}],"$defs":{"Order":{"type":"object","properties":{"order":true}}}}"##,
    ];
    let section: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    let bytes: String = section
        .bytes()
        .map(|byte| format!("\\{byte:02x}"))
        .collect();
    let module = format!(
        r#"(module (@custom "plugin-sdk2" "x") (func $begin unreachable) (start $begin) (@custom "plugin-sdk" "{bytes}"))"#
    );
    let shop = folder.path().join("shop.wasm");
    fs::write(&shop, wat::parse_str(module).unwrap()).unwrap();
    assert_eq!(
        described(&shop)["commands"]["order"]["arguments"],
        json!(["item", "number"])
    );
    let silent = folder.path().join("silent.wasm");
    fs::write(&silent, wat::parse_str("(module)").unwrap()).unwrap();
    for wasm in [&text_stats, &listener, &shop, &silent] {
        let expected = described(wasm);
        for host in Host::all() {
            assert_eq!(
                without_nulls(host.describe(wasm)),
                without_nulls(expected.clone()),
                "{host:?}"
            );
        }
    }
}

/// Removes nulls: JavaScript omits the values that Python calls `None`.
fn without_nulls(mut described: Value) -> Value {
    let commands = described.get_mut("commands").and_then(Value::as_object_mut);
    for command in commands
        .into_iter()
        .flatten()
        .filter_map(|(_, command)| command.as_object_mut())
    {
        command.retain(|_, value| !value.is_null());
    }
    described
}
