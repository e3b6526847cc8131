//! A thousand plugins in one registry: the time of each start, and the memory of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use plugin_sdk_benches::measure::Spread;
use plugin_sdk_benches::report::{self, Check, Row};
use plugin_sdk_benches::usage::{processor_seconds, resident_bytes};
use plugin_sdk_harness::Module;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::modules::{self, scratch};
use crate::process;

pub const NAME: &str = "1,000 plugins";

const COUNT: usize = 1000;

/// The longest time of a start whose compiled code is in the cache.
const LONGEST: Duration = Duration::from_millis(10);

/// The report of a process that loads the plugins.
#[derive(Deserialize, Serialize)]
struct Report {
    /// In seconds, like the next one.
    starts: Vec<f64>,
    /// The mean processor time of a start.
    processor: f64,
    /// Memory in bytes for each plugin, loaded and idle.
    plugin: f64,
    /// The same after a call of each.
    called: f64,
    /// Memory in bytes for each further instance of one module.
    instance: f64,
}

pub fn measure() -> Result<Vec<Row>> {
    let folder = write_modules()?;
    let folder = folder.to_str().context("the path is not UTF-8")?;
    eprintln!("loading {COUNT} plugins, first to fill the cache of compiled code");
    process::output(process::LOAD_MANY, folder)?;
    let report: Report = serde_json::from_str(&process::output(process::LOAD_MANY, folder)?)?;
    let spread = Spread::of(report.starts.clone());
    let mut starts = report.starts;
    starts.sort_by(f64::total_cmp);
    let p99 = starts[starts.len() * 99 / 100];
    let slowest = starts[starts.len() - 1];
    let row = |contestant: &str, value: String, checks: Vec<Check>| Row {
        figure: NAME.to_owned(),
        contestant: contestant.to_owned(),
        value,
        ratio: None,
        checks,
    };
    let kibibytes = |bytes: f64| format!("{:.0} KiB", bytes / 1024.0);
    Ok(vec![
        row(
            "start, median",
            report::time(spread.median),
            vec![Check {
                found: report::time(spread.median),
                asked: format!("<= {}", report::time(LONGEST.as_secs_f64())),
                met: spread.median <= LONGEST.as_secs_f64(),
            }],
        ),
        // While these start, another program may have the processor.
        row("start, 99th percentile", report::time(p99), Vec::new()),
        row("start, slowest", report::time(slowest), Vec::new()),
        row(
            "start, processor time, mean",
            report::time(report.processor),
            Vec::new(),
        ),
        row("memory of each, idle", kibibytes(report.plugin), Vec::new()),
        row(
            "the same after a call",
            kibibytes(report.called),
            Vec::new(),
        ),
        row(
            "memory of a further instance of one module",
            kibibytes(report.instance),
            Vec::new(),
        ),
    ])
}

/// Loads the plugins of a folder, and prints the report.
pub fn run(folder: &Path) -> Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let (one, files) = files.split_first().context("the folder is empty")?;
    let registry = Registry::new();
    // The first one creates the engine.
    registry.load(one.as_path(), PluginOptions::new())?;
    let before = resident_bytes("self")?;
    let each = |since: u64| Ok::<_, anyhow::Error>(growth(since)? / files.len() as f64);
    let (mut ids, mut starts) = (Vec::new(), Vec::new());
    let used = processor_seconds("self")?;
    for file in files {
        let start = Instant::now();
        ids.push(registry.load(file.as_path(), PluginOptions::new())?);
        starts.push(start.elapsed().as_secs_f64());
    }
    let processor = (processor_seconds("self")? - used) / files.len() as f64;
    let plugin = each(before)?;
    for id in &ids {
        let greeting: Value = registry.call(id, "greet", json!({"name": "Ada"}))?;
        ensure!(greeting["message"] == "Hello, Ada!", "{id}: {greeting}");
    }
    let called = each(before)?;
    let module = Module::load(one.as_path()).map_err(|failure| anyhow!("{failure}"))?;
    let before = resident_bytes("self")?;
    let instances: Vec<_> = files
        .iter()
        .map(|_| module.plugin().build())
        .collect::<Result<_, _>>()?;
    let instance = each(before)?;
    drop(instances);
    let report = Report {
        starts,
        processor,
        plugin,
        called,
        instance,
    };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn growth(since: u64) -> Result<f64> {
    Ok(resident_bytes("self")?.saturating_sub(since) as f64)
}

/// Writes the greeter under as many ids, one more than are measured. Each is another module for the
/// engine and its cache, as a thousand plugins would be.
fn write_modules() -> Result<PathBuf> {
    let folder = scratch().join("many");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let module = fs::read(modules::greeter())?;
    let id = br#""id":"greeter""#;
    let at = module
        .windows(id.len())
        .position(|bytes| bytes == id)
        .context("the greeter's manifest has no id")?;
    for number in 0..=COUNT {
        // As long as the id that it replaces, so that no length in the module changes.
        let new = format!(r#""id":"many{number:03}""#);
        let new = match number {
            COUNT => r#""id":"further""#.to_owned(),
            _ => new,
        };
        let mut copy = module.clone();
        copy[at..at + id.len()].copy_from_slice(new.as_bytes());
        fs::write(folder.join(format!("{number:04}.wasm")), copy)?;
    }
    Ok(folder)
}
