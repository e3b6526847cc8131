//! Type notation: the one way in which all commands describe a value's type.
//!
//! A type fits in one line: `{name: string, times?: u8}`, `[Item]`, `"low" | "high"`, `{[string]:
//! number}`, `u64 | null`. Integers have Rust's names if their bounds match. [`Shape::constraints`]
//! describes all other constraints in words.

use std::cell::Cell;
use std::fmt;

use serde_json::Value;

use super::{Bound, Integers, Kind, List, MAX_STEPS, Object, Schemas, Shape, Whole};
use crate::text;

/// The greatest length of a type in bytes; the rest is omitted.
const MAX_LENGTH: usize = 160;

/// The greatest depth of nested types that is written.
const MAX_NESTING: usize = 8;

/// The greatest length of a name that a plugin defines, in bytes.
const MAX_NAME: usize = 60;

/// The greatest number of alternatives or members shown, one per line.
const MAX_PARTS: usize = 12;

/// A part of a type's notation.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    /// The name of a type that the plugin defines.
    Name(String),
}

impl<'a> Schemas<'a> {
    /// Returns a type in which named types appear by name.
    pub fn named(&self, schema: &'a Value) -> String {
        joined(self.pieces(schema))
    }

    /// Like [`named`](Schemas::named), with the names apart from the rest.
    pub fn pieces(&self, schema: &'a Value) -> Vec<Piece> {
        self.written(schema, true)
    }

    /// Returns a type in full, for readers who must write a value without knowing the names.
    pub fn expanded(&self, schema: &'a Value) -> String {
        joined(self.written(schema, false))
    }

    /// Describes the alternatives of a value, or the documented members of an object, one per line;
    /// empty if there are no such parts.
    pub fn parts(&self, schema: &'a Value) -> String {
        let described = |name: String, part: &'a Value| match self.shape(part).description {
            Some(description) => format!("\n- {name}: {}", text::first_line(description)),
            None => format!("\n- {name}"),
        };
        match self.shape(schema).kind {
            Kind::OneOf(alternatives) => {
                let shown = alternatives.into_iter().take(MAX_PARTS);
                let lines = shown.map(|one| described(self.expanded(one), one));
                format!("One of:{}", lines.collect::<String>())
            }
            Kind::Object(object) => {
                let shown = object.members().into_iter().take(MAX_PARTS);
                let lines = shown
                    .filter(|member| self.shape(member.schema).description.is_some())
                    .map(|member| described(text::line(member.name, MAX_NAME), member.schema));
                match lines.collect::<String>() {
                    none if none.is_empty() => none,
                    lines => format!("Members:{lines}"),
                }
            }
            _ => String::new(),
        }
    }

    fn written(&self, schema: &'a Value, by_name: bool) -> Vec<Piece> {
        let mut writer = Writer {
            schemas: *self,
            by_name,
            within: Vec::new(),
            steps: Cell::new(MAX_STEPS),
            out: Vec::new(),
            length: 0,
        };
        writer.schema(schema);
        writer.out
    }
}

fn joined(pieces: Vec<Piece>) -> String {
    let words = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) | Piece::Name(text) => text,
    });
    words.collect()
}

/// Writes a type. Once it is long, abbreviates what follows, so that all brackets are closed.
struct Writer<'a> {
    schemas: Schemas<'a>,
    /// True to write a named type's name in place of the type.
    by_name: bool,
    /// The types being written, with their names. A named type within itself appears by name.
    within: Vec<Option<&'a str>>,
    /// The number of further schemas to read.
    steps: Cell<u32>,
    out: Vec<Piece>,
    /// The length of the output in bytes.
    length: usize,
}

