//! The checks of dependencies by cargo-deny, whose rules are in `deny.toml`.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use toolchain::process::{self, LOCAL, say};

const VERSION: &str = "0.20.2";

/// The time limit of an installation, which compiles some 140 crates.
const INSTALLATION: Duration = Duration::from_secs(1200);

/// The checks that need only the crates.
const OFFLINE: [&str; 4] = ["check", "bans", "licenses", "sources"];

/// Checks licences, duplicates and sources of all dependencies, and known vulnerabilities if their
/// list can be downloaded.
///
/// # Errors
/// If a dependency breaks a rule.
pub fn check() -> Result<()> {
    let program = match install() {
        Ok(program) => program,
        Err(reason) => {
            say(format!("not run: dependencies: {reason:#}"));
            return Ok(());
        }
    };
    process::show(deny(&program).args(OFFLINE))?;
    match process::capture(deny(&program).args(["fetch", "db"]), LOCAL) {
        Ok(_) => process::show(deny(&program).args(["check", "--disable-fetch", "advisories"])),
        Err(reason) => {
            say(format!("not run: advisories: {reason:#}"));
            Ok(())
        }
    }
}

fn deny(program: &PathBuf) -> Command {
    let mut deny = process::command(program);
    deny.args(["--log-level", "error"]);
    deny
}

/// Installs cargo-deny under `target/deny`, unless it is there, and returns its path.
fn install() -> Result<PathBuf> {
    let folder = process::workspace_root().join("target/deny");
    let program = folder.join(format!("bin/cargo-deny{EXE_SUFFIX}"));
    let version = process::capture(process::command(&program).arg("--version"), LOCAL);
    if version.is_ok_and(|version| version.trim().ends_with(VERSION)) {
        return Ok(program);
    }
    let mut cargo = process::command("cargo");
    // It runs for a second: without optimisation it is ready sooner.
    cargo
        .args(["install", "cargo-deny", "--locked", "--debug", "--quiet"])
        .args([
            "--no-default-features",
            "--force",
            "--version",
            VERSION,
            "--root",
        ])
        .arg(&folder)
        .env_remove("CARGO_TARGET_DIR");
    process::capture(&mut cargo, INSTALLATION).context("installing cargo-deny")?;
    Ok(program)
}
