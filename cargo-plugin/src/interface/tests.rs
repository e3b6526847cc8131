#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;
use serde_json::{Map, Value, json};

use super::{Definition, Plugin, Recursion, Type};
use crate::error::Result;

/// The smallest module.
const WASM: &[u8] = b"\0asm\x01\0\0\0";

fn model(manifest: Value) -> Result<Plugin> {
    let manifest: Manifest = serde_json::from_value(manifest).unwrap();
    Plugin::new(&manifest, &Inspection::of(WASM).unwrap())
}

/// Returns the type of a configuration, with all types that it needs.
fn of_schema(schema: Value, definitions: Value) -> Plugin {
    model(json!({"abi": 1, "config": schema, "$defs": definitions})).unwrap()
}

/// Schemas as `#[derive(Schema)]` writes them.
fn definitions() -> Value {
    let tag = |name: &str| json!({"type": "string", "const": name});
    let object = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required});
    let closed = |name: &str, schema: Value| json!({"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": false});
    let number = json!({"type": "integer", "minimum": 0, "maximum": 255});
    json!({
        "Units": {"type": "string", "enum": ["One", "Two"]},
        "Described": {"oneOf": [{"type": "string", "enum": ["Two"]}, {"description": "The first.", "type": "string", "const": "One"}]},
        "Numbers": {"type": "integer", "enum": [-1, 0, 7]},
        "Wide": {"type": "integer", "enum": [0, u64::MAX]},
        "External": {"oneOf": [{"type": "string", "enum": ["Unit"]}, closed("Newtype", number.clone()), closed("Struct", object(json!({"a": number}), json!(["a"])))]},
        "Alone": {"oneOf": [closed("Only", number.clone())]},
        "Internal": {"oneOf": [object(json!({"t": tag("Unit")}), json!(["t"])), object(json!({"t": {"type": "string", "enum": ["Struct", "Alias"]}, "a": number}), json!(["t", "a"]))]},
        "Adjacent": {"oneOf": [object(json!({"t": tag("Unit")}), json!(["t"])), object(json!({"t": tag("Newtype"), "c": number}), json!(["t", "c"])), object(json!({"t": tag("Perhaps"), "c": {"type": "string"}}), json!(["t"]))]},
        "Untagged": {"anyOf": [{"type": "null"}, number, {"type": "array", "prefixItems": [number, number], "minItems": 2, "maxItems": 2}, {"$ref": "#/$defs/Record"}, {"type": "string"}]},
        "Several": {"type": ["boolean", "string"]},
        "Record": {"type": "object", "properties": {"a": number, "b": {"type": ["string", "null"]}}, "required": ["a"]},
        "Rest": {"type": "object", "properties": {"a": number}, "additionalProperties": {"type": "string"}},
        "Newtype": {"type": "array", "items": number},
        "Keys": {"type": "object", "patternProperties": {"^[0-9]+$": number}, "additionalProperties": false},
        "Flattened": {"type": "object", "properties": {"c": {"type": "boolean"}}, "required": ["c"], "oneOf": [object(json!({"kind": tag("Big"), "size": number}), json!(["kind", "size"])), object(json!({"kind": tag("Small")}), json!(["kind"]))]},
        "Aliases": {"type": "object", "properties": {"name": {"type": "string"}, "title": {"type": "string"}}, "anyOf": [{"required": ["name"]}, {"required": ["title"]}]},
        "Tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}, "parent": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}}, "required": ["children"]},
        "Odd": {"not": {}},
        "Unknown": {"type": "object", "properties": {"a": {"if": true}, "b": {"type": "array", "prefixItems": [true, true]}, "c": false}},
    })
}

