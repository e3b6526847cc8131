//! Tests of new projects: cargo builds and tests each template.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use plugin_sdk_harness::manifest::Manifest;
use serde_json::json;
use support::{WORKSPACE, cargo, plugin, target_dir};

const TYPES: [&str; 4] = ["tool", "llm_backend", "storage_backend", "audio_effect"];

/// The files of a new project.
const FILES: [&str; 6] = [
    "Cargo.toml",
    "src/lib.rs",
    "tests/plugin.rs",
    "README.md",
    ".gitignore",
    ".github/workflows/ci.yml",
];

fn make(folder: &Path, name: &str, plugin_type: &str) {
    let made = ["new", name, "--type", plugin_type, "--sdk-path", WORKSPACE];
    plugin(folder, &made).assert().success();
    let lock = Path::new(WORKSPACE).join("Cargo.lock");
    fs::copy(lock, folder.join(name).join("Cargo.lock")).unwrap();
}

/// Creates, tests and builds a project as its author would, and checks it with the tool.
fn passes(plugin_type: &str) {
    let outside = tempfile::tempdir().unwrap();
    let name = format!("new-{}", plugin_type.replace('_', "-"));
    make(outside.path(), &name, plugin_type);
    let project = outside.path().join(&name);
    let config = outside.path().join(".cargo");
    fs::create_dir(&config).unwrap();
    fs::write(config.join("config.toml"), support::dev_profile()).unwrap();

    let tested = cargo(&project, &["test"]).output().unwrap();
    let said = String::from_utf8_lossy(&tested.stdout);
    assert!(
        tested.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&tested.stderr)
    );
    assert!(!said.contains("running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n     Running"));

    let release = ["build", "--release", "--target", "wasm32-unknown-unknown"];
    let built = cargo(&project, &release).output().unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(
        built.status.success() && !said.contains("warning"),
        "{said}"
    );

    // The README and the CI file name the module that was built.
    let module = format!(
        "wasm32-unknown-unknown/release/{}.wasm",
        name.replace('-', "_")
    );
    assert!(target_dir().join(&module).is_file());
    let workflow = fs::read_to_string(project.join(".github/workflows/ci.yml")).unwrap();
    assert!(
        workflow.contains(&format!("path: target/{module}")),
        "{workflow}"
    );

    if plugin_type == "tool" {
        replays(&project, &target_dir().join(&module));
    }

    let fuzz = ["fuzz", "--json", "--seed", "1", "--runs", "60"];
    let report = support::json(&mut plugin(&project, &fuzz));
    assert_eq!(report["passed"], true, "{report:#}");

    let report = support::json(&mut plugin(&project, &["test", "--no-own", "--json"]));
    assert_eq!(report["passed"], true, "{report:#}");
    let skipped = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["outcome"] == "skipped");
    assert_eq!(skipped.count(), 0, "{report:#}");

    let report = support::json(&mut plugin(&project, &["build", "--json"]));
    let module = report["files"][0].as_str().unwrap();
    let validated = support::json(&mut plugin(&project, &["validate", module, "--json"]));
    assert_eq!(validated["warnings"], json!([]), "{validated:#}");
    let module = fs::read(module).unwrap();
    let manifest = Manifest::read(&module).unwrap().unwrap();
    assert_eq!(manifest.plugin_type.as_deref(), Some(plugin_type));
}

/// Records a failing call of a new tool, and replays it with builds of its project, and with the
/// program that `cargo plugin` names.
fn replays(project: &Path, module: &Path) {
    let call = ["call", "--record", "call.json"];
    let call = [
        &call[..],
        &[module.to_str().unwrap(), "greet", "--name", ""],
    ]
    .concat();
    plugin(project, &call).assert().code(1);
    for (profile, code) in [("dev", 0), ("missing", 3)] {
        let built = ["replay", "--module", ".", "--profile", profile, "call.json"];
        plugin(project, &built).assert().code(code);
    }
    let native = ["replay", "--native", "--module", ".", "call.json", "--json"];
    let report = support::json(&mut plugin(project, &native));
    let command = report["command"].as_str().unwrap();
    let command = command.replace("gdb --args ", "");
    let replayed = Command::new("sh").args(["-c", &command]).output().unwrap();
    let said = String::from_utf8_lossy(&replayed.stdout).into_owned();
    assert!(
        replayed.status.success() && said.contains("1 passed"),
        "{command}\n{said}{}",
        String::from_utf8_lossy(&replayed.stderr)
    );
}

#[test]
fn a_new_tool_passes_its_tests_and_the_check() {
    passes("tool");
}

#[test]
fn a_new_llm_backend_passes_its_tests_and_the_check() {
    passes("llm_backend");
}

#[test]
fn a_new_storage_backend_passes_its_tests_and_the_check() {
    passes("storage_backend");
}

#[test]
fn a_new_audio_effect_passes_its_tests_and_the_check() {
    passes("audio_effect");
}

