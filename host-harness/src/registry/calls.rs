//! Calls of plugins by id, and the events that they emit.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::RegistryError;
use super::{Notice, Registry};
use crate::abi::CommandName;
use crate::failure::Failure;
use crate::plugin::Plugin;

/// The most rounds in which events that handlers emit are delivered after one call.
const MAX_ROUNDS: usize = 16;

impl Registry {
    /// Calls a command like [`Plugin::call`].
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin), [`NotRunning`](RegistryError::NotRunning),
    /// and the [failure](RegistryError::Plugin) of the call.
    pub fn call<R: DeserializeOwned>(
        &self,
        id: &str,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, RegistryError> {
        self.with_instance(id, |plugin| plugin.call(command, args))
    }

    /// Calls a command with bytes like [`Plugin::call_raw`], and copies the result.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Registry::call).
    pub fn call_raw(
        &self,
        id: &str,
        command: impl CommandName,
        args: &[u8],
    ) -> Result<Vec<u8>, RegistryError> {
        self.with_instance(id, |plugin| {
            plugin.call_raw(command, args).map(<[u8]>::to_vec)
        })
    }

    /// Lends an instance for several calls without others in between, or for more than a result. It
    /// counts as one call.
    ///
    /// A closure that calls the same plugin through the registry waits for ever, unless it has
    /// [several instances](super::PluginOptions::instances).
    ///
    /// # Errors
    ///
    /// Those of [`call`](Registry::call).
    pub fn with_instance<R>(
        &self,
        id: &str,
        use_it: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, RegistryError> {
        let entry = self.entry(id)?;
        let begun = Instant::now();
        let result = entry.with_instance(use_it);
        self.deliver();
        entry.note_time(begun.elapsed());
        result
    }

    /// Does the same on a thread that must not wait long, such as one of an async runtime: if the
    /// plugin is free, its last calls took less than a millisecond each, and its
    /// [time limit](crate::PluginBuilder::timeout) is at most `limit`. Otherwise nothing happens,
    /// and the closure comes back, for [`with_instance`](Registry::with_instance) on another
    /// thread.
    ///
    /// A call that is slow all the same keeps the thread until it ends, within the limit.
    ///
    /// # Errors
    ///
    /// The closure if the call may be slow. Within `Ok`, those of [`call`](Registry::call).
    pub fn with_instance_if_quick<R, F>(
        &self,
        id: &str,
        limit: Duration,
        use_it: F,
    ) -> Result<Result<R, RegistryError>, F>
    where
        F: FnOnce(&mut Plugin) -> Result<R, Failure>,
    {
        let Some(entry) = self.find(id) else {
            return Err(use_it);
        };
        let begun = Instant::now();
        let result = entry.with_instance_if_quick(limit, use_it)?;
        self.deliver();
        entry.note_time(begun.elapsed());
        Ok(result)
    }

    /// Lends a new instance, which ends with the closure, so that its calls do not depend on others
    /// and start from the initial state.
    ///
    /// # Errors
    ///
    /// Those of [`call`](Registry::call).
    pub fn with_new_instance<R>(
        &self,
        id: &str,
        use_it: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, RegistryError> {
        let result = self.entry(id)?.with_new_instance(use_it);
        self.deliver();
        result
    }

    /// Publishes an event of the host, and delivers it to every running plugin that handles it.
    ///
    /// A handler's failure is in the [status](Registry::status) of its plugin, and a
    /// [notice](Notice::Failed).
    ///
    /// # Errors
    ///
    /// A topic or data that are [not valid](RegistryError::Service).
    pub fn emit(&self, topic: &str, data: impl Serialize) -> Result<(), RegistryError> {
        let published = self.0.bus.publish(topic, &data);
        published.map_err(RegistryError::Service)?;
        self.deliver();
        Ok(())
    }

    /// Delivers the events that were emitted since the last time, and those that their handlers
    /// emit, for a bounded number of rounds. Most calls emit none, and cost one look.
    pub(super) fn deliver(&self) {
        for _ in 0..MAX_ROUNDS {
            let emitted = self.0.observed.take();
            if emitted.is_empty() {
                return;
            }
            for event in emitted {
                self.notify(Notice::Emitted {
                    topic: event.topic,
                    data: event.data,
                });
            }
            for entry in self.entries() {
                entry.deliver_events();
            }
        }
    }
}
