//! Types as people read them, in a line: `{name: string, times?: u8}`, made from schemas.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::text;

/// How many characters of a type are shown.
const MAX_SHOWN: usize = 160;

/// How many types within types are shown.
const MAX_NESTING: usize = 8;

/// A schema in a line. What it refers to is named and not looked up.
pub fn of(schema: &Value) -> String {
    let mut shown = String::new();
    write(schema, &mut shown, MAX_NESTING);
    match shown.char_indices().nth(MAX_SHOWN) {
        Some((cut, _)) => format!("{}…", shown.get(..cut).unwrap_or_default()),
        None => shown,
    }
}

/// A value in a line, as in `= "Hello"`.
pub fn value(value: &Value) -> String {
    cut(&value.to_string(), MAX_SHOWN)
}

/// The start of a text in one line, without what a terminal would act on.
pub fn cut(text: &str, limit: usize) -> String {
    text::line(text, limit)
}

/// The lines of a text, without what a terminal would act on.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().take(200).map(|line| text::line(line, 2000))
}

fn write(schema: &Value, shown: &mut String, nesting: usize) {
    let keywords = match schema {
        Value::Object(keywords) => keywords,
        Value::Bool(false) => return shown.push_str("nothing"),
        _ => return shown.push_str("any"),
    };
    let Some(nesting) = nesting
        .checked_sub(1)
        .filter(|_| shown.len() <= 4 * MAX_SHOWN)
    else {
        return shown.push('…');
    };
    if let Some(referred) = keywords.get("$ref").and_then(Value::as_str) {
        let name = referred.rsplit('/').next().unwrap_or(referred);
        shown.push_str(&cut(name, 80));
    } else if let Some(value) = keywords.get("const") {
        shown.push_str(&self::value(value));
    } else if let Some(Value::Array(values)) = keywords.get("enum") {
        let values: Vec<_> = values.iter().take(50).map(value).collect();
        shown.push_str(&values.join(" | "));
    } else if let Some(Value::Array(any)) = keywords.get("anyOf").or_else(|| keywords.get("oneOf"))
    {
        separated(any, " | ", shown, nesting);
    } else if let Some(Value::Array(all)) = keywords.get("allOf") {
        separated(all, " & ", shown, nesting);
    } else {
        typed(keywords, shown, nesting);
    }
}

fn separated(schemas: &[Value], separator: &str, shown: &mut String, nesting: usize) {
    for (nth, schema) in schemas.iter().take(50).enumerate() {
        shown.push_str(if nth > 0 { separator } else { "" });
        write(schema, shown, nesting);
    }
}

fn typed(keywords: &Map<String, Value>, shown: &mut String, nesting: usize) {
    let types: Vec<&str> = match keywords.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if keywords.contains_key("properties") => vec!["object"],
        _ => return shown.push_str("any"),
    };
    for (nth, name) in types.iter().enumerate() {
        shown.push_str(if nth > 0 { " | " } else { "" });
        match *name {
            "integer" => integer(keywords, shown),
            "string" => string(keywords, shown),
            "array" => array(keywords, shown, nesting),
            "object" => object(keywords, shown, nesting),
            other => shown.push_str(&cut(other, 20)),
        }
    }
}

/// By Rust's name, where it has one for the bounds.
fn integer(keywords: &Map<String, Value>, shown: &mut String) {
    let bound = |name: &str| {
        keywords.get(name).and_then(|bound| {
            let signed = bound.as_i64().map(i128::from);
            signed.or_else(|| bound.as_u64().map(i128::from))
        })
    };
    let named = match (bound("minimum"), bound("maximum")) {
        (None, None) => "integer",
        (Some(0), Some(255)) => "u8",
        (Some(0), Some(65_535)) => "u16",
        (Some(0), Some(4_294_967_295)) => "u32",
        (Some(0), Some(18_446_744_073_709_551_615)) => "u64",
        (Some(-128), Some(127)) => "i8",
        (Some(-32_768), Some(32_767)) => "i16",
        (Some(-2_147_483_648), Some(2_147_483_647)) => "i32",
        (Some(-9_223_372_036_854_775_808), Some(9_223_372_036_854_775_807)) => "i64",
        (least, most) => {
            shown.push_str("integer ");
            let _ = least.map_or(Ok(()), |least| write!(shown, "{least}"));
            shown.push_str("..");
            let _ = most.map_or(Ok(()), |most| write!(shown, "={most}"));
            return;
        }
    };
    shown.push_str(named);
}

