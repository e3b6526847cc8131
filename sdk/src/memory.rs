//! Linear memory: the only module that knows pointers.
//!
//! What it upholds, in one paragraph: a block that the host allocated is the host's until it frees it; the arguments of a call are borrowed by
//! the guest while the call runs; a result is the guest's, and is dropped when the next call begins. `free` is looked up, never
//! trusted, so that any pointer, in any order, any number of times, is harmless.

#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
pub mod contracts;
#[cfg(any(feature = "host-neomind", not(target_arch = "wasm32")))]
pub mod fixed;
#[cfg(any(feature = "host-typst", not(target_arch = "wasm32")))]
pub mod typst;

use std::alloc::{self, Layout};
use std::cell::{Cell, RefCell};
use std::ptr;

use crate::abi::{ALIGNMENT, MAX_LEN, Packed};
use crate::allocator;
use crate::error::{Error, code};
use crate::json::object;

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

    /// Appends the answer's bytes to the output buffer, to which they were appended already where the answer is that they were written.
    ///
    /// # Safety
    /// A handler has just given the answer, and what the handler was given has not been touched since: bytes that stay where they are lie in
    /// there, or in a constant.
    pub(crate) unsafe fn gather(self, output: &mut Vec<u8>) {
        match self {
            Answer::Written => {}
            Answer::Owned(bytes) => output.extend_from_slice(&bytes),
            // SAFETY: `in_place` was given a reference to them that outlives the handler, which the caller vouches for.
            Answer::InPlace(bytes) => output.extend_from_slice(unsafe { &*bytes }),
        }
    }
}

/// The memory that a guest and its host hand each other.
#[derive(Default)]
pub struct Boundary {
    blocks: Cell<Blocks>,
    /// The bytes of the last answer, unless they are somewhere else; borrowed while a call is running.
    result: RefCell<Vec<u8>>,
    /// The result before, if it was passed on as arguments, or a copy of what the plugin lent: the last answer may lie in it.
    held: Cell<Vec<u8>>,
    /// There is more to the last answer than its bytes: the next call must [`settle`](Boundary::settle) it.
    unsettled: Cell<bool>,
    /// The arguments of the call that is running.
    arguments: Cell<Range>,
    /// The last answer, if it lies in the arguments of its call.
    answer: Cell<Range>,
    /// The last answer, if it lies in the plugin's state or constants.
    lent: Cell<Range>,
    /// A block that was freed while the call that is running was reading its arguments from it.
    freed_arguments: Cell<Option<Place>>,
    /// A block that was freed once while the last answer lay in it: the next call tells whether the block was meant or the answer.
    freed_answer: Cell<Option<Place>>,
}

type Place = usize;

/// From, and up to but not including.
type Range = (Place, Place);

/// Overlaps nothing.
const NOWHERE: Range = (0, 0);

fn range(bytes: *const [u8]) -> Range {
    if bytes.len() == 0 {
        return NOWHERE;
    }
    let start = bytes.cast::<u8>().addr();
    (start, start.saturating_add(bytes.len()))
}

/// Where a vector's bytes lie. They are not referred to: they may be in use as arguments.
#[allow(clippy::ptr_arg, reason = "a slice would refer to them")]
fn range_of(bytes: &Vec<u8>) -> Range {
    range(ptr::slice_from_raw_parts(bytes.as_ptr(), bytes.len()))
}

fn overlap(a: Range, b: Range) -> bool {
    a.0 < b.1 && b.0 < a.1
}

