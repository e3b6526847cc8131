//! The allocator of plugins that choose no other: small, with every block aligned to 16 bytes, as
//! hosts require of theirs.
//!
//! Memory is divided into chunks without gaps. Each begins with a header of two words: the size of
//! the chunk before it, and its own size with a bit for "in use". So a freed chunk finds both
//! neighbours and merges with those that are free. Free chunks are in lists by size, and one word
//! of 64 bits says which lists have any: finding a chunk that fits takes a few instructions.
//!
//! Most blocks are small and freed soon, and the next one has the same size. So the small chunk of
//! each size that was freed last is kept as it is, not merged, until it is used again, or a block
//! that is not small grows or is freed.
//!
//! An address is a number here, and [`Memory`] makes a pointer of it: on wasm32 of any number, in
//! native tests within one block.

#[cfg(target_arch = "wasm32")]
mod linear;
#[cfg(test)]
mod tests;

use std::alloc::Layout;
use std::{mem, ptr};

#[cfg(target_arch = "wasm32")]
pub use linear::Global;

/// The memory that a heap divides.
pub trait Memory {
    /// Returns the pointer to an address within the memory.
    fn at(&self, address: u32) -> *mut u8;

    /// Adds `bytes` of memory or more that nothing else uses, and returns their range, whose ends
    /// are multiples of [`UNIT`]. `None` without any more.
    fn grow(&mut self, bytes: u32) -> Option<(u32, u32)>;
}

/// The size of every chunk is a multiple of this, and so is the address of every block.
pub const UNIT: u32 = 16;

/// The size of a header, in bytes.
const HEADER: u32 = 8;

/// The bit in the size of a chunk that is in use.
const IN_USE: u32 = 1;

/// Chunks of fewer units than this have a list for each size.
const EXACT: u32 = 16;

/// Chunks of fewer units than this are kept when they are freed, one of each size.
const KEPT: usize = 8;

/// The number of lists: one for each size of fewer than [`EXACT`] units, and two for each power of
/// two above.
const LISTS: usize = 64;

/// The most chunks of one list that are compared for a request, before a larger one is split.
const COMPARED: u32 = 8;

/// The end of a list. The first chunk of a memory is not at address 0.
const NONE: u32 = 0;

/// A heap in some memory.
pub struct Heap<M> {
    memory: M,
    /// The first chunk of each list.
    lists: [u32; LISTS],
    /// The chunk that was freed last of each number of units below [`KEPT`], or [`NONE`]. Its
    /// header says that it is in use.
    kept: [u32; KEPT],
    /// A bit for each list that is not empty.
    filled: u64,
    /// The end of the memory, before which there is a header in use that ends the chunks; 0 without
    /// memory.
    end: u32,
}

impl<M: Memory> Heap<M> {
    /// Creates a heap that has no memory yet.
    pub const fn new(memory: M) -> Self {
        Heap {
            memory,
            lists: [NONE; LISTS],
            kept: [NONE; KEPT],
            filled: 0,
            end: 0,
        }
    }

    /// Allocates a block; null if there is no room.
    ///
    /// # Safety
    /// The memory must be the heap's alone.
    // Like the others that are never inlined: a copy at each place that allocates or frees would add
    // 5 KB to a small plugin at `opt-level = 3`.
    #[inline(never)]
    pub unsafe fn alloc(&mut self, layout: Layout) -> *mut u8 {
        // A layout's alignment is at most half the address space.
        let (size, align) = (chunk_size(layout.size()), layout.align() as u32);
        if let Some(kept) = self.kept.get_mut((size / UNIT) as usize)
            && *kept != NONE
            && align <= UNIT
        {
            let chunk = mem::replace(kept, NONE);
            return self.memory.at(chunk + HEADER);
        }
        // SAFETY: the memory is the heap's.
        unsafe { self.alloc_chunk(size, align) }
    }

