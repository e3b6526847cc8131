//! Tests of `cargo plugin info` on the command line.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::Folder;
use support::modules::{EXPORTS, greeter, module, plugin};

fn info(folder: &Folder, options: &[&str]) -> (i32, String) {
    folder
        .run(&[&["info", "greeter.wasm"], options].concat())
        .said()
}

#[test]
fn info_shows_the_whole_description() {
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&greeter()));
    let (code, said) = info(&folder, &[]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(said);
}

#[test]
fn programs_read_the_manifest_and_facts_of_the_module() {
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&greeter()));
    let output = support::json(&mut support::plugin(
        folder.path(),
        &["info", "greeter.wasm", "--json"],
    ));
    let Value::Object(mut members) = output else {
        panic!()
    };
    let module = members.remove("module").unwrap();
    assert_eq!(Value::Object(members), greeter());
    assert_eq!(module["memory_pages"], 2);
    assert_eq!(module["file"], "greeter.wasm");
}

#[test]
fn a_commands_schemas_stand_alone() {
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&greeter()));
    let (code, result) = info(&folder, &["--schema", "greet", "--result"]);
    assert_eq!(code, 0);
    let result: Value = serde_json::from_str(&result).unwrap();
    assert!(jsonschema::is_valid(
        &result,
        &json!({"message": "Hello", "greeted": 1})
    ));
    assert!(!jsonschema::is_valid(&result, &json!({"message": "Hello"})));
    let (_, arguments) = info(&folder, &["--schema", "greet"]);
    let arguments: Value = serde_json::from_str(&arguments).unwrap();
    assert!(!jsonschema::is_valid(
        &arguments,
        &json!({"name": "Ada", "times": 256})
    ));

    let (code, said) = info(&folder, &["--schema", "gret"]);
    assert_eq!(code, 3);
    assert!(said.contains("did you mean `greet`?"), "{said}");
}

#[test]
fn texts_of_a_plugin_do_nothing_to_the_terminal() {
    let mut manifest = greeter();
    manifest["description"] = json!("one\u{1b}[2J\ntwo\u{202e}");
    manifest["commands"][0]["errors"][0]["description"] = json!("\u{7}");
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&manifest));
    let (code, said) = info(&folder, &[]);
    assert_eq!(code, 0);
    assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said}");
    assert!(said.contains("one\\u{1b}[2J"), "{said}");
}

#[test]
fn a_module_without_a_description_gets_a_hint() {
    let folder = Folder::new();
    folder.write("greeter.wasm", module("", EXPORTS, None));
    let (code, said) = info(&folder, &[]);
    assert_eq!(code, 3);
    insta::assert_snapshot!(said);
}
