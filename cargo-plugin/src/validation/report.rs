//! The report of a validation.

use std::io::{self, Write};

use plugin_sdk_harness::hosts::HostContract;
use serde::Serialize;

use super::{Check, Finding, Subject};
use crate::plugin_file::PluginFile;
use crate::quantities::{bytes, pages};
use crate::terminal::{BAD, GOOD, HEADING, NOTE, Report, Verdict, WARNING};
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
        if let Some(manifest) = subject.manifest {
            let version = text::line(&manifest.version, 60);
            self.fact("Plugin", format!("{} v{version}", manifest.id));
            let ty = manifest.plugin_type.clone();
            self.fact("Type", ty.unwrap_or_else(|| "not specified".to_owned()));
            let commands = manifest.commands.iter();
            let commands = commands.map(|command| text::line(&command.name, 60));
            self.fact("Commands", joined(commands, "none"));
            let permissions = manifest.permissions.iter();
            let permissions = permissions.map(|permission| text::line(permission.name(), 60));
            self.fact("Permissions", joined(permissions, "none (strict sandbox)"));
        }
        let host = subject.expectations.host;
        if host.feature.is_some() {
            self.fact("Host", format!("{}: {}", host.name, host.summary));
        }
        if let Some(memory) = inspection.memory() {
            let maximum = match memory.maximum {
                Some(maximum) => format!("at most {}", pages(maximum)),
                None => "no maximum of its own".to_owned(),
            };
            self.fact("Memory", format!("{}, {maximum}", pages(memory.initial)));
        }
        self.fact("Size", bytes(inspection.size() as u64));
        if let Some(manifest) = subject.manifest {
            let limits = &manifest.limits;
            let asked = [
                limits.memory_pages.map(|asked| pages(asked.into())),
                limits
                    .max_fuel
                    .map(|fuel| format!("{fuel} fuel a call (`cargo plugin bench` measures it)")),
                limits.timeout_ms.map(|time| format!("{time} ms a call")),
            ];
            self.verbose_fact("Asks for", asked.into_iter().flatten());
            let sdk = Some(&manifest.sdk).filter(|sdk| !sdk.is_empty());
            self.verbose_fact("SDK", sdk.map(|sdk| text::line(sdk, 60)));
        }
        self.verbose_fact("Functions", [subject.code.functions().to_string()]);
        let needs = subject.code.proposals();
        self.verbose_fact("Needs", needs.map(|proposal| proposal.name().to_owned()));
        let imports = inspection.imports().iter().map(|imported| &imported.import);
        let imports = imports.map(|import| format!("{}.{}", import.module, import.name));
        self.verbose_fact("Imports", imports.map(|import| text::line(&import, 100)));
        let exports = inspection.exports();
        self.verbose_fact(
            "Exports",
            exports.map(|export| text::line(&export.name, 60)),
        );
        let sections = inspection.sections().iter().map(|section| {
            let size = bytes(section.bytes as u64);
            format!("{} {size}", text::line(section.name, 40))
        });
        self.verbose_fact("Sections", sections);
        let packages = inspection.packages().into_iter();
        let packages = packages.map(|(name, version)| format!("{name} {version}"));
        self.verbose_fact("Packages seen", packages);
        if !self.sidecars.is_empty() {
            self.verbose_fact("Metadata files", self.sidecars.clone());
        }
    }

    fn fact(&mut self, name: &'static str, value: String) {
        self.details.push(Detail {
            name,
            value,
            verbose: false,
        });
    }

    fn verbose_fact(&mut self, name: &'static str, values: impl IntoIterator<Item = String>) {
        self.details.push(Detail {
            name,
            value: joined(values, "none"),
            verbose: true,
        });
    }
}

/// Joins values by commas.
fn joined(values: impl IntoIterator<Item = String>, if_empty: &str) -> String {
    let values: Vec<String> = values.into_iter().collect();
    match values.is_empty() {
        true => if_empty.to_owned(),
        false => values.join(", "),
    }
}

impl Finding {
    /// Writes a warning of several lines.
    pub fn warn(&self, out: &mut dyn Write, indent: &str) -> io::Result<()> {
        writeln!(out, "{indent}{WARNING}!{WARNING:#} {}", self.message)?;
        self.details(out, &format!("{indent}  "))
    }

    /// Writes the notes and the help.
    fn details(&self, out: &mut dyn Write, indent: &str) -> io::Result<()> {
        for note in &self.notes {
            writeln!(out, "{indent}- {note}")?;
        }
        let mut heading = format!("{NOTE}help{NOTE:#}: ");
        for line in self.help.iter().flat_map(|help| help.lines()) {
            writeln!(out, "{indent}{heading}{line}")?;
            heading = " ".repeat("help: ".len());
        }
        Ok(())
    }
}

impl Report for Validation {
    fn verdict(&self) -> Verdict {
        self.passed.into()
    }

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
                finding.details(out, "      ")?;
            }
        }
        if !self.warnings.is_empty() {
            writeln!(out, "\n{HEADING}Warnings:{HEADING:#}")?;
            for warning in &self.warnings {
                warning.warn(out, "  ")?;
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
