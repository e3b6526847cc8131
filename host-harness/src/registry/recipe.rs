//! Creation of plugin instances.

use serde_json::Value;

use super::options::Setup;
use crate::failure::Failure;
use crate::hosts::HostContract;
use crate::plugin::{Plugin, PluginBuilder};
use crate::run::Module;
use crate::services::{EventBus, MemoryKv, RecordedLog, SystemClock, SystemRandom};

/// The services of one plugin, which outlive its instances.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) kv: MemoryKv,
    pub(super) logs: RecordedLog,
    pub(super) events: EventBus,
}

/// Everything that an instance is created from.
#[derive(Clone)]
pub(super) struct Recipe {
    pub(super) id: String,
    pub(super) module: Module,
    pub(super) host: &'static HostContract,
    pub(super) config: Option<Value>,
    pub(super) setup: Setup,
    pub(super) shared: Shared,
}

impl Recipe {
    /// Returns a builder for an instance. `start` calls the start hook after the init hook.
    pub(super) fn builder(&self, start: bool) -> PluginBuilder {
        let builder = self
            .limited()
            .validate_schemas()
            .kv(self.shared.kv.clone())
            .logs(self.shared.logs.clone())
            .events(self.shared.events.clone())
            .clock(SystemClock)
            .random(SystemRandom);
        let mut builder = (self.setup)(&self.id, builder);
        if let Some(config) = &self.config {
            builder = builder.config(config);
        }
        if self.host.feature.is_some() {
            builder = builder.emulate(self.host);
        }
        match start {
            true => builder.start(),
            false => builder,
        }
    }

    /// Returns a builder with the limits that the plugin asks for.
    fn limited(&self) -> PluginBuilder {
        let builder = self.module.plugin();
        match self.module.manifest() {
            // Emulated hosts read the manifest's limits themselves.
            Some(manifest) if self.host.feature.is_none() => builder.asked_limits(&manifest.limits),
            _ => builder,
        }
    }

    /// Creates an instance.
    pub(super) fn build(&self, start: bool) -> Result<Plugin, Failure> {
        self.builder(start).build()
    }
}
