//! Guests that deceive, hang, grow and crash. Each must end in the failure that describes it, in
//! bounded time, and the host must survive.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alloc;
mod commands;
mod errors;
mod expensive_modules;
mod exports;
#[path = "../guest/mod.rs"]
mod guest;
mod hooks;
mod host_functions;
mod modules;
mod panic_records;
mod results;
mod start_functions;

use std::time::Duration;

use guest::{ECHO, Guest, RECORD, command, data};
use plugin_sdk_harness::{
    Engine, Failure, FailureKind, Import, Plugin, PluginBuilder, Region, Source, Stack,
};
use serde_json::Value;

/// The timeout for a guest that never ends by itself. All others have the default, which is ample
/// on a loaded machine.
const BRIEF: Duration = Duration::from_millis(50);

/// Calls `run` without arguments in a new instance, which must fail, and returns the failure.
#[track_caller]
fn running(guest: &Guest) -> Failure {
    running_in(guest.builder())
}

#[track_caller]
fn running_in(builder: PluginBuilder) -> Failure {
    let failure = builder.build().unwrap().call_raw("run", b"").unwrap_err();
    the_host_lives_on();
    failure
}

/// Calls `echo` with arguments, which need `alloc`, in a new instance, and returns the failure. The
/// call must fail.
#[track_caller]
fn giving_arguments(guest: Guest) -> Failure {
    giving_arguments_in(guest, |builder| builder)
}

#[track_caller]
fn giving_arguments_in(
    guest: Guest,
    limits: impl FnOnce(PluginBuilder) -> PluginBuilder,
) -> Failure {
    let guest = guest.with(&command("echo", ECHO));
    let mut plugin = limits(guest.builder()).build().unwrap();
    let failure = plugin.call_raw("echo", b"hello").unwrap_err();
    the_host_lives_on();
    failure
}

/// Creates an instance, which must fail, and returns the failure.
#[track_caller]
fn building(builder: PluginBuilder) -> Failure {
    let failure = builder.build().unwrap_err();
    the_host_lives_on();
    failure
}

/// Sets a short timeout and skips the init hook, so that only the subject of the test takes time.
fn brief(builder: PluginBuilder) -> PluginBuilder {
    builder.timeout(BRIEF).without_init()
}

#[track_caller]
fn the_host_lives_on() {
    let mut plugin = Guest::running(ECHO).plugin();
    assert_eq!(
        plugin.call_raw("run", b"still here").unwrap(),
        b"still here"
    );
}

/// A function in place of another, with the body given.
fn alloc(body: &str) -> Guest {
    Guest {
        alloc: format!(r#"(func $alloc (export "alloc") (param i32) (result i32) {body})"#),
        ..Guest::default()
    }
}

const SPIN: &str = "(loop $spin (br $spin)) unreachable";

/// Asserts that a failure is of this kind, and returns it.
macro_rules! assert_kind {
    ($failure:expr, $kind:pat $(if $guard:expr)?) => {{
        let failure = $failure;
        assert!(matches!(failure.kind(), $kind $(if $guard)?), "{failure}");
        failure
    }};
}
use assert_kind;
