//! Tests of `cargo plugin bench` on the command line.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::modules::{running, wares};
use support::{Folder, parsed};

const CASES: &str = r#"
[[case]]
command = "order"
args = { name = "tea", times = 2 }

[[case]]
name = "a long block"
command = "amplify"
bytes = 4096
before = [{ command = "order", args = { name = "first" } }]

[[case]]
name = "numbers"
command = "amplify"
numbers = [1.5, -2]

[[case]]
command = "count"
text = "some words"
"#;

fn shop() -> Folder {
    Folder::new()
        .with("wares.wasm", wares())
        .with("plugin-bench.toml", CASES)
}

/// Returns the counts, which are the same in every run, without the times.
fn counted(place: &Folder) -> Value {
    parsed(
        &place
            .run(&["--json", "bench", "wares.wasm", "--time", "0"])
            .good(),
    )
}

#[test]
fn the_cases_of_a_file_are_measured() {
    let place = shop();
    assert_snapshot!(
        "table",
        place.run(&["bench", "wares.wasm", "--time", "0"]).good()
    );
    let document = counted(&place);
    let cases = document["cases"].as_array().unwrap();
    let names: Vec<&str> = cases
        .iter()
        .map(|case| case["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["order", "a long block", "numbers", "count"]);
    assert_eq!(cases[1]["argument_bytes"], 4096);
    assert_eq!(cases[2]["result_bytes"], 8);
    assert!(cases.iter().all(|case| case["fuel"].as_u64().unwrap() > 0));

    let timed = parsed(
        &place
            .run(&["bench", "--json", "wares.wasm", "--time", "1ms"])
            .good(),
    );
    assert!(timed["cases"][0]["time"]["runs"].as_u64().unwrap() >= 1);
    assert!(
        place
            .run(&["bench", "wares.wasm", "--time", "1ms"])
            .good()
            .contains("median")
    );
}

#[test]
fn without_a_file_commands_are_called_with_described_values() {
    let place = Folder::new().with("wares.wasm", wares());
    // The fuel limit ends the infinite loop.
    let words = ["bench", "wares.wasm", "--time", "0", "--fuel", "100000"];
    assert_snapshot!("described", place.run(&words).good());
}

#[test]
fn a_lock_detects_changed_counts() {
    let place = shop();
    assert!(
        place
            .run(&["bench", "wares.wasm", "--check"])
            .bad(3)
            .contains("`cargo plugin bench --lock` writes it")
    );
    place.run(&["bench", "wares.wasm", "--lock"]).good();
    assert_snapshot!(
        "lock",
        String::from_utf8(place.read("plugin-bench.lock")).unwrap()
    );
    let first = place.read("plugin-bench.lock");
    place.run(&["bench", "wares.wasm", "--lock"]).good();
    assert_eq!(place.read("plugin-bench.lock"), first);
    assert_eq!(
        place.run(&["bench", "wares.wasm", "--check"]).good(),
        "✓ all 4 cases match the lock file\n"
    );

    let changed = String::from_utf8(first)
        .unwrap()
        .replace("result_bytes = 8", "result_bytes = 7");
    let changed = changed
        .replace("[case.count]", "[case.gone]")
        .replace("version = \"0.1.0\"", "version = \"0.0.9\"");
    let place = place.with("plugin-bench.lock", changed);
    let check = place.run(&["bench", "wares.wasm", "--locked"]);
    assert_eq!(check.code, 1);
    assert_snapshot!("differences", check.out);
    let check = place.run(&[
        "--json",
        "bench",
        "wares.wasm",
        "--check",
        "--tolerance",
        "20%",
    ]);
    assert_eq!(check.code, 1);
    let differences = parsed(&check.out)["differences"].clone();
    assert_eq!(
        differences,
        json!([
            {"case": "gone", "what": "case", "locked": "locked", "found": null},
            {"case": "count", "what": "case", "locked": null, "found": "measured"},
        ])
    );
}

#[test]
fn mistakes_in_the_file_of_cases_are_reported() {
    let mut output = String::new();
    for cases in [
        "",
        "[[case]]\ncommand = \"ordre\"",
        "[[case]]\ncommand = \"order\"\n[[case]]\ncommand = \"order\"",
        "[[case]]\ncommand = \"order\"\nargs = {}\ntext = \"x\"",
        "[[case]]\ncommand = \"order\"\narguments = {}",
        "[[case]]\ncommand = \"amplify\"\ninput = \"missing.f32\"",
        "[[case]]\ncommand = \"order\"\nnumbers = [1]",
        "[[case]]\ncommand = \"order\"\nbefore = [{ command = \"order\", name = \"again\" }]",
        "[[case]]\ncommand = \"amplify\"\nbytes = 9223372036854775807",
        "[[case]]\nname = \"\\u001B[2J\"\ncommand = \"\\u001B[31m\"",
    ] {
        let place = Folder::new()
            .with("wares.wasm", wares())
            .with("plugin-bench.toml", cases);
        output.push_str(&place.run(&["bench", "wares.wasm"]).bad(3));
        output.push('\n');
    }
    assert_snapshot!("mistakes-in-cases", output);
}

#[test]
fn an_endless_time_ends_and_a_date_is_text() {
    let cases = "[[case]]\ncommand = \"order\"\nargs = { name = 1979-05-27, times = 2 }\n";
    let place = Folder::new()
        .with("wares.wasm", wares())
        .with("plugin-bench.toml", cases);
    let words = [
        "--json",
        "bench",
        "wares.wasm",
        "--time",
        "10000000000000000000s",
    ];
    let measured = parsed(&place.run(&words).good());
    let case = &measured["cases"][0];
    assert_eq!(case["time"]["runs"], 10_000);
    let input = r#"{"name":"1979-05-27","times":2}"#;
    assert_eq!(case["argument_bytes"], input.len());
}

#[test]
fn services_are_the_same_in_every_run() {
    // The first random byte and the nanoseconds of the clock determine how long it works.
    let functions = r#"(func (export "command_work") (param i32 i32) (result i64)
          (local $left i32)
          (drop (call $random (i32.const 128) (i32.const 1)))
          (drop (call $now (i32.const 136)))
          (drop (call $monotonic (i32.const 144)))
          (local.set $left (i32.add (i32.mul (i32.load8_u (i32.const 128)) (i32.const 100))
            (i32.wrap_i64 (i64.rem_u (i64.add (i64.load (i32.const 136)) (i64.load (i32.const 144))) (i64.const 1009)))))
          (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
          i64.const 0)"#;
    let manifest = json!({"abi": 1, "sdk": "0.1.0", "id": "worker", "name": "Worker", "version": "0.1.0", "commands": [
        {"name": "work", "arguments": {"type": "object", "properties": {}}, "result": {"type": "null"}},
    ]});
    let place = Folder::new().with("wares.wasm", running(functions, Some(&manifest)));
    let first = counted(&place);
    assert_eq!(first["cases"][0]["host_calls"], 3);
    for _ in 0..3 {
        assert_eq!(counted(&place), first);
    }
}
