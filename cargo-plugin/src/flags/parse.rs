//! Conversion of a flag's value to JSON.

use std::borrow::Cow;
use std::fs;
use std::io::Read;

use clap::Arg;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Map, Number, Value};

use crate::schema::{Integers, Kind, Numbers, Shape, Whole};
use crate::text;

/// The parser for one value. Borrows nothing from the schema, because clap keeps it.
#[derive(Clone)]
pub(super) struct Parse {
    form: Form,
    /// True if the word `null` means the JSON value.
    null: bool,
}

#[derive(Clone)]
enum Form {
    Boolean,
    Integer(Integers),
    Number(Numbers),
    Text {
        min_length: Option<u64>,
        max_length: Option<u64>,
    },
    /// Values by the text that represents them.
    Choice(Vec<Named>),
    /// JSON; other input is text if text is allowed.
    Json {
        or_text: bool,
    },
}

#[derive(Clone)]
struct Named {
    name: String,
    value: Value,
    description: Option<String>,
}

impl Parse {
    pub(super) fn of(shape: &Shape<'_>) -> Self {
        let form = match &shape.kind {
            Kind::Boolean => Form::Boolean,
            Kind::Integer(integers) => Form::Integer(*integers),
            Kind::Number(numbers) => Form::Number(*numbers),
            Kind::Text(text) => Form::Text {
                min_length: text.min_length,
                max_length: text.max_length,
            },
            Kind::Choice(choices) => {
                let mut named: Vec<Named> = Vec::new();
                for choice in choices {
                    let name = match choice.value {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    // `--args` can set values that are not safe to show.
                    let clean = text::shown(&name) == name && !name.is_empty();
                    if clean && !named.iter().any(|other| other.name == name) {
                        named.push(Named {
                            name,
                            value: choice.value.clone(),
                            description: choice.description.map(text::first_line),
                        });
                    }
                }
                match named.is_empty() || choices.iter().any(|choice| choice.value.is_object()) {
                    true => Form::Json { or_text: false },
                    false => Form::Choice(named),
                }
            }
            _ => Form::Json {
                or_text: shape.takes_text(),
            },
        };
        let takes_the_word = shape.takes_text()
            || matches!(&form, Form::Choice(named) if named.iter().any(|one| one.name == "null"));
        Parse {
            form,
            null: shape.nullable && !takes_the_word,
        }
    }

    /// Makes a flag use this parser.
    pub(super) fn parser(self, arg: Arg) -> Arg {
        let null = self.null;
        match self.form {
            Form::Choice(mut named) => {
                if null {
                    named.push(Named {
                        name: "null".to_owned(),
                        value: Value::Null,
                        description: None,
                    });
                }
                let possible = named.iter().map(|one| {
                    let value = PossibleValue::new(one.name.clone());
                    match &one.description {
                        Some(description) => value.help(description.clone()),
                        None => value,
                    }
                });
                let possible: Vec<PossibleValue> = possible.collect();
                let parser = PossibleValuesParser::new(possible).map(move |name| {
                    let chosen = named.iter().find(|one| one.name == name);
                    chosen.map_or(Value::Null, |one| one.value.clone())
                });
                arg.value_parser(parser)
            }
            Form::Integer(_) | Form::Number(_) => arg
                .allow_negative_numbers(true)
                .value_parser(move |text: &str| self.value(text)),
            _ => arg.value_parser(move |text: &str| self.value(text)),
        }
    }

    /// Parses `key=value`.
    pub(super) fn entry(&self, text: &str) -> Result<Value, String> {
        let Some((key, value)) = text.split_once('=') else {
            return Err("it has no `=` between a key and a value".to_owned());
        };
        let mut entry = Map::new();
        entry.insert(key.to_owned(), self.value(value)?);
        Ok(Value::Object(entry))
    }

    fn value(&self, text: &str) -> Result<Value, String> {
        if self.null && text == "null" {
            return Ok(Value::Null);
        }
        match &self.form {
            Form::Boolean => match text {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err("it is neither `true` nor `false`".to_owned()),
            },
            Form::Integer(integers) => integer(text, integers),
            Form::Number(numbers) => number(text, numbers),
            Form::Text {
                min_length,
                max_length,
            } => bounded(&text_of(text)?, *min_length, *max_length),
            Form::Choice(named) => match named.iter().find(|one| one.name == text) {
                Some(one) => Ok(one.value.clone()),
                None => {
                    let names: Vec<&str> = named.iter().map(|one| one.name.as_str()).collect();
                    Err(format!("it is none of {}", names.join(", ")))
                }
            },
            Form::Json { or_text } => json(text, *or_text),
        }
    }
}

fn integer(text: &str, integers: &Integers) -> Result<Value, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Use clap's wording for numbers with a range.
        return Err(match digits {
            "" => "cannot parse integer from empty string".to_owned(),
            _ => "invalid digit found in string".to_owned(),
        });
    }
    let Some(number) = Whole::parse(text) else {
        // The number has more digits than any bound. Without a bound, the plugin may accept it.
        let bound = match text.starts_with('-') {
            true => integers.lowest,
            false => integers.highest,
        };
        return match bound {
            Some(_) => Err(out_of_range(text, integers)),
            None => literal(text.strip_prefix('+').unwrap_or(text)),
        };
    };
    if !integers.contains(number) {
        return Err(out_of_range(text, integers));
    }
    literal(&number.to_string())
}

