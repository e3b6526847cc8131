//! The state of a plugin.

use std::fmt;

use serde::Serialize;

/// The state of a plugin in a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PluginState {
    /// Loaded, and not started yet.
    Loaded,
    /// Started: it takes calls.
    Running,
    /// Stopped by the host.
    Stopped,
    /// Ended by a failure.
    Failed,
}

impl fmt::Display for PluginState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PluginState::Loaded => "loaded",
            PluginState::Running => "running",
            PluginState::Stopped => "stopped",
            PluginState::Failed => "failed",
        })
    }
}
