//! Example values for schemas.

use serde_json::{Value, json};

use super::{Bound, Integers, Kind, List, Schemas, Text, Whole};

/// The greatest depth of an example. A type that always contains another value of itself has none.
const MAX_DEPTH: usize = 16;

/// The greatest depth at which parts vary, and the greatest number of values for one schema.
const MAX_VARIED_DEPTH: usize = 4;
const MAX_VALUES: usize = 64;

/// The greatest number of values in the examples for a schema, and of schemas visited while making
/// them; a wide schema counts as several.
const MAX_SIZE: u64 = 100_000;

/// The most items or characters that an example has because its schema requires so many.
const MAX_LENGTH: u64 = 10_000;

impl<'a> Schemas<'a> {
    /// Returns a value that the schema allows: its first example, else its default, else the
    /// simplest value with only the required members.
    ///
    /// Returns `None` if only the author knows a value, as for text that must match a pattern, and
    /// if the example would contain more than 100,000 values.
    pub fn example(&self, schema: &'a Value) -> Option<Value> {
        self.example_within(schema, MAX_SIZE)
    }

    /// Returns the same example, unless it or the search for it exceeds a size.
    pub fn example_within(&self, schema: &'a Value, size: u64) -> Option<Value> {
        self.maker(size).examples(schema, MAX_DEPTH, 0).pop()
    }

    /// Returns values that the schema allows: each choice, each alternative, both ends of ranges,
    /// `null` if allowed, and objects with as few and as many members as possible.
    ///
    /// Returns none if only the author knows a value.
    pub fn variety(&self, schema: &'a Value) -> Vec<Value> {
        let mut maker = self.maker(MAX_SIZE);
        maker.examples(schema, MAX_DEPTH, MAX_VARIED_DEPTH)
    }

    fn maker(&self, size: u64) -> Maker<'a> {
        Maker {
            schemas: *self,
            left: size,
        }
    }
}

/// Makes examples, up to a total size.
struct Maker<'a> {
    schemas: Schemas<'a>,
    left: u64,
}

impl<'a> Maker<'a> {
    /// Returns different examples, the simplest first. Below `varied` levels, there is one for each
    /// schema.
    fn examples(&mut self, schema: &'a Value, depth: usize, varied: usize) -> Vec<Value> {
        let (Some(()), Some(depth)) = (self.spend(1), depth.checked_sub(1)) else {
            return Vec::new();
        };
        let shape = self.schemas.shape(schema);
        if self.spend(shape.cost()).is_none() {
            return Vec::new();
        }
        let null = shape.nullable.then_some(&Value::Null);
        let given = shape.examples.iter().chain(shape.default).chain(null);
        let mut all: Vec<Value> = given
            .take(limit(varied))
            .filter_map(|value| self.copy(value))
            .collect();
        if all.len() < limit(varied) {
            let made = match &shape.kind {
                Kind::Object(_) => self.objects(schema, all.first(), depth, varied),
                kind => {
                    let is_given = shape.examples.first().or(shape.default).is_some();
                    self.make(kind, is_given, depth, varied)
                }
            };
            all.extend(made);
        }
        let mut different = Vec::new();
        for value in all {
            if different.len() < limit(varied) && !different.contains(&value) {
                different.push(value);
            }
        }
        different
    }

    /// Makes values of a kind. If the author gives one, only variations are missing.
    fn make(&mut self, kind: &Kind<'a>, is_given: bool, depth: usize, varied: usize) -> Vec<Value> {
        let deeper = varied.saturating_sub(1);
        match kind {
            Kind::Any | Kind::Text(_) | Kind::Tuple(_) | Kind::Several(_) if is_given => Vec::new(),
            Kind::Any | Kind::Null => vec![Value::Null],
            Kind::Boolean => vec![true.into(), false.into()],
            Kind::Integer(integers) => integers.examples(is_given),
            Kind::Number(bounds) => number_examples(bounds, is_given),
            Kind::Text(text) => {
                let text = text.example().and_then(|text| self.copy(&text));
                text.into_iter().collect()
            }
            Kind::Choice(choices) => {
                let choices = choices.iter().take(limit(varied));
                choices
                    .filter_map(|choice| self.copy(choice.value))
                    .collect()
            }
            Kind::List(list) => self.lists(list, depth, varied),
            Kind::Tuple(items) => {
                let items = items.iter().map(|item| self.examples(item, depth, 0).pop());
                let items = items.collect::<Option<_>>().map(Value::Array);
                items.into_iter().collect()
            }
            Kind::Map(values) => {
                let mut maps = vec![json!({})];
                if varied > 0 {
                    let values = self.examples(values, depth, deeper).into_iter();
                    maps.extend(values.map(|value| json!({"key": value})));
                }
                maps
            }
            // `examples` knows all of its members.
            Kind::Object(_) => Vec::new(),
            Kind::OneOf(alternatives) => {
                let mut all = Vec::new();
                for alternative in alternatives {
                    if all.len() < limit(varied) {
                        all.extend(self.examples(alternative, depth, deeper));
                    }
                }
                all
            }
            Kind::Several(kinds) => {
                let all = kinds
                    .iter()
                    .map(|kind| self.make(kind, false, depth, varied));
                all.flatten().collect()
            }
        }
    }

