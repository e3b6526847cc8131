//! NeoMind's extension runner, emulated after its source (`docs/hosts/neomind.md`): a guest written
//! by hand, mistakes of such guests, and the guest that this SDK produces.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use plugin_sdk::hosts::neomind::{NeoMind, neo_mind};
use plugin_sdk_harness::hosts;
use plugin_sdk_harness::{CrateSource, Failure, FailureKind, Plugin, Source};
use serde_json::{Value, json};

/// A guest as the runner expects it, in the text format; its parts can be replaced.
struct Sample {
    memory: &'static str,
    fields: &'static str,
    data: &'static str,
    describe: &'static str,
    execute: &'static str,
}

const DESCRIPTOR: &str = r#"{"metadata":{"id":"sample","name":"Sample"},"commands":[{"name":"ping","parameters":[{"name":"times","param_type":"integer"}]}]}"#;

const ANSWERS: [&str; 2] = [
    r#"{"success":true,"result":{"status":"pong"}}"#,
    r#"{"success":false,"error":"sold out"}"#,
];

impl Sample {
    fn new() -> Self {
        Sample {
            memory: r#"(memory (export "memory") 3)"#,
            fields: "",
            data: "131072",
            describe: "(call $say (global.get $descriptor) (i32.const 128))",
            // The input is {"args":…,"command":"p…"}, or any other command, which is sold out.
            execute: r#"
                (if (result i32) (i32.eq (i32.load8_u (i32.sub (local.get 1) (i32.const 6))) (i32.const 112))
                    (then (call $say (i32.add (global.get $descriptor) (i32.const 256)) (i32.const 43)))
                    (else (call $say (i32.add (global.get $descriptor) (i32.const 512)) (i32.const 36))))"#,
        }
    }

    fn wat(&self) -> String {
        let Sample {
            memory,
            fields,
            data,
            describe,
            execute,
        } = self;
        let at = |offset: u32, text: &str| {
            let text = text.replace('"', "\\\"");
            let address = data.parse::<u32>().unwrap() + offset;
            format!(r#"(data (i32.const {address}) "{text}")"#)
        };
        let (descriptor, pong, sold_out) =
            (at(0, DESCRIPTOR), at(256, ANSWERS[0]), at(512, ANSWERS[1]));
        format!(
            r#"(module {fields} {memory} (global $descriptor i32 (i32.const {data})) {descriptor} {pong} {sold_out}
            (func $say (param $from i32) (param $len i32) (result i32)
                (memory.copy (i32.const 65536) (local.get $from) (local.get $len)) (local.get $len))
            (func (export "get_descriptor_json") (result i32) {describe})
            (func (export "execute_command_json") (param i32 i32) (result i32) {execute}))"#
        )
    }

    fn plugin(&self) -> Result<Plugin, Failure> {
        Plugin::builder(Source::wat(self.wat())).build_for(hosts::neomind())
    }

    fn ping(&self) -> Result<Value, Failure> {
        self.plugin()?.call("ping", json!({"times": 1}))
    }
}

#[track_caller]
fn rule_broken(sample: &Sample) -> Failure {
    let failure = sample.ping().unwrap_err();
    assert_eq!(failure.code(), "contract_violation", "{failure}");
    failure
}

#[test]
fn a_handwritten_guest_for_the_runner_answers() {
    assert_eq!(DESCRIPTOR.len(), 128);
    assert_eq!(ANSWERS.map(str::len), [43, 36]);
    let mut plugin = Sample::new().plugin().unwrap();
    assert_eq!(
        plugin.call::<Value>("ping", ()).unwrap(),
        json!({"status": "pong"})
    );
    let failure = plugin.call::<Value>("buy", json!({})).unwrap_err();
    assert_eq!(
        (failure.code(), failure.plugin_error().unwrap().message()),
        ("failed", "sold out")
    );
    plugin.finish().unwrap();
}

#[test]
fn an_answer_of_an_unreadable_length_is_reported_as_such() {
    for (execute, returned) in [
        ("i32.const 0", "returned 0"),
        ("i32.const 65536", "returned 65536"),
        ("i32.const -1", "returned -1"),
    ] {
        let failure = rule_broken(&Sample {
            execute,
            ..Sample::new()
        });
        assert!(failure.message().contains(returned), "{failure}");
        // As an author who has only seen the runner's message searches for it.
        let message = failure.host_says().unwrap();
        assert!(
            message.starts_with("execute_command_json not found"),
            "{message}"
        );
        assert!(failure.to_string().contains(message), "{failure}");
    }
    let failure = rule_broken(&Sample {
        describe: "i32.const 0",
        ..Sample::new()
    });
    assert!(
        failure
            .message()
            .contains("`get_descriptor_json` returned 0"),
        "{failure}"
    );
}

