//! The meaning of schemas in a manifest: the kind, bounds and default of each value.
//!
//! [`Schemas::shape`] reads a schema, `notation` describes it to people, `example` makes values of
//! it, and `types` knows which JSON types it allows.
//!
//! A schema may be any JSON that a file contains. One that the tool does not understand has the
//! kind [any](Kind::Any), and the plugin checks its values itself.

mod example;
mod notation;
mod parts;
mod types;
mod whole;

use std::cell::Cell;

use plugin_sdk_harness::manifest::definition;
use serde_json::{Map, Value};

pub use self::notation::Piece;
pub use self::parts::{Choice, Choices, Member, Object};
pub use self::whole::Whole;

/// The greatest number of references followed for one schema: one that refers to itself has no
/// kind.
const MAX_REFERENCES: usize = 32;

/// The greatest number of schemas and choices read for one schema or one written type:
/// alternatives can nest without end.
const MAX_STEPS: u32 = 2_000;

/// The greatest number of types that a schema lists: JSON has fewer, so others repeat one.
const MAX_TYPES: usize = 8;

/// The number of parts of a schema that cost as much to read as one value to make.
const PARTS_OF_A_VALUE: usize = 16;

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
    Number(Vec<Bound>),
    Text(Text<'a>),
    /// One of a fixed set of values.
    Choice(Choices<'a>),
    List(List<'a>),
    Tuple(&'a [Value]),
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

type Relation = fn(&f64, &f64) -> bool;

/// A bound of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The relation of numbers to the bound, in words.
    pub words: &'static str,
    pub at: f64,
    holds: Relation,
}

/// Text, with bounds on its number of characters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Text<'a> {
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub pattern: Option<&'a str>,
    pub format: Option<&'a str>,
}

/// A list, with bounds on its number of items.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    pub items: &'a Value,
    pub min_items: u64,
    pub max_items: Option<u64>,
}

/// The schema that allows any value.
static ANYTHING: Value = Value::Bool(true);

impl<'a> Schemas<'a> {
    pub fn new(definitions: &'a Map<String, Value>) -> Self {
        Schemas { definitions }
    }

    /// Reads a schema.
    pub fn shape(&self, schema: &'a Value) -> Shape<'a> {
        self.shape_in_steps(schema, &Cell::new(MAX_STEPS))
    }

    /// Reads a schema, as far as the number of steps allows.
    fn shape_in_steps(&self, schema: &'a Value, steps: &Cell<u32>) -> Shape<'a> {
        let references = MAX_REFERENCES;
        self.shape_within(schema, Depth { references, steps })
    }

    /// Returns the members of an object, including those that [`Shape::also`] adds.
    pub fn members(&self, schema: &'a Value) -> Vec<Member<'a>> {
        self.members_with_cost(schema).0
    }

    /// Returns the [members](Self::members) of an object, and the [cost](Shape::cost) of reading
    /// them.
    pub fn members_with_cost(&self, schema: &'a Value) -> (Vec<Member<'a>>, u64) {
        let mut members = Vec::new();
        let mut cost = 0;
        let mut next = vec![schema];
        // A longer chain of references is a cycle.
        for _ in 0..MAX_REFERENCES {
            let Some(schema) = next.pop() else { break };
            let shape = self.shape(schema);
            cost += shape.cost();
            next.extend(shape.also.iter().rev());
            if let Kind::Object(object) = shape.kind {
                members.extend(object.members());
            }
        }
        (members, cost)
    }

    fn shape_within(&self, schema: &'a Value, depth: Depth<'_>) -> Shape<'a> {
        let reference = text(schema, "$ref").and_then(|to| definition(to, self.definitions));
        let mut shape = match (reference, depth.deeper()) {
            (Some((name, target)), Some(deeper)) => Shape {
                name: Some(name),
                ..self.shape_within(target, deeper)
            },
            _ => self.unreferred(schema, depth),
        };
        // Keywords next to a reference describe this use of it, so they take precedence.
        shape.description = text(schema, "description").or(shape.description);
        shape.default = schema.get("default").or(shape.default);
        match array(schema, "examples") {
            Some(examples) if !examples.is_empty() => shape.examples = examples,
            _ => {}
        }
        shape
    }

    /// Reads a schema that is not a reference.
    fn unreferred(&self, schema: &'a Value, depth: Depth<'_>) -> Shape<'a> {
        if let Some(values) = choices(schema) {
            return choice(values);
        }
        if let Some(all) = array(schema, "oneOf").or_else(|| array(schema, "anyOf")) {
            return self.any_of(all, depth);
        }
        let also = array(schema, "allOf").unwrap_or_default();
        let own = single(schema);
        match (also, &own.kind, depth.deeper()) {
            // An `allOf` with one schema is the older way to add a description to a reference.
            ([only], Kind::Any, Some(deeper)) => self.shape_within(only, deeper),
            _ => Shape { also, ..own },
        }
    }

    fn any_of(&self, all: &'a [Value], depth: Depth<'_>) -> Shape<'a> {
        let is_null = |schema: &&Value| text(schema, "type") == Some("null");
        let others: Vec<&Value> = all.iter().filter(|schema| !is_null(schema)).collect();
        let nullable = others.len() < all.len();
        let mut shape = match (others.as_slice(), depth.deeper()) {
            ([], _) if nullable => Shape::of(Kind::Null),
            ([only], Some(deeper)) => self.shape_within(only, deeper),
            _ => match self.all_choices(&others, depth) {
                Some(values) => choice(Choices::described(values)),
                None => Shape::of(Kind::OneOf(others)),
            },
        };
        shape.nullable |= nullable;
        shape
    }

    /// Returns the values of alternatives if each alternative only lists values. The alternatives'
    /// descriptions are those of their values.
    fn all_choices(&self, alternatives: &[&'a Value], depth: Depth<'_>) -> Option<Vec<Choice<'a>>> {
        let mut all = Vec::new();
        for alternative in alternatives {
            let shape = self.shape_within(alternative, depth.deeper()?);
            let Kind::Choice(values) = shape.kind else {
                return None;
            };
            // The alternative itself counts as the first value.
            depth.spend(values.parts().saturating_sub(1))?;
            all.extend(values.iter().map(|choice| Choice {
                description: choice.description.or(shape.description),
                ..choice
            }));
            all.extend(shape.nullable.then_some(Choice {
                value: &Value::Null,
                description: None,
            }));
        }
        Some(all)
    }
}

/// The progress of reading one schema.
#[derive(Clone, Copy)]
struct Depth<'c> {
    references: usize,
    /// The steps left, shared by all branches.
    steps: &'c Cell<u32>,
}

