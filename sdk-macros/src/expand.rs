//! From the model to code. What is generated is thin: names, types and calls of functions in `plugin_sdk`, where the work is done.
//!
//! Everything stands in a nameless constant, refers to `plugin_sdk` and `core` by absolute paths, and is exported from wasm32 only, where a
//! native `free` would otherwise take the place of the C library's.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Item, ItemFn, Type};

use crate::mistakes::Mistakes;
use crate::model::{
    Argument, Call, Codec, Command, Default, Hook, HookKind, PluginImpl, PluginStruct, Receiver,
};
use crate::{check, parse};

/// `#[plugin]`
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => {
            let plugin = parse::plugin_struct(arguments, &item, &mut mistakes);
            let generated = mistakes.none().then(|| plugin_struct(&plugin));
            emit(item, generated, &mistakes)
        }
        Ok(Item::Impl(mut item)) => {
            let plugin = parse::plugin_impl(arguments, &mut item, &mut mistakes);
            if mistakes.none() {
                check::plugin_impl(&plugin, &mut mistakes);
            }
            let generated = mistakes.none().then(|| plugin_impl(&plugin));
            emit(item, generated, &mistakes)
        }
        Ok(_) => {
            mistakes.add(parse::wrong_item(
                &item,
                "#[plugin] belongs on the plugin's struct and on its impl block; a free function takes #[command]",
            ));
            emit(item, None, &mistakes)
        }
        Err(error) => {
            mistakes.add(error);
            emit(item, None, &mistakes)
        }
    }
}

/// `#[command]` on a free function.
pub fn free_command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    match syn::parse2::<ItemFn>(item.clone()) {
        Ok(mut item) => {
            let command = parse::free_command(arguments, &mut item, &mut mistakes);
            if mistakes.none() {
                check::command(&command, &mut mistakes);
            }
            // The marker is there even then: the plugin's list would otherwise complain of a type that nobody wrote.
            let generated = free_command_items(&item.vis, &command, mistakes.none());
            emit(item, Some(generated), &mistakes)
        }
        Err(_) => {
            mistakes.add(parse::wrong_item(
                &item,
                "#[command] belongs on a function: on a method inside a #[plugin] impl block, or on a free function",
            ));
            emit(item, None, &mistakes)
        }
    }
}

/// A hook's attribute that no `#[plugin]` has taken.
pub fn stray_hook(name: &str, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    mistakes.add(parse::wrong_item(
        &item,
        &format!(
            "#[{name}] belongs on a method inside a #[plugin] impl block: put #[plugin] on the impl"
        ),
    ));
    emit(item, None, &mistakes)
}

/// The author's item first, then what was made of it, then what is wrong with it.
fn emit(item: impl ToTokens, generated: Option<TokenStream>, mistakes: &Mistakes) -> TokenStream {
    let mistakes = mistakes.report();
    quote!(#item #generated #mistakes)
}

fn sdk() -> TokenStream {
    quote!(::plugin_sdk::__private)
}

/// Only the crate that is the plugin exports: see "A plugin as a library" in the documentation of `plugin-sdk`.
fn if_exported() -> TokenStream {
    quote!(#[cfg(all(target_arch = "wasm32", not(feature = "library")))])
}

/// Generated items, out of the way of the author's names and lints.
fn hidden(items: TokenStream) -> TokenStream {
    quote! {
        #[doc(hidden)]
        #[allow(
            unexpected_cfgs,
            dead_code,
            deprecated,
            unused_mut,
            unused_variables,
            unused_qualifications,
            clippy::all,
            clippy::pedantic,
            clippy::restriction
        )]
        const _: () = {
            #items
        };
    }
}

