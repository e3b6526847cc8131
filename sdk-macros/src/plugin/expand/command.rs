//! Commands: methods of the plugin, and free functions that it lists.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Type, Visibility};

use super::export::{entry, export_batch, export_command, register_command};
use super::handler::{handler, handler_body, variables};
use super::manifest;
use crate::plugin::model::{Argument, Call, Codec, Command};
use crate::sdk_path::{sdk, sdk_at};
use crate::syntax::plain_name;
use crate::tokens::{hidden, if_called, if_exported, if_native, local, marker_name, ours};

/// Returns the code of a method that is a command. The handler is a hidden method, so that `Self`
/// has the meaning that it has for the author.
pub fn method_command(plugin: &Type, command: &Command) -> TokenStream {
    let Command { ident, call, .. } = command;
    let name = plain_name(ident);
    let function = format_ident!("__plugin_sdk_command_{name}");
    let body = handler_body(call, command.options.codec, &quote!(Self::), None);
    let handler = handler(&function, true, &body);
    let entry = entry(plugin, true, &quote!(<#plugin>::#function));
    let export = export_command(command, &manifest::of_method(plugin, command), &entry);
    let batch = command
        .options
        .batch
        .then(|| method_batch(plugin, command, &function));
    let many = (command.options.batch).then(|| {
        let many = many(command);
        quote!(<#plugin>::#many)
    });
    let one = quote!(<#plugin>::#function);
    let registered = register_command(plugin, &command.name, &one, many);
    let checked = manifest::checked(call, &manifest::described(plugin, call));
    let Call { cfgs, allowed, .. } = call;
    quote! {
        #(#cfgs)*
        #(#allowed)*
        const _: () = {
            impl #plugin {
                #[doc(hidden)]
                #handler
            }

            // A library has no export: this keeps the author's function in use.
            const _: () = {
                let _ = <#plugin>::#function;
            };

            const _: () = { #export };
            #batch
            #registered
            #checked
        };
    }
}

/// Returns the name of the handler of many inputs.
fn many(command: &Command) -> Ident {
    let name = plain_name(&command.ident);
    format_ident!("__plugin_sdk_batch_{name}")
}

/// Returns the handler of many inputs, and its export.
fn method_batch(plugin: &Type, command: &Command, one: &Ident) -> TokenStream {
    let many = many(command);
    let body = batch_body(command, &quote!(Self::#one), true);
    let handler = handler(&many, true, &body);
    let export = export_batch(command, &entry(plugin, true, &quote!(<#plugin>::#many)));
    let if_called = if_called();
    quote! {
        #if_called
        impl #plugin {
            #[doc(hidden)]
            #handler
        }

        const _: () = { #export };
    }
}

/// Returns the body of a handler that passes each input to the handler `one`.
fn batch_body(command: &Command, one: &TokenStream, is_method: bool) -> TokenStream {
    let sdk = sdk();
    let [plugin, arguments, frame] = variables();
    let alignment = match (command.options.codec, command.call.arguments.first()) {
        (Codec::Raw, Some(Argument { ty, .. })) => {
            let at = sdk_at(ty.span());
            quote_spanned!(ty.span()=> <#ty as #at::RawArgument<'_>>::ALIGNMENT)
        }
        _ => quote!(1),
    };
    let plugin = is_method.then(|| quote!(#plugin,));
    let (input, of_one) = (local("input"), local("of_one"));
    quote! {
        // SAFETY: a result that a handler returns in place comes from the author's function and
        // outlives the handler.
        unsafe {
            #sdk::batch::run(#arguments, #frame, #alignment, &mut |#input, #of_one| {
                #one(#plugin #input, #of_one)
            })
        }
    }
}

/// Returns the code of a free command; for one with mistakes, a placeholder.
///
/// A marker, a type without values, represents the function in the plugin's list. Compiler errors
/// about the marker name the function.
pub fn free_command(visibility: &Visibility, command: &Command, sound: bool) -> TokenStream {
    let sdk = sdk();
    let Command { ident, call, .. } = command;
    let attributes = [&*call.cfgs, &*call.allowed].concat();
    let span = ident.span();
    let marker = ours(&marker_name(ident));
    let marked = {
        let ident = ours(ident);
        let module = format_ident!("{marker}_is", span = marker.span());
        let of_ident = quote_spanned!(ident.span()=> pub enum #ident {});
        quote! {
            #(#attributes)*
            #[doc(hidden)]
            mod #module {
                #of_ident
            }

            #(#attributes)*
            #[doc(hidden)]
            #visibility type #marker = #module::#ident;
        }
    };
    let body = match sound {
        true => handler_body(call, command.options.codec, &quote!(), None),
        false => quote!(loop {}),
    };
    let handle = handler(&format_ident!("handle"), false, &body);
    let described = match sound {
        true => manifest::free_command(command),
        false => TokenStream::new(),
    };
    let native = sound.then(|| native_free_command(command));
    let is_command = quote! {
        impl #sdk::FreeCommand for #marker {
            #described

            #handle

            #native
        }
    };
    if !sound {
        // Until the mistakes are fixed, the command need not be listed.
        let items = hidden(&command.options.sdk.0, &attributes, is_command);
        return quote!(#marked #items);
    }
    let export = export_command(
        command,
        &quote!(<#marker as #sdk::FreeCommand>::DESCRIBED),
        &free_entry(&marker, &marker),
    );
    let at = sdk_at(span);
    let described = quote!(<#marker as #sdk::FreeCommand>::DESCRIBED);
    let checked = manifest::checked(call, &described);
    let named = marker_name(ident);
    let is_listed = quote_spanned!(span=> <#named as #at::ListedCommand>::CHECKED);
    let batch = command.options.batch.then(|| free_batch(command, &marker));
    let items = hidden(
        &command.options.sdk.0,
        &attributes,
        quote! {
            #is_command

            const _: () = #is_listed;

            #checked

            const _: () = { #export };

            #batch
        },
    );
    quote!(#marked #items)
}

/// Returns the function that leads a host's call to the plugin that lists a free command, which
/// then runs `handles`.
fn free_entry(marker: &Ident, handles: &Ident) -> TokenStream {
    let sdk = sdk();
    let (address, len) = (local("address"), local("len"));
    quote! {
        extern "C" fn export(#address: *mut ::core::primitive::u8, #len: ::core::primitive::u32) -> ::core::primitive::u64 {
            // SAFETY: the ABI requires of a host what this requires of its caller.
            unsafe { <#marker as #sdk::ListedCommand>::serve::<#handles>(#address, #len) }
        }
    }
}

/// Returns the members by which a native build finds a free command: its name, and its handler of
/// many inputs.
fn native_free_command(command: &Command) -> TokenStream {
    let if_native = if_native();
    let name = &command.name;
    let many = command.options.batch.then(|| {
        let many = handler(
            &format_ident!("handle_many"),
            false,
            &batch_body(command, &quote!(Self::handle), false),
        );
        quote! {
            #if_native
            const TAKES_BATCHES: ::core::primitive::bool = true;

            #if_native
            #many
        }
    });
    quote! {
        #if_native
        const NAME: &'static ::core::primitive::str = #name;

        #many
    }
}

/// Returns a free command that passes many inputs to another one.
fn free_batch(command: &Command, marker: &Ident) -> TokenStream {
    let sdk = sdk();
    let one = quote!(<#marker as #sdk::FreeCommand>::handle);
    let body = batch_body(command, &one, false);
    let handle = handler(&format_ident!("handle"), false, &body);
    let if_exported = if_exported();
    let batch = format_ident!("__Batch");
    let export = export_batch(command, &free_entry(marker, &batch));
    quote! {
        #if_exported
        const _: () = {
            enum #batch {}

            impl #sdk::FreeCommand for #batch {
                #handle
            }

            #export
        };
    }
}
