//! How an instance is asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plugin_sdk::imports::HostFunctions;
use plugin_sdk::services;
use serde::Serialize;

use crate::cache::CacheDir;
use crate::engine::{EngineOptions, Pool};
use crate::failure::{Failure, FailureKind, Stage};
use crate::gate::Gate;
use crate::host::Host;
use crate::hosts::{Breaches, Emulated, HostContract, Surroundings};
use crate::instance::{Callee, Instance};
use crate::limits::{Chosen, Limits};
use crate::module::{Compiled, Module};
use crate::observe;
use crate::plugin::Plugin;
use crate::remedies;
use crate::services::{Fault, Faults, Grants, Permission, Provided, Services};
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
/// | [`max_argument_bytes`](Self::max_argument_bytes) | 16 MiB | the error `too_large`, which the plugin is told |
/// | [`max_log_bytes`](Self::max_log_bytes) | 4 MiB a call | a line that says that others are left out |
/// | [`Source::max_bytes`] | 64 MiB | [`ModuleTooLarge`](FailureKind::ModuleTooLarge) |
/// | [`Source::limits`] | see [`ModuleLimits`](crate::ModuleLimits) | [`ModuleLimit`](FailureKind::ModuleLimit) |
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
#[derive(Debug)]
#[must_use = "a plugin exists once `build` is called"]
pub struct PluginBuilder {
    origin: Origin,
    limits: Chosen,
    pool: Option<u32>,
    cache: CacheDir,
    config: Result<Vec<u8>, String>,
    init: bool,
    host: Vec<HostFunctions>,
    services: Provided,
    grants: Grants,
    strict: bool,
    #[cfg(feature = "schema-checks")]
    checked: bool,
    faults: Faults,
    /// Set in `observe`.
    pub(crate) observe: observe::Options,
}

/// All that an instance is made of.
pub(crate) struct Prepared {
    pub(crate) module: Module,
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) host: Host,
    pub(crate) services: Services,
    pub(crate) limits: Limits,
    pub(crate) pool: Option<u32>,
    pub(crate) observe: observe::Options,
    pub(crate) gate: Gate,
    /// What the init hook is given, if it is to be called.
    pub(crate) config: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Origin {
    Source(Box<Source>),
    Module(Module),
}

impl PluginBuilder {
    pub(crate) fn of_source(source: Source) -> Self {
        Self::new(Origin::Source(Box::new(source)))
    }

    pub(crate) fn of_module(module: Module) -> Self {
        Self::new(Origin::Module(module))
    }

    fn new(origin: Origin) -> Self {
        PluginBuilder {
            origin,
            limits: Chosen::default(),
            pool: None,
            cache: CacheDir::default(),
            config: Ok(Vec::new()),
            init: true,
            host: Vec::new(),
            services: Provided::default(),
            grants: Grants::none(),
            strict: false,
            #[cfg(feature = "schema-checks")]
            checked: false,
            faults: Faults::new(),
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
        self.limits.memory_pages = Some(pages);
        self
    }

    /// Gives every call this much fuel, a unit of which is about one WebAssembly instruction.
    ///
    /// Fuel is the same on every machine and every time, which the clock is not, and slows a call down.
    pub fn fuel(mut self, fuel: u64) -> Self {
        self.limits.fuel = Some(fuel);
        self
    }

    /// How long a call may take, to within some 20 ms. Host functions count: the services of this crate
    /// stop in time and answer with the error `timeout`.
    ///
    /// A single instruction is not interrupted, such as `memory.fill` of all the memory that
    /// [`memory_pages`](Self::memory_pages) allows: up to 50 ms for the 64 MiB of the default, and 5 s
    /// for 4 GiB.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = Some(Some(timeout));
        self
    }

    /// Lets calls take any time, for guests that are trusted: code that does not look at the clock is up to 1.4 times as fast.
    pub fn no_timeout(mut self) -> Self {
        self.limits.timeout = Some(None);
        self
    }

