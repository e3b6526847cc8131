//! Values that a schema allows.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{numbers, texts};
use crate::schema::{Kind, List, Schemas};

/// The depth below which only the simplest values are made.
const MAX_DEPTH: usize = 8;

/// The number of values in a value above which lists end and optional members are left out, and
/// the number at which there is no value.
const SOFT_SIZE: u64 = 200;
const MAX_SIZE: u64 = 10_000;

/// The greatest size of the simplest value of a schema, and the schemas that count as visited for
/// it.
const SIMPLEST_SIZE: u64 = 2_000;
const SIMPLEST_VISITS: u64 = 100;

/// The bytes of text that cost as much as one value.
const TEXT_OF_A_VALUE: usize = 64;

/// The greatest number of items of a list, in addition to those that it must have.
const MOST_ITEMS: u64 = 5;

/// The greatest number of items in a list that is long for once.
const MANY_ITEMS: u64 = 100;

/// Makes values that schemas allow, up to a size.
pub struct Values<'a, 'r> {
    schemas: Schemas<'a>,
    random: &'r mut Rng,
    /// The number of schemas visited for the value so far; a wide schema counts as several.
    visited: u64,
}

impl<'a, 'r> Values<'a, 'r> {
    pub fn new(schemas: Schemas<'a>, random: &'r mut Rng) -> Self {
        Values {
            schemas,
            random,
            visited: 0,
        }
    }

    /// Returns a value that a schema allows; `None` if only the author knows one, or if it would be
    /// too large.
    ///
    /// Constraints that the tool does not know are ignored, so the result may be invalid.
    pub fn value(mut self, schema: &'a Value) -> Option<Value> {
        let made = self.of(schema, MAX_DEPTH);
        made.or_else(|| self.schemas.example_within(schema, SIMPLEST_SIZE))
    }

    fn of(&mut self, schema: &'a Value, depth: usize) -> Option<Value> {
        self.visit(1)?;
        let Some(deeper) = depth.checked_sub(1) else {
            // As expensive as many values.
            self.visit(SIMPLEST_VISITS)?;
            return self.schemas.example_within(schema, SIMPLEST_SIZE);
        };
        let shape = self.schemas.shape(schema);
        self.visit(shape.cost())?;
        if shape.nullable && self.random.u8(..6) == 0 {
            return Some(Value::Null);
        }
        if self.random.u8(..10) == 0
            && let Some(given) = self.random.choice(shape.examples).or(shape.default)
        {
            return self.copied(given);
        }
        let made = match &shape.kind {
            Kind::Object(_) => self.object(schema, deeper),
            kind => self.of_kind(kind, deeper),
        };
        let value = match made {
            Some(made) => made,
            None => self.copied(shape.examples.first().or(shape.default)?)?,
        };
        self.flattened(value, shape.also, deeper)
    }

    fn of_kind(&mut self, kind: &Kind<'a>, depth: usize) -> Option<Value> {
        match kind {
            Kind::Any => Some(anything(self.random, 2)),
            Kind::Null => Some(Value::Null),
            Kind::Boolean => Some(self.random.bool().into()),
            Kind::Integer(integers) => numbers::integer(self.random, integers),
            Kind::Number(bounds) => numbers::float(self.random, bounds),
            Kind::Text(text) => {
                let text = Value::String(texts::text(self.random, text)?);
                self.visit(size(&text))?;
                Some(text)
            }
            Kind::Choice(choices) => {
                let count = choices.iter().count();
                let nth = (count > 0).then(|| self.random.usize(..count))?;
                let choice = choices.iter().nth(nth)?;
                self.copied(choice.value)
            }
            Kind::List(list) => self.list(list, depth),
            Kind::Tuple(items) => {
                let items = items.iter().map(|item| self.of(item, depth));
                items.collect::<Option<_>>().map(Value::Array)
            }
            Kind::Map(values) => self.map(values, depth),
            Kind::OneOf(alternatives) => {
                let alternative = self.random.choice(alternatives)?;
                self.of(alternative, depth)
            }
            Kind::Several(kinds) => {
                let kind = self.random.choice(kinds)?;
                self.of_kind(kind, depth)
            }
            // `of` knows all of its members.
            Kind::Object(_) => None,
        }
    }

