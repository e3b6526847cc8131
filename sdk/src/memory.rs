//! Linear memory: the only module that uses pointers.
//!
//! Its rules: a block that the host allocates belongs to the host until the host frees it. The
//! guest borrows the arguments of a call while the call runs. A result belongs to the guest, which
//! drops it when the next call begins. `free` looks its pointer up and never trusts it, so any
//! pointer, in any order and any number of times, is harmless.

mod blocks;
#[cfg(any(feature = "_canonical", not(target_arch = "wasm32")))]
pub mod canonical;
#[cfg(any(feature = "host-component", not(target_arch = "wasm32")))]
pub mod component;
#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
pub mod contracts;
#[cfg(any(feature = "host-neomind", not(target_arch = "wasm32")))]
pub mod fixed;
#[cfg(any(
    test,
    all(
        target_arch = "wasm32",
        not(any(feature = "std-allocator", feature = "talc", feature = "wee_alloc"))
    )
))]
pub mod heap;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(all(target_arch = "wasm32", not(feature = "_contract")))]
pub mod room;
pub mod short;
pub mod text;
#[cfg(any(feature = "host-typst", not(target_arch = "wasm32")))]
pub mod typst;

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ptr;

use crate::abi::{ALIGNMENT, MAX_LEN, Packed};
use crate::error::{Error, code};
use crate::json::{Arena, object};
use blocks::{BLOCKS_ARE_VECTORS, Block, Blocks};
use text::join;

/// The largest buffer in bytes that is kept for the next result. A larger one is dropped, so that
/// one big answer does not stay in memory.
const KEPT_RESULT: usize = 64 * 1024;

/// The result of `alloc(0)`: aligned, not null, never dereferenced.
const NO_BYTES: *mut u8 = ptr::without_provenance_mut(ALIGNMENT as usize);

/// The answer of a command.
#[derive(Clone, Copy)]
pub enum Answer {
    /// The bytes were written to the output buffer.
    Written,
    /// The bytes stay where they are: in the arguments or in the plugin.
    InPlace(*const [u8]),
}

impl Answer {
    /// Answers with bytes that outlive the call: the arguments, the plugin's state or constants.
    pub fn in_place(bytes: &[u8]) -> Self {
        Answer::InPlace(bytes)
    }

    /// Appends the bytes of the answer to the output buffer, unless they were written there.
    ///
    /// # Safety
    /// The handler must have just left the answer, and its input must be untouched since. Bytes
    /// that stay where they are must be in that input or in a constant.
    pub(crate) unsafe fn gather(self, output: &mut Vec<u8>) {
        match self {
            Answer::Written => {}
            // SAFETY: `in_place` got a reference to them that outlives the handler, as the caller
            // guarantees.
            Answer::InPlace(bytes) => output.extend_from_slice(unsafe { &*bytes }),
        }
    }
}

/// The memory of one call of a handler, and its answer.
pub struct CallFrame<'a> {
    /// The strings that the arguments borrow.
    pub arena: Arena,
    /// The buffer for the answer.
    pub output: &'a mut Vec<u8>,
    /// The answer, once the handler has succeeded.
    pub answer: Answer,
}

impl<'a> CallFrame<'a> {
    /// Creates the frame of a call that writes its answer to a buffer.
    #[inline]
    pub const fn new(output: &'a mut Vec<u8>) -> Self {
        CallFrame {
            arena: Arena::new(),
            output,
            answer: Answer::Written,
        }
    }
}

