//! Plugins that run natively behave as they do in WebAssembly.

use calling::everything;
use plugin_sdk_harness::services::InjectedFault;
use plugin_sdk_harness::{Failure, FailureKind, Module, Plugin, PluginBuilder, Source, hosts};
use serde_json::{Value, json};

use super::Greeting;

fn native() -> Plugin {
    Plugin::native::<observed::Observed>().unwrap()
}

fn contract(config: Value) -> Result<Plugin, Failure> {
    let builder = PluginBuilder::native::<contract::Contract>();
    builder.config(config).build()
}

#[test]
fn commands_keep_state_and_return_errors() {
    let mut plugin = native();
    for greeted in [1, 2] {
        let greeting: Greeting = plugin.call("greet", json!({"name": "Ada"})).unwrap();
        assert_eq!(greeting, Greeting::new("Ada", greeted));
    }
    let failure = plugin
        .call::<Greeting>("greet", json!({"name": ""}))
        .unwrap_err();
    assert_eq!(failure.code(), "nobody");
    let failure = plugin.call::<Greeting>("gret", ()).unwrap_err();
    assert!(failure.to_string().contains("`greet`"), "{failure}");
    let failure = plugin.call::<Greeting>("greet", json!({})).unwrap_err();
    assert_eq!(failure.code(), "missing_argument");
    let greeting: Greeting = plugin.call_binary("greet-binary", ("Bob", 2u64)).unwrap();
    assert_eq!(greeting, Greeting::new("Bob", 4));
}

#[test]
fn raw_commands_work_in_place_on_aligned_bytes() {
    let mut plugin = native();
    assert_eq!(plugin.call_raw("echo", b"abc").unwrap(), b"abc");
    let mut numbers: Vec<u8> = [1.5f64, 2.0]
        .into_iter()
        .flat_map(f64::to_le_bytes)
        .collect();
    plugin.call_in_place("double", &mut numbers).unwrap();
    assert_eq!(numbers[..8], 3.0f64.to_le_bytes());
    assert_eq!(plugin.call_raw("remember", b"state").unwrap().len(), 8);
    assert_eq!(plugin.call_raw("latest", b"").unwrap(), b"state");
}

#[test]
fn batches_run_in_one_call_or_one_by_one() {
    let mut plugin = PluginBuilder::native::<observed::Observed>()
        .statistics()
        .build()
        .unwrap();
    let inputs = ["Ada", "", "Bob"].map(|name| json!({"name": name}));
    for command in ["greet", "greet_singly"] {
        let greetings = plugin.call_many::<Greeting>(command, &inputs).unwrap();
        assert_eq!(greetings[1].as_ref().unwrap_err().code(), "nobody");
        assert_eq!(greetings[2].as_ref().unwrap().message, "Hello, Bob!");
    }
    let reversed = plugin.call_many::<String>("reverse", [json!({"text": "abc"})]);
    assert_eq!(reversed.unwrap()[0].as_ref().unwrap(), "cba");
    let statistics = plugin.statistics();
    assert_eq!(statistics.command("greet_singly").unwrap().calls, 3);
    assert!(statistics.command("greet").is_none(), "{statistics}");
}

#[test]
fn panics_are_failures_with_message_and_place() {
    let mut plugin = native();
    let failure = plugin
        .call::<Greeting>("greet", json!({"name": "panic"}))
        .unwrap_err();
    let FailureKind::Panic(panic) = failure.kind() else {
        panic!("{failure}");
    };
    assert_eq!(panic.message, "no greeting for this one");
    assert!(panic.file.ends_with("observed/src/lib.rs"), "{failure}");
    assert!(panic.line > 0 && panic.column > 0);
    let failure = plugin
        .call::<Greeting>("greet", json!({"name": "Ada"}))
        .unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::Poisoned { .. }));
    assert!(plugin.finish().is_err());
}

