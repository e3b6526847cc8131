//! The plugin as a host runs it. Each test runs twice: `native`, for a debugger, and `wasm`.

use plugin_sdk_harness::{Plugin, PluginBuilder};
use serde_json::json;

use my_plugin::*;

#[plugin_sdk_harness::test(MyPlugin)]
fn documents_are_stored_listed_read_and_deleted(builder: PluginBuilder) {
    let mut plugin = builder.grant("kv").build().unwrap();
    for (key, text) in [("notes/two", "zwei"), ("notes/one", "eins"), ("todo", "")] {
        let _: () = plugin.call("put", json!({"key": key, "text": text})).unwrap();
    }
    let keys: Vec<String> = plugin.call("list", json!({"prefix": "notes/"})).unwrap();
    assert_eq!(keys, ["notes/one", "notes/two"]);
    let usage: Usage = plugin.call("usage", ()).unwrap();
    assert_eq!(usage, Usage { documents: 3, bytes: 8 });

    let two = json!({"key": "notes/two"});
    assert_eq!(plugin.call::<Option<String>>("get", &two).unwrap().as_deref(), Some("zwei"));
    assert!(plugin.call::<bool>("delete", &two).unwrap());
    assert!(!plugin.call::<bool>("delete", &two).unwrap());
    assert_eq!(plugin.call::<Option<String>>("get", &two).unwrap(), None);
}

#[plugin_sdk_harness::test(MyPlugin)]
fn keys_have_the_plugins_prefix(builder: PluginBuilder) {
    let mut plugin = builder.grant("kv").build().unwrap();
    let _: () = plugin.call("put", json!({"key": "a", "text": "b"})).unwrap();
    let kept = plugin.services().kv();
    assert_eq!(kept.bytes("my-plugin/a").as_deref(), Some(&b"b"[..]));
}

#[plugin_sdk_harness::test(MyPlugin)]
fn a_missing_permission_is_an_error(plugin: &mut Plugin) {
    let failure = plugin.call::<Vec<String>>("list", ()).unwrap_err();
    assert_eq!(failure.code(), "permission_denied");
}
