//! Schemas that refer to one another by name, and the merging of those from several lines.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use super::Manifest;
use crate::text;

/// The dialect of all schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

const REFERENCE: &str = "$ref";
const DEFINITIONS: &str = "$defs";

/// The prefix of a reference to a definition.
const PREFIX: &str = "#/$defs/";

/// The characters that are escaped in a reference.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Keywords that are refused.
///
/// Some would change the meaning of a reference or of the rest of the schema. Others are from
/// earlier dialects and contain schemas that this module would not find.
const REFUSED: [&str; 12] = [
    "$schema",
    "$id",
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
    DEFINITIONS,
    "definitions",
    "dependencies",
    "additionalItems",
];

/// A schema, and the definitions that it needs.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) schema: Value,
    pub(super) definitions: Map<String, Value>,
}

impl Document {
    pub(super) fn new(schema: &Value, definitions: &Map<String, Value>) -> Self {
        let needed = needed_definitions(schema, definitions);
        let all = definitions.iter();
        let needed = all.filter(|(name, _)| needed.contains_key(name.as_str()));
        Document {
            schema: schema.clone(),
            definitions: needed
                .map(|(name, definition)| (name.clone(), definition.clone()))
                .collect(),
        }
    }

    /// Returns the schema as a self-contained object.
    pub(super) fn to_value(&self) -> Value {
        let mut members = match &self.schema {
            Value::Object(members) => members.clone(),
            Value::Bool(false) => nothing(),
            _ => Map::new(),
        };
        if !self.definitions.is_empty() {
            members.insert(DEFINITIONS.to_owned(), self.definitions.clone().into());
        }
        members.into()
    }

    /// Returns the schema as a self-contained object that names its dialect first.
    pub(super) fn to_standalone(&self) -> Value {
        let mut members = Map::from_iter([("$schema".to_owned(), DIALECT.into())]);
        if let Value::Object(rest) = self.to_value() {
            members.extend(rest);
        }
        members.into()
    }
}

/// Returns the members of the schema that no value matches, `false` as an object.
fn nothing() -> Map<String, Value> {
    Map::from_iter([("not".to_owned(), Value::Object(Map::new()))])
}

/// Returns the schemas directly inside another one, each with the keyword that contains it.
///
/// Plain values (`default`, `const`, `enum`, …) may look like schemas and are skipped.
pub(super) fn inside(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = schema.as_object().into_iter().flatten();
    members.flat_map(|(keyword, value)| {
        let (one, list, map) = match (holds(keyword), value) {
            (Holds::Schema, value) => (Some(value), None, None),
            (Holds::List, Value::Array(list)) => (None, Some(list), None),
            (Holds::Map, Value::Object(map)) => (None, None, Some(map.values())),
            _ => (None, None, None),
        };
        let several = list.into_iter().flatten().chain(map.into_iter().flatten());
        let schemas = one.into_iter().chain(several);
        schemas.map(move |schema| (&**keyword, schema))
    })
}

pub(super) fn inside_mut(schema: &mut Value) -> impl Iterator<Item = &mut Value> {
    let members = schema.as_object_mut().into_iter().flatten();
    members.flat_map(|(keyword, value)| {
        let (one, list, map) = match (holds(keyword), value) {
            (Holds::Schema, value) => (Some(value), None, None),
            (Holds::List, Value::Array(list)) => (None, Some(list), None),
            (Holds::Map, Value::Object(map)) => (None, None, Some(map.values_mut())),
            _ => (None, None, None),
        };
        let several = list.into_iter().flatten().chain(map.into_iter().flatten());
        one.into_iter().chain(several)
    })
}

/// The kind of value that a keyword holds.
enum Holds {
    Schema,
    List,
    Map,
    NoSchema,
}

fn holds(keyword: &str) -> Holds {
    match keyword {
        "additionalProperties"
        | "contains"
        | "contentSchema"
        | "else"
        | "if"
        | "items"
        | "not"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Holds::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Holds::List,
        "dependentSchemas" | "patternProperties" | "properties" => Holds::Map,
        _ => Holds::NoSchema,
    }
}

