//! Hosts that are programs: they read calls and write answers as lines of JSON.

use std::env::consts::EXE_SUFFIX;
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

/// The way to run such a host.
#[derive(Clone)]
pub struct Program {
    program: OsString,
    /// The file in `tests/hosts/`, if the program is an interpreter.
    script: Option<&'static str>,
    /// The command to type if the program is missing.
    install: &'static str,
}

impl Program {
    pub fn node(script: &'static str) -> Self {
        Program {
            program: "node".into(),
            script: Some(script),
            install: "install Node 18 or later",
        }
    }

    pub fn python(script: &'static str) -> Self {
        Program {
            program: python().get_program().to_owned(),
            script: Some(script),
            install: "type `cargo xtask setup`, which prints how to set PLUGIN_SDK_PYTHON",
        }
    }

    /// The program in `tests/extism`.
    pub fn extism() -> Self {
        let place = format!("extism/debug/extism-host{EXE_SUFFIX}");
        let given = std::env::var_os("PLUGIN_SDK_EXTISM_HOST");
        Program {
            program: given.unwrap_or_else(|| target_dir().join(place).into()),
            script: None,
            install: "type `cargo xtask setup`, which builds it and prints how to set PLUGIN_SDK_EXTISM_HOST",
        }
    }

    /// Returns the program's answers to some lines, or its message if it fails.
    pub fn converse(&self, arguments: &[&OsStr], lines: &[Value]) -> Result<Vec<Value>, String> {
        let mut command = Command::new(&self.program);
        let script = self.script;
        command.args(script.map(|script| Path::new(WORKSPACE).join("tests/hosts").join(script)));
        let mut child = command
            .args(arguments)
            .env("PYTHONUTF8", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot run {:?} ({error}): {}", self.program, self.install)
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
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.script {
            Some(script) => f.write_str(script),
            None => write!(f, "{:?}", self.program),
        }
    }
}
