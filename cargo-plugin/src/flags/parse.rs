//! Conversion of flag values to JSON.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::io::Read;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser};
use serde_json::{Number, Value};

use crate::schema::{Bound, Choices, Integers, Kind, Shape, Text, Whole};
use crate::text;

/// The most bytes of a file or of standard input: 256 MiB.
const MAX_BYTES: u64 = 256 << 20;

/// Returns the parser for one value. For a nullable type, the word `null` is the JSON value unless
/// the type has a text `null`.
pub(super) fn parser(shape: &Shape<'_>) -> ValueParser {
    let null = shape.nullable;
    match shape.kind {
        Kind::Boolean => words(null, |text| match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err("it is neither `true` nor `false`".to_owned()),
        }),
        Kind::Integer(integers) => words(null, move |text| integer(text, &integers)),
        Kind::Number(ref bounds) => {
            let bounds = bounds.clone();
            words(null, move |text| number(text, &bounds))
        }
        Kind::Text(Text {
            min_length,
            max_length,
            ..
        }) => words(false, move |text| {
            bounded(&text_of(text)?, min_length, max_length)
        }),
        Kind::Choice(ref choices) if let Some(named) = names(choices) => choice(named, null),
        _ => {
            let or_text = shape.takes_text();
            words(null, move |text| json(text, or_text))
        }
    }
}

fn words(
    null: bool,
    parse: impl Fn(&str) -> Result<Value, String> + Clone + Send + Sync + 'static,
) -> ValueParser {
    let parse = move |text: &str| match text {
        "null" if null => Ok(Value::Null),
        text => parse(text),
    };
    parse.into()
}

/// The greatest number of values that have names in a command line.
const MAX_NAMES: usize = 1_000;

/// Returns the values that can be named in a command line; `None` if only JSON can express them, or
/// there are too many. Names that are not safe to show are left out.
pub(super) fn names(choices: &Choices<'_>) -> Option<Vec<(PossibleValue, Value)>> {
    let mut seen = HashSet::new();
    let mut named = Vec::new();
    for choice in choices.at_most(MAX_NAMES)? {
        let name = match choice.value {
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => return None,
            other => other.to_string(),
        };
        if !name.is_empty() && text::shown(&name) == name && seen.insert(name.clone()) {
            let possible = PossibleValue::new(name);
            let possible = match choice.description {
                Some(description) => possible.help(text::first_line(description)),
                None => possible,
            };
            named.push((possible, choice.value.clone()));
        }
    }
    Some(named).filter(|named| !named.is_empty())
}

/// Returns a parser for names; clap suggests similar ones.
fn choice(mut named: Vec<(PossibleValue, Value)>, null: bool) -> ValueParser {
    if null && !named.iter().any(|(name, _)| name.get_name() == "null") {
        named.push((PossibleValue::new("null"), Value::Null));
    }
    let names: Vec<PossibleValue> = named.iter().map(|(name, _)| name.clone()).collect();
    let parser = PossibleValuesParser::new(names).map(move |text| {
        let chosen = named.iter().find(|(name, _)| name.get_name() == text);
        chosen.map_or(Value::Null, |(_, value)| value.clone())
    });
    parser.into()
}

fn integer(text: &str, integers: &Integers) -> Result<Value, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    // The wording is clap's for numbers with a range.
    if digits.is_empty() {
        return Err("cannot parse integer from empty string".to_owned());
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("invalid digit found in string".to_owned());
    }
    let (is_in_range, written) = match Whole::parse(text) {
        Some(number) => (integers.contains(number), number.to_string()),
        // The number has more digits than any bound. Without a bound, the plugin may accept it.
        None if text.starts_with('-') => (integers.lowest.is_none(), text.to_owned()),
        None => (integers.highest.is_none(), digits.to_owned()),
    };
    match is_in_range {
        true => literal(&written),
        false => Err(format!("{} is not in {integers}", text::line(text, 60))),
    }
}

/// Parses a number, keeping all its digits.
fn literal(text: &str) -> Result<Value, String> {
    let number: Result<Number, _> = serde_json::from_str(text);
    number
        .map(Value::Number)
        .map_err(|_| "JSON has no such number".to_owned())
}

fn number(text: &str, bounds: &[Bound]) -> Result<Value, String> {
    let float: f64 = text.parse().map_err(|error| format!("{error}"))?;
    // A valid JSON number is passed on as written, with all its digits.
    let value =
        literal(text).or_else(|error| Number::from_f64(float).map(Value::Number).ok_or(error))?;
    match bounds.iter().find(|bound| !bound.allows(float)) {
        Some(Bound { words, at, .. }) => Err(format!("{text} is not {words} {at}")),
        None => Ok(value),
    }
}

fn bounded(text: &str, least: Option<u64>, most: Option<u64>) -> Result<Value, String> {
    let length = text.chars().count() as u64;
    if let Some(least) = least.filter(|least| length < *least) {
        return Err(format!(
            "it has {length} characters, and needs at least {least}"
        ));
    }
    if let Some(most) = most.filter(|most| length > *most) {
        return Err(format!("it has {length} characters; the limit is {most}"));
    }
    Ok(Value::String(text.to_owned()))
}

/// Reads text: literally, from `@FILE`, or literally after a doubled `@`, one of which is kept.
fn text_of(text: &str) -> Result<Cow<'_, str>, String> {
    match text.strip_prefix('@') {
        None => Ok(text.into()),
        Some(rest) if rest.starts_with('@') => Ok(rest.into()),
        Some(path) => {
            let contents = read_file(path)
                .map_err(|error| format!("{error}; `@{text}` is the text `{text}`"))?;
            let contents =
                String::from_utf8(contents).map_err(|_| format!("{path} is not text"))?;
            Ok(contents.into())
        }
    }
}

fn json(text: &str, or_text: bool) -> Result<Value, String> {
    match text.strip_prefix('@') {
        Some(path) => serde_json::from_slice(&read_file(path)?)
            .map_err(|error| format!("{path} is not JSON: {error}")),
        None => match serde_json::from_str(text) {
            Err(_) if or_text => Ok(Value::String(text.to_owned())),
            parsed => parsed.map_err(|error| format!("it is not JSON: {error}")),
        },
    }
}

/// Reads JSON: literally, from `@FILE`, or from standard input for `-`.
pub fn document(text: &str) -> Result<Value, String> {
    match text {
        "-" => serde_json::from_slice(&contents("-")?.0)
            .map_err(|error| format!("standard input is not JSON: {error}")),
        text => json(text, false),
    }
}

/// Bytes from a flag, or from the file that it names.
#[derive(Clone, Debug)]
pub struct Contents(pub Vec<u8>);

/// Reads the bytes of a file, or of standard input for `-`.
pub fn contents(path: &str) -> Result<Contents, String> {
    if path != "-" {
        return read_file(path).map(Contents);
    }
    match read_to_end(std::io::stdin().lock()) {
        Ok(bytes) => Ok(Contents(bytes)),
        Err(error) => Err(format!("cannot read standard input: {error}")),
    }
}

fn read_file(path: &str) -> Result<Vec<u8>, String> {
    // It may be a pipe, as in `@<(command)`.
    let read = fs::File::open(path).and_then(read_to_end);
    read.map_err(|error| format!("cannot read {path}: {error}"))
}

/// Reads at most [`MAX_BYTES`]: a device may never end.
fn read_to_end(source: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_BYTES {
        true => Err(std::io::Error::other(format!(
            "it has more than {} MiB",
            MAX_BYTES >> 20
        ))),
        false => Ok(bytes),
    }
}
