//! Snapshots of modules in text form, on every engine.

use std::time::Duration;

use crate::inspect::Inspection;
use crate::{Engine, Failure, FailureKind, Plugin, PluginBuilder};

/// The parts of every plugin, with a command that returns the four bytes at 64 as text.
const PLUGIN: &str = r#"
    (global (export "plugin_abi_1") i32 (i32.const 16))
    (func (export "alloc") (param i32) (result i32) i32.const 1024)
    (func (export "free") (param i32 i32))
    (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)
    (func (export "plugin_cleanup"))
    (func (export "command_text") (param i32 i32) (result i64) i64.const 0x40_0000_0004)"#;

fn module(parts: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {parts} {PLUGIN})")).unwrap()
}

/// Returns a module with one memory whose preparation has this body.
fn preparing(body: &str, parts: &str) -> Vec<u8> {
    module(&format!(
        r#"{parts} (memory (export "memory") 1 9) (func (export "plugin_prepare") {body})"#
    ))
}

fn engines() -> impl Iterator<Item = Engine> {
    let all = Engine::ALL.iter().copied();
    all.filter(|engine| engine.is_available())
}

fn builder(wasm: &[u8], engine: Engine) -> PluginBuilder {
    Plugin::builder(wasm).engine(engine).no_cache()
}

/// Returns the failure of a snapshot, which is the same on every engine.
fn refused(wasm: &[u8]) -> Failure {
    let failures = engines().map(|engine| builder(wasm, engine).snapshot().unwrap_err());
    let failures: Vec<Failure> = failures.collect();
    let messages: Vec<String> = failures.iter().map(Failure::message).collect();
    assert!(
        messages.windows(2).all(|two| two[0] == two[1]),
        "{messages:?}"
    );
    failures.into_iter().next().unwrap()
}

#[test]
fn a_snapshot_has_the_memory_and_the_globals_of_the_preparation() {
    let wasm = preparing(
        "(drop (memory.grow (i32.const 2)))
         (i32.store (i32.const 131076) (i32.const -2))
         (global.set $integer (i32.const -7)) (global.set $long (i64.const -8))
         (global.set $float (f32.const -0.5)) (global.set $double (f64.const nan:0x123))
         (i32.store8 (i32.const 67) (i32.const 0x64))",
        r#"(global $integer (mut i32) (i32.const 1)) (global $long (mut i64) (i64.const 1))
           (global $float (mut f32) (f32.const 1)) (global $double (mut f64) (f64.const 1))
           (global $constant i32 (i32.const 0x61))
           (global (export "plugin_sdk_harness_global_0") i32 (i32.const 5))
           (func $start (i32.store8 (i32.const 66) (i32.const 0x63))) (start $start)
           (data (i32.const 65) "b")
           (func (export "command_changed") (param i32 i32) (result i64)
             (i32.store8 (i32.const 64) (global.get $constant))
             (if (i32.or (i32.or (i32.or
                   (i32.ne (global.get $integer) (i32.const -7)) (i64.ne (global.get $long) (i64.const -8)))
                   (i32.or (f32.ne (global.get $float) (f32.const -0.5))
                     (i64.ne (i64.reinterpret_f64 (global.get $double)) (i64.const 0x7ff0000000000123))))
                   (i32.or (i32.ne (memory.size) (i32.const 3)) (i32.ne (i32.load (i32.const 131076)) (i32.const -2))))
               (then unreachable))
             i64.const 0x40_0000_0004)"#,
    );
    let mut made = Vec::new();
    for engine in engines() {
        let snapshot = builder(&wasm, engine).snapshot().unwrap();
        let inspection = Inspection::of(&snapshot).unwrap();
        inspection.code().unwrap();
        assert!(inspection.is_snapshot());
        assert!(
            inspection
                .exports()
                .all(|export| export.name != "plugin_prepare")
        );
        assert_eq!(inspection.memory().unwrap().maximum, Some(9));
        for engine in engines() {
            let mut plugin = builder(&snapshot, engine).build().unwrap();
            assert_eq!(plugin.call_raw("changed", b"").unwrap(), b"abcd");
            assert_eq!(plugin.call_raw("text", b"").unwrap(), b"abcd");
        }
        made.push(snapshot);
    }
    assert!(
        made.windows(2).all(|two| two[0] == two[1]),
        "engines differ"
    );
    assert_eq!(refused(&made[0]).code(), "no_snapshot");
}

