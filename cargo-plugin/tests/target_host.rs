//! Tests of plugins for each known host: built, checked, called, tested and packaged with cargo.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod component;
mod install;
mod support;
mod wasi_http;

use std::fs;
use std::path::Path;

use flate2::read::GzDecoder;
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::{Plugin, Source};
use serde_json::{Value, json};
use support::modules::module;
use support::project::{Project, manifest};
use support::{Folder, WORKSPACE, cargo, parsed, plugin, target_dir};

/// A plugin that logs, and remembers the words that it repeated.
const REPEATER: &str = r#"use plugin_sdk::prelude::*;

/// Repeats words.
#[plugin(log, permissions(kv = "keeps the last word"))]
#[derive(Default)]
pub struct Repeater {
    repeated: u32,
}

#[plugin]
impl Repeater {
    /// Repeats a word.
    #[command]
    pub fn repeat(&mut self, word: &str, #[arg(default = 2, maximum = 100)] times: u32) -> Result<String> {
        log::info!("repeating {word}");
        kv::set("last", word)?;
        self.repeated += 1;
        Ok(word.repeat(times as usize))
    }

    /// How many words were repeated.
    #[command]
    pub fn repeated(&self) -> u32 {
        self.repeated
    }
}
"#;

/// Returns the `Cargo.toml` of a plugin with a feature for every host, as `cargo plugin new` does.
fn ready(name: &str) -> String {
    let features = hosts::all().iter().filter_map(|host| host.feature);
    let lines: String = features
        .map(|feature| format!("{feature} = [\"plugin-sdk/{feature}\"]\n"))
        .collect();
    with_features(name, &lines)
}

fn with_features(name: &str, lines: &str) -> String {
    manifest(name).replace("\n[lib]\n", &format!("\n[features]\n{lines}\n[lib]\n"))
}

fn repeater(name: &str) -> Project {
    Project::new(&[("Cargo.toml", &ready(name)), ("src/lib.rs", REPEATER)])
}

/// Returns the hosts without the SDK's own ABI.
fn others() -> impl Iterator<Item = &'static HostContract> {
    hosts::all().iter().filter(|host| host.feature.is_some())
}

fn made_for(wasm: &[u8]) -> Option<&'static str> {
    let inspection = Inspection::of(wasm).unwrap();
    hosts::made_for(&inspection).map(|host| host.name)
}

/// Returns the error of a command, without the project's folder.
fn error_in(project: &Project, words: &[&str]) -> String {
    let output = project.run(words).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    let (_, error) = said.split_once("error: ").unwrap();
    error.replace(&project.root.display().to_string(), "[PROJECT]")
}

#[test]
fn modules_for_several_hosts_have_their_own_sidecars() {
    let project = repeater("many-repeater");
    let hosts = ["--host=native", "--host=cis", "--host=neotalk"];
    let mut build = project.run(&[&["build", "--json", "--top=1"], &hosts[..]].concat());
    let reports = support::json(&mut build);
    let folder = target_dir().join("plugin/release/many-repeater");
    let expected = [
        (
            "native",
            &["many-repeater.wasm", "many-repeater.symbols"][..],
        ),
        (
            "cis",
            &[
                "cis/many-repeater.wasm",
                "cis/skill.toml",
                "cis/many-repeater.symbols",
            ],
        ),
        (
            "neotalk",
            &[
                "neotalk/many-repeater.wasm",
                "neotalk/many-repeater.json",
                "neotalk/many-repeater.symbols",
            ],
        ),
    ];
    let reports = reports.as_array().unwrap();
    assert_eq!(reports.len(), expected.len());
    for (report, (host, files)) in reports.iter().zip(expected) {
        assert_eq!(report["host"], host);
        let expected: Vec<Value> = files
            .iter()
            .map(|file| json!(folder.join(file).display().to_string()))
            .collect();
        assert_eq!(report["files"], json!(expected));
        let wasm = fs::read(report["files"][0].as_str().unwrap()).unwrap();
        assert_eq!(made_for(&wasm), Some(host));
    }

    let sidecar = fs::read(folder.join("neotalk/many-repeater.json")).unwrap();
    let sidecar: Value = serde_json::from_slice(&sidecar).unwrap();
    assert_eq!(sidecar["id"], "many-repeater");
    assert_eq!(sidecar["imports"], json!({"neotalk": {"log": "function"}}));

    // One build gives one document, in the same place, with the same bytes.
    let first = fs::read(folder.join("cis/many-repeater.wasm")).unwrap();
    let again = support::json(&mut project.run(&["build", "--json", "--host=cis"]));
    assert_eq!(again["files"], reports[1]["files"]);
    assert_eq!(again["bytes_before"], first.len());
    assert!(fs::read(folder.join("cis/many-repeater.wasm")).unwrap() == first);

    let mut skill = Plugin::builder(Source::bytes(first))
        .grant("kv")
        .build_for(hosts::cis())
        .unwrap();
    let answer: String = skill.call("repeat", json!({"word": "a"})).unwrap();
    assert_eq!(answer, "aa");
    assert_eq!(
        skill.services().kv().get::<String>("last").as_deref(),
        Some("a")
    );
    skill.finish().unwrap();

    the_same_project_is_checked_called_tested_and_measured_for_a_host(&project, &folder);
}

