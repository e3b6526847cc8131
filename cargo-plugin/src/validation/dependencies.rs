//! Imports from dependencies that no plugin host provides (JavaScript, WASI, a clock, files), and
//! the dependencies that they come from.

use plugin_sdk_harness::inspect::Imported;
use plugin_sdk_harness::remedies;

use super::{Finding, Subject, Validation};
use crate::text;

/// Crates that only link a dependency to JavaScript.
const OF_JAVASCRIPT: [&str; 12] = [
    "wasm_bindgen",
    "js_sys",
    "web_sys",
    "wasm_bindgen_futures",
    "core",
    "alloc",
    "std",
    "compiler_builtins",
    "hashbrown",
    "once_cell",
    "wasm_bindgen_shared",
    "cfg_if",
];

/// Messages of the standard library that any plugin may contain without calling the function that
/// reports them.
const USUAL: [&str; 1] = ["not supported on this platform"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Foreign {
    JavaScript,
    Wasi,
    /// The module name for undefined symbols.
    Undefined,
}

fn kind(module: &str) -> Option<Foreign> {
    if remedies::is_javascript(module) {
        Some(Foreign::JavaScript)
    } else if module.starts_with("wasi") {
        Some(Foreign::Wasi)
    } else {
        (module == "env").then_some(Foreign::Undefined)
    }
}

/// Returns true if a module name belongs to something other than a plugin host.
pub fn is_foreign(module: &str) -> bool {
    kind(module).is_some()
}

/// Returns one finding for each kind of foreign imports.
pub fn foreign(subject: &Subject<'_>, imports: &[&Imported]) -> Vec<Finding> {
    let of = |foreign: Foreign| -> Vec<&Imported> {
        let own = imports
            .iter()
            .filter(|imported| kind(&imported.import.module) == Some(foreign));
        own.copied().collect()
    };
    let mut findings = Vec::new();
    let javascript = of(Foreign::JavaScript);
    if !javascript.is_empty() {
        let finding = Finding::new(format!(
            "the module was made for JavaScript, by `wasm-bindgen`: it imports {}",
            names(&javascript)
        ));
        findings.push(blame(subject, &javascript, finding));
    }
    let wasi = of(Foreign::Wasi);
    if !wasi.is_empty() {
        findings.push(
            Finding::new(format!(
                "the module was made for WASI: it imports {}",
                names(&wasi)
            ))
            .help("build it with `--target wasm32-unknown-unknown`, as `cargo plugin build` does"),
        );
    }
    let undefined = of(Foreign::Undefined);
    if !undefined.is_empty() {
        let finding = Finding::new(format!("the module imports functions that were declared and never defined: {}", names(&undefined)))
            .help("a function of the host's is declared with `#[plugin_sdk::host_functions(module = \"…\")]`, which names the host's module; C code must be linked in");
        findings.push(callers(subject, &undefined, finding, &["core", "alloc", "std"]).0);
    }
    findings
}

fn names(imports: &[&Imported]) -> String {
    let names: Vec<String> = imports
        .iter()
        .map(|imported| format!("`{}`", text::line(&imported.import.name, 60)))
        .collect();
    text::listed(&names)
}

/// Adds the callers of the functions to a finding, and returns the crates that contain them.
fn callers(
    subject: &Subject<'_>,
    imports: &[&Imported],
    mut finding: Finding,
    passed_by: &[&str],
) -> (Finding, Vec<String>) {
    let mut crates: Vec<String> = Vec::new();
    let mut functions: Vec<String> = Vec::new();
    for imported in imports.iter().filter_map(|imported| imported.function) {
        for user in subject.inspection.users(subject.code, imported, passed_by) {
            crates.extend(user.krate.clone());
            functions.push(format!("`{}`", user.path));
        }
    }
    for names in [&mut crates, &mut functions] {
        names.sort_unstable();
        names.dedup();
    }
    if !functions.is_empty() {
        finding = finding.note(format!("called by {}", text::listed(&functions)));
    }
    (finding, crates)
}

/// Adds the dependency that brought `wasm-bindgen` in, and the way to avoid it.
fn blame(subject: &Subject<'_>, imports: &[&Imported], finding: Finding) -> Finding {
    let (mut finding, mut crates) = callers(subject, imports, finding, &OF_JAVASCRIPT);
    let inspection = subject.inspection;
    if !inspection.has_names() {
        // Panic messages name crates, and `strip` does not remove these names.
        let packages = inspection.packages();
        crates.extend(
            packages
                .iter()
                .map(|(name, _)| name.replace('-', "_"))
                .filter(|name| remedies::of(name).is_some()),
        );
        if crates.is_empty() {
            finding = finding.note("the module has no names that would tell which crate it was: build it without `strip` to see them, as with `--config profile.release.strip=false`");
        }
    }
    let path = subject.expectations.manifest_path.as_deref();
    let advice = remedies::of_javascript(crates, path);
    for note in advice.notes {
        finding = finding.note(note);
    }
    finding.help(advice.help)
}

pub fn check(subject: &Subject<'_>, validation: &mut Validation) {
    for unsupported in subject.inspection.unsupported(subject.code) {
        let silent = unsupported.callers.is_empty();
        if silent && USUAL.contains(&unsupported.message) {
            continue;
        }
        let what = match unsupported.is_printing() {
            true => "the module may print, and what a plugin prints is lost".to_owned(),
            false => format!(
                "the module may call what the standard library cannot do in a plugin: “{}”",
                unsupported.message
            ),
        };
        let mut finding = Finding::new(what).help(unsupported.help);
        if !silent {
            let callers: Vec<String> = unsupported
                .callers
                .iter()
                .map(|function| format!("`{}`", function.path))
                .collect();
            finding = finding.note(format!("called by {}", text::listed(&callers)));
        } else if !subject.inspection.has_names() {
            finding = finding.note("a build without `strip` tells who calls it");
        }
        validation.warnings.push(finding);
    }
}