#[test]
fn forms_of_serde_become_types() {
    let definitions = definitions();
    let names = definitions.as_object().unwrap().keys();
    let members: Map<String, Value> = names
        .map(|name| (name.clone(), json!({"$ref": format!("#/$defs/{name}")})))
        .collect();
    let wide = json!({"type": "integer", "minimum": 0, "maximum": u64::MAX});
    let plugin = model(json!({
        "abi": 1,
        "config": {"type": "object", "properties": members},
        "commands": [
            {"name": "typed", "arguments": {"type": "object", "properties": {"a": wide}, "additionalProperties": false}, "result": {"type": "null"}, "errors": [{"code": "odd"}]},
            {"name": "without", "arguments": {"type": "object", "properties": {}, "additionalProperties": false}, "result": {"$ref": "#/$defs/Tree"}},
            {"name": "raw", "codec": "raw", "input": "f32", "in_place": true},
            {"name": "left_out", "codec": "binary"},
        ],
        "$defs": definitions,
    }));
    insta::assert_snapshot!(plugin.unwrap());
}

#[test]
fn types_that_contain_themselves_are_found() {
    let plugin = of_schema(json!({"$ref": "#/$defs/Tree"}), definitions());
    let recursion = Recursion::of(&plugin.types);
    assert!(recursion.is_within(0, 0));
    // A list of its values is elsewhere in memory.
    let object = |schema: Value| json!({"type": "object", "properties": {"a": schema}});
    let items = json!({"type": "array", "items": {"$ref": "#/$defs/B"}});
    let definitions = json!({"A": object(items), "B": object(json!({"$ref": "#/$defs/A"}))});
    let plugin = of_schema(json!({"$ref": "#/$defs/A"}), definitions);
    assert!(!Recursion::of(&plugin.types).is_within(1, 0));
}

#[test]
fn endless_definitions_are_any_json() {
    let to = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    for definitions in [
        json!({"A": to("A")}),
        json!({"A": to("B"), "B": to("A")}),
        json!({"A": {"anyOf": [to("B"), {"type": "null"}]}, "B": to("A")}),
        json!({"A": {"oneOf": [{"oneOf": [to("A")]}]}}),
        json!({"A": {"allOf": [to("A")], "properties": {}}}),
    ] {
        let plugin = of_schema(to("A"), definitions.clone());
        let mut ty = plugin.config.as_ref().unwrap();
        for _ in 0..10 {
            if let Type::Option(inner) = ty {
                ty = inner;
            }
            if let Type::Named(index) = ty
                && let Definition::Alias(target) = &plugin.types[*index].definition
            {
                ty = target;
            }
        }
        assert_eq!(*ty, Type::Json, "{definitions}");
    }
}

#[test]
fn what_a_manifest_expands_to_is_bounded() {
    let to = |number: usize| json!({"$ref": format!("#/$defs/D{number}")});
    // Each definition has many alternatives of the next one.
    let chain = (0..50).map(|n| (format!("D{n}"), json!({"properties": {"a": true}, "allOf": vec![json!({"oneOf": [to(n + 1), to(n + 1)]}); 8]})));
    let mut definitions: Map<String, Value> = chain.collect();
    definitions.insert(
        "D50".to_owned(),
        json!({"type": "object", "properties": {"b": true}}),
    );
    of_schema(to(0), definitions.into());

    let many = (0..3_000).map(|n| {
        (
            format!("D{n}"),
            json!({"type": "object", "properties": {"next": to(n + 1)}}),
        )
    });
    let mut definitions: Map<String, Value> = many.collect();
    definitions.insert("D3000".to_owned(), json!(true));
    let properties: Map<String, Value> = (0..3_000).map(|n| (n.to_string(), to(n))).collect();
    let config = json!({"type": "object", "properties": properties});
    let all = (0..3_000).map(|n| json!({"name": format!("c{n}"), "arguments": to(n)}));
    let manifest = json!({"abi": 1, "config": config, "commands": all.collect::<Vec<_>>(), "$defs": definitions});
    let error = model(manifest).unwrap_err();
    assert_eq!(error.causes(), ["it has more than 2000 types"]);
}
