//! What a plugin says of itself, in a custom section of its module: read by tools and hosts without running anything, and no part of the
//! code or of what is in memory.
//!
//! Each item makes a line of what it can see. Here stand the author's types and words; what a line looks like is decided, and the line rendered, in
//! `manifest.rs` of the SDK.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprMethodCall, ExprUnary, Lit, Type, TypeImplTrait, UnOp};

use crate::attributes::{id_mistake, plain_name};
use crate::documentation::Description;
use crate::expand::{if_exported, marker_of, output_span};
use crate::json;
use crate::mistakes::Mistakes;
use crate::model::{
    Argument, Call, Codec, Command, Default, Hook, HookKind, Listed, NamedText, PluginImpl,
    PluginStruct,
};
use crate::schema::expand::{annotated, annotations, fits};
use crate::sdk_path::{sdk, sdk_at};

/// What a plugin's struct says of the plugin.
pub struct OfStruct {
    /// Who the plugin is, as an expression.
    pub identity: TokenStream,
    /// The static with the struct's line.
    pub line: TokenStream,
}

/// The line of the plugin's struct: who it is, and its free commands.
pub fn of_struct(plugin: &PluginStruct, mistakes: &mut Mistakes) -> OfStruct {
    let sdk = sdk();
    let identity = &plugin.identity;
    let id = identity.id.clone().unwrap_or_else(id_of_package);
    if identity.id.is_none() && id_mistake(&id).is_some() {
        mistakes.add(syn::Error::new(
            plugin.ident.span(),
            "the package's name is no id for a plugin: write one, as in #[plugin(id = \"my-plugin\")]",
        ));
    }
    let name = identity.name.clone().unwrap_or_else(|| title(&id));
    let version = identity
        .version
        .clone()
        .unwrap_or_else(|| package("VERSION"));
    let plugin_type = optional(identity.plugin_type.as_ref());
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
    let commands = plugin.commands.iter().map(|Listed { cfgs, path }| {
        let marker = marker_of(path);
        quote!(#(#cfgs)* <#marker as #sdk::FreeCommand>::DESCRIBED)
    });
    let identity = quote! {
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
    };
    let line = line(&quote! {
        identity: ::core::option::Option::Some(#identity),
        config: &[],
        commands: &[#(#commands),*],
        handles: &[],
    });
    OfStruct { identity, line }
}

/// The line of an impl block: its commands, its handlers of events, and what its init hook takes.
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
    line(&quote! {
        identity: ::core::option::Option::None,
        config: &[#(#config),*],
        commands: &[#(#commands),*],
        handles: &[#(#handles),*],
    })
}

/// A static that the linker puts into the section. It has no part in the memory, and is there even if nothing refers to it.
fn line(members: &TokenStream) -> TokenStream {
    let (sdk, if_exported, if_described) = (sdk(), if_exported(), if_described());
    quote! {
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

/// What a crate says that has a plugin and is built as a library: its name, so that a host that
/// misses the plugin's exports can tell why they are not there.
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

/// Whoever does not want a manifest needs no schemas either.
pub fn if_described() -> TokenStream {
    quote!(#[cfg(not(plugin_sdk_undescribed))])
}

/// What a command says of itself, for contracts that tell their host of it while running.
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

/// The function that describes a function of the author's; it exists for the compiler alone.
fn describing(ident: &Ident) -> Ident {
    format_ident!("__plugin_sdk_described_{}", plain_name(ident))
}

/// A hidden function beside a method of the author's, in which `Self` means what it means to him.
fn beside(call: &Call, returns: &TokenStream, body: &TokenStream) -> TokenStream {
    let function = describing(&call.ident);
    quote! {
        #[doc(hidden)]
        #[allow(dead_code)]
        const fn #function() -> #returns {
            #body
        }
    }
}

/// Describes a method that is a command.
pub fn method(command: &Command) -> TokenStream {
    let sdk = sdk();
    beside(
        &command.call,
        &quote!(#sdk::manifest::Command),
        &self::command(command),
    )
}

/// Describes a method that is a hook; nothing for most of them.
pub fn hook(hook: &Hook) -> TokenStream {
    let sdk = sdk();
    let call = &hook.call;
    match (hook.kind, call.arguments.first()) {
        (HookKind::Init, Some(config)) => {
            beside(call, &quote!(&'static #sdk::schema::Node), &node(config))
        }
        (HookKind::Event, _) => {
            let topic = match &hook.pattern {
                Some(pattern) => pattern.to_token_stream(),
                None => quote!("**"),
            };
            let description = text(call.documentation.as_ref());
            let data = call
                .arguments
                .iter()
                .find(|argument| argument.flatten.is_none() && argument.name == "data");
            let data = optional(data.map(|data| annotated(&data.annotations, None, node(data))));
            let body = quote!(#sdk::manifest::Handler { topic: #topic, description: #description, data: #data });
            beside(call, &quote!(#sdk::manifest::Handler), &body)
        }
        _ => TokenStream::new(),
    }
}

/// Describes a free command, in a place where no lifetime must be named.
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
        name, batch, call, ..
    } = command;
    let description = text(call.documentation.as_ref());
    let interface = match command.codec {
        Codec::Raw => raw(call),
        Codec::Json | Codec::Binary => {
            let kind = match command.codec {
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
    let own = command.errors.iter().map(|NamedText { name, text, .. }| {
        quote!(#sdk::manifest::ErrorCode { code: #name, description: #text })
    });
    let of_type = match &call.output {
        Some(output) if !names_no_type(output) => {
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
    let takes = optional(call.arguments.first().map(|Argument { ty, .. }| {
        let at = sdk_at(ty.span());
        quote_spanned!(ty.span()=> <#ty as #at::RawArgument<'_>>::BYTES)
    }));
    let gives = call
        .output
        .as_ref()
        .filter(|output| !names_no_type(output))
        .map(|output| {
            let span = output.span();
            let at = sdk_at(span);
            quote_spanned!(span=> #at::manifest::bytes_of(#at::manifest::Type::<#output>::SUCCESS))
        });
    let gives = gives.unwrap_or_else(|| quote!(::core::option::Option::None));
    quote!(#sdk::manifest::Interface::Raw { input: #takes, output: #gives })
}

/// The arguments as the members of one object, which has no others.
fn arguments(call: &Call) -> TokenStream {
    let sdk = sdk();
    if let [
        whole @ Argument {
            flatten: Some(_), ..
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
        let (optional, default) = match &argument.default {
            Default::None => (None, quote!(::core::option::Option::None)),
            Default::OfType(_) => (
                Some(quote!(.optional())),
                quote_spanned!(span=> <#ty as #at::Schema>::DEFAULT),
            ),
            Default::Expr(expression) => (Some(quote!(.optional())), optional(json_of(expression))),
        };
        let annotations = annotations(&argument.annotations, Some(default));
        let described = ty.to_token_stream();
        let names_self = mentions_self(ty);
        let checks =
            fits(&argument.annotations, &described).map(|(check, span)| match names_self {
                // No item within a method knows `Self`.
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

/// Whether a type is named by means of `Self`.
fn mentions_self(ty: &Type) -> bool {
    struct Found(bool);

    impl VisitMut for Found {
        fn visit_ident_mut(&mut self, ident: &mut Ident) {
            self.0 |= ident == "Self";
        }
    }

    let mut found = Found(false);
    found.visit_type_mut(&mut ty.clone());
    found.0
}

/// Whether any argument has constraints, which are to be checked natively as well.
fn is_constrained(call: &Call) -> bool {
    let mut members = call
        .arguments
        .iter()
        .flat_map(|argument| &argument.annotations.members);
    members.any(|member| member.constrains)
}

/// Makes the compiler look at a description that nothing asks for natively, if there is anything to check in it.
pub fn checked(call: &Call, described: &TokenStream) -> Option<TokenStream> {
    let (sdk, if_described) = (sdk(), if_described());
    is_constrained(call).then(|| {
        quote! {
            #if_described
            const _: #sdk::manifest::Command = #described;
        }
    })
}

/// The description of a method.
pub fn described(plugin: &Type, call: &Call) -> TokenStream {
    let function = describing(&call.ident);
    quote!(<#plugin>::#function())
}

/// The schema of an argument, asked for where the author wrote its type.
fn node(argument: &Argument) -> TokenStream {
    let ty = described_type(argument);
    let span = ty.span();
    let at = sdk_at(span);
    quote_spanned!(span=> <#ty as #at::Schema>::SCHEMA)
}

/// References are described as what they refer to.
fn described_type(argument: &Argument) -> &Type {
    match (&argument.schema, &argument.ty) {
        (Some(told), _) => told,
        (None, Type::Reference(reference)) => &reference.elem,
        (None, ty) => ty,
    }
}

fn result(command: &Command) -> TokenStream {
    let call = &command.call;
    let (span, ty) = match (&command.schema, &call.output) {
        (Some(told), _) => {
            let at = sdk_at(told.span());
            return quote_spanned!(told.span()=> <#told as #at::Schema>::SCHEMA);
        }
        (None, Some(output)) => (output_span(call), output.to_token_stream()),
        (None, None) => (call.ident.span(), quote!(())),
    };
    let at = sdk_at(span);
    quote_spanned!(span=> #at::manifest::schema_of(#at::manifest::Type::<#ty>::SUCCESS))
}

/// Whether a result's type can be named by its function alone.
pub fn names_no_type(ty: &Type) -> bool {
    struct Found(bool);

    impl VisitMut for Found {
        fn visit_type_impl_trait_mut(&mut self, _: &mut TypeImplTrait) {
            self.0 = true;
        }
    }

    let mut found = Found(false);
    visit_mut::visit_type_mut(&mut found, &mut ty.clone());
    found.0
}

fn named_texts(texts: &[NamedText]) -> TokenStream {
    let texts = texts
        .iter()
        .map(|NamedText { name, text, .. }| quote!((#name, #text)));
    quote!(&[#(#texts),*])
}

/// What there is to say, which may be nothing.
pub fn text(description: Option<&Description>) -> TokenStream {
    match description {
        Some(description) => description.to_token_stream(),
        None => quote!(""),
    }
}

fn optional(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// The value of an expression in JSON, where it can be read off.
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

/// What the package says of itself in its `Cargo.toml`; nothing where it says nothing, or is not built by cargo.
fn package(what: &str) -> String {
    std::env::var(format!("CARGO_PKG_{what}")).unwrap_or_default()
}

fn id_of_package() -> String {
    package("NAME").replace('_', "-").to_ascii_lowercase()
}

/// `Text Stats` for `text-stats`.
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
    fn defaults_that_can_be_read_off_are_told_and_others_are_not() {
        let told = |expression: Expr| json_of(&expression);
        assert_eq!(told(parse_quote!(1_000u64)).as_deref(), Some("1000"));
        assert_eq!(told(parse_quote!(-5)).as_deref(), Some("-5"));
        assert_eq!(told(parse_quote!(0xff)).as_deref(), Some("255"));
        assert_eq!(told(parse_quote!(1.)).as_deref(), Some("1.0"));
        assert_eq!(told(parse_quote!(true)).as_deref(), Some("true"));
        assert_eq!(told(parse_quote!('ü')).as_deref(), Some("\"ü\""));
        assert_eq!(told(parse_quote!(&[1, 2])).as_deref(), Some("[1,2]"));
        assert_eq!(
            told(parse_quote!("a\"b".to_owned())).as_deref(),
            Some("\"a\\\"b\"")
        );
        assert_eq!(told(parse_quote!(1.to_string())), None);
        assert_eq!(told(parse_quote!(-"x")), None);
        assert_eq!(told(parse_quote!(Self::DEFAULT)), None);
        assert_eq!(told(parse_quote!([1, n])), None);
    }

    #[test]
    fn a_name_for_people_is_made_of_an_id() {
        assert_eq!(title("text-stats"), "Text Stats");
        assert_eq!(title("a--b-2"), "A B 2");
    }
}
