//! Schemas in words, for people.

use serde_json::Value;

use super::{Kind, Schemas, Shape};
use crate::text;

/// How deep a value is sketched.
const MAX_DEPTH: usize = 3;

/// How many members, items, values or alternatives are told.
const MAX_TOLD: usize = 12;

/// How much text of a plugin's is quoted, in bytes.
const MAX_QUOTED: usize = 60;

/// A part of a value, as a line of a table.
#[derive(Debug, PartialEq)]
pub struct Row {
    /// Where it is, as in `items[].price`.
    pub path: String,
    pub kind: String,
    pub description: String,
}

impl<'a> Schemas<'a> {
    /// A value in one line, as in `{"name": string, "times"?: integer}`.
    pub fn sketch(&self, schema: &'a Value) -> String {
        self.sketch_within(schema, MAX_DEPTH)
    }

    /// The members of a value, and theirs.
    pub fn rows(&self, schema: &'a Value) -> Vec<Row> {
        let mut rows = Vec::new();
        self.collect_rows(&self.shape(schema), "", MAX_DEPTH, &mut rows);
        rows
    }

    /// What a value is, in a word or two: `integer`, `array of objects`.
    pub fn kind(&self, schema: &'a Value) -> String {
        self.kind_of(&self.shape(schema), MAX_DEPTH)
    }

    /// A value's alternatives, a line each; none where it has no alternatives.
    pub fn told_alternatives(&self, schema: &'a Value) -> Vec<String> {
        let Kind::OneOf(alternatives) = self.shape(schema).kind else {
            return Vec::new();
        };
        let told = alternatives.iter().take(MAX_TOLD).map(|alternative| {
            let sketch = self.sketch(alternative);
            match self.shape(alternative).description {
                Some(description) => format!("{sketch}: {}", text::first_line(description)),
                None => sketch,
            }
        });
        told.collect()
    }

    fn kind_of(&self, shape: &Shape<'a>, depth: usize) -> String {
        let word = match &shape.kind {
            Kind::Any => "any value".to_owned(),
            Kind::Null => "null".to_owned(),
            Kind::Boolean => "boolean".to_owned(),
            Kind::Integer(_) => "integer".to_owned(),
            Kind::Number(_) => "number".to_owned(),
            Kind::Text(text) => match text.format {
                Some(format) => format!("string ({})", text::line(format, MAX_QUOTED)),
                None => "string".to_owned(),
            },
            Kind::Choice(values) => listed(values.iter().map(|choice| quoted(choice.value))),
            Kind::List(list) if depth > 0 => {
                format!(
                    "array of {}",
                    plural(&self.kind_of(&self.shape(list.items), depth - 1))
                )
            }
            Kind::List(_) => "array".to_owned(),
            Kind::Tuple(items) if depth > 0 => {
                let items = items
                    .iter()
                    .map(|item| self.kind_of(&self.shape(item), depth - 1));
                format!("[{}]", bounded(items, ", "))
            }
            Kind::Tuple(_) => "array".to_owned(),
            Kind::Map(values) if depth > 0 => {
                format!(
                    "map of {}",
                    plural(&self.kind_of(&self.shape(values), depth - 1))
                )
            }
            Kind::Map(_) | Kind::Object(_) => "object".to_owned(),
            Kind::OneOf(alternatives) if depth > 0 => {
                let mut words: Vec<String> = Vec::new();
                for alternative in alternatives {
                    let word = self.kind_of(&self.shape(alternative), depth - 1);
                    if !words.contains(&word) {
                        words.push(word);
                    }
                }
                listed(words.into_iter())
            }
            Kind::OneOf(_) => "one of several".to_owned(),
        };
        match shape.nullable {
            true => format!("{word} or null"),
            false => word,
        }
    }

