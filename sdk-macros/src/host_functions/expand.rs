//! From the model to code: functions for guests, and a table of them for hosts.
//!
//! The functions belong to a type without values: a module would not see items that are declared in
//! a function body, as in a documentation test.
//!
//! Generated code uses traits for the form in which each type crosses the call boundary
//! (`argument.rs` and `returned.rs` of the SDK). They also define the number of an import's
//! parameters: a second parameter of size zero does not exist.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;

use super::crossing::{Crossing, output, parameters, returned_type, sdk};
use super::guest::{guest, positions};
use super::model::{HostFunction, HostTrait};
use super::serve::{async_serve, entry, serve};
use crate::syntax::plain_name;
use crate::tokens::{local, placed};

/// Returns the code of a trait; for one with mistakes, a placeholder.
pub fn host_trait(host: &HostTrait, sound: bool) -> TokenStream {
    if !sound {
        return stand_in(host);
    }
    let HostTrait {
        ident,
        vis,
        functions_type,
        functions,
        ..
    } = host;
    let sdk = sdk();
    let each = || functions.iter();
    let guest = each()
        .enumerate()
        .map(|(position, function)| guest(host, position, function));
    let positions = host.positional.then(|| positions(host));
    let entries = each().map(|function| entry(host, function, quote!(Now)));
    let serves = each().map(|function| serve(host, function));
    let async_entries = each().map(|function| entry(host, function, quote!(Later)));
    let async_serves = each().map(|function| async_serve(host, function));
    let async_trait = async_trait(host);
    let async_ident = &host.async_ident;
    let implementation = local("implementation");
    let bounds = async_bounds(host);
    let shared = host.supertraits.is_empty().then(|| shared(host));
    let import = host.sdk.import();
    let for_guests = host.sdk.around(quote! {
        impl #functions_type {
            #(#guest)*
            #positions
        }
    });
    let about =
        format!("The functions of [`{ident}`]: for guests to call, and for hosts to provide.");
    let cfgs = &host.cfgs;
    quote! {
        #(#cfgs)*
        #[doc = #about]
        #[allow(non_camel_case_types)]
        #vis enum #functions_type {}

        #(#cfgs)*
        #for_guests

        #(#cfgs)*
        #async_trait

        #(#cfgs)*
        #[cfg(not(target_arch = "wasm32"))]
        #[allow(clippy::all, clippy::pedantic, unused_qualifications)]
        const _: () = {
            #import

            impl #functions_type {
                /// Returns an implementation, ready for a host to link.
                pub fn provide<__T: #ident + ::core::marker::Send + 'static>(
                    #implementation: __T,
                ) -> #sdk::HostFunctions {
                    #sdk::HostFunctions::new(#implementation, __Table::<__T>::__FUNCTIONS)
                }

                /// Returns an async implementation, ready for an async host to link.
                #[allow(private_bounds)]
                pub fn provide_async<__T: #async_ident + 'static>(#implementation: __T) -> #sdk::HostFunctions
                #bounds
                {
                    #sdk::HostFunctions::new(#implementation, __AsyncTable::<__T>::__FUNCTIONS)
                }

                /// Routes this thread's native calls to an implementation until the result drops.
                pub fn install<__T: #ident + 'static>(#implementation: __T) -> #sdk::Installed<__T> {
                    #sdk::install::<__T, dyn #ident>(#implementation, |#implementation| #implementation)
                }
            }

            struct __Table<__T>(::core::marker::PhantomData<__T>);

            impl<__T: #ident + ::core::marker::Send + 'static> __Table<__T> {
                const __FUNCTIONS: &'static [#sdk::HostFunction] = &[#(#entries),*];

                #(#serves)*
            }

            struct __AsyncTable<__T>(::core::marker::PhantomData<__T>);

            impl<__T: #async_ident + 'static> __AsyncTable<__T>
            #bounds
            {
                const __FUNCTIONS: &'static [#sdk::HostFunction] = &[#(#async_entries),*];

                #(#async_serves)*
            }

            #shared
        };
    }
}

