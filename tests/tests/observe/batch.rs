//! Batch calls: many inputs at once.

use plugin_sdk::abi::ItemHeader;
use plugin_sdk_harness::{Failure, FailureKind, Module, Plugin, Source};
use plugin_sdk_tests::{Build, Host};
use serde_json::{Value, json};

use super::{Greeting, observed};

type Answers<T> = Vec<Result<T, Failure>>;

fn codes<T>(answers: &Answers<T>) -> Vec<&str> {
    answers
        .iter()
        .map(|answer| answer.as_ref().map_or_else(Failure::code, |_| "ok"))
        .collect()
}

#[test]
fn every_input_has_its_answer_even_if_another_fails() {
    let mut plugin = observed().build().unwrap();
    for command in ["greet", "greet_singly"] {
        let mut plugin = observed().build().unwrap();
        let answers: Answers<Greeting> = plugin
            .call_many(
                command,
                [
                    json!({"name": "Ada"}),
                    json!({"name": ""}),
                    json!({"times": 2}),
                    json!({"name": "Grace", "times": 2}),
                ],
            )
            .unwrap();
        assert_eq!(
            codes(&answers),
            ["ok", "nobody", "missing_argument", "ok"],
            "{command}"
        );
        assert_eq!(*answers[0].as_ref().unwrap(), Greeting::new("Ada", 1));
        assert_eq!(*answers[3].as_ref().unwrap(), Greeting::new("Grace", 3));
        let nobody = answers[1].as_ref().unwrap_err();
        assert_eq!(nobody.command(), Some(command));
        assert_eq!(
            nobody.plugin_error().unwrap().message(),
            "there is no one to greet"
        );
    }
    let none: Answers<Greeting> = plugin.call_many("greet", [(); 0]).unwrap();
    assert!(none.is_empty());
}

#[test]
fn a_batch_crosses_once_and_single_calls_once_per_input() {
    let mut plugin = observed().statistics().build().unwrap();
    let inputs = vec![json!({"name": "Ada"}); 100];
    for command in ["greet", "greet_singly"] {
        let answers: Answers<Greeting> = plugin.call_many(command, &inputs).unwrap();
        assert_eq!(answers.len(), 100);
    }
    let calls = |name| plugin.statistics().command(name).map(|call| call.calls);
    assert_eq!(calls("batch_greet"), Some(1));
    assert_eq!(calls("greet"), None);
    assert_eq!(calls("greet_singly"), Some(100));
}

#[test]
fn binary_free_and_renamed_commands_accept_batches() {
    let mut plugin = observed().build().unwrap();
    let answers: Answers<Greeting> = plugin
        .call_many_binary("greet-binary", [("Ada", 1u64), ("", 1), ("Grace", 5)])
        .unwrap();
    assert_eq!(codes(&answers), ["ok", "nobody", "ok"]);
    assert_eq!(*answers[2].as_ref().unwrap(), Greeting::new("Grace", 6));

    let reversed: Answers<String> = plugin
        .call_many("reverse", [json!({"text": "abc"}), json!({"text": ""})])
        .unwrap();
    assert_eq!(codes(&reversed), ["ok", "ok"]);
    assert_eq!(*reversed[0].as_ref().unwrap(), "cba");
}

#[test]
fn raw_inputs_are_read_as_numbers_if_aligned() {
    let mut plugin = observed().build().unwrap();
    let bytes = |numbers: &[f64]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    };
    // An input whose length is not a multiple of the number size misaligns all later ones.
    let inputs = [bytes(&[1.0, 2.0]), vec![0; 3], bytes(&[]), bytes(&[-0.5])];
    let answers: Vec<_> = plugin.call_many_raw("double", &inputs).unwrap().collect();
    assert_eq!(*answers[0].as_ref().unwrap(), bytes(&[2.0, 4.0]));
    assert_eq!(answers[1].as_ref().unwrap_err().code(), "invalid_argument");
    assert_eq!(*answers[2].as_ref().unwrap(), b"");
    assert_eq!(*answers[3].as_ref().unwrap(), bytes(&[-1.0]));
}

#[test]
fn raw_answers_may_alias_the_inputs_or_the_plugins_memory() {
    let mut plugin = observed().build().unwrap();
    let large = vec![3; 100_000];
    let inputs: [&[u8]; 3] = [b"", b"one", &large];
    let echoes = plugin.call_many_raw("echo", inputs).unwrap();
    assert_eq!(echoes.len(), 3);
    assert_eq!(echoes.collect::<Result<Vec<_>, _>>().unwrap(), inputs);

    let numbers = plugin.call_many_raw("remember", ["a", "b"]).unwrap();
    let numbers: Vec<_> = numbers.map(Result::unwrap).collect();
    assert_eq!(numbers, [1u64.to_le_bytes(), 2u64.to_le_bytes()]);
    let latest = plugin.call_many_raw("latest", ["", ""]).unwrap();
    assert_eq!(latest.map(Result::unwrap).collect::<Vec<_>>(), [b"b", b"b"]);
}

