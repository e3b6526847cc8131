//! The instructions that a guest executes for the main jobs, which `tests/instructions.lock` holds
//! to within two percent: a change that makes calls dearer shows on the busiest machine.
//!
//! `UPDATE_INSTRUCTIONS=1 cargo test --workspace --test observe instructions` rewrites the counts
//! of the compiler in use. Another compiler makes other code, so each has counts of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use plugin_sdk_harness::{Engine, Plugin, PluginBuilder, Source};
use plugin_sdk_tests::{Build, not_run, root};
use serde_json::{Value, json};

use crate::conventions::Host;

/// The largest difference to the count in the file, in percent.
const WITHIN: f64 = 2.0;

const PLENTY: u64 = 1 << 40;

type Counts = BTreeMap<String, u64>;

fn plugin(package: &'static str) -> PluginBuilder {
    let wasm = Build::of(package).wasm().unwrap();
    // The engines count in different ways.
    let builder = Plugin::builder(Source::bytes(wasm)).engine(Engine::Wasmtime);
    builder.fuel(PLENTY)
}

/// Runs a job until it costs as much as the time before, and returns that.
fn settled(plugin: &mut Plugin, job: &mut dyn FnMut(&mut Plugin)) -> u64 {
    let mut last = 0;
    for _ in 0..20 {
        job(plugin);
        let used = plugin.fuel_used().unwrap();
        if std::mem::replace(&mut last, used) == used {
            break;
        }
    }
    last
}

/// The calls of a job.
type Call<'a> = &'a dyn Fn(&mut Plugin);

/// Counts the instructions of every job.
fn count() -> Counts {
    let mut counts = Counts::new();
    let mut contract = plugin("contract").build().unwrap();
    let two = json!({"left": "Ada", "right": "Grace"});
    let called = |plugin: &mut Plugin, command: &str, arguments: &Value| {
        let _ = plugin.call::<Value>(command, arguments);
    };
    called(&mut contract, "join", &two);
    counts.insert("first call".to_owned(), contract.fuel_used().unwrap());

    let shapes = json!({"shapes": {
        "flag": true, "small": 1, "large": 1, "huge": 1, "single": 0.5, "character": "c",
        "text": "\u{e9}", "pair": [1, null], "list": ["point", {"circle": 1.5}], "map": {"1": [1, null, 2.5]},
    }});
    let numbers: Vec<f64> = (0..1000).map(|nth| f64::from(nth) * 1.5).collect();
    let any = json!({"value": numbers.iter().take(100).collect::<Vec<_>>()});
    // As a program writes them: with all their digits behind leading zeros.
    let small =
        json!({"value": (1..=100).map(|nth| f64::from(nth) / 77_777.0).collect::<Vec<_>>()});
    let repeat = json!({"text": "say \"hi\"\n", "times": 100});
    let kilobyte = [b'x'; 1024];
    let calls: [(&str, Call); 10] = [
        ("two texts to one", &|plugin| called(plugin, "join", &two)),
        ("values of every shape", &|plugin| {
            called(plugin, "shapes", &shapes)
        }),
        ("100 numbers as any JSON", &|plugin| {
            called(plugin, "anything", &any)
        }),
        ("100 small numbers as any JSON", &|plugin| {
            called(plugin, "anything", &small)
        }),
        ("a text of 900 characters", &|plugin| {
            called(plugin, "repeat", &repeat)
        }),
        ("an argument that is missing", &|plugin| {
            called(plugin, "join", &json!({"left": "Ada"}))
        }),
        ("nothing", &|plugin| called(plugin, "nothing", &json!({}))),
        ("1 KiB in place", &|plugin| {
            plugin.call_raw("echo", &kilobyte).unwrap();
        }),
        ("1 KiB in a vector", &|plugin| {
            plugin.call_raw("copy", &kilobyte).unwrap();
        }),
        ("1,000 numbers in the binary codec", &|plugin| {
            let arguments = (&numbers, Some(0.5f32), "label");
            plugin
                .call_binary::<contract::Statistics>("statistics", arguments)
                .unwrap();
        }),
    ];
    for (job, mut call) in calls {
        counts.insert(job.to_owned(), settled(&mut contract, &mut call));
    }

    let functions = calling::everything::provide(Host::default());
    let mut calling = plugin("calling").host_functions(functions).build().unwrap();
    let mut look_up = |plugin: &mut Plugin| called(plugin, "look_up", &json!({"key": "empty"}));
    counts.insert(
        "a call of the host".to_owned(),
        settled(&mut calling, &mut look_up),
    );
    counts
}

/// Returns the name of the compiler that builds the guests.
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8(version.stdout).unwrap().trim().to_owned()
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
        "# WebAssembly instructions of the main jobs (tests/tests/observe/instructions.rs), for each compiler.\n\
         # UPDATE_INSTRUCTIONS=1 cargo test --workspace --test observe instructions\n",
    );
    for (compiler, counts) in compilers {
        let _ = writeln!(text, "\n[{compiler}]");
        for (job, count) in counts {
            let _ = writeln!(text, "{job} = {count}");
        }
    }
    text
}

#[test]
fn main_jobs_take_as_many_instructions_as_recorded() {
    let place = root().join("tests/instructions.lock");
    let mut compilers = read(&std::fs::read_to_string(&place).unwrap_or_default());
    let compiler = compiler();
    let update = std::env::var_os("UPDATE_INSTRUCTIONS").is_some();
    if !update && !compilers.contains_key(&compiler) {
        return not_run(&format!(
            "tests/instructions.lock has no counts of `{compiler}`; `UPDATE_INSTRUCTIONS=1 cargo test --workspace --test observe instructions` adds them"
        ));
    }
    let found = count();
    if update {
        compilers.insert(compiler, found);
        return std::fs::write(&place, written(&compilers)).unwrap();
    }
    let expected = &compilers[&compiler];
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
        "instructions of jobs have changed by more than {WITHIN} %; `UPDATE_INSTRUCTIONS=1 cargo test --workspace --test observe instructions` records them if that is intended:\n{}",
        differing.join("\n")
    );
}
