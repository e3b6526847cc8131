//! The state of a store.

#[cfg(feature = "async")]
use std::time::Duration;

#[cfg(feature = "async")]
use super::asynchronous;
use super::{Host, Interrupt, dispatch};
#[cfg(feature = "async")]
use crate::engine::AsyncCaller;
use crate::engine::{Caller, HostState};
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

impl HostState for State {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    fn must_end(&self) -> bool {
        self.is_interrupted() || self.host.is_late()
    }

    #[inline]
    fn serve<C: Caller<Self>>(
        caller: &mut C,
        number: usize,
        slots: &[u64],
    ) -> Result<u64, C::Error> {
        dispatch::call(caller, number, slots)
    }

    #[cfg(feature = "async")]
    fn serve_async<C: AsyncCaller<Self>>(
        caller: &mut C,
        number: usize,
        slots: &[u64],
    ) -> impl Future<Output = Result<u64, C::Error>> + Send {
        asynchronous::call(caller, number, slots)
    }
}
