//! Advice on dependencies that import functions which no plugin host provides.
//!
//! `cargo plugin validate` and a test that cannot load its plugin give the same advice from this
//! module. A workspace test tries every edit on the real crate.

use std::path::Path;

use super::cargo::environment::CargoEnvironment;
use crate::failure::{Failure, FailureKind};
use crate::text;

pub use crate::failure::is_javascript;

/// The configuration lines that `getrandom` 0.3 and later requires.
macro_rules! backend {
    () => {
        "and in `.cargo/config.toml` two lines: `[target.wasm32-unknown-unknown]` and `rustflags = ['--cfg', 'getrandom_backend=\"custom\"']`"
    };
}

/// Crate names, spelled as in Rust paths, each with the edit that removes its foreign imports.
const REMEDIES: [(&str, &str); 17] = [
    (
        "chrono",
        "`chrono = { version = \"0.4\", default-features = false, features = [\"std\"] }` leaves out its features `clock` and `wasmbind`; `plugin_sdk::time::now()` returns the time, which `DateTime::<Utc>::from` takes",
    ),
    (
        "getrandom",
        concat!(
            "`plugin-sdk = { version = \"0.1\", features = [\"getrandom\"] }` gives it the host's random bytes, without its feature `js` (0.2) or `wasm_js` (0.3 and later), ",
            backend!()
        ),
    ),
    (
        "uuid",
        concat!(
            "`uuid = { version = \"1\", default-features = false, features = [\"std\", \"v4\", \"rng-getrandom\"] }`, without its feature `js`; plugin-sdk's feature `getrandom`; ",
            backend!()
        ),
    ),
    (
        "rand",
        concat!(
            "`plugin-sdk = { version = \"0.1\", features = [\"getrandom\"] }` gives it the host's random bytes, ",
            backend!()
        ),
    ),
    (
        "time",
        "turn off the feature `wasm-bindgen` of `time`; `plugin_sdk::time::now()` returns the time, which `OffsetDateTime::from` takes",
    ),
    (
        "instant",
        "replace `instant` by `plugin_sdk::time::monotonic()`",
    ),
    (
        "web_time",
        "replace `web-time` by `plugin_sdk::time::monotonic()`",
    ),
    (
        "ring",
        "turn off the feature `wasm32_unknown_unknown_js` of `ring`",
    ),
    (
        "reqwest",
        "`plugin_sdk::http` sends requests by the host; `reqwest` needs a browser here",
    ),
    (
        "gloo_net",
        "`plugin_sdk::http` sends requests by the host; `gloo-net` needs a browser",
    ),
    (
        "console_error_panic_hook",
        "remove `console_error_panic_hook`: plugin-sdk reports panics itself",
    ),
    (
        "console_log",
        "remove `console_log`: the macros of `log` reach the host's log without it",
    ),
    (
        "web_sys",
        "remove `web-sys`: a plugin does not run in a browser",
    ),
    (
        "js_sys",
        "remove `js-sys`: a plugin has no JavaScript engine; `plugin_sdk::time` and `plugin_sdk::random` have its most used functions",
    ),
    ("tokio", TOKIO),
    ("mio", TOKIO),
    ("socket2", TOKIO),
];

const TOKIO: &str = "`tokio = { version = \"1\", default-features = false, features = [\"sync\", \"macros\", \"io-util\", \"rt\", \"time\"] }`, or fewer, leaves out its features `net` and `full`: \
                     `plugin_sdk::http` reaches the network";

/// Crates that only connect another dependency to JavaScript.
const OF_JAVASCRIPT: [&str; 3] = ["wasm_bindgen", "js_sys", "web_sys"];

/// The maximum number of dependency paths that the notes list.
const MAX_WAYS: usize = 8;

/// Advice about a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// The dependency paths from the plugin to the crate, bounded and free of terminal escapes.
    pub notes: Vec<String>,
    /// The next step.
    pub help: String,
}

/// Returns the edit that removes a crate's need for functions that no plugin host provides.
///
/// `name` is the name of the crate or of its package.
///
/// ```
/// use plugin_sdk_harness::remedies;
///
/// assert!(remedies::of("chrono").is_some_and(|edit| edit.contains("features = [\"std\"]")));
/// assert_eq!(remedies::of("serde"), None);
/// ```
pub fn of(name: &str) -> Option<&'static str> {
    let name = name.replace('-', "_");
    let known = REMEDIES.iter().find(|(known, _)| *known == name);
    known.map(|(_, remedy)| *remedy)
}

