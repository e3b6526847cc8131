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

/// Returns an object that refuses undeclared members, as for the arguments of a command.
fn closed(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// Returns an object that ignores undeclared members, as a struct does.
fn open(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// Returns an object with groups of members, of which one is required, as for members with aliases.
fn aliased(properties: Value, groups: &[&[&str]]) -> Value {
    let any = |names: &&[&str]| -> Value {
        let names = names.iter().map(|name| json!({"required": [name]}));
        json!({"anyOf": names.collect::<Vec<_>>()})
    };
    let groups: Vec<Value> = groups.iter().map(any).collect();
    json!({"type": "object", "properties": properties, "allOf": groups, "unevaluatedProperties": false})
}

/// Compares the first schema with each other one, for the callers that send values (`in`) and for
/// those that read them (`out`).
macro_rules! assert_compared {
    ($name:literal, $old:expr, $($new:expr),+ $(,)?) => {{
        let old = $old;
        let mut shown = format!("{old}\n");
        for new in [$($new),+] {
            shown.push_str(&format!("\n→ {new}\n"));
            for (word, direction) in [("in", Direction::In), ("out", Direction::Out)] {
                for change in reported(&old, &new, direction) {
                    shown.push_str(&format!("  {word}: {change}\n"));
                }
            }
        }
        insta::assert_snapshot!($name, shown);
    }};
}

#[test]
fn each_change_has_its_level_for_senders_and_for_readers() {
    let name = json!({"type": "string"});
    let with = |member: Value| closed(json!({"name": member}), &["name"]);
    assert_compared!(
        "members-of-a-closed-object",
        with(name.clone()),
        closed(json!({"name": name, "times": true}), &["name", "times"]),
        closed(json!({"name": name, "times": true}), &["name"]),
        closed(json!({}), &[]),
        closed(json!({"name": name}), &[]),
        with(json!({"type": "integer"})),
        with(json!({"type": ["string", "null"]})),
        with(json!({"type": "string", "maxLength": 9})),
        with(json!({"type": "string", "description": "who"})),
        with(json!({"type": "string", "default": "you"})),
    );
    let default =
        |ty: Value, value: &str| closed(json!({"a": {"type": ty, "default": value}}), &[]);
    assert_compared!(
        "defaults",
        default(json!("string"), "x"),
        default(json!("string"), "y"),
        default(json!(["string", "null"]), "y"),
    );
    let note = json!({"type": "string"});
    assert_compared!(
        "members-of-an-open-object",
        open(json!({"name": name, "note": note}), &["name"]),
        open(json!({"note": note}), &[]),
        open(json!({"name": name}), &["name"]),
        open(
            json!({"name": name, "note": note, "more": true}),
            &["name", "more"]
        ),
        open(json!({"name": name, "note": note}), &["name", "note"]),
        open(
            json!({"name": {"type": ["string", "null"]}, "note": note}),
            &["name"]
        ),
    );
    let colour = json!({"colour": name, "color": name});
    assert_compared!(
        "members-with-aliases",
        aliased(colour.clone(), &[&["colour", "color"]]),
        aliased(
            json!({"colour": name, "color": name, "size": true}),
            &[&["colour", "color"]]
        ),
        aliased(
            json!({"colour": name, "color": {"type": "integer"}}),
            &[&["colour", "color"]]
        ),
        aliased(
            json!({"colour": name, "color": name, "name": name, "title": name}),
            &[&["colour", "color"], &["name", "title"]],
        ),
        aliased(colour, &[]),
        closed(json!({"colour": name}), &["colour"]),
        closed(json!({}), &[]),
    );
    assert_compared!(
        "a-member-that-gets-an-alias",
        closed(json!({"colour": name}), &["colour"]),
        aliased(
            json!({"colour": name, "color": name}),
            &[&["colour", "color"]]
        ),
    );
}

#[test]
fn variants_match_by_name_in_every_representation() {
    let variant = |kind: &str, member: &str, ty: &str| json!({"type": "object", "properties": {"kind": {"const": kind}, member: {"type": ty}}, "required": ["kind", member]});
    let square = variant("square", "side", "number");
    assert_compared!(
        "variants-with-a-tag",
        json!({"oneOf": [variant("circle", "radius", "number"), square]}),
        json!({"oneOf": [variant("circle", "radius", "integer")]}),
        json!({"oneOf": [variant("circle", "radius", "number"), square, variant("dot", "x", "number")]}),
    );
    assert_compared!(
        "variants-that-are-names",
        json!({"type": "string", "enum": ["a", ""]}),
        json!({"oneOf": [{"const": "a", "description": "first"}, {"const": ""}]}),
        json!({"enum": ["a"]}),
        json!({"enum": ["a", "", 7]}),
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

/// Written out, they are 8 to the power of 18.
#[test]
fn alternatives_that_multiply_are_compared_in_bounded_time() {
    for leaf in [json!(false), json!({"enum": ["a", "b"]})] {
        let definitions = |width: usize| -> Definitions {
            let level = |nth: usize| {
                let next = json!({"$ref": format!("#/$defs/d{}", nth + 1)});
                (format!("d{nth}"), json!({"anyOf": vec![next; width]}))
            };
            let last = ("d18".to_owned(), leaf.clone());
            (0..18).map(level).chain([last]).collect()
        };
        let (old, new) = (definitions(8), definitions(9));
        let schema = json!({"$ref": "#/$defs/d0"});
        let document = |definitions| Document {
            schema: &schema,
            definitions,
        };
        let changes = changes(document(&old), document(&new), Direction::In, ARGUMENTS);
        assert!(!changes.is_empty(), "{leaf}");
    }
}
