//! NeoTalk, emulated after its guide (`docs/hosts/neotalk.md`): a guest written by hand from the
//! guide's own samples, mistakes of such guests, and real plugins.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::time::Duration;

use failing::{Shop, shop};
use plugin_sdk_harness::hosts;
use plugin_sdk_harness::services::{AllowList, InjectedFault, ScriptedHttp};
use plugin_sdk_harness::{
    CrateSource, Engine, Failure, FailureKind, Plugin, PluginBuilder, Source,
};
use serde_json::{Value, json};

/// The guide's basic sample, with its memory management, in the text format. Tests replace its
/// parts.
struct Sample {
    /// The first fields: imports, and the plugin's manifest.
    fields: &'static str,
    alloc: &'static str,
    free: &'static str,
    init: &'static str,
    command: &'static str,
    get_result: &'static str,
    cleanup: &'static str,
}

impl Sample {
    fn new() -> Self {
        Sample {
            fields: "",
            // Blocks are at least 8 bytes apart.
            alloc: r#"(func (export "neotalk_alloc") (param $size i32) (result i32) (local $at i32)
                (local.set $at (global.get $top))
                (global.set $top (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -8)))
                (local.get $at))"#,
            free: r#"(func (export "neotalk_free") (param i32 i32))"#,
            init: "i32.const 1",
            command: r#"
                (if (i32.eq (i32.load8_u (local.get 0)) (i32.const 112)) ;; ping
                    (then (call $keep (i32.const 64) (i32.const 17)))
                (else (if (i32.eq (i32.load8_u (local.get 0)) (i32.const 101)) ;; echo
                    (then (call $keep (local.get 2) (local.get 3)))
                (else (if (i32.eq (i32.load8_u (local.get 0)) (i32.const 102)) ;; fail
                    (then (call $keep (i32.const 128) (i32.const 51)) (return (i32.const 1)))
                (else (call $keep (i32.const 96) (i32.const 27))))))))
                i32.const 0"#,
            get_result: r#"
                (if (i32.eqz (global.get $result)) (then (return (i32.const 1))))
                (i32.store (local.get 0) (global.get $result))
                (i32.store (local.get 1) (global.get $len))
                i32.const 0"#,
            cleanup: "(global.set $result (i32.const 0))",
        }
    }

    fn wat(&self) -> String {
        let Sample {
            fields,
            alloc,
            free,
            init,
            command,
            get_result,
            cleanup,
        } = self;
        format!(
            r#"(module {fields} (memory (export "memory") 1)
            (global $top (mut i32) (i32.const 4096))
            (global $result (mut i32) (i32.const 0)) (global $len (mut i32) (i32.const 0))
            (data (i32.const 64) "{{\"status\":\"pong\"}}")
            (data (i32.const 96) "{{\"error\":\"unknown command\"}}")
            (data (i32.const 128) "{{\"error\":\"sold out\",\"code\":\"sold_out\",\"details\":{{}}}}")
            (func $keep (param i32 i32) (global.set $result (local.get 0)) (global.set $len (local.get 1)))
            {alloc} {free}
            (func (export "neotalk_init") (param i32 i32) (result i32) {init})
            (func (export "neotalk_command") (param i32 i32 i32 i32) (result i32) {command})
            (func (export "neotalk_get_result") (param i32 i32) (result i32) {get_result})
            (func (export "neotalk_cleanup") {cleanup}))"#
        )
    }

    fn builder(&self) -> PluginBuilder {
        Plugin::builder(Source::wat(self.wat()))
    }

    fn plugin(&self) -> Result<Plugin, Failure> {
        self.builder().build_for(hosts::neotalk())
    }
}

/// Returns the outcome of calling `ping` and the plugin's cleanup after it.
fn ping(sample: &Sample) -> Result<Value, Failure> {
    let mut plugin = sample.plugin()?;
    let answer = plugin.call("ping", ())?;
    plugin.finish()?;
    Ok(answer)
}

