//! Tests that build, package and test a plugin's project with cargo.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::io::Read;
use std::path::Path;

use assert_cmd::Command;
use flate2::read::GzDecoder;
use plugin_sdk_harness::Plugin;
use serde_json::{Value, json};
use support::project::{Project, manifest};
use support::{cargo, target_dir};

/// A plugin with a full description of itself.
const REPEATER: &str = r#"use plugin_sdk::prelude::*;

/// Repeats words.
#[plugin(
    type = "tool",
    limits(memory_pages = 32, max_fuel = 1000000, timeout_ms = 5000),
    requires(neotalk = ">=0.1.0"),
    permissions(kv = "keeps the last word")
)]
#[derive(Default)]
pub struct Repeater;

#[plugin]
impl Repeater {
    /// Repeats a word.
    #[command]
    pub fn repeat(word: &str, #[arg(default = 2, maximum = 100)] times: u32) -> Result<String> {
        kv::set("last", word)?;
        Ok(word.repeat(times as usize))
    }

    /// Makes samples louder.
    #[command(raw)]
    pub fn louder(samples: &mut [f32]) {
        for sample in samples {
            *sample *= 2.0;
        }
    }

    /// Measures a word, unless it is too much.
    #[command]
    pub fn measure(word: &str) -> u64 {
        blown_up(word)
    }
}

#[inline(never)]
fn blown_up(word: &str) -> u64 {
    assert!(word != "balloon", "it bursts");
    word.len() as u64
}
"#;

fn repeater(name: &str) -> Project {
    let project = Project::plugin(name, REPEATER);
    project.put("README.md", "# A repeater\n");
    project.put("LICENSE-MIT", "You may.\n");
    project
}

/// Returns the exit code and the errors of a command.
fn refused(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Returns the errors of a command, without the project's folder.
fn error_in(project: &Project, command: &mut Command) -> String {
    let (code, said) = refused(command);
    assert_eq!(code, Some(3), "{said}");
    said.replace(&project.root.display().to_string(), "[PROJECT]")
}

#[test]
fn a_build_is_cargos_module_without_sidecars_of_other_hosts() {
    let project = repeater("built-repeater");
    let report = support::json(project.run(&["build", "--json"]).arg("--top=3"));
    let files: Vec<&str> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file.as_str().unwrap())
        .collect();
    let folder = target_dir().join("plugin/release/built-repeater");
    let expected = ["built-repeater.wasm", "built-repeater.symbols"];
    assert_eq!(
        files,
        expected.map(|file| folder.join(file).display().to_string())
    );

    // The tool keeps names for its report and strips them itself: the shipped module is the one
    // that cargo builds, byte for byte.
    let wasm = fs::read(files[0]).unwrap();
    let by_hand = [
        "rustc",
        "--release",
        "--lib",
        "--crate-type",
        "cdylib",
        "--target",
        "wasm32-unknown-unknown",
        "--",
        "-C",
        "link-arg=--compress-relocations",
    ];
    cargo(&project.root, &by_hand).assert().success();
    let by_cargo =
        fs::read(target_dir().join("wasm32-unknown-unknown/release/built_repeater.wasm")).unwrap();
    assert!(
        wasm == by_cargo,
        "{} and {} bytes",
        wasm.len(),
        by_cargo.len()
    );

    // It runs.
    let mut plugin = Plugin::builder(plugin_sdk_harness::Source::bytes(wasm.clone()))
        .grant("kv")
        .build()
        .unwrap();
    assert_eq!(
        plugin
            .call::<String>("repeat", json!({"word": "a"}))
            .unwrap(),
        "aa"
    );

    a_failure_of_the_stripped_module_has_the_names_of_the_same_build(&wasm, files[1]);
    what_takes_the_space_is_all_of_the_module(&report, &wasm);
    the_last_size_is_remembered(&project, wasm.len());
}

