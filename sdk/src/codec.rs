//! The forms of arguments and results: JSON unless a command chooses another.

use serde::{Deserialize, Serialize};

use crate::decode_error::DecodeError;
use crate::error::{Error, code};
use crate::json::{self, Arena, Reader, is_same};
use crate::memory::Number;

/// A form of arguments and results at the boundary.
pub trait Codec {
    /// A position in the arguments.
    type Source<'de>: Source<'de>;

    /// Reads the arguments of a command, and passes each to `read` with its index in the names. One
    /// that was not given is passed if it has no default: the source then returns `None` for an
    /// option, and fails for anything else.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not in this form, if an argument is unknown or given twice, and if
    /// `read` fails.
    fn arguments<'de>(
        given: &EncodedArguments<'de>,
        read: ReadArgument<'_, Self::Source<'de>>,
    ) -> Result<(), Error>;

    /// Reads bytes that are one value.
    fn whole<'de, T: Deserialize<'de>>(
        bytes: &'de [u8],
        arena: &'de Arena,
        what: &str,
    ) -> Result<T, Error>;

    /// Appends a result.
    fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error>;
}

/// The arguments of a command before they are read.
///
/// They are one parameter: an engine passes more than four on the stack, in a way that keeps the
/// callee waiting.
pub struct EncodedArguments<'de> {
    /// The encoded arguments.
    pub bytes: &'de [u8],
    /// The storage for strings without their escapes.
    pub arena: &'de Arena,
    /// The names of all arguments, at most 64.
    pub names: &'static [&'static str],
    /// The arguments without a default: the bit at the index of each.
    pub required: u64,
}

/// Reads the argument with the given index in the names at the current position of the source.
pub type ReadArgument<'a, S> = &'a mut dyn FnMut(usize, &mut S) -> Result<(), DecodeError>;

/// A position at which an argument can be read.
pub trait Source<'de> {
    /// Reads a value of any type.
    fn read<T: Deserialize<'de>>(&mut self) -> Result<T, DecodeError>;

    /// Reads an array of numbers, all at once if the codec can.
    fn read_numbers<T: Number + Deserialize<'de>>(&mut self) -> Result<Vec<T>, DecodeError> {
        self.read()
    }
}

/// JSON, the default.
pub enum Json {}

/// The bytes reserved for a result, so that the buffer of a new instance need not grow for a short
/// one.
const RESERVED: usize = 128;

/// Returns an empty object for no bytes, which mean no arguments.
fn or_empty_object(bytes: &[u8]) -> &[u8] {
    if bytes.is_empty() { b"{}" } else { bytes }
}

impl Codec for Json {
    type Source<'de> = Reader<'de>;

    fn arguments<'de>(
        given: &EncodedArguments<'de>,
        read: ReadArgument<'_, Reader<'de>>,
    ) -> Result<(), Error> {
        let mut walk = || {
            let mut reader = Reader::new(or_empty_object(given.bytes), given.arena);
            reader.open_object()?;
            let mut seen = 0;
            let mut first = true;
            while let Some(name) = reader.member(first)? {
                first = false;
                let mut names = given.names.iter();
                let Some(index) = names.position(|known| is_same(known, name)) else {
                    return Err(DecodeError::unknown(name, given.names));
                };
                let bit = 1u64.wrapping_shl(index as u32);
                if seen & bit != 0 {
                    return Err(DecodeError::twice().in_member(name));
                }
                seen |= bit;
                reader
                    .value(|reader| read(index, reader))
                    .map_err(|fault| fault.in_member(name))?;
            }
            reader.end()?;
            match given.required & !seen {
                0 => Ok(()),
                lacking => read_lacking(&mut reader, given.names, lacking, read),
            }
        };
        walk().map_err(|fault| fault.into_error(ARGUMENTS))
    }

    fn whole<'de, T: Deserialize<'de>>(
        bytes: &'de [u8],
        arena: &'de Arena,
        what: &str,
    ) -> Result<T, Error> {
        json::read(or_empty_object(bytes), arena).map_err(|fault| fault.into_error(what))
    }

    fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        out.reserve(RESERVED);
        json::write(value, out).map_err(invalid_result)
    }
}

#[cold]
fn invalid_result(error: impl std::error::Error) -> Error {
    Error::from(error).with_code(code::INVALID_RESULT)
}

/// The name of the arguments in messages.
const ARGUMENTS: &str = "the arguments";

/// Passes the arguments that were not given to `read`: each has its bit in `lacking`.
#[cold]
fn read_lacking<'de>(
    reader: &mut Reader<'de>,
    names: &[&str],
    mut lacking: u64,
    read: ReadArgument<'_, Reader<'de>>,
) -> Result<(), DecodeError> {
    reader.leave();
    while lacking != 0 {
        let index = lacking.trailing_zeros() as usize;
        lacking &= lacking - 1;
        read(index, reader)
            .map_err(|fault| fault.in_member(names.get(index).copied().unwrap_or_default()))?;
    }
    Ok(())
}

impl<'de> Source<'de> for Reader<'de> {
    fn read<T: Deserialize<'de>>(&mut self) -> Result<T, DecodeError> {
        T::deserialize(self)
    }
}

#[cfg(feature = "binary")]
mod for_binary {
    use super::*;
    use crate::binary;

    /// Numbers as in memory, without names; see [`binary`].
    pub enum Binary {}

    impl Codec for Binary {
        type Source<'de> = binary::Reader<'de>;

        fn arguments<'de>(
            given: &EncodedArguments<'de>,
            read: ReadArgument<'_, binary::Reader<'de>>,
        ) -> Result<(), Error> {
            let mut reader = binary::Reader::new(given.bytes);
            for (index, name) in given.names.iter().enumerate() {
                read(index, &mut reader)
                    .map_err(|fault| fault.in_member(name).into_error(ARGUMENTS))?;
            }
            reader.end().map_err(|fault| fault.into_error(ARGUMENTS))
        }

        fn whole<'de, T: Deserialize<'de>>(
            bytes: &'de [u8],
            _: &'de Arena,
            what: &str,
        ) -> Result<T, Error> {
            binary::read(bytes).map_err(|fault| fault.into_error(what))
        }

        fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
            binary::write(value, out).map_err(invalid_result)
        }
    }

    impl<'de> Source<'de> for binary::Reader<'de> {
        fn read<T: Deserialize<'de>>(&mut self) -> Result<T, DecodeError> {
            T::deserialize(self)
        }

        // The codec's numbers are little-endian, as in memory.
        #[cfg(target_endian = "little")]
        fn read_numbers<T: Number + Deserialize<'de>>(&mut self) -> Result<Vec<T>, DecodeError> {
            self.numbers()
        }
    }
}

#[cfg(feature = "binary")]
pub use for_binary::Binary;