/// Returns the name of the definition that a reference points to.
///
/// Returns `None` unless the reference is to a whole definition. The fragment is percent-decoded
/// and then read as a JSON Pointer, exactly as the validator does. So a reference to a part of a
/// definition is never taken for a name, whatever names exist.
fn target(reference: &str) -> Option<Cow<'_, str>> {
    let name = reference.strip_prefix(PREFIX)?;
    let pointer = percent_decode_str(name).decode_utf8().ok()?;
    if !pointer.contains(['~', '/']) {
        return Some(pointer);
    }
    let mut escapes = pointer.split('~').skip(1);
    let is_one_segment = !pointer.contains('/');
    let is_escaped = escapes.all(|behind| behind.starts_with(['0', '1']));
    (is_one_segment && is_escaped).then(|| pointer.replace("~1", "/").replace("~0", "~").into())
}

/// Returns the definition that a reference points to, with its name.
///
/// Returns `None` for any other reference, and if there is no such definition.
///
/// ```
/// use plugin_sdk_harness::manifest::definition;
/// use serde_json::json;
///
/// let definitions = json!({"Page<Item>": {"type": "array"}, "a/b": true});
/// let definitions = definitions.as_object().unwrap();
/// let name = |reference: &str| definition(reference, definitions).map(|(name, _)| name);
///
/// assert_eq!(name("#/$defs/Page%3CItem%3E"), Some("Page<Item>"));
/// assert_eq!(name("#/$defs/a~1b"), Some("a/b"));
/// assert_eq!(name("#/$defs/a/b"), None, "this leads into a definition `a`");
/// ```
pub fn definition<'a>(
    reference: &str,
    definitions: &'a Map<String, Value>,
) -> Option<(&'a str, &'a Value)> {
    let (name, definition) = definitions.get_key_value(&*target(reference)?)?;
    Some((name, definition))
}

/// Returns the definition that a schema refers to, with its name.
pub(super) fn referred<'a>(
    schema: &Value,
    definitions: &'a Map<String, Value>,
) -> Option<(&'a str, &'a Value)> {
    definition(schema.get(REFERENCE)?.as_str()?, definitions)
}

/// Returns the reference to a definition.
pub(super) fn reference_to(name: &str) -> String {
    let pointer = name.replace('~', "~0").replace('/', "~1");
    format!("{PREFIX}{}", utf8_percent_encode(&pointer, ESCAPED))
}

/// Calls `found` with each definition that a schema or its inner schemas refer to, in order.
pub(super) fn references<'a>(
    schema: &Value,
    definitions: &'a Map<String, Value>,
    found: &mut impl FnMut(&'a str, &'a Value),
) {
    if let Some((name, definition)) = referred(schema, definitions) {
        found(name, definition);
    }
    for (_, inner) in inside(schema) {
        references(inner, definitions, found);
    }
}

/// Checks that a value is a valid schema and that all its references are to existing definitions.
pub(super) fn check(schema: &Value, definitions: &Map<String, Value>) -> Result<(), String> {
    let members = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(members) => members,
        _ => return Err("a schema is neither an object nor `true` or `false`".to_owned()),
    };
    for (keyword, value) in members {
        if REFUSED.contains(&&**keyword) {
            return Err(format!(
                "a schema has the keyword `{keyword}`, which is not allowed here"
            ));
        }
        let wrong = match (holds(keyword), value) {
            (Holds::List, value) if !value.is_array() => "a list",
            (Holds::Map, value) if !value.is_object() => "an object",
            _ => continue,
        };
        return Err(format!("a schema's `{keyword}` is not {wrong} of schemas"));
    }
    if let Some(reference) = members.get(REFERENCE)
        && referred(schema, definitions).is_none()
    {
        let shown = match reference {
            Value::String(reference) => text::name(reference),
            other => text::name(&other.to_string()),
        };
        return Err(format!(
            "a schema refers to `{shown}`, which is not defined with it"
        ));
    }
    inside(schema).try_for_each(|(_, inner)| check(inner, definitions))
}

/// Returns the definitions that a schema refers to, directly or through others, by name.
///
/// ```
/// use plugin_sdk_harness::manifest::needed_definitions;
/// use serde_json::{Map, json};
///
/// let definitions = Map::from_iter([
///     ("Rules".to_owned(), json!({"type": "array", "items": {"$ref": "#/$defs/Rule"}})),
///     ("Rule".to_owned(), json!({"type": "string"})),
///     ("Other".to_owned(), json!(true)),
/// ]);
/// let schema = json!({"$ref": "#/$defs/Rules"});
/// let needed = needed_definitions(&schema, &definitions);
/// assert_eq!(Vec::from_iter(needed.keys()), [&"Rule", &"Rules"]);
/// ```
pub fn needed_definitions<'a>(
    schema: &'a Value,
    definitions: &'a Map<String, Value>,
) -> BTreeMap<&'a str, &'a Value> {
    let mut needed = BTreeMap::new();
    let mut to_visit = vec![schema];
    while let Some(schema) = to_visit.pop() {
        references(schema, definitions, &mut |name, definition| {
            if needed.insert(name, definition).is_none() {
                to_visit.push(definition);
            }
        });
    }
    needed
}

