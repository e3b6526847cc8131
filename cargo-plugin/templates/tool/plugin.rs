//! The plugin as a host runs it: in WebAssembly.

use my_plugin::Greeting;
use plugin_sdk_harness::{Plugin, Source};
use serde_json::json;

#[test]
fn greets_by_name() {
    let mut plugin = Plugin::from_crate(env!("CARGO_MANIFEST_DIR")).unwrap();
    let greeting: Greeting = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    let expected = Greeting {
        message: "Hello, Ada!".to_owned(),
        greeted: 1,
    };
    assert_eq!(greeting, expected);
}

#[test]
fn the_configuration_chooses_the_greeting() {
    let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
    let config = json!({"greeting": "Good morning"});
    let mut plugin = Plugin::builder(source).config(config).build().unwrap();
    let greeting: Greeting = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting.message, "Good morning, Ada!");
}

#[test]
fn errors_have_codes() {
    let mut plugin = Plugin::from_crate(env!("CARGO_MANIFEST_DIR")).unwrap();
    for (arguments, code) in [
        (json!({"name": ""}), "name_empty"),
        (json!({}), "missing_argument"),
        (json!({"name": 5}), "invalid_argument"),
    ] {
        let failure = plugin.call::<Greeting>("greet", arguments).unwrap_err();
        assert_eq!(failure.code(), code);
    }
}
