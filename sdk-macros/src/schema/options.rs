//! `#[schema(…)]`

use proc_macro2::{Group, Span};
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::token::{Bracket, Paren};
use syn::{Attribute, LitStr, Token, Type, WherePredicate};

use super::model::{Annotations, Member};
use crate::attributes;
use crate::documentation::Description;
use crate::json;
use crate::mistakes::Mistakes;
use crate::sdk_path::SdkPath;

/// What an option stands at.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Item,
    Variant,
    Field,
    /// In `#[arg(…)]`, which has options of its own as well.
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

/// What the value of an option is.
#[derive(Clone, Copy)]
enum Value {
    Text,
    Number,
    Count,
    Json,
    Flag,
}

/// The options that are keywords of JSON Schema, by name, and whether variants have them as well.
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

pub fn read(attributes: &[Attribute], place: Place, mistakes: &mut Mistakes) -> Options {
    let mut read = Options::default();
    let mut annotations = AnnotationsReader::default();
    for attribute in attributes {
        if !attribute.path().is_ident("schema") {
            continue;
        }
        let Some(arguments) = mistakes.keep(attributes::arguments(attribute)) else {
            continue;
        };
        attributes::options(arguments, mistakes, |meta, mistakes| {
            if place == Place::Item && read.sdk.read(meta, mistakes)? {
                return Ok(());
            }
            let Some(key) = meta.path.get_ident().map(ToString::to_string) else {
                return unknown(meta, place, mistakes);
            };
            match key.as_str() {
                "with" => {
                    attributes::given_once(meta, read.with.is_some(), mistakes);
                    let value = meta.value()?;
                    if value.peek(LitStr) {
                        let literal: LitStr = value.parse()?;
                        mistakes.at(
                            &literal,
                            format!(
                                "write the type without quotes: `with = {}`",
                                literal.value()
                            ),
                        );
                    } else {
                        read.with = Some(value.parse()?);
                    }
                }
                "bound" if place == Place::Item => {
                    attributes::given_once(meta, read.bound.is_some(), mistakes);
                    let literal: LitStr = meta.value()?.parse()?;
                    let predicates = |input: ParseStream<'_>| {
                        input.parse_terminated(WherePredicate::parse, Token![,])
                    };
                    let predicates = literal.parse_with(predicates)?;
                    read.bound = Some(predicates.into_iter().collect());
                }
                "repr" if place == Place::Item => {
                    attributes::given_once(meta, read.repr.is_some(), mistakes);
                    read.repr = Some(meta.path.span());
                }
                "default" if place == Place::Field => {
                    let default = &mut annotations.read.default;
                    attributes::given_once(meta, default.is_some(), mistakes);
                    let json = json::value(meta.value()?)?;
                    *default = Some((json, meta.path.span()));
                }
                _ if annotations.read(meta, &key, place, mistakes)? => {}
                _ => return unknown(meta, place, mistakes),
            }
            Ok(())
        });
    }
    read.annotations = annotations.finish();
    read
}

/// Reads the options that say something about values, of types, variants, fields and arguments.
#[derive(Default)]
pub struct AnnotationsReader {
    read: Annotations,
    examples: Option<(Vec<String>, Span)>,
}

