//! The arguments of commands, and the forms in which hosts send them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use plugin_sdk::prelude::*;

use super::*;

#[derive(Default, Deserialize, Serialize, Schema)]
struct Item<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    price: f64,
}

#[derive(Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Point,
    Circle { radius: f64 },
    Polygon(Vec<(f64, f64)>),
}

#[derive(Deserialize, Default, Schema)]
struct Wrapped(u8);

const STEP: u64 = 5;

fn two() -> u64 {
    2
}

#[plugin]
#[derive(Default)]
struct Takes;

#[plugin]
impl Takes {
    #[command]
    fn nothing(&self) {}

    #[command]
    fn numbers(&self, a: u8, b: i64, c: f32, d: u128, e: usize) -> String {
        format!("{a} {b} {c} {d} {e}")
    }

    #[command]
    fn simple(&self, yes: bool, letter: char, text: String, unit: ()) -> String {
        let () = unit;
        format!("{yes} {letter} {text}")
    }

    #[command]
    fn strings(
        &self,
        text: &str,
        cow: Cow<'_, str>,
        owned: &String,
        boxed: Box<str>,
        many: &[&str],
    ) -> (String, bool, String) {
        let borrowed = matches!(cow, Cow::Borrowed(_));
        (
            format!("{text}{cow}{owned}"),
            borrowed,
            boxed.into_string() + &many.concat(),
        )
    }

    #[command]
    fn slices(
        &self,
        numbers: &[f64],
        words: &[String],
        pairs: &[(u8, char)],
        owned: Vec<Vec<i8>>,
        cow: Cow<'_, [u16]>,
        array: &[u8; 2],
    ) -> (f64, usize, usize, usize, usize, u8) {
        let total = numbers.iter().sum();
        (
            total,
            words.len(),
            pairs.len(),
            owned.concat().len(),
            cow.len(),
            array[1],
        )
    }

