//! Plugins for Extism in Extism's own hosts: its Python package, which has Extism's Rust crate as
//! its native library, and its JavaScript library, which is a host of its own on Node's engine.
//!
//! The same plugins give the same answers as in hosts of the SDK's own ABI.

use std::fs;
use std::path::Path;
use std::thread;

use plugin_sdk_harness::{Failure, Plugin, PluginBuilder, Source, hosts};
use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

use super::program::Program;
use super::{build, build_for, call, native};

fn hosts() -> [Program; 2] {
    [
        Program::python("extism_host.py"),
        Program::node("extism_host.mjs"),
    ]
}

fn build_for_extism(folder: &str) -> std::path::PathBuf {
    build_for(folder, "host-extism")
}

/// The answers of a plugin, and the levels and lines that it logged.
#[derive(Clone, Debug, PartialEq)]
struct Served {
    answers: Vec<Value>,
    log: Vec<(String, String)>,
}

/// Runs a host that loads a plugin by a manifest and serves some calls.
#[track_caller]
fn serve(host: &Program, wasm: &Path, manifest: &Value, calls: &[Value]) -> Served {
    let manifest = manifest.to_string();
    let mut answers = host
        .converse(&[wasm.as_os_str(), manifest.as_ref()], calls)
        .unwrap_or_else(|error| panic!("{host:?}: {error}"));
    let last = answers.pop().unwrap();
    assert_eq!(answers.len(), calls.len(), "{host:?}");
    Served {
        log: serde_json::from_value(last["log"].clone()).unwrap(),
        answers,
    }
}

/// Serves the same calls on every host; the results must all be the same. Only the Rust crate
/// reports the text of a panic with its trap.
#[track_caller]
fn served(wasm: &Path, manifest: &Value, calls: &[Value]) -> Served {
    let [mut first, second] = hosts().map(|host| serve(&host, wasm, manifest, calls));
    assert_eq!(first.log, second.log, "the log of the two hosts");
    for (first, second) in first.answers.iter_mut().zip(&second.answers) {
        let Some(trap) = first.get_mut("trap") else {
            assert_eq!(first, second, "the answers of the two hosts");
            continue;
        };
        assert!(second["trap"].is_string(), "{trap} is {second}");
        let words = trap.as_str().unwrap();
        let panic = words.rfind("panicked at ").map(|at| &words[at..]);
        *trap = json!(panic.unwrap_or_default());
    }
    first
}

#[test]
fn the_greeter_answers_in_extism_as_in_other_hosts() {
    let arguments = [
        json!({"name": "Ödön 東京 🎉", "times": 2}),
        json!({"name": "\u{0}\"\\\n"}),
        json!({"name": ""}),
        json!({"name": "Ada", "times": true}),
        json!([]),
        json!({"name": "Grace"}),
    ];
    let config = json!({"greeting": "Grüß Gott", "limit": 3});
    let calls = |greet: &str| arguments.clone().map(|arguments| call(greet, arguments));
    let natively = native::answers(
        &build("examples/greeter"),
        &[
            &[call("plugin_init", config.clone())],
            calls("command_greet").as_slice(),
        ]
        .concat(),
    );
    let wasm = build_for_extism("examples/greeter");
    let manifest = json!({"config": {"config": config.to_string()}});
    let in_extism = served(&wasm, &manifest, &calls("greet"));
    assert_eq!(in_extism.answers, natively[1..]);
    assert_eq!(in_extism.log, []);

    // A program may also set the configuration by a call.
    let calls = [
        call("greet", json!({"name": "Ada"})),
        call("plugin_init", json!({"greeting": ""})),
        call("greet", json!({"name": "Ada"})),
        call("plugin_init", json!({"greeting": "Hi"})),
        call("greet", json!({"name": "Ada"})),
        json!({"export": "grete"}),
    ];
    let answers = served(&wasm, &json!({}), &calls).answers;
    assert_eq!(answers[0]["json"]["message"], "Hello, Ada!");
    assert_eq!(answers[1]["error"]["code"], "init_failed");
    assert_eq!(answers[2]["json"]["greeted"], 2, "the old plugin stays");
    assert_eq!(answers[3], json!({"json": null}));
    assert_eq!(
        answers[4]["json"],
        json!({"message": "Hi, Ada!", "greeted": 1})
    );
    assert!(answers[5]["trap"].is_string());

    // A refused configuration fails every command, and does not trap.
    let manifest = json!({"config": {"config": "{\"greeting\": \" \"}"}});
    let answers = served(&wasm, &manifest, &[json!({"export": "greeted"})]).answers;
    assert_eq!(answers[0]["error"]["code"], "init_failed");
}

