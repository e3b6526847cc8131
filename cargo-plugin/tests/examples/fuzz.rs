//! Tests of `cargo plugin fuzz`.

use std::collections::BTreeSet;

use plugin_sdk_harness::Source;
use serde_json::{Value, json};

use crate::example;
use crate::support::modules::{EXPORTS, greeter, module, plugin, running, wares};
use crate::support::project::{Project, manifest};
use crate::support::{Folder, WORKSPACE, cargo, not_run, parsed};

const PLANTED: &str = include_str!("planted/lib.rs");

/// The commands and hooks of the plugin with planted bugs, each with the violated property.
const BUGS: [(&str, &str); 10] = [
    ("add", "trap"),
    ("count", "trap"),
    ("event", "trap"),
    ("first", "trap"),
    ("initial", "trap"),
    ("note", "trap"),
    ("refuse", "error-code"),
    ("remember", "leak"),
    ("samples", "trap"),
    ("share", "result"),
];

/// A search in which all of them are found.
const SEARCH: [&str; 7] = [
    "--json",
    "fuzz",
    "--keep-going",
    "--seed",
    "1",
    "--runs",
    "400",
];

fn planted() -> Project {
    let dependencies = format!(
        // As templates have it.
        "[dev-dependencies]\nplugin-sdk-harness = {{ path = '{WORKSPACE}/host-harness', default-features = false, features = ['wasmi'] }}\n\n[profile.release]"
    );
    let manifest = manifest("planted").replace("[profile.release]", &dependencies);
    Project::new(&[("Cargo.toml", &manifest), ("src/lib.rs", PLANTED)])
}

fn failures(report: &Value) -> &[Value] {
    report["failures"].as_array().unwrap()
}

/// Returns the only failure, which violates this property.
#[track_caller]
fn only_failure<'v>(report: &'v Value, property: &str, callee: &str) -> &'v Value {
    let [failure] = failures(report) else {
        panic!("{report:#}");
    };
    let found = (text(failure, "property"), text(failure, "callee"));
    assert_eq!(found, (property, callee));
    failure
}

fn text<'v>(failure: &'v Value, member: &str) -> &'v str {
    failure[member].as_str().unwrap()
}

