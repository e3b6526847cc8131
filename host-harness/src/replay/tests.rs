use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plugin_sdk::abi::Packed;
use serde_json::{Value, json};

use crate::capsule::Capsule;
use crate::failure::{Failure, FailureKind};
use crate::hosts;
use crate::plugin::{Plugin, PluginBuilder};
use crate::source::Source;

/// Returns the actor that causes a kind of failure. A new kind that a guest can cause needs one of
/// the [`cases`].
fn cause(kind: &FailureKind) -> &'static str {
    match kind {
        FailureKind::Plugin(_)
        | FailureKind::BadSchema { .. }
        | FailureKind::Panic(_)
        | FailureKind::OutOfMemory { .. }
        | FailureKind::StackOverflow(_)
        | FailureKind::OutOfFuel { .. }
        | FailureKind::Timeout { .. }
        | FailureKind::TooManyHostCalls { .. }
        | FailureKind::Trap { .. }
        | FailureKind::OutOfBounds { .. }
        | FailureKind::Misaligned { .. }
        | FailureKind::AllocationFailed { .. }
        | FailureKind::NotUtf8 { .. }
        | FailureKind::BadJson { .. }
        | FailureKind::BadBinary { .. }
        | FailureKind::BadBatch { .. }
        | FailureKind::ResultTooLarge { .. }
        | FailureKind::NotWasm { .. }
        | FailureKind::Truncated { .. }
        | FailureKind::Component
        | FailureKind::InvalidModule { .. }
        | FailureKind::ModuleLimit { .. }
        | FailureKind::AbiVersion { .. }
        | FailureKind::MissingExport { .. }
        | FailureKind::WrongExport { .. }
        | FailureKind::MissingImports { .. }
        | FailureKind::WrongImport { .. }
        | FailureKind::BadHostArgument { .. }
        | FailureKind::HostFunction { .. }
        | FailureKind::ContractViolation { .. }
        | FailureKind::TableTooLarge { .. }
        | FailureKind::NotGranted { .. } => "guest",
        // It needs a module of 64 MiB, or another limit, which is the source's.
        FailureKind::ModuleTooLarge { .. } => "source",
        // A module that no host runs.
        FailureKind::NoSnapshot { .. } => "source",
        // The failure that it is the consequence of has the capsule.
        FailureKind::Poisoned { .. } => "earlier failure",
        FailureKind::SchemaMismatch { .. }
        | FailureKind::ArgumentsTooLarge { .. }
        | FailureKind::BadArguments { .. }
        | FailureKind::UnknownCommand { .. } => "caller",
        FailureKind::Cancelled
        | FailureKind::AsyncHostFunction { .. }
        | FailureKind::UnsupportedByHost { .. }
        | FailureKind::PoolExhausted { .. }
        | FailureKind::Service { .. }
        | FailureKind::Engine { .. } => "host",
        FailureKind::Build(_) | FailureKind::Io { .. } | FailureKind::HostOutOfMemory { .. } => {
            "system"
        }
    }
}

/// The number of kinds above that a guest causes.
const KINDS: usize = 32;

/// A guest that causes a failure.
struct Case {
    kind: &'static str,
    wasm: Vec<u8>,
    set: fn(PluginBuilder) -> PluginBuilder,
    call: fn(&mut Plugin) -> Result<(), Failure>,
}

const ALLOC: &str = r#"(func (export "alloc") (param i32) (result i32) i32.const 1024)"#;

/// Returns a module that follows the ABI, except for the given parts.
fn module(alloc: &str, rest: &str) -> Vec<u8> {
    let wat = format!(
        r#"(module {rest} (memory (export "memory") 1)
            (global (export "plugin_abi_1") i32 (i32.const 16)) {alloc}
            (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)
            (func (export "plugin_cleanup")))"#
    );
    wat::parse_str(wat).unwrap()
}

/// Returns a module whose command has this body.
fn running(body: &str) -> Vec<u8> {
    with(body, "")
}

/// Returns the same with further parts, the imports among them.
fn with(body: &str, rest: &str) -> Vec<u8> {
    let command = format!(
        r#"(func (export "command_run") (param $at i32) (param $len i32) (result i64) {body})"#
    );
    module(ALLOC, &format!("{rest} {command}"))
}

