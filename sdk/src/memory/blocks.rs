//! The blocks that a host has allocated.

use std::alloc::{self, Layout};
use std::ptr;

use super::{NO_BYTES, Place, Range, range};
use crate::abi::{ALIGNMENT, MAX_LEN};
use crate::allocator;

/// A list of the live blocks, the oldest first. A host has few at a time, and most often frees the
/// newest.
#[derive(Default)]
pub struct Blocks(Vec<Block>);

#[derive(Clone, Copy)]
pub struct Block {
    pub start: *mut u8,
    pub size: u32,
}

impl Block {
    pub fn range(self) -> Range {
        range(ptr::slice_from_raw_parts(self.start, self.size as usize))
    }

    /// Frees the block.
    ///
    /// # Safety
    /// A list must have held this block, and hold it no longer.
    pub unsafe fn free(self) {
        if let Some(layout) = layout(self.size) {
            // SAFETY: `alloc` returned the block for the same size. The caller guarantees that it
            // is freed once.
            unsafe { alloc::dealloc(self.start, layout) };
        }
    }
}

impl Blocks {
    pub const fn new() -> Self {
        Blocks(Vec::new())
    }

    /// Returns the number of live blocks.
    pub fn live(&self) -> usize {
        self.0.len()
    }

    /// Allocates a block of `size` bytes; null if there is no room.
    pub fn alloc(&mut self, size: u32) -> *mut u8 {
        if size == 0 {
            return NO_BYTES;
        }
        let Some(layout) = layout(size) else {
            return ptr::null_mut();
        };
        if self.0.try_reserve(1).is_err() {
            return ptr::null_mut();
        }
        // SAFETY: `size` is not zero.
        let start = unsafe { alloc::alloc(layout) };
        if let (false, Some(place)) = (start.is_null(), self.0.spare_capacity_mut().first_mut()) {
            place.write(Block { start, size });
            // SAFETY: the block was written behind the others. A `push` would bring code for more
            // capacity.
            unsafe { self.0.set_len(self.0.len() + 1) };
            allocator::note_host_blocks(self.live());
        }
        start
    }

    /// Returns the live block at `address`, and its place in the list.
    pub fn find(&self, address: Place) -> Option<(usize, Block)> {
        self.find_by(|block| block.start.addr() == address)
    }

    /// Returns the newest live block for which `is_it` is true, and its place in the list.
    pub fn find_by(&self, is_it: impl Fn(Block) -> bool) -> Option<(usize, Block)> {
        let mut blocks = self.0.iter().copied().enumerate();
        blocks.rfind(|(_, block)| is_it(*block))
    }

    /// Takes a block, which stays allocated, off the list.
    pub fn remove(&mut self, nth: usize) {
        if let Some(newest) = self.0.pop()
            && let Some(place) = self.0.get_mut(nth)
        {
            *place = newest;
        }
        allocator::note_host_blocks(self.live());
    }

    /// Takes all blocks off the list.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn take(&mut self) -> impl Iterator<Item = Block> {
        std::mem::take(&mut self.0).into_iter()
    }
}

fn layout(size: u32) -> Option<Layout> {
    if size > MAX_LEN {
        return None;
    }
    // The limit is the same with every allocator.
    let layout = Layout::from_size_align(size as usize, ALIGNMENT as usize).ok()?;
    match BLOCKS_ARE_VECTORS {
        true => Layout::array::<u8>(layout.size()).ok(),
        false => Some(layout),
    }
}

/// `true` if a block need not be copied to become a vector: the global allocator aligns every block
/// as a host requires, so those for a host are allocated as those of a vector.
pub const BLOCKS_ARE_VECTORS: bool = allocator::ALIGNS_ALL_BLOCKS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_and_found_again_in_any_order() {
        let mut blocks = Blocks::new();
        let mut live: Vec<_> = (1..400).map(|size| blocks.alloc(size)).collect();
        assert!(live.iter().all(|block| block.addr() % 16 == 0));
        for nth in 0..live.len() {
            let address = live.swap_remove((nth * 7919) % live.len()).addr();
            let (nth, block) = blocks.find(address).unwrap();
            assert_eq!(block.start.addr(), address);
            blocks.remove(nth);
            // SAFETY: it was just taken off the list.
            unsafe { block.free() };
            assert!(blocks.find(address).is_none());
        }
        assert_eq!(blocks.live(), 0);
    }
}
