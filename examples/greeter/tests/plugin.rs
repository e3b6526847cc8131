//! Runs the greeter natively and in WebAssembly, as a host does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use greeter::{Greeter, Greeting};
use plugin_sdk_harness::{Failure, Plugin, PluginBuilder};
use serde_json::{Value, json};

fn refused(greeter: &mut Plugin, arguments: Value) -> Failure {
    let greeting = greeter.call::<Greeting>("greet", arguments);
    greeting.unwrap_err()
}

fn details(failure: &Failure) -> Value {
    failure.plugin_error().unwrap().details().unwrap()
}

#[plugin_sdk_harness::test(Greeter)]
fn greets_by_name(greeter: &mut Plugin) {
    let greeting: Greeting = greeter.call("greet", json!({"name": "Ada"})).unwrap();
    let expected = Greeting {
        message: "Hello, Ada!".to_owned(),
        greeted: 1,
    };
    assert_eq!(greeting, expected);
}

#[plugin_sdk_harness::test(Greeter)]
fn the_configuration_chooses_the_greeting(greeter: PluginBuilder) {
    let config = json!({"greeting": "Grüß Gott"});
    let mut greeter = greeter.config(config).build().unwrap();
    let arguments = json!({"name": "Ödön", "times": 2});
    let greeting: Greeting = greeter.call("greet", arguments).unwrap();
    assert_eq!(greeting.message, "Grüß Gott, Ödön!\nGrüß Gott, Ödön!");
    assert_eq!(greeting.greeted, 1);
}

#[plugin_sdk_harness::test(Greeter)]
fn each_instance_has_its_own_count_until_init(one: &mut Plugin) {
    let mut other = one.module().plugin().build().unwrap();
    for greeted in 1..=3 {
        let greeting: Greeting = one.call("greet", json!({"name": "Ada"})).unwrap();
        assert_eq!(greeting.greeted, greeted);
    }
    assert_eq!(one.call::<u64>("greeted", ()).unwrap(), 3);
    assert_eq!(other.call::<u64>("greeted", ()).unwrap(), 0);

    one.init(json!({})).unwrap();
    assert_eq!(one.call::<u64>("greeted", ()).unwrap(), 0);
}

#[plugin_sdk_harness::test(Greeter)]
fn errors_of_the_plugin_have_codes_and_change_nothing(greeter: PluginBuilder) {
    let mut greeter = greeter.config(json!({"limit": 1})).build().unwrap();
    let failure = refused(&mut greeter, json!({"name": ""}));
    assert_eq!(failure.code(), "name_empty");
    assert_eq!(greeter.call::<u64>("greeted", ()).unwrap(), 0);

    let _: Greeting = greeter.call("greet", json!({"name": "Ada"})).unwrap();
    let failure = refused(&mut greeter, json!({"name": "Grace"}));
    assert_eq!(failure.code(), "limit_reached");
    let message = failure.plugin_error().unwrap().message();
    assert_eq!(message, "1 people have been greeted, which is enough");
}

#[plugin_sdk_harness::test(Greeter)]
fn a_missing_argument_is_named(greeter: &mut Plugin) {
    let failure = refused(greeter, json!({"times": 2}));
    assert_eq!(failure.code(), "missing_argument");
    assert_eq!(details(&failure)["argument"], "name");
}

#[plugin_sdk_harness::test(Greeter)]
fn an_unknown_argument_is_named_with_the_known_ones(greeter: &mut Plugin) {
    let failure = refused(greeter, json!({"name": "Ada", "tmies": 2}));
    assert_eq!(failure.code(), "unknown_argument");
    assert_eq!(details(&failure)["argument"], "tmies");
    assert_eq!(details(&failure)["expected"], json!(["name", "times"]));
}

#[plugin_sdk_harness::test(Greeter)]
fn an_argument_of_the_wrong_type_is_named(greeter: &mut Plugin) {
    for (path, arguments) in [
        ("name", json!({"name": 5})),
        ("times", json!({"name": "Ada", "times": "twice"})),
        ("times", json!({"name": "Ada", "times": 256})),
    ] {
        let failure = refused(greeter, arguments);
        assert_eq!(failure.code(), "invalid_argument");
        assert_eq!(details(&failure)["path"], path);
    }
}

#[plugin_sdk_harness::test(Greeter)]
fn calls_before_init_fail(greeter: PluginBuilder) {
    let mut greeter = greeter.without_init().build().unwrap();
    let failure = refused(&mut greeter, json!({"name": "Ada"}));
    assert_eq!(failure.code(), "not_initialized");

    greeter.init(json!({})).unwrap();
    let greeting: Greeting = greeter.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting.greeted, 1);
}

#[plugin_sdk_harness::test(Greeter)]
fn an_invalid_configuration_keeps_the_old_one(greeter: PluginBuilder) {
    let mut greeter = greeter.config(json!({"greeting": "Hi"})).build().unwrap();
    let failure = greeter.init(json!({"greeting": " "})).unwrap_err();
    assert_eq!(failure.code(), "init_failed");
    let message = failure.plugin_error().unwrap().message();
    assert_eq!(message, "the greeting must not be empty");

    let failure = greeter.init(json!({"greting": "Hey"})).unwrap_err();
    assert_eq!(failure.code(), "invalid_argument");
    assert_eq!(details(&failure)["path"], "greting");

    let greeting: Greeting = greeter.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting.message, "Hi, Ada!");
}
