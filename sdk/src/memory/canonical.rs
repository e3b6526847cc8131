//! Blocks of memory by the rules of the canonical ABI, which components follow.
//!
//! The host allocates what it passes in, arguments and results of imports alike, and the guest owns
//! it from then on. Such blocks are [`Given`]: looked up by address, freed when dropped.

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ptr;

use super::Address;
use super::contracts::bytes_of;

/// A block that the host allocated and the guest frees.
pub struct Block {
    start: *mut u8,
    layout: Layout,
}

impl Block {
    /// Allocates at least one byte.
    fn new(layout: Layout) -> Self {
        // SAFETY: the callers pass no empty layout.
        let start = unsafe { alloc::alloc(layout) };
        if start.is_null() {
            alloc::handle_alloc_error(layout);
        }
        Block { start, layout }
    }

    /// Returns whether the block begins at an address that crossed the boundary.
    fn is_at(&self, address: u32) -> bool {
        self.start.addr() as u32 == address
    }

    /// Returns the bytes, which the host has written.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the block is live and has as many bytes. The host writes them before it passes
        // the address on, and does not refer to them afterwards.
        unsafe { std::slice::from_raw_parts(self.start, self.layout.size()) }
    }

    /// Returns the bytes, which the host has written, to change them.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and the block is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.layout.size()) }
    }
}

impl Block {
    /// Returns the bytes, copied if the block is aligned to more than one byte.
    pub fn into_bytes(self) -> Vec<u8> {
        if self.layout.align() != 1 {
            return self.bytes().to_vec();
        }
        let block = ManuallyDrop::new(self);
        let size = block.layout.size();
        // SAFETY: `new` allocated the block with the global allocator and the layout of as many
        // bytes, which the host has written, and nothing else frees it.
        unsafe { Vec::from_raw_parts(block.start, size, size) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: `new` allocated the block with this layout, and nothing frees it before.
        unsafe { alloc::dealloc(self.start, self.layout) }
    }
}

/// The blocks of the running call that crosses the boundary.
struct Crossing(Cell<Vec<Block>>);

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Crossing {}

/// Not thread-local on wasm32, as in [`contracts`](super::contracts).
#[cfg(target_arch = "wasm32")]
#[inline]
fn crossing<R>(then: impl FnOnce(&Cell<Vec<Block>>) -> R) -> R {
    static CROSSING: Crossing = Crossing(Cell::new(Vec::new()));
    then(&CROSSING.0)
}

#[cfg(not(target_arch = "wasm32"))]
fn crossing<R>(then: impl FnOnce(&Cell<Vec<Block>>) -> R) -> R {
    thread_local! {
        static CROSSING: Crossing = const { Crossing(Cell::new(Vec::new())) };
    }
    CROSSING.with(|crossing| then(&crossing.0))
}

/// `cabi_realloc`: allocates a block, or moves one to another size.
///
/// A block that is not found, whose old size the host misstates, or that does not fit the memory
/// ends in a trap.
pub fn realloc(address: usize, old_size: usize, alignment: usize, size: usize) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(size, alignment) else {
        panic!("the host asked for a block that no memory has room for");
    };
    crossing(|crossing| {
        let mut given = crossing.take();
        let mut old = None;
        if old_size > 0 {
            // A host moves the block that it allocated last.
            let nth = given.iter().rposition(|block| {
                block.start.addr() == address && block.layout.size() == old_size
            });
            match nth {
                Some(nth) => old = Some(given.remove(nth)),
                None => panic!("the host moved a block that it did not allocate"),
            }
        }
        let start = if size == 0 {
            ptr::without_provenance_mut(alignment)
        } else {
            let mut block = Block::new(layout);
            if let Some(old) = old {
                let kept = old_size.min(size);
                // SAFETY: both blocks are live and have as many bytes, and they are two.
                unsafe { ptr::copy_nonoverlapping(old.start, block.start, kept) };
            }
            let start = ptr::from_mut(block.bytes_mut()).cast();
            given.push(block);
            start
        };
        crossing.set(given);
        start
    })
}

/// The blocks that the host passed in, freed when dropped.
pub struct Given {
    blocks: Vec<Option<Block>>,
    /// The block that is probably asked for next: hosts allocate in the order of the values.
    next: Cell<usize>,
}

impl Given {
    /// Takes all blocks that the host has allocated since the last time.
    pub fn take() -> Self {
        Given {
            blocks: crossing(Cell::take).into_iter().map(Some).collect(),
            next: Cell::new(0),
        }
    }

