//! Plugins for Typst in Typst: documents call them and get their errors. The harness's emulator
//! must give the same answers.

use std::ffi::OsStr;

use plugin_sdk_harness::{Failure, Plugin, PluginBuilder, Source, hosts};
use serde_json::{Value, json};

use super::program::Program;
use super::{build_for, call};

/// Returns the results of documents that each call a plugin once.
#[track_caller]
fn documents(folder: &str, config: Option<&Value>, calls: &[Value]) -> Vec<Value> {
    let wasm = build_for(folder, "host-typst");
    let config = config.map(Value::to_string);
    let mut arguments = vec![wasm.as_os_str()];
    arguments.extend(config.as_ref().map(OsStr::new));
    let answers = Program::python("typst_host.py").converse(&arguments, calls);
    answers.unwrap_or_else(|error| panic!("{error}"))
}

fn emulator_of(folder: &str) -> PluginBuilder {
    Plugin::builder(build_for(folder, "host-typst"))
}

#[test]
fn a_document_gets_greetings_or_a_readable_error() {
    let arguments = [
        json!({"name": "Ödön 東京 🎉", "times": 2}),
        json!({"name": ""}),
        json!({"name": "Ada", "times": "two"}),
    ];
    let calls = arguments.clone().map(|arguments| call("greet", arguments));
    let config = json!({"greeting": "Grüß Gott"});
    let answers = documents("examples/greeter", Some(&config), &calls);
    let message = "Grüß Gott, Ödön 東京 🎉!\nGrüß Gott, Ödön 東京 🎉!";
    assert_eq!(
        answers[0],
        json!({"json": {"message": message, "greeted": 1}})
    );
    assert_eq!(
        answers[1],
        json!({"error": "a name is needed to greet somebody (name_empty)"})
    );

    let mut emulated = emulator_of("examples/greeter")
        .config(config)
        .build_for(hosts::typst())
        .unwrap();
    for (arguments, answer) in arguments.iter().zip(&answers) {
        match emulated.call::<Value>("greet", arguments) {
            Ok(value) => assert_eq!(json!({"json": value}), *answer),
            Err(failure) => {
                let message = failure.host_says().unwrap();
                assert_eq!(
                    message,
                    format!("plugin errored with: {}", answer["error"].as_str().unwrap())
                );
            }
        }
    }
    emulated.finish().unwrap();
}

#[test]
fn a_plugin_starts_unconfigured_and_refusals_have_reasons() {
    let calls = [call("greet", json!({"name": "Ada"}))];
    let answers = documents("examples/greeter", None, &calls);
    assert_eq!(answers[0]["json"]["message"], "Hello, Ada!");
    let answers = documents("examples/greeter", None, &[json!({"export": "greeted"})]);
    assert_eq!(answers, [json!({"json": 0})]);

    let refused = json!({"greeting": ""});
    let answers = documents("examples/greeter", Some(&refused), &calls);
    assert_eq!(
        answers[0],
        json!({"error": "the greeting must not be empty (init_failed)"})
    );
    let failure = emulator_of("examples/greeter")
        .config(refused)
        .build_for(hosts::typst())
        .unwrap_err();
    assert_eq!(failure.code(), "init_failed");
}

#[test]
fn panics_and_unknown_commands_end_the_document() {
    let calls = [
        call("panic", json!({"message": "no"})),
        json!({"export": "nothing"}),
        call("fail", json!({"items": [1]})),
    ];
    let answers = documents("tests/guests/basics", None, &calls);
    assert!(
        answers[0]["trap"]
            .as_str()
            .unwrap()
            .starts_with("plugin panicked: "),
        "{answers:?}"
    );
    assert!(
        answers[1]["trap"]
            .as_str()
            .unwrap()
            .contains("does not contain `nothing`"),
        "{answers:?}"
    );
    assert_eq!(
        answers[2],
        json!({"error": "the order was refused (not_enough)"})
    );

    let mut emulated = emulator_of("tests/guests/basics")
        .build_for(hosts::typst())
        .unwrap();
    // The harness also reads the record of the panic, which Typst does not.
    let failure = emulated
        .call::<Value>("panic", json!({"message": "no"}))
        .unwrap_err();
    assert!(failure.message().contains("no"), "{failure}");
    assert!(
        failure
            .host_says()
            .unwrap()
            .starts_with("plugin panicked: "),
        "{failure}"
    );
    // Each call has its own instance, so this one gets a new one.
    let failure = emulated
        .call::<Value>("fail", json!({"items": [1]}))
        .unwrap_err();
    assert_eq!(failure.code(), "not_enough");
    let failure = emulated.start().unwrap_err();
    assert_eq!(failure.code(), "unsupported");
}

/// Returns the result of a plugin by hand with one function.
fn by_hand(function: &str) -> Result<Vec<u8>, Failure> {
    let text = format!(
        r#"(module
            (import "typst_env" "wasm_minimal_protocol_write_args_to_buffer" (func $take (param i32)))
            (import "typst_env" "wasm_minimal_protocol_send_result_to_host" (func $send (param i32 i32)))
            (memory (export "memory") 1)
            (func (export "f") (param $len i32) (result i32) {function}))"#
    );
    let mut plugin = Plugin::builder(Source::wat(text)).build_for(hosts::typst())?;
    plugin.call_raw("f", b"bytes").map(<[u8]>::to_vec)
}

#[test]
fn violations_of_typsts_protocol_are_reported() {
    let echo =
        "(call $take (i32.const 64)) (call $send (i32.const 64) (local.get $len)) i32.const 0";
    assert_eq!(by_hand(echo).unwrap(), b"bytes");
    let code = |function| by_hand(function).unwrap_err().code().to_owned();
    assert_eq!(code("i32.const 2"), "contract_violation");
    assert_eq!(
        code(
            "(i32.store8 (i32.const 0) (i32.const 255)) (call $send (i32.const 0) (i32.const 1)) i32.const 1"
        ),
        "contract_violation"
    );
    // There is room for the bytes, but not inside the memory.
    assert_eq!(
        code("(call $take (i32.const 65534)) i32.const 0"),
        "bad_host_argument"
    );
    assert_eq!(
        code("(call $send (i32.const 65534) (i32.const 5)) i32.const 0"),
        "bad_host_argument"
    );
}
