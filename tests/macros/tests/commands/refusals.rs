//! Invalid arguments: the codes and details of `docs/abi.md`, and the path to the invalid value.

use std::collections::HashMap;

use plugin_sdk::prelude::*;

use super::*;

#[derive(Deserialize, Schema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Item {
    name: String,
    price: f32,
    kind: Option<Kind>,
}

#[derive(Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code)]
enum Kind {
    Tool,
    Book { pages: u16 },
}

#[plugin]
#[derive(Default)]
struct Strict;

#[plugin]
impl Strict {
    #[command]
    fn nothing(&self) {}

    #[command]
    fn order(
        &self,
        items: Vec<Item>,
        #[arg(rename = "to")] address: &str,
        #[arg(default)] urgent: bool,
    ) -> usize {
        items.len() + address.len() + usize::from(urgent)
    }

    #[command]
    fn numbers(&self, small: u8, list: &[f64], flag: bool) -> f64 {
        f64::from(small) + list.len() as f64 + f64::from(u8::from(flag))
    }

    #[command]
    fn stock(&self, shelves: HashMap<String, HashMap<i8, [u8; 2]>>) -> usize {
        shelves.len()
    }

    #[command]
    fn whole(&self, #[arg(flatten)] item: Item) -> String {
        item.name
    }

    #[command]
    fn any(&self, value: Value) -> Value {
        value
    }

    #[command]
    fn letter(&self, letter: char) -> char {
        letter
    }
}

fn strict(handler: Handler<Strict>, arguments: &str) -> Value {
    refused(&mut Strict, handler, arguments.as_bytes())
}

fn invalid(path: &str, expected: &str, found: &str) -> Value {
    json!({
        "code": "invalid_argument",
        "message": format!("`{path}`: expected {expected}, found {found}"),
        "details": {"path": path, "expected": expected, "found": found},
    })
}