    fn sketch_within(&self, schema: &'a Value, depth: usize) -> String {
        let shape = self.shape(schema);
        let Some(deeper) = depth.checked_sub(1) else {
            return self.kind_of(&shape, 0);
        };
        let sketch = match &shape.kind {
            Kind::Object(object) => {
                let members = object.members.iter().map(|member| {
                    let optional = if member.required { "" } else { "?" };
                    let name = quoted(&Value::String(member.name.to_owned()));
                    format!(
                        "{name}{optional}: {}",
                        self.sketch_within(member.schema, deeper)
                    )
                });
                format!("{{{}}}", bounded(members, ", "))
            }
            Kind::List(list) => format!("[{}, …]", self.sketch_within(list.items, deeper)),
            Kind::Tuple(items) => {
                let items = items.iter().map(|item| self.sketch_within(item, deeper));
                format!("[{}]", bounded(items, ", "))
            }
            Kind::Map(values) => format!("{{KEY: {}, …}}", self.sketch_within(values, deeper)),
            Kind::OneOf(alternatives) => bounded(
                alternatives
                    .iter()
                    .map(|alternative| self.sketch_within(alternative, deeper)),
                " | ",
            ),
            Kind::Choice(values) => {
                bounded(values.iter().map(|choice| quoted(choice.value)), " | ")
            }
            _ => return self.kind_of(&shape, 0),
        };
        match shape.nullable {
            true => format!("{sketch} | null"),
            false => sketch,
        }
    }

    fn collect_rows(&self, shape: &Shape<'a>, path: &str, depth: usize, rows: &mut Vec<Row>) {
        let Some(deeper) = depth.checked_sub(1) else {
            return;
        };
        match &shape.kind {
            Kind::Object(object) => {
                for member in object.members.iter().take(MAX_TOLD * 4) {
                    let shape = self.shape(member.schema);
                    let name = text::line(member.name, MAX_QUOTED);
                    let path = match path {
                        "" => name,
                        path => format!("{path}.{name}"),
                    };
                    rows.push(Row {
                        kind: self.kind_of(&shape, MAX_DEPTH),
                        description: shape.description.map(text::first_line).unwrap_or_default(),
                        path: path.clone(),
                    });
                    self.collect_rows(&shape, &path, deeper, rows);
                }
            }
            Kind::List(list) => {
                self.collect_rows(&self.shape(list.items), &format!("{path}[]"), deeper, rows);
            }
            Kind::Map(values) => {
                self.collect_rows(&self.shape(values), &format!("{path}.*"), deeper, rows);
            }
            _ => {}
        }
    }
}

impl Shape<'_> {
    /// What a value has to keep to, each in a few words.
    pub fn constraints(&self) -> Vec<String> {
        let mut constraints = Vec::new();
        match &self.kind {
            Kind::Integer(integers) => constraints.extend(integers.words()),
            Kind::Number(numbers) => {
                let bounds = [
                    ("at least", numbers.minimum),
                    ("above", numbers.above),
                    ("at most", numbers.maximum),
                    ("below", numbers.below),
                ];
                // The bounds of a type say nothing that its name does not.
                let told = |bound: &f64| bound.abs() < f64::from(f32::MAX);
                let bounds = bounds.iter().filter_map(|(word, bound)| {
                    bound.filter(told).map(|bound| format!("{word} {bound}"))
                });
                constraints.extend(bounds);
            }
            Kind::Text(text) => {
                constraints.extend(amount(
                    text.min_length.filter(|least| *least > 0),
                    text.max_length,
                    "character",
                ));
                constraints.extend(
                    text.pattern
                        .map(|pattern| format!("pattern: {}", text::line(pattern, MAX_QUOTED))),
                );
                constraints.extend(
                    text.format
                        .map(|format| format!("format: {}", text::line(format, MAX_QUOTED))),
                );
            }
            Kind::List(list) => {
                constraints.extend(amount(
                    Some(list.min_items).filter(|least| *least > 0),
                    list.max_items,
                    "item",
                ));
            }
            _ => {}
        }
        constraints
    }
}

impl super::Integers {
    /// What the bounds leave, where they are any narrower than what JSON's integers mostly are.
    fn words(&self) -> Option<String> {
        let (lowest, highest) = (*self.0.start(), *self.0.end());
        let told = |bound: i128| bound > i128::from(i64::MIN) && bound < i128::from(i64::MAX);
        match (told(lowest), told(highest)) {
            (true, true) => Some(format!("{lowest} to {highest}")),
            (true, false) => Some(format!("at least {lowest}")),
            (false, true) => Some(format!("at most {highest}")),
            (false, false) => None,
        }
    }
}

fn amount(least: Option<u64>, most: Option<u64>, what: &str) -> Option<String> {
    let counted = |count: u64| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    match (least, most) {
        (Some(least), Some(most)) if least == most => Some(format!("exactly {}", counted(least))),
        (Some(least), Some(most)) => Some(format!("{least} to {}", counted(most))),
        (Some(least), None) => Some(format!("at least {}", counted(least))),
        (None, Some(most)) => Some(format!("at most {}", counted(most))),
        (None, None) => None,
    }
}

