//! The attributes that `#[plugin]` takes off functions. It finds them by name; here the compiler
//! resolves each, so that its import counts as used, and a missing import is an error at the
//! attribute.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::plugin::model::PluginImpl;
use crate::syntax::same;

/// Returns each attribute once, on an empty constant.
pub fn resolved(plugin: &PluginImpl) -> TokenStream {
    let marker = Ident::new(RESOLVED, Span::call_site());
    let mut paths: Vec<&syn::Path> = Vec::new();
    for path in &plugin.attributes {
        if !paths.iter().any(|earlier| same(*earlier, path)) {
            paths.push(path);
        }
    }
    quote!(#(#[#paths(#marker)] const _: () = ();)*)
}

/// The option of an attribute that is only there to be resolved.
const RESOLVED: &str = "__resolved";

/// Returns whether an attribute is only there to be resolved.
pub fn is_resolved(arguments: &TokenStream) -> bool {
    arguments.to_string() == RESOLVED
}