#[test]
fn hooks_run_and_a_missing_one_is_named() {
    let mut plugin = contract(json!({})).unwrap();
    plugin.start().unwrap();
    plugin
        .event("user.created", json!({"name": "Ada"}))
        .unwrap();
    plugin.stop().unwrap();
    let lives: Value = plugin.call("lives", ()).unwrap();
    assert_eq!(
        lives["seen"],
        json!(["start", r#"user.created: {"name":"Ada"}"#, "stop"])
    );
    assert_eq!(plugin.start().unwrap_err().code(), "started");
    plugin.finish().unwrap();

    let failure = native().event("user.created", ()).unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::MissingExport { .. }));
}

#[test]
fn an_init_hook_that_fails_keeps_the_old_plugin() {
    let failure = contract(json!({"refuse": "with_code"})).unwrap_err();
    assert_eq!(failure.code(), "refused");
    let failure = contract(json!({"refuse": "by_panic"})).unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::Panic(_)));

    let mut plugin = PluginBuilder::native::<contract::Contract>()
        .without_init()
        .build()
        .unwrap();
    assert_eq!(
        plugin.call::<u32>("count", ()).unwrap_err().code(),
        "not_initialized"
    );
    plugin.init(json!({})).unwrap();
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
    let failure = plugin.init(json!({"refuse": "plainly"})).unwrap_err();
    assert_eq!(failure.code(), "init_failed");
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 2);
}

#[test]
fn the_manifest_is_that_of_the_module() {
    let native = Module::native::<services::Services>();
    let wasm = plugin_sdk_tests::root().join("tests/guests/services");
    let wasm = Module::load(Source::crate_dir(wasm)).unwrap();
    let shown = |module: &Module| format!("{:#?}", module.manifest().unwrap());
    assert_eq!(shown(&native), shown(&wasm));
}

#[test]
fn values_are_checked_against_the_schemas() {
    let mut plugin = PluginBuilder::native::<observed::Observed>()
        .validate_schemas()
        .build()
        .unwrap();
    let failure = plugin
        .call::<Greeting>("greet", json!({"name": 5}))
        .unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::SchemaMismatch { .. }));
}

#[test]
fn a_missing_host_function_is_named() {
    let mut plugin = Plugin::native::<calling::Calling>().unwrap();
    let failure = plugin.call::<Value>("numbers", ()).unwrap_err();
    let FailureKind::MissingImports { imports } = failure.kind() else {
        panic!("{failure}");
    };
    assert_eq!(imports[0].name, "all_nothing");
}

#[test]
fn host_functions_have_permissions_faults_and_a_history() {
    let host = super::conventions::Host::default();
    let mut plugin = PluginBuilder::native::<calling::Calling>()
        .host_functions(everything::provide(host))
        .max_argument_bytes(100)
        .build()
        .unwrap();
    let failure = plugin.call::<Value>("dangerous", ()).unwrap_err();
    assert_eq!(failure.code(), "permission_denied");
    plugin.fault("lookup", InjectedFault::error("unavailable", "on fire"));
    let failure = plugin
        .call::<Value>("look_up", json!({"key": "a"}))
        .unwrap_err();
    assert_eq!(failure.code(), "unavailable");
    assert_eq!(plugin.host_calls()[0].function, "conventions.lookup");
    assert_eq!(plugin.host_calls()[0].arguments, [r#"key: "a""#]);

    let failure = plugin.call::<Value>("fail_silently", ()).unwrap_err();
    let FailureKind::HostFunction { function, .. } = failure.kind() else {
        panic!("{failure}");
    };
    assert_eq!(function, "conventions.all_fail_silently");
    assert!(plugin.is_poisoned());
}

#[test]
fn instances_on_many_threads_are_independent() {
    let module = Module::native::<observed::Observed>();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let mut plugin = module.plugin().build().unwrap();
                for greeted in 1..100 {
                    let greeting: Greeting = plugin.call("greet", json!({"name": "Ada"})).unwrap();
                    assert_eq!(greeting.greeted, greeted);
                }
            });
        }
    });
}

#[test]
fn what_needs_a_module_is_refused() {
    let builder = PluginBuilder::native::<observed::Observed>();
    let failure = builder.build_for(hosts::neotalk()).unwrap_err();
    assert_eq!(failure.code(), "engine");
    let failure = native().leaks(8, |_| {}).unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::MissingExport { .. }));
}
