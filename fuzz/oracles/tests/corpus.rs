//! Replays the corpus of every fuzz target, as a test. With `--time`, it changes the corpus at
//! random instead, two targets at a time, each in a process of its own.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use lexopt::{Arg, Parser, ValueExt};
use oracles::Target;
use oracles::driver::{self, Fault};

const HELP: &str = "\
Replays the corpus of every fuzz target.

Usage: cargo test --test corpus -- [options] [targets]

  --time SECONDS  change the corpus at random for as long, with two targets at a time
  --runs NUMBER   the same for a number of executions
  --seed NUMBER   the seed of the changes; 1 without it
  --list          list the targets

A target is chosen by a part of its name.";

/// The time in which an input must end, beyond which it hangs.
const HANG: Duration = Duration::from_secs(60);

#[derive(Clone, Default)]
struct Options {
    time: Option<Duration>,
    runs: Option<u64>,
    seed: u64,
    /// The target that this process changes by itself.
    only: Option<&'static Target>,
    /// The file for the input that is about to run.
    trace: Option<PathBuf>,
    filters: Vec<String>,
    task: Task,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Task {
    #[default]
    Run,
    List,
    Help,
}

fn options(mut arguments: Parser) -> Result<Options, lexopt::Error> {
    let mut options = Options {
        seed: 1,
        ..Options::default()
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("time") => {
                let seconds = arguments.value()?.parse::<f64>()?;
                let time =
                    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
                options.time = Some(time);
            }
            Arg::Long("runs") => options.runs = Some(arguments.value()?.parse()?),
            Arg::Long("seed") => options.seed = arguments.value()?.parse()?,
            Arg::Long("trace") => options.trace = Some(arguments.value()?.into()),
            Arg::Long("only") => {
                let name = arguments.value()?.string()?;
                options.only = Some(Target::named(&name).ok_or("there is no such target")?);
            }
            Arg::Long("list") => options.task = Task::List,
            Arg::Long("help") | Arg::Short('h') => options.task = Task::Help,
            // Those of the test harness, which `cargo test` passes to every test program.
            Arg::Long(
                "nocapture" | "no-capture" | "exact" | "ignored" | "include-ignored" | "quiet",
            )
            | Arg::Short('q') => {}
            Arg::Long("test-threads" | "format" | "skip" | "color") => drop(arguments.value()?),
            Arg::Value(filter) => options.filters.push(filter.string()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options(Parser::from_env()) {
        Ok(options) => options,
        Err(mistake) => {
            eprintln!("error: {mistake}");
            return ExitCode::from(2);
        }
    };
    let is_chosen = |target: &&Target| {
        let mut filters = options.filters.iter();
        options.filters.is_empty() || filters.any(|filter| target.name.contains(filter.as_str()))
    };
    let chosen: Vec<&Target> = Target::all().filter(is_chosen).collect();
    let passed = match (&options, options.only) {
        (
            Options {
                task: Task::Help, ..
            },
            _,
        ) => {
            println!("{HELP}");
            true
        }
        (
            Options {
                task: Task::List, ..
            },
            _,
        ) => {
            chosen
                .iter()
                .for_each(|target| println!("{}: test", target.name));
            true
        }
        (_, Some(target)) => explored(target, &options),
        (
            Options {
                time: None,
                runs: None,
                ..
            },
            None,
        ) => replayed(&chosen),
        _ => explored_in_processes(&chosen, &options),
    };
    match passed {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Replays the corpus, and prints what the test harness would.
fn replayed(targets: &[&Target]) -> bool {
    let began = Instant::now();
    println!("\nrunning {} tests", targets.len());
    let mut failures = 0;
    for target in targets {
        let fault = replay(target).err();
        let verdict = if fault.is_some() { "FAILED" } else { "ok" };
        println!("test {} ... {verdict}", target.name);
        if let Some(fault) = fault {
            println!("{fault}");
            failures += 1;
        }
    }
    let verdict = if failures == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {} passed; {failures} failed; 0 ignored; 0 measured; 0 filtered out; finished in {:.2}s\n",
        targets.len() - failures,
        began.elapsed().as_secs_f64()
    );
    failures == 0
}

fn replay(target: &Target) -> Result<(), String> {
    for (name, input) in driver::corpus(target).map_err(|error| error.to_string())? {
        driver::check(target, &input)
            .map_err(|fault| format!("fuzz/corpus/{}/{name}: {}", target.name, fault.words))?;
    }
    Ok(())
}

/// Changes the corpus of one target in this process.
fn explored(target: &Target, options: &Options) -> bool {
    let corpus = match driver::corpus(target) {
        Ok(corpus) => corpus.into_iter().map(|(_, input)| input).collect(),
        Err(error) => {
            println!("{}: {error}", target.name);
            return false;
        }
    };
    let began = Instant::now();
    let mut executions = 0;
    let found = driver::explore(target, corpus, options.seed, |number, input| {
        executions = number;
        if let Some(file) = &options.trace {
            fs::write(file, input).expect("the file for a trace");
        }
        options.time.is_none_or(|time| began.elapsed() < time)
            && options.runs.is_none_or(|runs| number < runs)
    });
    println!(
        "{}: {executions} executions in {:.1} s",
        target.name,
        began.elapsed().as_secs_f64()
    );
    match found {
        Ok(_) => true,
        Err(Fault { words, input }) => {
            let place = kept(target, &input);
            println!(
                "{}: {words}\n{}: the input is in {}",
                target.name,
                target.name,
                place.display()
            );
            false
        }
    }
}

/// Writes the input of a fault to a file.
fn kept(target: &Target, input: &[u8]) -> PathBuf {
    let place = faults().join(target.name);
    fs::write(&place, input).expect("the file for an input");
    place
}

/// Returns the folder for inputs of faults.
fn faults() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("target/fuzz-faults");
    fs::create_dir_all(&folder).expect("the folder for inputs");
    folder.canonicalize().unwrap_or(folder)
}

/// Changes the corpora of several targets, two at a time, in processes of their own: a fault may
/// end the process.
fn explored_in_processes(targets: &[&Target], options: &Options) -> bool {
    let waiting = Mutex::new(targets.iter().rev().copied().collect::<Vec<_>>());
    let failed = Mutex::new(Vec::new());
    let next = || waiting.lock().expect("no panic").pop();
    thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while let Some(target) = next() {
                    if !explored_in_process(target, options) {
                        failed.lock().expect("no panic").push(target.name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    if !failed.is_empty() {
        println!("these targets failed: {}", failed.join(", "));
    }
    failed.is_empty()
}

fn explored_in_process(target: &Target, options: &Options) -> bool {
    let ending = child(target, options, None);
    match ending {
        Ending::Passed => true,
        Ending::Failed => false,
        // Without a word about the input: the same again, with each input kept before it runs.
        Ending::Died | Ending::Hung => {
            let trace = faults().join(target.name);
            child(target, options, Some(&trace));
            let what = if matches!(ending, Ending::Hung) {
                "hung"
            } else {
                "ended its process"
            };
            println!(
                "{}: an input {what}; it is in {}",
                target.name,
                trace.display()
            );
            false
        }
    }
}

enum Ending {
    Passed,
    Failed,
    /// The process was ended by a signal, or ended itself.
    Died,
    Hung,
}

/// Runs this program for one target.
fn child(target: &Target, options: &Options, trace: Option<&Path>) -> Ending {
    let program = env::current_exe().expect("the path of this program");
    let mut arguments: Vec<OsString> = vec!["--only".into(), target.name.into()];
    let mut add = |name: &str, value: Option<String>| {
        arguments.extend(
            value
                .into_iter()
                .flat_map(|value| [name.into(), value.into()]),
        );
    };
    add("--seed", Some(options.seed.to_string()));
    add(
        "--time",
        options.time.map(|time| time.as_secs_f64().to_string()),
    );
    add("--runs", options.runs.map(|runs| runs.to_string()));
    add("--trace", trace.map(|trace| trace.display().to_string()));
    let mut child = Command::new(program)
        .args(arguments)
        .spawn()
        .expect("this program again");
    // A number of runs takes any time.
    let deadline = options.time.map(|time| Instant::now() + time + HANG);
    loop {
        match child
            .try_wait()
            .expect("the state of a process")
            .map(|status| status.code())
        {
            Some(Some(0)) => return Ending::Passed,
            Some(Some(1)) => return Ending::Failed,
            Some(_) => return Ending::Died,
            None => {}
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            child.kill().expect("the end of a process");
            child.wait().expect("the end of a process");
            return Ending::Hung;
        }
        thread::sleep(Duration::from_millis(50));
    }
}
