//! Validation of values against a plugin's schemas, compared with `jsonschema`.
//!
//! An even first byte: a line with a schema, a line with definitions, and a line with a value. An
//! odd one: all three are generated from small decisions, so that most schemas are valid.

use jsonschema::{Draft, PatternOptions};
use plugin_sdk::abi;
use plugin_sdk_harness::manifest::Manifest;
use serde_json::{Map, Value, json};

use crate::Verdict;
use crate::bytes::Bytes;
use crate::modules::section::only_section;
use crate::verdict::ensure;

/// The deepest generated schema or value.
const DEPTH: usize = 5;

/// The code of a schema that is refused, or whose validation would take too long.
const BAD_SCHEMA: &str = "bad_schema";

/// The names of definitions.
const DEFINITIONS: [&str; 3] = ["A", "B", "C"];

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let mut bytes = Bytes::new(input);
    let (schema, definitions, value) = match bytes.byte() % 2 {
        0 => {
            let mut line = || serde_json::from_slice(bytes.line());
            match (line(), line(), line()) {
                (Ok(schema), Ok(definitions), Ok(value)) => (schema, definitions, value),
                _ => return Ok(()),
            }
        }
        _ => {
            let mut definitions = Map::new();
            for name in DEFINITIONS {
                definitions.insert(name.to_owned(), schema(&mut bytes, DEPTH - 2));
            }
            let schema = schema(&mut bytes, DEPTH);
            (schema, definitions.into(), value(&mut bytes, DEPTH))
        }
    };
    let line = json!({
        "abi": 1,
        "commands": [{"name": "x", "arguments": schema, "result": true}],
        "$defs": definitions,
    });
    let section = only_section(abi::MANIFEST_SECTION, line.to_string().as_bytes());
    // A schema that is refused as a whole needs no comparison.
    let Ok(Some(manifest)) = Manifest::read(&section) else {
        return Ok(());
    };
    let ours = match manifest.check("x", &value) {
        Ok(()) => Ok(()),
        Err(problems) => {
            ensure!(!problems.is_empty(), "a value is refused without a reason");
            if problems.iter().any(|problem| problem.code == BAD_SCHEMA) {
                return Ok(());
            }
            Err(problems
                .iter()
                .map(|problem| problem.pointer.clone())
                .collect())
        }
    };
    let schema = manifest
        .command("x")
        .and_then(|command| command.arguments.as_ref());
    match schema.map(|schema| manifest.standalone(schema)) {
        Some(schema) => agree(&schema, &value, &ours),
        None => Err("the command's schema is lost".to_owned()),
    }
}

/// Compares a verdict on a value with that of `jsonschema`. An error has the places of the
/// problems.
fn agree(schema: &Value, value: &Value, ours: &Result<(), Vec<String>>) -> Verdict {
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(schema);
    let validator = match validator {
        Ok(validator) => validator,
        Err(error) => return Err(format!("`jsonschema` refuses {schema}: {error}")),
    };
    let theirs = validator.is_valid(value);
    ensure!(
        ours.is_ok() == theirs,
        "{value} is valid: {}, by `jsonschema`: {theirs}; the schema is {schema}",
        ours.is_ok()
    );
    for pointer in ours.as_ref().err().into_iter().flatten() {
        // A missing member has no place of its own, but its parent has one.
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        ensure!(
            value.pointer(pointer).or(value.pointer(parent)).is_some(),
            "a problem is at {pointer:?} of {value}"
        );
    }
    Ok(())
}

/// Names of members that schemas and values share.
const NAMES: [&str; 5] = ["a", "b", "name", "", "~/é"];

fn name(bytes: &mut Bytes<'_>) -> String {
    (*NAMES.get(bytes.below(NAMES.len())).unwrap_or(&"a")).to_owned()
}

/// Chooses a value.
fn value(bytes: &mut Bytes<'_>, depth: usize) -> Value {
    match bytes.below(if depth == 0 { 7 } else { 10 }) {
        0 => Value::Null,
        1 => (bytes.byte() % 2 == 1).into(),
        2 => i64::from(bytes.byte() as i8).into(),
        3 => bytes.word().into(),
        4 => (f64::from(bytes.byte() as i8) / 4.0).into(),
        5 => name(bytes).into(),
        6 => String::from_utf8_lossy(bytes.take(6)).into(),
        7 | 8 => {
            let count = bytes.below(4);
            let members = (0..count).map(|_| (name(bytes), value(bytes, depth - 1)));
            Value::Object(members.collect())
        }
        _ => (0..bytes.below(4))
            .map(|_| value(bytes, depth - 1))
            .collect(),
    }
}

