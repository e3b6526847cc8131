//! Type notation: the one way in which all commands describe a value's type.
//!
//! A type fits in one line: `{name: string, times?: u8}`, `[Item]`, `"low" | "high"`, `{[string]:
//! number}`, `u64 | null`. Integers have Rust's names if their bounds match. [`Shape::constraints`]
//! describes all other constraints in words.

use serde_json::Value;

use super::{Integers, Kind, List, Object, Schemas, Shape, Whole};
use crate::text;

/// The greatest length of a type in bytes; the rest is omitted.
const MAX_LENGTH: usize = 160;

/// The greatest depth of nested types that is written.
const MAX_NESTING: usize = 8;

/// The greatest length of a name that a plugin defines, in bytes.
const MAX_NAME: usize = 60;

/// The greatest number of alternatives shown, one per line.
const MAX_ALTERNATIVES: usize = 12;

/// The greatest number of parts of a value that are shown, and their greatest depth.
const MAX_PARTS: usize = 100;
const MAX_DEPTH: usize = 3;

/// One part of a value, as a row of a table.
#[derive(Debug, PartialEq)]
pub struct Part {
    /// The path to the part, such as `items[].price`.
    pub path: String,
    /// The part's type; `object` for objects, because their members are parts too.
    pub ty: String,
    pub description: String,
}

impl<'a> Schemas<'a> {
    /// Returns a type in which named types appear by name.
    pub fn named(&self, schema: &'a Value) -> String {
        self.named_by(schema, &str::to_owned)
    }

    /// Like [`named`](Schemas::named), with names written by the caller, such as links.
    pub fn named_by(&self, schema: &'a Value, name: &dyn Fn(&str) -> String) -> String {
        self.written(&self.shape(schema), Form::Named(name))
    }

    /// Returns a type in full, for readers who must write a value without knowing the names.
    pub fn expanded(&self, schema: &'a Value) -> String {
        self.written(&self.shape(schema), Form::Expanded)
    }

    /// Returns a type in a word or two: objects without their members.
    pub fn outlined(&self, schema: &'a Value) -> String {
        self.written(&self.shape(schema), Form::Outlined)
    }

    /// Returns a value's alternatives, one per line; empty if it has none.
    pub fn alternatives(&self, schema: &'a Value) -> Vec<String> {
        let Kind::OneOf(alternatives) = self.shape(schema).kind else {
            return Vec::new();
        };
        let told = alternatives.iter().take(MAX_ALTERNATIVES);
        let told = told.map(|alternative| {
            let expanded = self.expanded(alternative);
            match self.shape(alternative).description {
                Some(description) => format!("{expanded}: {}", text::first_line(description)),
                None => expanded,
            }
        });
        told.collect()
    }

    /// Returns the members of a value, and their members in turn.
    pub fn parts(&self, schema: &'a Value) -> Vec<Part> {
        let mut parts = Vec::new();
        self.collect_parts(&self.shape(schema), "", MAX_DEPTH, &mut parts);
        parts
    }

    fn collect_parts(&self, shape: &Shape<'a>, path: &str, depth: usize, parts: &mut Vec<Part>) {
        let Some(deeper) = depth.checked_sub(1) else {
            return;
        };
        match &shape.kind {
            Kind::Object(object) => {
                for member in &object.members {
                    if parts.len() >= MAX_PARTS {
                        return;
                    }
                    let shape = self.shape(member.schema);
                    let name = text::line(member.name, MAX_NAME);
                    let path = match path {
                        "" => name,
                        path => format!("{path}.{name}"),
                    };
                    parts.push(Part {
                        ty: self.written(&shape, Form::Outlined),
                        description: shape.description.map(text::first_line).unwrap_or_default(),
                        path: path.clone(),
                    });
                    self.collect_parts(&shape, &path, deeper, parts);
                }
            }
            Kind::List(list) => {
                self.collect_parts(&self.shape(list.items), &format!("{path}[]"), deeper, parts);
            }
            Kind::Map(values) => {
                self.collect_parts(&self.shape(values), &format!("{path}.*"), deeper, parts);
            }
            _ => {}
        }
    }

