//! The kit of hostile guests in hosts that are not this project's. The results are a table of
//! `docs/guide/hostile.md`, which `UPDATE_HOSTILE=1 cargo test --test hosts hostile`
//! rewrites.
//!
//! Each host is a program of its own, which may crash, hang and take memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use plugin_sdk::hosts::toolfs::base64;
use plugin_sdk_harness::hostile::{
    self, Call, Case, Contract, Departure, Host, Inputs, Observed, Outcome, Reads,
};
use plugin_sdk_tests::{go_program, not_run};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::WORKSPACE;
use super::program::Program;

/// The variable that makes the tests rewrite the page.
const UPDATE: &str = "UPDATE_HOSTILE";

/// The time for a step of a case that a host is known to fall in, and of all others.
const KNOWN_TO_FALL: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(120);

/// A host, and what it lacks.
struct Subject {
    /// The name on the page.
    name: &'static str,
    contract: Contract,
    lacks: &'static [Lack],
    /// Cases that the host is known to fall in: it crashes, hangs or takes too much memory. One of
    /// them is enough for each facility that it lacks.
    falls: &'static [&'static str],
    /// The ends of the names of cases in which the host takes so much memory that it falls on some
    /// runs.
    varies: &'static [&'static str],
}

/// A facility without which some cases are pointless.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lack {
    /// A limit of time: the host would hang in all of these cases.
    Time,
    /// A count of instructions.
    Fuel,
    /// A limit of the compiler's work: these cases could take minutes.
    Compilation,
    /// Services for guests, and batches.
    Services,
}

impl Lack {
    fn needed_by(self, case: &Case) -> bool {
        let expects = |outcome| {
            let mut steps = case.steps().iter();
            steps.any(|step| step.expected.outcome() == outcome)
        };
        match self {
            Lack::Time => expects(Outcome::TimeLimit),
            Lack::Fuel => expects(Outcome::FuelLimit),
            Lack::Compilation => {
                case.group() == "compilation" && !case.name().starts_with("ordinary")
            }
            Lack::Services => matches!(case.group(), "services" | "batches"),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Lack::Time => "the host has no limit of time",
            Lack::Fuel => "the driver counts no instructions",
            Lack::Compilation => "the host has no limit on the compiler's work",
            Lack::Services => "the driver offers no services and makes no batches",
        }
    }
}

#[test]
fn hostile_guests_in_wasmtime_for_python() {
    let subject = Subject {
        name: "wasmtime for Python",
        contract: Contract::Native,
        lacks: &[Lack::Fuel, Lack::Compilation, Lack::Services],
        falls: &["compile-deep-loops"],
        varies: &[],
    };
    let program = Program::python("hostile_wasmtime.py");
    check(&subject, move || program.command());
}

#[test]
fn hostile_guests_in_nodes_engine() {
    let subject = Subject {
        name: "Node's WebAssembly",
        contract: Contract::Native,
        lacks: &[Lack::Fuel, Lack::Services],
        falls: &[],
        varies: &["table-of-ten-million"],
    };
    let program = Program::node("hostile_node.mjs");
    check(&subject, move || program.command());
}

#[test]
fn hostile_guests_in_extism() {
    let subject = Subject {
        name: "Extism for Python",
        contract: Contract::Extism,
        lacks: &[Lack::Fuel, Lack::Compilation],
        falls: &[
            "compile-deep-loops",
            "start-grows-endlessly",
            "start-never-ends",
        ],
        varies: &[],
    };
    let program = Program::python("hostile_extism.py");
    check(&subject, move || program.command());
}

#[test]
fn hostile_guests_in_typst() {
    let subject = Subject {
        name: "Typst",
        contract: Contract::Typst,
        lacks: &[Lack::Time, Lack::Fuel],
        falls: &[
            "loop-endless",
            "memory-of-four-gibibytes",
            "memory-refused-and-coped",
        ],
        varies: &[],
    };
    let program = Program::python("hostile_typst.py");
    check(&subject, move || program.command());
}

