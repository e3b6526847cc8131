//! From the author's items to the model. Takes our attributes off the items, which are emitted without them.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, ImplItem, ItemFn, ItemImpl, ItemStruct, Lifetime, LitStr, Pat, PatType, Path,
    ReturnType, Safety, Signature, Type, TypeImplTrait, TypeReference, Visibility,
};

use crate::attributes::{self, CommandOptions, PluginOptions};
use crate::documentation::Description;
use crate::mistakes::Mistakes;
use crate::model::{
    Argument, Call, Codec, Command, Default, Hook, HookKind, PluginImpl, PluginStruct,
};
use crate::sdk_path::SdkPath;

/// `#[plugin]` on a struct.
pub fn plugin_struct(
    arguments: TokenStream,
    item: &ItemStruct,
    mistakes: &mut Mistakes,
) -> PluginStruct {
    if !item.generics.params.is_empty() {
        mistakes.at(
            &item.generics,
            "a plugin is one type: remove the generic parameters, or make the plugin a struct that holds this one",
        );
    }
    let PluginOptions {
        commands,
        log,
        identity,
        sdk,
    } = attributes::plugin(arguments, mistakes);
    PluginStruct {
        ident: item.ident.clone(),
        generics: item.generics.clone(),
        commands,
        log,
        identity,
        documentation: Description::of(&item.attrs),
        allowed: conditions_and_allowed(&item.attrs),
        sdk,
    }
}

/// What is generated beside an item has these attributes of it.
fn conditions_and_allowed(of: &[Attribute]) -> Vec<Attribute> {
    [attributes::conditions(of), attributes::allowed(of)].concat()
}

/// `#[plugin]` on an impl block.
pub fn plugin_impl(
    arguments: TokenStream,
    item: &mut ItemImpl,
    mistakes: &mut Mistakes,
) -> PluginImpl {
    let sdk = attributes::plugin_impl(arguments, mistakes);
    if let Some((path, _)) = &item.trait_ {
        mistakes.at(
            path,
            "commands stand in an impl block of the plugin's own, not of a trait: remove the trait and `for`",
        );
    }
    if !item.generics.params.is_empty() {
        mistakes.at(
            &item.generics,
            "a plugin is one type: remove the generic parameters",
        );
    }
    let mut commands = Vec::new();
    let mut hooks = Vec::new();
    let mut attributes = Vec::new();
    let allowed = conditions_and_allowed(&item.attrs);
    for item in &mut item.items {
        let ImplItem::Fn(function) = item else {
            continue;
        };
        let role = take_role(&mut function.attrs, &sdk, &mut attributes, mistakes);
        match role {
            None => {}
            Some(Role::Command(options)) => {
                let call = call(&function.attrs, &mut function.sig, mistakes);
                commands.push(command(call, *options));
            }
            Some(Role::Hook {
                kind,
                span,
                pattern,
            }) => {
                let call = call(&function.attrs, &mut function.sig, mistakes);
                hooks.push(Hook {
                    kind,
                    span,
                    pattern,
                    call,
                });
            }
        }
    }
    PluginImpl {
        made: made(item),
        self_ty: (*item.self_ty).clone(),
        inherent: item.trait_.is_none() && item.generics.params.is_empty(),
        commands,
        hooks,
        attributes,
        allowed,
        sdk,
    }
}

/// Takes the calls of macros off a block, and puts them into one of their own.
fn made(item: &mut ItemImpl) -> Option<ItemImpl> {
    if item.trait_.is_some() {
        return None;
    }
    let is_call = |item: &mut ImplItem| matches!(item, ImplItem::Macro(_));
    let calls: Vec<ImplItem> = item.items.extract_if(.., is_call).collect();
    let mut made = ItemImpl {
        items: calls,
        ..item.clone()
    };
    made.attrs
        .retain(|attribute| !attribute.path().is_ident("doc"));
    (!made.items.is_empty()).then_some(made)
}

/// `#[command]` on a free function.
pub fn free_command(arguments: TokenStream, item: &mut ItemFn, mistakes: &mut Mistakes) -> Command {
    let options = attributes::command(arguments, mistakes);
    if let Some(receiver) = item.sig.receiver() {
        mistakes.at(
            receiver,
            "a command with `self` needs its plugin: put #[plugin] on the impl block around it, which a macro that makes commands must make as a whole",
        );
    }
    let call = call(&item.attrs, &mut item.sig, mistakes);
    command(call, options)
}

