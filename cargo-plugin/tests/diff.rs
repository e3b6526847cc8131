//! Tests of `cargo plugin diff` on the command line.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::Folder;
use support::modules::{greeter, module, plugin};

/// Returns the exit code and the output of comparing two manifests.
fn diff(old: &Value, new: &Value, options: &[&str]) -> (i32, String) {
    let folder = Folder::new();
    folder.write("old.wasm", plugin(old));
    folder.write("new.wasm", plugin(new));
    run(&folder, options)
}

fn run(folder: &Folder, options: &[&str]) -> (i32, String) {
    folder
        .run(&[&["diff", "old.wasm", "new.wasm"], options].concat())
        .said()
}

#[test]
fn each_change_is_reported_with_reason_and_needed_version() {
    let mut new = greeter();
    new["version"] = json!("0.1.1");
    new["description"] = json!("Greets everybody.");
    let greet = &mut new["commands"][0];
    greet["arguments"]["properties"]["language"] = json!({"enum": ["en", "de"]});
    greet["arguments"]["required"] = json!(["name", "language"]);
    greet["arguments"]["properties"]["times"] =
        json!({"type": "integer", "minimum": 1, "maximum": 255, "default": 2});
    new["$defs"]["Greeting"]["properties"] =
        json!({"message": {"type": "string"}, "language": {"type": "string"}});
    new["$defs"]["Greeting"]["required"] = json!(["message"]);
    new["permissions"] = json!([{"name": "kv", "reason": "remembers"}]);
    new["commands"][1]["input"] = json!("text");
    new["commands"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "wave", "arguments": {"type": "object"}, "result": {"type": "null"}}));
    let (code, said) = diff(&greeter(), &new, &[]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(said);
}

#[test]
fn new_version_number_decides_which_changes_pass() {
    let version = |version: &str, change: bool| {
        let mut manifest = greeter();
        manifest["version"] = json!(version);
        if change {
            manifest["commands"].as_array_mut().unwrap().remove(1);
        }
        manifest
    };
    for (old, new, changed, options, expected) in [
        ("0.1.0", "0.1.0", false, &[][..], 0),
        ("0.1.0", "0.1.1", true, &[], 1),
        ("0.1.0", "0.2.0", true, &[], 0),
        ("0.1.0", "0.1.1", true, &["--allow", "breaking"], 0),
        ("0.1.0", "0.1.1", true, &["--allow", "minor"], 1),
        ("1.4.0", "1.5.0", true, &[], 1),
        ("1.4.0", "2.0.0-rc.1", true, &[], 0),
        ("0.2.0", "0.1.0", false, &[], 1),
    ] {
        let (code, said) = diff(&version(old, false), &version(new, changed), options);
        assert_eq!(code, expected, "{old} {new} {options:?}\n{said}");
    }
}

#[test]
fn changed_code_alone_is_a_patch_and_needs_a_new_version() {
    let folder = Folder::new();
    folder.write("old.wasm", plugin(&greeter()));
    let mut other = plugin(&greeter());
    other.extend(b"\0\x02\x01x");
    folder.write("new.wasm", other);
    let (code, said) = run(&folder, &[]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(said);
}

#[test]
fn a_new_host_function_is_breaking() {
    let folder = Folder::new();
    let section = format!(
        "{}\n",
        json!({"abi": 1, "id": "a", "name": "A", "version": "1.0.0"})
    );
    folder.write(
        "old.wasm",
        module("", support::modules::EXPORTS, Some(&section)),
    );
    folder.write("new.wasm", module(r#"(import "text" "reverse" (func)) (import "plugin_host" "random_fill" (func (param i32 i32) (result i64)))"#, support::modules::EXPORTS, Some(&section)));
    let (code, said) = run(&folder, &[]);
    assert_eq!(code, 1);
    assert!(
        said.contains("✗ the host function `reverse` of `text`: is needed now"),
        "{said}"
    );
    assert!(!said.contains("random_fill"), "{said}");
}

#[test]
fn json_output_has_levels_and_versions() {
    let folder = Folder::new();
    folder.write("old.wasm", plugin(&greeter()));
    let mut new = greeter();
    new["commands"].as_array_mut().unwrap().remove(1);
    folder.write("new.wasm", plugin(&new));
    let report = support::json(&mut support::plugin(
        folder.path(),
        &["diff", "old.wasm", "new.wasm", "--json"],
    ));
    assert_eq!(
        report,
        json!({"id": "greeter", "old": "0.1.0", "new": "0.1.0", "level": "breaking", "needed": "0.2.0", "allowed": false,
            "changes": [{"level": "breaking", "subject": "command `reverse`", "what": "is gone", "why": "callers get the error `unknown_command`"}]})
    );
}

#[test]
fn a_file_that_is_not_a_plugin_exits_3() {
    let folder = Folder::new();
    folder.write("old.wasm", "<html>");
    folder.write("new.wasm", plugin(&greeter()));
    let (code, said) = run(&folder, &[]);
    assert_eq!(code, 3);
    assert!(
        said.contains("`old.wasm` is not a plugin") && said.contains("an HTML page"),
        "{said}"
    );
}
