//! Imports from dependencies that no plugin host provides (JavaScript, WASI, a clock, files), and
//! the dependencies that they come from.

use plugin_sdk_harness::inspect::{Code, Imported, Inspection, Unsupported};
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
    let finding = |foreign: Foreign| {
        let own: Vec<&Imported> = imports
            .iter()
            .copied()
            .filter(|imported| kind(&imported.import.module) == Some(foreign))
            .collect();
        let finding = |what| Finding::new(format!("{what} {}", names(&own)));
        if own.is_empty() {
            return None;
        }
        Some(match foreign {
            Foreign::JavaScript => {
                let what = "the module was made for JavaScript, by `wasm-bindgen`: it imports";
                blame(subject, &own, finding(what))
            }
            Foreign::Wasi => finding("the module was made for WASI: it imports").help(
                "build it with `--target wasm32-unknown-unknown`, as `cargo plugin build` does",
            ),
            Foreign::Undefined => {
                let what = "the module imports functions that were declared and never defined:";
                let finding = finding(what).help("declare a function of the host with `#[plugin_sdk::host_functions(module = \"…\")]`, which names the host's module; link C code in");
                callers(subject, &own, finding, &["core", "alloc", "std"]).0
            }
        })
    };
    let kinds = [Foreign::JavaScript, Foreign::Wasi, Foreign::Undefined];
    kinds.into_iter().filter_map(finding).collect()
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
    let imported = imports.iter().filter_map(|imported| imported.function);
    for user in subject.inspection.users(subject.code, imported, passed_by) {
        functions.push(format!("`{}`", user.path));
        crates.extend(user.krate);
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
            finding = finding.note("the module has no names that show which crate it was: build it without `strip`, for example with `--config profile.release.strip=false`");
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
    let found = unsupported(subject.inspection, subject.code);
    validation
        .warnings
        .extend(found.into_iter().map(|(_, finding)| finding));
}

/// Returns a warning for output of the module, which is lost, if it may print.
pub fn lost_output(inspection: &Inspection<'_>, code: &Code) -> Option<Finding> {
    let mut found = unsupported(inspection, code).into_iter();
    let (_, finding) = found.find(|(unsupported, _)| unsupported.is_printing())?;
    Some(finding)
}

/// Returns the standard library's functions that the module calls in vain, with a warning for each.
fn unsupported(inspection: &Inspection<'_>, code: &Code) -> Vec<(Unsupported, Finding)> {
    let mut found = inspection.unsupported(code);
    found.retain(|one| !one.callers.is_empty() || !USUAL.contains(&one.message));
    let with_finding = |unsupported: Unsupported| {
        let finding = Finding::new(match unsupported.is_printing() {
            true => "the module may print, and a plugin's output is lost".to_owned(),
            false => format!(
                "the module may call a function of the standard library that fails in a plugin: “{}”",
                unsupported.message
            ),
        });
        let callers = unsupported.callers.iter();
        let callers: Vec<String> = callers.map(|caller| format!("`{}`", caller.path)).collect();
        let finding = finding.help(unsupported.help);
        let finding = match callers.is_empty() {
            false => finding.note(format!("called by {}", text::listed(&callers))),
            true if inspection.has_names() => finding,
            true => finding.note("a build without `strip` shows its callers"),
        };
        (unsupported, finding)
    };
    found.into_iter().map(with_finding).collect()
}