#[track_caller]
fn rule_broken(sample: &Sample) -> String {
    let failure = ping(sample).unwrap_err();
    assert_eq!(failure.code(), "contract_violation", "{failure}");
    assert!(
        failure.to_string().contains("docs/hosts/neotalk.md"),
        "{failure}"
    );
    failure.message()
}

#[test]
fn the_guides_own_sample_runs_from_init_to_cleanup() {
    let mut plugin = Sample::new().plugin().unwrap();
    assert_eq!(
        plugin.call::<Value>("ping", ()).unwrap(),
        json!({"status": "pong"})
    );
    let arguments = json!({"text": "grüße"});
    assert_eq!(plugin.call::<Value>("echo", &arguments).unwrap(), arguments);
    // The sample returns the number for success for a command that it does not know.
    assert_eq!(
        plugin.call::<Value>("what", ()).unwrap(),
        json!({"error": "unknown command"})
    );
    let failure = plugin.call::<Value>("fail", ()).unwrap_err();
    assert_eq!(failure.code(), "sold_out");
    assert_eq!(failure.message(), "command `fail` failed: sold out");
    plugin.init(json!({"again": true})).unwrap();
    plugin.cleanup().unwrap();
    assert_eq!(
        plugin.call::<Value>("ping", ()).unwrap_err().code(),
        "unsupported"
    );
}

#[test]
fn missing_arguments_are_an_empty_object_as_in_the_guide() {
    let mut plugin = Sample::new().plugin().unwrap();
    assert_eq!(plugin.call_raw("echo", b"").unwrap(), b"{}");
}

#[test]
fn calls_that_neotalk_never_makes_are_reported_and_skipped() {
    let mut plugin = Sample::new().plugin().unwrap();
    for failure in [
        plugin.start(),
        plugin.stop(),
        plugin.event("user.created", ()),
    ] {
        assert_eq!(failure.unwrap_err().code(), "unsupported");
    }
    let mut unborn = Sample::new()
        .builder()
        .without_init()
        .build_for(hosts::neotalk())
        .unwrap();
    let failure = unborn.call::<Value>("ping", ()).unwrap_err();
    assert_eq!(
        failure.message(),
        "command `ping` was not called: the host `neotalk` has no calls before it has initialised a plugin, or after its cleanup"
    );
}

/// Its manifest, in the section that the SDK's macros use.
const DESCRIBED: &str = r#"(@custom "plugin-sdk" "{\"abi\":1,\"id\":\"sample\",\"name\":\"Sample\",\"version\":\"0.1.0\",\"limits\":{\"memory_pages\":2,\"max_fuel\":1000,\"timeout_ms\":5000}}\n")"#;

const SPINS: &str = "(loop (br 0)) unreachable";

#[test]
fn an_invalid_module_gets_neotalks_message_and_an_explanation() {
    let failure = Plugin::builder(&b"<!DOCTYPE html>"[..])
        .build_for(hosts::neotalk())
        .unwrap_err();
    assert_eq!(failure.code(), "not_wasm");
    assert_eq!(
        failure.host_says(),
        Some("Error: Failed to load WASM module: magic header not found")
    );
    let report = failure.to_string();
    assert!(report.contains("it is an HTML page"), "{report}");
    assert!(report.contains("magic header not found"), "{report}");
    assert_eq!(failure.to_json()["host_says"], failure.host_says().unwrap());
}

#[test]
fn each_missing_required_export_gets_neotalks_message() {
    for export in [
        "neotalk_init",
        "neotalk_command",
        "neotalk_get_result",
        "neotalk_cleanup",
    ] {
        let wat = Sample::new().wat().replace(export, "neotalk_other");
        let failure = Plugin::builder(Source::wat(wat))
            .build_for(hosts::neotalk())
            .unwrap_err();
        assert_eq!(failure.code(), "missing_export");
        assert_eq!(
            failure.host_says().unwrap(),
            format!("Error: Required export '{export}' not found")
        );
        assert!(failure.hint().unwrap().contains("--host neotalk"));
    }
    // The TinyGo sample lacks the exports for results; a plugin for the SDK's own hosts lacks all
    // of them.
    let native = r#"(module (memory (export "memory") 1) (func (export "plugin_cleanup")))"#;
    let failure = Plugin::builder(Source::wat(native))
        .build_for(hosts::neotalk())
        .unwrap_err();
    assert_eq!(failure.code(), "missing_export");
}

