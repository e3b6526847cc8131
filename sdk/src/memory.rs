//! Linear memory: the only module that knows pointers.
//!
//! What it upholds, in one paragraph: a block that the host allocated is the host's until it frees it; the arguments of a call are borrowed by
//! the guest while the call runs; a result is the guest's, and is dropped when the next call begins. `free` is looked up, never
//! trusted, so that any pointer, in any order, any number of times, is harmless.

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::ptr;

use crate::abi::{ALIGNMENT, MAX_LEN, Packed};
use crate::error::{Error, code};

/// The largest buffer, in bytes, that is kept for the next result. Larger ones are dropped, so that one big answer does not stay in memory.
const KEPT_RESULT: usize = 64 * 1024;

/// Where `alloc(0)` points: aligned, not null, never dereferenced.
const NO_BYTES: *mut u8 = ptr::without_provenance_mut(ALIGNMENT as usize);

/// What a command answers with.
pub enum Answer {
    /// The bytes were written to the output buffer.
    Written,
    /// The bytes are in a vector of the command's own.
    Owned(Vec<u8>),
    /// The bytes stay where they are: in the arguments or in the plugin.
    InPlace(*const [u8]),
}

impl Answer {
    /// Answers with bytes that outlive the call: the arguments, the plugin's state or constants.
    pub fn in_place(bytes: &[u8]) -> Self {
        Answer::InPlace(bytes)
    }
}

/// A command with its arguments decoded, called and its result encoded: from the arguments' bytes to the answer, which may use the output buffer.
pub type Serve<'a> = &'a mut dyn FnMut(&mut [u8], &mut Vec<u8>) -> Result<Answer, Error>;

/// The memory that a guest and its host hand each other.
#[derive(Default)]
pub struct Boundary {
    blocks: Cell<Blocks>,
    /// The bytes of the last answer, unless they are somewhere else.
    result: Cell<Vec<u8>>,
    /// Where the arguments of the call that is running, or that ran last, begin and end.
    arguments: Cell<Range>,
    running: Cell<bool>,
    /// The last answer lies in the arguments.
    answered_in_arguments: Cell<bool>,
    /// A block to be freed when it is clear that nobody uses it.
    to_free: Cell<Option<Address>>,
}

type Address = usize;

/// From, and up to but not including.
type Range = (Address, Address);

fn range(bytes: *const [u8]) -> Range {
    let start = bytes.cast::<u8>().addr();
    (start, start + bytes.len())
}

fn overlap(a: Range, b: Range) -> bool {
    a.0 < b.1 && b.0 < a.1
}

impl Boundary {
    /// Memory that nobody uses yet.
    pub const fn new() -> Self {
        Boundary {
            blocks: Cell::new(Blocks::new()),
            result: Cell::new(Vec::new()),
            arguments: Cell::new((0, 0)),
            running: Cell::new(false),
            answered_in_arguments: Cell::new(false),
            to_free: Cell::new(None),
        }
    }

    /// Room for `size` bytes, aligned to [`ALIGNMENT`]; null when there is none.
    pub fn alloc(&self, size: u32) -> *mut u8 {
        let mut blocks = self.blocks.take();
        let block = blocks.alloc(size);
        self.blocks.set(blocks);
        block
    }

    /// Gives back a block or the last result. Whatever else `address` is, nothing happens.
    pub fn free(&self, address: Address) {
        let (start, end) = self.arguments.get();
        // Arguments that are being read stay until the call is over. And an answer that lies in the arguments is often freed by a
        // host that goes on to use the buffer: only its next call tells.
        if (start..end).contains(&address)
            && (self.running.get()
                || (self.answered_in_arguments.get() && self.to_free.get() != Some(address)))
        {
            self.to_free.set(Some(address));
            return;
        }
        if self.to_free.get() == Some(address) {
            self.to_free.set(None);
        }
        if !self.release(address) {
            let result = self.result.take();
            if result.as_ptr().addr() != address {
                self.result.set(result);
            }
        }
    }

    fn release(&self, address: Address) -> bool {
        let mut blocks = self.blocks.take();
        let released = blocks.free(address);
        self.blocks.set(blocks);
        released
    }

    /// How many blocks the host has allocated and not freed.
    pub fn live_blocks(&self) -> usize {
        let blocks = self.blocks.take();
        let live = blocks.live;
        self.blocks.set(blocks);
        live
    }

