//! The meaning of a manifest's schemas: the kind, bounds and default of each value.
//!
//! [`Schemas::shape`] reads a schema, `notation` describes it to people, and `example` makes a
//! value of it.
//!
//! A schema may be any JSON that a file contains. One that the tool does not understand has the
//! kind [any](Kind::Any), and the plugin checks its values itself.

mod example;
mod notation;
mod variety;
mod whole;

use std::cell::Cell;

use plugin_sdk_harness::manifest::definition;
use serde_json::{Map, Value};

pub use self::whole::Whole;

/// The greatest number of references followed for one schema: one that refers to itself has no
/// kind.
const MAX_REFERENCES: usize = 32;

/// The greatest number of schemas read for one schema: alternatives can nest without end.
const MAX_STEPS: u32 = 10_000;

/// The definitions that schemas refer to.
#[derive(Clone, Copy)]
pub struct Schemas<'a> {
    definitions: &'a Map<String, Value>,
}

/// The parsed form of a schema.
#[derive(Clone, Debug)]
pub struct Shape<'a> {
    /// The name of the definition that the schema refers to.
    pub name: Option<&'a str>,
    pub kind: Kind<'a>,
    /// Further schemas that values must satisfy: flattened enums add them to an object.
    pub also: &'a [Value],
    /// True if `null` is allowed as well.
    pub nullable: bool,
    pub description: Option<&'a str>,
    pub default: Option<&'a Value>,
    pub examples: &'a [Value],
}

