//! `cargo plugin bench`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::bench::{self, Case, Cases, Difference, FILE, Lock, Measured};
use crate::error::{Error, Result};
use crate::host_options::{self, Loaded};
use crate::project::{Features, Project, RELEASE, Selection};
use crate::quantities;
use crate::target_host::{self, Host};
use crate::terminal::{BAD, GOOD, NOTE, Report, Terminal, Verdict, WARNING};
use crate::text;
use crate::wasm;

/// Measures what the plugin's commands cost: fuel, memory, allocations, calls of the host, time
#[derive(clap::Args)]
#[command(after_help = "\
The calls are those of `plugin-bench.toml`, beside the plugin's `Cargo.toml`:

  [[case]]
  command = \"greet\"
  args = { name = \"Ada\" }

Without it, each command is called with the examples of its description, or with the simplest arguments that it allows.")]
pub struct Bench {
    /// The plugin's `.wasm` file [default: the release build of the project in the current folder]
    #[arg(value_name = "FILE", conflicts_with_all = ["manifest_path", "package", "features", "no_default_features"])]
    file: Option<PathBuf>,
    /// Writes what was counted into the lock file
    #[arg(long, conflicts_with = "check")]
    lock: bool,
    /// Holds what is counted against the lock file; each difference is told, and the exit code is 1
    #[arg(long, visible_alias = "locked")]
    check: bool,
    /// How far numbers may be from those in the lock file, as `1%` [default: not at all]
    #[arg(long, value_name = "PERCENT", value_parser = percent, requires = "check")]
    tolerance: Option<f64>,
    /// The file of cases [default: `plugin-bench.toml` beside `Cargo.toml`, or for FILE in the current folder]
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// The lock file [default: `plugin-bench.lock`, or with a host `plugin-bench.HOST.lock`, beside `Cargo.toml`, or for FILE in the current folder]
    #[arg(long, value_name = "FILE")]
    lock_file: Option<PathBuf>,
    /// How long each case is called again and again to be timed, as `200ms`; `0` for no times
    #[arg(long, value_name = "TIME", value_parser = quantities::parse_time, default_value = "200ms")]
    time: Duration,
    /// The fuel of a call, at which one without end is ended
    #[arg(long, value_name = "N", default_value_t = 5_000_000_000)]
    fuel: u64,
    /// The host that is played to the plugin, which is built for it [default: for FILE the one that it is made for]
    #[arg(long, value_name = "HOST", value_parser = target_host::parser())]
    host: Option<Host>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    features: Features,
}

/// The subject of the measurement, and the paths of its files.
struct Subject {
    loaded: Loaded,
    folder: PathBuf,
    /// The compiler, if the module does not name it.
    rustc: Option<String>,
}

impl Bench {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let subject = self.subject(terminal)?;
        let found = self.found(&subject)?;
        let locking = self.lock || self.check;
        let budget = (!locking && !self.time.is_zero()).then_some(self.time);
        let mut measured = Vec::new();
        for case in &found.cases {
            terminal.status("Measuring", &text::line(&case.name, 100));
            measured.push(measure(&subject.loaded, case, self.fuel, budget)?);
        }
        let rustc = wasm::compiler(&subject.loaded.wasm).or(subject.rustc);
        let now = Lock::new(
            &measured,
            subject.loaded.wasm.len() as u64,
            rustc.clone(),
            RELEASE,
        );
        let path = match &self.lock_file {
            Some(path) => path.clone(),
            None => subject.folder.join(bench::lock_file(subject.loaded.host)),
        };
        let mut report = Benched {
            module_bytes: subject.loaded.wasm.len() as u64,
            rustc,
            cases: measured,
            skipped: found
                .skipped
                .into_iter()
                .map(|(command, reason)| Skipped { command, reason })
                .collect(),
            differences: None,
        };
        if self.check {
            let locked = Lock::read(&path)?;
            let mut differences = locked.differences(&now, self.tolerance.unwrap_or(0.0));
            // A newer compiler that changes no figures is not worth reporting.
            if differences.iter().all(Difference::is_reason) {
                differences.clear();
            }
            let same = differences.is_empty();
            report.differences = Some(differences);
            terminal.show(&report)?;
            return Ok(match same {
                true => Verdict::Yes,
                false => Verdict::No,
            });
        }
        if self.lock {
            now.write(&path)?;
            terminal.status("Locked", &path.display().to_string());
        }
        terminal.show(&report)?;
        Ok(Verdict::Yes)
    }

    fn subject(&self, terminal: &Terminal) -> Result<Subject> {
        if let Some(file) = &self.file {
            return Ok(Subject {
                loaded: host_options::load(file, self.host, terminal)?,
                folder: PathBuf::new(),
                rustc: None,
            });
        }
        let project = Project::find(&self.selection)?;
        let features = project.features_for(self.host, &self.features)?;
        let built = project.build(RELEASE, &features, terminal)?;
        let host = project.made_for(self.host, &built.wasm)?;
        Ok(Subject {
            loaded: host_options::load_built(built.wasm, Some(host), &project.name, terminal)?,
            rustc: rustc_in(&project.root),
            folder: project.root,
        })
    }

    fn found(&self, subject: &Subject) -> Result<Cases> {
        let usual = subject.folder.join(FILE);
        let path = match &self.cases {
            Some(path) => Some(path),
            None => Some(&usual).filter(|path| path.is_file()),
        };
        let found = match path {
            Some(path) => Cases::read(path, &subject.loaded.module)?,
            None => Cases::described(&subject.loaded.module),
        };
        if found.cases.is_empty() {
            let mut error = Error::new("there is nothing to measure");
            for (command, reason) in &found.skipped {
                error = error.because(format!("{}: {reason}", text::line(command, 100)));
            }
            return Err(error.help(format!("write cases into `{}`", usual.display())));
        }
        Ok(found)
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim_end();
    match number.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(percent),
        _ => Err("it is a number of percent, as `1%`".to_owned()),
    }
}