fn string(keywords: &Map<String, Value>, shown: &mut String) {
    shown.push_str("string");
    if let Some(format) = keywords.get("format").and_then(Value::as_str) {
        let _ = write!(shown, " ({})", cut(format, 40));
    }
}

fn array(keywords: &Map<String, Value>, shown: &mut String, nesting: usize) {
    shown.push('[');
    let items = keywords
        .get("items")
        .filter(|items| **items != Value::Bool(false));
    if let Some(Value::Array(first)) = keywords.get("prefixItems") {
        separated(first, ", ", shown, nesting);
        if items.is_some() {
            shown.push_str(", …");
        }
    } else if let Some(items) = items {
        write(items, shown, nesting);
        let exactly = keywords
            .get("minItems")
            .filter(|least| keywords.get("maxItems") == Some(*least));
        if let Some(exactly) = exactly {
            let _ = write!(shown, "; {exactly}");
        }
    } else {
        shown.push_str("any");
    }
    shown.push(']');
}

fn object(keywords: &Map<String, Value>, shown: &mut String, nesting: usize) {
    let members = keywords.get("properties").and_then(Value::as_object);
    let mut members = members.into_iter().flatten().peekable();
    let other = keywords
        .get("additionalProperties")
        .filter(|other| !other.is_boolean());
    if members.peek().is_none() && other.is_none() {
        return shown.push_str("object");
    }
    let required = keywords.get("required").and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
    shown.push('{');
    let mut separator = "";
    for (name, schema) in members {
        let optional = if is_required(name) { "" } else { "?" };
        let _ = write!(shown, "{separator}{}{optional}: ", cut(name, 60));
        write(schema, shown, nesting);
        separator = ", ";
        if shown.len() > 4 * MAX_SHOWN {
            break;
        }
    }
    if let Some(other) = other {
        let _ = write!(shown, "{separator}[string]: ");
        write(other, shown, nesting);
    }
    shown.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn types_are_shown_as_an_author_would_say_them() {
        for (schema, expected) in [
            (json!(true), "any"),
            (json!({"type": "string"}), "string"),
            (json!({"type": "string", "format": "uuid"}), "string (uuid)"),
            (
                json!({"type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX}),
                "u64 | null",
            ),
            (json!({"type": "integer", "minimum": 1}), "integer 1.."),
            (
                json!({"type": "integer", "minimum": 1, "maximum": 6}),
                "integer 1..=6",
            ),
            (json!({"enum": ["a", "b"]}), r#""a" | "b""#),
            (
                json!({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}),
                "A | null",
            ),
            (
                json!({"type": "array", "items": {"$ref": "#/$defs/A"}}),
                "[A]",
            ),
            (
                json!({"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}),
                "[number; 3]",
            ),
            (
                json!({"type": "array", "prefixItems": [{"type": "string"}, true], "items": false}),
                "[string, any]",
            ),
            (
                json!({"type": "object", "properties": {"a": true, "b": {"type": "null"}}, "required": ["a"]}),
                "{a: any, b?: null}",
            ),
            (
                json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
                "{[string]: boolean}",
            ),
        ] {
            assert_eq!(of(&schema), expected);
        }
    }

    #[test]
    fn neither_deep_nor_wide_types_nor_escapes_reach_the_terminal() {
        let deep = (0..60).fold(
            json!(true),
            |inner, _| json!({"type": "array", "items": inner}),
        );
        assert_eq!(of(&deep), "[[[[[[[[…]]]]]]]]");
        let members: Map<String, Value> = (0..10_000)
            .map(|nth| (format!("m{nth}"), json!(true)))
            .collect();
        assert!(of(&json!({"type": "object", "properties": members})).len() < 200);
        assert_eq!(of(&json!({"$ref": "#/$defs/\u{1b}[2J"})), "\\u{1b}[2J");
    }
}
