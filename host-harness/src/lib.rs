//! Runs plugins written with [`plugin_sdk`] as a real host would: in WebAssembly, on wasmtime, within limits.
//!
//! A plugin's own tests are the first use. The harness builds the crate under test for `wasm32-unknown-unknown`, once per process, and
//! calls its commands with values or bytes:
//!
//! ```no_run
//! use plugin_sdk_harness::Plugin;
//! use serde_json::{Value, json};
//!
//! #[test]
//! fn greets_by_name() {
//!     let mut plugin = Plugin::from_crate(env!("CARGO_MANIFEST_DIR")).unwrap();
//!     let greeting: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
//!     assert_eq!(greeting["message"], "Hello, Ada!");
//! }
//! ```
//!
//! A host in Rust is the second: any module that keeps to version 1 of the ABI can be [loaded](Module::load) once and
//! [instantiated](Module::plugin) many times.
//!
//! # Watching a plugin
//!
//! | to see | ask for | and look at |
//! |---|---|---|
//! | what calls come to and cost | [`PluginBuilder::statistics`] | [`Plugin::statistics`]: numbers for each command, which print as a table |
//! | what crosses the boundary | [`PluginBuilder::debug`] | the standard error stream; [`PluginBuilder::trace`] takes a sink of one's own |
//! | what a call leaves in the heap | [`CrateSource::count_allocations`] | [`Plugin::heap`], [`Plugin::leaks`], [`Plugin::expect_no_leak`], and the two above |
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
//! Whoever makes the same call very often saves the way there and back with [`Plugin::call_many`].
//!
//! # Services
//!
//! A plugin that asks its host for a key, a file or the time finds a [service](services) that a test can look into; what needs a permission is granted by
//! name, and denied as an error value otherwise:
//!
//! ```no_run
//! use plugin_sdk_harness::Plugin;
//! use plugin_sdk_harness::services::{AllowList, Fault, ScriptedHttp};
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
//! plugin.fault("kv_set", Fault::error("unavailable", "disk on fire").times(1));
//! assert_eq!(plugin.call::<Value>("greet", json!({"name": "Ada"})).unwrap_err().code(), "unavailable");
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! ```
//!
//! A host that is no test gives real ones instead, a database file, a client for HTTP and folders among them, which are behind features of this crate:
//! `kv-database`, `http-client` (`https` for that as well) and `files-directory`.
//!
//! # What a plugin says of itself
//!
//! A plugin made with the SDK describes itself in a section of its `.wasm`: who it is, what it asks for, and every command with the types of its arguments and its result, as JSON
//! Schema. [`Module::manifest`] has it for a module that is loaded, [`manifest::Manifest::read`] for the bytes of a file; nothing is run or compiled for either. Where the description and the module are
//! out of step, [`Module::warnings`] says so.
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
//! With the feature `schema-checks`, `PluginBuilder::validate_schemas` has the harness hold values against these schemas before the plugin sees them. The plugin checks types for itself; a host wants
//! this where it would rather refuse before anything runs, where it wants all that is wrong told at once, and for constraints such as `maximum`, which nobody else checks.
//!
//! # Async hosts
//!
//! With the feature `async`, a plugin built by `PluginBuilder::build_async` has calls that are futures, on tokio. Neither a host function that
//! waits nor a guest that computes for long keeps the runtime from its other tasks: the guest stops at every tick of a clock, some 10 ms, and goes on when its
//! turn comes again. Host functions are the plain ones as well as `async` ones:
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
//! let mut plugin = module.plugin().host_functions(weather::provide_async(Service)).build_async().await?;
//! assert_eq!(plugin.call_async::<i32>("degrees", ()).await?, 6);
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! An implementation of the plain trait runs on the runtime's thread and blocks it for as long as it takes; one that waits for a disk or a network is better an `async` one.
//! The time of a call goes on while it waits, for the host or for its turn, and ends the one as the other: a host function's future is dropped then.
//! Dropping a call's own future cancels it. The runtime must have its timers enabled.
//!
//! One instance makes one call at a time. `AsyncPool` keeps several for calls at once, as [`Pool`] does for threads.
//!
//! # What a guest can do to its host
//!
//! Nothing. A guest is taken for an enemy: every address and length it gives is held against its memory, whatever text it gives is
//! bounded and filtered before it is shown, its memory, tables, stack, time and fuel are [limited](PluginBuilder), and whatever it comes to is a
//! [`Failure`] that tells which of those it was.
//!
//! The same holds for what is done for a module before it runs. How long the compiler takes depends on a function's shape far more than on its size, so a module's shape is looked at
//! first, and [`ModuleLimits`] refuse what would take long: what passes takes some seconds, and some more for each MiB. A host that cannot spare them for a stranger's module compiles in a
//! process of its own, which fills the [cache](PluginBuilder::cache_dir). `docs/limits.md` lists all limits.
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
//! | `observe` | statistics, the trace, the heap and leaks |
//! | `engine` | engines, their clocks, and the cache of compiled code |
//! | `imports` | host functions: linking, dispatch, history; the state of a store |
//! | `source` | crates, files and bytes that modules come from; cargo |
//! | `run` | modules, instances and batches; the sandbox around an instance; traps |
//! | [`hosts`] | contracts and emulators of other hosts, and which host a module is made for |
//! | `plugin` | [`Plugin`], its builder, pools and async calls |
//!
//! # The path of a call
//!
//! `plugin/mod.rs` looks the command up and `plugin/encode.rs` encodes values. `run/instance.rs`
//! writes the arguments into the buffer that the guest's `alloc` returned once, calls the export and
//! checks the range of the result. `run/trap.rs` classifies traps, `failure/` reports them.
//! `run/batch.rs` makes one call of many, `plugin/pool.rs` lends instances to many callers,
//! `plugin/asynchronous/` has calls that are futures. `observe/` is notified of each call.
//!
//! Before that, `source/` gets a module's bytes, `wasm/interface.rs` and `abi/check.rs` check them,
//! `manifest/` reads the plugin's description, `run/module.rs` and `engine/` compile the module and
//! keep its code.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod abi;
mod engine;
mod failure;
pub mod hosts;
mod imports;
mod limits;
pub mod manifest;
mod memory;
mod observe;
mod permissions;
mod plugin;
mod run;
mod sections;
pub mod services;
mod source;
mod symbols;
mod text;
mod wasm;

pub use abi::{Command, CommandName, Warning};
pub use failure::{
    BuildFailure, Failure, FailureKind, Frame, HostCall, Import, LogLine, Panic, Quota, Region,
    Stack, Usage,
};
pub use limits::ModuleLimits;
pub use observe::{
    CallGrowth, CallStatistics, Growth, Heap, LeakReport, Outcome, Statistics, TraceEvent,
    TraceKind,
};
#[cfg(feature = "async")]
pub use plugin::{AsyncPlugin, AsyncPool};
pub use plugin::{Plugin, PluginBuilder, Pool};
pub use run::{Answers, Module};
pub use source::{CargoEnvironment, Compiled, CrateSource, Source, remedies};
pub use symbols::symbols_file;
pub use wasm::inspect;
