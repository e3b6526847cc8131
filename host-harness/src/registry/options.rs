//! Options of one plugin in a registry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::hosts::HostContract;
use crate::limits::ModuleLimits;
use crate::plugin::PluginBuilder;

/// The function that adds a host's settings to each new instance.
pub(super) type Setup = Arc<dyn Fn(&str, PluginBuilder) -> PluginBuilder + Send + Sync>;

/// The options of a plugin in a [`Registry`](super::Registry).
///
/// ```
/// use std::time::Duration;
/// use plugin_sdk_harness::registry::PluginOptions;
/// use serde_json::json;
///
/// let options = PluginOptions::new()
///     .config(json!({"greeting": "Hi"}))
///     .instances(4)
///     .setup(|id, plugin| match id {
///         "guest-book" => plugin.grant("kv").timeout(Duration::from_secs(1)),
///         _ => plugin,
///     });
/// ```
#[derive(Clone)]
pub struct PluginOptions {
    pub(super) id: Option<String>,
    config: Option<Value>,
    configs: BTreeMap<String, Value>,
    pub(super) setup: Setup,
    /// The size of the pool; `None` for one instance with state.
    pub(super) instances: Option<usize>,
    pub(super) max_restarts: (usize, Duration),
    pub(super) start: bool,
    pub(super) host: Option<&'static HostContract>,
    pub(super) module_limits: ModuleLimits,
}

impl PluginOptions {
    /// Creates the default options: one instance, started at once, without configuration or grants.
    pub fn new() -> Self {
        PluginOptions {
            id: None,
            config: None,
            configs: BTreeMap::new(),
            setup: Arc::new(|_, plugin| plugin),
            instances: None,
            max_restarts: (5, Duration::from_secs(60)),
            start: true,
            host: None,
            module_limits: ModuleLimits::default(),
        }
    }

    /// Loads the plugin under this id, whatever it calls itself. So one module can be several
    /// plugins, and a host can give names of its own, as CIS does: `load_wasm("my-skill", …)`.
    ///
    /// It is for one module. Plugins of a [folder](super::Registry::add_folder) keep their ids.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the configuration for the init hook.
    pub fn config(mut self, config: Value) -> Self {
        self.config = Some(config);
        self
    }

    /// Sets the configuration for the plugin of this id, in place of [`config`](Self::config): for
    /// options that several plugins share.
    pub fn config_for(mut self, id: impl Into<String>, config: Value) -> Self {
        self.configs.insert(id.into(), config);
        self
    }

    /// Returns the configuration for a plugin.
    pub(super) fn config_of(&self, id: &str) -> Option<&Value> {
        self.configs.get(id).or(self.config.as_ref())
    }

    /// Sets a function that adds a host's settings to each new instance: grants, limits, services,
    /// host functions. It gets the plugin's id.
    ///
    /// The configuration is the registry's: [`PluginBuilder::config`] in this function has no
    /// effect.
    pub fn setup(
        mut self,
        setup: impl Fn(&str, PluginBuilder) -> PluginBuilder + Send + Sync + 'static,
    ) -> Self {
        self.setup = Arc::new(setup);
        self
    }

    /// Runs up to `count` calls side by side, each in an instance of its own; 0 counts as 1.
    ///
    /// For plugins without state: see [`Pool`](crate::Pool).
    pub fn instances(mut self, count: usize) -> Self {
        self.instances = Some(count);
        self
    }

    /// Sets how often an instance that trapped is replaced within a period; 5 times a minute unless
    /// set. After that, the plugin has failed.
    pub fn max_restarts(mut self, count: usize, period: Duration) -> Self {
        self.max_restarts = (count, period);
        self
    }

    /// Loads the plugin without starting it. [`Registry::start`](super::Registry::start) does that
    /// later.
    pub fn without_start(mut self) -> Self {
        self.start = false;
        self
    }

    /// Sets the limits for the modules of a [folder](super::Registry::add_folder). A module that is
    /// loaded by itself has those of its source: [`Source::limits`](crate::Source::limits).
    pub fn module_limits(mut self, limits: ModuleLimits) -> Self {
        self.module_limits = limits;
        self
    }

    /// Runs the plugin by the rules of this host. By default, the registry recognises the host that
    /// the module was built for.
    pub fn host(mut self, host: &'static HostContract) -> Self {
        self.host = Some(host);
        self
    }
}

impl Default for PluginOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for PluginOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginOptions")
            .field("id", &self.id)
            .field("config", &self.config)
            .field("configs", &self.configs)
            .field("instances", &self.instances)
            .field("max_restarts", &self.max_restarts)
            .field("start", &self.start)
            .field("host", &self.host.map(|host| host.name))
            .finish_non_exhaustive()
    }
}
