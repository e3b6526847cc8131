//! The state of a store.

#[cfg(feature = "async")]
use std::time::Duration;

use super::{Host, Interrupt};
use crate::limits::Limiter;
use crate::observe::Observer;

/// The data of a store in addition to the guest; also the host of a native plugin.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) limiter: Limiter,
    pub(crate) host: Host,
    /// The time at which an asynchronous call must have ended.
    #[cfg(feature = "async")]
    pub(crate) deadline: Option<tokio::time::Instant>,
    /// The handle that ends the call from another thread, if there is one.
    pub(crate) interrupt: Option<Interrupt>,
    /// The observer of the instance, if there is one.
    pub(crate) observer: Option<Box<Observer>>,
}

impl State {
    /// Returns whether another thread has ended the call.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt
            .as_ref()
            .is_some_and(Interrupt::is_interrupted)
    }

    /// Starts the time of an async call.
    #[cfg(feature = "async")]
    pub(crate) fn begin_turns(&mut self, timeout: Option<Duration>) {
        let now = tokio::time::Instant::now();
        self.deadline = timeout.and_then(|timeout| now.checked_add(timeout));
    }
}
