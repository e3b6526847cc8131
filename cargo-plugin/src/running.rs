//! A plugin in the hands of the host that it is made for: the harness itself, or a host that the harness plays.

use std::borrow::Cow;

use plugin_sdk_harness::hosts::Emulated;
use plugin_sdk_harness::{Failure, FailureKind, Heap, LogLine, Plugin, PluginBuilder};

use crate::quantities::PAGE;
use crate::target_host::Host;

/// See the [module](self).
pub enum Running {
    Native(Box<Plugin>),
    Played(Box<Emulated>, Costs),
}

/// What calls of a command have cost.
#[derive(Clone, Copy, Default)]
pub struct Costs {
    /// Where fuel is counted.
    pub fuel: Option<u64>,
    pub host_calls: u64,
    pub result_bytes: u64,
    /// The largest that the memory has been, in pages.
    pub peak_pages: u64,
}

impl Running {
    /// Makes an instance and initialises it. Of the SDK's own host, what calls cost is counted if the builder was asked for statistics.
    pub fn new(builder: PluginBuilder, host: Host) -> Result<Self, Failure> {
        Ok(match host.feature {
            None => Running::Native(Box::new(builder.build()?)),
            Some(_) => Running::Played(Box::new(builder.build_on(host)?), Costs::default()),
        })
    }

    /// Starts the plugin, where its host does that and it wants it: what its commands do may depend on it.
    pub fn start(&mut self) -> Result<(), Failure> {
        optional(match self {
            Running::Native(plugin) => plugin.start(),
            Running::Played(plugin, _) => plugin.start(),
        })
    }

    /// Calls a command with bytes, and gives those of its result: of a command that changes its bytes where they are and gives nothing else, those.
    pub fn call(
        &mut self,
        command: &str,
        input: &[u8],
        in_place: bool,
    ) -> Result<Cow<'_, [u8]>, Failure> {
        match self {
            Running::Native(plugin) => {
                if in_place {
                    plugin.call_raw(command, input)?;
                    return Ok(Cow::Borrowed(plugin.arguments()));
                }
                plugin.call_raw(command, input).map(Cow::Borrowed)
            }
            Running::Played(plugin, costs) => {
                let answer = plugin.call_raw(command, input);
                let fuel = plugin.fuel_used();
                costs.fuel = fuel.map(|fuel| fuel.saturating_add(costs.fuel.unwrap_or(0)));
                costs.host_calls += plugin.host_calls_made();
                costs.result_bytes += answer.as_ref().map_or(0, |bytes| bytes.len() as u64);
                costs.peak_pages = costs.peak_pages.max(plugin.memory_bytes() as u64 / PAGE);
                answer.map(Cow::Owned)
            }
        }
    }

    /// Ends the plugin's life as its host would.
    pub fn end(&mut self) -> Result<(), Failure> {
        match self {
            Running::Native(plugin) => {
                optional(plugin.stop())?;
                plugin.cleanup()
            }
            Running::Played(plugin, _) => {
                optional(plugin.stop())?;
                plugin.cleanup()
            }
        }
    }

    /// What all calls of a command have cost so far; on a host that is played, of all commands.
    pub fn costs(&self, command: &str) -> Costs {
        match self {
            Running::Native(plugin) => {
                let calls = plugin.statistics().command(command);
                calls.map_or_else(Costs::default, |calls| Costs {
                    fuel: calls.fuel(),
                    host_calls: calls.host_calls(),
                    result_bytes: calls.bytes_out(),
                    peak_pages: calls.peak_pages(),
                })
            }
            Running::Played(_, costs) => *costs,
        }
    }

    /// The size of the plugin's memory in bytes.
    pub fn memory_bytes(&self) -> usize {
        match self {
            Running::Native(plugin) => plugin.memory_bytes(),
            Running::Played(plugin, _) => plugin.memory_bytes(),
        }
    }

    /// What the plugin's heap holds, where it counts that.
    pub fn heap(&self) -> Option<Heap> {
        match self {
            Running::Native(plugin) => plugin.heap(),
            Running::Played(plugin, _) => plugin.heap(),
        }
    }

    /// Whether a trap has ended the plugin's life.
    pub fn is_dead(&self) -> bool {
        match self {
            Running::Native(plugin) => plugin.is_poisoned(),
            Running::Played(plugin, _) => plugin.is_poisoned(),
        }
    }

    /// What was logged, where that was kept: on a host that is played.
    pub fn log_lines(&self) -> Vec<LogLine> {
        match self {
            Running::Native(_) => Vec::new(),
            Running::Played(plugin, _) => plugin.host().logs().lines(),
        }
    }
}

/// A hook that the plugin does not have, or its host does not call, is none to wait for.
fn optional(hook: Result<(), Failure>) -> Result<(), Failure> {
    match hook {
        Err(failure)
            if matches!(
                failure.kind(),
                FailureKind::MissingExport { .. } | FailureKind::HostLacks { .. }
            ) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}
