//! What plays a host.

use std::sync::{Arc, Mutex, PoisonError};

use plugin_sdk::imports::HostFunctions;

use super::guest::Guest;
use crate::failure::{Failure, FailureKind};
use crate::permissions::Grants;
use crate::services::Handles;

/// How a host does what hosts do with a plugin. What it never does, it leaves out: that is the failure [`FailureKind::HostLacks`] then, and nothing of the guest's runs.
///
/// Each method is one operation of the harness's user, with the time and the fuel of one call. A guest that traps is dead; the method only passes the failure on.
pub(crate) trait Emulator: Send {
    /// Whatever the host does when it has made an instance, and before the plugin is initialised: it may read its description, say.
    fn load(&mut self, _guest: &mut Guest) -> Result<(), Failure> {
        Ok(())
    }

    /// Initialises the plugin with its configuration, which is JSON, or no bytes at all where none was given.
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure>;

    /// Runs a command, whose arguments are JSON or whatever a raw command takes, and takes its result. The plugin's own error is [`Guest::refused`].
    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure>;

    /// Runs a command for many inputs, in the way that the host has for that, and takes all results.
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

    /// Gives the plugin an event, whose data is JSON.
    fn event(&mut self, guest: &mut Guest, _topic: &str, _data: &[u8]) -> Result<(), Failure> {
        Err(guest.lacks("events"))
    }

    /// Ends the plugin's life.
    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure>;

    /// Looks, after that, for what the plugin has left undone that this host's rules ask of it. What the guest allocated for the host and the host has not freed is
    /// looked at for all hosts.
    fn finish(&mut self, _guest: &mut Guest) -> Result<(), Failure> {
        Ok(())
    }
}

/// A host that is played, for one plugin.
pub(crate) struct Emulation {
    /// Its functions; of several of one name, the last counts.
    pub(crate) functions: Vec<HostFunctions>,
    pub(crate) emulator: Box<dyn Emulator>,
}

/// What a host that is played has of the harness.
pub(crate) struct Surroundings<'a> {
    /// The services; clones share their state.
    pub(crate) services: &'a Handles,
    pub(crate) grants: &'a Grants,
    /// Where the host's functions note what the plugin should not have called them with.
    pub(crate) breaches: &'a Breaches,
    /// Whether the plugin describes itself, as those made with this SDK do.
    pub(crate) described: bool,
}

/// The first rule that a plugin has broken in calling the host's functions, which cannot end the call themselves; it is told when the call returns. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Breaches(Arc<Mutex<Option<(&'static str, String)>>>);

impl Breaches {
    /// Notes a rule and what was found instead, unless there is one already.
    pub(crate) fn note(&self, rule: &'static str, found: impl Into<String>) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| (rule, found.into()));
    }

    /// What was noted since the last time.
    pub(crate) fn take(&self) -> Option<(&'static str, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// How a host tells of a failure.
#[derive(Default)]
pub(crate) struct Words {
    /// What it says itself.
    pub(crate) says: Option<String>,
    /// What to do next, where that is another thing than on the SDK's own host.
    pub(crate) hint: Option<String>,
}

impl Words {
    /// For hosts whose documents tell none.
    pub(crate) fn none(_: &FailureKind) -> Self {
        Words::default()
    }
}
