//! The plugin as a host runs it. Each test runs twice: `native`, for a debugger, and `wasm`.

use plugin_sdk_harness::{Plugin, PluginBuilder};
use serde_json::json;

use my_plugin::*;

#[plugin_sdk_harness::test(MyPlugin)]
fn greets_by_name(plugin: &mut Plugin) {
    let greeting: Greeting = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    let expected = Greeting {
        message: "Hello, Ada!".to_owned(),
        greeted: 1,
    };
    assert_eq!(greeting, expected);
}

#[plugin_sdk_harness::test(MyPlugin)]
fn the_configuration_chooses_the_greeting(builder: PluginBuilder) {
    let config = json!({"greeting": "Good morning"});
    let mut plugin = builder.config(config).build().unwrap();
    let greeting: Greeting = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting.message, "Good morning, Ada!");
}

#[plugin_sdk_harness::test(MyPlugin)]
fn errors_have_codes(plugin: &mut Plugin) {
    for (arguments, code) in [
        (json!({"name": ""}), "name_empty"),
        (json!({}), "missing_argument"),
        (json!({"name": 5}), "invalid_argument"),
    ] {
        let failure = plugin.call::<Greeting>("greet", arguments).unwrap_err();
        assert_eq!(failure.code(), code);
    }
}
