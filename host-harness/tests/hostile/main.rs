//! Guests that lie, hang, grow and crash. Each must come to the failure that says so, in bounded
//! time, and the host lives on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod a_bomb;
mod a_command_that;
mod a_hook_that_never_ends_runs_into_the_timeout;
mod a_host_function_that;
mod a_module;
mod a_panic_record;
mod a_result;
mod a_start_function_that;
mod alloc_that;
mod an_error;
mod an_export;
#[path = "../guest/mod.rs"]
mod guest;

use std::time::Duration;

use guest::{ECHO, Guest, RECORD, command, data};
use plugin_sdk_harness::{
    Failure, FailureKind, Import, Plugin, PluginBuilder, Region, Source, Stack,
};
use serde_json::Value;

/// The time for a guest that never ends by itself. All others have the usual one, which no load on
/// the machine uses up.
const BRIEF: Duration = Duration::from_millis(50);

/// Calls `run` without arguments in a new instance and gives the failure that it must come to.
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

/// Calls `echo` with arguments in a new instance, which needs `alloc`, and gives the failure that
/// it must come to.
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

/// Gives the failure that making an instance must come to.
#[track_caller]
fn building(builder: PluginBuilder) -> Failure {
    let failure = builder.build().unwrap_err();
    the_host_lives_on();
    failure
}

/// With little time, and nothing else to do in it than what the test is about.
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

/// The failure is of this kind; gives it on.
macro_rules! assert_kind {
    ($failure:expr, $kind:pat $(if $guard:expr)?) => {{
        let failure = $failure;
        assert!(matches!(failure.kind(), $kind $(if $guard)?), "{failure}");
        failure
    }};
}
use assert_kind;
