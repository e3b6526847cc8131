//! Clients in Python, checked by mypy and ruff, and run on the package `wasmtime`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{check, compare, found, written};
use crate::{installed, support};

/// The Python of the environment that set-up creates.
fn python() -> Option<PathBuf> {
    let python = installed(
        "PLUGIN_SDK_PYTHON",
        if cfg!(windows) {
            "python/Scripts/python.exe"
        } else {
            "python/bin/python3"
        },
    );
    found(
        python,
        &["-c", "import mypy, ruff, wasmtime"],
        "Python, mypy, ruff or wasmtime is missing; type `cargo xtask setup`",
    )
}

#[test]
fn clients_in_python_pass_checks_and_the_table() {
    let Some(python) = python() else { return };
    let folder = written("python");
    let sources = Path::new(support::WORKSPACE).join("cargo-plugin/tests/clients/python");
    for name in ["driver.py", "greeter.py", "services.py", "ruff.toml"] {
        fs::copy(sources.join(name), folder.path().join(name)).unwrap();
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.args(arguments).current_dir(folder.path());
        command
    };
    let cache = support::target_dir().join("languages/mypy");
    check(
        run(&[
            "-m",
            "mypy",
            "--strict",
            "--python-version",
            "3.10",
            "clients",
        ])
        .env("MYPY_CACHE_DIR", cache),
    );
    check(&mut run(&["-m", "ruff", "check", "--no-cache", "clients"]));
    check(&mut run(&["greeter.py"]));
    check(&mut run(&["services.py"]));
    compare(&mut run(&["driver.py", "typed.wasm"]));
}
