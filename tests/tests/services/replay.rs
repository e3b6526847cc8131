//! Replays of a plugin that uses services: without them, on every host.

use plugin_sdk_harness::capsule::Capsule;
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::services::{
    AllowList, InjectedFault, MemoryFiles, ScriptedAi, ScriptedHttp, SystemClock, SystemRandom,
};
use plugin_sdk_harness::{Failure, Plugin, Source};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};

/// Returns the plugin, built for a host.
fn module(host: &HostContract) -> Source {
    let mut build = Build::of("services");
    if let Some(feature) = host.feature {
        build = build.feature(feature);
    }
    Source::bytes(build.wasm().unwrap().to_vec())
}

/// Creates the plugin with services whose answers differ from one run to the next.
fn plugin(host: &'static HostContract, config: Option<Value>) -> Result<Plugin, Failure> {
    let http = ScriptedHttp::new(AllowList::any()).answer_to("GET *", "a page");
    let files = MemoryFiles::new().read_write("data");
    let mut builder = Plugin::builder(module(host))
        .grant_all()
        .clock(SystemClock)
        .random(SystemRandom)
        .http(http)
        .ai(ScriptedAi::new().answer_to("*weather*", "It rains."))
        .files(files.with_file("data/a.txt", "from memory").unwrap())
        .transcript();
    if let Some(config) = config {
        builder = builder.config(config);
    }
    match host.feature {
        Some(_) => builder.build_for(host),
        None => builder.build(),
    }
}

/// Runs calls of all services and keeps them. Each host lacks some, which is recorded, too.
fn recorded(host: &'static HostContract) -> Capsule {
    // Some hosts have no configuration.
    let mut plugin = plugin(host, Some(json!({"colour": "blue"})))
        .or_else(|_| plugin(host, None))
        .unwrap();
    let _ = plugin.start();
    for call in [
        json!({"kv_set": ["last", {"name": "Ada"}]}),
        json!({"kv_get": "last"}),
        json!({"kv_list": ""}),
        json!({"kv_delete": "last"}),
        json!({"http": ["GET", "https://example.org/a", "body"]}),
        json!({"http": ["POST", "https://example.org/a", "body"]}),
        json!({"emit": ["made", {"n": 1}]}),
        json!({"subscribe": "made.**"}),
        json!({"read": "data/a.txt"}),
        json!({"read": "data/none.txt"}),
        json!({"write": ["data/b.txt", "new"]}),
        json!({"list": "data"}),
        json!({"chat": "the weather?"}),
        json!({"config": "colour"}),
        json!({"log": "a line"}),
        json!("now"),
        json!("monotonic"),
        json!("random"),
    ] {
        let _ = plugin.call::<Value>("one", json!({ "call": call }));
    }
    plugin.fault("*", InjectedFault::error("unavailable", "on fire").times(3));
    let _ = plugin.call::<Value>("one", json!({"call": {"kv_get": "last"}}));
    let _ = plugin.call::<Value>("one", json!({"call": {"config": "colour"}}));
    let _ = plugin.event("made.\"é", json!({"data": [1.5, null]}));
    let _ = plugin.call_raw("one", b"no JSON");
    let _ = plugin.cleanup();
    plugin.capsule().unwrap()
}

#[test]
fn calls_of_services_replay_without_them_on_every_host() {
    for host in hosts::all() {
        let capsule = recorded(host);
        let host_calls = capsule.transcript.host_calls().count();
        assert!(host_calls > 0, "{}", host.name);
        let capsule = Capsule::from_json(&capsule.to_json().unwrap()).unwrap();
        let replayed = capsule.replay(module(host)).unwrap();
        assert!(replayed.is_same(), "{}: {replayed}", host.name);
    }
}
