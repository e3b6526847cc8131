//! Reads JSON text into any `Deserialize` type.

use std::borrow::Cow;

use serde::de::{
    self, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::arena::{Arena, End};
use super::number::{Integer, Number};
use super::plain::plain_len;
use super::private::{self, Verbatim};
use crate::decode_error::{DecodeError, forward};

/// The deepest nesting of arrays and objects: a guest's stack is small, and an overflow is a trap.
const MAX_DEPTH: u8 = 127;

type Read<T> = Result<T, DecodeError>;

/// A position in JSON text.
pub struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: u8,
    unescaped: End<'de>,
}

impl<'de> Reader<'de> {
    /// Begins to read; fails if the text is not UTF-8.
    pub fn new(text: &'de [u8], arena: &'de Arena) -> Read<Self> {
        match std::str::from_utf8(text) {
            Ok(text) => Ok(Reader {
                text,
                at: 0,
                depth: MAX_DEPTH,
                unescaped: arena.end(),
            }),
            Err(error) => Err(DecodeError::syntax("expected UTF-8", error.valid_up_to())),
        }
    }

    /// Reads one value, and adds its position to an error.
    #[inline]
    pub(crate) fn value<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.skip_space();
        let start = self.at;
        read(self).map_err(|fault| fault.at(self.text, start))
    }

    /// Checks that nothing but white space is left.
    pub fn end(&mut self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.wanted("expected nothing more"),
        }
    }

    /// Returns the name of the next member and skips its colon; `None` at the end of the object.
    pub(crate) fn member(&mut self, first: bool) -> Read<Option<&'de str>> {
        match self.peek() {
            Some(b'}') => {
                self.close();
                return Ok(None);
            }
            Some(b',') if !first => self.at += 1,
            Some(b'"') if first => {}
            _ if first => return self.wanted("expected a string or `}`"),
            _ => return self.wanted("expected `,` or `}`"),
        }
        let name = self.kept_string()?;
        self.colon()?;
        Ok(Some(name))
    }

    pub(crate) fn open_object(&mut self) -> Read<()> {
        self.open(b'{', "expected an object")
    }

    #[inline]
    pub(crate) fn open_array(&mut self) -> Read<()> {
        self.open(b'[', "expected an array")
    }

    fn open(&mut self, bracket: u8, wanted: &'static str) -> Read<()> {
        if self.peek() != Some(bracket) {
            return self.wanted(wanted);
        }
        self.depth = match self.depth.checked_sub(1) {
            Some(depth) => depth,
            None => return self.wanted("expected at most 127 levels of nesting"),
        };
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        self.depth += 1;
    }

    /// Returns whether there is one more element; skips the bracket at the end of the array.
    pub(crate) fn element(&mut self, first: bool) -> Read<bool> {
        match self.peek() {
            Some(b']') => {
                self.close();
                return Ok(false);
            }
            Some(b',') if !first => self.at += 1,
            Some(_) if first => return Ok(true),
            _ => return self.wanted("expected `,` or `]`"),
        }
        match self.peek() {
            Some(b']') | None => self.wanted("expected a value"),
            Some(_) => Ok(true),
        }
    }

    fn colon(&mut self) -> Read<()> {
        if self.peek() != Some(b':') {
            return self.wanted("expected `:`");
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    #[cold]
    fn wanted<T>(&self, wanted: &'static str) -> Read<T> {
        Err(DecodeError::syntax(wanted, self.at))
    }

    /// Skips `null`; returns whether it was there.
    #[cfg(any(feature = "host-component", not(target_arch = "wasm32")))]
    pub(crate) fn null(&mut self) -> Read<bool> {
        match self.peek() {
            Some(b'n') => self.word("null").map(|()| true),
            _ => Ok(false),
        }
    }

    /// Returns whether the next value is a string.
    #[cfg(any(feature = "host-component", not(target_arch = "wasm32")))]
    pub(crate) fn is_string(&mut self) -> bool {
        self.peek() == Some(b'"')
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.byte()
    }

    fn word(&mut self, word: &str) -> Read<()> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return self.wanted("expected a value");
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads a string, borrowed from the text unless it has escapes.
    fn string(&mut self) -> Read<Cow<'de, str>> {
        if self.peek() != Some(b'"') {
            return self.wanted("expected a string");
        }
        if let Some(text) = self.plain_string() {
            return Ok(Cow::Borrowed(text));
        }
        self.unescaped_string().map(Cow::Owned)
    }

    /// Returns the string that begins here, if it has no escapes.
    #[inline]
    fn plain_string(&mut self) -> Option<&'de str> {
        let start = self.at + 1;
        let rest = self.text.as_bytes().get(start..)?;
        let end = start + plain_len(rest);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    #[cold]
    fn unescaped_string(&mut self) -> Read<String> {
        self.at += 1;
        let start = self.at;
        let plain = self.plain_run()?;
        let mut text = String::with_capacity((self.at - start) * 2);
        text.push_str(plain);
        loop {
            match self.byte() {
                Some(b'"') => break,
                _ => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
            }
            text.push_str(self.plain_run()?);
        }
        self.at += 1;
        Ok(text)
    }

    /// Reads a string that lives as long as the text, with or without escapes.
    pub(crate) fn kept_string(&mut self) -> Read<&'de str> {
        if self.peek() != Some(b'"') {
            return self.wanted("expected a string");
        }
        match self.plain_string() {
            Some(text) => Ok(text),
            None => {
                let text = self.unescaped_string()?;
                Ok(self.unescaped.keep(text))
            }
        }
    }

    /// Returns the text before the next quotation mark or backslash.
    fn plain_run(&mut self) -> Read<&'de str> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.at += plain_len(rest);
        match self.byte() {
            Some(b'"' | b'\\') => Ok(self.text.get(start..self.at).unwrap_or_default()),
            None => self.wanted("expected `\"`"),
            Some(_) => self.wanted("expected control characters in strings to be escaped"),
        }
    }

    /// Reads the rest of an escape.
    fn escape(&mut self) -> Read<char> {
        let Some(byte) = self.byte() else {
            return self.wanted("expected an escape");
        };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let mut unit = self.hex4()?;
                if (0xd800..0xdc00).contains(&unit) {
                    if self.word("\\u").is_err() {
                        return self.wanted("expected the second half of a surrogate pair");
                    }
                    let low = self.hex4()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return self.wanted("expected the second half of a surrogate pair");
                    }
                    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                }
                match char::from_u32(unit) {
                    Some(character) => character,
                    None => return self.wanted("expected the first half of a surrogate pair"),
                }
            }
            _ => {
                self.at -= 1;
                return self.wanted("expected a valid escape");
            }
        })
    }

    fn hex4(&mut self) -> Read<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = match self.byte() {
                Some(byte @ b'0'..=b'9') => byte - b'0',
                Some(byte @ b'a'..=b'f') => byte - b'a' + 10,
                Some(byte @ b'A'..=b'F') => byte - b'A' + 10,
                _ => return self.wanted("expected four hexadecimal digits"),
            };
            unit = unit * 16 + u32::from(digit);
            self.at += 1;
        }
        Ok(unit)
    }

    /// Reads a number.
    fn number(&mut self) -> Read<Number<'de>> {
        self.skip_space();
        let rest = self.text.get(self.at..).unwrap_or_default();
        match Number::scan(rest) {
            Ok(number) => {
                self.at += number.text.len();
                Ok(number)
            }
            Err((wanted, at)) => {
                self.at += at;
                self.wanted(wanted)
            }
        }
    }

    /// Skips one value of any kind, checking that it is JSON.
    fn skip(&mut self) -> Read<()> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => {
                self.open_object()?;
                let mut first = true;
                while self.member(first)?.is_some() {
                    first = false;
                    self.skip()?;
                }
                Ok(())
            }
            Some(b'[') => {
                self.open(b'[', "")?;
                let mut first = true;
                while self.element(first)? {
                    first = false;
                    self.skip()?;
                }
                Ok(())
            }
            Some(b'n') => self.word("null"),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            _ => self.number().map(drop),
        }
    }

    /// Returns the text of one value of any kind.
    pub(crate) fn raw(&mut self) -> Read<&'de str> {
        self.skip_space();
        let start = self.at;
        self.skip()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Fails because the next value, which must be JSON, has the wrong type.
    #[cold]
    fn mismatch<T>(&mut self, visitor: &dyn de::Expected) -> Read<T> {
        let start = self.at;
        self.skip()?;
        self.at = start;
        Err(DecodeError::invalid_type(Unexpected::Unit, visitor))
    }

    fn visit_str<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        if self.peek() != Some(b'"') {
            return self.mismatch(&visitor);
        }
        visitor.visit_borrowed_str(self.kept_string()?)
    }

    /// Reads a number; fails if the next value is not one.
    #[inline]
    fn expected_number(&mut self, expected: &dyn de::Expected) -> Read<Number<'de>> {
        match self.peek() {
            Some(b'0'..=b'9' | b'-') => self.number(),
            _ => self.mismatch(expected),
        }
    }

    fn visit_integer<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        match self.expected_number(&visitor)?.integer() {
            Some(Integer::Unsigned(number)) => visitor.visit_u64(number),
            Some(Integer::Negative(number)) => visitor.visit_i64(number),
            None => Err(DecodeError::invalid_type(Unexpected::Unit, &visitor)),
        }
    }

    fn visit_array<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        self.open_array()?;
        let mut elements = Elements {
            reader: self,
            next: 0,
            ended: false,
        };
        let value = visitor.visit_seq(&mut elements)?;
        let (first, ended) = (elements.next == 0, elements.ended);
        if !ended && self.element(first)? {
            return Err(DecodeError::custom(
                "the array has more elements than expected",
            ));
        }
        Ok(value)
    }

    fn visit_object<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        self.open_object()?;
        let mut members = Members {
            reader: self,
            name: None,
            ended: false,
        };
        let value = visitor.visit_map(&mut members)?;
        let (first, ended) = (members.name.is_none(), members.ended);
        if !ended && self.member(first)?.is_some() {
            return Err(DecodeError::custom(
                "the object has more members than expected",
            ));
        }
        Ok(value)
    }
}