#[test]
fn data_in_the_runners_area_is_refused_before_a_call() {
    for data in ["1024", "65536", "131071"] {
        let failure = rule_broken(&Sample {
            data,
            ..Sample::new()
        });
        assert!(failure.message().contains("its data begin at"), "{failure}");
        assert!(failure.hint().unwrap().contains("stack"), "{failure}");
    }
    let one_page = r#"(memory (export "memory") 1)"#;
    let failure = Plugin::builder(Source::wat(format!(
        r#"(module {one_page} (func (export "get_descriptor_json") (result i32) i32.const 1)
        (func (export "execute_command_json") (param i32 i32) (result i32) i32.const 1))"#
    )))
    .build_for(hosts::neomind())
    .unwrap_err();
    assert!(
        failure.message().contains("less than two pages"),
        "{failure}"
    );
}

#[test]
fn writes_outside_the_answer_are_detected() {
    for address in [0, 40_000, 65_535, 65_536 + 43, 131_071] {
        let execute = format!(
            "(i32.store8 (i32.const {address}) (i32.xor (i32.load8_u (i32.const {address})) (i32.const 1))) {}",
            "(call $say (i32.add (global.get $descriptor) (i32.const 256)) (i32.const 43))"
        );
        let failure = rule_broken(&Sample {
            execute: execute.leak(),
            ..Sample::new()
        });
        assert!(
            failure
                .message()
                .contains(&format!("wrote to address {address:#x}")),
            "{failure}"
        );
    }
}

