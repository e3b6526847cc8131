//! Clients in Java, compiled by javac with all lints, and run on Chicory.

use std::env::{join_paths, split_paths};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{check, compare, found, not_run, write_small, written};
use crate::{installed, support};

/// The class path of Chicory, which set-up copies from Maven Central.
fn chicory() -> Option<Vec<PathBuf>> {
    let folder = installed("PLUGIN_SDK_CHICORY", "java");
    let files = fs::read_dir(&folder).into_iter().flatten().flatten();
    let jars: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jar"))
        .collect();
    if jars.is_empty() {
        not_run("Chicory is missing; `cargo xtask setup` copies it if Maven Central is reachable");
        return None;
    }
    Some(jars)
}

#[test]
fn clients_in_java_pass_checks_and_the_table() {
    let missing = "there is no JDK 17 or later";
    let Some(javac) = found("javac", &["--release", "17", "-version"], missing) else {
        return;
    };
    let Some(jars) = chicory() else { return };
    let folder = written("java");
    write_small(&folder, "java");
    let sources = Path::new(support::WORKSPACE).join("cargo-plugin/tests/clients/java");
    let mut files = Vec::new();
    for name in ["Driver.java", "Hello.java", "UseServices.java"] {
        files.push(sources.join(name));
    }
    for package in fs::read_dir(folder.path().join("clients")).unwrap() {
        for file in fs::read_dir(package.unwrap().path()).unwrap() {
            files.push(file.unwrap().path());
        }
    }
    check(
        // One compiler for all: its start takes longer than a client.
        Command::new(javac)
            .args([
                "--release",
                "17",
                "-encoding",
                "UTF-8",
                "-Xlint:all",
                "-Werror",
            ])
            // It runs for seconds: no time for the best code, nor for several collectors.
            .args(["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"])
            .args(["-d", "classes", "-cp"])
            .arg(join_paths(&jars).unwrap())
            .args(files)
            .current_dir(folder.path()),
    );
    let classes = jars.into_iter().chain(split_paths("classes"));
    let classes = join_paths(classes).unwrap();
    let java = |arguments: &[&str]| {
        let mut java = Command::new("java");
        java.current_dir(folder.path())
            // A short program: no time for the best code, nor for several collectors.
            .args([
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dfile.encoding=UTF-8",
                "-cp",
            ])
            .arg(&classes)
            .args(arguments);
        java
    };
    check(&mut java(&["Hello"]));
    check(&mut java(&["UseServices"]));
    compare(&mut java(&["Driver", "typed.wasm"]));
}
