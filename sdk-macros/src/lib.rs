//! The macros of `plugin-sdk`. Depend on that crate, which documents and re-exports them.
//!
//! Each macro goes through the same stages: an entry point below → `parse` (from syntax to a
//! `model`) → `check` (the item as a whole) → `expand`. Every stage adds to one collection of
//! mistakes, which the compiler reports all at once. The author's item is always emitted, so that
//! editors keep understanding it.

#![forbid(unsafe_code)]

#[cfg(test)]
#[macro_use]
mod tests;

mod documentation;
mod grammar;
mod host_functions;
mod host_scalar;
mod json;
mod mistakes;
mod options;
mod package;
mod plugin;
mod plugin_error;
mod schema;
mod sdk_path;
mod syntax;
mod tokens;
mod twin;

use proc_macro::TokenStream;

/// Documented in `plugin-sdk`.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    plugin::plugin(arguments.into(), item.into()).into()
}

/// Documented in `plugin-sdk`.
#[proc_macro_attribute]
pub fn command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    plugin::free_command(arguments.into(), item.into()).into()
}

/// Replaces all attributes of functions that a macro makes in a `#[plugin]` impl block.
#[proc_macro_attribute]
pub fn made_by_a_macro(_: TokenStream, item: TokenStream) -> TokenStream {
    plugin::made_by_a_macro(item.into()).into()
}

macro_rules! hooks {
    ($($hook:ident)*) => {$(
        /// Documented in `plugin-sdk`.
        #[proc_macro_attribute]
        pub fn $hook(arguments: TokenStream, item: TokenStream) -> TokenStream {
            plugin::stray_hook(stringify!($hook), arguments.into(), item.into()).into()
        }
    )*};
}

hooks!(init start stop event cleanup migrate);

/// Documented in `plugin-sdk`.
#[proc_macro_derive(PluginError, attributes(plugin_error))]
pub fn derive_plugin_error(item: TokenStream) -> TokenStream {
    plugin_error::derive(item.into()).into()
}

/// Documented in `plugin-sdk`.
#[proc_macro_attribute]
pub fn host_functions(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host_functions::host_functions(arguments.into(), item.into()).into()
}

/// Documented in `plugin-sdk`.
#[proc_macro_derive(HostScalar, attributes(host_scalar))]
pub fn host_scalar(item: TokenStream) -> TokenStream {
    host_scalar::derive(item.into()).into()
}

/// Documented in `plugin-sdk-harness`, which re-exports it.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    twin::test(arguments.into(), item.into()).into()
}

/// Documented in `plugin-sdk`.
#[proc_macro_derive(Schema, attributes(schema, serde))]
pub fn derive_schema(item: TokenStream) -> TokenStream {
    schema::derive(item.into()).into()
}
