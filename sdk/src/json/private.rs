//! The private protocols of `serde_json` for text that its types pass on unchanged, which serde's
//! data model lacks.

use std::any::type_name;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess};
use serde_json::ser::{CompactFormatter, Formatter as _};

use super::number::Number;
use crate::decode_error::DecodeError;

/// The name of `RawValue`: a newtype when read, a struct when written.
pub const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// The name of `Number`, if numbers are text.
pub const NUMBER: &str = "$serde_json::private::Number";

/// `true` if `serde_json::Number` keeps its digits as text of any length. The feature
/// `arbitrary_precision` of `serde_json` decides, which any crate in the build may enable.
pub const NUMBERS_ARE_TEXT: bool = size_of::<serde_json::Number>() == size_of::<String>();

/// Returns whether a name is that of `RawValue`. The compiler knows both lengths, and so the result
/// for nearly all types.
#[inline(always)]
pub fn is_raw_value(name: &str) -> bool {
    name.len() == RAW_VALUE.len() && is_of_serde_json(name)
}

/// Returns whether a struct of this name is text to write unchanged.
#[inline(always)]
pub fn is_text(name: &str) -> bool {
    is_raw_value(name) || (name.len() == NUMBER.len() && is_of_serde_json(name))
}

fn is_of_serde_json(name: &str) -> bool {
    name == RAW_VALUE || name == NUMBER
}

/// Returns whether a reader of `T` must get a number as text: it keeps the text, or the float would
/// be another number.
#[inline(always)]
pub fn keeps_text<T>(number: &Number<'_>, float: f64) -> bool {
    NUMBERS_ARE_TEXT && (keeps_numbers::<T>() || !is(float, number))
}

/// Returns whether a type is one of `serde_json` that keeps any number.
fn keeps_numbers<T>() -> bool {
    let name = type_name::<T>();
    name == type_name::<serde_json::Number>() || name == type_name::<serde_json::Value>()
}

/// Returns whether the shortest digits of a float equal a number.
fn is(float: f64, number: &Number<'_>) -> bool {
    let mut text = Vec::new();
    CompactFormatter.write_f64(&mut text, float).is_ok()
        && Number::scan(&text)
            .ok()
            .is_some_and(|shortest| shortest.equals(number))
}

/// Text under a name, in the form of an object with one member.
pub struct Verbatim<'de> {
    name: Option<&'static str>,
    text: &'de str,
}

impl<'de> Verbatim<'de> {
    pub fn new(name: &'static str, text: &'de str) -> Self {
        Verbatim {
            name: Some(name),
            text,
        }
    }
}

impl<'de> MapAccess<'de> for Verbatim<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let name = self.name.take().map(BorrowedStrDeserializer::new);
        name.map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        seed.deserialize(BorrowedStrDeserializer::new(self.text))
    }
}
