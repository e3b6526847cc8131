//! Alternatives, recognised as the forms in which serde writes enums.

use serde_json::{Map, Value};

use super::objects::{self, Plain};
use super::{Content, Record, Tagging, Type, Union, Variant};
use crate::schema::{Kind, Schemas};

/// Reads the schemas within alternatives.
pub trait Read<'a> {
    fn schemas(&self) -> Schemas<'a>;

    fn definitions(&self) -> &'a Map<String, Value>;

    /// Reads a schema. `place` describes where it is, for the name of a type without its own name.
    fn read(&mut self, schema: &'a Value, place: &str) -> Type;

    /// Reads the members of an object.
    fn record(&mut self, plain: &Plain<'a>, place: &str) -> Record;
}

/// The greatest number of variants.
const MAX_VARIANTS: usize = 500;

/// Reads alternatives, which are not only values of a fixed set. Returns `None` if there are too
/// many.
pub fn read<'a>(
    reader: &mut impl Read<'a>,
    alternatives: &[&'a Value],
    place: &str,
) -> Option<Union> {
    if alternatives.is_empty() || alternatives.len() > MAX_VARIANTS {
        return None;
    }
    if let Some(variants) = external(reader, alternatives, place) {
        return Some(Union {
            tagging: Tagging::External,
            variants,
        });
    }
    if let Some(plain) = all_objects(reader, alternatives) {
        return Some(of_objects(reader, &plain, place));
    }
    let mut names = Vec::new();
    let variants = alternatives.iter().map(|alternative| {
        let word = word(reader, alternative);
        let repeated = names.iter().filter(|name| **name == word).count();
        names.push(word.clone());
        let name = match repeated {
            0 => word,
            _ => format!("{word} {}", repeated + 1),
        };
        untagged(
            reader.read(alternative, &format!("{place} {name}")),
            name,
            description(alternative),
        )
    });
    Some(Union {
        variants: variants.collect(),
        tagging: Tagging::Untagged,
    })
}

/// Reads the only alternative of an enum with one variant; `None` if it is no variant.
pub fn of_one<'a>(reader: &mut impl Read<'a>, only: &'a Value, place: &str) -> Option<Union> {
    if let Some(variants) = external(reader, &[only], place) {
        return Some(Union {
            tagging: Tagging::External,
            variants,
        });
    }
    let plain = all_objects(reader, &[only])?;
    tag(reader, &plain)?;
    Some(of_objects(reader, &plain, place))
}

/// Returns a union of types that need no names.
pub fn of_types(types: Vec<Type>) -> Union {
    let variants = types.into_iter().map(|ty| {
        let name = match &ty {
            Type::Boolean => "boolean",
            Type::Integer(_) => "integer",
            Type::Float => "number",
            Type::Text => "text",
            Type::List(_) => "list",
            _ => "map",
        };
        untagged(ty, name.to_owned(), String::new())
    });
    Union {
        variants: variants.collect(),
        tagging: Tagging::Untagged,
    }
}

/// Reads objects that are alternatives: with a tag if they have one in common.
pub fn of_objects<'a>(reader: &mut impl Read<'a>, objects: &[Plain<'a>], place: &str) -> Union {
    let tag = tag(reader, objects);
    let content = tag.and_then(|tag| content(objects, tag));
    let variants = objects.iter().enumerate().map(|(nth, object)| {
        let names = match tag {
            Some(tag) => tag_names(reader, object, tag).unwrap_or_default(),
            None => vec![distinction(objects, nth)],
        };
        let within = format!("{place} {}", names.first().map_or("", String::as_str));
        Variant {
            content: contents(reader, object, (tag, content), &within),
            description: object.description.unwrap_or_default().to_owned(),
            names,
        }
    });
    let variants = variants.collect();
    let tagging = match (tag.map(str::to_owned), content.map(str::to_owned)) {
        (Some(tag), Some(content)) => Tagging::Adjacent { tag, content },
        (Some(tag), None) => Tagging::Internal { tag },
        _ => Tagging::Untagged,
    };
    Union { tagging, variants }
}

/// Reads the content of an object that is a variant.
fn contents<'a>(
    reader: &mut impl Read<'a>,
    object: &Plain<'a>,
    (tag, content): (Option<&str>, Option<&str>),
    place: &str,
) -> Content {
    let member = |name: &str| object.members.iter().find(|member| member.name == name);
    if let Some(content) = content {
        return match member(content) {
            None => Content::Unit,
            Some(member) => value(reader, member.schema, !member.required, place),
        };
    }
    let mut rest = object.clone();
    rest.members.retain(|member| Some(member.name) != tag);
    match rest.members.is_empty() && rest.rest.is_none() && tag.is_some() {
        true => Content::Unit,
        false => Content::Fields(reader.record(&rest, place)),
    }
}

/// Reads the content of a variant; an object without its own name becomes the variant's fields.
fn value<'a>(
    reader: &mut impl Read<'a>,
    schema: &'a Value,
    optional: bool,
    place: &str,
) -> Content {
    let shape = reader.schemas().shape(schema);
    if shape.name.is_none() && !shape.nullable && !optional && objects::is_object(schema) {
        let plain = objects::split(schema, reader.definitions());
        if let Some([only]) = plain.as_deref() {
            return Content::Fields(reader.record(only, place));
        }
    }
    Content::Value {
        ty: reader.read(schema, place),
        optional,
    }
}

