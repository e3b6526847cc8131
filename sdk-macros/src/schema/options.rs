//! `#[schema(…)]`, and the options of `#[arg(…)]` that it shares.

use proc_macro2::{Group, Span};
use syn::parse::{Parse, ParseStream};
use syn::token::Bracket;
use syn::{Attribute, LitStr, Token, Type, WherePredicate};

use super::case::Case;
use super::model::{Annotations, Member};
use crate::documentation::Description;
use crate::json;
use crate::mistakes::Mistakes;
use crate::options::{self, Entry};
use crate::sdk_path::SdkPath;

/// The position of an option.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Item,
    Variant,
    Field,
    /// In `#[arg(…)]`, which has other options as well.
    Argument,
}

#[derive(Default)]
pub struct Options {
    pub annotations: Annotations,
    pub with: Option<Type>,
    pub bound: Option<Vec<WherePredicate>>,
    pub sdk: SdkPath,
    pub repr: Option<Span>,
}

/// The kind of an option's value.
#[derive(Clone, Copy)]
enum Value {
    Text,
    Number,
    Count,
    Json,
    Flag,
}

/// The options that are keywords of JSON Schema: name, keyword, value, and whether variants have it
/// as well.
const KEYWORDS: [(&str, &str, Value, bool); 18] = [
    ("title", "Title", Value::Text, true),
    ("minimum", "Minimum", Value::Number, false),
    ("maximum", "Maximum", Value::Number, false),
    (
        "exclusive_minimum",
        "ExclusiveMinimum",
        Value::Number,
        false,
    ),
    (
        "exclusive_maximum",
        "ExclusiveMaximum",
        Value::Number,
        false,
    ),
    ("multiple_of", "MultipleOf", Value::Number, false),
    ("min_length", "MinLength", Value::Count, false),
    ("max_length", "MaxLength", Value::Count, false),
    ("pattern", "Pattern", Value::Text, false),
    ("format", "Format", Value::Text, false),
    ("min_items", "MinItems", Value::Count, false),
    ("max_items", "MaxItems", Value::Count, false),
    ("unique_items", "UniqueItems", Value::Flag, false),
    ("min_properties", "MinProperties", Value::Count, false),
    ("max_properties", "MaxProperties", Value::Count, false),
    ("const", "Const", Value::Json, false),
    ("example", "Examples", Value::Json, true),
    ("examples", "Examples", Value::Json, true),
];

/// Reads the `#[schema]` attributes at `place`.
pub fn read(attributes: &[Attribute], place: Place, mistakes: &mut Mistakes) -> Options {
    let mut read = Options::default();
    let mut annotations = AnnotationsReader::default();
    options::read_named(attributes, "schema", mistakes, |option| {
        if place == Place::Item && read.sdk.read(option)? {
            return Ok(());
        }
        match option.key().as_str() {
            "with" => {
                option.once(read.with.is_some());
                let value = option.meta.value()?;
                if value.peek(LitStr) {
                    let literal: LitStr = value.parse()?;
                    let ty = literal.value();
                    let message = format!("write the type without quotes: `with = {ty}`");
                    option.mistakes.at(&literal, message);
                } else {
                    read.with = Some(value.parse()?);
                }
            }
            "bound" if place == Place::Item => {
                option.once(read.bound.is_some());
                let literal: LitStr = option.meta.value()?.parse()?;
                let predicates = |input: ParseStream<'_>| {
                    input.parse_terminated(WherePredicate::parse, Token![,])
                };
                let predicates = literal.parse_with(predicates)?;
                read.bound = Some(predicates.into_iter().collect());
            }
            "repr" if place == Place::Item => {
                option.once(read.repr.is_some());
                read.repr = Some(option.span());
            }
            "default" if place == Place::Field => {
                let default = &mut annotations.read.default;
                option.once(default.is_some());
                let json = json::value(option.meta.value()?)?;
                *default = Some((json, option.span()));
            }
            key if annotations.read(option, key, place)? => {}
            _ => return unknown(option, place),
        }
        Ok(())
    });
    read.annotations = annotations.finish();
    read
}

/// A reader of the options that describe values: of types, variants, fields and arguments.
#[derive(Default)]
pub struct AnnotationsReader {
    read: Annotations,
    examples: Option<(Vec<String>, Span)>,
}