/// The kind of value that a schema describes.
#[derive(Clone, Debug)]
pub enum Kind<'a> {
    Any,
    Null,
    Boolean,
    Integer(Integers),
    Number(Numbers),
    Text(Text<'a>),
    /// One of a fixed set of values.
    Choice(Vec<Choice<'a>>),
    List(List<'a>),
    Tuple(Vec<&'a Value>),
    /// An object with arbitrary member names.
    Map(&'a Value),
    Object(Object<'a>),
    /// One of several schemas; [`Shape`] does not distinguish them further.
    OneOf(Vec<&'a Value>),
    /// A value of one of several JSON types.
    Several(Vec<Kind<'a>>),
}

/// A range of integers; both ends are inclusive and optional.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Integers {
    pub lowest: Option<Whole>,
    pub highest: Option<Whole>,
}

/// A range of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Numbers {
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    /// The exclusive lower bound.
    pub above: Option<f64>,
    /// The exclusive upper bound.
    pub below: Option<f64>,
}

/// Text, with bounds on its number of characters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Text<'a> {
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub pattern: Option<&'a str>,
    pub format: Option<&'a str>,
}

/// One value of a fixed set.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    pub value: &'a Value,
    pub description: Option<&'a str>,
}

/// A list, with bounds on its number of items.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    pub items: &'a Value,
    pub min_items: u64,
    pub max_items: Option<u64>,
}

/// An object with named members.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    pub members: Vec<Member<'a>>,
    /// The schema of members with other names, if those are allowed and have a type.
    pub others: Option<&'a Value>,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
    pub required: bool,
}

/// The schema that allows any value.
static ANYTHING: Value = Value::Bool(true);

impl<'a> Schemas<'a> {
    pub fn new(definitions: &'a Map<String, Value>) -> Self {
        Schemas { definitions }
    }

    /// Reads a schema.
    pub fn shape(&self, schema: &'a Value) -> Shape<'a> {
        self.shape_within(schema, &Depth::new(&Cell::new(MAX_STEPS)))
    }

    /// Returns the members of an object, including those that [`Shape::also`] adds.
    pub fn members(&self, schema: &'a Value) -> Vec<Member<'a>> {
        let mut members = Vec::new();
        let mut next = vec![schema];
        // A longer chain of references is a cycle.
        for _ in 0..MAX_REFERENCES {
            let Some(schema) = next.pop() else { break };
            let shape = self.shape(schema);
            next.extend(shape.also.iter().rev());
            if let Kind::Object(object) = shape.kind {
                members.extend(object.members);
            }
        }
        members
    }

    /// Returns the name of the definition that a schema refers to.
    fn name(&self, schema: &'a Value) -> Option<&'a str> {
        let reference = schema.get("$ref")?.as_str()?;
        definition(reference, self.definitions).map(|(name, _)| name)
    }

    fn shape_within(&self, schema: &'a Value, depth: &Depth<'_>) -> Shape<'a> {
        let mut shape = match (self.name(schema), depth.deeper()) {
            (Some(name), Some(deeper)) => {
                let target = self.definitions.get(name).unwrap_or(&ANYTHING);
                let shape = self.shape_within(target, &deeper);
                Shape {
                    name: Some(name),
                    ..shape
                }
            }
            _ => self.unreferred(schema, depth),
        };
        // Keywords next to a reference describe this use of it, so they take precedence.
        shape.description = text(schema, "description").or(shape.description);
        shape.default = schema.get("default").or(shape.default);
        match schema.get("examples").and_then(Value::as_array) {
            Some(examples) if !examples.is_empty() => shape.examples = examples,
            _ => {}
        }
        shape
    }

    /// Reads a schema that is not a reference.
    fn unreferred(&self, schema: &'a Value, depth: &Depth<'_>) -> Shape<'a> {
        if let Some(values) = choices(schema) {
            return choice(values);
        }
        let Some(all) = ["oneOf", "anyOf"]
            .into_iter()
            .find_map(|word| schema.get(word)?.as_array())
        else {
            let also = schema.get("allOf").and_then(Value::as_array);
            let also = also.map(Vec::as_slice).unwrap_or_default();
            let own = single(schema);
            return match (also, &own.kind, depth.deeper()) {
                // An `allOf` with one schema is the older way to add a description to a reference.
                ([only], Kind::Any, Some(deeper)) => self.shape_within(only, &deeper),
                _ => Shape { also, ..own },
            };
        };
        let is_null = |schema: &&Value| text(schema, "type") == Some("null");
        let others: Vec<&Value> = all.iter().filter(|schema| !is_null(schema)).collect();
        let nullable = others.len() < all.len();
        let mut shape = match (others.as_slice(), depth.deeper()) {
            ([], _) => Shape::of(Kind::Null),
            ([only], Some(deeper)) => self.shape_within(only, &deeper),
            _ => match self.all_choices(&others, depth) {
                Some(values) => choice(values),
                None => Shape::of(Kind::OneOf(others)),
            },
        };
        shape.nullable |= nullable;
        shape
    }

    /// Returns the values of alternatives if each alternative only lists values.
    fn all_choices(
        &self,
        alternatives: &[&'a Value],
        depth: &Depth<'_>,
    ) -> Option<Vec<Choice<'a>>> {
        let mut all = Vec::new();
        for alternative in alternatives {
            let shape = self.shape_within(alternative, &depth.deeper()?);
            match shape.kind {
                Kind::Choice(values) if !shape.nullable => all.extend(values),
                _ => return None,
            }
        }
        Some(all)
    }
}

/// The progress of reading one schema.
struct Depth<'c> {
    references: usize,
    /// The steps left, shared by all branches.
    steps: &'c Cell<u32>,
}

impl<'c> Depth<'c> {
    fn new(steps: &'c Cell<u32>) -> Self {
        Depth {
            references: MAX_REFERENCES,
            steps,
        }
    }

    /// Goes one level deeper, or returns `None` at the limit.
    fn deeper(&self) -> Option<Self> {
        let references = self.references.checked_sub(1)?;
        self.steps.set(self.steps.get().checked_sub(1)?);
        Some(Depth {
            references,
            steps: self.steps,
        })
    }
}

impl<'a> Shape<'a> {
    fn of(kind: Kind<'a>) -> Self {
        Shape {
            name: None,
            kind,
            also: &[],
            nullable: false,
            description: None,
            default: None,
            examples: &[],
        }
    }

    /// Returns true if a string is a valid value.
    pub fn takes_text(&self) -> bool {
        let is_text = |kind: &Kind<'_>| matches!(kind, Kind::Any | Kind::Text(_));
        match &self.kind {
            Kind::Several(kinds) => kinds.iter().any(is_text),
            kind => is_text(kind),
        }
    }

    /// Returns true if written values contain no commas, so that a comma can separate them.
    pub fn has_no_commas(&self) -> bool {
        matches!(
            self.kind,
            Kind::Integer(_) | Kind::Number(_) | Kind::Boolean
        )
    }
}

/// Reads a schema that is neither a reference nor a list of alternatives.
fn single(schema: &Value) -> Shape<'_> {
    let words = match schema.get("type") {
        Some(Value::String(word)) => return Shape::of(of_type(word, schema)),
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str),
        _ => return Shape::of(of_type("", schema)),
    };
    let (nulls, others): (Vec<&str>, Vec<&str>) = words.partition(|word| *word == "null");
    let kind = match others.as_slice() {
        [] => return Shape::of(Kind::Null),
        [only] => of_type(only, schema),
        several => Kind::Several(several.iter().map(|word| of_type(word, schema)).collect()),
    };
    Shape {
        nullable: !nulls.is_empty(),
        ..Shape::of(kind)
    }
}