fn command(call: Call, options: CommandOptions) -> Command {
    let (name, name_span) = match options.rename {
        Some(rename) => (rename.value(), rename.span()),
        None => (attributes::plain_name(&call.ident), call.ident.span()),
    };
    Command {
        ident: call.ident.clone(),
        name,
        name_span,
        codec: options.codec,
        batch: options.batch,
        errors: options.errors,
        schema: options.schema,
        sdk: options.sdk.0,
        call,
    }
}

/// What a method is to the plugin.
enum Role {
    Command(Box<CommandOptions>),
    Hook {
        kind: HookKind,
        span: Span,
        pattern: Option<LitStr>,
    },
}

/// Takes the attributes that give a method a role off it, and keeps their paths.
fn take_role(
    attributes: &mut Vec<Attribute>,
    sdk: &SdkPath,
    taken: &mut Vec<Path>,
    mistakes: &mut Mistakes,
) -> Option<Role> {
    let is = |path: &Path, name: &str| {
        let last = path.segments.last();
        attributes::is(path, name)
            || (last.is_some_and(|last| last.ident == name) && sdk.leads_to(path))
    };
    let gives_role = |path: &Path| {
        let mut hooks = HookKind::ALL.iter();
        is(path, "command") || hooks.any(|(name, _)| is(path, name))
    };
    let roles_behind_cfg = attributes.extract_if(.., |attribute| {
        let mut hidden = attributes::behind_cfg_attr(attribute).into_iter();
        hidden.any(|hidden| gives_role(hidden.path()))
    });
    for attribute in roles_behind_cfg {
        mistakes.at(
            attribute,
            "`cfg_attr` is resolved too late for this: write the attribute itself, and put `cfg` on the function",
        );
    }
    let mut role = None;
    let roles = attributes.extract_if(.., |attribute| gives_role(attribute.path()));
    for attribute in roles {
        taken.push(attribute.path().clone());
        if role.is_some() {
            mistakes.at(
                &attribute,
                "a function is one thing to its plugin; remove this attribute or the one before",
            );
            continue;
        }
        let Some(arguments) = mistakes.keep(attributes::arguments(&attribute)) else {
            continue;
        };
        let hook = HookKind::ALL
            .iter()
            .find(|(name, _)| is(attribute.path(), name));
        role = Some(match hook {
            None => {
                let options = attributes::command(arguments, mistakes);
                if let (_, Some(span)) = options.sdk {
                    mistakes.add(syn::Error::new(
                        span,
                        "the SDK's path stands at the impl block: move this to the #[plugin] there",
                    ));
                }
                Role::Command(Box::new(options))
            }
            Some((name, kind)) => {
                let mut pattern = None;
                if *kind == HookKind::Event {
                    pattern = attributes::event(arguments, mistakes);
                } else if !arguments.is_empty() {
                    mistakes.at(arguments, format!("#[{name}] has no options"));
                }
                Role::Hook {
                    kind: *kind,
                    span: attribute.path().span(),
                    pattern,
                }
            }
        });
    }
    role
}

/// A function, as far as it can be called.
fn call(attributes: &[Attribute], signature: &mut Signature, mistakes: &mut Mistakes) -> Call {
    refuse_qualifiers(signature, mistakes);
    let lifetimes: Vec<Lifetime> = signature
        .generics
        .lifetimes()
        .map(|parameter| parameter.lifetime.clone())
        .collect();
    let mut arguments = Vec::new();
    for input in &mut signature.inputs {
        if let FnArg::Typed(input) = input {
            arguments.extend(argument(input, &lifetimes, mistakes));
        }
    }
    Call {
        ident: signature.ident.clone(),
        receiver: signature.receiver().cloned(),
        arguments,
        documentation: Description::of(attributes),
        output: match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => {
                let mut ty = (**ty).clone();
                Elide(&lifetimes).visit_type_mut(&mut ty);
                Some(ty)
            }
        },
        cfgs: attributes::conditions(attributes),
        allowed: attributes::allowed(attributes),
    }
}

fn refuse_qualifiers(signature: &Signature, mistakes: &mut Mistakes) {
    if let Some(asyncness) = &signature.asyncness {
        mistakes.at(
            asyncness,
            "a call into a plugin runs to its end: remove `async`, and do the work in the function itself",
        );
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        mistakes.at(
            unsafety,
            "a host cannot keep the promises that `unsafe` asks for: make the function safe",
        );
    }
    if let Some(abi) = &signature.abi {
        mistakes.at(
            abi,
            "the export is generated: write a plain function, without `extern`",
        );
    }
    if let Some(variadic) = &signature.variadic {
        mistakes.at(variadic, "the number of arguments is fixed: take a `Vec`");
    }
    for parameter in signature.generics.type_params() {
        mistakes.at(
            parameter,
            "a host cannot choose types: write the function for one type",
        );
    }
    for parameter in signature.generics.const_params() {
        mistakes.at(
            parameter,
            "a host cannot choose constants: write the function for one value",
        );
    }
}