impl AnnotationsReader {
    /// Reads an option. Returns `false` for an option of another kind.
    pub fn read(&mut self, option: &mut Entry<'_>, key: &str, place: Place) -> syn::Result<bool> {
        match key {
            "description" => {
                option.once(self.read.description.is_some());
                let text: LitStr = option.meta.value()?.parse()?;
                self.read.description = Some(Description::Text(text.value()));
            }
            "example" => {
                let example = json::value(option.meta.value()?)?;
                self.examples(option).push(example);
            }
            "examples" => {
                let more = if option.has_parentheses() {
                    option.meta.input.parse::<Group>()?
                } else {
                    let value = option.meta.value()?;
                    if !value.peek(Bracket) {
                        return Err(value.error("write a list: `examples = [1, 2]`"));
                    }
                    value.parse::<Group>()?
                };
                let more = json::values(more.stream(), json::value)?;
                self.examples(option).extend(more);
            }
            key => {
                let Some((_, keyword, value, _)) = keywords(place).find(|(name, ..)| *name == key)
                else {
                    return Ok(false);
                };
                option.once(self.read.get(keyword).is_some());
                let json = self::value(option, *value)?;
                self.read.members.push(Member {
                    keyword,
                    json,
                    constrains: !matches!(*keyword, "Title" | "Const"),
                    span: option.span(),
                });
            }
        }
        Ok(true)
    }

    fn examples(&mut self, option: &Entry<'_>) -> &mut Vec<String> {
        let none = || (Vec::new(), option.span());
        &mut self.examples.get_or_insert_with(none).0
    }

    pub fn finish(self) -> Annotations {
        let mut read = self.read;
        if let Some((examples, span)) = self.examples {
            read.members.push(Member {
                keyword: "Examples",
                json: format!("[{}]", examples.join(",")),
                constrains: false,
                span,
            });
        }
        read
    }
}

/// Returns the keywords that are allowed at a position.
fn keywords(
    place: Place,
) -> impl Iterator<Item = &'static (&'static str, &'static str, Value, bool)> {
    let keywords = KEYWORDS.iter();
    keywords.filter(move |(_, _, _, everywhere)| *everywhere || place != Place::Variant)
}

fn value(option: &Entry<'_>, value: Value) -> syn::Result<String> {
    if let Value::Flag = value {
        if !option.meta.input.peek(Token![=]) {
            return Ok("true".to_owned());
        }
        let flag: syn::LitBool = option.meta.value()?.parse()?;
        return Ok(flag.value.to_string());
    }
    let input = option.meta.value()?;
    match value {
        Value::Text => {
            let text = input.parse::<LitStr>();
            let text =
                text.map_err(|error| syn::Error::new(error.span(), "expected a string: `\"…\"`"))?;
            Ok(json::string(&text.value()))
        }
        Value::Number => Ok(json::signed(input)?.0),
        Value::Count => {
            let (json, span) = json::signed(input)?;
            let count = json.parse::<u64>();
            let message = "expected a whole number that is not negative";
            Ok(count
                .map_err(|_| syn::Error::new(span, message))?
                .to_string())
        }
        Value::Json | Value::Flag => json::value(input),
    }
}

/// Notes an unknown option, with a suggestion if there is a likely one.
pub fn unknown(option: &mut Entry<'_>, place: Place) -> syn::Result<()> {
    let mut known: Vec<&str> = keywords(place).map(|(name, ..)| *name).collect();
    known.push("description");
    let (own, at) = match place {
        Place::Item => (
            &["with", "bound", "crate", "repr"][..],
            "of a type in #[schema]",
        ),
        Place::Field => (&["with", "default"][..], "of a field in #[schema]"),
        Place::Variant => (&["with"][..], "of a variant in #[schema]"),
        Place::Argument => (&["default", "rename", "flatten", "schema"][..], "in #[arg]"),
    };
    known.extend(own);
    let key = option.key();
    let advice = match meant(&key, &known) {
        _ if place == Place::Argument && key == "with" => " (write `schema = …`)".to_owned(),
        Some(meant) => format!(" (did you mean `{meant}`?)"),
        None if place != Place::Argument && is_serdes(&key) => {
            format!(" (write #[serde({key})], which the derive reads as well)")
        }
        None => String::new(),
    };
    known.sort_unstable();
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    option.unknown(format!(
        "unknown option {at}{advice}: the options are {}",
        known.join(", ")
    ))
}

/// Returns whether serde has an option of this name.
fn is_serdes(key: &str) -> bool {
    matches!(
        key,
        "rename"
            | "rename_all"
            | "alias"
            | "skip"
            | "skip_serializing"
            | "skip_deserializing"
            | "flatten"
            | "transparent"
            | "deny_unknown_fields"
            | "tag"
            | "content"
            | "untagged"
    )
}

/// Returns the option that an author probably meant.
pub fn meant<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    // `minLength` is the spelling of JSON Schema.
    let snake = Case::Snake.variant(key);
    let distances = known.iter().map(|name| (distance(&snake, name), *name));
    let (distance, name) = distances.min()?;
    (distance <= 2 && distance < name.len()).then_some(name)
}

/// Returns the edit distance of two words.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (nth, character) in left.chars().enumerate() {
        let mut before = nth;
        let mut last = nth + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let here = (before + usize::from(character != *other))
                .min(*cell + 1)
                .min(last + 1);
            before = *cell;
            *cell = here;
            last = here;
        }
        if let Some(first) = row.first_mut() {
            *first = nth + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
