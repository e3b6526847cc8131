//! The record of a guest that counts its allocations.

use plugin_sdk::abi;
use serde::Serialize;

use crate::failure::{FailureKind, Region};
use crate::memory::range;

/// The contents of the heap, as the plugin counts them; see
/// [`Plugin::heap`](crate::Plugin::heap).
///
/// The numbers come from the guest. If they are false, only the search for leaks is misled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Heap {
    /// Blocks that are allocated and not freed.
    pub live_blocks: u32,
    /// The size of these blocks, in bytes.
    pub live_bytes: u32,
    /// The largest total size of live blocks so far, in bytes.
    pub peak_bytes: u32,
    /// Live blocks that the host allocated with the export `alloc`: its argument buffer, and values
    /// that its functions gave the guest to own.
    pub host_blocks: u32,
    /// Blocks ever allocated.
    pub allocations: u64,
    /// The size of all blocks ever allocated, in bytes.
    pub allocated_bytes: u64,
}

/// A change of the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Growth {
    /// Live blocks.
    pub blocks: i64,
    /// Live bytes.
    pub bytes: i64,
    /// Live blocks that the host allocated.
    pub host_blocks: i64,
}

impl Heap {
    /// Returns the change from this moment to a later one.
    pub fn until(&self, later: &Heap) -> Growth {
        let difference = |before: u32, after: u32| i64::from(after) - i64::from(before);
        Growth {
            blocks: difference(self.live_blocks, later.live_blocks),
            bytes: difference(self.live_bytes, later.live_bytes),
            host_blocks: difference(self.host_blocks, later.host_blocks),
        }
    }
}

impl Growth {
    /// Returns whether neither blocks nor bytes grew.
    pub(super) fn is_none(self) -> bool {
        self.blocks <= 0 && self.bytes <= 0
    }

    pub(super) fn add(&mut self, more: Growth) {
        self.blocks = self.blocks.saturating_add(more.blocks);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.host_blocks = self.host_blocks.saturating_add(more.host_blocks);
    }
}

/// The location of the heap record.
pub(crate) struct HeapRecord {
    address: u32,
}

impl HeapRecord {
    /// Checks the record's address against a new instance's memory, which can only grow later.
    pub(crate) fn at(address: u32, memory: &[u8]) -> Result<Self, FailureKind> {
        let len = abi::HEAP_RECORD_SIZE;
        match range(memory, address, len) {
            Some(_) => Ok(HeapRecord { address }),
            None => Err(FailureKind::OutOfBounds {
                region: Region::HeapRecord,
                address,
                len,
                memory: memory.len() as u64,
            }),
        }
    }

    pub(crate) fn read(&self, memory: &[u8]) -> Option<Heap> {
        let record = range(memory, self.address, abi::HEAP_RECORD_SIZE)?;
        let (short, long) = record.split_at_checked(16)?;
        let (short, _) = short.as_chunks();
        let (long, _) = long.as_chunks();
        let &[live_blocks, live_bytes, peak_bytes, host_blocks] = short else {
            return None;
        };
        let &[allocations, allocated_bytes] = long else {
            return None;
        };
        Some(Heap {
            live_blocks: u32::from_le_bytes(live_blocks),
            live_bytes: u32::from_le_bytes(live_bytes),
            peak_bytes: u32::from_le_bytes(peak_bytes),
            host_blocks: u32::from_le_bytes(host_blocks),
            allocations: u64::from_le_bytes(allocations),
            allocated_bytes: u64::from_le_bytes(allocated_bytes),
        })
    }
}