    fn list(&mut self, list: &List<'a>, depth: usize) -> Option<Value> {
        let least = list.min_items;
        let most = list.max_items.unwrap_or(u64::MAX);
        let more = match self.random.u8(..24) {
            _ if self.is_large() => 0,
            0..=4 => 0,
            5 => MANY_ITEMS,
            _ => self.random.u64(..=MOST_ITEMS),
        };
        let count = least.saturating_add(more).min(most.max(least));
        let mut items = Vec::new();
        while (items.len() as u64) < count {
            let is_enough = items.len() as u64 >= least;
            if is_enough && self.is_large() {
                break;
            }
            match self.of(list.items, depth) {
                Some(item) => items.push(item),
                None if is_enough => break,
                None => return None,
            }
        }
        Some(Value::Array(items))
    }

    fn map(&mut self, values: &'a Value, depth: usize) -> Option<Value> {
        let mut members = Map::new();
        if !self.is_large() {
            for _ in 0..self.random.u64(..=MOST_ITEMS) {
                let Some(value) = self.of(values, depth) else {
                    break;
                };
                members.insert(texts::word(self.random), value);
            }
        }
        Some(Value::Object(members))
    }

    /// Makes an object with its required members and some of the others.
    fn object(&mut self, schema: &'a Value, depth: usize) -> Option<Value> {
        let (all, cost) = self.schemas.members_with_cost(schema);
        self.visit(cost)?;
        let share = self.random.u8(..=4);
        let mut members = Map::new();
        for member in all {
            let is_chosen = !self.is_large() && self.random.u8(..4) < share;
            if !(member.required || is_chosen) {
                continue;
            }
            match self.of(member.schema, depth) {
                Some(value) => drop(members.insert(member.name.to_owned(), value)),
                None if member.required => return None,
                None => {}
            }
        }
        Some(Value::Object(members))
    }

    /// Adds the members that flattened types require.
    fn flattened(&mut self, value: Value, also: &'a [Value], depth: usize) -> Option<Value> {
        let Value::Object(mut members) = value else {
            return Some(value);
        };
        for schema in also {
            if let Some(Value::Object(more)) = self.of(schema, depth) {
                members.extend(more);
            }
        }
        Some(Value::Object(members))
    }

    /// Copies a value of the schema, unless the whole becomes too large.
    fn copied(&mut self, value: &Value) -> Option<Value> {
        self.visit(size(value))?;
        Some(value.clone())
    }

    fn visit(&mut self, schemas: u64) -> Option<()> {
        self.visited = self.visited.saturating_add(schemas);
        (self.visited <= MAX_SIZE).then_some(())
    }

    fn is_large(&self) -> bool {
        self.visited > SOFT_SIZE
    }
}

/// Returns the number of values that a value counts as, without the one that it is counted as
/// anyway.
pub fn size(value: &Value) -> u64 {
    let text = |text: &str| (text.len() / TEXT_OF_A_VALUE) as u64;
    match value {
        Value::String(value) => text(value),
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| size(value) + text(name) + 1)
            .sum(),
        _ => 0,
    }
}