/// Returns the placeholder for a trait with mistakes, so that code that uses the trait does not
/// cause errors about missing items.
fn stand_in(host: &HostTrait) -> TokenStream {
    let sdk = sdk();
    let (vis, functions_type) = (&host.vis, &host.functions_type);
    let named = |name: &str| {
        let mut functions = host.functions.iter();
        functions.any(|function| plain_name(&function.ident) == name)
    };
    let guest = host.functions.iter().map(|function| {
        let HostFunction { ident, cfgs, .. } = function;
        let (parameters, output) = (parameters(function), output(function));
        quote! {
            #(#cfgs)*
            pub fn #ident(#(#parameters),*) #output {
                loop {}
            }
        }
    });
    let provide = ["provide", "provide_async"].map(|name| {
        let ident = format_ident!("{name}");
        let provide = quote! {
            pub fn #ident<__T>(_: __T) -> #sdk::HostFunctions {
                loop {}
            }
        };
        (!named(name)).then_some(provide)
    });
    let install = (!named("install")).then(|| {
        quote! {
            pub fn install<__T>(_: __T) -> #sdk::Installed<__T> {
                loop {}
            }
        }
    });
    let functions = host.sdk.around(quote! {
        #[allow(unused_variables, dead_code, missing_docs)]
        impl #functions_type {
            #(#guest)*
            #(#provide)*
            #install
        }
    });
    let cfgs = &host.cfgs;
    quote! {
        #(#cfgs)*
        #[allow(non_camel_case_types)]
        #vis enum #functions_type {}

        #(#cfgs)*
        #functions
    }
}

/// Returns the trait for hosts whose functions are futures. Hosts are native.
fn async_trait(host: &HostTrait) -> TokenStream {
    let HostTrait {
        ident,
        vis,
        functions_type,
        async_ident,
        supertraits,
        ..
    } = host;
    let functions = host.functions.iter().map(|function| {
        let HostFunction {
            ident: name,
            docs,
            cfgs,
            allowed,
            ..
        } = function;
        let (parameters, output) = (parameters(function), returned_type(function));
        quote! {
            #(#docs)* #(#cfgs)* #(#allowed)*
            #[allow(clippy::too_many_arguments)]
            fn #name(&mut self, #(#parameters),*) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
        }
    });
    let about = format!(
        "[`{ident}`] for hosts whose functions are `async fn`s: implement this, and link it with `{functions_type}::provide_async`."
    );
    quote! {
        #[doc = #about]
        #[cfg(not(target_arch = "wasm32"))]
        #[allow(dead_code)]
        #vis trait #async_ident: #(#supertraits +)* ::core::marker::Send {
            #(#functions)*
        }
    }
}

/// Returns the bounds on values that a future holds. They only apply to async implementations, and
/// only to JSON values: all others meet them anyway.
fn async_bounds(host: &HostTrait) -> TokenStream {
    let sdk = sdk();
    let functions = host.functions.iter();
    // A bound cannot be under `cfg`, and its type may be.
    let functions = functions.filter(|function| function.cfgs.is_empty());
    let arguments = functions.flat_map(|function| &function.arguments);
    let bounds = arguments.filter(|argument| argument.json).map(|argument| {
        let ty = Crossing::of(argument).ty;
        let bound = placed(quote!(#sdk::CrossesThreads<__T>), ty.span());
        quote!(#ty: #bound)
    });
    quote!(where #(#bounds),*)
}

/// Returns the implementation for a value that several plugins, or a plugin and a test, share.
fn shared(host: &HostTrait) -> TokenStream {
    let ident = &host.ident;
    let shared = local("shared");
    let functions = host.functions.iter().map(|function| {
        let HostFunction {
            ident: name,
            cfgs,
            allowed,
            ..
        } = function;
        let (parameters, output) = (parameters(function), output(function));
        let names = function.arguments.iter().map(|argument| &argument.ident);
        // The trait may have its own `lock`.
        quote! {
            #(#cfgs)* #(#allowed)*
            fn #name(&mut self, #(#parameters),*) #output {
                let mut #shared = ::std::sync::Mutex::lock(&**self)
                    .unwrap_or_else(::std::sync::PoisonError::into_inner);
                #ident::#name(&mut *#shared, #(#names),*)
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl<__T: #ident + ?::core::marker::Sized> #ident for ::std::sync::Arc<::std::sync::Mutex<__T>> {
            #(#functions)*
        }
    }
}
