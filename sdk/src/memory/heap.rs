//! The allocator of plugins that choose no other: small, with every block aligned to 16 bytes, as
//! hosts require of theirs.
//!
//! Memory is divided into chunks without gaps. Each begins with a header of two words: the size of
//! the chunk before it, and its own size with a bit for "in use". So a freed chunk finds both
//! neighbours and merges with those that are free. Free chunks are in lists by size, and one word
//! of 64 bits says which lists have any: finding a chunk that fits takes a few instructions.
//!
//! An address is a number here, and [`Memory`] makes a pointer of it: on wasm32 of any number, in
//! native tests within one block.

use std::alloc::Layout;
use std::ptr;

/// The memory that a heap divides.
pub trait Memory {
    /// Returns the pointer to an address within the memory.
    fn at(&self, address: u32) -> *mut u8;

    /// Adds memory, `bytes` or more unless a part is left from the beginning, and returns the range
    /// that is new: at least two [`UNIT`]s, with multiples of one as its ends. `None` if there is no
    /// more.
    fn grow(&mut self, bytes: u32) -> Option<(u32, u32)>;
}

/// The size of every chunk is a multiple of this, and so is the address of every block.
pub const UNIT: u32 = 16;

/// The size of a chunk's header, in bytes.
const HEADER: u32 = 8;

/// The bit in the size of a chunk that is in use.
const IN_USE: u32 = 1;