/// Returns any JSON value, of a small size.
pub fn anything(random: &mut Rng, depth: usize) -> Value {
    let deepest = if depth > 0 { 9 } else { 7 };
    match random.u8(..deepest) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.i64(-3..=300).into(),
        // Never whole: whether 2.0 is an integer is a matter of opinion.
        3 => (f64::from(random.i16(..)) + 0.5).into(),
        4 => random
            .choice([json!(u64::MAX), json!(i64::MIN), json!(1e308)])
            .into(),
        5 | 6 => texts::word(random).into(),
        7 => {
            let items = (0..random.u8(..4)).map(|_| anything(random, depth - 1));
            Value::Array(items.collect())
        }
        _ => {
            let members = (0..random.u8(..4)).map(|_| {
                let name = texts::word(random);
                (name, anything(random, depth - 1))
            });
            Value::Object(members.collect())
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use plugin_sdk_harness::manifest::{Manifest, Validators};

    use super::*;

    /// Returns a manifest with one command, and definitions.
    fn manifest(arguments: Value, definitions: Value) -> Manifest {
        serde_json::from_value(json!({
            "abi": 1, "commands": [{"name": "a", "arguments": arguments}], "$defs": definitions,
        }))
        .unwrap()
    }

    /// Tries to make some values, and returns how many there are, and how many of them are valid.
    fn made(manifest: &Manifest, tries: usize) -> (usize, usize) {
        let mut random = Rng::with_seed(5);
        let validators = Validators::new(manifest.clone());
        let schema = manifest.commands.first().unwrap().arguments.as_ref();
        let values: Vec<Value> = (0..tries)
            .filter_map(|_| {
                let schemas = Schemas::new(&manifest.defs);
                Values::new(schemas, &mut random).value(schema.unwrap().as_value())
            })
            .collect();
        let valid = values
            .iter()
            .filter(|value| validators.check("a", value).is_ok());
        (values.len(), valid.count())
    }

    #[test]
    fn values_are_valid_for_every_form_of_schema() {
        let tree = json!({"type": "object", "properties": {
            "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            "next": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]},
        }, "required": ["children"]});
        let shape = json!({"oneOf": [
            {"const": "point"},
            {"type": "object", "properties": {"circle": {"type": "number", "exclusiveMinimum": 0}},
             "required": ["circle"], "additionalProperties": false},
        ]});
        let arguments = json!({"type": "object", "properties": {
            "tree": {"$ref": "#/$defs/Tree"},
            "shape": {"$ref": "#/$defs/Shape"},
            "pair": {"type": "array", "prefixItems": [{"type": "boolean"}, {"type": "string", "maxLength": 3}],
                "minItems": 2, "maxItems": 2},
            "bytes": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255}, "minItems": 3, "maxItems": 3},
            "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"},
            "at": {"type": "string", "format": "date-time"},
            "id": {"type": "string", "format": "uuid"},
            "map": {"type": "object", "additionalProperties": {"type": "integer"}},
            "letter": {"type": "string", "minLength": 1, "maxLength": 1},
            "ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
            "either": {"type": ["boolean", "integer"]},
        }, "required": ["tree", "shape", "pair", "code"], "additionalProperties": false});
        let manifest = manifest(arguments, json!({"Tree": tree, "Shape": shape}));
        let (made, valid) = made(&manifest, 300);
        assert_eq!(valid, made);
        // A tree may become too large.
        assert!(made > 290, "{made}");
    }

    #[test]
    fn large_parts_of_schemas_are_not_multiplied() {
        let text = "x".repeat(1 << 20);
        let parts = [
            json!({"const": text.clone()}),
            json!({"enum": [text.clone()]}),
            json!({"type": "string", "examples": [text.clone()]}),
            json!({"type": "string", "pattern": "^(abcdefghij){6000}$"}),
            json!({"type": "string", "minLength": 60_000}),
            json!({"type": "array", "items": {"const": text}, "minItems": 100}),
        ];
        for part in parts {
            let arguments = json!({"type": "array", "items": part, "minItems": 1000});
            let mut random = Rng::with_seed(5);
            let definitions = Map::new();
            for _ in 0..20 {
                let schemas = Schemas::new(&definitions);
                let made = Values::new(schemas, &mut random).value(&arguments);
                let bytes = made.map_or(0, |value| value.to_string().len());
                assert!(bytes < 2 << 20, "{bytes}");
            }
        }
    }

    #[test]
    fn hostile_schemas_end_soon() {
        let both = |next: Value| json!({"type": "object", "properties": {"a": next, "b": next}, "required": ["a", "b"]});
        let endless = both(json!({"$ref": "#/$defs/Endless"}));
        let mut definitions = json!({"Endless": endless});
        for nth in 0..40 {
            let next = json!({"$ref": format!("#/$defs/{}", nth + 1)});
            definitions[nth.to_string()] = both(next.clone());
            definitions[format!("or{nth}")] =
                json!({"oneOf": vec![json!({"$ref": format!("#/$defs/or{}", nth + 1)}); 8]});
        }
        let wide: Map<String, Value> = (0..20_000)
            .map(|nth| (nth.to_string(), json!({"$ref": "#/$defs/Wide"})))
            .collect();
        definitions["Wide"] = json!({"type": "object", "properties": wide});
        let long = json!({"type": "array", "items": true, "minItems": 1u64 << 60});
        for (schema, count) in [("Endless", 0), ("0", 0), ("or0", 0), ("Wide", 5)] {
            let schema = json!({"$ref": format!("#/$defs/{schema}")});
            let manifest = manifest(schema, definitions.clone());
            // Without bounds, the first of them would never end.
            assert_eq!(made(&manifest, 5).0, count);
        }
        assert_eq!(made(&manifest(long, json!({})), 5).0, 0);
    }
}
