//! Linear memory for the contracts of other hosts; plugins for the SDK's own ABI do not contain it.

use std::cell::Cell;
use std::ptr;

use super::{Block, Boundary, NO_BYTES, NOWHERE, Place, busy, overlap, range};
use crate::abi::Packed;

/// The entry point of a command: arguments in, a packed answer out, as in the exports of ABI 1.
pub type Export = unsafe extern "C" fn(address: *mut u8, len: u32) -> u64;

/// The answer of a plugin.
pub struct Reply<'a> {
    /// `true` if the bytes are an error, as JSON: `{"code", "message", "details"?, "source"?}`.
    pub failed: bool,
    /// The bytes, which stay where they are until the next call into the plugin.
    pub bytes: &'a [u8],
}

impl Reply<'_> {
    /// Returns the place of the bytes. Without any bytes, the address is still not 0, which some
    /// hosts take for nothing.
    pub fn packed(&self) -> Packed {
        Packed {
            address: self.bytes.as_ptr().addr() as u32,
            len: self.bytes.len() as u32,
            failed: self.failed,
        }
    }
}

/// The state of contracts between calls.
struct Outside {
    /// `true` while a contract uses an answer, which the next call would drop.
    answering: Cell<bool>,
    /// The bytes that a contract keeps for its host, in addition to or instead of the plugin's
    /// answer.
    kept: Cell<Vec<u8>>,
}

impl Outside {
    const fn new() -> Self {
        Outside {
            answering: Cell::new(false),
            kept: Cell::new(Vec::new()),
        }
    }
}

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Outside {}

/// Not thread-local: such a variable may be gone at the end of the thread, and every access would
/// check that.
#[cfg(target_arch = "wasm32")]
#[inline]
fn outside<R>(then: impl FnOnce(&Outside) -> R) -> R {
    static OUTSIDE: Outside = Outside::new();
    then(&OUTSIDE)
}

#[cfg(not(target_arch = "wasm32"))]
fn outside<R>(then: impl FnOnce(&Outside) -> R) -> R {
    thread_local! {
        static OUTSIDE: Outside = const { Outside::new() };
    }
    OUTSIDE.with(then)
}

/// Keeps bytes for the host, and drops those kept before.
#[inline]
pub fn keep(bytes: Vec<u8>) {
    outside(|outside| outside.kept.set(bytes));
}

/// Uses the bytes that are kept. Their address stays the same until others are kept.
#[inline]
pub fn kept<R>(then: impl FnOnce(&[u8]) -> R) -> R {
    outside(|outside| {
        let bytes = outside.kept.take();
        let made = then(&bytes);
        outside.kept.set(bytes);
        made
    })
}

/// Calls an export of the guest with bytes that the guest holds. While an answer is in use, the
/// plugin is busy.
#[inline]
pub fn call(export: Export, arguments: &mut [u8]) -> Packed {
    let len = u32::try_from(arguments.len()).unwrap_or(u32::MAX);
    within_no_answer(|| {
        // SAFETY: the slice is exclusive for the length of the call, readable and writable. A slice
        // too long for a `u32` is not read at all.
        unsafe { export(arguments.as_mut_ptr(), len) }
    })
}

/// Runs a call that drops the last answer and returns one of its own.
#[inline]
pub fn within_no_answer(call: impl FnOnce() -> u64) -> Packed {
    Packed::from_bits(match outside(|outside| outside.answering.get()) {
        true => busy(),
        false => call(),
    })
}