impl<'a> Writer<'a> {
    fn push(&mut self, text: &str) {
        self.length += text.len();
        match self.out.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.out.push(Piece::Text(text.to_owned())),
        }
    }

    fn push_name(&mut self, name: String) {
        self.length += name.len();
        self.out.push(Piece::Name(name));
    }

    fn is_full(&self) -> bool {
        self.length >= MAX_LENGTH
    }

    fn schema(&mut self, schema: &'a Value) {
        if *schema == Value::Bool(false) {
            return self.push("nothing");
        }
        if self.within.len() >= MAX_NESTING || self.is_full() {
            return self.push("…");
        }
        let shape = self.schemas.shape_in_steps(schema, &self.steps);
        let shown = shape.name.map(|name| text::line(name, MAX_NAME));
        match shown {
            Some(name) if self.by_name || self.within.contains(&shape.name) => self.push_name(name),
            _ => {
                self.within.push(shape.name);
                self.unnamed(&shape);
                self.within.pop();
            }
        }
        if shape.nullable {
            self.push(" | null");
        }
    }

    fn unnamed(&mut self, shape: &Shape<'a>) {
        let is_any = matches!(shape.kind, Kind::Any) && !shape.also.is_empty();
        if !is_any {
            self.kind(&shape.kind);
        }
        for (nth, other) in shape.also.iter().enumerate() {
            if nth > 0 || !is_any {
                self.push(" & ");
            }
            self.schema(other);
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
            Kind::Choice(values) if values.iter().next().is_none() => self.push("nothing"),
            Kind::Choice(values) => self.separated(values.iter(), " | ", |writer, choice| {
                writer.push(&text::json(choice.value));
            }),
            Kind::List(list) => {
                self.push("[");
                self.schema(list.items);
                if let Some(exactly) = list.exactly() {
                    self.push(&format!("; {exactly}"));
                }
                self.push("]");
            }
            Kind::Tuple(items) => {
                self.push("[");
                self.separated(*items, ", ", Self::schema);
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
                self.separated(alternatives, " | ", |writer, one| writer.schema(one));
            }
            Kind::Several(kinds) => self.separated(kinds, " | ", Self::kind),
        }
    }

    fn object(&mut self, object: &Object<'a>) {
        self.push("{");
        self.separated(object.members(), ", ", |writer, member| {
            let is_plain = member.name.chars().all(|c| c.is_alphanumeric() || c == '_');
            match is_plain && !member.name.is_empty() {
                true => writer.push(&text::line(member.name, MAX_NAME)),
                false => writer.push(&text::json(&Value::String(member.name.to_owned()))),
            }
            writer.push(if member.required { ": " } else { "?: " });
            writer.schema(member.schema);
        });
        if let Some(others) = object.others {
            let separator = if object.is_empty() { "" } else { ", " };
            self.push(&format!("{separator}[string]: "));
            self.schema(others);
        }
        self.push("}");
    }

    /// Writes each item while there is room.
    fn separated<T>(
        &mut self,
        all: impl IntoIterator<Item = T>,
        separator: &str,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for (nth, one) in all.into_iter().enumerate() {
            if nth > 0 {
                self.push(separator);
            }
            if self.is_full() {
                return self.push("…");
            }
            write(self, one);
        }
    }
}

impl Shape<'_> {
    /// Returns the constraints on a value, each in a few words.
    pub fn constraints(&self) -> Vec<String> {
        let mut constraints = self.refinements();
        constraints.extend(match &self.kind {
            Kind::Integer(integers) => integers.words(),
            Kind::Text(text) => text
                .format
                .map(|format| format!("format: {}", text::line(format, MAX_NAME))),
            Kind::List(list) => list.exactly().and_then(|_| list.words()),
            _ => None,
        });
        constraints
    }

    /// Returns the [constraints](Shape::constraints) that the type notation does not express.
    pub fn refinements(&self) -> Vec<String> {
        match &self.kind {
            Kind::Number(bounds) => {
                // The bounds of a type itself say nothing beyond its name.
                let is_shown = |bound: &&Bound| bound.at.abs() < f64::from(f32::MAX);
                let bounds = bounds.iter().filter(is_shown);
                let bounds = bounds.map(|bound| format!("{} {}", bound.words, bound.at));
                bounds.collect()
            }
            Kind::Text(text) => {
                let length = amount(text.min_length, text.max_length, "character");
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
    /// Returns Rust's name for the integer type with these bounds, or `integer` and the range.
    fn notation(&self) -> String {
        for bits in [8, 16, 32, 64, 128] {
            let unused = 128 - bits;
            let unsigned = (0, Whole::Positive(u128::MAX >> unused), "u");
            let signed = (i128::MIN >> unused, (i128::MAX >> unused).into(), "i");
            for (least, most, letter) in [unsigned, signed] {
                if (self.lowest, self.highest) == (Some(least.into()), Some(most)) {
                    return format!("{letter}{bits}");
                }
            }
        }
        format!("integer {self}").trim_end().to_owned()
    }

    /// Returns the bounds in words, if they are narrower than the usual range of JSON integers.
    fn words(&self) -> Option<String> {
        let usual = Whole::from(i128::from(i64::MIN) + 1)..Whole::from(i128::from(i64::MAX));
        let is_shown = |bound: &Whole| usual.contains(bound);
        match (self.lowest.filter(is_shown), self.highest.filter(is_shown)) {
            (Some(lowest), Some(highest)) => Some(format!("{lowest} to {highest}")),
            (Some(lowest), None) => Some(format!("at least {lowest}")),
            (None, Some(highest)) => Some(format!("at most {highest}")),
            (None, None) => None,
        }
    }
}

/// Writes the range as in Rust; nothing if it has no ends.
impl fmt::Display for Integers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.lowest, self.highest) {
            (Some(lowest), Some(highest)) => write!(f, "{lowest}..={highest}"),
            (Some(lowest), None) => write!(f, "{lowest}.."),
            (None, Some(highest)) => write!(f, "..={highest}"),
            (None, None) => Ok(()),
        }
    }
}

