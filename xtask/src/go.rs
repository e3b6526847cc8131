//! The hosts in Go (`hosts/go`), which the tests run next to the harness's emulators of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use toolchain::process;

/// The Go modules that have commands.
const MODULES: [&str; 2] = ["toolfs", "musicfox"];

/// The time limit of a build, which downloads two modules and compiles them and Go's library once.
const BUILD: Duration = Duration::from_secs(600);

/// Returns the command `go` of the package that the Python environment has.
pub fn command(python: &Path) -> PathBuf {
    python.with_file_name(if cfg!(windows) { "go.exe" } else { "go" })
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
        let mut build = process::command(go);
        build
            .current_dir(root.join("hosts/go").join(module))
            .args(["build", "-buildvcs=false", "-o"])
            // With a separator at its end, it is a folder, and created if it is missing.
            .arg(folder.join(""))
            .arg("./cmd/...")
            .env("GOTOOLCHAIN", "local");
        process::capture(&mut build, BUILD).map(drop).with_context(|| {
            format!("building the host in hosts/go/{module} failed; is the proxy of Go modules reachable?")
        })
    });
    if built.is_err() && folder.exists() {
        std::fs::remove_dir_all(&folder).context("removing earlier hosts in Go")?;
    }
    built.map(|()| folder)
}