impl Depth<'_> {
    /// Goes one level deeper, or returns `None` at the limit.
    fn deeper(self) -> Option<Self> {
        let references = self.references.checked_sub(1)?;
        self.spend(1)?;
        Some(Depth { references, ..self })
    }

    /// Takes steps, or returns `None` if too few are left.
    fn spend(self, steps: usize) -> Option<()> {
        let steps = u32::try_from(steps).ok()?;
        self.steps.set(self.steps.get().checked_sub(steps)?);
        Some(())
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

    /// Returns the cost of reading the schema, in values to make: wide schemas take longer.
    pub fn cost(&self) -> u64 {
        let parts = self.also.len() + self.kind.parts();
        (parts / PARTS_OF_A_VALUE) as u64
    }

    /// Returns true if a string is a valid value.
    pub fn takes_text(&self) -> bool {
        let is_text = |kind: &Kind<'_>| matches!(kind, Kind::Any | Kind::Text(_));
        match &self.kind {
            Kind::Several(kinds) => kinds.iter().any(is_text),
            kind => is_text(kind),
        }
    }
}

impl Kind<'_> {
    /// Returns the number of parts of the schema that a reader of its kind looks at.
    fn parts(&self) -> usize {
        match self {
            Kind::Choice(values) => values.parts(),
            Kind::Object(object) => object.parts(),
            Kind::Tuple(items) => items.len(),
            Kind::OneOf(alternatives) => alternatives.len(),
            Kind::Several(kinds) => kinds.iter().map(Kind::parts).sum(),
            _ => 0,
        }
    }
}

/// Reads a schema that is neither a reference nor a list of alternatives.
fn single(schema: &Value) -> Shape<'_> {
    let words: Vec<&str> = match schema.get("type") {
        Some(Value::Array(words)) => {
            let words = words.iter().take(MAX_TYPES);
            words.filter_map(Value::as_str).collect()
        }
        word => vec![word.and_then(Value::as_str).unwrap_or_default()],
    };
    let others = words.iter().filter(|word| **word != "null");
    let mut kinds: Vec<Kind<'_>> = others.map(|word| of_type(word, schema)).collect();
    let kind = match kinds.len() {
        0 => return Shape::of(Kind::Null),
        1 => kinds.remove(0),
        _ => Kind::Several(kinds),
    };
    Shape {
        nullable: words.contains(&"null"),
        ..Shape::of(kind)
    }
}

/// Reads the keywords that apply to one JSON type.
fn of_type<'a>(word: &str, schema: &'a Value) -> Kind<'a> {
    match word {
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
    match array(schema, "prefixItems") {
        Some(items) => Kind::Tuple(items),
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
            Some(Value::Bool(false)) => Kind::Object(Object::empty()),
            others => Kind::Map(others.unwrap_or(&ANYTHING)),
        };
    };
    let required = array(schema, "required").unwrap_or_default();
    let others = others.filter(|others| !others.is_boolean());
    Kind::Object(Object::new(members, required, others))
}

/// Returns the values of `enum` or of `const`.
fn choices(schema: &Value) -> Option<Choices<'_>> {
    Some(Choices::listed(match schema.get("const") {
        Some(only) => std::slice::from_ref(only),
        None => array(schema, "enum")?,
    }))
}