#[test]
fn hostile_guests_in_wazero() {
    let subject = Subject {
        name: "wazero",
        contract: Contract::Native,
        lacks: &[Lack::Fuel, Lack::Compilation, Lack::Services],
        falls: &["compile-deep-loops"],
        varies: &["-announced"],
    };
    match go_program("hostile-host") {
        Ok(program) => check(&subject, move || Command::new(&program)),
        Err(reason) => not_run(&format!("hostile guests in wazero: {reason}")),
    }
}

/// Runs all cases that suit a host, and compares the results with the page.
fn check(subject: &Subject, command: impl Fn() -> Command) {
    let mut driver = Driver::new(subject, &command);
    let mut departures = Vec::new();
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    let mut run = 0;
    for case in hostile::cases() {
        if !case.contracts().contains(&subject.contract) {
            continue;
        }
        let falls = subject.falls.contains(&case.name());
        let lack = subject.lacks.iter().find(|lack| lack.needed_by(case));
        if let Some(lack) = lack.filter(|_| !falls) {
            *skipped.entry(lack.words()).or_default() += 1;
            continue;
        }
        run += 1;
        let varies = subject.varies.iter().any(|end| case.name().ends_with(end));
        driver.patience = match falls || varies {
            true => KNOWN_TO_FALL,
            false => PATIENCE,
        };
        let departure = case.run(&mut driver).err();
        departures.extend(departure.filter(|departure| !varies || !fell(departure)));
    }
    let mut table = format!("{run} cases were run; {} departed.\n", departures.len());
    if !departures.is_empty() {
        table.push_str("\n| case | step | outcome | safe |\n|---|---|---|---|\n");
    }
    for departure in &departures {
        let safe: Vec<_> = departure
            .accepted
            .iter()
            .map(|outcome| outcome.word())
            .collect();
        let (case, step, safe) = (departure.case, departure.step, safe.join(", "));
        // The machine decides in which step the host falls.
        let row = match fell(departure) {
            true => format!("| `{case}` | | fell | |"),
            false => format!(
                "| `{case}` | {step} | {} | {safe} |",
                departure.observed.outcome
            ),
        };
        writeln!(table, "{row}").unwrap();
    }
    if !subject.varies.is_empty() {
        let names = subject.varies.join("`, `");
        let words = "in cases whose names end in";
        writeln!(table, "\nFell on some runs, {words} `{names}`.").unwrap();
    }
    for (reason, count) in skipped {
        writeln!(table, "\nNot run: {count}, because {reason}.").unwrap();
    }
    // Elsewhere, the memory of another process is not measured, and no host falls by it.
    if cfg!(target_os = "linux") {
        compare(subject.name, &table);
    }
}

/// Returns whether the host crashed, hung or took too much memory. The machine decides which of
/// these it is.
fn fell(departure: &Departure) -> bool {
    matches!(
        departure.observed.outcome,
        Outcome::Crashed | Outcome::Hung | Outcome::Exhausted
    )
}

/// Compares a table with the one on the page, or replaces that.
fn compare(name: &str, table: &str) {
    static PAGE: Mutex<()> = Mutex::new(());
    let _guard = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(WORKSPACE).join("docs/guide/hostile.md");
    let page = fs::read_to_string(&path).unwrap();
    let begin = format!("### {name}\n\n");
    let (before, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{name} is not on the page"));
    // The rest of the section is written by people.
    let end = "\n<!-- end of the results -->";
    let (found, after) = rest.split_once(end).unwrap();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(
        found, table,
        "docs/guide/hostile.md is out of date: `{UPDATE}=1 cargo test --test hosts hostile` rewrites it"
    );
}

/// A host in a process of its own, which is replaced when it crashes or hangs.
struct Driver<'a> {
    command: &'a dyn Fn() -> Command,
    contract: Contract,
    folder: TempDir,
    running: Option<Running>,
    patience: Duration,
    /// The memory that the host may take for a case, in bytes.
    memory: u64,
}