/// Keywords that do not constrain values.
const ANNOTATIONS: [&str; 8] = [
    "$comment",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// The maximum total size, as JSON text in bytes, of the definitions that replace references.
const MAX_INLINED: usize = 256 * 1024;

/// The maximum nesting of definitions that replace references.
const MAX_INLINED_DEPTH: usize = 16;

/// Replaces references with their definitions.
///
/// Recursive definitions and those beyond the two limits stay in `$defs`.
pub(super) fn inline(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let mut inliner = Inliner {
        definitions,
        sizes: HashMap::new(),
        within: Vec::new(),
        left: MAX_INLINED,
    };
    let mut inlined = schema.clone();
    inliner.fill(&mut inlined);
    Document::new(&inlined, definitions).to_value()
}

struct Inliner<'a> {
    definitions: &'a Map<String, Value>,
    /// The sizes of definitions that the schema refers to.
    sizes: HashMap<&'a str, usize>,
    /// The definitions that contain the current schema.
    within: Vec<&'a str>,
    left: usize,
}

impl Inliner<'_> {
    fn fill(&mut self, schema: &mut Value) {
        for inner in inside_mut(schema) {
            self.fill(inner);
        }
        let Some((name, definition)) = referred(schema, self.definitions) else {
            return;
        };
        let size = self.sizes.entry(name);
        let size = *size.or_insert_with(|| definition.to_string().len());
        let Some(left) = self.left.checked_sub(size) else {
            return;
        };
        if self.within.contains(&name) || self.within.len() == MAX_INLINED_DEPTH {
            return;
        }
        self.left = left;
        let mut definition = definition.clone();
        self.within.push(name);
        self.fill(&mut definition);
        self.within.pop();
        if let Value::Object(members) = schema {
            members.remove(REFERENCE);
            place(definition, members);
        }
    }
}

/// Adds a definition to the members of the schema that referred to it.
fn place(definition: Value, members: &mut Map<String, Value>) {
    let definition = match definition {
        Value::Object(definition) => definition,
        Value::Bool(false) => nothing(),
        _ => Map::new(),
    };
    let clashes = |name: &String| {
        let both = members.contains_key(name) && !ANNOTATIONS.contains(&&**name);
        // The meaning of these keywords depends on those next to them.
        both || matches!(&**name, "additionalProperties" | "unevaluatedProperties")
            && members.keys().any(|name| !ANNOTATIONS.contains(&&**name))
    };
    if definition.keys().any(clashes) {
        members.insert("allOf".to_owned(), Value::Array(vec![definition.into()]));
        return;
    }
    for (name, value) in definition {
        members.entry(name).or_insert(value);
    }
}

/// Moves the definitions out of several parts into one set, in alphabetical order.
///
/// Equal definitions of the same name become one. Among different definitions of the same name, the
/// first keeps the name; the others get new names, and references to them are updated.
pub(super) fn merge(parts: &mut [Manifest]) -> Map<String, Value> {
    let names = new_names(parts);
    let mut merged = Map::new();
    for (part, names) in parts.iter_mut().zip(&names) {
        let mut definitions = std::mem::take(&mut part.defs);
        if names.iter().any(|(old, new)| old != new) {
            let schemas = part.schemas_mut().map(|schema| schema.as_value_mut());
            for schema in schemas.chain(definitions.values_mut()) {
                rename(schema, names);
            }
        }
        for (name, definition) in definitions {
            if let Some(name) = names.get(&name) {
                merged.entry(name.clone()).or_insert(definition);
            }
        }
    }
    merged.sort_keys();
    merged
}

fn rename(schema: &mut Value, names: &HashMap<String, String>) {
    if let Some(Value::String(reference)) = schema.get_mut(REFERENCE)
        && let Some(name) = target(reference).and_then(|name| names.get(&*name))
    {
        *reference = reference_to(name);
    }
    for inner in inside_mut(schema) {
        rename(inner, names);
    }
}