#[test]
fn the_plugins_memory_limit_applies_unless_the_builder_sets_one() {
    let mut sample = Sample::new();
    sample.fields = DESCRIBED;
    // As Rust does when it gets no memory: it aborts.
    sample.command = "(if (i32.lt_s (memory.grow (i32.const 3)) (i32.const 0)) (then unreachable))
        (call $keep (i32.const 64) (i32.const 17)) i32.const 0";
    let failure = ping(&sample).unwrap_err();
    assert!(
        matches!(
            failure.kind(),
            FailureKind::OutOfMemory { limit: 131_072, .. }
        ),
        "{failure}"
    );
    assert_eq!(
        failure.host_says(),
        Some("Error: Out of memory: failed to allocate")
    );
    assert!(failure.hint().unwrap().contains("memory_pages = 4"));
    let roomy = sample.builder().memory_pages(4);
    let mut plugin = roomy.build_for(hosts::neotalk()).unwrap();
    plugin.call::<Value>("ping", ()).unwrap();
    assert_eq!(plugin.memory_bytes(), 4 << 16);
    // A plugin without a manifest has 16 MiB.
    sample.fields = "";
    assert_eq!(ping(&sample).unwrap()["status"], "pong");
}

#[test]
fn the_plugins_fuel_limit_applies_unless_the_builder_sets_one() {
    let mut sample = Sample::new();
    sample.fields = DESCRIBED;
    sample.command = SPINS;
    let failure = ping(&sample).unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::OutOfFuel { limit: 1000 }),
        "{failure}"
    );
    assert_eq!(failure.host_says(), Some("Error: Fuel metering exhausted"));
    assert!(failure.hint().unwrap().contains("max_fuel"));
    let mut more = sample
        .builder()
        .fuel(5000)
        .build_for(hosts::neotalk())
        .unwrap();
    let failure = more.call::<Value>("ping", ()).unwrap_err();
    assert!(matches!(
        failure.kind(),
        FailureKind::OutOfFuel { limit: 5000 }
    ));
    assert_eq!(more.fuel_used(), Some(5000));
    assert!(more.is_poisoned());
    assert_eq!(
        more.call::<Value>("ping", ()).unwrap_err().code(),
        "poisoned"
    );
    assert_eq!(more.finish().unwrap_err().code(), "out_of_fuel");
}

#[test]
fn the_plugins_declared_time_limit_applies_too() {
    let line = DESCRIBED
        .replace("\\\"max_fuel\\\":1000,", "")
        .replace("5000", "20");
    let wat = Sample {
        command: SPINS,
        ..Sample::new()
    };
    let wat = wat.wat().replace("(module ", &format!("(module {line} "));
    let mut plugin = Plugin::builder(Source::wat(wat))
        .build_for(hosts::neotalk())
        .unwrap();
    let failure = plugin.call::<Value>("ping", ()).unwrap_err();
    let limit = Duration::from_millis(20);
    assert!(
        matches!(failure.kind(), FailureKind::Timeout { limit: found, .. } if *found == limit),
        "{failure}"
    );
}

