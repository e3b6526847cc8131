//! Every form of a type, and the life of a plugin.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{
    Call, ENGINES, built, call, case, check, check_native, component, echo, err, error, ok, only,
    run, wide,
};
use crate::support::{Folder, parsed};

/// The component of the guest with every form of a type.
fn forms() -> &'static Path {
    static BUILT: OnceLock<(Folder, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = built("component", "components", &[]);
        let path = component(&folder, "component", "components");
        (folder, path)
    });
    path
}

fn calls_of_forms() -> Vec<Call> {
    let integers = |numbers: [&str; 9]| {
        let names = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128"];
        let mut native = String::new();
        let mut typed = json!({});
        for (name, number) in names.iter().zip(numbers) {
            native.push_str(&format!(
                "{}{name:?}:{number}",
                if native.is_empty() { "{" } else { "," }
            ));
            typed[name] = match *name {
                "u64" | "i64" => wide(number),
                "u128" => json!(number),
                _ => number.parse::<i64>().unwrap().into(),
            };
        }
        native.push('}');
        echo("integers", parsed(&native), typed)
    };
    let unions = json!({
        "outside": [
            "Nothing", {"Number": -0.5}, {"Pair": ["é", 7]},
            {"Members": {"wide": i64::MIN, "colour": "DARK_RED"}},
        ],
        "inside": [
            {"type": "empty"}, {"type": "circle", "radius": 1e300},
            {"type": "two_words", "words": ["", "\n"]},
        ],
        "beside": [
            {"t": "Unit"}, {"t": "Many", "c": [1, 2]}, {"t": "Maybe", "c": null},
            {"t": "Maybe", "c": "x"},
        ],
        "untagged": [5, "five", {"x": -1, "y": 2}],
    });
    let typed_unions = json!({
        "outside": [
            case("nothing", json!(null)), case("number", json!(-0.5)),
            case("pair", json!(["é", 7])),
            case("members", json!({"wide": wide(i64::MIN), "colour": "dark-red"})),
        ],
        "inside": [
            case("empty", json!(null)), case("circle", json!({"radius": 1e300})),
            case("two-words", json!({"words": ["", "\n"]})),
        ],
        "beside": [
            case("unit", json!(null)), case("many", json!({"$u32": [1, 2]})),
            case("maybe", json!(null)), case("maybe", json!("x")),
        ],
        "untagged": [
            case("integer", json!(5)), case("text", json!("five")),
            case("object", json!({"x": -1, "y": 2})),
        ],
    });
    let tree = json!({"name": "a", "children": [{"name": "b", "children": []}]});
    let tree_text = tree.to_string();
    let anything = json!([null, {"a": 1.5, "b": [true]}]);
    vec![
        integers(["0", "0", "0", "0", "0", "0", "0", "0", "0"]),
        integers([
            "255",
            "-128",
            "65535",
            "-32768",
            "4294967295",
            "-2147483648",
            "18446744073709551615",
            "-9223372036854775808",
            "340282366920938463463374607431768211455",
        ]),
        echo(
            "optional",
            json!({"nullable": "text", "absent": 7, "count": 3, "list": [true, null, false]}),
            json!({"nullable": "text", "absent": wide(7), "count": 3, "list": [true, null, false]}),
        ),
        call(
            "optional",
            (
                json!({"value": {"nullable": null}}),
                json!({"nullable": null, "count": 0, "list": []}),
            ),
            json!([{"nullable": null, "absent": null, "count": null, "list": null}]),
            ok(json!({"nullable": null, "absent": null, "count": 0, "list": []})),
        ),
        echo("unions", unions, typed_unions),
        call(
            "flat",
            (
                json!({"outside": {"Number": 0.1}, "beside": {"t": "Many", "c": [1]}, "untagged": "x"}),
                json!({
                    "outside": [{"Number": 0.1}], "inside": [],
                    "beside": [{"t": "Many", "c": [1]}], "untagged": ["x"],
                }),
            ),
            json!([
                case("number", json!(0.1)),
                case("many", json!({"$u32": [1]})),
                case("text", json!("x")),
            ]),
            ok(json!({
                "outside": [case("number", json!(0.1))], "inside": [],
                "beside": [case("many", json!({"$u32": [1]}))],
                "untagged": [case("text", json!("x"))],
            })),
        ),
        call(
            "maps",
            (
                json!({"numbers": {"": 0, "é\"": u64::MAX}, "records": {"a": ["GREEN", "DARK_RED"]}}),
                json!([{"": 0, "é\"": u64::MAX}, {"a": ["GREEN", "DARK_RED"]}]),
            ),
            json!([
                [["", wide(0)], ["é\"", wide(u64::MAX)]],
                [["a", ["green", "dark-red"]]]
            ]),
            ok(json!([
                [["", wide(0)], ["é\"", wide(u64::MAX)]],
                [["a", ["green", "dark-red"]]]
            ])),
        ),
        echo("tree", tree, json!(tree_text)),
        echo("anything", anything.clone(), json!(anything.to_string())),
        call(
            "record",
            (
                json!({"list": {"list": true, "string": false, "someField": true, "some-field": false, "1st": true}}),
                json!({"list": true, "string": false, "someField": true, "some-field": false, "1st": true}),
            ),
            json!([{"list": true, "string": false, "some-field": true, "some-field-n2": false, "n1st": true}]),
            ok(
                json!({"list": true, "string": false, "some-field": true, "some-field-n2": false, "n1st": true}),
            ),
        ),
        call(
            "many",
            (
                json!({"a": "1", "b": "2", "c": "3", "d": 4, "e": u64::MAX, "f": ["é", ""], "g": 0.5, "h": true, "i": [-1, -2], "j": -3}),
                json!(
                    r#"1 2 Some("3") 4 18446744073709551615 ["é", ""] 0.5 true (-1, -2) Some(-3)"#
                ),
            ),
            json!([
                "1",
                "2",
                "3",
                4,
                wide(u64::MAX),
                ["é", ""],
                0.5,
                true,
                [-1, -2],
                -3
            ]),
            ok(json!(
                r#"1 2 Some("3") 4 18446744073709551615 ["é", ""] 0.5 true (-1, -2) Some(-3)"#
            )),
        ),
        call(
            "add",
            (json!({}), json!(3)),
            json!([null, null]),
            ok(wide(3)),
        ),
        call(
            "add",
            (
                json!({"a": u64::MAX, "b": 1}),
                error("too_much", "18446744073709551615 is too much: é 😀"),
            ),
            json!([wide(u64::MAX), wide(1)]),
            err("too_much", "18446744073709551615 is too much: é 😀"),
        ),
        call(
            "colour",
            (json!({}), json!("GREEN")),
            json!([]),
            ok(json!("green")),
        ),
        Call {
            command: "init",
            native: Some((json!({}), json!(true))),
            function: "init-command",
            parameters: json!([]),
            outcome: ok(json!(true)),
        },
        only(
            "fail",
            json!(["worst"]),
            json!({"err": {
                "code": "worst", "message": "the message", "details": r#"{"at":[1,2]}"#,
                "source": ["the cause"],
            }}),
        ),
        only(
            "echo",
            json!([{"$u8": [0, 255, 1]}]),
            ok(json!({"$u8": [0, 255, 1]})),
        ),
        only("echo", json!([{"$u8": []}]), ok(json!({"$u8": []}))),
        only("trim", json!([" é\n"]), ok(json!("é"))),
        only(
            "halve",
            json!([{"$f32": [1, -3, 0.25]}]),
            ok(json!({"$f32": [0.5, -1.5, 0.125]})),
        ),
        only(
            "sum",
            json!([{"$s16": [-32768, -1, 7]}]),
            ok(json!({"$s64": ["-32762"]})),
        ),
        only(
            "count",
            json!([]),
            ok(json!({"$u64": ["0", "18446744073709551615"]})),
        ),
        only(
            "refuse",
            json!([{"$u8": [1, 2]}]),
            err("refused", "2 bytes"),
        ),
        only(
            "double",
            json!([{"$u8": [3, 0, 0, 0, 1, 0, 2, 0, 255, 1]}]),
            ok(json!({"$u8": [3, 0, 0, 0, 2, 0, 4, 0, 254, 3]})),
        ),
    ]
}