/// Returns the new names of each part's definitions, by their old names.
fn new_names(parts: &[Manifest]) -> Vec<HashMap<String, String>> {
    let names = parts.iter().flat_map(|part| part.defs.keys());
    let mut taken: HashSet<String> = names.cloned().collect();
    let mut used: HashMap<&str, u32> = HashMap::new();
    let mut of_kinds: HashMap<usize, String> = HashMap::new();
    let kinds = Kinds::of(parts).kinds;
    let mut new_names = vec![HashMap::new(); parts.len()];
    for (number, (part, names)) in parts.iter().zip(&mut new_names).enumerate() {
        for name in part.defs.keys() {
            let kind = kinds.get(&(number, &**name)).copied().unwrap_or(usize::MAX);
            let new = of_kinds.entry(kind).or_insert_with(|| {
                let number = used.entry(name).or_default();
                *number += 1;
                if *number == 1 {
                    return name.clone();
                }
                loop {
                    let new = format!("{name}{number}");
                    if taken.insert(new.clone()) {
                        return new;
                    }
                    *number += 1;
                }
            });
            names.insert(name.clone(), new.clone());
        }
    }
    new_names
}

/// A definition: the number of the part that contains it, and its name there.
type Node<'a> = (usize, &'a str);

/// The definitions of several parts, grouped into kinds of equal ones.
#[derive(Default)]
struct Kinds<'a> {
    kinds: HashMap<Node<'a>, usize>,
    /// The definitions of each kind.
    members: HashMap<usize, HashSet<Node<'a>>>,
}

impl<'a> Kinds<'a> {
    fn of(parts: &'a [Manifest]) -> Self {
        let mut found = Kinds::default();
        let mut numbers = HashMap::new();
        let mut references: BTreeMap<Node<'a>, Vec<Node<'a>>> = BTreeMap::new();
        for (number, part) in parts.iter().enumerate() {
            for (name, definition) in &part.defs {
                let node = (number, &**name);
                let to = references.entry(node).or_default();
                self::references(definition, &part.defs, &mut |name, _| {
                    to.push((number, name))
                });
                let next = numbers.len();
                let kind = numbers.entry((name, definition.to_string()));
                found.put(node, *kind.or_insert(next));
            }
        }
        found.refine(&references);
        found
    }

    fn kind(&self, node: &Node<'a>) -> Option<usize> {
        self.kinds.get(node).copied()
    }

    fn put(&mut self, node: Node<'a>, kind: usize) {
        if let Some(old) = self.kinds.insert(node, kind)
            && let Some(members) = self.members.get_mut(&old)
        {
            members.remove(&node);
        }
        self.members.entry(kind).or_default().insert(node);
    }

