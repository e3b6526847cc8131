//! The JSON types that a schema allows.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Kind, MAX_STEPS, Schemas};

/// The greatest depth at which alternatives and members are followed.
const MAX_DEPTH: usize = 16;

impl<'a> Schemas<'a> {
    /// Returns a value of a JSON type that a schema does not allow, if there is one.
    ///
    /// Values that deserializers do not mistake for others come first: an array may deserialize as
    /// a struct, and `null` as a missing value.
    pub fn value_of_another_type(&self, schema: &'a Value) -> Option<Value> {
        let allowed = self.types(schema, MAX_DEPTH, &Cell::new(MAX_STEPS))?;
        let samples = [
            json!(true),
            json!("?"),
            json!(0.5),
            json!({}),
            json!([]),
            Value::Null,
        ];
        let mut samples = samples.into_iter();
        samples.find(|sample| !allowed.contains(&type_of(sample)))
    }

    /// Returns true if a value, or a part of it, has a JSON type that no deserializer accepts for
    /// the described one, or if a member is missing that a type requires.
    ///
    /// A value that merely exceeds a constraint does not contradict its type: the plugin itself
    /// checks types only.
    pub fn contradicts(&self, schema: &'a Value, value: &Value) -> bool {
        self.contradicts_within(schema, value, MAX_DEPTH, &Cell::new(MAX_STEPS))
    }

    fn contradicts_within(
        &self,
        schema: &'a Value,
        value: &Value,
        depth: usize,
        steps: &Cell<u32>,
    ) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        let Some(allowed) = self.types(schema, depth, steps) else {
            return false;
        };
        let found = type_of(value);
        if !allowed.contains(&found) {
            let may_be_struct = found == "array" && allowed.contains(&"object");
            return !(value.is_null() || may_be_struct);
        }
        let shape = self.shape(schema);
        let part = |schema, value| self.contradicts_within(schema, value, depth, steps);
        match (&shape.kind, value) {
            // The notation of floats, even of whole ones.
            (Kind::Integer(_), Value::Number(number)) => {
                number.to_string().contains(['.', 'e', 'E'])
            }
            (Kind::List(list), Value::Array(items)) => {
                items.iter().any(|item| part(list.items, item))
            }
            (Kind::Tuple(schemas), Value::Array(items)) => {
                let mut items = schemas.iter().zip(items);
                items.any(|(schema, item)| part(schema, item))
            }
            (Kind::Map(values), Value::Object(members)) => {
                members.values().any(|member| part(values, member))
            }
            (Kind::Object(object), Value::Object(members)) => {
                let mut described = object.members().into_iter();
                described.any(|member| match members.get(member.name) {
                    Some(value) => part(member.schema, value),
                    None => member.required,
                })
            }
            _ => false,
        }
    }

    /// Returns the JSON types that a schema allows, or `None` if they are unknown.
    fn types(
        &self,
        schema: &'a Value,
        depth: usize,
        steps: &Cell<u32>,
    ) -> Option<BTreeSet<&'static str>> {
        let deeper = depth.checked_sub(1)?;
        spend(steps, 1)?;
        let shape = self.shape(schema);
        spend(steps, shape.cost())?;
        let mut types = match shape.kind {
            Kind::Any | Kind::Several(_) => return None,
            Kind::Null => BTreeSet::from(["null"]),
            Kind::Boolean => BTreeSet::from(["boolean"]),
            Kind::Integer(_) | Kind::Number(_) => BTreeSet::from(["number"]),
            Kind::Text(_) => BTreeSet::from(["string"]),
            Kind::List(_) | Kind::Tuple(_) => BTreeSet::from(["array"]),
            Kind::Map(_) | Kind::Object(_) => BTreeSet::from(["object"]),
            Kind::Choice(choices) => choices.iter().map(|choice| type_of(choice.value)).collect(),
            Kind::OneOf(alternatives) => {
                let mut all = BTreeSet::new();
                for alternative in alternatives {
                    all.extend(self.types(alternative, deeper, steps)?);
                }
                all
            }
        };
        if shape.nullable {
            types.insert("null");
        }
        Some(types)
    }
}

/// Takes steps, or returns `None` if too few are left. After that, none are.
fn spend(steps: &Cell<u32>, count: u64) -> Option<()> {
    let left = u64::from(steps.replace(0)).checked_sub(count)?;
    steps.set(u32::try_from(left).ok()?);
    Some(())
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    #[test]
    fn only_values_of_another_type_contradict_a_schema() {
        let point = json!({"type": "object", "properties": {
            "x": {"type": "integer", "minimum": 0, "maximum": 9}, "label": {"type": ["string", "null"]},
        }, "required": ["x"]});
        let definitions = Map::from_iter([("Point".to_owned(), point)]);
        let schemas = Schemas::new(&definitions);
        let schema = json!({"type": "array", "items": {"$ref": "#/$defs/Point"}});
        for (value, contradicts) in [
            (json!([]), false),
            (json!({}), true),
            (json!(null), false),
            (json!([{"x": 1}]), false),
            (json!([{"x": 10}]), false),
            (json!([{"x": "1"}]), true),
            (json!([{"x": 1.0}]), true),
            (json!([{"x": null}]), false),
            (json!([{"label": "a"}]), true),
            (json!([{"x": 1, "label": null}]), false),
            (json!([{"x": 1, "label": 2}]), true),
            // A struct may be written as an array.
            (json!([[1, "a"]]), false),
        ] {
            assert_eq!(schemas.contradicts(&schema, &value), contradicts, "{value}");
        }
    }

    /// Without bounds, reading them takes minutes.
    #[test]
    fn wide_alternatives_have_unknown_types() {
        let wide = json!({"enum": vec![json!(1); 100_000]});
        let refers = json!({"$ref": "#/$defs/Wide"});
        let members: Map<String, Value> = (0..1_000)
            .map(|nth| (nth.to_string(), refers.clone()))
            .collect();
        let many = json!({"properties": members.clone(), "additionalProperties": refers});
        let definitions = Map::from_iter([
            ("Wide".to_owned(), wide),
            ("Many".to_owned(), many),
            (
                "Any".to_owned(),
                json!({"oneOf": vec![refers.clone(); 1_000]}),
            ),
        ]);
        let schemas = Schemas::new(&definitions);
        let any = json!({"$ref": "#/$defs/Any"});
        assert_eq!(schemas.value_of_another_type(&any), None);
        assert!(!schemas.contradicts(&any, &json!(true)));
        let list = json!({"type": "array", "items": {"$ref": "#/$defs/Many"}});
        let values = json!(vec![json!({"0": 1, "999": true}); 1_000]);
        assert!(!schemas.contradicts(&list, &values));
    }

    #[test]
    fn endless_alternatives_have_unknown_types() {
        let refers = |to: usize| {
            let object = json!({"type": "object", "properties": {}});
            json!({"oneOf": [{"$ref": format!("#/$defs/{to}")}, {"$ref": format!("#/$defs/{to}")}, object]})
        };
        let definitions: Map<String, Value> = (0..64)
            .map(|nth| (nth.to_string(), refers(nth + 1)))
            .collect();
        let schema = json!({"$ref": "#/$defs/0"});
        let schemas = Schemas::new(&definitions);
        assert_eq!(schemas.value_of_another_type(&schema), None);
        assert!(!schemas.contradicts(&schema, &json!(1)));
    }
}