fn plugin_struct(plugin: &PluginStruct) -> TokenStream {
    let PluginStruct { ident, commands } = plugin;
    let sdk = sdk();
    let if_exported = if_exported();
    let listed = commands.iter().map(|path| {
        quote! {
            impl #sdk::ListedCommand for #path {
                #[cfg(target_arch = "wasm32")]
                unsafe fn serve(address: *mut u8, len: u32) -> u64
                where
                    Self: #sdk::FreeCommand,
                {
                    // SAFETY: passed on to the caller.
                    unsafe { #sdk::serve_free::<#ident, Self>(address, len) }
                }
            }
        }
    });
    // Spanned so that a plugin without init hook and `Default` is told so at its name.
    let init = quote_spanned!(ident.span()=> <#ident>::__plugin_sdk_init(config));
    hidden(quote! {
        use #sdk::HookDefaults as _;

        #if_exported
        #[unsafe(export_name = "plugin_abi_1")]
        static PANICS: #sdk::PanicRecord = #sdk::PanicRecord::new();
        #[cfg(all(target_arch = "wasm32", feature = "library"))]
        static PANICS: #sdk::PanicRecord = #sdk::PanicRecord::new();
        #[cfg(target_arch = "wasm32")]
        static GUEST: #sdk::Guest<#ident> = #sdk::Guest::new(&PANICS);

        #[automatically_derived]
        impl #sdk::Plugin for #ident {
            const MAKES_ITSELF: bool = <#ident>::__PLUGIN_SDK_MAKES_ITSELF;

            fn init(config: &mut [u8]) -> ::core::result::Result<Self, #sdk::Error> {
                #init
            }

            fn cleanup(&mut self) {
                <#ident>::__plugin_sdk_cleanup(self)
            }

            #[cfg(target_arch = "wasm32")]
            fn guest() -> &'static #sdk::Guest<Self> {
                &GUEST
            }
        }

        #(#listed)*

        #if_exported
        const _: () = {
            #[unsafe(export_name = "alloc")]
            extern "C" fn alloc(size: u32) -> *mut u8 {
                <#ident as #sdk::Plugin>::guest().boundary().alloc(size)
            }

            #[unsafe(export_name = "free")]
            extern "C" fn free(address: usize, _size: u32) {
                <#ident as #sdk::Plugin>::guest().boundary().free(address)
            }

            #[unsafe(export_name = "plugin_init")]
            extern "C" fn init(address: *mut u8, len: u32) -> u64 {
                // SAFETY: what the ABI asks of a host is what this asks of its caller.
                unsafe { <#ident as #sdk::Plugin>::guest().init(address, len) }
            }

            #[unsafe(export_name = "plugin_cleanup")]
            extern "C" fn cleanup() {
                <#ident as #sdk::Plugin>::guest().cleanup()
            }
        };
    })
}

fn plugin_impl(plugin: &PluginImpl) -> TokenStream {
    let commands = plugin
        .commands
        .iter()
        .map(|command| method_command(&plugin.self_ty, command));
    let hooks = plugin
        .hooks
        .iter()
        .map(|hook| self::hook(&plugin.self_ty, hook));
    hidden(quote!(#(#commands)* #(#hooks)*))
}

fn method_command(plugin: &Type, command: &Command) -> TokenStream {
    let handler = format_ident!("__plugin_sdk_command_{}", plain(&command.ident));
    let body = handler_body(&command.call, command.codec, &quote!(Self::), None);
    exported_method(
        plugin,
        &handler,
        &body,
        &format!("command_{}", command.name),
        true,
        &command.call.cfgs,
    )
}

/// A handler as a hidden method, so that `Self` means in it what it means to the author, and the export that calls it.
fn exported_method(
    plugin: &Type,
    handler: &Ident,
    body: &TokenStream,
    export: &str,
    takes_arguments: bool,
    cfgs: &[syn::Attribute],
) -> TokenStream {
    let sdk = sdk();
    let if_exported = if_exported();
    let (parameters, arguments) = if takes_arguments {
        (quote!(address: *mut u8, len: u32), quote!(address, len))
    } else {
        (quote!(), quote!(::core::ptr::null_mut(), 0))
    };
    quote! {
        #(#cfgs)*
        const _: () = {
            impl #plugin {
                fn #handler(
                    plugin: &mut Self,
                    arguments: &mut [u8],
                    output: &mut #sdk::Vec<u8>,
                ) -> ::core::result::Result<#sdk::Answer, #sdk::Error> {
                    #body
                }
            }

            #if_exported
            #[unsafe(export_name = #export)]
            extern "C" fn export(#parameters) -> u64 {
                // SAFETY: what the ABI asks of a host is what this asks of its caller.
                unsafe {
                    <#plugin as #sdk::Plugin>::guest().command(#arguments, <#plugin>::#handler)
                }
            }
        };
    }
}

fn free_command_items(visibility: &syn::Visibility, command: &Command, sound: bool) -> TokenStream {
    let sdk = sdk();
    let Command {
        ident, name, call, ..
    } = command;
    let marker = quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_docs)]
        #visibility enum #ident {}
    };
    if !sound {
        // Listed or not is not the question yet.
        return marker;
    }
    let if_exported = if_exported();
    let body = handler_body(call, command.codec, &quote!(), None);
    let export = format!("command_{name}");
    let listed = quote_spanned!(ident.span()=> #sdk::listed::<#ident>());
    let items = hidden(quote! {
        impl #sdk::FreeCommand for #ident {
            fn handle(
                arguments: &mut [u8],
                output: &mut #sdk::Vec<u8>,
            ) -> ::core::result::Result<#sdk::Answer, #sdk::Error> {
                #body
            }
        }

        const _: fn() = || #listed;

        #if_exported
        #[unsafe(export_name = #export)]
        extern "C" fn export(address: *mut u8, len: u32) -> u64 {
            // SAFETY: what the ABI asks of a host is what this asks of its caller.
            unsafe { <#ident as #sdk::ListedCommand>::serve(address, len) }
        }
    });
    quote!(#marker #items)
}

