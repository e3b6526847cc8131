//! Types, made from schemas.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::objects::{self, Plain};
use super::recursion::cut_endless_aliases;
use super::unions::{self, Read};
use super::{Choice, ChoiceValue, Definition, Field, NamedType, Record, Type};
use crate::error::{Error, Result};
use crate::schema::{self, Choices, Integers, Kind, Schemas, Shape, Whole};

/// The greatest number of named types of a plugin.
const MAX_TYPES: usize = 2_000;

/// The greatest depth of schemas within each other; types below it are any JSON.
const MAX_DEPTH: usize = 48;

/// The greatest number of schemas that are read: alternatives multiply.
const MAX_SCHEMAS: usize = 50_000;

/// The greatest length of a tuple.
const MAX_TUPLE: usize = 16;

/// The greatest integer below which a double holds all of them.
const MAX_EXACT: i128 = (1 << 53) - 1;

/// The greatest number of values of a choice.
const MAX_CHOICES: usize = 1_000;

/// Reads schemas, and collects the types that need a name.
pub struct Reader<'a> {
    definitions: &'a Map<String, Value>,
    schemas: Schemas<'a>,
    types: Vec<NamedType>,
    by_definition: HashMap<&'a str, usize>,
    /// Types without a definition, by their schema, so that equal ones are declared once.
    by_schema: HashMap<String, usize>,
    depth: usize,
    read: usize,
}

impl<'a> Reader<'a> {
    pub fn new(definitions: &'a Map<String, Value>) -> Self {
        Reader {
            definitions,
            schemas: Schemas::new(definitions),
            types: Vec::new(),
            by_definition: HashMap::new(),
            by_schema: HashMap::new(),
            depth: 0,
            read: 0,
        }
    }

    /// Returns all types that were collected.
    ///
    /// # Errors
    /// If the plugin describes more types than other languages should declare.
    pub fn finish(mut self) -> Result<Vec<NamedType>> {
        let too_much = if self.types.len() > MAX_TYPES {
            format!("it has more than {MAX_TYPES} types")
        } else if self.read > MAX_SCHEMAS {
            format!("its schemas expand to more than {MAX_SCHEMAS}")
        } else {
            cut_endless_aliases(&mut self.types);
            return Ok(self.types);
        };
        Err(Error::new("the plugin's types are too many for another language").because(too_much))
    }

    /// Returns the type of a definition, and reads the definition once.
    fn named(&mut self, name: &'a str) -> Type {
        if let Some(index) = self.by_definition.get(name) {
            return Type::Named(*index);
        }
        let Some(schema) = self.definitions.get(name) else {
            return Type::Json;
        };
        let shape = self.schemas.shape(schema);
        // Before it is read: it may mention itself.
        let index = self.types.len();
        self.by_definition.insert(name, index);
        self.types.push(NamedType {
            name: name.to_owned(),
            description: shape.description.unwrap_or_default().to_owned(),
            definition: Definition::Alias(Type::Json),
        });
        let definition = match (shape.name, shape.nullable) {
            (None, false) => match self.form(schema, &shape, name) {
                Form::Type(ty) => Definition::Alias(ty),
                Form::Definition(definition) => definition,
            },
            _ => Definition::Alias(self.read(schema, &format!("{name} value"))),
        };
        if let Some(ty) = self.types.get_mut(index) {
            ty.definition = definition;
        }
        Type::Named(index)
    }

    /// Returns the type of a schema without a definition. Equal schemas have one type.
    fn declared(&mut self, schema: &'a Value, place: &str, definition: Definition) -> Type {
        let key = essence(schema);
        let types = &mut self.types;
        let index = *self.by_schema.entry(key).or_insert_with(|| {
            types.push(NamedType {
                name: place.to_owned(),
                description: String::new(),
                definition,
            });
            types.len() - 1
        });
        Type::Named(index)
    }