/// The memory that a guest and its host share.
#[derive(Default)]
pub struct Boundary {
    blocks: UnsafeCell<Blocks>,
    /// The bytes of the last answer, unless they are somewhere else; borrowed during a call.
    result: RefCell<Vec<u8>>,
    /// The result before the last, if it was passed on as arguments, or a copy of bytes that the
    /// plugin lent. The last answer may be in it.
    held: Cell<Vec<u8>>,
    /// `true` if the next call must [`settle`](Boundary::settle) the last answer.
    unsettled: Cell<bool>,
    /// The arguments of the running call.
    arguments: Cell<Range>,
    /// The last answer, if it is in the arguments of its call.
    answer: Cell<Range>,
    /// The last answer, if it is in the plugin's state or constants.
    lent: Cell<Range>,
    /// A block that was freed while the running call read its arguments from it, or [`NO_PLACE`].
    freed_arguments: Cell<Place>,
    /// A block that was freed once while the last answer was in it, or [`NO_PLACE`]. The next call
    /// shows whether the host meant the block or the answer.
    freed_answer: Cell<Place>,
}

type Place = usize;

/// The place of no block.
const NO_PLACE: Place = 0;

/// A range of addresses: the first, and their number.
type Range = (Place, usize);

/// A range that overlaps nothing.
const NOWHERE: Range = (0, 0);

#[inline]
fn range(bytes: *const [u8]) -> Range {
    (bytes.cast::<u8>().addr(), bytes.len())
}

/// Returns the address range of a vector, without a reference to its bytes: they may be in use as
/// arguments.
#[allow(clippy::ptr_arg, reason = "a slice would refer to them")]
#[inline]
fn range_of(bytes: &Vec<u8>) -> Range {
    range(ptr::slice_from_raw_parts(bytes.as_ptr(), bytes.len()))
}

/// Returns whether two ranges have an address in common.
fn overlap(a: Range, b: Range) -> bool {
    let holds = |a: Range, b: Range| b.0.wrapping_sub(a.0) < a.1;
    a.1 != 0 && b.1 != 0 && (holds(a, b) || holds(b, a))
}

impl Boundary {
    /// Creates an unused boundary.
    pub const fn new() -> Self {
        Boundary {
            blocks: UnsafeCell::new(Blocks::new()),
            result: RefCell::new(Vec::new()),
            held: Cell::new(Vec::new()),
            unsettled: Cell::new(false),
            arguments: Cell::new(NOWHERE),
            answer: Cell::new(NOWHERE),
            lent: Cell::new(NOWHERE),
            freed_arguments: Cell::new(NO_PLACE),
            freed_answer: Cell::new(NO_PLACE),
        }
    }

    /// Allocates `size` bytes, aligned to [`ALIGNMENT`]; null if there is no room.
    pub fn alloc(&self, size: u32) -> *mut u8 {
        self.with_blocks(|blocks| blocks.alloc(size))
    }

    /// Passes the list of blocks to `with`, which must not use the boundary.
    #[inline]
    fn with_blocks<R>(&self, with: impl FnOnce(&mut Blocks) -> R) -> R {
        // SAFETY: no other reference exists: the boundary belongs to one thread, and `with`, which
        // is always a line or two of this module, does not come back here.
        with(unsafe { &mut *self.blocks.get() })
    }

    /// Returns the live block at `address`, and its place in the list.
    fn find(&self, address: Place) -> Option<(usize, Block)> {
        self.with_blocks(|blocks| blocks.find(address))
    }

    /// Frees a block or the last result. Any other address does nothing.
    pub fn free(&self, address: Place) {
        let Some((nth, block)) = self.find(address) else {
            return self.free_result(address);
        };
        if overlap(block.range(), self.arguments.get()) {
            self.freed_arguments.set(address);
        } else if overlap(block.range(), self.answer.get()) && self.freed_answer.get() != address {
            self.freed_answer.set(address);
            self.unsettled.set(true);
        } else {
            if self.freed_answer.get() == address {
                self.freed_answer.set(NO_PLACE);
            }
            self.release(nth, block);
        }
    }

    fn free_result(&self, address: Place) {
        if let Ok(mut result) = self.result.try_borrow_mut()
            && result.as_ptr().addr() == address
        {
            *result = Vec::new();
        }
    }