    /// Returns an empty list, lists of one item, or one list of the smallest length.
    fn lists(&mut self, list: &List<'a>, depth: usize, varied: usize) -> Vec<Value> {
        let mut lists = Vec::new();
        if list.min_items == 0 {
            lists.push(json!([]));
        }
        let most = list.max_items.unwrap_or(MAX_LENGTH).min(MAX_LENGTH);
        if most < list.min_items.max(1) || list.min_items == 0 && varied == 0 {
            return lists;
        }
        let items = self.examples(list.items, depth, varied.saturating_sub(1));
        match (list.min_items, items.first()) {
            (0 | 1, _) => lists.extend(items.into_iter().map(|item| json!([item]))),
            (least, Some(item)) => {
                let items = (0..least).map(|_| self.copy(item));
                lists.extend(items.collect::<Option<_>>().map(Value::Array));
            }
            (_, None) => {}
        }
        lists
    }

    /// Returns an object with the required members or those that the author gives, one with all
    /// members, and one for each value of each member.
    fn objects(
        &mut self,
        schema: &'a Value,
        given: Option<&Value>,
        depth: usize,
        varied: usize,
    ) -> Vec<Value> {
        let (all, cost) = self.schemas.members_with_cost(schema);
        if self.spend(cost).is_none() {
            return Vec::new();
        }
        let given = given.and_then(Value::as_object);
        let mut members = Vec::new();
        for member in all {
            if !(member.required || varied > 0) {
                continue;
            }
            let values = self.examples(member.schema, depth, varied.saturating_sub(1));
            if values.is_empty() && member.required && given.is_none() {
                return Vec::new();
            }
            members.push((member, values));
        }
        let least = given.cloned().unwrap_or_else(|| {
            let required = members.iter().filter(|(member, _)| member.required);
            let required =
                required.filter_map(|(member, values)| Some((member.name, values.first()?)));
            required
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect()
        });
        let mut most = least.clone();
        let least = Value::Object(least);
        let mut varied_objects = Vec::new();
        for (member, values) in members {
            for value in values {
                most.entry(member.name).or_insert_with(|| value.clone());
                if varied_objects.len() < limit(varied)
                    && let Some(Value::Object(mut object)) = self.copy(&least)
                {
                    object.insert(member.name.to_owned(), value);
                    varied_objects.push(Value::Object(object));
                }
            }
        }
        let ends = [least, Value::Object(most)];
        ends.into_iter().chain(varied_objects).collect()
    }

    /// Copies a value, unless the examples become too large.
    fn copy(&mut self, value: &Value) -> Option<Value> {
        self.spend(size(value))?;
        Some(value.clone())
    }

    /// Takes a number of values from those that are left, or returns `None` if too few are. After
    /// that, none are.
    fn spend(&mut self, values: u64) -> Option<()> {
        self.left = std::mem::take(&mut self.left).checked_sub(values)?;
        Some(())
    }
}

/// Returns the greatest number of examples for one schema.
fn limit(varied: usize) -> usize {
    if varied > 0 { MAX_VALUES } else { 1 }
}

