//! Settings of a plugin, and its creation.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin_sdk::abi;
use plugin_sdk::imports::HostFunctions;
use plugin_sdk::services;
use serde::Serialize;

use super::Plugin;
use super::emulated::Emulated;
use super::encode::Gate;
use super::native::instance::{self as native, Native};
use super::recording::keep::{self as recording, Recording};
use super::runner::Runner;
use crate::abi::Callee;
use crate::capsule::{self, Capsule, LimitSettings};
use crate::engine::{CacheDir, Engine, EngineOptions, Pool};
use crate::failure::{Failure, FailureKind, Stage};
use crate::hosts::{self, Breaches, Emulation, Emulator, Guest, HostContract, Surroundings};
use crate::imports::Host;
use crate::limits::{Chosen, Limits, UnknownLimit};
use crate::manifest;
use crate::observe::transcript::Recorder;
use crate::observe::{self, Observer, recorded_services};
use crate::permissions::{Grants, Permission};
use crate::run::{Blueprint, Instance, Module, json};
use crate::services::{Faults, InjectedFault, Provided, Services};
use crate::snapshot;
use crate::source::{Source, remedies};
use crate::sync::Shared;

/// Builds a [`Plugin`]: its configuration and its limits.
///
/// | limit | default | outcome of exceeding it |
/// |---|---|---|
/// | [`memory_pages`](Self::memory_pages) | 1024 (64 MiB) | [`OutOfMemory`](FailureKind::OutOfMemory) |
/// | [`timeout`](Self::timeout) | 10 s a call | [`Timeout`](FailureKind::Timeout) |
/// | [`fuel`](Self::fuel) | none | [`OutOfFuel`](FailureKind::OutOfFuel) |
/// | [`stack_bytes`](Self::stack_bytes) | 1 MiB | [`StackOverflow`](FailureKind::StackOverflow) |
/// | [`max_result_bytes`](Self::max_result_bytes) | 16 MiB | [`ResultTooLarge`](FailureKind::ResultTooLarge) |
/// | [`table_elements`](Self::table_elements) | 10,000 | [`TableTooLarge`](FailureKind::TableTooLarge) |
/// | [`max_argument_bytes`](Self::max_argument_bytes) | 16 MiB | the error `too_large` in the plugin |
/// | [`max_log_bytes`](Self::max_log_bytes) | 4 MiB a call | one more line, which reports that the rest is dropped |
/// | [`max_host_calls`](Self::max_host_calls) | 10,000,000 a call | [`TooManyHostCalls`](FailureKind::TooManyHostCalls) |
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
    engine: Option<Engine>,
    pool: Option<u32>,
    cache: CacheDir,
    config: Result<Vec<u8>, String>,
    init: bool,
    start: bool,
    host: Vec<HostFunctions>,
    services: Provided,
    grants: Grants,
    strict: bool,
    #[cfg(feature = "schema-checks")]
    checked: bool,
    faults: Faults,
    /// The host to emulate.
    emulated: Option<&'static HostContract>,
    /// Set in `watching.rs`.
    pub(crate) observe: observe::Options,
    /// Set in `recording.rs`.
    pub(super) recording: recording::Options,
}

/// The parts of an instance.
pub(crate) struct Prepared {
    pub(crate) module: Module,
    /// `None` for a native plugin.
    pub(crate) blueprint: Option<Blueprint>,
    limits: Limits,
    pub(crate) host: Host,
    pub(super) emulation: Option<Emulating>,
    pub(crate) services: Services,
    pub(crate) observer: Option<Box<Observer>>,
    pub(crate) gate: Gate,
    /// The configuration for the init hook, if it is to be called.
    pub(crate) config: Option<Vec<u8>>,
    pub(super) recording: Option<Box<Recording>>,
}

/// The parts of an emulated host.
pub(super) struct Emulating {
    contract: &'static HostContract,
    emulator: Box<dyn Emulator>,
    breaches: Breaches,
}

#[derive(Clone, Debug)]
enum Origin {
    Source(Box<Source>),
    Module(Module),
}

impl Plugin {
    /// Builds the crate in a folder for `wasm32-unknown-unknown`, once per process, and creates an
    /// instance with the default limits.
    ///
    /// A test in the plugin's own crate passes `env!("CARGO_MANIFEST_DIR")`. See
    /// [`CrateSource`](crate::CrateSource) for details of the build.
    pub fn from_crate(dir: impl AsRef<Path>) -> Result<Self, Failure> {
        Self::builder(Source::crate_dir(dir.as_ref())).build()
    }

