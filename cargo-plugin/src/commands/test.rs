//! `cargo plugin test`

use std::io::{self, Write};
use std::process::Stdio;

use plugin_sdk_harness::Failure;
use plugin_sdk_harness::inspect::Inspection;
use serde::Serialize;
use serde_json::Value;

use crate::artifact;
use crate::conformance::{self, Check, Outcome};
use crate::error::{Error, Result};
use crate::flags::document;
use crate::project::{DEV, Features, Project, RELEASE, Selection};
use crate::target_host::{self, Host};
use crate::terminal::{BAD, Form, GOOD, NOTE, Report, Terminal, Verdict};
use crate::validation::{Finding, lost_output};
use crate::wasm::Anatomy;

/// Runs the plugin's own tests, and checks it against its description
///
/// Builds the module, and runs the crate's own tests with `cargo test`. Then loads and initialises
/// the module, and calls every command with arguments that its description does not allow, which it
/// must refuse, and with arguments that it allows, which it must accept. The results must match the
/// description. Warns of output by `println!` and `dbg!`, which is lost in a plugin.
#[derive(clap::Args)]
pub struct Test {
    /// Tests with the profile `release`
    #[arg(short, long)]
    release: bool,
    /// A configuration for the module: a JSON object, `@FILE`, or `-` for standard input [default:
    /// `{}`]
    #[arg(long, value_name = "JSON", value_parser = document)]
    config: Option<Value>,
    /// Skips the check against the description
    #[arg(long, conflicts_with = "no_own")]
    no_smoke: bool,
    /// Skips the crate's own tests
    #[arg(long)]
    no_own: bool,
    /// Builds the plugin for this host, and checks it on the emulated host; the crate's own tests
    /// get the host's feature, too
    #[arg(long, value_name = "HOST", value_parser = target_host::parser())]
    host: Option<Host>,
    #[command(flatten)]
    features: Features,
    #[command(flatten)]
    selection: Selection,
    /// Arguments for the crate's own tests, such as part of a test's name
    #[arg(last = true, value_name = "ARGS")]
    arguments: Vec<String>,
}

impl Test {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let project = Project::find(&self.selection)?;
        let profile = match self.release {
            true => RELEASE,
            false => DEV,
        };
        let features = project.features_for(self.host, &self.features)?;
        terminal.status("Building", &project.title());
        let built = project.build_for_tests(profile, &features, terminal)?;
        let host = project.made_for(self.host, &built.wasm)?;
        let manifest = artifact::manifest(&built.wasm, &project.name)?;
        let own_tests = match self.no_own {
            true => None,
            false => Some(self.own_tests(&project, &features, terminal)?),
        };
        let unread =
            |failure: Failure| Error::new("the module cannot be read").because(failure.message());
        let inspection = Inspection::of(&built.wasm).map_err(unread)?;
        let code = inspection.code().map_err(unread)?;
        let warnings = Vec::from_iter(lost_output(&inspection, &code));
        let checks = match self.no_smoke {
            true => Vec::new(),
            false => {
                terminal.status(
                    "Checking",
                    &format!("{} v{}", manifest.id, manifest.version),
                );
                let interface = Anatomy::of(&built.wasm)?.interface;
                let _spinner = terminal.spinner("its description");
                conformance::check(
                    &built.wasm,
                    host,
                    &manifest,
                    &interface,
                    self.config.as_ref(),
                )
            }
        };
        let passed = own_tests != Some(false) && !checks.iter().any(Check::failed);
        terminal.show(&TestReport {
            passed,
            host: host.name,
            own_tests,
            checks,
            warnings,
        })
    }

    /// Returns true if the crate's own tests pass. Tests that do not compile are an error, not a
    /// result.
    fn own_tests(
        &self,
        project: &Project,
        features: &Features,
        terminal: &Terminal,
    ) -> Result<bool> {
        terminal.status("Testing", &project.title());
        let compiled = self.cargo_test(project, features, terminal, &["--no-run"], &[])?;
        if !compiled {
            return Err(
                Error::new(format!("the tests of `{}` do not build", project.name))
                    .because("`cargo test --no-run` failed"),
            );
        }
        self.cargo_test(project, features, terminal, &[], &self.arguments)
    }

    fn cargo_test(
        &self,
        project: &Project,
        features: &Features,
        terminal: &Terminal,
        options: &[&str],
        arguments: &[String],
    ) -> Result<bool> {
        let mut command = project.cargo();
        command.arg("test").args(options);
        if self.release {
            command.arg("--release");
        }
        command.args(features.arguments());
        if terminal.form() == Form::Json {
            // Standard output is reserved for one document.
            command.arg("--quiet").stdout(Stdio::from(io::stderr()));
        }
        command.arg("--").args(arguments);
        let status = command
            .status()
            .map_err(|error| Error::new("cannot run cargo").because(error))?;
        Ok(status.success())
    }
}

#[derive(Serialize)]
struct TestReport {
    passed: bool,
    /// The host on which the module was checked.
    host: &'static str,
    /// True if the crate's own tests passed; null if they were skipped.
    own_tests: Option<bool>,
    checks: Vec<Check>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Finding>,
}

impl Report for TestReport {
    fn verdict(&self) -> Verdict {
        self.passed.into()
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.own_tests {
            Some(true) => writeln!(out, "{GOOD}✓{GOOD:#} its own tests pass")?,
            Some(false) => writeln!(out, "{BAD}✗{BAD:#} its own tests fail")?,
            None => {}
        }
        for Check { name, outcome } in &self.checks {
            match outcome {
                Outcome::Passed => writeln!(out, "{GOOD}✓{GOOD:#} {name}")?,
                Outcome::Skipped { reason } => {
                    writeln!(out, "{NOTE}-{NOTE:#} {name}: skipped, because {reason}")?;
                }
                Outcome::Failed { reason } => {
                    writeln!(
                        out,
                        "{BAD}✗{BAD:#} {name}\n    {}",
                        reason.replace('\n', "\n    ")
                    )?;
                }
            }
        }
        for warning in &self.warnings {
            warning.warn(out, "")?;
        }
        Ok(())
    }
}
