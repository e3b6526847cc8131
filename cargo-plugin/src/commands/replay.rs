//! `cargo plugin replay`

use std::io::Write;
use std::path::{Path, PathBuf};

use plugin_sdk_harness::Replayed;
use plugin_sdk_harness::capsule::{Capsule, CapsuleError};
use plugin_sdk_harness::{FailureKind, Source, hosts};
use serde::{Serialize, Serializer};

use crate::archive;
use crate::error::{Error, Result};
use crate::host_options;
use crate::plugin_file::PluginFile;
use crate::project::{Features, Project, RELEASE};
use crate::terminal::{BAD, GOOD, Report, Terminal, Verdict};
use crate::text;
use crate::twin_test::TwinTest;

/// Runs a recorded failure again, with the recorded answers to the plugin's host calls
///
/// The same calls run on a new instance, which gets the recorded answer to each of its host calls.
/// No service of this computer is used. The answer is yes if every step and the failure are the
/// same; else the first step that differs is shown.
#[derive(clap::Args)]
pub struct Replay {
    /// The capsule: a file that a test with `PLUGIN_SDK_RECORD=DIR` or `.record(DIR)`, or `cargo
    /// plugin call --record`, has written
    file: PathBuf,
    /// Runs another build of the plugin: a `.wasm` file, or a project's folder, which the tool
    /// builds [default: the recorded module, which must not have changed]
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// The profile with which the tool builds the project of `--module`
    #[arg(
        long,
        value_name = "NAME",
        default_value = RELEASE,
        requires = "module",
        conflicts_with = "native"
    )]
    profile: String,
    /// Prints the command that replays it natively in a debugger, in the plugin's own test program
    #[arg(long)]
    native: bool,
    /// Shows every step of the record
    #[arg(short, long)]
    verbose: bool,
}

impl Replay {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let capsule = Capsule::read(&self.file).map_err(|error| self.unusable(&error))?;
        if capsule.transcript.steps.is_empty() && capsule.failure.is_none() {
            return Err(self
                .failed()
                .because("it has no call that a replay could compare"));
        }
        if self.native {
            return self.show_native(&capsule, terminal);
        }
        let source = match &self.module {
            Some(module) => other_module(&capsule, module, &self.profile, terminal)?,
            None => self.recorded_module(&capsule)?,
        };
        let spinner = terminal.spinner("replaying");
        let replayed = capsule.replay(source);
        drop(spinner);
        terminal.show(&Shown {
            replayed: replayed.map_err(|error| self.unusable(&error))?,
            redacted: capsule.redacted,
            had_fuel: capsule.limits.fuel.is_some(),
            verbose: self.verbose,
        })
    }

    /// Builds the tests of the plugin, and shows how to replay the capsule in one of them.
    fn show_native(&self, capsule: &Capsule, terminal: &mut Terminal) -> Result<Verdict> {
        let folder = match (self.module.as_deref(), capsule.module.crate_dir.as_deref()) {
            (Some(folder), _) => folder,
            (None, Some(folder)) if is_here(folder) => folder,
            (None, Some(folder)) => {
                let folder = text::quoted(folder);
                return Err(Error::new(format!("the capsule names the crate {folder}"))
                    .because("building its tests runs its code, and a capsule may be of any origin")
                    .help(format!(
                        "if you trust it, type `--module {folder}`, or run the command in that folder"
                    )));
            }
            (None, None) => {
                return Err(Error::new("the capsule does not name the plugin's crate")
                    .because("its module was not built by a test")
                    .help("`--module DIR` names the project's folder"));
            }
        };
        let project = Project::at(folder)?;
        terminal.status("Building", &format!("the tests of {}", project.title()));
        let TwinTest { program, name } = TwinTest::of(&project)?;
        let file = std::path::absolute(&self.file).unwrap_or_else(|_| self.file.clone());
        terminal.show(&Native {
            command: format!(
                "PLUGIN_SDK_REPLAY={} gdb --args {} {} --exact --nocapture",
                text::quoted(&file),
                text::quoted(&program),
                text::quoted(&name)
            ),
        })
    }

    fn failed(&self) -> Error {
        Error::new(format!("cannot replay `{}`", text::path(&self.file)))
    }

    fn unusable(&self, error: &CapsuleError) -> Error {
        let wrong = self.failed().because(error);
        match error {
            CapsuleError::Format { .. } => {
                wrong.help("install the version of `plugin-sdk-cli` that matches the harness of the test")
            }
            CapsuleError::Malformed { .. } => wrong.help(
                "a test with `PLUGIN_SDK_RECORD=DIR` writes capsules, and so does `cargo plugin call --record FILE`",
            ),
            _ => wrong,
        }
    }

    /// Returns the recorded module, if it is still where it was.
    fn recorded_module(&self, capsule: &Capsule) -> Result<Source> {
        let module = &capsule.module;
        let wrong = || self.failed();
        let other = match &module.crate_dir {
            Some(folder) => format!(
                "`--module FILE` runs another build; `--module {}` builds the plugin (`--profile` names the profile, else `release`) and runs that",
                text::quoted(folder)
            ),
            None => "`--module FILE` runs another build".to_owned(),
        };
        let Some(path) = &module.path else {
            return Err(wrong()
                .because("the module was not in a file when the capsule was written")
                .help(other));
        };
        // Opening a pipe would block.
        if path.exists() && !path.is_file() {
            let path = text::path(path);
            return Err(wrong()
                .because(format!("the recorded module `{path}` is not a file"))
                .help(other));
        }
        let file = PluginFile::read(path).map_err(|error| {
            let reason = error.causes().first().cloned().unwrap_or_default();
            let path = text::path(path);
            wrong()
                .because(format!(
                    "the recorded module `{path}` cannot be read: {reason}"
                ))
                .help(other.clone())
        })?;
        if archive::sha256(&file.wasm) != module.sha256 {
            return Err(wrong()
                .because(format!(
                    "the module `{}` has changed since the capsule was written; other builds of the plugin, such as those of `cargo plugin fuzz`, replace it",
                    text::path(path)
                ))
                .help(other));
        }
        Ok(Source::bytes(file.wasm).symbols(path))
    }
}

