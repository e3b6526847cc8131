//! The host of go-musicfox, emulated after its guide (`docs/hosts/musicfox.md`): a guest written by
//! hand from the guide's C sample, mistakes of such guests, and plugins of this SDK.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use plugin_sdk::Error;
use plugin_sdk_harness::hosts;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::services::{AllowList, MemoryFiles, ScriptedHttp};
use plugin_sdk_harness::{Failure, FailureKind, Plugin, PluginBuilder, Source};
use serde_json::{Value, json};

const METADATA: &str = r#"{\"id\":\"audio-filter-c-wasm\",\"name\":\"Audio Filter C WASM Plugin\",\"version\":\"1.0.0\",\"description\":\"C WebAssembly audio filter plugin\",\"author\":\"Your Name\",\"tags\":[\"audio\",\"c\"]}"#;

const IMPORTS: [&str; 3] = [
    r#"(import "env" "host_log" (func $log (param i32 i32 i32)))"#,
    r#"(import "env" "host_get_config" (func $get_config (param i32 i32) (result i32)))"#,
    r#"(import "env" "host_emit_event" (func $emit_event (param i32 i32 i32 i32)))"#,
];

/// The guide's C sample in the text format, in parts that can be replaced. It filters one channel
/// of raw samples, and copies them while it is stopped.
struct Sample {
    imports: Vec<&'static str>,
    memory: &'static str,
    malloc: &'static str,
    free: &'static str,
    initialize: &'static str,
    start: &'static str,
    stop: &'static str,
    process_audio: &'static str,
    handle_event: &'static str,
    get_metadata: &'static str,
    metadata: String,
}

impl Sample {
    fn new() -> Self {
        Sample {
            imports: IMPORTS.to_vec(),
            memory: r#"(memory (export "memory") 1)"#,
            // Adjacent blocks of multiples of 16 bytes.
            malloc: r#"(func (export "malloc") (param $size i32) (result i32) (local $at i32)
                (local.set $at (global.get $top))
                (global.set $top (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -16)))
                (local.get $at))"#,
            free: r#"(func (export "free") (param i32))"#,
            initialize: "(global.set $previous (f32.const 0)) (call $log (i32.const 0) (i32.const 64) (i32.const 31)) i32.const 0",
            start: "(global.set $running (i32.const 1)) i32.const 0",
            stop: "(global.set $running (i32.const 0)) i32.const 0",
            process_audio: r#"(local $at i32)
                (if (i32.eqz (global.get $running)) (then
                    (memory.copy (local.get $out) (local.get $in) (local.get $len))
                    (return (local.get $len))))
                (loop $next
                    (if (i32.lt_u (local.get $at) (local.get $len)) (then
                        (global.set $previous (f32.mul (f32.const 0.5)
                            (f32.add (global.get $previous) (f32.load (i32.add (local.get $in) (local.get $at))))))
                        (f32.store (i32.add (local.get $out) (local.get $at)) (global.get $previous))
                        (local.set $at (i32.add (local.get $at) (i32.const 4)))
                        (br $next))))
                (local.get $len)"#,
            // Listed by the guide, but its hosts do not bind it.
            handle_event: "",
            get_metadata: "i32.const 256",
            metadata: format!(r#"(data (i32.const 256) "{METADATA}\00")"#),
        }
    }

    fn wat(&self) -> String {
        let function = |name: &str, signature: &str, body: &str| match body {
            "" => String::new(),
            body => format!(r#"(func (export "{name}") {signature} {body})"#),
        };
        let Sample {
            imports,
            memory,
            malloc,
            free,
            ..
        } = self;
        format!(
            r#"(module {} {memory}
            (global $top (mut i32) (i32.const 4096)) (global $running (mut i32) (i32.const 0)) (global $previous (mut f32) (f32.const 0))
            (data (i32.const 64) "Audio filter plugin initialized") (data (i32.const 128) "volume")
            {malloc} {free} {} {} {} {} {} {} {} {})"#,
            imports.join(" "),
            function(
                "initialize",
                "(param i32 i32) (result i32)",
                self.initialize
            ),
            function("start", "(result i32)", self.start),
            function("stop", "(result i32)", self.stop),
            function("cleanup", "(result i32)", "i32.const 0"),
            function(
                "process_audio",
                "(param $in i32) (param $len i32) (param $out i32) (result i32)",
                self.process_audio
            ),
            function(
                "handle_event",
                "(param i32 i32) (result i32)",
                self.handle_event
            ),
            function("get_metadata", "(result i32)", self.get_metadata),
            self.metadata,
        )
    }

    fn builder(&self) -> PluginBuilder {
        Plugin::builder(Source::wat(self.wat()))
    }

    fn plugin(&self) -> Result<Plugin, Failure> {
        self.builder().build_for(hosts::musicfox())
    }

    /// Filters four samples, from initialisation to cleanup.
    fn filter(&self) -> Result<Vec<f32>, Failure> {
        let mut plugin = self.plugin()?;
        plugin.start()?;
        let filtered = plugin.call_raw("process_audio", &bytes(&[1.0, 1.0, 0.0, 0.0]))?;
        let filtered = samples(filtered);
        plugin.finish()?;
        Ok(filtered)
    }

    #[track_caller]
    fn refused(&self) -> Failure {
        self.filter().unwrap_err()
    }

    /// Returns the rule of the host that this violates, and the violation.
    #[track_caller]
    fn breach(&self) -> String {
        breach(&self.refused())
    }
}

