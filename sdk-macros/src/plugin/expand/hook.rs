//! Hooks: functions that the SDK calls at one point in the life of a plugin.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, LitStr, Type};

use super::export::export_hook;
use super::handler::{Held, handler, handler_body, settle_by, variables};
use crate::plugin::model::{ALL_TOPICS, Call, EVENT_MEMBERS, HOOK_CODEC, Hook, HookKind};
use crate::sdk_path::{sdk, sdk_at};
use crate::syntax::plain_name;
use crate::tokens::{implementation, local, ours};

/// Returns the code of a hook. It implements a trait, so that it can be in any impl block of
/// the plugin, and the compiler rejects a second one by name.
pub fn hook(plugin: &Type, hook: &Hook) -> TokenStream {
    let Hook {
        kind, span, call, ..
    } = hook;
    let sdk = sdk();
    let Call { cfgs, allowed, .. } = call;
    let called = |name: &str, kind: &str, members: Option<&[&str]>| {
        let kind = Ident::new(kind, Span::call_site());
        let body = handler_body(call, HOOK_CODEC, &quote!(Self::), members);
        let implementation = implementation(
            quote!(impl #sdk::Hook<#sdk::#kind> for #plugin),
            handler(&format_ident!("handle"), true, &body),
            *span,
        );
        let handler = quote!(<#plugin as #sdk::Hook<#sdk::#kind>>::handle);
        let export = export_hook(plugin, name, members.is_some(), &handler);
        quote!(#implementation const _: () = { #export };)
    };
    let items = match kind {
        HookKind::Init => init(plugin, *span, call),
        HookKind::Start => called("start", "Start", None),
        HookKind::Stop => called("stop", "Stop", None),
        HookKind::Event => called("event", "Event", Some(&EVENT_MEMBERS)),
        HookKind::Cleanup => cleanup(plugin, *span, call),
        HookKind::Migrate => migrate(plugin, *span, call),
    };
    quote!(#(#cfgs)* #(#allowed)* const _: () = { #items };)
}

/// Returns the code of event handlers. They are hidden methods; the hook lists them with the topics
/// that each takes.
pub fn event_handlers(plugin: &Type, events: &[&Hook]) -> TokenStream {
    let Some(first) = events.first() else {
        return TokenStream::new();
    };
    let sdk = sdk();
    let named = |call: &Call| {
        let name = plain_name(&call.ident);
        format_ident!("__plugin_sdk_event_{name}")
    };
    let methods = events.iter().map(|Hook { call, .. }| {
        let Call { cfgs, allowed, .. } = call;
        let members = Some(&EVENT_MEMBERS[..]);
        let body = handler_body(call, HOOK_CODEC, &quote!(Self::), members);
        let handler = handler(&named(call), true, &body);
        quote! {
            #(#cfgs)*
            #(#allowed)*
            impl #plugin {
                #[doc(hidden)]
                #handler
            }
        }
    });
    let listed = events.iter().map(|Hook { pattern, call, .. }| {
        let cfgs = &call.cfgs;
        let pattern = pattern
            .as_ref()
            .map_or(ALL_TOPICS.to_owned(), LitStr::value);
        let function = named(call);
        quote! {
            #(#cfgs)*
            #sdk::EventHandler { pattern: #pattern, handle: Self::#function }
        }
    });
    let [own, arguments, frame] = variables();
    let body = quote!(#sdk::handle_event(#own, #arguments, #frame, &[#(#listed),*]));
    let implementation = implementation(
        quote!(impl #sdk::Hook<#sdk::Event> for #plugin),
        handler(&format_ident!("handle"), true, &body),
        first.span,
    );
    let handler = quote!(<#plugin as #sdk::Hook<#sdk::Event>>::handle);
    let export = export_hook(plugin, "event", true, &handler);
    let if_any = if_any(events.iter().map(|hook| &*hook.call.cfgs));
    quote! {
        #(#methods)*
        #if_any
        const _: () = {
            #implementation

            const _: () = { #export };
        };
    }
}

/// Returns the condition under which any of several items exists; `None` if one always does.
fn if_any<'a>(items: impl Iterator<Item = &'a [Attribute]>) -> Option<TokenStream> {
    let conditions: Option<Vec<TokenStream>> = items
        .map(|cfgs| {
            let all = cfgs.iter().filter_map(|cfg| cfg.meta.require_list().ok());
            let all = all.map(|list| &list.tokens);
            (!cfgs.is_empty()).then(|| quote!(all(#(#all),*)))
        })
        .collect();
    conditions.map(|conditions| quote!(#[cfg(any(#(#conditions),*))]))
}

fn cleanup(plugin: &Type, span: Span, call: &Call) -> TokenStream {
    let sdk = sdk();
    let function = ours(&call.ident);
    let receiver = call.receiver.as_ref().map(|_| quote!(self));
    let cleanup = quote! {
        fn cleanup(&mut self) {
            Self::#function(#receiver)
        }
    };
    implementation(quote!(impl #sdk::CleanupHook for #plugin), cleanup, span)
}

fn init(plugin: &Type, span: Span, call: &Call) -> TokenStream {
    let sdk = sdk();
    let read = |held: &Held, config: &Ident, arena: &Ident| {
        held.whole(
            &quote!(#sdk::Json),
            config,
            arena,
            &quote!("the configuration"),
        )
    };
    let init = placing(&format_ident!("init"), call, read);
    implementation(quote!(impl #sdk::InitHook for #plugin), init, span)
}

fn migrate(plugin: &Type, span: Span, call: &Call) -> TokenStream {
    let sdk = sdk();
    let read = |held: &Held, state: &Ident, arena: &Ident| {
        let whole = held.whole(&quote!(#sdk::Json), state, arena, &quote!(#sdk::STATE));
        quote!(#whole.map_err(#sdk::unreadable_state))
    };
    let migrate = placing(&format_ident!("migrate"), call, read);
    implementation(quote!(impl #sdk::MigrateHook for #plugin), migrate, span)
}

/// Returns a function that makes the plugin with the author's function and puts it into its place.
/// `read` returns the `Result` of reading the argument from bytes.
fn placing(
    name: &Ident,
    call: &Call,
    read: impl FnOnce(&Held, &Ident, &Ident) -> TokenStream,
) -> TokenStream {
    let sdk = sdk();
    let Call {
        ident, arguments, ..
    } = call;
    let function = ours(ident);
    let (bytes, arena) = (local("bytes"), local("arena"));
    let held = arguments.first().map(|argument| Held::of(argument, 0));
    let read = held.as_ref().map(|held| {
        let slot = &held.slot;
        let read = read(held, &bytes, &arena);
        quote! {
            let #arena = #sdk::Arena::new();
            let mut #slot = #read?;
        }
    });
    let lent = held.map(|held| held.lent);
    let output = call.output_span();
    let place = local("place");
    let at = sdk_at(output);
    let placed = quote_spanned!(output=> #at::InitResult::<Self>::place);
    let settled = settle_by(
        output,
        &quote!(Self::#function(#lent)),
        &quote!(settle_into),
        &quote!(, #placed, #place),
    );
    quote! {
        fn #name(
            #bytes: &mut [::core::primitive::u8],
            #place: &mut ::core::option::Option<Self>,
        ) -> ::core::result::Result<(), #sdk::Error> {
            #read
            ::core::result::Result::Ok(#settled)
        }
    }
}
