//! The macros of `plugin-sdk`. Depend on that crate, which documents and re-exports them.
//!
//! The way through: an entry point below → `parse` (attributes and functions into a `model`) → `check` (what is wrong with the whole) → `expand`.
//! Mistakes are collected and reported all at once, and the user's item is emitted even then, so that editors keep understanding it.

#![forbid(unsafe_code)]

mod attributes;
mod check;
mod documentation;
mod expand;
mod host_functions;
mod json;
mod manifest;
mod mistakes;
mod model;
mod parse;
mod place;
mod plugin_error;
mod schema;
mod sdk_path;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Documented in `plugin-sdk`.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::plugin(arguments.into(), item.into()).into()
}

/// Documented in `plugin-sdk`.
#[proc_macro_attribute]
pub fn command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::free_command(arguments.into(), item.into()).into()
}

/// Stands in for all attributes of functions where a macro makes these in a `#[plugin]` impl block.
#[proc_macro_attribute]
pub fn made_by_a_macro(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::made_by_a_macro(item.into()).into()
}

macro_rules! hooks {
    ($($hook:ident)*) => {$(
        /// Documented in `plugin-sdk`.
        #[proc_macro_attribute]
        pub fn $hook(arguments: TokenStream, item: TokenStream) -> TokenStream {
            expand::stray_hook(stringify!($hook), arguments.into(), item.into()).into()
        }
    )*};
}

hooks!(init start stop event cleanup);

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
    host_functions::host_scalar(item.into()).into()
}

/// Documented in `plugin-sdk`.
#[proc_macro_derive(Schema, attributes(schema, serde))]
pub fn derive_schema(item: TokenStream) -> TokenStream {
    schema::derive(item.into()).into()
}
