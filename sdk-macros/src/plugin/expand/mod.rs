//! From the model to code. Generated code is thin: names, types and calls of functions in
//! `plugin_sdk`, which do the work.
//!
//! Everything is in a nameless constant, which imports the SDK ([`crate::sdk_path`]) and refers to
//! `core` by absolute paths. Only wasm32 exports it: a native `free` would replace that of the C
//! library.

mod command;
mod export;
mod handler;
mod hook;
mod manifest;
mod plugin_impl;
mod plugin_struct;
mod resolve;

pub use command::free_command;
pub use plugin_impl::plugin_impl;
pub use plugin_struct::{plugin_enum, plugin_struct};
pub use resolve::is_resolved;
