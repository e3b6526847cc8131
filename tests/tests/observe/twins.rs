//! Twin tests: equal runs pass, and planted differences are found and explained.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use calling::everything;
use plugin_sdk_harness::services::{
    AllowList, InjectedFault, MemoryFiles, ScriptedAi, ScriptedHttp,
};
use plugin_sdk_harness::twin::{Divergence, compare};
use plugin_sdk_harness::{CrateSource, Plugin, PluginBuilder, Source};
use serde_json::{Value, json};

use super::{Greeting, conventions};

fn guest(name: &str) -> CrateSource {
    Source::crate_dir(plugin_sdk_tests::root().join("tests/guests").join(name))
}

fn wasm(name: &str) -> PluginBuilder {
    Plugin::builder(guest(name))
}

/// Compares one call of the guest that differs.
fn called(command: &str, arguments: Value) -> Result<(), Divergence> {
    let native = PluginBuilder::native::<differing::Differing>();
    compare(native, wasm("differing"), |builder| {
        let mut plugin = builder.build().unwrap();
        assert_eq!(plugin.call::<u64>("calls", ()).unwrap(), 1);
        let _ = plugin.call::<Value>(command, &arguments);
    })
}

fn divergence(command: &str, arguments: Value) -> String {
    called(command, arguments).unwrap_err().to_string()
}

#[test]
fn another_width_of_usize_is_found_and_explained() {
    assert_eq!(
        divergence("complement", json!({"number": 1})),
        r#"the plugin behaves differently natively and in WebAssembly
step 7 differs:
  -> calls
  <- ok 1
  -> complement {"number":1}
native:
  <- ok 18446744073709551614
wasm:
  <- ok 4294967294
in the result, from byte 0:
  native  18446744073709551614
  wasm    4294967294
help: `usize` and `isize` have 32 bits in WebAssembly, and 64 natively: use `u32` or `u64` in values that leave the plugin
note: the guide lists the differences between the two: docs/guide/twin-tests.md"#
    );
}

#[test]
fn another_order_of_a_map_is_found_and_explained() {
    let text = divergence("keys", json!({}));
    assert!(text.contains("step 7 differs:\n"), "{text}");
    assert!(text.contains("\nnative:\n  <- ok [\"key "), "{text}");
    assert!(
        text.contains("help: the same parts are in another order"),
        "{text}"
    );
}

#[test]
fn another_last_digit_of_a_float_is_found_and_explained() {
    let numbers: Vec<f64> = (0..200).map(|nth| f64::from(nth) / 17.0).collect();
    let text = divergence("curves", json!({ "numbers": numbers }));
    assert!(text.contains("help: functions such as `sin`"), "{text}");
}

#[test]
fn another_log_line_is_found_at_its_host_call() {
    assert_eq!(
        divergence("log_bits", json!({})),
        r#"the plugin behaves differently natively and in WebAssembly
step 7 differs:
  -> calls
  <- ok 1
  -> log_bits {}
native:
    <- plugin_host.log_write(level: 3, target: differing, message: an address has 64 bits) = 0
wasm:
    <- plugin_host.log_write(level: 3, target: differing, message: an address has 32 bits) = 0
in `message`, from byte 15:
  native  an address has 64 bits
  wasm    an address has 32 bits
note: the guide lists the differences between the two: docs/guide/twin-tests.md"#
    );
}

#[test]
fn a_panic_on_one_side_is_found() {
    let text = divergence("time", json!({}));
    assert!(text.contains("native:\n  <- ok true\n"), "{text}");
    assert!(text.contains("wasm:\n  <- failure panic: "), "{text}");
    let help = "help: WebAssembly has no clock of its own: `plugin_sdk::time::now()`";
    assert!(text.contains(help), "{text}");
}

#[test]
fn an_overflow_on_one_side_is_explained() {
    let text = divergence("successor", json!({"number": u32::MAX}));
    assert!(text.contains("native:\n  <- ok 4294967296\n"), "{text}");
    assert!(
        text.contains(
            "help: `usize` and `isize` have 32 bits in WebAssembly, and 64 natively: calculate"
        ),
        "{text}"
    );
}

#[test]
fn an_error_of_webassembly_alone_is_explained() {
    let text = divergence("complement", json!({"number": u64::MAX}));
    assert!(text.contains("help: `usize` and `isize`"), "{text}");
    let text = divergence("read", json!({"path": env!("CARGO_MANIFEST_PATH")}));
    assert!(text.contains("help: WebAssembly has no files"), "{text}");
}