impl Boundary {
    /// Memory that nobody uses yet.
    pub const fn new() -> Self {
        Boundary {
            blocks: Cell::new(Blocks::new()),
            result: RefCell::new(Vec::new()),
            held: Cell::new(Vec::new()),
            unsettled: Cell::new(false),
            arguments: Cell::new(NOWHERE),
            answer: Cell::new(NOWHERE),
            lent: Cell::new(NOWHERE),
            freed_arguments: Cell::new(None),
            freed_answer: Cell::new(None),
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
    pub fn free(&self, address: Place) {
        let Some(block) = self.block(address) else {
            return self.free_result(address);
        };
        if overlap(block, self.arguments.get()) {
            self.freed_arguments.set(Some(address));
        } else if overlap(block, self.answer.get()) && self.freed_answer.get() != Some(address) {
            self.freed_answer.set(Some(address));
            self.unsettled.set(true);
        } else {
            if self.freed_answer.get() == Some(address) {
                self.freed_answer.set(None);
            }
            self.release(address);
        }
    }

    fn free_result(&self, address: Place) {
        if let Ok(mut result) = self.result.try_borrow_mut()
            && result.as_ptr().addr() == address
        {
            *result = Vec::new();
        }
    }

    /// Where a live block lies.
    fn block(&self, address: Place) -> Option<Range> {
        let blocks = self.blocks.take();
        let found = blocks.find(address).map(|(_, block)| block.range());
        self.blocks.set(blocks);
        found
    }

    fn release(&self, address: Place) {
        let mut blocks = self.blocks.take();
        blocks.free(address);
        self.blocks.set(blocks);
    }

    /// Copies what the host wrote to the beginning of a block, `len` bytes or up to the first zero byte, and frees the block; `None` if there is no
    /// such block, or it is shorter.
    #[cfg_attr(
        not(any(target_arch = "wasm32", test)),
        allow(dead_code, reason = "what a host leaves, it leaves in a guest")
    )]
    #[inline]
    fn receive(&self, address: Place, len: Option<u32>) -> Option<Vec<u8>> {
        let mut blocks = self.blocks.take();
        let received = blocks.find(address).and_then(|(_, block)| {
            let len = match len {
                Some(len) if len <= block.size => len as usize,
                Some(_) => return None,
                None => (0..block.size as usize).find(|&at| {
                    // SAFETY: the block is live, and has `size` bytes; the host has written those before the first zero byte.
                    unsafe { *block.start.add(at) == 0 }
                })?,
            };
            // SAFETY: the block is live, has at least `len` bytes, which the host says it has written, and nobody else refers to them.
            Some(unsafe { std::slice::from_raw_parts(block.start, len) }.to_vec())
        });
        if received.is_some() {
            blocks.free(address);
        }
        self.blocks.set(blocks);
        received
    }

