//! Clients that `cargo plugin client` writes: their languages' checks accept those of all examples
//! and of the guest `typed`, and one table of calls (`calls.json`) has equal outcomes in every
//! language and in the harness.
//!
//! Each language has a folder with a driver, which reads the table on standard input and prints one
//! line of JSON for each call. A language whose tools are missing is reported as not run.

mod go;
mod java;
mod outcome;
mod python;
mod rust;
mod table;
mod typescript;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use plugin_sdk_harness::Source;

use crate::support::{self, Folder, not_run};
use outcome::Outcome;
use table::TABLE;

/// The examples whose clients are checked.
const EXAMPLES: [&str; 5] = ["audio-filter", "greeter", "guest-book", "rag", "text-stats"];

/// The guest with every form of a type, and the one that calls every service.
const GUESTS: [&str; 2] = ["typed", "services"];

/// The modules of the examples and of the guests, built once per process.
fn modules() -> &'static [(&'static str, Vec<u8>)] {
    static MODULES: OnceLock<Vec<(&str, Vec<u8>)>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let root = Path::new(support::WORKSPACE);
        let examples = EXAMPLES.map(|name| (name, root.join("examples").join(name)));
        let guests = GUESTS.map(|name| (name, root.join("tests/guests").join(name)));
        let all = examples.into_iter().chain(guests);
        all.map(|(name, path)| {
            let built = Source::crate_dir(path).profile("guest").compile().unwrap();
            (name, built.wasm.to_vec())
        })
        .collect()
    })
}

fn module(wanted: &str) -> &'static [u8] {
    let (_, wasm) = modules().iter().find(|(name, _)| *name == wanted).unwrap();
    wasm
}

fn typed() -> &'static [u8] {
    module("typed")
}

/// Writes all modules into a folder, and their clients into the folder `clients` in it.
fn written(lang: &str) -> Folder {
    let mut folder = Folder::new();
    for (name, wasm) in modules() {
        folder = folder.with(&format!("{name}.wasm"), wasm);
        let file = format!("{name}.wasm");
        let said = folder
            .run(&["client", &file, "--lang", lang, "-o", "clients"])
            .good();
        assert!(said.contains("clients"), "{said}");
    }
    folder
}

/// The commands of modules whose clients need little of what a template has, so that it may import
/// or declare nothing that is not used.
const SMALL: [(&str, &str); 4] = [
    ("nothing", ""),
    (
        "text",
        r#"{"name": "a", "codec": "raw", "input": "text", "output": "text"}"#,
    ),
    (
        "numbers",
        r#"{"name": "a", "codec": "raw", "output": "i8"}"#,
    ),
    (
        "map",
        r#"{"name": "a", "arguments": {"type": "object"}, "result": {"type": "null"}}"#,
    ),
];

/// Adds such clients to the folder `clients`.
fn write_small(folder: &Folder, lang: &str) {
    for (id, command) in SMALL {
        let line = format!(
            r#"{{"abi": 1, "id": "{id}", "name": "A", "version": "1.0.0", "commands": [{command}]}}"#
        );
        let line = line.replace('"', "\\\"");
        let wat = format!("(module (@custom \"plugin-sdk\" \"{line}\\n\"))");
        let file = format!("{id}.wasm");
        folder.write(&file, wat::parse_str(wat).unwrap());
        folder
            .run(&["client", &file, "--lang", lang, "-o", "clients"])
            .good();
    }
}

/// Runs a checker of source code, which must find nothing.
#[track_caller]
fn check(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}\ntype `cargo xtask setup`"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs a driver on the table, and compares its outcomes with those of the harness.
#[track_caller]
fn compare(driver: &mut Command) {
    let mut running = driver
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{driver:?}: {error}"));
    let mut input = running.stdin.take().unwrap();
    input.write_all(TABLE.as_bytes()).unwrap();
    drop(input);
    let output = running.wait_with_output().unwrap();
    let (lines, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{driver:?}: {lines}\n{said}");
    let found: Vec<Outcome> = lines.lines().map(Outcome::parse).collect();
    compare_outcomes(&found);
}

/// Compares the outcomes of a table in one language with those of the harness.
#[track_caller]
fn compare_outcomes(found: &[Outcome]) {
    let expected = table::outcomes();
    for (nth, (call, expected)) in expected.iter().enumerate() {
        let found = found.get(nth);
        assert!(
            found.is_some_and(|found| found.is_same(expected)),
            "{call}\n   found {found:?}\nexpected {expected:?}"
        );
    }
    assert_eq!(found.len(), expected.len());
}

/// Returns a program if it works; else prints that a test is not run.
fn found(program: impl Into<PathBuf>, arguments: &[&str], missing: &str) -> Option<PathBuf> {
    let program = program.into();
    let output = Command::new(&program).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => Some(program),
        _ => {
            not_run(missing);
            None
        }
    }
}

#[test]
fn the_harness_has_the_outcomes_of_the_table() {
    table::check();
}
