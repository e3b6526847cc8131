//! What is wrong with JSON text, and where.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use crate::json::number::write_u64;

/// The longest piece of the text that is shown as what was found, in bytes.
const EXCERPT: usize = 40;

/// Why text could not be read as the type asked for.
///
/// The path is gathered from the inside out while the error travels up, so that reading costs nothing for it when all is well.
#[derive(Debug)]
pub struct DecodeError(Box<Found>);

#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    /// Innermost first.
    path: Vec<Segment>,
    /// Where the value begins that is wrong, once known.
    pub(crate) offset: Option<usize>,
    pub(crate) found: String,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// Not JSON.
    Syntax(&'static str),
    /// JSON, but of another type.
    Type { expected: String },
    /// No such member; only ever seen for an argument that was not given.
    Missing,
    /// The type's own words.
    Custom(String),
}

#[derive(Debug)]
enum Segment {
    Member(String),
    Element(usize),
}

impl DecodeError {
    /// Takes the error apart.
    pub(crate) fn into_parts(self) -> Found {
        *self.0
    }

    fn new(kind: Kind) -> Self {
        DecodeError(Box::new(Found {
            kind,
            path: Vec::new(),
            offset: None,
            found: String::new(),
        }))
    }

    #[cold]
    pub(crate) fn syntax(wanted: &'static str, offset: usize) -> Self {
        let mut fault = DecodeError::new(Kind::Syntax(wanted));
        fault.0.offset = Some(offset);
        fault
    }

    #[cold]
    pub(crate) fn missing() -> Self {
        DecodeError::new(Kind::Missing)
    }

    /// Says which value is wrong, unless a value inside it has said so.
    #[cold]
    pub(crate) fn at(mut self, text: &str, offset: usize) -> Self {
        if self.0.offset.is_none() {
            self.0.offset = Some(offset);
            self.0.found = excerpt(text.get(offset..).unwrap_or_default());
        }
        self
    }

    #[cold]
    pub(crate) fn in_member(mut self, name: &str) -> Self {
        self.0.path.push(Segment::Member(name.to_owned()));
        self
    }

    #[cold]
    pub(crate) fn in_element(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Element(index));
        self
    }
}

impl Found {
    /// Returns the path to the value, such as `items[2].price`.
    pub(crate) fn path(&self) -> String {
        render(&self.path)
    }
}

fn render(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path.iter().rev() {
        match segment {
            Segment::Member(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Segment::Element(index) => {
                let mut digits = Vec::new();
                write_u64(*index as u64, &mut digits);
                text.push('[');
                text.extend(digits.into_iter().map(char::from));
                text.push(']');
            }
        }
    }
    text
}

/// The value at the start of `text`, cut where it gets long: enough to recognise it by.
fn excerpt(text: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    let mut depth = 0u32;
    let mut end = 0;
    for (at, character) in text.char_indices() {
        if at >= EXCERPT {
            let mut cut = text.get(..at).unwrap_or_default().to_owned();
            cut.push('…');
            return cut;
        }
        if in_string {
            in_string = escaped || character != '"';
            escaped = character == '\\' && !escaped;
        } else {
            match character {
                '"' => in_string = true,
                '[' | '{' => depth += 1,
                ']' | '}' | ',' if depth == 0 => break,
                ']' | '}' => depth -= 1,
                ' ' | '\t' | '\n' | '\r' if depth == 0 => break,
                _ => {}
            }
        }
        end = at + character.len_utf8();
    }
    text.get(..end).unwrap_or_default().to_owned()
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Syntax(wanted) => f.write_str(wanted),
            Kind::Missing => f.write_str("missing"),
            Kind::Type { expected } => {
                f.write_str("expected ")?;
                f.write_str(expected)
            }
            Kind::Custom(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for DecodeError {}

/// What was found is shown as it stands in the text, never through `Unexpected`: its formatting would carry the formatting of floats into
/// every plugin.
impl de::Error for DecodeError {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        DecodeError::new(Kind::Custom(message.to_string()))
    }

    #[cold]
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // How a type borrows is no business of who called.
        let words = expected.to_string();
        DecodeError::new(Kind::Type {
            expected: match words.strip_prefix("a borrowed ") {
                Some(rest) => ["a ", rest].concat(),
                None => words,
            },
        })
    }

    #[cold]
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        DecodeError::invalid_type(found, expected)
    }

    #[cold]
    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        DecodeError::invalid_type(Unexpected::Seq, expected)
    }

    #[cold]
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let _ = variant;
        let mut words = String::from(if expected.is_empty() {
            "no variant at all"
        } else {
            "one of "
        });
        list(expected, &mut words);
        DecodeError::new(Kind::Type { expected: words })
    }

    #[cold]
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut words = String::from("there is no field `");
        words.push_str(field);
        words.push('`');
        if !expected.is_empty() {
            words.push_str(", only ");
            list(expected, &mut words);
        }
        DecodeError::new(Kind::Custom(words))
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        let mut words = String::from("the field `");
        words.push_str(field);
        words.push_str("` is missing");
        DecodeError::new(Kind::Custom(words))
    }

    #[cold]
    fn duplicate_field(field: &'static str) -> Self {
        let mut words = String::from("the field `");
        words.push_str(field);
        words.push_str("` is given twice");
        DecodeError::new(Kind::Custom(words))
    }
}

/// `a`, `b`, `c`
fn list(names: &[&str], words: &mut String) {
    for (nth, name) in names.iter().enumerate() {
        words.push_str(if nth == 0 { "`" } else { ", `" });
        words.push_str(name);
        words.push('`');
    }
}
