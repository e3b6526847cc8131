//! Sequences of numbers, whose room in the output is made for many at once.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{self, Impossible};

/// The most numbers that room is made for at once: an iterator may announce any number of them.
const AT_ONCE: usize = if cfg!(test) { 16 } else { 4096 };

/// Appends elements for as long as they are numbers of the same size as `first`, and returns how
/// many there were, and the first other element.
#[inline]
pub fn append<T: Serialize>(
    first: Number,
    elements: &mut impl Iterator<Item = T>,
    out: &mut Vec<u8>,
) -> (usize, Option<T>) {
    let size = first.len;
    out.extend_from_slice(first.bytes());
    let mut count = 1;
    loop {
        let expected = elements.size_hint().0.min(AT_ONCE);
        if expected == 0 {
            return (count, None);
        }
        let begin = out.len();
        out.resize(begin + expected * size, 0);
        let (_, room) = out.split_at_mut(begin);
        let mut written = 0;
        let mut other = None;
        for place in room.chunks_exact_mut(size) {
            let Some(element) = elements.next() else {
                break;
            };
            match Number::of(&element) {
                Some(number) if number.len == size => place.copy_from_slice(number.bytes()),
                _ => {
                    other = Some(element);
                    break;
                }
            }
            written += 1;
        }
        count += written;
        if written < expected {
            out.truncate(begin + written * size);
            return (count, other);
        }
    }
}

/// A number as it is in memory.
pub struct Number {
    bytes: [u8; 16],
    len: usize,
}

impl Number {
    /// Returns a value that is written as one number.
    #[inline]
    pub fn of(value: &impl Serialize) -> Option<Self> {
        value.serialize(Single).ok()
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Takes a single number.
struct Single;

/// The value is not a single number.
#[derive(Debug)]
struct Other;

impl Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a number")
    }
}

impl std::error::Error for Other {}

impl ser::Error for Other {
    fn custom<T: Display>(_: T) -> Self {
        Other
    }
}

type Taken = Result<Number, Other>;

macro_rules! numbers {
    ($($method:ident $number:ty)*) => {$(
        #[inline]
        fn $method(self, number: $number) -> Taken {
            let mut bytes = [0; 16];
            if let Some(first) = bytes.first_chunk_mut() {
                *first = number.to_le_bytes();
            }
            Ok(Number {
                bytes,
                len: size_of::<$number>(),
            })
        }
    )*};
}

/// Refuses values that are not numbers, by method, parameters and result.
macro_rules! others {
    ($($method:ident $(<$value:ident>)? ($($parameter:ty),*) $($compound:ident)?;)*) => {$(
        #[inline]
        fn $method $(<$value: Serialize + ?Sized>)? (
            self,
            $(_: $parameter),*
        ) -> Result<others!(@ $($compound)?), Other> {
            Err(Other)
        }
    )*};
    (@) => { Number };
    (@ $compound:ident) => { Self::$compound };
}

impl ser::Serializer for Single {
    type Ok = Number;
    type Error = Other;
    type SerializeSeq = Impossible<Number, Other>;
    type SerializeTuple = Impossible<Number, Other>;
    type SerializeTupleStruct = Impossible<Number, Other>;
    type SerializeTupleVariant = Impossible<Number, Other>;
    type SerializeMap = Impossible<Number, Other>;
    type SerializeStruct = Impossible<Number, Other>;
    type SerializeStructVariant = Impossible<Number, Other>;

    numbers! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
        serialize_f32 f32 serialize_f64 f64
    }

    others! {
        serialize_bool(bool);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_some<T>(&T);
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
        serialize_newtype_variant<T>(&'static str, u32, &'static str, &T);
        serialize_seq(Option<usize>) SerializeSeq;
        serialize_tuple(usize) SerializeTuple;
        serialize_tuple_struct(&'static str, usize) SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) SerializeTupleVariant;
        serialize_map(Option<usize>) SerializeMap;
        serialize_struct(&'static str, usize) SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) SerializeStructVariant;
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Taken {
        value.serialize(self)
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Taken {
        Err(Other)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Serialize, Serializer};

    use super::super::{read, write};
    use super::AT_ONCE;

    fn written(value: &impl Serialize) -> Vec<u8> {
        let mut bytes = vec![7];
        write(value, &mut bytes).unwrap();
        bytes.split_off(1)
    }

    /// A sequence whose iterator announces a number of elements.
    struct Announced<'a>(&'a [u32], usize);

    impl Serialize for Announced<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            struct Hinted<'a>(std::slice::Iter<'a, u32>, usize);

            impl<'a> Iterator for Hinted<'a> {
                type Item = &'a u32;

                fn next(&mut self) -> Option<&'a u32> {
                    self.0.next()
                }

                fn size_hint(&self) -> (usize, Option<usize>) {
                    (self.1, None)
                }
            }

            serializer.collect_seq(Hinted(self.0.iter(), self.1))
        }
    }

    #[test]
    fn numbers_of_a_sequence_are_all_written_in_order() {
        for len in [0, 1, 2, AT_ONCE, AT_ONCE + 1, AT_ONCE + 2, 3 * AT_ONCE] {
            let numbers: Vec<f64> = (0..len).map(|number| number as f64 / 3.0).collect();
            let bytes = written(&numbers);
            assert_eq!(bytes.len(), 4 + 8 * len);
            assert_eq!(read::<Vec<f64>>(&bytes).unwrap(), numbers);
        }
    }

    #[test]
    fn wrong_announcements_of_a_length_change_nothing() {
        let numbers = [1, 2, 3];
        let expected = written(&numbers.to_vec());
        for announced in [0, 1, 2, 3, 4, 5000, usize::MAX] {
            assert_eq!(written(&Announced(&numbers, announced)), expected);
        }
        assert_eq!(written(&Announced(&[], 9)), written(&Vec::<u32>::new()));
    }

    #[test]
    fn elements_of_other_kinds_follow_numbers() {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Mixed {
            Small(u8),
            Large(u64),
            Text(&'static str),
            Pair(u8, u8),
        }

        let elements = [
            Mixed::Small(1),
            Mixed::Small(2),
            Mixed::Large(3),
            Mixed::Text("four"),
            Mixed::Small(5),
            Mixed::Pair(6, 7),
        ];
        let one_by_one: Vec<u8> = elements.iter().flat_map(written).collect();
        let mut expected = 6u32.to_le_bytes().to_vec();
        expected.extend(one_by_one);
        assert_eq!(written(&elements[..].iter().collect::<Vec<_>>()), expected);
    }
}