    /// Creates an instance of a `.wasm` file with the default limits.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Failure> {
        Self::builder(path.as_ref()).build()
    }

    /// Creates an instance of a module, from its bytes, with the default limits.
    pub fn from_bytes(wasm: &[u8]) -> Result<Self, Failure> {
        Self::builder(wasm).build()
    }

    /// Creates an instance of a module in text form with the default limits.
    #[cfg(feature = "wat")]
    pub fn from_wat(text: &str) -> Result<Self, Failure> {
        Self::builder(Source::wat(text)).build()
    }

    /// Returns a builder for an instance with its own limits and configuration.
    pub fn builder(source: impl Into<Source>) -> PluginBuilder {
        PluginBuilder::new(Origin::Source(Box::new(source.into())))
    }
}

impl Module {
    /// Returns a builder for a new instance of the module.
    pub fn plugin(&self) -> PluginBuilder {
        PluginBuilder::new(Origin::Module(self.clone()))
    }
}

impl PluginBuilder {
    /// Sets the limits that a plugin asks for in its manifest, as far as they are not above the
    /// default ones. A plugin can only lower the limits; only the host can raise them.
    pub fn asked_limits(mut self, asked: &manifest::Limits) -> Self {
        let default = Limits::default();
        if let Some(pages) = asked.memory_pages {
            self = self.memory_pages(pages.min(default.memory_pages));
        }
        if let Some(milliseconds) = asked.timeout_ms {
            let asked = Duration::from_millis(milliseconds);
            self = self.timeout(default.timeout.map_or(asked, |most| most.min(asked)));
        }
        if let Some(fuel) = asked.max_fuel {
            self = self.fuel(fuel);
        }
        self
    }

    /// Does not call the init hook. [`Plugin::init`] can call it later.
    pub fn without_init(mut self) -> Self {
        self.init = false;
        self
    }

    /// Calls the start hook after the init hook, if the plugin has one and its host calls it.
    pub fn start(mut self) -> Self {
        self.start = true;
        self
    }

    /// Sets the largest size of the linear memory, in pages of 64 KiB.
    ///
    /// WebAssembly reports a refused request to the guest. If the guest cannot continue, the call
    /// fails with [`OutOfMemory`](FailureKind::OutOfMemory).
    pub fn memory_pages(mut self, pages: u32) -> Self {
        self.limits.memory_pages = Some(pages);
        self
    }

    /// Sets the fuel of every call. One unit is about one WebAssembly instruction.
    ///
    /// Unlike time, fuel is the same on every machine and in every run. Counting it slows calls
    /// down.
    pub fn fuel(mut self, fuel: u64) -> Self {
        self.limits.fuel = Some(fuel);
        self
    }

