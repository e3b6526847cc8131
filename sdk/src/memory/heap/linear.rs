//! The heap in a plugin's linear memory, as its global allocator.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::UnsafeCell;
use std::ptr;

use super::{Heap, Memory};

/// The size of a page of linear memory, in bytes.
const PAGE: usize = 64 * 1024;

/// The pages of linear memory that the heap asks for. The rest of the page in which the plugin's
/// data ends stays unused: std's own allocator takes it, and parts of std use that next to any
/// other.
pub struct Linear;

impl Memory for Linear {
    fn at(&self, address: u32) -> *mut u8 {
        ptr::with_exposed_provenance_mut(address as usize)
    }

    fn grow(&mut self, bytes: u32) -> Option<(u32, u32)> {
        let size = memory_size::<0>();
        let pages = (bytes as usize).div_ceil(PAGE);
        let start = (size.checked_add(pages)? <= u16::MAX as usize).then_some(size * PAGE)?;
        (memory_grow::<0>(pages) == size).then_some(())?;
        Some((start as u32, (start + pages * PAGE) as u32))
    }
}

/// The heap of the one plugin of a module, as the global allocator.
pub struct Global(UnsafeCell<Heap<Linear>>);

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
unsafe impl Sync for Global {}

impl Global {
    /// Creates an allocator that has no memory yet.
    #[allow(clippy::new_without_default, reason = "only ever a static")]
    pub const fn new() -> Self {
        Global(UnsafeCell::new(Heap::new(Linear)))
    }
}

// SAFETY: a heap's blocks do not overlap, have the size and alignment of their layout, and stay
// where they are. It neither panics nor allocates, so no method runs within another.
unsafe impl GlobalAlloc for Global {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the pages that the heap asked for are its own.
        unsafe { (*self.0.get()).alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller guarantees it.
        unsafe { (*self.0.get()).dealloc(block) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        // SAFETY: the caller guarantees it.
        unsafe { (*self.0.get()).realloc(block, layout, new) }
    }
}
