//! The manifest in a plugin's module, for tools that read it without running anything.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;
use plugin_sdk_harness::{Module, Plugin, Source};
use plugin_sdk_tests::{Build, Section, root, sections};
use serde_json::{Value, json};

/// Plugins with large manifests: types, codes of errors, defaults and a configuration; and events
/// and permissions.
const PLUGINS: [&str; 2] = ["greeter", "listener"];

fn manifest(wasm: &[u8]) -> Manifest {
    Manifest::read(wasm).unwrap().unwrap()
}

/// Returns the document that all lines form together.
fn document(wasm: &[u8]) -> Value {
    serde_json::to_value(manifest(wasm)).unwrap()
}

fn manifest_len(sections: &[Section<'_>]) -> usize {
    let manifests = sections
        .iter()
        .filter(|section| section.name == "plugin-sdk");
    manifests.map(|section| section.len).sum()
}

/// Returns the sections other than the manifest's.
fn done<'a>(sections: &'a [Section<'a>]) -> Vec<(u8, &'a str, &'a [u8])> {
    let done = sections
        .iter()
        .filter(|section| section.name != "plugin-sdk");
    done.map(|section| (section.id, section.name, section.bytes))
        .collect()
}

/// Runs Binaryen's optimiser, which does not know about plugins.
fn optimised(wasm: &[u8]) -> Vec<u8> {
    let program = std::env::var_os("PLUGIN_SDK_WASM_OPT").map_or_else(
        || target_dir().join("node/node_modules/binaryen/bin/wasm-opt"),
        PathBuf::from,
    );
    let folder = tempfile::tempdir().unwrap();
    let [before, after] = ["before.wasm", "after.wasm"].map(|file| folder.path().join(file));
    std::fs::write(&before, wasm).unwrap();
    let output = Command::new("node")
        // V8 would take longer to optimise the optimiser than to run it.
        .arg("--liftoff-only")
        .arg(&program)
        .args([
            "-Oz",
            "--strip-debug",
            "--strip-producers",
            "--all-features",
        ])
        .arg(&before)
        .arg("-o")
        .arg(&after)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}: {}\ntype `cargo xtask setup`, which prints how to set PLUGIN_SDK_WASM_OPT",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read(after).unwrap()
}

/// Returns the folder that cargo builds to.
fn target_dir() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

#[test]
fn a_manifest_identifies_the_plugin_and_lists_its_commands() {
    let document = document(&Build::of("greeter").dev().wasm().unwrap());
    assert_eq!(document["abi"], 1);
    assert_eq!(document["id"], "greeter");
    assert_eq!(document["name"], "Greeter");
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["description"], "Greets people, and counts them.");
    let greet = &document["commands"][0];
    assert_eq!(greet["name"], "greet");
    assert_eq!(
        greet["arguments"],
        json!({
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "times": {"type": "integer", "minimum": 0, "maximum": 255, "default": 1},
            },
            "required": ["name"],
            "additionalProperties": false,
        })
    );
    assert_eq!(
        greet["errors"][0],
        json!({"code": "name_empty", "description": "The name is empty."})
    );
    let config = &document["$defs"]["Config"];
    assert_eq!(
        config["properties"]["limit"]["description"],
        "The maximum number of people to greet; unlimited by default."
    );
}

#[test]
fn permissions_keep_their_order_and_reasons() {
    let document = document(&Build::of("listener").dev().wasm().unwrap());
    assert_eq!(
        document["permissions"],
        json!([
            {"name": "events", "reason": "hears \"who\" comes and goes"},
            {"name": "host.log-book", "reason": "keeps it – always"},
        ])
    );
    let topics: Vec<&str> = document["handles"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|handled| handled["topic"].as_str())
        .collect();
    assert_eq!(topics, ["user.created", "user.*", "user.**"]);
}

