//! The global allocator of a plugin: the SDK's own, unless a feature chooses another; and the
//! counters of a plugin that counts its allocations. `docs/allocators.md` compares the allocators.
//!
//! Native builds keep the system's allocator: a native test is about the plugin, not its memory.

#[cfg(all(target_arch = "wasm32", feature = "wee_alloc", feature = "talc"))]
compile_error!(
    "the features `wee_alloc` and `talc` of `plugin-sdk` each set the global allocator, of which there can be one: turn one of them off, \
     preferably `wee_alloc` (docs/allocators.md says why)"
);

#[cfg(all(
    target_arch = "wasm32",
    not(all(feature = "wee_alloc", feature = "talc"))
))]
mod global {
    #[cfg(feature = "talc")]
    mod chosen {
        pub type Chosen = talc::wasm::WasmDynamicTalc;
        pub const fn chosen() -> Chosen {
            talc::wasm::new_wasm_dynamic_allocator()
        }
    }

    #[cfg(feature = "wee_alloc")]
    mod chosen {
        pub type Chosen = wee_alloc::WeeAlloc<'static>;
        pub const fn chosen() -> Chosen {
            wee_alloc::WeeAlloc::INIT
        }
    }

    #[cfg(all(
        feature = "std-allocator",
        feature = "count-allocations",
        not(any(feature = "talc", feature = "wee_alloc"))
    ))]
    mod chosen {
        pub type Chosen = std::alloc::System;
        pub const fn chosen() -> Chosen {
            std::alloc::System
        }
    }

    #[cfg(not(any(feature = "std-allocator", feature = "talc", feature = "wee_alloc")))]
    mod chosen {
        pub type Chosen = crate::memory::heap::Global;
        pub const fn chosen() -> Chosen {
            Chosen::new()
        }
    }

    #[cfg(all(
        not(feature = "count-allocations"),
        any(
            not(feature = "std-allocator"),
            feature = "talc",
            feature = "wee_alloc"
        )
    ))]
    #[global_allocator]
    static ALLOCATOR: chosen::Chosen = chosen::chosen();

    #[cfg(feature = "count-allocations")]
    #[global_allocator]
    static ALLOCATOR: super::counting::Counting<chosen::Chosen> =
        super::counting::Counting::new(chosen::chosen(), &super::counting::HEAP);
}

/// `true` if every block of the global allocator is aligned to
/// [`ALIGNMENT`](crate::abi::ALIGNMENT).
pub(crate) const ALIGNS_ALL_BLOCKS: bool = cfg!(all(
    target_arch = "wasm32",
    not(any(
        feature = "std-allocator",
        feature = "talc",
        feature = "wee_alloc"
    ))
));

/// Notes the number of live blocks of the host, if the plugin counts its allocations.
#[inline]
pub(crate) fn note_host_blocks(live: usize) {
    #[cfg(all(target_arch = "wasm32", feature = "count-allocations"))]
    counting::HEAP.note_host_blocks(live);
    #[cfg(not(all(target_arch = "wasm32", feature = "count-allocations")))]
    let _ = live;
}

#[cfg(feature = "count-allocations")]
#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "in use on wasm32 only, and tested everywhere")
)]
mod counting {
    use std::alloc::{GlobalAlloc, Layout};
    use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

    use crate::abi::HEAP_RECORD_SIZE;

    /// The plugin's counters, which a host reads without running code.
    #[cfg(target_arch = "wasm32")]
    #[unsafe(export_name = crate::__abi_name!(HEAP_EXPORT))]
    pub static HEAP: Heap = Heap::new();

    /// Counters of allocations. `docs/abi.md` specifies the layout. A safe static needs atomics,
    /// which cost nothing without threads.
    #[repr(C)]
    pub struct Heap {
        live_blocks: AtomicU32,
        live_bytes: AtomicU32,
        peak_bytes: AtomicU32,
        host_blocks: AtomicU32,
        allocations: AtomicU64,
        allocated_bytes: AtomicU64,
    }

    const _: () = assert!(
        size_of::<Heap>() == HEAP_RECORD_SIZE as usize,
        "the layout specified in docs/abi.md"
    );