    #[command]
    fn changes(
        &self,
        numbers: &mut [u32],
        items: &mut [Item<'_>],
        text: &mut str,
        list: &mut Vec<u8>,
        mut owned: Vec<u8>,
    ) -> (Vec<u32>, String, String, usize) {
        numbers.reverse();
        items[0].name.to_mut().push('!');
        text.make_ascii_uppercase();
        list.clear();
        owned.clear();
        (
            numbers.to_vec(),
            items[0].name.to_string(),
            text.to_owned(),
            list.len() + owned.len(),
        )
    }

    #[command]
    fn options(
        &self,
        number: Option<u8>,
        text: Option<&str>,
        nested: Option<Option<bool>>,
        list: Option<Vec<&str>>,
        reference: &Option<u8>,
    ) -> (
        Option<u8>,
        Option<String>,
        Option<Option<bool>>,
        usize,
        bool,
    ) {
        let len = list.map_or(0, |list| list.len());
        (
            number,
            text.map(str::to_owned),
            nested,
            len,
            reference.is_some(),
        )
    }

    #[command]
    fn structured(&self, item: &Item<'_>, shape: Shape, wrapped: Wrapped, any: Value) -> String {
        let shape = match shape {
            Shape::Point => "point".to_owned(),
            Shape::Circle { radius } => format!("circle {radius}"),
            Shape::Polygon(corners) => format!("polygon {}", corners.len()),
        };
        format!("{} {} {shape} {} {any}", item.name, item.price, wrapped.0)
    }

    #[command]
    fn maps(
        &self,
        by_name: HashMap<String, u32>,
        borrowed: BTreeMap<&str, Vec<&str>>,
        by_number: &BTreeMap<i32, bool>,
        items: &BTreeMap<String, Vec<Item<'_>>>,
    ) -> (u32, usize, Vec<i32>, f64) {
        let total = items.values().flatten().map(|item| item.price).sum();
        let keys = by_number.keys().copied().collect();
        (by_name.values().sum(), borrowed["a"].len(), keys, total)
    }

    #[command]
    fn defaults(
        &self,
        #[arg(default)] number: u32,
        #[arg(default = 7)] seven: u32,
        #[arg(default)] text: &str,
        #[arg(default = "none")] label: &str,
        #[arg(default = "cow".into())] cow: Cow<'_, str>,
        #[arg(default)] list: &[u8],
        #[arg(default = [1, 2])] some: &[u8],
        #[arg(default = vec![3])] vec: &mut [u8],
        #[arg(default = &[4, 5])] slice: &[u8],
        #[arg(default)] item: &Item<'_>,
        #[arg(default = STEP * two())] computed: u64,
        #[arg(default = Some(1))] option: Option<u8>,
        #[arg(default = String::from("owned"))] owned: String,
    ) -> Value {
        json!([
            number, seven, text, label, cow, list, some, vec, slice, item, computed, option, owned
        ])
    }

    #[command]
    fn renamed(
        &self,
        #[arg(rename = "in")] input: &str,
        #[arg(rename = "grüße ⚙")]
        #[arg(default)]
        greetings: u8,
        #[arg(rename = "pair")] (left, right): (u8, u8),
        #[arg(rename = "ignored")] _: Option<u8>,
    ) -> String {
        format!("{input} {greetings} {left} {right}")
    }

    #[command]
    fn whole(&self, #[arg(flatten)] item: Item<'_>) -> f64 {
        item.price
    }

    #[command]
    fn whole_borrowed(&self, #[arg(flatten)] item: &Item<'_>) -> String {
        item.name.to_string()
    }

    #[command]
    fn whole_map(&self, #[arg(flatten)] members: HashMap<&str, Value>) -> usize {
        members.len()
    }

    #[command]
    fn documented(
        &self,
        /// Its name.
        name: &str,
        /// The number of times.
        #[arg(default = 1)]
        #[allow(unused_variables)]
        times: u8,
    ) -> usize {
        name.len()
    }
}

fn result_of(handler: Handler<Takes>, arguments: &str) -> Value {
    call(&mut Takes, handler, arguments).unwrap()
}

#[test]
fn empty_input_is_an_empty_object() {
    for arguments in ["", "{}", " \n{ } \t"] {
        assert_eq!(
            result_of(Takes::__plugin_sdk_command_nothing, arguments),
            json!(null)
        );
    }
}

#[test]
fn numbers_come_in_every_size() {
    assert_eq!(
        result_of(
            Takes::__plugin_sdk_command_numbers,
            r#"{"a": 255, "b": -9223372036854775808, "c": 1.5e3,
                "d": 340282366920938463463374607431768211455, "e": 0}"#
        ),
        "255 -9223372036854775808 1500 340282366920938463463374607431768211455 0"
    );
}

#[test]
fn arguments_come_in_any_order() {
    assert_eq!(
        result_of(
            Takes::__plugin_sdk_command_simple,
            r#"{"unit": null, "text": "x", "letter": "ß", "yes": true}"#
        ),
        "true ß x"
    );
}

#[test]
fn strings_are_borrowed_with_and_without_escapes() {
    assert_eq!(
        result_of(
            Takes::__plugin_sdk_command_strings,
            r#"{"text": "a\nb", "cow": "é😀", "owned": "\"\\\/", "boxed": "x", "many": ["y", "\t"]}"#
        ),
        json!(["a\nbé😀\"\\/", true, "xy\t"])
    );
}

#[test]
fn arrays_are_passed_as_slices() {
    assert_eq!(
        result_of(
            Takes::__plugin_sdk_command_slices,
            r#"{"numbers": [1, 2.5], "words": ["a"], "pairs": [[1, "x"], [2, "y"]],
                "owned": [[1], [], [-2, 3]], "cow": [1, 2], "array": [7, 8]}"#
        ),
        json!([3.5, 1, 2, 3, 2, 8])
    );
}

#[test]
fn arguments_can_be_changed_in_place() {
    assert_eq!(
        result_of(
            Takes::__plugin_sdk_command_changes,
            r#"{"numbers": [1, 2, 3], "items": [{"name": "pen", "price": 1}], "text": "loud",
                "list": [1], "owned": [1]}"#
        ),
        json!([[3, 2, 1], "pen!", "LOUD", 0])
    );
}

