//! Expected and found values in a few words.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::super::definitions::referred;
use crate::text;

/// The most bytes of a found value, and of one value among expected ones.
const EXCERPT: usize = 40;

/// The most bytes of the expectation.
const MAX_EXPECTED: usize = 300;

/// The most alternatives that are listed.
const MAX_LISTED: usize = 8;

/// The most references that are followed to find words.
const MAX_FOLLOWED: usize = 8;

/// Returns the expectation of a schema.
pub(super) fn expected(schema: &Value, definitions: &Map<String, Value>) -> String {
    let words = of(schema, definitions, MAX_FOLLOWED);
    text::one_line(&words, MAX_EXPECTED)
}

fn of(schema: &Value, definitions: &Map<String, Value>, left: usize) -> String {
    if *schema == Value::Bool(false) {
        return "nothing".to_owned();
    }
    let Some(left) = left.checked_sub(1) else {
        return "something else".to_owned();
    };
    if let Some(constant) = schema.get("const") {
        return format!("`{}`", excerpt(constant));
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        let values = values.iter().map(|value| format!("`{}`", excerpt(value)));
        return one_of(values.collect());
    }
    let words = match schema.get("type") {
        Some(Value::String(kind)) => kind_of(kind, schema),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            one_of(kinds.map(|kind| kind_of(kind, schema)).collect())
        }
        _ => String::new(),
    };
    if !words.is_empty() {
        return words;
    }
    let all = schema.get("allOf").and_then(Value::as_array);
    let mut conditions = std::iter::once(schema).chain(all.into_iter().flatten());
    if let Some(branches) = conditions.find_map(alternatives) {
        let branches = branches.iter().map(|branch| of(branch, definitions, left));
        return one_of(branches.collect());
    }
    match referred(schema, definitions) {
        Some((_, definition)) => of(definition, definitions, left),
        None if schema.get("then") == Some(&Value::Bool(false)) => "something else".to_owned(),
        None => constraints_of("a value", schema),
    }
}

fn one_of(mut words: Vec<String>) -> String {
    let mut seen = std::collections::HashSet::new();
    words.retain(|word| seen.insert(word.clone()));
    let more = words.len().saturating_sub(MAX_LISTED);
    words.truncate(MAX_LISTED);
    let last = match more {
        0 => words.pop(),
        more => Some(format!("{more} more")),
    };
    match last {
        None => "nothing".to_owned(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}

fn kind_of(kind: &str, schema: &Value) -> String {
    let words = match kind {
        "null" => return "null".to_owned(),
        "boolean" => return "true or false".to_owned(),
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a string",
        "array" => "an array",
        "object" => "an object",
        _ => "a value",
    };
    constraints_of(words, schema)
}

/// Appends the constraints of a schema on a kind of value.
fn constraints_of(kind: &str, schema: &Value) -> String {
    let mut words = kind.to_owned();
    // Writing to a `String` never fails.
    let mut say = |args: std::fmt::Arguments<'_>| {
        let _ = words.write_fmt(args);
    };
    let get = |keyword: &str| schema.get(keyword).map(excerpt);
    let numbers = matches!(kind, "an integer" | "a number" | "a value");
    if numbers {
        match (get("minimum"), get("maximum")) {
            (Some(minimum), Some(maximum)) => say(format_args!(" from {minimum} to {maximum}")),
            (Some(minimum), None) => say(format_args!(" of at least {minimum}")),
            (None, Some(maximum)) => say(format_args!(" of at most {maximum}")),
            (None, None) => {}
        }
        for (keyword, meaning) in [
            ("exclusiveMinimum", "above"),
            ("exclusiveMaximum", "below"),
            ("multipleOf", "that is a multiple of"),
        ] {
            if let Some(limit) = get(keyword) {
                say(format_args!(" {meaning} {limit}"));
            }
        }
    }
    let (count, things) = match kind {
        "a string" => (["minLength", "maxLength"], "characters"),
        "an array" => (["minItems", "maxItems"], "elements"),
        "an object" => (["minProperties", "maxProperties"], "members"),
        _ => return words,
    };
    match count.map(get) {
        [Some(least), Some(most)] if least == most => say(format_args!(" of {least} {things}")),
        [Some(least), Some(most)] => say(format_args!(" of {least} to {most} {things}")),
        [Some(least), None] => say(format_args!(" of at least {least} {things}")),
        [None, Some(most)] => say(format_args!(" of at most {most} {things}")),
        [None, None] => {}
    }
    if kind == "a string" {
        if let Some(format) = schema.get("format").and_then(Value::as_str) {
            say(format_args!(" in the format `{}`", text::name(format)));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            say(format_args!(
                " that matches `{}`",
                text::one_line(pattern, 100)
            ));
        }
    }
    if kind == "an array" && schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        say(format_args!(" without duplicates"));
    }
    words
}