#[test]
fn there_is_a_test_here_for_every_type() {
    let outside = tempfile::tempdir().unwrap();
    let refused = plugin(outside.path(), &["new", "x", "--type", "?"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2));
    let (_, known) = said.split_once("[possible values: ").unwrap();
    let (known, _) = known.split_once(']').unwrap();
    assert_eq!(known.split(", ").collect::<Vec<_>>(), TYPES);
}

#[test]
fn a_project_is_all_of_its_files_and_no_others() {
    let outside = tempfile::tempdir().unwrap();
    let report = support::json(&mut plugin(
        outside.path(),
        &[
            "new",
            "weather",
            "--output",
            "plugins",
            "--json",
            "--sdk-git",
            "https://example.com/sdk",
        ],
    ));
    assert_eq!(report["files"], json!(FILES));
    assert_eq!(report["workspace"], json!(null));
    let project = outside.path().join("plugins/weather");
    for file in FILES {
        assert!(project.join(file).is_file(), "{file}");
    }
    assert!(
        !project.join(".cargo").exists(),
        "a default target would surprise `cargo run` and `cargo test`"
    );
    let manifest = fs::read_to_string(project.join("Cargo.toml")).unwrap();
    assert!(
        manifest.contains("plugin-sdk = { git = \"https://example.com/sdk\" }"),
        "{manifest}"
    );
}

#[test]
fn the_default_sdk_is_the_one_of_the_tool() {
    let outside = tempfile::tempdir().unwrap();
    let made = plugin(outside.path(), &["new", "weather"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stdout);
    assert!(
        said.contains("it depends on the SDK in the folder "),
        "{said}"
    );
    let project = outside.path().join("weather");
    fs::copy(
        Path::new(WORKSPACE).join("Cargo.lock"),
        project.join("Cargo.lock"),
    )
    .unwrap();
    // Cargo finds all crates that it needs there.
    let metadata = support::json(&mut cargo(&project, &["metadata", "--format-version=1"]));
    let packages = metadata["packages"].as_array().unwrap();
    let sdk = packages
        .iter()
        .find(|package| package["name"] == "plugin-sdk")
        .unwrap();
    assert_eq!(sdk["source"], json!(null));
}

#[test]
fn existing_folders_are_never_overwritten() {
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(outside.path().join("weather")).unwrap();
    let refused = plugin(outside.path(), &["new", "weather"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(3));
    insta::assert_snapshot!(String::from_utf8_lossy(&refused.stderr), @r#"
    error: `weather` already exists

    help: choose another name, or another folder with `--output DIR`
    "#);
    assert_eq!(
        fs::read_dir(outside.path().join("weather"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn an_invalid_name_is_refused_with_a_valid_suggestion() {
    let outside = tempfile::tempdir().unwrap();
    let refused = plugin(outside.path(), &["new", "My_Weather"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(3));
    insta::assert_snapshot!(String::from_utf8_lossy(&refused.stderr), @r#"
    error: `My_Weather` cannot be the name of a plugin

    Caused by:
      a name consists of lower-case letters and digits, with single hyphens between them, and begins with a letter

    help: did you mean `my-weather`?
    "#);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_without_the_sdk_is_not_a_clone() {
    let outside = tempfile::tempdir().unwrap();
    let refused = plugin(outside.path(), &["new", "weather", "--sdk-path", "."])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(3));
    insta::assert_snapshot!(String::from_utf8_lossy(&refused.stderr), @r#"
    error: `.` is not a clone of the SDK's repository

    Caused by:
      it does not contain the crate `plugin-sdk`: ./sdk/Cargo.toml

    help: `--sdk-path` needs the folder that contains `sdk` and `host-harness`
    "#);
    assert!(!outside.path().join("weather").exists());
}

#[test]
fn a_project_within_a_workspace_is_a_member_only_if_included() {
    let outside = tempfile::tempdir().unwrap();
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"plugins/*\"]\n";
    fs::write(outside.path().join("Cargo.toml"), workspace).unwrap();
    let new = |output: &str| {
        let made = [
            "new",
            "weather",
            "--sdk-path",
            WORKSPACE,
            "--output",
            output,
            "--json",
        ];
        let report = support::json(&mut plugin(outside.path(), &made));
        let manifest = outside.path().join(output).join("weather/Cargo.toml");
        (report, fs::read_to_string(manifest).unwrap())
    };

    let (report, manifest) = new("plugins");
    assert!(
        report["workspace"]
            .as_str()
            .unwrap()
            .ends_with("Cargo.toml"),
        "{report}"
    );
    assert!(
        !manifest.contains("[profile"),
        "cargo ignores the profiles of members"
    );

    let (report, manifest) = new("elsewhere");
    assert_eq!(report["workspace"], json!(null));
    assert!(
        manifest.contains("[profile.release]") && manifest.contains("\n[workspace]\n"),
        "{manifest}"
    );

    // Cargo accepts both.
    for project in ["plugins/weather", "elsewhere/weather"] {
        let metadata = ["metadata", "--no-deps", "--format-version=1"];
        cargo(&outside.path().join(project), &metadata)
            .assert()
            .success();
    }
}
