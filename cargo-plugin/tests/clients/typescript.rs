//! Clients in TypeScript, checked by its compiler and by typescript-eslint, and run by Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{check, compare, found, written};
use crate::support;

/// The folder of npm's packages, which set-up installs.
fn packages() -> Option<PathBuf> {
    let variable = std::env::var_os("PLUGIN_SDK_NODE_MODULES").map(PathBuf::from);
    let packages = variable.unwrap_or_else(|| support::target_dir().join("node/node_modules"));
    let missing = "TypeScript, eslint or typescript-eslint is missing; type `cargo xtask setup`";
    for package in ["typescript", "eslint", "typescript-eslint"] {
        if !packages.join(package).is_dir() {
            eprintln!("not run: {missing}");
            return None;
        }
    }
    found("node", &["--version"], "there is no Node 20 or later").map(|_| packages)
}

#[test]
fn clients_in_typescript_pass_checks_and_the_table() {
    let Some(packages) = packages() else { return };
    let folder = written("typescript");
    let clients = folder.path().join("clients");
    // The configuration of eslint finds its package from here.
    std::os::unix::fs::symlink(&packages, folder.path().join("node_modules")).unwrap();
    let sources = Path::new(support::WORKSPACE).join("cargo-plugin/tests/clients/typescript");
    for name in ["driver.ts", "greeter.ts"] {
        fs::copy(sources.join(name), folder.path().join(name)).unwrap();
    }
    for name in ["tsconfig.json", "eslint.config.mjs"] {
        fs::copy(sources.join(name), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("package.json"), r#"{"type": "module"}"#).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let mut node = Command::new("node");
        node.arg(packages.join(program)).args(arguments);
        node.current_dir(folder.path());
        node
    };
    check(&mut run("typescript/bin/tsc", &["--project", "."]));
    check(&mut run(
        "eslint/bin/eslint.js",
        &["--max-warnings=0", "clients"],
    ));
    let mut greeter = Command::new("node");
    check(greeter.arg("js/greeter.js").current_dir(folder.path()));
    let mut driver = Command::new("node");
    compare(
        driver
            .args(["js/driver.js", "typed.wasm"])
            .current_dir(folder.path()),
    );
    drop(clients);
}