#[track_caller]
fn breach(failure: &Failure) -> String {
    match failure.kind() {
        FailureKind::ContractViolation { rule, found, .. } => format!("{rule}: {found}"),
        _ => panic!("{failure}"),
    }
}

fn bytes(samples: &[f32]) -> Vec<u8> {
    samples.iter().copied().flat_map(f32::to_le_bytes).collect()
}

fn samples(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(f32::from_le_bytes)
        .collect()
}

#[test]
fn the_guides_c_sample_runs_from_initialize_to_cleanup() {
    let mut plugin = Sample::new().plugin().unwrap();
    assert!(
        plugin
            .services()
            .logs()
            .contains("Audio filter plugin initialized")
    );
    plugin.start().unwrap();
    let mut filter =
        |block: &[f32]| samples(plugin.call_raw("process_audio", &bytes(block)).unwrap());
    assert_eq!(filter(&[1.0, 1.0]), [0.5, 0.75]);
    assert!(filter(&[]).is_empty());
    assert_eq!(
        filter(&[0.0, 0.0]),
        [0.375, 0.1875],
        "it goes on where it was"
    );
    plugin.stop().unwrap();
    plugin.finish().unwrap();
}

#[test]
fn a_batch_uses_one_block_for_inputs_and_one_for_outputs() {
    let mut plugin = Sample::new().plugin().unwrap();
    plugin.start().unwrap();
    let blocks = [&[1.0, 1.0][..], &[], &[0.0], &[0.0, 1.0, 0.0]];
    let outputs = plugin
        .call_many_raw("process_audio", blocks.map(bytes))
        .unwrap();
    let outputs: Vec<_> = outputs.map(|output| samples(output.unwrap())).collect();
    assert_eq!(
        outputs,
        [
            &[0.5, 0.75][..],
            &[],
            &[0.375],
            &[0.1875, 0.59375, 0.296_875]
        ]
    );
    let none = plugin.call_many_raw("process_audio", [[]; 0] as [[u8; 0]; 0]);
    assert_eq!(none.unwrap().count(), 0);
    plugin.finish().unwrap();
}

#[test]
fn audio_is_accepted_only_between_start_and_stop() {
    let mut plugin = Sample::new().plugin().unwrap();
    let refused = |plugin: &mut Plugin| {
        let failure = plugin.call_raw("process_audio", &[0; 8]).unwrap_err();
        assert_eq!(failure.code(), "unsupported");
        failure.host_says().unwrap().to_owned()
    };
    assert_eq!(refused(&mut plugin), "plugin not running");
    plugin.start().unwrap();
    plugin.call_raw("process_audio", &[0; 8]).unwrap();
    plugin.stop().unwrap();
    assert_eq!(refused(&mut plugin), "plugin not running");

    let never = Sample {
        stop: "unreachable",
        ..Sample::new()
    };
    let mut plugin = never.plugin().unwrap();
    plugin.stop().unwrap();
    plugin
        .finish()
        .expect("a plugin that was not started is not stopped");
}

