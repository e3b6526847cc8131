//! From the model to code. What is generated is thin: names, types and calls of functions in `plugin_sdk`, where the work is done.
//!
//! Everything stands in a nameless constant, which imports the SDK ([`crate::sdk_path`]), refers to `core` by absolute paths, and is exported from wasm32 only, where a
//! native `free` would otherwise take the place of the C library's. Local variables have spans of their own ([`local`]), so that
//! the author's expressions cannot see them. Code that asks something of the author's types has the span of these, down to its variables
//! ([`local_at`]), and names the trait that it asks for: the compiler's complaint is then about them, and made once.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Generics, Item, ItemFn, LitStr, Path, Type, Visibility};

use crate::attributes::same;
use crate::mistakes::Mistakes;
use crate::model::{
    Argument, Call, Codec, Command, Default, Hook, HookKind, Listed, PluginImpl, PluginStruct,
};
use crate::place::{self, Place};
use crate::sdk_path::SdkPath;
use crate::{check, manifest, parse};

pub use crate::sdk_path::{sdk, sdk_at};

/// `#[plugin]`
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => {
            let plugin = parse::plugin_struct(arguments, &item, &mut mistakes);
            let manifest = manifest::of_struct(&plugin, &mut mistakes);
            let generated = plugin_struct(&plugin, &manifest, mistakes.none());
            emit(item, Some(generated), &mistakes)
        }
        Ok(Item::Impl(mut item)) => {
            let plugin = parse::plugin_impl(arguments, &mut item, &mut mistakes);
            check::plugin_impl(&plugin, &mut mistakes);
            let generated = match mistakes.none() {
                true => plugin_impl(&plugin),
                false => broken_plugin_impl(&plugin),
            };
            emit(item, Some(generated), &mistakes)
        }
        Ok(Item::Enum(item)) => {
            mistakes.at(
                item.enum_token,
                "a plugin is a struct: make it one that holds this",
            );
            let generated = plugin_type(&item.ident, &item.generics);
            emit(
                item,
                Some(hidden(&SdkPath::default(), &[], generated)),
                &mistakes,
            )
        }
        Ok(Item::Fn(item)) => {
            mistakes.at(
                item.sig.fn_token,
                "#[plugin] belongs on the plugin's struct and on its impl block; a free function takes #[command]",
            );
            emit(item, None, &mistakes)
        }
        Ok(_) => {
            mistakes.add(parse::wrong_item(
                &item,
                "#[plugin] belongs on the plugin's struct and on its impl block",
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
    if is_resolved(&arguments) {
        return TokenStream::new();
    }
    let mut mistakes = Mistakes::default();
    let Ok(mut item) = syn::parse2::<ItemFn>(item.clone()) else {
        mistakes.add(parse::wrong_item(
            &item,
            "#[command] belongs on a function: on a method inside a #[plugin] impl block, or on a free function",
        ));
        return emit(item, None, &mistakes);
    };
    let place = place::of(&item.sig);
    let command = parse::free_command(arguments, &mut item, &mut mistakes);
    if let Some(place) = place {
        let message = match place {
            Place::Impl => {
                "a command in an impl block needs its plugin: put #[plugin] on the impl block around it"
            }
            Place::Trait => {
                "a trait has no commands: put #[command] on a function of the plugin's own impl block, which has #[plugin]"
            }
        };
        // Whatever else is wrong is said when that is right.
        mistakes = Mistakes::default();
        mistakes.at(item.sig.fn_token, message);
        return emit(item, None, &mistakes);
    }
    if command.call.receiver.is_some() {
        // In an impl block, so there is no place for what a free command needs.
        return emit(item, None, &mistakes);
    }
    check::command(&command, &mut mistakes);
    let generated = free_command_items(&item.vis, &command, mistakes.none());
    emit(item, Some(generated), &mistakes)
}

/// A function with a role that a macro has made in a `#[plugin]` impl block.
pub fn made_by_a_macro(item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let message = "#[plugin] does not see what a macro makes, which happens later: let the macro make the whole block, `#[plugin] impl … { … }`, or write the function out";
    match syn::parse2::<ItemFn>(item.clone()) {
        // All functions that a macro repeats have the same `fn`, so that this is said once.
        Ok(function) => mistakes.at(function.sig.fn_token, message),
        Err(_) => mistakes.add(parse::wrong_item(&item, message)),
    }
    emit(item, None, &mistakes)
}

/// A hook's attribute that no `#[plugin]` has taken.
pub fn stray_hook(name: &str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    if is_resolved(&arguments) {
        return TokenStream::new();
    }
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
///
/// What was made of an item with mistakes is a stand-in: enough that other items do not complain of what is missing.
pub fn emit(
    item: impl ToTokens,
    generated: Option<TokenStream>,
    mistakes: &Mistakes,
) -> TokenStream {
    let mistakes = mistakes.report();
    quote!(#item #generated #mistakes)
}

/// The same tokens, all at one place.
pub fn placed(tokens: impl ToTokens, span: Span) -> TokenStream {
    let place = |token| match token {
        TokenTree::Group(group) => {
            let mut moved = Group::new(group.delimiter(), placed(group.stream(), span));
            moved.set_span(span);
            TokenTree::Group(moved)
        }
        mut token => {
            token.set_span(span);
            token
        }
    };
    tokens.into_token_stream().into_iter().map(place).collect()
}

/// A variable that the author's expressions cannot see. Its name is none that a constant of the author's has: a pattern would mean that.
pub fn local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}

/// A variable that the compiler may point at when it speaks of the author's code at this place.
fn local_at(name: &str, span: Span) -> Ident {
    format_ident!("__{name}", span = span)
}

/// A name of the author's as it stands in what is generated: the same place and meaning, but no lint speaks of it.
fn ours(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::call_site().located_at(name.span()));
    name
}

/// An impl that the compiler may point at as a whole.
fn implementation(header: TokenStream, body: TokenStream, span: Span) -> TokenStream {
    let header = placed(header, span);
    let mut body = Group::new(Delimiter::Brace, body);
    body.set_span(span);
    quote!(#header #body)
}

/// Only the crate that is the plugin exports: see "A plugin as a library" in the documentation of `plugin-sdk`.
pub fn if_exported() -> TokenStream {
    quote!(#[cfg(all(target_arch = "wasm32", not(feature = "library")))])
}

/// Generated items, out of the way of the author's names.
fn hidden(sdk: &SdkPath, attributes: &[Attribute], items: TokenStream) -> TokenStream {
    let import = sdk.import();
    quote! {
        #(#attributes)*
        #[doc(hidden)]
        #[allow(unexpected_cfgs, unused_qualifications)]
        const _: () = {
            #import
            #items
        };
    }
}

/// Says that the struct has #[plugin], as its impl blocks ask.
fn plugin_type(ident: &Ident, generics: &Generics) -> TokenStream {
    let sdk = sdk();
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #sdk::PluginType for #ident #arguments #bounds {}
    }
}

fn plugin_struct(plugin: &PluginStruct, manifest: &manifest::OfStruct, sound: bool) -> TokenStream {
    let manifest::OfStruct { identity, line } = manifest;
    let PluginStruct {
        ident,
        generics,
        commands,
        log,
        allowed,
        ..
    } = plugin;
    let sdk = sdk();
    let plugin_type = plugin_type(ident, generics);
    let listed = commands
        .iter()
        .map(|listed| self::listed(ident, listed, sound));
    if !sound {
        return hidden(&plugin.sdk, allowed, quote!(#plugin_type #(#listed)*));
    }
    let if_exported = if_exported();
    let library = manifest::library();
    let prepare_logging = log.then(|| quote!(fn prepare_logging() { #sdk::prepare_logging() }));
    let (config, place) = (local("config"), local("place"));
    // A plugin that cannot be made is told so at its name.
    let span = ident.span();
    let at = sdk_at(span);
    let beginning = local_at("beginning", span);
    let begun = quote_spanned!(span=> #at::Beginning::<#ident>::finish);
    hidden(
        &plugin.sdk,
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
                    let #beginning = (&&#sdk::Hooks::<#ident>::OF).init_plugin(#config, #place)?;
                    ::core::result::Result::Ok(#begun(#beginning, #place))
                }

                fn cleanup(&mut self) {
                    (&&#sdk::Hooks::<#ident>::OF).clean_up_plugin(self)
                }

                #prepare_logging

                #[cfg(target_arch = "wasm32")]
                fn guest() -> &'static #sdk::Guest<Self> {
                    &GUEST
                }
            }

            #(#listed)*

            #line

            #if_exported
            const _: () = {
                #sdk::export_plugin! { #ident, { #identity } }
            };
        },
    )
}

/// Tells a free command which plugin it belongs to.
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
        // SAFETY: passed on to the caller.
        true => quote!(unsafe { #sdk::serve_free::<#plugin, __Command>(#address, #len) }),
        false => quote!(0),
    };
    quote! {
        #(#cfgs)*
        const _: () = {
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

/// What a function is called where a free command needs a name: the function's own is also that of a module, a crate, a type or a
/// macro, as the author likes.
fn marker_name(function: &Ident) -> Ident {
    let name = crate::attributes::plain_name(function);
    format_ident!("__command_{name}", span = function.span())
}

/// The marker of the free command that a path leads to.
pub fn marker_of(command: &Path) -> Path {
    let mut marker = command.clone();
    if let Some(last) = marker.segments.last_mut() {
        last.ident = marker_name(&last.ident);
    }
    marker
}

fn plugin_impl(plugin: &PluginImpl) -> TokenStream {
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
        // It takes all events, so that it can be called without a look at their topics, as other hooks are.
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

/// What each function is to those who read the manifest, and the block's line in it.
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
        let if_described = manifest::if_described();
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

/// The plugin's struct would otherwise miss an init hook that is there.
fn broken_plugin_impl(plugin: &PluginImpl) -> TokenStream {
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

/// What macros make that are called in the block, where the attributes of functions tell that this is too late for them.
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

/// The attributes that were taken off the author's functions were found by name. Here the compiler resolves each, so that
/// its import is in use, and a missing one is told of at the attribute.
fn resolved(plugin: &PluginImpl) -> TokenStream {
    let marker = Ident::new(RESOLVED, Span::call_site());
    let mut paths: Vec<&Path> = Vec::new();
    for path in &plugin.attributes {
        if !paths.iter().any(|earlier| same(earlier, path)) {
            paths.push(path);
        }
    }
    quote!(#(#[#paths(#marker)] const _: () = ();)*)
}

/// The option of an attribute that stands on nothing of the author's.
const RESOLVED: &str = "__resolved";

/// Whether an attribute is there only to be resolved.
fn is_resolved(arguments: &TokenStream) -> bool {
    arguments.to_string() == RESOLVED
}

/// What a command or hook is to be called with.
struct Handler {
    plugin: Ident,
    arguments: Ident,
    output: Ident,
}

impl Handler {
    fn new() -> Self {
        Handler {
            plugin: local("plugin"),
            arguments: local("arguments"),
            output: local("output"),
        }
    }

    /// The parameters of a function of a plugin's.
    fn parameters(&self) -> TokenStream {
        let (plugin, own) = (&self.plugin, self.own_parameters());
        quote!(#plugin: &mut Self, #own)
    }

    /// The parameters of a function that knows no plugin.
    fn own_parameters(&self) -> TokenStream {
        let sdk = sdk();
        let Handler {
            arguments, output, ..
        } = self;
        quote!(#arguments: &mut [::core::primitive::u8], #output: &mut #sdk::Vec<::core::primitive::u8>)
    }

    fn returns() -> TokenStream {
        let sdk = sdk();
        quote!(::core::result::Result<#sdk::Answer, #sdk::Error>)
    }
}

/// The handler is a hidden method, so that `Self` means in it what it means to the author.
fn method_command(plugin: &Type, command: &Command) -> TokenStream {
    let Command { ident, call, .. } = command;
    let name = crate::attributes::plain_name(ident);
    let function = format_ident!("__plugin_sdk_command_{name}");
    let handler = Handler::new();
    let (parameters, returns) = (handler.parameters(), Handler::returns());
    let body = handler_body(&handler, call, command.codec, &quote!(Self::), None);
    let entry = entry(plugin, true, &quote!(<#plugin>::#function));
    let export = export_command(command, &manifest::of_method(plugin, command), &entry);
    let batch = command
        .batch
        .then(|| method_batch(plugin, command, &function));
    let checked = manifest::checked(call, &manifest::described(plugin, call));
    let Call { cfgs, allowed, .. } = call;
    quote! {
        #(#cfgs)*
        #(#allowed)*
        const _: () = {
            impl #plugin {
                #[doc(hidden)]
                fn #function(#parameters) -> #returns {
                    #body
                }
            }

            // Natively there is no export, and yet the author's function is in use.
            const _: () = {
                let _ = <#plugin>::#function;
            };

            const _: () = { #export };
            #batch
            #checked
        };
    }
}

/// A handler of many inputs beside that of one, and its export.
fn method_batch(plugin: &Type, command: &Command, one: &Ident) -> TokenStream {
    let name = crate::attributes::plain_name(&command.ident);
    let many = format_ident!("__plugin_sdk_batch_{name}");
    let handler = Handler::new();
    let (parameters, returns) = (handler.parameters(), Handler::returns());
    let it = &handler.plugin;
    let body = batch_body(&handler, command, &quote!(Self::#one), Some(it));
    let export = export_batch(command, &entry(plugin, true, &quote!(<#plugin>::#many)));
    let if_exported = if_exported();
    quote! {
        #if_exported
        impl #plugin {
            #[doc(hidden)]
            fn #many(#parameters) -> #returns {
                #body
            }
        }

        const _: () = { #export };
    }
}

/// Leads every input to the handler of one.
fn batch_body(
    handler: &Handler,
    command: &Command,
    one: &TokenStream,
    plugin: Option<&Ident>,
) -> TokenStream {
    let sdk = sdk();
    let Handler {
        arguments, output, ..
    } = handler;
    let alignment = match (command.codec, command.call.arguments.first()) {
        (Codec::Raw, Some(Argument { ty, .. })) => {
            let at = sdk_at(ty.span());
            quote_spanned!(ty.span()=> <#ty as #at::RawArgument<'_>>::ALIGNMENT)
        }
        _ => quote!(1),
    };
    let plugin = plugin.map(|plugin| quote!(#plugin,));
    let (input, answer) = (local("input"), local("answer"));
    quote! {
        // SAFETY: what a handler answers in place is what the author's function returned, which outlives the handler.
        unsafe {
            #sdk::batch::run(#arguments, #output, #alignment, &mut |#input, #answer| {
                #one(#plugin #input, #answer)
            })
        }
    }
}

/// The function that leads a host's call to a handler.
fn entry(plugin: &Type, takes_arguments: bool, handler: &TokenStream) -> TokenStream {
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
            // SAFETY: what the ABI asks of a host is what this asks of its caller.
            unsafe { <#plugin as #sdk::Plugin>::guest().command(#arguments, #handler) }
        }
    }
}

/// What the contract of the host makes of a command's entry.
fn export_command(command: &Command, described: &TokenStream, entry: &TokenStream) -> TokenStream {
    let (sdk, if_exported) = (sdk(), if_exported());
    let name = &command.name;
    let codec = match command.codec {
        Codec::Json => quote!(Json),
        Codec::Binary => quote!(Binary),
        Codec::Raw => quote!(Raw),
    };
    quote! {
        #if_exported
        #sdk::export_command! { #name, #codec, { #described }, #entry }
    }
}

/// What the contract of the host makes of the entry of many inputs.
fn export_batch(command: &Command, entry: &TokenStream) -> TokenStream {
    let (sdk, if_exported) = (sdk(), if_exported());
    let name = &command.name;
    quote! {
        #if_exported
        #sdk::export_batch! { #name, #entry }
    }
}

/// What the contract of the host makes of a hook's entry.
fn export_hook(hook: &str, entry: &TokenStream) -> TokenStream {
    let (sdk, if_exported) = (sdk(), if_exported());
    quote! {
        #if_exported
        #sdk::export_hook! { #hook, #entry }
    }
}

/// A marker, a type without values, stands for the function in the plugin's list. What the compiler says of it names the function.
fn free_command_items(visibility: &Visibility, command: &Command, sound: bool) -> TokenStream {
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
    let handler = Handler::new();
    let (parameters, returns) = (handler.own_parameters(), Handler::returns());
    let body = match sound {
        true => handler_body(&handler, call, command.codec, &quote!(), None),
        false => quote!(loop {}),
    };
    let described = match sound {
        true => manifest::free_command(command),
        false => TokenStream::new(),
    };
    let is_command = quote! {
        impl #sdk::FreeCommand for #marker {
            #described

            fn handle(#parameters) -> #returns {
                #body
            }
        }
    };
    if !sound {
        // Listed or not is not the question yet.
        let items = hidden(&command.sdk, &attributes, is_command);
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
    let batch = command.batch.then(|| free_batch(command, &marker));
    let items = hidden(
        &command.sdk,
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

/// The function that leads a host's call to the plugin that lists a free command. `handles` is what is run in it.
fn free_entry(marker: &Ident, handles: &Ident) -> TokenStream {
    let sdk = sdk();
    let (address, len) = (local("address"), local("len"));
    quote! {
        extern "C" fn export(#address: *mut ::core::primitive::u8, #len: ::core::primitive::u32) -> ::core::primitive::u64 {
            // SAFETY: what the ABI asks of a host is what this asks of its caller.
            unsafe { <#marker as #sdk::ListedCommand>::serve::<#handles>(#address, #len) }
        }
    }
}

/// A free command that takes many inputs of another one.
fn free_batch(command: &Command, marker: &Ident) -> TokenStream {
    let sdk = sdk();
    let handler = Handler::new();
    let (parameters, returns) = (handler.own_parameters(), Handler::returns());
    let one = quote!(<#marker as #sdk::FreeCommand>::handle);
    let body = batch_body(&handler, command, &one, None);
    let if_exported = if_exported();
    let batch = format_ident!("__Batch");
    let export = export_batch(command, &free_entry(marker, &batch));
    quote! {
        #if_exported
        const _: () = {
            enum #batch {}

            impl #sdk::FreeCommand for #batch {
                fn handle(#parameters) -> #returns {
                    #body
                }
            }

            #export
        };
    }
}

/// A hook implements a trait, so that it may stand in any of the plugin's impl blocks, and a second one is refused by name.
fn hook(plugin: &Type, hook: &Hook) -> TokenStream {
    let Hook {
        kind, span, call, ..
    } = hook;
    let sdk = sdk();
    let Call { cfgs, allowed, .. } = call;
    let called = |name: &str, kind: &str, members: Option<&[&str]>| {
        let kind = Ident::new(kind, Span::call_site());
        let handler = Handler::new();
        let (parameters, returns) = (handler.parameters(), Handler::returns());
        let body = handler_body(&handler, call, parse::HOOK_CODEC, &quote!(Self::), members);
        let implementation = implementation(
            quote!(impl #sdk::Hook<#sdk::#kind> for #plugin),
            quote! {
                fn handle(#parameters) -> #returns {
                    #body
                }
            },
            *span,
        );
        let handler = quote!(<#plugin as #sdk::Hook<#sdk::#kind>>::handle);
        let export = export_hook(name, &entry(plugin, members.is_some(), &handler));
        quote!(#implementation const _: () = { #export };)
    };
    let items = match kind {
        HookKind::Init => init(plugin, *span, call),
        HookKind::Start => called("start", "Start", None),
        HookKind::Stop => called("stop", "Stop", None),
        HookKind::Event => called("event", "Event", Some(&check::EVENT_MEMBERS)),
        HookKind::Cleanup => cleanup(plugin, *span, call),
    };
    quote!(#(#cfgs)* #(#allowed)* const _: () = { #items };)
}

/// Event handlers are hidden methods, and the hook lists them with the topics that each takes.
fn event_handlers(plugin: &Type, events: &[&Hook]) -> TokenStream {
    let Some(first) = events.first() else {
        return TokenStream::new();
    };
    let sdk = sdk();
    let handler = Handler::new();
    let (parameters, returns) = (handler.parameters(), Handler::returns());
    let named = |call: &Call| {
        let name = crate::attributes::plain_name(&call.ident);
        format_ident!("__plugin_sdk_event_{name}")
    };
    let methods = events.iter().map(|Hook { call, .. }| {
        let Call { cfgs, allowed, .. } = call;
        let members = Some(&check::EVENT_MEMBERS[..]);
        let body = handler_body(&handler, call, parse::HOOK_CODEC, &quote!(Self::), members);
        let function = named(call);
        quote! {
            #(#cfgs)*
            #(#allowed)*
            impl #plugin {
                #[doc(hidden)]
                fn #function(#parameters) -> #returns {
                    #body
                }
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
    let Handler {
        plugin: own,
        arguments,
        output,
    } = &handler;
    let implementation = implementation(
        quote!(impl #sdk::Hook<#sdk::Event> for #plugin),
        quote! {
            fn handle(#parameters) -> #returns {
                #sdk::handle_event(#own, #arguments, #output, &[#(#listed),*])
            }
        },
        first.span,
    );
    let handler = quote!(<#plugin as #sdk::Hook<#sdk::Event>>::handle);
    let export = export_hook("event", &entry(plugin, true, &handler));
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

/// The pattern that every topic matches.
const ALL_TOPICS: &str = "**";

/// A condition that holds where any of several items is there; nothing if one always is.
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
    let Call {
        ident, arguments, ..
    } = call;
    let function = ours(ident);
    let (config, arena) = (local("config"), local("arena"));
    let held = arguments.first().map(|argument| Held::of(argument, 0));
    let read = held.as_ref().map(|held| {
        let slot = &held.slot;
        let whole = held.whole(&quote!(#sdk::Json), &config, &arena, "the configuration");
        quote! {
            let #arena = #sdk::Arena::new();
            let mut #slot = #whole;
        }
    });
    let lent = held.map(|held| held.lent);
    let output = output_span(call);
    let place = local("place");
    let at = sdk_at(output);
    let placed = quote_spanned!(output=> #at::InitResult::<Self>::place);
    let settled = settle_by(
        output,
        &quote!(Self::#function(#lent)),
        &quote!(settle_into),
        &quote!(, #placed, #place),
    );
    let init = quote! {
        fn init(
            #config: &mut [::core::primitive::u8],
            #place: &mut ::core::option::Option<Self>,
        ) -> ::core::result::Result<(), #sdk::Error> {
            #read
            ::core::result::Result::Ok(#settled)
        }
    };
    implementation(quote!(impl #sdk::InitHook for #plugin), init, span)
}

/// Where a function says what it returns.
pub fn output_span(call: &Call) -> Span {
    let output = call.output.as_ref();
    output.map_or_else(|| call.ident.span(), Spanned::span)
}

/// Arguments in, the author's function, result out. `path` leads to the function; `members` are the names of all members that the arguments
/// may have, where the function need not take each.
fn handler_body(
    handler: &Handler,
    call: &Call,
    codec: Codec,
    path: &TokenStream,
    members: Option<&[&str]>,
) -> TokenStream {
    let sdk = sdk();
    let Handler {
        plugin,
        arguments,
        output,
    } = handler;
    let arena = local("arena");
    let function = ours(&call.ident);
    let receiver = call.receiver.as_ref().map(|_| quote!(#plugin,));
    let codec = match codec {
        Codec::Json => quote!(#sdk::Json),
        Codec::Binary => quote!(#sdk::Binary),
        Codec::Raw => return raw_body(handler, call, path),
    };
    let held: Vec<Held> = call
        .arguments
        .iter()
        .enumerate()
        .map(|(nth, argument)| Held::of(argument, nth))
        .collect();
    let lent = held.iter().map(|held| &held.lent);
    let read = match (call.arguments.first(), held.first()) {
        (Some(argument), Some(held)) if argument.flatten.is_some() => {
            let slot = &held.slot;
            let whole = held.whole(&codec, arguments, &arena, "the arguments");
            quote!(let mut #slot = #whole;)
        }
        _ => named_arguments(call, &held, &codec, arguments, members),
    };
    let span = output_span(call);
    let settled = settle(span, &quote!(#path #function(#receiver #(#lent),*)));
    let (at, value) = (sdk_at(span), local_at("value", span));
    let answer = quote_spanned!(span=> #at::CommandResult::answer::<#codec>);
    quote! {
        let #arena = #sdk::Arena::new();
        #read
        let #value = #settled;
        #answer(#value, #output)
    }
}

fn named_arguments(
    call: &Call,
    held: &[Held],
    codec: &TokenStream,
    bytes: &Ident,
    members: Option<&[&str]>,
) -> TokenStream {
    let sdk = sdk();
    let (arena, index, source) = (local("arena"), local("index"), local("source"));
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
            let Held { slot, span, .. } = held;
            let (at, read) = (sdk_at(*span), held.function("read"));
            // Parentheses that end where the author's type does, as paths do.
            let mut given = Group::new(Delimiter::Parenthesis, quote!(#source, &mut #slot, #read));
            given.set_span(held.end);
            quote_spanned!(*span=> (&#at::Via::slot(&#slot)).read_into_slot #given)
        })
        .chain(ignored.iter().map(|_| quote!(#sdk::ignore(#source))))
        .collect();
    names.extend(ignored);
    let slots = held.iter().map(|held| {
        let (slot, unread) = (&held.slot, held.function("UNREAD"));
        quote!(let mut #slot = #unread;)
    });
    let numbers = 0usize..;
    let dispatch = match reads.split_last() {
        None => quote!(::core::result::Result::Ok(())),
        Some((last, [])) => last.clone(),
        Some((last, others)) => quote! {
            match #index {
                #(#numbers => #others,)*
                _ => #last,
            }
        },
    };
    let finished = call.arguments.iter().zip(held).map(|(argument, held)| {
        let (slot, name) = (&held.slot, &argument.name);
        let value = match &argument.default {
            Default::None => {
                let (given, missing) = (local("given"), held.function("missing"));
                quote_spanned! {held.span=>
                    match #slot {
                        ::core::option::Option::Some(#given) => #given,
                        ::core::option::Option::None => #missing(#name)?,
                    }
                }
            }
            Default::OfType(option) => {
                let default = quote_spanned!(*option=> ::core::default::Default::default());
                quote!(#slot.unwrap_or_else(|| #default))
            }
            Default::Expr(default) if held.is_slice => {
                quote!(#slot.unwrap_or_else(|| ::core::convert::From::from(#default)))
            }
            Default::Expr(default) => quote!(#slot.unwrap_or_else(|| #default)),
        };
        quote!(let mut #slot = #value;)
    });
    quote! {
        #(#slots)*
        {
            use #sdk::{ReadAny as _, ReadDirectly as _};
            <#codec as #sdk::Codec>::arguments(
                &*#bytes,
                &#arena,
                &[#(#names),*],
                &mut |#index, #source| #dispatch,
            )?;
        }
        #(#finished)*
    }
}

fn raw_body(handler: &Handler, call: &Call, path: &TokenStream) -> TokenStream {
    let Handler {
        plugin,
        arguments,
        output,
    } = handler;
    let function = ours(&call.ident);
    let receiver = call.receiver.as_ref().map(|_| quote!(#plugin,));
    let argument = call.arguments.first().map(|Argument { ty, .. }| {
        let at = sdk_at(ty.span());
        let from_bytes = quote_spanned!(ty.span()=> <#ty as #at::RawArgument<'_>>::from_bytes);
        quote!(#from_bytes(#arguments)?)
    });
    let span = output_span(call);
    let settled = settle(span, &quote!(#path #function(#receiver #argument)));
    let (at, value) = (sdk_at(span), local_at("value", span));
    let into_answer = quote_spanned!(span=> #at::RawResult::into_answer);
    quote! {
        let #value = #settled;
        ::core::result::Result::Ok(#into_answer(#value, #output))
    }
}

/// The value of a call that may have returned a `Result`, its error being passed on.
fn settle(span: Span, call: &TokenStream) -> TokenStream {
    settle_by(span, call, &quote!(settle_returned), &TokenStream::new())
}

/// The same by any of the methods that tell success from failure, which takes the returned value and more.
fn settle_by(
    span: Span,
    call: &TokenStream,
    method: &TokenStream,
    more: &TokenStream,
) -> TokenStream {
    let sdk = sdk();
    let (value, returned) = (local("value"), local("returned"));
    let (at, error) = (sdk_at(span), local_at("error", span));
    let into_error = quote_spanned!(span=> #at::CommandError::into_error);
    quote! {
        {
            use #sdk::{
                SettleCoded as _, SettleHolder as _, SettleOther as _, SettlePlain as _,
                SettleStd as _,
            };
            let #returned = #call;
            match (&&&&&#sdk::Returned::like(&#returned)).#method(#returned #more) {
                ::core::result::Result::Ok(#value) => #value,
                ::core::result::Result::Err(#error) => {
                    return ::core::result::Result::Err(#into_error(#error));
                }
            }
        }
    }
}

/// An argument between being read and being passed.
struct Held {
    /// The variable that holds it: an `Option` until all are read.
    slot: Ident,
    /// What is held, as a type that can be read.
    as_argument: TokenStream,
    /// What the function is given.
    lent: TokenStream,
    is_slice: bool,
    /// Where the author's type begins.
    span: Span,
    /// Where it ends.
    end: Span,
}

impl Held {
    fn of(argument: &Argument, nth: usize) -> Self {
        let ty = match &argument.ty {
            Type::Reference(reference) => &*reference.elem,
            ty => ty,
        };
        let span = ty.span();
        let end = ty.to_token_stream().into_iter().last();
        let end = end.map_or(span, |token| token.span());
        let sdk = sdk_at(span);
        let slot = local_at(&format!("argument_{nth}"), span);
        let (trait_, lent) = match &argument.ty {
            Type::Reference(reference) if reference.mutability.is_some() => {
                let lend_mut = quote_spanned!(span=> <#ty as #sdk::ReferentMut<'_>>::lend_mut);
                ("ReferentMut", quote_spanned!(span=> #lend_mut(&mut #slot)))
            }
            Type::Reference(_) => {
                let lend = quote_spanned!(span=> <#ty as #sdk::Referent<'_>>::lend);
                ("Referent", quote_spanned!(span=> #lend(&#slot)))
            }
            _ => ("Argument", slot.to_token_stream()),
        };
        let trait_ = Ident::new(trait_, span);
        let as_argument = quote_spanned!(span=> <#ty as #sdk::#trait_<'_>>);
        Held {
            as_argument,
            lent,
            is_slice: matches!((&argument.ty, ty), (Type::Reference(_), Type::Slice(_))),
            slot,
            span,
            end,
        }
    }

    /// Something of the trait that reads the argument. Its path begins and ends where the author's type does, as a complaint about it will.
    fn function(&self, name: &str) -> TokenStream {
        let Held {
            as_argument,
            span,
            end,
            ..
        } = self;
        let name = Ident::new(name, *end);
        quote_spanned!(*span=> #as_argument::#name)
    }

    /// The argument read from bytes that are nothing else.
    fn whole(&self, codec: &TokenStream, bytes: &Ident, arena: &Ident, what: &str) -> TokenStream {
        let whole = self.function("whole");
        quote!(#whole::<#codec>(&*#bytes, &#arena, #what)?)
    }
}