fn argument(
    input: &mut PatType,
    lifetimes: &[Lifetime],
    mistakes: &mut Mistakes,
) -> Option<Argument> {
    let mut options = attributes::argument(&mut input.attrs, mistakes);
    let description = &mut options.annotations.description;
    *description = description.take().or_else(|| Description::of(&input.attrs));
    // Rust refuses doc comments on parameters unless a macro takes them off.
    input
        .attrs
        .retain(|attribute| !attribute.path().is_ident("doc"));
    for attribute in &input.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            mistakes.at(
                attribute,
                "an argument is there for every host or for none: put `cfg` on the whole function",
            );
        }
    }
    let (name, name_span) = match (&options.rename, &*input.pat) {
        (Some(rename), _) => (rename.value(), rename.span()),
        (None, Pat::Ident(pattern)) => {
            (attributes::plain_name(&pattern.ident), pattern.ident.span())
        }
        (None, Pat::Wild(_) | Pat::Tuple(_) | Pat::Struct(_) | Pat::TupleStruct(_)) => {
            mistakes.at(
                &input.pat,
                "arguments are passed by name: give this one a name, or add #[arg(rename = \"…\")]",
            );
            return None;
        }
        (None, pattern) => {
            mistakes.at(pattern, "expected the name of an argument");
            return None;
        }
    };
    let mut ty = bare(&input.ty).clone();
    let mut refused = Refused(mistakes, false);
    refused.visit_type_mut(&mut ty);
    if refused.1 {
        return None;
    }
    Elide(lifetimes).visit_type_mut(&mut ty);
    if let Default::Expr(default) = &options.default {
        refuse_self(default.to_token_stream(), mistakes);
    }
    if options.flatten.is_some() && !matches!(options.default, Default::None) {
        mistakes.at(
            &input.pat,
            "an argument that takes the whole object is always there: remove `default`, or put #[serde(default)] on its type",
        );
    }
    Some(Argument {
        name,
        name_span,
        ty,
        attribute: options.attribute,
        default: options.default,
        flatten: options.flatten,
        annotations: options.annotations,
        schema: options.schema,
    })
}

/// A type without the parentheses, seen or unseen, that it may stand in.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}

/// Notes what no argument can consist of, and whether there was any. Changes nothing.
struct Refused<'a>(&'a mut Mistakes, bool);

impl VisitMut for Refused<'_> {
    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        self.0.at(ty, "a host cannot choose types: write one type");
        self.1 = true;
    }

    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        if let Type::TraitObject(object) = bare(&ty.elem) {
            self.0
                .at(object, "a host cannot choose types: write one type");
            self.1 = true;
        } else {
            visit_mut::visit_type_reference_mut(self, ty);
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "static" {
            self.0.at(
                lifetime,
                "an argument lives as long as the call: remove this lifetime, or take an owned type such as `String`",
            );
            self.1 = true;
        }
    }
}

/// Notes every use of `self` as a value.
fn refuse_self(expression: TokenStream, mistakes: &mut Mistakes) {
    let mut tokens = expression.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let leads_on =
            matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
        match token {
            TokenTree::Ident(ident) if ident == "self" && !leads_on => mistakes.at(
                ident,
                "a default does not know the plugin: take an `Option`, and choose in the function",
            ),
            TokenTree::Group(group) => refuse_self(group.stream(), mistakes),
            _ => {}
        }
    }
}

/// Replaces the function's own lifetimes, which mean nothing outside it, by `'_`.
struct Elide<'a>(&'a [Lifetime]);

impl VisitMut for Elide<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if self.0.iter().any(|own| own.ident == lifetime.ident) {
            lifetime.ident = syn::Ident::new("_", lifetime.ident.span());
        }
    }
}

/// A mistake at the first word that tells what an item is, its attributes and visibility passed over.
pub fn wrong_item(item: &TokenStream, message: &str) -> syn::Error {
    let start = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let span = input.span();
        input.parse::<TokenStream>()?;
        Ok(span)
    };
    match start.parse2(item.clone()) {
        Ok(span) => syn::Error::new(span, message),
        Err(_) => syn::Error::new_spanned(item, message),
    }
}

/// The codec of a hook's arguments and result.
pub const HOOK_CODEC: Codec = Codec::Json;
