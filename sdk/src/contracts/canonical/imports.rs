//! Calls of imports. Texts and lists are passed as address and length. The last parameter of a
//! function is the address of an area for its result, unless the result is one number. What the
//! result refers to is in blocks that the host allocates and the guest then owns.

use super::place::Place;
use crate::error::{Error, Result, code};
use crate::memory::Address;
use crate::memory::canonical::{Frame, Given};

/// Defines functions that call imports of an interface.
macro_rules! imported {
    ($($interface:literal: $(
        fn $function:ident = $name:literal($($argument:ident: $ty:ty),*) $(-> $result:ty)?;
    )*)*) => {$($(
        #[cfg(target_arch = "wasm32")]
        #[allow(clippy::too_many_arguments, reason = "a record is one parameter for each field")]
        fn $function($($argument: $ty),*) $(-> $result)? {
            #[link(wasm_import_module = $interface)]
            unsafe extern "C" {
                #[link_name = $name]
                fn imported($($argument: $ty),*) $(-> $result)?;
            }
            // SAFETY: the engine keeps the canonical ABI: it reads the ranges, which are in use for
            // the length of the call, and writes to the area, which has room for the result.
            unsafe { imported($($argument),*) }
        }

        /// A native plugin has no host of this contract.
        #[cfg(not(target_arch = "wasm32"))]
        #[allow(clippy::too_many_arguments, reason = "a record is one parameter for each field")]
        fn $function($(_: $ty),*) $(-> $result)? {
            unreachable!("components run on wasm32 only")
        }
    )*)*};
}

/// The size of the largest result.
const AREA: usize = 56;

/// The result of an import, and the blocks that it refers to.
pub(crate) struct Answer {
    area: Frame,
    given: Given,
}

impl Answer {
    /// Calls an import, which gets the address of the area.
    pub(crate) fn of(ask: impl FnOnce(Address)) -> Self {
        let mut area = Frame::new(AREA);
        ask(area.address());
        Answer {
            area,
            given: Given::take(),
        }
    }

    fn place(&mut self, at: usize) -> Place<'_> {
        Place::Memory(self.area.from(at))
    }

    /// Returns the number of `size` bytes at a position.
    pub(crate) fn number(&mut self, at: usize, size: usize) -> u64 {
        self.place(at).number(size)
    }

    /// Returns whether an option has a value, a result failed, or a boolean is true.
    pub(crate) fn is_some(&mut self, at: usize) -> bool {
        self.number(at, 1) != 0
    }

    /// Takes the bytes of the text or list at a position.
    pub(crate) fn bytes(&mut self, at: usize) -> Result<Vec<u8>> {
        let range = self.place(at).range();
        taken(&mut self.given, range)
    }

    /// Takes the text at a position.
    pub(crate) fn text(&mut self, at: usize) -> Result<String> {
        text(self.bytes(at)?)
    }

    /// Fills a buffer with the random bytes of the list at a position.
    pub(crate) fn fill(&mut self, at: usize, bytes: &mut [u8]) -> Result<()> {
        let random = self.bytes(at)?;
        if random.len() != bytes.len() {
            return Err(Error::new(
                code::BAD_ANSWER,
                "the host returned another number of random bytes than asked for",
            ));
        }
        bytes.copy_from_slice(&random);
        Ok(())
    }

    /// Converts each element of the list at a position, of which the conversion gets the bytes.
    pub(crate) fn list<T>(
        &mut self,
        at: usize,
        size: usize,
        mut convert: impl FnMut(&mut Given, Place<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (address, count) = self.place(at).range();
        let bytes = taken(&mut self.given, (address, count.saturating_mul(size)))?;
        let elements = bytes.chunks_exact(size);
        elements
            .map(|element| convert(&mut self.given, Place::Memory(element)))
            .collect()
    }
}

fn taken(given: &mut Given, (address, len): (u32, usize)) -> Result<Vec<u8>> {
    match given.remove(address, len) {
        Some(block) => Ok(block.into_bytes()),
        None if len == 0 => Ok(Vec::new()),
        None => Err(Error::new(
            code::BAD_ANSWER,
            "the engine does not follow the canonical ABI",
        )),
    }
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| Error::new(code::BAD_ANSWER, "the host returned text that is not UTF-8"))
}

/// Takes the bytes of which a part of an element has address and length.
pub(crate) fn bytes_of(given: &mut Given, element: Place<'_>, at: usize) -> Result<Vec<u8>> {
    taken(given, element.part(at, 0).range())
}

/// Takes the text of which a part of an element has address and length.
pub(crate) fn text_of(given: &mut Given, element: Place<'_>, at: usize) -> Result<String> {
    text(bytes_of(given, element, at)?)
}