#[test]
fn every_missing_export_is_reported_by_name() {
    for name in [
        "initialize",
        "start",
        "stop",
        "cleanup",
        "process_audio",
        "get_metadata",
        "malloc",
        "free",
    ] {
        let wat = Sample::new()
            .wat()
            .replace(&format!(r#"(export "{name}")"#), "");
        let built = Plugin::builder(Source::wat(wat)).build_for(hosts::musicfox());
        let failure = built.unwrap_err();
        assert_eq!(failure.code(), "missing_export");
        assert_eq!(
            failure.host_says().unwrap(),
            format!("export {name} not found")
        );
    }
    let no_memory = Sample {
        memory: "(memory 1)",
        ..Sample::new()
    };
    assert_eq!(
        no_memory.refused().host_says().unwrap(),
        "memory export not found"
    );
}

#[test]
fn free_has_one_of_two_types() {
    for (free, code) in [
        (r#"(func (export "free") (param i32))"#, None),
        (r#"(func (export "free") (param i32 i32))"#, None),
        (
            r#"(func (export "free") (param i32 i32 i32))"#,
            Some("wrong_export"),
        ),
        (
            r#"(func (export "free") (param i32) (result i32) i32.const 0)"#,
            Some("wrong_export"),
        ),
    ] {
        let sample = Sample {
            free,
            ..Sample::new()
        };
        let found = sample.filter().err();
        let found = found.as_ref().map(Failure::code);
        assert_eq!(found, code, "{free}");
    }
}

#[test]
fn imports_are_bound_by_position() {
    let [log, get_config, emit_event] = IMPORTS;
    for (imports, found) in [
        (
            vec![get_config, log, emit_event],
            "it imports host_get_config, host_log, host_emit_event",
        ),
        (
            vec![log, emit_event, get_config],
            "it imports host_log, host_emit_event, host_get_config",
        ),
        (vec![log], "it imports host_log"),
        (vec![], "it imports nothing"),
    ] {
        let silent = Sample {
            initialize: "i32.const 0",
            imports,
            ..Sample::new()
        };
        let failure = silent.refused();
        assert_eq!(failure.code(), "contract_violation");
        assert!(failure.message().contains(found), "{}", failure.message());
        assert!(failure.hint().unwrap().contains("host-musicfox"));
        // Also without running it.
        let wasm = wat::parse_str(silent.wat()).unwrap();
        let failures = hosts::musicfox().exports(&Inspection::of(&wasm).unwrap());
        assert_eq!(failures[0].message(), failure.message());
    }
}

#[test]
fn a_module_with_more_functions_needs_a_host_that_uses_names() {
    let mut sample = Sample::new();
    sample.imports.insert(
        0,
        r#"(import "env" "host_read_file" (func (param i32 i32) (result i32)))"#,
    );
    assert_eq!(sample.filter().unwrap(), [0.5, 0.75, 0.375, 0.1875]);
    sample.imports[0] = r#"(import "env" "host_read_fiel" (func (param i32 i32) (result i32)))"#;
    let failure = sample.refused();
    assert_eq!(failure.code(), "missing_imports");
    assert_eq!(failure.hint().unwrap(), "did you mean `host_read_file`?");
    sample.imports[0] = r#"(import "env" "host_read_file" (func (param i32) (result i32)))"#;
    assert_eq!(sample.refused().code(), "wrong_import");
}

#[test]
fn metadata_is_terminated_and_never_moves() {
    let end = 65536 - METADATA.replace('\\', "").len();
    let unterminated = Sample {
        get_metadata: Box::leak(format!("i32.const {end}").into_boxed_str()),
        metadata: format!(r#"(data (i32.const {end}) "{METADATA}")"#),
        ..Sample::new()
    };
    assert!(
        unterminated
            .breach()
            .contains("text without a length ends with a zero byte")
    );

    // As `CString::into_raw` returns it.
    let leaking = Sample {
        get_metadata: "(local $at i32) (local.set $at (global.get $top)) (global.set $top (i32.add (local.get $at) (i32.const 256)))
            (memory.copy (local.get $at) (i32.const 256) (i32.const 256)) (local.get $at)",
        ..Sample::new()
    };
    assert!(
        leaking
            .breach()
            .contains("the same at the same place at every call")
    );

    let nowhere = Sample {
        get_metadata: "i32.const -1",
        ..Sample::new()
    };
    assert_eq!(nowhere.refused().code(), "out_of_bounds");

    let followed = Sample {
        metadata: format!(r#"(data (i32.const 256) "{METADATA}}}\00")"#),
        ..Sample::new()
    };
    assert_eq!(followed.refused().code(), "bad_json");

    let untagged = Sample {
        metadata: Sample::new().metadata.replace("tags", "tag"),
        ..Sample::new()
    };
    assert!(
        untagged
            .breach()
            .contains("its `tags` are not a list of texts")
    );
}

#[test]
fn writes_fit_the_buffer_and_match_the_reported_length() {
    for (process_audio, rule) in [
        (
            "(memory.fill (local.get $out) (i32.const 1) (i32.add (i32.shl (local.get $len) (i32.const 1)) (i32.const 1))) local.get $len",
            "`process_audio` wrote past the 32 bytes",
        ),
        (
            "(i32.add (i32.shl (local.get $len) (i32.const 1)) (i32.const 1))",
            "it returned 33 for 32 bytes of room",
        ),
        (
            "(memory.copy (local.get $out) (local.get $in) (local.get $len)) i32.const 0",
            "it returned 0 and wrote something",
        ),
    ] {
        let sample = Sample {
            process_audio,
            ..Sample::new()
        };
        let breach = sample.breach();
        assert!(breach.contains(rule), "{breach}");
    }
    let silence = Sample {
        process_audio: "i32.const 0",
        ..Sample::new()
    };
    assert!(silence.filter().unwrap().is_empty());
}

#[test]
fn an_error_number_gets_the_hosts_text_and_the_last_error_log() {
    for (sample, expected) in [
        (
            Sample {
                initialize: "i32.const 1",
                ..Sample::new()
            },
            "initialize returned error code: 1",
        ),
        (
            Sample {
                start: "i32.const -8",
                ..Sample::new()
            },
            "start returned error code: -8",
        ),
        (
            Sample {
                stop: "i32.const -1",
                ..Sample::new()
            },
            "stop returned error code: -1",
        ),
        (
            Sample {
                process_audio: "(call $log (i32.const 2) (i32.const 128) (i32.const 6)) i32.const -5",
                ..Sample::new()
            },
            "process_audio returned error code: -5",
        ),
    ] {
        let failure = sample.refused();
        assert_eq!(failure.host_says().unwrap(), expected);
        let FailureKind::Plugin(error) = failure.kind() else {
            panic!("{failure}");
        };
        assert_eq!(error.message(), expected);
        if expected.starts_with("process_audio") {
            assert_eq!(error.code(), "invalid_argument");
            assert_eq!(error.causes(), ["volume"]);
        }
    }
    let failing = Sample {
        process_audio: "(i32.sub (i32.const 0) (i32.eq (local.get $len) (i32.const 4)))",
        ..Sample::new()
    };
    let mut plugin = failing.plugin().unwrap();
    plugin.start().unwrap();
    let failure = plugin
        .call_many_raw("process_audio", [&[0; 8][..], &[0; 4], &[0; 8]])
        .unwrap_err();
    assert_eq!(
        failure.host_says().unwrap(),
        "batch process error at index 1: -1"
    );
}

#[test]
fn blocks_for_the_host_are_exclusive_until_freed() {
    for (malloc, expected) in [
        (
            r#"(func (export "malloc") (param i32) (result i32) i32.const 4096)"#,
            "that the host has not freed",
        ),
        (
            r#"(func (export "malloc") (param i32) (result i32) i32.const 65535)"#,
            "is within the plugin's memory: `malloc` returned 2 bytes at address 0xffff",
        ),
    ] {
        let sample = Sample {
            malloc,
            ..Sample::new()
        };
        let breach = sample.breach();
        assert!(breach.contains(expected), "{breach}");
    }
    let none = Sample {
        malloc: r#"(func (export "malloc") (param i32) (result i32) i32.const 0)"#,
        ..Sample::new()
    };
    let failure = none.refused();
    assert_eq!(failure.code(), "allocation_failed");
    assert_eq!(
        failure.host_says().unwrap(),
        "failed to allocate memory for config"
    );
}

#[test]
fn a_setting_arrives_in_the_guests_block_even_if_memory_grows() {
    let growing = Sample {
        malloc: r#"(func (export "malloc") (param $size i32) (result i32)
            (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))"#,
        // The text is logged.
        initialize: "(call $log (i32.const 1) (call $get_config (i32.const 128) (i32.const 6)) (i32.const 4)) i32.const 0",
        ..Sample::new()
    };
    let plugin = growing
        .builder()
        .config(json!({"volume": "loud"}))
        .build_for(hosts::musicfox())
        .unwrap();
    assert!(plugin.services().logs().contains("loud"));
}

#[test]
fn an_event_without_a_type_or_data_would_be_dropped() {
    let empty = Sample {
        initialize: "(call $emit_event (i32.const 128) (i32.const 6) (i32.const 0) (i32.const 0)) i32.const 0",
        ..Sample::new()
    };
    assert!(empty.breach().contains("an event has a type and data"));
    let whole = Sample {
        initialize: "(call $emit_event (i32.const 128) (i32.const 6) (i32.const 64) (i32.const 5)) i32.const 0",
        ..Sample::new()
    };
    let plugin = whole.plugin().unwrap();
    let emitted = plugin.services().events().emitted();
    assert_eq!(emitted[0].topic, "volume");
    assert_eq!(emitted[0].data, "Audio");
}

#[test]
fn commands_are_events_answered_by_events() {
    let mut deaf = Sample::new().plugin().unwrap();
    for failure in [
        deaf.event("track.changed", ()).unwrap_err(),
        deaf.call_raw("mute", b"{}").unwrap_err(),
    ] {
        assert_eq!(failure.code(), "unsupported");
    }
    let silent = Sample {
        handle_event: "i32.const 0",
        ..Sample::new()
    };
    let mut plugin = silent.plugin().unwrap();
    plugin
        .event("track.changed", json!({"title": "Für Elise"}))
        .unwrap();
    let failure = plugin.call_raw("mute", b"{}").unwrap_err();
    assert!(breach(&failure).contains("`command.<name>.result`"));
}

/// Returns a guest of the workspace.
fn source(guest: &str) -> PluginBuilder {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("guests")
        .join(guest);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    Plugin::builder(Source::crate_dir(dir).profile("dev").target_dir(target))
}

/// Returns the result of one operation in the guest: its value, or its error's code.
fn does(plugin: &mut Plugin, call: Value) -> Result<Value, String> {
    let done = plugin.call("one", json!({"call": call}));
    done.map_err(|failure| failure.code().to_owned())
}

#[test]
fn settings_are_text_that_may_be_json() {
    let long = "long ".repeat(12_000);
    let config = json!({
        "volume": 7, "name": "loud", "quoted": "\"x\"", "digits": "12", "nested": {"a": [1, null]}, "empty": "", "long": long, "umlaut": "ü",
    });
    let mut plugin = source("services")
        .config(config)
        .build_for(hosts::musicfox())
        .unwrap();
    for (key, value) in [
        ("volume", json!(7)),
        ("name", json!("loud")),
        ("umlaut", json!("ü")),
        ("nested", json!({"a": [1, null]})),
        ("long", json!(long)),
        // The host cannot express an unset value in another way.
        ("empty", json!(null)),
        ("none", json!(null)),
        // Text that looks like JSON is parsed as JSON if the type accepts any value.
        ("digits", json!(12)),
        ("quoted", json!("x")),
    ] {
        assert_eq!(
            does(&mut plugin, json!({"config": key})),
            Ok(value),
            "{key}"
        );
    }
    plugin.finish().unwrap();
}

#[test]
fn host_services_are_called_and_missing_ones_are_unsupported() {
    let mut plugin = source("services")
        .grant("files")
        .grant("http")
        .grant("events")
        .files(
            MemoryFiles::new()
                .read_write("data")
                .read_write("secrets")
                .with_file("secrets/a.txt", "s")
                .unwrap(),
        )
        .http(
            ScriptedHttp::new(AllowList::any())
                .answer_to("POST https://a.example/", (201, "made"))
                .fail(Error::msg("no route")),
        )
        .build_for(hosts::musicfox())
        .unwrap();
    for (call, expected) in [
        (json!({"write": ["data/a.txt", "α"]}), Ok(json!(null))),
        (json!({"read": "data/a.txt"}), Ok(json!("α"))),
        (json!({"read": "./data/a.txt"}), Ok(json!("α"))),
        (json!({"read": "data/b.txt"}), Err("not_found")),
        (json!({"read": "secrets/a.txt"}), Err("not_found")),
        (json!({"read": "data/../secrets/a.txt"}), Err("not_found")),
        (json!({"read": "/secrets/a.txt"}), Err("not_found")),
        (json!({"write": ["secrets/a.txt", ""]}), Err("failed")),
        (json!({"remove": "data/a.txt"}), Err("unsupported")),
        (json!({"list": "data"}), Err("unsupported")),
        (
            json!({"http": ["POST", "https://a.example/", "x"]}),
            Ok(json!([201, "made"])),
        ),
        (
            json!({"http": ["GET", "https://b.example/", ""]}),
            Err("unavailable"),
        ),
        (json!({"emit": ["track.liked", {"id": 3}]}), Ok(json!(null))),
        (
            json!({"emit": ["track.said", "Für Elise"]}),
            Ok(json!(null)),
        ),
        (json!({"emit": ["", 1]}), Err("invalid_argument")),
        (json!({"subscribe": "track.changed"}), Ok(json!(null))),
        (json!({"subscribe": "track.*"}), Err("unsupported")),
        (json!({"unsubscribe": "track.changed"}), Err("unsupported")),
        (json!({"log": "one line"}), Ok(json!(null))),
        (json!({"kv_get": "a"}), Err("unsupported")),
        (json!({"chat": "a"}), Err("unsupported")),
        (json!("now"), Err("unsupported")),
        (json!("random"), Err("unsupported")),
    ] {
        let found = does(&mut plugin, call.clone());
        assert_eq!(found, expected.map_err(str::to_owned), "{call}");
    }
    let emitted = plugin.services().events().emitted();
    assert_eq!(emitted.len(), 2);
    assert_eq!(emitted[0].data, json!({"id": 3}));
    assert_eq!(emitted[1].data, "Für Elise");
    let logs = plugin.services().logs();
    assert!(logs.contains("Unauthorized file access attempt path=./secrets/a.txt"));
    assert!(logs.contains("Unauthorized file access attempt path=/secrets/a.txt"));
    assert!(logs.contains("Unauthorized file write attempt path=./secrets/a.txt"));
    assert_eq!(
        plugin.services().events().subscriptions(),
        ["track.changed"]
    );
    assert!(plugin.services().logs().contains("services: one line"));
    plugin.finish().unwrap();
}

#[test]
fn host_events_reach_handlers_and_are_not_commands() {
    let mut plugin = source("services").build_for(hosts::musicfox()).unwrap();
    for topic in ["track.changed", "command", "command.one.result"] {
        plugin.event(topic, json!({"title": "Für Elise"})).unwrap();
    }
    let heard: Vec<String> = plugin.call("heard", ()).unwrap();
    assert_eq!(heard, ["track.changed", "command", "command.one.result"]);
    let failure = plugin.call_raw("process_audio", &[0; 8]).unwrap_err();
    assert_eq!(failure.code(), "unsupported", "it does not run");
    plugin.start().unwrap();
    let failure = plugin.call_raw("process_audio", &[0; 8]).unwrap_err();
    assert_eq!(failure.code(), "not_found", "it has no such command");
    assert!(
        plugin
            .services()
            .logs()
            .contains("process_audio: the plugin has no command `process_audio` (unknown_command)")
    );
    plugin.finish().unwrap();
}

#[test]
fn a_denied_call_is_an_error_not_a_trap() {
    let mut plugin = source("services").build_for(hosts::musicfox()).unwrap();
    for call in [
        json!({"read": "data/a.txt"}),
        json!({"write": ["data/a.txt", ""]}),
        json!({"http": ["GET", "https://a.example/", ""]}),
        json!({"subscribe": "track.changed"}),
    ] {
        assert!(does(&mut plugin, call.clone()).is_err(), "{call}");
    }
    plugin.finish().unwrap();
}

/// Returns the imports of a plugin of this SDK for the host, in their order.
fn imports(dir: &str, profile: &str) -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let source = Source::crate_dir(dir).profile(profile).target_dir(target);
    let wasm = source.features(["host-musicfox"]).compile().unwrap().wasm;
    let inspection = Inspection::of(&wasm).unwrap();
    let imports = inspection.imports().iter();
    imports
        .map(|imported| imported.import.name.clone())
        .collect()
}

#[test]
fn a_plugin_imports_all_the_host_passes_even_if_unused() {
    for (dir, profile) in [
        ("../examples/audio-filter", "dev"),
        ("guests/jukebox", "dev"),
        ("guests/jukebox", "guest"),
    ] {
        assert_eq!(
            imports(dir, profile),
            ["host_log", "host_get_config", "host_emit_event"],
            "{dir} {profile}"
        );
    }
    let more = imports("guests/services", "dev");
    for further in ["host_read_file", "host_http_request", "host_log"] {
        assert!(more.iter().any(|name| name == further), "{more:?}");
    }
    assert!(
        !more.iter().any(|name| name == "host_set_config"),
        "it calls none: {more:?}"
    );
}

/// The guide's host, followed literally: three functions by position, and a view of the memory
/// taken before it allocates a block.
mod by_the_letter {
    use wasmtime::{Caller, Engine, Func, Instance, Memory, Module, Store, TypedFunc};

    #[derive(Default)]
    pub struct Host {
        pub log: Vec<(i32, String)>,
        pub config: Vec<(&'static str, String)>,
        pub events: Vec<(String, String)>,
    }

    pub struct Runtime {
        pub store: Store<Host>,
        pub instance: Instance,
        pub memory: Memory,
        malloc: TypedFunc<i32, i32>,
        free: TypedFunc<i32, ()>,
    }

    fn text(caller: &mut Caller<'_, Host>, address: i32, len: i32) -> String {
        let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
        let from = address as usize;
        let bytes = &memory.data(&caller)[from..from + len as usize];
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    impl Runtime {
        pub fn new(wasm: &[u8], host: Host) -> Self {
            let engine = Engine::default();
            let module = Module::new(&engine, wasm).unwrap();
            let mut store = Store::new(&engine, host);
            let log = Func::wrap(
                &mut store,
                |mut caller: Caller<'_, Host>, level: i32, address: i32, len: i32| {
                    let line = text(&mut caller, address, len);
                    caller.data_mut().log.push((level, line));
                },
            );
            let get_config = Func::wrap(
                &mut store,
                |mut caller: Caller<'_, Host>, address: i32, len: i32| -> i32 {
                    let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                    let known = memory.data_size(&caller);
                    let key = text(&mut caller, address, len);
                    let config = caller.data().config.iter();
                    let value = config.clone().find(|(known, _)| *known == key);
                    let value = value.map_or_else(String::new, |(_, value)| value.clone());
                    let malloc = caller.get_export("malloc").unwrap().into_func().unwrap();
                    let malloc = malloc.typed::<i32, i32>(&caller).unwrap();
                    let block = malloc.call(&mut caller, value.len() as i32).unwrap();
                    let from = block as usize;
                    assert!(
                        from + value.len() <= known,
                        "Go panics: {from} + {} of {known}",
                        value.len()
                    );
                    memory.data_mut(&mut caller)[from..from + value.len()]
                        .copy_from_slice(value.as_bytes());
                    block
                },
            );
            let emit_event = Func::wrap(
                &mut store,
                |mut caller: Caller<'_, Host>,
                 event: i32,
                 event_len: i32,
                 data: i32,
                 data_len: i32| {
                    if event_len > 0 && data_len > 0 {
                        let event = text(&mut caller, event, event_len);
                        let data = text(&mut caller, data, data_len);
                        caller.data_mut().events.push((event, data));
                    }
                },
            );
            let imports = [log.into(), get_config.into(), emit_event.into()];
            let instance = Instance::new(&mut store, &module, &imports).unwrap();
            let memory = instance.get_memory(&mut store, "memory").unwrap();
            let malloc = instance.get_typed_func(&mut store, "malloc").unwrap();
            let free = instance.get_typed_func(&mut store, "free").unwrap();
            Runtime {
                store,
                instance,
                memory,
                malloc,
                free,
            }
        }

        /// Calls an export that takes bytes.
        pub fn pass(&mut self, export: &str, bytes: &[u8]) -> i32 {
            let address = self.put(bytes);
            let export = self
                .instance
                .get_typed_func::<(i32, i32), i32>(&mut self.store, export);
            let called = export
                .unwrap()
                .call(&mut self.store, (address, bytes.len() as i32));
            self.free.call(&mut self.store, address).unwrap();
            called.unwrap()
        }

        pub fn start(&mut self) -> i32 {
            let start = self.instance.get_typed_func(&mut self.store, "start");
            start.unwrap().call(&mut self.store, ()).unwrap()
        }

        fn put(&mut self, bytes: &[u8]) -> i32 {
            let address = self
                .malloc
                .call(&mut self.store, bytes.len() as i32)
                .unwrap();
            self.memory
                .write(&mut self.store, address as usize, bytes)
                .unwrap();
            address
        }

        pub fn process_audio(&mut self, block: &[u8]) -> Result<Vec<u8>, i32> {
            let len = block.len() as i32;
            let input = self.put(block);
            let output = self.malloc.call(&mut self.store, len * 2).unwrap();
            let written = self.audio(input, len, output);
            let result = match usize::try_from(written) {
                Ok(written) => {
                    let from = output as usize;
                    Ok(self.memory.data(&self.store)[from..from + written].to_vec())
                }
                Err(_) => Err(written),
            };
            self.free.call(&mut self.store, output).unwrap();
            self.free.call(&mut self.store, input).unwrap();
            result
        }

        pub fn audio(&mut self, input: i32, len: i32, output: i32) -> i32 {
            let process_audio = self
                .instance
                .get_typed_func(&mut self.store, "process_audio")
                .unwrap();
            process_audio
                .call(&mut self.store, (input, len, output))
                .unwrap()
        }
    }
}

use by_the_letter::{Host, Runtime};

#[test]
fn a_setting_that_looks_like_json_can_be_read_as_text() {
    let config = json!({"year": "1984", "number": 12, "word": "true", "quoted": "\"x\""});
    let mut plugin = source("jukebox")
        .config(config)
        .build_for(hosts::musicfox())
        .unwrap();
    for (key, text) in [
        ("year", "1984"),
        ("number", "12"),
        ("word", "true"),
        ("quoted", "x"),
    ] {
        let setting: Option<String> = plugin.call("setting", json!({"key": key})).unwrap();
        assert_eq!(setting.as_deref(), Some(text), "{key}");
    }
    plugin.finish().unwrap();
}

fn jukebox(config: &[(&'static str, String)]) -> Runtime {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/jukebox");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let source = Source::crate_dir(dir).profile("dev").target_dir(target);
    let wasm = source.features(["host-musicfox"]).compile().unwrap().wasm;
    let host = Host {
        config: config.to_vec(),
        ..Host::default()
    };
    Runtime::new(&wasm, host)
}

#[test]
fn a_plugin_runs_in_a_literal_copy_of_the_guides_host() {
    let mut host = jukebox(&[("times", "2".to_owned())]);
    assert_eq!(host.pass("initialize", b"{}"), 0);
    assert_eq!(host.start(), 0);
    assert_eq!(host.process_audio(b"la"), Ok(b"lala".to_vec()));
    assert_eq!(host.process_audio(b""), Ok(Vec::new()));
    let event = json!({"type": "track.changed", "data": "Für Elise"});
    assert_eq!(host.pass("handle_event", event.to_string().as_bytes()), 0);
    let events = &host.store.data().events;
    assert_eq!(events[0], ("jukebox.blocks".to_owned(), "2".to_owned()));
    assert_eq!(
        host.store.data().log,
        [(0, "jukebox: next is Für Elise".to_owned())]
    );
}

#[test]
fn settings_up_to_64_kib_never_grow_memory_unnoticed() {
    for len in [1, 1000, 60_000, 65_536] {
        let mut host = jukebox(&[("motto", "a".repeat(len))]);
        let call = json!({"type": "command.setting", "data": {"key": "motto"}});
        assert_eq!(host.pass("handle_event", call.to_string().as_bytes()), 0);
        let (event, data) = &host.store.data().events[0];
        assert_eq!(event, "command.setting.result");
        assert_eq!(data.len(), len + 2);
    }
}

#[test]
fn nothing_is_written_without_a_large_enough_block() {
    let mut host = jukebox(&[("times", "3".to_owned())]);
    assert_eq!(host.pass("initialize", b"{}"), 0);
    assert_eq!(host.process_audio(b"la"), Err(-6));
    let malloc = host
        .instance
        .get_typed_func::<i32, i32>(&mut host.store, "malloc")
        .unwrap();
    let input = malloc.call(&mut host.store, 16).unwrap();
    let output = malloc.call(&mut host.store, 64).unwrap();
    let before = host.memory.data(&host.store).to_vec();
    for (address, status) in [
        (0, -5),
        (4096, -5),
        (-1, -5),
        // The input, and its last byte.
        (input, -5),
        (input + 15, -5),
        // From here on there are 47 bytes.
        (output + 17, -6),
        (output + 16, 48),
    ] {
        assert_eq!(host.audio(input, 16, address), status, "{address}");
    }
    // Apart from the guest's own state, only the 48 bytes have changed.
    let after = host.memory.data(&host.store);
    let from = output as usize;
    assert_eq!(before[from..from + 16], after[from..from + 16]);
    assert_eq!(host.audio(input, -1, output), -5);
    let lines = &host.store.data().log;
    assert!(lines.iter().all(|(level, _)| *level == 2));
    assert_eq!(
        lines[0].1,
        "process_audio: the result has 6 bytes and the output has room for 4: nothing was written; pass a larger output, or audio in smaller blocks (too_large)"
    );
    assert!(lines[1].1.ends_with("(invalid_argument)"), "{}", lines[1].1);
}

#[test]
fn a_panic_is_in_the_hosts_log_before_the_trap() {
    let mut plugin = source("jukebox").build_for(hosts::musicfox()).unwrap();
    let failure = plugin.call::<()>("kick", ()).unwrap_err();
    assert_eq!(failure.code(), "panic");
    assert!(plugin.services().logs().contains("out of order"));
}