#[test]
fn only_memory_allocated_for_the_host_is_written() {
    let alloc = |body: &'static str| Sample {
        alloc: body,
        ..Sample::new()
    };
    for (body, expected) in [
        (
            r#"(func (export "neotalk_alloc") (param i32) (result i32) i32.const 4096)"#,
            "overlap",
        ),
        (
            r#"(func (export "neotalk_alloc") (param i32) (result i32) i32.const 4097)"#,
            "not a multiple of 4",
        ),
        (
            r#"(func (export "neotalk_alloc") (param i32) (result i32) i32.const 0x7ffffff0)"#,
            "the memory has 65536 bytes",
        ),
        ("", "exports no `neotalk_alloc`"),
    ] {
        let message = rule_broken(&alloc(body));
        assert!(message.contains(expected), "{message}");
    }
    let none = alloc(r#"(func (export "neotalk_alloc") (param i32) (result i32) i32.const 0)"#);
    let failure = ping(&none).unwrap_err();
    assert_eq!(failure.code(), "allocation_failed");
    assert!(failure.host_says().unwrap().contains("Out of memory"));
}

#[test]
fn a_result_out_of_bounds_or_dropped_while_read_is_refused() {
    let with = |get_result: &'static str| Sample {
        get_result,
        ..Sample::new()
    };
    // Nothing is written at all; an address after the memory's end; a length that wraps.
    for get_result in [
        "i32.const 0",
        "(i32.store (local.get 0) (i32.const 65536)) (i32.store (local.get 1) (i32.const 1)) i32.const 0",
        "(i32.store (local.get 0) (i32.const 64)) (i32.store (local.get 1) (i32.const -1)) i32.const 0",
    ] {
        let failure = ping(&with(get_result)).unwrap_err();
        assert_eq!(failure.code(), "out_of_bounds", "{failure}");
    }
    assert!(rule_broken(&with("i32.const 1")).contains("no result"));
    assert!(rule_broken(&with("i32.const 3")).contains("it returned 3"));
    // A Rust `String` after its drop: memory that has another owner.
    let dropped = Sample {
        free: r#"(func (export "neotalk_free") (param i32 i32)
            (if (global.get $result) (then (i32.store8 (i32.const 64) (i32.const 0)))))"#,
        ..Sample::new()
    };
    assert!(rule_broken(&dropped).contains("have changed since"));
    let kept = Sample {
        cleanup: "",
        ..Sample::new()
    };
    assert!(rule_broken(&kept).contains("returned 0 after it"));
}

#[test]
fn unknown_status_numbers_are_not_success() {
    let init = |init: &'static str| Sample {
        init,
        ..Sample::new()
    };
    assert!(rule_broken(&init("i32.const 2")).contains("it returned 2"));
    let refused = ping(&init("i32.const 0")).unwrap_err();
    assert_eq!(refused.code(), "init_failed");
    let explained = init("(call $keep (i32.const 128) (i32.const 51)) i32.const 0");
    assert_eq!(ping(&explained).unwrap_err().code(), "sold_out");
    let command = Sample {
        command: "i32.const 7",
        ..Sample::new()
    };
    assert!(rule_broken(&command).contains("it returned 7"));
    let no_error = Sample {
        command: "(call $keep (i32.const 64) (i32.const 17)) i32.const 1",
        ..Sample::new()
    };
    assert_eq!(ping(&no_error).unwrap_err().code(), "bad_json");
}

#[test]
fn a_configuration_is_read_into_the_guests_buffer_uncut() {
    let sample = Sample {
        fields: r#"(import "env" "neotalk_get_config" (func $config (param i32 i32 i32 i32) (result i32)))
            (data (i32.const 256) "greeting") (data (i32.const 272) "nothing")"#,
        command: r#"
            (i32.store (i32.const 500) (i32.const 77))
            (if (i32.ne (call $config (i32.const 272) (i32.const 7) (i32.const 512) (i32.const 500)) (i32.const 1)) (then unreachable))
            (if (i32.ne (i32.load (i32.const 500)) (i32.const 77)) (then unreachable))
            (i32.store (i32.const 500) (i32.const 4))
            (if (i32.ne (call $config (i32.const 256) (i32.const 8) (i32.const 512) (i32.const 500)) (i32.const -1)) (then unreachable))
            (if (i32.ne (i32.load (i32.const 500)) (i32.const 8)) (then unreachable))
            (if (i32.load (i32.const 512)) (then unreachable))
            (if (call $config (i32.const 256) (i32.const 8) (i32.const 512) (i32.const 500)) (then unreachable))
            (call $keep (i32.const 512) (i32.load (i32.const 500)))
            i32.const 0"#,
        ..Sample::new()
    };
    let builder = sample.builder().config(json!({"greeting": "Grüß"}));
    let mut plugin = builder.build_for(hosts::neotalk()).unwrap();
    assert_eq!(plugin.call::<String>("greeting", ()).unwrap(), "Grüß");
    let calls = plugin.host_calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[2].function, "env.neotalk_get_config");
    assert_eq!(calls[2].outcome, Some(Ok("\"\\\"Grüß\\\"\"".to_owned())));
}

