//! The native twin tests of a project, which can replay a capsule.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::project::Project;

/// The end of the names of such tests.
const NATIVE: &str = "native";

/// A test, and the program that has it.
pub struct TwinTest {
    pub program: PathBuf,
    pub name: String,
}

impl TwinTest {
    /// Builds a project's tests, and returns the first native one.
    pub fn of(project: &Project) -> Result<Self> {
        let mut cargo = project.cargo();
        cargo.args(["test", "--no-run", "--message-format", "json"]);
        let built = run(&mut cargo)?;
        let programs = built.lines().filter_map(program);
        for program in programs {
            let mut list = Command::new(&program);
            list.args(["--list", "--format", "terse"]);
            let names = run(&mut list)?;
            let mut tests = names.lines().filter_map(|line| line.strip_suffix(": test"));
            if let Some(name) = tests.find(|name| name.rsplit("::").next() == Some(NATIVE)) {
                let name = name.to_owned();
                return Ok(TwinTest { program, name });
            }
        }
        Err(Error::new(format!("`{}` has no twin test", project.name))
            .because("only the native side of a twin test runs the plugin without WebAssembly")
            .help("`#[plugin_sdk_harness::test]` on a function in `tests/` makes one: docs/guide/twin-tests.md"))
    }
}

/// Returns the program of a test in a message of cargo, if it is one.
fn program(message: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        executable: Option<PathBuf>,
        profile: Profile,
    }
    #[derive(Deserialize)]
    struct Profile {
        test: bool,
    }
    let artifact: Artifact = serde_json::from_str(message).ok()?;
    artifact.executable.filter(|_| artifact.profile.test)
}

/// Returns the standard output of a command that must succeed.
fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = || Error::new(format!("cannot run `{program}`"));
    let output = command
        .stderr(Stdio::from(io::stderr()))
        .output()
        .map_err(|error| failed().because(error))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(failed().because(output.status)),
    }
}