/// Finds the dependencies that pull `wasm-bindgen` into a module and suggests how to avoid them.
///
/// `crates` are already known to use it; `manifest` is the plugin's `Cargo.toml`, which cargo uses
/// to find more.
///
/// ```
/// use plugin_sdk_harness::remedies;
///
/// let advice = remedies::of_javascript(vec!["web_time".to_owned()], None);
/// assert!(advice.help.contains("plugin_sdk::time::monotonic()"));
/// ```
pub fn of_javascript(mut crates: Vec<String>, manifest: Option<&Path>) -> Advice {
    let mut notes = Vec::new();
    match manifest.map(|manifest| ways_to("wasm-bindgen", manifest)) {
        Some(Ok(ways)) => {
            for way in ways.iter().take(MAX_WAYS) {
                notes.push(format!("the path to it: {}", way.join(" → ")));
                let names = way.iter().filter_map(|package| package.split(' ').next());
                crates.extend(names.map(|name| name.replace('-', "_")));
            }
        }
        Some(Err(why)) => notes.push(why),
        None => notes
            .push("`--manifest-path Cargo.toml` shows the path from your crate to it".to_owned()),
    }
    crates.sort_unstable();
    crates.dedup();
    // Advice on js-sys is noise when removing the crate that needs it is enough.
    let needs_it = |name: &&String| !OF_JAVASCRIPT.contains(&name.as_str());
    let mut edits: Vec<&str> = crates
        .iter()
        .filter(needs_it)
        .filter_map(|name| of(name))
        .collect();
    if edits.is_empty() {
        edits = crates.iter().filter_map(|name| of(name)).collect();
    }
    let help = match edits.is_empty() {
        true => "`cargo tree --target wasm32-unknown-unknown -i wasm-bindgen` shows which dependency it is; most have a feature for it that can be turned off".to_owned(),
        false => edits.join("\n"),
    };
    Advice { notes, help }
}

/// Adds a hint to a failure that names the dependency responsible for JavaScript imports.
///
/// Returns other failures unchanged.
pub(crate) fn explain(failure: Failure, crate_dir: Option<&Path>) -> Failure {
    let (FailureKind::MissingImports { imports }, Some(dir)) = (failure.kind(), crate_dir) else {
        return failure;
    };
    if !imports.iter().any(|import| is_javascript(&import.module)) {
        return failure;
    }
    let advice = of_javascript(Vec::new(), Some(&dir.join("Cargo.toml")));
    let lines: Vec<String> = advice.notes.into_iter().chain([advice.help]).collect();
    failure.with_hint(lines.join("\n"))
}

/// Returns the paths from a crate to one of its dependencies, each beginning with the crate.
fn ways_to(package: &str, manifest: &Path) -> Result<Vec<Vec<String>>, String> {
    let folder = match manifest.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let output = CargoEnvironment::for_module()
        .cargo(folder)
        .args([
            "tree",
            "--target=wasm32-unknown-unknown",
            "--edges=normal",
            "--prefix=depth",
            "--charset=ascii",
            "--quiet",
            "--invert",
            package,
        ])
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("it printed no reason");
        return Err(format!(
            "`cargo tree` failed: {}",
            text::one_line(first, 200)
        ));
    }
    Ok(ways(&String::from_utf8_lossy(&output.stdout)))
}

/// Parses the output of `cargo tree --invert --prefix depth`.
///
/// Each line is a depth and a package that depends on the one above it.
fn ways(tree: &str) -> Vec<Vec<String>> {
    let mut ways: Vec<Vec<String>> = Vec::new();
    let mut way: Vec<String> = Vec::new();
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
        if depth < way.len() {
            ways.push(way.iter().rev().cloned().collect());
        }
        way.truncate(depth);
        // `name v1.2.3 (path)`, or with `(*)` if cargo has listed it above.
        let words: Vec<&str> = package.split(' ').take(2).collect();
        way.push(text::one_line(&words.join(" "), 80));
    }
    if way.len() > 1 {
        ways.push(way.iter().rev().cloned().collect());
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependency_paths_begin_at_the_crate() {
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
