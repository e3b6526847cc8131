//! Events that a host delivers to a plugin, and the handlers that receive them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin_sdk_harness::{FailureKind, Plugin};
use plugin_sdk_tests::Build;
use serde_json::json;

fn listener() -> Plugin {
    Plugin::from_bytes(&Build::of("listener").wasm().unwrap()).unwrap()
}

fn heard(plugin: &mut Plugin) -> Vec<String> {
    plugin.call("heard", ()).unwrap()
}

#[test]
fn matching_handlers_run_in_source_order() {
    let mut plugin = listener();
    let ada = json!({"name": "Ada"});
    plugin.event("user.created", &ada).unwrap();
    assert_eq!(
        heard(&mut plugin),
        ["created Ada", "user: user.created", "users: user.created"]
    );
    plugin.event("user.gone", &ada).unwrap();
    assert_eq!(heard(&mut plugin), ["user: user.gone", "users: user.gone"]);
    plugin.event("user", 7).unwrap();
    plugin.event("user.name.changed", 7).unwrap();
    assert_eq!(
        heard(&mut plugin),
        ["users: user", "users: user.name.changed"]
    );
}

#[test]
fn an_event_without_a_handler_is_not_an_error() {
    let mut plugin = listener();
    plugin.event("order.created", json!({"name": 1})).unwrap();
    assert_eq!(heard(&mut plugin), [""; 0]);
}

#[test]
fn the_first_error_is_the_answer_and_later_handlers_do_not_run() {
    let mut plugin = listener();
    let failure = plugin
        .event("user.created", json!({"name": ""}))
        .unwrap_err();
    let FailureKind::Plugin(error) = failure.kind() else {
        panic!("{failure}");
    };
    assert_eq!(error.code(), "nameless");
    assert_eq!(error.message(), "the user of user.created has no name");
    assert_eq!(heard(&mut plugin), ["created "]);
}

#[test]
fn mismatching_data_is_reported_with_its_path() {
    let mut plugin = listener();
    let failure = plugin
        .event("user.created", json!({"name": 7}))
        .unwrap_err();
    let FailureKind::Plugin(error) = failure.kind() else {
        panic!("{failure}");
    };
    assert_eq!(error.code(), "invalid_argument");
    assert_eq!(error.details().unwrap()["path"], "data.name");
}