/// Reads the keywords that apply to one JSON type.
fn of_type<'a>(word: &str, schema: &'a Value) -> Kind<'a> {
    match word {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer(integers(schema)),
        "number" => Kind::Number(numbers(schema)),
        "string" => Kind::Text(Text {
            min_length: number(schema, "minLength"),
            max_length: number(schema, "maxLength"),
            pattern: text(schema, "pattern"),
            format: text(schema, "format"),
        }),
        "array" => list(schema),
        "object" => object(schema),
        _ if schema.get("properties").is_some() => object(schema),
        _ => Kind::Any,
    }
}

fn list(schema: &Value) -> Kind<'_> {
    match schema.get("prefixItems").and_then(Value::as_array) {
        Some(items) => Kind::Tuple(items.iter().collect()),
        None => Kind::List(List {
            items: schema.get("items").unwrap_or(&ANYTHING),
            min_items: number(schema, "minItems").unwrap_or(0),
            max_items: number(schema, "maxItems"),
        }),
    }
}

fn object(schema: &Value) -> Kind<'_> {
    let others = schema.get("additionalProperties");
    let Some(members) = schema.get("properties").and_then(Value::as_object) else {
        return match others {
            Some(Value::Bool(false)) => Kind::Object(Object {
                members: Vec::new(),
                others: None,
            }),
            others => Kind::Map(others.unwrap_or(&ANYTHING)),
        };
    };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    let members = members.iter().map(|(name, schema)| Member {
        name,
        schema,
        required: is_required(name),
    });
    Kind::Object(Object {
        members: members.collect(),
        others: others.filter(|others| !others.is_boolean()),
    })
}

/// Returns the values of `enum`, of `const`, or of a `oneOf` that only lists values, which is how
/// values get descriptions.
fn choices(schema: &Value) -> Option<Vec<Choice<'_>>> {
    let constant = |schema| -> Option<Choice<'_>> {
        Some(Choice {
            value: Value::get(schema, "const")?,
            description: text(schema, "description"),
        })
    };
    if let Some(only) = constant(schema) {
        return Some(vec![only]);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let value = |value| Choice {
            value,
            description: None,
        };
        return Some(values.iter().map(value).collect());
    }
    let all = schema.get("oneOf")?.as_array()?;
    let mut values = Vec::new();
    for one in all {
        match (constant(one), one.get("enum").and_then(Value::as_array)) {
            (Some(value), _) => values.push(value),
            (None, Some(several)) => values.extend(several.iter().map(|value| Choice {
                value,
                description: text(one, "description"),
            })),
            (None, None) => return None,
        }
    }
    Some(values)
}

