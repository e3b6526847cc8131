//! Reads JSON text into any `Deserialize` type.

use serde::de::{
    self, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::arena::{Arena, End};
use super::number::{Integer, Number};
use super::plain::{ESCAPES, plain_len, plain_text};
use super::private::{self, Verbatim};
use crate::decode_error::{DecodeError, forward};
use crate::memory::text::{utf8, utf8_owned};

/// The deepest nesting of arrays and objects: a guest's stack is small, and an overflow is a trap.
const MAX_DEPTH: u8 = 127;

type Read<T> = Result<T, DecodeError>;

/// A position in JSON text.
pub struct Reader<'de> {
    text: &'de [u8],
    at: usize,
    depth: u8,
    unescaped: End<'de>,
}

/// The position of an argument that was not given, behind any text.
const ABSENT: usize = usize::MAX;

/// The result of [`Reader::peek`] at the end of the text. JSON has this character only as an
/// escape.
const END: char = '\0';

impl<'de> Reader<'de> {
    /// Begins to read, behind white space.
    pub fn new(text: &'de [u8], arena: &'de Arena) -> Self {
        let mut reader = Reader {
            text,
            at: 0,
            depth: MAX_DEPTH,
            unescaped: arena.end(),
        };
        reader.peek();
        reader
    }

    /// Turns to an argument that was not given: `None` for an option, an error for anything else.
    pub(crate) fn leave(&mut self) {
        self.at = ABSENT;
    }

    /// Returns whether the value was not given.
    fn is_absent(&self) -> bool {
        self.at == ABSENT
    }

