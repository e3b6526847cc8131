//! The exports of commands and hooks. The contract of the chosen host decides their form. In native
//! builds, each registers itself instead.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;

use crate::plugin::model::{Codec, Command};
use crate::sdk_path::sdk;
use crate::tokens::{if_exported, if_native, local, option};

/// Returns the function that leads a host's call to a handler.
pub fn entry(plugin: &Type, takes_arguments: bool, handler: &TokenStream) -> TokenStream {
    let sdk = sdk();
    let (parameters, arguments) = if takes_arguments {
        let (address, len) = (local("address"), local("len"));
        (
            quote!(#address: *mut ::core::primitive::u8, #len: ::core::primitive::u32),
            quote!(#address, #len),
        )
    } else {
        (quote!(), quote!(::core::ptr::null_mut(), 0))
    };
    quote! {
        extern "C" fn export(#parameters) -> ::core::primitive::u64 {
            // SAFETY: the ABI requires of a host what this requires of its caller.
            unsafe { <#plugin as #sdk::Plugin>::guest().command(#arguments, #handler) }
        }
    }
}

/// Returns the export of a command.
pub fn export_command(
    command: &Command,
    described: &TokenStream,
    entry: &TokenStream,
) -> TokenStream {
    let name = &command.name;
    let codec = match command.options.codec {
        Codec::Json => quote!(Json),
        Codec::Binary => quote!(Binary),
        Codec::Raw => quote!(Raw),
    };
    export(&quote!(
        export_command! { #name, #codec, { #described }, #entry }
    ))
}

/// Returns the export of a batch command.
pub fn export_batch(command: &Command, entry: &TokenStream) -> TokenStream {
    let name = &command.name;
    export(&quote!(export_batch! { #name, #entry }))
}

/// Returns the export of a hook.
pub fn export_hook(
    plugin: &Type,
    hook: &str,
    takes_arguments: bool,
    handler: &TokenStream,
) -> TokenStream {
    let sdk = sdk();
    let entry = entry(plugin, takes_arguments, handler);
    let export = export(&quote!(export_hook! { #hook, #entry }));
    let name = quote!(::core::concat!(#sdk::abi_name!(HOOK_EXPORT_PREFIX), #hook));
    let registered = register(plugin, &quote!(Export(#name, #handler)));
    quote!(#export #registered)
}

/// Returns the export that saves or loads the plugin's state.
pub fn export_state(
    plugin: &Type,
    what: &str,
    takes_state: bool,
    handler: &TokenStream,
) -> TokenStream {
    let sdk = sdk();
    let entry = entry(plugin, takes_state, handler);
    let export = export(&quote!(export_state! { #what, #entry }));
    let name = match what {
        "save" => quote!(#sdk::abi_name!(STATE_SAVE_EXPORT)),
        _ => quote!(#sdk::abi_name!(STATE_LOAD_EXPORT)),
    };
    let registered = register(plugin, &quote!(Export(#name, #handler)));
    quote!(#export #registered)
}

/// Returns the registration of a method, with its handler of many inputs if it has one.
pub fn register_command(
    plugin: &Type,
    name: &str,
    one: &TokenStream,
    many: Option<TokenStream>,
) -> TokenStream {
    let many = option(many);
    register(
        plugin,
        &quote!(Command { name: #name, one: #one, many: #many }),
    )
}

/// Returns the code by which a native build finds a part of a plugin.
pub fn register(plugin: &impl ToTokens, part: &TokenStream) -> TokenStream {
    let (sdk, if_native) = (sdk(), if_native());
    quote! {
        #if_native
        #sdk::register_native! { #plugin, #sdk::Part::#part }
    }
}

fn export(call: &TokenStream) -> TokenStream {
    let (sdk, if_exported) = (sdk(), if_exported());
    quote!(#if_exported #sdk::#call)
}
