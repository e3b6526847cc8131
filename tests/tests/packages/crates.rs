//! Crates that a plugin adds, and that leave the engine compiled.
//!
//! Cargo compiles a crate again when a feature of it, or of anything that it depends on, changes,
//! and `cargo add` in a plugin may enable features that the engine does without. The harness
//! enables them beforehand. Nothing is compiled here: cargo's unit graph lists what it would
//! compile.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use plugin_sdk_tests::not_run;
use serde_json::Value;

use super::{WORKSPACE, cargo};

/// The most downloaded crates that a plugin may use, with the features that plugins use.
const CRATES: [(&str, &str); 31] = [
    ("anyhow", r#"version = "1""#),
    ("base64", r#"version = "0.22""#),
    ("bitflags", r#"version = "2", features = ["serde"]"#),
    ("bytes", r#"version = "1", features = ["serde"]"#),
    ("chrono", r#"version = "0.4", features = ["serde"]"#),
    ("csv", r#"version = "1""#),
    ("either", r#"version = "1", features = ["serde"]"#),
    ("hashbrown", r#"version = "0.17", features = ["serde"]"#),
    ("hex", r#"version = "0.4", features = ["serde"]"#),
    ("hmac", r#"version = "0.12""#),
    ("indexmap", r#"version = "2", features = ["serde"]"#),
    ("itertools", r#"version = "0.14""#),
    ("log", r#"version = "0.4""#),
    ("memchr", r#"version = "2""#),
    ("num-traits", r#"version = "0.2""#),
    ("once_cell", r#"version = "1""#),
    (
        "postcard",
        r#"version = "1", default-features = false, features = ["alloc"]"#,
    ),
    ("rand", r#"version = "0.9""#),
    ("regex", r#"version = "1""#),
    ("rustc-hash", r#"version = "2""#),
    ("semver", r#"version = "1", features = ["serde"]"#),
    ("serde", r#"version = "1", features = ["derive"]"#),
    ("serde_json", r#"version = "1""#),
    ("sha2", r#"version = "0.10""#),
    (
        "smallvec",
        r#"version = "1", features = ["serde", "union"]"#,
    ),
    ("thiserror", r#"version = "2""#),
    (
        "time",
        r#"version = "0.3", features = ["formatting", "macros", "parsing", "serde"]"#,
    ),
    ("tinyvec", r#"version = "1", features = ["alloc"]"#),
    ("toml", r#"version = "1""#),
    ("url", r#"version = "2", features = ["serde"]"#),
    ("uuid", r#"version = "1", features = ["serde", "v4", "v7"]"#),
];

/// `postcard` with its default features, which are a version of `heapless` and seven more crates.
/// The harness does not enable them, because every project would compile them.
const EXCEPTION: &str = "postcard-defaults";

/// A plugin that uses the harness with one engine, and any of [`CRATES`].
struct Project {
    folder: tempfile::TempDir,
    /// The engine's crates.
    engine: &'static [&'static str],
}

impl Project {
    /// Creates the project, in which a feature adds each crate, and downloads what is missing.
    ///
    /// # Errors
    /// The reason why the registry cannot be reached.
    fn new(harness: &str, engine: &'static [&'static str]) -> Result<Self, String> {
        let crates: String = CRATES
            .iter()
            .map(|(name, dependency)| format!("{name} = {{ {dependency}, optional = true }}\n"))
            .collect();
        let manifest = format!(
            "[package]\nname = \"adding-crates\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [features]\n{EXCEPTION} = [\"postcard/default\"]\n\
             [dependencies]\nplugin-sdk = {{ path = '{WORKSPACE}/sdk' }}\n{crates}\
             [dev-dependencies]\n\
             plugin-sdk-harness = {{ path = '{WORKSPACE}/host-harness'{harness} }}\n\
             [workspace]\n"
        );
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let lock = Path::new(WORKSPACE).join("Cargo.lock");
        fs::copy(lock, folder.path().join("Cargo.lock")).unwrap();
        let project = Project { folder, engine };
        let all = project.all();
        if project.unit_graph(&all, true).is_err() {
            let refused = project.unit_graph(&all, false).err();
            if let Some(error) = refused {
                // Anything else is a mistake in the manifests.
                assert!(
                    error.contains("curl") || error.contains("download"),
                    "{error}"
                );
                let last = error.lines().last().unwrap_or_default().trim();
                return Err(format!("the registry cannot be reached: {last}"));
            }
        }
        Ok(project)
    }

    fn all(&self) -> Vec<&'static str> {
        let mut all: Vec<_> = CRATES.iter().map(|(name, _)| *name).collect();
        all.push(EXCEPTION);
        all
    }

    /// Returns what cargo would compile for the tests of the project with these features.
    fn unit_graph(&self, features: &[&str], offline: bool) -> Result<Value, String> {
        let features = features.join(",");
        let arguments = [
            "build",
            "--tests",
            "--unit-graph",
            "-Zunstable-options",
            "--features",
            &features,
        ];
        let mut cargo = cargo(&arguments, self.folder.path());
        cargo
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_NET_OFFLINE", offline.to_string())
            .env("CARGO_NET_RETRY", "1")
            .env("CARGO_HTTP_TIMEOUT", "10");
        let output = cargo.output().unwrap();
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Returns the engine's crates and all that they depend on, with versions and features.
    fn engine(&self, features: &[&str]) -> BTreeSet<String> {
        let graph = self.unit_graph(features, true).unwrap();
        let units = graph["units"].as_array().unwrap();
        let is_engine = |unit: &Value| {
            let name = unit["target"]["name"].as_str().unwrap();
            unit["mode"] == "build" && self.engine.contains(&name)
        };
        let mut pending: Vec<usize> = (0..units.len())
            .filter(|index| is_engine(&units[*index]))
            .collect();
        assert_eq!(pending.len(), self.engine.len());
        let mut seen = BTreeSet::new();
        while let Some(index) = pending.pop() {
            if seen.insert(index) {
                let dependencies = units[index]["dependencies"].as_array().unwrap();
                pending.extend(dependencies.iter().map(|dependency| {
                    let index = dependency["index"].as_u64().unwrap();
                    usize::try_from(index).unwrap()
                }));
            }
        }
        seen.into_iter()
            .map(|index| {
                let unit = &units[index];
                let package = unit["pkg_id"].as_str().unwrap();
                let package = package.rsplit('#').next().unwrap();
                format!(
                    "{package} {} {} {}",
                    unit["target"]["name"], unit["mode"], unit["features"]
                )
            })
            .collect()
    }

    /// Returns what differs with these features, before and after: without a difference, cargo
    /// does not compile the engine again.
    fn changes(&self, features: &[&str]) -> Vec<String> {
        let before = self.engine(&[]);
        let after = self.engine(features);
        before.symmetric_difference(&after).cloned().collect()
    }

    /// Asserts that no crate compiles the engine again. Cargo only ever adds features, so all
    /// crates at once answer for each alone, and each is tried only to name the cause.
    #[track_caller]
    fn assert_compiled_once(&self) {
        let names = CRATES.map(|(name, _)| name);
        if self.changes(&names).is_empty() {
            return;
        }
        let causes: String = names
            .iter()
            .map(|name| (name, self.changes(&[name])))
            .filter(|(_, changes)| !changes.is_empty())
            .map(|(name, changes)| format!("`{name}`:\n  {}\n", changes.join("\n  ")))
            .collect();
        panic!(
            "these crates compile the engine again; enable the features that they enable in \
             host-harness/Cargo.toml:\n{causes}"
        );
    }
}

#[test]
fn common_crates_do_not_compile_wasmtime_again() {
    let project = match Project::new("", &["cranelift_codegen", "wasmtime"]) {
        Ok(project) => project,
        Err(reason) => return not_run(&reason),
    };
    project.assert_compiled_once();
    // Otherwise the guide need not name it.
    assert!(!project.changes(&[EXCEPTION]).is_empty());
}

#[test]
fn common_crates_do_not_compile_wasmi_again() {
    let harness = ", default-features = false, features = [\"wasmi\"]";
    match Project::new(harness, &["wasmi"]) {
        Ok(project) => project.assert_compiled_once(),
        Err(reason) => not_run(&reason),
    }
}