/// Parses a number, keeping all its digits.
fn literal(text: &str) -> Result<Value, String> {
    let number: Result<Number, _> = serde_json::from_str(text);
    number
        .map(Value::Number)
        .map_err(|_| "it is no number as JSON has them".to_owned())
}

fn out_of_range(number: &str, integers: &Integers) -> String {
    let number = text::line(number, 60);
    match (integers.lowest, integers.highest) {
        (None, None) => format!("{number} is too large"),
        (None, Some(highest)) => format!("{number} is not in ..={highest}"),
        (Some(lowest), None) => format!("{number} is not in {lowest}.."),
        (Some(lowest), Some(highest)) => format!("{number} is not in {lowest}..={highest}"),
    }
}

fn number(text: &str, numbers: &Numbers) -> Result<Value, String> {
    let float: f64 = text.parse().map_err(|error| format!("{error}"))?;
    // A valid JSON number is passed on as written, with all its digits.
    let value = literal(text).ok();
    let Some(value) = value.or_else(|| Number::from_f64(float).map(Value::Number)) else {
        return Err("JSON has no such number".to_owned());
    };
    let bounds = [
        (
            numbers.minimum.filter(|minimum| float < *minimum),
            "less than",
        ),
        (
            numbers.maximum.filter(|maximum| float > *maximum),
            "more than",
        ),
        (numbers.above.filter(|above| float <= *above), "not above"),
        (numbers.below.filter(|below| float >= *below), "not below"),
    ];
    if let Some((bound, word)) = bounds
        .iter()
        .find_map(|(bound, word)| Some(((*bound)?, word)))
    {
        return Err(format!("{text} is {word} {bound}"));
    }
    Ok(value)
}

fn bounded(text: &str, least: Option<u64>, most: Option<u64>) -> Result<Value, String> {
    let length = text.chars().count() as u64;
    if let Some(least) = least.filter(|least| length < *least) {
        return Err(format!(
            "it has {length} characters, and needs at least {least}"
        ));
    }
    if let Some(most) = most.filter(|most| length > *most) {
        return Err(format!("it has {length} characters, and may have {most}"));
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
    let file = text.strip_prefix('@').map(|path| (path, read_file(path)));
    let parsed = match &file {
        Some((path, Ok(contents))) => {
            serde_json::from_slice(contents).map_err(|error| format!("{path} is not JSON: {error}"))
        }
        Some((_, Err(error))) => Err(error.clone()),
        None => serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}")),
    };
    match parsed {
        Err(_) if or_text && file.is_none() => Ok(Value::String(text.to_owned())),
        parsed => parsed,
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
    let mut bytes = Vec::new();
    match std::io::stdin().lock().read_to_end(&mut bytes) {
        Ok(_) => Ok(Contents(bytes)),
        Err(error) => Err(format!("cannot read standard input: {error}")),
    }
}

fn read_file(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))
}