fn hook(plugin: &Type, hook: &Hook) -> TokenStream {
    let Hook { kind, call, .. } = hook;
    let cfgs = &call.cfgs;
    let handler = |name: &str, extra| {
        exported_method(
            plugin,
            &format_ident!("__plugin_sdk_{name}"),
            &handler_body(call, parse::HOOK_CODEC, &quote!(Self::), extra),
            &format!("plugin_{name}"),
            extra.is_some(),
            cfgs,
        )
    };
    match kind {
        HookKind::Init => init(plugin, call),
        HookKind::Start => handler("start", None),
        HookKind::Stop => handler("stop", None),
        HookKind::Event => handler("event", Some(&check::EVENT_MEMBERS)),
        HookKind::Cleanup => {
            let function = &call.ident;
            let receiver = (call.receiver == Receiver::Reference).then(|| quote!(self));
            quote! {
                #(#cfgs)*
                impl #plugin {
                    fn __plugin_sdk_cleanup(&mut self) {
                        Self::#function(#receiver)
                    }
                }
            }
        }
    }
}

fn init(plugin: &Type, call: &Call) -> TokenStream {
    let sdk = sdk();
    let Call {
        ident,
        arguments,
        cfgs,
        output,
        ..
    } = call;
    let config = arguments.first().map(|argument| {
        let held = Held::of(argument, 0);
        let (slot, ty) = (&held.slot, &held.ty);
        quote! {
            let arena = #sdk::Arena::new();
            let mut #slot: #ty = #sdk::config(&*config, &arena)?;
        }
    });
    let lent = arguments.first().map(|argument| Held::of(argument, 0).lent);
    let span = output.as_ref().map_or_else(|| ident.span(), Spanned::span);
    let settled = settle(span, &quote!(<#plugin>::#ident(#lent)));
    let made = quote_spanned!(span=> let plugin: Self = { #settled };);
    quote! {
        #(#cfgs)*
        impl #plugin {
            const __PLUGIN_SDK_MAKES_ITSELF: bool = false;

            fn __plugin_sdk_init(
                config: &mut [u8],
            ) -> ::core::result::Result<Self, #sdk::Error> {
                #config
                #made
                ::core::result::Result::Ok(plugin)
            }
        }
    }
}

/// Arguments in, the author's function, result out. `path` leads to the function; `members` are the names of all members that the arguments
/// may have, where the function need not take each.
fn handler_body(
    call: &Call,
    codec: Codec,
    path: &TokenStream,
    members: Option<&[&str]>,
) -> TokenStream {
    let sdk = sdk();
    let function = &call.ident;
    let receiver = (call.receiver == Receiver::Reference).then(|| quote!(plugin,));
    let codec = match codec {
        Codec::Json => quote!(#sdk::Json),
        Codec::Binary => quote!(#sdk::Binary),
        Codec::Raw => return raw_body(call, path),
    };
    let held: Vec<Held> = call
        .arguments
        .iter()
        .enumerate()
        .map(|(nth, argument)| Held::of(argument, nth))
        .collect();
    let lent = held.iter().map(|held| &held.lent);
    let decoded = match call.arguments.first() {
        Some(argument) if argument.flatten.is_some() => {
            let (slot, ty) = held.first().map(|held| (&held.slot, &held.ty)).unzip();
            quote! {
                let mut #slot: #ty = #sdk::whole::<#codec, _>(&*arguments, &arena)?;
            }
        }
        _ => named_arguments(call, &held, &codec, members),
    };
    let output_span = call
        .output
        .as_ref()
        .map_or_else(|| function.span(), Spanned::span);
    let settled = settle(output_span, &quote!(#path #function(#receiver #(#lent),*)));
    let encoded = quote_spanned! {output_span=>
        #sdk::encode::<#codec, _>(value, output)
    };
    quote! {
        let arena = #sdk::Arena::new();
        #decoded
        let value = { #settled };
        #encoded
    }
}

fn named_arguments(
    call: &Call,
    held: &[Held],
    codec: &TokenStream,
    members: Option<&[&str]>,
) -> TokenStream {
    let sdk = sdk();
    let slots = held.iter().map(|held| {
        let (slot, ty) = (&held.slot, &held.ty);
        quote!(let mut #slot: ::core::option::Option<#ty> = ::core::option::Option::None;)
    });
    let mut names: Vec<&str> = call
        .arguments
        .iter()
        .map(|argument| argument.name.as_str())
        .collect();
    let ignored: Vec<&str> = members
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|member| !names.contains(member))
        .collect();
    let reads: Vec<TokenStream> = held
        .iter()
        .map(|held| {
            let slot = &held.slot;
            quote_spanned!(held.span=> (&#sdk::Via::slot(&#slot)).read(source, &mut #slot))
        })
        .chain(ignored.iter().map(|_| quote!(#sdk::ignore(source))))
        .collect();
    names.extend(ignored);
    let index = 0usize..;
    let dispatch = match reads.split_last() {
        None => quote!(::core::result::Result::Ok(())),
        Some((last, [])) => last.clone(),
        Some((last, others)) => quote! {
            match index {
                #(#index => #others,)*
                _ => #last,
            }
        },
    };
    let finished = call.arguments.iter().zip(held).map(|(argument, held)| {
        let (slot, name) = (&held.slot, &argument.name);
        match &argument.default {
            Default::None => quote_spanned! {held.span=>
                let mut #slot = #sdk::required(#slot, #name)?;
            },
            Default::OfType => quote_spanned! {held.span=>
                let mut #slot = #slot.unwrap_or_default();
            },
            Default::Expr(default) if held.is_slice => quote! {
                let mut #slot = #slot.unwrap_or_else(|| ::core::convert::From::from(#default));
            },
            Default::Expr(default) => quote! {
                let mut #slot = #slot.unwrap_or_else(|| #default);
            },
        }
    });
    quote! {
        #(#slots)*
        {
            use #sdk::{ReadAny as _, ReadDirectly as _};
            <#codec as #sdk::Codec>::arguments(
                &*arguments,
                &arena,
                &[#(#names),*],
                &mut |index, source| #dispatch,
            )?;
        }
        #(#finished)*
    }
}

fn raw_body(call: &Call, path: &TokenStream) -> TokenStream {
    let sdk = sdk();
    let function = &call.ident;
    let receiver = (call.receiver == Receiver::Reference).then(|| quote!(plugin,));
    let argument = call.arguments.first().map(|argument| {
        let ty = &argument.ty;
        quote_spanned!(ty.span()=> <#ty as #sdk::RawArgument<'_>>::from_bytes(arguments)?)
    });
    let output_span = call
        .output
        .as_ref()
        .map_or_else(|| function.span(), Spanned::span);
    let settled = settle(output_span, &quote!(#path #function(#receiver #argument)));
    let answer = quote_spanned!(output_span=> #sdk::RawResult::into_answer(value, output));
    quote! {
        let value = { #settled };
        ::core::result::Result::Ok(#answer)
    }
}

/// The value of a call that may have returned a `Result`, its error being passed on.
fn settle(span: Span, call: &TokenStream) -> TokenStream {
    let sdk = sdk();
    let settled = quote_spanned!(span=> (&&&&&#sdk::Returned::like(&returned)).settle(returned)?);
    quote! {
        use #sdk::{SettleCoded as _, SettleHolder as _, SettleOther as _, SettlePlain as _, SettleStd as _};
        let returned = #call;
        #settled
    }
}

/// An argument between being read and being passed.
struct Held {
    /// The variable that holds it.
    slot: Ident,
    /// What is held: for a reference, something to refer to.
    ty: TokenStream,
    /// What the function is given.
    lent: TokenStream,
    is_slice: bool,
    span: Span,
}

impl Held {
    fn of(argument: &Argument, nth: usize) -> Self {
        let sdk = sdk();
        let slot = Ident::new(&format!("argument_{nth}"), Span::mixed_site());
        let span = argument.ty.span();
        match &argument.ty {
            Type::Reference(reference) => {
                let referent = &reference.elem;
                let lent = if reference.mutability.is_some() {
                    quote_spanned!(span=> <#referent as #sdk::ReferentMut<'_>>::lend_mut(&mut #slot))
                } else {
                    quote_spanned!(span=> <#referent as #sdk::Referent<'_>>::lend(&#slot))
                };
                Held {
                    ty: quote_spanned!(span=> <#referent as #sdk::Referent<'_>>::Held),
                    lent,
                    is_slice: matches!(**referent, Type::Slice(_)),
                    slot,
                    span,
                }
            }
            ty => Held {
                ty: ty.to_token_stream(),
                lent: slot.to_token_stream(),
                is_slice: false,
                slot,
                span,
            },
        }
    }
}

/// An identifier's text without `r#`.
fn plain(ident: &Ident) -> String {
    crate::attributes::plain_name(ident)
}