    /// Allocates a block in a chunk of `size` bytes from the lists; null if there is no room.
    /// Apart, so that the usual way needs no frame on the stack.
    #[inline(never)]
    unsafe fn alloc_chunk(&mut self, size: u32, align: u32) -> *mut u8 {
        let extra = if align > UNIT { align } else { 0 };
        // SAFETY: the memory is the heap's, as for all that follows: chunks are only ever made of
        // it, so headers are read and written within it.
        unsafe {
            let Some(mut chunk) = size.checked_add(extra).and_then(|size| self.take(size)) else {
                return ptr::null_mut();
            };
            let block = chunk + HEADER;
            let before = block.wrapping_neg() & (align - 1);
            if before > 0 {
                let behind = self.size(chunk) - before;
                self.set_used(chunk + before, before, behind);
                self.set_before(chunk + before + behind, behind);
                self.set_used(chunk, self.before(chunk), before);
                self.release(chunk);
                chunk += before;
            }
            if let Some(rest) = self.split(chunk, size) {
                // The chunk was free, so the one behind it is not.
                self.link(rest, self.size(rest));
            }
            self.memory.at(chunk + HEADER)
        }
    }

    /// Frees a block.
    ///
    /// # Safety
    /// The block must be from this heap, and not have been freed.
    pub unsafe fn dealloc(&mut self, block: *mut u8) {
        // SAFETY: the caller guarantees that it is a block, so it has a header.
        unsafe { self.free(self.chunk(block)) }
    }

    /// Changes the size of a block, in its place if there is room. Returns null without room
    /// anywhere; the block then stays.
    ///
    /// # Safety
    /// The block must be from this heap, with this layout, and not have been freed.
    pub unsafe fn realloc(&mut self, block: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        let size = chunk_size(new);
        // SAFETY: the caller guarantees that it is a block, so it has a header; the copied bytes
        // are in both blocks.
        unsafe {
            let chunk = self.chunk(block);
            if self.size(chunk) < size {
                self.make_way(size);
                self.absorb(chunk, size);
            }
            if self.size(chunk) >= size {
                if let Some(rest) = self.split(chunk, size) {
                    self.release(rest);
                }
                return block;
            }
            let moved = self.alloc(Layout::from_size_align_unchecked(new, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(new));
                self.free(chunk);
            }
            moved
        }
    }

    /// Takes a free chunk of at least `size` bytes, if need be from new memory.
    unsafe fn take(&mut self, size: u32) -> Option<u32> {
        let list = list_of(size);
        // SAFETY: see `alloc`.
        unsafe {
            let found = loop {
                let fitting = self.fitting(list, size);
                if fitting != NONE {
                    break fitting;
                }
                let larger = self.filled & (u64::MAX << list << 1);
                if let Some(first) = self.lists.get(larger.trailing_zeros() as usize) {
                    break *first;
                }
                if !self.release_kept() {
                    break self.extend(size)?;
                }
            };
            self.unlink(found);
            self.set_used(found, self.before(found), self.size(found));
            Some(found)
        }
    }

    /// Returns a chunk of a list that is large enough, if one of the first few is.
    unsafe fn fitting(&self, list: u32, size: u32) -> u32 {
        let mut chunk = self.lists.get(list as usize).copied().unwrap_or(NONE);
        let mut left = COMPARED;
        // SAFETY: see `alloc`.
        unsafe {
            while chunk != NONE && self.size(chunk) < size {
                left -= 1;
                chunk = if left == 0 { NONE } else { self.next(chunk) };
            }
        }
        chunk
    }

