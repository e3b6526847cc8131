//! The interface of an emulator.

use std::sync::{Arc, Mutex, PoisonError};

use plugin_sdk::imports::HostFunctions;

use super::guest::Guest;
use crate::failure::{Failure, FailureKind};
use crate::permissions::Grants;
use crate::services::Handles;

/// The operations of a host. One that a host lacks fails with [`FailureKind::HostLacks`], and no
/// guest code runs.
///
/// Each method is one operation of the harness's user, with the time and the fuel of one call. A
/// guest that traps is dead; the method only passes the failure on.
pub(crate) trait Emulator: Send {
    /// Runs what the host does after it has created an instance and before it initialises the
    /// plugin: reading its description, for example.
    fn load(&mut self, _guest: &mut Guest) -> Result<(), Failure> {
        Ok(())
    }

    /// Initialises the plugin with its configuration: JSON, or no bytes without a configuration.
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure>;

    /// Runs a command with arguments in JSON, or bytes for a raw command, and returns its result.
    /// The plugin's own error is [`Guest::refused`].
    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure>;

    /// Runs a command for many inputs, in the host's own way, and returns all results.
    fn batch(
        &mut self,
        guest: &mut Guest,
        _name: &str,
        _inputs: &[&[u8]],
    ) -> Result<Vec<Vec<u8>>, Failure> {
        Err(guest.lacks("batches"))
    }

    /// Starts the plugin.
    fn start(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        Err(guest.lacks("start"))
    }

    /// Stops the plugin.
    fn stop(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        Err(guest.lacks("stop"))
    }

    /// Gives the plugin an event with data in JSON.
    fn event(&mut self, guest: &mut Guest, _topic: &str, _data: &[u8]) -> Result<(), Failure> {
        Err(guest.lacks("events"))
    }

    /// Ends the plugin's life.
    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure>;

    /// Checks, after that, other duties of the plugin by this host's rules. Memory that was
    /// allocated for the host and not freed is checked for all hosts.
    fn finish(&mut self, _guest: &mut Guest) -> Result<(), Failure> {
        Ok(())
    }
}

/// An emulated host, for one plugin.
pub(crate) struct Emulation {
    /// Its functions; of several with one name, the last wins.
    pub(crate) functions: Vec<HostFunctions>,
    pub(crate) emulator: Box<dyn Emulator>,
}

/// What an emulated host may use from the harness.
pub(crate) struct Surroundings<'a> {
    /// The services; clones share their state.
    pub(crate) services: &'a Handles,
    pub(crate) grants: &'a Grants,
    /// The place to note invalid calls of host functions.
    pub(crate) breaches: &'a Breaches,
    /// Whether the plugin describes itself, as those of this SDK do.
    pub(crate) described: bool,
}

/// The first rule that a plugin broke in a call of a host function, which cannot end the call
/// itself. It is reported when the call returns. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Breaches(Arc<Mutex<Option<(&'static str, String)>>>);

impl Breaches {
    /// Notes a rule and what was found instead, unless a rule is noted already.
    pub(crate) fn note(&self, rule: &'static str, found: impl Into<String>) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| (rule, found.into()));
    }

    /// Takes the note.
    pub(crate) fn take(&self) -> Option<(&'static str, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A host's own account of a failure.
#[derive(Default)]
pub(crate) struct Words {
    /// Its own message.
    pub(crate) says: Option<String>,
    /// The next step, if it differs from that of the SDK's own host.
    pub(crate) hint: Option<String>,
}

impl Words {
    /// Returns no words, for hosts whose documents have none.
    pub(crate) fn none(_: &FailureKind) -> Self {
        Words::default()
    }
}
