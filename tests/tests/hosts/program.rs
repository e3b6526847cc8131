//! Hosts that are programs: they read calls and write answers as lines of JSON.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fmt, thread};

use serde_json::Value;

use super::{WORKSPACE, target_dir};

/// Returns a command for the Python that set-up installs packages for.
pub fn python() -> Command {
    let place = match cfg!(windows) {
        true => "python/Scripts/python.exe",
        false => "python/bin/python3",
    };
    let given = std::env::var_os("PLUGIN_SDK_PYTHON");
    Command::new(given.unwrap_or_else(|| target_dir().join(place).into()))
}

/// The variable with the folder of the packages that set-up installs from npm.
const NODE_MODULES: &str = "PLUGIN_SDK_NODE_MODULES";

fn node_modules() -> OsString {
    let given = std::env::var_os(NODE_MODULES);
    given.unwrap_or_else(|| target_dir().join("node/node_modules").into())
}

/// The way to run such a host.
#[derive(Clone)]
pub struct Program {
    interpreter: OsString,
    /// The file in `tests/hosts/`.
    script: &'static str,
}

impl Program {
    pub fn node(script: &'static str) -> Self {
        Program {
            interpreter: "node".into(),
            script,
        }
    }

    pub fn python(script: &'static str) -> Self {
        Program {
            interpreter: python().get_program().to_owned(),
            script,
        }
    }

    /// Returns the command that runs the program without arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.interpreter);
        command
            .arg(Path::new(WORKSPACE).join("tests/hosts").join(self.script))
            .env("PYTHONUTF8", "1")
            .env(NODE_MODULES, node_modules());
        command
    }

    /// Returns the program's answers to some lines, or its message if it fails.
    pub fn converse(&self, arguments: &[&OsStr], lines: &[Value]) -> Result<Vec<Value>, String> {
        converse(self.command().args(arguments), lines)
    }
}

/// Returns the answers of a command to some lines, or its message if it fails.
pub fn converse(command: &mut Command, lines: &[Value]) -> Result<Vec<Value>, String> {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!("cannot run {command:?} ({error}); `cargo xtask setup` installs what the tests need and prints the variables to set")
    });
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // In a separate thread: a host may answer each line before it reads the next, or may have
    // refused the plugin and ended.
    let writing = thread::spawn(move || drop(stdin.write_all(lines.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers = answers.lines();
    Ok(answers
        .map(|answer| serde_json::from_str(answer).unwrap())
        .collect())
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.script)
    }
}
