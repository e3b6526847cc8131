//! How an instance is asked for.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::engine::{CacheDir, EngineOptions, Pool};
use crate::failure::{Failure, FailureKind, Stage};
use crate::instance::{Callee, Instance};
use crate::limits::Limits;
use crate::module::Module;
use crate::observe;
use crate::plugin::Plugin;
use crate::source::Source;
use crate::{contract, json};

/// Builds a [`Plugin`]: its configuration and its limits.
///
/// | limit | unless set | what exceeds it |
/// |---|---|---|
/// | [`memory_pages`](Self::memory_pages) | 1024 (64 MiB) | [`OutOfMemory`](FailureKind::OutOfMemory) |
/// | [`timeout`](Self::timeout) | 10 s a call | [`Timeout`](FailureKind::Timeout) |
/// | [`fuel`](Self::fuel) | none | [`OutOfFuel`](FailureKind::OutOfFuel) |
/// | [`stack_bytes`](Self::stack_bytes) | 1 MiB | [`StackOverflow`](FailureKind::StackOverflow) |
/// | [`max_result_bytes`](Self::max_result_bytes) | 16 MiB | [`ResultTooLarge`](FailureKind::ResultTooLarge) |
/// | [`table_elements`](Self::table_elements) | 10,000 | [`TableTooLarge`](FailureKind::TableTooLarge) |
/// | [`Source::max_bytes`] | 64 MiB | [`ModuleTooLarge`](FailureKind::ModuleTooLarge) |
///
/// ```no_run
/// use std::time::Duration;
/// use plugin_sdk_harness::{Plugin, Source};
/// use serde_json::json;
///
/// let plugin = Plugin::builder(Source::crate_dir(env!("CARGO_MANIFEST_DIR")))
///     .config(json!({"greeting": "Hi"}))
///     .memory_pages(32)
///     .timeout(Duration::from_millis(200))
///     .build()?;
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a plugin exists once `build` is called"]
pub struct PluginBuilder {
    origin: Origin,
    limits: Limits,
    pool: Option<u32>,
    cache: CacheDir,
    config: Result<Vec<u8>, String>,
    init: bool,
    /// Set in `observe`.
    pub(crate) observe: observe::Options,
}

#[derive(Clone, Debug)]
enum Origin {
    Source(Source),
    Module(Module),
}

impl PluginBuilder {
    pub(crate) fn of_source(source: Source) -> Self {
        Self::new(Origin::Source(source))
    }

    pub(crate) fn of_module(module: Module) -> Self {
        Self::new(Origin::Module(module))
    }

    fn new(origin: Origin) -> Self {
        PluginBuilder {
            origin,
            limits: Limits::default(),
            pool: None,
            cache: CacheDir::default(),
            config: Ok(Vec::new()),
            init: true,
            observe: observe::Options::default(),
        }
    }

    /// The configuration that [`build`](Self::build) gives to the plugin's init hook; none unless set, which is as good as `{}`.
    pub fn config(mut self, config: impl Serialize) -> Self {
        let mut text = Vec::new();
        self.config = json::encode(&config, &mut text).map(|()| text);
        self
    }

    /// Leaves `plugin_init` uncalled; [`Plugin::init`] may call it later.
    pub fn without_init(mut self) -> Self {
        self.init = false;
        self
    }

    /// How far the plugin's linear memory may grow, in pages of 64 KiB.
    ///
    /// A request for more is refused in the way WebAssembly has for it; a guest that cannot live with that ends as
    /// [`OutOfMemory`](FailureKind::OutOfMemory).
    pub fn memory_pages(mut self, pages: u32) -> Self {
        self.limits.memory_pages = pages;
        self
    }

    /// Gives every call this much fuel, a unit of which is about one WebAssembly instruction.
    ///
    /// Fuel is the same on every machine and every time, which the clock is not, and slows a call down.
    pub fn fuel(mut self, fuel: u64) -> Self {
        self.limits.fuel = Some(fuel);
        self
    }

    /// How long a call may take, to within some 20 ms.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = Some(timeout);
        self
    }

    /// Lets calls take any time, for guests that are trusted: code that does not look at the clock is up to 1.4 times as fast.
    pub fn no_timeout(mut self) -> Self {
        self.limits.timeout = None;
        self
    }

    /// How long a result or an error may be for it to be decoded, in bytes.
    ///
    /// Decoding makes a host's memory out of a guest's: a list of small numbers takes up to 16 times its text as a
    /// [`serde_json::Value`]. What [`call_raw`](Plugin::call_raw) gives is not copied, and only bounded by the guest's memory.
    pub fn max_result_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_result_bytes = bytes;
        self
    }

    /// How much of the calling thread's stack a call may use, in bytes.
    ///
    /// The thread must have this much, and some 256 KiB besides; Rust's threads have 2 MiB unless told otherwise. A Rust guest keeps
    /// local values that have an address on a stack of its own, which is a matter of how it is linked.
    pub fn stack_bytes(mut self, bytes: usize) -> Self {
        self.limits.stack_bytes = bytes;
        self
    }

    /// How many elements the module's tables may have together: one for each function that is called by a pointer.
    pub fn table_elements(mut self, elements: u32) -> Self {
        self.limits.table_elements = elements;
        self
    }

    /// Takes the instance from a pool of this many places, shared with all instances that ask for a pool of the same size.
    ///
    /// An instance then costs about a third, and the pool some address space.
    pub fn pooling(mut self, instances: u32) -> Self {
        self.pool = Some(instances);
        self
    }

    /// Keeps compiled modules in this folder.
    ///
    /// Unless set, it is what the variable `PLUGIN_SDK_CACHE_DIR` says (`off` for no cache at all), else `plugin-sdk` in the user's
    /// folder for caches. What is in it is run as native code: nobody else should be able to write there.
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache = CacheDir::At(dir.into());
        self
    }

    /// Compiles without looking at, or adding to, the cache on disk.
    pub fn no_cache(mut self) -> Self {
        self.cache = CacheDir::Off;
        self
    }

    /// Makes the instance and calls its `plugin_init` with the configuration.
    ///
    /// # Errors
    ///
    /// Where the module cannot be [loaded](Module::load), compiled or instantiated within the limits, and where `plugin_init` fails.
    pub fn build(self) -> Result<Plugin, Failure> {
        let config = self.config.as_ref().map_err(|reason| {
            Failure::new(
                FailureKind::BadArguments {
                    reason: reason.clone(),
                },
                Stage::Export(contract::INIT),
            )
        })?;
        let options = self.engine_options();
        let module = match &self.origin {
            Origin::Source(source) => Module::load(source.clone())?,
            Origin::Module(module) => module.clone(),
        };
        let compiled = module.compiled(&options)?;
        let commands = module.contract().commands().clone();
        let mut instance = Instance::new(&compiled, commands, &self.limits, self.pool)?;
        instance.observe(&self.observe);
        let mut plugin = Plugin::new(instance, module);
        if self.init {
            plugin.call_encoded(
                Callee::Export(contract::INIT),
                |text| {
                    text.extend_from_slice(config);
                    Ok(())
                },
                |_| Ok(()),
            )?;
        }
        Ok(plugin)
    }

    fn engine_options(&self) -> EngineOptions {
        EngineOptions {
            fuel: self.limits.fuel.is_some(),
            clock: self.limits.timeout.is_some(),
            stack_bytes: self.limits.stack_bytes,
            pool: self.pool.map(|instances| Pool {
                instances,
                table_elements: self.limits.table_elements as usize,
            }),
            cache: self.cache.clone(),
        }
    }
}