/// Returns a module whose command answers with these bytes.
fn answering(bytes: &[u8], failed: bool) -> Vec<u8> {
    let answer = Packed {
        address: 64,
        len: bytes.len() as u32,
        failed,
    };
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let data = format!(r#"(data (i32.const 64) "{escaped}")"#);
    with(&format!("i64.const {:#x}", answer.to_bits()), &data)
}

fn raw(plugin: &mut Plugin) -> Result<(), Failure> {
    plugin.call_raw("run", b"input").map(drop)
}

fn value(plugin: &mut Plugin) -> Result<(), Failure> {
    plugin.call::<Value>("run", json!({"n": 1})).map(drop)
}

fn case(kind: &'static str, wasm: impl Into<Vec<u8>>) -> Case {
    Case {
        kind,
        wasm: wasm.into(),
        set: |builder| builder,
        call: raw,
    }
}

impl Case {
    fn set(self, set: fn(PluginBuilder) -> PluginBuilder) -> Self {
        Case { set, ..self }
    }

    fn call(self, call: fn(&mut Plugin) -> Result<(), Failure>) -> Self {
        Case { call, ..self }
    }
}

#[plugin_sdk::host_functions(module = "test")]
trait Fragile {
    fn number() -> u32;
}

struct Broken;

impl Fragile for Broken {
    fn number(&mut self) -> u32 {
        panic!("no number today")
    }
}

const LOG: &str = r#"(import "plugin_host" "log_write" (func $log (param i32 i32 i32 i32 i32)))"#;
const KV: &str = r#"(import "plugin_host" "kv_get" (func $kv (param i32 i32) (result i64)))"#;

/// Returns guests for all kinds of failures that guests cause.
fn cases() -> Vec<Case> {
    let log = |at: u32, then: &str| {
        let call = format!(
            "(call $log (i32.const 3) (i32.const 64) (i32.const 4) (i32.const {at}) (i32.const 4)) {then}"
        );
        with(&call, &format!(r#"{LOG} (data (i32.const 64) "text")"#))
    };
    let panic = r#"(data (i32.const 16) "\40\00\00\00\04\00\00\00\44\00\00\00\04\00\00\00\07\00\00\00\03\00\00\00")
        (data (i32.const 64) "oopsa.rs")"#;
    vec![
        case(
            "plugin",
            answering(br#"{"code":"empty","message":"no names"}"#, true),
        ),
        case("panic", with("unreachable", panic)),
        case(
            "out_of_memory",
            running("(drop (memory.grow (i32.const 100))) unreachable"),
        )
        .set(|builder| builder.memory_pages(2)),
        case(
            "stack_overflow",
            with("(call $deep) i64.const 0", "(func $deep (call $deep))"),
        ),
        case("out_of_fuel", running("(loop (br 0)) unreachable"))
            .set(|builder| builder.fuel(10_000)),
        case("timeout", running("(loop (br 0)) unreachable"))
            .set(|builder| builder.timeout(std::time::Duration::from_millis(1))),
        case(
            "trap",
            log(
                64,
                "(drop (i32.div_u (i32.const 1) (i32.const 0))) i64.const 0",
            ),
        ),
        case("out_of_bounds", running("i64.const 0x7fff_0000_0000_00ff")),
        case(
            "misaligned",
            module(
                r#"(func (export "alloc") (param i32) (result i32) i32.const 1025)"#,
                RUN,
            ),
        ),
        case(
            "allocation_failed",
            module(
                r#"(func (export "alloc") (param i32) (result i32) i32.const 0)"#,
                RUN,
            ),
        ),
        case("not_utf8", answering(b"\"\xff\"", false)).call(value),
        case("bad_json", answering(b"{", false)).call(value),
        case("bad_binary", answering(b"\xff\xff\xff\xff\xff", false))
            .call(|plugin| plugin.call_binary::<String>("run", ()).map(drop)),
        case("bad_batch", module(ALLOC, &format!("{RUN} {BATCH}")))
            .call(|plugin| plugin.call_many_raw("run", ["a", "b"]).map(drop)),
        case("result_too_large", answering(b"[1,2,3]", false))
            .set(|builder| builder.max_result_bytes(4))
            .call(value),
        case("bad_host_argument", log(1 << 20, "i64.const 0")),
        case(
            "host_function",
            with(
                "(drop (call $number)) i64.const 0",
                r#"(import "test" "number" (func $number (result i32)))"#,
            ),
        )
        .set(|builder| builder.host_functions(fragile::provide(Broken))),
        case("contract_violation", extism()).set(|builder| builder.emulate(hosts::extism())),
        case(
            "too_many_host_calls",
            with(
                "(loop (drop (call $time (i32.const 64))) (br 0)) unreachable",
                r#"(import "plugin_host" "time_monotonic" (func $time (param i32) (result i64)))"#,
            ),
        )
        .set(|builder| builder.max_host_calls(5)),
        case(
            "table_too_large",
            module(ALLOC, &format!("{RUN} (table 20000 funcref)")),
        ),
        case("not_wasm", *b"#!/bin/sh, a long enough script"),
        case("truncated", *b"\0asm"),
        case("component", *b"\0asm\x0d\0\x01\0"),
        case("invalid_module", running("i32.add")),
        case(
            "module_limit",
            module(ALLOC, &"(table 1 funcref)".repeat(101)),
        ),
        case(
            "abi_version",
            wat::parse_str(
                r#"(module (memory (export "memory") 1)
            (global (export "plugin_abi_9") i32 (i32.const 0)))"#,
            )
            .unwrap(),
        ),
        case(
            "missing_export",
            wat::parse_str(
                r#"(module (memory (export "memory") 1)
            (global (export "plugin_abi_1") i32 (i32.const 0)))"#,
            )
            .unwrap(),
        ),
        case(
            "wrong_export",
            module(
                r#"(func (export "alloc") (param i64) (result i32) i32.const 0)"#,
                RUN,
            ),
        ),
        case(
            "missing_imports",
            module(ALLOC, r#"(import "nowhere" "nothing" (func))"#),
        ),
        case(
            "wrong_import",
            module(ALLOC, r#"(import "plugin_host" "kv_get" (func))"#),
        ),
        case("permissions_not_granted", module(ALLOC, KV)).set(PluginBuilder::require_permissions),
        #[cfg(feature = "schema-checks")]
        case("bad_schema", with("i64.const 0", SCHEMA))
            .set(PluginBuilder::validate_schemas)
            .call(value),
    ]
}

const RUN: &str = r#"(func (export "command_run") (param i32 i32) (result i64) i64.const 0)"#;
const BATCH: &str =
    r#"(func (export "batch_run") (param i32 i32) (result i64) i64.const 0x40_0000_0003)"#;
#[cfg(feature = "schema-checks")]
const SCHEMA: &str = r#"(@custom "plugin-sdk" "{\"abi\":1,\"commands\":[{\"name\":\"run\",\"arguments\":{\"pattern\":\"(\"},\"result\":true}]}")"#;

/// Returns a module for Extism that reads outside the blocks that it has allocated.
fn extism() -> Vec<u8> {
    let wat = r#"(module
        (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
        (memory (export "memory") 1)
        (func (export "run") (result i32) (drop (call $load (i64.const 5))) i32.const 0))"#;
    wat::parse_str(wat).unwrap()
}

/// Runs a case, keeping its failure in a folder.
fn fail(case: &Case, folder: &Path) -> Failure {
    let builder = Plugin::builder(Source::bytes(case.wasm.clone()))
        .no_cache()
        .record(folder);
    let outcome = (case.set)(builder)
        .build()
        .and_then(|mut plugin| (case.call)(&mut plugin));
    outcome.unwrap_err()
}

/// Returns the parts of a failure that are the same in every run.
fn stable(failure: &Failure) -> Value {
    let mut json = failure.to_json();
    json["usage"]["time_ms"] = Value::Null;
    for call in json["host_calls"].as_array_mut().unwrap() {
        call["duration_ms"] = Value::Null;
    }
    json
}

/// The number of replays of each case; a variable of the environment sets another.
fn replays() -> usize {
    let number = std::env::var("PLUGIN_SDK_TEST_REPLAYS").ok();
    number.map_or(5, |number| number.parse().unwrap())
}

#[test]
fn every_failure_of_a_guest_replays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut kinds = BTreeSet::new();
    for case in cases() {
        let failure = fail(&case, folder.path());
        assert_eq!(failure.kind().word(), case.kind, "{failure}");
        assert_eq!(cause(failure.kind()), "guest", "{failure}");
        kinds.insert(case.kind);
        let capsule = Capsule::read(failure.capsule().unwrap()).unwrap();
        let mut first = None;
        for _ in 0..replays() {
            let replayed = capsule.replay(Source::bytes(case.wasm.clone())).unwrap();
            assert!(replayed.is_same(), "{}: {replayed}", case.kind);
            let again = replayed.failure.as_ref().map(stable);
            let first = first.get_or_insert_with(|| again.clone());
            assert_eq!(&again, first, "{}", case.kind);
        }
    }
    let without = usize::from(!cfg!(feature = "schema-checks"));
    assert_eq!(kinds.len(), KINDS - without);
}

#[test]
fn redacted_capsules_have_no_secret_and_replay() {
    let folder = tempfile::tempdir().unwrap();
    let body = r#"(drop (call $kv (i32.const 64) (i32.const 6))) (drop (i32.div_u (i32.const 1) (i32.const 0))) i64.const 0"#;
    let wasm = with(body, &format!(r#"{KV} (data (i32.const 64) "public")"#));
    let builder = Plugin::builder(Source::bytes(wasm.clone()))
        .no_cache()
        .grant("kv")
        .config(json!({"token": "s3cret"}))
        .record(folder.path())
        .redact(|_, bytes| {
            let text = String::from_utf8_lossy(bytes).replace("s3cret", "xxxxxx");
            *bytes = text.into_bytes();
        });
    let mut plugin = builder.build().unwrap();
    let kv = plugin.services().kv();
    kv.set("public", "the s3cret value").unwrap();
    let failure = plugin.call_raw("run", b"s3cret input").unwrap_err();
    let path = failure.capsule().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert!(
        !text.contains("s3cret") && text.contains("the xxxxxx value"),
        "{text}"
    );
    let replayed = Capsule::read(path)
        .unwrap()
        .replay(Source::bytes(wasm))
        .unwrap();
    assert!(replayed.is_same(), "{replayed}");
}

/// Runs a command that fails with an input, and returns the path of its capsule.
fn kept(folder: &Path, input: &[u8]) -> PathBuf {
    let builder = Plugin::builder(Source::bytes(running("unreachable")))
        .no_cache()
        .record(folder);
    let failure = builder.build().unwrap().call_raw("run", input).unwrap_err();
    failure.capsule().unwrap().to_owned()
}

#[test]
fn inputs_that_differ_at_their_end_have_two_capsules() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [b'a', b'b'].map(|last| {
        let mut input = vec![b' '; 100_000];
        input.push(last);
        kept(folder.path(), &input)
    });
    assert_ne!(one, other);
    assert_eq!(
        kept(folder.path(), &[&[b' '; 100_000][..], b"a"].concat()),
        one
    );
}

#[test]
fn threads_that_write_one_capsule_leave_it_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = kept(folder.path(), b"input");
    let capsule = Capsule::read(&path).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..50 {
                    capsule.write(&path).unwrap();
                    assert_eq!(Capsule::read(&path).unwrap(), capsule);
                }
            });
        }
    });
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn capsules_that_ask_for_too_much_are_refused_or_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = kept(folder.path(), b"input");
    let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    json["limits"]["max_schema_steps"] = u64::MAX.into();
    let steps = |json: &Value| {
        let capsule: Capsule = serde_json::from_value(json.clone()).unwrap();
        capsule.limits.to_limits().unwrap().schemas.steps
    };
    assert_eq!(steps(&json), 1_000_000_000);

    let function = json!({"module": "test", "name": "number", "parameters": [], "result": "i32", "form": "number"});
    for (functions, reason) in [
        (vec![function.clone(); 1001], "at most 1000"),
        (
            vec![
                json!({"module": "m".repeat(2 << 20), "name": "f", "parameters": [], "form": "nothing"}),
            ],
            "with 2097153 bytes",
        ),
    ] {
        json["functions"] = functions.into();
        let capsule: Capsule = serde_json::from_value(json.clone()).unwrap();
        let refused = capsule.replay(Source::bytes(running("unreachable")));
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(error.len() < 1000, "{}", error.len());
    }
}

