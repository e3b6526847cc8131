//! Checks with an independent validator that changes reported as harmless are harmless: values of
//! the old schema are valid in the new one.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::Level;
use super::{Definitions, Direction, Document, Subject, changes};
use crate::schema::Schemas;

/// Generates schemas like those that are derived from types, and some that are not.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": "boolean"})),
        Just(json!({"type": "null"})),
        Just(json!(true)),
        Just(json!({"type": "number"})),
        (-3i64..3, 0i64..6).prop_map(
            |(least, more)| json!({"type": "integer", "minimum": least, "maximum": least + more})
        ),
        (-3i64..3).prop_map(|least| json!({"type": ["integer", "null"], "minimum": least})),
        (-3i64..3).prop_map(|most| json!({"type": "number", "exclusiveMaximum": most})),
        (0u32..4).prop_map(|most| json!({"type": "string", "maxLength": most})),
        prop::sample::subsequence(vec!["a", "b", "c"], 1..3)
            .prop_map(|names| json!({"enum": names})),
        Just(json!({"$ref": "#/$defs/A"})),
        Just(json!({"$ref": "#/$defs/B"})),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let member = (prop::sample::select(vec!["a", "b", "c"]), inner.clone(), any::<bool>());
        let object = (prop::collection::vec(member.clone(), 0..3), any::<bool>()).prop_map(|(members, closed)| object(members, closed));
        let variant = (prop::sample::select(vec!["a", "b", "c"]), inner.clone());
        let names = prop::sample::subsequence(vec!["a", "b", "c"], 1..3);
        prop_oneof![
            object.clone(),
            (object.clone(), names.clone(), names).prop_map(aliased),
            inner.clone().prop_map(|inner| json!({"type": "object", "additionalProperties": inner})),
            inner.clone().prop_map(|inner| json!({"type": "array", "items": inner})),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| {
                json!({"type": "array", "prefixItems": [one, other], "items": false, "minItems": 2})
            }),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|any| json!({"anyOf": any})),
            inner.clone().prop_map(|inner| json!({"anyOf": [inner, {"type": "null"}]})),
            (object.clone(), object).prop_map(|(one, other)| json!({"allOf": [one, other]})),
            prop::collection::vec(variant, 1..3).prop_map(|variants| {
                let of = |(name, inner): (&str, Value)| json!({"type": "object", "properties": {name: inner}, "required": [name], "additionalProperties": false});
                json!({"anyOf": variants.into_iter().map(of).collect::<Vec<_>>()})
            }),
        ]
    })
}

fn object(members: Vec<(&str, Value, bool)>, closed: bool) -> Value {
    let required: std::collections::BTreeSet<_> = members
        .iter()
        .filter(|(_, _, required)| *required)
        .map(|(name, ..)| *name)
        .collect();
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema, _)| ((*name).to_owned(), schema.clone()))
        .collect();
    let mut object = json!({"type": "object", "properties": properties, "required": required});
    if closed {
        object["additionalProperties"] = json!(false);
    }
    object
}

/// Adds one or two groups of names, of which one must be there, as for members with aliases.
fn aliased((mut object, one, other): (Value, Vec<&str>, Vec<&str>)) -> Value {
    let group = |names: Vec<&str>| -> Value {
        names
            .into_iter()
            .map(|name| json!({"required": [name]}))
            .collect()
    };
    match one == other {
        true => object["anyOf"] = group(one),
        false => object["allOf"] = json!([{"anyOf": group(one)}, {"anyOf": group(other)}]),
    }
    object
}

fn definitions() -> impl Strategy<Value = Definitions> {
    (schema(), schema()).prop_map(|(one, other)| {
        Definitions::from_iter([
            // A schema that only refers to itself has no values.
            (
                "A".to_owned(),
                json!({"type": "object", "properties": {"a": one, "next": {"$ref": "#/$defs/B"}}}),
            ),
            (
                "B".to_owned(),
                json!({"anyOf": [{"type": "null"}, {"type": "array", "items": other}]}),
            ),
        ])
    })
}