fn what_takes_the_space_is_all_of_the_module(report: &Value, wasm: &[u8]) {
    let size = &report["size"];
    let sum = |parts: &Value| -> u64 {
        parts
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["bytes"].as_u64().unwrap())
            .sum()
    };
    assert_eq!(size["bytes"], wasm.len());
    assert_eq!(sum(&size["sections"]), wasm.len() as u64 - 8);
    assert_eq!(sum(&size["crates"]), sum(&size["functions"]));
    let named = |parts: &Value, name: &str| {
        let mut parts = parts.as_array().unwrap().iter();
        parts
            .find(|part| part["name"].as_str().unwrap().contains(name))
            .is_some()
    };
    for name in ["plugin_sdk", "built_repeater", "core"] {
        assert!(named(&size["crates"], name), "{name}");
    }
    assert!(
        named(&size["functions"], "command_repeat"),
        "{:#}",
        size["functions"]
    );
    assert!(named(&size["sections"], "plugin-sdk"));
}

fn a_failure_of_the_stripped_module_has_the_names_of_the_same_build(wasm: &[u8], symbols: &str) {
    let folder = support::Folder::new().with("renamed.wasm", wasm);
    let call = ["call", "renamed.wasm", "measure", "--word=balloon"];
    let failed = |folder: &support::Folder| folder.run(&call).bad(1);

    let said = failed(&folder);
    assert!(said.contains("it bursts"), "{said}");
    assert!(said.contains("the stack has no names"), "{said}");
    assert!(
        said.contains("`renamed.symbols`, which `cargo plugin build` writes"),
        "{said}"
    );

    folder.write("built-repeater.symbols", fs::read(symbols).unwrap());
    let said = failed(&folder);
    assert!(said.contains("built_repeater::blown_up"), "{said}");
    let harness = |source: plugin_sdk_harness::Source| {
        let mut plugin = Plugin::builder(source).grant("kv").build().unwrap();
        plugin
            .call::<u64>("measure", json!({"word": "balloon"}))
            .unwrap_err()
            .to_string()
    };
    let file = plugin_sdk_harness::Source::file(folder.path().join("renamed.wasm"));
    assert!(harness(file).contains("built_repeater::blown_up"));
    let bytes = plugin_sdk_harness::Source::bytes(wasm.to_vec());
    assert!(!harness(bytes.clone()).contains("blown_up"));
    assert!(harness(bytes.symbols(symbols)).contains("built_repeater::blown_up"));

    // The module differs by one byte outside of its code.
    let other = [wasm, b"\0\x02\x01x"].concat();
    folder.write("renamed.wasm", other);
    fs::rename(
        folder.path().join("built-repeater.symbols"),
        folder.path().join("renamed.symbols"),
    )
    .unwrap();
    let said = failed(&folder);
    assert!(
        said.contains("`renamed.symbols` exists, but it has the names of another build"),
        "{said}"
    );
    assert!(!said.contains("blown_up"), "{said}");
}

