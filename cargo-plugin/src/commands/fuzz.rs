//! `cargo plugin fuzz`

use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{ValueEnum, value_parser};
use plugin_sdk_harness::ModuleLimits;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::flags::document;
use crate::fuzz::{self, Fuzzed, Options, Origin, Outcome, Property, Subject};
use crate::host_options::{self, Loaded};
use crate::project::{DEV, Features, Project, RELEASE, Selection};
use crate::quantities::{count, parse_time};
use crate::target_host::{self, Host};
use crate::terminal::{Terminal, Verdict};
use crate::text;

/// The time of a search without another limit.
const DEFAULT_TIME: Duration = Duration::from_secs(60);

/// The default and the greatest number of calls in a run, and the default fuel of a call: a few
/// seconds' worth.
const MAX_CALLS: usize = 16;
const MOST_CALLS: u64 = 10_000;
const FUEL: u64 = 2_000_000_000;

/// Calls a plugin at random, and looks for panics, leaks and answers that it does not describe
///
/// Makes sequences of calls from the plugin's own schemas: valid values, nearly valid ones, and
/// invalid ones, with events, other configurations, denied permissions, and faults of the host. A
/// failure is shrunk to few calls with small values, and printed as a test.
#[derive(clap::Args)]
#[command(after_help = "\
The first failure ends the search, unless `--keep-going` is given. Each run has a seed, and the same
seed gives the same calls with the same version of this tool: `--seed N --runs 1` repeats one run.
A project is built with the profile `dev`, so that integer overflow is a panic.")]
pub struct Fuzz {
    /// The plugin's `.wasm` file, or a project's folder, which the tool builds [default: the
    /// project in the current folder]
    #[arg(value_name = "FILE", conflicts_with_all = ["manifest_path", "package"])]
    file: Option<PathBuf>,
    /// The time after which no further run begins, such as `30s` or `10m` [default: 60s, or
    /// unlimited with `--runs`]
    #[arg(long, value_name = "TIME", value_parser = search_time)]
    time: Option<Duration>,
    /// The number of runs, which gives the same result on every machine
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..), allow_negative_numbers = true)]
    runs: Option<u64>,
    /// The seed of the first run; each later run has the next number [default: a random one]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Continues after a failure, and reports each different one once, 20 at most
    #[arg(short, long)]
    keep_going: bool,
    /// Calls only this command; may be given several times
    #[arg(long = "command", value_name = "NAME")]
    commands: Vec<String>,
    /// The greatest number of calls in a run, 10000 at most
    #[arg(long, value_name = "N", default_value_t = MAX_CALLS,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_CALLS))]
    max_calls: usize,
    /// The fuel of a call: about one unit per WebAssembly instruction; the plugin may ask for
    /// another limit
    #[arg(long, value_name = "N", default_value_t = FUEL)]
    fuel: u64,
    /// The time for shrinking one failure
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "20s")]
    shrink_time: Duration,
    /// Does not check a property; may be given several times
    #[arg(long, value_name = "PROPERTY")]
    ignore: Vec<Property>,
    /// The configuration of every run: a JSON object, `@FILE`, or `-` for standard input [default:
    /// random ones that the plugin's schema allows]
    #[arg(long, value_name = "JSON", value_parser = document)]
    config: Option<Value>,
    /// Builds the project with the profile `release`
    #[arg(short, long)]
    release: bool,
    /// The emulated host, for which the plugin is built [default: for FILE the host that it is made
    /// for]
    #[arg(long, value_name = "HOST", value_parser = target_host::parser(), hide_possible_values = true)]
    host: Option<Host>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    features: Features,
}

