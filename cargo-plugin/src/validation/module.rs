//! The module itself: its format, the host's ABI, and the imports that the host must provide.

use plugin_sdk_harness::inspect::{Imported, Proposal};
use plugin_sdk_harness::{Failure, FailureKind, hosts};

use super::{Check, Finding, Subject, Validation, dependencies};
use crate::target_host;
use crate::text;

/// The reason why a plugin may lack an export.
const REMOVED: &str = "the SDK's macros export it: if they made this plugin, a tool has removed it after linking, and must be told to keep the exports of `docs/abi.md`";

/// Returns the check for bytes that are not a module, or a broken one.
pub fn no_module(failure: &Failure) -> Check {
    let mut finding = Finding::of(failure);
    if failure.code() == "not_wasm" && finding.help.is_none() {
        finding = finding.help("`cargo plugin build` makes a plugin of a crate; a module begins with the bytes `00 61 73 6d`, its magic header");
    }
    Check::new(
        "format",
        ["WASM format valid", "WASM format not valid"],
        vec![finding],
    )
}

pub fn check(subject: &Subject<'_>, validation: &mut Validation) {
    let expectations = subject.expectations;
    let host = expectations.host;
    let lacking: Vec<Finding> = subject
        .code
        .proposals()
        .filter(|proposal| host.lacks.contains(proposal))
        .map(|proposal| {
            let finding = Finding::new(format!("the module needs `{proposal}`, which the host does not run"));
            match proposal {
                Proposal::Externref => finding.help("references to a host's values are what `wasm-bindgen` has of JavaScript's; a Rust plugin has none"),
                _ => finding.help(format!("build without it: `-C target-feature=-{proposal}` in the rustflags, where the compiler was told to use it")),
            }
        })
        .collect();
    validation.checks.push(Check::new(
        "format",
        [
            "WASM format valid",
            "WASM format valid, but not for this host",
        ],
        lacking,
    ));

    let failures = host.exports(subject.inspection);
    let made_for = hosts::made_for(subject.inspection);
    if let Some(other) = made_for.filter(|other| other.name != host.name && !failures.is_empty()) {
        // Listing the exports that it lacks for this host adds nothing.
        let finding = Finding::new(target_host::said(other)).help(target_host::advice(other, host));
        validation.checks.push(Check::new(
            "host",
            ["Made for this host", "Made for another host"],
            vec![finding],
        ));
        return;
    }
    if host.feature.is_some() {
        let wrong = failures.iter().map(Finding::of).collect();
        check_exports(validation, wrong);
        no_memory_for_the_host(subject, &failures, validation);
        imports(subject, validation);
        return;
    }
    let (version, exports): (Vec<&Failure>, Vec<&Failure>) = failures.iter().partition(|failure| {
        failure.code() == "abi_version" || failure.message().contains("`plugin_abi_")
    });
    let says = version.iter().map(|failure| Finding::of(failure)).collect();
    validation.checks.push(Check::new(
        "abi",
        ["ABI version 1", "ABI version not supported"],
        says,
    ));
    // A module for another version, or for another kind of host, lacks every export: listing them
    // adds nothing.
    if version.is_empty() || exports.len() < 4 {
        let missing = exports
            .iter()
            .map(|failure| match failure.code() {
                "missing_export" => Finding::new(failure.message()).help(REMOVED),
                _ => Finding::of(failure),
            })
            .collect();
        check_exports(validation, missing);
    }
    imports(subject, validation);
}

/// Warns of a missing allocator where the host does not require one but cannot pass arguments
/// without it.
fn no_memory_for_the_host(
    subject: &Subject<'_>,
    failures: &[Failure],
    validation: &mut Validation,
) {
    let host = subject.expectations.host;
    let exports = |name: &str| {
        let mut exports = subject.inspection.exports();
        exports.any(|export| export.name == name)
    };
    let told = |name: &str| {
        let mut failures = failures.iter();
        failures.any(|failure| failure.message().contains(name))
    };
    let missing = host
        .allocator()
        .filter(|name| !exports(name) && !told(name));
    let Some(alloc) = missing else {
        return;
    };
    let warning = Finding::new(format!(
        "the module exports no `{alloc}`: the host `{}` has no memory to put names and arguments into, and its emulator calls no command",
        host.name
    ));
    validation.warnings.push(warning.help(format!(
        "export `{alloc}(size: i32) -> i32`; plugins of this SDK do"
    )));
}

fn check_exports(validation: &mut Validation, wrong: Vec<Finding>) {
    let names = [
        "Required exports present",
        "Required exports missing or wrong",
    ];
    validation.checks.push(Check::new("exports", names, wrong));
}

fn imports(subject: &Subject<'_>, validation: &mut Validation) {
    let expectations = subject.expectations;
    let found = expectations.host.imports(subject.inspection);
    let mut findings: Vec<Finding> = Vec::new();
    for failure in &found.failures {
        match failure.kind() {
            FailureKind::MissingImports { imports } => {
                for import in imports {
                    let finding = Finding::new(format!(
                        "the host `{}` has no {import}",
                        expectations.host.name
                    ));
                    let nearest = expectations.host.nearest(&import.name);
                    findings.push(finding.help(match nearest {
                        Some(nearest) => format!("did you mean `{nearest}`?"),
                        None => {
                            "is the plugin made with a later plugin-sdk than the host's?".to_owned()
                        }
                    }));
                }
            }
            _ => findings.push(Finding::of(failure)),
        }
    }
    let (foreign, others): (Vec<&Imported>, Vec<&Imported>) = found
        .others
        .iter()
        .filter(|imported| !expectations.provides.contains(&imported.import.module))
        .partition(|imported| dependencies::is_foreign(&imported.import.module));
    findings.extend(dependencies::foreign(subject, &foreign));
    let (functions, rest): (Vec<&Imported>, Vec<&Imported>) = others
        .into_iter()
        .partition(|imported| imported.function.is_some());
    for imported in rest {
        findings.push(Finding::new(format!(
            "the module imports {}, which is no function: hosts offer nothing else",
            imported.import
        )));
    }
    let names = [
        "Imports offered by the host",
        "Imports that the host does not offer",
    ];
    validation
        .checks
        .push(Check::new("imports", names, findings));
    let mut modules: Vec<&str> = functions
        .iter()
        .map(|imported| imported.import.module.as_str())
        .collect();
    modules.sort_unstable();
    modules.dedup();
    for module in modules {
        let own: Vec<String> = functions
            .iter()
            .filter(|imported| imported.import.module == module)
            .map(|imported| format!("`{}`", text::line(&imported.import.name, 60)))
            .collect();
        let module = text::line(module, 60);
        let warning = Finding::new(format!(
            "only hosts with functions of the module `{module}` can run it: {}",
            text::listed(&own)
        ))
        .help(format!("`--provides {module}` says that yours has them"));
        validation.warnings.push(warning);
    }
}
