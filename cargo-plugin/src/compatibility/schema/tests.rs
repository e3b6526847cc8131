//! Tests of the comparison of schemas.

use serde_json::json;

use super::messages::UNCLEAR;
use super::*;

const ARGUMENTS: Subject<'_> = Subject {
    owner: "",
    whole: "arguments",
    part: "argument",
};

fn reported(old: &Value, new: &Value, direction: Direction) -> Vec<String> {
    let none = Definitions::new();
    let document = |schema| Document {
        schema,
        definitions: &none,
    };
    changes(document(old), document(new), direction, ARGUMENTS)
        .into_iter()
        .map(|change| format!("{:?}: {} {}", change.level, change.subject, change.what))
        .collect()
}

fn arguments(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[test]
fn added_and_removed_arguments_have_their_level() {
    let name = json!({"type": "string"});
    let old = arguments(json!({"name": name}), &["name"]);
    for (new, expected) in [
        (
            arguments(json!({"name": name, "times": true}), &["name", "times"]),
            "Breaking: argument `times` is new, and required",
        ),
        (
            arguments(json!({"name": name, "times": true}), &["name"]),
            "Minor: argument `times` is new",
        ),
        (
            arguments(json!({}), &[]),
            "Breaking: argument `name` is gone",
        ),
        (
            arguments(json!({"name": name}), &[]),
            "Minor: argument `name` is no longer required",
        ),
        (
            arguments(json!({"name": {"type": "integer"}}), &["name"]),
            "Breaking: argument `name` was `string`, and is `integer` now",
        ),
        (
            arguments(json!({"name": {"type": ["string", "null"]}}), &["name"]),
            "Minor: argument `name` can be null now",
        ),
        (
            arguments(
                json!({"name": {"type": "string", "maxLength": 9}}),
                &["name"],
            ),
            "Breaking: argument `name` the largest length is 9 now; there was none",
        ),
        (
            arguments(
                json!({"name": {"type": "string", "description": "who"}}),
                &["name"],
            ),
            "Patch: argument `name` has another description",
        ),
        (
            arguments(
                json!({"name": {"type": "string", "default": "you"}}),
                &["name"],
            ),
            "Minor: argument `name` the default is \"you\" now; there was none",
        ),
    ] {
        assert_eq!(reported(&old, &new, Direction::In), [expected]);
    }
    assert_eq!(
        reported(
            &arguments(json!({"a": {"default": 1}}), &[]),
            &arguments(json!({"a": {"default": 2}}), &[]),
            Direction::In
        ),
        ["Breaking: argument `a` the default was 1, and is 2 now"]
    );
}

#[test]
fn results_reverse_the_direction_of_breaking_changes() {
    let result = |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required});
    let old = result(
        json!({"message": {"type": "string"}, "note": {"type": "string"}}),
        &["message"],
    );
    for (new, expected) in [
        (
            result(json!({"note": {"type": "string"}}), &[]),
            "Breaking: argument `message` is gone",
        ),
        (
            result(json!({"message": {"type": "string"}}), &["message"]),
            "Minor: argument `note` is gone; it was not always there",
        ),
        (
            result(
                json!({"message": {"type": "string"}, "note": {"type": "string"}, "more": true}),
                &["message", "more"],
            ),
            "Minor: argument `more` is new",
        ),
        (
            result(
                json!({"message": {"type": "string"}, "note": {"type": "string"}}),
                &["message", "note"],
            ),
            "Minor: argument `note` is always there now",
        ),
        (
            result(
                json!({"message": {"type": ["string", "null"]}, "note": {"type": "string"}}),
                &["message"],
            ),
            "Breaking: argument `message` can be null now",
        ),
    ] {
        assert_eq!(reported(&old, &new, Direction::Out), [expected]);
    }
}