    fn written(&self, shape: &Shape<'a>, form: Form<'_>) -> String {
        let mut writer = Writer {
            schemas: *self,
            form,
            within: Vec::new(),
            nesting: MAX_NESTING,
            out: String::new(),
        };
        writer.shape(shape);
        writer.out
    }
}

/// The amount of detail in which a type is written.
#[derive(Clone, Copy)]
enum Form<'f> {
    Named(&'f dyn Fn(&str) -> String),
    Expanded,
    Outlined,
}

/// Writes a type. Once it is long, abbreviates what follows, so that all brackets are closed.
struct Writer<'f, 'a> {
    schemas: Schemas<'a>,
    form: Form<'f>,
    /// The named types being written; a type within itself appears by name.
    within: Vec<&'a str>,
    /// The number of further levels of nested types to write.
    nesting: usize,
    out: String,
}

impl<'a> Writer<'_, 'a> {
    fn is_full(&self) -> bool {
        self.out.len() >= MAX_LENGTH
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes a type within the current one.
    fn schema(&mut self, schema: &'a Value) {
        if *schema == Value::Bool(false) {
            return self.push("nothing");
        }
        let nesting = self.nesting;
        match nesting.checked_sub(1) {
            Some(inner) if inner > 0 && !self.is_full() => {
                self.nesting = inner;
                self.shape(&self.schemas.shape(schema));
                self.nesting = nesting;
            }
            _ => self.push("…"),
        }
    }

    fn shape(&mut self, shape: &Shape<'a>) {
        match (shape.name, self.form) {
            (Some(name), Form::Named(form)) => {
                self.push(&form(&text::line(name, MAX_NAME)));
            }
            (Some(name), _) if self.within.contains(&name) => {
                self.push(&text::line(name, MAX_NAME))
            }
            (name, _) => {
                let outer = self.within.len();
                self.within.extend(name);
                self.unnamed(shape);
                self.within.truncate(outer);
            }
        }
        if shape.nullable {
            self.push(" | null");
        }
    }

    fn unnamed(&mut self, shape: &Shape<'a>) {
        match (&shape.kind, shape.also) {
            (Kind::Any, also @ [_, ..]) => self.separated(also, " & ", Self::schema),
            (kind, also) => {
                self.kind(kind);
                for other in also {
                    self.push(" & ");
                    self.schema(other);
                }
            }
        }
    }

    fn kind(&mut self, kind: &Kind<'a>) {
        match kind {
            Kind::Any => self.push("any"),
            Kind::Null => self.push("null"),
            Kind::Boolean => self.push("boolean"),
            Kind::Integer(integers) => self.push(&integers.notation()),
            Kind::Number(_) => self.push("number"),
            Kind::Text(text) => {
                self.push("string");
                if let Some(format) = text.format {
                    self.push(&format!(" ({})", text::line(format, MAX_NAME)));
                }
            }
            Kind::Choice(values) if values.is_empty() => self.push("nothing"),
            Kind::Choice(values) => self.separated(values, " | ", |writer, choice| {
                writer.push(&text::json(choice.value));
            }),
            Kind::List(list) => self.list(list),
            Kind::Tuple(items) => {
                self.push("[");
                self.separated(items, ", ", |writer, &item| writer.schema(item));
                self.push("]");
            }
            Kind::Map(Value::Bool(true)) => self.push("object"),
            Kind::Map(values) => {
                self.push("{[string]: ");
                self.schema(values);
                self.push("}");
            }
            Kind::Object(object) => self.object(object),
            Kind::OneOf(alternatives) => {
                self.separated(alternatives, " | ", |writer, &one| writer.schema(one));
            }
            Kind::Several(kinds) => self.separated(kinds, " | ", Self::kind),
        }
    }

    fn list(&mut self, list: &List<'a>) {
        self.push("[");
        self.schema(list.items);
        if let Some(exactly) = list.exactly() {
            self.push(&format!("; {exactly}"));
        }
        self.push("]");
    }

    fn object(&mut self, object: &Object<'a>) {
        if let Form::Outlined = self.form {
            return self.push("object");
        }
        self.push("{");
        self.separated(&object.members, ", ", |writer, member| {
            let is_plain = member.name.chars().all(|c| c.is_alphanumeric() || c == '_');
            match is_plain && !member.name.is_empty() {
                true => writer.push(&text::line(member.name, MAX_NAME)),
                false => writer.push(&text::json(&Value::String(member.name.to_owned()))),
            }
            writer.push(if member.required { ": " } else { "?: " });
            writer.schema(member.schema);
        });
        if let Some(others) = object.others {
            let separator = if object.members.is_empty() { "" } else { ", " };
            self.push(&format!("{separator}[string]: "));
            self.schema(others);
        }
        self.push("}");
    }

    /// Writes each item while there is room. Writes equal alternatives once.
    fn separated<'s, T>(
        &mut self,
        all: &'s [T],
        separator: &str,
        mut write: impl FnMut(&mut Self, &'s T),
    ) {
        let start = self.out.len();
        let mut written: Vec<String> = Vec::new();
        for one in all {
            let before = self.out.len();
            if before > start {
                self.push(separator);
            }
            if self.is_full() {
                return self.push("…");
            }
            let begin = self.out.len();
            write(self, one);
            let text = self.out.get(begin..).unwrap_or_default().to_owned();
            match separator == " | " && written.contains(&text) {
                true => self.out.truncate(before),
                false => written.push(text),
            }
        }
    }
}