#[test]
fn invalid_json_is_refused_with_its_offset() {
    let order = Strict::__plugin_sdk_command_order;
    for (arguments, offset) in [
        ("{", 1),
        (r#"{"items""#, 8),
        (r#"{"items":}"#, 9),
        (r#"{"items":[] "to":"x"}"#, 12),
        (r#"{"items":[],}"#, 12),
        (r#"{"items":[],"to":"x"}}"#, 21),
        (r#"{"items":[],"to":'x'}"#, 17),
        (r#"{"items":[],"to":"a"b"}"#, 20),
        ("{\"items\":[],\"to\":\"a\nb\"}", 19),
        (r#"{"items":[],"to":"\x"}"#, 19),
        (r#"{"items":[],"to":"\ud800"}"#, 24),
        (r#"{"items":[],"to":"x","urgent":tru}"#, 30),
        (r#"{"items":[],"to":"x","urgent":true"#, 34),
        ("nul", 0),
    ] {
        let error = strict(order, arguments);
        assert_eq!(error["code"], "invalid_json", "{arguments}: {error}");
        assert_eq!(
            error["details"],
            json!({"offset": offset}),
            "{arguments}: {error}"
        );
    }
}

#[test]
fn json_other_than_an_object_is_refused() {
    for arguments in ["null", "1", "[]", r#""text""#, "true"] {
        let error = strict(Strict::__plugin_sdk_command_order, arguments);
        assert_eq!(
            error,
            json!({
                "code": "invalid_json",
                "message": "the arguments must be valid JSON: expected an object at byte 0",
                "details": {"offset": 0},
            }),
            "{arguments}"
        );
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let error = refused(
        &mut Strict,
        Strict::__plugin_sdk_command_nothing,
        b"{\"\xff\":1}",
    );
    assert_eq!(
        error,
        json!({
            "code": "invalid_json",
            "message": "the arguments must be valid JSON: expected UTF-8 at byte 2",
            "details": {"offset": 2},
        })
    );
}

#[test]
fn a_missing_argument_is_reported_by_its_hosts_name() {
    assert_eq!(
        strict(Strict::__plugin_sdk_command_order, r#"{"items": []}"#),
        json!({
            "code": "missing_argument",
            "message": "the argument `to` is missing",
            "details": {"argument": "to"},
        })
    );
    assert_eq!(
        strict(Strict::__plugin_sdk_command_order, "")["details"],
        json!({"argument": "items"})
    );
}

#[test]
fn an_unknown_argument_lists_the_known_ones() {
    assert_eq!(
        strict(
            Strict::__plugin_sdk_command_order,
            r#"{"items": [], "address": "x"}"#
        ),
        json!({
            "code": "unknown_argument",
            "message": "there is no argument `address`, only `items`, `to`, `urgent`",
            "details": {"argument": "address", "expected": ["items", "to", "urgent"]},
        })
    );
    assert_eq!(
        strict(Strict::__plugin_sdk_command_nothing, r#"{"x": 1}"#),
        json!({
            "code": "unknown_argument",
            "message": "there is no argument `x`: the command has none",
            "details": {"argument": "x", "expected": []},
        })
    );
}

#[test]
fn a_long_unknown_argument_is_shortened() {
    let error = strict(
        Strict::__plugin_sdk_command_nothing,
        &format!(r#"{{"{}": 1}}"#, "ä".repeat(1000)),
    );
    assert_eq!(error["details"]["argument"], "ä".repeat(32));
}

#[test]
fn a_repeated_argument_is_refused() {
    assert_eq!(
        strict(
            Strict::__plugin_sdk_command_order,
            r#"{"to": "a", "items": [], "\u0074o": "b"}"#
        ),
        json!({
            "code": "invalid_argument",
            "message": "the argument `to` is given twice",
            "details": {"path": "to"},
        })
    );
}

#[test]
fn a_value_of_the_wrong_type_names_the_expected_one() {
    let numbers = Strict::__plugin_sdk_command_numbers;
    let with = |small: &str, list: &str, flag: &str| {
        strict(
            numbers,
            &format!(r#"{{"small": {small}, "list": {list}, "flag": {flag}}}"#),
        )
    };
    assert_eq!(with("\"1\"", "[]", "true"), invalid("small", "u8", "\"1\""));
    assert_eq!(with("256", "[]", "true"), invalid("small", "u8", "256"));
    assert_eq!(with("-1", "[]", "true"), invalid("small", "u8", "-1"));
    assert_eq!(with("1.5", "[]", "true"), invalid("small", "u8", "1.5"));
    assert_eq!(with("1e2", "[]", "true"), invalid("small", "u8", "1e2"));
    assert_eq!(with("null", "[]", "true"), invalid("small", "u8", "null"));
    assert_eq!(with("1", "{}", "true"), invalid("list", "a sequence", "{}"));
    assert_eq!(
        with("1", "[0, \"x\"]", "true"),
        invalid("list[1]", "f64", "\"x\"")
    );
    assert_eq!(
        with("1", "[0, null]", "true"),
        invalid("list[1]", "f64", "null")
    );
    assert_eq!(with("1", "[]", "0"), invalid("flag", "a boolean", "0"));
    assert_eq!(
        with("1", "[1e999]", "true"),
        json!({
            "code": "invalid_argument",
            "message": "`list[0]`: the number is out of range",
            "details": {"path": "list[0]"},
        })
    );
    assert_eq!(
        strict(Strict::__plugin_sdk_command_letter, r#"{"letter": "ab"}"#),
        invalid("letter", "a character", "\"ab\"")
    );
}

#[test]
fn a_path_leads_into_nested_values() {
    let order = Strict::__plugin_sdk_command_order;
    let pen = r#"{"name": "pen", "price": 1}"#;
    let with = |item: &str| {
        strict(
            order,
            &format!(r#"{{"to": "x", "items": [{pen}, {pen}, {item}]}}"#),
        )
    };
    assert_eq!(
        with(r#"{"name": "ink", "price": "free"}"#),
        invalid("items[2].price", "f32", "\"free\"")
    );
    assert_eq!(
        with(r#"{"name": "ink"}"#),
        json!({
            "code": "invalid_argument",
            "message": "`items[2]`: the field `price` is missing",
            "details": {"path": "items[2]"},
        })
    );
    assert_eq!(
        with(r#"{"name": "ink", "price": 1, "colour": "red"}"#),
        json!({
            "code": "invalid_argument",
            "message": "`items[2].colour`: there is no field `colour`, only `name`, `price`, `kind`",
            "details": {"path": "items[2].colour"},
        })
    );
    assert_eq!(
        with(r#"{"name": "ink", "name": "pen", "price": 1}"#),
        json!({
            "code": "invalid_argument",
            "message": "`items[2]`: the field `name` is given twice",
            "details": {"path": "items[2]"},
        })
    );
    assert_eq!(
        with(r#"{"name": "ink", "price": 1, "kind": "toy"}"#),
        invalid("items[2].kind", "one of `tool`, `book`", "\"toy\"")
    );
    assert_eq!(with("7"), invalid("items[2]", "struct Item", "7"));
}

#[test]
fn a_path_leads_through_maps_and_arrays() {
    let stock = Strict::__plugin_sdk_command_stock;
    assert_eq!(
        strict(
            stock,
            r#"{"shelves": {"left": {"1": [1, 2], "2": [1, "two"]}}}"#
        ),
        invalid("shelves.left.2[1]", "u8", "\"two\"")
    );
    assert_eq!(
        strict(stock, r#"{"shelves": {"left": {"500": [1, 2]}}}"#)["details"]["path"],
        "shelves.left.500"
    );
    assert_eq!(
        strict(stock, r#"{"shelves": {"left": {"1": [1]}}}"#)["details"],
        json!({"path": "shelves.left.1", "expected": "an array of length 2", "found": "[1]"})
    );
    let error = strict(stock, r#"{"shelves": {"left": {"1": [1, 2, 3]}}}"#);
    assert_eq!(error["details"]["path"], "shelves.left.1", "{error}");
}

#[test]
fn a_flattened_argument_is_refused_whole_or_by_member() {
    let whole = Strict::__plugin_sdk_command_whole;
    assert_eq!(
        strict(whole, r#"{"name": "pen", "price": true}"#),
        invalid("price", "f32", "true")
    );
    assert_eq!(
        strict(whole, ""),
        json!({
            "code": "invalid_argument",
            "message": "the arguments: the field `name` is missing",
            "details": {"path": ""},
        })
    );
    assert_eq!(strict(whole, "{")["code"], "invalid_json");
}

#[test]
fn a_long_value_is_shortened() {
    let long = format!(
        r#"{{"small": "{}", "list": [], "flag": true}}"#,
        "ä".repeat(1000)
    );
    let error = strict(Strict::__plugin_sdk_command_numbers, &long);
    let found = error["details"]["found"].as_str().unwrap();
    assert!(
        found.starts_with("\"ää") && found.ends_with('…') && found.len() < 50,
        "{found}"
    );
}

#[test]
fn deep_nesting_is_refused_before_the_stack_overflows() {
    let any = Strict::__plugin_sdk_command_any;
    let nested =
        |depth: usize| format!(r#"{{"value": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(call(&mut Strict, any, &nested(126)).is_ok());
    let error = strict(any, &nested(127));
    assert_eq!(error["code"], "invalid_json", "{error}");
    assert_eq!(strict(any, &nested(100_000))["code"], "invalid_json");
    // This includes values that the command ignores.
    let unread = format!(
        r#"{{"to": "x", "items": [{{"name": "a", "price": 1, "more": {}}}]}}"#,
        "[".repeat(100_000)
    );
    assert_eq!(
        strict(Strict::__plugin_sdk_command_order, &unread)["code"],
        "invalid_argument"
    );
}