/// Chunks of fewer units than this have a list for each size.
const EXACT: u32 = 16;

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
            filled: 0,
            end: 0,
        }
    }

    /// Allocates a block; null if there is no room.
    ///
    /// # Safety
    /// The memory must be the heap's alone.
    pub unsafe fn alloc(&mut self, layout: Layout) -> *mut u8 {
        // A layout's alignment is at most half the address space.
        let align = layout.align() as u32;
        let extra = if align > UNIT { align } else { 0 };
        let size = chunk_size(layout.size());
        // SAFETY: the memory is the heap's, as for all that follows: chunks are only ever made of
        // it, so headers are read and written within it.
        unsafe {
            let Some(mut chunk) = size.checked_add(extra).and_then(|size| self.take(size)) else {
                return ptr::null_mut();
            };
            if extra > 0 {
                let block = (chunk + HEADER + align - 1) & !(align - 1);
                let before = block - HEADER - chunk;
                if before > 0 {
                    let behind = self.size(chunk) - before;
                    self.set_used(chunk + before, before, behind);
                    self.set_before(block - HEADER + behind, behind);
                    self.set_used(chunk, self.before(chunk), before);
                    self.release(chunk);
                    chunk += before;
                }
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
        unsafe { self.release(self.chunk(block)) }
    }

    /// Changes the size of a block, in its place if there is room; null if there is none anywhere,
    /// and the block stays.
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
                self.release(chunk);
            }
            moved
        }
    }

    /// Takes a free chunk of at least `size` bytes, from new memory if there is none.
    unsafe fn take(&mut self, size: u32) -> Option<u32> {
        let list = list_of(size);
        // SAFETY: see `alloc`.
        unsafe {
            let found = match self.fitting(list, size) {
                NONE => {
                    let larger = self.filled & (u64::MAX << list << 1);
                    match self.lists.get(larger.trailing_zeros() as usize) {
                        Some(first) => *first,
                        None => self.extend(size)?,
                    }
                }
                found => found,
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

    /// Makes a chunk free, and merges it with its free neighbours.
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

/// The linear memory of a plugin, from the end of its data.
#[cfg(target_arch = "wasm32")]
pub struct Linear {
    begun: bool,
}

#[cfg(target_arch = "wasm32")]
impl Linear {
    /// The memory behind a plugin's data.
    pub const BEHIND_DATA: Self = Linear { begun: false };
}

#[cfg(target_arch = "wasm32")]
impl Memory for Linear {
    fn at(&self, address: u32) -> *mut u8 {
        ptr::with_exposed_provenance_mut(address as usize)
    }

    fn grow(&mut self, bytes: u32) -> Option<(u32, u32)> {
        use std::arch::wasm32::{memory_grow, memory_size};

        const PAGE: usize = 64 * 1024;
        unsafe extern "C" {
            /// The linker's name for the end of data and stack.
            static __heap_base: u8;
        }
        let size = memory_size::<0>();
        if !std::mem::replace(&mut self.begun, true) {
            let base = (&raw const __heap_base).expose_provenance();
            let base = base.next_multiple_of(UNIT as usize);
            // A plugin's memory is smaller than the address space.
            let end = size * PAGE;
            if base + 2 * UNIT as usize <= end {
                return Some((base as u32, end as u32));
            }
        }
        let pages = (bytes as usize).div_ceil(PAGE);
        let start = (size.checked_add(pages)? <= u16::MAX as usize).then_some(size * PAGE)?;
        (memory_grow::<0>(pages) == size).then_some(())?;
        Some((start as u32, (start + pages * PAGE) as u32))
    }
}

/// The heap of the one plugin of a module, as the global allocator.
#[cfg(target_arch = "wasm32")]
pub struct Global(std::cell::UnsafeCell<Heap<Linear>>);

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Global {}

#[cfg(target_arch = "wasm32")]
impl Global {
    /// Creates an allocator for the memory behind the plugin's data, of which there may be one.
    pub const fn new() -> Self {
        Global(std::cell::UnsafeCell::new(Heap::new(Linear::BEHIND_DATA)))
    }
}

// SAFETY: a heap's blocks do not overlap, have the size and alignment of their layout, and stay
// where they are. It neither panics nor allocates, so no method runs within another.
#[cfg(target_arch = "wasm32")]
unsafe impl std::alloc::GlobalAlloc for Global {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the memory behind the data belongs to the one global allocator.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A memory of some units, which grows by a number of them, and leaves a gap now and then.
    struct Region {
        bytes: *mut u8,
        len: u32,
        step: u32,
        gap_every: u32,
        grown: u32,
        end: u32,
    }

    const REGION: usize = 1 << 20;

    /// The largest alignment of a test.
    const ALIGNMENT: usize = 512;

    impl Region {
        fn new(len: u32, step: u32, gap_every: u32) -> Self {
            let layout = Layout::from_size_align(REGION, ALIGNMENT).unwrap();
            Region {
                // SAFETY: the size is not zero.
                bytes: unsafe { std::alloc::alloc_zeroed(layout) },
                len: len.min(REGION as u32) / UNIT * UNIT,
                step,
                gap_every,
                grown: 0,
                end: 0,
            }
        }
    }

    impl Drop for Region {
        fn drop(&mut self) {
            let layout = Layout::from_size_align(REGION, ALIGNMENT).unwrap();
            // SAFETY: `new` allocated it with this layout.
            unsafe { std::alloc::dealloc(self.bytes, layout) }
        }
    }

    impl Memory for Region {
        fn at(&self, address: u32) -> *mut u8 {
            self.bytes.wrapping_add(address as usize)
        }

        fn grow(&mut self, bytes: u32) -> Option<(u32, u32)> {
            self.grown += 1;
            let gap = if self.grown.is_multiple_of(self.gap_every) {
                UNIT
            } else {
                0
            };
            let start = self.end + gap;
            let end = start.checked_add(bytes.next_multiple_of(self.step))?;
            (end <= self.len).then_some(())?;
            self.end = end;
            Some((start, end))
        }
    }

    impl<M: Memory> Heap<M> {
        /// Checks every chunk behind the last gap, and returns the bytes of the free ones.
        fn check(&self) -> u32 {
            if self.end == 0 {
                return 0;
            }
            let (mut free, mut after_free) = (0, false);
            let mut chunk = self.end - HEADER;
            // SAFETY: the heap's own memory.
            unsafe {
                assert_eq!(self.size(chunk), 0, "the end");
                while self.before(chunk) > 0 {
                    let size = self.before(chunk);
                    chunk -= size;
                    assert_eq!((self.size(chunk), chunk % UNIT), (size, HEADER));
                    let is_free = self.is_free(chunk);
                    assert!(!(is_free && after_free), "neighbours are merged");
                    after_free = is_free;
                    if is_free {
                        free += size;
                        let list = list_of(size);
                        assert_ne!(self.filled & 1 << list, 0, "its list has it");
                    }
                }
            }
            free
        }
    }

    /// What a program does: allocate, free, or change the size of the block with this number.
    #[derive(Clone, Debug)]
    enum Step {
        Alloc { size: usize, align: usize },
        Free(usize),
        Resize(usize, usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = || prop_oneof![4 => 1usize..200, 2 => 200usize..5000, 1 => 5000usize..40_000];
        let align = prop_oneof![8 => Just(4u32), 1 => 0u32..10];
        let step = prop_oneof![
            3 => (size(), align).prop_map(|(size, align)| Step::Alloc { size, align: 1 << align }),
            2 => any::<usize>().prop_map(Step::Free),
            2 => (any::<usize>(), size()).prop_map(|(nth, size)| Step::Resize(nth, size)),
        ];
        prop::collection::vec(step, 1..200)
    }

    struct Live {
        block: *mut u8,
        layout: Layout,
        byte: u8,
    }

    impl Live {
        fn fill(&self) {
            // SAFETY: the block is live and has this size.
            unsafe { self.block.write_bytes(self.byte, self.layout.size()) }
        }

        fn check(&self, len: usize) {
            // SAFETY: the block is live, has at least this size, and has been filled.
            let bytes = unsafe { std::slice::from_raw_parts(self.block, len) };
            assert!(
                bytes.iter().all(|byte| *byte == self.byte),
                "another block's bytes"
            );
            assert_eq!(self.block.addr() % self.layout.align(), 0);
        }
    }

    fn run(steps: Vec<Step>, len: u32, step: u32, gap_every: u32) {
        let mut heap = Heap::new(Region::new(len, step * UNIT, gap_every));
        let mut live: Vec<Live> = Vec::new();
        for (nth, step) in steps.into_iter().enumerate() {
            match step {
                Step::Alloc { size, align } => {
                    let layout = Layout::from_size_align(size, align).unwrap();
                    // SAFETY: the region is the heap's alone.
                    let block = unsafe { heap.alloc(layout) };
                    if !block.is_null() {
                        live.push(Live {
                            block,
                            layout,
                            byte: nth as u8,
                        });
                        live.last().unwrap().fill();
                    }
                }
                Step::Free(which) if !live.is_empty() => {
                    let freed = live.swap_remove(which % live.len());
                    freed.check(freed.layout.size());
                    // SAFETY: the block was live until now.
                    unsafe { heap.dealloc(freed.block) };
                }
                Step::Resize(which, size) if !live.is_empty() => {
                    let which = which % live.len();
                    let changed = &mut live[which];
                    // SAFETY: the block is live and has this layout.
                    let block = unsafe { heap.realloc(changed.block, changed.layout, size) };
                    if !block.is_null() {
                        let old = changed.layout.size();
                        changed.block = block;
                        changed.layout =
                            Layout::from_size_align(size, changed.layout.align()).unwrap();
                        changed.check(old.min(size));
                        changed.fill();
                    }
                }
                _ => {}
            }
            heap.check();
        }
        for freed in live.drain(..) {
            freed.check(freed.layout.size());
            // SAFETY: the block was live until now.
            unsafe { heap.dealloc(freed.block) };
        }
        heap.check();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 400 }))]

        #[test]
        fn blocks_keep_their_bytes(
            steps in steps(), len in 1_000u32..600_000, step in 1u32..300, gap_every in 2u32..9,
        ) {
            run(steps, len, step, gap_every);
        }
    }

    #[test]
    fn freed_memory_is_whole_again() {
        let mut heap = Heap::new(Region::new(1 << 19, 4096, u32::MAX));
        let layout = |size| Layout::from_size_align(size, 8).unwrap();
        // SAFETY: the region is the heap's alone, and every block is freed once.
        unsafe {
            let blocks: Vec<_> = (1..300).map(|size| heap.alloc(layout(size))).collect();
            for nth in 0..blocks.len() {
                heap.dealloc(blocks[nth * 7 % blocks.len()]);
            }
        }
        assert_eq!(heap.check(), heap.end - UNIT, "one free chunk");
    }

    #[test]
    fn a_block_at_the_end_grows_in_its_place() {
        let mut heap = Heap::new(Region::new(1 << 19, 4096, u32::MAX));
        let layout = Layout::from_size_align(16, 1).unwrap();
        // SAFETY: the region is the heap's alone, and the block is live.
        unsafe {
            let block = heap.alloc(layout);
            assert_eq!(heap.realloc(block, layout, 100_000), block);
            let large = Layout::from_size_align(100_000, 1).unwrap();
            assert_eq!(heap.realloc(block, large, 16), block);
        }
        assert!(heap.end < 110_000, "no more memory than that");
    }

    #[test]
    fn requests_beyond_the_memory_are_refused() {
        let mut heap = Heap::new(Region::new(100_000, 4096, u32::MAX));
        let layout = |size, align| Layout::from_size_align(size, align).unwrap();
        // SAFETY: the region is the heap's alone.
        unsafe {
            assert!(heap.alloc(layout(200_000, 8)).is_null());
            assert!(heap.alloc(layout((1 << 31) - 1, 1)).is_null());
            assert!(heap.alloc(layout(8, 1 << 30)).is_null());
            assert!(
                !heap.alloc(layout(50_000, 8)).is_null(),
                "there is room for less"
            );
        }
    }

    #[test]
    fn every_size_has_one_list() {
        let mut last = 0;
        for units in 1..100_000 {
            let list = list_of(units * UNIT);
            assert!(list == last || list == last + 1, "{units}");
            last = list;
        }
        assert!((list_of(u32::MAX & !15) as usize) < LISTS);
    }
}
