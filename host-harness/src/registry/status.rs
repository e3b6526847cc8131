//! Reports of a registry: status, figures and health.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::error::RegistryError;
use super::state::PluginState;
use crate::failure::{Failure, LogLine};

/// A plugin's identity, state and figures at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PluginStatus {
    /// The id.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The version; empty if nothing declares one.
    pub version: String,
    /// The description; empty if nothing declares one.
    pub description: String,
    /// The type, such as `tool`, if something declares one.
    pub plugin_type: Option<String>,
    /// The authors.
    pub authors: Vec<String>,
    /// The name of the host whose rules it runs by: see [`hosts`](crate::hosts).
    pub host: &'static str,
    /// The file that it was loaded from.
    pub file: Option<PathBuf>,
    /// The time at which its current module was loaded.
    pub loaded_at: SystemTime,
    /// The state.
    pub state: PluginState,
    /// The failure that ended it, or why its file could not be loaded.
    pub error: Option<RegistryError>,
    /// The error of the last attempt to reload it, unless a later one succeeded.
    pub reload_error: Option<RegistryError>,
    /// The figures.
    pub figures: CallFigures,
}

/// Counts and times of calls and changes of state since the plugin was loaded.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CallFigures {
    /// The number of calls, with those that failed. An event is a call.
    pub calls: u64,
    /// The number of calls that failed.
    pub errors: u64,
    /// The time of all calls together.
    pub total: Duration,
    /// The mean time of a call; zero without calls.
    pub mean: Duration,
    /// The time that 99 of 100 calls did not exceed, to within a hundredth.
    pub p99: Duration,
    /// The size of the linear memory after the last call, in bytes; of one instance.
    pub memory_bytes: usize,
    /// The number of starts.
    pub starts: u64,
    /// The number of stops.
    pub stops: u64,
    /// The number of times that an instance was replaced because it trapped.
    pub restarts: u64,
    /// The number of times that a new module or a new configuration took over.
    pub swaps: u64,
    /// The time of the last start.
    pub last_start: Option<SystemTime>,
    /// The time of the last stop.
    pub last_stop: Option<SystemTime>,
}

/// The health of a plugin: its state, and the last failure.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The state.
    pub state: PluginState,
    /// The last failure that ended an instance, even if another one runs now.
    pub failure: Option<Failure>,
}

impl Health {
    /// Returns whether the plugin takes calls.
    pub fn is_healthy(&self) -> bool {
        self.state == PluginState::Running
    }
}

/// Something that happened in a registry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A plugin was loaded.
    Loaded {
        /// The plugin's id.
        id: String,
    },
    /// A plugin's state has changed.
    State {
        /// The plugin's id.
        id: String,
        /// The new state.
        state: PluginState,
    },
    /// A new module has taken over.
    Reloaded {
        /// The plugin's id.
        id: String,
    },
    /// A plugin was unloaded.
    Unloaded {
        /// The plugin's id.
        id: String,
    },
    /// Loading, reloading or an event has failed, or a trap has ended an instance.
    Failed {
        /// The plugin's id; for a file that could not be loaded, its name.
        id: String,
        /// The failure in one line.
        message: String,
    },
    /// A plugin has logged a line.
    Logged {
        /// The plugin's id.
        id: String,
        /// The line.
        line: LogLine,
    },
    /// A plugin or the host has emitted an event.
    Emitted {
        /// The event's topic.
        topic: String,
        /// The event's data.
        data: Value,
    },
}