impl AnnotationsReader {
    /// Reads an option; `false` if it is none of these.
    pub fn read(
        &mut self,
        meta: &ParseNestedMeta<'_>,
        key: &str,
        place: Place,
        mistakes: &mut Mistakes,
    ) -> syn::Result<bool> {
        match key {
            "description" => {
                attributes::given_once(meta, self.read.description.is_some(), mistakes);
                let text: LitStr = meta.value()?.parse()?;
                self.read.description = Some(Description::Text(text.value()));
            }
            "example" => {
                let example = json::value(meta.value()?)?;
                self.examples(meta).push(example);
            }
            "examples" => {
                let more = if meta.input.peek(Paren) {
                    meta.input.parse::<Group>()?
                } else {
                    let value = meta.value()?;
                    if !value.peek(Bracket) {
                        return Err(value.error("list the examples: `examples = [1, 2]`"));
                    }
                    value.parse::<Group>()?
                };
                let more = json::values(more.stream(), json::value)?;
                self.examples(meta).extend(more);
            }
            key => {
                let keyword = KEYWORDS.iter().find(|(name, _, _, everywhere)| {
                    *name == key && (*everywhere || place != Place::Variant)
                });
                let Some((_, keyword, value, _)) = keyword else {
                    return Ok(false);
                };
                let given = self.read.get(keyword).is_some();
                attributes::given_once(meta, given, mistakes);
                let json = self::value(meta, *value)?;
                self.read.members.push(Member {
                    keyword,
                    json,
                    constrains: !matches!(*keyword, "Title" | "Const"),
                    span: meta.path.span(),
                });
            }
        }
        Ok(true)
    }

    fn examples(&mut self, meta: &ParseNestedMeta<'_>) -> &mut Vec<String> {
        let none = || (Vec::new(), meta.path.span());
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

fn value(meta: &ParseNestedMeta<'_>, value: Value) -> syn::Result<String> {
    match value {
        Value::Text => {
            let input = meta.value()?;
            let literal: LitStr = input
                .parse()
                .map_err(|error| syn::Error::new(error.span(), "expected a string: `\"…\"`"))?;
            Ok(json::string(&literal.value()))
        }
        Value::Number => Ok(json::signed(meta.value()?)?.0),
        Value::Count => {
            let (json, span) = json::signed(meta.value()?)?;
            match json.parse::<u64>() {
                Ok(count) => Ok(count.to_string()),
                Err(_) => Err(syn::Error::new(
                    span,
                    "expected how many: a whole number, not below 0",
                )),
            }
        }
        Value::Json => json::value(meta.value()?),
        Value::Flag => {
            if meta.input.peek(Token![=]) {
                let flag: syn::LitBool = meta.value()?.parse()?;
                return Ok(flag.value.to_string());
            }
            Ok("true".to_owned())
        }
    }
}

pub fn unknown(
    meta: &ParseNestedMeta<'_>,
    place: Place,
    mistakes: &mut Mistakes,
) -> syn::Result<()> {
    let mut known: Vec<&str> = KEYWORDS
        .iter()
        .filter(|(_, _, _, everywhere)| *everywhere || place != Place::Variant)
        .map(|(name, ..)| *name)
        .collect();
    known.push("description");
    known.extend(match place {
        Place::Item => &["with", "bound", "crate", "repr"][..],
        Place::Field => &["with", "default"],
        Place::Variant => &["with"],
        Place::Argument => &["default", "rename", "flatten", "schema"],
    });
    let at = match place {
        Place::Item => "of a type in #[schema]",
        Place::Variant => "of a variant in #[schema]",
        Place::Field => "of a field in #[schema]",
        Place::Argument => "in #[arg]",
    };
    let key = meta
        .path
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default();
    let meant = match meant(&key, &known) {
        _ if place == Place::Argument && key == "with" => "; write `schema = …`".to_owned(),
        Some(meant) => format!("; did you mean `{meant}`?"),
        None if place != Place::Argument && is_serdes(&key) => {
            format!("; write #[serde({key})], which is read here as well")
        }
        None => String::new(),
    };
    known.sort_unstable();
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let message = format!(
        "there is no such option {at}{meant} The options are {}",
        known.join(", ")
    );
    let message = if meant.ends_with('?') {
        message
    } else {
        message.replacen(" The options", ". The options", 1)
    };
    attributes::unknown(meta, &message, mistakes)
}

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

/// The option that an author may have meant.
pub fn meant<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    // JSON Schema's own spelling, and that of serde's case for it.
    let snake = super::case::Case::Snake.variant(key);
    let distances = known.iter().map(|name| (distance(&snake, name), *name));
    let (distance, name) = distances.min()?;
    (distance <= 2 && distance < name.len()).then_some(name)
}

/// How many letters are added, lost or changed between two words.
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
