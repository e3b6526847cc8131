//! The clock of an engine, which counts the time of calls in ticks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::failure::{Failure, FailureKind};

/// The interval of an engine's clock, and so the precision of timeouts.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Returns the duration of a number of ticks.
pub(crate) fn duration(ticks: u64) -> Duration {
    TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// Converts a timeout to ticks; 0 means no limit.
///
/// Adds one tick because the first one may come at once, so that a call never gets less time.
pub(crate) fn ticks(timeout: Option<Duration>) -> u64 {
    let Some(timeout) = timeout else { return 0 };
    let ticks = timeout
        .as_nanos()
        .div_ceil(TICK.as_nanos())
        .saturating_add(1);
    // Stays far below the range of the epoch counter, to which the ticks are added.
    u64::try_from(ticks)
        .unwrap_or(u64::MAX)
        .min(u64::from(u32::MAX))
}

/// The tick counter of an engine's clock, cheap to read; always 0 if calls have no timeout.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns whether a deadline has passed; 0 means no deadline.
    #[inline]
    pub(crate) fn passed(&self, deadline: u64) -> bool {
        deadline != 0 && self.now() >= deadline
    }

    /// Starts a thread that calls `tick` at every tick, which [advances](Clock::advance) the clock
    /// and returns whether the engine is still in use.
    pub(super) fn start(
        &self,
        mut tick: impl FnMut(&Clock) -> bool + Send + 'static,
    ) -> Result<(), Failure> {
        let clock = self.clone();
        let run = move || {
            while tick(&clock) {
                std::thread::sleep(TICK);
            }
        };
        let thread = std::thread::Builder::new()
            .name("plugin-clock".to_owned())
            .spawn(run);
        match thread {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::load(FailureKind::Engine {
                reason: format!("no thread for its clock: {error}"),
            })),
        }
    }

    /// Counts a tick.
    pub(super) fn advance(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_never_too_few_and_never_overflow() {
        assert_eq!(ticks(None), 0);
        assert_eq!(ticks(Some(Duration::ZERO)), 1);
        assert_eq!(ticks(Some(Duration::from_millis(1))), 2);
        assert_eq!(ticks(Some(Duration::from_millis(10))), 2);
        assert_eq!(ticks(Some(Duration::from_secs(1))), 101);
        assert_eq!(ticks(Some(Duration::MAX)), u64::from(u32::MAX));
    }
}
