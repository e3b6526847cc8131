//! The compiled module and the limits from which instances are created.

use std::sync::Arc;

use super::module::Compiled;
#[cfg(feature = "async")]
use crate::abi::ImportedFunction;
use crate::engine::{Error, Store, ticks};
#[cfg(feature = "async")]
use crate::failure::Failure;
use crate::imports::{Host, State};
use crate::limits::{Limiter, Limits};
use crate::observe::Observer;

/// The parts that all instances of a plugin share.
#[derive(Clone)]
pub(crate) struct Blueprint {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) limits: Limits,
    /// The size of the pool of instances, if there is one.
    pub(crate) pool: Option<u32>,
}

impl Blueprint {
    /// Creates an instance, with the time and the fuel of a call.
    pub(super) fn instantiate(
        &self,
        host: Host,
        observer: Option<Box<Observer>>,
    ) -> Result<Store<State>, Error> {
        let ticks = ticks(self.limits.timeout);
        let state = self.state(host, observer, ticks);
        let linked = self.compiled.linked();
        linked.instantiate(state, ticks, self.limits.fuel)
    }

    /// Creates an instance for async calls, with the time and the fuel of a call.
    #[cfg(feature = "async")]
    pub(super) async fn instantiate_async(
        &self,
        imports: &[ImportedFunction],
        host: Host,
        observer: Option<Box<Observer>>,
    ) -> Result<Result<Store<State>, Error>, Failure> {
        let mut state = self.state(host, observer, ticks(self.limits.timeout));
        state.begin_turns(self.limits.timeout);
        let linked = self.compiled.linked();
        let fuel = self.limits.fuel;
        linked.instantiate_async(imports, state, fuel).await
    }

    /// Returns the state of an instance whose instantiation begins.
    fn state(&self, mut host: Host, observer: Option<Box<Observer>>, ticks: u64) -> State {
        host.begin(ticks);
        State {
            limiter: Limiter::new(&self.limits),
            host,
            #[cfg(feature = "async")]
            deadline: None,
            interrupt: None,
            observer,
        }
    }
}

/// Starts the time and the fuel of a call.
#[inline]
pub(crate) fn begin(store: &mut Store<State>, ticks: u64, fuel: Option<u64>) {
    let next = match store.data().interrupt {
        // Its end is looked for at each tick.
        Some(_) => ticks.min(1),
        None => ticks,
    };
    store.begin(next, fuel);
    let state = store.data_mut();
    state.limiter.forget();
    state.host.begin(ticks);
}
