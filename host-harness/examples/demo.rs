//! Two plugins of this repository, built and called: `cargo xtask demo [--name Ada]`.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use plugin_sdk_harness::{Failure, Plugin, Source};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const HELP: &str = "\
Builds two example plugins for WebAssembly, calls them, and says how large they are and how long a call takes.

Usage: cargo xtask demo [--name <name>]

  --name <name>   who is greeted; the world unless given
  -h, --help      print this";

fn main() -> ExitCode {
    let name = match parse(std::env::args_os().skip(1)) {
        Ok(Some(name)) => name,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("error: {mistake}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match demonstrate(&name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref::<Failure>() {
                Some(failure) => eprintln!("{failure}"),
                None => eprintln!("error: {error}"),
            }
            ExitCode::FAILURE
        }
    }
}

/// The name to greet; nothing where help is asked for.
fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Option<String>, String> {
    let mut name = None;
    while let Some(argument) = arguments.next() {
        let given = match argument.to_str() {
            Some("-h" | "--help") => return Ok(None),
            Some("--name") => arguments.next().ok_or("--name needs a name after it")?,
            Some(text) => match text.strip_prefix("--name=") {
                Some(name) => name.into(),
                None => return Err(format!("there is no argument {argument:?}")),
            },
            None => return Err(format!("there is no argument {argument:?}")),
        };
        let given = given.into_string();
        let given = given.map_err(|name| format!("the name {name:?} is not UTF-8"))?;
        if name.replace(given).is_some() {
            return Err("--name is given twice".to_owned());
        }
    }
    Ok(Some(name.unwrap_or_else(|| "world".to_owned())))
}

fn demonstrate(name: &str) -> Result<(), Box<dyn Error>> {
    greet(name)?;
    count_words(&workspace().join("README.md"))?;
    if cfg!(debug_assertions) {
        println!(
            "\nThe host that took these times is not optimised; one that is: \
             cargo run --release -p plugin-sdk-harness --example demo"
        );
    }
    Ok(())
}

#[derive(Deserialize)]
struct Greeting {
    message: String,
}

fn greet(name: &str) -> Result<(), Box<dyn Error>> {
    let mut plugin = load("greeter")?;
    let arguments = json!({"name": name});
    let (greeting, times) = timed::<Greeting>(&mut plugin, "greet", &arguments, 10_000)?;
    println!("  greet {arguments}");
    println!("  → {:?}", greeting.message);
    println!("  {times}\n");
    Ok(())
}

#[derive(Deserialize)]
struct Stats {
    lines: u64,
    words: u64,
    frequent: Vec<WordCount>,
}

#[derive(Deserialize)]
struct WordCount {
    word: String,
    count: u64,
}

fn count_words(file: &Path) -> Result<(), Box<dyn Error>> {
    // A plugin has no files: its host reads them.
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let mut plugin = load("text-stats")?;
    let arguments = json!({"text": text, "min_length": 4});
    let (stats, times) = timed::<Stats>(&mut plugin, "stats", &arguments, 1_000)?;
    let frequent: Vec<String> = stats
        .frequent
        .iter()
        .map(|WordCount { word, count }| format!("{word} {count}"))
        .collect();
    println!("  stats of README.md, {} bytes", grouped(text.len()));
    println!("  → {} lines, {} words", stats.lines, stats.words);
    println!("    of 4 letters or more: {}", frequent.join(", "));
    println!("  {times}");
    Ok(())
}

/// Builds an example as its author would for release, and makes an instance of it.
fn load(example: &str) -> Result<Plugin, Box<dyn Error>> {
    eprintln!(
        "building examples/{example} with cargo build --profile guest --target wasm32-unknown-unknown"
    );
    let source = Source::crate_dir(workspace().join("examples").join(example)).profile("guest");
    let plugin = Plugin::builder(source).build()?;
    let size = plugin.module().size();
    println!("{example}: {} bytes of WebAssembly", grouped(size));
    Ok(plugin)
}

/// The result of the first call, and how long that and many more calls took.
fn timed<R: DeserializeOwned>(
    plugin: &mut Plugin,
    command: &str,
    arguments: &Value,
    calls: usize,
) -> Result<(R, String), Box<dyn Error>> {
    let start = Instant::now();
    let result = plugin.call(command, arguments)?;
    let first = start.elapsed();

    let mut warm = Vec::with_capacity(calls);
    for _ in 0..calls {
        let start = Instant::now();
        plugin.call::<R>(command, arguments)?;
        warm.push(start.elapsed());
    }
    warm.sort_unstable();
    let median = warm.get(calls / 2).copied().unwrap_or_default();
    let times = format!(
        "first call {}, median of {} more {}",
        time(first),
        grouped(calls),
        time(median)
    );
    Ok((result, times))
}

fn time(duration: Duration) -> String {
    let microseconds = duration.as_secs_f64() * 1e6;
    match microseconds {
        ..10.0 => format!("{microseconds:.2} µs"),
        ..1000.0 => format!("{microseconds:.0} µs"),
        _ => format!("{:.1} ms", microseconds / 1e3),
    }
}

/// A number with a comma after every thousand.
fn grouped(number: usize) -> String {
    match number {
        ..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