    /// Adds memory, so that the last chunk is free and has at least `size` bytes; returns it.
    #[cold]
    unsafe fn extend(&mut self, size: u32) -> Option<u32> {
        loop {
            // SAFETY: see `alloc`. The header that ends the chunks becomes the first of the new
            // ones, if the new memory is next to the old.
            unsafe {
                let last = self.last_free();
                let present = last.map_or(0, |last| self.size(last));
                if let (Some(last), true) = (last, present >= size) {
                    return Some(last);
                }
                // Two headers: of the chunk, and of the end.
                let (start, end) = self
                    .memory
                    .grow((size - present).checked_add(2 * HEADER)?)?;
                let adjoins = self.end != 0 && start == self.end;
                let chunk = if adjoins {
                    start - HEADER
                } else {
                    start + HEADER
                };
                let before = if adjoins { self.before(chunk) } else { 0 };
                self.end = end;
                let len = end - HEADER - chunk;
                self.set_used(end - HEADER, len, 0);
                self.set_used(chunk, before, len);
                self.release(chunk);
            }
        }
    }

    /// Returns the last chunk, if it is free.
    unsafe fn last_free(&self) -> Option<u32> {
        if self.end == 0 {
            return None;
        }
        // SAFETY: there is memory, so it ends with a header.
        unsafe {
            let ending = self.end - HEADER;
            let last = ending - self.before(ending);
            self.is_free(last).then_some(last)
        }
    }

    /// Enlarges a chunk in use by the free chunk behind it, if both together are large enough. The
    /// last chunk gets new memory.
    unsafe fn absorb(&mut self, chunk: u32, size: u32) {
        // SAFETY: see `alloc`.
        unsafe {
            let own = self.size(chunk);
            let next = chunk + own;
            let behind = if self.is_free(next) {
                self.size(next)
            } else {
                0
            };
            if own + behind < size && next + behind + HEADER == self.end {
                // Without more memory, the block cannot stay either way.
                let _ = self.extend(size - own);
            }
            if self.is_free(next) && own + self.size(next) >= size {
                self.unlink(next);
                let whole = own + self.size(next);
                self.set_used(chunk, self.before(chunk), whole);
                self.set_before(chunk + whole, whole);
            }
        }
    }

    /// Cuts off what a chunk in use has in addition to `size` bytes, if that makes a useful chunk.
    unsafe fn split(&mut self, chunk: u32, size: u32) -> Option<u32> {
        // SAFETY: see `alloc`.
        unsafe {
            let rest = self.size(chunk) - size;
            if rest < 2 * UNIT {
                return None;
            }
            self.set_used(chunk, self.before(chunk), size);
            self.set_used(chunk + size, size, rest);
            Some(chunk + size)
        }
    }

    /// Keeps a chunk in use for the next block of its size, or makes it free.
    #[inline(never)]
    unsafe fn free(&mut self, chunk: u32) {
        // SAFETY: see `alloc`.
        unsafe {
            let size = self.size(chunk);
            self.make_way(size);
            let free = match self.kept.get_mut((size / UNIT) as usize) {
                Some(kept) => mem::replace(kept, chunk),
                None => chunk,
            };
            if free != NONE {
                self.release(free);
            }
        }
    }

    /// Makes all kept chunks free if the one that grows or is freed has no list for its size alone.
    /// Otherwise, a small block that is used again may lie between large ones, in the way of a
    /// larger one.
    unsafe fn make_way(&mut self, size: u32) {
        if size >= EXACT * UNIT {
            // SAFETY: see `alloc`.
            unsafe { self.release_kept() };
        }
    }

    /// Makes all kept chunks free; returns whether there were any.
    #[cold]
    unsafe fn release_kept(&mut self) -> bool {
        let mut any = false;
        for units in 1..KEPT {
            let kept = self.kept.get_mut(units);
            let kept = kept.map_or(NONE, |kept| mem::replace(kept, NONE));
            if kept != NONE {
                any = true;
                // SAFETY: see `alloc`.
                unsafe { self.release(kept) }
            }
        }
        any
    }

    /// Makes a chunk free, and merges it with its free neighbours.
    #[inline(never)]
    unsafe fn release(&mut self, mut chunk: u32) {
        // SAFETY: see `alloc`.
        unsafe {
            let mut size = self.size(chunk);
            let next = chunk + size;
            if self.is_free(next) {
                self.unlink(next);
                size += self.size(next);
            }
            let before = self.before(chunk);
            if before > 0 && self.is_free(chunk - before) {
                chunk -= before;
                self.unlink(chunk);
                size += before;
            }
            self.link(chunk, size);
        }
    }

