//! The module itself: its format, the host's ABI, and the imports that the host must provide.

use std::collections::BTreeMap;

use plugin_sdk_harness::inspect::{Imported, Proposal};
use plugin_sdk_harness::{Failure, FailureKind, hosts};

use super::{Check, Finding, Subject, Validation, dependencies};
use crate::target_host;
use crate::text;

/// The reason why a plugin may lack an export.
const REMOVED: &str = "the SDK's macros export it: if they made this plugin, a tool removed it after linking; make that tool keep the exports of `docs/abi.md`";

/// Returns the check for bytes that are not a module, or a broken one.
pub fn no_module(failure: &Failure) -> Check {
    let mut finding = Finding::of(failure);
    if failure.code() == "not_wasm" && finding.help.is_none() {
        finding = finding.help("`cargo plugin build` builds a plugin; a module begins with the bytes `00 61 73 6d`, its magic header");
    }
    Check::new(
        "format",
        ["WASM format valid", "WASM format not valid"],
        vec![finding],
    )
}

pub fn check(subject: &Subject<'_>, validation: &mut Validation) {
    let host = subject.expectations.host;
    let lacking = subject
        .code
        .proposals()
        .filter(|proposal| host.lacks.contains(proposal));
    let lacking = lacking.map(|proposal| {
        let message = format!("the module needs `{proposal}`, which the host does not support");
        Finding::new(message).help(match proposal {
            Proposal::Externref => {
                "`wasm-bindgen` uses references to JavaScript's values; a Rust plugin has none"
                    .to_owned()
            }
            _ => format!("build without it: `-C target-feature=-{proposal}` in the rustflags"),
        })
    });
    validation.checks.push(Check::new(
        "format",
        [
            "WASM format valid",
            "WASM format valid, but not for this host",
        ],
        lacking.collect(),
    ));

    let failures = host.exports(subject.inspection);
    let made_for = hosts::made_for(subject.inspection);
    if let Some(other) = made_for.filter(|other| other.name != host.name && !failures.is_empty()) {
        // Listing the exports that it lacks for this host adds nothing.
        let finding =
            Finding::new(target_host::mismatch(other)).help(target_host::advice(other, host));
        let names = ["Made for this host", "Made for another host"];
        validation
            .checks
            .push(Check::new("host", names, vec![finding]));
        return;
    }
    match host.feature {
        Some(_) => {
            check_exports(validation, failures.iter().map(Finding::of).collect());
            check_allocator(subject, &failures, validation);
        }
        None => check_abi(&failures, validation),
    }
    check_imports(subject, validation);
}

/// Checks the version and the exports of the SDK's own ABI.
fn check_abi(failures: &[Failure], validation: &mut Validation) {
    let (version, exports): (Vec<&Failure>, Vec<&Failure>) = failures.iter().partition(|failure| {
        failure.code() == "abi_version" || failure.message().contains("`plugin_abi_")
    });
    let is_right = version.is_empty();
    validation.checks.push(Check::new(
        "abi",
        ["ABI version 1", "ABI version not supported"],
        version.into_iter().map(Finding::of).collect(),
    ));
    // A module for another version, or for another kind of host, lacks every export: listing them
    // adds nothing.
    if is_right || exports.len() < 4 {
        let finding = |failure: &Failure| match failure.code() {
            "missing_export" => Finding::new(failure.message()).help(REMOVED),
            _ => Finding::of(failure),
        };
        check_exports(validation, exports.into_iter().map(finding).collect());
    }
}

/// Warns of a missing allocator where the host does not require one but cannot pass arguments
/// without it.
fn check_allocator(subject: &Subject<'_>, failures: &[Failure], validation: &mut Validation) {
    let host = subject.expectations.host;
    let is_exported = |name: &str| {
        let mut exports = subject.inspection.exports();
        exports.any(|export| export.name == name)
    };
    let is_reported = |name: &str| {
        failures
            .iter()
            .any(|failure| failure.message().contains(name))
    };
    let missing = host.allocator();
    if let Some(alloc) = missing.filter(|name| !is_exported(name) && !is_reported(name)) {
        let warning = Finding::new(format!(
            "the module exports no `{alloc}`: the host `{}` has no memory for names and arguments, and its emulator calls no command",
            host.name
        ));
        validation.warnings.push(warning.help(format!(
            "export `{alloc}(size: i32) -> i32`; plugins of this SDK do"
        )));
    }
}

fn check_exports(validation: &mut Validation, wrong: Vec<Finding>) {
    let names = [
        "Required exports present",
        "Required exports missing or wrong",
    ];
    validation.checks.push(Check::new("exports", names, wrong));
}

fn check_imports(subject: &Subject<'_>, validation: &mut Validation) {
    let expectations = subject.expectations;
    let host = expectations.host;
    let found = host.imports(subject.inspection);
    let mut findings: Vec<Finding> = Vec::new();
    for failure in &found.failures {
        let FailureKind::MissingImports { imports } = failure.kind() else {
            findings.push(Finding::of(failure));
            continue;
        };
        findings.extend(imports.iter().map(|import| {
            let finding = Finding::new(format!("the host `{}` has no {import}", host.name));
            finding.help(match host.nearest(&import.name) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "is the plugin made with a later plugin-sdk than the host's?".to_owned(),
            })
        }));
    }
    let (foreign, others): (Vec<&Imported>, Vec<&Imported>) = found
        .others
        .iter()
        .filter(|imported| !expectations.provides.contains(&imported.import.module))
        .partition(|imported| dependencies::is_foreign(&imported.import.module));
    findings.extend(dependencies::foreign(subject, &foreign));
    let mut by_module: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Imported {
        import, function, ..
    } in others
    {
        match function {
            Some(_) => by_module
                .entry(&import.module)
                .or_default()
                .push(format!("`{}`", text::line(&import.name, 60))),
            None => findings.push(Finding::new(format!(
                "the module imports {import}, which is not a function: hosts offer nothing else"
            ))),
        }
    }
    let names = [
        "Imports offered by the host",
        "Imports that the host does not offer",
    ];
    let check = Check::new("imports", names, findings);
    validation.checks.push(check);
    for (module, functions) in by_module {
        let (module, functions) = (text::line(module, 60), text::listed(&functions));
        let warning = Finding::new(format!(
            "only hosts with functions of the module `{module}` can run it: {functions}"
        ));
        let help = format!("if your host has them, add `--provides {module}`");
        validation.warnings.push(warning.help(help));
    }
}
