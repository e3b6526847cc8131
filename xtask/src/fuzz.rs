//! Fuzzing of the SDK and the harness: `fuzz/` with cargo-fuzz, or the same targets with the driver
//! of `fuzz/oracles` where there is no nightly toolchain.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lexopt::{Arg, Parser, ValueExt};
use toolchain::Toolchain;
use toolchain::process::{self, LOCAL, say};

use crate::durations;
use crate::steps;

/// The toolchain that cargo-fuzz needs.
const NIGHTLY: Toolchain = Toolchain::Named("nightly");

/// The time for each target, unless chosen.
const TIME: Duration = Duration::from_secs(60);

/// The targets that generate modules, with crates that only `fuzz/` builds.
const GENERATED: [&str; 2] = ["mutate", "smith"];

/// The examples that the target `mutate` changes: the smallest ones, which compile fastest.
const EXAMPLES: [&str; 3] = ["greeter", "guest-book", "text-stats"];

/// The variable with the folder of their modules.
const MODULES: &str = "PLUGIN_SDK_FUZZ_MODULES";

/// The arguments of `cargo xtask fuzz`.
#[derive(Debug, PartialEq, Eq)]
pub struct Fuzz {
    time: Duration,
    /// Uses the driver of `fuzz/oracles` even if there is cargo-fuzz.
    smoke: bool,
    /// A sanitizer by its name in cargo-fuzz.
    sanitizer: String,
    targets: Vec<String>,
}

impl Fuzz {
    /// Parses the arguments of the command.
    pub fn parse(arguments: &mut Parser) -> Result<Self, lexopt::Error> {
        let mut fuzz = Fuzz {
            time: TIME,
            smoke: false,
            sanitizer: "address".to_owned(),
            targets: Vec::new(),
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("time") => fuzz.time = durations::parse(&arguments.value()?.string()?)?,
                Arg::Long("smoke") => fuzz.smoke = true,
                Arg::Long("sanitizer") => fuzz.sanitizer = arguments.value()?.string()?,
                Arg::Value(target) => fuzz.targets.push(target.string()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(fuzz)
    }

    /// Fuzzes each target.
    pub fn run(&self) -> Result<()> {
        let all = targets()?;
        for target in &self.targets {
            ensure!(
                all.contains(target),
                "there is no target `{target}`; there are: {}",
                all.join(", ")
            );
        }
        let targets = match self.targets.is_empty() {
            true => &all,
            false => &self.targets,
        };
        let toolchain = steps::toolchain_step()?;
        if !self.smoke {
            match cargo_fuzz() {
                Ok(()) => return self.with_cargo_fuzz(toolchain, targets),
                Err(error) => say(format!("not run: cargo-fuzz: {error:#}")),
            }
        }
        self.with_driver(toolchain, targets)
    }

    fn with_cargo_fuzz(&self, toolchain: Toolchain, targets: &[String]) -> Result<()> {
        let modules = build_examples(toolchain)?;
        let root = process::workspace_root();
        let mut failed = Vec::new();
        for target in targets {
            // libFuzzer adds inputs to the first folder only, which is not in the repository.
            let found = root.join("target/fuzz-corpus").join(target);
            fs::create_dir_all(&found)
                .with_context(|| format!("cannot create {}", found.display()))?;
            let mut cargo = NIGHTLY.command("cargo");
            cargo
                .args([
                    "fuzz",
                    "run",
                    "--fuzz-dir",
                    "fuzz",
                    "--sanitizer",
                    &self.sanitizer,
                    target,
                ])
                .arg(&found)
                .arg(root.join("fuzz/corpus").join(target))
                .args([
                    "--",
                    "-timeout=60",
                    "-rss_limit_mb=4096",
                    "-print_final_stats=1",
                ])
                .arg(format!("-max_total_time={}", self.time.as_secs()))
                .env(MODULES, &modules);
            if let Err(error) = steps::program(&format!("fuzzing {target}"), cargo) {
                say(format!("{error:#}"));
                failed.push(target.as_str());
            }
        }
        ensure!(
            failed.is_empty(),
            "these targets failed: {}",
            failed.join(", ")
        );
        Ok(())
    }

    fn with_driver(&self, toolchain: Toolchain, targets: &[String]) -> Result<()> {
        let (generated, targets): (Vec<&str>, Vec<&str>) = targets
            .iter()
            .map(String::as_str)
            .partition(|target| GENERATED.contains(target));
        if !generated.is_empty() {
            let generated = generated.join(", ");
            say(format!(
                "not run: {generated}: only cargo-fuzz builds the generators of modules"
            ));
        }
        // Without names, the driver would run every target.
        if targets.is_empty() {
            return Ok(());
        }
        let mut cargo = toolchain.command("cargo");
        cargo
            .args(["test", "--test", "corpus", "--", "--time"])
            .arg(self.time.as_secs().to_string())
            .args(targets);
        steps::program("fuzzing without coverage", cargo)
    }
}

/// Returns the names of the targets.
fn targets() -> Result<Vec<String>> {
    let folder = process::workspace_root().join("fuzz/fuzz_targets");
    let files =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut targets: Vec<String> = files
        .filter_map(|file| Some(file.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    targets.sort();
    Ok(targets)
}

/// Checks that there is cargo-fuzz, and a nightly toolchain for it.
fn cargo_fuzz() -> Result<()> {
    let nightly = |program: &str| NIGHTLY.command(program);
    process::capture(nightly("rustc").arg("--version"), LOCAL)
        .context("it needs a nightly toolchain; type `rustup toolchain install nightly`")?;
    process::capture(nightly("cargo").args(["fuzz", "--version"]), LOCAL)
        .context("type `cargo install cargo-fuzz`")?;
    Ok(())
}

/// Builds the examples that are changed, and returns a folder with nothing but their modules.
fn build_examples(toolchain: Toolchain) -> Result<PathBuf> {
    let mut cargo = toolchain.command("cargo");
    cargo.args([
        "build",
        "--profile",
        "guest",
        "--target",
        "wasm32-unknown-unknown",
    ]);
    for example in EXAMPLES {
        cargo.args(["--package", example]);
    }
    steps::program("building the examples", cargo)?;
    let target = process::workspace_root().join("target");
    let folder = target.join("fuzz-modules");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for example in EXAMPLES {
        let file = format!("{}.wasm", example.replace('-', "_"));
        let built = target.join("wasm32-unknown-unknown/guest").join(&file);
        fs::copy(&built, folder.join(&file))
            .with_context(|| format!("cannot copy {}", built.display()))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Fuzz, String> {
        Fuzz::parse(&mut Parser::from_args(arguments)).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn times_options_and_targets_are_parsed() {
        let fuzz = parsed(&["--time", "2m", "json", "--smoke", "batch"]).unwrap();
        assert_eq!(fuzz.time, Duration::from_secs(120));
        assert_eq!(
            (fuzz.smoke, fuzz.targets),
            (true, vec!["json".to_owned(), "batch".to_owned()])
        );
        assert_eq!(parsed(&[]).unwrap().time, TIME);
        assert!(
            parsed(&["--time", "soon"])
                .unwrap_err()
                .contains("is not a time")
        );
    }

    #[test]
    fn targets_are_the_files_of_cargo_fuzz() {
        let targets = targets().unwrap();
        assert!(targets.iter().any(|target| target == "json"), "{targets:?}");
    }

    #[test]
    fn an_unknown_target_is_refused_with_the_known_ones() {
        let error = parsed(&["jsn"]).unwrap().run().unwrap_err().to_string();
        assert!(
            error.starts_with("there is no target `jsn`; there are: allow_list, "),
            "{error}"
        );
    }
}
