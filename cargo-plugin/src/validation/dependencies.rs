//! Has a dependency brought in what no plugin's host has: JavaScript, WASI, a clock, files? And which one?

use std::process::Command;

use plugin_sdk_harness::inspect::Imported;

use super::module::listed;
use super::{Finding, Subject, Validation, remedies};
use crate::text;

/// Crates that are only on the way between a dependency and JavaScript.
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

/// Messages of the standard library that any plugin may carry without having called anything.
const USUAL: [&str; 1] = ["not supported on this platform"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Foreign {
    JavaScript,
    Wasi,
    /// The module of symbols that nothing defined.
    Undefined,
}

fn kind(module: &str) -> Option<Foreign> {
    if module.starts_with("__wbindgen") || module.starts_with("wbg") || module.ends_with("_bg.js") {
        Some(Foreign::JavaScript)
    } else if module.starts_with("wasi") {
        Some(Foreign::Wasi)
    } else {
        (module == "env").then_some(Foreign::Undefined)
    }
}

/// Whether a module's imports are of something else than a plugin's host.
pub fn is_foreign(module: &str) -> bool {
    kind(module).is_some()
}

/// One finding for each kind of imports that are for something else.
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
    listed(&names)
}

/// Adds who calls the functions, and gives the crates that they are in.
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
        finding = finding.note(format!("called by {}", listed(&functions)));
    }
    (finding, crates)
}

/// Tells who brought `wasm-bindgen` in, and how to do without.
fn blame(subject: &Subject<'_>, imports: &[&Imported], finding: Finding) -> Finding {
    let (mut finding, mut crates) = callers(subject, imports, finding, &OF_JAVASCRIPT);
    let inspection = subject.inspection;
    if !inspection.has_names() {
        // Panics tell of crates, whose names `strip` does not remove.
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
    let ways = path.map(|path| ways_to("wasm-bindgen", path));
    match ways {
        Some(Ok(ways)) => {
            for way in ways.iter().take(8) {
                finding = finding.note(format!("the way to it: {}", way.join(" → ")));
                crates.extend(
                    way.iter()
                        .filter_map(|package| package.split(' ').next())
                        .map(|name| name.replace('-', "_")),
                );
            }
        }
        Some(Err(why)) => finding = finding.note(why),
        None => {
            finding =
                finding.note("`--manifest-path Cargo.toml` tells the way from your crate to it")
        }
    }
    crates.sort_unstable();
    crates.dedup();
    // Nobody has to hear of js-sys who can do without what needs it.
    let mut edits: Vec<&str> = crates
        .iter()
        .filter(|name| !OF_JAVASCRIPT.contains(&name.as_str()))
        .filter_map(|name| remedies::of(name))
        .collect();
    if edits.is_empty() {
        edits = crates
            .iter()
            .filter_map(|name| remedies::of(name))
            .collect();
    }
    match edits.is_empty() {
        true => finding.help("`cargo tree --target wasm32-unknown-unknown -i wasm-bindgen` tells which dependency it is; most have a feature for it that can be turned off"),
        false => finding.help(edits.join("\n")),
    }
}

/// The ways from a crate to one of its dependencies, each from the crate on.
fn ways_to(package: &str, manifest: &std::path::Path) -> Result<Vec<Vec<String>>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--target=wasm32-unknown-unknown",
            "--edges=normal",
            "--prefix=depth",
            "--charset=ascii",
            "--quiet",
        ])
        .arg("--manifest-path")
        .arg(manifest)
        .args(["--invert", package])
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("it did not say why");
        return Err(format!("`cargo tree` failed: {}", text::line(first, 200)));
    }
    Ok(ways(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads what `cargo tree --invert --prefix depth` writes: each line is a depth and a package that depends on the one above it.
fn ways(tree: &str) -> Vec<Vec<String>> {
    let mut ways: Vec<Vec<String>> = Vec::new();
    let mut way: Vec<String> = Vec::new();
    let mut ends = false;
    for line in tree.lines().take(10_000) {
        let digits = line.len()
            - line
                .trim_start_matches(|character: char| character.is_ascii_digit())
                .len();
        let Some((depth, package)) = line.split_at_checked(digits) else {
            continue;
        };
        let Ok(depth) = depth.parse::<usize>() else {
            continue;
        };
        if depth <= way.len() && ends && !way.is_empty() && depth < way.len() {
            ways.push(way.iter().rev().cloned().collect());
        }
        way.truncate(depth);
        // `name v1.2.3 (path)`, or with `(*)` where it was told above.
        let words: Vec<&str> = package.split(' ').take(2).collect();
        way.push(text::line(&words.join(" "), 80));
        ends = true;
    }
    if way.len() > 1 {
        ways.push(way.iter().rev().cloned().collect());
    }
    ways
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
            finding = finding.note(format!("called by {}", listed(&callers)));
        } else if !subject.inspection.has_names() {
            finding = finding.note("a build without `strip` tells who calls it");
        }
        validation.warnings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_a_dependency_begin_at_the_crate() {
        let tree = "0wasm-bindgen v0.2.93\n1chrono v0.4.38\n2my-plugin v0.1.0 (/plugins/my-plugin)\n1js-sys v0.3.70\n2chrono v0.4.38 (*)\n";
        assert_eq!(
            ways(tree),
            [
                vec!["my-plugin v0.1.0", "chrono v0.4.38", "wasm-bindgen v0.2.93"],
                vec!["chrono v0.4.38", "js-sys v0.3.70", "wasm-bindgen v0.2.93"],
            ]
        );
        assert!(ways("").is_empty());
    }
}
