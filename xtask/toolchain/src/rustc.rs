//! The Rust compiler: its version, and whether it can build for WebAssembly.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{self, LOCAL};

/// The target of plugins.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Creates the folder for temporary files of the set-up.
///
/// # Errors
/// If it cannot be created.
pub fn scratch_folder() -> Result<PathBuf> {
    let folder = process::workspace_root().join("target/xtask");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    Ok(folder)
}

/// Checks that this compiler can build for [`TARGET`]: links an empty program, which detects a
/// linker that is missing, and a standard library that is missing, incomplete or built by another
/// compiler.
///
/// # Errors
/// The compiler's own first error.
pub fn probe(mut rustc: Command) -> Result<()> {
    let folder = scratch_folder()?.join(format!("probe-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let source = folder.join("probe.rs");
    let linked = fs::write(&source, "")
        .with_context(|| format!("writing {}", source.display()))
        .and_then(|()| {
            rustc.args([
                "--target",
                TARGET,
                "--crate-type",
                "cdylib",
                "--crate-name",
                "probe",
                "--out-dir",
            ]);
            rustc.arg(&folder).arg(&source).env_remove("RUST_BACKTRACE");
            process::capture(&mut rustc, LOCAL)
        });
    // The result is known; a folder left under target/ does no harm.
    let _ = fs::remove_dir_all(&folder);
    linked.map(drop)
}

/// The version that `rustc -vV` reports.
#[derive(Debug, PartialEq, Eq)]
pub struct RustcVersion {
    /// The release, such as `1.96.0`.
    pub release: String,
    /// The platform that it runs on, such as `x86_64-unknown-linux-gnu`.
    pub host: String,
    /// The commit of rust-lang/rust that it was built from, if reported.
    pub commit_hash: Option<String>,
    /// The major version of LLVM.
    pub llvm_major: u32,
}

impl RustcVersion {
    /// Asks the compiler for its version.
    ///
    /// # Errors
    /// If it cannot be run, or its output is not that of a current compiler.
    pub fn of(mut rustc: Command) -> Result<Self> {
        let words = process::capture(rustc.arg("-vV"), LOCAL)?;
        Self::parse(&words)
            .with_context(|| format!("reading the output of `{}`", process::shell_line(&rustc)))
    }

    fn parse(words: &str) -> Result<Self> {
        let field = |name: &str| {
            let mut fields = words.lines().filter_map(|line| line.split_once(": "));
            let value =
                fields.find_map(|(key, value)| (key == name).then(|| value.trim().to_owned()));
            value.with_context(|| format!("it has no line `{name}: …`"))
        };
        let llvm = field("LLVM version")?;
        let llvm_major = llvm.split('.').next().unwrap_or_default();
        Ok(Self {
            release: field("release")?,
            host: field("host")?,
            commit_hash: field("commit-hash").ok().filter(|hash| hash != "unknown"),
            llvm_major: llvm_major
                .parse()
                .with_context(|| format!("LLVM's version is {llvm:?}"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\nbinary: rustc\n\
        commit-hash: ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96\ncommit-date: 2026-05-25\n\
        host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n";

    #[test]
    fn rustcs_version_output_is_parsed() {
        let expected = RustcVersion {
            release: "1.96.0".to_owned(),
            host: "x86_64-unknown-linux-gnu".to_owned(),
            commit_hash: Some("ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96".to_owned()),
            llvm_major: 22,
        };
        assert_eq!(RustcVersion::parse(DEBIAN).unwrap(), expected);
    }

    #[test]
    fn a_version_without_a_commit_is_parsed() {
        let words = DEBIAN.replace("ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96", "unknown");
        assert_eq!(RustcVersion::parse(&words).unwrap().commit_hash, None);
        let words = DEBIAN.replace(
            "commit-hash: ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96\n",
            "",
        );
        assert_eq!(RustcVersion::parse(&words).unwrap().commit_hash, None);
    }

    #[test]
    fn missing_and_invalid_version_fields_are_named() {
        let error = RustcVersion::parse("cranelift 1.0").unwrap_err();
        assert_eq!(error.to_string(), "it has no line `LLVM version: …`");
        let error = RustcVersion::parse(&DEBIAN.replace("22.1.8", "new")).unwrap_err();
        assert_eq!(error.to_string(), "LLVM's version is \"new\"");
    }

    #[test]
    fn a_compiler_without_the_target_fails_the_probe_and_is_quoted() {
        let mut rustc = process::command("rustc");
        rustc.arg("--sysroot=/nowhere");
        let error = probe(rustc).unwrap_err().to_string();
        assert!(error.starts_with("error"), "{error}");
    }
}
