//! The allowance of the current call, for services that take time or pass on text.

use std::cell::Cell;
use std::time::{Duration, Instant};

use plugin_sdk::{Error, Result, code};

/// The call of a plugin that a host function is part of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Call {
    /// The time that is left; `None` for any.
    pub(crate) left: Option<Duration>,
    /// Its number in this process; 0 outside of any call.
    pub(crate) number: u64,
    /// The bytes of log lines that it may pass on.
    pub(crate) log_bytes: u64,
}

thread_local! {
    static CALL: Cell<Call> = const { Cell::new(Call { left: None, number: 0, log_bytes: u64::MAX }) };
}

/// What is left of a call for the plugin itself, once a service has waited in vain: an eighth, and no less than this.
const RESERVE: Duration = Duration::from_millis(20);

/// How long the host function that this thread is in may wait; `None` where the plugin's calls may take any time.
///
/// It is what was left of the plugin's call when it called the host, less a little: a service that asks this first, and waits no longer, answers with an
/// error that the plugin can still make something of.
///
/// ```
/// assert_eq!(plugin_sdk_harness::services::time_left(), None, "outside of any call");
/// ```
pub fn time_left() -> Option<Duration> {
    let left = CALL.get().left?;
    Some(left.saturating_sub(RESERVE.max(left / 8)))
}

/// Returns the call whose host function this thread runs.
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

/// The time at which a service that works in small steps has to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<(Instant, Duration)>);

impl Deadline {
    /// Returns the deadline of the current call.
    pub(super) fn of_call() -> Self {
        Deadline(time_left().map(|left| (Instant::now() + left, left)))
    }

    /// Fails with the code `timeout` once it has passed.
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
    fn what_is_left_is_the_innermost_calls_and_comes_back_even_after_a_panic() {
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
    fn a_deadline_that_has_passed_is_an_error_that_names_the_setting() {
        let check = || Deadline::of_call().check("this");
        assert_eq!(check(), Ok(()));
        let late = with_time_left(Some(Duration::ZERO), check).unwrap_err();
        assert_eq!(late.code(), "timeout");
        assert!(late.message().contains("`timeout`"), "{late}");
    }
}