fn the_same_project_is_checked_called_tested_and_measured_for_a_host(
    project: &Project,
    built: &Path,
) {
    // The sidecar agrees with the module.
    let native = built.join("many-repeater.wasm");
    let cis = built.join("cis/many-repeater.wasm");
    let validate = |words: &[&str]| {
        let output = project.run(&[&["validate"], words].concat()).output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = validate(&["--host=cis", cis.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("✓ Metadata files in step with the module") && said.contains("Host: cis: "),
        "{said}"
    );
    let (code, said) = validate(&[cis.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(said.contains("this module is made for `cis`: "), "{said}");
    assert!(!said.contains("plugin_abi_1"), "{said}");
    let (code, said) = validate(&["--host=cis", native.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(said.contains("this module is made for `native`"), "{said}");
    // Without a file, the project in the folder is built for the host.
    let (code, said) = validate(&["--host=cis"]);
    assert_eq!(code, Some(0), "{said}");

    let call = |words: &[&str]| {
        let output = project.run(&[&["call"], words].concat()).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    // The module's host is emulated, with or without `--host`.
    let repeat = ["repeat", "--word", "ho"];
    for options in [
        &["--grant=kv", cis.to_str().unwrap()][..],
        &["--grant=kv", "--host=cis", cis.to_str().unwrap()],
        &["--grant=kv", "--host=cis", "."],
    ] {
        let (code, out, err) = call(&[options, &repeat].concat());
        assert_eq!((code, &*out), (0, "\"hoho\"\n"), "{err}");
        assert!(err.contains("repeating ho"), "its log is shown, too: {err}");
    }
    // A denied request fails as on the real host: without a reason.
    let (code, _, err) = call(&[&[cis.to_str().unwrap()][..], &repeat].concat());
    assert_eq!(code, 1);
    assert!(err.contains("CIS could not store a value"), "{err}");
    let (code, _, err) = call(&[&["--host=cis", native.to_str().unwrap()][..], &repeat].concat());
    assert_eq!(code, 3);
    assert!(err.contains("this module is made for `native`"), "{err}");
    // An emulated host has the services that the options name: here a database that outlives it.
    let kept = [
        "--grant=kv",
        "--kv=book.redb",
        "--as=book",
        cis.to_str().unwrap(),
    ];
    let (code, out, err) = call(&[&kept[..], &repeat].concat());
    assert_eq!((code, &*out), (0, "\"hoho\"\n"), "{err}");
    assert!(project.root.join("book.redb").exists());

    let report = support::json(&mut project.run(&["test", "--no-own", "--host=cis", "--json"]));
    assert_eq!(
        (&report["passed"], &report["host"]),
        (&json!(true), &json!("cis")),
        "{report:#}"
    );
    let passed = report["checks"].as_array().unwrap().iter();
    assert_eq!(
        passed.filter(|check| check["outcome"] == "passed").count(),
        5,
        "{report:#}"
    );

    let measured =
        |words: &[&str]| support::json(&mut project.run(&[&["bench", "--json"], words].concat()));
    let locked = measured(&["--host=cis", "--lock"]);
    let fuel = |report: &Value| report["cases"][0]["fuel"].as_u64().unwrap();
    assert!(fuel(&locked) > 1000);
    assert!(project.root.join("plugin-bench.cis.lock").is_file());
    assert!(!project.root.join("plugin-bench.lock").exists());
    assert_eq!(
        measured(&["--host=cis", "--check"])["differences"],
        json!([])
    );

    let described = support::json(&mut project.run(&["info", "--json", cis.to_str().unwrap()]));
    assert_eq!(described["module"]["host"], "cis");
    let listed = support::json(&mut project.run(&[
        "list",
        "--json",
        "--dir",
        cis.parent().unwrap().to_str().unwrap(),
    ]));
    assert_eq!(listed["plugins"][0]["host"], "cis", "{listed}");
    assert_eq!(listed["broken"], json!([]));
}

#[test]
fn a_package_for_a_host_has_its_name_and_its_sidecar() {
    let project = repeater("sent-repeater");
    project.put("LICENSE", "You may.\n");
    let output = tempfile::tempdir().unwrap();
    let folder = output.path().to_str().unwrap();
    let report =
        support::json(&mut project.run(&["package", "--json", "--host=cis", "--output", folder]));
    let archive = report["archive"].as_str().unwrap();
    assert!(
        archive.ends_with("/sent-repeater-0.3.0-cis.tar.gz"),
        "{archive}"
    );
    assert_eq!(
        report["files"],
        json!([
            "COMMANDS.md",
            "LICENSE",
            "sent-repeater.wasm",
            "skill.toml",
            "SHA256SUMS"
        ])
    );
    let mut packed = tar::Archive::new(GzDecoder::new(fs::File::open(archive).unwrap()));
    packed.unpack(output.path()).unwrap();
    let folder = output.path().join("sent-repeater-0.3.0-cis");
    let wasm = fs::read(folder.join("sent-repeater.wasm")).unwrap();
    assert_eq!(made_for(&wasm), Some("cis"));
    let skill = fs::read_to_string(folder.join("skill.toml")).unwrap();
    let skill: toml::Table = skill.parse().unwrap();
    assert_eq!(skill["skill"]["entry"].as_str(), Some("sent-repeater.wasm"));
    assert_eq!(skill["permissions"]["memory_write"].as_bool(), Some(true));
}

#[test]
fn a_crate_without_a_hosts_feature_gets_the_lines_to_add() {
    let plain = Project::plugin("plain-repeater", REPEATER);
    insta::assert_snapshot!(error_in(&plain, &["build", "--host", "cis"]), @r#"
    the plugin `plain-repeater` cannot be built for the host `cis`

    Caused by:
      it has no feature `host-cis`: [PROJECT]/Cargo.toml

    help: add these lines to it:

      [features]
      host-cis = ["plugin-sdk/host-cis"]
    "#);
    // Every command that builds reports this, before it builds anything.
    for words in [
        &["package", "--host=native", "--host=cis"][..],
        &["validate", "--host=cis"],
        &["test", "--host=cis"],
        &["bench", "--host=cis"],
        &["call", "--host=cis", ".", "repeated"],
    ] {
        let output = plain.run(words).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{words:?}: {said}");
        assert!(
            said.starts_with(
                "error: the plugin `plain-repeater` cannot be built for the host `cis`"
            ),
            "{words:?}: {said}"
        );
    }

    plain.put(
        "Cargo.toml",
        &with_features("plain-repeater", "more = []\n"),
    );
    let said = error_in(&plain, &["build", "--host", "cis"]);
    let (_, help) = said.split_once("help: ").unwrap();
    assert_eq!(
        help,
        "add this line to its `[features]`:\n\n  host-cis = [\"plugin-sdk/host-cis\"]\n"
    );
}

#[test]
fn a_feature_that_selects_no_or_another_host_is_an_error() {
    let project = Project::new(&[
        (
            "Cargo.toml",
            &with_features("vain-repeater", "host-cis = []\n"),
        ),
        ("src/lib.rs", REPEATER),
    ]);
    insta::assert_snapshot!(error_in(&project, &["build", "--host", "cis", "--profile", "dev"]), @r#"
    the module built from `vain-repeater` is not a plugin for the host `cis`

    Caused by:
      this module is made for `native`: hosts of the plugin SDK's own ABI

    help: the feature must select that host in the SDK:

      host-cis = ["plugin-sdk/host-cis"]
    "#);
    project.put(
        "Cargo.toml",
        &with_features(
            "vain-repeater",
            "default = [\"host-cis\"]\nhost-cis = [\"plugin-sdk/host-cis\"]\n",
        ),
    );
    let said = error_in(&project, &["build", "--host", "native", "--profile", "dev"]);
    assert!(
        said.contains("no feature may turn `host-cis` on by default: `--host cis` does that"),
        "{said}"
    );
    // Without `--host`, the module's own host applies.
    let report = support::json(&mut project.run(&["build", "--json", "--profile", "dev"]));
    assert_eq!(report["host"], "cis");
    assert!(
        report["files"][0]
            .as_str()
            .unwrap()
            .ends_with("/vain-repeater/cis/vain-repeater.wasm")
    );
}

/// Cargo unites the features of all packages that it builds at once; this tool builds one package
/// for one host at a time.
#[test]
fn plugins_of_one_workspace_are_built_one_by_one() {
    let member = |name: &str| {
        let manifest = ready(name);
        manifest.split_once("[profile").unwrap().0.to_owned()
    };
    let workspace = Project::new(&[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\"]\n",
        ),
        ("one/Cargo.toml", &member("united-one")),
        ("one/src/lib.rs", REPEATER),
        ("two/Cargo.toml", &member("united-two")),
        ("two/src/lib.rs", REPEATER),
    ]);
    for (package, host) in [
        ("united-one", "cis"),
        ("united-two", "native"),
        ("united-two", "cis"),
        ("united-one", "native"),
    ] {
        let words = [
            "build",
            "--json",
            "--profile=dev",
            "-p",
            package,
            "--host",
            host,
        ];
        let report = support::json(&mut workspace.run(&words));
        let file = report["files"][0]
            .as_str()
            .unwrap_or_else(|| panic!("{report:#}"));
        assert_eq!(made_for(&fs::read(file).unwrap()), Some(host));
    }
    // If cargo builds both at once, it unites their features: the plugin without a feature is made
    // for CIS as well.
    let features = "united-one/host-cis";
    let both = [
        "build",
        "--workspace",
        "--target=wasm32-unknown-unknown",
        "--features",
        features,
    ];
    cargo(&workspace.root, &both).assert().success();
    let other = target_dir().join("wasm32-unknown-unknown/debug/united_two.wasm");
    assert_eq!(made_for(&fs::read(other).unwrap()), Some("cis"));
}

#[test]
fn a_new_project_is_ready_for_every_host_that_is_known() {
    let outside = tempfile::tempdir().unwrap();
    let mut words = vec!["new", "ready-tool", "--sdk-path", WORKSPACE, "--json"];
    for host in hosts::all() {
        words.extend(["--host", host.name]);
    }
    let report = support::json(&mut plugin(outside.path(), &words));
    let names: Vec<&str> = hosts::all().iter().map(|host| host.name).collect();
    assert_eq!(report["hosts"], json!(names));
    let project = outside.path().join("ready-tool");
    let lock = Path::new(WORKSPACE).join("Cargo.lock");
    fs::copy(lock, project.join("Cargo.lock")).unwrap();

    // Cargo checks that the SDK has every feature that the project asks for.
    let resolve = ["metadata", "--format-version=1", "--all-features"];
    cargo(&project, &resolve).assert().success();
    let readme = fs::read_to_string(project.join("README.md")).unwrap();
    let workflow = fs::read_to_string(project.join(".github/workflows/ci.yml")).unwrap();
    for host in others() {
        assert!(readme.contains(&format!("`cargo plugin build --host {}`", host.name)));
        assert!(workflow.contains(&format!("--features {}\n", host.feature.unwrap())));
    }
}

#[test]
fn every_command_that_takes_a_host_knows_all_of_them() {
    let folder = Folder::new();
    for command in [
        "new x", "build", "validate", "call x", "test", "bench", "package",
    ] {
        let mut words: Vec<&str> = command.split(' ').collect();
        words.extend(["--host", "?"]);
        let said = folder.run(&words).bad(2);
        let (_, known) = said.split_once("[possible values: ").unwrap();
        let (known, _) = known.split_once(']').unwrap();
        let mut names: Vec<&str> = hosts::all().iter().map(|host| host.name).collect();
        if ["build", "package"].contains(&command) {
            names.extend(["component", "wasi-http"]);
        }
        assert_eq!(known.split(", ").collect::<Vec<_>>(), names, "{command}");
    }
    // The help text describes each.
    let help = folder.run(&["build", "--help"]).good();
    for host in hosts::all() {
        assert!(help.contains(host.name), "{help}");
    }
}

/// The tool recognises the host by the module's exports and imports, with any compiler.
#[test]
fn a_module_by_hand_is_recognised_too() {
    let folder = Folder::new();
    for (host, fields) in [
        ("neotalk", r#"(func (export "neotalk_init"))"#),
        ("cis", r#"(func (export "skill_shutdown"))"#),
    ] {
        let wat = format!(r#"(module (memory (export "memory") 1) {fields})"#);
        folder.write("by-hand.wasm", wat::parse_str(wat).unwrap());
        let validated = folder.run(&["validate", "by-hand.wasm", "--json"]);
        assert_eq!(validated.code, 1);
        let output = parsed(&validated.out);
        let named = output["checks"].as_array().unwrap().iter().any(|check| {
            let message = check["findings"][0]["message"].as_str();
            check["code"] == "host"
                && message.is_some_and(|message| message.contains(&format!("`{host}`")))
        });
        assert!(named, "{output:#}");
        // For its own host, the tool reports what it lacks.
        let validated = folder.run(&["validate", "by-hand.wasm", "--host", host, "--json"]);
        let output = parsed(&validated.out);
        assert_eq!(output["checks"][1]["code"], "exports", "{output:#}");
        assert_eq!(output["checks"][1]["passed"], false);
    }
}

/// A plugin like those of Extism's kits: it answers with its input, and does not describe itself.
fn extism_echo() -> Vec<u8> {
    let imports = r#"(import "extism:host/env" "input_length" (func $length (result i64)))
        (import "extism:host/env" "input_offset" (func $offset (result i64)))
        (import "extism:host/env" "output_set" (func $output (param i64 i64)))"#;
    let fields = r#"(memory (export "memory") 1)
        (func (export "echo") (result i32)
            (call $output (call $offset) (call $length))
            i32.const 0)
        (func (export "fails") (result i32) i32.const 3)
        (func (export "_initialize"))
        (func (export "helper") (param i32) (result i32) local.get 0)"#;
    module(imports, fields, None)
}

#[test]
fn a_plugin_of_extisms_own_is_called_by_its_exports() {
    let folder = Folder::new().with("echo.wasm", extism_echo());
    let words = ["call", "echo.wasm", "echo", "--input", "-"];
    let said = folder.run_with(&words, "Ada");
    assert_eq!(said.good().trim_end(), "Ada");
    let failed = folder.run(&["call", "echo.wasm", "fails"]).bad(1);
    assert!(failed.contains("non-zero exit code: 3"), "{failed}");
    let unknown = folder.run(&["call", "echo.wasm", "helper"]).bad(2);
    assert!(unknown.contains("echo"), "{unknown}");
}

#[test]
fn a_plugin_of_extisms_own_is_shown_as_made_for_it() {
    let folder = Folder::new().with("echo.wasm", extism_echo());
    let output = folder.run(&["info", "echo.wasm"]).good();
    assert!(output.contains("Made for:        extism: "), "{output}");
    assert!(output.contains("Commands:\n  echo\n  fails\n"), "{output}");
    let listed = folder.run(&["list"]).good();
    assert!(
        listed.contains("made for `extism` without this SDK"),
        "{listed}"
    );
    assert!(listed.contains("calls echo, fails"), "{listed}");
}
