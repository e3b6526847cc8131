//! The plugin's description of itself, in a custom section of its module. Tools and hosts read it
//! without running the module, and it takes no code and no memory.
//!
//! Each item adds a line about what it can see. This file collects the author's types and texts;
//! `manifest.rs` of the SDK defines the form of a line and renders it.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall, ExprUnary, Lit, Type, UnOp};

use super::export::register;
use crate::documentation::text;
use crate::json;
use crate::package::{id_of_package, package};
use crate::plugin::attributes::function::ArgumentOptions;
use crate::plugin::model::{
    ALL_TOPICS, Argument, Call, Codec, Command, Default, Hook, HookKind, Listed, NamedText,
    PluginImpl, PluginStruct,
};
use crate::schema::annotations::{annotated, annotations, fits};
use crate::sdk_path::{sdk, sdk_at};
use crate::syntax::{is_opaque, mentions_self, plain_name};
use crate::tokens::{if_described, if_exported, if_native, marker_of, option};

/// Returns the identity of a plugin, as an expression.
pub fn identity(plugin: &PluginStruct) -> TokenStream {
    let sdk = sdk();
    let identity = &plugin.options.identity;
    let id = identity.id.clone().unwrap_or_else(id_of_package);
    let name = identity.name.clone().unwrap_or_else(|| title(&id));
    let version = identity
        .version
        .clone()
        .unwrap_or_else(|| package("VERSION"));
    let plugin_type = option(identity.plugin_type.as_ref());
    let description = match &plugin.documentation {
        None => package("DESCRIPTION").trim().to_token_stream(),
        Some(description) => description.to_token_stream(),
    };
    let authors = package("AUTHORS");
    let authors = authors.split(':').filter(|author| !author.is_empty());
    let [license, homepage, repository] = ["LICENSE", "HOMEPAGE", "REPOSITORY"].map(package);
    let requires = named_texts(&identity.requires);
    let permissions = named_texts(&identity.permissions);
    let optional_permissions = named_texts(&identity.optional_permissions);
    let tags = &identity.tags;
    let emits = named_texts(&identity.emits);
    let limits = [
        ("memory_pages", identity.limits.memory_pages),
        ("max_fuel", identity.limits.max_fuel),
        ("timeout_ms", identity.limits.timeout_ms),
    ];
    let limits = limits
        .into_iter()
        .filter_map(|(name, amount)| amount.map(|amount| quote!((#name, #amount))));
    quote! {
        #sdk::manifest::Identity {
            id: #id,
            name: #name,
            version: #version,
            plugin_type: #plugin_type,
            tags: &[#(#tags),*],
            description: #description,
            authors: &[#(#authors),*],
            license: #license,
            homepage: #homepage,
            repository: #repository,
            requires: #requires,
            permissions: #permissions,
            optional_permissions: #optional_permissions,
            limits: &[#(#limits),*],
            emits: #emits,
        }
    }
}

/// Returns the line of a plugin struct: its identity, and its free commands.
pub fn of_struct(plugin: &PluginStruct, identity: &TokenStream) -> TokenStream {
    let sdk = sdk();
    let commands = plugin.options.commands.iter().map(|Listed { cfgs, path }| {
        let marker = marker_of(path);
        quote!(#(#cfgs)* <#marker as #sdk::FreeCommand>::DESCRIBED)
    });
    line(
        &plugin.ident,
        &quote! {
            identity: ::core::option::Option::Some(#identity),
            config: &[],
            commands: &[#(#commands),*],
            handles: &[],
        },
    )
}

/// Returns the line of an impl block: its commands, its event handlers, and the configuration that
/// its init hook takes.
pub fn of_impl(plugin: &PluginImpl) -> TokenStream {
    let of_kind = |kind| plugin.hooks.iter().filter(move |hook| hook.kind == kind);
    let described = |call: &Call| {
        let (function, cfgs) = (describing(&call.ident), &call.cfgs);
        let self_ty = &plugin.self_ty;
        quote!(#(#cfgs)* <#self_ty>::#function())
    };
    let config = of_kind(HookKind::Init)
        .filter(|hook| !hook.call.arguments.is_empty())
        .map(|hook| described(&hook.call));
    let handles = of_kind(HookKind::Event).map(|hook| described(&hook.call));
    let commands = plugin
        .commands
        .iter()
        .map(|command| described(&command.call));
    let (config, handles): (Vec<_>, Vec<_>) = (config.collect(), handles.collect());
    if config.is_empty() && handles.is_empty() && plugin.commands.is_empty() {
        return TokenStream::new();
    }
    line(
        &plugin.self_ty,
        &quote! {
            identity: ::core::option::Option::None,
            config: &[#(#config),*],
            commands: &[#(#commands),*],
            handles: &[#(#handles),*],
        },
    )
}

/// Returns a static that the linker puts into the section. It takes no memory, and exists even if
/// nothing refers to it. A native build renders the line when it is asked for.
fn line(plugin: &impl ToTokens, members: &TokenStream) -> TokenStream {
    let (sdk, if_exported, if_described) = (sdk(), if_exported(), if_described());
    let (if_native, registered) = (if_native(), register(plugin, &quote!(Line(&LINE))));
    quote! {
        #if_native
        #if_described
        const _: () = {
            const LINE: #sdk::manifest::Line = #sdk::manifest::Line { #members };
            #registered
        };

        #if_exported
        #if_described
        const _: () = {
            const LINE: #sdk::manifest::Line = #sdk::manifest::Line { #members };
            #[allow(long_running_const_eval)]
            const DRAFT: &#sdk::manifest::Draft = &LINE.draft();
            #[allow(long_running_const_eval)]
            #[unsafe(link_section = #sdk::abi_name!(MANIFEST_SECTION))]
            static _MANIFEST: [::core::primitive::u8; DRAFT.len()] = LINE.render(DRAFT);
        };
    }
}

/// Returns the section of a plugin that is built as a library: its package's name, so that a host
/// can explain why the plugin's exports are missing.
pub fn library() -> TokenStream {
    let (name, if_described) = (format!("{}\n", package("NAME")), if_described());
    let name = proc_macro2::Literal::byte_string(name.as_bytes());
    let sdk = sdk();
    quote! {
        #[cfg(all(target_arch = "wasm32", feature = "library"))]
        #if_described
        const _: () = {
            const NAME: &[::core::primitive::u8] = #name;
            #[unsafe(link_section = #sdk::abi_name!(LIBRARY_SECTION))]
            static _LIBRARY: [::core::primitive::u8; NAME.len()] = *#name;
        };
    }
}

/// Returns the description of a method, for contracts that describe commands to the host at run
/// time.
pub fn of_method(plugin: &Type, command: &Command) -> TokenStream {
    let (sdk, if_described) = (sdk(), if_described());
    let function = describing(&command.call.ident);
    quote! {
        match () {
            #if_described
            () => <#plugin>::#function(),
            #[cfg(plugin_sdk_undescribed)]
            () => #sdk::manifest::Command::UNDESCRIBED,
        }
    }
}

/// Returns the name of the function that describes an author's function; only the compiler uses it.
fn describing(ident: &Ident) -> Ident {
    format_ident!("__plugin_sdk_described_{}", plain_name(ident))
}

/// Returns a hidden function next to a method of the author, where `Self` has the same meaning.
fn next_to(call: &Call, returns: &TokenStream, body: &TokenStream) -> TokenStream {
    let function = describing(&call.ident);
    quote! {
        #[doc(hidden)]
        #[allow(dead_code)]
        const fn #function() -> #returns {
            #body
        }
    }
}

/// Returns the description of a method that is a command.
pub fn method(command: &Command) -> TokenStream {
    let sdk = sdk();
    next_to(
        &command.call,
        &quote!(#sdk::manifest::Command),
        &self::command(command),
    )
}

/// Returns the description of a hook: the configuration that an init hook takes, or an event
/// handler; nothing for other hooks.
pub fn hook(hook: &Hook) -> TokenStream {
    let sdk = sdk();
    let call = &hook.call;
    match (hook.kind, call.arguments.first()) {
        (HookKind::Init, Some(config)) => {
            next_to(call, &quote!(&'static #sdk::schema::Node), &node(config))
        }
        (HookKind::Event, _) => {
            let topic = match &hook.pattern {
                Some(pattern) => pattern.to_token_stream(),
                None => quote!(#ALL_TOPICS),
            };
            let description = text(call.documentation.as_ref());
            let data = call
                .arguments
                .iter()
                .find(|argument| argument.options.flatten.is_none() && argument.name == "data");
            let data =
                option(data.map(|data| annotated(&data.options.annotations, None, node(data))));
            let body = quote!(#sdk::manifest::Handler { topic: #topic, description: #description, data: #data });
            next_to(call, &quote!(#sdk::manifest::Handler), &body)
        }
        _ => TokenStream::new(),
    }
}

/// Returns the description of a free command, in a function, where lifetimes can be elided.
pub fn free_command(command: &Command) -> TokenStream {
    let (sdk, if_described) = (sdk(), if_described());
    let described = self::command(command);
    quote! {
        #if_described
        const DESCRIBED: #sdk::manifest::Command = {
            const fn described() -> #sdk::manifest::Command {
                #described
            }
            described()
        };
    }
}

fn command(command: &Command) -> TokenStream {
    let sdk = sdk();
    let Command {
        name,
        options,
        call,
        ..
    } = command;
    let batch = options.batch;
    let description = text(call.documentation.as_ref());
    let interface = match command.options.codec {
        Codec::Raw => raw(call),
        Codec::Json | Codec::Binary => {
            let kind = match command.options.codec {
                Codec::Binary => quote!(Binary),
                _ => quote!(Json),
            };
            let (arguments, result) = (arguments(call), result(command));
            quote! {
                #sdk::manifest::Interface::#kind(#sdk::manifest::Values {
                    arguments: #arguments,
                    result: #result,
                })
            }
        }
    };
    let own = command.options.errors.iter().map(|NamedText { name, text, .. }| {
        quote!(#sdk::manifest::ErrorCode { code: #name, description: #text })
    });
    let of_type = match &call.output {
        Some(output) if !is_opaque(output) => {
            let at = sdk_at(output.span());
            quote_spanned!(output.span()=> #at::manifest::Type::<#output>::CODES)
        }
        _ => quote!(&[]),
    };
    quote! {
        {
            #[allow(unused_imports)]
            use #sdk::manifest::{Plain as _, Uncoded as _};
            #sdk::manifest::Command {
                name: #name,
                description: #description,
                batch: #batch,
                interface: #interface,
                errors: [#of_type, const { &[#(#own),*] }],
            }
        }
    }
}

fn raw(call: &Call) -> TokenStream {
    let sdk = sdk();
    let takes = option(call.arguments.first().map(|Argument { ty, .. }| {
        let at = sdk_at(ty.span());
        quote_spanned!(ty.span()=> <#ty as #at::RawArgument<'_>>::BYTES)
    }));
    let gives = call
        .output
        .as_ref()
        .filter(|output| !is_opaque(output))
        .map(|output| {
            let span = output.span();
            let at = sdk_at(span);
            quote_spanned!(span=> #at::manifest::bytes_of(#at::manifest::Type::<#output>::SUCCESS))
        });
    let gives = gives.unwrap_or_else(|| quote!(::core::option::Option::None));
    quote!(#sdk::manifest::Interface::Raw { input: #takes, output: #gives })
}

/// Returns the arguments, as the members of an object that allows no other members.
fn arguments(call: &Call) -> TokenStream {
    let sdk = sdk();
    if let [
        whole @ Argument {
            options: ArgumentOptions {
                flatten: Some(_), ..
            },
            ..
        },
    ] = &*call.arguments
    {
        return node(whole);
    }
    let fields = call.arguments.iter().map(|argument| {
        let ty = described_type(argument);
        let span = ty.span();
        let at = sdk_at(span);
        let name = json::string(&argument.name);
        let field =
            quote_spanned!(span=> #at::schema::Field::of::<#ty>(#at::schema::Names::one(#name)));
        let (optional, default) = match &argument.options.default {
            Default::None => (None, quote!(::core::option::Option::None)),
            Default::OfType(_) => (
                Some(quote!(.optional())),
                quote_spanned!(span=> <#ty as #at::Schema>::DEFAULT),
            ),
            Default::Expr(expression) => (Some(quote!(.optional())), option(json_of(expression))),
        };
        let annotations = annotations(&argument.options.annotations, Some(default));
        let described = ty.to_token_stream();
        let names_self = mentions_self(ty);
        let checks =
            fits(&argument.options.annotations, &described).map(|(check, span)| match names_self {
                // An item in a method cannot use `Self`.
                true => quote_spanned!(span=> const { #check };),
                false => quote_spanned!(span=> const _: () = #check;),
            });
        quote!({ #(#checks)* #field #optional .annotated(#annotations) })
    });
    quote! {
        const {
            &#sdk::schema::Node::Object(#sdk::schema::Object::new(const { &[#(#fields),*] }, true))
        }
    }
}

/// Returns whether any argument has constraints, which native builds check as well.
fn is_constrained(call: &Call) -> bool {
    let mut members = call
        .arguments
        .iter()
        .flat_map(|argument| &argument.options.annotations.members);
    members.any(|member| member.constrains)
}

/// Returns code that makes a native build evaluate a description, if it has constraints to check.
pub fn checked(call: &Call, described: &TokenStream) -> Option<TokenStream> {
    let (sdk, if_described) = (sdk(), if_described());
    is_constrained(call).then(|| {
        quote! {
            #if_described
            const _: #sdk::manifest::Command = #described;
        }
    })
}

/// Returns the expression that describes a method.
pub fn described(plugin: &Type, call: &Call) -> TokenStream {
    let function = describing(&call.ident);
    quote!(<#plugin>::#function())
}

/// Returns the schema of an argument, with the span of its type.
fn node(argument: &Argument) -> TokenStream {
    let ty = described_type(argument);
    let span = ty.span();
    let at = sdk_at(span);
    quote_spanned!(span=> <#ty as #at::Schema>::SCHEMA)
}

/// Returns the type that describes an argument; for a reference, its referent.
fn described_type(argument: &Argument) -> &Type {
    match (&argument.options.schema, &argument.ty) {
        (Some(given), _) => given,
        (None, Type::Reference(reference)) => &reference.elem,
        (None, ty) => ty,
    }
}

fn result(command: &Command) -> TokenStream {
    let call = &command.call;
    let (span, ty) = match (&command.options.schema, &call.output) {
        (Some(given), _) => {
            let at = sdk_at(given.span());
            return quote_spanned!(given.span()=> <#given as #at::Schema>::SCHEMA);
        }
        (None, Some(output)) => (call.output_span(), output.to_token_stream()),
        (None, None) => (call.ident.span(), quote!(())),
    };
    let at = sdk_at(span);
    quote_spanned!(span=> #at::manifest::schema_of(#at::manifest::Type::<#ty>::SUCCESS))
}

fn named_texts(texts: &[NamedText]) -> TokenStream {
    let texts = texts
        .iter()
        .map(|NamedText { name, text, .. }| quote!((#name, #text)));
    quote!(&[#(#texts),*])
}

/// Returns the value of an expression as JSON, if it is a plain literal.
fn json_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Group(group) => json_of(&group.expr),
        Expr::Paren(paren) => json_of(&paren.expr),
        Expr::Reference(reference) => json_of(&reference.expr),
        Expr::Lit(literal) => json_of_literal(&literal.lit),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => match json_of(expr)? {
            number if number.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(format!("-{number}"))
            }
            _ => None,
        },
        Expr::Array(array) => {
            let items: Option<Vec<String>> = array.elems.iter().map(json_of).collect();
            Some(format!("[{}]", items?.join(",")))
        }
        Expr::MethodCall(ExprMethodCall {
            receiver,
            method,
            args,
            ..
        }) if args.is_empty() => {
            let owned = ["to_owned", "to_string", "into"];
            let value = json_of(receiver)?;
            (owned.iter().any(|name| method == name) && value.starts_with('"')).then_some(value)
        }
        _ => None,
    }
}

fn json_of_literal(literal: &Lit) -> Option<String> {
    match literal {
        Lit::Bool(value) => Some(value.value.to_string()),
        Lit::Str(text) => Some(json::string(&text.value())),
        Lit::Char(character) => Some(json::string(&character.value().to_string())),
        number => json::number(number),
    }
}

/// Returns `Text Stats` for `text-stats`.
fn title(id: &str) -> String {
    let capitalised = |word: &str| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    };
    let words: Vec<String> = id
        .split('-')
        .filter(|word| !word.is_empty())
        .map(capitalised)
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn literal_defaults_become_json_and_others_are_left_out() {
        let json = |expression: Expr| json_of(&expression);
        assert_eq!(json(parse_quote!(1_000u64)).as_deref(), Some("1000"));
        assert_eq!(json(parse_quote!(-5)).as_deref(), Some("-5"));
        assert_eq!(json(parse_quote!(0xff)).as_deref(), Some("255"));
        assert_eq!(json(parse_quote!(1.)).as_deref(), Some("1.0"));
        assert_eq!(json(parse_quote!(true)).as_deref(), Some("true"));
        assert_eq!(json(parse_quote!('ü')).as_deref(), Some("\"ü\""));
        assert_eq!(json(parse_quote!(&[1, 2])).as_deref(), Some("[1,2]"));
        assert_eq!(
            json(parse_quote!("a\"b".to_owned())).as_deref(),
            Some("\"a\\\"b\"")
        );
        assert_eq!(json(parse_quote!(1.to_string())), None);
        assert_eq!(json(parse_quote!(-"x")), None);
        assert_eq!(json(parse_quote!(Self::DEFAULT)), None);
        assert_eq!(json(parse_quote!([1, n])), None);
    }

    #[test]
    fn an_id_becomes_a_title() {
        assert_eq!(title("text-stats"), "Text Stats");
        assert_eq!(title("a--b-2"), "A B 2");
    }
}