#[test]
fn every_way_a_call_can_end_is_reported_by_extism() {
    let calls = [
        json!({"export": "is_running"}),
        json!({"export": "plugin_start"}),
        json!({"export": "is_running"}),
        call("fail", json!({"items": [1, 2]})),
        call("panic", json!({"message": "no, wé cannot"})),
        json!({"export": "is_running"}),
    ];
    let Served { answers, log } =
        served(&build_for_extism("tests/guests/basics"), &json!({}), &calls);
    let error = json!({"code": "not_enough", "message": "the order was refused", "details": 2, "source": ["three items are needed"]});
    assert_eq!(
        answers[..4],
        [
            json!({"json": false}),
            json!({"json": null}),
            json!({"json": true}),
            json!({"error": error})
        ]
    );
    let panic = answers[4]["trap"].as_str().unwrap();
    assert!(panic.ends_with(": no, wé cannot"), "{panic}");
    assert!(panic.contains("lib.rs:"), "{panic}");
    assert_eq!(log, [("ERROR".to_owned(), panic.to_owned())]);
    // Extism would continue with the broken instance.
    assert_eq!(answers[5]["error"]["code"], "busy");
    let refusal = answers[5]["error"]["message"].as_str().unwrap();
    assert!(refusal.contains("ended in a trap"), "{refusal}");

    let answers = served(
        &build_for_extism("tests/guests/basics"),
        &json!({}),
        &[json!({"export": "abort"})],
    )
    .answers;
    assert_eq!(answers, [json!({"trap": ""})]);
}

#[test]
fn any_number_of_bytes_passes_through_extisms_memory() {
    let wasm = build_for_extism("tests/guests/basics");
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<u8> = (0..1_000_003u32)
        .map(|nth| (nth.wrapping_mul(0x9E37_79B9) >> 24) as u8)
        .collect();
    let halved = [1.0f32, -3.0, 0.5].map(f32::to_le_bytes).concat();
    let mut exchanged = vec![(
        "halve",
        &*halved,
        [0.5f32, -1.5, 0.25].map(f32::to_le_bytes).concat(),
    )];
    // Extism's functions transfer eight bytes at a time, and single ones at the end.
    for len in [0, 1, 7, 8, 9, 64, all.len()] {
        let input = &all[..len];
        exchanged.push(("echo", input, input.to_vec()));
        exchanged.push(("copy", input, input.to_vec()));
        exchanged.push(("tail", input, input[len / 2..].to_vec()));
    }
    for host in hosts() {
        let place = |nth: usize, kind: &str| folder.path().join(format!("{kind}-{nth}"));
        let calls = exchanged
            .iter()
            .enumerate()
            .map(|(nth, (export, input, _))| {
                fs::write(place(nth, "in"), input).unwrap();
                json!({"export": export, "in": place(nth, "in"), "out": place(nth, "out")})
            });
        let calls: Vec<Value> = calls.collect();
        let answers = serve(&host, &wasm, &json!({}), &calls).answers;
        for (nth, (export, input, output)) in exchanged.iter().enumerate() {
            let of = format!("{host:?}: `{export}` of {} bytes", input.len());
            assert_eq!(answers[nth], json!({"bytes": output.len()}), "{of}");
            assert!(fs::read(place(nth, "out")).unwrap() == *output, "{of}");
        }
    }
}

/// Returns the results of `run` in `tests/guests/services`: for each call, its value or its error's
/// code.
fn outcomes(answer: &Value) -> Vec<Value> {
    let outcomes = answer["json"].as_array().unwrap().iter();
    outcomes
        .map(|outcome| match outcome.get("Ok") {
            Some(value) => value.clone(),
            None => json!({"error": outcome["Err"]["code"]}),
        })
        .collect()
}

fn run(calls: Value) -> Value {
    call("run", json!({"calls": calls}))
}

#[test]
fn services_are_served_by_extisms_functions() {
    let config = json!({"name": "Ödön", "most": "3", "quoted": "\"3\"", "list": "[1, 2]"});
    let calls = [
        run(
            json!([{"config": "name"}, {"config": "most"}, {"config": "quoted"}, {"config": "list"}, {"config": "none"}, {"config": ""}]),
        ),
        run(
            json!([{"kv_get": "a"}, {"kv_set": ["a", "Grüße"]}, {"kv_get": "a"}, {"kv_set": ["a", [1]]}, {"kv_delete": "a"}, {"kv_delete": "a"}, {"kv_get": "a"}]),
        ),
        run(
            json!([{"kv_set": ["kept", 5]}, {"kv_set": ["", 1]}, {"kv_list": ""}, {"log": "Ödön 🎉"}]),
        ),
        run(
            json!([{"kv_get": "kept"}, "now", "monotonic", "random", {"emit": ["a", 1]}, {"read": "a"}, {"chat": "hi"}]),
        ),
    ];
    let Served { answers, log } = served(
        &build_for_extism("tests/guests/services"),
        &json!({"config": config}),
        &calls,
    );
    let unsupported = json!({"error": "unsupported"});
    assert_eq!(
        outcomes(&answers[0]),
        [
            json!("Ödön"),
            json!(3),
            json!("3"),
            json!([1, 2]),
            json!(null),
            json!(null)
        ]
    );
    assert_eq!(
        outcomes(&answers[1]),
        [
            json!(null),
            json!(null),
            json!("Grüße"),
            json!(null),
            json!(true),
            json!(false),
            json!(null)
        ]
    );
    assert_eq!(
        outcomes(&answers[2]),
        [
            json!(null),
            unsupported.clone(),
            unsupported.clone(),
            json!(null)
        ]
    );
    let others = outcomes(&answers[3]);
    assert_eq!(others[0], 5, "variables outlive the call");
    assert_eq!(others[1..], vec![unsupported; 6]);
    assert_eq!(log, [("INFO".to_owned(), "services: Ödön 🎉".to_owned())]);
}

