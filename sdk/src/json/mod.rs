//! JSON, as the boundary needs it: read from borrowed text with the path of whatever is wrong, written into one reused buffer.
//!
//! `serde_json` is a fine general reader and writer; what it costs a guest is not. Its number parser carries floats into a plugin that has
//! none, its errors carry formatting, and it cannot say *where* in the arguments a value was wrong. These two files are a third of
//! its size in a guest, and are held to its behaviour by property tests (`tests/json_oracle.rs`).

mod arena;

mod number;
mod plain;
mod read;
mod write;

pub use arena::Arena;

pub use read::Reader;
pub use write::{WriteError, write};
pub(crate) use write::{write_str, write_u64};

/// Reads one value from JSON text; what follows it must be white space.
pub fn read<'de, T: serde::Deserialize<'de>>(
    text: &'de [u8],
    arena: &'de Arena,
) -> Result<T, crate::fault::Fault> {
    let mut reader = Reader::new(text, arena)?;
    let value = reader.value(|reader| T::deserialize(reader))?;
    reader.end()?;
    Ok(value)
}
