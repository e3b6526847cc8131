//! The compiled module and the limits from which instances are created.

use std::sync::Arc;

use wasmtime::Store;

use super::module::Compiled;
use crate::engine::ticks;
use crate::imports::{Host, State};
use crate::limits::{Limiter, Limits};

/// The parts that all instances of a plugin share.
#[derive(Clone)]
pub(crate) struct Blueprint {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) limits: Limits,
    /// The size of the pool of instances, if there is one.
    pub(crate) pool: Option<u32>,
}

impl Blueprint {
    /// Creates a store and starts the time and the fuel of the instantiation.
    pub(super) fn store(&self, host: Host) -> Store<State> {
        let state = State {
            limiter: Limiter::new(&self.limits),
            host,
            #[cfg(feature = "async")]
            deadline: None,
            interrupt: None,
            observer: None,
        };
        let mut store = Store::new(self.compiled.pre().module().engine(), state);
        store.limiter(|state| &mut state.limiter);
        begin(&mut store, ticks(self.limits.timeout), self.limits.fuel);
        store
    }
}

/// Starts the time and the fuel of a call.
#[inline]
pub(crate) fn begin(store: &mut Store<State>, ticks: u64, fuel: Option<u64>) {
    if ticks != 0 {
        let next = match store.data().interrupt {
            Some(_) => 1,
            None => ticks,
        };
        store.set_epoch_deadline(next);
    }
    if let Some(fuel) = fuel {
        // Fails only without fuel in the engine, which was created for these limits.
        let _ = store.set_fuel(fuel);
    }
    let state = store.data_mut();
    state.limiter.forget();
    state.host.begin(ticks);
}
