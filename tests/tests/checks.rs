//! Validation of values against a plugin's own schemas before the plugin receives them: the
//! manifests of real plugins describe exactly what these accept.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use plugin_sdk_harness::{Failure, FailureKind, Module, Plugin};
use plugin_sdk_tests::Build;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn module(package: &'static str) -> Module {
    Module::load(&*Build::of(package).dev().wasm().unwrap()).unwrap()
}

/// Returns the failure of a call that was refused before it reached the plugin.
#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> Failure {
    let failure = outcome.unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::SchemaMismatch { .. }),
        "{failure}"
    );
    failure
}

fn shapes() -> Value {
    json!({
        "flag": true, "small": -128, "large": u64::MAX, "huge": 1, "single": 0.5, "character": "ß", "text": "", "pair": [65535, null],
        "list": ["point", {"circle": 1.0}, {"line": [1.0, 2.5]}, {"group": {"name": "g", "members": ["point"]}}], "map": {"-1": [null, 0.5]},
    })
}

#[test]
fn checks_refuse_exactly_what_the_plugin_refuses() {
    let module = module("contract");
    let mut asked = module.plugin().build().unwrap();
    let mut checked = module.plugin().validate_schemas().build().unwrap();
    let shapes_with = |pointer: &str, value: Value| {
        let mut shapes = shapes();
        *shapes.pointer_mut(pointer).unwrap() = value;
        json!({"shapes": shapes})
    };
    let without = |member: &str| {
        let mut shapes = shapes();
        shapes.as_object_mut().unwrap().remove(member);
        json!({"shapes": shapes})
    };
    let mut with_more = shapes();
    with_more["more"] = json!(1);
    for (command, arguments) in [
        ("repeat", json!({"text": "x"})),
        ("repeat", json!({"text": "x", "times": 1, "more": 1})),
        ("repeat", json!({"text": 1, "times": 1})),
        ("repeat", json!({"text": "x", "times": -1})),
        ("repeat", json!([1])),
        ("nothing", json!({"more": 1})),
        ("shapes", shapes_with("/flag", json!("yes"))),
        ("shapes", shapes_with("/small", json!(128))),
        ("shapes", shapes_with("/large", json!(-1))),
        ("shapes", shapes_with("/pair/1", json!("x"))),
        ("shapes", shapes_with("/pair/0", json!(65536))),
        ("shapes", shapes_with("/list/1/circle", json!("round"))),
        (
            "shapes",
            shapes_with("/list/3/group/members/0", json!({"circle": null})),
        ),
        ("shapes", shapes_with("/map/-1/1", json!([]))),
        ("shapes", without("text")),
        ("shapes", json!({"shapes": with_more})),
    ] {
        let expected = asked.call::<Value>(command, &arguments).unwrap_err();
        let failure = refused(checked.call::<Value>(command, &arguments));
        assert_eq!(
            failure.code(),
            expected.code(),
            "{arguments}: {expected} {failure}"
        );
        let details = |failure: &Failure| {
            failure
                .plugin_error()
                .unwrap()
                .details()
                .unwrap_or_default()
        };
        let (expected, found) = (details(&expected), details(&failure));
        // A value that is not an object has no path inside it either: the plugin counts bytes
        // there.
        if failure.code() == "invalid_json" {
            continue;
        }
        assert_eq!(found["argument"], expected["argument"], "{arguments}");
        // The plugin's path omits the names of an enum's variants, which the value has.
        let path = |details: &Value| {
            details["path"]
                .as_str()
                .unwrap_or_default()
                .replace(".group", "")
                .replace(".circle", "")
        };
        assert_eq!(path(&found), path(&expected), "{arguments}");
    }
    for mut plugin in [asked, checked] {
        let same: Value = plugin.call("shapes", json!({"shapes": shapes()})).unwrap();
        assert_eq!(same["list"], shapes()["list"]);
        let anything = json!({"value": [{"any": null}]});
        assert_eq!(
            plugin.call::<Value>("anything", &anything).unwrap(),
            anything["value"]
        );
        plugin.call::<()>("nothing", ()).unwrap();
    }
}

