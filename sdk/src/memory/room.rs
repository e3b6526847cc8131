//! The room for short answers of host functions, which saves a host the call of `alloc`.

use std::cell::UnsafeCell;

use crate::abi::ROOM_SIZE;

/// Memory in which the host leaves an answer, until the guest has copied it.
#[repr(C, align(16))]
struct Room(UnsafeCell<[u8; ROOM_SIZE as usize]>);

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
unsafe impl Sync for Room {}

#[unsafe(export_name = crate::__abi_name!(ROOM_EXPORT))]
static ROOM: Room = Room(UnsafeCell::new([0; ROOM_SIZE as usize]));

/// The longest answer that is copied with a fixed length. Any other copy is a call of the engine.
const SHORT: usize = 32;

/// Returns whether an answer is in the room.
#[inline]
pub fn is_at(address: u32) -> bool {
    address == ROOM.0.get().addr() as u32
}

/// Returns a copy of an answer in the room; `None` if it is longer than the room.
pub fn receive(len: u32) -> Option<Vec<u8>> {
    let len = len as usize;
    // SAFETY: the room is always initialised. The host writes to it only during a call of a host
    // function, which has returned.
    let room = unsafe { &*ROOM.0.get() };
    match room.first_chunk::<SHORT>() {
        Some(start) if len <= SHORT => {
            let mut bytes = start.to_vec();
            bytes.truncate(len);
            Some(bytes)
        }
        _ => room.get(..len).map(<[u8]>::to_vec),
    }
}
