//! `#[plugin]` on an impl block: its commands, its hooks, and their descriptions.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::command::method_command;
use super::hook::{event_handlers, hook};
use super::manifest;
use super::resolve::resolved;
use crate::plugin::model::{Call, Hook, HookKind, PluginImpl};
use crate::sdk_path::{sdk, sdk_at};
use crate::tokens::{hidden, if_described};

/// Returns the code of an impl block; for one with mistakes, a placeholder.
pub fn plugin_impl(plugin: &PluginImpl, sound: bool) -> TokenStream {
    if !sound {
        return broken(plugin);
    }
    let PluginImpl {
        self_ty,
        commands,
        hooks,
        ..
    } = plugin;
    let resolved = resolved(plugin);
    let sdk = sdk_at(self_ty.span());
    let is_plugin = quote_spanned!(self_ty.span()=> <#self_ty as #sdk::PluginType>::CHECKED);
    let commands = commands
        .iter()
        .map(|command| method_command(self_ty, command));
    let mut events: Vec<&Hook> = hooks
        .iter()
        .filter(|hook| hook.kind == HookKind::Event)
        .collect();
    if let [Hook { pattern: None, .. }] = *events {
        // A lone handler of all events needs no look at topics: it is called like other hooks.
        events.clear();
    }
    let hooks = hooks
        .iter()
        .filter(|hook| hook.kind != HookKind::Event || events.is_empty())
        .map(|hook| self::hook(self_ty, hook));
    let events = event_handlers(self_ty, &events);
    let described = described(plugin);
    let made = made(plugin);
    hidden(
        &plugin.sdk,
        &plugin.allowed,
        quote!(#resolved #made const _: () = #is_plugin; #(#commands)* #(#hooks)* #events #described),
    )
}

/// Returns the description of each function, and the block's line in the manifest.
fn described(plugin: &PluginImpl) -> TokenStream {
    let self_ty = &plugin.self_ty;
    let commands = plugin
        .commands
        .iter()
        .map(|command| (&command.call, manifest::method(command)));
    let hooks = plugin
        .hooks
        .iter()
        .map(|hook| (&hook.call, manifest::hook(hook)));
    let described = commands
        .chain(hooks)
        .filter(|(_, described)| !described.is_empty());
    let described = described.map(|(call, described)| {
        let Call { cfgs, allowed, .. } = call;
        let if_described = if_described();
        quote! {
            #if_described
            #(#cfgs)*
            #(#allowed)*
            impl #self_ty {
                #described
            }
        }
    });
    let line = manifest::of_impl(plugin);
    quote!(#(#described)* #line)
}

/// Returns the placeholder for a block with mistakes. Its init hook keeps the plugin's struct from
/// reporting a missing one.
fn broken(plugin: &PluginImpl) -> TokenStream {
    let resolved = resolved(plugin);
    let has_init = plugin.hooks.iter().any(|hook| hook.kind == HookKind::Init);
    let init = (has_init && plugin.inherent).then(|| {
        let sdk = sdk();
        let self_ty = &plugin.self_ty;
        quote! {
            impl #sdk::InitHook for #self_ty {
                fn init(
                    _: &mut [::core::primitive::u8],
                    _: &mut ::core::option::Option<Self>,
                ) -> ::core::result::Result<(), #sdk::Error> {
                    loop {}
                }
            }
        }
    });
    let made = made(plugin);
    hidden(&plugin.sdk, &plugin.allowed, quote!(#resolved #made #init))
}

/// Returns the macro calls of the block. There the attributes of functions report that `#[plugin]`
/// expanded before the macros did.
fn made(plugin: &PluginImpl) -> Option<TokenStream> {
    let made = plugin.made.as_ref()?;
    let sdk = sdk();
    let hooks = HookKind::ALL.map(|(name, _)| format_ident!("{name}"));
    Some(quote! {
        const _: () = {
            use #sdk::made_by_a_macro as command;
            #(use #sdk::made_by_a_macro as #hooks;)*

            #made
        };
    })
}
