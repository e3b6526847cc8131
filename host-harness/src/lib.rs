//! Runs plugins written with [`plugin_sdk`] as a real host would: in WebAssembly, within limits, on
//! wasmtime or on the interpreter wasmi.
//!
//! Its first use is in a plugin's own tests. The harness builds the crate under test for
//! `wasm32-unknown-unknown`, once per process, and calls its commands with values or bytes. A
//! [twin test](macro@test) also runs natively, and compares the two:
//!
//! ```no_run
//! # use plugin_sdk::prelude::*;
//! # #[plugin]
//! # #[derive(Default)]
//! # struct Greeter;
//! use plugin_sdk_harness::Plugin;
//! use serde_json::{Value, json};
//!
//! #[plugin_sdk_harness::test(Greeter)]
//! fn greets_by_name(plugin: &mut Plugin) {
//!     let greeting: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
//!     assert_eq!(greeting["message"], "Hello, Ada!");
//! }
//! # fn main() {}
//! ```
//!
//! Its second use is in a host written in Rust: any module that implements version 1 of the ABI can
//! be [loaded](Module::load) once and [instantiated](Module::plugin) many times.
//!
//! # Observing a plugin
//!
//! | to see | ask for | and look at |
//! |---|---|---|
//! | outcome and cost of calls | [`PluginBuilder::statistics`] | [`Plugin::statistics`]: figures for each command, printed as a table |
//! | events at the call boundary | [`PluginBuilder::trace_to_stderr`] | standard error; [`PluginBuilder::trace`] takes a sink instead |
//! | growth of the heap | [`CrateSource::count_allocations`] | [`Plugin::heap`], [`Plugin::leaks`], [`Plugin::expect_no_leak`], and the two above |
//!
//! ```no_run
//! use plugin_sdk_harness::{Plugin, Source};
//! use serde_json::{Value, json};
//!
//! let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR")).count_allocations();
//! let mut plugin = Plugin::builder(source).statistics().trace_to_stderr().build()?;
//! plugin.expect_no_leak(100, |plugin| {
//!     plugin.call::<Value>("greet", json!({"name": "Ada"})).unwrap();
//! });
//! println!("{}", plugin.statistics());
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! ```
//!
//! ```text
//! | command     | calls | errors | traps |    min |   mean |    p99 |    max | bytes in | bytes out |   memory | live blocks | live bytes |
//! |-------------|-------|--------|-------|--------|--------|--------|--------|----------|-----------|----------|-------------|------------|
//! | greet       |   100 |      0 |     0 |  6.5µs |  7.1µs |  9.9µs | 26.2µs |     1400 |      3890 | 1152 KiB |           4 |       1156 |
//! | plugin_init |     1 |      0 |     0 | 48.5µs | 48.5µs | 48.5µs | 48.5µs |        0 |         4 | 1152 KiB |           2 |         12 |
//! ```
//!
//! [`Plugin::call_many`] amortises the cost of crossing into the guest over many inputs.
//!
//! # Services
//!
//! When a plugin asks its host for a key, a file or the time, a [service](services) answers that a
//! test can inspect. Permissions are granted by name; without a grant, the plugin gets an error
//! value:
//!
//! ```no_run
//! use plugin_sdk_harness::Plugin;
//! use plugin_sdk_harness::services::{AllowList, InjectedFault, ScriptedHttp};
//! use serde_json::{Value, json};
//!
//! # let source = plugin_sdk_harness::Source::crate_dir("");
//! let http = ScriptedHttp::new(AllowList::new(["api.example.com"])?)
//!     .answer_to("GET https://api.example.com/*", json!(["one", "two"]));
//! let mut plugin = Plugin::builder(source).grant("kv").grant("http").http(http).build()?;
//!
//! let _: Value = plugin.call("greet", json!({"name": "Ada"}))?;
//! assert_eq!(plugin.services().kv().get::<String>("last").as_deref(), Some("Ada"));
//! assert_eq!(plugin.services().http().requests().len(), 1);
//!
//! plugin.fault("kv_set", InjectedFault::error("unavailable", "disk on fire").times(1));
//! let failure = plugin.call::<Value>("greet", json!({"name": "Ada"})).unwrap_err();
//! assert_eq!(failure.code(), "unavailable");
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! ```
//!
//! A host in production uses real services instead. A database file, a Redis server, an HTTP client
//! and folders are behind features of this crate: `kv-database`, `kv-redis`, `http-client` (with
//! `https` for TLS) and `files-directory`.
//!
//! # The manifest
//!
//! A plugin made with the SDK describes itself in a section of its `.wasm`: its identity, the
//! permissions that it asks for, and every command with the types of its arguments and its result
//! as JSON Schema. [`Module::manifest`] returns it for a loaded module,
//! [`manifest::Manifest::read`] reads it from the bytes of a file; neither runs or compiles
//! anything. [`Module::warnings`] reports where manifest and module disagree.
//!
//! ```no_run
//! use plugin_sdk_harness::{Module, Source};
//!
//! let module = Module::load(Source::file("greeter.wasm"))?;
//! if let Some(manifest) = module.manifest() {
//!     println!("{} {}: {}", manifest.name, manifest.version, manifest.description);
//!     for command in &manifest.commands {
//!         println!("  {}: {}", command.name, command.description);
//!     }
//! }
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! ```
//!
//! With the feature `schema-checks`, `PluginBuilder::validate_schemas` makes the harness validate
//! values against these schemas before the plugin gets them. The plugin itself checks only types. A
//! host that validates refuses a call before anything runs, reports all problems at once, and
//! enforces constraints such as `maximum`.
//!
//! # Engines
//!
//! The feature `wasmtime`, on by default, compiles plugins to native code. The feature `wasmi`
//! interprets them and is built in seconds, which suits the tests of plugins. With both,
//! [`PluginBuilder::engine`] chooses one, or the variable `PLUGIN_SDK_ENGINE` for a whole process:
//! see [`Engine`].
//!
//! # Async hosts
//!
//! With the feature `async`, calls of a plugin built by `PluginBuilder::build_async` are futures,
//! on tokio. Neither a host function that waits nor a guest that computes for long blocks the
//! runtime's other tasks: the guest yields at every tick of a clock, about every 10 ms. Host
//! functions can be plain or `async`:
//!
//! ```
//! # #[cfg(feature = "async")] {
//! use plugin_sdk_harness::{Module, Source};
//!
//! #[plugin_sdk::host_functions(module = "weather")]
//! trait Weather {
//!     fn degrees(city: &str) -> i32;
//! }
//!
//! struct Service;
//!
//! impl AsyncWeather for Service {
//!     async fn degrees(&mut self, city: &str) -> i32 {
//!         tokio::time::sleep(std::time::Duration::from_millis(1)).await;
//!         city.len() as i32
//!     }
//! }
//!
//! # const WAT: &str = r#"(module (import "weather" "degrees" (func $degrees (param i32 i32) (result i32)))
//! #   (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
//! #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
//! #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
//! #   (func (export "command_degrees") (param i32 i32) (result i64)
//! #     (i32.store8 (i32.const 64) (i32.add (i32.const 48) (call $degrees (i32.const 0) (i32.const 6)))) i64.const 0x40_0000_0001))"#;
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let module = Module::load(Source::wat(WAT))?;
//! let builder = module.plugin().host_functions(weather::provide_async(Service));
//! let mut plugin = builder.build_async().await?;
//! assert_eq!(plugin.call::<i32>("degrees", ()).await?, 6);
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! An implementation of the plain trait runs on the runtime's thread and blocks it; an
//! implementation that waits for a disk or a network should be `async`. The timeout of a call
//! includes its waits, for the host and for its turn; when it passes, a host function's future is
//! dropped. Dropping the future of a call cancels it. The runtime must have its timers enabled.
//!
//! One instance makes one call at a time. `AsyncPool` keeps several instances for concurrent calls,
//! as [`Pool`] does for threads.
//!
//! # What a guest can do to its host
//!
//! Nothing. The harness treats a guest as hostile: it checks every address and length against the
//! guest's memory, bounds and filters the guest's text before it shows it, and
//! [limits](PluginBuilder) memory, tables, stack, time and fuel. Whatever goes wrong is a
//! [`Failure`] that names the cause.
//!
//! The same holds for work on a module before it runs. Compile time depends on a function's shape
//! far more than on its size, so the harness inspects the shape first, and [`ModuleLimits`] refuse
//! modules that would take long: an accepted module compiles in some seconds, and some more per
//! MiB. A host that cannot spare them for an untrusted module compiles in a separate process, which
//! fills the [cache](PluginBuilder::cache_dir). [`docs`] lists all limits.
//!
//! # Layers
//!
//! Each line imports only lines above it:
//!
//! | module | contents |
//! |---|---|
//! | `text`, `sections`, `memory`, `limits`, `permissions` | text that is safe to show; sections of modules; pages and ranges of linear memory; what modules and calls may use; what plugins may do |
//! | `symbols` | names and source lines of functions |
//! | `failure` | kinds of failures, their circumstances, and how they read for people and as JSON |
//! | `wasm` | what some bytes are, a module's outside, and [`inspect`] |
//! | [`manifest`] | a plugin's description of itself, and values checked against its schemas |
//! | [`services`] | key-value store, files, network, clock and so on |
//! | `abi` | the check of a module against ABI version 1, its commands, warnings for its author |
//! | `observe` | statistics, the trace, the [`transcript`], the heap and leaks |
//! | `engine` | wasmtime and wasmi behind one interface: linking, instances, traps, clocks, the cache of compiled code |
//! | `imports` | host functions: binding, dispatch, history; the state of a store |
//! | [`capsule`] | the file of a failure, with everything that led to it |
//! | `source` | crates, files and bytes that modules come from; cargo |
//! | `run` | modules, instances and batches; the sandbox around an instance; traps |
//! | `snapshot` | modules in which a plugin has been made already |
//! | [`hosts`] | contracts and emulators of other hosts, and which host a module is made for |
//! | `plugin` | [`Plugin`], its builder, pools and async calls; plugins that run natively |
//! | `replay` | capsules that run again |
//! | `hostile` | a kit of hostile guests, for hosts of any make |
//! | [`twin`] | one test body, run natively and in WebAssembly |
//! | `registry` | plugins by id, loaded from folders, with events between them and swaps while they run |
//!
//! # The path of a call
//!
//! `plugin/mod.rs` looks the command up and `plugin/encode.rs` encodes values. `run/instance.rs`
//! writes the arguments into the buffer that the guest's `alloc` returned once, calls the export
//! and checks the range of the result. `run/trap.rs` classifies traps, `failure/` reports them.
//! `plugin/native/` runs a plugin without WebAssembly, and `imports/native.rs` serves its host
//! calls. `run/batch.rs` makes one call of many, `plugin/pool.rs` lends instances to many callers,
//! `plugin/asynchronous/` has calls that are futures. `observe/` is notified of each call.
//!
//! Before that, `source/` gets a module's bytes, `wasm/interface.rs` and `abi/check.rs` check them,
//! `manifest/` reads the plugin's description, `run/module.rs` and `engine/` compile the module and
//! keep its code.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod abi;
pub mod capsule;
#[cfg(all(doc, not(doctest)))]
#[doc = "[Capsules]: crate::capsule"]
#[doc = ""]
#[doc = include_str!("../docs/limits.md")]
pub mod docs {}
mod engine;
mod failure;
#[cfg(feature = "hostile")]
pub mod hostile;
pub mod hosts;
mod imports;
mod limits;
pub mod manifest;
mod memory;
mod observe;
mod permissions;
mod plugin;
#[cfg(feature = "registry")]
pub mod registry;
mod replay;
mod run;
mod sections;
pub mod services;
mod snapshot;
mod source;
mod symbols;
mod sync;
mod text;
pub mod twin;
mod wasm;

