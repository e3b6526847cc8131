//! The entry of host calls: an engine passes each to the dispatch.

#[cfg(feature = "async")]
use super::asynchronous;
use super::dispatch;
use super::state::State;
#[cfg(feature = "async")]
use crate::engine::AsyncCaller;
use crate::engine::{Caller, HostState};
use crate::limits::Limiter;

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