#[test]
fn what_is_left_on_the_stack_is_not_in_the_snapshot() {
    let body =
        "(i32.store (i32.const 1020) (i32.const 5)) (i32.store (i32.const 2048) (i32.const 5))";
    let lowest = |parts: &str| {
        let snapshot = Plugin::builder(preparing(body, parts)).no_cache();
        let snapshot = snapshot.snapshot().unwrap();
        Inspection::of(&snapshot).unwrap().lowest_data()
    };
    let pointer = "(global $pointer (mut i32) (i32.const 1024))";
    assert_eq!(lowest(pointer), Some(2048));
    // Without a stack below the data, everything is kept.
    for parts in [
        r#"(global $constant i32 (i32.const 1024))"#,
        r#"(global $pointer (mut i32) (i32.const 1024)) (data (i32.const 1023) "x")"#,
        "(global $pointer (mut i64) (i64.const 1024))",
    ] {
        assert!(lowest(parts) < Some(1024), "{parts}");
    }
    let moved =
        format!("{pointer} (func $start (global.set $pointer (i32.const 1016))) (start $start)");
    assert_eq!(lowest(&moved), Some(1020));
}

#[test]
fn a_plugin_that_calls_its_host_ahead_of_time_is_refused() {
    let parts =
        r#"(import "plugin_host" "random_fill" (func $random (param i32 i32) (result i64)))"#;
    let call = "(drop (call $random (i32.const 0) (i32.const 8)))";
    for wasm in [
        preparing(call, parts),
        preparing("", &format!("{parts} (func $start {call}) (start $start)")),
    ] {
        let failure = refused(&wasm);
        assert!(
            matches!(failure.kind(), FailureKind::NoSnapshot { .. }),
            "{failure}"
        );
        let message = failure.message();
        assert!(message.contains("`plugin_host.random_fill`"), "{message}");
        assert!(failure.hint().unwrap().contains("`#[init]`"));
    }
    let unused = Plugin::builder(preparing("", parts)).no_cache();
    assert!(unused.snapshot().is_ok(), "an import that is not called");
}

#[test]
fn an_effect_outside_memory_and_globals_is_refused() {
    let table = "(table 1 funcref) (elem declare func $f) (func $f)";
    for (body, parts, named) in [
        (
            "(table.set (i32.const 0) (ref.func $f))",
            table,
            "table.set",
        ),
        (
            "(drop (table.grow (ref.null func) (i32.const 1)))",
            table,
            "table.grow",
        ),
        ("(data.drop 0)", r#"(data "x")"#, "data.drop"),
        (
            "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))",
            r#"(data "x")"#,
            "memory.init",
        ),
        (
            "",
            "(global (mut v128) (v128.const i64x2 0 0))",
            "neither an integer nor a float",
        ),
    ] {
        let failure = refused(&preparing(body, parts));
        assert_eq!(failure.code(), "no_snapshot", "{failure}");
        assert!(failure.message().contains(named), "{failure}");
    }
    let failure = refused(&module(r#"(memory (export "memory") 1)"#));
    assert_eq!(failure.code(), "missing_export");
    assert!(failure.hint().unwrap().contains("--snapshot"), "{failure}");
    let wrong = r#"(memory (export "memory") 1) (func (export "plugin_prepare") (param i32))"#;
    assert_eq!(refused(&module(wrong)).code(), "wrong_export");
}

#[test]
fn a_preparation_has_the_limits_of_the_builder() {
    let failed = |body: &str, set: fn(PluginBuilder) -> PluginBuilder| {
        let wasm = preparing(body, "");
        let failures = engines().map(|engine| set(builder(&wasm, engine)).snapshot());
        let codes: Vec<String> = failures
            .map(|made| made.unwrap_err().code().to_owned())
            .collect();
        assert!(codes.windows(2).all(|two| two[0] == two[1]), "{codes:?}");
        codes[0].clone()
    };
    assert_eq!(failed("(loop (br 0))", |it| it.fuel(10_000)), "out_of_fuel");
    let timeout = |it: PluginBuilder| it.timeout(Duration::from_millis(30));
    assert_eq!(failed("(loop (br 0))", timeout), "timeout");
    assert_eq!(failed("(call 0)", |it| it), "stack_overflow");
    assert_eq!(failed("unreachable", |it| it), "trap");
    let grow = "(if (i32.eq (memory.grow (i32.const 3)) (i32.const -1)) (then unreachable))";
    assert_eq!(failed(grow, |it| it.memory_pages(3)), "out_of_memory");
}

#[test]
fn a_memory_without_long_runs_of_zeros_has_few_segments() {
    // One byte in 32 of half a memory.
    let body = "(local $at i32) (loop (i32.store8 (local.get $at) (i32.const 1))
        (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 32))) (i32.const 480000))))";
    let parts = r#"(func $grow (drop (memory.grow (i32.const 8)))) (start $grow)"#;
    let builder = Plugin::builder(preparing(body, parts)).no_cache();
    let snapshot = builder.snapshot().unwrap();
    assert!(Plugin::from_bytes(&snapshot).is_ok());
    assert!(
        (480_000..500_000).contains(&snapshot.len()),
        "{}",
        snapshot.len()
    );
}
