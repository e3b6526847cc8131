//! The tool on the command line, and its inputs: [modules](modules) written by hand, and
//! [projects](project). Cargo builds the projects into this workspace's target folder, so that it
//! compiles no dependency twice and downloads nothing.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "each test uses a part of it, and a test fails by panicking"
)]

pub mod modules;
pub mod project;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

pub const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Returns cargo's target folder.
pub fn target_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Reports that a test does not run, and why. The line bypasses the capture of a test's output: a
/// test that passes is otherwise silent.
pub fn not_run(reason: &str) {
    // Without an error stream, there is nothing to report to.
    let _ = writeln!(std::io::stderr(), "\nnot run: {reason}");
}

/// Returns Node for a program in WebAssembly, which V8 would take longer to optimise than to run.
pub fn node_for_wasm() -> std::process::Command {
    let mut node = std::process::Command::new("node");
    node.arg("--liftoff-only");
    node
}

/// Returns the part of the workspace's manifest with the optimisation of dependencies: with any
/// other, cargo would compile them anew.
pub fn dev_profile() -> String {
    let manifest = fs::read_to_string(format!("{WORKSPACE}/Cargo.toml")).unwrap();
    let mut paragraphs = manifest.split("\n\n");
    let profile = paragraphs.find(|paragraph| paragraph.contains("[profile.dev.package]"));
    profile.unwrap().to_owned()
}

/// Returns the command `cargo plugin` in a folder.
pub fn plugin(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-plugin"));
    command.arg("plugin").args(arguments);
    in_folder(command, folder)
}

/// Returns a cargo command in a folder.
pub fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments);
    in_folder(command, folder)
}

fn in_folder(mut command: Command, folder: &Path) -> Command {
    for (name, _) in std::env::vars_os() {
        // These variables describe the running test.
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

/// Returns the document that a command writes to standard output, whether it succeeds or not.
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

/// A folder of files in which the tool runs.
pub struct Folder(TempDir);

/// The outcome of a run of the tool.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), contents).unwrap();
    }

    pub fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        self.write(name, contents);
        self
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    /// Returns the command `cargo plugin` in this folder.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = plugin(self.path(), words);
        command
            .env("PLUGIN_SDK_CACHE_DIR", self.path().join("cache"))
            .env("COLUMNS", "100")
            .env_remove("CLICOLOR_FORCE");
        command
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        Ran::of(&mut self.command(words))
    }

    pub fn run_with(&self, words: &[&str], input: impl Into<Vec<u8>>) -> Ran {
        Ran::of(self.command(words).write_stdin(input))
    }
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns the output of a run that must succeed.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.err, self.out);
        self.out
    }

    /// Returns the exit code and all output.
    pub fn said(self) -> (i32, String) {
        (self.code, self.out + &self.err)
    }

    /// Returns the errors of a run that must exit with a code and write nothing else.
    #[track_caller]
    pub fn bad(self, code: i32) -> String {
        assert_eq!((self.code, &*self.out), (code, ""), "{}", self.err);
        self.err
    }
}

/// Parses JSON that the tool wrote.
#[track_caller]
pub fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