    /// Runs one call: hands the arguments over, keeps the answer, and says where it is.
    ///
    /// The caller sees to it that no call is running already.
    ///
    /// # Safety
    /// For the length of the call, the `len` bytes at `address` must be readable and writable, and nothing in the guest may refer to them.
    pub unsafe fn serve(&self, address: *mut u8, len: u32, serve: Serve<'_>) -> u64 {
        if len > MAX_LEN {
            return self.fail(
                Error::new(code::TOO_LARGE, "arguments must have less than 2^31 bytes"),
                self.recycled_result(),
            );
        }
        let arguments: &mut [u8] = if len == 0 {
            &mut []
        } else {
            // SAFETY: the caller vouches for the bytes; `len` is at most `isize::MAX`, which is no less than 2^31 - 1.
            unsafe { std::slice::from_raw_parts_mut(address, len as usize) }
        };
        let place = range(arguments);
        if let Some(block) = self.to_free.take()
            && !(place.0..place.1).contains(&block)
        {
            self.release(block);
        }

        // A host may pass a result on as arguments: then it has to live through this call.
        let previous = self.result.take();
        let (held, mut output) = if overlap(range(&*previous), place) {
            (previous, Vec::new())
        } else {
            (Vec::new(), recycle(previous))
        };

        self.arguments.set(place);
        self.answered_in_arguments.set(false);
        self.running.set(true);
        let answer = serve(arguments, &mut output);
        self.running.set(false);

        let packed = match answer {
            Ok(Answer::Written) => self.keep(output),
            Ok(Answer::Owned(bytes)) => self.keep(bytes),
            Ok(Answer::InPlace(bytes)) => {
                self.answered_in_arguments.set(overlap(range(bytes), place));
                self.result.set(held);
                return pack(bytes, false, self);
            }
            Err(error) => self.fail(error, output),
        };
        if let Some(block) = self.to_free.take() {
            self.release(block);
        }
        packed
    }

    fn keep(&self, bytes: Vec<u8>) -> u64 {
        let packed = pack(&*bytes, false, self);
        self.result.set(bytes);
        packed
    }

    fn fail(&self, error: Error, mut output: Vec<u8>) -> u64 {
        output.clear();
        error.write_json(&mut output);
        let packed = pack(&*output, true, self);
        self.result.set(output);
        packed
    }

    fn recycled_result(&self) -> Vec<u8> {
        recycle(self.result.take())
    }
}

/// The same buffer, empty, unless it is too large to be kept.
fn recycle(mut buffer: Vec<u8>) -> Vec<u8> {
    if buffer.capacity() > KEPT_RESULT {
        return Vec::new();
    }
    buffer.clear();
    buffer
}

fn pack(bytes: *const [u8], failed: bool, boundary: &Boundary) -> u64 {
    match u32::try_from(bytes.len()) {
        Ok(len) if len <= MAX_LEN => Packed {
            // Addresses have 32 bits wherever this crosses a boundary.
            address: bytes.cast::<u8>().addr() as u32,
            len,
            failed,
        }
        .to_bits(),
        _ => boundary.fail(
            Error::new(code::TOO_LARGE, "a result must have less than 2^31 bytes"),
            Vec::new(),
        ),
    }
}

/// A constant error, for when the running call's result must not be touched.
pub fn pack_static_error(json: &'static str) -> u64 {
    Packed {
        address: json.as_ptr().addr() as u32,
        len: json.len() as u32,
        failed: true,
    }
    .to_bits()
}

/// What the host has allocated: a hash table from address to size, with linear probing.
#[derive(Default)]
struct Blocks {
    /// A power of two of slots, at most three quarters of them used; a null address marks a free one.
    slots: Vec<Block>,
    live: usize,
}

#[derive(Clone, Copy)]
struct Block {
    start: *mut u8,
    size: u32,
}

const FREE_SLOT: Block = Block {
    start: ptr::null_mut(),
    size: 0,
};

impl Blocks {
    const fn new() -> Self {
        Blocks {
            slots: Vec::new(),
            live: 0,
        }
    }

