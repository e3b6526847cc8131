//! Instances for calls: lent, counted, and replaced after a trap.

use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use super::{Entry, Serving, end_instance};
use crate::failure::{Failure, FailureKind};
use crate::plugin::{Place, Plugin};
use crate::registry::error::RegistryError;
use crate::registry::state::PluginState;
use crate::registry::{lock, try_lock};

impl Entry {
    /// Lends an instance to a call.
    pub(in crate::registry) fn with_instance<R>(
        &self,
        use_it: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, RegistryError> {
        let mut serving = lock(&self.serving);
        // The state is read under the lock: `stop` waits for a call, and ends before the next.
        self.expect_running()?;
        match &mut *serving {
            Serving::Nothing => Err(self.not_running()),
            Serving::One(_) => self.call_one(serving, use_it),
            Serving::Many(pool) => {
                let pool = Arc::clone(pool);
                drop(serving);
                self.call_in(pool.place(), use_it)
            }
        }
    }

    /// Lends an instance that is free now to a call that will be quick, as far as earlier calls
    /// show, and that ends within `limit` at any rate. Otherwise returns the closure.
    pub(in crate::registry) fn with_instance_if_quick<R, F>(
        &self,
        limit: Duration,
        use_it: F,
    ) -> Result<Result<R, RegistryError>, F>
    where
        F: FnOnce(&mut Plugin) -> Result<R, Failure>,
    {
        if !self.quickness.is_likely() || self.state() != PluginState::Running {
            return Err(use_it);
        }
        let Some(serving) = try_lock(&self.serving) else {
            return Err(use_it);
        };
        let ends = |plugin: &Plugin| plugin.timeout().is_some_and(|timeout| timeout <= limit);
        match &*serving {
            Serving::One(plugin) if ends(plugin) => Ok(self.call_one(serving, use_it)),
            Serving::Many(pool) => {
                let pool = Arc::clone(pool);
                drop(serving);
                match pool.idle_place(ends) {
                    Some(place) => Ok(self.call_in(place, use_it)),
                    None => Err(use_it),
                }
            }
            Serving::Nothing | Serving::One(_) => Err(use_it),
        }
    }

    /// Notes the time of a call, with the events that it emitted.
    pub(in crate::registry) fn note_time(&self, took: Duration) {
        self.quickness.note(took);
    }

    /// Calls the single instance.
    fn call_one<R>(
        &self,
        mut serving: MutexGuard<'_, Serving>,
        use_it: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, RegistryError> {
        let Serving::One(plugin) = &mut *serving else {
            return Err(self.not_running());
        };
        let result = self.counted(plugin, use_it);
        if plugin.is_poisoned() {
            self.restart(&mut serving, result.as_ref().err());
        }
        Ok(result?)
    }

    /// Calls an instance of a pool.
    fn call_in<R>(
        &self,
        place: Place<'_>,
        use_it: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, RegistryError> {
        let (result, is_dead) = place.with(|plugin| {
            let result = self.counted(plugin, use_it);
            (result, plugin.is_poisoned())
        })?;
        if is_dead {
            self.may_restart(result.as_ref().err());
        }
        Ok(result?)
    }

    /// Lends a new instance, which ends with the call.
    pub(in crate::registry) fn with_new_instance<R>(
        &self,
        use_it: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, RegistryError> {
        self.expect_running()?;
        let mut plugin = self.current().recipe.build(true)?;
        let result = self.counted(&mut plugin, use_it)?;
        // The answer is there, so a failing hook is only reported.
        if let Err(failure) = end_instance(&mut plugin, true) {
            self.notify_failure(&failure.message());
        }
        Ok(result)
    }

    /// Runs a call, and counts it.
    fn counted<R>(
        &self,
        plugin: &mut Plugin,
        use_it: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let begun = Instant::now();
        let result = use_it(plugin);
        let (time, memory) = (begun.elapsed(), plugin.memory_bytes());
        lock(&self.record).count_call(time, result.is_err(), memory);
        result
    }

    /// Replaces an instance that has trapped, unless that happened too often.
    pub(super) fn restart(&self, serving: &mut Serving, failure: Option<&Failure>) {
        *serving = Serving::Nothing;
        if !self.may_restart(failure) {
            return;
        }
        match self.current().recipe.build(true) {
            Ok(plugin) => *serving = Serving::One(Box::new(plugin)),
            Err(failure) => self.fail(failure),
        }
    }

    /// Notes the failure that ended an instance. Returns whether another one may be created.
    pub(super) fn may_restart(&self, failure: Option<&Failure>) -> bool {
        // Its caller has ended the call: the plugin did nothing wrong.
        if failure.is_some_and(|failure| matches!(failure.kind(), FailureKind::Cancelled)) {
            return true;
        }
        let mut record = lock(&self.record);
        if let Some(failure) = failure {
            record.failure = Some(failure.clone());
        }
        let may = record.may_restart(self.options.max_restarts);
        drop(record);
        if let Some(failure) = failure {
            self.notify_failure(&failure.message());
        }
        if !may {
            self.set_state(PluginState::Failed);
        }
        may
    }

    pub(super) fn fail(&self, failure: Failure) {
        self.notify_failure(&failure.message());
        lock(&self.record).failure = Some(failure);
        self.set_state(PluginState::Failed);
    }
}
