//! The `binary` codec: values as they are in memory, one after the other, for commands that move
//! numbers.
//!
//! | value | bytes |
//! |---|---|
//! | `bool`, integers, `f32`, `f64` | their own size, little-endian; `usize` and `isize` as 64 bits |
//! | `char` | `u32` |
//! | string, bytes | length as `u32`, then the bytes |
//! | sequence, map | number of elements as `u32`, then the elements, or keys and values in turn; at most 65,536 that take no bytes |
//! | tuple, struct, arguments of a command | the fields in order, without names |
//! | `Option` | 0, or 1 and the value |
//! | enum | number of the variant as `u32`, then its content |
//! | `()` | nothing |
//!
//! Sequences, maps, options and enums nest up to 128 levels; deeper values are written, and refused
//! by the reader. Both ends must know the types. Names are not sent, nothing may be left out
//! (`skip_serializing_if`, defaults), and types that inspect a value before they read it
//! (`serde_json::Value`, `untagged`, `flatten`) cannot be read.

mod numbers;
mod read;
mod write;

pub use read::Reader;
pub use write::write;

use crate::decode_error::DecodeError;
pub use crate::json::WriteError;

/// Reads one value, which must take all bytes.
///
/// # Errors
///
/// Fails if the bytes are malformed, too short or too long.
///
/// ```
/// let mut bytes = Vec::new();
/// plugin_sdk::binary::write(&(1u8, "two", vec![3.0f64]), &mut bytes).unwrap();
/// let value: (u8, String, Vec<f64>) = plugin_sdk::binary::read(&bytes).unwrap();
/// assert_eq!(value, (1, "two".to_owned(), vec![3.0]));
/// ```
pub fn read<'de, T: serde::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}
