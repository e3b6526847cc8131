//! Guests that deceive, hang, grow and crash. Each must end in the failure that describes it, in
//! bounded time, and the host must survive.
//!
//! `catalogue` runs the kit of such guests. The other modules have what does not fit its cases:
//! files, other settings of the host, and details that only the harness's own API shows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
#[cfg(feature = "hostile")]
mod catalogue;
mod expensive_modules;
#[path = "../guest/mod.rs"]
mod guest;
mod host_functions;
mod modules;

use std::time::Duration;

use guest::{ECHO, Guest, RECORD, SPIN, alloc, command, data};
use plugin_sdk_harness::{
    Engine, Failure, FailureKind, Import, Plugin, PluginBuilder, Region, Source,
};
use serde_json::Value;

/// The timeout for a guest that never ends by itself. All others have the default, which is ample
/// on a loaded machine.
const BRIEF: Duration = Duration::from_millis(50);

/// Calls `run` without arguments in a new instance, which must fail, and returns the failure.
#[track_caller]
fn running_in(builder: PluginBuilder) -> Failure {
    let failure = builder.build().unwrap().call_raw("run", b"").unwrap_err();
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

#[track_caller]
fn the_host_lives_on() {
    let mut plugin = Guest::running(ECHO).plugin();
    assert_eq!(
        plugin.call_raw("run", b"still here").unwrap(),
        b"still here"
    );
}

/// Asserts that a failure is of this kind, and returns it.
macro_rules! assert_kind {
    ($failure:expr, $kind:pat $(if $guard:expr)?) => {{
        let failure = $failure;
        assert!(matches!(failure.kind(), $kind $(if $guard)?), "{failure}");
        failure
    }};
}
use assert_kind;
