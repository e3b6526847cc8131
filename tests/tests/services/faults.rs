//! Every fault of a host is an error value to the plugin.

use std::cell::Cell;
use std::time::Duration;

use plugin_sdk_harness::services::{
    AllowList, InjectedFault, MemoryFiles, ScriptedAi, ScriptedHttp,
};
use plugin_sdk_harness::{Module, Plugin, Source};
use plugin_sdk_tests::root;
use proptest::prelude::*;
use serde_json::{Value, json};

const PERMISSIONS: [&str; 5] = ["kv", "http", "events", "files", "ai"];

const FUNCTIONS: [&str; 24] = [
    "kv_get",
    "kv_set",
    "kv_delete",
    "kv_list",
    "kv_*",
    "http_send",
    "events_emit",
    "events_subscribe",
    "events_unsubscribe",
    "files_read",
    "files_write",
    "files_remove",
    "files_list",
    "files_*",
    "ai_chat",
    "config_get",
    "log_write",
    "log_max_level",
    "time_now",
    "time_monotonic",
    "random_fill",
    "time_*",
    "*",
    "no_such_function",
];

/// Faults, each with its function.
type Faults = Vec<(&'static str, InjectedFault)>;

fn calls() -> impl Strategy<Value = Vec<Value>> {
    let key = "[ab.*/]{0,3}";
    let path = "(data|assets|none|\\.\\.)(/[ab.]{1,2}){0,2}";
    let text = "[a\u{0}\u{e4}\"]{0,20}";
    let call = prop_oneof![
        key.prop_map(|key| json!({ "kv_get": key })),
        key.prop_map(|key| json!({ "kv_get_bytes": key })),
        (key, text).prop_map(|(key, value)| json!({ "kv_set": [key, value] })),
        key.prop_map(|key| json!({ "kv_delete": key })),
        key.prop_map(|key| json!({ "kv_list": key })),
        ("[A-Z ]{1,4}", "http://(a|b|@c|\u{e4})(:80|:x)?/[ab]?", text)
            .prop_map(|(method, url, body)| json!({ "http": [method, url, body] })),
        (key, text).prop_map(|(topic, data)| json!({ "emit": [topic, data] })),
        key.prop_map(|topic| json!({ "subscribe": topic })),
        key.prop_map(|topic| json!({ "unsubscribe": topic })),
        path.prop_map(|path| json!({ "read": path })),
        (path, text).prop_map(|(path, contents)| json!({ "write": [path, contents] })),
        path.prop_map(|path| json!({ "remove": path })),
        path.prop_map(|path| json!({ "list": path })),
        text.prop_map(|text| json!({ "chat": text })),
        key.prop_map(|key| json!({ "config": key })),
        text.prop_map(|text| json!({ "log": text })),
        Just(json!("now")),
        Just(json!("monotonic")),
        Just(json!("random")),
    ];
    prop::collection::vec(call, 1..6)
}

fn faults() -> impl Strategy<Value = Faults> {
    let kind = prop_oneof![
        4 => ("[a-z\u{e4}]{0,8}", "[a-z\u{e4}\"\u{0}]{0,40}").prop_map(|(code, message)| InjectedFault::error(code, message)),
        1 => Just(InjectedFault::delay(Duration::from_micros(1))),
        3 => (0usize..100_000).prop_map(InjectedFault::oversized),
        3 => Just(InjectedFault::bad_bytes()),
    ];
    let fault = (prop::sample::select(&FUNCTIONS), kind, 0u64..4, 0u64..3)
        .prop_map(|(function, fault, times, after)| (function, fault.times(times).after(after)));
    prop::collection::vec(fault, 0..4)
}

/// Returns sequences of calls with the faults injected meanwhile.
fn sequences() -> impl Strategy<Value = Vec<(Vec<Value>, Faults)>> {
    prop::collection::vec((calls(), faults()), SEQUENCES)
}

const CASES: u32 = 200;
const SEQUENCES: usize = 50;

/// Returns the module, built to count its heap.
fn module() -> Module {
    Module::load(Source::crate_dir(root().join("tests/guests/services")).count_allocations())
        .unwrap()
}

fn build(module: &Module, granted: &[&str]) -> Plugin {
    let http = ScriptedHttp::new(AllowList::new(["a"]).unwrap()).answer_when(|_| true, "fine");
    let mut builder = module
        .plugin()
        .memory_pages(128)
        .config(json!({"a": 1, "b": "text"}))
        .http(http)
        .ai(ScriptedAi::new().answer_to("*", "Hello"))
        .files(MemoryFiles::new().read_write("data").read_only("assets"));
    for permission in granted {
        builder = builder.grant(*permission);
    }
    builder.build().unwrap()
}

/// Runs a sequence. The plugin must answer every call, whatever its outcome.
fn run(
    plugin: &mut Plugin,
    calls: &[Value],
    faults: &[(&'static str, InjectedFault)],
) -> Result<Vec<Value>, TestCaseError> {
    plugin.clear_faults();
    for (function, fault) in faults {
        plugin.fault(function, fault.clone());
    }
    let outcomes: Vec<Value> = plugin
        .call("run", json!({ "calls": calls }))
        .map_err(|failure| TestCaseError::fail(failure.to_string()))?;
    prop_assert_eq!(outcomes.len(), calls.len());
    for outcome in &outcomes {
        let panicked = outcome
            .pointer("/Err/code")
            .is_some_and(|code| code == "host_panicked");
        prop_assert!(!panicked, "{}", outcome);
    }
    Ok(outcomes)
}

#[test]
fn ten_thousand_fault_sequences_are_plain_errors_without_leaks() {
    assert_eq!(CASES as usize * SEQUENCES, 10_000);
    let module = module();
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    };
    let failed = Cell::new(0);
    proptest!(config, |(granted in prop::sample::subsequence(PERMISSIONS.to_vec(), 0..=5), sequences in sequences())| {
        let mut plugin = build(&module, &granted);
        // Its arguments and its log line are longer than all others, so that the buffers are large
        // enough from now on.
        let usual = [json!({"log": "x".repeat(3000)}), json!("now"), json!({"config": "b"})];
        run(&mut plugin, &usual, &[])?;
        let before = plugin.heap().unwrap();
        for (calls, faults) in &sequences {
            let outcomes = run(&mut plugin, calls, faults)?;
            let errors = outcomes.iter().filter(|outcome| outcome.get("Err").is_some());
            failed.set(failed.get() + errors.count());
        }
        // The instance works as well as before.
        let healthy = run(&mut plugin, &usual, &[])?;
        prop_assert_eq!(&healthy[2], &json!({"Ok": "text"}));
        let growth = before.until(&plugin.heap().unwrap());
        prop_assert_eq!(growth.blocks, 0, "left in the heap: {:?}", growth);
        // The buffer for results stays as large as the largest result has needed, up to 64 KiB.
        prop_assert!(growth.bytes <= 64 << 10, "{:?}", growth);
    });
    assert!(failed.get() > 5000, "only {} calls failed", failed.get());
}

#[test]
fn memory_does_not_grow_under_any_fault() {
    let module = module();
    let mut plugin = build(&module, &["kv", "http", "events", "files"]);
    let calls = [
        json!({"kv_set": ["k", "v"]}),
        json!({"kv_get_bytes": "k"}),
        json!({"kv_list": ""}),
        json!({"http": ["GET", "http://a/", "body"]}),
        json!({"write": ["data/f", "text"]}),
        json!({"read": "data/f"}),
        json!({"list": "data"}),
        json!({"chat": "denied"}),
        json!({"config": "b"}),
        json!({"emit": ["a", 1]}),
        json!({"log": "line"}),
        json!("random"),
    ];
    let kinds = [
        None,
        Some(InjectedFault::error("unavailable", "disk on fire")),
        Some(InjectedFault::oversized(10_000)),
        Some(InjectedFault::bad_bytes()),
    ];
    let rounds = |plugin: &mut Plugin, times: usize| {
        for kind in kinds.iter().cycle().take(times) {
            let faults: Faults = kind.iter().map(|fault| ("*", fault.clone())).collect();
            run(plugin, &calls, &faults).unwrap();
        }
        plugin.memory_bytes()
    };
    let early = rounds(&mut plugin, 400);
    assert_eq!(rounds(&mut plugin, 8000), early);
}