    /// Splits kinds of equal-looking definitions that refer to different ones, until no kind
    /// splits.
    ///
    /// The largest group of a kind keeps its number. So a definition changes its number at most
    /// log(n) times for n definitions, even in a hostile plugin.
    fn refine(&mut self, references: &BTreeMap<Node<'a>, Vec<Node<'a>>>) {
        let mut referrers: HashMap<Node<'a>, Vec<Node<'a>>> = HashMap::new();
        for (node, to) in references {
            for to in to {
                referrers.entry(*to).or_default().push(*node);
            }
        }
        let mut changed: BTreeSet<Node<'a>> = references.keys().copied().collect();
        while !changed.is_empty() {
            let mut by_kind: HashMap<Option<usize>, HashMap<Vec<_>, Vec<_>>> = HashMap::new();
            for node in &changed {
                let references = references.get(node).into_iter().flatten();
                let signature: Vec<_> = references.map(|to| self.kind(to)).collect();
                let groups = by_kind.entry(self.kind(node)).or_default();
                groups.entry(signature).or_default().push(*node);
            }
            let mut moved = Vec::new();
            for (kind, groups) in by_kind {
                let mut groups: Vec<Vec<Node<'a>>> = groups.into_values().collect();
                groups.sort_unstable_by_key(Vec::len);
                let members = kind.and_then(|kind| self.members.get(&kind));
                let unchanged =
                    members.map_or(0, HashSet::len) - groups.iter().map(Vec::len).sum::<usize>();
                // The unchanged definitions keep the old signature, which no changed one has.
                if groups
                    .last()
                    .is_some_and(|largest| unchanged < largest.len())
                {
                    groups.pop();
                    let rest = members.into_iter().flatten();
                    let rest: Vec<_> = rest
                        .filter(|node| !changed.contains(*node))
                        .copied()
                        .collect();
                    groups.extend((unchanged > 0).then_some(rest));
                }
                for group in groups {
                    let new = self.members.len();
                    for node in &group {
                        self.put(*node, new);
                    }
                    moved.extend(group);
                }
            }
            let referrers = moved.iter().filter_map(|node| referrers.get(node));
            changed = referrers.flatten().copied().collect();
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use serde_json::json;

    use super::*;

    fn part(definitions: Value, config: Value) -> Manifest {
        serde_json::from_value(json!({"config": config, "$defs": definitions})).unwrap()
    }

    fn merged(mut parts: Vec<Manifest>) -> (Value, Vec<Value>) {
        let definitions = merge(&mut parts);
        let configs = parts
            .into_iter()
            .map(|part| part.config.unwrap().into_value());
        (definitions.into(), configs.collect())
    }

    fn to(name: &str) -> Value {
        json!({"$ref": format!("#/$defs/{name}")})
    }

    fn inlined(schema: &Value, definitions: &Value) -> Value {
        inline(schema, definitions.as_object().unwrap())
    }

    #[test]
    fn references_are_replaced_by_their_definitions() {
        let definitions = json!({
            "Config": {"type": "object", "properties": {"name": to("Name"), "other": {"enum": [to("Name")]}}},
            "Name": {"type": "string", "description": "A name."},
            "Closed": {"properties": {"a": true}, "additionalProperties": false},
            "Never": false,
        });
        for (schema, expected) in [
            (
                to("Config"),
                json!({"type": "object", "properties": {
                    "name": {"type": "string", "description": "A name."},
                    // A plain value that only looks like a reference.
                    "other": {"enum": [to("Name")]},
                }}),
            ),
            (
                json!({"$ref": "#/$defs/Name", "description": "Mine.", "minLength": 1}),
                json!({"description": "Mine.", "minLength": 1, "type": "string"}),
            ),
            (
                json!({"$ref": "#/$defs/Name", "type": "null"}),
                json!({"type": "null", "allOf": [{"type": "string", "description": "A name."}]}),
            ),
            // The definition is closed on its own, whatever is next to the reference.
            (
                json!({"$ref": "#/$defs/Closed", "patternProperties": {"b": true}}),
                json!({"patternProperties": {"b": true}, "allOf": [{"properties": {"a": true}, "additionalProperties": false}]}),
            ),
            (to("Never"), json!({"not": {}})),
        ] {
            assert_eq!(inlined(&schema, &definitions), expected);
        }
    }

    #[test]
    fn recursive_definitions_stay_in_defs() {
        let rule = json!({"type": "object", "properties": {"else": to("Rule")}});
        let found = inlined(&json!({"items": to("Rule")}), &json!({"Rule": rule}));
        let expected = json!({"items": rule, "$defs": {"Rule": rule}});
        assert_eq!(found, expected);
    }

    #[test]
    fn inlining_is_bounded() {
        // Each schema refers to the next one twice, and two schemas refer to each other twice.
        let twice = |to: Value| json!({"anyOf": [to.clone(), to], "description": "x".repeat(1000)});
        let chain = (0..200).map(|n| (format!("D{n}"), twice(to(&format!("D{}", n + 1)))));
        let mut definitions: Map<String, Value> = chain.collect();
        definitions.insert("D200".to_owned(), json!({"type": "null"}));
        definitions.insert("A".to_owned(), twice(to("B")));
        definitions.insert("B".to_owned(), twice(to("A")));
        for first in ["D0", "A"] {
            let found = inline(&to(first), &definitions);
            let bytes = found.to_string().len();
            assert!(bytes < 4 * MAX_INLINED, "{bytes}");
            // All remaining references have a definition.
            let definitions = found["$defs"].as_object().unwrap();
            let mut parts = definitions.values().chain([&found]).map(Value::clone);
            assert!(parts.all(|mut part| {
                part.as_object_mut().unwrap().remove("$defs");
                check(&part, definitions).is_ok()
            }));
        }
    }

    #[test]
    fn equal_definitions_of_several_parts_become_one() {
        let part = || {
            part(
                json!({"B": {"items": to("A")}, "A": {"type": "null"}}),
                to("B"),
            )
        };
        let (definitions, configs) = merged(vec![part(), part(), part()]);
        assert_eq!(
            definitions,
            json!({"A": {"type": "null"}, "B": {"items": to("A")}})
        );
        assert_eq!(configs, [to("B"), to("B"), to("B")]);
    }

    #[test]
    fn equal_looking_definitions_split_by_their_references() {
        let of = |leaf: &str| {
            part(
                json!({"Tree": {"properties": {"next": to("Tree"), "leaf": to("Leaf")}}, "Leaf": {"type": leaf}}),
                json!({"anyOf": [to("Tree"), {"default": to("Tree")}]}),
            )
        };
        let (definitions, configs) =
            merged(vec![of("null"), of("string"), of("null"), of("string")]);
        assert_eq!(
            definitions,
            json!({
                "Leaf": {"type": "null"},
                "Leaf2": {"type": "string"},
                "Tree": {"properties": {"next": to("Tree"), "leaf": to("Leaf")}},
                "Tree2": {"properties": {"next": to("Tree2"), "leaf": to("Leaf2")}},
            })
        );
        assert_eq!(configs[0], configs[2]);
        assert_eq!(
            configs[1],
            json!({"anyOf": [to("Tree2"), {"default": to("Tree")}]})
        );
        assert_eq!(configs[1], configs[3]);
    }

    #[test]
    fn new_names_never_collide_with_existing_ones() {
        let (definitions, configs) = merged(vec![
            part(json!({"A": true, "A2": {"type": "null"}}), to("A")),
            part(json!({"A": false}), to("A")),
        ]);
        assert_eq!(
            definitions,
            json!({"A": true, "A2": {"type": "null"}, "A3": false})
        );
        assert_eq!(configs, [to("A"), to("A3")]);
    }

    #[test]
    fn names_with_special_characters_round_trip() {
        for name in ["A", "a/b~c", "Größe", "Page<Item>", "50%"] {
            let reference = reference_to(name);
            assert!(
                reference
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b'<')
            );
            assert_eq!(target(&reference).unwrap(), name);
        }
        assert_eq!(target("#/$defs/a~1b").unwrap(), "a/b");
        assert_eq!(target("#/$defs/%zz%4").unwrap(), "%zz%4");
        for reference in [
            "https://example.com/#/$defs/a",
            "#/$defs/a/b",
            "#/$defs/a%2Fb",
            "#/$defs/a/",
            "#/$defs/a~2b",
            "#/$defs/a~",
            "#/$defs/a%7e",
            "#/$defs/%ff",
            "#/definitions/a",
            "#/%24defs/a",
            "#a",
            "#",
            "",
        ] {
            assert_eq!(target(reference), None, "{reference}");
        }
    }

    #[test]
    fn long_chains_that_differ_at_the_end_split_quickly() {
        let chain = |end: &str| {
            let mut definitions = Map::new();
            for number in 0..5_000 {
                definitions.insert(number.to_string(), to(&(number + 1).to_string()));
            }
            definitions.insert("5000".to_owned(), json!({"type": end}));
            part(definitions.into(), to("0"))
        };
        let (definitions, configs) = merged(vec![chain("null"), chain("string"), chain("null")]);
        assert_eq!(definitions.as_object().unwrap().len(), 2 * 5_001);
        assert_eq!(configs[0], configs[2]);
        assert_ne!(configs[0], configs[1]);
    }

    #[test]
    fn foreign_references_and_invalid_schemas_are_refused() {
        let definitions = json!({"A": true});
        let check = |schema: Value| check(&schema, definitions.as_object().unwrap());
        for (schema, expected) in [
            (json!({"items": 3}), "neither an object"),
            (
                json!({"items": to("B")}),
                "`#/$defs/B`, which is not defined",
            ),
            (
                json!({"oneOf": [{"$ref": "https://example.com/a.json"}]}),
                "not defined with it",
            ),
            (json!({"$ref": 7}), "not defined"),
            (json!({"properties": {"a": {"$id": "x"}}}), "`$id`"),
            (json!({"$ref": "#/$defs/A/not"}), "`#/$defs/A/not`"),
            (json!({"$ref": "#/$defs/A%2Fnot"}), "not defined"),
            (json!({"not": {"$dynamicRef": "#A"}}), "`$dynamicRef`"),
            (json!({"dependencies": {"a": true}}), "`dependencies`"),
            (json!({"definitions": {}}), "`definitions`"),
            (json!({"allOf": {"0": true}}), "not a list of schemas"),
            (json!({"properties": [true]}), "not an object of schemas"),
        ] {
            let reason = check(schema).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
        let valid =
            json!({"properties": {"$ref": to("A")}, "const": {"$ref": "x"}, "default": to("B")});
        assert_eq!(check(valid), Ok(()));
    }
}