    /// Reads the value that begins here, and adds its position to an error.
    #[inline]
    pub(crate) fn value<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let start = self.at;
        read(self).map_err(|fault| self.placed(fault, start))
    }

    /// Adds the position of a wrong value and the beginning of its text to an error, unless a value
    /// inside it has done so.
    #[cold]
    fn placed(&mut self, fault: DecodeError, start: usize) -> DecodeError {
        fault.at(start, || {
            self.at = start;
            // The value may end with a mistake.
            let _ = self.skip();
            self.since(start)
        })
    }

    /// Checks that nothing but white space is left.
    pub fn end(&mut self) -> Read<()> {
        self.peek();
        match self.rest() {
            [] => Ok(()),
            _ => self.wanted("nothing more"),
        }
    }

    /// Returns the name of the next member and skips its colon; `None` at the end of the object.
    #[inline]
    pub(crate) fn member(&mut self, first: bool) -> Read<Option<&'de str>> {
        self.entry('}', first)
    }

    /// Returns whether there is one more element; skips the bracket at the end of the array.
    #[inline]
    pub(crate) fn element(&mut self, first: bool) -> Read<bool> {
        Ok(self.entry(']', first)?.is_some())
    }

    /// Moves to the next value, and returns its name, which is empty in an array; `None` at the
    /// end, whose bracket it skips.
    #[inline]
    fn entry(&mut self, close: char, first: bool) -> Read<Option<&'de str>> {
        let next = self.peek();
        if next == close {
            self.at += 1;
            self.depth += 1;
            return Ok(None);
        }
        if !first {
            if next != ',' {
                return self.wanted(match close {
                    '}' => "`,` or `}`",
                    _ => "`,` or `]`",
                });
            }
            self.at += 1;
            self.peek();
        }
        let mut name = "";
        if close == '}' {
            name = self.kept_string()?;
            if self.peek() != ':' {
                return self.wanted("`:`");
            }
            self.at += 1;
            self.peek();
        }
        Ok(Some(name))
    }

    #[inline]
    pub(crate) fn open_object(&mut self) -> Read<()> {
        self.open('{', "an object")
    }

    #[inline]
    pub(crate) fn open_array(&mut self) -> Read<()> {
        self.open('[', "an array")
    }

    #[inline]
    fn open(&mut self, bracket: char, wanted: &'static str) -> Read<()> {
        if self.peek() != bracket {
            return self.wanted(wanted);
        }
        self.depth = match self.depth.checked_sub(1) {
            Some(depth) => depth,
            None => return self.wanted("at most 127 levels of nesting"),
        };
        self.at += 1;
        Ok(())
    }

    #[cold]
    fn wanted<T>(&self, wanted: &'static str) -> Read<T> {
        Err(unreadable(wanted, self.at))
    }

    /// Calls `each` with the name of each member of an object, and `each` reads the value.
    pub(crate) fn members(
        &mut self,
        mut each: impl FnMut(&mut Self, &'de str) -> Read<()>,
    ) -> Read<()> {
        self.open_object()?;
        let mut first = true;
        while let Some(name) = self.member(first)? {
            first = false;
            each(self, name)?;
        }
        Ok(())
    }

    /// Returns whether the next value is an object.
    #[cfg(any(feature = "host-toolfs", not(target_arch = "wasm32")))]
    pub(crate) fn is_object(&mut self) -> bool {
        self.peek() == '{'
    }

    /// Skips `null`; returns whether it was there.
    #[cfg(any(feature = "host-component", not(target_arch = "wasm32")))]
    pub(crate) fn null(&mut self) -> Read<bool> {
        match self.peek() {
            'n' => self.word("null").map(|()| true),
            _ => Ok(false),
        }
    }

    /// Returns whether the next value is a string.
    #[cfg(any(
        feature = "host-component",
        feature = "host-musicfox",
        not(target_arch = "wasm32")
    ))]
    pub(crate) fn is_string(&mut self) -> bool {
        self.peek() == '"'
    }

    /// Returns the text from here on.
    fn rest(&self) -> &'de [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Returns the text from `start` to here.
    fn since(&self, start: usize) -> &'de [u8] {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Returns the byte here as a character: 32 bits, which a guest need not mask; [`END`] at the
    /// end.
    fn here(&self) -> char {
        self.text.get(self.at).map_or(END, |byte| char::from(*byte))
    }

    /// Skips white space, and returns the character behind it.
    fn peek(&mut self) -> char {
        // A test of bits: `match` is a jump table.
        const SPACE: u64 = 1 << b' ' | 1 << b'\n' | 1 << b'\r' | 1 << b'\t';
        loop {
            let next = self.here();
            if next > ' ' || SPACE >> u32::from(next) & 1 == 0 {
                return next;
            }
            self.at += 1;
        }
    }

    fn word(&mut self, word: &'static str) -> Read<()> {
        let start = self.at;
        for byte in word.bytes() {
            if self.here() != char::from(byte) {
                self.at = start;
                return self.wanted("a value");
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Reads the string that begins here and lives as long as the text, with or without escapes.
    #[inline]
    pub(crate) fn kept_string(&mut self) -> Read<&'de str> {
        if self.here() != '"' {
            return self.wanted("a string");
        }
        self.at += 1;
        let start = self.at;
        let text = plain_text(self.rest());
        self.at += text.len();
        if self.here() == '"' {
            self.at += 1;
            return Ok(text);
        }
        let text = self.unescaped_string(start)?;
        Ok(self.unescaped.keep(text))
    }

    /// Reads the string that begins at `start`, and has no escapes up to here.
    #[cold]
    fn unescaped_string(&mut self, start: usize) -> Read<String> {
        let mut text = Vec::new();
        let mut from = start;
        loop {
            self.at += plain_len(self.rest());
            text.extend_from_slice(self.since(from));
            match self.here() {
                '"' => break,
                '\\' => self.escape(&mut text)?,
                _ if self.rest().is_empty() => return self.wanted("`\"`"),
                _ => return self.wanted("control characters in strings to be escaped"),
            }
            from = self.at;
        }
        if let Err(valid) = utf8(self.since(start)) {
            return Err(DecodeError::syntax("UTF-8", start + valid));
        }
        self.at += 1;
        // Escapes are valid characters.
        Ok(utf8_owned(text).unwrap_or_default())
    }

    /// Reads an escape.
    fn escape(&mut self, text: &mut Vec<u8>) -> Read<()> {
        self.at += 1;
        let letter = self.here();
        if letter != 'u' {
            let Some((byte, _)) = ESCAPES.iter().find(|(_, name)| char::from(*name) == letter)
            else {
                return self.wanted("a valid escape");
            };
            self.at += 1;
            text.push(*byte);
            return Ok(());
        }
        self.at += 1;
        let mut unit = self.hex4()?;
        if unit & !0x3ff == 0xd800 {
            let low = match self.word("\\u") {
                Ok(()) => self.hex4()? ^ 0xdc00,
                Err(_) => u32::MAX,
            };
            if low > 0x3ff {
                return self.wanted("the second half of a surrogate pair");
            }
            unit = 0x10000 + ((unit - 0xd800) << 10) + low;
        }
        let Some(character) = char::from_u32(unit) else {
            return self.wanted("the first half of a surrogate pair");
        };
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    #[inline(never)]
    fn hex4(&mut self) -> Read<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.here().to_digit(16) else {
                return self.wanted("four hexadecimal digits");
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    /// Reads the number that begins here, and returns what `read` makes of it.
    fn number<T>(&mut self, read: impl FnOnce(&Number<'de>) -> T) -> Read<T> {
        match Number::scan(self.rest()) {
            Ok(number) => {
                self.at += number.len();
                Ok(read(&number))
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
            '"' => self.kept_string().map(drop),
            open @ ('{' | '[') => {
                self.open(open, "")?;
                let close = if open == '{' { '}' } else { ']' };
                let mut first = true;
                while self.entry(close, first)?.is_some() {
                    first = false;
                    self.skip()?;
                }
                Ok(())
            }
            'n' => self.word("null"),
            't' => self.word("true"),
            'f' => self.word("false"),
            // As an integer, because most plugins have the code for that.
            _ => self.number(Number::integer).map(drop),
        }
    }

    /// Returns the text of one value of any kind.
    pub(crate) fn raw(&mut self) -> Read<&'de str> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(utf8(self.since(start)).unwrap_or_default())
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
        if self.peek() != '"' {
            return self.mismatch(&visitor);
        }
        visitor.visit_borrowed_str(self.kept_string()?)
    }

    /// Reads a number; fails if the next value is not one.
    #[inline]
    fn expected_number<T>(
        &mut self,
        expected: &dyn de::Expected,
        read: impl FnOnce(&Number<'de>) -> T,
    ) -> Read<T> {
        match self.peek() {
            '0'..='9' | '-' => self.number(read),
            _ => self.mismatch(expected),
        }
    }

    fn visit_integer<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        match self.expected_number(&visitor, Number::integer)? {
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
fn unreadable(wanted: &'static str, at: usize) -> DecodeError {
    match at {
        ABSENT => DecodeError::missing(),
        at => DecodeError::syntax(wanted, at),
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
            '"' => self.visit_str(visitor),
            '{' => self.visit_object(visitor),
            '[' => self.visit_array(visitor),
            'n' => {
                self.word("null")?;
                visitor.visit_unit()
            }
            't' | 'f' => self.deserialize_bool(visitor),
            '0'..='9' | '-' => {
                let number = self.number(|number| *number)?;
                match number.integer() {
                    Some(Integer::Unsigned(number)) => visitor.visit_u64(number),
                    Some(Integer::Negative(number)) => visitor.visit_i64(number),
                    None => match number.float() {
                        Some(float) if !private::keeps_text::<V::Value>(&number, float) => {
                            visitor.visit_f64(float)
                        }
                        None if !private::NUMBERS_ARE_TEXT => Err(out_of_range()),
                        _ => visitor.visit_map(Verbatim::new(private::NUMBER, number.text())),
                    },
                }
            }
            _ => self.wanted("a value"),
        }
    }

    forward! {
        visit_integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        visit_str: deserialize_str deserialize_string deserialize_char deserialize_identifier;
        deserialize_bytes: deserialize_byte_buf;
        deserialize_unit: deserialize_unit_struct(&'static str);
        deserialize_seq: deserialize_tuple(usize) deserialize_tuple_struct(&'static str, usize);
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let number = self.expected_number(&visitor, Number::float)?;
        visitor.visit_f64(number.ok_or_else(out_of_range)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let number = self.expected_number(&visitor, Number::single)?;
        visitor.visit_f32(number.ok_or_else(out_of_range)?)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.expected_number(&visitor, Number::text)?.parse() {
            Ok(number) => visitor.visit_i128(number),
            Err(_) => Err(DecodeError::invalid_type(Unexpected::Unit, &visitor)),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.expected_number(&visitor, Number::text)?.parse() {
            Ok(number) => visitor.visit_u128(number),
            Err(_) => Err(DecodeError::invalid_type(Unexpected::Unit, &visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            't' => {
                self.word("true")?;
                visitor.visit_bool(true)
            }
            'f' => {
                self.word("false")?;
                visitor.visit_bool(false)
            }
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            '"' => self.visit_str(visitor),
            '[' => self.visit_array(visitor),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            'n' => {
                self.word("null")?;
                visitor.visit_none()
            }
            _ if self.is_absent() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            'n' => {
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
        if self.is_absent() {
            return self.wanted("a value");
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            '[' => self.visit_array(visitor),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            '{' => self.visit_object(visitor),
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
            '{' => self.visit_object(visitor),
            '[' => self.visit_array(visitor),
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
            '"' => visitor.visit_enum(Variant {
                reader: self,
                has_content: false,
            }),
            '{' => {
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
            .map_err(|fault| self.reader.placed(fault, start).in_element(self.next))?;
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
            let fault = self.reader.placed(fault, start);
            fault.in_member(self.name.unwrap_or_default())
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
        match Number::scan(self.text.as_bytes()) {
            Ok(number) if number.len() == self.text.len() => Some(Reader {
                text: self.text.as_bytes(),
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
