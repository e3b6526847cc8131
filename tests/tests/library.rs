//! A plugin crate that another crate uses as a library.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin_sdk_harness::{Plugin, Source};
use plugin_sdk_tests::{Build, Host, Refused, root};
use serde_json::json;

/// Returns the plugin exports of a module, by name.
fn exports(build: &Build) -> Vec<String> {
    let mut names: Vec<String> = build
        .module()
        .exports()
        .map(|export| export.name().to_owned())
        .filter(|name| {
            ["command_", "plugin_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
                || ["alloc", "free"].contains(&&**name)
        })
        .collect();
    names.sort();
    names
}

const PLUGIN: [&str; 6] = [
    "alloc",
    "free",
    "plugin_abi_1",
    "plugin_cleanup",
    "plugin_init",
    "plugin_room_1",
];

fn with_plugin(commands: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = commands
        .iter()
        .chain(&PLUGIN)
        .map(|name| (*name).to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_library_is_a_plugin_when_built_alone() {
    let lending = Build::of("lending");
    assert_eq!(
        exports(&lending),
        with_plugin(&["command_shout", "command_whisper"])
    );
    let mut host = Host::new(&lending.module());
    assert_eq!(host.json("shout", json!({"text": "ho"})).value(), "HO");
}

#[test]
fn with_the_library_feature_a_dependent_exports_only_its_own() {
    for build in [
        Build::of("borrowing"),
        Build::of("borrowing").dev(),
        Build::of("borrowing").as_one(),
    ] {
        assert_eq!(exports(&build), with_plugin(&["command_echo"]));
        let mut host = Host::new(&build.module());
        assert_eq!(
            host.json("echo", json!({"text": "Ho"})).value(),
            "HO, ho (1)"
        );
        assert_eq!(
            host.json("echo", json!({"text": "Ho"})).value(),
            "HO, ho (2)"
        );
    }
}

#[test]
fn with_the_library_feature_an_ordinary_module_stays_ordinary() {
    let build = Build::of("plain");
    assert_eq!(exports(&build), [""; 0]);
    let module = build.module();
    assert!(
        module
            .exports()
            .any(|export| export.name() == "shout_length")
    );
}

#[test]
fn without_the_feature_two_plugins_in_one_module_do_not_link() {
    let forgotten = || Build::of("borrowing").without_default_features();
    for build in [forgotten(), forgotten().dev(), forgotten().as_one()] {
        let Err(Refused(why)) = build.wasm() else {
            panic!("{build:?} was linked");
        };
        // The linker's message, or that of link-time optimisation.
        assert!(
            why.contains("duplicate symbol: plugin_abi_1")
                || why.contains("'plugin_abi_1': symbol multiply defined"),
            "{why}"
        );
    }
}

#[test]
fn a_plugin_that_was_built_as_a_library_is_reported() {
    let wasm = Build::of("lending").feature("library").wasm().unwrap();
    let message = Plugin::builder(&wasm[..]).build().unwrap_err().to_string();
    let expected = "the plugin `lending` was built with its feature `library`";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn two_plugins_in_one_module_are_pointed_to_the_feature() {
    let source = Source::crate_dir(root().join("tests/guests/borrowing")).no_default_features();
    let target = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap();
    let failure = Plugin::builder(source.profile("dev").target_dir(target))
        .build()
        .unwrap_err();
    assert_eq!(failure.code(), "symbol_clash", "{failure}");
    let message = failure.to_string();
    assert!(
        message.contains("feature `library`: enable that of `lending`"),
        "{message}"
    );
}

/// The SDK's macros do not run in such a module, and the linker sees one plugin, so nothing can
/// refuse it. The documentation says so.
#[test]
fn without_the_feature_an_ordinary_module_becomes_a_plugin() {
    for build in [
        Build::of("plain"),
        Build::of("plain").dev(),
        Build::of("plain").as_one(),
    ] {
        let build = build.without_default_features();
        assert_eq!(
            exports(&build),
            with_plugin(&["command_shout", "command_whisper"])
        );
    }
}
