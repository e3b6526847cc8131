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
//! let mut plugin = Plugin::builder(source).statistics().debug().build()?;
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
//! # What a guest can do to its host
//!
//! Nothing. A guest is taken for an enemy: every address and length it gives is held against its memory, whatever text it gives is
//! bounded and filtered before it is shown, its memory, tables, stack, time and fuel are [limited](PluginBuilder), and whatever it comes to is a
//! [`Failure`] that tells which of those it was. Compiling a module is the exception: it takes time in proportion to the module's
//! size, and is bounded only by [`Source::max_bytes`].
//!
//! # The path of a call
//!
//! `plugin.rs` looks the command up and encodes values; `instance.rs` writes the arguments into the buffer that the guest's `alloc`
//! gave once, calls the export, and holds the answer against the memory; `trap.rs` tells traps apart; `failure.rs` is what comes
//! of it, `record.rs` what it tells of the call, and `symbols.rs` how it finds source lines. `batch.rs` makes one call of many, `observe/` is told of
//! each. Before that, `source.rs` and `cargo.rs` get a module's bytes, `triage.rs` and `contract.rs` tell what they are and whether
//! they keep to the ABI, `engine.rs` and `module.rs` compile them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod batch;
mod builder;
mod cargo;
mod command;
mod contract;
mod engine;
mod failure;
mod host;
mod instance;
mod json;
mod limits;
mod manifest;
mod module;
mod observe;
mod plugin;
mod record;
pub mod services;
mod source;
mod symbols;
mod text;
mod trap;
mod triage;

pub use batch::Answers;
pub use builder::PluginBuilder;
pub use cargo::CrateSource;
pub use command::{Command, CommandName};
pub use failure::{BuildFailure, Failure, FailureKind, Frame, Import, Panic, Region, Stack};
pub use manifest::Warning;
pub use module::Module;
pub use observe::{
    CallGrowth, CallStatistics, Crossing, Direction, Growth, Heap, LeakReport, Outcome, Statistics,
};
pub use plugin::Plugin;
pub use record::{HostCall, LogLine, Usage, Used};
pub use source::Source;
