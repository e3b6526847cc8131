//! The instructions that the main jobs take in a guest, in WebAssembly and natively, which
//! `tests/instructions.lock` holds to within two percent: a change that makes calls dearer shows on
//! the busiest machine.
//!
//! `UPDATE_INSTRUCTIONS=1 cargo test --test observe instructions` rewrites the counts
//! of the compiler in use. Another compiler makes other code, so each has counts of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use main_jobs::{FIRST, Guest, Job, jobs};
use plugin_sdk_harness::{Engine, Plugin, PluginBuilder, Source};
use plugin_sdk_tests::{Build, not_run, root};

use crate::callgrind;
use crate::conventions::Host;

/// The largest difference to the count in the file, in percent.
const WITHIN: f64 = 2.0;

const PLENTY: u64 = 1 << 40;

pub type Counts = BTreeMap<String, u64>;

fn plugin(package: &'static str) -> PluginBuilder {
    let wasm = Build::of(package).wasm().unwrap();
    // The engines count in different ways.
    let builder = Plugin::builder(Source::bytes(wasm)).engine(Engine::Wasmtime);
    builder.fuel(PLENTY)
}

/// Makes the call of a job, and returns its instructions.
fn call(plugin: &mut Plugin, job: &Job) -> u64 {
    let answer = plugin.call_raw(job.command, &job.input);
    assert_eq!(answer.is_ok(), job.succeeds, "{}", job.name);
    plugin.fuel_used().unwrap()
}

/// Makes the call until it costs as much as the time before, and returns that.
fn settled(plugin: &mut Plugin, job: &Job) -> u64 {
    let mut last = 0;
    for _ in 0..20 {
        let used = call(plugin, job);
        if std::mem::replace(&mut last, used) == used {
            break;
        }
    }
    last
}

/// Counts the WebAssembly instructions of every job.
fn count() -> Counts {
    let mut contract = plugin("contract").build().unwrap();
    let functions = calling::everything::provide(Host::default());
    let mut calling = plugin("calling").host_functions(functions).build().unwrap();
    let mut counts = Counts::new();
    for job in jobs() {
        let plugin = match job.guest {
            Guest::Contract => &mut contract,
            Guest::Calling => &mut calling,
        };
        if counts.is_empty() {
            counts.insert(FIRST.to_owned(), call(plugin, &job));
        }
        counts.insert(job.name.to_owned(), settled(plugin, &job));
    }
    counts
}

/// Returns the name of the compiler that builds the guests, and its target.
fn compiler() -> (String, String) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-vV").output().unwrap();
    let text = String::from_utf8(version.stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    let name = text.lines().next().unwrap();
    (name.to_owned(), host.unwrap().to_owned())
}

/// Reads the counts of each compiler.
fn read(text: &str) -> BTreeMap<String, Counts> {
    let mut compilers = BTreeMap::<String, Counts>::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            current = name.to_owned();
        } else if let Some((job, count)) = line.rsplit_once(" = ") {
            let counts = compilers.entry(current.clone()).or_default();
            counts.insert(job.to_owned(), count.parse().unwrap());
        }
    }
    compilers
}

fn written(compilers: &BTreeMap<String, Counts>) -> String {
    let mut text = String::from(
        "# Instructions of the main jobs (tests/main-jobs) in a guest, for each compiler: in WebAssembly, and natively without the C library's.\n\
         # UPDATE_INSTRUCTIONS=1 cargo test --test observe instructions\n",
    );
    for (compiler, counts) in compilers {
        let _ = writeln!(text, "\n[{compiler}]");
        for (job, count) in counts {
            let _ = writeln!(text, "{job} = {count}");
        }
    }
    text
}

/// Compares counts with those of a section of the file, or writes them there.
fn check(section: &str, count: impl FnOnce() -> Counts) {
    // One of the tests at a time reads and writes the file.
    static FILE: Mutex<()> = Mutex::new(());
    let place = root().join("tests/instructions.lock");
    let _locked = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut compilers = read(&std::fs::read_to_string(&place).unwrap_or_default());
    let update = std::env::var_os("UPDATE_INSTRUCTIONS").is_some();
    if !update && !compilers.contains_key(section) {
        return not_run(&format!(
            "tests/instructions.lock has no counts of `{section}`; `UPDATE_INSTRUCTIONS=1 cargo test --test observe instructions` adds them"
        ));
    }
    let found = count();
    if update {
        compilers.insert(section.to_owned(), found);
        return std::fs::write(&place, written(&compilers)).unwrap();
    }
    let expected = &compilers[section];
    assert!(
        found.keys().eq(expected.keys()),
        "other jobs: update tests/instructions.lock"
    );
    let differing: Vec<String> = found
        .iter()
        .filter_map(|(job, found)| {
            let percent = (*found as f64 / expected[job] as f64 - 1.0) * 100.0;
            let differs = percent.abs() > WITHIN;
            differs.then(|| format!("{job}: {found}, {percent:+.1} % of {}", expected[job]))
        })
        .collect();
    assert!(
        differing.is_empty(),
        "instructions of jobs have changed by more than {WITHIN} %; `UPDATE_INSTRUCTIONS=1 cargo test --test observe instructions` records them if that is intended:\n{}",
        differing.join("\n")
    );
}

#[test]
fn main_jobs_take_as_many_instructions_as_recorded() {
    check(&compiler().0, count);
}

#[test]
fn main_jobs_take_as_many_instructions_natively_as_recorded() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return not_run("there is no valgrind (on Debian: `apt-get install valgrind`)");
    }
    let (compiler, target) = compiler();
    check(
        &format!("{compiler}, natively on {target}"),
        callgrind::count,
    );
}
