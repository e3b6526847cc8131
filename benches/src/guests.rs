//! Builds the guests with plain cargo, as their authors would.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use plugin_sdk_harness::Source;

/// The compilation target of guests.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The profile of a guest, from `Cargo.toml`.
#[derive(Clone, Copy)]
pub enum Profile {
    /// `opt-level = 3`: for the jobs.
    Fast,
    /// `opt-level = "z"`: for the sizes.
    Small,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::Fast => "guest",
            Profile::Small => "guest-small",
        }
    }
}

/// The commands of a guest.
#[derive(Clone, Copy)]
pub enum Jobs {
    Every,
    GreetAlone,
}

/// Returns the folder of this crate.
pub fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns a folder in which cargo lets the bench write.
pub fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Builds the guest `package` of this workspace and returns its module.
pub fn build(package: &str, jobs: Jobs, profile: Profile) -> Result<Vec<u8>> {
    let mut cargo = cargo(folder(), "build");
    cargo
        .args(["--lib", "--locked", "--package", package])
        .args(["--target", TARGET, "--profile", profile.name()]);
    if let Jobs::GreetAlone = jobs {
        cargo.arg("--no-default-features");
    }
    module(cargo, package)
}

/// Builds the guest in the folder `name` with every job, and returns a snapshot of it.
pub fn snapshot(name: &str, profile: Profile) -> Result<Vec<u8>> {
    let source = Source::crate_dir(folder().join("guests").join(name)).profile(profile.name());
    Ok(source.snapshot().compile()?.wasm.to_vec())
}

/// Builds the crate in `folder`, which is not a member of this workspace.
pub fn build_in(folder: &Path) -> Result<Vec<u8>> {
    let mut cargo = cargo(folder, "build");
    cargo
        .args(["--release", "--target", TARGET, "--target-dir"])
        .arg(folder.with_file_name("target"));
    module(cargo, &folder.display().to_string())
}

/// Writes a crate that is not a member of this workspace to `folder`, whose last part is the
/// crate's name.
pub fn write(folder: &Path, dependencies: &str, source: &str) -> Result<()> {
    let name = folder.file_name().context("a crate has a folder")?;
    std::fs::create_dir_all(folder.join("src"))?;
    std::fs::write(folder.join("src/lib.rs"), source)?;
    std::fs::write(
        folder.join("Cargo.toml"),
        format!(
            r#"[package]
name = {name:?}
edition = "2024"

[workspace]

[lib]
crate-type = ["cdylib"]

[dependencies]
{dependencies}
[profile.release]
opt-level = "z"
lto = true
codegen-units = 1
panic = "abort"
strip = true
"#
        ),
    )?;
    std::fs::copy(self::folder().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

/// Returns the time of the first build of `package` with only `greet`, including downloaded
/// dependencies.
pub fn time_first_build(package: &str) -> Result<Duration> {
    let target = scratch().join("first-build");
    if target.exists() {
        std::fs::remove_dir_all(&target)?;
    }
    let mut cargo = cargo(folder(), "build");
    cargo
        .args([
            "--lib",
            "--locked",
            "--offline",
            "--quiet",
            "--package",
            package,
        ])
        .args(["--target", TARGET, "--profile", Profile::Small.name()])
        .args(["--no-default-features", "--target-dir"])
        .arg(&target);
    let start = Instant::now();
    let status = cargo.status()?;
    let taken = start.elapsed();
    ensure!(status.success(), "cargo could not build {package}");
    std::fs::remove_dir_all(&target)?;
    Ok(taken)
}

/// The number of crates that a guest depends on, without itself.
#[derive(Clone, Copy)]
pub struct Crates {
    /// All crates that cargo compiles, including macros, build scripts and their dependencies.
    pub compiled: usize,
    /// The crates whose code can end up in the module.
    pub in_the_guest: usize,
}

/// Counts the crates that `package` depends on.
pub fn crates(package: &str) -> Result<Crates> {
    Ok(Crates {
        compiled: count(package, "normal,build")?,
        in_the_guest: count(package, "normal,no-proc-macro")?,
    })
}

fn count(package: &str, edges: &str) -> Result<usize> {
    let output = cargo(folder(), "tree")
        .args(["--locked", "--package", package, "--target", TARGET])
        .args(["--edges", edges, "--prefix", "none", "--no-dedupe"])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "cargo tree failed for {package}");
    let tree = String::from_utf8(output.stdout)?;
    let names: std::collections::BTreeSet<_> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    Ok(names.len().saturating_sub(1))
}

/// Returns a cargo command in a folder.
pub fn cargo(folder: &Path, command: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(command).current_dir(folder);
    cargo
}

/// Runs a cargo build and reads the resulting module.
fn module(mut cargo: Command, what: &str) -> Result<Vec<u8>> {
    let output = cargo
        .args(["--quiet", "--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        output.status.success(),
        "cargo could not build {what} for {TARGET}; is the target installed? (`rustup target add {TARGET}`)"
    );
    let mut path = None;
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else {
            continue;
        };
        for file in message["filenames"].as_array().into_iter().flatten() {
            if let Some(file) = file.as_str().filter(|file| file.ends_with(".wasm")) {
                path = Some(PathBuf::from(file));
            }
        }
    }
    let path = path.with_context(|| format!("cargo produced no module for {what}"))?;
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}