#[cold]
fn out_of_range() -> DecodeError {
    DecodeError::custom("the number is out of range")
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'"') => self.visit_str(visitor),
            Some(b'{') => self.visit_object(visitor),
            Some(b'[') => self.visit_array(visitor),
            Some(b'n') => {
                self.word("null")?;
                visitor.visit_unit()
            }
            Some(b't' | b'f') => self.deserialize_bool(visitor),
            Some(b'0'..=b'9' | b'-') => {
                let number = self.number()?;
                match number.integer() {
                    Some(Integer::Unsigned(number)) => visitor.visit_u64(number),
                    Some(Integer::Negative(number)) => visitor.visit_i64(number),
                    None => match number.float() {
                        Some(float) if !private::keeps_text::<V::Value>(&number, float) => {
                            visitor.visit_f64(float)
                        }
                        None if !private::NUMBERS_ARE_TEXT => Err(out_of_range()),
                        _ => visitor.visit_map(Verbatim::new(private::NUMBER, number.text)),
                    },
                }
            }
            _ => self.wanted("expected a value"),
        }
    }

    forward! {
        visit_integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        visit_str: deserialize_str deserialize_char deserialize_identifier;
        deserialize_bytes: deserialize_byte_buf;
        deserialize_unit: deserialize_unit_struct(&'static str);
        deserialize_seq: deserialize_tuple(usize) deserialize_tuple_struct(&'static str, usize);
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let number = self.expected_number(&visitor)?.float();
        visitor.visit_f64(number.ok_or_else(out_of_range)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let number = self.expected_number(&visitor)?.single();
        visitor.visit_f32(number.ok_or_else(out_of_range)?)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.expected_number(&visitor)?.text.parse() {
            Ok(number) => visitor.visit_i128(number),
            Err(_) => Err(DecodeError::invalid_type(Unexpected::Unit, &visitor)),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.expected_number(&visitor)?.text.parse() {
            Ok(number) => visitor.visit_u128(number),
            Err(_) => Err(DecodeError::invalid_type(Unexpected::Unit, &visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b't') => {
                self.word("true")?;
                visitor.visit_bool(true)
            }
            Some(b'f') => {
                self.word("false")?;
                visitor.visit_bool(false)
            }
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.peek() != Some(b'"') {
            return self.mismatch(&visitor);
        }
        match self.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'"') => self.visit_str(visitor),
            Some(b'[') => self.visit_array(visitor),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'n') => {
                self.word("null")?;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'n') => {
                self.word("null")?;
                visitor.visit_unit()
            }
            _ => self.mismatch(&visitor),
        }
    }

    // Inlined, the name is a constant, so that only plugins with a `RawValue` contain this code.
    #[inline(always)]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Read<V::Value> {
        if private::is_raw_value(name) {
            let text = self.raw()?;
            return visitor.visit_map(Verbatim::new(private::RAW_VALUE, text));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'[') => self.visit_array(visitor),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'{') => self.visit_object(visitor),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match self.peek() {
            Some(b'{') => self.visit_object(visitor),
            Some(b'[') => self.visit_array(visitor),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match self.peek() {
            Some(b'"') => visitor.visit_enum(Variant {
                reader: self,
                has_content: false,
            }),
            Some(b'{') => {
                self.open_object()?;
                let value = visitor.visit_enum(Variant {
                    reader: self,
                    has_content: true,
                })?;
                if self.member(false)?.is_some() {
                    return Err(DecodeError::custom("an enum has one variant at a time"));
                }
                Ok(value)
            }
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.skip()?;
        visitor.visit_unit()
    }
}

struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    next: usize,
    ended: bool,
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if self.ended || !self.reader.element(self.next == 0)? {
            self.ended = true;
            return Ok(None);
        }
        let start = self.reader.at;
        let value = seed
            .deserialize(&mut *self.reader)
            .map_err(|fault| fault.at(self.reader.text, start).in_element(self.next))?;
        self.next += 1;
        Ok(Some(value))
    }
}

