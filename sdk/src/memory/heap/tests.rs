//! A heap in memory of various sizes, which grows with and without gaps.

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

/// A step of a program, on the block with this number.
#[derive(Clone, Debug)]
enum Step {
    Alloc { size: usize, align: usize },
    Free(usize),
    Resize(usize, usize),
}

/// Miri looks at every byte, so there it gets fewer of them.
const FEWER: usize = if cfg!(miri) { 32 } else { 1 };

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = || {
        let size = prop_oneof![4 => 1usize..200, 2 => 200usize..5000, 1 => 5000usize..40_000];
        size.prop_map(|size| size / FEWER + 1)
    };
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
                    changed.layout = Layout::from_size_align(size, changed.layout.align()).unwrap();
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
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 200 }))]

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
        let sizes = (1..300).map(|nth| nth % 120 + 1);
        let blocks: Vec<_> = sizes.map(|size| heap.alloc(layout(size))).collect();
        for nth in 0..blocks.len() {
            heap.dealloc(blocks[nth * 7 % blocks.len()]);
        }
        let free = heap.check();
        assert!(free < heap.end - UNIT, "the last ones are kept");
        assert!(heap.release_kept());
        assert!(!heap.release_kept());
    }
    assert_eq!(heap.check(), heap.end - UNIT, "one free chunk");
}

#[test]
fn a_small_block_is_used_again() {
    let mut heap = Heap::new(Region::new(1 << 19, 4096, u32::MAX));
    let layout = |size, align| Layout::from_size_align(size, align).unwrap();
    // SAFETY: the region is the heap's alone, and every block is freed once.
    unsafe {
        let block = heap.alloc(layout(30, 1));
        heap.alloc(layout(30, 1));
        heap.dealloc(block);
        assert_ne!(heap.alloc(layout(30, 512)), block, "its alignment is lower");
        assert_ne!(heap.alloc(layout(60, 1)), block, "it is smaller");
        assert_eq!(heap.alloc(layout(40, 16)), block, "its chunk is the same");
    }
}

#[test]
fn no_kept_block_is_used_again_between_large_ones() {
    let mut heap = Heap::new(Region::new(1 << 19, 4096, u32::MAX));
    let layout = |size| Layout::from_size_align(size, 8).unwrap();
    // SAFETY: the region is the heap's alone, and every block is freed once.
    unsafe {
        let large = heap.alloc(layout(10_000));
        let small = heap.alloc(layout(30));
        heap.dealloc(small);
        heap.dealloc(large);
        assert_eq!(heap.alloc(layout(30)), large, "not behind the large one");
    }
}

#[test]
fn kept_blocks_make_room_before_the_memory_grows() {
    let mut heap = Heap::new(Region::new(1 << 19, 4096, u32::MAX));
    let layout = |size| Layout::from_size_align(size, 8).unwrap();
    // SAFETY: the region is the heap's alone, and every block is freed once.
    unsafe {
        let blocks: Vec<_> = (1..240).map(|size| heap.alloc(layout(size))).collect();
        let end = heap.end;
        blocks.into_iter().for_each(|block| heap.dealloc(block));
        let all = layout((end - 2 * UNIT) as usize);
        assert!(!heap.alloc(all).is_null());
        assert_eq!(heap.end, end);
    }
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
    for units in 1..100_000 / FEWER as u32 {
        let list = list_of(units * UNIT);
        assert!(list == last || list == last + 1, "{units}");
        last = list;
    }
    assert!((list_of(!15) as usize) < LISTS);
}
