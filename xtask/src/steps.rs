//! The steps of each command.
//!
//! Every step reports its name and duration. The first failure ends the command, and reports how to
//! run that step alone.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use toolchain::process::{self, LOCAL, say};
use toolchain::{DEBUG, Toolchain, VARIANTS};

use crate::dependencies;
use crate::durations;
use crate::go;
use crate::interpreters::{self, NodePrograms};
use crate::java;
use crate::platforms;
use crate::queue::{self, Job};
use crate::test_run::Outcome;

/// The toolchain whose rustfmt and clippy are used: Debian does not package its own.
const LINTS: &str = "stable";

/// Sets up the machine, and reports the variables to export for a plain `cargo test`.
pub fn set_up() -> Result<()> {
    let toolchain = toolchain_with_crates()?;
    let tools = tools_for_tests(toolchain)?;
    let exports = tools.exports();
    if exports.is_empty() {
        say("ready");
    } else {
        say("ready; for cargo commands of your own, type first:");
    }
    for (name, value) in exports {
        println!("export {name}={}", value.display());
    }
    Ok(())
}

/// Builds and runs the demonstration, whose output is the only text on standard output.
pub fn demo(arguments: &[OsString]) -> Result<()> {
    let toolchain = toolchain::set_up()?;
    let cargo = |verb: &[&str]| {
        let mut cargo = toolchain.command("cargo");
        cargo
            .args(verb)
            .args(["--package", "plugin-sdk-harness", "--example", "demo"]);
        cargo
    };
    // Separate steps: the first build takes minutes and shows its progress, and the run shows
    // nothing of cargo's.
    process::show_aside(&mut cargo(&["build"]))?;
    process::show(cargo(&["run", "--quiet"]).arg("--").args(arguments))
}

/// The number of steps and test binaries whose durations a run of the tests reports.
const SLOWEST: usize = 10;

/// The tests that take longest. They start first, so that the last ones to end are short.
const LONGEST: [&str; 10] = [
    "languages",
    "packages",
    "examples",
    "target_host",
    "hosts",
    "compile_errors",
    "project",
    "validate",
    "new",
    "examples_on_hosts",
];

/// The number of shorter tests that one run of cargo runs in a row, because cargo takes as long to
/// start as many of them.
const IN_A_ROW: usize = 6;

/// Runs all tests even if some fail, those of the harness on a second engine, and those of failures
/// with a second toolchain.
pub fn test() -> Result<()> {
    let toolchain = toolchain_with_crates()?;
    let mut outcome = Outcome::default();
    // In parallel, because downloads need little of the processor.
    let (tools, tests) = thread::scope(|scope| {
        let tools = scope.spawn(|| tools_for_tests(toolchain));
        let mut build = cargo_test(toolchain);
        // Without the examples, which the lints check.
        build.args(["--no-run", "--tests"]);
        let tests = test_program("building the tests", &mut outcome, build, io::stdout());
        (tools.join(), tests)
    });
    tests?;
    let tools = tools
        .map_err(|_| anyhow!("setting up the tests' programs panicked"))
        .flatten()?;

    // Not every machine reaches the registries of Go and Java.
    for optional in &tools.optional {
        if let Err(reason) = &optional.place {
            outcome.add_not_run(format!("{}: {reason}", optional.name));
        }
    }
    if outcome.failures().is_empty() {
        let jobs = test_jobs(&tools, &mut outcome)?;
        step("tests", "cargo xtask test", || {
            queue::run(jobs, &mut outcome, io::stdout())
        })?;
    }

    say(format!(
        "all tests ran with {}, rustc {}",
        tools.toolchain,
        tools.toolchain.release()?
    ));
    for (name, took) in outcome.durations() {
        durations::record(name, *took);
    }
    say("the slowest steps and test binaries, some of which ran at the same time:");
    for (name, took) in durations::slowest(SLOWEST) {
        say(format!("{:>12}  {name}", durations::shown(took)));
    }
    say(outcome.summary());
    match outcome.failures() {
        [] => Ok(()),
        failures => bail!("these failed:\n  {}", failures.join("\n  ")),
    }
}

