//! Validates a plugin's file against the requirements of its hosts, without running it.
//!
//! Each file here makes one group of checks; `report` shows the results.

mod dependencies;
mod memory;
mod metadata;
mod module;
mod report;
mod sidecars;

use std::path::PathBuf;

use plugin_sdk_harness::hosts::HostContract;
use plugin_sdk_harness::inspect::{Code, Inspection};
use plugin_sdk_harness::manifest::Manifest;
use serde::Serialize;

use crate::plugin_file::PluginFile;

pub use dependencies::lost_output;
pub use report::Validation;

/// The properties of the host that the plugin is to run on.
pub struct Expectations {
    pub host: &'static HostContract,
    /// Further modules whose functions the host offers.
    pub provides: Vec<String>,
    pub memory_pages: Option<u32>,
    pub max_fuel: Option<u64>,
    pub timeout_ms: Option<u64>,
    /// The plugin's crate, in which to look for the source of a dependency.
    pub manifest_path: Option<PathBuf>,
}

/// One check and its findings.
#[derive(Debug, Serialize)]
pub struct Check {
    /// An identifier for programs.
    pub code: &'static str,
    /// The result in words.
    pub what: String,
    pub passed: bool,
    /// The faults found, if the check did not pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// A fault to fix.
#[derive(Debug, Default, Serialize)]
pub struct Finding {
    pub message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Finding {
    pub fn new(message: impl Into<String>) -> Self {
        Finding {
            message: message.into(),
            ..Finding::default()
        }
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn of(failure: &plugin_sdk_harness::Failure) -> Self {
        Finding {
            message: failure.message(),
            notes: Vec::new(),
            help: failure.hint(),
        }
    }
}

impl Check {
    /// Creates a check that passes if there are no findings.
    fn new(code: &'static str, [good, bad]: [&str; 2], findings: Vec<Finding>) -> Self {
        let passed = findings.is_empty();
        Check {
            code,
            what: if passed { good } else { bad }.to_owned(),
            passed,
            findings,
        }
    }
}

/// A module that can be inspected.
struct Subject<'a> {
    file: &'a PluginFile,
    inspection: &'a Inspection<'a>,
    code: &'a Code,
    manifest: Option<&'a Manifest>,
    expectations: &'a Expectations,
}

/// Runs all checks. If the module cannot be inspected, runs only the check that reports this.
pub fn validate(file: &PluginFile, expectations: &Expectations) -> Validation {
    let mut validation = Validation::new(file, expectations.host);
    let looked_into = Inspection::of(&file.wasm).and_then(|inspection| {
        let code = inspection.code()?;
        Ok((inspection, code))
    });
    let (inspection, code) = match looked_into {
        Ok(looked_into) => looked_into,
        Err(failure) => {
            validation.checks.push(module::no_module(&failure));
            return validation;
        }
    };
    let manifest = inspection.manifest();
    let described = manifest.as_ref().ok().and_then(Option::as_ref);
    let subject = Subject {
        file,
        inspection: &inspection,
        code: &code,
        manifest: described,
        expectations,
    };
    module::check(&subject, &mut validation);
    memory::check(&subject, &mut validation);
    metadata::check(&subject, &manifest, &mut validation);
    sidecars::check(&subject, &mut validation);
    dependencies::check(&subject, &mut validation);
    validation.describe(&subject);
    validation
}
