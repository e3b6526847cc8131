//! The result of a component's call: it stays in its place until the host has read it.

use std::cell::Cell;

use super::canonical::{Block, Frame};

/// The result of the last call.
struct Returned(Cell<Option<Lowered>>);

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Returned {}

/// Not thread-local on wasm32, as in [`contracts`](super::contracts).
#[cfg(target_arch = "wasm32")]
#[inline]
fn returned<R>(then: impl FnOnce(&Cell<Option<Lowered>>) -> R) -> R {
    static RETURNED: Returned = Returned(Cell::new(None));
    then(&RETURNED.0)
}

#[cfg(not(target_arch = "wasm32"))]
fn returned<R>(then: impl FnOnce(&Cell<Option<Lowered>>) -> R) -> R {
    thread_local! {
        static RETURNED: Returned = const { Returned(Cell::new(None)) };
    }
    RETURNED.with(|returned| then(&returned.0))
}

/// The memory of a result, until the host has read it.
#[derive(Default)]
pub struct Lowered {
    frames: Vec<Frame>,
    texts: Vec<Vec<u8>>,
    blocks: Vec<Block>,
}

impl Lowered {
    /// Keeps a frame, and returns its address.
    pub fn keep_frame(&mut self, mut frame: Frame) -> u32 {
        let address = frame.address().get();
        self.frames.push(frame);
        address
    }

    /// Keeps bytes of any alignment, and returns their address.
    pub fn keep_bytes(&mut self, bytes: Vec<u8>) -> u32 {
        let address = bytes.as_ptr().addr() as u32;
        self.texts.push(bytes);
        address
    }

    /// Returns the result to the host: the frame with its beginning. Drops the result before it.
    pub fn give(mut self, mut area: Frame) -> *mut u8 {
        let start = area.address().0;
        self.frames.push(area);
        returned(|returned| returned.set(Some(self)));
        start
    }
}

/// Keeps a block, in which a part of the returned result may be, as long as the result.
pub fn keep_with_returned(block: Block) {
    returned(|returned| {
        let mut lowered = returned.take().unwrap_or_default();
        lowered.blocks.push(block);
        returned.set(Some(lowered));
    });
}

/// `cabi_post_…`: drops the result that the host has read.
pub fn forget_returned() {
    returned(|returned| returned.set(None));
}

/// Returns the address of bytes that stay where they are, as it crosses the boundary.
#[inline]
pub fn address_of(bytes: &[u8]) -> u32 {
    bytes.as_ptr().addr() as u32
}