/// Returns the programs that run the tests that were built, the longest ones first.
fn test_jobs(tools: &Tools, outcome: &mut Outcome) -> Result<Vec<Job>> {
    let mut wasmi = test_targets(tools, &[], &ENGINE_TESTS);
    wasmi.env("PLUGIN_SDK_ENGINE", "wasmi");
    // These name the engines themselves.
    wasmi.args(["--", "--skip", "catalogue::"]);
    let others = [
        Job::new("tests on the engine wasmi", wasmi),
        Job::new(
            "tests of JSON with the default features of serde_json",
            numbers_as_numbers(tools),
        ),
        Job::new(
            "unit tests",
            test_targets(tools, &["--lib", "--bins"], &[""; 0]),
        ),
        Job::new("documentation", test_targets(tools, &["--doc"], &[""; 0])),
    ];
    let built = outcome.built().iter().map(|(name, _)| name.as_str());
    let built: BTreeSet<&str> = built.collect();
    let longest = LONGEST.into_iter().filter(|name| built.contains(name));
    let shorter = built.iter().copied().filter(|name| !LONGEST.contains(name));
    let shorter: Vec<&str> = shorter.collect();
    let of_names = |names: &[&str]| Job::new(names.join(", "), test_targets(tools, &[], names));
    let jobs = longest.map(|name| of_names(&[name])).chain(others);
    let mut jobs: Vec<Job> = jobs.chain(shorter.chunks(IN_A_ROW).map(of_names)).collect();
    jobs.extend(failures_again(tools, outcome)?);
    Ok(jobs)
}

/// Returns the command that runs tests of the default members: with fewer packages, cargo would
/// choose other features and build the rest again.
fn test_targets(tools: &Tools, kinds: &[&str], names: &[impl AsRef<OsStr>]) -> Command {
    let mut cargo = cargo_test(tools.toolchain);
    cargo.arg("--no-fail-fast").args(kinds);
    for name in names {
        cargo.arg("--test").arg(name);
    }
    tools.add_to(&mut cargo);
    cargo
}

/// Returns a command that keeps no incremental state: what is compiled once needs none.
fn cargo_test(toolchain: Toolchain) -> Command {
    let mut cargo = toolchain.command("cargo");
    cargo.arg("test").env("CARGO_INCREMENTAL", "0");
    cargo
}

/// Returns the command for the tests of the JSON reader and writer without `serde_json`'s
/// `arbitrary_precision`, which the tool enables for everything that is built with it.
fn numbers_as_numbers(tools: &Tools) -> Command {
    let mut cargo = cargo_test(tools.toolchain);
    tools.add_to(&mut cargo);
    cargo
        .args(["--package", "plugin-sdk"])
        .args(["--package", "plugin-sdk-schema-tests"])
        .args(["--features", "plugin-sdk/binary,raw_value"])
        .args(["--test", "json_oracle", "--test", "schema"])
        .arg("--no-fail-fast");
    cargo
}

/// The tests that the engine matters to. They run on wasmtime and on wasmi.
const ENGINE_TESTS: [&str; 8] = [
    "cis", "failures", "hostile", "musicfox", "neomind", "neotalk", "plugin", "toolfs",
];

/// The tests of failures, which depend on the build of the standard library in the module.
const FAILURE_TESTS: &str = "failures";