#[test]
fn a_log_line_must_have_a_valid_level_and_end() {
    let log = |level: &str, len: &str| {
        let command = format!(
            "(call $log (i32.const {level}) (i32.const 256) (i32.const {len}))
            (call $keep (i32.const 64) (i32.const 17)) i32.const 0"
        );
        Sample {
            fields: r#"(import "env" "neotalk_log" (func $log (param i32 i32 i32)))
                (data (i32.const 256) "Processing command\00")"#,
            command: command.leak(),
            ..Sample::new()
        }
    };
    let mut plugin = log("1", "18").plugin().unwrap();
    plugin.call::<Value>("ping", ()).unwrap();
    let lines = plugin.services().logs().lines();
    assert_eq!(lines[0].to_string(), "INFO neotalk: Processing command");
    // C counts the zero byte in the size of the text.
    assert!(rule_broken(&log("1", "19")).contains("\\0"));
    assert!(rule_broken(&log("4", "18")).contains("the level 4"));
    let failure = ping(&log("1", "65536")).unwrap_err();
    assert_eq!(failure.code(), "bad_host_argument", "{failure}");
}

#[test]
fn an_unknown_import_is_refused_with_the_nearest_function() {
    let import = |fields: &'static str| Sample {
        fields,
        ..Sample::new()
    };
    let failure = ping(&import(
        r#"(import "env" "neotalk_logg" (func (param i32 i32 i32)))"#,
    ))
    .unwrap_err();
    assert_eq!(failure.code(), "missing_imports");
    assert_eq!(failure.hint().unwrap(), "did you mean `neotalk_log`?");
    for (fields, code) in [
        (
            r#"(import "plugin_host" "kv_get" (func (param i32 i32) (result i64)))"#,
            "missing_imports",
        ),
        // As in the guide's sidecar.
        (
            r#"(import "neotalk" "log" (func (param i32 i32 i32)))"#,
            "missing_imports",
        ),
        (
            r#"(import "env" "neotalk_now_ms" (func (result i32)))"#,
            "wrong_import",
        ),
    ] {
        assert_eq!(ping(&import(fields)).unwrap_err().code(), code);
    }
}

