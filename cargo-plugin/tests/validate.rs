//! Tests of `cargo plugin validate` on the command line.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use plugin_sdk_harness::{BuildFailure, FailureKind, Plugin, Source, remedies};
use serde_json::{Value, json};
use support::modules::{EXPORTS, FOR_NEOTALK, greeter, module, plugin};
use support::project::{Project, manifest};
use support::{Folder, target_dir};

fn validate(folder: &Folder, options: &[&str]) -> (i32, String) {
    folder
        .run(&[&["validate", "greeter.wasm"], options].concat())
        .said()
}

/// Returns the exit code and the output for these bytes.
fn of(wasm: impl AsRef<[u8]>, options: &[&str]) -> (i32, String) {
    let folder = Folder::new();
    folder.write("greeter.wasm", wasm);
    validate(&folder, options)
}

#[test]
fn a_plugin_in_order_passes() {
    let (code, said) = of(plugin(&greeter()), &[]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(said);
}

#[test]
fn verbose_shows_all_details() {
    let (code, said) = of(plugin(&greeter()), &["--verbose"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(said);
}

/// NeoTalk's `magic header not found`.
#[test]
fn files_that_are_not_modules_are_named() {
    let (code, said) = of("not wasm at all", &[]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(said);
    for (bytes, expected) in [
        (&b"<!DOCTYPE html>"[..], "an HTML page"),
        (b"(module)", "WebAssembly text"),
        (b"\0asm\x0d\0\x01\0", "a WebAssembly component"),
        (&plugin(&greeter())[..300], "truncated"),
        (b"", "empty"),
    ] {
        let (code, said) = of(bytes, &[]);
        assert_eq!(code, 1);
        assert!(said.contains(expected), "{said}");
    }
}

/// NeoTalk's `Required export 'neotalk_command' not found`.
#[test]
fn all_missing_and_wrong_exports_are_reported() {
    let wrong = EXPORTS
        .replace(r#"(func (export "free") (param i32 i32))"#, "")
        .replace(
            r#"(export "plugin_cleanup")"#,
            r#"(export "plugin_cleanup") (param i64)"#,
        );
    let (code, said) = of(
        module(
            "",
            &wrong,
            Some(&format!(
                "{}\n",
                json!({"abi": 1, "id": "a", "name": "A", "version": "1.0.0", "license": "MIT"})
            )),
        ),
        &[],
    );
    assert_eq!(code, 1);
    insta::assert_snapshot!(said);
}

#[test]
fn a_plugin_of_another_host_is_recognised() {
    let (code, said) = of(
        module(
            "",
            r#"(memory (export "memory") 1) (func (export "neotalk_init"))"#,
            None,
        ),
        &[],
    );
    assert_eq!(code, 1);
    insta::assert_snapshot!(said);
}

/// NeoTalk's `Out of memory: failed to allocate`.
#[test]
fn limits_must_fit_the_module_and_the_host() {
    let mut manifest = greeter();
    manifest["limits"] = json!({"memory_pages": 1, "max_fuel": 100, "timeout_ms": 9000});
    let (code, said) = of(plugin(&manifest), &["--timeout-ms", "5000"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(said);
    let (code, said) = of(plugin(&greeter()), &["--memory-pages", "8"]);
    assert_eq!(code, 1);
    assert!(
        said.contains(
            "the plugin asks for 16 pages (1024 KiB), and the host gives 8 pages (512 KiB)"
        ),
        "{said}"
    );
}

#[test]
fn imports_that_the_host_lacks_are_reported() {
    let section = format!(
        "{}\n",
        json!({"abi": 1, "id": "a", "name": "A", "version": "1.0.0", "license": "MIT", "description": "A.", "permissions": [{"name": "http", "reason": "asks"}]})
    );
    let imports = r#"(import "plugin_host" "kv_gte" (func (param i32 i32) (result i64))) (import "plugin_host" "kv_set" (func))
        (import "text" "reverse" (func)) (import "plugin_host" "files_read" (func (param i32 i32) (result i64)))"#;
    let (code, said) = of(module(imports, EXPORTS, Some(&section)), &[]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(said);
    let (_, said) = of(
        module(imports, EXPORTS, Some(&section)),
        &["--provides", "text"],
    );
    assert!(!said.contains("`text`"), "{said}");
}

/// go-musicfox passes its functions by position, and at most reports `incompatible import type`.
#[test]
fn imports_in_another_order_fail_where_position_counts() {
    let exports = r#"(memory (export "memory") 1) (func (export "malloc") (param i32) (result i32) i32.const 8) (func (export "free") (param i32))
        (func (export "initialize") (param i32 i32) (result i32) i32.const 0) (func (export "start") (result i32) i32.const 0)
        (func (export "stop") (result i32) i32.const 0) (func (export "cleanup") (result i32) i32.const 0)
        (func (export "process_audio") (param i32 i32 i32) (result i32) i32.const 0) (func (export "get_metadata") (result i32) i32.const 0)"#;
    let [log, get_config, emit_event] = [
        r#"(import "env" "host_log" (func (param i32 i32 i32)))"#,
        r#"(import "env" "host_get_config" (func (param i32 i32) (result i32)))"#,
        r#"(import "env" "host_emit_event" (func (param i32 i32 i32 i32)))"#,
    ];
    let said = |imports: [&str; 3]| {
        let wasm = module(&imports.concat(), exports, None);
        of(wasm, &["--host", "musicfox"])
    };
    let (code, _) = said([log, get_config, emit_event]);
    assert_eq!(code, 0);
    let (code, output) = said([emit_event, log, get_config]);
    assert_eq!(code, 1);
    assert!(
        output.contains("it imports host_emit_event, host_log, host_get_config"),
        "{output}"
    );
    assert!(output.contains("feature `host-musicfox`"), "{output}");
}

#[test]
fn the_cause_of_javascript_imports_is_named_with_the_edit() {
    let imports = r#"(import "__wbindgen_placeholder__" "__wbg_now_1" (func $js_sys::Date::now)) (import "wasi_snapshot_preview1" "fd_write" (func))
        (import "env" "missing" (func $missing))"#;
    let fields = format!(
        "{EXPORTS} (func $chrono::offset::utc::Utc::now call $wasm_bindgen::glue) (func $wasm_bindgen::glue call $js_sys::Date::now) (func $greeter::run call $missing)"
    );
    let (code, said) = of(module(imports, &fields, None), &[]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(said);
}

#[test]
fn calls_that_fail_in_the_standard_library_are_warnings() {
    let fields = format!(
        r#"{EXPORTS} (data (i32.const 0) "time not implemented on this platform") (func $std::time::Instant::now) (func $greeter::measure call $std::time::Instant::now)"#
    );
    let section = format!(
        "{}\n",
        json!({"abi": 1, "id": "a", "name": "A", "version": "1.0.0", "license": "MIT", "description": "A.", "handles": [{"topic": "a"}]})
    );
    let (code, said) = of(module("", &fields, Some(&section)), &[]);
    assert_eq!(code, 0, "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_module_without_an_allocator_gets_a_warning() {
    let warned = |fields: &str| {
        let (code, said) = of(module("", fields, None), &["--host", "neotalk"]);
        assert_eq!(code, 0, "{said}");
        said.contains("! the module exports no `neotalk_alloc`: the host `neotalk` has no memory")
    };
    assert!(warned(FOR_NEOTALK));
    let alloc = r#"(func (export "neotalk_alloc") (param i32) (result i32) i32.const 4096)"#;
    assert!(!warned(&format!("{FOR_NEOTALK} {alloc}")));
}

#[test]
fn files_next_to_a_native_module_are_ignored() {
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&greeter()));
    folder.write("greeter.json", "{");
    folder.write("plugin.json", r#"{"id": "greeter"}"#);
    assert_eq!(validate(&folder, &[]).0, 0);
}

#[test]
fn sidecars_must_agree_with_the_module() {
    let folder = Folder::new();
    let mut manifest = greeter();
    manifest["limits"] = json!({});
    manifest["commands"] = json!([]);
    let made_for_neotalk = module("", FOR_NEOTALK, Some(&format!("{manifest}\n")));
    folder.write("greeter.wasm", made_for_neotalk);
    let validate = |folder: &Folder| validate(folder, &["--host", "neotalk"]);
    folder.write(
        "greeter.json",
        json!({"id": "greeter", "version": "0.0.9", "more": true}).to_string(),
    );
    let (code, said) = validate(&folder);
    assert_eq!(code, 1);
    assert!(
        said.contains("`version` is \"0.0.9\" in the file, and \"0.1.0\" in the module"),
        "{said}"
    );
    assert!(
        said.contains("`more` is not in the module: true in the file"),
        "{said}"
    );
    folder.write("greeter.json", "{");
    let (code, said) = validate(&folder);
    assert_eq!(code, 1);
    assert!(said.contains("`greeter.json` is not JSON"), "{said}");
    std::fs::remove_file(folder.path().join("greeter.json")).unwrap();
    assert_eq!(validate(&folder).0, 0);
}

#[test]
fn a_stripped_or_broken_section_is_reported() {
    let (code, said) = of(module("", EXPORTS, None), &[]);
    assert_eq!(code, 0);
    assert!(
        said.contains("! the module does not describe itself")
            && said.contains("--keep-section=plugin-sdk"),
        "{said}"
    );
    let (code, said) = of(module("", EXPORTS, Some("{")), &[]);
    assert_eq!(code, 1);
    assert!(
        said.contains("the section `plugin-sdk` cannot be read: line 1"),
        "{said}"
    );
}

#[test]
fn a_proposal_that_the_host_lacks_is_named() {
    let (code, said) = of(
        module("", &format!("{EXPORTS} (tag (param i32))"), None),
        &[],
    );
    assert_eq!(code, 1);
    assert!(
        said.contains("the module needs `exception-handling`, which the host does not support"),
        "{said}"
    );
}

#[test]
fn programs_read_checks_and_findings() {
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&greeter()));
    let output = support::json(&mut support::plugin(
        folder.path(),
        &["validate", "greeter.wasm", "--json", "--memory-pages", "1"],
    ));
    assert_eq!(output["passed"], false);
    let failed: Vec<_> = output["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["passed"] == false)
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["code"], "limits");
    assert!(failed[0]["findings"][0]["help"].is_string());
}

/// Builds plugins as their authors would.
#[test]
fn the_examples_pass_and_match_their_source() {
    for (name, expected) in [
        (
            "greeter",
            &[
                "Commands: greet, greeted",
                "Permissions: none (strict sandbox)",
            ][..],
        ),
        ("guest-book", &["Permissions: kv"]),
        ("text-stats", &["✓ Metadata complete"]),
        ("audio-filter", &["✓ Required exports present"]),
    ] {
        let dir = std::path::Path::new(support::WORKSPACE)
            .join("examples")
            .join(name);
        let built = Source::crate_dir(dir).profile("guest").compile().unwrap();
        let (code, said) = of(&built.wasm, &["--verbose"]);
        assert_eq!(code, 0, "{said}");
        for line in expected {
            assert!(said.contains(line), "{said}");
        }
        // Unsupported functions in std alone are not calls of the plugin.
        assert!(!said.contains("standard library"), "{said}");
        let folder = Folder::new();
        folder.write("greeter.wasm", &built.wasm);
        let same = support::plugin(folder.path(), &["diff", "greeter.wasm", "greeter.wasm"])
            .output()
            .unwrap();
        assert!(same.status.success());
    }
}

/// The lines of `.cargo/config.toml` that remedies name.
const BACKEND: [&str; 2] = [
    "[target.wasm32-unknown-unknown]",
    "rustflags = ['--cfg', 'getrandom_backend=\"custom\"']",
];

/// Returns a plugin with these dependencies and one command with this body.
fn using(name: &str, dependencies: &[&str], body: &str) -> Project {
    let mut toml = manifest(name);
    for line in dependencies {
        match line.split_once(" = ") {
            // A remedy's own line of the SDK adds features to the one of this repository.
            Some(("plugin-sdk", spec)) => {
                let (_, features) = spec.split_once("features = ").unwrap();
                let sdk = format!("plugin-sdk = {{ path = '{}/sdk'", support::WORKSPACE);
                let features = features.trim_end_matches(" }");
                toml = toml.replace(&sdk, &format!("{sdk}, features = {features}"));
            }
            _ => toml = toml.replace("[dependencies]\n", &format!("[dependencies]\n{line}\n")),
        }
    }
    let source = format!(
        "use plugin_sdk::prelude::*;\n\n/// Tries a crate.\n#[plugin]\n#[derive(Default)]\npub struct Trial;\n\n\
         #[plugin]\nimpl Trial {{\n    /// Tries it.\n    #[command]\n    pub fn attempt(&self) -> Result<String> {{\n{body}\n    }}\n}}\n"
    );
    Project::new(&[("Cargo.toml", &toml), ("src/lib.rs", &source)])
}

/// Builds a project for tests as the harness does, and calls its command.
fn attempt(project: &Project) -> Result<String, plugin_sdk_harness::Failure> {
    let source = Source::crate_dir(&project.root)
        .profile("dev")
        .target_dir(target_dir());
    let mut plugin = Plugin::builder(source).grant_all().build()?;
    plugin.call::<String>("attempt", ())
}

/// Returns the lines of `Cargo.toml` in the remedy for a crate.
fn lines_of(name: &str) -> Vec<&'static str> {
    let words = remedies::of(name).unwrap().split('`');
    words.filter(|word| word.contains(" = {")).collect()
}

#[test]
fn every_remedy_that_keeps_a_crate_makes_it_work() {
    let plain = [
        lines_of("chrono"),
        lines_of("tokio"),
        vec!["time = \"0.3\""],
    ]
    .concat();
    let body = "let now = plugin_sdk::time::now()?;\n\
                let (sender, mut receiver) = tokio::sync::mpsc::channel(1);\n\
                sender.try_send(chrono::DateTime::<chrono::Utc>::from(now).to_rfc3339()).unwrap();\n\
                Ok(format!(\"{} {}\", receiver.try_recv().unwrap(), ::time::OffsetDateTime::from(now)))";
    let answer = attempt(&using("tried-plain", &plain, body)).unwrap();
    // Both return the same day.
    let day = answer.split('T').next().unwrap();
    assert!(answer.contains(&format!(" {day} ")), "{answer}");

    // All of them have the same line for plugin-sdk and the same configuration.
    let sdk = lines_of("getrandom");
    assert_eq!(sdk, lines_of("rand"));
    let random = [
        sdk,
        lines_of("uuid"),
        vec![
            "rand = \"0.10\"",
            "two = { package = \"getrandom\", version = \"0.2\" }",
            "three = { package = \"getrandom\", version = \"0.3\" }",
            "four = { package = \"getrandom\", version = \"0.4\" }",
        ],
    ]
    .concat();
    let body = "let mut bytes = [[0; 16]; 3];\n\
                two::getrandom(&mut bytes[0]).unwrap();\n\
                three::fill(&mut bytes[1]).unwrap();\n\
                four::fill(&mut bytes[2]).unwrap();\n\
                Ok(format!(\"{bytes:?} {} {}\", uuid::Uuid::new_v4(), rand::random::<u64>()))";
    let project = using("tried-random", &random, body);
    for name in ["getrandom", "uuid", "rand"] {
        let remedy = remedies::of(name).unwrap();
        assert!(BACKEND.iter().all(|line| remedy.contains(line)), "{remedy}");
    }
    project.put(".cargo/config.toml", &BACKEND.join("\n"));
    let [one, other] = [attempt(&project), attempt(&project)].map(Result::unwrap);
    // The harness's random numbers repeat in every run; the remedies make them available.
    assert_eq!(one, other);
    assert!(!one.contains("0, 0, 0, 0"), "{one}");
}

#[test]
fn every_replacement_that_a_remedy_names_exists() {
    let named = [
        ("instant", "time::monotonic()"),
        ("web-time", "time::monotonic()"),
        ("time", "time::now()"),
        ("reqwest", "http"),
        ("gloo-net", "http"),
    ];
    for (name, path) in named {
        let remedy = remedies::of(name).unwrap();
        assert!(
            remedy.contains(&format!("`plugin_sdk::{path}`")),
            "{remedy}"
        );
    }
    let body = "log::info!(\"{:?}\", plugin_sdk::time::monotonic()?);\n\
                plugin_sdk::time::now()?;\nplugin_sdk::random::bytes::<4>()?;\n\
                plugin_sdk::http::get(\"https://example.com\").map(|_| ()).unwrap_err();\nOk(\"done\".to_owned())";
    let project = using("replaced", &["log = \"0.4\""], body);
    assert_eq!(attempt(&project).unwrap(), "done");
}

#[test]
fn a_failed_load_in_a_test_gives_the_hint_of_validate() {
    let project = using(
        "for-javascript",
        &["web-time = \"1\""],
        "Ok(format!(\"{:?}\", web_time::Instant::now()))",
    );
    let failure = attempt(&project).unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::MissingImports { .. }),
        "{failure}"
    );
    let remedy = remedies::of("web-time").unwrap();
    let hint = failure.hint().unwrap();
    assert!(hint.ends_with(remedy), "{hint}");
    assert!(
        hint.contains("the path to it: for-javascript v0.3.0 → web-time v1.1.0 → js-sys"),
        "{hint}"
    );
    let module = target_dir().join("wasm32-unknown-unknown/debug/for_javascript.wasm");
    let manifest = project.root.join("Cargo.toml");
    let validated: Value = support::json(&mut project.run(&[
        "validate",
        module.to_str().unwrap(),
        "--manifest-path",
        manifest.to_str().unwrap(),
        "--json",
    ]));
    assert!(
        validated.to_string().contains(&json!(remedy).to_string()),
        "{validated:#}"
    );
}

#[test]
fn a_dependency_without_its_configuration_gets_the_lines() {
    let project = using(
        "unconfigured",
        &lines_of("uuid"),
        "Ok(uuid::Uuid::new_v4().to_string())",
    );
    let failure = attempt(&project).unwrap_err();
    assert!(
        matches!(
            failure.kind(),
            FailureKind::Build(BuildFailure::Failed { .. })
        ),
        "{failure}"
    );
    let hint = failure.hint().unwrap();
    assert!(BACKEND.iter().all(|line| hint.contains(line)), "{hint}");
    // The tool both shows and reads cargo's output.
    let built = project.run(&["build", "--profile=dev"]).output().unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(said.contains("Compiling") && said.contains(&hint), "{said}");
}