/// Uses the answer that an export has just returned.
#[inline]
pub fn answered<R>(answer: Packed, then: impl FnOnce(Reply<'_>) -> R) -> R {
    let before = outside(|outside| outside.answering.replace(true));
    let bytes: &[u8] = match answer.len {
        0 => &[],
        // SAFETY: `Boundary::serve`, or `busy`, returned the place of its answer, which stays there
        // until the next call; `answering` prevents that until `then` has returned.
        len => unsafe {
            std::slice::from_raw_parts(
                ptr::with_exposed_provenance(answer.address as usize),
                len as usize,
            )
        },
    };
    let made = then(Reply {
        failed: answer.failed,
        bytes,
    });
    outside(|outside| outside.answering.set(before));
    made
}

/// Returns bytes that the host lends for the length of a call.
///
/// # Safety
/// The bytes must be readable and writable while the result is used, and no other reference to them
/// may exist.
#[inline]
pub unsafe fn lent<'a>(address: *mut u8, len: u32) -> &'a mut [u8] {
    match len {
        0 => &mut [],
        // SAFETY: the caller guarantees it for the bytes; in a 32-bit memory, less than
        // `isize::MAX` follow any valid address.
        len => unsafe { std::slice::from_raw_parts_mut(address, len as usize) },
    }
}

impl Boundary {
    /// Returns the live block that contains an address, at its beginning, its end or in between.
    fn block_around(&self, address: Place) -> Option<Block> {
        if address == NO_BYTES.addr() {
            return Some(Block {
                start: NO_BYTES,
                size: 0,
            });
        }
        self.with_blocks(|blocks| {
            // Hosts nearly always pass the beginning.
            let here = (address, 1);
            let found = blocks.find(address);
            let found = found.or_else(|| blocks.find_by(|block| overlap(block.range(), here)));
            found.map(|(_, block)| block)
        })
    }

    /// Returns the number of bytes from an address to the end of its block, if that is a live block
    /// that does not contain `bytes`.
    pub fn room_apart_from(&self, bytes: &[u8], address: Place) -> Option<usize> {
        let block = self.block_around(address)?;
        let is_apart = !overlap(block.range(), range(bytes));
        is_apart.then(|| block.room_from(address))
    }

    /// Writes bytes to an address if a live block has room for them there. Returns whether it did.
    pub fn put(&self, bytes: &[u8], address: Place) -> bool {
        let Some(block) = self.block_around(address) else {
            return false;
        };
        if bytes.len() > block.room_from(address) || overlap(block.range(), range(bytes)) {
            return false;
        }
        // SAFETY: the block is live, has room for the bytes from the address on, and does not
        // contain them. Only the host refers to this memory, and it waits for this call.
        unsafe {
            let place = block.start.add(address - block.start.addr());
            ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
        }
        true
    }

    /// Forgets the last answer, so that the block that contains it becomes an ordinary one.
    pub fn forget_answer(&self) {
        self.answer.set(NOWHERE);
    }
}

impl Block {
    fn room_from(self, address: Place) -> usize {
        let (start, len) = self.range();
        (start + len).saturating_sub(address)
    }
}

/// Grows the memory so that the host's next block of up to `bytes` bytes needs no growth.
pub fn make_room(bytes: u32) {
    let boundary = boundary();
    boundary.free(boundary.alloc(bytes).addr());
}

/// Passes bytes on with the alignment of any number: where they are, or as a copy. Forgets the
/// answer afterwards.
pub fn aligned<R>(bytes: &mut [u8], then: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut words;
    let bytes = match bytes.as_ptr().addr().is_multiple_of(size_of::<u64>()) {
        true => bytes,
        false => {
            words = vec![0u64; bytes.len().div_ceil(size_of::<u64>())];
            let copy = bytes_of(&mut words, bytes.len());
            copy.copy_from_slice(bytes);
            copy
        }
    };
    let made = then(bytes);
    boundary().forget_answer();
    made
}

#[cfg(target_arch = "wasm32")]
pub use super::boundary;

/// A native plugin has no host.
#[cfg(not(target_arch = "wasm32"))]
pub fn boundary() -> &'static Boundary {
    unreachable!("contracts share memory on wasm32 only")
}

/// Returns the first `len` bytes of some words, or all of them.
#[inline]
pub fn bytes_of(words: &mut [u64], len: usize) -> &mut [u8] {
    let len = len.min(size_of_val(words));
    // SAFETY: the words have at least `len` bytes, any values are valid, and they are borrowed for
    // as long.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), len) }
}

#[cfg(test)]
mod tests {
    use super::super::Written;
    use super::*;

    #[test]
    fn bytes_are_put_only_where_a_block_has_room() {
        let boundary = Boundary::new();
        let block = boundary.alloc(8).addr();
        let other = boundary.alloc(8).addr();
        for (address, room) in [
            (block, Some(8)),
            (block + 3, Some(5)),
            (block + 7, Some(1)),
            (block + 8, None),
            (other, Some(8)),
            (0, None),
            (usize::MAX, None),
            (NO_BYTES.addr(), Some(0)),
        ] {
            assert_eq!(boundary.room_apart_from(b"", address), room);
            assert_eq!(boundary.put(b"12345", address), room >= Some(5));
            assert_eq!(boundary.put(b"", address), room.is_some());
        }
        boundary.free(other);
        assert_eq!(boundary.room_apart_from(b"", other), None);
        assert!(!boundary.put(b"1", other));
        let written = boundary.receive(block, Written::All).unwrap();
        assert_eq!(&written[3..], b"12345");
    }

    #[test]
    fn bytes_of_a_block_are_not_put_into_it() {
        let boundary = Boundary::new();
        let start = boundary.alloc(8);
        // SAFETY: the block is live, and is written before it is read.
        let bytes = unsafe {
            start.write_bytes(1, 8);
            std::slice::from_raw_parts(start, 4)
        };
        assert_eq!(boundary.room_apart_from(bytes, start.addr() + 4), None);
        assert!(!boundary.put(bytes, start.addr() + 4));
    }

    #[test]
    fn a_block_is_received_whole_and_once() {
        let boundary = Boundary::new();
        let start = boundary.alloc(3);
        // SAFETY: the block is live and has three bytes.
        unsafe { start.write_bytes(b'a', 3) };
        let receive = |address| boundary.receive(address, Written::All);
        assert_eq!(receive(start.addr() + 1), None);
        assert_eq!(receive(start.addr()).unwrap(), b"aaa");
        assert_eq!(receive(start.addr()), None);
        assert_eq!(boundary.live_blocks(), 0);
        assert_eq!(receive(NO_BYTES.addr()).unwrap(), b"");
        assert_eq!(receive(0), None);
    }
}