    /// Copies all of a block that the host allocated, and frees it; `None` if there is no such block.
    #[cfg_attr(
        not(any(target_arch = "wasm32", test)),
        allow(dead_code, reason = "what a host leaves, it leaves in a guest")
    )]
    #[inline]
    fn receive_block(&self, address: Place) -> Option<Vec<u8>> {
        if address == NO_BYTES.addr() {
            return Some(Vec::new());
        }
        let mut blocks = self.blocks.take();
        let received = blocks.find(address).map(|(_, block)| {
            // SAFETY: the block is live, has `size` bytes, which the host has written, and nobody else refers to them.
            unsafe { std::slice::from_raw_parts(block.start, block.size as usize) }.to_vec()
        });
        blocks.free(address);
        self.blocks.set(blocks);
        received
    }

    /// How many blocks the host has allocated and not freed.
    pub fn live_blocks(&self) -> usize {
        let blocks = self.blocks.take();
        let live = blocks.live;
        self.blocks.set(blocks);
        live
    }

    /// Runs one call: hands the arguments over, keeps the answer, and says where it is. `serve` gets the arguments' bytes, and a buffer that
    /// it may write its answer to.
    ///
    /// The caller sees to it that no call is running already.
    ///
    /// # Safety
    /// For the length of the call, the `len` bytes at `address` must be readable and writable, and nothing in the guest may refer to them
    /// but what answered the last call.
    #[inline]
    pub unsafe fn serve(
        &self,
        address: *mut u8,
        len: u32,
        serve: impl FnOnce(&mut [u8], &mut Vec<u8>) -> Result<Answer, Error>,
    ) -> u64 {
        let Ok(mut result) = self.result.try_borrow_mut() else {
            return busy();
        };
        self.answer.set(NOWHERE);
        // No reference yet: they may lie in the last result, which is still to be looked at.
        let mut arguments: *mut [u8] = if len == 0 || len > MAX_LEN {
            &mut []
        } else {
            ptr::slice_from_raw_parts_mut(address, len as usize)
        };
        if self.unsettled.get() || overlap(range_of(&result), range(arguments)) {
            // SAFETY: the caller vouches for the bytes.
            arguments = unsafe { self.settle(arguments, &mut result) };
        }
        recycle(&mut result);
        let place = range(arguments);
        self.arguments.set(place);
        let answer = if len > MAX_LEN {
            Err(too_large("arguments", len as usize))
        } else {
            // SAFETY: the caller vouches for the bytes, or they are a copy in `held`; nobody else refers to them until `serve` returns, and `len` is at
            // most `isize::MAX`, which is no less than 2^31 - 1.
            serve(unsafe { &mut *arguments }, &mut result)
        };
        self.arguments.set(NOWHERE);
        let packed = match answer {
            Ok(Answer::Written) => pack(&**result, false),
            Ok(Answer::Owned(bytes)) => {
                *result = bytes;
                pack(&**result, false)
            }
            Ok(Answer::InPlace(bytes)) => {
                self.stays(bytes, place);
                pack(bytes, false)
            }
            Err(error) => fail(&error, &mut result),
        };
        let packed = match packed {
            Ok(packed) => packed,
            Err(len) => fail(&too_large("a result", len), &mut result).unwrap_or_default(),
        };
        drop(result);
        if let Some(block) = self.freed_arguments.take() {
            self.free(block);
        }
        packed
    }

    /// Notes an answer that is no buffer of the boundary's.
    #[inline]
    fn stays(&self, answer: *const [u8], arguments: Range) {
        let answer = range(answer);
        if overlap(answer, arguments) {
            self.answer.set(answer);
        } else if answer != NOWHERE {
            self.lent.set(answer);
            self.unsettled.set(true);
        }
    }

    /// What the call before left to be looked at, now that the next one tells what the host meant by it.
    ///
    /// A host may pass a result on as arguments. A result of the boundary's own then has to live through this call; what the plugin lent
    /// must not be in a command's hands while it changes the plugin, or be changed itself: that is copied.
    ///
    /// # Safety
    /// As [`serve`](Boundary::serve).
    #[cold]
    unsafe fn settle(&self, arguments: *mut [u8], result: &mut Vec<u8>) -> *mut [u8] {
        let place = range(arguments);
        self.settle_freed_answer(place);
        let lent = self.lent.replace(NOWHERE);
        let mut held = self.held.take();
        let arguments = if overlap(lent, place) {
            // SAFETY: the caller vouches for the bytes.
            held = unsafe { &*arguments }.to_vec();
            // They stay where they are until the next call settles, whoever owns the vector.
            ptr::slice_from_raw_parts_mut(held.as_mut_ptr(), held.len())
        } else {
            if overlap(range_of(result), place) {
                held = std::mem::take(result);
            } else if !overlap(range_of(&held), place) {
                held = Vec::new();
            }
            arguments
        };
        self.unsettled
            .set(!held.is_empty() || self.freed_answer.get().is_some());
        self.held.set(held);
        arguments
    }

    /// A host that frees an answer in its arguments, and then uses the buffer again, meant the answer. A call without arguments does not tell.
    fn settle_freed_answer(&self, arguments: Range) {
        if arguments != NOWHERE
            && let Some(address) = self.freed_answer.take()
            && let Some(block) = self.block(address)
            && !overlap(block, arguments)
        {
            self.release(address);
        }
    }
}

/// In a guest it lives as long as the instance. Natively a test may have left blocks.
#[cfg(not(target_arch = "wasm32"))]
impl Drop for Boundary {
    fn drop(&mut self) {
        let blocks = self.blocks.get_mut();
        for block in std::mem::take(&mut blocks.slots) {
            if let (false, Some(layout)) = (block.start.is_null(), layout(block.size)) {
                // SAFETY: the table held this block, so `alloc` returned it for the same size and nobody has freed it.
                unsafe { alloc::dealloc(block.start, layout) };
            }
        }
    }
}