fn the_last_size_is_remembered(project: &Project, size: usize) {
    let report = support::json(&mut project.run(&["build", "--json"]));
    assert_eq!(report["bytes_before"], size);
    let names = support::json(&mut project.run(&["build", "--keep-names", "--json"]));
    assert_eq!(names["bytes_before"], size);
    assert!(names["size"]["bytes"].as_u64().unwrap() > size as u64);
    let output = project.run(&["build"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(" before: -"), "{said}");
    assert!(
        !said.contains('\u{1b}'),
        "colours are for terminals: {said}"
    );
}

#[test]
fn a_snapshot_is_the_plugin_with_its_description() {
    let project = repeater("ready-repeater");
    let build = ["build", "--snapshot", "--profile=dev"];
    let report = support::json(project.run(&build).arg("--json"));
    let wasm = report["files"][0].as_str().unwrap();
    let mut plugin = Plugin::from_file(wasm).unwrap();
    let length: u64 = plugin.call("measure", json!({"word": "kite"})).unwrap();
    assert_eq!(length, 4);
    let info = support::json(&mut project.run(&["info", wasm, "--json"]));
    assert_eq!(info["id"], "ready-repeater");
    assert_eq!(info["module"]["snapshot"], true);
    let validated = project.run(&["validate", wasm]).output().unwrap();
    let said = String::from_utf8_lossy(&validated.stdout);
    assert_eq!(validated.status.code(), Some(0), "{said}");

    let configured = Project::plugin(
        "configured",
        "use plugin_sdk::prelude::*;
        #[plugin]
        pub struct Configured(u64);
        #[plugin]
        impl Configured {
            #[init]
            fn new(start: u64) -> Self {
                Configured(start)
            }
        }",
    );
    let output = configured.run(&build).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("warning: the `#[init]` hook"), "{said}");

    let shy = Project::plugin(
        "shy",
        "use plugin_sdk::prelude::*;
        #[plugin]
        pub struct Shy(u64);
        impl Default for Shy {
            fn default() -> Self {
                Shy(plugin_sdk::time::monotonic().unwrap().as_secs())
            }
        }
        #[plugin]
        impl Shy {}",
    );
    let said = error_in(&shy, &mut shy.run(&build));
    let (_, said) = said.split_once("error: ").unwrap();
    insta::assert_snapshot!(said, @r#"
    the plugin `shy` cannot be built

    Caused by:
      no snapshot can be taken: the plugin calls its host before the first call: `plugin_host.time_monotonic`

    help: a snapshot is one state for all instances, and an answer of the host is for one: move the call from `Default` to an `#[init]` hook or to a command, or build without a snapshot
    "#);
}

#[test]
fn packages_are_reproducible_and_their_checksums_match() {
    let project = repeater("packed-repeater");
    let output = tempfile::tempdir().unwrap();
    let pack = |folder: &str| {
        let folder = output.path().join(folder);
        let report = support::json(&mut project.run(&[
            "package",
            "--json",
            "--output",
            folder.to_str().unwrap(),
        ]));
        let archive = fs::read(report["archive"].as_str().unwrap()).unwrap();
        assert!(
            report["archive"]
                .as_str()
                .unwrap()
                .ends_with("/packed-repeater-0.3.0.tar.gz")
        );
        (report, archive)
    };
    let (report, first) = pack("one");
    // A later build.
    project.put("src/lib.rs", &format!("{REPEATER}\n"));
    cargo(
        &project.root,
        &[
            "clean",
            "--release",
            "--package",
            "packed-repeater",
            "--target",
            "wasm32-unknown-unknown",
        ],
    )
    .assert()
    .success();
    let (again, second) = pack("two");
    assert!(
        first == second,
        "{} and {} bytes",
        first.len(),
        second.len()
    );
    assert_eq!(report["sha256"], again["sha256"]);

    let unpacked = output.path().join("unpacked");
    tar::Archive::new(GzDecoder::new(&*first))
        .unpack(&unpacked)
        .unwrap();
    let folder = unpacked.join("packed-repeater-0.3.0");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "COMMANDS.md",
            "LICENSE-MIT",
            "README.md",
            "SHA256SUMS",
            "packed-repeater.wasm",
        ]
    );
    assert_eq!(report["files"].as_array().unwrap().len(), names.len());
    // The check of a user who downloads it.
    Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(&folder)
        .assert()
        .success();
    let mut reference = String::new();
    fs::File::open(folder.join("COMMANDS.md"))
        .unwrap()
        .read_to_string(&mut reference)
        .unwrap();
    assert!(
        reference.contains("### `repeat`\n\nRepeats a word.\n"),
        "{reference}"
    );
    assert!(
        reference.contains("| `word` | string | required |"),
        "{reference}"
    );
}

#[test]
fn a_plugin_that_matches_its_description_passes() {
    let project = repeater("tested-repeater");
    let report = support::json(&mut project.run(&["test", "--json"]));
    assert_eq!(
        (&report["passed"], &report["own_tests"]),
        (&json!(true), &json!(true)),
        "{report:#}"
    );
    assert_eq!(report.get("warnings"), None, "{report:#}");
    let names: Vec<&Value> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| &check["name"])
        .collect();
    assert_eq!(
        names,
        [
            "it loads",
            "its commands are those that it describes",
            "it initialises with `{}`",
            "`louder` is as it is described",
            "`measure` is as it is described",
            "`measure` takes the value that it allows",
            "`repeat` is as it is described",
            "`repeat` takes 4 values that it allows",
        ]
    );
}