    /// Returns the bytes at an address; `None` if there is no block of this size.
    pub fn bytes(&self, address: u32, len: usize) -> Option<&[u8]> {
        if len == 0 {
            return Some(&[]);
        }
        let nth = self.position(address, len)?;
        self.next.set(nth + 1);
        self.blocks.get(nth)?.as_ref().map(Block::bytes)
    }

    /// Takes the block at an address; `None` if there is no block of this size.
    pub fn remove(&mut self, address: u32, len: usize) -> Option<Block> {
        let nth = self.position(address, len)?;
        self.next.set(nth + 1);
        self.blocks.get_mut(nth)?.take()
    }

    fn position(&self, address: u32, len: usize) -> Option<usize> {
        let is_meant = |block: &Option<Block>| {
            let block = block.as_ref();
            block.is_some_and(|block| block.is_at(address) && block.layout.size() == len)
        };
        let next = self.next.get();
        match self.blocks.get(next) {
            Some(block) if is_meant(block) => Some(next),
            _ => self.blocks.iter().position(is_meant),
        }
    }
}

/// A value's bytes, aligned for the canonical ABI, whose largest alignment is that of a `u64`.
#[derive(Default)]
pub struct Frame {
    words: Vec<u64>,
    len: usize,
}

impl Frame {
    /// Creates a frame of zeros.
    pub fn new(len: usize) -> Self {
        let mut frame = Frame::default();
        frame.grow(len);
        frame
    }

    /// Appends zeros, and returns them.
    pub fn grow(&mut self, by: usize) -> &mut [u8] {
        let start = self.len;
        self.len += by;
        self.words.resize(self.len.div_ceil(size_of::<u64>()), 0);
        bytes_of(&mut self.words, self.len)
            .get_mut(start..)
            .unwrap_or_default()
    }

    /// Returns the address, for a host that writes to the frame.
    pub fn address(&mut self) -> Address {
        Address::of_mut(&mut self.words)
    }

    /// Returns the bytes from a position on.
    pub fn from(&mut self, start: usize) -> &mut [u8] {
        bytes_of(&mut self.words, self.len)
            .get_mut(start..)
            .unwrap_or_default()
    }
}

/// Returns memory for constants of the tool, which the instance keeps for all of its life.
pub fn constants(len: usize) -> *mut u8 {
    Vec::leak(vec![0; len]).as_mut_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(size: usize) -> u32 {
        let start = realloc(0, 0, 1, size);
        // SAFETY: the block is new and has as many bytes.
        unsafe { start.write_bytes(7, size) };
        start.addr() as u32
    }

    #[test]
    fn blocks_are_found_by_address_and_size() {
        let (one, two, three) = (given(3), given(5), given(5));
        let mut all = Given::take();
        for (address, len) in [(one, 3), (two, 5), (three, 5), (one, 3)] {
            assert_eq!(all.bytes(address, len).unwrap(), vec![7; len]);
        }
        assert!(all.bytes(one, 4).is_none());
        assert!(all.bytes(one + 1, 2).is_none());
        assert_eq!(all.bytes(0, 0).unwrap(), b"");
        assert_eq!(all.remove(two, 5).unwrap().bytes_mut(), [7; 5]);
        assert!(all.bytes(two, 5).is_none());
        assert!(Given::take().bytes(one, 3).is_none());
    }

    #[test]
    fn moved_blocks_keep_their_bytes() {
        let start = realloc(0, 0, 2, 4);
        // SAFETY: the block is new and has four bytes.
        unsafe { start.copy_from(b"abcd".as_ptr(), 4) };
        let longer = realloc(start.addr(), 4, 2, 1000);
        let shorter = realloc(longer.addr(), 1000, 2, 3);
        let all = Given::take();
        assert_eq!(all.blocks.len(), 1);
        assert_eq!(all.bytes(shorter.addr() as u32, 3).unwrap(), b"abc");
    }

    #[test]
    fn no_bytes_are_no_block() {
        assert_eq!(realloc(0, 0, 8, 0).addr(), 8);
        assert_eq!(Given::take().blocks.len(), 0);
    }

    #[test]
    #[should_panic(expected = "did not allocate")]
    fn moving_another_address_is_a_trap() {
        realloc(64, 4, 1, 8);
    }

    #[test]
    fn frames_are_aligned_and_zero() {
        let mut frame = Frame::new(3);
        frame.from(0).copy_from_slice(b"abc");
        assert_eq!(frame.grow(7), [0; 7]);
        assert_eq!(frame.from(0), b"abc\0\0\0\0\0\0\0");
        assert!(frame.address().get().is_multiple_of(8));
    }
}