    /// Sets the time limit of a call, accurate to about 20 ms. Time in host functions counts: the
    /// services of this crate stop in time and return the error `timeout`.
    ///
    /// A single instruction is not interrupted, such as `memory.fill` of all the memory that
    /// [`memory_pages`](Self::memory_pages) allows: up to 50 ms for the 64 MiB of the default, and
    /// 5 s for 4 GiB.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = Some(Some(timeout));
        self
    }

    /// Removes the time limit, for trusted guests. Code without time checks runs up to 1.4 times as
    /// fast.
    pub fn no_timeout(mut self) -> Self {
        self.limits.timeout = Some(None);
        self
    }

    /// Sets how many bytes of a result or an error are decoded; in a batch, of all of them
    /// together. The default is 16 MiB.
    ///
    /// Decoding turns memory of the guest into memory of the host. A [`serde_json::Value`] has 72
    /// bytes and takes up to 64 times the size of its text, so 16 MiB may become 1 GiB. A type of
    /// the host takes the size of its fields. The bytes of [`call_raw`](Plugin::call_raw) are not
    /// copied and bounded only by the guest's memory. [`call_many_raw`](Plugin::call_many_raw)
    /// copies the results of a command without batch support, and this limit applies to all of them
    /// together.
    pub fn max_result_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_result_bytes = Some(bytes);
        self
    }

    /// Sets how many bytes one call may pass to a host function, all arguments together. The
    /// default is 16 MiB.
    ///
    /// A call with more is refused before anything is read, with the error `too_large`. A host
    /// function that cannot return an error is called nevertheless if it only takes bytes, such as
    /// a line for the log; if it reads JSON, the plugin's call fails with
    /// [`HostFunction`](FailureKind::HostFunction).
    pub fn max_argument_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_argument_bytes = Some(bytes);
        self
    }

    /// Sets how many bytes of lines one call may forward to the host's log through
    /// [`ForwardedLog`](crate::services::ForwardedLog). The default is 4 MiB.
    ///
    /// Each line counts a hundred bytes more than its text. Further lines of the call are dropped,
    /// and one more line reports that. A [`RecordedLog`](crate::services::RecordedLog) always keeps
    /// the last lines.
    pub fn max_log_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_log_bytes = Some(bytes);
        self
    }

    /// Sets how many host functions a call may call, those that it is refused included. The default
    /// is 10 million, which fit into the default time only if they do next to nothing.
    ///
    /// A call with more fails with [`TooManyHostCalls`](FailureKind::TooManyHostCalls).
    ///
    /// ```
    /// use plugin_sdk_harness::{FailureKind, Plugin, Source};
    ///
    /// # const WAT: &str = r#"(module (import "plugin_host" "time_monotonic" (func $time (param i32) (result i64)))
    /// #   (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    /// #   (func (export "command_wait") (param i32 i32) (result i64) (loop (drop (call $time (i32.const 64))) (br 0)) i64.const 0))"#;
    /// let builder = Plugin::builder(Source::wat(WAT));
    /// let mut plugin = builder.max_host_calls(1000).build()?;
    /// let failure = plugin.call::<()>("wait", ()).unwrap_err();
    /// assert!(matches!(failure.kind(), FailureKind::TooManyHostCalls { limit: 1000, .. }));
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn max_host_calls(mut self, calls: u64) -> Self {
        self.limits.max_host_calls = Some(calls);
        self
    }

    /// Sets how many bytes of the calling thread's stack a call may use.
    ///
    /// The thread needs this much and about 256 KiB more. Threads of Rust have 2 MiB by default. A
    /// Rust guest keeps local values that have an address on a stack of its own, whose size its
    /// linker sets.
    pub fn stack_bytes(mut self, bytes: usize) -> Self {
        self.limits.stack_bytes = Some(bytes);
        self
    }

    /// Sets how many elements all tables of the module may have together: one for each function
    /// that is called through a pointer.
    pub fn table_elements(mut self, elements: u32) -> Self {
        self.limits.table_elements = Some(elements);
        self
    }

    /// Returns the names of the limits that [`limit`](Self::limit) sets: those of their methods.
    pub fn limit_names() -> impl Iterator<Item = &'static str> {
        Chosen::names()
    }

    /// Sets a limit by its [name](Self::limit_names), for a host whose users set limits by name.
    /// Those that depend on the host itself have only a method: `timeout`, `fuel`, `memory_pages`
    /// and `stack_bytes`.
    ///
    /// # Errors
    ///
    /// Fails if no limit has this name.
    ///
    /// ```
    /// use plugin_sdk_harness::{Plugin, Source};
    ///
    /// # let source = Source::crate_dir("");
    /// let builder = Plugin::builder(source).limit("table_elements", 50_000)?;
    /// let unknown = builder.limit("table_element", 50_000).unwrap_err();
    /// let expected = "there is no limit `table_element`; did you mean `table_elements`?";
    /// assert_eq!(unknown.to_string(), expected);
    /// # Ok::<(), plugin_sdk_harness::UnknownLimit>(())
    /// ```
    pub fn limit(mut self, name: &str, value: u64) -> Result<Self, UnknownLimit> {
        self.limits.set(name, value)?;
        Ok(self)
    }

    /// Chooses the engine that runs the plugin, instead of the [default](Engine::usual).
    ///
    /// ```
    /// use plugin_sdk_harness::{Engine, Plugin, Source};
    ///
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// for engine in Engine::ALL.iter().copied().filter(|engine| engine.is_available()) {
    ///     let mut plugin = Plugin::builder(Source::wat(WAT)).engine(engine).build()?;
    ///     assert_eq!(plugin.call_raw("echo", b"abc")?, b"abc");
    /// }
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    /// Takes the instance from a pool of this many slots. All instances that ask for a pool of the
    /// same size share it.
    ///
    /// An instance then costs about a third as much time. The pool takes address space. Of the
    /// [engines](Engine), only wasmtime has pools; with another one, building the plugin fails.
    pub fn pooling(mut self, instances: u32) -> Self {
        self.pool = Some(instances);
        self
    }

    /// Keeps compiled modules in this folder. Of the [engines](Engine), only wasmtime compiles
    /// them; with another one, building the plugin fails.
    ///
    /// The default is the value of the variable `PLUGIN_SDK_CACHE_DIR` (`off` disables the cache),
    /// or else `plugin-sdk` in the user's cache folder. A folder that does not exist is created for
    /// the user alone.
    ///
    /// Its contents run as native code, and the limits of modules are not checked again. So on
    /// Unix, a folder is refused that other users can write to, or that belongs to a user other
    /// than the process's or the administrator. Building a plugin then fails with
    /// [`Engine`](FailureKind::Engine), or, with the default folder, proceeds without a cache. On
    /// other systems, the host's author must name a folder of the user's own. Entries have
    /// checksums; a damaged one is compiled again.
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache = CacheDir::At(dir.into());
        self
    }

    /// Compiles without the cache on disk.
    pub fn no_cache(mut self) -> Self {
        self.cache = CacheDir::Off;
        self
    }

    /// Adds host functions: `provide`, generated next to a
    /// [`#[host_functions]`](plugin_sdk::host_functions) trait, returns them for an implementation.
    ///
    /// If several define the same function, the last one wins.
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
    /// let builder = Plugin::builder(Source::wat(WAT));
    /// let mut plugin = builder.host_functions(dice::provide(Loaded)).build()?;
    /// assert_eq!(plugin.call::<u32>("roll", ())?, 6);
    /// assert_eq!(plugin.host_calls()[0].function, "dice.roll");
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn host_functions(mut self, functions: HostFunctions) -> Self {
        self.host.push(functions);
        self
    }

    /// Grants a permission, by the name that host functions require.
    ///
    /// A host function whose permission is not granted returns the error `permission_denied`.
    pub fn grant(mut self, permission: impl Into<String>) -> Self {
        self.grants.grant(permission);
        self
    }

    /// Grants every permission.
    pub fn grant_all(mut self) -> Self {
        self.grants.grant_all();
        self
    }

    /// Sets the text of the error for a denied permission that names what grants it, for hosts
    /// whose users do not write Rust. The default is `.grant("kv")`.
    ///
    /// ```no_run
    /// # use plugin_sdk_harness::Plugin;
    /// # let source = plugin_sdk_harness::Source::crate_dir("");
    /// let builder = Plugin::builder(source);
    /// let builder = builder.grant_hint(|permission| format!("allow = [{permission:?}]"));
    /// let denied = builder.build()?.call_raw("greet", br#"{"name":"Ada"}"#).unwrap_err();
    /// let error = denied.plugin_error().unwrap();
    /// assert!(error.message().ends_with(r#": `allow = ["kv"]` grants it"#));
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn grant_hint(mut self, words: fn(&str) -> String) -> Self {
        self.grants.set_words(words);
        self
    }

    /// Refuses a plugin that declares a required permission that is not granted, or whose imports
    /// need one, unless the plugin declares it as optional.
    ///
    /// The failure is [`FailureKind::NotGranted`], which lists all of them.
    pub fn require_permissions(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Validates values against the plugin's own schemas before the plugin gets any of them:
    /// arguments, the configuration and data of events.
    ///
    /// A value that does not match fails with [`FailureKind::SchemaMismatch`], and no code of the
    /// plugin runs. The failure has the code of the error that the plugin itself would return, and
    /// lists all problems, each with its path and its JSON Pointer.
    ///
    /// The plugin checks types itself. This is for a host that wants to refuse a user's input
    /// before it starts anything, and for the author's constraints (`minimum`, `maxLength`,
    /// `pattern`, `format`, …), which are only checked here. It costs about as much as reading the
    /// values once more. Schemas are compiled once for all instances of a [`Module`], when first
    /// needed.
    ///
    /// Not validated: commands and events that the plugin does not describe, configurations of a
    /// plugin without a schema for them, and calls with bytes ([`call_raw`](Plugin::call_raw) and
    /// similar). Arguments of the binary codec are validated in their JSON form, which has no NaN.
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
    /// let mut plugin = Plugin::builder(source).validate_schemas().build()?;
    /// plugin.call::<()>("wait", json!({"seconds": 60}))?;
    ///
    /// let failure = plugin.call::<()>("wait", json!({"seconds": 90})).unwrap_err();
    /// assert!(matches!(failure.kind(), FailureKind::SchemaMismatch { .. }));
    /// assert_eq!(failure.code(), "invalid_argument");
    /// let problem = "`seconds`: expected an integer from 1 to 60, found 90";
    /// assert_eq!(failure.message(), format!("command `wait` was not called: {problem}"));
    /// assert_eq!(failure.plugin_error().unwrap().details().unwrap()["pointer"], "/seconds");
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`build`](Self::build) fails if the manifest cannot be read, and a call fails if a schema
    /// cannot be used: [`FailureKind::BadSchema`]. A schema cannot be used if it has a pattern with
    /// look-around or back-references, of more than 4096 bytes, or of more than 256 KiB when
    /// compiled; if it refers to itself for the same part of a value, or to anything but a whole
    /// definition; or if it has more than 2000 alternatives for one part of a value. See also
    /// [`max_schema_bytes`](Self::max_schema_bytes) and
    /// [`max_schema_steps`](Self::max_schema_steps).
    #[cfg(feature = "schema-checks")]
    pub fn validate_schemas(mut self) -> Self {
        self.checked = true;
        self
    }

    /// Sets how many bytes the plugin's schemas may take together, compiled for
    /// [`validate_schemas`](Self::validate_schemas), patterns included. The default is 128 MiB.
    ///
    /// A call that needs more fails with [`FailureKind::BadSchema`]. The count is an upper
    /// estimate: 2 KiB for each schema, with all references written out.
    #[cfg(feature = "schema-checks")]
    pub fn max_schema_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_schema_bytes = Some(bytes);
        self
    }

    /// Sets how many steps [`validate_schemas`](Self::validate_schemas) may take for one value. The
    /// default is 20 million, which take some seconds.
    ///
    /// A step takes about the time of one schema for one value; for a pattern, of a byte of text
    /// for each KiB of the compiled pattern. A value that would take more fails with
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
    /// let builder = Plugin::builder(source).validate_schemas();
    /// let mut plugin = builder.max_schema_steps(100_000).build()?;
    /// let failure = plugin.call::<Value>("sum", json!({"numbers": vec![7; 200]})).unwrap_err();
    /// assert!(matches!(failure.kind(), FailureKind::BadSchema { .. }));
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    #[cfg(feature = "schema-checks")]
    pub fn max_schema_steps(mut self, steps: u64) -> Self {
        self.limits.max_schema_steps = Some(steps);
        self
    }

    /// Injects a fault into a host function, by the name of its import: see [`InjectedFault`].
    ///
    /// ```no_run
    /// use plugin_sdk_harness::Plugin;
    /// use plugin_sdk_harness::services::InjectedFault;
    ///
    /// # let source = plugin_sdk_harness::Source::crate_dir("");
    /// let plugin = Plugin::builder(source)
    ///     .grant("kv")
    ///     .fault("kv_get", InjectedFault::error("unavailable", "disk on fire").times(2))
    ///     .build()?;
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn fault(mut self, function: &str, fault: InjectedFault) -> Self {
        self.faults.add(function, fault);
        self
    }

    /// Sets the key-value store. The default is a [`MemoryKv`](crate::services::MemoryKv).
    pub fn kv(mut self, kv: impl services::kv::Kv + Send + 'static) -> Self {
        self.services.kv(kv);
        self
    }

    /// Sets the files. The default is an empty [`MemoryFiles`](crate::services::MemoryFiles).
    pub fn files(mut self, files: impl services::files::Files + Send + 'static) -> Self {
        self.services.files(files);
        self
    }

    /// Sets the HTTP client. The default is a [`ScriptedHttp`](crate::services::ScriptedHttp) that
    /// reaches nothing.
    pub fn http(mut self, http: impl services::http::Http + Send + 'static) -> Self {
        self.services.http(http);
        self
    }

    /// Sets the language model. The default is a [`ScriptedAi`](crate::services::ScriptedAi)
    /// without answers.
    pub fn ai(mut self, ai: impl services::ai::Ai + Send + 'static) -> Self {
        self.services.ai(ai);
        self
    }

    /// Sets the events. The default is an [`EventBus`](crate::services::EventBus) of the plugin's
    /// own.
    pub fn events(mut self, events: impl services::events::Events + Send + 'static) -> Self {
        self.services.events(events);
        self
    }

    /// Sets the service that the plugin looks its configuration up in. The default is the
    /// configuration given to [`config`](Self::config).
    pub fn config_service(
        mut self,
        config: impl services::config::Config + Send + 'static,
    ) -> Self {
        self.services.config(config);
        self
    }

    /// Sets the log. The default is a [`RecordedLog`](crate::services::RecordedLog).
    pub fn logs(mut self, logs: impl services::logging::Log + Send + 'static) -> Self {
        self.services.logs(logs);
        self
    }

    /// Sets the clock. The default is a [`ManualClock`](crate::services::ManualClock), whose time
    /// does not pass.
    pub fn clock(mut self, clock: impl services::time::Time + Send + 'static) -> Self {
        self.services.clock(clock);
        self
    }

    /// Sets the source of random numbers. The default is a
    /// [`SeededRandom`](crate::services::SeededRandom) of seed 0, the same in every run.
    pub fn random(mut self, random: impl services::random::Random + Send + 'static) -> Self {
        self.services.random(random);
        self
    }

    /// Emulates another host strictly: see [`hosts`](crate::hosts). A [`Pool`](crate::Pool) then
    /// has instances for that host, too.
    ///
    /// A crate is built with its feature for that host. The host's own limits apply, or those that
    /// the plugin's manifest asks for where the host reads them there, unless this builder sets
    /// others.
    pub fn emulate(mut self, host: &'static HostContract) -> Self {
        self.emulated = Some(host);
        self
    }

    fn new(origin: Origin) -> Self {
        PluginBuilder {
            origin,
            limits: Chosen::default(),
            engine: None,
            pool: None,
            cache: CacheDir::default(),
            config: Ok(Vec::new()),
            init: true,
            start: false,
            host: Vec::new(),
            services: Provided::default(),
            grants: Grants::none(),
            strict: false,
            #[cfg(feature = "schema-checks")]
            checked: false,
            faults: Faults::new(),
            emulated: None,
            observe: observe::Options::default(),
            recording: recording::Options::default(),
        }
    }

    /// Sets the configuration for the init hook. Without one, the hook gets the equivalent of `{}`.
    pub fn config(mut self, config: impl Serialize) -> Self {
        let mut text = Vec::new();
        self.config = json::encode(&config, &mut text).map(|()| text);
        self
    }

    /// Creates the plugin for another host, which is emulated strictly: [`emulate`](Self::emulate)
    /// and [`build`](Self::build) in one.
    ///
    /// An operation that the host lacks is
    /// [`UnsupportedByHost`](FailureKind::UnsupportedByHost), code `unsupported`. A rule that the
    /// plugin breaks is [`ContractViolation`](FailureKind::ContractViolation), even where the host
    /// itself would not notice.
    ///
    /// ```no_run
    /// use plugin_sdk_harness::{Plugin, Source, hosts};
    /// use serde_json::Value;
    ///
    /// let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
    /// let mut plugin = Plugin::builder(source).build_for(hosts::neotalk())?;
    /// let answer: Value = plugin.call("ping", ())?;
    /// assert_eq!(answer["status"], "pong");
    ///
    /// // NeoTalk has no events.
    /// assert_eq!(plugin.event("user.created", ()).unwrap_err().code(), "unsupported");
    /// plugin.finish()?;
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build), and a rule of the host that the module breaks.
    pub fn build_for(self, host: &'static HostContract) -> Result<Plugin, Failure> {
        self.emulate(host).build()
    }

    /// Creates the instance and calls its init hook with the configuration.
    ///
    /// # Errors
    ///
    /// Fails if the module cannot be [loaded](Module::load), compiled or instantiated within the
    /// limits, and if the init hook fails.
    pub fn build(self) -> Result<Plugin, Failure> {
        let host = self.emulated;
        let built = self.built();
        built.map_err(|failure| match host {
            Some(host) => host.in_own_words(failure),
            None => failure,
        })
    }

    fn built(self) -> Result<Plugin, Failure> {
        let start = self.start;
        let Prepared {
            module,
            blueprint,
            limits,
            host,
            emulation,
            services,
            observer,
            gate,
            config,
            recording,
        } = self.prepare(false)?;
        let keep = |failure: Failure| recording::kept(recording.as_deref(), failure);
        let runner = match (module.make_native(), blueprint, emulation) {
            (Some(make), ..) => {
                let native = Native::new(make, &module, host, limits, observer);
                Runner::Native(Box::new(native))
            }
            (None, None, _) => return Err(native::lacks("module")),
            (None, Some(blueprint), None) => {
                let commands = module.contract().commands().clone();
                let instance = Instance::new(blueprint, commands, host, observer);
                Runner::Own(instance.map_err(keep)?)
            }
            (
                None,
                Some(blueprint),
                Some(Emulating {
                    contract,
                    emulator,
                    breaches,
                }),
            ) => {
                let rules = contract.guest_rules();
                let emulated = Guest::new(rules, blueprint, &module, host, observer)
                    .and_then(|guest| Emulated::new(contract, emulator, breaches, guest));
                let in_own_words = |failure| contract.in_own_words(failure);
                Runner::Emulated(Box::new(emulated.map_err(in_own_words).map_err(keep)?))
            }
        };
        let mut plugin = Plugin::new(runner, module, services, gate);
        plugin.recording = recording;
        if let Some(config) = config {
            plugin.call_encoded(
                Callee::Export(abi::INIT_EXPORT),
                |_, _, text| {
                    text.extend_from_slice(&config);
                    Ok(())
                },
                |_| Ok(()),
            )?;
            plugin.alive = true;
        }
        if start {
            plugin.start_if_supported()?;
        }
        Ok(plugin)
    }

    /// Makes the plugin within the limits of this builder, and returns a module with the result in
    /// its memory, so that new instances start with it.
    ///
    /// The source must be built for a snapshot, by `cargo plugin build --snapshot` or
    /// [`CrateSource::snapshot`](crate::CrateSource::snapshot), or export `plugin_prepare` as the
    /// ABI specifies it. What each instance must do for itself is left to its host: the init hook
    /// and its configuration, the level of the log, and all host calls. The guide describes it.
    ///
    /// # Errors
    ///
    /// Fails like [`build`](Self::build) if the module cannot be loaded or exceeds a limit, with
    /// [`MissingExport`](FailureKind::MissingExport) if it is not built for a snapshot, and with
    /// [`NoSnapshot`](FailureKind::NoSnapshot) if it calls its host or changes what a snapshot
    /// cannot hold.
    ///
    /// ```
    /// use plugin_sdk_harness::{Plugin, Source};
    ///
    /// # const WAT: &str = r#"(module (memory (export "memory") 1)
    /// #   (func (export "plugin_prepare") (i32.store8 (i32.const 64) (i32.const 55)))
    /// #   (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    /// #   (func (export "command_seven") (param i32 i32) (result i64) i64.const 0x40_0000_0001))"#;
    /// let snapshot = Plugin::builder(Source::wat(WAT)).memory_pages(16).snapshot()?;
    /// let mut plugin = Plugin::from_bytes(&snapshot)?;
    /// assert_eq!(plugin.call::<u8>("seven", ())?, 7);
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn snapshot(self) -> Result<Vec<u8>, Failure> {
        let limits = self.limits.over(Limits::default());
        let options = self.engine_options(&limits)?;
        let binary = match self.origin {
            Origin::Source(source) => {
                let feature = self.emulated.and_then(|host| host.feature);
                source.with_feature(feature).read()?
            }
            Origin::Module(module) if module.make_native().is_some() => {
                return Err(native::lacks("snapshot"));
            }
            Origin::Module(module) => module.binary(),
        };
        snapshot::take(&binary, &limits, &options)
    }

    /// Prepares all parts of an instance without running guest code. `can_wait` is for async calls.
    pub(crate) fn prepare(mut self, can_wait: bool) -> Result<Prepared, Failure> {
        self.recording = self.recording.settled();
        self.observe.transcript |= self.recording.keeps();
        if !self.recording.keeps() {
            return self.prepared(can_wait);
        }
        let (recording, base) = (self.recording.clone(), self.unloaded());
        self.prepared(can_wait).map_err(|failure| match base() {
            Some(base) => recording.keep_unloaded(failure, base),
            None => failure,
        })
    }

    fn prepared(mut self, can_wait: bool) -> Result<Prepared, Failure> {
        if let Some(host) = self.emulated.filter(|_| can_wait) {
            return Err(Failure::load(host.unsupported("async calls")));
        }
        let config = self.take_config()?;
        let module = match (&self.origin, self.emulated) {
            (Origin::Source(source), None) => Module::load(Source::clone(source))?,
            (Origin::Source(source), Some(host)) => Module::load_for(host, Source::clone(source))?,
            (Origin::Module(module), None) => module.clone(),
            (Origin::Module(module), Some(_)) if module.make_native().is_some() => {
                return Err(native::lacks("emulated host"));
            }
            (Origin::Module(module), Some(host)) => module.seen_by(host)?,
        };
        let is_native = module.make_native().is_some();
        if is_native && can_wait {
            return Err(native::lacks("async calls"));
        }
        let limits = self
            .emulated
            .map_or_else(Limits::default, |host| host.limits(module.manifest()));
        let limits = self.limits.over(limits);
        let mut options = self.engine_options(&limits)?;
        // A guest yields to other tasks at the clock's ticks.
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
                .map_err(|kind| Failure::new(kind, Stage::Export(abi::INIT_EXPORT)))?;
        }
        let compiled = match is_native {
            true => None,
            false => Some(module.compiled(&options)?),
        };
        let imports = module.contract().imports();
        let observer = self.observe.observer();
        self.services.set_config(&config);
        let (mut functions, services, emulation) = match self.emulated {
            None => {
                let (functions, services) = self.services.finish(is_native || !imports.is_empty());
                (functions, services, None)
            }
            Some(contract) => {
                let (mut handles, services) = self.services.share();
                if let Some(recorder) = observer.as_ref().and_then(|it| it.recorder()) {
                    handles = recorded_services(handles, recorder);
                }
                let breaches = Breaches::default();
                let Emulation {
                    functions,
                    emulator,
                } = (contract.emulator)(Surroundings {
                    services: handles,
                    grants: self.grants.clone(),
                    breaches: breaches.clone(),
                    described: module.manifest().is_some(),
                });
                let emulating = Emulating {
                    contract,
                    emulator,
                    breaches,
                };
                (functions, services, Some(emulating))
            }
        };
        let emulated = emulation.as_ref().map_or(0, |_| functions.len());
        let recorder = observer.as_ref().and_then(|observer| observer.recorder());
        // A capsule names a module, which a native plugin does not have.
        let recorder = recorder.filter(|_| !is_native);
        let recording = recorder.map(|recorder| {
            let mut base = recording::base(
                capsule::ModuleRecord::default(),
                self.emulated.unwrap_or_else(hosts::native).name,
                &self.grants,
            );
            base.config = config.as_slice().into();
            base.limits = LimitSettings::from(&limits);
            base.seeds = recording::seeds(&services);
            base.require_permissions = self.strict;
            #[cfg(feature = "schema-checks")]
            {
                base.validate_schemas = self.checked;
            }
            let own: Vec<_> = functions.iter().flat_map(|own| own.functions()).collect();
            let foreign = capsule::foreign(imports, &own, &self.host);
            base.functions = foreign.map(capsule::described).collect();
            let recorder = recorder.clone();
            Box::new(Recording::new(
                self.recording,
                recorder,
                module.clone(),
                base,
            ))
        });
        functions.extend(self.host);
        let clock = compiled.as_ref().map(|compiled| compiled.clock().clone());
        let clock = clock.unwrap_or_default();
        let every = is_native.then(|| native::every(&functions));
        let imports = every.as_deref().unwrap_or(imports);
        let mut host = Host::bind(imports, functions, &self.grants, clock, can_wait)
            .map_err(|failure| remedies::explain(failure, module.crate_dir()))?;
        if self.strict {
            // Nothing shows in advance which functions a native plugin calls.
            let called = (!is_native).then_some(&host);
            all_granted(&module, called, &self.grants)?;
        }
        host.set_limits(&limits);
        host.set_emulated(emulated);
        if emulation.is_some() {
            host.set_log(services.recorded_log().cloned());
        }
        *host.faults() = self.faults;
        Ok(Prepared {
            module,
            blueprint: compiled.map(|compiled| Blueprint {
                compiled,
                limits: limits.clone(),
                pool: self.pool,
            }),
            limits,
            host,
            emulation,
            services,
            observer,
            gate,
            config: self.init.then_some(config),
            recording,
        })
    }

    /// Returns a function that makes the capsule of a module that cannot be loaded or prepared.
    fn unloaded(&self) -> impl FnOnce() -> Option<Capsule> + use<> {
        let (origin, host, grants) = (self.origin.clone(), self.emulated, self.grants.clone());
        let (limits, strict) = (self.limits.over(Limits::default()), self.strict);
        move || {
            let module = match origin {
                Origin::Module(module) => recording::loaded_record(&module),
                Origin::Source(source) => {
                    let feature = host.and_then(|host| host.feature);
                    // A module that cannot be read or built is not a failure of the plugin.
                    let binary = source.with_feature(feature).read().ok()?;
                    recording::module_record(&binary.wasm, binary.path.as_deref(), None)
                }
            };
            let mut base =
                recording::base(module, host.unwrap_or_else(hosts::native).name, &grants);
            base.limits = LimitSettings::from(&limits);
            base.require_permissions = strict;
            Some(base)
        }
    }

    /// Follows the record of another run.
    pub(crate) fn replaying(mut self, recorder: Shared<Recorder>) -> Self {
        self.observe.follow = Some(recorder);
        self
    }

    /// Sets the configuration, which is JSON already.
    pub(crate) fn encoded_config(mut self, config: Vec<u8>) -> Self {
        self.config = Ok(config);
        self
    }

    /// Sets all limits.
    pub(crate) fn exact_limits(mut self, limits: &Limits) -> Self {
        self.limits = Chosen::all(limits);
        self
    }

    /// Sets all grants.
    pub(crate) fn grants(mut self, grants: Grants) -> Self {
        self.grants = grants;
        self
    }

    fn take_config(&mut self) -> Result<Vec<u8>, Failure> {
        let config = std::mem::replace(&mut self.config, Ok(Vec::new()));
        config.map_err(|reason| {
            Failure::new(
                FailureKind::BadArguments { reason },
                Stage::Export(abi::INIT_EXPORT),
            )
        })
    }

    fn engine_options(&self, limits: &Limits) -> Result<EngineOptions, Failure> {
        Ok(EngineOptions {
            engine: match self.engine {
                Some(engine) => engine.available()?,
                None => Engine::usual()?,
            },
            fuel: limits.fuel.is_some(),
            clock: limits.timeout.is_some(),
            stack_bytes: limits.stack_bytes,
            // A slot has room for a table of the default size.
            slots: self.pool.is_none() && limits.table_elements <= Limits::default().table_elements,
            pool: self.pool.map(|instances| Pool {
                instances,
                table_elements: limits.table_elements as usize,
            }),
            cache: self.cache.clone(),
        })
    }
}

/// Checks that every permission is granted that the plugin declares as required or that its imports
/// need, those of `host`.
fn all_granted(module: &Module, host: Option<&Host>, grants: &Grants) -> Result<(), Failure> {
    let (optional, required): (Vec<&Permission>, Vec<&Permission>) = module
        .permissions()
        .iter()
        .partition(|permission| permission.is_optional());
    let mut missing: Vec<Permission> = required
        .into_iter()
        .filter(|permission| !grants.allows(permission.name()))
        .cloned()
        .collect();
    for needed in host.into_iter().flat_map(Host::not_granted) {
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
