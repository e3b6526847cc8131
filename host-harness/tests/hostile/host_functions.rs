//! Calls of host functions with large arguments, or for large results.

use plugin_sdk_harness::services::{MapConfig, SystemRandom};

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

/// A guest that returns what `config_get` answers, with room for short answers at an address.
fn with_room(address: u32) -> Guest {
    let call = "(call $host (i32.const 64) (i32.const 1))";
    let room = format!(r#"(global (export "plugin_room_1") i32 (i32.const {address}))"#);
    calling("config_get", "i32 i32", "(result i64)", call).with(&room)
}

#[test]
fn answers_that_fit_the_room_are_not_allocated() {
    const ROOM: usize = plugin_sdk::abi::ROOM_SIZE as usize;
    let guest = Guest {
        alloc: r#"(func (export "alloc") (param i32) (result i32) unreachable)"#.to_owned(),
        ..with_room(2048)
    };
    let answer = |text: &str| {
        let config = Value::from_iter([("a", text)]);
        let services = guest.builder().config_service(MapConfig::new(config));
        let mut plugin = services.build().unwrap();
        plugin.call_raw("run", b"").map(<[u8]>::to_vec)
    };
    // As JSON, with two quotation marks.
    for len in [0, 1, 40, ROOM - 2] {
        let text = "x".repeat(len);
        assert_eq!(answer(&text).unwrap(), format!("{text:?}").as_bytes());
    }
    let failure = answer(&"x".repeat(ROOM - 1)).unwrap_err();
    assert_kind!(failure, FailureKind::Trap { .. });
}

#[test]
fn a_room_that_is_not_in_memory_is_not_used() {
    for address in [0xfc01, 0xffff, 0x10000, u32::MAX] {
        let services = with_room(address).builder();
        let config = MapConfig::new(Value::from_iter([("a", 5)]));
        let mut plugin = services.config_service(config).build().unwrap();
        assert_eq!(plugin.call_raw("run", b"").unwrap(), b"5", "{address:#x}");
    }
}

#[test]
fn a_room_of_another_type_is_refused() {
    for room in ["(mut i32) (i32.const 0)", "i64 (i64.const 0)"] {
        let room = format!(r#"(global (export "plugin_room_1") {room})"#);
        let failure = building(Guest::running(ECHO).with(&room).builder());
        assert_kind!(
            failure,
            FailureKind::WrongExport { name, .. } if name == "plugin_room_1"
        );
    }
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
