//! Plugins whose calls are quick enough for a thread that must not wait long.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The longest time of a quick call.
const QUICK: Duration = Duration::from_millis(1);

/// The number of calls in a row after which the next one is likely to be quick.
const IN_A_ROW: u32 = 32;

/// The number of last calls that were quick, up to [`IN_A_ROW`].
#[derive(Default)]
pub(super) struct Quickness(AtomicU32);

impl Quickness {
    pub(super) fn note(&self, took: Duration) {
        let before = self.0.load(Ordering::Relaxed);
        if took > QUICK {
            self.0.store(0, Ordering::Relaxed);
        } else if before < IN_A_ROW {
            // A call that ends at the same time may go uncounted.
            self.0.store(before + 1, Ordering::Relaxed);
        }
    }

    pub(super) fn is_likely(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_quick_calls_in_a_row_are_needed_after_each_slow_one() {
        let quickness = Quickness::default();
        for _ in 0..2 {
            for _ in 0..IN_A_ROW {
                assert!(!quickness.is_likely());
                quickness.note(QUICK);
            }
            assert!(quickness.is_likely());
            quickness.note(QUICK + Duration::from_nanos(1));
        }
    }
}
