//! Snapshots of plugins: the same answers as those of their modules, on both engines.
//!
//! The whole conformance suite runs on snapshots with the variable `PLUGIN_SDK_SNAPSHOT`.

use std::path::Path;

use plugin_sdk_harness::{CrateSource, Engine, Failure, Module, Plugin, Source};
use serde_json::{Value, json};

use super::{WORKSPACE, target_dir};

const BOTH: [Engine; 2] = [Engine::Wasmtime, Engine::Wasmi];

fn source(folder: &str) -> CrateSource {
    let source = Source::crate_dir(Path::new(WORKSPACE).join(folder));
    source.target_dir(target_dir()).cdylib_only()
}

/// Returns the module, and a snapshot of it.
fn both(folder: &str) -> [Module; 2] {
    [source(folder), source(folder).snapshot()].map(|source| Module::load(source).unwrap())
}

fn call(plugin: &mut Plugin, command: &str, arguments: Value) -> Value {
    plugin.call(command, arguments).unwrap()
}

#[test]
fn a_snapshot_begins_with_the_plugin_that_default_made() {
    for module in both("tests/guests/prepared") {
        for engine in BOTH {
            let builder = || module.plugin().engine(engine);
            // With and without a call of `plugin_init` before the first command.
            for mut plugin in [builder(), builder().without_init()].map(|it| it.build().unwrap()) {
                assert_eq!(call(&mut plugin, "square", json!({"root": 9})), 81);
                assert_eq!(call(&mut plugin, "count", json!({"word": "the"})), 2);
                assert_eq!(call(&mut plugin, "count", json!({"word": "the"})), 3);
                // The level of the log is each host's choice.
                assert_eq!(plugin.services().logs().lines()[0].message, "square of 9");
                plugin.init(json!({})).unwrap();
                assert_eq!(call(&mut plugin, "count", json!({"word": "the"})), 2);
                plugin.cleanup().unwrap();
                assert_eq!(call(&mut plugin, "count", json!({"word": "the"})), 2);
            }
            let mut other = builder().build().unwrap();
            assert_eq!(call(&mut other, "count", json!({"word": "the"})), 2);
        }
    }
}

#[test]
fn constructors_run_once_and_the_init_hook_in_each_instance() {
    for module in both("tests/guests/constructed") {
        for engine in BOTH {
            let mut plugin = module.plugin().engine(engine).build().unwrap();
            assert_eq!(call(&mut plugin, "runs", Value::Null), json!([1, 1]));
            let flavours = call(&mut plugin, "flavours", Value::Null);
            assert_eq!(flavours, json!(["lemon", "vanilla"]));
        }
        let mut plugin = module.plugin().without_init().build().unwrap();
        let failure = plugin.call::<Value>("runs", ()).unwrap_err();
        assert_eq!(failure.code(), "not_initialized");
    }
}

/// The standard library has no source of randomness in a plugin: the keys of hash maps depend on
/// addresses, which are the same in every instance. So a snapshot freezes nothing random.
#[test]
fn the_keys_of_hash_maps_are_the_same_in_every_instance() {
    for module in both("tests/guests/prepared") {
        let keys = || {
            let mut plugin = module.plugin().build().unwrap();
            call(&mut plugin, "keys", Value::Null)
        };
        assert_eq!(keys(), keys());
    }
}

#[test]
fn a_default_that_needs_its_host_or_panics_is_refused() {
    let refused = |feature: &str| {
        let source = source("tests/guests/prepared").features([feature]);
        Module::load(source.snapshot()).unwrap_err()
    };
    let names = |failure: &Failure, import: &str| {
        assert_eq!(failure.code(), "no_snapshot", "{failure}");
        assert!(failure.message().contains(import), "{failure}");
    };
    names(&refused("asks"), "`plugin_host.random_fill`");
    names(&refused("logs"), "`plugin_host.log_write`");
    let failure = refused("panics");
    assert_eq!(failure.panic().unwrap().message, "no state to begin with");
    assert!(failure.message().contains("`plugin_prepare`"), "{failure}");
}

#[test]
fn a_snapshot_of_an_example_is_at_most_5_percent_larger() {
    for example in ["greeter", "guest-book"] {
        let source = source(&format!("examples/{example}")).profile("guest");
        let both = [source.clone(), source.snapshot()];
        let [module, snapshot] = both.map(|source| Module::load(source).unwrap().size());
        assert!(
            snapshot * 100 <= module * 105,
            "{example}: {module}, {snapshot}"
        );
    }
}
