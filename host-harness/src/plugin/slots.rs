//! The instances of a pool, each in a slot that one call at a time takes.
//!
//! Each thread begins its search at the slot that it had before, so that calls from several threads
//! share nothing in memory as long as each of them finds its instance.

use std::cell::Cell;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sync::lock;

/// Slots for instances of one plugin.
pub(super) struct Slots<P> {
    slots: Box<[Slot<P>]>,
    /// The number of slots that were taken at least once: the first ones.
    used: AtomicUsize,
}

/// Aligned so that no two are in the same line of a cache, or in lines that are loaded in pairs.
#[repr(align(128))]
struct Slot<P>(Mutex<State<P>>);

enum State<P> {
    /// No call has the slot. There is no instance before the first call, or after a trap.
    Free(Option<Box<P>>),
    /// No call has the slot, and only those that waited may take it.
    SetAside(Option<Box<P>>),
    Taken,
}

thread_local! {
    /// The slot that this thread took last, in any pool.
    static LAST: Cell<usize> = const { Cell::new(0) };
}

/// A slot that a call has taken. It is free again when this is dropped, with the instance in it.
pub(super) struct Taken<'a, P> {
    slots: &'a Slots<P>,
    at: usize,
    pub(super) plugin: Option<Box<P>>,
    is_set_aside: bool,
}

impl<P> Taken<'_, P> {
    /// Gives the slot back to [`Slots::take_set_aside`] only.
    #[cfg(feature = "async")]
    pub(super) fn set_aside(mut self) {
        self.is_set_aside = true;
    }
}

impl<P> Drop for Taken<'_, P> {
    fn drop(&mut self) {
        if let Some(place) = self.slots.slots.get(self.at) {
            let plugin = self.plugin.take();
            *lock(&place.0) = match self.is_set_aside {
                true => State::SetAside(plugin),
                false => State::Free(plugin),
            };
        }
    }
}

impl<P> Slots<P> {
    /// The most slots of a pool.
    pub(super) const MAX: usize = 1 << 16;

    /// Creates slots without instances.
    pub(super) fn new(size: usize) -> Self {
        let free = || Slot(Mutex::new(State::Free(None)));
        Slots {
            slots: std::iter::repeat_with(free).take(size).collect(),
            used: AtomicUsize::new(0),
        }
    }

    /// Takes a free slot: one with an instance if possible, and preferably the one that this thread
    /// had before, whose processor caches its data.
    pub(super) fn take(&self) -> Option<Taken<'_, P>> {
        self.take_idle(|_| true).or_else(|| self.take_any())
    }

    /// Takes the first free slot. It may have got an instance meanwhile.
    fn take_any(&self) -> Option<Taken<'_, P>> {
        let mut slots = self.slots.iter().enumerate();
        let taken = slots.find_map(|(at, slot)| {
            let mut state = lock(&slot.0);
            match &mut *state {
                State::Free(_) => self.taken(at, &mut state),
                _ => None,
            }
        })?;
        self.used.fetch_max(taken.at + 1, Ordering::Relaxed);
        Some(taken)
    }

    /// Takes a slot that was set aside.
    #[cfg(feature = "async")]
    pub(super) fn take_set_aside(&self) -> Option<Taken<'_, P>> {
        let mut slots = self.slots.iter().enumerate();
        slots.find_map(|(at, slot)| {
            let mut state = lock(&slot.0);
            match &mut *state {
                State::SetAside(_) => self.taken(at, &mut state),
                _ => None,
            }
        })
    }

    /// Takes a free slot with an instance that satisfies a condition.
    pub(super) fn take_idle(&self, condition: impl Fn(&P) -> bool) -> Option<Taken<'_, P>> {
        let used = self.used.load(Ordering::Relaxed);
        let last = LAST.get();
        let first = if last < used { last } else { 0 };
        (first..used).chain(0..first).find_map(|at| {
            let mut state = lock(&self.slots.get(at)?.0);
            match &mut *state {
                State::Free(Some(plugin)) if condition(plugin) => self.taken(at, &mut state),
                _ => None,
            }
        })
    }

    /// Takes a slot if no call has it.
    fn taken(&self, at: usize, state: &mut State<P>) -> Option<Taken<'_, P>> {
        match std::mem::replace(state, State::Taken) {
            State::Free(plugin) | State::SetAside(plugin) => {
                LAST.set(at);
                Some(Taken {
                    slots: self,
                    at,
                    plugin,
                    is_set_aside: false,
                })
            }
            State::Taken => None,
        }
    }

    /// Returns the number of slots that no call has, and how many of them have an instance.
    fn count(&self) -> (usize, usize) {
        self.slots
            .iter()
            .fold((0, 0), |(free, idle), slot| match &*lock(&slot.0) {
                State::Free(plugin) | State::SetAside(plugin) => {
                    (free + 1, idle + usize::from(plugin.is_some()))
                }
                State::Taken => (free, idle),
            })
    }
}

impl<P> fmt::Debug for Slots<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (free, idle) = self.count();
        f.debug_struct("Slots")
            .field("free", &free)
            .field("idle", &idle)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_taken_before_empty_slots() {
        let slots = Slots::new(3);
        let mut first = slots.take().unwrap();
        let mut second = slots.take().unwrap();
        first.plugin = Some(Box::new("first"));
        second.plugin = Some(Box::new("second"));
        drop(first);
        let again = slots.take().unwrap();
        assert_eq!(again.plugin.as_deref(), Some(&"first"));
        let third = slots.take().unwrap();
        assert!(third.plugin.is_none());
        assert!(slots.take().is_none());
        drop(second);
        assert!(slots.take_idle(|plugin| *plugin == "first").is_none());
        let second = slots.take_idle(|plugin| *plugin == "second");
        assert!(second.is_some());
        drop(third);
        assert_eq!(format!("{slots:?}"), "Slots { free: 1, idle: 0 }");
        drop(second);
        assert_eq!(format!("{slots:?}"), "Slots { free: 2, idle: 1 }");
    }

    #[test]
    fn as_many_threads_as_slots_always_find_a_free_one() {
        let slots = Slots::new(2);
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    for _ in 0..1000 {
                        let mut slot = slots.take().unwrap();
                        **slot.plugin.get_or_insert_default() += 1;
                    }
                });
            }
        });
        let taken = [slots.take().unwrap(), slots.take().unwrap()];
        let calls = taken.iter().filter_map(|slot| slot.plugin.as_deref());
        assert_eq!(calls.sum::<u32>(), 2000);
    }
}