impl List<'_> {
    /// Returns the exact number of items required, if there is one.
    fn exactly(&self) -> Option<u64> {
        self.max_items.filter(|most| *most == self.min_items)
    }

    fn words(&self) -> Option<String> {
        amount(Some(self.min_items), self.max_items, "item")
    }
}

/// Describes a number of things; a lower bound of zero counts as none.
fn amount(least: Option<u64>, most: Option<u64>, what: &str) -> Option<String> {
    let counted = |count: u64| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    match (least.filter(|least| *least > 0), most) {
        (Some(least), Some(most)) if least == most => Some(format!("exactly {}", counted(least))),
        (Some(least), Some(most)) => Some(format!("{least} to {}", counted(most))),
        (Some(least), None) => Some(format!("at least {}", counted(least))),
        (None, Some(most)) => Some(format!("at most {}", counted(most))),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn definitions() -> Map<String, Value> {
        let definitions = r##"{
            "A": {"type": "number"},
            "Item": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"$ref": "#/$defs/A"}}, "required": ["sku"]},
            "Tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}},
            "Me": {"$ref": "#/$defs/Me"},
            "Us": {"anyOf": [{"$ref": "#/$defs/Us"}]},
            "\u001b[2J": true
        }"##;
        serde_json::from_str(definitions).unwrap()
    }

    /// Schemas, their types with names, and their types in full where these differ.
    const TYPES: &str = r##"
        true → any
        false → nothing
        null → any
        {} → any
        {"type": 3} → any
        {"type": "string"} → string
        {"type": "string", "format": "uuid"} → string (uuid)
        {"type": "integer"} → integer
        {"type": "integer", "minimum": 1} → integer 1..
        {"type": "integer", "exclusiveMaximum": 1} → integer ..=0
        {"type": "integer", "minimum": 1, "maximum": 6} → integer 1..=6
        {"type": "integer", "minimum": -5, "exclusiveMinimum": 0, "maximum": 9, "exclusiveMaximum": 100} → integer 1..=9
        {"type": "integer", "minimum": 0, "maximum": 255} → u8
        {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807} → i64
        {"type": "integer", "minimum": 0, "maximum": 340282366920938463463374607431768211455} → u128
        {"type": "integer", "minimum": 1, "maximum": 340282366920938463463374607431768211455} → integer 1..=340282366920938463463374607431768211455
        {"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615} → u64 | null
        {"type": ["string", "null", "integer"]} → string | integer | null
        {"enum": ["a", "b", null]} → "a" | "b" | null
        {"oneOf": [{"const": "a"}, {"enum": [1, null]}]} → "a" | 1 | null
        {"oneOf": []} → nothing
        {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/A"}]} → A | null → number | null
        {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]} → A | null → number | null
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]} → integer 0.. | null
        {"type": "array", "items": {"$ref": "#/$defs/Item"}} → [Item] → [{sku: string, count?: number}]
        {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3} → [number; 3]
        {"type": "array", "prefixItems": [{"type": "string"}, true], "items": false} → [string, any]
        {"type": "object"} → object
        {"type": "object", "properties": {}, "additionalProperties": false} → {}
        {"type": "object", "properties": {"a": true, "b": {"type": "null"}}, "required": ["a"]} → {a: any, b?: null}
        {"type": "object", "properties": {"a-b": true}} → {"a-b"?: any}
        {"type": "object", "additionalProperties": {"type": "boolean"}} → {[string]: boolean}
        {"type": "object", "properties": {"a": true}, "additionalProperties": {"type": "null"}} → {a?: any, [string]: null}
        {"properties": {"a": true}, "allOf": [{"$ref": "#/$defs/A"}]} → {a?: any} & A → {a?: any} & number
        {"allOf": [{"$ref": "#/$defs/A"}, {"type": "string"}]} → A & string → number & string
        {"allOf": [{"type": "string"}], "description": "x"} → string
        {"$ref": "#/$defs/Tree"} → Tree → {left?: Tree}
        {"$ref": "#/$defs/Me"} → Me → any
        {"$ref": "#/$defs/Nobody"} → any
        {"$ref": "https://example.com/schema"} → any
        {"$ref": "#/$defs/\u001b[2J"} → \u{1b}[2J → any
    "##;

    #[test]
    fn types_have_a_named_and_an_expanded_form() {
        let definitions = definitions();
        let schemas = Schemas::new(&definitions);
        for line in TYPES.trim().lines() {
            let parts: Vec<&str> = line.trim().split(" → ").collect();
            let schema = serde_json::from_str(parts[0]).unwrap();
            assert_eq!(schemas.named(&schema), parts[1], "{line}");
            assert_eq!(schemas.expanded(&schema), *parts.last().unwrap(), "{line}");
        }
        // Must end; the result does not matter.
        schemas.expanded(&json!({"$ref": "#/$defs/Us"}));
        let list = json!({"type": "array", "items": {"$ref": "#/$defs/Item"}});
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            schemas.pieces(&list),
            [text("["), Piece::Name("Item".to_owned()), text("]")]
        );
    }

    #[test]
    fn deep_and_wide_types_are_abbreviated() {
        let definitions = Map::new();
        let schemas = Schemas::new(&definitions);
        let list = |items, _| json!({"type": "array", "items": items});
        assert_eq!(
            schemas.named(&(0..60).fold(json!(true), list)),
            "[[[[[[[[…]]]]]]]]"
        );
        let members = (0..10_000).map(|nth| (format!("m{nth}"), json!(true)));
        let members: Map<String, Value> = members.collect();
        let wide = schemas.named(&json!({"type": "object", "properties": members}));
        assert!(wide.len() < 200 && wide.ends_with(", …}"), "{wide}");
    }

    /// Schemas and their constraints, those that the notation expresses in parentheses.
    const CONSTRAINTS: &str = r##"
        {"type": "integer", "minimum": 0, "maximum": 255} → (0 to 255)
        {"type": "integer", "minimum": 0, "maximum": 18446744073709551615} → (at least 0)
        {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807} →
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1.5} → above 0, at most 1.5
        {"type": "string", "minLength": 1, "maxLength": 1} → exactly 1 character
        {"type": "string", "pattern": "^a\u001b", "format": "date"} → pattern: ^a\u{1b}, (format: date)
        {"type": "array", "minItems": 2} → at least 2 items
        {"type": "array", "minItems": 2, "maxItems": 2} → (exactly 2 items)
    "##;

    #[test]
    fn bounds_are_shown_unless_the_type_implies_them() {
        let definitions = Map::new();
        for line in CONSTRAINTS.trim().lines() {
            let (schema, expected) = line.trim().split_once(" →").unwrap();
            let schema = serde_json::from_str(schema).unwrap();
            let shape = Schemas::new(&definitions).shape(&schema);
            let refinements = shape.refinements();
            let written = shape.constraints().into_iter().map(|constraint| {
                match refinements.contains(&constraint) {
                    true => constraint,
                    false => format!("({constraint})"),
                }
            });
            let written: Vec<String> = written.collect();
            assert_eq!(written.join(", "), expected.trim(), "{line}");
        }
    }
}