    fn release(&self, nth: usize, block: Block) {
        self.with_blocks(|blocks| blocks.remove(nth));
        // SAFETY: it was just taken off the list.
        unsafe { block.free() };
    }

    /// Takes what the host wrote to a block, which is no longer the host's. `None` if there is no
    /// such block, if it is shorter, or if the running call reads its arguments from it.
    #[cfg_attr(
        not(any(target_arch = "wasm32", test)),
        allow(dead_code, reason = "only guests receive blocks from a host")
    )]
    #[inline]
    fn receive(&self, address: Place, written: Written) -> Option<Vec<u8>> {
        if matches!(written, Written::All) && address == NO_BYTES.addr() {
            return Some(Vec::new());
        }
        let (nth, block) = self.find(address)?;
        if overlap(block.range(), self.arguments.get()) {
            return None;
        }
        let len = match written {
            Written::Bytes(len) if len <= block.size => len as usize,
            Written::Bytes(_) => return None,
            Written::All => block.size as usize,
            Written::Terminated => (0..block.size as usize).find(|&at| {
                // SAFETY: the block is live and has `size` bytes; the host has written those
                // before the first zero byte.
                unsafe { *block.start.add(at) == 0 }
            })?,
        };
        if BLOCKS_ARE_VECTORS {
            self.with_blocks(|blocks| blocks.remove(nth));
            // SAFETY: the block is from the global allocator, for `size` bytes without an
            // alignment, has at least `len` of them, which the host says it has written, and
            // the list no longer has it.
            let mut bytes = unsafe { Vec::from_raw_parts(block.start, len, block.size as usize) };
            // A host may allocate the most that it could write.
            bytes.shrink_to_fit();
            return Some(bytes);
        }
        // SAFETY: the block is live, has at least `len` bytes, which the host says it has
        // written, and no reference to them exists.
        let bytes = unsafe { std::slice::from_raw_parts(block.start, len) }.to_vec();
        self.release(nth, block);
        Some(bytes)
    }

    /// Returns the number of blocks that the host has allocated and not freed.
    pub fn live_blocks(&self) -> usize {
        self.with_blocks(|blocks| blocks.live())
    }

    /// Runs one call: passes the arguments, keeps the answer and returns its place. `serve` gets
    /// the bytes of the arguments, and leaves its answer in the frame.
    ///
    /// The caller makes sure that no call is running already.
    ///
    /// # Safety
    /// For the length of the call, the `len` bytes at `address` must be readable and writable, and
    /// the guest must have no references to them except in its last answer.
    #[inline]
    pub unsafe fn serve(
        &self,
        address: *mut u8,
        len: u32,
        serve: impl FnOnce(&mut [u8], &mut CallFrame<'_>) -> Result<(), Error>,
    ) -> u64 {
        let Ok(mut result) = self.result.try_borrow_mut() else {
            return busy();
        };
        self.answer.set(NOWHERE);
        // No reference yet: the bytes may be in the last result, which has yet to be settled.
        let mut arguments: *mut [u8] = if len == 0 || len > MAX_LEN {
            &mut []
        } else {
            ptr::slice_from_raw_parts_mut(address, len as usize)
        };
        if self.unsettled.get() || overlap(range_of(&result), range(arguments)) {
            // SAFETY: the caller guarantees it for the bytes.
            arguments = unsafe { self.settle(arguments, &mut result) };
        }
        recycle(&mut result);
        let place = range(arguments);
        self.arguments.set(place);
        let mut frame = CallFrame::new(&mut result);
        let served = if len > MAX_LEN {
            Err(too_large("arguments", len as usize))
        } else {
            // SAFETY: the caller guarantees it for the bytes, or they are a copy in `held`. No
            // other reference exists until `serve` returns, and `len` is at most `isize::MAX`,
            // which is at least 2^31 - 1.
            serve(unsafe { &mut *arguments }, &mut frame)
        };
        self.arguments.set(NOWHERE);
        let answer = frame.answer;
        let answer = served.map(|()| match answer {
            Answer::Written => &raw const **result,
            Answer::InPlace(bytes) => {
                self.stays(bytes, place);
                bytes
            }
        });
        let packed = match answer.and_then(pack) {
            Ok(packed) => packed,
            Err(error) => fail(error, &mut result),
        };
        drop(result);
        let freed = self.freed_arguments.take();
        if freed != NO_PLACE {
            self.free(freed);
        }
        packed
    }

    /// Notes an answer outside the boundary's buffers.
    #[inline]
    fn stays(&self, answer: *const [u8], arguments: Range) {
        let answer = range(answer);
        if overlap(answer, arguments) {
            self.answer.set(answer);
        } else if answer.1 != 0 {
            self.lent.set(answer);
            self.unsettled.set(true);
        }
    }

    /// Resolves what the last call left open, now that this one shows the host's intent.
    ///
    /// A host may pass a result on as arguments. A result in the boundary's buffers must then live
    /// through this call. Bytes that the plugin lent are copied: a command must neither hold them
    /// while it changes the plugin, nor change them.
    ///
    /// # Safety
    /// The same as for [`serve`](Boundary::serve).
    #[cold]
    unsafe fn settle(&self, arguments: *mut [u8], result: &mut Vec<u8>) -> *mut [u8] {
        let place = range(arguments);
        self.settle_freed_answer(place);
        let lent = self.lent.replace(NOWHERE);
        let mut held = self.held.take();
        let arguments = if overlap(lent, place) {
            // SAFETY: the caller guarantees it for the bytes.
            held = unsafe { &*arguments }.to_vec();
            // They stay where they are until the next call settles, even if the vector moves.
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
            .set(!held.is_empty() || self.freed_answer.get() != NO_PLACE);
        self.held.set(held);
        arguments
    }

    /// A host that frees an answer in its arguments and then uses the buffer again meant the
    /// answer. A call without arguments does not show it.
    fn settle_freed_answer(&self, arguments: Range) {
        if arguments.1 == 0 {
            return;
        }
        if let Some((nth, block)) = self.find(self.freed_answer.take())
            && !overlap(block.range(), arguments)
        {
            self.release(nth, block);
        }
    }
}

/// In a guest, the boundary lives as long as the instance. In a native test, blocks may be left.
#[cfg(not(target_arch = "wasm32"))]
impl Drop for Boundary {
    fn drop(&mut self) {
        for block in self.blocks.get_mut().take() {
            // SAFETY: it was just taken off the list.
            unsafe { block.free() };
        }
    }
}

/// The part of a block that a host has written.
#[derive(Clone, Copy)]
enum Written {
    Bytes(u32),
    /// The bytes before the first zero byte.
    Terminated,
    All,
}

/// Empties a buffer for the next result, and drops it if it is too large to keep.
#[inline]
fn recycle(buffer: &mut Vec<u8>) {
    if buffer.capacity() > KEPT_RESULT {
        *buffer = Vec::new();
    }
    buffer.clear();
}

/// Packs the place of an answer; fails if it is too long.
#[inline]
fn pack(bytes: *const [u8]) -> Result<u64, Error> {
    let len = bytes.len();
    if len > MAX_LEN as usize {
        return Err(too_large("a result", len));
    }
    let packed = Packed {
        // The address of no bytes is 0: a host that frees it must not free the buffer that they
        // happen to point to.
        address: if len == 0 {
            0
        } else {
            // Addresses have 32 bits on every target where this crosses a boundary.
            bytes.cast::<u8>().addr() as u32
        },
        len: len as u32,
        failed: false,
    };
    Ok(packed.to_bits())
}

/// Packs an error, which may be too long itself.
#[cold]
fn fail(mut error: Error, result: &mut Vec<u8>) -> u64 {
    loop {
        recycle(result);
        error.write_json(result);
        match pack(&**result) {
            Ok(packed) => return packed | FAILED,
            Err(too_large) => error = too_large,
        }
    }
}

/// The bit of a packed answer that is an error.
const FAILED: u64 = Packed {
    address: 0,
    len: 0,
    failed: true,
}
.to_bits();

#[cold]
fn too_large(what: &str, len: usize) -> Error {
    let details = object(|details| details.number("bytes", len as u64));
    let message = join(&[what, " must have less than 2^31 bytes"]);
    Error::new(code::TOO_LARGE, message).with_details_json(details)
}

/// The answer when a host function calls back into the plugin that called it.
const BUSY: &str =
    r#"{"code":"busy","message":"the plugin is in a call already, and runs one at a time"}"#;

/// Returns the answer to a call during another one, whose buffer must stay untouched.
#[cold]
pub fn busy() -> u64 {
    pack(BUSY.as_bytes()).unwrap_or_default() | FAILED
}

/// A plain number, for which any bytes of its size are valid.
///
/// # Safety
/// The type must have no padding and no invalid bytes.
pub unsafe trait Number: Copy + 'static {
    /// The name of the type.
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

/// Views bytes as numbers; `None` if they are not aligned, or not a whole number of them.
pub fn as_numbers<T: Number>(bytes: &mut [u8]) -> Option<&mut [T]> {
    // SAFETY: any bytes are a valid `T`, and any `T` is valid bytes.
    let (before, numbers, after) = unsafe { bytes.align_to_mut() };
    (before.is_empty() && after.is_empty()).then_some(numbers)
}

/// Copies numbers from bytes of any alignment. Bytes that make no whole number are left out.
#[cfg(all(feature = "binary", target_endian = "little"))]
pub fn copy_numbers<T: Number>(bytes: &[u8]) -> Vec<T> {
    let count = bytes.len() / size_of::<T>();
    let mut numbers = Vec::<T>::with_capacity(count);
    // SAFETY: there is room for `count` numbers, `bytes` holds as many, and any bytes are valid
    // numbers.
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

/// Views bytes as numbers; `None` if they are not aligned, or not a whole number of them.
#[inline]
pub fn lent_numbers<T: Number>(bytes: &[u8]) -> Option<&[T]> {
    // SAFETY: any bytes are a valid `T`.
    let (before, numbers, after) = unsafe { bytes.align_to() };
    (before.is_empty() && after.is_empty()).then_some(numbers)
}

/// Sets every number to 0.
pub fn clear<T: Number>(numbers: &mut [T]) {
    // SAFETY: exactly the bytes of the numbers are written, and zeros are a valid number.
    unsafe { ptr::write_bytes(numbers.as_mut_ptr(), 0, numbers.len()) }
}

/// An address that crosses the boundary. The host may read, or change, the memory there until the
/// call returns.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Address(*mut u8);

impl Address {
    /// The null address.
    pub const NULL: Self = Address(ptr::null_mut());

    /// Returns the address of numbers that the host only reads.
    #[inline]
    pub fn of<T: Number>(numbers: &[T]) -> Self {
        Address(numbers.as_ptr().cast_mut().cast())
    }

    /// Returns the address of numbers that the host may change.
    #[inline]
    pub fn of_mut<T: Number>(numbers: &mut [T]) -> Self {
        Address(numbers.as_mut_ptr().cast())
    }

    /// Creates an address from a number. It is never dereferenced here.
    #[inline]
    pub(crate) fn at(address: u32) -> Self {
        Address(ptr::without_provenance_mut(address as usize))
    }

    /// Returns the number that crosses the boundary.
    #[inline]
    pub(crate) fn get(self) -> u32 {
        self.0.addr() as u32
    }

    /// Returns whether it is the null address.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn is_null(self) -> bool {
        self.0.is_null()
    }
}

/// The memory that the one plugin of a module shares with its host.
#[cfg(target_arch = "wasm32")]
static BOUNDARY: Shared = Shared(Boundary::new());

#[cfg(target_arch = "wasm32")]
struct Shared(Boundary);

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Shared {}

/// Returns the memory that the one plugin of a module shares with its host.
///
/// Never inlined: before link-time optimisation, every use of a known address takes five bytes, and
/// an offset from one takes one.
#[cfg(target_arch = "wasm32")]
#[inline(never)]
pub fn boundary() -> &'static Boundary {
    &BOUNDARY.0
}