/// Reads alternatives that are names, or objects whose only member is a name.
fn external<'a>(
    reader: &mut impl Read<'a>,
    alternatives: &[&'a Value],
    place: &str,
) -> Option<Vec<Variant>> {
    let mut parts = Vec::new();
    for alternative in alternatives {
        let shape = reader.schemas().shape(alternative);
        match &shape.kind {
            _ if shape.name.is_some() || shape.nullable => return None,
            Kind::Choice(choices) => {
                for choice in choices.iter() {
                    let described = choice.description.or(shape.description);
                    parts.push((choice.value.as_str()?, None, described));
                }
            }
            _ => {
                let [object] = objects::split(alternative, reader.definitions())?
                    .try_into()
                    .ok()?;
                let Plain {
                    members, closed, ..
                } = object;
                match members.as_slice() {
                    [only] if only.required && closed => {
                        parts.push((only.name, Some(only.schema), shape.description));
                    }
                    _ => return None,
                }
            }
        }
    }
    let mut names: Vec<&str> = parts.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < parts.len() || parts.len() > MAX_VARIANTS {
        return None;
    }
    let variants = parts
        .into_iter()
        .map(|(name, schema, description)| Variant {
            names: vec![name.to_owned()],
            description: description.unwrap_or_default().to_owned(),
            content: match schema {
                None => Content::Unit,
                Some(schema) => value(reader, schema, false, &format!("{place} {name}")),
            },
        });
    Some(variants.collect())
}

/// Returns the plain objects of alternatives that are nothing else.
fn all_objects<'a>(reader: &impl Read<'a>, alternatives: &[&'a Value]) -> Option<Vec<Plain<'a>>> {
    let mut all = Vec::new();
    for alternative in alternatives {
        // A type with a name stays what it is.
        let is_inline = alternative.get("$ref").is_none() && objects::is_object(alternative);
        let shape = reader.schemas().shape(alternative);
        if !is_inline || shape.nullable {
            return None;
        }
        all.extend(objects::split(alternative, reader.definitions())?);
    }
    (all.len() <= MAX_VARIANTS).then_some(all)
}

/// Returns the member that identifies each object: it is required, and each has other values.
fn tag<'a>(reader: &impl Read<'a>, objects: &[Plain<'a>]) -> Option<&'a str> {
    let first = objects.first()?;
    let candidates = first.members.iter().map(|member| member.name);
    candidates.into_iter().find(|candidate| {
        let mut all = Vec::new();
        for object in objects {
            match tag_names(reader, object, candidate) {
                Some(names) => all.extend(names),
                None => return false,
            }
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        all.len() == count
    })
}

/// Returns the values of a member if they are texts of a fixed set.
fn tag_names<'a>(reader: &impl Read<'a>, object: &Plain<'a>, tag: &str) -> Option<Vec<String>> {
    let member = object.members.iter().find(|member| member.name == tag)?;
    let shape = reader.schemas().shape(member.schema);
    let Kind::Choice(choices) = shape.kind else {
        return None;
    };
    let choices = choices.at_most(MAX_VARIANTS)?;
    if !member.required || shape.nullable || choices.is_empty() {
        return None;
    }
    let texts = choices.iter().map(|choice| choice.value.as_str());
    texts.map(|text| text.map(str::to_owned)).collect()
}

/// Returns the member next to a tag that has the content of variants: the only other one in all
/// objects, with different types. Otherwise it is a member like any other.
fn content<'a>(objects: &[Plain<'a>], tag: &str) -> Option<&'a str> {
    let mut found: Option<(&str, &Value)> = None;
    let mut differs = false;
    for object in objects {
        let mut others = object.members.iter().filter(|member| member.name != tag);
        let (one, more) = (others.next(), others.next());
        if more.is_some() || object.rest.is_some() {
            return None;
        }
        match (one, found) {
            (None, _) => {}
            (Some(one), None) => found = Some((one.name, one.schema)),
            (Some(one), Some((name, schema))) => {
                if one.name != name {
                    return None;
                }
                differs |= one.schema != schema;
            }
        }
    }
    found.filter(|_| differs).map(|(name, _)| name)
}

/// Returns a word for one of several objects: a member that only it requires.
fn distinction(objects: &[Plain<'_>], nth: usize) -> String {
    let requires = |object: &Plain<'_>, name: &str| {
        let mut members = object.members.iter();
        members.any(|member| member.name == name && member.required)
    };
    let others = || {
        objects
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != nth)
    };
    let own = objects.get(nth).and_then(|object| {
        object.members.iter().find(|member| {
            member.required && !others().any(|(_, other)| requires(other, member.name))
        })
    });
    match own {
        Some(member) => member.name.to_owned(),
        None => format!("case {}", nth + 1),
    }
}

fn untagged(ty: Type, name: String, description: String) -> Variant {
    Variant {
        names: vec![name],
        description,
        content: Content::Value {
            ty,
            optional: false,
        },
    }
}

fn description(schema: &Value) -> String {
    let description = schema.get("description").and_then(Value::as_str);
    description.unwrap_or_default().to_owned()
}

/// Returns a word for an alternative: its name or title, or its JSON type.
fn word<'a>(reader: &impl Read<'a>, schema: &'a Value) -> String {
    let shape = reader.schemas().shape(schema);
    if let Some(name) = shape.name {
        return name.to_owned();
    }
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        return title.to_owned();
    }
    let word = match shape.kind {
        Kind::Null => "null",
        Kind::Boolean => "boolean",
        Kind::Integer(_) => "integer",
        Kind::Number(_) => "number",
        Kind::Text(_) => "text",
        Kind::Choice(_) => "name",
        Kind::List(_) => "list",
        Kind::Tuple(_) => "tuple",
        Kind::Map(_) => "map",
        Kind::Object(_) => "object",
        _ => "value",
    };
    word.to_owned()
}