#[test]
fn planted_bugs_become_tests_that_fail_until_they_are_fixed() {
    let project = planted();
    let output = project.run(&SEARCH).output().unwrap();
    let report = parsed(&String::from_utf8(output.stdout).unwrap());
    let found: BTreeSet<(&str, &str)> = failures(&report)
        .iter()
        .map(|failure| (text(failure, "callee"), text(failure, "property")))
        .collect();
    assert_eq!(found, BTreeSet::from(BUGS), "{report:#}");
    assert_eq!(output.status.code(), Some(1));

    let shown: Vec<String> = failures(&report).iter().map(calls).collect();
    let shown = shown.join("\n");
    for call in [
        r#"first {"numbers":[]}"#,
        r#"share {"part":101}"#,
        r#"refuse {"strictly":true}"#,
        "(event) bin",
        "count {}\ncount {}\ncount {}\ncount {}",
        "(12 bytes)",
    ] {
        assert!(shown.contains(call), "{call}\n{shown}");
    }

    let tests: String = failures(&report)
        .iter()
        .map(|failure| text(failure, "test"))
        .collect();
    project.put("tests/fuzz.rs", &tests);
    let outcomes = |expected: &str| {
        let test = ["test", "--test", "fuzz", "--no-fail-fast"];
        let output = cargo(&project.root, &test).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let counted = said.lines().filter(|line| line.ends_with(expected)).count();
        assert_eq!(
            counted,
            BUGS.len(),
            "{tests}\n{said}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    outcomes("... FAILED");
    let fixed = PLANTED.replace("const FIXED: bool = false", "const FIXED: bool = true");
    project.put("src/lib.rs", &fixed);
    outcomes("... ok");
    let report = crate::support::json(&mut project.run(&SEARCH));
    assert_eq!(report["passed"], true, "{report:#}");
}

/// Returns the calls of a failure, one per line.
fn calls(failure: &Value) -> String {
    let calls = failure["calls"].as_array().unwrap().iter();
    let calls: Vec<&str> = calls.map(|call| text(call, "call")).collect();
    calls.join("\n")
}

#[test]
fn examples_pass() {
    for name in ["audio-filter", "greeter", "guest-book", "rag", "text-stats"] {
        let folder = example(name);
        let words = [
            "fuzz",
            folder.to_str().unwrap(),
            "--seed",
            "1",
            "--runs",
            "100",
        ];
        let (code, said) = Folder::new().run(&words).said();
        assert_eq!(code, 0, "{name}: {said}");
        assert!(!said.contains("no other engine"), "{name}: {said}");
    }
}

#[test]
fn same_seed_gives_the_same_report() {
    let place = Folder::new().with("wares.wasm", wares());
    let search = |seed: &str, runs: &str| {
        let words = [
            "--json",
            "fuzz",
            "wares.wasm",
            "--keep-going",
            "--fuel",
            "100000",
        ];
        let limits = ["--seed", seed, "--runs", runs];
        let mut report = parsed(&place.run(&[&words[..], &limits].concat()).out);
        report["seconds"].take();
        for failure in report["failures"].as_array_mut().unwrap() {
            failure["failure"]["usage"]["time_ms"].take();
        }
        report
    };
    let report = search("7", "60");
    assert_eq!(search("7", "60"), report);
    assert_ne!(search("8", "60"), report);
    // Each failure names the command line that finds it again.
    let failure = &failures(&report)[0];
    let seed = failure["seed"].to_string();
    let again = format!("cargo plugin fuzz --fuel 100000 wares.wasm --seed {seed} --runs 1");
    assert_eq!(text(failure, "reproduce"), again);
    let again = search(&seed, "1");
    assert_eq!(failures(&again)[0]["message"], failure["message"]);
    assert_eq!(calls(&failures(&again)[0]), calls(failure));
}

#[test]
fn failures_of_hand_written_modules_are_found() {
    let place = Folder::new().with("wares.wasm", wares());
    let words = [
        "--json",
        "fuzz",
        "wares.wasm",
        "--keep-going",
        "--fuel",
        "100000",
        "--seed",
        "1",
        "--runs",
        "200",
    ];
    let ran = place.run(&words);
    let report = parsed(&ran.out);
    let has = |callee: &str, property: &str| {
        let mut all = failures(&report).iter();
        all.any(|failure| failure["callee"] == callee && failure["property"] == property)
    };
    // It answers with its arguments, whatever they are.
    assert!(has("order", "invalid-arguments"), "{report:#}");
    assert!(has("fail", "error-code"), "{report:#}");
    assert!(has("spin", "limits"), "{report:#}");
    assert!(has("count", "invalid-arguments"), "{report:#}");
    assert!(!has("say", "result"), "{report:#}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("does not count its allocations"), "{notes}");
    assert!(
        notes.contains("`compute` got arbitrary bytes only"),
        "{notes}"
    );

    let ignored = [&words[..], &["--command", "spin", "--ignore", "limits"]].concat();
    assert_eq!(parsed(&place.run(&ignored).good())["passed"], true);
    let unknown = place.run(&["fuzz", "wares.wasm", "--command", "ordre"]);
    assert!(unknown.bad(3).contains("did you mean `order`?"));
}

/// Returns a plugin with one raw command, which returns elements of this type.
fn with_raw_command(name: &str, output: &str, functions: &str) -> Vec<u8> {
    let manifest = json!({"abi": 1, "id": "by-hand", "name": "By hand", "version": "1.0.0", "commands": [
        {"name": name, "codec": "raw", "input": "u8", "output": output},
    ]});
    running(functions, Some(&manifest))
}

/// Returns the report of 100 runs. Traps are ignored: `alloc` has room for small inputs only.
fn fuzzed(wasm: Vec<u8>) -> Value {
    let place = Folder::new().with("by-hand.wasm", wasm);
    let words = ["--json", "fuzz", "by-hand.wasm", "--ignore", "trap"];
    let words = [&words[..], &["--seed", "1", "--runs", "100"]].concat();
    parsed(&place.run(&words).out)
}

#[test]
fn plugins_that_depend_on_the_engine_are_found() {
    if !cfg!(target_arch = "x86_64") {
        return not_run("the two engines choose the same NaN on this processor");
    }
    // WebAssembly leaves open which of two NaNs an operation returns. On this processor, addition
    // usually returns the first one, and wasmtime's minimum the second one.
    let functions = r#"(data (i32.const 64) "\01\00\c0\7f\02\00\c0\7f")
        (func (export "command_least") (param i32 i32) (result i64)
            (f32.store (i32.const 128) (f32.add (f32.load (i32.const 64)) (f32.load (i32.const 68))))
            (f32.store (i32.const 132) (f32.min (f32.load (i32.const 64)) (f32.load (i32.const 68))))
            i64.const 0x80_0000_0008)"#;
    let report = fuzzed(with_raw_command("least", "f32", functions));
    assert_eq!(report["passed"], true, "{report:#}");
    let report = fuzzed(with_raw_command("least", "u8", functions));
    let failure = only_failure(&report, "engines", "least");
    assert_eq!(calls(failure), "least b\"\" (0 bytes)");
    let message = text(failure, "message");
    for line in ["wasmtime:\n  <- ok ", "wasmi:\n  <- ok "] {
        assert!(message.contains(line), "{message}");
    }
    let test = text(failure, "test");
    assert!(
        test.contains("assert_eq!(run(Engine::Wasmtime), run(Engine::Wasmi));"),
        "{test}"
    );
}

#[test]
fn modules_that_only_one_engine_can_run_are_noted() {
    let report = fuzzed(with_raw_command(
        "zero",
        "u8",
        r#"(func (export "command_zero") (param i32 i32) (result i64)
            (v128.store (i32.const 128) (v128.const i64x2 0 0)) i64.const 0x80_0000_0010)"#,
    ));
    assert_eq!(report["passed"], true, "{report:#}");
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("no other engine can run the module: wasmi: "),
        "{notes}"
    );
}

#[test]
fn states_that_cannot_be_loaded_again_are_found() {
    let plugin = |answer: &str| {
        let functions = r#"(data (i32.const 64) "{\"code\":\"bad_state\",\"message\":\"no\"}")
            (export "command_echo" (func $echo))
            (func (export "plugin_state_save") (result i64) i64.const 0x40_0000_0001)
            (func (export "plugin_state_load") (param i32 i32) (result i64) i64.const ANSWER)"#;
        with_raw_command("echo", "u8", &functions.replace("ANSWER", answer))
    };
    let report = fuzzed(plugin("0x40_8000_0023"));
    let failure = only_failure(&report, "state", "load_state");
    assert_eq!(calls(failure), "(save and load the state)");
    assert_eq!(fuzzed(plugin("0"))["passed"], true);
}

#[test]
fn hostile_schemas_end_the_search_in_time() {
    let both = |next: Value| json!({"type": "object", "properties": {"a": next, "b": next}, "required": ["a", "b"]});
    let mut definitions = json!({"endless": both(json!({"$ref": "#/$defs/endless"}))});
    for nth in 0..60 {
        definitions[format!("d{nth}")] = both(json!({"$ref": format!("#/$defs/d{}", nth + 1)}));
    }
    definitions["d60"] = json!(true);
    let command =
        |name: &str, schema: Value| json!({"name": name, "arguments": schema, "result": true});
    let manifest = json!({"abi": 1, "id": "hostile", "name": "Hostile", "version": "1.0.0", "commands": [
        command("doubling", json!({"$ref": "#/$defs/d0"})),
        command("endless", json!({"$ref": "#/$defs/endless"})),
        command("long", json!({"type": "array", "items": true, "minItems": 1u64 << 50})),
        command("pattern", json!({"type": "string", "pattern": "(a{1000}){1000}"})),
    ], "$defs": definitions});
    let place = Folder::new().with("hostile.wasm", plugin(&manifest));
    let words = [
        "--json",
        "fuzz",
        "hostile.wasm",
        "--ignore",
        "result",
        "--ignore",
        "invalid-arguments",
        "--seed",
        "1",
        "--runs",
        "100",
    ];
    let report = parsed(&place.run(&words).good());
    assert_eq!(report["runs"], 100);
    assert!(
        report["notes"]
            .to_string()
            .contains("never got valid arguments"),
        "{report:#}"
    );
}

#[test]
fn modules_that_cannot_be_fuzzed_are_errors() {
    let bare = module("", EXPORTS, None);
    let none = plugin(&json!({"abi": 1, "id": "none", "name": "None", "version": "1.0.0"}));
    let place = Folder::new()
        .with("bare.wasm", bare)
        .with("none.wasm", none)
        .with("greeter.wasm", plugin(&greeter()))
        .with("text.wasm", "not a module");
    let error = |words: &[&str]| place.run(words).bad(3);
    assert!(error(&["fuzz", "bare.wasm"]).contains("does not describe itself"));
    assert!(error(&["fuzz", "none.wasm"]).contains("has no commands"));
    assert!(error(&["fuzz", "text.wasm"]).contains("cannot load"));
    let unknown = error(&["fuzz", "--command", "zzzzzz", "greeter.wasm"]);
    assert!(unknown.contains("no command `zzzzzz`"), "{unknown}");
    assert!(unknown.contains("it has greet"), "{unknown}");
    let host_modules = example("host-modules");
    let error = error(&["fuzz", host_modules.to_str().unwrap()]);
    assert!(
        error.contains("it imports `my_plugin.") && error.contains("which only its host has"),
        "{error}"
    );
}

#[test]
fn plugins_of_other_hosts_are_called_by_their_rules() {
    let neotalk = Source::crate_dir(example("greeter"))
        .profile("guest")
        .features(["host-neotalk"])
        .compile()
        .unwrap();
    let place = Folder::new().with("greeter.wasm", &neotalk.wasm);
    let words = [
        "--json",
        "fuzz",
        "greeter.wasm",
        "--seed",
        "1",
        "--runs",
        "200",
    ];
    let report = parsed(&place.run(&words).good());
    assert_eq!(report["host"], "neotalk");
    let notes = report["notes"].to_string();
    assert!(!notes.contains("no other engine"), "{notes}");
    assert!(
        report["called"]["greet"]["results"].as_u64() > Some(10),
        "{report:#}"
    );
}
