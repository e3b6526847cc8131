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
//! of it, `record.rs` what it tells of the call, and `symbols.rs` how it finds source lines. Before that, `source.rs` and `cargo.rs` get a module's bytes, `triage.rs` and `contract.rs` tell what they are and whether
//! they keep to the ABI, `engine.rs` and `module.rs` compile them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

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
mod plugin;
mod record;
pub mod services;
mod source;
mod symbols;
mod text;
mod trap;
mod triage;

pub use builder::PluginBuilder;
pub use cargo::CrateSource;
pub use command::{Command, CommandName};
pub use failure::{BuildFailure, Failure, FailureKind, Frame, Import, Panic, Region, Stack};
pub use manifest::Warning;
pub use module::Module;
pub use plugin::Plugin;
pub use record::{HostCall, LogLine, Usage, Used};
pub use source::Source;
