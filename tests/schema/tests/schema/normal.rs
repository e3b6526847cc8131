//! A common form for equivalent schemas, to compare ours with those of schemars.
//!
//! The following differences are removed, and no others:
//! * Definitions are inlined for `$ref`s, because the two crates disagree on the types that get a
//!   name; equal annotations are merged. A reference from within a type to itself becomes the
//!   difference in depth.
//! * Keys of maps: schemars distinguishes numbers from other names, ours also the bounds of the
//!   number type, and characters.
//! * Numbers: schemars has a `format` that JSON Schema does not define (`uint32`), and bounds for
//!   small integers only; ours has bounds for all and no format.
//! * `"const": x` is `"enum": [x]`; a choice of one is that one; choices, `required` and `type`
//!   have no order.
//! * `{"not": {}}` is `false`. Keywords without an effect are left out: `"additionalProperties":
//!   true`, empty `properties` and `required`.
//! * The document's title and dialect.
//! * Defaults: schemars runs code to find them, which a compiler cannot. If both have one, they
//!   must be equal.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Returns the schema of a document in the common form; `title` is left out, because only the
/// document has it.
pub fn normal(document: &str, title: &str) -> Value {
    let mut document: Value = serde_json::from_str(document).unwrap();
    let root = document.as_object_mut().unwrap();
    let definitions = match root.remove("$defs") {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    root.remove("$schema");
    if root.get("title").is_some_and(|found| found == title) {
        root.remove("title");
    }
    let document = Document {
        root: document,
        definitions,
    };
    let root = match document.root.get("$ref") {
        Some(_) => document.root.clone(),
        None => json!({"$ref": "#"}),
    };
    document.schema(&root, &mut Within::default())
}

/// The references that lead to a schema, each with its depth in the value.
#[derive(Default)]
struct Within {
    references: Vec<(String, usize)>,
    depth: usize,
}

struct Document {
    root: Value,
    definitions: Map<String, Value>,
}

impl Document {
    fn schema(&self, schema: &Value, within: &mut Within) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        let mut members = members.clone();
        if let Some(reference) = members.remove("$ref") {
            let reference = reference.as_str().unwrap().to_owned();
            let outer = within
                .references
                .iter()
                .find(|(outer, _)| *outer == reference);
            if let Some((_, depth)) = outer {
                let distance = within.depth - depth;
                members.insert("$recursive".to_owned(), json!(distance));
            } else {
                let target = match reference.strip_prefix("#/$defs/") {
                    Some(name) => &self.definitions[name],
                    None => &self.root,
                };
                within.references.push((reference, within.depth));
                let target = self.schema(target, within);
                within.references.pop();
                // Siblings are normalised below; what they are merged with already is.
                let siblings = self.schema(&Value::Object(members), within);
                return tidy(merge(siblings, target));
            }
        }
        for (key, value) in &mut members {
            let in_place = matches!(key.as_str(), "oneOf" | "anyOf" | "allOf" | "not");
            within.depth += usize::from(!in_place);
            match key.as_str() {
                "properties" | "patternProperties" => {
                    for schema in value.as_object_mut().unwrap().values_mut() {
                        *schema = self.schema(schema, within);
                    }
                }
                "items"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "not"
                | "propertyNames" => *value = self.schema(value, within),
                "oneOf" | "anyOf" | "allOf" | "prefixItems" => {
                    for schema in value.as_array_mut().unwrap() {
                        *schema = self.schema(schema, within);
                    }
                }
                _ => {}
            }
            within.depth -= usize::from(!in_place);
        }
        tidy(Value::Object(members))
    }
}

