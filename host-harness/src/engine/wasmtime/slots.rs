//! Places for instances that stay ready for the next one: the memory of an instance that is gone
//! keeps its mappings and its pages, which only have to be reset. That takes a third of the time
//! that mapping memory and faulting its pages in takes.
//!
//! A slot reserves address space, so there are few, for all modules of an engine. An instance that
//! finds none free has memory of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The number of slots of an engine, each with 4 GiB of address space.
pub(super) const SLOTS: u32 = 64;

/// The slots of an engine that are free.
#[derive(Clone)]
pub(crate) struct Slots(Arc<AtomicU32>);

impl Slots {
    pub(super) fn new() -> Self {
        Slots(Arc::new(AtomicU32::new(SLOTS)))
    }

    pub(super) fn are_free(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Takes a slot, if one is free.
    pub(super) fn take(&self) -> Option<Slot> {
        let one_less = |free: u32| free.checked_sub(1);
        let (order, read) = (Ordering::AcqRel, Ordering::Relaxed);
        self.0.fetch_update(order, read, one_less).ok()?;
        Some(Slot(self.clone()))
    }
}

/// A slot in use; it is free again when this is dropped, which must be after its instance.
pub(super) struct Slot(Slots);

impl Drop for Slot {
    fn drop(&mut self) {
        let Slots(free) = &self.0;
        free.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_when_it_is_dropped() {
        let slots = Slots::new();
        let taken: Vec<Slot> = std::iter::from_fn(|| slots.take()).collect();
        assert_eq!(taken.len(), SLOTS as usize);
        assert!(!slots.are_free());
        drop(taken);
        assert!(slots.are_free() && slots.take().is_some());
    }
}