    fn alloc(&mut self, size: u32) -> *mut u8 {
        if size == 0 {
            return NO_BYTES;
        }
        let Some(layout) = layout(size) else {
            return ptr::null_mut();
        };
        if !self.make_room() {
            return ptr::null_mut();
        }
        // SAFETY: `size` is not zero.
        let start = unsafe { alloc::alloc(layout) };
        if !start.is_null() {
            self.insert(Block { start, size });
            self.live += 1;
        }
        start
    }

    /// Whether `address` was a live block, which it is no more.
    fn free(&mut self, address: Address) -> bool {
        let mask = self.slots.len().wrapping_sub(1);
        let mut hole = home(address, mask);
        loop {
            match self.slots.get(hole) {
                Some(block) if block.start.is_null() => return false,
                Some(block) if block.start.addr() == address => break,
                Some(_) => hole = (hole + 1) & mask,
                None => return false,
            }
        }
        let Some(Block { start, size }) = self.slots.get(hole).copied() else {
            return false;
        };
        // Blocks behind the hole move up to it where it lies between them and their home, so that they are still found.
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let Some(block) = self.slots.get(next).copied() else {
                break;
            };
            if block.start.is_null() {
                break;
            }
            let home = home(block.start.addr(), mask);
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.set(hole, block);
                hole = next;
            }
        }
        self.set(hole, FREE_SLOT);
        self.live -= 1;
        if let Some(layout) = layout(size) {
            // SAFETY: the table held this block, so `alloc` returned it for the same size and nobody has freed it since.
            unsafe { alloc::dealloc(start, layout) };
        }
        true
    }

    /// Whether there is a slot for one more block.
    fn make_room(&mut self) -> bool {
        let len = self.slots.len();
        if (self.live + 1) * 4 <= len * 3 {
            return true;
        }
        let mut slots = Vec::new();
        let len = (len * 2).max(8);
        if slots.try_reserve_exact(len).is_err() {
            return false;
        }
        slots.resize(len, FREE_SLOT);
        for block in std::mem::replace(&mut self.slots, slots) {
            if !block.start.is_null() {
                self.insert(block);
            }
        }
        true
    }

    fn insert(&mut self, block: Block) {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = home(block.start.addr(), mask);
        while self
            .slots
            .get(slot)
            .is_some_and(|taken| !taken.start.is_null())
        {
            slot = (slot + 1) & mask;
        }
        self.set(slot, block);
    }

    fn set(&mut self, slot: usize, block: Block) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = block;
        }
    }
}

/// Where a block's search begins. Addresses are multiples of 16; Fibonacci hashing spreads what is left of them.
fn home(address: Address, mask: usize) -> usize {
    ((address >> 4) as u32)
        .wrapping_mul(0x9E37_79B9)
        .rotate_left(16) as usize
        & mask
}

fn layout(size: u32) -> Option<Layout> {
    if size > MAX_LEN {
        return None;
    }
    Layout::from_size_align(size as usize, ALIGNMENT as usize).ok()
}

/// A plain number: any bytes of its size are one.
///
/// # Safety
/// The type has no padding and no bytes that are invalid.
pub unsafe trait Number: Copy + 'static {}

macro_rules! numbers {
    ($($number:ident)*) => {$(
        // SAFETY: a primitive number has no padding and no invalid bytes.
        unsafe impl Number for $number {}
    )*};
}

numbers!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

/// The same bytes as numbers; `None` if they are not aligned for them or not a whole number of them.
pub fn as_numbers<T: Number>(bytes: &mut [u8]) -> Option<&mut [T]> {
    // SAFETY: any bytes are a valid `T`, and back.
    let (before, numbers, after) = unsafe { bytes.align_to_mut() };
    (before.is_empty() && after.is_empty()).then_some(numbers)
}

