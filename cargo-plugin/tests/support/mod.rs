//! The tool as people run it, and projects for it to work on: outside this workspace, with its `Cargo.lock` and its target folder, so that what
//! is compiled already is not compiled again, and nothing is downloaded.
#![allow(dead_code, reason = "not every test needs all of it")]

pub mod fixture;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

pub const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Where cargo builds to.
pub fn target_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// `cargo plugin`, in a folder.
pub fn plugin(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-plugin"));
    command.arg("plugin").args(arguments);
    in_folder(command, folder)
}

/// Cargo itself, in a folder.
pub fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments);
    in_folder(command, folder)
}

fn in_folder(mut command: Command, folder: &Path) -> Command {
    for (name, _) in std::env::vars_os() {
        // What describes the running test.
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        }) {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target_dir())
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TERM_COLOR", "never");
    command
}

/// What a command wrote to standard output as its one document, whether it succeeded or not.
pub fn json(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&shown).unwrap_or_else(|error| {
        panic!(
            "{error}\n{shown}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// A plugin's project in a folder that is removed at the end.
pub struct Project {
    _outside: TempDir,
    pub root: PathBuf,
}

/// The `Cargo.toml` of a plugin.
pub fn manifest(name: &str) -> String {
    format!(
        r#"[package]
name = "{name}"
version = "0.3.0"
edition = "2024"
license = "MIT"
authors = ["Ada <ada@example.com>"]

[lib]
crate-type = ["cdylib", "rlib"]

[dependencies]
plugin-sdk = {{ path = '{WORKSPACE}/sdk' }}
serde = {{ version = "1", features = ["derive"] }}

[profile.release]
opt-level = "z"
lto = true
codegen-units = 1
panic = "abort"
strip = true

[profile.dev.package."*"]
opt-level = 2
debug = false
"#
    )
}

impl Project {
    /// A project with these files, and the workspace's versions of what it depends on.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().canonicalize().unwrap();
        let project = Project {
            _outside: outside,
            root,
        };
        fs::copy(
            Path::new(WORKSPACE).join("Cargo.lock"),
            project.root.join("Cargo.lock"),
        )
        .unwrap();
        for (path, contents) in files {
            project.put(path, contents);
        }
        project
    }

    /// A plugin with this source.
    pub fn plugin(name: &str, source: &str) -> Self {
        Project::new(&[("Cargo.toml", &manifest(name)), ("src/lib.rs", source)])
    }

    pub fn put(&self, path: &str, contents: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// `cargo plugin` in the project.
    pub fn run(&self, arguments: &[&str]) -> Command {
        plugin(&self.root, arguments)
    }
}
