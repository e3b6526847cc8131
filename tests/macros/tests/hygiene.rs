//! Expansions lean on nothing that an author could take away: no prelude, no name, no allowance of a lint, no edition.
//!
//! The packages `hygiene-2021` and `hygiene-2024` in `tests/guests/` take it all away, forbid `unsafe` and deny every warning. Natively there are no
//! exports, so both targets are checked.

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
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn expansions_compile_where_everything_is_taken() {
    assert_silent(check(&[]).unwrap());
}

#[test]
fn exports_compile_where_everything_is_taken() {
    assert_silent(check(&["--target", "wasm32-unknown-unknown"]).unwrap());
}
