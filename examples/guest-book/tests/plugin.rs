//! Runs the guest book natively and in WebAssembly, with and without its permission.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use guest_book::GuestBook;
use plugin_sdk_harness::services::{InjectedFault, MemoryKv};
use plugin_sdk_harness::{Plugin, PluginBuilder};
use serde_json::json;

#[plugin_sdk_harness::test(GuestBook)]
fn remembers_and_logs(builder: PluginBuilder) {
    let mut plugin = builder.grant("kv").build().unwrap();
    let greeting: String = plugin.call("greet", json!({"name": "Ödön"})).unwrap();
    assert_eq!(greeting, "Hello, Ödön!");
    let kv = plugin.services().kv();
    assert_eq!(kv.get::<String>("last").as_deref(), Some("Ödön"));
    assert_eq!(plugin.services().logs().messages(), ["greeting Ödön"]);
}

#[plugin_sdk_harness::test(GuestBook)]
fn a_missing_grant_is_an_error_and_the_manifest_has_the_reason(plugin: &mut Plugin) {
    let failure = plugin
        .call::<String>("greet", json!({"name": "Ada"}))
        .unwrap_err();
    assert_eq!(failure.code(), "permission_denied");
    let permissions = plugin.module().permissions();
    assert_eq!(permissions[0].reason(), Some("remembers who was greeted"));
}

#[plugin_sdk_harness::test(GuestBook)]
fn a_failing_store_is_an_error_and_the_plugin_continues(builder: PluginBuilder) {
    let mut plugin = builder.grant("kv").build().unwrap();
    plugin.fault(
        "kv_set",
        InjectedFault::error("unavailable", "disk on fire").times(1),
    );
    let mut greet = || plugin.call::<String>("greet", json!({"name": "Ada"}));
    assert_eq!(greet().unwrap_err().code(), "unavailable");
    assert_eq!(greet().unwrap(), "Hello, Ada!");
}

#[plugin_sdk_harness::test(GuestBook)]
fn an_instance_finds_what_another_has_stored(builder: PluginBuilder) {
    let store = MemoryKv::new();
    let mut plugin = builder.grant("kv").kv(store.clone()).build().unwrap();
    let last: Option<String> = plugin.call("last", ()).unwrap();
    assert_eq!(last, None);
    store.set("last", "Ödön").unwrap();
    let last: Option<String> = plugin.call("last", ()).unwrap();
    assert_eq!(last.as_deref(), Some("Ödön"));
}
