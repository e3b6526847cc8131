//! Tests of `plugin-sdk` under Miri, which finds undefined behaviour.

use anyhow::{Context, Result, bail};
use toolchain::Toolchain;
use toolchain::process::{self, LOCAL, say};

use crate::steps;
use crate::test_run::Outcome;

/// The toolchain that has Miri.
const NIGHTLY: Toolchain = Toolchain::Named("nightly");

/// Strict provenance and tree borrows. Without isolation, proptest can read its files.
const FLAGS: &str = "-Zmiri-strict-provenance -Zmiri-tree-borrows -Zmiri-disable-isolation";

/// The tests that run: those of the modules that share memory with a host. The tests of JSON, which
/// has no `unsafe` code, would take minutes.
const TESTS: [&str; 5] = ["memory::", "batch::", "raw::", "binary::", "codec::"];

/// Runs the tests and reports their number, or why they did not run.
pub fn run() -> Result<()> {
    let mut outcome = Outcome::default();
    add_to(&mut outcome)?;
    say(outcome.summary());
    match outcome.failures() {
        [] => Ok(()),
        failures => bail!("these failed:\n  {}", failures.join("\n  ")),
    }
}

/// Runs the tests and adds their outcome, or why they did not run.
fn add_to(outcome: &mut Outcome) -> Result<()> {
    if let Err(error) = available() {
        outcome.add_not_run(format!("Miri: {error:#}"));
        return Ok(());
    }
    let mut cargo = NIGHTLY.command("cargo");
    cargo
        .args(["miri", "test", "--package", "plugin-sdk"])
        .args(["--features", "binary", "--lib", "--"])
        .args(TESTS);
    cargo.env("MIRIFLAGS", FLAGS);
    steps::test_program(
        "tests of shared memory under Miri",
        outcome,
        cargo,
        std::io::stdout(),
    )
}

fn available() -> Result<()> {
    let version = process::capture(NIGHTLY.command("cargo").args(["miri", "--version"]), LOCAL);
    version
        .map(drop)
        .context("type `rustup toolchain install nightly --component miri,rust-src`")
}
