//! `cargo plugin hostile` on the command line. `tests/tests/hosts` runs the kit in other hosts.

use std::fs;

use serde_json::Value;

use super::support::Folder;

fn hostile(folder: &Folder, options: &[&str]) -> (i32, String) {
    folder.run(&[&["hostile"], options].concat()).said()
}

#[test]
fn the_kit_has_a_module_for_each_case() {
    let folder = Folder::new();
    let (code, said) = hostile(&folder, &["-o", "kit", "results", "alloc-traps"]);
    assert_eq!(code, 0, "{said}");
    let kit = folder.path().join("kit");
    let expected = fs::read_to_string(kit.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let cases = expected["cases"].as_array().unwrap();
    assert!(
        said.contains(&format!(
            "{} hostile guests and expected.json in kit",
            cases.len()
        )),
        "{said}"
    );
    assert!(cases.iter().any(|case| case["group"] == "results"));
    let traps = cases
        .iter()
        .find(|case| case["name"] == "alloc-traps")
        .unwrap();
    assert_eq!(traps["steps"][1]["exports"]["native"], "command_run");
    assert_eq!(traps["steps"][1]["input"], "aGVsbG8=");
    for case in cases {
        let module = fs::read(kit.join(case["file"].as_str().unwrap())).unwrap();
        assert!(module.starts_with(b"\0asm"), "{case}");
    }
    let files = fs::read_dir(&kit).unwrap().count();
    assert_eq!(files, cases.len() + 1);
}

#[test]
fn a_list_writes_nothing() {
    let folder = Folder::new();
    let (code, said) = hostile(&folder, &["--list", "start-"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("start-never-ends") && said.contains("The start function never returns."),
        "{said}"
    );
    assert!(!said.contains("alloc-traps"), "{said}");
    let (code, said) = hostile(&folder, &["--list", "--json", "start-never-ends"]);
    assert_eq!(code, 0);
    let expected: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(expected["cases"][0]["steps"][0]["accept"][0], "time_limit");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn unknown_words_and_missing_options_are_refused() {
    let folder = Folder::new();
    let (code, said) = hostile(&folder, &["--list", "alloc", "no-such-case\u{1b}[2J"]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("`no-such-case\\u{1b}[2J`") && said.contains("cargo plugin hostile --list"),
        "{said}"
    );
    assert_eq!(hostile(&folder, &[]).0, 2);
    assert_eq!(hostile(&folder, &["--list", "-o", "kit"]).0, 2);
}
