//! A schema as what its values may be: for each type of JSON and each branch, what holds them together.

use std::collections::HashSet;

use plugin_sdk_harness::manifest;
use serde_json::{Map, Value};

/// The most branches that a schema is taken apart into. What has more is compared as a whole.
const MAX_BRANCHES: usize = 1024;

/// How many references and branches may lie within each other before a value is reached.
const MAX_NESTING: usize = 32;

/// How many schemas are looked at to take one apart: `allOf` may lead to the same one again and again.
const MAX_VISITED: usize = 16 * MAX_BRANCHES;

/// The schemas that are referred to by name.
pub type Definitions = Map<String, Value>;

/// A type of JSON. Integers are numbers, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    const ALL: [Kind; 6] = [
        Kind::Null,
        Kind::Boolean,
        Kind::Number,
        Kind::String,
        Kind::Array,
        Kind::Object,
    ];

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "integer" => Kind::Integer,
            "number" => Kind::Number,
            "string" => Kind::String,
            "array" => Kind::Array,
            "object" => Kind::Object,
            _ => return None,
        })
    }

    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Boolean,
            Value::Number(number) if number.is_f64() => Kind::Number,
            Value::Number(_) => Kind::Integer,
            Value::String(_) => Kind::String,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        }
    }

    /// Whether all values of the type are of the other one, too.
    pub fn within(self, other: Kind) -> bool {
        self == other || self == Kind::Integer && other == Kind::Number
    }

    /// With its article.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "a boolean",
            Kind::Integer => "an integer",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }
}

/// Values of one type, in one branch.
#[derive(Clone, Debug)]
pub struct Alternative<'a> {
    pub kind: Kind,
    /// All of them hold.
    pub parts: Vec<&'a Map<String, Value>>,
}

/// All that a schema allows.
#[derive(Debug, Default)]
pub struct Alternatives<'a> {
    /// Values that are given one by one.
    pub values: Vec<&'a Value>,
    pub others: Vec<Alternative<'a>>,
    texts: HashSet<String>,
}

impl<'a> Alternatives<'a> {
    /// Takes a schema apart; `None` where it has too many branches.
    pub fn of(schema: &'a Value, definitions: &'a Definitions) -> Option<Self> {
        let mut alternatives = Alternatives::default();
        let mut left = MAX_VISITED;
        for parts in branches(schema, definitions, MAX_NESTING, &mut left)? {
            alternatives.add(parts);
        }
        Some(alternatives)
    }

    /// Whether the value is one of those that are given one by one.
    pub fn has_value(&self, value: &Value) -> bool {
        self.texts.contains(&value.to_string())
    }

    fn add(&mut self, parts: Vec<&'a Map<String, Value>>) {
        let mut kinds = Kind::ALL.to_vec();
        for part in &parts {
            if let Some(ty) = part.get("type") {
                kinds = common(&kinds, &named(ty));
            }
        }
        if let Some(values) = listed(&parts) {
            for value in values {
                if kinds.iter().any(|kind| Kind::of(value).within(*kind)) {
                    self.value(value);
                }
            }
            return;
        }
        for kind in kinds {
            match kind {
                Kind::Null => self.value(&Value::Null),
                Kind::Boolean => {
                    self.value(&Value::Bool(false));
                    self.value(&Value::Bool(true));
                }
                _ => self.others.push(Alternative {
                    kind,
                    parts: parts.clone(),
                }),
            }
        }
    }

    fn value(&mut self, value: &'a Value) {
        if self.texts.insert(value.to_string()) {
            self.values.push(value);
        }
    }
}

/// The types that `type` names. What names none allows none.
fn named(ty: &Value) -> Vec<Kind> {
    match ty {
        Value::String(name) => Kind::named(name).into_iter().collect(),
        Value::Array(names) => names
            .iter()
            .filter_map(|name| Kind::named(name.as_str()?))
            .collect(),
        _ => Vec::new(),
    }
}

fn common(kinds: &[Kind], others: &[Kind]) -> Vec<Kind> {
    let mut common = Vec::new();
    for kind in kinds {
        for other in others {
            let both = match (kind.within(*other), other.within(*kind)) {
                (true, _) => *kind,
                (_, true) => *other,
                _ => continue,
            };
            if !common.contains(&both) {
                common.push(both);
            }
        }
    }
    if common.contains(&Kind::Number) {
        common.retain(|kind| *kind != Kind::Integer);
    }
    common
}

/// The values of `const` and `enum`, if there are any such.
fn listed<'a>(parts: &[&'a Map<String, Value>]) -> Option<Vec<&'a Value>> {
    let mut all: Option<Vec<&'a Value>> = None;
    for part in parts {
        let one = part.get("const").map(std::slice::from_ref);
        let some = part
            .get("enum")
            .and_then(Value::as_array)
            .map(Vec::as_slice);
        for list in [one, some].into_iter().flatten() {
            all = Some(match all {
                None => list.iter().collect(),
                Some(all) => all
                    .into_iter()
                    .filter(|value| list.contains(value))
                    .collect(),
            });
        }
    }
    all
}