/// Generates two schemas: any two, or two that differ in one schema within them, or in one keyword.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    let keyword = prop::sample::select(vec![
        ("minimum", json!(2)),
        ("maximum", json!(2)),
        ("maxLength", json!(1)),
        ("maxItems", json!(1)),
        ("required", json!(["a"])),
        ("required", json!(["b"])),
        ("required", json!([])),
        ("anyOf", json!([{"required": ["a"]}, {"required": ["b"]}])),
        ("additionalProperties", json!(false)),
        ("properties", json!({"a": true})),
        ("properties", json!({"a": true, "b": {"type": "integer"}})),
    ]);
    let usual = prop::sample::select(vec![
        json!({"type": "object", "properties": {"a": true, "b": {"type": "string"}}}),
        json!({"type": "integer", "minimum": -2, "maximum": 5}),
    ]);
    let within = (schema(), any::<prop::sample::Index>(), schema());
    prop_oneof![
        (schema(), schema()),
        within.prop_map(|(schema, place, other)| {
            let mut changed = schema.clone();
            let mut places = places(&mut changed);
            if !places.is_empty() {
                let nth = place.index(places.len());
                *places.swap_remove(nth) = other;
            }
            (schema, changed)
        }),
        (prop_oneof![schema(), usual], keyword, any::<bool>()).prop_map(
            |(schema, (keyword, value), is_old)| {
                let mut changed = schema.clone();
                if let Value::Object(keywords) = &mut changed {
                    keywords.insert(keyword.to_owned(), value);
                }
                if is_old {
                    (changed, schema)
                } else {
                    (schema, changed)
                }
            }
        ),
    ]
}

/// Returns the schemas directly within a schema.
fn places(schema: &mut Value) -> Vec<&mut Value> {
    let mut found = Vec::new();
    let Value::Object(keywords) = schema else {
        return found;
    };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(members)) => found.extend(members.values_mut()),
            ("anyOf" | "allOf" | "prefixItems", Value::Array(schemas)) => found.extend(schemas),
            ("items" | "additionalProperties", schema @ Value::Object(_)) => found.push(schema),
            _ => {}
        }
    }
    found
}

/// Returns values of a schema, and some that it may not allow.
fn values(schema: &Value, definitions: &Definitions) -> Vec<Value> {
    let mut values = Schemas::new(definitions).variety(schema);
    let others =
        json!([null, true, 7, -1.5, "", "longer", [], [7, 7], {}, {"b": 7}, {"a": "a", "c": null}]);
    values.extend(others.as_array().into_iter().flatten().cloned());
    values
}

/// Returns the schema with objects that have only the members that they declare, as callers are
/// assumed to send them.
fn closed(schema: &Value, within_all: bool) -> Value {
    let mut schema = schema.clone();
    let Value::Object(keywords) = &mut schema else {
        return schema;
    };
    let all = keywords.contains_key("allOf");
    for (keyword, value) in keywords.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(members)) => members
                .values_mut()
                .for_each(|schema| *schema = closed(schema, false)),
            ("anyOf" | "allOf" | "prefixItems", Value::Array(schemas)) => schemas
                .iter_mut()
                .for_each(|schema| *schema = closed(schema, all)),
            ("items" | "additionalProperties", schema) => *schema = closed(schema, false),
            _ => {}
        }
    }
    let open =
        keywords.contains_key("properties") && !keywords.contains_key("additionalProperties");
    if all || open && !within_all {
        keywords.insert("unevaluatedProperties".to_owned(), json!(false));
    }
    schema
}

fn validator(schema: &Value, definitions: &Definitions) -> jsonschema::Validator {
    let document = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema], "$defs": definitions});
    jsonschema::validator_for(&document).unwrap()
}

fn breaks(old: Document<'_>, new: Document<'_>) -> bool {
    let subject = Subject {
        owner: "",
        whole: "",
        part: "",
    };
    changes(old, new, Direction::In, subject)
        .iter()
        .any(|change| change.level == Level::Breaking)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_of_the_old_schema_fit_one_that_does_not_break(
        (old, new) in pair(), of_old in definitions(), of_new in definitions(), same in any::<bool>()
    ) {
        let of_new = if same { of_old.clone() } else { of_new };
        let document = |schema, definitions| Document { schema, definitions };
        if !breaks(document(&old, &of_old), document(&new, &of_new)) {
            let declared: Definitions =
                of_old.iter().map(|(name, schema)| (name.clone(), closed(schema, false))).collect();
            let before = validator(&closed(&old, false), &declared);
            let after = validator(&new, &of_new);
            for value in values(&old, &of_old) {
                prop_assert!(
                    !before.is_valid(&value) || after.is_valid(&value),
                    "{value}\nis valid in {old}\n{of_old:?}\nand not in {new}\n{of_new:?}"
                );
            }
        }
    }

    #[test]
    fn an_unchanged_schema_does_not_break(schema in schema(), definitions in definitions()) {
        // Another document, so that the two do not compare equal as a whole.
        let mut renamed = definitions.clone();
        renamed.insert("Unused".to_owned(), json!(true));
        let document = |definitions| Document { schema: &schema, definitions };
        prop_assert!(!breaks(document(&definitions), document(&renamed)));
    }
}
