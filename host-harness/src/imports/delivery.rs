//! Delivers the results of host functions to the guest.

use plugin_sdk::abi::{self, Packed};
use plugin_sdk::imports::{Answer, CallError, HostFunction};

use super::Host;
use super::state::State;
use crate::engine::{Caller, Guest, HostTrap, Reason};
use crate::memory::range_mut;

/// Delivers a result that needs no memory from the guest's allocator: a number, or bytes that fit
/// into the guest's room for short answers. Returns the slot that the function returns.
#[inline]
pub(super) fn deliver_at_once(host: &Host, memory: &mut [u8], answer: &Answer) -> Option<u64> {
    let (bytes, failed) = match answer {
        Answer::Slot(slot) => return Some(*slot),
        Answer::Packed { bytes } => (bytes, false),
        Answer::PackedError { bytes } => (bytes, true),
        _ => return None,
    };
    let len = u32::try_from(bytes.len()).ok();
    let len = len.filter(|len| *len <= abi::ROOM_SIZE)?;
    let address = host.room?;
    range_mut(memory, address, bytes.len())?.copy_from_slice(bytes);
    let packed = Packed {
        address,
        len,
        failed,
    };
    Some(packed.to_bits())
}

/// Returns the number of bytes that a result needs from the guest's allocator, if any.
#[inline]
pub(super) fn wanted(answer: &Answer) -> Option<u32> {
    match answer {
        Answer::Slot(_) | Answer::Written { .. } | Answer::InOut { .. } => None,
        _ => u32::try_from(bytes_of(answer).len())
            .ok()
            .filter(|len| *len <= abi::MAX_LEN),
    }
}

/// Returns the bytes of a result, if it has any.
pub(super) fn bytes_of(answer: &Answer) -> &[u8] {
    match answer {
        Answer::Slot(_) => &[],
        Answer::Packed { bytes }
        | Answer::PackedError { bytes }
        | Answer::Terminated { bytes }
        | Answer::Block { bytes }
        | Answer::Written { bytes, .. }
        | Answer::InOut { bytes, .. } => bytes,
    }
}

/// Delivers a result to the guest, and returns the slot that the function returns, or `None` if the
/// guest has no memory for the result. `allocated` is the address from its `alloc` if the result
/// [needs](wanted) one; 0 means none. Reads the memory anew, because `alloc` may have grown it.
#[inline]
pub(super) fn deliver(
    caller: &mut impl Caller<State>,
    guest: &Guest,
    function: &'static HostFunction,
    answer: &Answer,
    allocated: u32,
) -> Result<Option<u64>, HostTrap> {
    let slot = match answer {
        Answer::Slot(slot) => *slot,
        Answer::Written {
            bytes,
            address,
            slot,
        } => {
            write(caller, guest, function, *address, bytes)?;
            *slot
        }
        Answer::InOut {
            bytes,
            address,
            size,
            short,
        } => {
            let room = read_u32(caller, guest, function, *size)?;
            let needed = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            write(caller, guest, function, *size, &needed.to_le_bytes())?;
            if needed <= room {
                write(caller, guest, function, *address, bytes)?;
                0
            } else {
                u64::from(short.cast_unsigned())
            }
        }
        Answer::Packed { .. }
        | Answer::PackedError { .. }
        | Answer::Terminated { .. }
        | Answer::Block { .. }
            if allocated == 0 =>
        {
            return Ok(None);
        }
        Answer::Packed { bytes } | Answer::PackedError { bytes } => {
            write(caller, guest, function, allocated, bytes)?;
            Packed {
                address: allocated,
                // At most the length that `alloc` was asked for.
                len: bytes.len() as u32,
                failed: matches!(answer, Answer::PackedError { .. }),
            }
            .to_bits()
        }
        Answer::Terminated { bytes } | Answer::Block { bytes } => {
            write(caller, guest, function, allocated, bytes)?;
            u64::from(allocated)
        }
    };
    Ok(Some(slot))
}

#[inline]
pub(super) fn write(
    caller: &mut impl Caller<State>,
    guest: &Guest,
    function: &HostFunction,
    address: u32,
    bytes: &[u8],
) -> Result<(), HostTrap> {
    if bytes.is_empty() {
        return Ok(());
    }
    let (memory, _) = caller.memory_and_data(guest);
    let size = memory.len();
    match range_mut(memory, address, bytes.len()) {
        Some(place) => {
            place.copy_from_slice(bytes);
            Ok(())
        }
        None => Err(out_of_bounds(function, address, bytes.len(), size)),
    }
}

fn read_u32(
    caller: &mut impl Caller<State>,
    guest: &Guest,
    function: &HostFunction,
    address: u32,
) -> Result<u32, HostTrap> {
    let (memory, _) = caller.memory_and_data(guest);
    let number = memory
        .get(address as usize..)
        .and_then(|bytes| bytes.first_chunk());
    match number {
        Some(bytes) => Ok(u32::from_le_bytes(*bytes)),
        None => Err(out_of_bounds(function, address, 4, memory.len())),
    }
}

#[cold]
fn out_of_bounds(function: &HostFunction, address: u32, bytes: usize, memory: usize) -> HostTrap {
    let fault = CallError::OutOfBounds {
        address,
        bytes: bytes as u64,
        memory: memory as u64,
    };
    HostTrap::new(function, Reason::Argument(fault.to_string()))
}
