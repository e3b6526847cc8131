//! Ranges in guest memory that a call names.

use std::ffi::CStr;
use std::ops::Range;

use crate::error::{Error, code};
use crate::imports::description::CallError;

/// A range in guest memory that has not been checked.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    pub(super) address: u32,
    bytes: u64,
    pub(super) alignment: u32,
}

impl Region {
    /// Creates the range of `count` items of a size.
    pub fn new(address: u64, count: u64, size: usize) -> Self {
        Region {
            address: address as u32,
            // A product of two 32-bit numbers.
            bytes: u64::from(count as u32) * size as u64,
            // The alignment of a number is its size.
            alignment: size as u32,
        }
    }

    /// Returns the range within a memory of that many bytes. An empty range may be anywhere.
    pub(super) fn within(self, memory: usize) -> Result<Range<usize>, CallError> {
        if self.bytes == 0 {
            return Ok(0..0);
        }
        let end = u64::from(self.address) + self.bytes;
        if end > memory as u64 {
            return Err(CallError::OutOfBounds {
                address: self.address,
                bytes: self.bytes,
                memory: memory as u64,
            });
        }
        Ok(self.address as usize..end as usize)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Region {
    pub(super) fn address(self) -> u32 {
        self.address
    }

    /// Checks that the numbers could be used where they are.
    pub(super) fn check_alignment(self, name: &'static str) -> Result<(), CallError> {
        if self.bytes == 0 || self.address.is_multiple_of(self.alignment) {
            return Ok(());
        }
        Err(CallError::Misaligned {
            address: self.address,
            alignment: self.alignment,
        }
        .of(name))
    }
}

/// Returns the bytes of an argument.
#[inline]
pub fn region(memory: &[u8], address: u64, count: u64, size: usize) -> Result<&[u8], CallError> {
    let range = Region::new(address, count, size).within(memory.len())?;
    Ok(memory.get(range).unwrap_or_default())
}

/// Returns bytes as text.
#[inline]
pub fn text(bytes: &[u8]) -> Result<&str, CallError> {
    std::str::from_utf8(bytes).map_err(|error| {
        CallError::Value(Error::new(
            code::INVALID_ARGUMENT,
            format!("the text is not UTF-8 after byte {}", error.valid_up_to()),
        ))
    })
}

/// Returns NUL-terminated text.
pub fn c_text(memory: &[u8], address: u64) -> Result<&CStr, CallError> {
    let address = address as u32;
    let from = memory.get(address as usize..).unwrap_or_default();
    if from.is_empty() {
        return Err(CallError::OutOfBounds {
            address,
            bytes: 1,
            memory: memory.len() as u64,
        });
    }
    CStr::from_bytes_until_nul(from).map_err(|_| CallError::Unterminated { address })
}

/// Returns several arguments that the host may change, at once.
pub fn disjoint<'m, const N: usize>(
    memory: &'m mut [u8],
    regions: [(&'static str, Region); N],
) -> Result<[&'m mut [u8]; N], CallError> {
    let mut ranges = [const { 0..0 }; N];
    for (range, (name, region)) in ranges.iter_mut().zip(regions) {
        *range = region
            .within(memory.len())
            .map_err(|fault| fault.of(name))?;
    }
    memory
        .get_disjoint_mut(ranges)
        .map_err(|_| CallError::Overlapping)
}
