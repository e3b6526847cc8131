//! Expansions depend on nothing that an author can remove: no prelude, no name, no allowed lint, no
//! edition.
//!
//! The packages `hygiene-2021` and `hygiene-2024` in `tests/guests/` remove all of these, forbid
//! `unsafe` and deny every warning. Natively there are no exports, so both targets are checked.

use std::process::{Command, Output};

fn check(target: &[&str]) -> std::io::Result<Output> {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--offline", "--quiet"])
        .args(["--package", "hygiene-2021", "--package", "hygiene-2024"])
        .args(target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
}

fn assert_silent(output: Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{stderr}");
}

#[test]
fn native_expansions_compile_without_prelude_and_names() {
    assert_silent(check(&[]).unwrap());
}

#[test]
fn wasm_exports_compile_without_prelude_and_names() {
    assert_silent(check(&["--target", "wasm32-unknown-unknown"]).unwrap());
}