struct Running {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    /// The memory that it took before the case, in bytes.
    memory: u64,
}

impl<'a> Driver<'a> {
    fn new(subject: &Subject, command: &'a dyn Fn() -> Command) -> Self {
        let none: [&Case; 0] = [];
        let memory = &hostile::expected(none)["never"]["memory_bytes"];
        Driver {
            memory: memory.as_u64().unwrap(),
            command,
            contract: subject.contract,
            folder: tempfile::tempdir().unwrap(),
            running: None,
            patience: PATIENCE,
        }
    }

    /// Takes one step in the host.
    fn step(&mut self, step: &Value) -> Observed {
        let running = self
            .running
            .get_or_insert_with(|| Running::start((self.command)()));
        let outcome = match running.step(step, self.patience, self.memory) {
            Ok(answer) => {
                let outcome = answer["outcome"].as_str().and_then(Outcome::find);
                let outcome = outcome.unwrap_or_else(|| panic!("{step}: {answer}"));
                if outcome == Outcome::Answers {
                    let output = answer["output"].as_str().unwrap_or_default();
                    return Observed::answer(base64::decode(output).unwrap());
                }
                return outcome.into();
            }
            Err(outcome) => outcome,
        };
        self.running = None;
        outcome.into()
    }
}

impl Host for Driver<'_> {
    fn describe(&mut self, _: &[u8]) -> Option<Observed> {
        None
    }

    fn load(&mut self, case: &Case, module: &[u8]) -> Observed {
        let file: PathBuf = self.folder.path().join(case.file());
        fs::write(&file, module).unwrap();
        if let Some(running) = &mut self.running {
            running.begin();
        }
        self.step(&json!({"load": file, "limits": case.to_json()["limits"]}))
    }

    fn call(&mut self, call: &Call) -> Observed {
        let read = match call.reads {
            Reads::Json => "json",
            _ => "bytes",
        };
        let mut step = json!({"export": call.export(self.contract), "read": read});
        if let Inputs::One(input) = &call.inputs {
            let mut text = Vec::new();
            base64::encode(input, &mut text);
            step["input"] = serde_json::from_slice(&text).unwrap();
        }
        self.step(&step)
    }
}

impl Running {
    fn start(mut command: Command) -> Self {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Messages of an engine about a module are no result.
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap_or_else(|error| {
            panic!("cannot run {command:?} ({error}); `cargo xtask setup` installs what the tests need and prints the variables to set")
        });
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.for_each(|line| drop(sender.send(line)));
        });
        let stdin = child.stdin.take().unwrap();
        let mut running = Running {
            child,
            stdin,
            lines,
            memory: 0,
        };
        running.begin();
        running
    }

    /// Begins to measure the memory of a case.
    fn begin(&mut self) {
        // Resets the greatest size; elsewhere than on Linux, no memory is measured.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
        self.memory = peak(&self.child);
    }

    /// Returns the host's answer to a step, or how it failed to give one.
    fn step(&mut self, step: &Value, patience: Duration, room: u64) -> Result<Value, Outcome> {
        let begun = Instant::now();
        if writeln!(self.stdin, "{step}")
            .and_then(|()| self.stdin.flush())
            .is_err()
        {
            return Err(Outcome::Crashed);
        }
        loop {
            let line = self.lines.recv_timeout(Duration::from_millis(100));
            if peak(&self.child) > self.memory + room {
                return Err(Outcome::Exhausted);
            }
            match line {
                Ok(line) => return Ok(serde_json::from_str(&line).unwrap()),
                Err(RecvTimeoutError::Disconnected) => return Err(Outcome::Crashed),
                Err(RecvTimeoutError::Timeout) if begun.elapsed() > patience => {
                    return Err(Outcome::Hung);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the greatest size of a process's memory, in bytes; 0 where that is not known.
fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let mut lines = status.lines();
    let kibibytes = lines.find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    let number = kibibytes.and_then(|number| number.trim().parse().ok());
    number.unwrap_or(0_u64) * 1024
}