#[test]
fn a_module_with_wrong_exports_or_imports_is_refused() {
    let refused = |wat: &str| {
        Plugin::builder(Source::wat(wat))
            .build_for(hosts::neomind())
            .unwrap_err()
    };
    let failure = refused(r#"(module (memory (export "memory") 3))"#);
    assert_eq!(failure.code(), "missing_export");
    assert_eq!(
        failure.host_says(),
        Some("Function 'get_descriptor_json' not found")
    );
    let sample = Sample {
        fields: r#"(import "neomind" "host_tell" (func))"#,
        ..Sample::new()
    };
    assert_eq!(sample.plugin().unwrap_err().code(), "missing_imports");
}

#[test]
fn every_call_has_its_own_instance_and_fuel() {
    let counting = Sample {
        fields: "(global $count (mut i32) (i32.const 43))",
        execute: r#"
            (if (i32.ne (global.get $count) (i32.const 43)) (then unreachable))
            (global.set $count (i32.const 0))
            (call $say (i32.add (global.get $descriptor) (i32.const 256)) (i32.const 43))"#,
        ..Sample::new()
    };
    let mut plugin = counting.plugin().unwrap();
    for _ in 0..3 {
        plugin.call::<Value>("ping", ()).unwrap();
    }
    let spinning = Sample {
        execute: "(loop (br 0)) unreachable",
        ..Sample::new()
    };
    let mut plugin = spinning.plugin().unwrap();
    for _ in 0..2 {
        let failure = plugin.call::<Value>("ping", ()).unwrap_err();
        assert!(
            matches!(failure.kind(), FailureKind::OutOfFuel { limit: 1_000_000 }),
            "{failure}"
        );
    }
}

/// Returns the crate of the conformance suite, which the harness builds for the host; optimised, as
/// the host's fuel requires.
fn guest() -> CrateSource {
    Source::crate_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/conformance")).profile("guest")
}

#[test]
fn a_guest_of_this_sdk_describes_itself_and_answers() {
    let mut plugin = Plugin::builder(guest())
        .build_for(hosts::neomind())
        .unwrap();
    assert_eq!(
        plugin
            .call::<i64>("add", json!({"left": 2, "right": 3}))
            .unwrap(),
        5
    );
    assert_eq!(
        plugin
            .call::<i64>("add", json!({"left": i64::MAX}))
            .unwrap_err()
            .code(),
        "overflow"
    );
    let failure = plugin
        .call::<Value>("add", json!({"left": "two"}))
        .unwrap_err();
    assert_eq!(
        failure.plugin_error().unwrap().details().unwrap()["path"],
        "left"
    );
    assert_eq!(
        plugin
            .call::<Value>("reverse", json!({}))
            .unwrap_err()
            .code(),
        "unsupported"
    );
    assert_eq!(
        plugin.call_raw("reverse", b"no JSON").unwrap_err().code(),
        "unsupported"
    );
}

#[test]
fn an_answer_that_the_runner_would_not_read_is_an_error() {
    let mut plugin = Plugin::builder(guest())
        .build_for(hosts::neomind())
        .unwrap();
    // The frame around a text, and its quotes.
    let frame = r#"{"success":true,"result":""}"#.len();
    let mut repeat =
        |times: usize| plugin.call::<String>("repeat", json!({"text": "x", "times": times}));
    assert_eq!(repeat(65_535 - frame).unwrap().len(), 65_535 - frame);
    let failure = repeat(65_536 - frame).unwrap_err();
    assert_eq!(failure.code(), "too_large");
    assert_eq!(
        failure.plugin_error().unwrap().details().unwrap(),
        json!({"bytes": 65_536, "limit": 65_535})
    );
}

#[test]
fn arguments_that_reach_the_stack_are_refused() {
    let mut plugin = Plugin::builder(guest())
        .fuel(100_000_000)
        .build_for(hosts::neomind())
        .unwrap();
    let mut length = |len: usize| plugin.call::<usize>("length", json!({"text": "x".repeat(len)}));
    assert_eq!(length(1_000_000).unwrap(), 1_000_000);
    // Up to the stack's end, into the data, and to the memory's end.
    for len in [1_035_000, 1 << 20, (1 << 20) + 3000] {
        assert_eq!(length(len).unwrap_err().code(), "too_large", "{len}");
    }
    let failure = length(4 << 20).unwrap_err();
    assert_eq!(failure.code(), "out_of_bounds");
    assert!(
        failure
            .host_says()
            .unwrap()
            .starts_with("Failed to write input"),
        "{failure}"
    );
    assert_eq!(length(3).unwrap(), 3, "no state is left of it");
}

/// Builds with these linker arguments, which change the layout of the memory.
fn laid_out(arguments: &[&str]) -> Result<Plugin, Failure> {
    let flags: Vec<String> = arguments
        .iter()
        .map(|argument| format!("-Clink-arg={argument}"))
        .collect();
    let wasm = plugin_sdk_tests::Build::of("conformance")
        .feature("host-neomind")
        .linked_with(&flags)
        .wasm()
        .unwrap();
    Plugin::builder(wasm).build_for(hosts::neomind())
}

#[test]
fn a_stack_or_data_in_the_runners_area_is_refused_with_a_fix() {
    for arguments in [&["-zstack-size=65536"][..], &["--no-stack-first"]] {
        let failure = laid_out(arguments).unwrap_err();
        assert_eq!(failure.code(), "contract_violation", "{failure}");
        assert!(
            failure.hint().unwrap().contains("-z stack-size"),
            "{failure}"
        );
    }
    // The module's interface does not show this: the guest itself detects it, and logs it before it
    // aborts.
    let failure = laid_out(&["-zstack-size=131072"]).unwrap_err();
    assert!(
        failure
            .logs()
            .iter()
            .any(|line| line.message.contains("256 KiB or more")),
        "{failure}"
    );
    let mut plugin = laid_out(&["-zstack-size=262144"]).unwrap();
    assert_eq!(plugin.call::<i64>("add", json!({"left": 1})).unwrap(), 2);
}

/// A platform whose answers are longer than the buffer.
struct Talkative;

impl NeoMind for Talkative {
    fn invoke_capability(&mut self, _: &str, _: &str, answer: &mut [u8]) -> i32 {
        answer.fill(b' ');
        answer.len() as i32
    }
    fn event_subscribe(&mut self, _: &str, _: &str) -> i64 {
        -1
    }
    fn event_poll(&mut self, _: i64, events: &mut [u8]) -> i32 {
        events.len() as i32
    }
    fn event_unsubscribe(&mut self, _: i64) -> i32 {
        -1
    }
    fn free(&mut self, _: u32) {}
    fn log(&mut self, _: &str, _: &str) {}
    fn timestamp_ms(&mut self) -> i64 {
        -1
    }
}

#[test]
fn a_truncated_platform_answer_is_an_error() {
    let mut plugin = Plugin::builder(guest())
        .host_functions(neo_mind::provide(Talkative))
        .build_for(hosts::neomind())
        .unwrap();
    assert_eq!(
        plugin
            .call::<Value>("tell", json!({"text": "hello"}))
            .unwrap_err()
            .code(),
        "too_large"
    );
    assert_eq!(
        plugin.call::<Value>("now", json!({})).unwrap_err().code(),
        "bad_answer"
    );
}

#[test]
fn events_are_sent_and_kept_for_later_requests() {
    use plugin_sdk::hosts::neomind::{self, Event};
    let mut plugin = Plugin::builder(guest())
        .build_for(hosts::neomind())
        .unwrap();
    plugin.call::<()>("tell", json!({"text": "hello"})).unwrap();
    let emitted = plugin.services().events().emitted();
    assert_eq!(
        (emitted[0].topic.as_str(), &emitted[0].data),
        ("conformance.told", &json!("hello"))
    );
    assert_eq!(
        plugin.call::<()>("listen", ()).unwrap_err().code(),
        "unsupported"
    );

    // The functions for authors, natively: there is one description of the imports.
    let _host = neo_mind::install(Talkative);
    assert_eq!(neomind::subscribe("all").unwrap_err().code(), "unavailable");
    assert_eq!(neomind::poll(1).unwrap_err().code(), "too_large");
    let outcome: plugin_sdk::Result<Vec<Event>> = neomind::invoke_with_room("events", &(), 16);
    assert_eq!(outcome.unwrap_err().code(), "too_large");
}
