//! The plugin as a host runs it: in WebAssembly.

use my_plugin::Usage;
use plugin_sdk_harness::{Plugin, Source};
use serde_json::json;

fn plugin() -> Plugin {
    let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
    Plugin::builder(source).grant("kv").build().unwrap()
}

#[test]
fn documents_are_stored_listed_read_and_deleted() {
    let mut plugin = plugin();
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

#[test]
fn keys_have_the_plugins_prefix() {
    let mut plugin = plugin();
    let _: () = plugin.call("put", json!({"key": "a", "text": "b"})).unwrap();
    let kept = plugin.services().kv();
    assert_eq!(kept.bytes("my-plugin/a").as_deref(), Some(&b"b"[..]));
}

#[test]
fn a_missing_permission_is_an_error() {
    let mut plugin = Plugin::from_crate(env!("CARGO_MANIFEST_DIR")).unwrap();
    let failure = plugin.call::<Vec<String>>("list", ()).unwrap_err();
    assert_eq!(failure.code(), "permission_denied");
}
