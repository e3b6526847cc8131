//! From the model to code: the author's function, and a module of its name with the tests.
//!
//! ```text
//! fn greets(plugin: &mut Plugin) { … }
//!
//! mod greets {
//!     #[test] fn native() { … }
//!     #[test] fn wasm() { … }
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ItemFn;

use super::model::Twin;
use crate::syntax::plain_name;

/// Returns the author's function, which exists in tests only, as with `#[test]`.
pub fn body(function: &ItemFn) -> TokenStream {
    quote! {
        #[cfg(test)]
        #function
    }
}

/// Returns the tests.
pub fn tests(twin: &Twin) -> TokenStream {
    let Twin {
        ident,
        ignored,
        conditions,
        harness,
        ..
    } = twin;
    let run_of = |name: &str| format_ident!("__{name}_of_{}", plain_name(ident));
    let test = |name: &str, span: Span| {
        let run = run_of(name);
        let name = format_ident!("{name}", span = span);
        quote! {
            #(#ignored)*
            #[::core::prelude::v1::test]
            fn #name() {
                super::#run()
            }
        }
    };
    // Outside of the module, the author's names have their meaning.
    let run = |name: &str, runs: TokenStream| {
        let run = run_of(name);
        quote! {
            #(#conditions)*
            #[cfg(test)]
            #[allow(non_snake_case)]
            fn #run() {
                #runs
            }
        }
    };
    // A wrong type of the argument is one error, at that type.
    let body = run_of("body");
    let body_of = quote_spanned! {twin.argument=>
        #(#conditions)*
        #[cfg(test)]
        #[allow(non_snake_case)]
        fn #body() -> impl ::core::ops::Fn(#harness::PluginBuilder) {
            #harness::twin::body(#ident)
        }
    };
    let given = quote!(#body());
    let dir = quote!(::core::env!("CARGO_MANIFEST_DIR"));
    let (native, wasm) = (twin.native, twin.wasm);
    let plugin = twin.plugin.as_ref().filter(|_| native);
    let native_runs =
        plugin.map(|plugin| run("native", quote!(#harness::twin::native::<#plugin>(#given))));
    let wasm_runs = wasm.then(|| {
        let runs = match plugin {
            Some(plugin) => {
                let name = plain_name(ident);
                quote!(#harness::twin::both::<#plugin>(#name, #dir, #given))
            }
            None => quote!(#harness::twin::wasm(#dir, #given)),
        };
        run("wasm", runs)
    });
    let span = ident.span();
    let native_test = native.then(|| test("native", span));
    let wasm_test = wasm.then(|| test("wasm", span));
    quote! {
        #body_of
        #native_runs
        #wasm_runs

        #(#conditions)*
        #[cfg(test)]
        mod #ident {
            #native_test
            #wasm_test
        }
    }
}
