//! From the author's items to the model. Takes the SDK's attributes off the items, which are
//! emitted without them.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Field, Fields, FnArg, ImplItem, ItemFn, ItemImpl, ItemStruct, Lifetime, LitStr,
    Member, Pat, PatType, Path, ReturnType, Safety, Signature, Type, TypeImplTrait, TypeReference,
    parse_quote,
};

use super::attributes::function::{self, CommandOptions};
use super::attributes::plugin;
use super::model::{
    Argument, Call, Command, Default, Hook, HookKind, PluginImpl, PluginStruct, StateField,
};
use crate::documentation::Description;
use crate::mistakes::Mistakes;
use crate::sdk_path::SdkPath;
use crate::syntax::{bare, plain_name};
use crate::{options, schema};

/// `#[plugin]` on a struct.
pub fn plugin_struct(
    arguments: TokenStream,
    item: &ItemStruct,
    mistakes: &mut Mistakes,
) -> PluginStruct {
    if !item.generics.params.is_empty() {
        mistakes.at(
            &item.generics,
            "a plugin is one type: remove the generic parameters, or make the plugin a struct that contains a concrete version of this one",
        );
    }
    let options = plugin::of_struct(arguments, mistakes);
    PluginStruct {
        ident: item.ident.clone(),
        generics: item.generics.clone(),
        options,
        state: state(&item.fields),
        documentation: Description::of(&item.attrs),
        allowed: conditions_and_allowed(&item.attrs),
    }
}