impl Shape<'_> {
    /// Returns the constraints on a value, each in a few words.
    pub fn constraints(&self) -> Vec<String> {
        let typed = match &self.kind {
            Kind::Integer(integers) => integers.words(),
            Kind::Text(text) => text
                .format
                .map(|format| format!("format: {}", text::line(format, MAX_NAME))),
            Kind::List(list) => list.exactly().map(|_| list.words()).unwrap_or_default(),
            _ => None,
        };
        let mut constraints = self.refinements();
        constraints.extend(typed);
        constraints
    }

    /// Returns the [constraints](Shape::constraints) that the type notation does not express.
    pub fn refinements(&self) -> Vec<String> {
        match &self.kind {
            Kind::Number(numbers) => {
                let bounds = [
                    ("at least", numbers.minimum),
                    ("above", numbers.above),
                    ("at most", numbers.maximum),
                    ("below", numbers.below),
                ];
                // The bounds of a type itself say nothing beyond its name.
                let told = |bound: &f64| bound.abs() < f64::from(f32::MAX);
                let bounds = bounds.iter().filter_map(|(word, bound)| {
                    bound.filter(told).map(|bound| format!("{word} {bound}"))
                });
                bounds.collect()
            }
            Kind::Text(text) => {
                let least = text.min_length.filter(|least| *least > 0);
                let length = amount(least, text.max_length, "character");
                let pattern = text
                    .pattern
                    .map(|pattern| format!("pattern: {}", text::line(pattern, MAX_NAME)));
                length.into_iter().chain(pattern).collect()
            }
            Kind::List(list) if list.exactly().is_none() => list.words().into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

impl Integers {
    /// Returns Rust's name for the integer type with these bounds, if there is one.
    fn notation(&self) -> String {
        const NAMES: [(&str, i128, u128); 10] = [
            ("u8", 0, u8::MAX as u128),
            ("u16", 0, u16::MAX as u128),
            ("u32", 0, u32::MAX as u128),
            ("u64", 0, u64::MAX as u128),
            ("u128", 0, u128::MAX),
            ("i8", i8::MIN as i128, i8::MAX as u128),
            ("i16", i16::MIN as i128, i16::MAX as u128),
            ("i32", i32::MIN as i128, i32::MAX as u128),
            ("i64", i64::MIN as i128, i64::MAX as u128),
            ("i128", i128::MIN, i128::MAX as u128),
        ];
        let (lowest, highest) = match (self.lowest, self.highest) {
            (None, None) => return "integer".to_owned(),
            (Some(lowest), None) => return format!("integer {lowest}.."),
            (None, Some(highest)) => return format!("integer ..={highest}"),
            (Some(lowest), Some(highest)) => (lowest, highest),
        };
        let named = NAMES.iter().find(|(_, least, most)| {
            lowest == Whole::from(*least) && highest == Whole::from(*most)
        });
        match named {
            Some((name, ..)) => (*name).to_owned(),
            None => format!("integer {lowest}..={highest}"),
        }
    }

    /// Returns the bounds in words, if they are narrower than the usual range of JSON integers.
    fn words(&self) -> Option<String> {
        let usual = Whole::from(i64::MIN)..Whole::from(i64::MAX);
        let told = |bound: &Whole| usual.contains(bound) && *bound != usual.start;
        match (self.lowest.filter(told), self.highest.filter(told)) {
            (Some(lowest), Some(highest)) => Some(format!("{lowest} to {highest}")),
            (Some(lowest), None) => Some(format!("at least {lowest}")),
            (None, Some(highest)) => Some(format!("at most {highest}")),
            (None, None) => None,
        }
    }
}

impl List<'_> {
    /// Returns the exact number of items required, if there is one.
    fn exactly(&self) -> Option<u64> {
        self.max_items.filter(|most| *most == self.min_items)
    }

    fn words(&self) -> Option<String> {
        let least = Some(self.min_items).filter(|least| *least > 0);
        amount(least, self.max_items, "item")
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn types_are_written_in_the_authors_notation() {
        let definitions = json!({"A": {"type": "number"}});
        let schemas = Schemas::new(definitions.as_object().unwrap());
        for (schema, expected) in [
            (json!(true), "any"),
            (json!({"type": "string"}), "string"),
            (json!({"type": "string", "format": "uuid"}), "string (uuid)"),
            (
                json!({"type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX}),
                "u64 | null",
            ),
            (
                json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX}),
                "i64",
            ),
            (json!({"type": "integer"}), "integer"),
            (json!({"type": "integer", "minimum": 1}), "integer 1.."),
            (
                json!({"type": "integer", "exclusiveMaximum": 1}),
                "integer ..=0",
            ),
            (
                json!({"type": "integer", "minimum": 1, "maximum": 6}),
                "integer 1..=6",
            ),
            (json!({"type": ["string", "integer"]}), "string | integer"),
            (json!({"enum": ["a", "b", null]}), r#""a" | "b" | null"#),
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
            (json!({"type": "object"}), "object"),
            (
                json!({"type": "object", "properties": {}, "additionalProperties": false}),
                "{}",
            ),
            (
                json!({"type": "object", "properties": {"a": true, "b": {"type": "null"}}, "required": ["a"]}),
                "{a: any, b?: null}",
            ),
            (
                json!({"type": "object", "properties": {"a-b": true}}),
                r#"{"a-b"?: any}"#,
            ),
            (
                json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
                "{[string]: boolean}",
            ),
            (
                json!({"type": "object", "properties": {"a": true}, "additionalProperties": {"type": "null"}}),
                "{a?: any, [string]: null}",
            ),
            (
                json!({"type": "object", "properties": {"a": true}, "allOf": [{"$ref": "#/$defs/A"}]}),
                "{a?: any} & A",
            ),
            (
                json!({"allOf": [{"$ref": "#/$defs/A"}, {"type": "string"}]}),
                "A & string",
            ),
            (
                json!({"items": {"$ref": "#/$defs/A"}, "type": "array", "description": "x"}),
                "[A]",
            ),
        ] {
            assert_eq!(schemas.named(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn types_have_named_expanded_and_outlined_forms() {
        let definitions = json!({
            "Item": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}}, "required": ["sku"]},
            "Tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}},
        });
        let schemas = Schemas::new(definitions.as_object().unwrap());
        for (schema, named, expanded, outlined) in [
            (
                json!({"$ref": "#/$defs/Item"}),
                "Item",
                "{sku: string, count?: integer}",
                "object",
            ),
            (
                json!({"type": "array", "items": {"$ref": "#/$defs/Item"}}),
                "[Item]",
                "[{sku: string, count?: integer}]",
                "[object]",
            ),
            (
                json!({"oneOf": [{"type": "string"}, {"$ref": "#/$defs/Item"}, {"$ref": "#/$defs/Tree"}]}),
                "string | Item | Tree",
                "string | {sku: string, count?: integer} | {left?: Tree}",
                "string | object",
            ),
            (
                json!({"$ref": "#/$defs/Tree"}),
                "Tree",
                "{left?: Tree}",
                "object",
            ),
        ] {
            assert_eq!(schemas.named(&schema), named);
            assert_eq!(schemas.expanded(&schema), expanded);
            assert_eq!(schemas.outlined(&schema), outlined);
        }
        let link = |name: &str| format!("<{name}>");
        let list = json!({"type": "array", "items": {"$ref": "#/$defs/Item"}});
        assert_eq!(schemas.named_by(&list, &link), "[<Item>]");
    }

    #[test]
    fn deep_wide_and_unsafe_types_are_abbreviated_or_escaped() {
        let definitions = json!({"\u{1b}[2J": true});
        let schemas = Schemas::new(definitions.as_object().unwrap());
        let deep = (0..60).fold(
            json!(true),
            |inner, _| json!({"type": "array", "items": inner}),
        );
        assert_eq!(schemas.named(&deep), "[[[[[[[[…]]]]]]]]");
        let members: Map<String, Value> = (0..10_000)
            .map(|nth| (format!("m{nth}"), json!(true)))
            .collect();
        let wide = schemas.named(&json!({"type": "object", "properties": members}));
        assert!(wide.len() < 200 && wide.ends_with(", …}"), "{wide}");
        assert_eq!(
            schemas.named(&json!({"$ref": "#/$defs/\u{1b}[2J"})),
            "\\u{1b}[2J"
        );
    }

    #[test]
    fn bounds_are_shown_unless_the_type_implies_them() {
        let definitions = Map::new();
        let schemas = Schemas::new(&definitions);
        for (schema, constraints, refinements) in [
            (
                json!({"type": "integer", "minimum": 0, "maximum": 255}),
                vec!["0 to 255"],
                0,
            ),
            (
                json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
                vec!["at least 0"],
                0,
            ),
            (
                json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX}),
                vec![],
                0,
            ),
            (
                json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1.5}),
                vec!["above 0", "at most 1.5"],
                2,
            ),
            (
                json!({"type": "string", "minLength": 1, "maxLength": 1}),
                vec!["exactly 1 character"],
                1,
            ),
            (
                json!({"type": "string", "pattern": "^a\u{1b}", "format": "date"}),
                vec!["pattern: ^a\\u{1b}", "format: date"],
                1,
            ),
            (
                json!({"type": "array", "minItems": 2}),
                vec!["at least 2 items"],
                1,
            ),
            (
                json!({"type": "array", "minItems": 2, "maxItems": 2}),
                vec!["exactly 2 items"],
                0,
            ),
        ] {
            let shape = schemas.shape(&schema);
            assert_eq!(shape.constraints(), constraints, "{schema}");
            assert_eq!(
                shape.refinements(),
                constraints.get(..refinements).unwrap(),
                "{schema}"
            );
        }
    }

    #[test]
    fn members_of_a_result_are_listed_with_descriptions() {
        let schema = json!({"type": "object", "properties": {
            "lines": {"type": "integer", "description": "How many.\n\nMore."},
            "frequent": {"type": "array", "items": {"type": "object", "properties": {"word": {"type": "string"}}}},
        }});
        let definitions = Map::new();
        let parts = Schemas::new(&definitions).parts(&schema);
        let told: Vec<String> = parts
            .iter()
            .map(|part| format!("{}|{}|{}", part.path, part.ty, part.description))
            .collect();
        assert_eq!(
            told,
            [
                "lines|integer|How many.",
                "frequent|[object]|",
                "frequent[].word|string|"
            ]
        );
    }
}