#[test]
fn a_crate_without_the_hosts_feature_is_shown_lines_to_add() {
    let failure = Plugin::builder(crate_source("tests/guests/plain"))
        .build_for(hosts::neotalk())
        .unwrap_err();
    assert_eq!(failure.code(), "no_feature");
    assert!(
        failure
            .hint()
            .unwrap()
            .contains(r#"host-neotalk = ["plugin-sdk/host-neotalk"]"#)
    );
}

fn crate_source(path: &str) -> CrateSource {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Source::crate_dir(root.join(path))
}

fn greeter() -> PluginBuilder {
    Plugin::builder(crate_source("examples/greeter"))
}

fn served() -> PluginBuilder {
    Plugin::builder(crate_source("tests/guests/served"))
}

/// The imports of the failing plugin in addition to NeoTalk's functions. A program that embeds
/// NeoTalk may have its own functions.
struct Keeper;

impl Shop for Keeper {
    fn price(&mut self, _: &str) -> plugin_sdk::Result<u32> {
        Ok(3)
    }

    fn wait(&mut self) {}

    fn note(&mut self, _: &str) {}
}

fn failing() -> PluginBuilder {
    let source = crate_source("tests/guests/failing");
    Plugin::builder(source).host_functions(shop::provide(Keeper))
}

#[test]
fn a_plugin_behaves_on_neotalk_as_on_other_hosts() {
    let mut plugin = greeter().build_for(hosts::neotalk()).unwrap();
    let greet = |plugin: &mut Plugin, name: &str| {
        plugin.call::<Value>("greet", json!({"name": name, "times": 1}))
    };
    assert_eq!(greet(&mut plugin, "Ada").unwrap()["greeted"], 1);
    assert_eq!(greet(&mut plugin, "Grüße").unwrap()["greeted"], 2);
    let refused = greet(&mut plugin, "").unwrap_err();
    assert_eq!(refused.code(), "name_empty");
    assert_eq!(refused.command(), Some("greet"));
    let missing = plugin.call::<Value>("greet", ()).unwrap_err();
    assert_eq!(missing.code(), "missing_argument");
    assert_eq!(
        missing.plugin_error().unwrap().details().unwrap()["argument"],
        "name"
    );
    let bad = plugin.call_raw("greet", b"{").unwrap_err();
    assert_eq!(bad.code(), "invalid_json");
    let unknown = plugin.call::<Value>("gret", ()).unwrap_err();
    assert_eq!(unknown.code(), "unknown_command");
    // A new state; a refused one, after which the old one stays.
    plugin.init(json!({"greeting": "Hi"})).unwrap();
    assert_eq!(
        greet(&mut plugin, "Ada").unwrap(),
        json!({"message": "Hi, Ada!", "greeted": 1})
    );
    let refused = plugin.init(json!({"greeting": " "})).unwrap_err();
    assert_eq!(refused.code(), "init_failed");
    assert_eq!(greet(&mut plugin, "Ada").unwrap()["greeted"], 2);
    let long = "a".repeat(1 << 20);
    let greeting = greet(&mut plugin, &long).unwrap();
    assert_eq!(
        greeting["message"].as_str().unwrap().len(),
        "Hi, !".len() + (1 << 20)
    );
    plugin.finish().unwrap();
}

#[test]
fn a_plugins_calls_leave_nothing_behind() {
    let source = crate_source("examples/greeter").count_allocations();
    let mut plugin = Plugin::builder(source)
        .statistics()
        .build_for(hosts::neotalk())
        .unwrap();
    let mut call = || {
        plugin
            .call::<Value>("greet", json!({"name": "Ada"}))
            .unwrap();
        let failure = plugin.call::<Value>("greet", json!({"name": ""}));
        assert_eq!(failure.unwrap_err().code(), "name_empty");
        plugin.heap().unwrap()
    };
    let first = call();
    for _ in 0..20 {
        call();
    }
    let last = call();
    assert_eq!(
        (first.live_blocks, first.live_bytes, first.host_blocks),
        (last.live_blocks, last.live_bytes, 0)
    );
    let greet = plugin.statistics().command("greet").unwrap();
    assert_eq!((greet.calls, greet.errors), (44, 22));
    plugin.finish().unwrap();
}

#[test]
fn services_use_neotalks_functions_and_others_are_unsupported() {
    let http = ScriptedHttp::new(AllowList::any())
        .answer_to("GET https://api.example.com/*", json!(["one"]));
    let mut plugin = served()
        .grant("http")
        .http(http)
        .config(json!({"limit": 7}))
        .build_for(hosts::neotalk())
        .unwrap();
    assert_eq!(plugin.call::<u32>("limit", ()).unwrap(), 7);
    plugin.init(json!({"limit": 8})).unwrap();
    assert_eq!(plugin.call::<u32>("limit", ()).unwrap(), 8);

    plugin.call::<()>("lines", json!({"name": "Ada"})).unwrap();
    let lines = plugin.services().logs().lines();
    let shown: Vec<_> = lines.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "ERROR neotalk: served: error of Ada",
            "WARN neotalk: served::special: a warning",
            "WARN neotalk: served: a line within a line",
            "INFO neotalk: served: chatty",
            "DEBUG neotalk: served: debug",
        ]
    );

    let (seconds, passed): (u64, u64) = plugin.call("clock", ()).unwrap();
    assert_eq!((seconds, passed), (946_684_800, 0));
    let (bytes, number): ([u8; 4], u64) = plugin.call("draw", ()).unwrap();
    assert!(bytes != [0; 4] && number != 0);

    let url = json!({"url": "https://api.example.com/words"});
    let answered: Value = plugin.call("fetch", &url).unwrap();
    assert_eq!(answered, json!({"status": 200, "kind": null, "body": []}));
    // A body that cannot be read is not an empty one.
    let untold = plugin.call::<String>("text", &url).unwrap_err();
    assert_eq!(untold.code(), "unsupported");
    let fault = InjectedFault::error("timeout", "too slow").times(1);
    plugin.fault("neotalk_http_get", fault);
    let failed = plugin.call::<Value>("fetch", &url).unwrap_err();
    assert_eq!(failed.code(), "unavailable");

    for (command, arguments) in [
        ("remember", json!({"name": "Ada"})),
        ("announce", json!({"name": "Ada"})),
        ("shelve", json!({"from": "a", "to": "b"})),
        ("chat", json!({"prompt": "A haiku."})),
        (
            "send",
            json!({"url": "https://api.example.com", "order": {"cakes": []}}),
        ),
        ("keep", json!({})),
    ] {
        let failure = plugin.call::<Value>(command, arguments).unwrap_err();
        assert_eq!(failure.code(), "unsupported", "{failure}");
        let error = failure.plugin_error().unwrap();
        assert!(error.message().starts_with("NeoTalk "), "{error}");
    }
    plugin.finish().unwrap();
}