    impl Heap {
        #[allow(clippy::new_without_default, reason = "only ever a static")]
        pub const fn new() -> Self {
            Heap {
                live_blocks: AtomicU32::new(0),
                live_bytes: AtomicU32::new(0),
                peak_bytes: AtomicU32::new(0),
                host_blocks: AtomicU32::new(0),
                allocations: AtomicU64::new(0),
                allocated_bytes: AtomicU64::new(0),
            }
        }

        pub fn note_host_blocks(&self, live: usize) {
            self.host_blocks.store(live as u32, Relaxed);
        }

        fn allocated(&self, size: usize) {
            self.live_blocks.fetch_add(1, Relaxed);
            self.allocations.fetch_add(1, Relaxed);
            self.grown(size);
        }

        fn freed(&self, size: usize) {
            self.live_blocks.fetch_sub(1, Relaxed);
            self.live_bytes.fetch_sub(size as u32, Relaxed);
        }

        fn grown(&self, by: usize) {
            self.allocated_bytes.fetch_add(by as u64, Relaxed);
            // A heap is smaller than the address space of 2^32 bytes.
            let live = self
                .live_bytes
                .fetch_add(by as u32, Relaxed)
                .wrapping_add(by as u32);
            self.peak_bytes.fetch_max(live, Relaxed);
        }

        fn resized(&self, old: usize, new: usize) {
            match new.checked_sub(old) {
                Some(by) => self.grown(by),
                None => {
                    self.live_bytes.fetch_sub((old - new) as u32, Relaxed);
                }
            }
        }
    }

    /// An allocator that counts what its callers ask for.
    pub struct Counting<A> {
        allocator: A,
        heap: &'static Heap,
    }

    impl<A> Counting<A> {
        pub const fn new(allocator: A, heap: &'static Heap) -> Self {
            Counting { allocator, heap }
        }
    }

    // SAFETY: every call and its result are passed on unchanged; counting neither allocates nor
    // panics.
    unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller guarantees it.
            let block = unsafe { self.allocator.alloc(layout) };
            if !block.is_null() {
                self.heap.allocated(layout.size());
            }
            block
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            self.heap.freed(layout.size());
            // SAFETY: the caller guarantees it.
            unsafe { self.allocator.dealloc(block, layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller guarantees it.
            let block = unsafe { self.allocator.alloc_zeroed(layout) };
            if !block.is_null() {
                self.heap.allocated(layout.size());
            }
            block
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: the caller guarantees it.
            let moved = unsafe { self.allocator.realloc(block, layout, size) };
            if !moved.is_null() {
                self.heap.resized(layout.size(), size);
            }
            moved
        }
    }

    #[cfg(test)]
    mod tests {
        use std::alloc::System;

        use super::*;

        #[test]
        fn a_block_counts_until_it_is_freed() {
            static HEAP: Heap = Heap::new();
            let allocator = Counting::new(System, &HEAP);
            let numbers = || {
                (
                    HEAP.live_blocks.load(Relaxed),
                    HEAP.live_bytes.load(Relaxed),
                    HEAP.peak_bytes.load(Relaxed),
                    HEAP.allocations.load(Relaxed),
                    HEAP.allocated_bytes.load(Relaxed),
                )
            };
            let layout = |size| Layout::from_size_align(size, 8).unwrap();
            // SAFETY: no size is zero, and each block is freed once, with its current layout.
            unsafe {
                let one = allocator.alloc(layout(16));
                let other = allocator.alloc_zeroed(layout(8));
                assert_eq!(numbers(), (2, 24, 24, 2, 24));
                let one = allocator.realloc(one, layout(16), 100);
                assert_eq!(numbers(), (2, 108, 108, 2, 108));
                let one = allocator.realloc(one, layout(100), 10);
                assert_eq!(numbers(), (2, 18, 108, 2, 108));
                allocator.dealloc(other, layout(8));
                allocator.dealloc(one, layout(10));
            }
            assert_eq!(numbers(), (0, 0, 108, 2, 108));
        }
    }
}
