//! The error of reading a value: the reason, and the path to it.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use crate::json::number::decimal;
use crate::memory::text::{beginning, join};

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

/// The most bytes of an unknown argument's name in an error.
const SHOWN_NAME: usize = 64;

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
    /// The expectation, or the type's own message.
    pub(crate) words: Cow<'static, str>,
    /// The path to the value, such as `items[2].price`.
    pub(crate) path: String,
    /// The path as a JSON pointer, such as `/items/2/price`, if [`HAVE_POINTERS`].
    pub(crate) pointer: String,
    /// The position of the wrong value, once known.
    pub(crate) offset: Option<usize>,
    /// The beginning of the wrong value.
    pub(crate) found: String,
    /// The names that there are, of [`Kind::Unknown`].
    pub(crate) names: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The text is not JSON; the words are the expectation.
    Syntax,
    /// The text is JSON of another type; the words are the expectation.
    Type,
    /// The member is missing; used only for an argument that was not given.
    Missing,
    /// The argument was given before.
    Twice,
    /// There is no such argument; the words list those that there are.
    Unknown,
    /// The words are the type's own message.
    Custom,
}

impl DecodeError {
    pub(crate) fn parts(&self) -> &Found {
        &self.0
    }

    #[cold]
    fn new(kind: Kind, words: Cow<'static, str>) -> Self {
        DecodeError(Box::new(Found {
            kind,
            words,
            path: String::new(),
            pointer: String::new(),
            offset: None,
            found: String::new(),
            names: &[],
        }))
    }

    #[cold]
    pub(crate) fn syntax(wanted: &'static str, offset: usize) -> Self {
        let mut fault = DecodeError::new(Kind::Syntax, wanted.into());
        fault.0.offset = Some(offset);
        fault
    }

    #[cold]
    pub(crate) fn missing() -> Self {
        DecodeError::new(Kind::Missing, "missing".into())
    }

    #[cold]
    pub(crate) fn twice() -> Self {
        DecodeError::new(Kind::Twice, "given twice".into())
    }

    #[cold]
    pub(crate) fn unknown(name: &str, names: &'static [&'static str]) -> Self {
        let mut words = String::new();
        if names.is_empty() {
            words.push_str(": the command has none");
        } else {
            words.push_str(", only ");
            list(names, &mut words);
        }
        let mut fault = DecodeError::new(Kind::Unknown, words.into());
        fault.0.names = names;
        fault.in_member(beginning(name.as_bytes(), SHOWN_NAME))
    }

    /// Notes the position of the wrong value and the beginning of its text, unless a value inside
    /// it has done so.
    #[cold]
    pub(crate) fn at<'a>(mut self, offset: usize, text: impl FnOnce() -> &'a [u8]) -> Self {
        if self.0.offset.is_none() {
            self.0.offset = Some(offset);
            self.0.found = excerpt(text());
        }
        self
    }

    #[cold]
    pub(crate) fn in_member(mut self, name: &str) -> Self {
        self.0.begin_path(&[name]);
        self.0.begin_pointer(name);
        self
    }

    #[cold]
    pub(crate) fn in_element(mut self, index: usize) -> Self {
        let index = decimal(index as u64);
        self.0.begin_path(&["[", &index, "]"]);
        self.0.begin_pointer(&index);
        self
    }
}

impl Found {
    fn begin_path(&mut self, segment: &[&str]) {
        let mut path = join(segment);
        if !matches!(self.path.as_bytes().first(), None | Some(b'[')) {
            path.push('.');
        }
        path.push_str(&self.path);
        self.path = path;
    }

    fn begin_pointer(&mut self, segment: &str) {
        if HAVE_POINTERS {
            let mut pointer = String::new();
            point_to(segment, &mut pointer);
            pointer.push_str(&self.pointer);
            self.pointer = pointer;
        }
    }
}

/// `true` if errors have JSON pointers, which clients of the plugin's HTTP API read. Other hosts
/// add them.
pub(crate) const HAVE_POINTERS: bool = cfg!(any(
    test,
    all(feature = "host-wasi-http", target_arch = "wasm32")
));

/// Appends a member or an element to a JSON pointer.
fn point_to(name: &str, pointer: &mut String) {
    pointer.push('/');
    for character in name.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Returns enough of a value's text to recognise it.
fn excerpt(text: &[u8]) -> String {
    let shown = beginning(text, EXCERPT);
    let more = if shown.len() < text.len() { "…" } else { "" };
    join(&[shown, more])
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.0.kind, Kind::Syntax | Kind::Type) {
            f.write_str("expected ")?;
        }
        f.write_str(&self.0.words)
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
        DecodeError::new(Kind::Custom, format!("{message}").into())
    }

    #[cold]
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // The caller need not know that a type borrows.
        let words = format!("{expected}");
        const BORROWED: &str = "a borrowed ";
        let mut both = words.bytes().zip(BORROWED.bytes());
        let words = match words.get(BORROWED.len()..) {
            Some(rest) if both.all(|(a, b)| a == b) => join(&["a ", rest]),
            _ => words,
        };
        DecodeError::new(Kind::Type, words.into())
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
        DecodeError::new(Kind::Type, words.into())
    }

    #[cold]
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut words = join(&["there is no field `", field, "`"]);
        if !expected.is_empty() {
            words.push_str(", only ");
            list(expected, &mut words);
        }
        DecodeError::new(Kind::Custom, words.into())
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        let words = join(&["the field `", field, "` is missing"]);
        DecodeError::new(Kind::Custom, words.into())
    }

    #[cold]
    fn duplicate_field(field: &'static str) -> Self {
        let words = join(&["the field `", field, "` is given twice"]);
        DecodeError::new(Kind::Custom, words.into())
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
        let fault = fault.in_member("items");
        let found = fault.parts();
        assert_eq!(found.path, "items[2].a/b~c");
        assert_eq!(found.pointer, "/items/2/a~1b~0c");
    }
}