/// Empties a buffer for the next result, and drops it if it is too large to be kept.
#[inline]
fn recycle(buffer: &mut Vec<u8>) {
    if buffer.capacity() > KEPT_RESULT {
        *buffer = Vec::new();
    }
    buffer.clear();
}

/// Where an answer is; its length if it is too large to be one.
#[inline]
fn pack(bytes: *const [u8], failed: bool) -> Result<u64, usize> {
    let len = bytes.len();
    let len = u32::try_from(len)
        .ok()
        .filter(|len| *len <= MAX_LEN)
        .ok_or(len)?;
    let packed = Packed {
        // No bytes are nowhere: a host that frees them must not hit a buffer that they happen to point to.
        address: if len == 0 {
            0
        } else {
            // Addresses have 32 bits wherever this crosses a boundary.
            bytes.cast::<u8>().addr() as u32
        },
        len,
        failed,
    };
    Ok(packed.to_bits())
}

#[cold]
fn fail(error: &Error, result: &mut Vec<u8>) -> Result<u64, usize> {
    recycle(result);
    error.write_json(result);
    pack(&**result, true)
}

#[cold]
fn too_large(what: &str, len: usize) -> Error {
    let details = object(|details| details.number("bytes", len as u64));
    let message = [what, " must have less than 2^31 bytes"].concat();
    Error::new(code::TOO_LARGE, message).with_details_json(details)
}

/// A host function called back into the plugin that was calling it.
const BUSY: &str =
    r#"{"code":"busy","message":"the plugin is in a call already, and serves one at a time"}"#;