/// Returns the program that runs [`FAILURE_TESTS`] again with guests built by another toolchain, if
/// there is one.
fn failures_again(tools: &Tools, outcome: &mut Outcome) -> Result<Option<Job>> {
    let other = match tools.toolchain.other() {
        Ok(other) => other,
        Err(error) => {
            outcome.add_not_run(format!(
                "tests of failures with a second toolchain: {error:#}"
            ));
            return Ok(None);
        }
    };
    let mut built = outcome.built().iter();
    let Some((_, executable)) = built.find(|(name, _)| name == FAILURE_TESTS) else {
        outcome.add_failure(format!("cargo did not build the test {FAILURE_TESTS}"));
        return Ok(None);
    };
    // The tests are already built. Only their guests differ, which go to a separate folder.
    let root = process::workspace_root();
    let mut again = other.command(root.join(executable));
    again
        .current_dir(root.join("tests"))
        .env("CARGO_TARGET_DIR", root.join("target/second-toolchain"));
    tools.add_to(&mut again);
    let name = format!("tests of failures with {other}, rustc {}", other.release()?);
    Ok(Some(Job::new(name, again)))
}

/// Checks the clients in Go, which a test generates. It is no part of [`test()`], because the
/// checker also analyses Go's library, which takes longer than most tests.
pub fn staticcheck() -> Result<()> {
    let toolchain = toolchain_step()?;
    let go = go::command(&python_step()?);
    let checker = step("set-up: staticcheck", "cargo xtask staticcheck", || {
        go::staticcheck(&go)
    })?;
    let mut cargo = cargo_test(toolchain);
    cargo.envs([(GO, go), (STATICCHECK, checker)]).args([
        "--test",
        "languages",
        "--",
        "--ignored",
        "staticcheck",
    ]);
    program("the clients in Go", cargo)
}