#[test]
fn a_body_that_differs_itself_is_named_as_the_reason() {
    let native = PluginBuilder::native::<differing::Differing>();
    let runs = AtomicU64::new(0);
    let compared = compare(native, wasm("differing"), |builder| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        let mut plugin = builder.build().unwrap();
        let _ = plugin.call::<Value>("complement", json!({ "number": run }));
    });
    let text = compared.unwrap_err().to_string();
    assert!(
        text.contains("wasm:\n  -> complement {\"number\":0}\n"),
        "{text}"
    );
    assert!(
        text.contains("help: the test itself makes another call"),
        "{text}"
    );
}

#[test]
fn the_same_panic_on_both_sides_is_no_difference() {
    let compared = called("panic", json!({"reason": "cake"}));
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
}

#[test]
fn destructors_after_a_panic_reach_no_host() {
    let compared = called("panic_with_guard", json!({}));
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
    let mut native = PluginBuilder::native::<differing::Differing>()
        .build()
        .unwrap();
    let failure = native
        .call::<Value>("panic_with_guard", json!({}))
        .unwrap_err();
    assert!(failure.to_string().contains("with a guard"), "{failure}");
    assert_eq!(native.services().logs().lines().len(), 0);
}

#[test]
fn a_body_that_fails_on_both_sides_alike_panics() {
    let native = PluginBuilder::native::<differing::Differing>();
    let compared = catch_unwind(AssertUnwindSafe(|| {
        compare(native, wasm("differing"), |_| {
            panic!("expected in this test")
        })
    }));
    assert!(compared.is_err());
}

#[test]
fn every_form_of_command_is_the_same_on_both_sides() {
    let native = PluginBuilder::native::<observed::Observed>();
    let compared = compare(native, wasm("observed"), |builder| {
        let mut plugin = builder.build().unwrap();
        plugin.start().unwrap();
        let inputs = ["Ada", "", "Bob"].map(|name| json!({"name": name}));
        for command in ["greet", "greet_singly"] {
            plugin.call_many::<Value>(command, &inputs).unwrap();
            plugin.call_many::<Value>(command, &inputs).unwrap();
        }
        let _: Greeting = plugin.call_binary("greet-binary", ("Bob", 2u64)).unwrap();
        let mut numbers = [1.5f64.to_le_bytes(), 2.0f64.to_le_bytes()].concat();
        plugin.call_in_place("double", &mut numbers).unwrap();
        assert_eq!(numbers[..8], 3.0f64.to_le_bytes());
        for (command, bytes) in [
            ("echo", "a"),
            ("remember", "b"),
            ("latest", ""),
            ("fill", ""),
        ] {
            let _ = plugin.call_raw(command, bytes.as_bytes());
            let raw = plugin.call_many_raw(command, ["1", "", "22"]);
            assert_eq!(raw.unwrap().count(), 3);
        }
        for arguments in [
            json!({}),
            json!({"name": 1}),
            json!({"nme": "a"}),
            json!([1]),
        ] {
            let _ = plugin.call::<Value>("greet", arguments);
            let _ = plugin.call::<Value>("reverse", json!({"text": "äb"}));
        }
        assert_eq!(plugin.stop().unwrap_err().code(), "busy_greeting");
        assert!(plugin.call::<Value>("panic", ()).is_err());
        assert!(
            plugin
                .call::<Value>("greet", json!({"name": "Ada"}))
                .is_err()
        );
    });
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
}

#[test]
fn every_convention_of_host_calls_is_the_same_on_both_sides() {
    let native = PluginBuilder::native::<calling::Calling>();
    let filter = json!({"name": "x", "at_least": 0.5});
    let compared = compare(native, Plugin::builder(conventions::guest()), |builder| {
        let host = conventions::Host::default();
        let builder = builder.host_functions(everything::provide(host));
        let mut plugin = builder.grant("danger").build().unwrap();
        let keys = ["", "a", "known", "long", "none", "panic", "ä"];
        let mut calls = vec![
            ("numbers", json!({})),
            ("in_place", json!({})),
            ("query", json!({ "filter": filter })),
            ("dangerous", json!({})),
            ("fail", json!({})),
        ];
        for key in keys {
            for command in ["look_up", "own_error", "statuses"] {
                calls.push((command, json!({ "key": key })));
            }
            for command in ["text", "c_text"] {
                calls.push((command, json!({ "name": key })));
            }
            for how in ["", "negated", "truncated", "in_out"] {
                calls.push(("fetch", json!({"key": key, "how": how})));
            }
        }
        for (command, arguments) in &calls {
            let _ = plugin.call::<Value>(*command, arguments);
        }
        assert!(!plugin.is_poisoned());
        assert!(plugin.call::<Value>("fail_silently", ()).is_err());
    });
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
}