/// The same numbers as bytes.
pub fn as_bytes<T: Number>(numbers: &[T]) -> &[u8] {
    // SAFETY: a `T` has no padding, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_and_found_again_in_any_order() {
        let mut blocks = Blocks::new();
        let mut live: Vec<_> = (1..400).map(|size| blocks.alloc(size)).collect();
        assert!(live.iter().all(|block| block.addr() % 16 == 0));
        for nth in 0..live.len() {
            let block = live.swap_remove((nth * 7919) % live.len());
            assert!(blocks.free(block.addr()));
            assert!(!blocks.free(block.addr()), "a second free does nothing");
        }
        assert_eq!(blocks.live, 0);
    }

    #[test]
    fn free_of_what_was_never_allocated_does_nothing() {
        let boundary = Boundary::new();
        boundary.free(0);
        boundary.free(12345);
        let block = boundary.alloc(10);
        boundary.free(block.addr() + 1);
        assert_eq!(boundary.live_blocks(), 1);
        boundary.free(block.addr());
        assert_eq!(boundary.live_blocks(), 0);
    }

    #[test]
    fn no_bytes_and_too_many_bytes() {
        let boundary = Boundary::new();
        assert_eq!(boundary.alloc(0), NO_BYTES);
        boundary.free(NO_BYTES.addr());
        assert!(boundary.alloc(1 << 31).is_null());
        assert_eq!(boundary.live_blocks(), 0);
    }

    fn serve(boundary: &Boundary, block: *mut u8, len: u32, serve: Serve<'_>) -> Packed {
        // SAFETY: the tests pass blocks that they allocated, of at least this size.
        Packed::from_bits(unsafe { boundary.serve(block, len, serve) })
    }

    #[test]
    fn arguments_freed_while_they_are_read_live_through_the_call() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        serve(&boundary, block, 4, &mut |arguments, _| {
            boundary.free(block.addr());
            arguments.fill(7);
            assert_eq!(arguments, [7; 4]);
            Ok(Answer::Written)
        });
        assert_eq!(boundary.live_blocks(), 0);
    }

    #[test]
    fn a_host_may_free_an_answer_in_its_arguments_and_use_the_buffer_again() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        for _ in 0..3 {
            let packed = serve(&boundary, block, 4, &mut |arguments, _| {
                arguments.fill(1);
                Ok(Answer::in_place(arguments))
            });
            assert_eq!(packed.address, block.addr() as u32);
            boundary.free(block.addr());
        }
        assert_eq!(boundary.live_blocks(), 1);
        boundary.free(block.addr());
        assert_eq!(
            boundary.live_blocks(),
            0,
            "the second free is meant for the buffer"
        );
    }

    #[test]
    fn a_host_that_allocates_for_every_call_and_frees_once_leaks_nothing() {
        let boundary = Boundary::new();
        for _ in 0..100 {
            let block = boundary.alloc(4);
            serve(&boundary, block, 4, &mut |arguments, _| {
                arguments.fill(1);
                Ok(Answer::in_place(arguments))
            });
            boundary.free(block.addr());
            assert!(boundary.live_blocks() <= 2);
        }
    }

    #[test]
    fn a_result_may_be_the_arguments_of_the_next_call() {
        let boundary = Boundary::new();
        let text = b"passed on".to_vec();
        let start = text.as_ptr().cast_mut();
        let mut text = Some(text);
        let mut first = |_: &mut [u8], _: &mut Vec<u8>| Ok(Answer::Owned(text.take().unwrap()));
        serve(&boundary, ptr::null_mut(), 0, &mut first);
        // In place, twice: the bytes must still be there.
        for _ in 0..2 {
            let packed = serve(&boundary, start, 9, &mut |arguments, output| {
                output.extend_from_slice(b"something else");
                assert_eq!(arguments, b"passed on");
                Ok(Answer::in_place(arguments))
            });
            assert_eq!(packed.len, 9);
        }
    }

    #[test]
    fn a_big_result_is_not_kept() {
        let boundary = Boundary::new();
        serve(&boundary, ptr::null_mut(), 0, &mut |_, output| {
            output.resize(KEPT_RESULT * 2, 0);
            Ok(Answer::Written)
        });
        serve(&boundary, ptr::null_mut(), 0, &mut |_, output| {
            assert_eq!(output.capacity(), 0);
            Ok(Answer::Written)
        });
    }

    #[test]
    fn numbers_need_alignment_and_whole_sizes() {
        let mut words = [0u64; 2];
        let start = as_bytes(&words).len();
        assert_eq!(start, 16);
        let bytes = as_numbers::<u8>(as_bytes_mut(&mut words)).unwrap();
        assert_eq!(as_numbers::<f32>(bytes).unwrap().len(), 4);
        assert!(as_numbers::<f32>(&mut bytes[..6]).is_none());
        assert!(as_numbers::<f32>(&mut bytes[1..5]).is_none());
    }

    fn as_bytes_mut(words: &mut [u64]) -> &mut [u8] {
        // SAFETY: any bytes are valid.
        unsafe { words.align_to_mut().1 }
    }
}