/// Checks formatting, lints, dependencies and documentation.
pub fn ci() -> Result<()> {
    step("lint tools", "cargo xtask ci", check_lint_tools)?;
    program("formatting", lint_cargo(&["fmt", "--all", "--check"]))?;
    program(
        "lints",
        lint_cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    step("dependencies", "cargo xtask ci", dependencies::check)?;
    let toolchain = toolchain_step()?;
    let mut cargo = toolchain.command("cargo");
    cargo
        .args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-Dwarnings");
    program("documentation", cargo)
}

/// Runs the benchmarks.
pub fn bench(arguments: &[OsString]) -> Result<()> {
    let toolchain = toolchain_step()?;
    let mut cargo = toolchain.command("cargo");
    cargo
        .args(["bench", "--manifest-path", "benches/Cargo.toml"])
        .args(arguments);
    // The variable makes some peers capture a backtrace on each call, which doubles their time; it
    // is not usually set.
    cargo.env_remove("RUST_BACKTRACE");
    program("benchmarks", cargo)
}

/// The variable with the path of the Python that has the packages for the tests.
const PYTHON: &str = "PLUGIN_SDK_PYTHON";

/// The variable with the path of Binaryen's optimiser, a program for Node.
const WASM_OPT: &str = "PLUGIN_SDK_WASM_OPT";

/// The variable with the path of AssemblyScript's compiler, a program for Node.
const ASC: &str = "PLUGIN_SDK_ASC";

/// The variable with the folder of the packages from npm.
const NODE_MODULES: &str = "PLUGIN_SDK_NODE_MODULES";

/// The variable with the path of the library that turns components into modules for Node.
const JCO: &str = "PLUGIN_SDK_JCO";

/// The variable with the path of the command `go`.
const GO: &str = "PLUGIN_SDK_GO";

/// The variable with the folder of the programs in `hosts/go`.
const GO_HOSTS: &str = "PLUGIN_SDK_GO_HOSTS";

/// The variable with the path of the checker of Go programs.
const STATICCHECK: &str = "PLUGIN_SDK_STATICCHECK";

/// The variable with the folder of Chicory's archives.
const CHICORY: &str = "PLUGIN_SDK_CHICORY";

/// The variable with the path of `wasmtime`, which serves components.
const WASMTIME: &str = "PLUGIN_SDK_WASMTIME";

/// The variable with the path of wasmCloud's `wash`.
const WASH: &str = "PLUGIN_SDK_WASH";

/// The variable with the path of wassette, which offers components to language models.
const WASSETTE: &str = "PLUGIN_SDK_WASSETTE";

/// A tool without which some tests do not run.
struct Optional {
    name: &'static str,
    variable: &'static str,
    /// Its path, or the reason why it is missing.
    place: Result<PathBuf, String>,
}

struct Tools {
    toolchain: Toolchain,
    python: PathBuf,
    node: NodePrograms,
    go: PathBuf,
    optional: Vec<Optional>,
}

impl Tools {
    /// Sets these variables for a command.
    fn add_to(&self, command: &mut Command) {
        command.envs(self.programs());
    }

    fn exports(&self) -> Vec<(&'static str, PathBuf)> {
        let toolchain = self
            .toolchain
            .name()
            .map(|name| ("RUSTUP_TOOLCHAIN", PathBuf::from(name)));
        let settings = [VARIANTS, DEBUG].map(|(name, value)| (name, PathBuf::from(value)));
        let toolchain = toolchain.into_iter().chain(settings);
        toolchain.chain(self.programs()).collect()
    }

    /// Returns the variables with the paths of programs.
    fn programs(&self) -> Vec<(&'static str, PathBuf)> {
        let always = [
            (PYTHON, &self.python),
            (WASM_OPT, &self.node.wasm_opt),
            (ASC, &self.node.asc),
            (NODE_MODULES, &self.node.modules),
            (JCO, &self.node.jco),
            (GO, &self.go),
        ];
        let optional = self.optional.iter();
        let optional = optional.filter_map(|tool| Some((tool.variable, tool.place.as_ref().ok()?)));
        let programs = always.into_iter().chain(optional);
        programs.map(|(name, path)| (name, path.clone())).collect()
    }
}

/// The command that runs the set-up of tools alone.
const ALONE: &str = "cargo xtask setup";

/// Sets up the programs that the tests run.
fn tools_for_tests(toolchain: Toolchain) -> Result<Tools> {
    let python = python_step()?;
    step("set-up: Node", ALONE, interpreters::node)?;
    let node = step(
        "set-up: programs for Node",
        ALONE,
        interpreters::node_programs,
    )?;
    let go = go::command(&python);
    let optional = vec![
        optional("hosts in Go", GO_HOSTS, || go::build_hosts(&go))?,
        optional("the engine of clients in Java", CHICORY, java::chicory)?,
        optional("wasmtime serve", WASMTIME, || {
            platforms::WASMTIME.install(&python)
        })?,
        optional("wasmCloud", WASH, || platforms::WASH.install(&python))?,
        optional("wassette", WASSETTE, || {
            platforms::WASSETTE.install(&python)
        })?,
    ];
    Ok(Tools {
        toolchain,
        python,
        node,
        go,
        optional,
    })
}

/// Sets up the Python environment, whose packages bring Go and others.
fn python_step() -> Result<PathBuf> {
    step("set-up: Python", ALONE, interpreters::python)
}

/// Sets up a tool that may be missing.
fn optional(
    name: &'static str,
    variable: &'static str,
    set_up: impl FnOnce() -> Result<PathBuf>,
) -> Result<Optional> {
    let place = step(&format!("set-up: {name}"), ALONE, || {
        let place = set_up().map_err(|error| format!("{error:#}"));
        if let Err(reason) = &place {
            say(format!("missing: {reason}"));
        }
        Ok(place)
    })?;
    Ok(Optional {
        name,
        variable,
        place,
    })
}

/// Sets up the toolchain, and downloads the crates: the tests of compile errors run cargo offline.
fn toolchain_with_crates() -> Result<Toolchain> {
    let toolchain = toolchain_step()?;
    let mut fetch = toolchain.command("cargo");
    fetch.arg("fetch");
    program("set-up: crates", fetch)?;
    Ok(toolchain)
}

/// Finds the toolchain, or installs it.
pub fn toolchain_step() -> Result<Toolchain> {
    step("set-up: toolchain", "cargo xtask setup", || {
        let toolchain = toolchain::set_up()?;
        say(format!("{toolchain}, rustc {}", toolchain.release()?));
        Ok(toolchain)
    })
}

fn lint_cargo(arguments: &[&str]) -> Command {
    let mut cargo = process::command("cargo");
    cargo.env("RUSTUP_TOOLCHAIN", LINTS).args(arguments);
    cargo
}

fn check_lint_tools() -> Result<()> {
    for tool in ["fmt", "clippy"] {
        process::capture(&mut lint_cargo(&[tool, "--version"]), LOCAL).with_context(|| {
            format!("`cargo +{LINTS} {tool}` does not work; type `rustup toolchain install {LINTS} --component rustfmt,clippy`")
        })?;
    }
    Ok(())
}

/// Runs a program as a step.
pub fn program(name: &str, mut command: Command) -> Result<()> {
    let alone = process::shell_line(&command);
    step(name, &alone, || process::show(&mut command))
}

/// Runs a test program as a step. Failing tests do not end the command; they are added to the
/// outcome.
pub fn test_program(
    name: &str,
    outcome: &mut Outcome,
    mut command: Command,
    shown: impl Write,
) -> Result<()> {
    let alone = process::shell_line(&command);
    step(name, &alone, || outcome.run(name, &mut command, shown))
}

fn step<T>(name: &str, alone: impl Display, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {name}");
    let start = Instant::now();
    let done = work();
    let elapsed = start.elapsed();
    let took = durations::shown(elapsed);
    durations::record(name, elapsed);
    match done {
        Ok(value) => {
            eprintln!("==> {name}: done in {took}");
            Ok(value)
        }
        Err(error) => Err(error.context(format!(
            "{name} failed after {took}; to run it alone: {alone}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_reports_its_name_and_how_to_run_it() {
        let error = step("tests", "cargo test", || -> Result<()> {
            bail!("two tests failed")
        })
        .unwrap_err();
        let words = error.to_string();
        assert!(words.starts_with("tests failed after "), "{words}");
        assert!(words.ends_with("; to run it alone: cargo test"), "{words}");
        assert_eq!(error.root_cause().to_string(), "two tests failed");
    }

    fn tools(toolchain: Toolchain, place: Result<PathBuf, String>) -> Tools {
        Tools {
            toolchain,
            python: PathBuf::from("target/python/bin/python"),
            node: NodePrograms {
                modules: PathBuf::from("target/node/node_modules"),
                wasm_opt: PathBuf::from("target/node/wasm-opt"),
                asc: PathBuf::from("target/node/asc.js"),
                jco: PathBuf::from("target/node/jco.js"),
            },
            go: PathBuf::from("target/python/bin/go"),
            optional: vec![Optional {
                name: "hosts in Go",
                variable: GO_HOSTS,
                place,
            }],
        }
    }

    #[test]
    fn exports_name_only_what_differs_and_exists() {
        let names = |toolchain, place| {
            let exports = tools(toolchain, place).exports().into_iter();
            exports.map(|(name, _)| name).collect::<Vec<_>>()
        };
        let always = [
            VARIANTS.0,
            DEBUG.0,
            "PLUGIN_SDK_PYTHON",
            "PLUGIN_SDK_WASM_OPT",
            "PLUGIN_SDK_ASC",
            "PLUGIN_SDK_NODE_MODULES",
            "PLUGIN_SDK_JCO",
            "PLUGIN_SDK_GO",
        ];
        let no_hosts = Err("the proxy is not reachable".to_owned());
        assert_eq!(names(Toolchain::Active, no_hosts), always);
        assert_eq!(
            names(Toolchain::LINKED, Ok(PathBuf::from("target/go"))),
            [&["RUSTUP_TOOLCHAIN"], &always[..], &["PLUGIN_SDK_GO_HOSTS"]].concat()
        );
    }
}