fn measure(loaded: &Loaded, case: &Case, fuel: u64, budget: Option<Duration>) -> Result<Measured> {
    let Loaded { module, host, .. } = loaded;
    let failed = |failure: plugin_sdk_harness::Failure| {
        Error::new(format!(
            "the case `{}` cannot be measured",
            text::line(&case.name, 100)
        ))
        .because(failure.to_string())
    };
    let counted = bench::count(module, host, case, fuel).map_err(failed)?;
    Ok(Measured {
        name: case.name.clone(),
        command: case.command.clone(),
        time: match budget.filter(|_| counted.ends) {
            Some(budget) => bench::time(module, host, case, budget).map_err(failed)?,
            None => None,
        },
        counts: counted.counts,
    })
}

/// Returns the compiler that cargo uses in a folder.
fn rustc_in(folder: &Path) -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = std::process::Command::new(rustc)
        .arg("--version")
        .current_dir(folder)
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    Some(text::line(said.trim().strip_prefix("rustc ")?, 100))
}

/// The results of the measurement.
#[derive(Serialize)]
struct Benched {
    module_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rustc: Option<String>,
    cases: Vec<Measured>,
    skipped: Vec<Skipped>,
    /// The differences from the lock file, if it was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<Difference>>,
}

/// A command that was not measured.
#[derive(Serialize)]
struct Skipped {
    command: String,
    reason: String,
}

impl Benched {
    fn table(&self) -> Table {
        let has = |member: fn(&Measured) -> bool| self.cases.iter().any(member);
        let (timed, counted) = (
            has(|case| case.time.is_some()),
            has(|case| case.counts.allocations.is_some()),
        );
        let failed = has(|case| case.counts.error.is_some());
        let mut columns = vec!["case", "fuel"];
        columns.extend(timed.then_some(["min", "median"]).into_iter().flatten());
        columns.push("pages");
        columns.extend(counted.then_some("allocations"));
        columns.extend(["host calls", "bytes in", "bytes out"]);
        columns.extend(failed.then_some("error"));
        let mut table = Table::new();
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(columns);
        for case in &self.cases {
            let counts = &case.counts;
            let mut row = vec![text::line(&case.name, 60), quantities::count(counts.fuel)];
            if timed {
                let time = |time: fn(&bench::Times) -> u64| {
                    case.time.as_ref().map_or(String::new(), |times| {
                        quantities::time(Duration::from_nanos(time(times)))
                    })
                };
                row.extend([time(|times| times.min_ns), time(|times| times.median_ns)]);
            }
            row.push(counts.pages.to_string());
            if counted {
                row.push(counts.allocations.map_or(String::new(), quantities::count));
            }
            row.extend(
                [
                    counts.host_calls,
                    counts.argument_bytes,
                    counts.result_bytes,
                ]
                .map(quantities::count),
            );
            if failed {
                row.push(counts.error.clone().unwrap_or_default());
            }
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

impl Report for Benched {
    fn text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Some(differences) = &self.differences else {
            writeln!(out, "{}", self.table())?;
            write!(
                out,
                "\nmodule: {} bytes",
                quantities::count(self.module_bytes)
            )?;
            match &self.rustc {
                Some(rustc) => writeln!(out, ", made by rustc {rustc}")?,
                None => writeln!(out)?,
            }
            for Skipped { command, reason } in &self.skipped {
                let command = text::line(command, 100);
                writeln!(
                    out,
                    "{NOTE}note{NOTE:#}: `{command}` is not measured: {reason}"
                )?;
            }
            return Ok(());
        };
        let (reasons, differences): (Vec<_>, Vec<_>) = differences
            .iter()
            .partition(|difference| difference.is_reason());
        for reason in reasons {
            writeln!(
                out,
                "{WARNING}warning{WARNING:#}: {reason}, from which the differences may come"
            )?;
        }
        for difference in &differences {
            writeln!(out, "{BAD}✗{BAD:#} {difference}")?;
        }
        match differences.len() {
            0 => writeln!(
                out,
                "{GOOD}✓{GOOD:#} all {} cases are as they are locked",
                self.cases.len()
            ),
            1 => writeln!(
                out,
                "\n1 difference; `cargo plugin bench --lock` takes it as it is now"
            ),
            several => writeln!(
                out,
                "\n{several} differences; `cargo plugin bench --lock` takes them as they are now"
            ),
        }
    }
}