#[test]
fn only_extisms_rust_crate_drops_empty_settings() {
    let wasm = build_for_extism("tests/guests/services");
    let calls = [run(json!([{"config": "empty"}]))];
    let in_each = hosts().map(|host| {
        let served = serve(&host, &wasm, &json!({"config": {"empty": ""}}), &calls);
        outcomes(&served.answers[0])
    });
    assert_eq!(in_each, [[json!(null)], [json!("")]]);
}

#[test]
fn allowed_requests_are_sent_by_extism() {
    let server = Server::http("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", server.server_addr().to_ip().unwrap());
    let asked = thread::spawn(move || {
        let mut request = server.recv().unwrap();
        let mut body = Vec::new();
        request.as_reader().read_to_end(&mut body).unwrap();
        let asked = (request.method().to_string(), body.clone());
        let header = Header::from_bytes("X-Seen", "yes").unwrap();
        body.reverse();
        request
            .respond(
                Response::from_data(body)
                    .with_status_code(404)
                    .with_header(header),
            )
            .unwrap();
        asked
    });
    let wasm = build_for_extism("tests/guests/services");
    let calls = [run(json!([{"http": ["PUT", address, "abc"]}]))];
    // Extism's JavaScript library sends requests only from a worker.
    let host = Program::python("extism_host.py");
    let manifest = json!({"allowed_hosts": ["127.0.0.1"]});
    let Served { answers, .. } = serve(&host, &wasm, &manifest, &calls);
    assert_eq!(outcomes(&answers[0]), [json!([404, "cba"])]);
    assert_eq!(asked.join().unwrap(), ("PUT".to_owned(), b"abc".to_vec()));

    // A denied request ends the call, because Extism has no other way to report it.
    let Served { answers, .. } = serve(&host, &wasm, &json!({}), &calls);
    assert!(answers[0]["trap"].is_string(), "{answers:?}");
}

fn emulator_of(folder: &str) -> PluginBuilder {
    Plugin::builder(build_for_extism(folder))
}

#[test]
fn the_emulator_gives_the_answers_that_extism_gives() {
    let arguments = [
        json!({"name": "Ödön", "times": 2}),
        json!({"name": ""}),
        json!({"name": "Ada", "times": true}),
        json!({}),
    ];
    let config = json!({"greeting": "Grüß Gott"});
    let calls = arguments.clone().map(|arguments| call("greet", arguments));
    let manifest = json!({"config": {"config": config.to_string()}});
    let expected = served(&build_for_extism("examples/greeter"), &manifest, &calls).answers;
    let mut greeter = emulator_of("examples/greeter")
        .config(&config)
        .build_for(hosts::extism())
        .unwrap();
    for (arguments, expected) in arguments.iter().zip(&expected) {
        match greeter.call_raw("greet", arguments.to_string().as_bytes()) {
            Ok(bytes) => {
                let value: Value = serde_json::from_slice(bytes).unwrap();
                assert_eq!(json!({"json": value}), *expected);
            }
            Err(failure) => {
                assert_eq!(failure.code(), expected["error"]["code"]);
            }
        }
    }
    let failure = greeter.call::<Value>("grete", ()).unwrap_err();
    assert_eq!(failure.code(), "unknown_command");
    greeter.init(json!({"greeting": "Hi"})).unwrap();
    let greeting: Value = greeter.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting, json!({"message": "Hi, Ada!", "greeted": 1}));
    greeter.finish().unwrap();
}