fn choice(choices: Choices<'_>) -> Shape<'_> {
    Shape {
        nullable: choices.have_null(),
        ..Shape::of(Kind::Choice(choices))
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

fn numbers(schema: &Value) -> Vec<Bound> {
    let keywords: [(_, _, Relation); 4] = [
        ("minimum", "at least", f64::ge),
        ("exclusiveMinimum", "above", f64::gt),
        ("maximum", "at most", f64::le),
        ("exclusiveMaximum", "below", f64::lt),
    ];
    let bounds = keywords.into_iter().filter_map(|(keyword, words, holds)| {
        let at = schema.get(keyword)?.as_f64()?;
        Some(Bound { words, at, holds })
    });
    bounds.collect()
}

impl Bound {
    /// Returns true if the number satisfies the bound.
    pub fn allows(&self, number: f64) -> bool {
        (self.holds)(&number, &self.at)
    }
}

impl Integers {
    /// Returns true if the number is within the bounds.
    pub fn contains(&self, number: Whole) -> bool {
        self.lowest.is_none_or(|lowest| number >= lowest)
            && self.highest.is_none_or(|highest| number <= highest)
    }
}

fn text<'a>(schema: &'a Value, word: &str) -> Option<&'a str> {
    schema.get(word)?.as_str()
}

fn number(schema: &Value, word: &str) -> Option<u64> {
    schema.get(word)?.as_u64()
}

fn array<'a>(schema: &'a Value, word: &str) -> Option<&'a [Value]> {
    schema.get(word)?.as_array().map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn choices_in_every_form_keep_their_descriptions() {
        let definitions = Map::new();
        let schemas = Schemas::new(&definitions);
        let one = json!({"const": "one", "description": "1"});
        let two = json!({"enum": ["two"], "description": "2"});
        for (schema, descriptions) in [
            (json!({"enum": ["one", "two", null]}), [None, None]),
            (json!({"oneOf": [one, two]}), [Some("1"), Some("2")]),
            (
                json!({"anyOf": [{"type": "null"}, two, one]}),
                [Some("2"), Some("1")],
            ),
        ] {
            let shape = schemas.shape(&schema);
            let Kind::Choice(values) = shape.kind else {
                panic!("{schema} is not a choice");
            };
            let found: Vec<_> = values.iter().map(|choice| choice.description).collect();
            assert_eq!(found, descriptions, "{schema}");
            assert_eq!(shape.nullable, schema.to_string().contains("null"));
        }
    }

    #[test]
    fn keywords_next_to_a_reference_take_precedence() {
        let theirs = json!({"type": "string", "description": "theirs", "default": "x"});
        let definitions = Map::from_iter([("a/b".to_owned(), theirs)]);
        let schema = json!({"$ref": "#/$defs/a~1b", "description": "ours"});
        let shape = Schemas::new(&definitions).shape(&schema);
        assert_eq!(shape.description, Some("ours"));
        assert_eq!(shape.default, Some(&json!("x")));
    }

    #[test]
    fn flattened_members_are_members() {
        let way = json!({"type": "object", "properties": {"b": true}, "required": ["b"]});
        let schema =
            json!({"properties": {"a": true}, "allOf": [{"$ref": "#/$defs/Way"}, {"$ref": "#"}]});
        let definitions = Map::from_iter([("Way".to_owned(), way)]);
        let members = Schemas::new(&definitions).members(&schema);
        let members = members.iter().map(|member| (member.name, member.required));
        assert_eq!(members.collect::<Vec<_>>(), [("a", false), ("b", true)]);
    }

    #[test]
    fn alternatives_with_too_many_values_are_no_choice() {
        let wide = json!({"enum": vec![json!(1); 1_500]});
        let definitions = Map::from_iter([("Wide".to_owned(), wide)]);
        let schemas = Schemas::new(&definitions);
        let refers = |count| json!({"oneOf": vec![json!({"$ref": "#/$defs/Wide"}); count]});
        let [once, twice] = [1, 2].map(refers);
        let shape = schemas.shape(&once);
        assert!(matches!(shape.kind, Kind::Choice(values) if values.parts() == 1_500));
        assert!(matches!(schemas.shape(&twice).kind, Kind::OneOf(_)));
    }

    #[test]
    fn endless_alternatives_are_abandoned() {
        let refers = |to| json!({"oneOf": vec![json!({"$ref": format!("#/$defs/d{to}")}); 8]});
        let mut definitions: Map<String, Value> = (0..18)
            .map(|nth| (format!("d{nth}"), refers(nth + 1)))
            .collect();
        definitions.insert("d18".to_owned(), json!({"enum": ["a", "b"]}));
        let schema = json!({"$ref": "#/$defs/d0"});
        let shape = Schemas::new(&definitions).shape(&schema);
        assert!(matches!(shape.kind, Kind::OneOf(_)));
    }
}