/// The answer to a call while another is running, whose buffer must not be touched.
#[cold]
pub fn busy() -> u64 {
    pack(BUSY.as_bytes(), true).unwrap_or_default()
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

impl Block {
    fn range(self) -> Range {
        range(ptr::slice_from_raw_parts(self.start, self.size as usize))
    }
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
            allocator::note_host_blocks(self.live);
        }
        start
    }

    /// The live block at `address`, and its slot.
    fn find(&self, address: Place) -> Option<(usize, Block)> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = home(address, mask);
        loop {
            match self.slots.get(slot)? {
                block if block.start.is_null() => return None,
                block if block.start.addr() == address => return Some((slot, *block)),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Whether `address` was a live block, which it is no more.
    #[inline]
    fn free(&mut self, address: Place) -> bool {
        let Some((mut hole, Block { start, size })) = self.find(address) else {
            return false;
        };
        let mask = self.slots.len().wrapping_sub(1);
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
        allocator::note_host_blocks(self.live);
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
fn home(address: Place, mask: usize) -> usize {
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
pub unsafe trait Number: Copy + 'static {
    /// The type's name.
    const NAME: &'static str;
}

macro_rules! numbers {
    ($($number:ident)*) => {$(
        // SAFETY: a primitive number has no padding and no invalid bytes.
        unsafe impl Number for $number {
            const NAME: &'static str = stringify!($number);
        }
    )*};
}

numbers!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

/// The same bytes as numbers; `None` if they are not aligned for them or not a whole number of them.
pub fn as_numbers<T: Number>(bytes: &mut [u8]) -> Option<&mut [T]> {
    // SAFETY: any bytes are a valid `T`, and back.
    let (before, numbers, after) = unsafe { bytes.align_to_mut() };
    (before.is_empty() && after.is_empty()).then_some(numbers)
}

/// Numbers from their bytes, which need no alignment. Bytes that make no whole number are left out.
#[cfg(all(feature = "binary", target_endian = "little"))]
pub fn copy_numbers<T: Number>(bytes: &[u8]) -> Vec<T> {
    let count = bytes.len() / size_of::<T>();
    let mut numbers = Vec::<T>::with_capacity(count);
    // SAFETY: there is room for `count` numbers, `bytes` holds as many, and any bytes are valid numbers.
    unsafe {
        ptr::copy_nonoverlapping(
            bytes.as_ptr(),
            numbers.as_mut_ptr().cast(),
            count * size_of::<T>(),
        );
        numbers.set_len(count);
    }
    numbers
}

/// The same bytes as numbers; `None` if they are not aligned for them or not a whole number of them.
#[inline]
pub fn lent_numbers<T: Number>(bytes: &[u8]) -> Option<&[T]> {
    // SAFETY: any bytes are a valid `T`.
    let (before, numbers, after) = unsafe { bytes.align_to() };
    (before.is_empty() && after.is_empty()).then_some(numbers)
}

/// Makes every number 0.
pub fn clear<T: Number>(numbers: &mut [T]) {
    // SAFETY: as many bytes as the numbers have are written, and all of them being 0 is a valid number.
    unsafe { ptr::write_bytes(numbers.as_mut_ptr(), 0, numbers.len()) }
}

/// An address that crosses the boundary: what is there is the host's to read, or to change, until the call returns.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Address(*mut u8);

impl Address {
    /// Where nothing is.
    pub const NULL: Self = Address(ptr::null_mut());

    /// The address of what the host only reads.
    #[inline]
    pub fn of<T: Number>(numbers: &[T]) -> Self {
        Address(numbers.as_ptr().cast_mut().cast())
    }

    /// The address of what the host may change.
    #[inline]
    pub fn of_mut<T: Number>(numbers: &mut [T]) -> Self {
        Address(numbers.as_mut_ptr().cast())
    }

    /// An address that came from elsewhere, and is never dereferenced here.
    #[inline]
    pub(crate) fn at(address: u32) -> Self {
        Address(ptr::without_provenance_mut(address as usize))
    }

    /// As the other side sees it.
    #[inline]
    pub(crate) fn get(self) -> u32 {
        self.0.addr() as u32
    }
}

/// The memory that the one plugin of a module shares with its host.
#[cfg(target_arch = "wasm32")]
static BOUNDARY: Shared = Shared(Boundary::new());

#[cfg(target_arch = "wasm32")]
struct Shared(Boundary);

// SAFETY: without `atomics`, which `guest.rs` refuses, wasm32 has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Shared {}

/// The memory that the one plugin of a module shares with its host.
///
/// Never inline: before link-time optimisation a known address takes five bytes wherever it stands, and an offset from one takes one.
#[cfg(target_arch = "wasm32")]
#[inline(never)]
pub fn boundary() -> &'static Boundary {
    &BOUNDARY.0
}

/// Takes over bytes that a host function left in memory from `alloc`; `None` if they are not there.
#[inline]
pub fn receive(address: u32, len: u32) -> Option<Vec<u8>> {
    received(address, Some(len))
}

/// The same for text that ends with a zero byte.
#[inline]
pub fn receive_terminated(address: u32) -> Option<std::ffi::CString> {
    std::ffi::CString::new(received(address, None)?).ok()
}

/// The same for all of a block.
#[inline]
pub fn receive_block(address: u32) -> Option<Vec<u8>> {
    #[cfg(target_arch = "wasm32")]
    return boundary().receive_block(address as usize);
    #[cfg(not(target_arch = "wasm32"))]
    received(address, None)
}

/// What is there, of which the compiler knows nothing.
#[inline]
pub fn opaque<T: Copy>(place: &'static T) -> T {
    // SAFETY: a reference is valid for reads.
    unsafe { ptr::read_volatile(place) }
}

#[inline]
#[cfg(target_arch = "wasm32")]
fn received(address: u32, len: Option<u32>) -> Option<Vec<u8>> {
    boundary().receive(address as usize, len)
}

/// Nothing but a guest shares memory with a host.
#[cfg(not(target_arch = "wasm32"))]
fn received(_: u32, _: Option<u32>) -> Option<Vec<u8>> {
    None
}

/// The same numbers as bytes.
pub fn as_bytes<T: Number>(numbers: &[T]) -> &[u8] {
    // SAFETY: a `T` has no padding, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}

/// The same numbers as bytes, to be changed.
#[cfg(not(target_arch = "wasm32"))]
pub fn as_bytes_mut<T: Number>(numbers: &mut [T]) -> &mut [u8] {
    let len = size_of_val(numbers);
    // SAFETY: a `T` has no padding, any bytes are a valid one, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), len) }
}

/// What the crate `getrandom` calls for random bytes, where nobody else gives any. Functions of a fixed name are kept even if nothing calls them.
#[cfg(all(feature = "getrandom", target_arch = "wasm32"))]
mod getrandom {
    use crate::random;

    /// As `getrandom` 0.3 and 0.4 call it.
    ///
    /// # Safety
    /// There are `len` bytes at `address` to write to, initialised or not.
    // SAFETY: no other function has this name, which `getrandom` keeps for its one custom backend.
    #[unsafe(no_mangle)]
    unsafe extern "Rust" fn __getrandom_v03_custom(
        address: *mut u8,
        len: usize,
    ) -> Result<(), getrandom::Error> {
        // SAFETY: the caller vouches for the bytes, which are initialised before they are referred to.
        let bytes = unsafe {
            address.write_bytes(0, len);
            std::slice::from_raw_parts_mut(address, len)
        };
        random::fill(bytes).map_err(|_| getrandom::Error::UNEXPECTED)
    }

    /// As `getrandom` 0.2 calls it: 0, or the number of an error.
    ///
    /// # Safety
    /// As above.
    // SAFETY: as above; it is the name of 0.2.
    #[unsafe(no_mangle)]
    unsafe extern "Rust" fn __getrandom_custom(address: *mut u8, len: usize) -> u32 {
        // SAFETY: passed on to the caller.
        match unsafe { __getrandom_v03_custom(address, len) } {
            Ok(()) => 0,
            Err(_) => getrandom_02::Error::UNEXPECTED.code().get(),
        }
    }
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
    fn what_a_host_left_in_a_block_is_taken_over_and_what_lies_elsewhere_is_not() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        // SAFETY: the block is live and has four bytes.
        unsafe { block.copy_from(b"ab\0c".as_ptr(), 4) };
        let address = block.addr();
        assert_eq!(boundary.receive(address, Some(5)), None, "it is shorter");
        assert_eq!(boundary.receive(address + 1, Some(1)), None);
        assert_eq!(boundary.receive(address, None).as_deref(), Some(&b"ab"[..]));
        assert_eq!(boundary.live_blocks(), 0);
        assert_eq!(boundary.receive(address, Some(1)), None, "it is gone");
        let endless = boundary.alloc(1);
        // SAFETY: the block is live and has one byte.
        unsafe { endless.write(b'x') };
        assert_eq!(boundary.receive(endless.addr(), None), None);
        assert_eq!(boundary.receive(endless.addr(), Some(1)), Some(vec![b'x']));
    }

    #[test]
    fn no_bytes_and_too_many_bytes() {
        let boundary = Boundary::new();
        assert_eq!(boundary.alloc(0), NO_BYTES);
        boundary.free(NO_BYTES.addr());
        assert!(boundary.alloc(1 << 31).is_null());
        assert_eq!(boundary.live_blocks(), 0);
    }

    type Serve<'a> = dyn FnMut(&mut [u8], &mut Vec<u8>) -> Result<Answer, Error> + 'a;

    fn serve(boundary: &Boundary, block: *mut u8, len: u32, serve: &mut Serve<'_>) -> Packed {
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
        let mut text = b"passed on".to_vec();
        let start = text.as_mut_ptr();
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

    /// Answers with a part of the arguments, as a command does that trims them.
    fn trimmed(arguments: &mut [u8], _: &mut Vec<u8>) -> Result<Answer, Error> {
        Ok(Answer::in_place(&arguments[1..]))
    }

    #[test]
    fn a_buffer_and_an_answer_inside_it_may_be_freed_in_any_order() {
        for buffer_first in [true, false] {
            let boundary = Boundary::new();
            for _ in 0..10 {
                let block = boundary.alloc(4);
                serve(&boundary, block, 4, &mut trimmed);
                if buffer_first {
                    boundary.free(block.addr());
                    boundary.free(block.addr() + 1);
                } else {
                    boundary.free(block.addr() + 1);
                    boundary.free(block.addr());
                }
                assert_eq!(boundary.live_blocks(), 1, "until the next call");
            }
            let other = boundary.alloc(4);
            serve(&boundary, other, 4, &mut |_, _| Ok(Answer::Written));
            boundary.free(other.addr());
            assert_eq!(boundary.live_blocks(), 0);
        }
    }

    #[test]
    fn freeing_an_empty_answer_does_not_free_the_buffer_it_points_to() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        let packed = serve(&boundary, block, 4, &mut |arguments, _| {
            Ok(Answer::in_place(&arguments[..0]))
        });
        boundary.free(packed.address as Place);
        assert_eq!(boundary.live_blocks(), 1);
    }

    #[test]
    fn an_answer_inside_a_freed_buffer_can_still_be_passed_on() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        serve(&boundary, block, 4, &mut trimmed);
        boundary.free(block.addr());
        serve(&boundary, block.wrapping_add(1), 3, &mut |_, _| {
            assert_eq!(boundary.live_blocks(), 1);
            Ok(Answer::Written)
        });
        boundary.free(block.addr());
        assert_eq!(boundary.live_blocks(), 0);
    }

    #[test]
    fn a_buffer_whose_middle_is_being_read_is_not_freed() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        serve(&boundary, block.wrapping_add(1), 3, &mut |_, _| {
            boundary.free(block.addr());
            assert_eq!(boundary.live_blocks(), 1);
            Ok(Answer::Written)
        });
        assert_eq!(boundary.live_blocks(), 0);
    }

    #[test]
    fn a_call_without_arguments_does_not_tell_whether_a_buffer_was_freed() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        let mut in_place = |arguments: &mut [u8], _: &mut Vec<u8>| Ok(Answer::in_place(arguments));
        serve(&boundary, block, 4, &mut in_place);
        boundary.free(block.addr());
        serve(&boundary, ptr::null_mut(), 0, &mut in_place);
        assert_eq!(boundary.live_blocks(), 1);
        serve(&boundary, block, 4, &mut in_place);
        let other = boundary.alloc(4);
        serve(&boundary, other, 4, &mut in_place);
        assert_eq!(boundary.live_blocks(), 2, "the buffer was used again");
    }

    #[test]
    fn what_the_plugin_lent_is_copied_when_it_is_passed_on() {
        let boundary = Boundary::new();
        let mut state = b"state".to_vec();
        let start = state.as_mut_ptr();
        let lent: *const [u8] = &*state;
        serve(&boundary, ptr::null_mut(), 0, &mut |_, _| {
            Ok(Answer::InPlace(lent))
        });
        let packed = serve(&boundary, start, 5, &mut |arguments, _| {
            assert_eq!(arguments, b"state");
            arguments.fill(0);
            Ok(Answer::in_place(arguments))
        });
        assert_eq!(
            state, b"state",
            "a command changes its arguments, not the plugin"
        );
        assert_ne!(packed.address, start.addr() as u32);
    }

    #[test]
    fn too_many_bytes_are_refused_without_being_looked_at() {
        let boundary = Boundary::new();
        let mut never = |_: &mut [u8], _: &mut Vec<u8>| unreachable!();
        let packed = serve(&boundary, ptr::null_mut(), 1 << 31, &mut never);
        assert!(packed.failed);
        let error = Error::from_json(&boundary.result.borrow()).unwrap();
        assert_eq!(error.code(), code::TOO_LARGE);
        assert_eq!(error.details().unwrap()["bytes"], 1u64 << 31);
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
        let bytes = as_bytes_mut(&mut words);
        assert_eq!(as_numbers::<f32>(bytes).unwrap().len(), 4);
        assert!(as_numbers::<f32>(&mut bytes[..6]).is_none());
        assert!(as_numbers::<f32>(&mut bytes[1..5]).is_none());
    }
}