impl Fuzz {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let (loaded, origin, name) = self.load(terminal)?;
        let subject = Subject::new(&loaded, &name, self.fuel)?;
        let commands = self.chosen(&subject)?;
        let options = Options {
            seed: self.seed.unwrap_or_else(random_seed),
            runs: self.runs,
            time: self.time.or(match self.runs {
                None => Some(DEFAULT_TIME),
                Some(_) => None,
            }),
            shrink_time: self.shrink_time,
            keep_going: self.keep_going,
            most_calls: self.max_calls,
            ignored: self.ignore.clone(),
            config: self.config.clone(),
        };
        terminal.status("Fuzzing", &format!("{name} from seed {}", options.seed));
        let outcome = {
            let progress = terminal.progress(options.runs.or(options.time.map(milliseconds)));
            fuzz::search(&subject, commands, &options, |outcome| {
                let at = match options.runs {
                    Some(_) => outcome.runs,
                    None => milliseconds(outcome.elapsed),
                };
                progress.show(at, || progress_line(outcome));
            })
        };
        let again = self.again();
        terminal.show(&Fuzzed::new(&subject, &options, outcome, &origin, &again))
    }

    /// Loads the file, or builds the project, and returns the name to show.
    fn load(&self, terminal: &Terminal) -> Result<(Loaded, Origin, String)> {
        let project = match &self.file {
            Some(folder) if folder.join("Cargo.toml").is_file() => Project::at(folder)?,
            Some(file) => {
                let loaded =
                    host_options::load(file, self.host, ModuleLimits::default(), terminal)?;
                let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
                return Ok((loaded, Origin::File(path), text::path(file)));
            }
            None => Project::find(&self.selection)?,
        };
        let features = project.features_for(self.host, &self.features)?;
        terminal.status("Building", &project.title());
        let profile = if self.release { RELEASE } else { DEV };
        let built = project.build_to_count(profile, &features, terminal)?;
        let host = project.made_for(self.host, &built.wasm)?;
        let name = project.title();
        let loaded = host_options::load_built(
            built.wasm,
            Some(host),
            ModuleLimits::default(),
            &name,
            terminal,
        )?;
        let origin = Origin::Crate {
            release: self.release,
            features,
        };
        Ok((loaded, origin, name))
    }

    /// Returns the commands to call: all, or those that the user names.
    fn chosen<'s>(&self, subject: &'s Subject) -> Result<Vec<&'s str>> {
        let all = subject.commands();
        let chosen = self.commands.iter().map(|name| {
            let known = all.iter().copied().find(|known| known == name);
            known.ok_or_else(|| Error::no_command(name, &all))
        });
        match self.commands.is_empty() {
            true => Ok(all),
            false => chosen.collect(),
        }
    }

    /// Returns the command line, without what limits the search.
    fn again(&self) -> String {
        let mut words = vec!["cargo plugin fuzz".to_owned()];
        let mut add = |option: &str, value: &dyn AsRef<OsStr>| {
            words.push(option.to_owned());
            words.push(text::quoted(value.as_ref()));
        };
        for command in &self.commands {
            add("--command", command);
        }
        for property in &self.ignore {
            if let Some(value) = property.to_possible_value() {
                add("--ignore", &value.get_name());
            }
        }
        if let Some(config) = &self.config {
            add("--config", &config.to_string());
        }
        if let Some(host) = self.host {
            add("--host", &host.name);
        }
        if let Some(manifest) = self.selection.manifest_path() {
            add("--manifest-path", &manifest);
        }
        if let Some(package) = self.selection.package() {
            add("--package", &package);
        }
        if self.max_calls != MAX_CALLS {
            add("--max-calls", &self.max_calls.to_string());
        }
        if self.fuel != FUEL {
            add("--fuel", &self.fuel.to_string());
        }
        let features = self.features.arguments().into_iter();
        words.extend(features.map(|word| text::quoted(&word)));
        if self.release {
            words.push("--release".to_owned());
        }
        if let Some(file) = &self.file {
            words.push(text::quoted(file));
        }
        words.join(" ")
    }
}

/// Parses the time of a search, in which at least one run begins.
fn search_time(text: &str) -> Result<Duration, String> {
    match parse_time(text)? {
        Duration::ZERO => Err("no run begins in no time: expected a longer one".to_owned()),
        time => Ok(time),
    }
}

/// Returns a seed that is short enough to type.
fn random_seed() -> u64 {
    RandomState::new().hash_one(()) >> 32
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn progress_line(outcome: &Outcome) -> String {
    let (runs, calls) = (count(outcome.runs), count(outcome.tally.calls()));
    match outcome.found.len() {
        0 => format!("{runs} runs, {calls} calls"),
        1 => format!("{runs} runs, {calls} calls, 1 failure"),
        failures => format!("{runs} runs, {calls} calls, {failures} failures"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        fuzz: Fuzz,
    }

    #[test]
    fn values_that_check_nothing_or_never_end_are_refused() {
        for (option, value, reason) in [
            ("--runs", "0", "0 is not in 1.."),
            ("--time", "0s", "no run begins in no time"),
            ("--max-calls", "0", "0 is not in 1..=10000"),
            ("--max-calls", "18446744073709551615", "is not in 1..=10000"),
        ] {
            let parsed = CommandLine::try_parse_from(["fuzz", "a.wasm", option, value]);
            let error = parsed.err().unwrap();
            assert_eq!(error.exit_code(), 2);
            let text = error.to_string();
            assert!(text.contains(option) && text.contains(reason), "{text}");
        }
        let words = [
            "fuzz",
            "--max-calls",
            "10000",
            "--runs",
            "1",
            "--time",
            "1ms",
        ];
        assert_eq!(
            CommandLine::try_parse_from(words).unwrap().fuzz.max_calls,
            10_000
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_command_line_again_names_any_path() {
        use std::os::unix::ffi::OsStrExt;

        let words = ["fuzz", "--max-calls", "3"].map(OsStr::new);
        let file = OsStr::from_bytes(b"a\xff\x1b[2J.wasm");
        let parsed = CommandLine::try_parse_from(words.into_iter().chain([file]))
            .ok()
            .unwrap();
        assert_eq!(
            parsed.fuzz.again(),
            r"cargo plugin fuzz --max-calls 3 $'a\377\033[2J.wasm'"
        );
    }
}
