//! The error of reading a value: the reason, and the path to it.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use crate::json::number::decimal;

/// Defines methods of a `Deserializer` that do the same as another of its methods, with the types
/// of their additional parameters.
macro_rules! forward {
    ($($to:ident: $($method:ident $(($($more:ty),*))?)*;)*) => {$($(
        fn $method<V: Visitor<'de>>(self, $($(_: $more,)*)? visitor: V) -> Read<V::Value> {
            self.$to(visitor)
        }
    )*)*};
}
pub(crate) use forward;

/// The most bytes of the text that an error shows as found.
const EXCERPT: usize = 40;

/// The reason why a value could not be read.
///
/// The path is collected from the inside out while the error travels up, so that a successful read
/// costs nothing for it.
#[derive(Debug)]
pub struct DecodeError(Box<Found>);

#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    /// Innermost first.
    path: Vec<Segment>,
    /// The position of the wrong value, once known.
    pub(crate) offset: Option<usize>,
    pub(crate) found: String,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// The text is not JSON.
    Syntax(&'static str),
    /// The text is JSON of another type.
    Type { expected: String },
    /// The member is missing; used only for an argument that was not given.
    Missing,
    /// The argument was given before.
    Twice,
    /// The type's own message.
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

    #[cold]
    pub(crate) fn twice() -> Self {
        DecodeError::new(Kind::Twice)
    }

    /// Notes the position of the wrong value, unless a value inside it has done so.
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
        let mut text = String::new();
        for segment in self.path.iter().rev() {
            match segment {
                Segment::Member(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Segment::Element(index) => {
                    text.push('[');
                    text.push_str(&decimal(*index as u64));
                    text.push(']');
                }
            }
        }
        text
    }

    /// Returns the path as a JSON pointer, such as `/items/2/price`.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in self.path.iter().rev() {
            match segment {
                Segment::Member(name) => point_to(name, &mut pointer),
                Segment::Element(index) => point_to(&decimal(*index as u64), &mut pointer),
            }
        }
        pointer
    }
}

/// `true` if errors have JSON pointers, which clients of the plugin's HTTP API read. Other hosts
/// add them.
pub(crate) const HAVE_POINTERS: bool =
    cfg!(all(feature = "host-wasi-http", target_arch = "wasm32"));

/// Appends a member or an element to a JSON pointer.
pub(crate) fn point_to(name: &str, pointer: &mut String) {
    pointer.push('/');
    for character in name.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Returns the value at the start of `text`, cut off if it is long: enough to recognise it.
fn excerpt(text: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    let mut depth = 0u32;
    let mut end = 0;
    for byte in text.bytes() {
        if end >= EXCERPT && text.is_char_boundary(end) {
            return [text.get(..end).unwrap_or_default(), "…"].concat();
        }
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
        } else {
            match byte {
                b'"' => in_string = true,
                b'[' | b'{' => depth += 1,
                b']' | b'}' | b',' if depth == 0 => break,
                b']' | b'}' => depth -= 1,
                b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => break,
                _ => {}
            }
        }
        end += 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Returns the beginning of a text with at most `limit` bytes, cut between two characters.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Syntax(wanted) => f.write_str(wanted),
            Kind::Missing => f.write_str("missing"),
            Kind::Twice => f.write_str("given twice"),
            Kind::Type { expected } => {
                f.write_str("expected ")?;
                f.write_str(expected)
            }
            Kind::Custom(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for DecodeError {}

/// `custom` formats with `format!`, not with `to_string`, which would put a second copy of the
/// formatting of strings into every plugin.
///
/// The found value is shown as it is in the text, never through `Unexpected`, whose formatting
/// would add the formatting of floats to every plugin.
impl de::Error for DecodeError {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        DecodeError::new(Kind::Custom(format!("{message}")))
    }

    #[cold]
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // The caller need not know that a type borrows.
        let words = format!("{expected}");
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
    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
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
        let mut words = ["there is no field `", field, "`"].concat();
        if !expected.is_empty() {
            words.push_str(", only ");
            list(expected, &mut words);
        }
        DecodeError::new(Kind::Custom(words))
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        DecodeError::new(Kind::Custom(
            ["the field `", field, "` is missing"].concat(),
        ))
    }

    #[cold]
    fn duplicate_field(field: &'static str) -> Self {
        DecodeError::new(Kind::Custom(
            ["the field `", field, "` is given twice"].concat(),
        ))
    }
}

/// Appends the names in backticks, separated by commas.
fn list(names: &[&str], words: &mut String) {
    for (nth, name) in names.iter().enumerate() {
        words.push_str(if nth == 0 { "`" } else { ", `" });
        words.push_str(name);
        words.push('`');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_names_members_and_elements() {
        let fault = DecodeError::missing().in_member("a/b~c").in_element(2);
        let found = fault.in_member("items").into_parts();
        assert_eq!(found.path(), "items[2].a/b~c");
        assert_eq!(found.pointer(), "/items/2/a~1b~0c");
    }
}
