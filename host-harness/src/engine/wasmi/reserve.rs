//! The fuel of a call, which its store gets in slices.

/// The fuel of a slice, which takes at most some milliseconds. A single instruction for whole
/// ranges of memory may need more.
const SLICE: u64 = 100_000;

/// The fuel of the current call that its store does not have yet; `None` if it is not limited.
pub(super) struct Reserve(Option<u64>);

impl Reserve {
    /// Returns the reserve of a call with this fuel, and the call's first slice.
    #[inline]
    pub(super) fn of(fuel: Option<u64>) -> (Self, u64) {
        let first = fuel.map_or(SLICE, |fuel| fuel.min(SLICE));
        (Reserve(fuel.map(|fuel| fuel - first)), first)
    }

    /// Returns the fuel that is left altogether.
    pub(super) fn left(&self, in_store: u64) -> Option<u64> {
        Some(self.0?.saturating_add(in_store))
    }

    /// Returns the fuel for another slice of at least `required`, or `None` if too little is left.
    pub(super) fn refill(&mut self, in_store: u64, required: u64) -> Option<u64> {
        let slice = required.max(SLICE);
        let Some(left) = self.0 else {
            return Some(slice);
        };
        let left = left.saturating_add(in_store);
        let slice = slice.min(left);
        self.0 = Some(left - slice);
        (slice >= required).then_some(slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_add_up_to_the_fuel_of_the_call() {
        let (mut reserve, first) = Reserve::of(Some(SLICE + 10));
        assert_eq!(first, SLICE);
        assert_eq!(reserve.left(7), Some(17));
        assert_eq!(reserve.refill(7, 12), Some(17));
        assert_eq!(reserve.left(0), Some(0));
        assert_eq!(reserve.refill(0, 1), None);
    }

    #[test]
    fn a_large_instruction_gets_a_large_slice() {
        let (mut reserve, _) = Reserve::of(None);
        assert_eq!(reserve.refill(3, 5 * SLICE), Some(5 * SLICE));
        let (mut reserve, _) = Reserve::of(Some(3 * SLICE));
        assert_eq!(reserve.refill(0, 2 * SLICE), Some(2 * SLICE));
        assert_eq!(reserve.refill(0, 1), None);
    }
}
