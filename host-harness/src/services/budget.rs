//! The time that the call under way has left, for services that wait for something.

use std::cell::Cell;
use std::time::Duration;

thread_local! {
    static LEFT: Cell<Option<Duration>> = const { Cell::new(None) };
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
    let left = LEFT.get()?;
    Some(left.saturating_sub(RESERVE.max(left / 8)))
}

/// Runs a host function with so much of its call's time left.
pub(crate) fn with_time_left<R>(left: Option<Duration>, serve: impl FnOnce() -> R) -> R {
    struct Restore(Option<Duration>);

    impl Drop for Restore {
        fn drop(&mut self) {
            LEFT.set(self.0);
        }
    }

    let _restore = Restore(LEFT.replace(left));
    serve()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
