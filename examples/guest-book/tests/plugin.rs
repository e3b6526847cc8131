//! Runs the guest book with and without its permission, and natively with the same store.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use guest_book::GuestBook;
use plugin_sdk_harness::services::{InjectedFault, MemoryKv};
use plugin_sdk_harness::{Plugin, PluginBuilder, Source};
use serde_json::json;

fn builder() -> PluginBuilder {
    Plugin::builder(Source::crate_dir(env!("CARGO_MANIFEST_DIR")))
}

#[test]
fn remembers_and_logs() {
    let mut plugin = builder().grant("kv").build().unwrap();
    let greeting: String = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting, "Hello, Ada!");
    let kv = plugin.services().kv();
    assert_eq!(kv.get::<String>("last").as_deref(), Some("Ada"));
    assert_eq!(plugin.services().logs().messages(), ["greeting Ada"]);
}

#[test]
fn a_missing_grant_is_an_error_and_the_manifest_has_the_reason() {
    let mut plugin = builder().build().unwrap();
    let failure = plugin
        .call::<String>("greet", json!({"name": "Ada"}))
        .unwrap_err();
    assert_eq!(failure.code(), "permission_denied");
    let permissions = plugin.module().permissions();
    assert_eq!(permissions[0].reason(), Some("remembers who was greeted"));
}

#[test]
fn a_failing_store_is_an_error_and_the_plugin_continues() {
    let mut plugin = builder().grant("kv").build().unwrap();
    plugin.fault(
        "kv_set",
        InjectedFault::error("unavailable", "disk on fire").times(1),
    );
    let mut greet = || plugin.call::<String>("greet", json!({"name": "Ada"}));
    assert_eq!(greet().unwrap_err().code(), "unavailable");
    assert_eq!(greet().unwrap(), "Hello, Ada!");
}

#[test]
fn the_same_store_serves_a_native_test() {
    let store = MemoryKv::new();
    let _kv = plugin_sdk::kv::install(store.clone());
    assert_eq!(GuestBook::last().unwrap(), None);
    GuestBook::greet("Ödön").unwrap();
    assert_eq!(GuestBook::last().unwrap().as_deref(), Some("Ödön"));
    assert_eq!(store.get::<String>("last").as_deref(), Some("Ödön"));
}