/// Asserts that a command returns the same bytes with and without validation.
#[track_caller]
fn answered(module: &Module, command: &str, arguments: &str) -> String {
    let arguments: Box<RawValue> = RawValue::from_string(arguments.to_owned()).unwrap();
    let mut answers = [false, true].map(|checks| {
        let builder = module.plugin();
        let builder = if checks {
            builder.validate_schemas()
        } else {
            builder
        };
        let mut plugin = builder.build().unwrap();
        let answer: Box<RawValue> = plugin.call(command, &arguments).unwrap();
        answer.get().to_owned()
    });
    assert_eq!(answers[0], answers[1]);
    std::mem::take(&mut answers[0])
}

#[test]
fn forwarded_json_keeps_every_byte() {
    let module = module("contract");
    let payload = "{\"price\": 1.50,\n\t\"big\": 123456789012345678901234567890, \"text\": \"\\u00e9\\n\\\"\"}";
    let arguments = format!(r#"{{"payload":{payload}}}"#);
    assert_eq!(answered(&module, "forward", &arguments), payload);
    let envelope = r#"{"envelope": {"to": "x", "body": [1, 2,3], "others": [ null , 1.0e5]}}"#;
    assert_eq!(
        answered(&module, "open", envelope),
        r#"{"x":[[1, 2,3],null,1.0e5]}"#
    );
}

#[test]
fn wide_integers_are_read_in_buffered_values() {
    let module = module("contract");
    for (order, amount) in [
        (r#"{"kind": "transfer", "amount": 777}"#, "777"),
        (
            r#"{"kind": "transfer", "amount": "340282366920938463463374607431768211455"}"#,
            "340282366920938463463374607431768211455",
        ),
        (r#"{"amount": -1, "kind": "burn"}"#, "-1"),
        (
            r#"{"kind": "mint", "amount": 18446744073709551615, "gain": 1.50}"#,
            "18446744073709551615 1.5",
        ),
        (r#"{"kind": "mint", "amount": "all", "gain": 0}"#, "all"),
    ] {
        let answer = answered(&module, "order", &format!(r#"{{"order": {order}}}"#));
        assert_eq!(answer, format!("\"{amount}\""));
    }
    let mut plugin = module.plugin().build().unwrap();
    let rounded = br#"{"order": {"kind": "transfer", "amount": 18446744073709551616}}"#;
    let failure = plugin.call_raw("order", rounded).unwrap_err();
    assert!(
        failure
            .to_string()
            .contains("as a string of digits above 64 bits"),
        "{failure}"
    );
}

#[test]
fn numbers_keep_their_digits_if_the_plugin_keeps_text() {
    let wasm = Build::of("contract")
        .feature("numbers-are-text")
        .dev()
        .wasm();
    let module = Module::load(&*wasm.unwrap()).unwrap();
    let mut plugin = module.plugin().build().unwrap();
    let mut same = |number: &str| {
        let arguments = format!(r#"{{"number":{number},"more":[{number},{{"a":{number}}}]}}"#);
        let answer = plugin.call_raw("number", arguments.as_bytes()).unwrap();
        assert_eq!(
            String::from_utf8_lossy(answer),
            format!(r#"[{number},[{number},{{"a":{number}}}]]"#)
        );
    };
    for number in [
        "1.50",
        "123456789012345678901234567890.10",
        "-0",
        "1e+400",
        "18446744073709551615",
    ] {
        same(number);
    }
    // Serde buffers the contents of a tagged enum, in which numbers are numbers for all types, even
    // for those of `serde_json`.
    let order = r#"{"order": {"kind": "mint", "amount": 7, "gain": 1.50}}"#;
    assert_eq!(answered(&module, "order", order), "\"7 1.5\"");
}

#[test]
fn an_enum_passed_as_a_number_is_described_by_its_numbers() {
    let module = module("contract");
    assert_eq!(answered(&module, "level", r#"{"level": 2}"#), "2");
    let mut checked = module.plugin().validate_schemas().build().unwrap();
    for wrong in [json!(3), json!("High")] {
        refused(checked.call::<u8>("level", json!({"level": wrong})));
    }
    let text = format!("{:?}", module.manifest());
    assert!(text.contains("A high volume."), "{text}");
}

#[test]
fn a_non_finite_result_is_reported_with_its_path() {
    let mut plugin = module("contract").plugin().build().unwrap();
    assert_eq!(
        plugin
            .call::<Vec<f64>>("invert", json!({"number": 2}))
            .unwrap(),
        [0.5, 0.5]
    );
    let failure = plugin
        .call::<Vec<f64>>("invert", json!({"number": 0}))
        .unwrap_err();
    assert_eq!(failure.code(), "invalid_result");
    assert!(
        failure
            .to_string()
            .contains("JSON has no number for infinity, found after `[0.5,`"),
        "{failure}"
    );
    // An argument is refused before the call.
    let failure = plugin
        .call::<Vec<f64>>(
            "invert",
            std::collections::BTreeMap::from([("number", f64::NAN)]),
        )
        .unwrap_err();
    assert!(
        failure.to_string().contains("JSON has no number for NaN"),
        "{failure}"
    );
}

#[test]
fn refused_calls_run_no_code_of_the_plugin() {
    let mut plugin = module("contract")
        .plugin()
        .validate_schemas()
        .fuel(10_000_000)
        .build()
        .unwrap();
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
    let used = plugin.fuel_used();
    let failure = refused(plugin.call::<u32>("count", json!({"more": 1})));
    assert_eq!(failure.command(), Some("count"));
    assert_eq!(plugin.fuel_used(), used);
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 2);
    assert_eq!(failure.to_json()["kind"], "schema_mismatch");
    assert_eq!(failure.to_json()["error"]["details"]["argument"], "more");
}

#[test]
fn arguments_in_the_binary_codec_are_checked_in_their_order() {
    #[derive(Serialize)]
    struct Arguments<'a> {
        numbers: &'a [f64],
        scale: Option<f32>,
        label: &'a str,
    }
    let mut plugin = module("contract")
        .plugin()
        .validate_schemas()
        .build()
        .unwrap();
    let arguments = Arguments {
        numbers: &[1.0, 2.0],
        scale: None,
        label: "x",
    };
    let statistics = |plugin: &mut Plugin| {
        plugin
            .call_binary::<(u32, f64, String)>("statistics", &arguments)
            .unwrap()
    };
    assert_eq!(statistics(&mut plugin), (2, 3.0, "x".to_owned()));
    let failure = refused(plugin.call_binary::<Value>("statistics", (["1"], None::<f32>, "x")));
    assert_eq!(
        failure.message(),
        "command `statistics` was not called: `numbers[0]`: expected a number, found \"1\""
    );
    let failure = refused(plugin.call_binary::<Value>("statistics", ([1.0],)));
    assert_eq!(failure.code(), "missing_argument");
    assert_eq!(statistics(&mut plugin), (2, 3.0, "x".to_owned()));
}

#[test]
fn mismatching_batch_inputs_fail_individually() {
    let module = module("observed");
    for command in ["greet", "greet_singly"] {
        let mut plugin = module.plugin().validate_schemas().build().unwrap();
        let inputs = [
            json!({"name": 1}),
            json!({"name": "Ada"}),
            json!({"name": "", "times": 2}),
            json!({}),
            json!({"name": "Grace"}),
        ];
        let answers = plugin.call_many::<Value>(command, inputs).unwrap();
        let codes: Vec<_> = answers
            .iter()
            .map(|answer| answer.as_ref().map_or_else(Failure::code, |_| "none"))
            .collect();
        assert_eq!(
            codes,
            [
                "invalid_argument",
                "none",
                "nobody",
                "missing_argument",
                "none"
            ]
        );
        assert_eq!(answers[4].as_ref().unwrap()["greeted"], 2);
        let answers = plugin
            .call_many::<Value>(command, [json!({}), json!({})])
            .unwrap();
        assert!(
            answers
                .into_iter()
                .all(|answer| refused(answer).code() == "missing_argument")
        );
        assert_eq!(
            plugin.call_many::<Value>(command, [(); 0]).unwrap().len(),
            0
        );
    }
    let mut plugin = module.plugin().validate_schemas().build().unwrap();
    let answers = plugin
        .call_many_binary::<(String, u64)>("greet-binary", [("Ada", 1_i64), ("Ada", -1)])
        .unwrap();
    assert_eq!(answers[0].as_ref().unwrap().1, 1);
    assert_eq!(answers[1].as_ref().unwrap_err().code(), "invalid_argument");
}

#[test]
fn a_configuration_is_checked_before_the_plugin_is_created() {
    let module = module("greeter");
    let build = |config: Value| module.plugin().config(config).validate_schemas().build();
    let failure = refused(build(json!({"greeting": 7, "limit": -1, "more": 1})));
    assert_eq!(failure.export(), Some("plugin_init"));
    let FailureKind::SchemaMismatch { problems, .. } = failure.kind() else {
        panic!()
    };
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "`greeting`: expected a string, found 7",
            "`limit`: expected an integer from 0 to 18446744073709551615 or null, found -1",
            "the configuration: there is no member `more`, only `greeting`, `limit`",
        ]
    );
    assert_eq!(
        build(json!({"greeting": ""})).unwrap_err().code(),
        "init_failed",
        "the plugin's own affair"
    );
    let mut plugin = build(json!({"limit": 1})).unwrap();
    let code = refused(plugin.init(json!({"limit": 0.5})))
        .code()
        .to_owned();
    assert_eq!(code, "invalid_argument");
    let greeted: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeted["greeted"], 1, "the old state stays");
}

#[test]
fn event_data_is_checked_for_every_matching_handler() {
    let module = module("listener");
    let mut asked = module.plugin().build().unwrap();
    let mut plugin = module.plugin().validate_schemas().build().unwrap();
    plugin
        .event("user.created", json!({"name": "Ada"}))
        .unwrap();
    let failure = refused(plugin.event("user.created", json!({"name": 7})));
    let expected = asked.event("user.created", json!({"name": 7})).unwrap_err();
    let path =
        |failure: &Failure| failure.plugin_error().unwrap().details().unwrap()["path"].clone();
    assert_eq!(
        (failure.code(), path(&failure)),
        (expected.code(), path(&expected))
    );
    plugin.event("user.name.changed", json!(7)).unwrap();
    plugin.event("weather", json!(7)).unwrap();
    let heard: Vec<String> = plugin.call("heard", ()).unwrap();
    assert_eq!(
        heard,
        [
            "created Ada",
            "user: user.created",
            "users: user.created",
            "users: user.name.changed"
        ]
    );
}

#[tokio::test]
async fn async_calls_are_checked_too() {
    let module = module("contract");
    let mut plugin = module
        .plugin()
        .validate_schemas()
        .build_async()
        .await
        .unwrap();
    refused(plugin.call::<Value>("repeat", json!({"text": "x"})).await);
    refused(
        plugin
            .call_binary::<Value>("statistics", (1, None::<f32>, "x"))
            .await,
    );
    refused(plugin.init(json!({"name": 7})).await);
    let repeated: String = plugin
        .call("repeat", json!({"text": "x", "times": 2}))
        .await
        .unwrap();
    assert_eq!(repeated, "xx");
    let failure = module
        .plugin()
        .config(json!({"name": 7}))
        .validate_schemas()
        .build_async()
        .await;
    refused(failure);
}

#[test]
fn a_plugin_with_an_unreadable_manifest_is_not_run_unchecked() {
    let wat = r#"(module (@custom "plugin-sdk" "{") (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
        (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
        (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup")))"#;
    let module = Module::load(&*wat::parse_str(wat).unwrap()).unwrap();
    assert_eq!(module.warnings().len(), 1);
    let failure = module.plugin().validate_schemas().build().unwrap_err();
    assert_eq!(failure.code(), "bad_schema");
    module.plugin().build().unwrap();
}
