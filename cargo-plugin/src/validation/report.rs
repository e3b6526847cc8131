//! The report of a validation.

use std::io::{self, Write};

use plugin_sdk_harness::hosts::HostContract;
use serde::Serialize;

use super::{Check, Finding, Subject};
use crate::plugin_file::PluginFile;
use crate::quantities::{bytes, pages};
use crate::terminal::{BAD, GOOD, HEADING, NOTE, Report, WARNING};
use crate::text;

/// All results of a validation.
#[derive(Serialize)]
pub struct Validation {
    pub file: String,
    pub host: &'static str,
    pub passed: bool,
    pub checks: Vec<Check>,
    pub warnings: Vec<Finding>,
    /// The files next to the module that agree with it.
    pub sidecars: Vec<String>,
    /// Facts about the module.
    pub details: Vec<Detail>,
    #[serde(skip)]
    pub verbose: bool,
}

#[derive(Serialize)]
pub struct Detail {
    pub name: &'static str,
    pub value: String,
    /// Shown only with `--verbose`.
    #[serde(skip)]
    verbose: bool,
}

impl Validation {
    pub fn new(file: &PluginFile, host: &'static HostContract) -> Self {
        Validation {
            file: text::path(&file.path),
            host: host.name,
            passed: false,
            checks: Vec::new(),
            warnings: Vec::new(),
            sidecars: Vec::new(),
            details: Vec::new(),
            verbose: false,
        }
    }

    /// Adds the facts that are known once all checks are done.
    pub(super) fn describe(&mut self, subject: &Subject<'_>) {
        self.passed = self.checks.iter().all(|check| check.passed);
        let inspection = subject.inspection;
        let mut add = |name, value: String, verbose| {
            self.details.push(Detail {
                name,
                value,
                verbose,
            })
        };
        let none = |list: Vec<String>| match list.is_empty() {
            true => "none".to_owned(),
            false => list.join(", "),
        };
        if let Some(manifest) = subject.manifest {
            add(
                "Plugin",
                format!("{} v{}", manifest.id, text::line(&manifest.version, 60)),
                false,
            );
            add(
                "Type",
                manifest
                    .plugin_type
                    .clone()
                    .unwrap_or_else(|| "not said".to_owned()),
                false,
            );
            let commands: Vec<String> = manifest
                .commands
                .iter()
                .map(|command| text::line(&command.name, 60))
                .collect();
            add("Commands", none(commands), false);
            let permissions: Vec<String> = manifest
                .permissions
                .iter()
                .map(|permission| text::line(permission.name(), 60))
                .collect();
            let permissions = match permissions.is_empty() {
                true => "none (strict sandbox)".to_owned(),
                false => permissions.join(", "),
            };
            add("Permissions", permissions, false);
        }
        let host = subject.expectations.host;
        if host.feature.is_some() {
            add("Host", format!("{}: {}", host.name, host.summary), false);
        }
        if let Some(memory) = inspection.memory() {
            let maximum = memory
                .maximum
                .map_or("no maximum of its own".to_owned(), |maximum| {
                    format!("at most {}", pages(maximum))
                });
            add(
                "Memory",
                format!("{}, {maximum}", pages(memory.initial)),
                false,
            );
        }
        add("Size", bytes(inspection.size() as u64), false);
        if let Some(limits) = subject.manifest.map(|manifest| &manifest.limits) {
            let asked = [
                limits.memory_pages.map(|asked| pages(asked.into())),
                limits
                    .max_fuel
                    .map(|fuel| format!("{fuel} fuel a call (`cargo plugin bench` measures it)")),
                limits.timeout_ms.map(|time| format!("{time} ms a call")),
            ];
            add(
                "Asks for",
                none(asked.into_iter().flatten().collect()),
                true,
            );
            add(
                "SDK",
                subject
                    .manifest
                    .filter(|manifest| !manifest.sdk.is_empty())
                    .map_or_else(
                        || "none".to_owned(),
                        |manifest| text::line(&manifest.sdk, 60),
                    ),
                true,
            );
        }
        add("Functions", subject.code.functions().to_string(), true);
        add(
            "Needs",
            none(
                subject
                    .code
                    .proposals()
                    .map(|proposal| proposal.name().to_owned())
                    .collect(),
            ),
            true,
        );
        let imports = inspection.imports().iter();
        add(
            "Imports",
            none(
                imports
                    .map(|imported| {
                        text::line(
                            &format!("{}.{}", imported.import.module, imported.import.name),
                            100,
                        )
                    })
                    .collect(),
            ),
            true,
        );
        add(
            "Exports",
            none(
                inspection
                    .exports()
                    .map(|export| text::line(&export.name, 60))
                    .collect(),
            ),
            true,
        );
        let sections = inspection.sections().iter();
        add(
            "Sections",
            none(
                sections
                    .map(|section| {
                        format!(
                            "{} {}",
                            text::line(section.name, 40),
                            bytes(section.bytes as u64)
                        )
                    })
                    .collect(),
            ),
            true,
        );
        let packages = inspection.packages().into_iter();
        add(
            "Packages seen",
            none(
                packages
                    .map(|(name, version)| format!("{name} {version}"))
                    .collect(),
            ),
            true,
        );
        if !self.sidecars.is_empty() {
            let sidecars = self.sidecars.join(", ");
            self.details.push(Detail {
                name: "Metadata files",
                value: sidecars,
                verbose: true,
            });
        }
    }
}

impl Report for Validation {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.passed {
            true => writeln!(out, "{GOOD}✓{GOOD:#} Plugin validation passed")?,
            false => writeln!(out, "{BAD}✗{BAD:#} Plugin validation failed")?,
        }
        writeln!(out, "\n{HEADING}Checks:{HEADING:#}")?;
        for check in &self.checks {
            match check.passed {
                true => writeln!(out, "  {GOOD}✓{GOOD:#} {}", check.what)?,
                false => writeln!(out, "  {BAD}✗{BAD:#} {}", check.what)?,
            }
            for finding in &check.findings {
                writeln!(out, "      {}", finding.message)?;
                rest(out, finding, "      ")?;
            }
        }
        if !self.warnings.is_empty() {
            writeln!(out, "\n{HEADING}Warnings:{HEADING:#}")?;
            for warning in &self.warnings {
                writeln!(out, "  {WARNING}!{WARNING:#} {}", warning.message)?;
                rest(out, warning, "    ")?;
            }
        }
        let details: Vec<_> = self
            .details
            .iter()
            .filter(|detail| self.verbose || !detail.verbose)
            .collect();
        if !details.is_empty() {
            writeln!(out, "\n{HEADING}Details:{HEADING:#}")?;
            for detail in details {
                writeln!(out, "  {}: {}", detail.name, detail.value)?;
            }
        }
        Ok(())
    }
}

fn rest(out: &mut dyn Write, finding: &Finding, indent: &str) -> io::Result<()> {
    for note in &finding.notes {
        writeln!(out, "{indent}- {note}")?;
    }
    if let Some(help) = &finding.help {
        for (nth, line) in help.lines().enumerate() {
            match nth {
                0 => writeln!(out, "{indent}{NOTE}help{NOTE:#}: {line}")?,
                _ => writeln!(out, "{indent}      {line}")?,
            }
        }
    }
    Ok(())
}