#[test]
fn a_plugin_that_differs_from_its_description_fails() {
    let source = r#"use plugin_sdk::prelude::*;

/// Says one thing and does another.
#[plugin]
pub struct Liar;

/// A text, as it says.
#[derive(Deserialize)]
pub struct Flag(bool);

/// A number, as it says.
#[derive(Serialize, Schema)]
#[serde(transparent)]
pub struct Text(#[schema(with = u32)] &'static str);

#[plugin]
impl Liar {
    #[init]
    pub fn new() -> Self {
        Liar
    }

    #[command]
    pub fn takes(#[arg(schema = String)] flag: Flag) -> bool {
        flag.0
    }

    #[command]
    pub fn gives() -> Text {
        Text("seven")
    }

    #[command]
    pub fn panics() -> u32 {
        let nothing: Option<u32> = None;
        nothing.expect("something")
    }
}
"#;
    let project = Project::plugin("liar", source);
    let output = project.run(&["test", "--no-own"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    insta::assert_snapshot!(said, @r#"
    ✓ it loads
    ✓ its commands are those that it describes
    ✓ it initialises with `{}`
    ✗ `gives` is as it is described
        for the arguments `{}` the result is not what is described: the result: expected an integer from 0 to 4294967295, found "seven"
    ✗ `panics` is as it is described
        for the arguments `{}`: command `panics` panicked: something
    ✗ `takes` is as it is described
        for the arguments `{"flag":true}` the answer should be invalid_argument, because `flag` is described as another type; it was: it took them
    ✗ `takes` takes the value that it allows
        for the arguments `{"flag":"text"}` the answer should be any answer but a refusal, because its description allows them; it was: invalid_argument {"path":"flag","expected":"a boolean","found":"\"text\""}
    "#);
}

#[test]
fn test_warns_of_printed_output_and_its_caller() {
    let source = r#"use plugin_sdk::prelude::*;

/// Prints.
#[plugin]
#[derive(Default)]
pub struct Printer;

#[plugin]
impl Printer {
    /// Counts words.
    #[command]
    pub fn count(text: &str) -> usize {
        println!("counting {text}");
        dbg!(text.split_whitespace().count())
    }
}
"#;
    let project = Project::plugin("printer", source);
    let output = project.run(&["test", "--no-own"]).output().unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout));
    assert_eq!(output.status.code(), Some(0));
    let report = support::json(&mut project.run(&["test", "--no-own", "--json"]));
    assert_eq!(report["passed"], true);
    let message = report["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("output is lost"), "{report:#}");
}

#[test]
fn failing_tests_exit_1_and_broken_builds_exit_3() {
    let project = Project::plugin("failing-repeater", REPEATER);
    project.put(
        "tests/own.rs",
        "#[test] fn fails() { panic!() } #[test] fn passes() {}\n",
    );
    let report = support::json(&mut project.run(&["test", "--no-smoke", "--json"]));
    assert_eq!(
        report,
        json!({"passed": false, "host": "native", "own_tests": false, "checks": []})
    );
    let filtered =
        support::json(&mut project.run(&["test", "--no-smoke", "--json", "--", "passes"]));
    assert_eq!(filtered["passed"], true);

    project.put("tests/own.rs", "fn broken(\n");
    let (code, said) = refused(&mut project.run(&["test", "--no-smoke"]));
    assert_eq!(code, Some(3));
    assert!(
        said.contains("error: the tests of `failing-repeater` do not build"),
        "{said}"
    );
}

#[test]
fn a_project_that_is_not_a_plugin_learns_what_it_lacks() {
    let name = "[package]\nname = \"plain\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let library = Project::new(&[("Cargo.toml", name), ("src/lib.rs", "")]);
    insta::assert_snapshot!(error_in(&library, &mut library.run(&["build"])), @r#"
    error: the package `plain` is not a plugin

    Caused by:
      it does not depend on `plugin-sdk`: [PROJECT]/Cargo.toml

    help: `cargo plugin new NAME` creates a plugin; `cargo add plugin-sdk` is the first step to turn a package into one
    "#);

    let rlib = manifest("plain").replace("\"cdylib\", ", "");
    let rlib = Project::new(&[("Cargo.toml", &rlib), ("src/lib.rs", "")]);
    insta::assert_snapshot!(error_in(&rlib, &mut rlib.run(&["build"])), @r#"
    error: the library of the package `plain` does not become a WebAssembly module

    Caused by:
      its crate types lack `cdylib`: [PROJECT]/Cargo.toml

    help: add these lines to it:

      [lib]
      crate-type = ["cdylib", "rlib"]
    "#);

    let program = manifest("plain").replace("[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n", "");
    let program = Project::new(&[("Cargo.toml", &program), ("src/main.rs", "fn main() {}")]);
    insta::assert_snapshot!(error_in(&program, &mut program.run(&["package"])), @r#"
    error: the package `plain` has no library that could be a plugin

    Caused by:
      there is no `src/lib.rs` next to [PROJECT]/Cargo.toml

    help: a plugin is a library with `#[plugin]` in it: move it to `src/lib.rs`
    "#);

    let nothing = Project::new(&[]);
    insta::assert_snapshot!(error_in(&nothing, &mut nothing.run(&["test"])), @r#"
    error: there is no project here

    Caused by:
      could not find `Cargo.toml` in `[PROJECT]` or any parent directory

    help: `cargo plugin new NAME` creates one; `--manifest-path PATH` names one elsewhere
    "#);
    let folder = nothing.run(&["build", "--manifest-path", "src"]);
    insta::assert_snapshot!(error_in(&nothing, &mut { folder }), @r#"
    error: `src` is not the path of a `Cargo.toml`

    help: did you mean `--manifest-path src/Cargo.toml`?
    "#);
}

#[test]
fn one_of_several_plugins_must_be_chosen() {
    let workspace = Project::new(&[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\"]\n",
        ),
        ("one/Cargo.toml", &member("one")),
        ("one/src/lib.rs", ""),
        ("two/Cargo.toml", &member("two")),
        ("two/src/lib.rs", ""),
    ]);
    insta::assert_snapshot!(error_in(&workspace, &mut workspace.run(&["build"])), @r#"
    error: this workspace has 2 plugins

    help: `-p NAME` chooses one of the workspace's plugins: one, two
    "#);
    insta::assert_snapshot!(error_in(&workspace, &mut workspace.run(&["build", "-p", "tow"])), @r#"
    error: there is no package `tow` in this workspace

    Caused by:
      its `Cargo.toml` is [PROJECT]/Cargo.toml

    help: did you mean `two`?
    "#);
}

fn member(name: &str) -> String {
    let manifest = manifest(name);
    let (member, _profiles) = manifest.split_once("[profile").unwrap();
    member.to_owned()
}

#[test]
fn an_error_of_the_compiler_is_shown_and_is_in_the_document() {
    let project = Project::plugin(
        "broken",
        "use plugin_sdk::prelude::*;\nfn broken() -> u32 { \"\" }\n",
    );
    let said = error_in(&project, &mut project.run(&["build"]));
    assert!(said.contains("error[E0308]: mismatched types"), "{said}");
    assert!(
        said.contains("error: the plugin `broken` does not build"),
        "{said}"
    );
    let document = support::json(&mut project.run(&["build", "--json"]));
    let causes = document["error"]["causes"].to_string();
    assert!(causes.contains("mismatched types"), "{causes}");
}

#[test]
fn a_library_without_a_plugin_gets_a_hint() {
    let project = Project::plugin("empty-library", "");
    let said = error_in(&project, &mut project.run(&["build"]));
    let (_, said) = said.split_once("error: ").unwrap();
    insta::assert_snapshot!(said, @r#"
    the module of `empty-library` does not describe itself

    Caused by:
      it has no section `plugin-sdk`

    help: the plugin's crate must have a struct with `#[plugin]`, of plugin-sdk 0.1 or later
    "#);
}

#[test]
fn wasm_opt_is_asked_for_and_never_needed() {
    let project = Project::plugin("optimised", REPEATER);
    let mut command = project.run(&["build", "--optimize"]);
    // The tool calls cargo by its full path.
    let said = error_in(
        &project,
        command
            .env("PATH", Path::new("/nowhere"))
            .env("RUSTC", rustc()),
    );
    let (_, said) = said.split_once("error: ").unwrap();
    insta::assert_snapshot!(said, @r#"
    the module cannot be optimised

    Caused by:
      cannot run `wasm-opt`: No such file or directory (os error 2)

    help: `--optimize` needs Binaryen: `npm install -g binaryen`, `apt install binaryen`, `brew install binaryen`; all other commands work without it
    "#);
}

/// Returns the full path of the compiler.
fn rustc() -> String {
    let output = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .unwrap();
    let sysroot = String::from_utf8(output.stdout).unwrap();
    format!("{}/bin/rustc", sysroot.trim())
}