    /// Reads a schema that is not a reference, apart from `null`.
    fn form(&mut self, schema: &'a Value, shape: &Shape<'a>, place: &str) -> Form {
        if shape.name.is_some() || schema.get("$ref").is_some() {
            return Form::Type(Type::Json);
        }
        if let Some(values) = objects::map_values(schema) {
            return Form::Type(Type::Map(Box::new(self.read(values, &item(place)))));
        }
        if objects::is_object(schema) || !shape.also.is_empty() {
            return self.object(schema, place);
        }
        if let Some(only) = only_alternative(schema) {
            return match unions::of_one(self, only, place) {
                Some(union) => Form::Definition(Definition::Union(union)),
                None => self.form(only, &self.schemas.shape(only), place),
            };
        }
        Form::Type(match &shape.kind {
            Kind::Any | Kind::Object(_) => Type::Json,
            Kind::Null => Type::Null,
            Kind::Boolean => Type::Boolean,
            Kind::Integer(integers) => Type::Integer(*integers),
            Kind::Number(_) => Type::Float,
            Kind::Text(_) => Type::Text,
            Kind::List(list) => Type::List(Box::new(self.read(list.items, &item(place)))),
            Kind::Map(values) => Type::Map(Box::new(self.read(values, &item(place)))),
            Kind::Tuple(items) => self.tuple(schema, items, place),
            Kind::Choice(choices) => return choice(choices),
            Kind::Several(kinds) => return self.several(kinds, place),
            Kind::OneOf(alternatives) => {
                return Form::of(unions::read(self, alternatives, place).map(Definition::Union));
            }
        })
    }

    /// Reads an array with a type for each place. One of variable length is a list.
    fn tuple(&mut self, schema: &Value, items: &'a [Value], place: &str) -> Type {
        let length = |word: &str| schema.get(word).and_then(Value::as_u64);
        let exactly = Some(items.len() as u64);
        let is_fixed = length("minItems") == exactly
            && (length("maxItems") == exactly || schema.get("items") == Some(&Value::Bool(false)));
        if items.is_empty() || items.len() > MAX_TUPLE || !is_fixed {
            return Type::List(Box::new(Type::Json));
        }
        let items = items.iter().enumerate();
        let types = items.map(|(nth, item)| self.read(item, &format!("{place} {}", nth + 1)));
        Type::Tuple(types.collect())
    }

    /// Reads values of one of several JSON types.
    fn several(&mut self, kinds: &[Kind<'a>], place: &str) -> Form {
        let mut types = Vec::new();
        for kind in kinds {
            types.push(match kind {
                Kind::Boolean => Type::Boolean,
                Kind::Integer(integers) => Type::Integer(*integers),
                Kind::Number(_) => Type::Float,
                Kind::Text(_) => Type::Text,
                Kind::List(list) => Type::List(Box::new(self.read(list.items, &item(place)))),
                Kind::Map(values) => Type::Map(Box::new(self.read(values, &item(place)))),
                _ => return Form::Type(Type::Json),
            });
        }
        Form::Definition(Definition::Union(unions::of_types(types)))
    }

    /// Reads an object, or several that are alternatives.
    fn object(&mut self, schema: &'a Value, place: &str) -> Form {
        let Some(plain) = objects::split(schema, self.definitions) else {
            return Form::Type(Type::Json);
        };
        Form::Definition(match plain.as_slice() {
            [only] => Definition::Record(self.record(only, place)),
            several => Definition::Union(unions::of_objects(self, several, place)),
        })
    }
}

impl<'a> Read<'a> for Reader<'a> {
    fn schemas(&self) -> Schemas<'a> {
        self.schemas
    }

    fn definitions(&self) -> &'a Map<String, Value> {
        self.definitions
    }

    fn read(&mut self, schema: &'a Value, place: &str) -> Type {
        self.read += 1;
        if self.depth >= MAX_DEPTH || self.read > MAX_SCHEMAS || self.types.len() > MAX_TYPES {
            return Type::Json;
        }
        self.depth += 1;
        let shape = self.schemas.shape(schema);
        let ty = match (shape.name, self.form(schema, &shape, place)) {
            (Some(name), _) => self.named(name),
            (None, Form::Type(ty)) => ty,
            (None, Form::Definition(definition)) => self.declared(schema, place, definition),
        };
        self.depth -= 1;
        option(ty, shape.nullable)
    }

    fn record(&mut self, plain: &Plain<'a>, place: &str) -> Record {
        let fields = plain.members.iter().map(|member| {
            let shape = self.schemas.shape(member.schema);
            Field {
                name: member.name.to_owned(),
                description: shape.description.unwrap_or_default().to_owned(),
                ty: self.read(member.schema, &format!("{place} {}", member.name)),
                optional: !member.required,
            }
        });
        let fields = fields.collect();
        let rest = plain.rest.filter(|_| !plain.closed);
        Record {
            fields,
            rest: rest.map(|rest| self.read(rest, &item(place))),
        }
    }
}