#[test]
fn services_events_and_faults_are_the_same_on_both_sides() {
    let native = PluginBuilder::native::<services::Services>();
    let compared = compare(native, wasm("services"), |builder| {
        let files = MemoryFiles::new().read_write("data");
        let http = ScriptedHttp::new(AllowList::new(["example.com"]).unwrap())
            .answer_to("GET https://example.com/*", json!([1]));
        let mut plugin = builder
            .config(json!({"most": 3}))
            .grant("kv")
            .grant("files")
            .grant("http")
            .grant("ai")
            .grant("events")
            .files(files)
            .http(http)
            .ai(ScriptedAi::new().answer("Good day."))
            .build()
            .unwrap();
        let calls = json!([
            {"kv_set": ["a", [1, "ä"]]},
            {"kv_get": "a"},
            {"kv_get_bytes": "none"},
            {"kv_list": ""},
            {"kv_delete": "a"},
            {"http": ["POST", "https://example.com/a", "body"]},
            {"http": ["GET", "https://example.com/a", ""]},
            {"http": ["GET", "https://example.org/", ""]},
            {"subscribe": "user.*"},
            {"emit": ["user.created", {"name": "Ada"}]},
            {"write": ["data/a", "text"]},
            {"read": "data/a"},
            {"read": "elsewhere/a"},
            {"list": "data"},
            {"remove": "data/a"},
            {"chat": "Hello"},
            {"chat": "Again"},
            {"config": "most"},
            {"log": "a \"line\""},
            "now",
            "monotonic",
            "random",
        ]);
        let _: Value = plugin.call("run", json!({ "calls": calls })).unwrap();
        let fault = InjectedFault::error("unavailable", "on fire");
        plugin.fault("kv_get", fault.times(1));
        for _ in 0..2 {
            let _ = plugin.call::<Value>("one", json!({"call": {"kv_get": "a"}}));
        }
        assert_eq!(plugin.deliver_events().unwrap(), 1);
    });
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
}

#[test]
fn state_and_events_are_the_same_on_both_sides() {
    let native = PluginBuilder::native::<stateful::Counter>();
    let compared = compare(native, wasm("stateful"), |builder| {
        let mut plugin = builder.config(json!({"step": 2})).build().unwrap();
        let _: u64 = plugin.call("count", json!({"name": "a"})).unwrap();
        let state = plugin.save_state().unwrap();
        let mut other = plugin.module().plugin().build().unwrap();
        other.load_state(&state).unwrap();
        other.load_state(br#"{"count": 7}"#).unwrap();
        assert_eq!(other.call::<u64>("count", ()).unwrap(), 8);
        assert!(other.load_state(b"[]").is_err());
    });
    assert!(compared.is_ok(), "{}", compared.unwrap_err());

    let native = PluginBuilder::native::<contract::Contract>();
    let compared = compare(native, wasm("contract"), |builder| {
        let mut plugin = builder.build().unwrap();
        plugin.start().unwrap();
        assert_eq!(plugin.start().unwrap_err().code(), "started");
        plugin
            .event("user.created", json!({"name": "Ada"}))
            .unwrap();
        plugin.event("order", ()).unwrap();
        plugin.stop().unwrap();
        let failure = plugin
            .call::<Value>("fail", json!({"limit": 3}))
            .unwrap_err();
        assert_eq!(failure.code(), "full");
        let _: Value = plugin
            .call("join", json!({"left": "a", "right": "b"}))
            .unwrap();
        plugin.cleanup().unwrap();
        plugin.init(json!({"name": "again"})).unwrap();
        assert!(plugin.init(json!({"refuse": "plainly"})).is_err());
        assert_eq!(plugin.call_raw("name", b"").unwrap(), b"again");
    });
    assert!(compared.is_ok(), "{}", compared.unwrap_err());
}

#[test]
fn capsules_of_wasm_replay_natively_up_to_the_panic() {
    let mut plugin = wasm("observed").transcript().build().unwrap();
    for name in ["Ada", "", "Bob"] {
        let _ = plugin.call::<Value>("greet", json!({ "name": name }));
    }
    plugin.call_raw("remember", b"\xff").unwrap_err();
    plugin.call::<Value>("panic", ()).unwrap_err();
    let capsule = plugin.capsule().unwrap();
    let native = PluginBuilder::native::<observed::Observed>();
    let replayed = capsule.replay_with(native).unwrap();
    assert!(replayed.difference().is_none(), "{replayed}");
    assert_eq!(replayed.failure.unwrap().code(), "panic");
}