#[test]
fn the_emulator_uses_the_harness_services() {
    let config = json!({"name": "Ödön", "most": 3});
    let mut plugin = emulator_of("tests/guests/services")
        .config(&config)
        .grant("http")
        .build_for(hosts::extism())
        .unwrap();
    plugin.services().kv().set("before", "a text").unwrap();
    let calls = json!([{"config": "name"}, {"config": "most"}, {"kv_get": "before"}, {"kv_set": ["after", [1]]}, {"log": "Ödön"}, {"kv_list": ""}]);
    let answer: Value = plugin.call("run", json!({"calls": calls})).unwrap();
    let unsupported = json!({"error": "unsupported"});
    assert_eq!(
        outcomes(&json!({"json": answer})),
        [
            json!("Ödön"),
            json!(3),
            json!("a text"),
            json!(null),
            json!(null),
            unsupported
        ]
    );
    assert_eq!(
        plugin.services().kv().get::<Value>("after"),
        Some(json!([1]))
    );
    assert_eq!(plugin.services().logs().messages(), ["services: Ödön"]);
    plugin.finish().unwrap();
}

#[test]
fn a_request_that_is_not_granted_ends_the_call_as_in_extism() {
    let mut plugin = emulator_of("tests/guests/services")
        .build_for(hosts::extism())
        .unwrap();
    let calls = json!([{"http": ["GET", "http://example.org/", ""]}]);
    let failure = plugin
        .call::<Value>("run", json!({"calls": calls}))
        .unwrap_err();
    assert_eq!(failure.code(), "host_function", "{failure}");
}

/// Returns the result of a plugin by hand whose one function has this body, with the input as a
/// block in `$in`.
fn by_hand(function: &str) -> Result<Vec<u8>, Failure> {
    // A plugin with a manifest must satisfy the SDK's rules.
    let manifest = json!({
        "abi": 1, "id": "by-hand", "name": "By hand", "version": "1.0.0",
        "commands": [{"name": "f", "codec": "raw"}],
    });
    let manifest = format!("{manifest}\n")
        .replace('"', "\\22")
        .replace('\n', "\\0a");
    let text = format!(
        r#"(module
            (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
            (import "extism:host/env" "free" (func $free (param i64)))
            (import "extism:host/env" "input_length" (func $input_length (result i64)))
            (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
            (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
            (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
            (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
            (import "extism:host/env" "error_set" (func $error_set (param i64)))
            (import "extism:host/env" "log_info" (func $log_info (param i64)))
            (memory (export "memory") 1)
            (func (export "f") (result i32) (local $in i64) (local $at i64)
                (local.set $in (call $alloc (call $input_length)))
                (block $done (loop $next
                    (br_if $done (i64.ge_u (local.get $at) (call $input_length)))
                    (call $store_u8 (i64.add (local.get $in) (local.get $at)) (call $input_load_u8 (local.get $at)))
                    (local.set $at (i64.add (local.get $at) (i64.const 1)))
                    (br $next)))
                {function})
            (@custom "plugin-sdk" "{manifest}"))"#
    );
    let mut plugin = Plugin::builder(Source::wat(text)).build_for(hosts::extism())?;
    plugin.call_raw("f", b"bytes").map(<[u8]>::to_vec)
}

#[test]
fn mistakes_that_extism_ignores_are_reported() {
    let output = "(call $output_set (local.get $in) (i64.const 5))";
    assert_eq!(by_hand(&format!("{output} i32.const 0")).unwrap(), b"bytes");
    for (broken, why) in [
        ("i32.const 0", "are not, the first being 5 bytes"),
        (
            "(call $free (local.get $in)) (call $free (local.get $in)) i32.const 0",
            "which is not such a block",
        ),
        (
            "(call $log_info (local.get $in)) (call $output_set (local.get $in) (i64.const 5)) i32.const 0",
            "which is not such a block",
        ),
        (
            "(call $output_set (local.get $in) (i64.const 6)) i32.const 0",
            "6 bytes in a block of 5",
        ),
        (
            "(drop (call $load_u64 (local.get $in))) (call $free (local.get $in)) i32.const 0",
            "8 bytes at address",
        ),
        (
            "(drop (call $input_load_u8 (i64.const 5))) (call $free (local.get $in)) i32.const 0",
            "as the input has 5",
        ),
        (
            "(call $store_u8 (local.get $in) (i32.const 255)) (call $log_info (local.get $in)) i32.const 0",
            "the line was",
        ),
    ] {
        let failure = by_hand(broken).unwrap_err();
        assert_eq!(failure.code(), "contract_violation", "{failure}");
        assert!(failure.message().contains(why), "{failure}");
    }
    let failed = by_hand("(call $error_set (local.get $in)) i32.const 0").unwrap_err();
    assert_eq!(
        (failed.code(), failed.message()),
        ("failed", "command `f` failed: bytes".to_owned())
    );
    let failed = by_hand("(call $free (local.get $in)) i32.const 3").unwrap_err();
    assert!(
        failed.message().contains("Returned non-zero exit code: 3"),
        "{failed}"
    );
}