#[test]
fn an_option_is_none_for_null_and_for_a_missing_argument() {
    let handler = Takes::__plugin_sdk_command_options;
    let nothing = json!([null, null, null, 0, false]);
    assert_eq!(result_of(handler, "{}"), nothing);
    assert_eq!(
        result_of(
            handler,
            r#"{"number": null, "text": null, "nested": null, "list": null, "reference": null}"#
        ),
        nothing
    );
    assert_eq!(
        result_of(
            handler,
            r#"{"number": 1, "text": "two", "nested": true, "list": ["a\u0020b"], "reference": 5}"#
        ),
        json!([1, "two", true, 1, true])
    );
}

#[test]
fn arguments_can_have_any_type_that_serde_reads() {
    let handler = Takes::__plugin_sdk_command_structured;
    assert_eq!(
        result_of(
            handler,
            r#"{"item": {"name": "p\u0065n", "price": 2, "more": [1]}, "shape": {"circle": {"radius": 1.5}},
                "wrapped": 3, "any": {"a": 100.5, "b": [null]}}"#
        ),
        r#"pen 2 circle 1.5 3 {"a":100.5,"b":[null]}"#
    );
    assert_eq!(
        result_of(
            handler,
            r#"{"item": {"price": 0}, "shape": "point", "wrapped": 0, "any": null}"#
        ),
        " 0 point 0 null"
    );
    assert_eq!(
        result_of(
            handler,
            r#"{"item": ["a", 1], "shape": {"polygon": [[0, 0], [1, 0], [0, 1]]}, "wrapped": 0, "any": "x"}"#
        ),
        r#"a 1 polygon 3 0 "x""#
    );
}

#[test]
fn maps_and_nested_values_are_read() {
    assert_eq!(
        result_of(
            Takes::__plugin_sdk_command_maps,
            r#"{"by_name": {"x": 1, "y": 2}, "borrowed": {"a": ["1", "\u0032"]}, "by_number": {"-1": true, "7": false},
                "items": {"a": [{"price": 0.5}, {"price": 1}], "b": []}}"#
        ),
        json!([3, 2, [-1, 7], 1.5])
    );
}

#[test]
fn defaults_replace_missing_arguments() {
    let handler = Takes::__plugin_sdk_command_defaults;
    assert_eq!(
        result_of(handler, ""),
        json!([
            0, 7, "", "none", "cow", [], [1, 2], [3], [4, 5], {"name": "", "price": 0.0}, 10, 1, "owned"
        ])
    );
    assert_eq!(
        result_of(
            handler,
            r#"{"number": 1, "seven": 2, "text": "a", "label": "b", "cow": "c", "list": [9], "some": [],
                "vec": [8], "slice": [], "item": {"price": 1}, "computed": 3, "option": null, "owned": ""}"#
        ),
        json!([1, 2, "a", "b", "c", [9], [], [8], [], {"name": "", "price": 1.0}, 3, null, ""])
    );
}

#[test]
fn renamed_arguments_are_read_by_their_hosts_names() {
    assert_eq!(
        result_of(
            Takes::__plugin_sdk_command_renamed,
            r#"{"in": "x", "gr\u00fc\u00dfe ⚙": 2, "pair": [3, 4]}"#
        ),
        "x 2 3 4"
    );
}

#[test]
fn one_argument_can_take_the_whole_object() {
    let arguments = r#"{"price": 2.5, "name": "pen", "colour": "red"}"#;
    assert_eq!(result_of(Takes::__plugin_sdk_command_whole, arguments), 2.5);
    assert_eq!(
        result_of(Takes::__plugin_sdk_command_whole_borrowed, arguments),
        "pen"
    );
    assert_eq!(
        result_of(Takes::__plugin_sdk_command_whole_map, arguments),
        3
    );
    assert_eq!(result_of(Takes::__plugin_sdk_command_whole_map, ""), 0);
}

#[test]
fn parameters_can_be_documented() {
    assert_eq!(
        result_of(Takes::__plugin_sdk_command_documented, r#"{"name": "abc"}"#),
        3
    );
}

#[test]
fn commands_with_arguments_remain_ordinary_functions() {
    assert_eq!(Takes.renamed("x", 1, (2, 3), None), "x 1 2 3");
    assert_eq!(Takes.documented("abc", 2), 3);
    assert_eq!(
        Takes.whole(Item {
            name: "".into(),
            price: 1.0
        }),
        1.0
    );
}