    /// Adds a chunk, which has no free neighbours, to the free ones.
    unsafe fn link(&mut self, chunk: u32, size: u32) {
        // SAFETY: see `alloc`.
        unsafe {
            self.set_before(chunk + size, size);
            self.write(chunk + 4, size);
            let list = list_of(size);
            let first = self.lists.get(list as usize).copied().unwrap_or(NONE);
            self.write(chunk + HEADER, first);
            self.write(chunk + HEADER + 4, NONE);
            if first != NONE {
                self.write(first + HEADER + 4, chunk);
            }
            self.set_first(list, chunk);
        }
    }

    /// Removes a free chunk from its list.
    unsafe fn unlink(&mut self, chunk: u32) {
        // SAFETY: see `alloc`.
        unsafe {
            let (next, previous) = (self.next(chunk), self.read(chunk + HEADER + 4));
            if next != NONE {
                self.write(next + HEADER + 4, previous);
            }
            if previous != NONE {
                self.write(previous + HEADER, next);
            } else {
                self.set_first(list_of(self.size(chunk)), next);
            }
        }
    }

    fn set_first(&mut self, list: u32, chunk: u32) {
        if let Some(place) = self.lists.get_mut(list as usize) {
            *place = chunk;
        }
        let bit = 1 << list;
        self.filled = if chunk == NONE {
            self.filled & !bit
        } else {
            self.filled | bit
        };
    }

    fn chunk(&self, block: *mut u8) -> u32 {
        // The difference of two addresses in the memory, which has at most 2^32 bytes.
        (block.addr() - self.memory.at(0).addr()) as u32 - HEADER
    }

    unsafe fn before(&self, chunk: u32) -> u32 {
        // SAFETY: see `alloc`.
        unsafe { self.read(chunk) }
    }

    unsafe fn set_before(&mut self, chunk: u32, before: u32) {
        // SAFETY: see `alloc`.
        unsafe { self.write(chunk, before) }
    }

    unsafe fn size(&self, chunk: u32) -> u32 {
        // SAFETY: see `alloc`.
        unsafe { self.read(chunk + 4) & !IN_USE }
    }

    unsafe fn is_free(&self, chunk: u32) -> bool {
        // SAFETY: see `alloc`.
        unsafe { self.read(chunk + 4) & IN_USE == 0 }
    }

    unsafe fn next(&self, chunk: u32) -> u32 {
        // SAFETY: see `alloc`. A free chunk has room for two words behind its header.
        unsafe { self.read(chunk + HEADER) }
    }

    /// Writes the header of a chunk in use.
    unsafe fn set_used(&mut self, chunk: u32, before: u32, size: u32) {
        // SAFETY: see `alloc`.
        unsafe {
            self.write(chunk, before);
            self.write(chunk + 4, size | IN_USE);
        }
    }

    unsafe fn read(&self, address: u32) -> u32 {
        // SAFETY: the caller passes the address of a word in the memory.
        unsafe { self.memory.at(address).cast::<u32>().read() }
    }

    unsafe fn write(&mut self, address: u32, word: u32) {
        // SAFETY: the caller passes the address of a word in the memory.
        unsafe { self.memory.at(address).cast::<u32>().write(word) }
    }
}

/// Returns the size of the chunk for a block of this size, at most half the address space.
fn chunk_size(size: usize) -> u32 {
    (size as u32 + HEADER + UNIT - 1) & !(UNIT - 1)
}

/// Returns the list for free chunks of this size. A list holds smaller chunks than the next one.
fn list_of(size: u32) -> u32 {
    let units = size / UNIT;
    if units < EXACT {
        return units;
    }
    let power = 31 - units.leading_zeros();
    EXACT + (power - EXACT.ilog2()) * 2 + (units >> (power - 1) & 1)
}
