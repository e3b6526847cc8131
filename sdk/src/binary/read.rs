//! Reads the binary codec into any `Deserialize` type.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use crate::decode_error::{DecodeError, forward};
use crate::json::{self, private};
use crate::memory;

type Read<T> = Result<T, DecodeError>;

/// The deepest nesting of values: a guest's stack is small, and an overflow is a trap.
const MAX_DEPTH: u8 = 128;

/// The most elements that take no bytes, such as `()`.
const MAX_EMPTY_ELEMENTS: usize = 1 << 16;

/// A position in the bytes.
pub struct Reader<'de> {
    rest: &'de [u8],
    depth: u8,
}

impl<'de> Reader<'de> {
    /// Begins to read.
    pub fn new(bytes: &'de [u8]) -> Self {
        Reader {
            rest: bytes,
            depth: MAX_DEPTH,
        }
    }

    /// Checks that no bytes are left.
    pub fn end(&self) -> Read<()> {
        match self.rest {
            [] => Ok(()),
            _ => Err(DecodeError::custom(
                "there are more bytes than the types ask for",
            )),
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => Err(too_short()),
        }
    }

    fn count(&mut self) -> Read<usize> {
        self.array().map(|bytes| u32::from_le_bytes(bytes) as usize)
    }

    /// Returns the number of elements that follow. Limited, because malformed bytes could announce
    /// billions of elements without bytes.
    fn elements(&mut self) -> Read<usize> {
        let count = self.count()?;
        if count > self.rest.len().max(MAX_EMPTY_ELEMENTS) {
            return Err(too_short());
        }
        Ok(count)
    }

    fn bytes(&mut self) -> Read<&'de [u8]> {
        let len = self.count()?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(too_short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Reads a sequence of numbers, copied as a whole.
    #[cfg(target_endian = "little")]
    pub(crate) fn numbers<T: memory::Number>(&mut self) -> Read<Vec<T>> {
        let len = self.count()?.checked_mul(size_of::<T>());
        let (bytes, rest) = len
            .and_then(|len| self.rest.split_at_checked(len))
            .ok_or_else(too_short)?;
        self.rest = rest;
        Ok(memory::copy_numbers(bytes))
    }

    fn string(&mut self) -> Read<&'de str> {
        memory::text::utf8(self.bytes()?).map_err(|_| DecodeError::custom("a string is not UTF-8"))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| DecodeError::custom("values nest more than 128 levels deep"))?;
        let value = read(self)?;
        self.depth += 1;
        Ok(value)
    }
}

#[cold]
fn too_short() -> DecodeError {
    DecodeError::custom("there are fewer bytes than the types ask for")
}

/// A known number of values, one after the other.
struct Run<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
    read: usize,
}

impl<'de> SeqAccess<'de> for Run<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        match seed.deserialize(&mut *self.reader) {
            Ok(value) => {
                self.read += 1;
                Ok(Some(value))
            }
            Err(fault) => Err(fault.in_element(self.read)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Run<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<T::Value> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

macro_rules! plain {
    ($($method:ident $visit:ident $number:ty)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            visitor.$visit(<$number>::from_le_bytes(self.array()?))
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = DecodeError;

    plain! {
        deserialize_i8 visit_i8 i8 deserialize_i16 visit_i16 i16 deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64 deserialize_i128 visit_i128 i128
        deserialize_u8 visit_u8 u8 deserialize_u16 visit_u16 u16 deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64 deserialize_u128 visit_u128 u128
        deserialize_f32 visit_f32 f32 deserialize_f64 visit_f64 f64
    }

    forward! {
        deserialize_str: deserialize_string;
        deserialize_bytes: deserialize_byte_buf;
        deserialize_unit: deserialize_unit_struct(&'static str);
        deserialize_any: deserialize_identifier deserialize_ignored_any;
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Read<V::Value> {
        Err(DecodeError::custom(
            "this type looks at a value before it reads it, which the binary codec does not allow",
        ))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.array()? {
            [0] => visitor.visit_bool(false),
            [1] => visitor.visit_bool(true),
            _ => Err(DecodeError::custom("a boolean is neither 0 nor 1")),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match char::from_u32(u32::from_le_bytes(self.array()?)) {
            Some(character) => visitor.visit_char(character),
            None => Err(DecodeError::custom("a character is not valid in Unicode")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_borrowed_str(self.string()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.array()? {
            [0] => visitor.visit_none(),
            [1] => self.nested(|reader| visitor.visit_some(reader)),
            _ => Err(DecodeError::custom("an option is neither 0 nor 1")),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_unit()
    }

    // The name is a constant here, as in the JSON reader.
    #[inline(always)]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Read<V::Value> {
        if private::is_raw_value(name) {
            let text = self.string()?;
            if !json::is_value(text) {
                return Err(DecodeError::custom("a text that must be JSON is malformed"));
            }
            return visitor.visit_map(private::Verbatim::new(private::RAW_VALUE, text));
        }
        self.nested(|reader| visitor.visit_newtype_struct(reader))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let left = self.elements()?;
        self.deserialize_tuple(left, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, left: usize, visitor: V) -> Read<V::Value> {
        self.nested(|reader| {
            let mut run = Run {
                reader,
                left,
                read: 0,
            };
            let value = visitor.visit_seq(&mut run)?;
            match run.left {
                0 => Ok(value),
                _ => Err(DecodeError::custom("there are more elements than expected")),
            }
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Read<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let left = self.elements()?;
        self.nested(|reader| {
            let mut run = Run {
                reader,
                left,
                read: 0,
            };
            let value = visitor.visit_map(&mut run)?;
            match run.left {
                0 => Ok(value),
                _ => Err(DecodeError::custom("there are more entries than expected")),
            }
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.nested(|reader| visitor.visit_enum(reader))
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Read<(V::Value, Self)> {
        let index: de::value::U32Deserializer<DecodeError> =
            u32::from_le_bytes(self.array()?).into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Read<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Read<T::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Read<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}
