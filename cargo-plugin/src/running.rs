//! A plugin in the hands of the host that it is made for: the harness itself, or a host that the harness emulates.

use std::borrow::Cow;

use plugin_sdk_harness::{Failure, FailureKind, Heap, Plugin, PluginBuilder};

use crate::target_host::Host;

/// See the [module](self).
pub struct Running(Plugin);

/// The costs of a command's calls.
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
    /// Creates an instance and initialises it. Costs are counted if the builder was asked for statistics.
    pub fn new(builder: PluginBuilder, host: Host) -> Result<Self, Failure> {
        let builder = match host.feature {
            None => builder,
            Some(_) => builder.emulate(host),
        };
        builder.build().map(Running)
    }

    /// Starts the plugin, where its host does that and the plugin has a hook for it: what its commands do may depend on it.
    pub fn start(&mut self) -> Result<(), Failure> {
        optional(self.0.start())
    }

    /// Calls a command with bytes, and returns its result: for a command that changes its bytes in place and returns nothing else, those.
    pub fn call(
        &mut self,
        command: &str,
        input: &[u8],
        in_place: bool,
    ) -> Result<Cow<'_, [u8]>, Failure> {
        if in_place {
            self.0.call_raw(command, input)?;
            return Ok(Cow::Borrowed(self.0.arguments()));
        }
        self.0.call_raw(command, input).map(Cow::Borrowed)
    }

    /// Ends the plugin's life as its host would.
    pub fn end(&mut self) -> Result<(), Failure> {
        optional(self.0.stop())?;
        self.0.cleanup()
    }

    /// Returns the costs of a command's calls so far.
    pub fn costs(&self, command: &str) -> Costs {
        let calls = self.0.statistics().command(command);
        calls.map_or_else(Costs::default, |calls| Costs {
            fuel: calls.fuel(),
            host_calls: calls.host_calls(),
            result_bytes: calls.bytes_out(),
            peak_pages: calls.peak_pages(),
        })
    }

    /// The size of the plugin's memory in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.0.memory_bytes()
    }

    /// What the plugin's heap holds, where it counts that.
    pub fn heap(&self) -> Option<Heap> {
        self.0.heap()
    }

    /// Whether a trap has ended the plugin's life.
    pub fn is_dead(&self) -> bool {
        self.0.is_poisoned()
    }
}

/// A missing hook, or one that the host does not call, counts as success.
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
