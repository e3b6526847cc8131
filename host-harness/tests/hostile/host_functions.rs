//! Calls of host functions with large arguments, or for large results.

use plugin_sdk_harness::services::SystemRandom;

use super::*;

/// A guest that imports a function, and calls it with what `run` is given.
fn calling(import: &str, parameters: &str, result: &str, call: &str) -> Guest {
    let memory = format!(
        r#"(import "plugin_host" "{import}" (func $host (param {parameters}) {result})) (memory (export "memory") 1)"#
    );
    Guest {
        memory,
        ..Guest::running(call)
    }
    .with(&data(64, b"a.b"))
}

fn emitting() -> Guest {
    let call = "(call $host (i32.const 64) (i32.const 3) (local.get $at) (local.get $len))";
    calling("events_emit", "i32 i32 i32 i32", "(result i64)", call)
}

/// Returns the error that the plugin got from its host and passed on.
#[track_caller]
fn error_of(plugin: &mut Plugin, arguments: &[u8]) -> plugin_sdk::Error {
    let failure = plugin.call_raw("run", arguments).unwrap_err();
    let error = failure.plugin_error();
    error.unwrap_or_else(|| panic!("{failure}")).clone()
}

#[test]
fn arguments_above_the_setting_are_too_large() {
    let builder = || emitting().builder().grant("events");
    let mut plugin = builder().max_argument_bytes(100).build().unwrap();
    let error = error_of(&mut plugin, &[b' '; 98]);
    assert_eq!(error.code(), "too_large");
    assert!(error.message().contains("`max_argument_bytes`"), "{error}");
    plugin
        .call_raw("run", format!("{:97}", 7).as_bytes())
        .unwrap();
    assert_eq!(plugin.services().events().emitted().len(), 1);
    let mut plugin = builder().build().unwrap();
    let error = error_of(&mut plugin, &vec![b' '; (16 << 20) + 1]);
    assert!(error.message().contains("the limit is 16777216"), "{error}");
    the_host_lives_on();
}

#[test]
fn an_event_that_takes_much_memory_is_too_large() {
    let mut plugin = emitting().builder().grant("events").build().unwrap();
    let list = |bytes: usize| format!("[{}0]", r#"{"":0},"#.repeat(bytes / 7));
    for (bytes, setting) in [
        (2 << 20, "`EventBus::max_event_bytes`"),
        (1_000_000, "`EventBus::keep`"),
    ] {
        let error = error_of(&mut plugin, list(bytes).as_bytes());
        assert_eq!(error.code(), "too_large");
        assert!(error.message().contains(setting), "{error}");
    }
    plugin.call_raw("run", list(10_000).as_bytes()).unwrap();
    assert_eq!(plugin.services().events().emitted().len(), 1);
}

#[test]
fn too_many_random_bytes_are_too_large() {
    let call =
        "(drop (memory.grow (i32.const 300))) (call $host (i32.const 0) (i32.const 0x1200000))";
    let guest = calling("random_fill", "i32 i32", "(result i64)", call);
    let mut plugin = guest.builder().random(SystemRandom).build().unwrap();
    assert_eq!(error_of(&mut plugin, b"").code(), "too_large");
}

#[test]
fn a_log_line_of_any_length_keeps_its_beginning() {
    let call = "(drop (memory.grow (i32.const 300))) (memory.fill (i32.const 1024) (i32.const 65) (i32.const 0x1200000))
        (call $host (i32.const 3) (i32.const 64) (i32.const 3) (i32.const 1024) (i32.const 0x1200000)) i64.const 0";
    let guest = calling("log_write", "i32 i32 i32 i32 i32", "", call);
    let mut plugin = guest.plugin();
    plugin.call_raw("run", b"").unwrap();
    let lines = plugin.services().logs().lines();
    assert_eq!((lines.len(), lines[0].message.len()), (1, 64 << 10));
}
