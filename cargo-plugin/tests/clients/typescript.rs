//! Clients in TypeScript, checked by its compiler and by typescript-eslint, and run by Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{check, compare, found, not_run, written};
use crate::{installed, support};

/// The folder of npm's packages, which set-up installs.
fn packages() -> Option<PathBuf> {
    let compiler = installed(
        "PLUGIN_SDK_ASC",
        "node/node_modules/assemblyscript/bin/asc.js",
    );
    let packages = compiler.ancestors().nth(3).unwrap().to_owned();
    for package in ["typescript", "eslint", "typescript-eslint"] {
        if !packages.join(package).is_dir() {
            not_run(&format!(
                "npm's package {package} is missing; type `cargo xtask setup`"
            ));
            return None;
        }
    }
    found("node", &["--version"], "there is no Node 20 or later").map(|_| packages)
}

#[test]
fn clients_in_typescript_pass_checks_and_the_table() {
    let Some(packages) = packages() else { return };
    let folder = written("typescript");
    let path = folder.path();
    let sources = Path::new(support::WORKSPACE).join("cargo-plugin/tests/clients/typescript");
    for name in [
        "driver.ts",
        "greeter.ts",
        "services.ts",
        "tsconfig.json",
        "eslint.config.mjs",
    ] {
        fs::copy(sources.join(name), path.join(name)).unwrap();
    }
    // The configuration of eslint names its package by this folder.
    let config = path.join("eslint.config.mjs");
    let named = fs::read_to_string(&config).unwrap();
    let package = packages.join("typescript-eslint/dist/index.js");
    let package = format!("{:?}", package.display().to_string());
    fs::write(&config, named.replace("\"typescript-eslint\"", &package)).unwrap();
    fs::write(path.join("package.json"), r#"{"type": "module"}"#).unwrap();
    let node = |arguments: &[&str]| {
        let mut node = Command::new("node");
        node.args(arguments).current_dir(path);
        node
    };
    let program = |name: &str| packages.join(name).display().to_string();
    check(&mut node(&[
        &program("typescript/bin/tsc"),
        "--project",
        ".",
    ]));
    check(&mut node(&[
        &program("eslint/bin/eslint.js"),
        "--max-warnings=0",
        "clients",
    ]));
    check(&mut node(&["js/greeter.js"]));
    check(&mut node(&["js/services.js"]));
    compare(&mut node(&["js/driver.js", "typed.wasm"]));
}