type Branch<'a> = Vec<&'a Map<String, Value>>;

/// The schema as branches, in each of which all parts hold. `oneOf` is read as `anyOf`: so does serde, which takes the first that fits.
fn branches<'a>(
    schema: &'a Value,
    definitions: &'a Definitions,
    nesting: usize,
    left: &mut usize,
) -> Option<Vec<Branch<'a>>> {
    let nesting = nesting.checked_sub(1)?;
    *left = left.checked_sub(1)?;
    let part = match schema {
        Value::Object(part) => part,
        Value::Bool(false) => return Some(Vec::new()),
        _ => return Some(vec![Vec::new()]),
    };
    let mut found = vec![vec![part]];
    if let Some(referred) = part.get("$ref") {
        let definition = definition(referred, definitions)?;
        found = both(found, branches(definition, definitions, nesting, left)?)?;
    }
    for schema in list(part, "allOf") {
        found = both(found, branches(schema, definitions, nesting, left)?)?;
    }
    for keyword in ["anyOf", "oneOf"] {
        if !part.contains_key(keyword) {
            continue;
        }
        let mut any = Vec::new();
        for schema in list(part, keyword) {
            any.extend(branches(schema, definitions, nesting, left)?);
            if any.len() > MAX_BRANCHES {
                return None;
            }
        }
        found = both(found, any)?;
    }
    Some(found)
}

fn list<'a>(part: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    part.get(keyword)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// What `#/$defs/Name` refers to.
pub fn definition<'a>(referred: &Value, definitions: &'a Definitions) -> Option<&'a Value> {
    manifest::definition(referred.as_str()?, definitions).map(|(_, definition)| definition)
}

fn both<'a>(one: Vec<Branch<'a>>, other: Vec<Branch<'a>>) -> Option<Vec<Branch<'a>>> {
    if one.len().checked_mul(other.len())? > MAX_BRANCHES {
        return None;
    }
    let mut both = Vec::with_capacity(one.len() * other.len());
    for left in &one {
        for right in &other {
            both.push(left.iter().chain(right).copied().collect());
        }
    }
    Some(both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(schema: &Value, definitions: &Value) -> Option<String> {
        let definitions = definitions.as_object().unwrap();
        let alternatives = Alternatives::of(schema, definitions)?;
        let values = alternatives.values.iter().map(ToString::to_string);
        let others = alternatives
            .others
            .iter()
            .map(|other| other.kind.name().to_owned());
        Some(values.chain(others).collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn types_and_branches_and_references_come_apart() {
        let none = json!({});
        for (schema, expected) in [
            (
                json!(true),
                "null, false, true, a number, a string, an array, an object",
            ),
            (json!(false), ""),
            (json!({"type": ["integer", "null"]}), "null, an integer"),
            (json!({"enum": ["a", "b", 1]}), "\"a\", \"b\", 1"),
            (json!({"type": "string", "enum": ["a", 1]}), "\"a\""),
            (
                json!({"oneOf": [{"const": "a"}, {"type": "object"}]}),
                "\"a\", an object",
            ),
            (
                json!({"type": "number", "allOf": [{"type": ["integer", "string"]}]}),
                "an integer",
            ),
        ] {
            assert_eq!(shown(&schema, &none).unwrap(), expected, "{schema}");
        }
        let definitions = json!({"A": {"anyOf": [{"$ref": "#/$defs/B"}, {"type": "null"}]}, "B": {"type": "string"}});
        assert_eq!(
            shown(&json!({"$ref": "#/$defs/A"}), &definitions).unwrap(),
            "null, a string"
        );
    }

    #[test]
    fn what_refers_to_itself_or_has_too_many_branches_is_given_up() {
        let definitions = json!({"A": {"$ref": "#/$defs/A"}});
        assert_eq!(shown(&json!({"$ref": "#/$defs/A"}), &definitions), None);
        assert_eq!(shown(&json!({"$ref": "elsewhere"}), &definitions), None);
        let doubling = (0..30).map(|number| {
            let next = json!({"$ref": format!("#/$defs/{}", number + 1)});
            (number.to_string(), json!({"allOf": [next.clone(), next]}))
        });
        let doubling: Definitions = doubling.chain([("30".to_owned(), json!(true))]).collect();
        let doubling = Value::Object(doubling);
        assert_eq!(shown(&json!({"$ref": "#/$defs/0"}), &doubling), None);
        let two = json!({"anyOf": [{"minLength": 1}, {"minLength": 2}]});
        let many = json!({"allOf": vec![two; 20]});
        assert_eq!(shown(&many, &definitions), None);
    }
}