/// Takes bytes that a host function left in a block from `alloc` or in the room for short answers;
/// `None` if they are anywhere else.
#[inline]
pub fn receive(address: u32, len: u32) -> Option<Vec<u8>> {
    #[cfg(all(target_arch = "wasm32", not(feature = "_contract")))]
    if room::is_at(address) {
        return room::receive(len);
    }
    received(address, Written::Bytes(len))
}

/// Like [`receive`], for text that ends with a zero byte.
#[inline]
pub fn receive_terminated(address: u32) -> Option<std::ffi::CString> {
    std::ffi::CString::new(received(address, Written::Terminated)?).ok()
}

/// Like [`receive`], for a whole block.
#[inline]
pub fn receive_block(address: u32) -> Option<Vec<u8>> {
    received(address, Written::All)
}

/// Reads a value in a way that the compiler cannot predict.
#[inline]
pub fn opaque<T: Copy>(place: &'static T) -> T {
    // SAFETY: a reference is valid for reads.
    unsafe { ptr::read_volatile(place) }
}

#[inline]
#[cfg(target_arch = "wasm32")]
fn received(address: u32, written: Written) -> Option<Vec<u8>> {
    boundary().receive(address as usize, written)
}

#[cfg(not(target_arch = "wasm32"))]
fn received(address: u32, written: Written) -> Option<Vec<u8>> {
    native::received(address, written)
}

