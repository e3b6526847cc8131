//! What contracts of other hosts need of linear memory; plugins for this SDK's own ABI have nothing of it.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::ptr;

use super::busy;
use crate::abi::Packed;
use crate::hosts::call::Reply;
use crate::hosts::registry::Export;

thread_local! {
    /// Whether a contract looks at an answer, which the next call would take away.
    static ANSWERING: Cell<bool> = const { Cell::new(false) };
    /// What a contract tells its host of the last call, beside the plugin's answer or instead of it.
    // Never dropped, so that no destructor has to be registered.
    static KEPT: RefCell<ManuallyDrop<Vec<u8>>> = const { RefCell::new(ManuallyDrop::new(Vec::new())) };
}

/// Keeps bytes where the host finds them, in the stead of those kept before.
#[inline]
pub fn keep(bytes: Vec<u8>) {
    drop(ManuallyDrop::into_inner(
        KEPT.replace(ManuallyDrop::new(bytes)),
    ));
}

/// Looks at the bytes that are kept, whose address stays until others are.
#[inline]
pub fn kept<R>(then: impl FnOnce(&[u8]) -> R) -> R {
    KEPT.with_borrow(|bytes| then(bytes))
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
    Packed::from_bits(match ANSWERING.get() {
        true => busy(),
        false => call(),
    })
}

/// Looks at what an export has just answered.
#[inline]
pub fn answered<R>(answer: Packed, then: impl FnOnce(Reply<'_>) -> R) -> R {
    let before = ANSWERING.replace(true);
    let bytes: &[u8] = match answer.len {
        0 => &[],
        // SAFETY: `Boundary::serve`, or `busy`, told where its answer lies, which stays there until the next call; `ANSWERING` keeps that away until `then` has returned.
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
    ANSWERING.set(before);
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