#[test]
fn a_request_without_permission_fails_as_in_neotalk() {
    let mut plugin = served().build_for(hosts::neotalk()).unwrap();
    let url = json!({"url": "https://api.example.com/words"});
    let failure = plugin.call::<Value>("fetch", &url).unwrap_err();
    assert_eq!(failure.code(), "unavailable");
    assert!(plugin.services().http().requests().is_empty());
    assert_eq!(plugin.host_calls()[0].outcome, Some(Ok("-1".to_owned())));
}

#[test]
fn a_panic_is_reported_with_its_place_and_in_neotalks_log() {
    let mut plugin = failing().build_for(hosts::neotalk()).unwrap();
    let failure = plugin
        .call::<Value>("panic", json!({"name": "Ada"}))
        .unwrap_err();
    let panic = failure.panic().unwrap();
    assert!(panic.message.contains("Ada"), "{failure}");
    assert!(panic.file.ends_with("failing/src/lib.rs"), "{failure}");
    let names = failure.backtrace().iter();
    let mut names = names.filter_map(|frame| frame.function.as_deref());
    let has_stack = Engine::usual().unwrap() == Engine::Wasmtime;
    let is_named = names.any(|function| function.contains("Failing"));
    assert_eq!(is_named, has_stack, "{failure}");
    let line = failure.logs().last().unwrap();
    assert!(line.message.contains("panicked at"), "{failure}");
    assert!(plugin.is_poisoned());
}

#[test]
fn limits_apply_to_real_plugins_with_neotalks_messages() {
    let mut small = failing()
        .memory_pages(40)
        .build_for(hosts::neotalk())
        .unwrap();
    let failure = small.call::<Value>("exhaust", ()).unwrap_err();
    assert_eq!(failure.code(), "out_of_memory", "{failure}");
    assert!(failure.host_says().unwrap().contains("Out of memory"));
    // Enough to create the plugin's state, which is large.
    let mut weak = failing()
        .fuel(20_000_000)
        .build_for(hosts::neotalk())
        .unwrap();
    let failure = weak.call::<Value>("spin", ()).unwrap_err();
    assert_eq!(failure.code(), "out_of_fuel", "{failure}");
    assert!(
        failure
            .host_says()
            .unwrap()
            .contains("Fuel metering exhausted")
    );
}