/// The form of a schema: a type without a name, or the definition of one with a name.
enum Form {
    Type(Type),
    Definition(Definition),
}

impl Form {
    fn of(definition: Option<Definition>) -> Self {
        definition.map_or(Form::Type(Type::Json), Form::Definition)
    }
}

/// Returns the alternative of a schema that has only one, apart from `null`.
fn only_alternative(schema: &Value) -> Option<&Value> {
    let all = schema
        .get("oneOf")
        .or_else(|| schema.get("anyOf"))?
        .as_array()?;
    let is_null = |schema: &&Value| schema.get("type").is_some_and(|word| word == "null");
    let mut others = all.iter().filter(|schema| !is_null(schema));
    others.next().filter(|_| others.next().is_none())
}

fn choice(choices: &Choices<'_>) -> Form {
    let choices = choices.at_most(MAX_CHOICES).unwrap_or_default();
    if choices.is_empty() {
        return Form::Type(Type::Json);
    }
    if let Some(range) = wide(&choices) {
        return Form::Type(Type::Integer(range));
    }
    let texts = values(&choices, |value| value.as_str().map(str::to_owned)).map(Choice::Texts);
    let choice = texts.or_else(|| values(&choices, Value::as_i64).map(Choice::Integers));
    Form::of(choice.map(Definition::Choice))
}

/// Returns the range of a choice of integers that a double cannot hold exactly. A language may have
/// no literals for them.
fn wide(choices: &[schema::Choice<'_>]) -> Option<Integers> {
    let numbers = choices
        .iter()
        .map(|choice| Whole::of(choice.value.as_number()?));
    let numbers: Vec<Whole> = numbers.collect::<Option<_>>()?;
    let exact = Whole::from(-MAX_EXACT)..=Whole::from(MAX_EXACT);
    let is_wide = numbers.iter().any(|number| !exact.contains(number));
    is_wide.then(|| Integers {
        lowest: numbers.iter().min().copied(),
        highest: numbers.iter().max().copied(),
    })
}

/// Returns a schema as text, without what only describes this use of it.
fn essence(schema: &Value) -> String {
    let Value::Object(members) = schema else {
        return schema.to_string();
    };
    let mut members = members.clone();
    for word in ["description", "title", "default", "examples"] {
        members.shift_remove(word);
    }
    Value::Object(members).to_string()
}

fn values<T>(
    choices: &[schema::Choice<'_>],
    read: impl Fn(&Value) -> Option<T>,
) -> Option<Vec<ChoiceValue<T>>> {
    let values = choices.iter().map(|choice| {
        Some(ChoiceValue {
            value: read(choice.value)?,
            description: choice.description.unwrap_or_default().to_owned(),
        })
    });
    values.collect()
}

fn option(ty: Type, nullable: bool) -> Type {
    match ty {
        Type::Json | Type::Null | Type::Option(_) => ty,
        ty if nullable => Type::Option(Box::new(ty)),
        ty => ty,
    }
}

fn item(place: &str) -> String {
    format!("{place} item")
}