/// Returns the number of values in a value; eight bytes of text count as one.
fn size(value: &Value) -> u64 {
    1 + match value {
        Value::String(text) => text.len() as u64 / 8,
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

impl Integers {
    fn examples(&self, is_given: bool) -> Vec<Value> {
        let simplest = (!is_given).then_some(Whole::Positive(1));
        let candidates = [simplest, self.lowest, self.highest];
        let fitting = candidates.into_iter().flatten();
        fitting
            .filter(|number| self.contains(*number))
            .filter_map(|number| serde_json::from_str(&number.to_string()).ok())
            .collect()
    }
}

fn number_examples(bounds: &[Bound], is_given: bool) -> Vec<Value> {
    let ends = bounds.iter().map(|bound| bound.at);
    let near = ends.clone().flat_map(|at| [at + 1.0, at - 1.0]);
    let middle = ends.clone().map(|at| at / bounds.len() as f64);
    let middle = middle.reduce(|one, other| one + other);
    let is_allowed =
        |number: &f64| number.is_finite() && bounds.iter().all(|bound| bound.allows(*number));
    let mut candidates = [1.0]
        .into_iter()
        .chain(ends.clone())
        .chain(near)
        .chain(middle);
    let simplest = candidates.find(is_allowed).filter(|_| !is_given);
    let all = simplest.into_iter().chain(ends.filter(is_allowed));
    all.map(Value::from).collect()
}

impl Text<'_> {
    fn example(&self) -> Option<Value> {
        let example = match (self.pattern, self.format) {
            (Some(_), _) => return None,
            (None, None) => {
                let least = self.min_length.unwrap_or(0);
                let most = self.max_length.unwrap_or(MAX_LENGTH).min(MAX_LENGTH);
                match (least..=most).contains(&4) {
                    true => "text".to_owned(),
                    false => "x".repeat(least.max(1).min(most) as usize),
                }
            }
            (None, Some(format)) => match format {
                "date-time" => "2000-01-01T00:00:00Z",
                "date" => "2000-01-01",
                "time" => "00:00:00Z",
                "duration" => "PT1S",
                "email" => "ada@example.com",
                "hostname" => "example.com",
                "ipv4" | "ip" => "192.0.2.1",
                "ipv6" => "2001:db8::1",
                "uri" | "url" | "iri" | "uri-reference" => "https://example.com/",
                "uuid" => "00000000-0000-4000-8000-000000000000",
                _ => return None,
            }
            .to_owned(),
        };
        let length = example.len() as u64;
        let fits = self.min_length.is_none_or(|least| length >= least)
            && self.max_length.is_none_or(|most| length <= most);
        fits.then_some(Value::String(example))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    /// Schemas, and a variety of values for each. The first is the example.
    const VALUES: &str = r##"
        {"type": "integer", "minimum": 5} → [5]
        {"type": "integer", "maximum": -5} → [-5]
        {"type": "integer", "minimum": 2, "maximum": 1} → []
        {"type": "integer", "minimum": 0, "maximum": 255} → [1, 0, 255]
        {"type": ["integer", "null"], "maximum": 9, "default": 2} → [2, null, 9]
        {"type": "integer", "minimum": 340282366920938463463374607431768211455} → [340282366920938463463374607431768211455]
        {"type": "number"} → [1.0]
        {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.5} → [1.25]
        {"type": "number", "minimum": 0, "exclusiveMaximum": 8} → [1.0, 0.0]
        {"type": ["boolean", "null"]} → [null, true, false]
        {"type": ["boolean", "integer"]} → [true, false, 1]
        {"type": "string", "minLength": 6} → ["xxxxxx"]
        {"type": "string", "maxLength": 2} → ["x"]
        {"type": "string", "maxLength": 0} → [""]
        {"type": "string", "minLength": 3, "maxLength": 2} → []
        {"type": "string", "minLength": 10001} → []
        {"type": "string", "pattern": "^a"} → []
        {"type": "string", "pattern": "^a", "examples": ["ab"], "default": "ac"} → ["ab", "ac"]
        {"type": "string", "format": "uuid"} → ["00000000-0000-4000-8000-000000000000"]
        {"type": "string", "format": "date", "maxLength": 2} → []
        {"enum": ["a", "b"]} → ["a", "b"]
        {"$ref": "#/$defs/Level"} → ["low", "high"]
        {"anyOf": [{"type": "string"}, {"type": "boolean"}]} → ["text", true, false]
        {"type": "array", "items": {"type": "boolean"}} → [[], [true], [false]]
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2} → [[true, true]]
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 1} → []
        {"prefixItems": [true, {"enum": ["a", "b"]}], "type": "array"} → [[null, "a"]]
        {"type": "object", "additionalProperties": {"enum": [1, 2]}} → [{}, {"key": 1}, {"key": 2}]
        {"properties": {"a": {"type": "integer"}, "b": {"type": "string", "pattern": "^a"}}, "required": ["a", "b"]} → []
        {"properties": {"name": {"type": "string"}, "level": {"$ref": "#/$defs/Level"}}, "required": ["name"]} → [{"name": "text"}, {"name": "text", "level": "low"}, {"name": "text", "level": "high"}]
        {"properties": {"a": {"type": "string", "pattern": "^a"}, "b": {}}, "required": ["a"], "examples": [{"a": "ab"}]} → [{"a": "ab"}, {"a": "ab", "b": null}]
        {"$ref": "#/$defs/Endless"} → []
    "##;

    fn definitions() -> Map<String, Value> {
        let definitions = r##"{
            "Level": {"oneOf": [{"const": "low"}, {"const": "high"}]},
            "Endless": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Endless"}}, "required": ["next"]}
        }"##;
        serde_json::from_str(definitions).unwrap()
    }

    #[test]
    fn each_way_to_satisfy_a_schema_has_a_value() {
        let definitions = definitions();
        let schemas = Schemas::new(&definitions);
        for line in VALUES.trim().lines() {
            let (schema, values) = line.trim().split_once(" → ").unwrap();
            let schema = serde_json::from_str(schema).unwrap();
            let values: Vec<Value> = serde_json::from_str(values).unwrap();
            assert_eq!(schemas.variety(&schema), values, "{line}");
            assert_eq!(schemas.example(&schema).as_ref(), values.first(), "{line}");
        }
    }

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
            assert_eq!(schemas.variety(&schema), [] as [Value; 0]);
        }
        let long = schemas.example(&list(json!({"type": "boolean"}))).unwrap();
        assert_eq!(long.as_array().unwrap().len(), 10_000);
    }

    /// Without bounds that count their width, examples of each take minutes.
    #[test]
    fn examples_of_wide_schemas_are_abandoned_soon() {
        let refers = |to: &str| json!({"$ref": format!("#/$defs/{to}")});
        let object = |to: &str, count: usize, is_required: bool| {
            let names: Vec<String> = (0..count).map(|nth| nth.to_string()).collect();
            let members = names.iter().map(|name| (name.clone(), refers(to)));
            let required = if is_required { &names[..] } else { &[] };
            json!({"properties": members.collect::<Map<_, _>>(), "required": required})
        };
        let mut given = object("Given", 10_000, true);
        given["default"] = json!(vec![1; 90_000]);
        let definitions = Map::from_iter([
            ("Required".to_owned(), object("Required", 3_000, true)),
            ("Optional".to_owned(), object("Optional", 3_000, false)),
            ("Given".to_owned(), given),
            ("Enum".to_owned(), json!({"enum": vec![json!(1); 100_000]})),
            ("Enums".to_owned(), object("Enum", 10_000, true)),
            (
                "Flat".to_owned(),
                json!({"properties": {}, "allOf": vec![refers("Enum"); 31]}),
            ),
            ("Flats".to_owned(), object("Flat", 10_000, true)),
            (
                "Names".to_owned(),
                json!({"properties": {}, "required": vec!["a"; 100_000]}),
            ),
            ("Named".to_owned(), object("Names", 10_000, true)),
        ]);
        let schemas = Schemas::new(&definitions);
        for name in ["Required", "Given", "Enums", "Flats", "Named"] {
            let schema = refers(name);
            assert!(schemas.variety(&schema).len() <= 1, "{name}");
            assert!(
                schemas
                    .example(&schema)
                    .is_none_or(|example| example.is_array()),
                "{name}"
            );
        }
        let schema = refers("Optional");
        assert_eq!(schemas.example(&schema), Some(json!({})));
        assert!(schemas.variety(&schema).len() <= MAX_VALUES);
    }

    #[test]
    fn number_of_values_is_bounded() {
        let choices: Vec<u32> = (0..10_000).collect();
        let wide = choices
            .iter()
            .map(|nth| (nth.to_string(), json!({"enum": choices[..100]})));
        let wide = json!({"properties": wide.collect::<Map<_, _>>()});
        let definitions = Map::from_iter([("Wide".to_owned(), wide)]);
        let wide = json!({"$ref": "#/$defs/Wide"});
        for schema in [
            json!({"enum": choices}),
            json!({"properties": {"a": wide, "b": wide}}),
        ] {
            assert!(Schemas::new(&definitions).variety(&schema).len() <= MAX_VALUES);
        }
    }
}
