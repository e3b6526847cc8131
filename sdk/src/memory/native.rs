//! The memory of native plugins: the arguments of a call, and of one host call, at the addresses
//! that a host sees.

use std::cell::Cell;
use std::ffi::CStr;
use std::ops::Range;

use super::{Address, Written, as_bytes, as_bytes_mut};
use crate::abi::ALIGNMENT;

/// Bytes that are aligned for numbers of every size, as those from a guest's `alloc` are.
#[derive(Default)]
pub struct Buffer {
    words: Vec<u64>,
    len: usize,
}

impl Buffer {
    /// Sets the number of bytes. Their values are undefined.
    pub fn resize(&mut self, len: usize) {
        self.words.resize(len.div_ceil(size_of::<u64>()), 0);
        self.len = len;
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        as_bytes(&self.words).get(..self.len).unwrap_or_default()
    }

    /// Returns the bytes, to change them.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let bytes = as_bytes_mut(&mut self.words);
        bytes.get_mut(..self.len).unwrap_or_default()
    }
}

/// A small linear memory. Nothing is at its first addresses, so that address 0 means nothing.
pub struct Scratch {
    /// Aligned for numbers of every size.
    words: Vec<u64>,
    /// The bytes to copy back after the call.
    changed: Vec<Changed>,
}

struct Changed {
    original: *mut u8,
    copy: Range<usize>,
}

impl Scratch {
    /// Creates a memory without arguments.
    pub fn empty() -> Self {
        Scratch {
            words: vec![0; ALIGNMENT as usize / size_of::<u64>()],
            changed: Vec::new(),
        }
    }

    /// Copies `len` bytes into the memory, and returns their address there.
    ///
    /// # Safety
    /// The bytes at `original` must be readable; if the host may change them, also writable, and
    /// not used in another way before [`give_back`](Scratch::give_back).
    pub unsafe fn lend(&mut self, original: Address, len: usize, may_change: bool) -> u32 {
        let words_of = ALIGNMENT as usize / size_of::<u64>();
        let start = size_of_val(&*self.words);
        let words = len.div_ceil(ALIGNMENT as usize) * words_of;
        self.words.resize(self.words.len() + words, 0);
        let copy = start..start + len;
        if len > 0 {
            if let Some(place) = self.bytes_mut().get_mut(copy.clone()) {
                // SAFETY: the caller guarantees that the bytes are readable; `place` is new memory.
                place.copy_from_slice(unsafe { std::slice::from_raw_parts(original.0, len) });
            }
            if may_change {
                let original = original.0;
                self.changed.push(Changed { original, copy });
            }
        }
        // An address beyond 32 bits is outside every memory, and so refused by the host.
        u32::try_from(start).unwrap_or(u32::MAX)
    }

    /// Returns all bytes.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        as_bytes_mut(&mut self.words)
    }

    /// Copies the bytes that the host may have changed back to where they came from.
    pub fn give_back(mut self) {
        for Changed { original, copy } in std::mem::take(&mut self.changed) {
            if let Some(bytes) = self.bytes_mut().get(copy) {
                // SAFETY: the caller of `lend` guarantees that as many bytes are writable and in no
                // other use; `bytes` is memory of its own.
                unsafe { original.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
            }
        }
    }
}

/// Returns the length of NUL-terminated text, with the NUL.
///
/// # Safety
/// There must be such text at the address.
pub unsafe fn terminated_len(text: Address) -> usize {
    // SAFETY: the caller guarantees it.
    unsafe { CStr::from_ptr(text.0.cast()) }.count_bytes() + 1
}

thread_local! {
    /// The bytes that a host function has just answered with.
    static DELIVERED: Cell<Option<Vec<u8>>> = const { Cell::new(None) };
}

/// Keeps the bytes of an answer until the plugin receives them, and returns their address. It is
/// the address of no other bytes that a plugin receives, and never 0.
pub fn deliver(bytes: Vec<u8>) -> u32 {
    DELIVERED.set(Some(bytes));
    ALIGNMENT
}

/// Takes the bytes of the last answer.
pub(super) fn received(address: u32, written: Written) -> Option<Vec<u8>> {
    let mut bytes = DELIVERED.take().filter(|_| address == ALIGNMENT)?;
    let len = match written {
        Written::All => bytes.len(),
        Written::Bytes(len) => Some(len as usize).filter(|len| *len <= bytes.len())?,
        Written::Terminated => bytes.iter().position(|byte| *byte == 0)?,
    };
    bytes.truncate(len);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_bytes_are_given_back_and_others_are_not() {
        let (kept, mut changed) = ([1u8, 2], [3u8, 4, 5]);
        let mut scratch = Scratch::empty();
        // SAFETY: both arrays live until the end of the test, and are not used before `give_back`.
        let [first, second] = unsafe {
            [
                scratch.lend(Address::of(&kept), 2, false),
                scratch.lend(Address::of_mut(&mut changed), 3, true),
            ]
        };
        assert_eq!((first, second), (16, 32));
        for byte in scratch.bytes_mut() {
            *byte += 1;
        }
        scratch.give_back();
        assert_eq!((kept, changed), ([1, 2], [4, 5, 6]));
    }

    #[test]
    fn delivered_bytes_are_received_once() {
        let address = deliver(b"ab\0c".to_vec());
        assert_eq!(received(address + 1, Written::All), None);
        let address = deliver(b"ab\0c".to_vec());
        assert_eq!(
            received(address, Written::Terminated).as_deref(),
            Some(&b"ab"[..])
        );
        assert_eq!(received(address, Written::All), None);
        let address = deliver(b"ab".to_vec());
        assert_eq!(received(address, Written::Bytes(3)), None, "it is shorter");
    }
}
