//! What contracts of other hosts need of linear memory; plugins for this SDK's own ABI have nothing of it.

use std::cell::Cell;
use std::ptr;

use super::busy;
use crate::abi::Packed;
use crate::hosts::call::Reply;
use crate::hosts::registry::Export;

/// What contracts remember between calls.
struct Outside {
    /// Whether a contract looks at an answer, which the next call would take away.
    answering: Cell<bool>,
    /// What a contract tells its host of the last call, beside the plugin's answer or instead of it.
    kept: Cell<Vec<u8>>,
}

impl Outside {
    const fn new() -> Self {
        Outside {
            answering: Cell::new(false),
            kept: Cell::new(Vec::new()),
        }
    }
}

// SAFETY: without `atomics`, which `guest.rs` refuses, wasm32 has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Outside {}

/// Not a variable of the thread's there: that could be gone at the thread's end, which every access would have to ask.
#[cfg(target_arch = "wasm32")]
#[inline]
fn outside<R>(then: impl FnOnce(&Outside) -> R) -> R {
    static OUTSIDE: Outside = Outside::new();
    then(&OUTSIDE)
}

#[cfg(not(target_arch = "wasm32"))]
fn outside<R>(then: impl FnOnce(&Outside) -> R) -> R {
    thread_local! {
        static OUTSIDE: Outside = const { Outside::new() };
    }
    OUTSIDE.with(then)
}

/// Keeps bytes where the host finds them, in the stead of those kept before.
#[inline]
pub fn keep(bytes: Vec<u8>) {
    outside(|outside| outside.kept.set(bytes));
}

/// Looks at the bytes that are kept, whose address stays until others are.
#[inline]
pub fn kept<R>(then: impl FnOnce(&[u8]) -> R) -> R {
    outside(|outside| {
        let bytes = outside.kept.take();
        let made = then(&bytes);
        outside.kept.set(bytes);
        made
    })
}

/// Calls an export of the guest's own with bytes that the guest holds. While an answer is looked at, the plugin is busy.
#[inline]
pub fn call(export: Export, arguments: &mut [u8]) -> Packed {
    let len = u32::try_from(arguments.len()).unwrap_or(u32::MAX);
    within_no_answer(|| {
        // SAFETY: the slice is exclusive for the length of the call, readable and writable; of one that is longer than its length says, nothing is read at all.
        unsafe { export(arguments.as_mut_ptr(), len) }
    })
}

/// Runs what may take the last answer away, and answers itself.
#[inline]
pub fn within_no_answer(call: impl FnOnce() -> u64) -> Packed {
    Packed::from_bits(match outside(|outside| outside.answering.get()) {
        true => busy(),
        false => call(),
    })
}

/// Looks at what an export has just answered.
#[inline]
pub fn answered<R>(answer: Packed, then: impl FnOnce(Reply<'_>) -> R) -> R {
    let before = outside(|outside| outside.answering.replace(true));
    let bytes: &[u8] = match answer.len {
        0 => &[],
        // SAFETY: `Boundary::serve`, or `busy`, told where its answer lies, which stays there until the next call; `answering` keeps that away until `then` has returned.
        len => unsafe {
            std::slice::from_raw_parts(
                ptr::with_exposed_provenance(answer.address as usize),
                len as usize,
            )
        },
    };
    let made = then(Reply {
        failed: answer.failed,
        bytes,
    });
    outside(|outside| outside.answering.set(before));
    made
}

/// The bytes of a host's, which it lends for the length of a call.
///
/// # Safety
/// The bytes must be readable and writable while the result is used, and nothing else may refer to them.
#[inline]
pub unsafe fn lent<'a>(address: *mut u8, len: u32) -> &'a mut [u8] {
    match len {
        0 => &mut [],
        // SAFETY: the caller vouches for the bytes; a memory of 32 bits has less than `isize::MAX` behind an address that it has.
        len => unsafe { std::slice::from_raw_parts_mut(address, len as usize) },
    }
}