#[test]
fn components_return_what_modules_return() {
    let calls = calls_of_forms();
    check_native("components", &calls);
    check(forms(), &calls);
}

#[test]
fn hooks_of_a_component_make_start_and_end_the_plugin() {
    check(
        forms(),
        &[
            // Without `init`, the plugin begins with its defaults.
            only("configured", json!([]), ok(json!(["default", []]))),
            only(
                "init",
                json!([{"greeting": "Hi", "refuse": null}]),
                ok(json!(null)),
            ),
            only("start", json!([]), ok(json!(null))),
            only(
                "event",
                json!(["user.created", r#"{"id":1}"#]),
                ok(json!(null)),
            ),
            only("event", json!(["other", "null"]), ok(json!(null))),
            only(
                "configured",
                json!([]),
                ok(json!(["Hi", ["start", r#"user.created {"id":1}"#]])),
            ),
            only(
                "stop",
                json!([]),
                err("goes_on", "the plugin does not stop"),
            ),
            only(
                "init",
                json!([{"greeting": null, "refuse": "no"}]),
                err("refused", "no"),
            ),
            only("cleanup", json!([]), ok(json!(null))),
            only("configured", json!([]), ok(json!(["default", []]))),
        ],
    );
}

#[test]
fn arguments_that_json_cannot_express_are_errors() {
    let refused = |outcome: &Value, path: &str| {
        let error = &outcome["err"];
        assert_eq!(error["code"], "invalid_argument", "{outcome}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(path), "{message}");
    };
    for engine in &ENGINES {
        let calls = json!([
            ["anything", ["{"]],
            ["anything", ["1,\"b\":2"]],
            ["event", ["user.x", "nope"]],
            ["integers", [{
                "u8": 0, "i8": 0, "u16": 0, "i16": 0, "u32": 0, "i32": 0, "u64": wide(0),
                "i64": wide(0), "u128": "\"text\"",
            }]],
            ["add", [null, null]],
        ]);
        let Some(outcomes) = run(engine, forms(), &calls) else {
            continue;
        };
        for (outcome, path) in outcomes.iter().zip(["value", "value", "data", "u128"]) {
            refused(outcome, path);
        }
        assert_eq!(outcomes[4], ok(wide(3)), "the plugin goes on");
    }
}

#[test]
fn a_panic_is_logged_and_traps() {
    for engine in &ENGINES {
        let calls = json!([
            ["note", ["careful"]],
            ["panic", ["oh no"]],
            ["$lines", []],
            ["colour", []],
            ["$restart", []],
            ["colour", []],
        ]);
        let Some(outcomes) = run(engine, forms(), &calls) else {
            continue;
        };
        assert!(outcomes[1]["trap"].is_string(), "{}", outcomes[1]);
        let lines = outcomes[2]["ok"].as_array().unwrap();
        assert_eq!(lines[0], "warn components: careful");
        let panicked = lines[1].as_str().unwrap();
        assert!(
            panicked.starts_with("error panic: panicked at "),
            "{panicked}"
        );
        assert!(
            panicked.contains("src/lib.rs:") && panicked.ends_with(": oh no"),
            "{panicked}"
        );
        assert_eq!(outcomes[5], ok(json!("green")));
    }
}

/// A leak of a few bytes per call would make the memory grow.
#[test]
fn a_million_calls_leak_nothing() {
    let jco = &ENGINES[1];
    let many = json!([
        "1",
        "2",
        "3",
        4,
        wide(5),
        ["é", ""],
        0.5,
        true,
        [-1, -2],
        -3
    ]);
    let rounds = |most: u32, others: u32| {
        json!([
            ["$repeat", [most, "length", ["some text"]]],
            ["$repeat", [others, "many", many]],
            ["$repeat", [others, "fail", ["failed"]]],
            ["$repeat", [others, "echo", [{"$u8": [1, 2, 3]}]]],
            ["$memory", []],
        ])
    };
    let mut calls = rounds(100, 100).as_array().unwrap().clone();
    calls.extend(rounds(910_000, 30_000).as_array().unwrap().clone());
    if let Some(outcomes) = run(jco, forms(), &json!(calls)) {
        assert_eq!(outcomes[4], outcomes[9]);
        assert!(outcomes[4]["ok"].as_u64() > Some(0));
    }
}