/// Returns another module, built for the capsule's host if it is a project.
fn other_module(
    capsule: &Capsule,
    path: &Path,
    profile: &str,
    terminal: &Terminal,
) -> Result<Source> {
    if !path.join("Cargo.toml").is_file() {
        let file = PluginFile::read(path)?;
        // A record without steps may be that of a file which is no module.
        if !capsule.transcript.steps.is_empty() {
            file.inspection()?;
        }
        return Ok(Source::bytes(file.wasm).symbols(path));
    }
    let project = Project::at(path)?;
    let features = project.features_for(hosts::find(&capsule.host), &Features::default())?;
    terminal.status("Building", &project.title());
    let built = project.build(profile, &features, terminal)?;
    Ok(Source::bytes(built.wasm))
}

/// Returns whether the current folder is the named one, or within it. Compares names only: to look
/// at a folder that a capsule names may already reach another machine.
fn is_here(folder: &Path) -> bool {
    std::env::current_dir().is_ok_and(|here| here.starts_with(folder))
}

/// The command that replays a capsule natively.
#[derive(Serialize)]
struct Native {
    command: String,
}

impl Report for Native {
    fn text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "{}", self.command)
    }
}

/// The outcome of a replay.
struct Shown {
    replayed: Replayed,
    redacted: bool,
    /// `true` if the recorded calls had a limit of fuel.
    had_fuel: bool,
    verbose: bool,
}

impl Shown {
    /// Returns the hint for a call that a limit ended, which an option of other commands would
    /// raise.
    fn hint_of_limit(&self, kind: &FailureKind) -> Option<&'static str> {
        match kind {
            FailureKind::OutOfFuel { .. } if !self.had_fuel => {
                Some("a replay counts instructions in place of the recorded time limit")
            }
            FailureKind::OutOfFuel { .. }
            | FailureKind::Timeout { .. }
            | FailureKind::OutOfMemory { .. }
            | FailureKind::ResultTooLarge { .. }
            | FailureKind::TableTooLarge { .. }
            | FailureKind::TooManyHostCalls { .. }
            | FailureKind::ModuleLimit { .. } => Some("a replay has the limits of the capsule"),
            _ => None,
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.replayed.to_json().serialize(serializer)
    }
}

impl Report for Shown {
    fn text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        if self.verbose {
            for line in self.replayed.recorded.to_string().lines() {
                writeln!(out, "{}", text::line(line, usize::MAX))?;
            }
            writeln!(out)?;
        }
        if let Some(failure) = &self.replayed.failure {
            let failure = match self.hint_of_limit(failure.kind()) {
                Some(hint) => failure.clone().with_hint(hint),
                None => host_options::in_our_words(failure.clone(), None),
            };
            writeln!(out, "{}\n", failure.colored())?;
        }
        let style = match self.replayed.is_same() {
            true => GOOD,
            false => BAD,
        };
        let verdict = self.replayed.to_string();
        let (first, rest) = verdict.split_once('\n').unwrap_or((&verdict, ""));
        writeln!(out, "{style}{first}{style:#}")?;
        if !rest.is_empty() {
            writeln!(out, "{rest}")?;
        }
        if self.redacted && !self.replayed.is_same() {
            writeln!(
                out,
                "note: data was removed from the capsule, which the plugin may depend on"
            )?;
        }
        Ok(())
    }

    fn verdict(&self) -> Verdict {
        self.replayed.is_same().into()
    }
}
