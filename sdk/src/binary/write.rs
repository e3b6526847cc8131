//! Writes any `Serialize` value in the binary codec.

use serde::Serialize;
use serde::ser;

use super::numbers::{self, Number};
use crate::json::WriteError;

type Written = Result<(), WriteError>;

/// Appends `value` to `out`.
///
/// # Errors
///
/// Fails if something has 2^32 elements or more, or if the value's own `Serialize` fails. `out`
/// then holds a part of it.
pub fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Written {
    value.serialize(&mut Writer { out })
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn count(&mut self, count: usize) -> Written {
        let count = u32::try_from(count).map_err(|_| too_many())?;
        self.out.extend_from_slice(&count.to_le_bytes());
        Ok(())
    }
}

#[cold]
fn too_many() -> WriteError {
    WriteError("2^32 elements or more".into())
}

/// Elements whose number is known only after the last, and written before the first.
struct Counted<'a> {
    out: &'a mut Vec<u8>,
    count_at: usize,
    count: usize,
}

impl<'a> Counted<'a> {
    fn begin(out: &'a mut Vec<u8>) -> Self {
        let count_at = out.len();
        out.extend_from_slice(&[0; 4]);
        Counted {
            out,
            count_at,
            count: 0,
        }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.count += 1;
        write(value, self.out)
    }

    fn close(self) -> Written {
        let count = u32::try_from(self.count).map_err(|_| too_many())?;
        if let Some(place) = self.out.get_mut(self.count_at..self.count_at + 4) {
            place.copy_from_slice(&count.to_le_bytes());
        }
        Ok(())
    }
}

/// Fields, whose number both ends know.
struct Fields<'a> {
    out: &'a mut Vec<u8>,
}

macro_rules! plain {
    ($($method:ident $number:ty)*) => {$(
        #[inline]
        fn $method(self, number: $number) -> Written {
            self.out.extend_from_slice(&number.to_le_bytes());
            Ok(())
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Writer<'_> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Counted<'a>;
    type SerializeTuple = Fields<'a>;
    type SerializeTupleStruct = Fields<'a>;
    type SerializeTupleVariant = Fields<'a>;
    type SerializeMap = Counted<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    plain! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
        serialize_f32 f32 serialize_f64 f64
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Written {
        self.serialize_u8(value.into())
    }

    fn serialize_char(self, value: char) -> Written {
        self.serialize_u32(value.into())
    }

    fn serialize_str(self, value: &str) -> Written {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Written {
        self.count(value.len())?;
        self.out.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Written {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        self.out.push(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Written {
        self.serialize_u32(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Written {
        (&mut *self).serialize_u32(index)?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Counted<'a>, WriteError> {
        Ok(Counted::begin(self.out))
    }

    #[inline]
    fn collect_seq<I: IntoIterator<Item: Serialize>>(self, elements: I) -> Written {
        let mut elements = elements.into_iter().fuse();
        let mut sequence = Counted::begin(self.out);
        // The first element is asked twice for its value if it is not a number.
        let mut other = elements.next();
        if let Some(first) = other.as_ref().and_then(Number::of) {
            let count;
            (count, other) = numbers::append(first, &mut elements, sequence.out);
            sequence.count = count;
        }
        for element in other.into_iter().chain(elements) {
            sequence.element(&element)?;
        }
        sequence.close()
    }

    fn serialize_tuple(self, _: usize) -> Result<Fields<'a>, WriteError> {
        Ok(Fields { out: self.out })
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, WriteError> {
        Ok(Fields { out: self.out })
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Fields<'a>, WriteError> {
        (&mut *self).serialize_u32(index)?;
        Ok(Fields { out: self.out })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Counted<'a>, WriteError> {
        Ok(Counted::begin(self.out))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, WriteError> {
        Ok(Fields { out: self.out })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Fields<'a>, WriteError> {
        self.serialize_tuple_variant(name, index, variant, len)
    }
}

impl ser::SerializeSeq for Counted<'_> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.element(value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl ser::SerializeMap for Counted<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.element(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        write(value, self.out)
    }

    fn end(self) -> Written {
        self.close()
    }
}

macro_rules! fields {
    ($($trait:ident $method:ident $(($key:ty))?)*) => {$(
        impl ser::$trait for Fields<'_> {
            type Ok = ();
            type Error = WriteError;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $key,)? value: &T) -> Written {
                write(value, self.out)
            }

            fn end(self) -> Written {
                Ok(())
            }
        }
    )*};
}

fields! {
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
    SerializeStruct serialize_field (&'static str)
    SerializeStructVariant serialize_field (&'static str)
}