/// Views numbers as bytes.
pub fn as_bytes<T: Number>(numbers: &[T]) -> &[u8] {
    // SAFETY: a `T` has no padding, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}

/// Views numbers as mutable bytes.
#[cfg(not(target_arch = "wasm32"))]
pub fn as_bytes_mut<T: Number>(numbers: &mut [T]) -> &mut [u8] {
    let len = size_of_val(numbers);
    // SAFETY: a `T` has no padding, any bytes are a valid one, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), len) }
}

/// The functions that the crate `getrandom` calls for random bytes. Functions with a fixed name are
/// kept even if no code calls them.
#[cfg(all(feature = "getrandom", target_arch = "wasm32"))]
mod getrandom {
    use crate::random;

    /// The backend of `getrandom` 0.3 and 0.4.
    ///
    /// # Safety
    /// There must be `len` bytes at `address` to write to, initialised or not.
    // SAFETY: no other function has this name, which `getrandom` reserves for its one custom
    // backend.
    #[unsafe(no_mangle)]
    unsafe extern "Rust" fn __getrandom_v03_custom(
        address: *mut u8,
        len: usize,
    ) -> Result<(), getrandom::Error> {
        // SAFETY: the caller guarantees it for the bytes, which are initialised before they are
        // referred to.
        let bytes = unsafe {
            address.write_bytes(0, len);
            std::slice::from_raw_parts_mut(address, len)
        };
        random::fill(bytes).map_err(|_| getrandom::Error::UNEXPECTED)
    }

    /// The backend of `getrandom` 0.2: returns 0, or the number of an error.
    ///
    /// # Safety
    /// As above.
    // SAFETY: as above, for the name of 0.2.
    #[unsafe(no_mangle)]
    unsafe extern "Rust" fn __getrandom_custom(address: *mut u8, len: usize) -> u32 {
        // SAFETY: the caller guarantees it.
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
    fn freeing_an_unknown_address_does_nothing() {
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
    fn only_bytes_in_a_live_block_are_received() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        // SAFETY: the block is live and has four bytes.
        unsafe { block.copy_from(b"ab\0c".as_ptr(), 4) };
        let address = block.addr();
        assert_eq!(
            boundary.receive(address, Written::Bytes(5)),
            None,
            "it is shorter"
        );
        assert_eq!(boundary.receive(address + 1, Written::Bytes(1)), None);
        assert_eq!(
            boundary.receive(address, Written::Terminated).as_deref(),
            Some(&b"ab"[..])
        );
        assert_eq!(boundary.live_blocks(), 0);
        assert_eq!(
            boundary.receive(address, Written::Bytes(1)),
            None,
            "it is gone"
        );
        let endless = boundary.alloc(1);
        // SAFETY: the block is live and has one byte.
        unsafe { endless.write(b'x') };
        assert_eq!(boundary.receive(endless.addr(), Written::Terminated), None);
        assert_eq!(
            boundary.receive(endless.addr(), Written::Bytes(1)),
            Some(vec![b'x'])
        );
    }

    #[test]
    fn a_block_with_the_arguments_of_the_running_call_is_not_received() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        serve(&boundary, block.wrapping_add(1), 3, &mut |_, _| {
            assert_eq!(boundary.receive(block.addr(), Written::All), None);
            Ok(Answer::Written)
        });
        assert_eq!(boundary.live_blocks(), 1);
        boundary.free(block.addr());
        assert_eq!(boundary.live_blocks(), 0);
    }

    #[test]
    fn no_bytes_or_too_many_allocate_nothing() {
        let boundary = Boundary::new();
        assert_eq!(boundary.alloc(0), NO_BYTES);
        boundary.free(NO_BYTES.addr());
        assert!(boundary.alloc(1 << 31).is_null());
        assert_eq!(boundary.live_blocks(), 0);
    }

    type Serve<'a> = dyn FnMut(&mut [u8], &mut Vec<u8>) -> Result<Answer, Error> + 'a;

    fn serve(boundary: &Boundary, block: *mut u8, len: u32, serve: &mut Serve<'_>) -> Packed {
        // SAFETY: the tests pass blocks that they allocated, of at least this size.
        Packed::from_bits(unsafe {
            boundary.serve(block, len, |arguments, frame| {
                frame.answer = serve(arguments, frame.output)?;
                Ok(())
            })
        })
    }

    #[test]
    fn arguments_freed_during_a_call_outlive_it() {
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
    fn a_buffer_survives_freeing_the_answer_in_it() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
        for _ in 0..3 {
            let packed = serve(&boundary, block, 4, &mut in_place);
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
    fn one_allocation_and_free_per_call_leaks_nothing() {
        let boundary = Boundary::new();
        for _ in 0..100 {
            let block = boundary.alloc(4);
            serve(&boundary, block, 4, &mut in_place);
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
        let mut first = |_: &mut [u8], output: &mut Vec<u8>| {
            *output = text.take().unwrap();
            Ok(Answer::Written)
        };
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

    /// Answers with the arguments.
    fn in_place(arguments: &mut [u8], _: &mut Vec<u8>) -> Result<Answer, Error> {
        Ok(Answer::in_place(arguments))
    }

    /// Answers with a part of the arguments, like a command that trims them.
    fn trimmed(arguments: &mut [u8], _: &mut Vec<u8>) -> Result<Answer, Error> {
        Ok(Answer::in_place(&arguments[1..]))
    }

    #[test]
    fn a_buffer_and_its_answer_may_be_freed_in_any_order() {
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
    fn freeing_an_empty_answer_keeps_the_buffer() {
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
    fn a_call_without_arguments_settles_no_free() {
        let boundary = Boundary::new();
        let block = boundary.alloc(4);
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
    fn lent_state_is_copied_when_passed_on() {
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
    fn oversized_arguments_are_refused_unread() {
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