/// Merges two schemas; where they disagree, `outer` takes precedence.
fn merge(outer: Value, inner: Value) -> Value {
    match (outer, inner) {
        (Value::Object(outer), inner) if outer.is_empty() => inner,
        (Value::Object(mut outer), Value::Object(inner)) => {
            for (key, inner) in inner {
                match outer.get_mut(&key) {
                    None => {
                        outer.insert(key, inner);
                    }
                    Some(Value::Object(outer)) if key == "properties" => {
                        outer.extend(inner.as_object().unwrap().clone());
                    }
                    Some(Value::Array(outer)) if key == "required" => {
                        outer.extend(inner.as_array().unwrap().clone());
                    }
                    Some(_) => {}
                }
            }
            Value::Object(outer)
        }
        (outer, Value::Bool(true)) => outer,
        (outer, inner) => json!({"allOf": [outer, inner]}),
    }
}

const BOUNDS: [&str; 9] = [
    "2147483647",
    "-2147483648",
    "4294967295",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1.7014118346046923e38",
    "3.402823669209385e38",
    "3.4028235e38",
];

fn tidy(mut schema: Value) -> Value {
    if schema == json!({"not": {}}) {
        return Value::Bool(false);
    }
    let Some(members) = schema.as_object_mut() else {
        return schema;
    };
    let is = |members: &Map<String, Value>, kind: &str| match members.get("type") {
        Some(Value::String(of)) => of == kind,
        Some(Value::Array(of)) => of.contains(&json!(kind)),
        _ => false,
    };
    if is(members, "integer") || is(members, "number") {
        members.remove("format");
        for key in ["minimum", "maximum"] {
            if let Some(bound) = members.get(key) {
                let bound = bound.to_string();
                let magnitude = bound.trim_start_matches('-').replace("e+", "e");
                if BOUNDS.contains(&bound.as_str()) || BOUNDS.contains(&magnitude.as_str()) {
                    members.remove(key);
                }
            }
        }
    }
    if let Some(Value::Object(patterns)) = members.get_mut("patternProperties") {
        let general = |pattern: String| match pattern.as_str() {
            pattern if pattern.starts_with("^(0|[1-9]") && pattern.contains("|-(") => {
                r"^-?\d+$".to_owned()
            }
            pattern if pattern.starts_with("^(0|[1-9]") => r"^\d+$".to_owned(),
            _ => pattern,
        };
        *patterns = std::mem::take(patterns)
            .into_iter()
            .map(|(pattern, schema)| (general(pattern), schema))
            .collect();
    }
    members.remove("propertyNames");
    if let Some(only) = members.remove("const") {
        members.insert("enum".to_owned(), json!([only]));
    }
    for key in ["required", "enum", "type", "oneOf", "anyOf", "allOf"] {
        if let Some(Value::Array(choices)) = members.get_mut(key) {
            choices.sort_by_key(|choice| in_order(choice).to_string());
        }
    }
    let says_nothing = |key: &str, value: &Value| match key {
        "properties" => value == &json!({}),
        "required" => value == &json!([]),
        "additionalProperties" | "unevaluatedProperties" => value == &json!(true),
        _ => false,
    };
    members.retain(|key, value| !says_nothing(key, value));
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(Value::Array(choices)) = members.get(key)
            && let [only] = choices.as_slice()
        {
            let only = only.clone();
            members.remove(key);
            return tidy(merge(schema, only));
        }
    }
    schema
}

/// Returns a value with the members of all objects in alphabetical order, which serde_json may not
/// keep.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, &Value> = members.iter().collect();
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(key, value)| (key.clone(), in_order(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(in_order).collect()),
        value => value.clone(),
    }
}

/// Removes the defaults that only one of two schemas has.
pub fn even_out_defaults(left: &mut Value, right: &mut Value) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            if !(left.contains_key("default") && right.contains_key("default")) {
                left.remove("default");
                right.remove("default");
            }
            for (key, left) in left {
                if let Some(right) = right.get_mut(key) {
                    even_out_defaults(left, right);
                }
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for (left, right) in left.iter_mut().zip(right) {
                even_out_defaults(left, right);
            }
        }
        _ => {}
    }
}