    /// How long a result or an error may be for it to be decoded, in bytes; in a batch, all of them
    /// together. 16 MiB unless set.
    ///
    /// Decoding turns a guest's memory into the host's. A [`serde_json::Value`] has 72 bytes and takes
    /// up to 64 times its text, so that 16 MiB may become 1 GiB; a type of the host takes what its
    /// fields take. The bytes of [`call_raw`](Plugin::call_raw) are not copied, and only the guest's
    /// memory bounds them. [`call_many_raw`](Plugin::call_many_raw) copies the answers of a command
    /// that takes no batches, and this limit holds for all of them together.
    pub fn max_result_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_result_bytes = Some(bytes);
        self
    }

    /// Sets how many bytes one call may give to a host function, all arguments together; 16 MiB unless
    /// set.
    ///
    /// A call with more is refused before anything is read, with the error `too_large`. A host function
    /// that cannot answer with an error is called nevertheless if it only takes bytes, such as a line
    /// for the log; if it reads JSON, the plugin's call fails with
    /// [`HostFunction`](FailureKind::HostFunction).
    pub fn max_argument_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_argument_bytes = Some(bytes);
        self
    }

    /// Sets how many bytes of lines one call may hand on to the host's log through
    /// [`ForwardedLog`](crate::services::ForwardedLog); 4 MiB unless set.
    ///
    /// Each line counts a hundred bytes more than its text. Further lines of the call are left out, and
    /// one line says so. A [`RecordedLog`](crate::services::RecordedLog) always keeps the last lines.
    pub fn max_log_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_log_bytes = Some(bytes);
        self
    }

    /// How much of the calling thread's stack a call may use, in bytes.
    ///
    /// The thread must have this much, and some 256 KiB besides; Rust's threads have 2 MiB unless told otherwise. A Rust guest keeps
    /// local values that have an address on a stack of its own, which is a matter of how it is linked.
    pub fn stack_bytes(mut self, bytes: usize) -> Self {
        self.limits.stack_bytes = Some(bytes);
        self
    }

    /// How many elements the module's tables may have together: one for each function that is called by a pointer.
    pub fn table_elements(mut self, elements: u32) -> Self {
        self.limits.table_elements = Some(elements);
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
    /// folder for caches. A folder that does not exist is made for the user alone.
    ///
    /// What is in it is run as native code, without another look at the module's limits. So on Unix a folder is refused that other users can write into, or that belongs to another
    /// user than the process's or the administrator: building a plugin fails as [`Engine`](FailureKind::Engine), or where nobody asked for the folder by name, goes without a cache. On other systems it
    /// is for the host's author to name a folder that is the user's own. Entries have checksums, so that one that was damaged is compiled anew.
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache = CacheDir::At(dir.into());
        self
    }

    /// Compiles without looking at, or adding to, the cache on disk.
    pub fn no_cache(mut self) -> Self {
        self.cache = CacheDir::Off;
        self
    }

    /// Gives the plugin host functions: what the `provide` beside a [`#[host_functions]`](plugin_sdk::host_functions) trait makes of an implementation.
    ///
    /// Of several that have the same function, the last one counts.
    ///
    /// ```
    /// use plugin_sdk_harness::{Plugin, Source};
    ///
    /// #[plugin_sdk::host_functions(module = "dice")]
    /// trait Dice {
    ///     fn roll(sides: u32) -> u32;
    /// }
    ///
    /// struct Loaded;
    /// impl Dice for Loaded {
    ///     fn roll(&mut self, sides: u32) -> u32 {
    ///         sides
    ///     }
    /// }
    ///
    /// # const WAT: &str = r#"(module (import "dice" "roll" (func $roll (param i32) (result i32)))
    /// #   (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    /// #   (func (export "command_roll") (param i32 i32) (result i64)
    /// #     (i32.store8 (i32.const 64) (i32.add (i32.const 48) (call $roll (i32.const 6)))) i64.const 0x40_0000_0001))"#;
    /// let mut plugin = Plugin::builder(Source::wat(WAT)).host(dice::provide(Loaded)).build()?;
    /// assert_eq!(plugin.call::<u32>("roll", ())?, 6);
    /// assert_eq!(plugin.host_calls()[0].function, "dice.roll");
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn host(mut self, functions: HostFunctions) -> Self {
        self.host.push(functions);
        self
    }

    /// Grants the plugin a permission, by the name that the host functions that need it give.
    ///
    /// What is not granted can be called all the same, and answers with the error `permission_denied`.
    pub fn grant(mut self, permission: impl Into<String>) -> Self {
        self.grants.grant(permission);
        self
    }

    /// Grants the plugin every permission there is.
    pub fn grant_all(mut self) -> Self {
        self.grants.grant_all();
        self
    }

    /// Says what grants a permission to a plugin that is denied one, for a host whose users do not write Rust. Unless set, it is `.grant("kv")`.
    ///
    /// ```no_run
    /// # use plugin_sdk_harness::Plugin;
    /// # let source = plugin_sdk_harness::Source::crate_dir("");
    /// let mut plugin = Plugin::builder(source).grant_words(|permission| format!("allow = [{permission:?}]")).build()?;
    /// let denied = plugin.call_raw("greet", br#"{"name":"Ada"}"#).unwrap_err();
    /// assert_eq!(denied.plugin_error().unwrap().message(), r#"the plugin has not been granted `kv`: `allow = ["kv"]` grants it"#);
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn grant_words(mut self, words: fn(&str) -> String) -> Self {
        self.grants.set_words(words);
        self
    }

    /// Refuses to build a plugin that declares, or whose imports need, a permission that is not granted, unless the plugin says that it can do without.
    ///
    /// Such a plugin is [`FailureKind::NotGranted`] then, which lists all of them.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Holds values against the plugin's own schemas before it sees any of them: arguments, the configuration, the data of events.
    ///
    /// What does not fit is [`FailureKind::DoesNotFit`], and no code of the plugin runs for it. It has the code that the plugin's own error would have, and tells all that is
    /// wrong at once, each with its path and its JSON Pointer.
    ///
    /// The plugin checks types for itself, so this is for a host that wants to refuse what a user sends before it starts anything; and for what a type does not say:
    /// constraints of the author's (`minimum`, `maxLength`, `pattern`, `format`, …) are checked here and nowhere else. It costs about as much as reading the values once more. What is compiled for it
    /// is compiled once for all instances of a [`Module`], when it is first needed.
    ///
    /// Not checked are commands and events that the plugin does not describe, configurations of one that takes none, and calls with bytes ([`call_raw`](Plugin::call_raw) and the like). Arguments for the
    /// binary codec are checked in the form that they would have as JSON, which has no NaN.
    ///
    /// ```
    /// use plugin_sdk_harness::{FailureKind, Plugin, Source};
    /// use serde_json::{Value, json};
    ///
    /// # let line = r#"{"abi":1,"commands":[{"name":"wait","arguments":{"type":"object","properties":{"seconds":{"type":"integer","minimum":1,"maximum":60}},"required":["seconds"],"additionalProperties":false},"result":{"type":"null"}}]}"#;
    /// # let wat = format!(r#"(module (@custom "plugin-sdk" {line:?}) (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    /// #   (data (i32.const 64) "null")
    /// #   (func (export "command_wait") (param i32 i32) (result i64) i64.const 0x40_0000_0004))"#);
    /// # let source = Source::wat(wat);
    /// let mut plugin = Plugin::builder(source).check_arguments().build()?;
    /// plugin.call::<()>("wait", json!({"seconds": 60}))?;
    ///
    /// let failure = plugin.call::<()>("wait", json!({"seconds": 90})).unwrap_err();
    /// assert!(matches!(failure.kind(), FailureKind::DoesNotFit { .. }));
    /// assert_eq!(failure.code(), "invalid_argument");
    /// assert_eq!(failure.message(), "command `wait` was not called: `seconds`: expected an integer from 1 to 60, found 90");
    /// assert_eq!(failure.plugin_error().unwrap().details().unwrap()["pointer"], "/seconds");
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`build`](Self::build) fails where what the plugin says of itself cannot be read, and a call where a schema cannot be used: [`FailureKind::BadSchema`].
    /// A schema cannot be used if it has a pattern with look-around or back-references, of more than
    /// 4096 bytes, or of more than 256 KiB when compiled; if it refers to itself for the same part of a
    /// value, or to anything but a whole definition; or if it has more than 2000 alternatives for one
    /// part of a value. See also [`max_schema_bytes`](Self::max_schema_bytes) and
    /// [`max_schema_steps`](Self::max_schema_steps).
    #[cfg(feature = "schema-checks")]
    pub fn check_arguments(mut self) -> Self {
        self.checked = true;
        self
    }

    /// Sets how many bytes the plugin's schemas may take together, compiled for
    /// [`check_arguments`](Self::check_arguments), patterns included; 128 MiB unless set.
    ///
    /// A call that needs more fails with [`FailureKind::BadSchema`]. The count is an upper estimate: 2
    /// KiB for each schema, with all references written out.
    #[cfg(feature = "schema-checks")]
    pub fn max_schema_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_schema_bytes = Some(bytes);
        self
    }

    /// Sets how many steps [`check_arguments`](Self::check_arguments) may take for one value; 20 million
    /// unless set, which take some seconds.
    ///
    /// A step is about the time of one schema for one value; for a pattern it is a byte of text for each
    /// KiB of the compiled pattern. A value that would take more fails with
    /// [`FailureKind::BadSchema`] before it is validated.
    ///
    /// ```
    /// use plugin_sdk_harness::{FailureKind, Plugin, Source};
    /// use serde_json::{Value, json};
    ///
    /// # let all: Vec<Value> = (0..1000).map(|least| json!({"minimum": least})).collect();
    /// # let line = json!({"abi": 1, "commands": [{"name": "sum", "arguments": {"properties": {"numbers": {"items": {"allOf": all}}}}, "result": true}]}).to_string();
    /// # let wat = format!(r#"(module (@custom "plugin-sdk" {line:?}) (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    /// #   (func (export "command_sum") (param i32 i32) (result i64) i64.const 0))"#);
    /// # let source = Source::wat(wat);
    /// // A thousand schemas validate each of its numbers.
    /// let mut plugin = Plugin::builder(source).check_arguments().max_schema_steps(100_000).build()?;
    /// let failure = plugin.call::<Value>("sum", json!({"numbers": vec![7; 200]})).unwrap_err();
    /// assert!(matches!(failure.kind(), FailureKind::BadSchema { .. }));
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    #[cfg(feature = "schema-checks")]
    pub fn max_schema_steps(mut self, steps: u64) -> Self {
        self.limits.max_schema_steps = Some(steps);
        self
    }

    /// Makes a host function fail in a test, by the name of its import: see [`Fault`].
    ///
    /// ```no_run
    /// use plugin_sdk_harness::Plugin;
    /// use plugin_sdk_harness::services::Fault;
    ///
    /// # let source = plugin_sdk_harness::Source::crate_dir("");
    /// let plugin = Plugin::builder(source)
    ///     .grant("kv")
    ///     .fault("kv_get", Fault::error("unavailable", "disk on fire").times(2))
    ///     .build()?;
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn fault(mut self, function: &str, fault: Fault) -> Self {
        self.faults.add(function, fault);
        self
    }

    /// Gives the plugin this store of values by key instead of a [`MemoryKv`](crate::services::MemoryKv).
    pub fn kv(mut self, kv: impl services::kv::Kv + Send + 'static) -> Self {
        self.services.kv(kv);
        self
    }

    /// Gives the plugin these files instead of [`MemoryFiles`](crate::services::MemoryFiles), which has none.
    pub fn files(mut self, files: impl services::files::Files + Send + 'static) -> Self {
        self.services.files(files);
        self
    }

    /// Gives the plugin this network instead of a [`ScriptedHttp`](crate::services::ScriptedHttp), which reaches nothing.
    pub fn http(mut self, http: impl services::http::Http + Send + 'static) -> Self {
        self.services.http(http);
        self
    }

    /// Gives the plugin this language model instead of a [`ScriptedAi`](crate::services::ScriptedAi), which says nothing.
    pub fn ai(mut self, ai: impl services::ai::Ai + Send + 'static) -> Self {
        self.services.ai(ai);
        self
    }

    /// Gives the plugin a place on this bus instead of one of its own, an [`EventBus`](crate::services::EventBus).
    pub fn events(mut self, events: impl services::events::Events + Send + 'static) -> Self {
        self.services.events(events);
        self
    }

    /// Lets the plugin look its configuration up here instead of in what [`config`](Self::config) was given.
    pub fn config_service(
        mut self,
        config: impl services::config::Config + Send + 'static,
    ) -> Self {
        self.services.config(config);
        self
    }

    /// Gives the plugin's log lines to this instead of a [`RecordedLog`](crate::services::RecordedLog).
    pub fn logs(mut self, logs: impl services::logging::Log + Send + 'static) -> Self {
        self.services.logs(logs);
        self
    }

    /// Gives the plugin this clock instead of a [`ManualClock`](crate::services::ManualClock), which stands still.
    pub fn clock(mut self, clock: impl services::time::Time + Send + 'static) -> Self {
        self.services.clock(clock);
        self
    }

    /// Gives the plugin these random numbers instead of a [`SeededRandom`](crate::services::SeededRandom) of seed 0, the same in every run.
    pub fn random(mut self, random: impl services::random::Random + Send + 'static) -> Self {
        self.services.random(random);
        self
    }

    /// Makes the instance and calls its `plugin_init` with the configuration.
    ///
    /// # Errors
    ///
    /// Where the module cannot be [loaded](Module::load), compiled or instantiated within the limits, and where `plugin_init` fails.
    pub fn build(self) -> Result<Plugin, Failure> {
        let Prepared {
            module,
            compiled,
            host,
            services,
            limits,
            pool,
            observe,
            gate,
            config,
        } = self.prepare(false)?;
        let commands = module.contract().commands().clone();
        let mut instance = Instance::new(&compiled, commands, host, &limits, pool)?;
        instance.observe(&observe);
        let mut plugin = Plugin::new(instance, module, services, gate);
        if let Some(config) = config {
            plugin.call_encoded(
                Callee::Export(contract::INIT),
                |_, _, text| {
                    text.extend_from_slice(&config);
                    Ok(())
                },
                |_| Ok(()),
            )?;
        }
        Ok(plugin)
    }

    /// Makes an instance in the hands of another host, which is played strictly: see [`hosts`](crate::hosts).
    ///
    /// A crate is built with its feature for that host. The host's own limits hold, or those that the plugin's manifest asks for where the host reads them there,
    /// unless this builder was told others.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and where the module breaks a rule of the host's. Where a service was given that is not in memory: [`FailureKind::Service`].
    pub fn build_on(self, host: &'static HostContract) -> Result<Emulated, Failure> {
        self.emulate(host).map_err(|failure| host.tell(failure))
    }

    fn emulate(mut self, host: &'static HostContract) -> Result<Emulated, Failure> {
        let config = self.take_config()?;
        let module = match &self.origin {
            Origin::Source(source) => Module::load_for(host, Source::clone(source))?,
            Origin::Module(module) => module.seen_by(host)?,
        };
        let limits = host.limits(module.manifest());
        let described = module.manifest().is_some();
        let (mut emulator, breaches) = (None, Breaches::default());
        let prepared = self.link(module, config, limits, false, |provided, _, grants| {
            let services = provided.in_memory().map_err(Failure::load)?;
            let surroundings = Surroundings {
                services: &services,
                grants,
                breaches: &breaches,
                described,
            };
            let emulation = host.emulation(&surroundings);
            emulator = Some(emulation.emulator);
            Ok((emulation.functions, services))
        })?;
        match emulator {
            Some(emulator) => Emulated::new(host, emulator, breaches, prepared),
            None => Err(Failure::load(FailureKind::Engine {
                reason: format!("nothing plays the host `{}`", host.name),
            })),
        }
    }

    /// Gets ready all that an instance is made of, without running anything of the guest's. `can_wait` is for calls that can be waited for.
    pub(crate) fn prepare(mut self, can_wait: bool) -> Result<Prepared, Failure> {
        let config = self.take_config()?;
        let module = match &self.origin {
            Origin::Source(source) => Module::load(Source::clone(source))?,
            Origin::Module(module) => module.clone(),
        };
        let services = |provided: Provided, imports, _: &Grants| Ok(provided.finish(imports));
        self.link(module, config, Limits::default(), can_wait, services)
    }

    fn take_config(&mut self) -> Result<Vec<u8>, Failure> {
        let config = std::mem::replace(&mut self.config, Ok(Vec::new()));
        config.map_err(|reason| {
            Failure::new(
                FailureKind::BadArguments { reason },
                Stage::Export(contract::INIT),
            )
        })
    }

    /// Puts a module, a host's limits and its functions together. `functions` makes the host's functions of the services, being told whether the module imports any.
    fn link(
        self,
        module: Module,
        config: Vec<u8>,
        limits: Limits,
        can_wait: bool,
        functions: impl FnOnce(
            Provided,
            bool,
            &Grants,
        ) -> Result<(Vec<HostFunctions>, Services), Failure>,
    ) -> Result<Prepared, Failure> {
        let limits = self.limits.over(limits);
        let mut options = self.engine_options(&limits);
        // It is the clock's ticks at which a guest lets others go on.
        options.clock |= can_wait;
        let gate = Gate::default();
        #[cfg(feature = "schema-checks")]
        let gate = match self.checked {
            true => module
                .checks()
                .map_err(Failure::load)?
                .map_or(gate, |checks| Gate::with(checks, limits.schemas)),
            false => gate,
        };
        if self.init {
            gate.check_config(&config)
                .map_err(|kind| Failure::new(kind, Stage::Export(contract::INIT)))?;
        }
        let compiled = module.compiled(&options)?;
        let imports = module.contract().imports();
        self.services.set_config(&config);
        let (mut functions, services) =
            functions(self.services, !imports.is_empty(), &self.grants)?;
        functions.extend(self.host);
        let clock = compiled.clock().clone();
        let mut host = Host::bind(imports, functions, &self.grants, clock, can_wait)
            .map_err(|failure| remedies::explain(failure, module.crate_dir()))?;
        if self.strict {
            all_granted(&module, &host, &self.grants)?;
        }
        host.set_limits(&limits);
        *host.faults() = self.faults;
        Ok(Prepared {
            module,
            compiled,
            host,
            services,
            limits,
            pool: self.pool,
            observe: self.observe,
            gate,
            config: self.init.then_some(config),
        })
    }

    fn engine_options(&self, limits: &Limits) -> EngineOptions {
        EngineOptions {
            fuel: limits.fuel.is_some(),
            clock: limits.timeout.is_some(),
            stack_bytes: limits.stack_bytes,
            pool: self.pool.map(|instances| Pool {
                instances,
                table_elements: limits.table_elements as usize,
            }),
            cache: self.cache.clone(),
        }
    }
}

/// Checks that whatever a plugin declares, and whatever its imports need, is granted.
fn all_granted(module: &Module, host: &Host, grants: &Grants) -> Result<(), Failure> {
    let (optional, required): (Vec<&Permission>, Vec<&Permission>) = module
        .permissions()
        .iter()
        .partition(|permission| permission.is_optional());
    let mut missing: Vec<Permission> = required
        .into_iter()
        .filter(|permission| !grants.allows(permission.name()))
        .cloned()
        .collect();
    for needed in host.not_granted() {
        let mut known = optional.iter().copied().chain(&missing);
        if !known.any(|known| known.name() == needed) {
            missing.push(Permission::new(needed, None));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::load(FailureKind::NotGranted {
        permissions: missing,
    }))
}