struct Members<'a, 'de> {
    reader: &'a mut Reader<'de>,
    /// The member being read; `None` before the first.
    name: Option<&'de str>,
    ended: bool,
}

impl<'de> MapAccess<'de> for &mut Members<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        if self.ended {
            return Ok(None);
        }
        self.name = self.reader.member(self.name.is_none())?;
        let Some(name) = self.name else {
            self.ended = true;
            return Ok(None);
        };
        let unescaped = self.reader.unescaped;
        seed.deserialize(Name {
            text: name,
            unescaped,
        })
        .map(Some)
        .map_err(|fault| fault.in_member(name))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<T::Value> {
        let start = self.reader.at;
        seed.deserialize(&mut *self.reader).map_err(|fault| {
            fault
                .at(self.reader.text, start)
                .in_member(self.name.unwrap_or_default())
        })
    }
}

/// The name of a member, read as the key of a map: numbers and booleans are in quotation marks
/// there.
struct Name<'de> {
    text: &'de str,
    unescaped: End<'de>,
}

impl<'de> Name<'de> {
    /// Returns a reader of the name, if it is a number and nothing else.
    fn as_number(&self) -> Option<Reader<'de>> {
        match Number::scan(self.text) {
            Ok(number) if number.text.len() == self.text.len() => Some(Reader {
                text: self.text,
                at: 0,
                depth: 0,
                unescaped: self.unescaped,
            }),
            _ => None,
        }
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            match self.as_number() {
                Some(mut reader) => reader.$method(visitor),
                None => Err(DecodeError::invalid_type(Unexpected::Unit, &visitor)),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Name<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_borrowed_str(self.text)
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.text {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(DecodeError::invalid_type(Unexpected::Unit, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_enum(self.text.into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// `"Name"`, or the rest of `{"Name": content}` after its brace.
struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    has_content: bool,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Read<(V::Value, Self)> {
        let name = if self.has_content {
            match self.reader.member(true)? {
                Some(name) => name,
                None => return Err(DecodeError::custom("the name of a variant is missing")),
            }
        } else {
            self.reader.kept_string()?
        };
        let name = Name {
            text: name,
            unescaped: self.reader.unescaped,
        };
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'a, 'de> Variant<'a, 'de> {
    fn content(self) -> Read<&'a mut Reader<'de>> {
        match self.has_content {
            true => Ok(self.reader),
            false => Err(DecodeError::custom("the variant's content is missing")),
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Read<()> {
        match self.has_content {
            true => de::Deserialize::deserialize(self.reader),
            false => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Read<T::Value> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        de::Deserializer::deserialize_seq(self.content()?, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        de::Deserializer::deserialize_struct(self.content()?, "", fields, visitor)
    }
}