/// Returns the fields that belong to a plugin's state: all but those that serde does not read.
fn state(fields: &Fields) -> Vec<StateField> {
    let is_skipped = |attributes: &[Attribute]| schema::serde::field(attributes).skip.input;
    let of_state = |(field, member): (&Field, Member)| {
        if is_skipped(&field.attrs) {
            return None;
        }
        let mut attributes = conditions_and_allowed(&field.attrs);
        for attribute in &field.attrs {
            let hidden = options::behind_cfg_attr(attribute);
            let hidden: Vec<Attribute> = hidden
                .iter()
                .map(|hidden| parse_quote!(#[#hidden]))
                .collect();
            if is_skipped(&hidden)
                && let Some(condition) = options::condition_of_cfg_attr(attribute)
            {
                attributes.push(parse_quote!(#[cfg(not(#condition))]));
            }
        }
        Some(StateField { member, attributes })
    };
    fields
        .iter()
        .zip(fields.members())
        .filter_map(of_state)
        .collect()
}

/// Returns the attributes of an item that its generated code repeats.
fn conditions_and_allowed(of: &[Attribute]) -> Vec<Attribute> {
    [options::conditions(of), options::allowed(of)].concat()
}

/// `#[plugin]` on an impl block.
pub fn plugin_impl(
    arguments: TokenStream,
    item: &mut ItemImpl,
    mistakes: &mut Mistakes,
) -> PluginImpl {
    let sdk = plugin::of_impl(arguments, mistakes);
    mistakes.at_each(
        item.trait_.iter().map(|(path, _)| path),
        "commands belong in an inherent impl block of the plugin: remove the trait and `for`",
    );
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
        let Some(role) = take_role(&mut function.attrs, &sdk, &mut attributes, mistakes) else {
            continue;
        };
        let call = call(&function.attrs, &mut function.sig, mistakes);
        match role {
            Role::Command(options) => commands.push(command(call, *options)),
            Role::Hook(kind, span, pattern) => hooks.push(Hook {
                kind,
                span,
                pattern,
                call,
            }),
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

/// Moves the macro calls of a block to a block of their own.
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
    let options = function::command(arguments, mistakes);
    mistakes.at_each(
        item.sig.receiver(),
        "a command with `self` needs its plugin: put #[plugin] on the impl block around it; a macro must generate the whole block",
    );
    let call = call(&item.attrs, &mut item.sig, mistakes);
    command(call, options)
}

fn command(call: Call, options: CommandOptions) -> Command {
    let (name, name_span) = match &options.rename {
        Some(rename) => (rename.value(), rename.span()),
        None => (plain_name(&call.ident), call.ident.span()),
    };
    Command {
        ident: call.ident.clone(),
        name,
        name_span,
        options,
        call,
    }
}

/// The role of a method in its plugin.
enum Role {
    Command(Box<CommandOptions>),
    Hook(HookKind, Span, Option<LitStr>),
}

/// Takes the attributes that give a method a role off it, and adds their paths to `taken`.
fn take_role(
    attributes: &mut Vec<Attribute>,
    sdk: &SdkPath,
    taken: &mut Vec<Path>,
    mistakes: &mut Mistakes,
) -> Option<Role> {
    let is = |path: &Path, name: &str| {
        let last = path.segments.last();
        options::is(path, name)
            || (last.is_some_and(|last| last.ident == name) && sdk.leads_to(path))
    };
    let gives_role = |path: &Path| {
        let mut hooks = HookKind::ALL.iter();
        is(path, "command") || hooks.any(|(name, _)| is(path, name))
    };
    let roles_behind_cfg = attributes.extract_if(.., |attribute| {
        let mut hidden = options::behind_cfg_attr(attribute).into_iter();
        hidden.any(|hidden| gives_role(hidden.path()))
    });
    for attribute in roles_behind_cfg {
        mistakes.at(
            &attribute,
            "`cfg_attr` hides this attribute from #[plugin]: write the attribute itself, and put `cfg` on the function",
        );
    }
    let mut role = None;
    let roles = attributes.extract_if(.., |attribute| gives_role(attribute.path()));
    for attribute in roles {
        taken.push(attribute.path().clone());
        if role.is_some() {
            mistakes.at(
                &attribute,
                "a function has one role in its plugin: remove this attribute or the one before",
            );
            continue;
        }
        let Some(arguments) = mistakes.keep(options::arguments(&attribute)) else {
            continue;
        };
        let hook = HookKind::ALL
            .iter()
            .find(|(name, _)| is(attribute.path(), name));
        role = Some(match hook {
            None => {
                let options = function::command(arguments, mistakes);
                if let (_, Some(span)) = options.sdk {
                    mistakes.at(
                        span,
                        "the path of the SDK belongs on the impl block: move this to the #[plugin] there",
                    );
                }
                Role::Command(Box::new(options))
            }
            Some((name, kind)) => {
                let mut pattern = None;
                if *kind == HookKind::Event {
                    pattern = function::event(arguments, mistakes);
                } else if !arguments.is_empty() {
                    let message = format!("#[{name}] has no options: remove these");
                    mistakes.at(&arguments, message);
                }
                Role::Hook(*kind, attribute.path().span(), pattern)
            }
        });
    }
    role
}

/// Reads a function, as far as generated code calls it.
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
        cfgs: options::conditions(attributes),
        allowed: options::allowed(attributes),
    }
}

fn refuse_qualifiers(signature: &Signature, mistakes: &mut Mistakes) {
    mistakes.at_each(
        &signature.asyncness,
        "a call into a plugin runs to completion: remove `async`, and do the work in the function itself",
    );
    if let Safety::Unsafe(unsafety) = &signature.safety {
        mistakes.at(
            unsafety,
            "a host cannot uphold the contract of an `unsafe` function: remove `unsafe`",
        );
    }
    mistakes.at_each(
        &signature.abi,
        "the macro generates the export: write a plain function, without `extern`",
    );
    mistakes.at_each(
        &signature.variadic,
        "the number of arguments is fixed: take a `Vec`",
    );
    mistakes.at_each(
        signature.generics.type_params(),
        "a host cannot choose types: write the function for one type",
    );
    mistakes.at_each(
        signature.generics.const_params(),
        "a host cannot choose constants: write the function for one value",
    );
}

fn argument(
    input: &mut PatType,
    lifetimes: &[Lifetime],
    mistakes: &mut Mistakes,
) -> Option<Argument> {
    let mut options = function::argument(&mut input.attrs, mistakes);
    let description = &mut options.annotations.description;
    *description = description.take().or_else(|| Description::of(&input.attrs));
    // Rust rejects doc comments on parameters, unless a macro removes them.
    input
        .attrs
        .retain(|attribute| !attribute.path().is_ident("doc"));
    for attribute in &input.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            mistakes.at(
                attribute,
                "every build has the same arguments: put `cfg` on the whole function",
            );
        }
    }
    let (name, name_span) = match (&options.rename, &*input.pat) {
        (Some(rename), _) => (rename.value(), rename.span()),
        (None, Pat::Ident(pattern)) => (plain_name(&pattern.ident), pattern.ident.span()),
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
            "an argument that takes the whole object is never missing: remove `default`, or put #[serde(default)] on its type",
        );
    }
    Some(Argument {
        name,
        name_span,
        ty,
        options,
    })
}

/// A visitor that notes the parts of a type that no argument can have. It changes nothing.
struct Refused<'a>(&'a mut Mistakes, bool);

impl Refused<'_> {
    fn refuse(&mut self, part: &impl ToTokens, message: &str) {
        self.0.at(part, message);
        self.1 = true;
    }
}

impl VisitMut for Refused<'_> {
    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        self.refuse(ty, "a host cannot choose types: write one type");
    }

    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        if let Type::TraitObject(object) = bare(&ty.elem) {
            self.refuse(object, "a host cannot choose types: write one type");
        } else {
            visit_mut::visit_type_reference_mut(self, ty);
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "static" {
            self.refuse(
                lifetime,
                "an argument lives as long as the call: remove this lifetime, or take an owned type such as `String`",
            );
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
                &ident,
                "a default has no access to the plugin: take an `Option`, and choose in the function",
            ),
            TokenTree::Group(group) => refuse_self(group.stream(), mistakes),
            _ => {}
        }
    }
}

/// A visitor that replaces the function's own lifetimes, which are unknown outside it, by `'_`.
struct Elide<'a>(&'a [Lifetime]);

impl VisitMut for Elide<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if self.0.iter().any(|own| own.ident == lifetime.ident) {
            lifetime.ident = syn::Ident::new("_", lifetime.ident.span());
        }
    }
}