#[test]
fn another_module_departs_at_the_first_step_that_differs() {
    let asking = |key: &str, then: &str| {
        let call = format!("(drop (call $kv (i32.const 64) (i32.const 4))) {then}");
        with(&call, &format!(r#"{KV} (data (i32.const 64) "{key}")"#))
    };
    let folder = tempfile::tempdir().unwrap();
    let wasm = asking("last", "unreachable");
    let builder = Plugin::builder(Source::bytes(wasm))
        .no_cache()
        .record(folder.path());
    let failure = builder.build().unwrap().call_raw("run", b"").unwrap_err();
    let capsule = Capsule::read(failure.capsule().unwrap()).unwrap();

    let replayed = capsule
        .replay(Source::bytes(asking("lost", "unreachable")))
        .unwrap();
    let shown = replayed.to_string();
    assert_eq!(replayed.difference().unwrap().step(), 3, "{shown}");
    assert!(
        shown.contains("in `key`, from byte 1:\n  recorded  last\n  replayed  lost"),
        "{shown}"
    );

    let replayed = capsule
        .replay(Source::bytes(asking("last", "i64.const 0")))
        .unwrap();
    assert_eq!(replayed.difference().unwrap().step(), 4, "{replayed}");
    let json = replayed.to_json();
    assert_eq!(
        (&json["same"], &json["difference"]["replayed"]),
        (&json!(false), &json!("<- ok"))
    );
}

#[test]
fn failures_with_one_message_show_the_member_that_differs() {
    let folder = tempfile::tempdir().unwrap();
    let mut capsule = Capsule::read(kept(folder.path(), b"input")).unwrap();
    capsule.failure.as_mut().unwrap()["command"] = json!("jog");
    let replayed = capsule.replay(Source::bytes(running("unreachable")));
    let shown = replayed.unwrap().to_string();
    let (recorded, replayed) = shown.split_once("\nreplayed:").unwrap();
    assert!(recorded.ends_with("\n  command: \"jog\""), "{shown}");
    assert!(replayed.ends_with("\n  command: \"run\""), "{shown}");
}

#[test]
fn capsule_of_twenty_host_calls_is_below_64_kib() {
    let folder = tempfile::tempdir().unwrap();
    let calls = "(drop (call $kv (i32.const 64) (i32.const 4)))".repeat(20);
    let wasm = with(
        &format!("{calls} unreachable"),
        &format!(r#"{KV} (data (i32.const 64) "last")"#),
    );
    let builder = Plugin::builder(Source::bytes(wasm))
        .no_cache()
        .grant("kv")
        .record(folder.path());
    let failure = builder.build().unwrap().call_raw("run", b"").unwrap_err();
    let bytes = std::fs::metadata(failure.capsule().unwrap()).unwrap().len();
    println!("{bytes} bytes");
    assert!(bytes < 64 << 10, "{bytes} bytes");
}

#[test]
fn hostile_capsules_are_refused_or_depart() {
    let wasm = running("unreachable");
    let mut plugin = Plugin::builder(Source::bytes(wasm.clone()))
        .no_cache()
        .transcript()
        .build()
        .unwrap();
    plugin.call_raw("run", b"").unwrap_err();
    let capsule = plugin.capsule().unwrap();
    let changed = |path: &[&str], value: Value| {
        let mut json = serde_json::to_value(&capsule).unwrap();
        let place = path
            .iter()
            .fold(&mut json, |json, member| &mut json[*member]);
        *place = value;
        let capsule = Capsule::from_json(json.to_string().as_bytes())?;
        capsule.replay(Source::bytes(wasm.clone()))
    };
    for (path, value, expected) in [
        (&["format"][..], json!(7), "format 7"),
        (&["host"], json!("moon"), "`moon`, which is not known"),
        (
            &["limits", "stack_bytes"],
            json!(1_u64 << 40),
            "`limits.stack_bytes` cannot be used",
        ),
        (
            &["limits", "table_elements"],
            json!(u32::MAX),
            "`limits.table_elements`",
        ),
        (
            &["transcript", "steps"],
            json!([{"call": {}}]),
            "`transcript.steps[0].call`: missing field",
        ),
        (
            &["functions"],
            json!([{"module": "a", "name": "b", "parameters": [], "form": "magic"}]),
            "`magic` is none of",
        ),
    ] {
        let error = changed(path, value).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let steps = json!([
        {"return": {"ok": "early"}},
        {"host_call": {"function": "x.y", "arguments": [], "answer": {"number": 1}}},
        {"call": {"callee": "hook", "name": "\u{1b}[2Jnone", "input": {"cut": u64::MAX}}},
        {"call": {"callee": "batch", "name": "run", "input": "\u{1}"}},
        {"call": {"callee": "command", "name": "run", "input": {"cut": u64::MAX}}},
        {"cut": {"steps": u64::MAX, "bytes": u64::MAX}},
        {"cut": {"steps": u64::MAX, "bytes": u64::MAX}},
    ]);
    let replayed = changed(&["transcript", "steps"], steps).unwrap();
    assert!(!replayed.is_same());
    assert!(!replayed.to_string().contains('\u{1b}'), "{replayed}");
}
