//! Clocks.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use plugin_sdk::Result;
use plugin_sdk::services::time::Time;

use super::{Shared, error};

/// 2000-01-01 00:00 UTC, in nanoseconds since 1970.
const START: u64 = 946_684_800_000_000_000;

/// A clock that a test moves by hand. Clones share it.
///
/// It starts at 2000-01-01 00:00 UTC, with its monotonic time at 0.
///
/// ```
/// use std::time::Duration;
/// use plugin_sdk::services::time::Time;
/// use plugin_sdk_harness::services::ManualClock;
///
/// let clock = ManualClock::new();
/// let mut plugins = clock.clone();
/// let (mut now, mut monotonic) = (0, 0);
///
/// clock.advance(Duration::from_secs(90));
/// plugins.now(&mut now)?;
/// plugins.monotonic(&mut monotonic)?;
/// assert_eq!(now, 946_684_890_000_000_000);
/// assert_eq!(monotonic, 90_000_000_000);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Shared<Hands>);

#[derive(Clone, Copy, Debug)]
struct Hands {
    now: u64,
    monotonic: u64,
    step: u64,
}

impl ManualClock {
    /// Creates a clock that shows 2000-01-01 00:00 UTC.
    pub fn new() -> Self {
        ManualClock(Shared::new(Hands {
            now: START,
            monotonic: 0,
            step: 0,
        }))
    }

    /// Advances both the time of day and the monotonic time.
    pub fn advance(&self, by: Duration) {
        self.0.lock().advance(nanoseconds(by));
    }

    /// Sets the time of day, forwards or back, in nanoseconds since 1970-01-01 00:00 UTC. The
    /// monotonic time stays, as when a user sets a real clock.
    pub fn set(&self, nanoseconds: u64) {
        self.0.lock().now = nanoseconds;
    }

    /// Returns the time of day, in nanoseconds since 1970-01-01 00:00 UTC.
    pub fn time_of_day(&self) -> u64 {
        self.0.lock().now
    }

    /// Returns how far the clock has been [advanced](Self::advance).
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.0.lock().monotonic)
    }

    /// Returns the time of day, the monotonic time and the step.
    pub(crate) fn hands(&self) -> (u64, u64, u64) {
        let hands = self.0.lock();
        (hands.now, hands.monotonic, hands.step)
    }

    /// Advances the clock by this step after every reading, for plugins that wait for time to pass.
    pub fn step(self, step: Duration) -> Self {
        self.0.lock().step = nanoseconds(step);
        self
    }
}

impl Hands {
    /// Returns the hands, and advances them by the step.
    fn read(&mut self) -> Hands {
        let shown = *self;
        self.advance(shown.step);
        shown
    }

    fn advance(&mut self, by: u64) {
        self.now = self.now.saturating_add(by);
        self.monotonic = self.monotonic.saturating_add(by);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Time for ManualClock {
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = self.0.lock().read().now;
        Ok(())
    }

    fn monotonic(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = self.0.lock().read().monotonic;
        Ok(())
    }
}

/// The system clock.
///
/// ```
/// use plugin_sdk::services::time::Time;
/// use plugin_sdk_harness::services::SystemClock;
///
/// let mut clock = SystemClock;
/// let (mut before, mut after) = (0, 0);
/// clock.monotonic(&mut before)?;
/// clock.monotonic(&mut after)?;
/// assert!(before <= after);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// Returns the origin of the monotonic time: the first reading in this process, so that a plugin
/// does not learn how long the computer has been running.
fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

impl Time for SystemClock {
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()> {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|_| {
                error::unavailable("the host's clock cannot be used", "it is before 1970")
            })?;
        *nanoseconds = self::nanoseconds(since);
        Ok(())
    }

    fn monotonic(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = self::nanoseconds(start().elapsed());
        Ok(())
    }
}

/// Converts a duration to nanoseconds, which fit until the year 2554.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_the_clock_back_keeps_the_monotonic_time() {
        let clock = ManualClock::new();
        clock.advance(Duration::from_millis(5));
        clock.set(7);
        assert_eq!(clock.time_of_day(), 7);
        assert_eq!(clock.elapsed(), Duration::from_millis(5));
        clock.advance(Duration::MAX);
        assert_eq!(clock.time_of_day(), u64::MAX);
    }

    #[test]
    fn stepping_clock_advances_with_every_reading() {
        let mut clock = ManualClock::new().step(Duration::from_nanos(3));
        let (mut first, mut second) = (1, 1);
        clock.monotonic(&mut first).unwrap();
        clock.monotonic(&mut second).unwrap();
        assert_eq!((first, second), (0, 3));
    }

    #[test]
    fn system_clock_is_past_the_year_2020() {
        let mut now = 0;
        Time::now(&mut SystemClock, &mut now).unwrap();
        assert!(now > 1_577_836_800_000_000_000);
    }
}
