//! Other WebAssembly hosts that the tests run plugins in: Node's own engine, packages for Python; and what the tests run on Node: Binaryen's optimiser.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::process::{self, LOCAL, say};

/// What the tests' Python programs import, in the versions that they were written for.
const PACKAGES: [(&str, &str); 4] = [
    ("wasmtime", "50.0.1"),
    // Extism, and the native library that it brings.
    ("extism", "1.1.1"),
    ("extism_sys", "1.41.0"),
    ("typst", "0.15.0"),
];

/// The package that `wasm-opt` is in, a program for Node, and the version that the tests were written for.
const BINARYEN: (&str, &str) = ("binaryen", "132.0.0");

/// Some 60 megabytes on a slow line.
const DOWNLOAD: Duration = Duration::from_secs(600);

/// Gives the Python of an environment under `target/python` that has [`PACKAGES`], making it first where needed.
///
/// # Errors
/// When there is no Python, or the packages cannot be downloaded.
pub fn python() -> Result<PathBuf> {
    let environment = process::workspace_root().join("target/python");
    let python = environment.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if has_packages(&python).is_ok() {
        return Ok(python);
    }
    let base = base_python()?;
    say(format!(
        "making a Python environment in {}",
        environment.display()
    ));
    process::capture(process::command(base).args(["-m", "venv", "--clear"]).arg(&environment), DOWNLOAD).with_context(
        || format!("`{base} -m venv` failed; where Debian left that out, type `apt-get install python3-venv`"),
    )?;
    let wanted = requirements();
    say(format!("installing {} from PyPI", wanted.join(" ")));
    process::capture(&mut pip_install(&python, &wanted), DOWNLOAD).with_context(|| {
        format!(
            "installing {} with pip failed; is PyPI in reach?",
            wanted.join(" ")
        )
    })?;
    has_packages(&python).context("the Python packages just installed do not work")?;
    Ok(python)
}

/// Gives the version of Node.
///
/// # Errors
/// When it cannot be run.
pub fn node() -> Result<String> {
    let version = process::capture(process::command("node").arg("--version"), LOCAL).context(
        "Node runs plugins in the tests as browsers would; install Node 18 or later (on Debian: `apt-get install nodejs`)",
    )?;
    match major(&version) {
        Some(18..) => Ok(version.trim().to_owned()),
        _ => bail!(
            "`node --version` says {:?}; install Node 18 or later",
            process::printable(version.trim())
        ),
    }
}

/// Gives the program `wasm-opt`, which Node runs, under `target/node`, installing it first where needed.
///
/// # Errors
/// When npm is missing, or the package cannot be downloaded.
pub fn wasm_opt() -> Result<PathBuf> {
    let folder = process::workspace_root().join("target/node");
    let program = folder.join("node_modules/binaryen/bin/wasm-opt");
    if is_wasm_opt(&program).is_ok() {
        return Ok(program);
    }
    let wanted = format!("{}@{}", BINARYEN.0, BINARYEN.1);
    say(format!(
        "installing {wanted} from npm in {}",
        folder.display()
    ));
    process::capture(&mut npm_install(&folder, &wanted), DOWNLOAD).with_context(|| {
        format!("`npm install {wanted}` failed; is npm installed (on Debian: `apt-get install npm`), and its registry in reach?")
    })?;
    is_wasm_opt(&program).context("the wasm-opt just installed does not work")?;
    Ok(program)
}

fn npm_install(folder: &Path, wanted: &str) -> Command {
    // On Windows it is a script, which only a shell finds by its name.
    let mut npm = process::command(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args([
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--no-save",
        "--ignore-scripts",
        "--prefix",
    ])
    .arg(folder)
    .arg(wanted);
    npm
}

/// Runs it, since an interrupted installation leaves what does not work.
fn is_wasm_opt(program: &Path) -> Result<()> {
    let mut node = process::command("node");
    let version = process::capture(node.arg(program).arg("--version"), LOCAL)?;
    match is_version(&version, BINARYEN.1) {
        true => Ok(()),
        false => bail!("it is {:?}", process::printable(version.trim())),
    }
}

/// Whether Binaryen's programs say that they are of a version of the package, of which they know the first number.
fn is_version(said: &str, package: &str) -> bool {
    let number = package.split('.').next();
    said.split_whitespace().nth(2) == number
}

fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn base_python() -> Result<&'static str> {
    let names = if cfg!(windows) {
        ["python", "py"]
    } else {
        ["python3", "python"]
    };
    let works =
        |name: &&str| process::capture(process::command(name).arg("--version"), LOCAL).is_ok();
    names.into_iter().find(works).ok_or_else(|| {
        anyhow!(
            "the tests run plugins in Python's wasmtime, and neither `{}` nor `{}` works; install Python 3.9 or later \
             (on Debian: `apt-get install python3 python3-venv`)",
            names[0],
            names[1]
        )
    })
}

fn requirements() -> Vec<String> {
    PACKAGES
        .iter()
        .map(|(name, version)| format!("{name}=={version}"))
        .collect()
}

fn pip_install(python: &Path, wanted: &[String]) -> Command {
    let mut pip = process::command(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--retries",
        "2",
    ])
    .args(wanted);
    pip
}

/// Imports them, since an interrupted installation leaves packages that are listed but do not work.
fn has_packages(python: &Path) -> Result<()> {
    let checks = PACKAGES
        .map(|(name, version)| format!("import {name}; assert version('{name}') == '{version}'"));
    let program = format!(
        "from importlib.metadata import version; {}",
        checks.join("; ")
    );
    process::capture(process::command(python).args(["-c", &program]), LOCAL).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned_exactly() {
        for (wanted, (name, version)) in requirements().iter().zip(PACKAGES) {
            assert_eq!(wanted, &format!("{name}=={version}"));
            assert!(
                version.split('.').all(|part| part.parse::<u32>().is_ok()),
                "{wanted}"
            );
        }
    }

    #[test]
    fn the_optimisers_version_is_read() {
        assert!(is_version(
            "wasm-opt version 132 (version_132)\n",
            "132.0.0"
        ));
        assert!(!is_version(
            "wasm-opt version 108 (version_108)\n",
            "132.0.0"
        ));
        assert!(!is_version("", "132.0.0"));
    }

    #[test]
    fn nodes_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major("Welcome!"), None);
    }
}
