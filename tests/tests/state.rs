//! State that outlives an instance: saved, loaded, migrated, and carried over by a registry.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_harness::{Failure, Plugin, Source};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};

fn old() -> Build {
    Build::of("stateful").feature("old")
}

fn new() -> Build {
    Build::of("stateful")
}

/// Returns an instance with a configuration.
fn plugin(build: &Build, config: Value) -> Plugin {
    let source = Source::bytes(build.wasm().unwrap().to_vec());
    Plugin::builder(source).config(config).build().unwrap()
}

fn count(plugin: &mut Plugin) -> u64 {
    plugin.call("count", json!({})).unwrap()
}

fn served(plugin: &mut Plugin) -> u64 {
    plugin.call("served", json!({})).unwrap()
}

/// Returns the error of a state that the plugin refuses, after checking that its own state stays.
fn refused(plugin: &mut Plugin, state: &[u8]) -> Failure {
    let before = plugin.save_state().unwrap();
    let failure = plugin.load_state(state).unwrap_err();
    assert_eq!(plugin.save_state().unwrap(), before);
    failure
}

#[test]
fn a_saved_state_is_loaded_by_another_instance() {
    let mut first = plugin(&new(), json!({}));
    assert!(first.has_state());
    assert_eq!((count(&mut first), count(&mut first)), (1, 2));
    let state = first.save_state().unwrap();
    assert_eq!(state, br#"{"counts":{"all":2},"served":2}"#);
    // Saving changes nothing.
    assert_eq!(count(&mut first), 3);

    let mut second = plugin(&new(), json!({}));
    second.load_state(&state).unwrap();
    assert_eq!(
        second.save_state().unwrap(),
        br#"{"counts":{"all":2},"served":0}"#
    );
    assert_eq!(count(&mut second), 3);
}

#[test]
fn skipped_fields_keep_what_init_gave_them() {
    let mut first = plugin(&new(), json!({"step": 5}));
    assert_eq!(count(&mut first), 5);
    let state = first.save_state().unwrap();

    let mut second = plugin(&new(), json!({"step": 100}));
    assert_eq!(count(&mut second), 100);
    second.load_state(&state).unwrap();
    assert_eq!(served(&mut second), 1);
    assert_eq!(count(&mut second), 105);
}

#[test]
fn the_state_of_an_older_version_is_migrated() {
    let mut old = plugin(&old(), json!({}));
    assert_eq!((count(&mut old), count(&mut old)), (1, 2));
    let state = old.save_state().unwrap();
    assert_eq!(state, br#"{"count":2}"#);

    let mut new = plugin(&new(), json!({"step": 10}));
    assert_eq!(count(&mut new), 10);
    new.load_state(&state).unwrap();
    assert_eq!(served(&mut new), 1);
    assert_eq!(count(&mut new), 12);
}

#[test]
fn a_state_that_does_not_fit_is_refused_and_the_old_stays() {
    let mut new = plugin(&new(), json!({}));
    assert_eq!(count(&mut new), 1);
    for (state, reasons) in [
        (
            &br#"{"counts": 7}"#[..],
            "the state cannot be loaded: `counts`: expected a map, found 7; for #[migrate]: the saved values: the field `count` is missing",
        ),
        (
            b"garbage",
            "the state cannot be loaded: the saved values must be valid JSON: expected a value at byte 0; for #[migrate]: the saved values must be valid JSON: expected a value at byte 0",
        ),
        (b"\xff\x00", ""),
        (br#"{"counts": {"all": 1}"#, ""),
        (b"", ""),
    ] {
        let failure = refused(&mut new, state);
        assert_eq!(failure.code(), "invalid_state", "{failure}");
        let message = failure.to_string();
        assert!(message.contains(reasons), "{message}");
    }

    // Long reasons are cut off.
    let long = json!({"counts": {"é".repeat(10_000): "many"}}).to_string();
    let message = refused(&mut new, long.as_bytes()).to_string();
    assert!(message.contains("é…; for #[migrate]: "), "{message}");
    assert!(message.len() < 800, "{message}");

    assert_eq!(count(&mut new), 2);
}

#[test]
fn a_plugin_without_a_migration_gives_one_reason() {
    let mut old = plugin(&old(), json!({}));
    let failure = refused(&mut old, br#"{"counts": {}}"#);
    assert_eq!(failure.code(), "invalid_state");
    let message = failure.to_string();
    let reason = "the state cannot be loaded: the saved values: the field `count` is missing";
    assert!(message.contains(reason), "{message}");
    assert!(!message.contains("migrate"), "{message}");
}

#[test]
fn an_error_of_the_migration_is_the_answer() {
    let mut new = plugin(&new(), json!({}));
    let failure = refused(&mut new, br#"{"count": 1000001}"#);
    assert_eq!(failure.code(), "invalid_state");
    let message = failure.to_string();
    assert!(
        message.contains("version 1 never counted this far"),
        "{message}"
    );
}

#[test]
fn a_plugin_without_the_option_exports_nothing_for_state() {
    let greeter = Build::of("greeter");
    let module = greeter.module();
    assert!(
        module
            .exports()
            .all(|export| !export.name().contains("state"))
    );
    let mut plugin = plugin(&greeter, json!({}));
    assert!(!plugin.has_state());
    let failure = plugin.save_state().unwrap_err();
    assert_eq!(failure.code(), "missing_export");
    let report = failure.to_string();
    let advice = "the plugin's struct has `#[plugin(state = \"json\")]`";
    assert!(report.contains(advice), "{report}");
}

#[test]
fn other_hosts_get_no_exports_for_state() {
    for host in ["neotalk", "extism", "typst"] {
        let build = new().feature(&format!("plugin-sdk/host-{host}"));
        let module = build.module();
        let mut exports = module.exports();
        assert!(
            exports.all(|export| !export.name().contains("state")),
            "{host}"
        );
    }
}

/// Puts a build where a registry finds it.
fn put(dir: &Path, build: &Build) {
    fs::write(dir.join("new"), build.wasm().unwrap()).unwrap();
    fs::rename(dir.join("new"), dir.join("stateful.wasm")).unwrap();
}

fn counted(registry: &Registry) -> u64 {
    registry.call("stateful", "count", json!({})).unwrap()
}

#[test]
fn a_swap_migrates_the_state_and_a_new_config_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), &old());
    let registry = Registry::new();
    let module = dir.path().join("stateful.wasm");
    let options = PluginOptions::new().config(json!({"step": 2}));
    registry.load(&*module, options).unwrap();
    assert_eq!(counted(&registry), 2);
    assert_eq!(counted(&registry), 4);

    put(dir.path(), &new());
    registry.reload("stateful").unwrap();
    assert_eq!(registry.status("stateful").unwrap().version, "2.0.0");
    assert_eq!(counted(&registry), 6);

    registry
        .set_config("stateful", &json!({"step": 100}))
        .unwrap();
    assert_eq!(counted(&registry), 106);
    let served: u64 = registry.call("stateful", "served", json!({})).unwrap();
    assert_eq!(served, 1);

    // The older version cannot read the newer one's state, so the newer one stays.
    put(dir.path(), &old());
    let refused = registry.reload("stateful").unwrap_err();
    assert_eq!(refused.code(), "invalid_state");
    assert_eq!(registry.status("stateful").unwrap().version, "2.0.0");
    assert_eq!(counted(&registry), 206);
}