fn choice(mut values: Vec<Choice<'_>>) -> Shape<'_> {
    let all = values.len();
    values.retain(|choice| !choice.value.is_null());
    Shape {
        nullable: values.len() < all,
        ..Shape::of(Kind::Choice(values))
    }
}

fn integers(schema: &Value) -> Integers {
    // If a bound is not a whole number, or exceeds every integer type of Rust, only the plugin
    // knows its meaning.
    let bound = |word: &str| Whole::of(schema.get(word)?.as_number()?);
    let lowest = [bound("minimum"), bound("exclusiveMinimum").map(Whole::next)];
    let highest = [
        bound("maximum"),
        bound("exclusiveMaximum").map(Whole::previous),
    ];
    Integers {
        lowest: lowest.into_iter().flatten().max(),
        highest: highest.into_iter().flatten().min(),
    }
}

fn numbers(schema: &Value) -> Numbers {
    let bound = |word| schema.get(word).and_then(Value::as_f64);
    Numbers {
        minimum: bound("minimum"),
        maximum: bound("maximum"),
        above: bound("exclusiveMinimum"),
        below: bound("exclusiveMaximum"),
    }
}

impl Integers {
    /// Returns true if the number is within the bounds.
    pub fn contains(&self, number: Whole) -> bool {
        self.lowest.is_none_or(|lowest| number >= lowest)
            && self.highest.is_none_or(|highest| number <= highest)
    }
}

impl Numbers {
    /// Returns true if the number is within the bounds.
    pub fn contains(&self, number: f64) -> bool {
        self.minimum.is_none_or(|minimum| number >= minimum)
            && self.maximum.is_none_or(|maximum| number <= maximum)
            && self.above.is_none_or(|above| number > above)
            && self.below.is_none_or(|below| number < below)
    }
}

fn text<'a>(schema: &'a Value, word: &str) -> Option<&'a str> {
    schema.get(word)?.as_str()
}