#[test]
fn the_manifest_does_not_depend_on_how_the_module_is_built() {
    for plugin in PLUGINS {
        let debug = Build::of(plugin).dev().wasm().unwrap();
        let expected = document(&debug);
        for (how, wasm) in [
            ("release, stripped", Build::of(plugin).wasm().unwrap()),
            (
                "release, stripped, with link-time optimisation",
                Build::of(plugin).as_one().wasm().unwrap(),
            ),
        ] {
            assert_eq!(document(&wasm), expected, "{plugin}: {how}");
        }
    }
}

#[test]
fn the_manifest_survives_the_optimiser() {
    for plugin in PLUGINS {
        for build in [Build::of(plugin).dev(), Build::of(plugin).as_one()] {
            let before = build.wasm().unwrap();
            let after = optimised(&before);
            assert!(after.len() < before.len());
            assert_eq!(document(&after), document(&before), "{plugin}");
            let module = Module::load(&*after).unwrap();
            assert_eq!(module.warnings(), [], "{plugin}");
        }
    }
}

#[test]
fn the_manifest_costs_neither_code_nor_memory() {
    for plugin in PLUGINS {
        let with = Build::of(plugin).as_one().wasm().unwrap();
        let without = Build::of(plugin).undescribed().wasm().unwrap();
        let (with_sections, without_sections) =
            (sections(&with).unwrap(), sections(&without).unwrap());
        assert_ne!(manifest_len(&with_sections), 0, "{plugin}");
        assert_eq!(manifest_len(&without_sections), 0, "{plugin}");
        assert_eq!(
            with.len() - manifest_len(&with_sections),
            without.len(),
            "{plugin}"
        );
        assert!(
            done(&with_sections) == done(&without_sections),
            "{plugin} has another section that is not the same byte for byte"
        );
        assert!(
            without_sections.iter().any(|section| section.id == 10),
            "there is code"
        );
    }
}

#[test]
fn the_manifest_matches_the_exports() {
    for plugin in [
        "basics",
        "greeter",
        "audio-filter",
        "text-stats",
        "guest-book",
        "host-modules",
        "rag",
        "hookless",
        "listener",
        "services",
    ] {
        let module = Module::load(&*Build::of(plugin).dev().wasm().unwrap()).unwrap();
        let described = module.manifest().unwrap();
        let names: Vec<&str> = described
            .commands
            .iter()
            .map(|command| &*command.name)
            .collect();
        assert_eq!(names, module.commands().collect::<Vec<_>>(), "{plugin}");
        let out_of_step = module
            .warnings()
            .iter()
            .find(|warning| warning.to_string().contains("describe"));
        assert_eq!(out_of_step, None, "{plugin}");
    }
}

#[test]
fn a_plugin_without_a_manifest_still_runs() {
    let wasm = Build::of("hookless").undescribed().wasm().unwrap();
    let mut plugin = Plugin::builder(&*wasm).validate_schemas().build().unwrap();
    assert_eq!(plugin.module().manifest(), None);
    assert_eq!(plugin.call::<u64>("count", ()).unwrap(), 1);
}

#[test]
fn wasm_opt_may_run_before_a_snapshot_is_taken_and_after() {
    let source = Source::crate_dir(root().join("tests/guests/hookless")).profile("guest");
    let prepared = source
        .clone()
        .compiler_arguments(["--cfg", "plugin_sdk_snapshot"])
        .compile()
        .unwrap()
        .wasm;
    let before = Plugin::builder(optimised(&prepared)).snapshot().unwrap();
    let after = optimised(&source.snapshot().compile().unwrap().wasm);
    for wasm in [before, after] {
        assert!(Inspection::of(&wasm).unwrap().is_snapshot());
        assert_eq!(document(&wasm)["id"], "hookless");
        let mut plugin = Plugin::from_bytes(&wasm).unwrap();
        let counts = [(); 2].map(|()| plugin.call::<u64>("count", ()).unwrap());
        assert_eq!(counts, [1, 2]);
    }
}
