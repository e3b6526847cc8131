//! The binary codec.
//!
//! The first byte of an input selects a type. Bytes that are accepted must be the only form of
//! their value, except that maps have an order and NaNs have bits; a value must survive a round
//! trip.

use std::collections::BTreeMap;
use std::fmt::Debug;

use arbitrary::Unstructured;
use plugin_sdk::binary;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Verdict;
use crate::verdict::ensure;

/// A field of each kind.
#[derive(Debug, Serialize, Deserialize)]
struct Everything {
    flag: bool,
    letter: char,
    text: String,
    small: (u8, i8, u16, i16),
    large: (u32, i64, u128),
    floats: (f32, f64),
    list: Vec<Option<u16>>,
    map: BTreeMap<String, Shape>,
    fixed: [i16; 3],
    unit: (),
}

#[derive(Debug, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f32),
    Polygon(Vec<(i32, i32)>),
    Group {
        name: String,
        inner: Option<Box<Shape>>,
    },
}

impl Everything {
    fn of(choices: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        Ok(Everything {
            flag: choices.arbitrary()?,
            letter: choices.arbitrary()?,
            text: choices.arbitrary()?,
            small: choices.arbitrary()?,
            large: choices.arbitrary()?,
            floats: choices.arbitrary()?,
            list: choices.arbitrary()?,
            fixed: choices.arbitrary()?,
            map: (0..choices.int_in_range(0..=4)?)
                .map(|_| Ok((choices.arbitrary()?, Shape::of(choices)?)))
                .collect::<arbitrary::Result<_>>()?,
            unit: (),
        })
    }
}

impl Shape {
    fn of(choices: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        Ok(match choices.int_in_range(0..=3)? {
            0 => Shape::Point,
            1 => Shape::Circle(choices.arbitrary()?),
            2 => Shape::Polygon(choices.arbitrary()?),
            _ => Shape::Group {
                name: choices.arbitrary()?,
                inner: match choices.arbitrary()? {
                    // Ends with the bytes of the input, of which each level takes some.
                    true if !choices.is_empty() => Some(Box::new(Shape::of(choices)?)),
                    _ => None,
                },
            },
        })
    }
}

/// A type that can be nested without end.
#[derive(Debug, Serialize, Deserialize)]
struct Nested(Vec<Nested>);

/// The error of a value that is written, and too deep to be read.
const TOO_DEEP: &str = "values nest more than 128 levels deep";

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let Some((&selector, bytes)) = input.split_first() else {
        return Ok(());
    };
    match selector & 15 {
        0 => accepted::<Everything>(bytes, false, encode),
        1 => accepted::<Vec<Shape>>(bytes, false, encode),
        2 => accepted::<Nested>(bytes, true, encode),
        3 => accepted::<Vec<Vec<Vec<u16>>>>(bytes, true, encode),
        4 => accepted::<BTreeMap<u8, Vec<(u64, bool)>>>(bytes, false, encode),
        5 => accepted::<Vec<Option<Result<String, char>>>>(bytes, true, encode),
        6 => accepted::<Vec<()>>(bytes, true, encode),
        7 => accepted::<(i128, usize, isize)>(bytes, true, encode),
        8 => accepted::<Vec<f64>>(bytes, false, encode),
        9 => borrowed(bytes),
        _ => round_trip(&mut Unstructured::new(bytes), encode),
    }
}

fn encode<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    binary::write(value, &mut bytes).ok().map(|()| bytes)
}

/// Writes what is read again. `is_only_form` if there are no other bytes for the value.
fn accepted<T: DeserializeOwned + Debug>(
    bytes: &[u8],
    is_only_form: bool,
    encode: impl Fn(&T) -> Option<Vec<u8>>,
) -> Verdict {
    match binary::read::<T>(bytes) {
        Ok(value) => {
            let written = survives(&value, encode)?;
            ensure!(
                !is_only_form || written == bytes,
                "{value:?} is also written as {written:02x?}"
            );
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

fn round_trip(
    choices: &mut Unstructured<'_>,
    encode: impl Fn(&Everything) -> Option<Vec<u8>>,
) -> Verdict {
    match Everything::of(choices) {
        Ok(value) => match survives(&value, encode) {
            Err(fault) if fault.ends_with(TOO_DEEP) => Ok(()),
            verdict => verdict.map(drop),
        },
        Err(_) => Ok(()),
    }
}

/// Writes and reads a value, and returns its bytes.
fn survives<T: DeserializeOwned + Debug>(
    value: &T,
    encode: impl Fn(&T) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, String> {
    let written = encode(value).ok_or_else(|| format!("{value:?} is not written"))?;
    let again = binary::read::<T>(&written);
    let again = again.map_err(|error| format!("{value:?} cannot be read back: {error}"))?;
    // `Debug` shows the sign of a zero, and a NaN is equal to itself.
    let (before, after) = (format!("{value:?}"), format!("{again:?}"));
    ensure!(before == after, "{before} is read back as {after}");
    Ok(written)
}

fn borrowed(bytes: &[u8]) -> Verdict {
    let lent = binary::read::<(&str, &[u8], Vec<&str>)>(bytes).ok();
    let owned = binary::read::<(String, Vec<u8>, Vec<String>)>(bytes).ok();
    let (lent, owned) = (format!("{lent:?}"), format!("{owned:?}"));
    ensure!(lent == owned, "{lent} is borrowed, and {owned} is copied");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loses the last element of a list.
    #[expect(clippy::ptr_arg, reason = "the oracle passes a value of the type")]
    fn lossy(list: &Vec<f64>) -> Option<Vec<u8>> {
        encode(&list.get(..list.len().checked_sub(1)?)?)
    }

    #[test]
    fn a_writer_that_loses_an_element_is_noticed() {
        let bytes = encode(&vec![1.0, 2.0]).unwrap_or_default();
        assert_eq!(accepted::<Vec<f64>>(&bytes, true, encode), Ok(()));
        assert!(accepted::<Vec<f64>>(&bytes, false, lossy).is_err());
    }

    #[test]
    fn a_writer_that_fails_or_writes_too_much_is_noticed() {
        assert!(accepted::<u8>(&[7], true, |_| None).is_err());
        assert!(accepted::<u8>(&[7], true, |value| encode(&(value, 0u8))).is_err());
    }

    #[test]
    fn a_second_form_of_a_value_is_noticed() {
        assert!(accepted::<u8>(&[7], true, |_| encode(&8u8)).is_err());
        // The keys are in descending order.
        let bytes = [2, 0, 0, 0, 5, 1, 4, 1];
        assert_eq!(
            accepted::<BTreeMap<u8, bool>>(&bytes, false, encode),
            Ok(())
        );
        assert!(accepted::<BTreeMap<u8, bool>>(&bytes, true, encode).is_err());
    }

    #[test]
    fn generated_values_are_compared() {
        let choices = [1; 200];
        let mut wrong = Unstructured::new(&choices);
        assert!(round_trip(&mut wrong, |_| Some(vec![1])).is_err());
        assert_eq!(round_trip(&mut Unstructured::new(&choices), encode), Ok(()));
    }
}