#[test]
fn variants_match_by_name_in_every_representation() {
    let old = json!({"oneOf": [
        {"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}}, "required": ["kind", "radius"]},
        {"type": "object", "properties": {"kind": {"const": "square"}, "side": {"type": "number"}}, "required": ["kind", "side"]}]});
    let new = json!({"oneOf": [
        {"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "integer"}}, "required": ["kind", "radius"]}]});
    assert_eq!(
        reported(&old, &new, Direction::In),
        [
            "Breaking: argument `(circle).radius` was `number`, and is `integer` now",
            "Breaking: arguments the variant `square` is gone"
        ]
    );
    assert_eq!(
        reported(&new, &old, Direction::Out),
        [
            "Breaking: argument `(circle).radius` was `integer`, and is `number` now",
            "Breaking: arguments the variant `square` is new"
        ]
    );
    let plain = json!({"type": "string", "enum": ["a", "b"]});
    let described = json!({"oneOf": [{"const": "a", "description": "first"}, {"const": "b"}]});
    assert_eq!(reported(&plain, &described, Direction::In), [""; 0]);
    assert_eq!(
        reported(
            &json!({"enum": ["a", "b"]}),
            &json!({"enum": ["a"]}),
            Direction::In
        ),
        ["Breaking: arguments the variant `b` is gone"]
    );
}

#[test]
fn removing_a_member_of_an_open_object_is_minor() {
    let old = json!({"type": "object", "properties": {"a": true, "b": true}});
    let new = json!({"type": "object", "properties": {"a": true}});
    assert_eq!(
        reported(&old, &new, Direction::In),
        ["Minor: argument `b` is gone: it is ignored where it is sent"]
    );
    assert_eq!(
        reported(&new, &old, Direction::In),
        ["Minor: argument `b` is new"]
    );
}

#[test]
fn differing_exotic_schemas_are_unclear_and_break() {
    let exotic = json!({"type": "object", "properties": {"a": true}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
    let other =
        json!({"type": "object", "properties": {"a": true}, "oneOf": [{"required": ["a"]}]});
    let several = json!({"type": ["string", "integer"]});
    let text = json!({"type": "string"});
    for (old, new) in [(&exotic, &other), (&several, &text), (&text, &several)] {
        for direction in [Direction::In, Direction::Out] {
            assert_eq!(
                reported(old, new, direction),
                [format!("Breaking: arguments {UNCLEAR}")]
            );
        }
        assert_eq!(reported(old, old, Direction::In), [""; 0]);
    }
}

#[test]
fn recursive_types_are_compared_once_per_pair() {
    let document = |last: &str| {
        let mut definitions = Definitions::new();
        for nth in 0..50 {
            let next = json!({"$ref": format!("#/$defs/T{}", nth + 1)});
            let members = json!({"a": next, "b": next, "self": {"$ref": "#/$defs/T0"}});
            let object = json!({"type": "object", "properties": members});
            definitions.insert(format!("T{nth}"), object);
        }
        definitions.insert("T50".to_owned(), json!({"type": last}));
        definitions
    };
    let (one, same, other) = (document("string"), document("string"), document("integer"));
    let root = json!({"$ref": "#/$defs/T0"});
    let compared = |new| {
        let (old, new) = ((&root, &one), (&root, new));
        let document = |(schema, definitions)| Document {
            schema,
            definitions,
        };
        changes(document(old), document(new), Direction::In, ARGUMENTS)
    };
    assert!(compared(&same).is_empty());
    let found = compared(&other);
    // Both members of the last struct refer to the type that changed; the pair is reported
    // once.
    let [change] = &found[..] else {
        panic!("{found:#?}")
    };
    assert_eq!(change.what, "was `string`, and is `integer` now");
}

#[test]
fn narrower_values_break_callers_that_send_them() {
    let u8 = json!({"type": "integer", "minimum": 0, "maximum": 255});
    let optional = json!({"anyOf": [u8, {"type": "null"}]});
    let list = |items: &Value| json!({"type": "array", "items": items});
    let map = |values: &Value| json!({"type": "object", "additionalProperties": values});
    let u64 = json!({"type": "integer", "minimum": 0, "maximum": u64::MAX});
    let number = json!({"type": "number"});
    let (any, never) = (json!(true), json!(false));
    let (text, letter) = (json!({"type": "string"}), json!({"enum": ["a"]}));
    let pattern = json!({"type": "string", "pattern": "a"});
    let (lists, maps) = ([list(&u8), list(&u64)], [map(&u8), map(&u64)]);
    for (narrow, wide) in [
        (&u8, &u64),
        (&u8, &optional),
        (&u64, &number),
        (&u8, &any),
        (&never, &u8),
        (&letter, &text),
        (&lists[0], &lists[1]),
        (&maps[0], &maps[1]),
        (&pattern, &text),
    ] {
        let breaks = |old, new, direction| {
            reported(old, new, direction)
                .iter()
                .any(|change| change.starts_with("Breaking"))
        };
        assert!(breaks(wide, narrow, Direction::In), "{wide} to {narrow}");
        assert!(!breaks(narrow, wide, Direction::In), "{narrow} to {wide}");
        assert!(
            breaks(narrow, wide, Direction::Out),
            "{narrow} to {wide}, read"
        );
        assert!(
            !breaks(wide, narrow, Direction::Out),
            "{wide} to {narrow}, read"
        );
    }
}

#[test]
fn members_with_aliases_are_compared_one_by_one() {
    let object = |members: Value, groups: Value| json!({"type": "object", "properties": members, "allOf": groups, "unevaluatedProperties": false});
    let any = |names: &[&str]| {
        let names: Vec<_> = names
            .iter()
            .map(|name| json!({"required": [name]}))
            .collect();
        json!({"anyOf": names})
    };
    let text = json!({"type": "string"});
    let one = object(
        json!({"colour": text, "color": text}),
        json!([any(&["colour", "color"])]),
    );
    let with = |more: &str, ty: &str| {
        let mut one = one.clone();
        one["properties"][more] = json!({"type": ty});
        one
    };
    let two = object(
        json!({"colour": text, "color": text, "name": text, "title": text}),
        json!([any(&["colour", "color"]), any(&["name", "title"])]),
    );
    let without = json!({"type": "object", "properties": {"colour": text}, "required": ["colour"], "additionalProperties": false});
    for (old, new, expected) in [
        (
            &one,
            &with("size", "integer"),
            &["Minor: argument `size` is new"][..],
        ),
        (
            &one,
            &with("color", "integer"),
            &["Breaking: argument `color` was `string`, and is `integer` now"],
        ),
        (
            &without,
            &one,
            &[
                "Minor: argument `colour` is one of several names now: `colour`, `color`",
                "Minor: argument `color` is new",
            ],
        ),
        (
            &one,
            &without,
            &[
                "Breaking: argument `colour` is required now",
                "Breaking: argument `color` is gone",
            ],
        ),
        (
            &one,
            &two,
            &[
                "Breaking: argument `name` or another of `name`, `title` is required now",
                "Minor: argument `title` is new",
            ],
        ),
        (
            &two,
            &one,
            &[
                "Breaking: argument `name` is gone",
                "Breaking: argument `title` is gone",
            ],
        ),
    ] {
        assert_eq!(reported(old, new, Direction::In), expected);
    }
    assert_eq!(
        reported(
            &with("size", "integer"),
            &with("size", "string"),
            Direction::Out
        ),
        ["Breaking: argument `size` was `integer`, and is `string` now"]
    );
}

#[test]
fn other_defaults_break_even_where_more_values_are_allowed() {
    let old = json!({"properties": {"a": {"type": "string", "default": "x"}}, "type": "object"});
    let new = json!({"properties": {"a": {"type": ["string", "null"], "default": "y"}}, "type": "object"});
    assert_eq!(
        reported(&old, &new, Direction::In),
        [
            "Breaking: argument `a` the default was \"x\", and is \"y\" now",
            "Minor: argument `a` can be null now"
        ]
    );
}

#[test]
fn a_variant_named_by_the_empty_text_is_compared() {
    assert_eq!(
        reported(
            &json!({"enum": ["", "a"]}),
            &json!({"enum": ["a"]}),
            Direction::In
        ),
        ["Breaking: arguments the variant `` is gone"]
    );
}
