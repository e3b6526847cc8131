//! Example values for schemas.

use serde_json::{Map, Value, json};

use super::{Integers, Kind, Numbers, Schemas, Text, Whole};

/// The greatest depth of an example. A type that always contains another value of itself has none.
const MAX_DEPTH: usize = 16;

/// The greatest number of values in an example, and of values visited while making one.
const MAX_VALUES: u64 = 100_000;

/// The most items or characters that an example has because its schema requires so many.
const MAX_LENGTH: u64 = 10_000;

impl<'a> Schemas<'a> {
    /// Returns a value that the schema allows: its first example, else its default, else the
    /// simplest value with only the required members.
    ///
    /// Returns `None` if only the author knows a value, as for text that must match a pattern, and
    /// if the example would contain more than 100,000 values.
    pub fn example(&self, schema: &'a Value) -> Option<Value> {
        self.example_within(schema, MAX_DEPTH, &mut { MAX_VALUES })
    }

    /// Returns an example, visiting at most `left` more values.
    fn example_within(&self, schema: &'a Value, depth: usize, left: &mut u64) -> Option<Value> {
        let deeper = depth.checked_sub(1)?;
        *left = left.checked_sub(1)?;
        let shape = self.shape(schema);
        if let Some(example) = shape.examples.first().or(shape.default) {
            return given(example, left);
        }
        if shape.nullable {
            return Some(Value::Null);
        }
        self.example_of(&shape.kind, deeper, left)
    }

    fn example_of(&self, kind: &Kind<'a>, deeper: usize, left: &mut u64) -> Option<Value> {
        match kind {
            Kind::Any | Kind::Null => Some(Value::Null),
            Kind::Boolean => Some(json!(true)),
            Kind::Integer(integers) => integers.example(),
            Kind::Number(numbers) => numbers.example(),
            Kind::Text(text) => given(&text.example()?, left),
            Kind::Choice(values) => given(values.first()?.value, left),
            Kind::List(list) => match list.min_items {
                0 => Some(json!([])),
                least if least <= MAX_LENGTH => {
                    let before = *left;
                    let item = self.example_within(list.items, deeper, left)?;
                    // Every other item contains as many values as the first.
                    let others = (before - *left).checked_mul(least - 1)?;
                    *left = left.checked_sub(others)?;
                    Some(Value::Array(vec![item; usize::try_from(least).ok()?]))
                }
                _ => None,
            },
            Kind::Tuple(items) => {
                let items = items
                    .iter()
                    .map(|item| self.example_within(item, deeper, left));
                items.collect::<Option<_>>().map(Value::Array)
            }
            Kind::Map(_) => Some(json!({})),
            Kind::Object(object) => {
                let required = object.members.iter().filter(|member| member.required);
                let members = required.map(|member| {
                    let value = self.example_within(member.schema, deeper, left)?;
                    Some((member.name.to_owned(), value))
                });
                members.collect::<Option<Map<_, _>>>().map(Value::Object)
            }
            Kind::OneOf(alternatives) => alternatives
                .iter()
                .find_map(|alternative| self.example_within(alternative, deeper, left)),
            Kind::Several(kinds) => kinds
                .iter()
                .find_map(|kind| self.example_of(kind, deeper, left)),
        }
    }
}

/// Returns a given value unchanged, and counts it with all values in it.
fn given(value: &Value, left: &mut u64) -> Option<Value> {
    *left = left.checked_sub(size(value))?;
    Some(value.clone())
}

/// Returns the number of values in a value; eight bytes of text count as one.
fn size(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64 / 8,
        Value::Array(items) => items.iter().map(|item| 1 + size(item)).sum(),
        Value::Object(members) => members.values().map(|value| 1 + size(value)).sum(),
        _ => 0,
    }
}

impl Integers {
    fn example(&self) -> Option<Value> {
        let candidates = [Some(Whole::ONE), self.lowest, self.highest];
        let number = candidates
            .into_iter()
            .flatten()
            .find(|number| self.contains(*number))?;
        number.to_number().map(Value::Number)
    }
}

