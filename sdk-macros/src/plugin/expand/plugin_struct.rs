//! `#[plugin]` on a struct: the type of the plugin, with its free commands.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, ItemEnum, parse_quote};

use super::export::{export_state, register};
use super::manifest;
use crate::plugin::model::{Listed, PluginStruct, StateField};
use crate::sdk_path::{SdkPath, sdk, sdk_at};
use crate::tokens::{hidden, if_exported, if_snapshot, local, local_at, marker_of};

/// Returns the placeholder for an enum, which cannot be a plugin.
pub fn plugin_enum(item: &ItemEnum) -> TokenStream {
    let generated = plugin_type(&item.ident, &item.generics);
    hidden(&SdkPath::default(), &[], generated)
}

/// Returns the impl that marks a type as having `#[plugin]`, which its impl blocks require.
fn plugin_type(ident: &Ident, generics: &Generics) -> TokenStream {
    let sdk = sdk();
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #sdk::PluginType for #ident #arguments #bounds {}
    }
}

/// Returns the code of a plugin struct; for one with mistakes, a placeholder.
pub fn plugin_struct(plugin: &PluginStruct, sound: bool) -> TokenStream {
    let PluginStruct {
        ident,
        generics,
        options,
        allowed,
        ..
    } = plugin;
    let sdk = sdk();
    let plugin_type = plugin_type(ident, generics);
    let listed = options
        .commands
        .iter()
        .map(|listed| self::listed(ident, listed, sound));
    let state = options.state.map(|span| state(plugin, span, sound));
    if !sound {
        return hidden(
            &options.sdk,
            allowed,
            quote!(#plugin_type #state #(#listed)*),
        );
    }
    let identity = manifest::identity(plugin);
    let line = manifest::of_struct(plugin, &identity);
    let if_exported = if_exported();
    let library = manifest::library();
    let prepare_logging = options.log.then(|| quote!(#sdk::prepares_logging! {}));
    let (config, place) = (local("config"), local("place"));
    let if_snapshot = if_snapshot();
    let log_all = match options.log {
        true => quote!(#sdk::log_all),
        false => quote!(|| {}),
    };
    // An error about a plugin without a way to create it points at the plugin's name.
    let span = ident.span();
    let at = sdk_at(span);
    let beginning = local_at("beginning", span);
    let begun = quote_spanned!(span=> #at::Beginning::<#ident>::finish);
    hidden(
        &options.sdk,
        allowed,
        quote! {
            use #sdk::{
                CleanupByDefault as _, CleanupByHook as _, InitByDefault as _, InitByHook as _,
            };

            #if_exported
            #sdk::export_record! {
                static PANICS: #sdk::PanicRecord = #sdk::PanicRecord::new();
            }
            #[cfg(all(target_arch = "wasm32", feature = "library"))]
            static PANICS: #sdk::PanicRecord = #sdk::PanicRecord::new();
            #library
            #[cfg(target_arch = "wasm32")]
            static GUEST: #sdk::Guest<#ident> = #sdk::Guest::new(&PANICS);

            #plugin_type

            #[automatically_derived]
            impl #sdk::Plugin for #ident {
                type Contract = #sdk::Contract;

                fn makes_itself() -> ::core::primitive::bool {
                    (&&#sdk::Hooks::<#ident>::OF).makes_itself()
                }

                fn init(
                    #config: &mut [::core::primitive::u8],
                    #place: &mut ::core::option::Option<Self>,
                ) -> ::core::result::Result<(), #sdk::Error> {
                    #if_snapshot
                    if AHEAD.take(#place) {
                        return ::core::result::Result::Ok(());
                    }
                    let #beginning = (&&#sdk::Hooks::<#ident>::OF).init_plugin(#config, #place)?;
                    ::core::result::Result::Ok(#begun(#beginning, #place))
                }

                fn cleanup(&mut self) {
                    (&&#sdk::Hooks::<#ident>::OF).clean_up_plugin(self)
                }

                #prepare_logging

                #if_exported
                #sdk::room! {}

                #[cfg(target_arch = "wasm32")]
                fn guest() -> &'static #sdk::Guest<Self> {
                    &GUEST
                }
            }

            #state

            #(#listed)*

            #line

            #if_snapshot
            static AHEAD: #sdk::Ahead<#ident> = #sdk::Ahead::new();
            #if_snapshot
            #sdk::prepare_export! { #ident, &AHEAD, #log_all }

            #if_exported
            const _: () = {
                #sdk::export_plugin! { #ident, { #identity } }
            };
        },
    )
}

/// Returns the code that saves and loads the state of a plugin. `span` is the place of the option
/// that asks for it.
fn state(plugin: &PluginStruct, span: Span, sound: bool) -> TokenStream {
    let PluginStruct {
        ident,
        generics,
        state,
        ..
    } = plugin;
    if !sound && !generics.params.is_empty() {
        return TokenStream::new();
    }
    let sdk = sdk();
    let (loaded, bytes, place) = (local("loaded"), local("bytes"), local("place"));
    let swapped = state.iter().map(|StateField { member, attributes }| {
        quote!(#(#attributes)* ::core::mem::swap(&mut self.#member, &mut #loaded.#member);)
    });
    let form = {
        let at = sdk_at(span);
        quote_spanned!(span=> <Self as #at::JsonState>::FORM)
    };
    let body = quote! {
        const FORM: #sdk::StateForm<Self> = #form;

        fn take_state(&mut self, #loaded: &mut Self) {
            #(#swapped)*
        }

        fn migrate_state(
            #bytes: &mut [::core::primitive::u8],
            #place: &mut ::core::option::Option<Self>,
        ) -> ::core::option::Option<::core::result::Result<(), #sdk::Error>> {
            use #sdk::{MigrateByDefault as _, MigrateByHook as _};
            (&&#sdk::Hooks::<#ident>::OF).migrate_plugin(#bytes, #place)
        }
    };
    let exports = [("save", false), ("load", true)].map(|(what, takes_state)| {
        let handler = format_ident!("{what}_state");
        let handler = quote!(#sdk::#handler::<#ident>);
        let export = export_state(&parse_quote!(#ident), what, takes_state, &handler);
        quote!(const _: () = { #export };)
    });
    let exports = sound.then_some(exports).into_iter().flatten();
    quote! {
        #[automatically_derived]
        impl #sdk::Stateful for #ident {
            #body
        }

        #(#exports)*
    }
}

/// Returns the code that gives a free command its plugin.
fn listed(plugin: &Ident, listed: &Listed, sound: bool) -> TokenStream {
    let Listed { cfgs, path } = listed;
    let sdk = sdk();
    let span = path
        .segments
        .last()
        .map_or_else(Span::call_site, Spanned::span);
    let marker = marker_of(path);
    let at = sdk_at(span);
    let is_command = quote_spanned!(span=> <#marker as #at::FreeCommand>::CHECKED);
    let (address, len) = (local("address"), local("len"));
    let served = match sound {
        // SAFETY: the caller upholds the same contract.
        true => quote!(unsafe { #sdk::serve_free::<#plugin, __Command>(#address, #len) }),
        false => quote!(0),
    };
    let registered = sound.then(|| register(plugin, &quote!(free::<#marker>())));
    quote! {
        #(#cfgs)*
        const _: () = {
            #registered

            impl #sdk::ListedCommand for #marker {
                #[cfg(target_arch = "wasm32")]
                unsafe fn serve<__Command: #sdk::FreeCommand>(#address: *mut ::core::primitive::u8, #len: ::core::primitive::u32) -> ::core::primitive::u64 {
                    #served
                }
            }

            const _: () = #is_command;
        };
    }
}
