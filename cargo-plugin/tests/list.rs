//! Tests of `cargo plugin list` on the command line.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::json;
use support::Folder;
use support::modules::{EXPORTS, greeter, module, plugin};

fn list(folder: &Folder, options: &[&str]) -> (i32, String) {
    folder.run(&[&["list"], options].concat()).said()
}

fn several() -> Folder {
    let folder = Folder::new();
    let mut second = greeter();
    second["version"] = json!("0.10.0");
    let mut third = greeter();
    third["version"] = json!("0.9.0");
    folder.write("b.wasm", plugin(&second));
    folder.write("c.wasm", plugin(&third));
    folder.write("a.wasm", plugin(&json!({"abi": 1, "sdk": "0.1.0", "id": "store", "name": "Store", "version": "1.0.0", "type": "storage_backend"})));
    folder.write("page.wasm", "<!doctype html><title>404</title>");
    folder.write("silent.wasm", module("", EXPORTS, None));
    folder.write(
        "foreign.wasm",
        module(
            "",
            "",
            Some("{\"abi\":1,\"id\":\"x\",\"name\":\"X\",\"version\":\"1.0.0\"}\n"),
        ),
    );
    folder.write("notes.txt", "no plugin");
    std::fs::create_dir(folder.path().join("folder.wasm")).unwrap();
    folder
}

#[test]
fn plugins_are_listed_in_order_and_broken_ones_with_the_reason() {
    let (code, said) = list(&several(), &[]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(said);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_listed_as_broken_without_being_opened() {
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe.wasm"))
        .status();
    assert!(made.unwrap().success());
    let (code, said) = list(&folder, &[]);
    assert_eq!(code, 0);
    assert!(
        said.contains("pipe.wasm") && said.contains("it is not a file"),
        "{said}"
    );
}

#[test]
fn a_type_can_be_asked_for() {
    let (code, said) = list(&several(), &["--type", "storage_backend"]);
    assert_eq!(code, 0);
    assert!(
        said.contains("store") && !said.contains("greeter"),
        "{said}"
    );
    assert!(
        said.contains("2 plugins are of another type than `storage_backend`"),
        "{said}"
    );
}

#[test]
fn an_empty_folder_is_reported_and_a_missing_one_is_an_error() {
    let folder = Folder::new();
    assert_eq!(
        list(&folder, &[]),
        (
            0,
            "There are no plugins in `.`: it has no file `*.wasm`\n".to_owned()
        )
    );
    let (code, said) = list(&folder, &["--dir", "nowhere"]);
    assert_eq!(code, 3);
    assert!(said.contains("cannot list the folder `nowhere`"), "{said}");
}

#[test]
fn programs_read_all_of_it() {
    let folder = several();
    let output = support::json(&mut support::plugin(folder.path(), &["list", "--json"]));
    let files: Vec<_> = output["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plugin| plugin["file"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["c.wasm", "b.wasm", "a.wasm"]);
    assert_eq!(output["plugins"][0]["version"], "0.9.0");
    assert_eq!(output["plugins"][0]["commands"], 2);
    assert_eq!(output["broken"].as_array().unwrap().len(), 3);
}