impl Numbers {
    fn example(&self) -> Option<Value> {
        let bounds = [self.minimum, self.maximum, self.above, self.below];
        let between = self
            .above
            .or(self.minimum)
            .zip(self.below.or(self.maximum))
            .map(|(lowest, highest)| lowest / 2.0 + highest / 2.0);
        let near = bounds
            .into_iter()
            .flatten()
            .flat_map(|bound| [bound, bound + 1.0, bound - 1.0]);
        [1.0]
            .into_iter()
            .chain(near)
            .chain(between)
            .find(|number| number.is_finite() && self.contains(*number))
            .map(Value::from)
    }
}

impl Text<'_> {
    fn example(&self) -> Option<Value> {
        if self.pattern.is_some() {
            return None;
        }
        let example = match self.format {
            None => "text",
            Some("date-time") => "2000-01-01T00:00:00Z",
            Some("date") => "2000-01-01",
            Some("time") => "00:00:00Z",
            Some("duration") => "PT1S",
            Some("email") => "ada@example.com",
            Some("hostname") => "example.com",
            Some("ipv4" | "ip") => "192.0.2.1",
            Some("ipv6") => "2001:db8::1",
            Some("uri" | "url" | "iri" | "uri-reference") => "https://example.com/",
            Some("uuid") => "00000000-0000-4000-8000-000000000000",
            Some(_) => return None,
        };
        let fits = |text: &str| {
            let length = text.chars().count() as u64;
            self.min_length.is_none_or(|least| length >= least)
                && self.max_length.is_none_or(|most| length <= most)
        };
        if fits(example) {
            return Some(json!(example));
        }
        let length = self
            .min_length
            .unwrap_or(0)
            .max(self.max_length.unwrap_or(0).min(1));
        let filled = (self.format.is_none() && length <= MAX_LENGTH)
            .then(|| "x".repeat(usize::try_from(length).unwrap_or(0)))?;
        fits(&filled).then(|| json!(filled))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn example_with_too_many_values_is_none() {
        let list = |items: Value| json!({"type": "array", "items": items, "minItems": 10_000});
        let doubling = (0..16).map(|number| {
            let next = json!({"$ref": format!("#/$defs/{}", number + 1)});
            let both = json!({"a": next, "b": next});
            let object = json!({"type": "object", "properties": both, "required": ["a", "b"]});
            (number.to_string(), object)
        });
        let definitions: Map<String, Value> = doubling.collect();
        let schemas = Schemas::new(&definitions);
        for schema in [
            list(list(json!(true))),
            list(json!({"default": "x".repeat(10_000)})),
            list(json!({"type": "string", "minLength": 10_000})),
            json!({"$ref": "#/$defs/0"}),
        ] {
            assert_eq!(schemas.example(&schema), None);
        }
        let long = schemas.example(&list(json!({"type": "boolean"})));
        assert_eq!(
            long.map(|long| long.as_array().unwrap().len()),
            Some(10_000)
        );
    }

    #[test]
    fn examples_are_valid_under_their_schema() {
        let definitions = json!({
            "List": {"type": "object", "properties": {"next": {"$ref": "#/$defs/List"}}},
            "Endless": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Endless"}}, "required": ["next"]},
        });
        let schemas = Schemas::new(definitions.as_object().unwrap());
        for (schema, example) in [
            (json!({"type": "integer", "minimum": 5}), Some(json!(5))),
            (json!({"type": "integer", "maximum": -5}), Some(json!(-5))),
            (json!({"type": "integer", "minimum": 2, "maximum": 1}), None),
            (
                json!({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.5}),
                Some(json!(1.25)),
            ),
            (
                json!({"type": "string", "minLength": 6}),
                Some(json!("xxxxxx")),
            ),
            (json!({"type": "string", "maxLength": 2}), Some(json!("x"))),
            (json!({"type": "string", "maxLength": 0}), Some(json!(""))),
            (json!({"type": "string", "pattern": "^a"}), None),
            (
                json!({"type": "string", "pattern": "^a", "examples": ["ab"]}),
                Some(json!("ab")),
            ),
            (
                json!({"type": "string", "format": "uuid"}),
                Some(json!("00000000-0000-4000-8000-000000000000")),
            ),
            (
                json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2}),
                Some(json!([true, true])),
            ),
            (json!({"enum": ["a", "b"]}), Some(json!("a"))),
            (json!({"$ref": "#/$defs/List"}), Some(json!({}))),
            (json!({"$ref": "#/$defs/Endless"}), None),
            (
                json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}),
                Some(json!({"a": 1})),
            ),
        ] {
            assert_eq!(schemas.example(&schema), example, "{schema}");
        }
    }
}
