//! The room for short answers of host functions, which saves a host the call of `alloc`.

use std::cell::{Cell, UnsafeCell};

use super::short::{SHORT, append_short};
use crate::abi::ROOM_SIZE;

/// Memory in which the host leaves an answer, until the guest has copied it. The plugin's crate has
/// it, so that a module that only uses the crate as a library exports none.
#[repr(C, align(16))]
pub struct Room(UnsafeCell<[u8; ROOM_SIZE as usize]>);

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
unsafe impl Sync for Room {}

impl Room {
    /// Creates an empty room.
    #[allow(clippy::new_without_default, reason = "only ever a static")]
    pub const fn new() -> Self {
        Room(UnsafeCell::new([0; ROOM_SIZE as usize]))
    }
}

/// The room of the plugin, once it has been opened.
struct Opened(Cell<Option<&'static Room>>);

// SAFETY: as above.
unsafe impl Sync for Opened {}

static OPENED: Opened = Opened(Cell::new(None));

/// Expects answers in a room from now on.
pub fn open(room: &'static Room) {
    OPENED.0.set(Some(room));
}

/// Returns whether an answer is in the room.
#[inline]
pub fn is_at(address: u32) -> bool {
    let room = OPENED.0.get();
    room.is_some_and(|room| address == room.0.get().addr() as u32)
}

/// Returns a copy of an answer in the room; `None` if there is no room or it is shorter.
pub fn receive(len: u32) -> Option<Vec<u8>> {
    let len = len as usize;
    // SAFETY: the room is always initialised. The host writes to it only during a call of a host
    // function, which has returned.
    let room = unsafe { &*OPENED.0.get()?.0.get() };
    let answer = room.get(..len)?;
    if len > SHORT {
        return Some(answer.to_vec());
    }
    // Not a call of the engine, as a copy of any length is. There must be room for four more bytes.
    let mut bytes = Vec::with_capacity(len + 4);
    append_short([0; 2], answer, [0; 2], &mut bytes);
    Some(bytes)
}