#[test]
fn a_truncated_batch_fails_as_a_whole_and_runs_nothing() {
    let name = br#"{"name":"Ada"}"#;
    let header = ItemHeader {
        len: name.len() as u32,
        failed: false,
    };
    let whole = [&header.to_bytes()[..], name].concat();
    // The harness frames its inputs correctly, so only another host can get this wrong.
    let mut host = Host::new(&Build::of("observed").module());
    let broken = [&whole[..], &whole[..10]].concat();
    let error = host.answer("batch_greet", &broken).error();
    assert_eq!(error["code"], "invalid_argument");
    assert_eq!(
        error["details"]["found"],
        format!("no such item at byte {}", whole.len())
    );
    let answer = host.answer("batch_greet", &whole);
    let (header, greeting, rest) = ItemHeader::split(answer.result()).unwrap();
    assert!(!header.failed && rest.is_empty());
    let greeting: Value = serde_json::from_slice(greeting).unwrap();
    assert_eq!(greeting["greeted"], 1, "the broken batch made no greeting");
}

#[test]
fn a_panic_in_a_batch_kills_the_instance_and_names_the_command() {
    let mut plugin = observed().build().unwrap();
    for _ in 0..2 {
        let failure = plugin
            .call_many::<Value>("greet", [json!({"name": "Ada"}), json!({"name": "panic"})])
            .unwrap_err();
        assert_eq!(failure.command(), Some("greet"));
        let first = match failure.kind() {
            FailureKind::Poisoned { first } => first.clone(),
            _ => failure,
        };
        assert_eq!(first.panic().unwrap().message, "no greeting for this one");
    }
}

#[test]
fn the_result_limit_covers_all_answers_of_a_batch_together() {
    for command in ["greet", "greet_singly"] {
        let mut plugin = observed().max_result_bytes(200).build().unwrap();
        let inputs = |count| vec![json!({"name": "Ada"}); count];
        assert_eq!(
            plugin.call_many::<Value>(command, inputs(4)).unwrap().len(),
            4
        );
        let failure = plugin.call_many::<Value>(command, inputs(5)).unwrap_err();
        assert_eq!(failure.code(), "result_too_large", "{failure}");
    }
}

#[test]
fn an_unencodable_input_is_named() {
    let mut plugin = observed().build().unwrap();
    let failure = plugin
        .call_many::<Value>("greet", [f64::NAN].map(|_| Unwritable))
        .unwrap_err();
    assert_eq!(failure.code(), "bad_arguments");
    assert!(failure.to_string().contains("input 0"), "{failure}");
}

struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("cannot be written"))
    }
}

/// Returns a guest whose `batch_run` always answers with these bytes.
fn answering(bytes: &[u8]) -> Plugin {
    let data: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let answer = (64u64 << 32) | bytes.len() as u64;
    Plugin::from_wat(&format!(
        r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
            (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
            (data (i32.const 64) "{data}")
            (func (export "command_run") (param i32 i32) (result i64) i64.const 0)
            (func (export "batch_run") (param i32 i32) (result i64) i64.const {answer}))"#
    ))
    .unwrap()
}

#[test]
fn a_batch_without_one_answer_per_input_is_refused() {
    let one = [1, 0, 0, 0, b'x'];
    let broken: [(&[u8], &str); 6] = [
        (b"", "number 0 breaks off at byte 0"),
        (&one, "number 1 breaks off at byte 5"),
        (&[1, 0, 0], "number 0 breaks off at byte 0"),
        (
            &[0xff, 0xff, 0xff, 0xff, 1],
            "number 0 breaks off at byte 0",
        ),
        (&[&one[..], &one, &one].concat(), "5 bytes follow the last"),
        (
            &[&one[..], &[9, 0, 0, 0]].concat(),
            "number 1 breaks off at byte 5",
        ),
    ];
    for (bytes, expected) in broken {
        let mut plugin = answering(bytes);
        let failure = plugin.call_many_raw("run", ["a", "b"]).unwrap_err();
        assert_eq!(failure.code(), "bad_batch");
        assert!(failure.to_string().contains(expected), "{failure}");
    }
    let mut plugin = answering(&[&one[..], &[2, 0, 0, 0x80, b'{', b'}']].concat());
    let answers: Vec<_> = plugin.call_many_raw("run", ["a", "b"]).unwrap().collect();
    assert_eq!(*answers[0].as_ref().unwrap(), b"x");
    assert_eq!(answers[1].as_ref().unwrap_err().code(), "bad_json");
}

#[test]
fn a_batch_export_needs_its_type_and_a_command() {
    let module = |batch: &str| {
        Module::load(Source::wat(format!(
            r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
                (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
                (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
                (func (export "command_run") (param i32 i32) (result i64) i64.const 0)
                (func (export "{batch}") (param i32)))"#
        )))
    };
    let failure = module("batch_run").unwrap_err();
    assert_eq!(failure.code(), "wrong_export");
    assert!(failure.to_string().contains("batch_run"), "{failure}");
    assert!(module("batch_other").is_ok());
}