/// The keywords of assertions on numbers, texts and collections.
const SIZES: [&str; 8] = [
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
];
const NUMBERS: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];
const TYPES: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];
const PATTERNS: [&str; 5] = ["^a", "[a-z]+$", "^(a|b)*$", "^.{1,3}$", "\\d"];
const FORMATS: [&str; 5] = ["date", "email", "uuid", "ipv4", "uri"];

/// Chooses a schema.
fn schema(bytes: &mut Bytes<'_>, depth: usize) -> Value {
    let mut members = Map::new();
    for _ in 0..=bytes.below(4) {
        let (keyword, value) = keyword(bytes, depth);
        members.insert(keyword.to_owned(), value);
    }
    match bytes.below(12) {
        0 => true.into(),
        1 => false.into(),
        _ => members.into(),
    }
}

/// Chooses a keyword with its value.
fn keyword(bytes: &mut Bytes<'_>, depth: usize) -> (&'static str, Value) {
    fn one(words: &'static [&'static str], bytes: &mut Bytes<'_>) -> &'static str {
        words.get(bytes.below(words.len())).unwrap_or(&"type")
    }
    let many = |bytes: &mut Bytes<'_>| -> Value {
        let count = bytes.below(3) + 1;
        (0..count).map(|_| schema(bytes, depth - 1)).collect()
    };
    match bytes.below(if depth == 0 { 10 } else { 22 }) {
        0 | 1 => ("type", one(&TYPES, bytes).into()),
        2 => ("type", json!([one(&TYPES, bytes), "null"])),
        3 => (one(&SIZES, bytes), bytes.below(5).into()),
        4 => match one(&NUMBERS, bytes) {
            "multipleOf" => ("multipleOf", json!(0.5 * (1 + bytes.below(6)) as f64)),
            bound => (bound, json!(f64::from(bytes.byte() as i8) / 2.0)),
        },
        5 => ("pattern", one(&PATTERNS, bytes).into()),
        6 => ("format", one(&FORMATS, bytes).into()),
        7 => ("const", value(bytes, 2)),
        8 => ("enum", json!([value(bytes, 1), value(bytes, 1)])),
        9 => ("uniqueItems", true.into()),
        10 => (
            "$ref",
            format!("#/$defs/{}", one(&DEFINITIONS, bytes)).into(),
        ),
        11 | 12 => {
            let count = bytes.below(4);
            let members = (0..count).map(|_| (name(bytes), schema(bytes, depth - 1)));
            ("properties", Value::Object(members.collect()))
        }
        13 => ("required", json!([name(bytes)])),
        14 => ("additionalProperties", schema(bytes, depth - 1)),
        15 => ("items", schema(bytes, depth - 1)),
        16 => ("prefixItems", many(bytes)),
        17 => ("anyOf", many(bytes)),
        18 => ("oneOf", many(bytes)),
        19 => ("allOf", many(bytes)),
        20 => ("not", schema(bytes, depth - 1)),
        _ => ("contains", schema(bytes, depth - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_that_differs_is_noticed() {
        let (schema, ours) = (json!({"type": "integer"}), Ok(()));
        assert_eq!(agree(&schema, &json!(5), &ours), Ok(()));
        assert!(agree(&schema, &json!("five"), &ours).is_err());
        assert!(agree(&schema, &json!(5), &Err(vec![String::new()])).is_err());
    }

    #[test]
    fn a_problem_in_a_place_that_does_not_exist_is_noticed() {
        let (schema, value) = (json!({"required": ["b"]}), json!({"a": 1}));
        let at = |pointer: &str| agree(&schema, &value, &Err(vec![pointer.to_owned()]));
        assert_eq!((at(""), at("/b")), (Ok(()), Ok(())));
        assert!(at("/x/y").is_err());
    }

    #[test]
    fn most_generated_schemas_are_compared() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut usable = 0;
        for _ in 0..200 {
            let input: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(400).collect();
            let schema = schema(&mut Bytes::new(&input), DEPTH);
            usable += usize::from(
                jsonschema::options()
                    .offline()
                    .build(&json!({"$defs": {"A": true, "B": true, "C": true}, "allOf": [schema]}))
                    .is_ok(),
            );
        }
        assert!(usable > 150, "{usable}");
    }
}