/// A value as JSON, bounded.
pub fn quoted(value: &Value) -> String {
    text::line(&value.to_string(), MAX_QUOTED)
}

fn plural(kind: &str) -> String {
    match kind {
        "integer" | "number" | "string" | "boolean" | "object" | "array" => format!("{kind}s"),
        "any value" => "any values".to_owned(),
        kind if kind.contains(' ') => format!("({kind})"),
        kind => kind.to_owned(),
    }
}

/// `a`, `a or b`, `a, b or c`.
fn listed(words: impl ExactSizeIterator<Item = String>) -> String {
    let count = words.len();
    let mut told: Vec<String> = words.take(MAX_TOLD).collect();
    if count > MAX_TOLD {
        told.push(format!("{} more", count - MAX_TOLD));
    }
    match told.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn bounded(words: impl ExactSizeIterator<Item = String>, between: &str) -> String {
    let more = words.len() > MAX_TOLD;
    let mut told: Vec<String> = words.take(MAX_TOLD).collect();
    if more {
        told.push("…".to_owned());
    }
    told.join(between)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_told_in_one_line() {
        let definitions = json!({
            "Item": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}}, "required": ["sku"]},
            "Tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}},
        });
        let schemas = Schemas::new(definitions.as_object().unwrap());
        for (schema, sketch, kind) in [
            (
                json!({"$ref": "#/$defs/Item"}),
                r#"{"sku": string, "count"?: integer}"#,
                "object",
            ),
            (
                json!({"type": "array", "items": {"$ref": "#/$defs/Item"}}),
                r#"[{"sku": string, "count"?: integer}, …]"#,
                "array of objects",
            ),
            (
                json!({"type": "array", "prefixItems": [{"type": "number"}, {"type": ["string", "null"]}]}),
                "[number, string or null]",
                "[number, string or null]",
            ),
            (
                json!({"type": "object", "additionalProperties": {"type": "integer"}}),
                "{KEY: integer, …}",
                "map of integers",
            ),
            (
                json!({"enum": ["low", "high", null]}),
                r#""low" | "high" | null"#,
                r#""low" or "high" or null"#,
            ),
            (
                json!({"oneOf": [{"type": "string"}, {"$ref": "#/$defs/Item"}]}),
                r#"string | {"sku": string, "count"?: integer}"#,
                "string or object",
            ),
            (
                json!({"$ref": "#/$defs/Tree"}),
                r#"{"left"?: {"left"?: {"left"?: object}}}"#,
                "object",
            ),
            (json!(true), "any value", "any value"),
        ] {
            assert_eq!(schemas.sketch(&schema), sketch);
            assert_eq!(schemas.kind(&schema), kind);
        }
    }

    #[test]
    fn bounds_are_told_where_the_type_does_not_tell_them() {
        let definitions = serde_json::Map::new();
        let schemas = Schemas::new(&definitions);
        for (schema, expected) in [
            (
                json!({"type": "integer", "minimum": 0, "maximum": 255}),
                vec!["0 to 255"],
            ),
            (
                json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
                vec!["at least 0"],
            ),
            (
                json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX}),
                vec![],
            ),
            (
                json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1.5}),
                vec!["above 0", "at most 1.5"],
            ),
            (
                json!({"type": "string", "minLength": 1, "maxLength": 1}),
                vec!["exactly 1 character"],
            ),
            (
                json!({"type": "string", "pattern": "^a\u{1b}", "format": "date"}),
                vec!["pattern: ^a\\u{1b}", "format: date"],
            ),
            (
                json!({"type": "array", "minItems": 2}),
                vec!["at least 2 items"],
            ),
        ] {
            assert_eq!(schemas.shape(&schema).constraints(), expected, "{schema}");
        }
    }

    #[test]
    fn the_members_of_a_result_are_listed_with_their_descriptions() {
        let schema = json!({"type": "object", "properties": {
            "lines": {"type": "integer", "description": "How many.\n\nMore."},
            "frequent": {"type": "array", "items": {"type": "object", "properties": {"word": {"type": "string"}}}},
        }});
        let definitions = serde_json::Map::new();
        let rows = Schemas::new(&definitions).rows(&schema);
        let told: Vec<String> = rows
            .iter()
            .map(|row| format!("{}|{}|{}", row.path, row.kind, row.description))
            .collect();
        assert_eq!(
            told,
            [
                "lines|integer|How many.",
                "frequent|array of objects|",
                "frequent[].word|string|"
            ]
        );
    }
}
