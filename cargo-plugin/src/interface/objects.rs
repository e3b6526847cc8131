//! Objects that several schemas describe together: serde writes a flattened enum as alternatives
//! next to the members of the struct around it. They become one or several plain objects, one for
//! each combination of alternatives.

use plugin_sdk_harness::manifest::definition;
use serde_json::{Map, Value};

use crate::schema::Member;

/// The greatest number of plain objects that a schema is split into.
const MAX_OBJECTS: usize = 64;

/// The greatest depth of alternatives within alternatives.
const MAX_DEPTH: usize = 8;

/// The greatest number of members of an object.
const MAX_MEMBERS: usize = 1_000;

/// An object with known members, and possibly others.
#[derive(Clone, Debug, Default)]
pub struct Plain<'a> {
    pub members: Vec<Member<'a>>,
    /// The schema of members with other names, if they have one.
    pub rest: Option<&'a Value>,
    /// `true` if members with other names are not allowed.
    pub closed: bool,
    pub description: Option<&'a str>,
}

/// Returns whether a schema describes an object by members, so that it can be split.
pub fn is_object(schema: &Value) -> bool {
    schema.get("properties").is_some() || only_requires(schema) || is_closed_and_empty(schema)
}

/// Returns whether a schema describes an object without members.
pub fn is_empty(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    is_closed_and_empty(schema) && properties.is_none_or(Map::is_empty)
}

/// Returns whether the schema is that of an object with members of any name and one type, and that
/// type.
pub fn map_values(schema: &Value) -> Option<&Value> {
    let patterns = schema.get("patternProperties")?.as_object()?;
    let mut values = patterns.values();
    match (values.next(), values.next(), schema.get("properties")) {
        (Some(only), None, None) => Some(only),
        _ => None,
    }
}

/// Splits a schema into plain objects; `None` if it also allows values other than objects, or would
/// become too many.
pub fn split<'a>(schema: &'a Value, definitions: &'a Map<String, Value>) -> Option<Vec<Plain<'a>>> {
    split_within(schema, definitions, MAX_DEPTH)
}

fn split_within<'a>(
    schema: &'a Value,
    definitions: &'a Map<String, Value>,
    depth: usize,
) -> Option<Vec<Plain<'a>>> {
    let depth = depth.checked_sub(1)?;
    if let Some(reference) = schema.get("$ref") {
        let (_, target) = definition(reference.as_str()?, definitions)?;
        return split_within(target, definitions, depth);
    }
    if map_values(schema).is_some() {
        return None;
    }
    let mut objects = vec![own(schema)?];
    for keyword in ["oneOf", "anyOf"] {
        let Some(alternatives) = list(schema, keyword) else {
            continue;
        };
        // One of several names of a member: each is optional.
        if alternatives.iter().all(only_requires) {
            continue;
        }
        let mut parts = Vec::new();
        for alternative in alternatives {
            parts.extend(split_within(alternative, definitions, depth)?);
        }
        objects = combined(&objects, &parts)?;
    }
    for part in list(schema, "allOf").unwrap_or_default() {
        let parts = split_within(part, definitions, depth)?;
        objects = combined(&objects, &parts)?;
    }
    Some(objects)
}

/// Reads the members that a schema describes itself.
fn own(schema: &Value) -> Option<Plain<'_>> {
    let is_object = match schema.get("type") {
        None => true,
        Some(Value::Array(words)) => words.iter().all(|word| word == "object" || word == "null"),
        Some(word) => word == "object",
    };
    let members = schema.as_object().filter(|_| is_object)?;
    let foreign = [
        "enum",
        "const",
        "items",
        "prefixItems",
        "not",
        "patternProperties",
    ];
    if foreign.iter().any(|keyword| members.contains_key(*keyword)) {
        return None;
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    if properties.is_some_and(|properties| properties.len() > MAX_MEMBERS) {
        return None;
    }
    let required = list(schema, "required").unwrap_or_default();
    let required: std::collections::HashSet<&str> =
        required.iter().filter_map(Value::as_str).collect();
    let others = ["additionalProperties", "unevaluatedProperties"];
    let others = others.iter().find_map(|keyword| schema.get(*keyword));
    let known = properties.into_iter().flatten();
    Some(Plain {
        members: known
            .map(|(name, schema)| Member {
                name,
                schema,
                required: required.contains(name.as_str()),
            })
            .collect(),
        rest: others.filter(|others| **others != Value::Bool(false)),
        closed: others == Some(&Value::Bool(false)),
        description: schema.get("description").and_then(Value::as_str),
    })
}

/// Combines each object with each part.
fn combined<'a>(objects: &[Plain<'a>], parts: &[Plain<'a>]) -> Option<Vec<Plain<'a>>> {
    if objects.len() * parts.len() > MAX_OBJECTS {
        return None;
    }
    let pairs = objects
        .iter()
        .flat_map(|object| parts.iter().map(move |part| both(object, part)));
    Some(pairs.collect())
}

fn both<'a>(object: &Plain<'a>, part: &Plain<'a>) -> Plain<'a> {
    let mut both = object.clone();
    for member in &part.members {
        match both
            .members
            .iter_mut()
            .find(|known| known.name == member.name)
        {
            Some(known) => known.required |= member.required,
            None => both.members.push(*member),
        }
    }
    both.rest = both.rest.or(part.rest);
    both.description = part.description.or(both.description);
    both
}

/// Returns whether a schema only names members that must be present.
fn only_requires(schema: &Value) -> bool {
    let members = schema.as_object();
    members.is_some_and(|members| members.len() == 1 && members.contains_key("required"))
}

fn is_closed_and_empty(schema: &Value) -> bool {
    schema.get("type").is_some_and(|word| word == "object")
        && schema.get("additionalProperties") == Some(&Value::Bool(false))
        && schema.get("patternProperties").is_none()
}

fn list<'a>(schema: &'a Value, keyword: &str) -> Option<&'a [Value]> {
    schema.get(keyword)?.as_array().map(Vec::as_slice)
}
