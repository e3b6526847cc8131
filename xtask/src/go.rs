//! The hosts in Go (`hosts/go`), which the tests run next to the harness's emulators of them, and
//! the checker of clients in Go.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use toolchain::process::{self, LOCAL};

/// The Go modules that have commands.
const MODULES: [&str; 3] = ["guest", "toolfs", "musicfox"];

/// The checker of Go programs, and the version that the tests were written for.
const STATICCHECK: (&str, &str) = ("honnef.co/go/tools/cmd/staticcheck", "0.8.2");

/// The time limit of a build, which downloads two modules and compiles them and Go's library once.
const BUILD: Duration = Duration::from_secs(600);

/// Returns the command `go` of the package that the Python environment has.
pub fn command(python: &Path) -> PathBuf {
    python.with_file_name(if cfg!(windows) { "go.exe" } else { "go" })
}

/// Returns a command of `go` that compiles: with this version, and with a heap that may grow to five
/// times what is in use, because it runs for seconds.
fn compiler(go: &Path) -> Command {
    let mut command = process::command(go);
    command.env("GOTOOLCHAIN", "local").env("GOGC", "400");
    command
}

/// Builds the hosts in Go, and returns the folder of their programs.
///
/// # Errors
/// If a module cannot be downloaded, or does not compile. There are then no programs, not even
/// earlier ones.
pub fn build_hosts(go: &Path) -> Result<PathBuf> {
    let root = process::workspace_root();
    let folder = root.join("target/go");
    let built = MODULES.iter().try_for_each(|module| {
        let mut build = compiler(go);
        build
            .current_dir(root.join("hosts/go").join(module))
            .args(["build", "-buildvcs=false", "-o"])
            // With a separator at its end, it is a folder, and created if it is missing.
            .arg(folder.join(""))
            .arg("./cmd/...");
        process::capture(&mut build, BUILD).map(drop).with_context(|| {
            format!("building the host in hosts/go/{module} failed; is the proxy of Go modules reachable?")
        })
    });
    if built.is_err() && folder.exists() {
        std::fs::remove_dir_all(&folder).context("removing earlier hosts in Go")?;
    }
    built.map(|()| folder)
}

/// Returns [`STATICCHECK`] under `target/go-tools`, and installs it if necessary.
///
/// # Errors
/// If it cannot be downloaded, or does not compile.
pub fn staticcheck(go: &Path) -> Result<PathBuf> {
    let folder = process::workspace_root().join("target/go-tools");
    let program = folder.join(format!("staticcheck{EXE_SUFFIX}"));
    let (package, version) = STATICCHECK;
    let printed = process::capture(process::command(&program).arg("-version"), LOCAL);
    if printed.is_ok_and(|printed| printed.contains(&format!("({version})"))) {
        return Ok(program);
    }
    let mut install = compiler(go);
    install
        .args(["install", "-buildvcs=false"])
        .arg(format!("{package}@v{version}"))
        .env("GOBIN", &folder);
    process::capture(&mut install, BUILD).with_context(|| {
        format!("installing {package} failed; is the proxy of Go modules reachable?")
    })?;
    Ok(program)
}
