//! The budget of the current call, for services that take time or forward text.

use std::cell::Cell;
use std::time::{Duration, Instant};

use plugin_sdk::{Error, Result, code};

/// The plugin call that a host function runs in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Call {
    /// The time left; `None` if unlimited.
    pub(crate) left: Option<Duration>,
    /// The call's number in this process; 0 outside any call.
    pub(crate) number: u64,
    /// The bytes of log lines that the call may forward.
    pub(crate) log_bytes: u64,
}

thread_local! {
    static CALL: Cell<Call> = const { Cell::new(Call { left: None, number: 0, log_bytes: u64::MAX }) };
}

/// The minimum time left to the plugin after a service has timed out. The plugin keeps an eighth of
/// its time, and at least this.
const RESERVE: Duration = Duration::from_millis(20);

/// Returns how long the current host function may wait, or `None` if the plugin's calls have no
/// timeout.
///
/// This is the time that the plugin's call had left when it called the host, less a reserve. A
/// service that waits no longer than this returns an error in time for the plugin to handle it.
///
/// ```
/// assert_eq!(plugin_sdk_harness::services::time_left(), None, "outside of any call");
/// ```
pub fn time_left() -> Option<Duration> {
    let left = CALL.get().left?;
    Some(left.saturating_sub(RESERVE.max(left / 8)))
}

/// Returns the plugin call that this thread's host function runs in.
pub(super) fn current() -> Call {
    CALL.get()
}

/// Runs a host function as part of a call.
pub(crate) fn within<R>(call: Call, serve: impl FnOnce() -> R) -> R {
    struct Restore(Call);

    impl Drop for Restore {
        fn drop(&mut self) {
            CALL.set(self.0);
        }
    }

    let _restore = Restore(CALL.replace(call));
    serve()
}

/// The time at which a service that works in small steps must stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<(Instant, Duration)>);

impl Deadline {
    /// Returns the deadline of the current call.
    pub(super) fn of_call() -> Self {
        Deadline(time_left().and_then(|left| Some((Instant::now().checked_add(left)?, left))))
    }

    /// Checks that the deadline has not passed.
    ///
    /// # Errors
    ///
    /// `timeout` once it has passed.
    pub(super) fn check(self, what: &str) -> Result<()> {
        match self.0 {
            Some((at, left)) if Instant::now() >= at => Err(Error::new(
                code::TIMEOUT,
                format!(
                    "{what} takes longer than the {} ms that the call had left; the host's setting is `timeout`",
                    left.as_millis()
                ),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_time_left<R>(left: Option<Duration>, serve: impl FnOnce() -> R) -> R {
        let call = Call {
            left,
            ..Call::default()
        };
        within(call, serve)
    }

    #[test]
    fn inner_call_restores_the_outer_budget_even_after_a_panic() {
        let second = Some(Duration::from_millis(875));
        with_time_left(Some(Duration::from_secs(1)), || {
            with_time_left(Some(Duration::ZERO), || {
                assert_eq!(time_left(), Some(Duration::ZERO));
            });
            let _ = std::panic::catch_unwind(|| with_time_left(None, || panic!("of a service")));
            assert_eq!(time_left(), second);
        });
        assert_eq!(time_left(), None);
    }

    #[test]
    fn missed_deadline_names_the_setting() {
        let check = || Deadline::of_call().check("this");
        assert_eq!(check(), Ok(()));
        assert_eq!(with_time_left(Some(Duration::MAX), check), Ok(()));
        let late = with_time_left(Some(Duration::ZERO), check).unwrap_err();
        assert_eq!(late.code(), "timeout");
        assert!(late.message().contains("`timeout`"), "{late}");
    }
}
