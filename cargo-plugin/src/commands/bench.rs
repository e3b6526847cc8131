//! `cargo plugin bench`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use plugin_sdk_harness::ModuleLimits;
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

/// Measures the cost of the plugin's commands: fuel, memory, allocations, host calls and time
#[derive(clap::Args)]
#[command(after_help = "\
The file `plugin-bench.toml` next to the plugin's `Cargo.toml` lists the calls:

  [[case]]
  command = \"greet\"
  args = { name = \"Ada\" }

Without it, the tool calls each command with the examples of its description, or with the simplest arguments that it allows.")]
pub struct Bench {
    /// The plugin's `.wasm` file [default: the release build of the project in the current folder]
    #[arg(value_name = "FILE", conflicts_with_all = ["manifest_path", "package", "profile", "features", "no_default_features"])]
    file: Option<PathBuf>,
    /// Builds with another profile, such as `dev`
    #[arg(long, value_name = "NAME", default_value = RELEASE)]
    profile: String,
    /// Writes the counts into the lock file
    #[arg(long, conflicts_with = "check")]
    lock: bool,
    /// Compares the counts with the lock file; reports each difference, and exits with 1 if there
    /// is one
    #[arg(long, visible_alias = "locked")]
    check: bool,
    /// The greatest difference of a number from the lock file, such as `1%` [default: 0]
    #[arg(long, value_name = "PERCENT", value_parser = percent, requires = "check")]
    tolerance: Option<f64>,
    /// The file of cases [default: `plugin-bench.toml` next to `Cargo.toml`, or for FILE in the
    /// current folder]
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// The lock file [default: `plugin-bench.lock`, or with a host `plugin-bench.HOST.lock`, next
    /// to `Cargo.toml`, or for FILE in the current folder]
    #[arg(long, value_name = "FILE")]
    lock_file: Option<PathBuf>,
    /// The time for which each case is repeated to measure its duration, such as `200ms`; `0`
    /// measures none
    #[arg(long, value_name = "TIME", value_parser = quantities::parse_time, default_value = "200ms")]
    time: Duration,
    /// The fuel limit of a call, which ends infinite loops
    #[arg(long, value_name = "N", default_value_t = 5_000_000_000)]
    fuel: u64,
    /// The emulated host, for which the plugin is built [default: for FILE the host that it is made
    /// for]
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
        let module_bytes = subject.loaded.wasm.len() as u64;
        let rustc = wasm::compiler(&subject.loaded.wasm).or(subject.rustc);
        let now = Lock::new(&measured, module_bytes, rustc.clone(), &self.profile);
        let path = self
            .lock_file
            .unwrap_or_else(|| subject.folder.join(bench::lock_file(subject.loaded.host)));
        let skipped = found.skipped.into_iter();
        let mut report = Benched {
            module_bytes,
            rustc,
            cases: measured,
            skipped: skipped
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
            report.differences = Some(differences);
        }
        if self.lock {
            now.write(&path)?;
            terminal.status("Locked", &text::path(&path));
        }
        terminal.show(&report)
    }

    fn subject(&self, terminal: &Terminal) -> Result<Subject> {
        if let Some(file) = &self.file {
            return Ok(Subject {
                loaded: host_options::load(file, self.host, ModuleLimits::default(), terminal)?,
                folder: PathBuf::new(),
                rustc: None,
            });
        }
        let project = Project::find(&self.selection)?;
        let features = project.features_for(self.host, &self.features)?;
        let built = project.build(&self.profile, &features, terminal)?;
        let host = project.made_for(self.host, &built.wasm)?;
        Ok(Subject {
            loaded: host_options::load_built(
                built.wasm,
                Some(host),
                ModuleLimits::default(),
                &project.name,
                terminal,
            )?,
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
            Some(path) => Cases::read(path, &subject.loaded)?,
            None => Cases::described(&subject.loaded.module),
        };
        if found.cases.is_empty() {
            let mut error = Error::new("there is nothing to measure");
            for (command, reason) in &found.skipped {
                error = error.because(format!("{}: {reason}", text::line(command, 100)));
            }
            return Err(error.help(format!("write cases into `{}`", text::path(&usual))));
        }
        Ok(found)
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim_end();
    match number.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(percent),
        _ => Err("expected a percentage, such as `1%`".to_owned()),
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

/// A column of the table: its heading, and its cell for a case.
type Column = (&'static str, fn(&Measured) -> String);

const ERROR: Column = ("error", |case| {
    case.counts.error.clone().unwrap_or_else(String::new)
});
const ALLOCATIONS: Column = ("allocations", |case| {
    case.counts
        .allocations
        .map_or(String::new(), quantities::count)
});
const TIMES: [Column; 2] = [
    ("min", |case| {
        case.time
            .map_or(String::new(), |times| nanoseconds(times.min_ns))
    }),
    ("median", |case| {
        case.time
            .map_or(String::new(), |times| nanoseconds(times.median_ns))
    }),
];

fn nanoseconds(count: u64) -> String {
    quantities::time(Duration::from_nanos(count))
}

impl Benched {
    fn table(&self) -> Table {
        let has = |member: fn(&Measured) -> bool| self.cases.iter().any(member);
        let mut columns: Vec<Column> = vec![
            ("case", |case| text::line(&case.name, 60)),
            ("fuel", |case| quantities::count(case.counts.fuel)),
        ];
        if has(|case| case.time.is_some()) {
            columns.extend(TIMES);
        }
        columns.push(("pages", |case| case.counts.pages.to_string()));
        columns.extend(has(|case| case.counts.allocations.is_some()).then_some(ALLOCATIONS));
        columns.extend::<[Column; 3]>([
            ("host calls", |case| {
                quantities::count(case.counts.host_calls)
            }),
            ("bytes in", |case| {
                quantities::count(case.counts.argument_bytes)
            }),
            ("bytes out", |case| {
                quantities::count(case.counts.result_bytes)
            }),
        ]);
        columns.extend(has(|case| case.counts.error.is_some()).then_some(ERROR));
        let mut table = Table::new();
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(columns.iter().map(|(heading, _)| *heading));
        for case in &self.cases {
            table.add_row(columns.iter().map(|(_, cell)| cell(case)));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

impl Report for Benched {
    fn verdict(&self) -> Verdict {
        self.differences.as_ref().is_none_or(Vec::is_empty).into()
    }

    fn text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Some(differences) = &self.differences else {
            let bytes = quantities::count(self.module_bytes);
            write!(out, "{}\n\nmodule: {bytes} bytes", self.table())?;
            match &self.rustc {
                Some(rustc) => writeln!(out, ", compiled by rustc {rustc}")?,
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
                "{WARNING}warning{WARNING:#}: {reason}, which may be the cause"
            )?;
        }
        for difference in &differences {
            writeln!(out, "{BAD}✗{BAD:#} {difference}")?;
        }
        const HELP: &str = "`cargo plugin bench --lock` updates the lock file";
        match (differences.len(), self.cases.len()) {
            (0, 1) => writeln!(out, "{GOOD}✓{GOOD:#} the only case matches the lock file"),
            (0, cases) => writeln!(out, "{GOOD}✓{GOOD:#} all {cases} cases match the lock file"),
            (1, _) => writeln!(out, "\n1 difference; {HELP}"),
            (several, _) => writeln!(out, "\n{several} differences; {HELP}"),
        }
    }
}