fn number(schema: &Value, word: &str) -> Option<u64> {
    schema.get(word)?.as_u64()
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;
    use serde_json::json;

    fn none() -> Map<String, Value> {
        Map::new()
    }

    #[test]
    fn every_form_of_an_option_reads_as_nullable() {
        let definitions = json!({"Count": {"type": "integer", "minimum": 0}});
        let definitions = definitions.as_object().unwrap();
        let schemas = Schemas::new(definitions);
        for schema in [
            json!({"type": ["integer", "null"], "minimum": 0}),
            json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}),
            json!({"anyOf": [{"$ref": "#/$defs/Count"}, {"type": "null"}]}),
            json!({"oneOf": [{"type": "null"}, {"$ref": "#/$defs/Count"}]}),
        ] {
            let shape = schemas.shape(&schema);
            assert!(shape.nullable, "{schema}");
            assert!(
                matches!(&shape.kind, Kind::Integer(range) if !range.contains((-1_i64).into()) && range.contains(7_i64.into())),
                "{schema}: {shape:?}"
            );
        }
    }

    #[test]
    fn choices_in_every_form_keep_their_descriptions() {
        let definitions = none();
        let schemas = Schemas::new(&definitions);
        for (schema, described) in [
            (json!({"enum": ["one", "two", null]}), false),
            (
                json!({"oneOf": [{"const": "one", "description": "1"}, {"enum": ["two"], "description": "2"}]}),
                true,
            ),
            (
                json!({"oneOf": [{"const": "one", "description": "1"}, {"const": "two", "description": "2"}]}),
                true,
            ),
        ] {
            let Kind::Choice(values) = schemas.shape(&schema).kind else {
                panic!("{schema} is no choice");
            };
            let texts: Vec<_> = values
                .iter()
                .map(|choice| choice.value.as_str().unwrap())
                .collect();
            assert_eq!(texts, ["one", "two"], "{schema}");
            assert_eq!(
                values.iter().all(|choice| choice.description.is_some()),
                described
            );
        }
        assert!(schemas.shape(&json!({"enum": ["one", null]})).nullable);
    }

    #[test]
    fn keywords_next_to_a_reference_take_precedence() {
        let definitions =
            json!({"a/b": {"type": "string", "description": "theirs", "default": "x"}});
        let schemas = Schemas::new(definitions.as_object().unwrap());
        let schema = json!({"$ref": "#/$defs/a~1b", "description": "ours"});
        let shape = schemas.shape(&schema);
        assert_eq!(
            (shape.description, shape.default),
            (Some("ours"), Some(&json!("x")))
        );
    }

    #[test]
    fn type_lists_allow_each_of_their_types() {
        let definitions = none();
        let schema = json!({"type": ["string", "null", "integer"]});
        let shape = Schemas::new(&definitions).shape(&schema);
        assert!(shape.nullable && shape.takes_text());
        assert!(
            matches!(&shape.kind, Kind::Several(kinds) if matches!(kinds.as_slice(), [Kind::Text(_), Kind::Integer(_)])),
            "{shape:?}"
        );
    }

    #[test]
    fn flattened_members_are_members() {
        let definitions =
            json!({"Way": {"type": "object", "properties": {"b": true}, "required": ["b"]}});
        let schemas = Schemas::new(definitions.as_object().unwrap());
        let schema = json!({"type": "object", "properties": {"a": true}, "allOf": [{"$ref": "#/$defs/Way"}]});
        let members: Vec<_> = schemas
            .members(&schema)
            .into_iter()
            .map(|member| (member.name, member.required))
            .collect();
        assert_eq!(members, [("a", false), ("b", true)]);
    }

    #[test]
    fn meaningless_and_circular_schemas_are_of_any_kind() {
        let definitions =
            json!({"Me": {"$ref": "#/$defs/Me"}, "Us": {"anyOf": [{"$ref": "#/$defs/Us"}]}});
        let schemas = Schemas::new(definitions.as_object().unwrap());
        for schema in [
            json!(true),
            json!(null),
            json!({}),
            json!({"type": 3}),
            json!({"$ref": "#/$defs/Me"}),
            json!({"$ref": "#/$defs/Nobody"}),
            json!({"$ref": "https://example.com/schema"}),
        ] {
            assert!(matches!(schemas.shape(&schema).kind, Kind::Any), "{schema}");
        }
        // Must end; the result does not matter.
        schemas.shape(&json!({"$ref": "#/$defs/Us"}));
    }

    #[test]
    fn integer_bounds_are_exact() {
        let of = |schema| {
            let Integers { lowest, highest } = integers(&schema);
            [lowest, highest]
                .map(|bound| bound.map_or("none".to_owned(), |bound| bound.to_string()))
        };
        assert_eq!(
            of(json!({"minimum": 0, "maximum": u64::MAX})),
            ["0", "18446744073709551615"]
        );
        assert_eq!(
            of(json!({"exclusiveMinimum": 0, "minimum": -5, "exclusiveMaximum": 3})),
            ["1", "2"]
        );
        assert_eq!(
            of(json!({"maximum": 9, "exclusiveMaximum": 100})),
            ["none", "9"]
        );
        assert_eq!(of(json!({})), ["none", "none"]);
        let exact: Value = serde_json::from_str(
            r#"{"minimum":-170141183460469231731687303715884105728,"maximum":340282366920938463463374607431768211455}"#,
        )
        .unwrap();
        assert_eq!(
            of(exact),
            [
                "-170141183460469231731687303715884105728",
                "340282366920938463463374607431768211455"
            ]
        );
    }

    #[test]
    fn endless_alternatives_are_abandoned() {
        let refers =
            |to: usize| json!({"oneOf": vec![json!({"$ref": format!("#/$defs/d{to}")}); 8]});
        let mut definitions: Map<String, Value> = (0..18)
            .map(|nth| (format!("d{nth}"), refers(nth + 1)))
            .collect();
        definitions.insert("d18".to_owned(), json!({"enum": ["a", "b"]}));
        let schema = json!({"$ref": "#/$defs/d0"});
        let schemas = Schemas::new(&definitions);
        assert!(matches!(schemas.shape(&schema).kind, Kind::OneOf(_)));
    }
}
