//! A variety of values for a schema: one for each way in which the schema allows a value.

use serde_json::{Map, Value};

use super::{Kind, Numbers, Schemas, Shape};

/// The greatest number of values for one schema.
const MAX_VALUES: usize = 64;

/// The greatest depth at which parts vary.
const MAX_DEPTH: usize = 4;

impl<'a> Schemas<'a> {
    /// Returns values that the schema allows: each choice, each alternative, both ends of ranges,
    /// `null` if allowed, and objects with as few and as many members as possible.
    ///
    /// Returns none if only the author knows a value, as for text that must match a pattern.
    pub fn variety(&self, schema: &'a Value) -> Vec<Value> {
        let mut values = self.variety_within(schema, MAX_DEPTH);
        values.truncate(MAX_VALUES);
        values
    }

    fn variety_within(&self, schema: &'a Value, depth: usize) -> Vec<Value> {
        let shape = self.shape(schema);
        let mut values: Vec<Value> = self.example(schema).into_iter().collect();
        values.extend(shape.examples.iter().take(MAX_VALUES).cloned());
        values.extend(shape.default.cloned());
        if shape.nullable {
            values.push(Value::Null);
        }
        if let Some(deeper) = depth.checked_sub(1) {
            self.vary(&shape, schema, deeper, &mut values);
        }
        let mut seen = Vec::new();
        values.retain(|value| {
            let is_new = seen.len() < MAX_VALUES && !seen.contains(value);
            if is_new {
                seen.push(value.clone());
            }
            is_new
        });
        values
    }

    fn vary(&self, shape: &Shape<'a>, schema: &'a Value, deeper: usize, values: &mut Vec<Value>) {
        match &shape.kind {
            Kind::Boolean => values.extend([Value::Bool(false), Value::Bool(true)]),
            Kind::Integer(integers) => {
                let ends = [integers.lowest, integers.highest].into_iter().flatten();
                values.extend(ends.filter_map(|end| end.to_number().map(Value::Number)));
            }
            Kind::Number(numbers) => values.extend(numbers.ends()),
            Kind::Choice(choices) => {
                values.extend(choices.iter().map(|choice| choice.value.clone()));
            }
            Kind::List(list) => {
                let holds = |count: u64| {
                    list.min_items <= count && list.max_items.is_none_or(|most| count <= most)
                };
                if holds(1) {
                    let items = self.variety_within(list.items, deeper);
                    values.extend(items.into_iter().map(|item| Value::Array(vec![item])));
                }
            }
            Kind::Map(others) => {
                let items = self.variety_within(others, deeper);
                values.extend(items.into_iter().map(|item| {
                    let mut map = Map::new();
                    map.insert("key".to_owned(), item);
                    Value::Object(map)
                }));
            }
            Kind::Object(_) if shape.also.is_empty() => {
                let members = self.members(schema);
                let Some(Value::Object(least)) = self.example(schema) else {
                    return;
                };
                let mut most = least.clone();
                for member in &members {
                    let varied = self.variety_within(member.schema, deeper);
                    for value in varied.iter().take(MAX_VALUES) {
                        let mut one = least.clone();
                        one.insert(member.name.to_owned(), value.clone());
                        values.push(Value::Object(one));
                    }
                    if let Some(value) = varied.into_iter().next() {
                        most.insert(member.name.to_owned(), value);
                    }
                }
                values.push(Value::Object(most));
            }
            Kind::OneOf(alternatives) => {
                for alternative in alternatives {
                    values.extend(self.variety_within(alternative, deeper));
                }
            }
            Kind::Any | Kind::Null | Kind::Text(_) | Kind::Tuple(_) | Kind::Several(_) => {}
            Kind::Object(_) => {}
        }
    }
}

impl Numbers {
    /// Returns the bounds, which are values themselves.
    fn ends(&self) -> impl Iterator<Item = Value> + use<> {
        let this = *self;
        let ends = [self.minimum, self.maximum].into_iter().flatten();
        ends.filter(move |end| this.contains(*end))
            .filter_map(|end| serde_json::Number::from_f64(end).map(Value::Number))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_alternative_of_a_schema_has_a_value() {
        let definitions = json!({"Level": {"oneOf": [{"const": "low"}, {"const": "high"}]}});
        let empty = Map::new();
        let schemas = Schemas::new(definitions.as_object().unwrap_or(&empty));
        for (schema, expected) in [
            (
                json!({"type": "integer", "minimum": 0, "maximum": 255}),
                json!([1, 0, 255]),
            ),
            (
                json!({"type": ["boolean", "null"]}),
                json!([null, false, true]),
            ),
            (json!({"$ref": "#/$defs/Level"}), json!(["low", "high"])),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "boolean"}]}),
                json!(["text", true, false]),
            ),
            (
                json!({
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "level": {"$ref": "#/$defs/Level"}},
                    "required": ["name"],
                }),
                json!([
                    {"name": "text"},
                    {"name": "text", "level": "low"},
                    {"name": "text", "level": "high"},
                ]),
            ),
            (json!({"type": "string", "pattern": "^a"}), json!([])),
        ] {
            assert_eq!(json!(schemas.variety(&schema)), expected, "{schema}");
        }
    }

    #[test]
    fn number_of_values_is_bounded() {
        let choices: Vec<Value> = (0..10_000).map(Value::from).collect();
        let mut schema = json!({"enum": choices});
        for _ in 0..8 {
            schema = json!({"type": "object", "properties": {"a": schema.clone(), "b": schema}});
            if schema.to_string().len() > 1 << 20 {
                break;
            }
        }
        let empty = Map::new();
        assert!(Schemas::new(&empty).variety(&schema).len() <= MAX_VALUES);
    }
}