pub use abi::{Command, CommandName, Warning};
pub use engine::{Engine, UnknownEngine};
pub use failure::{
    BuildFailure, Failure, FailureKind, Frame, HostCall, Import, LogLine, Panic, Quota, Region,
    Stack, Usage,
};
pub use imports::Interrupt;
pub use limits::{ModuleLimits, UnknownLimit};
pub use observe::transcript;
pub use observe::{
    CallGrowth, CallStatistics, Growth, Heap, LeakReport, Outcome, Statistics, Times, TraceEvent,
    TraceKind,
};
#[cfg(feature = "async")]
pub use plugin::{AsyncPlugin, AsyncPool};
pub use plugin::{Plugin, PluginBuilder, Pool};
pub use replay::Replayed;
pub use run::{Answers, Module};
pub use source::{BuiltModule, CargoEnvironment, CrateSource, Source, remedies};
#[cfg(feature = "symbols")]
pub use symbols::symbols_file;
#[doc(hidden)]
pub use text::{is_safe, nearest};
pub use wasm::inspect;

/// Makes two tests of one body: `native` runs it natively, and `wasm` in WebAssembly. `wasm` then
/// compares everything that happened to the plugin in both: calls with their results and errors,
/// and host calls, among them log lines and events, with their arguments and answers.
///
/// The body takes `plugin: &mut Plugin`, or `builder: PluginBuilder` to choose its configuration,
/// grants, services and limits. It returns nothing, or a `Result<(), E>`.
///
/// ```no_run
/// # use plugin_sdk::prelude::*;
/// # #[plugin]
/// # #[derive(Default)]
/// # struct GuestBook;
/// use plugin_sdk_harness::{Plugin, PluginBuilder};
/// use serde_json::json;
///
/// #[plugin_sdk_harness::test(GuestBook)]
/// fn nobody_was_greeted(plugin: &mut Plugin) {
///     assert_eq!(plugin.call::<Option<String>>("last", ()).unwrap(), None);
/// }
///
/// #[plugin_sdk_harness::test(GuestBook)]
/// fn remembers_the_last_guest(builder: PluginBuilder) -> Result<(), plugin_sdk_harness::Failure> {
///     let mut plugin = builder.grant("kv").build()?;
///     let greeting: String = plugin.call("greet", json!({"name": "Ada"}))?;
///     assert_eq!(greeting, "Hello, Ada!");
///     Ok(())
/// }
/// # fn main() {}
/// ```
///
/// `cargo test nobody_was_greeted::native` debugs the first without a build for WebAssembly.
///
/// The module is that of the test's own crate. The plugin's type may be in another crate, which the
/// test then links.
///
/// | option | effect |
/// |---|---|
/// | a type, first | the plugin |
/// | `native_only = "reason"` | no test `wasm` |
/// | `wasm_only = "reason"` | no test `native`, and no comparison; the type may be left out |
/// | `crate = "kit::plugin_sdk_harness"` | the path of this crate, if it has another name |
///
/// `#[ignore]` and `#[cfg(…)]` apply to both tests. [`twin::compare`] compares other pairs of
/// plugins. A native run has [no limits](Plugin::native) of memory and time, and the guide
/// lists where the targets differ.
pub use plugin_sdk_macros::test;

// The crates that typed clients of plugins use, as `cargo plugin client` writes them.
pub use {serde, serde_json};