/// Returns the beginning of a value, as JSON.
pub(super) fn excerpt(value: &Value) -> String {
    text::one_line(&text::beginning(value, EXCERPT), EXCERPT)
}

/// Returns the alternatives of a condition that replaces them.
pub(super) fn alternatives(condition: &Value) -> Option<&[Value]> {
    let branches = condition.get("if")?;
    let branches = branches.get("anyOf").or_else(|| branches.get("oneOf"))?;
    let is_condition = condition.get("else") == Some(&Value::Bool(false));
    is_condition.then_some(branches.as_array()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::explain::Probe;
    use super::*;
    use crate::manifest::definitions::Document;

    #[test]
    fn schemas_have_words() {
        let definitions = json!({"Level": {"enum": ["low", "high"]}, "Loop": {"anyOf": [{"$ref": "#/$defs/Loop"}, {"type": "null"}]}});
        let words_of = |schema: Value| {
            let definitions = definitions.as_object().unwrap().clone();
            let probe = Probe::new(&Document {
                schema,
                definitions,
            })
            .unwrap();
            expected(probe.root(), &probe.definitions)
        };
        for (schema, words) in [
            (
                json!({"type": "integer", "minimum": 0, "maximum": 255}),
                "an integer from 0 to 255",
            ),
            (
                json!({"type": "number", "exclusiveMinimum": 0.5}),
                "a number above 0.5",
            ),
            (
                json!({"type": ["integer", "null"], "minimum": 1}),
                "an integer of at least 1 or null",
            ),
            (
                json!({"type": "string", "minLength": 1, "maxLength": 3}),
                "a string of 1 to 3 characters",
            ),
            (
                json!({"type": "string", "pattern": "^a+$", "format": "uuid"}),
                "a string in the format `uuid` that matches `^a+$`",
            ),
            (
                json!({"type": "array", "maxItems": 2, "uniqueItems": true}),
                "an array of at most 2 elements without duplicates",
            ),
            (json!({"$ref": "#/$defs/Level"}), "`\"low\"` or `\"high\"`"),
            (
                json!({"oneOf": [{"const": 1}, {"$ref": "#/$defs/Level"}, {"type": "null"}, {"type": "null"}]}),
                "`1`, `\"low\"` or `\"high\"` or null",
            ),
            (
                json!({"enum": (0..20).collect::<Vec<_>>()}),
                "`0`, `1`, `2`, `3`, `4`, `5`, `6`, `7` or 12 more",
            ),
            (json!({"multipleOf": 2}), "a value that is a multiple of 2"),
            (json!({"not": {}}), "something else"),
            (json!(false), "nothing"),
            (
                json!({"type": "string", "pattern": "\u{1b}[2J]"}),
                "a string that matches `\\u{1b}[2J]`",
            ),
        ] {
            assert_eq!(words_of(schema), words);
        }
        assert!(words_of(json!({"$ref": "#/$defs/Loop"})).contains("null"));
    }

    #[test]
    fn an_excerpt_examines_only_the_beginning_of_a_large_value() {
        let text = excerpt(&json!(vec!["x".repeat(1000); 1000]));
        assert_eq!(text.len(), EXCERPT + "…".len());
        assert_eq!(excerpt(&json!({"a": [1, null]})), r#"{"a":[1,null]}"#);
    }
}
