//! From a trait to the model, taking our attributes off it.

use proc_macro2::{Span, TokenStream};
use quote::format_ident;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{
    Attribute, FnArg, Ident, ItemTrait, LitInt, LitStr, Pat, ReturnType, Safety, Token, TraitItem,
    TraitItemFn, Type, parse_quote,
};

use super::model::{Convention, HostArgument, HostFunction, HostTrait, Passing, Short};
use crate::attributes::{self, allowed, given_once, is, options, plain_name, unknown};
use crate::mistakes::Mistakes;
use crate::sdk_path::SdkPath;

/// Names that the generated functions have for themselves.
const RESERVED: [&str; 3] = ["provide", "provide_async", "install"];

/// The largest buffer that a host function's result may go to.
const MAX_BUFFER: u32 = 1 << 30;

/// Reads the trait, and makes of it the one that hosts implement.
pub fn host_trait(
    arguments: TokenStream,
    item: &mut ItemTrait,
    mistakes: &mut Mistakes,
) -> HostTrait {
    let options = trait_options(arguments, item, mistakes);
    if let Some(token) = &item.unsafety {
        mistakes.at(
            token,
            "a trait of host functions is safe to implement; remove `unsafe`",
        );
    }
    if !item.generics.params.is_empty() {
        mistakes.at(
            &item.generics,
            "an import has one type, so a trait of host functions cannot be generic; remove this",
        );
    }
    let mut functions = Vec::new();
    for member in &mut item.items {
        match member {
            TraitItem::Fn(function) => {
                functions.extend(host_function(function, &options, mistakes))
            }
            other => mistakes.at(
                other,
                "a trait of host functions has functions only; move this elsewhere",
            ),
        }
    }
    twins(&functions, mistakes);
    if options.positional {
        unconditional(&functions, mistakes);
    }
    HostTrait {
        positional: options.positional,
        vis: item.vis.clone(),
        functions_type: options.functions,
        async_ident: options.async_trait,
        sdk: options.sdk,
        cfgs: attributes::conditions(&item.attrs),
        import_module: options.module,
        supertraits: item.supertraits.iter().cloned().collect(),
        ident: item.ident.clone(),
        functions,
    }
}

struct TraitOptions {
    module: String,
    prefix: String,
    permission: Option<String>,
    positional: bool,
    functions: Ident,
    async_trait: Ident,
    sdk: SdkPath,
}

fn trait_options(
    arguments: TokenStream,
    item: &ItemTrait,
    mistakes: &mut Mistakes,
) -> TraitOptions {
    let (mut module, mut prefix, mut permission) = (None::<LitStr>, None::<LitStr>, None::<LitStr>);
    let before = mistakes.count();
    let mut positional = false;
    let (mut functions, mut async_trait) = (None::<Ident>, None::<Ident>);
    let mut sdk = SdkPath::default();
    options(arguments, mistakes, |meta, mistakes| {
        if sdk.read(meta, mistakes)? {
            return Ok(());
        }
        if meta.path.is_ident("positional") {
            given_once(meta, positional, mistakes);
            positional = true;
            return Ok(());
        }
        if meta.path.is_ident("functions") || meta.path.is_ident("async_trait") {
            let option = match meta.path.is_ident("functions") {
                true => &mut functions,
                false => &mut async_trait,
            };
            given_once(meta, option.is_some(), mistakes);
            *option = Some(meta.value()?.parse()?);
            return Ok(());
        }
        let option = if meta.path.is_ident("module") {
            &mut module
        } else if meta.path.is_ident("prefix") {
            &mut prefix
        } else if meta.path.is_ident("permission") {
            &mut permission
        } else {
            return unknown(
                meta,
                "there is no such option in #[host_functions]; the options are `module = \"…\"`, `prefix = \"…\"`, `permission = \"…\"`, `functions = …`, `async_trait = …`, `positional` and `crate = \"…\"`",
                mistakes,
            );
        };
        given_once(meta, option.is_some(), mistakes);
        *option = attributes::name(meta, mistakes)?;
        Ok(())
    });
    if module.is_none() && mistakes.count() == before {
        mistakes.at(
            &item.ident,
            "name the module that the functions are imported from: `#[host_functions(module = \"my_host\")]`",
        );
    }
    let name = plain_name(&item.ident);
    let functions = functions.unwrap_or_else(|| type_name(&snake_case(&name), item.ident.span()));
    if functions == item.ident {
        mistakes.at(
            &item.ident,
            "the functions for guests hang on a type that would have this name as well: give that one another, `functions = …`",
        );
    }
    let value = |literal: Option<LitStr>| literal.map(|literal| literal.value());
    TraitOptions {
        module: value(module).unwrap_or_default(),
        prefix: value(prefix).unwrap_or_default(),
        permission: value(permission),
        positional,
        functions,
        async_trait: async_trait.unwrap_or_else(|| format_ident!("Async{}", item.ident)),
        sdk,
    }
}

/// A name as an identifier, whatever the language uses it for.
fn type_name(name: &str, span: Span) -> Ident {
    match name {
        "self" | "super" | "crate" => format_ident!("{name}_", span = span),
        _ if syn::parse_str::<Ident>(name).is_err() => Ident::new_raw(name, span),
        _ => Ident::new(name, span),
    }
}

/// Functions that go by their position cannot come and go.
fn unconditional(functions: &[HostFunction], mistakes: &mut Mistakes) {
    for cfg in functions.iter().flat_map(|function| &function.cfgs) {
        mistakes.at(
            cfg,
            "functions that are imported by position are always there; remove this, or `positional`",
        );
    }
}

fn host_function(
    function: &mut TraitItemFn,
    of_trait: &TraitOptions,
    mistakes: &mut Mistakes,
) -> Option<HostFunction> {
    let signature = &mut function.sig;
    for (token, what) in [
        (signature.asyncness.map(|token| token.span), "async"),
        (
            match &signature.safety {
                Safety::Unsafe(token) => Some(token.span),
                _ => None,
            },
            "unsafe",
        ),
        (signature.constness.map(|token| token.span), "const"),
        (
            signature.abi.as_ref().map(|abi| abi.extern_token.span),
            "extern",
        ),
    ] {
        if let Some(span) = token {
            mistakes.add(syn::Error::new(
                span,
                format!("a host function is an ordinary one; remove `{what}`"),
            ));
        }
    }
    if !signature.generics.params.is_empty() {
        mistakes.at(
            &signature.generics,
            "an import has one type, so a host function cannot be generic; leave lifetimes out, and write the types themselves",
        );
    }
    if let Some(body) = &function.default {
        mistakes.at(
            body,
            "the host implements this function; write `;` instead of a body",
        );
    }
    let name = plain_name(&signature.ident);
    if RESERVED.contains(&name.as_str()) {
        mistakes.at(
            &signature.ident,
            format!("there is a `{name}` for hosts already; rename the function, and write #[host(name = \"{name}\")] to keep the import's name"),
        );
    }
    let options = function_options(&mut function.attrs, mistakes);
    let mut arguments = Vec::new();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => mistakes.at(
                receiver,
                "leave `self` out: guests have none, and hosts get `&mut self` before the arguments",
            ),
            FnArg::Typed(input) => arguments.extend(argument(input, mistakes)),
        }
    }
    let receiver: FnArg = parse_quote!(&mut self);
    if !matches!(signature.inputs.first(), Some(FnArg::Receiver(_))) {
        signature.inputs.insert(0, receiver);
    }
    let output = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some((**ty).clone()),
    };
    if output.is_none() && !matches!(options.convention, Convention::Plain) {
        mistakes.at(
            &signature.ident,
            "a status, a buffer or JSON can say that something failed: return a `Result`",
        );
    }
    let attrs = &function.attrs;
    Some(HostFunction {
        import: options
            .name
            .unwrap_or_else(|| format!("{}{name}", of_trait.prefix)),
        permission: options.permission.or_else(|| of_trait.permission.clone()),
        ident: signature.ident.clone(),
        arguments,
        output,
        convention: options.convention,
        docs: with_path(attrs, "doc"),
        cfgs: with_path(attrs, "cfg"),
        allowed: allowed(attrs),
    })
}

fn with_path(attributes: &[Attribute], path: &str) -> Vec<Attribute> {
    let with_path = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident(path));
    with_path.cloned().collect()
}

struct FunctionOptions {
    name: Option<String>,
    permission: Option<String>,
    convention: Convention,
}

/// Takes `#[host]` and `#[json]` off a function and reads them.
fn function_options(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> FunctionOptions {
    let (mut name, mut permission) = (None::<LitStr>, None::<LitStr>);
    let mut convention: Option<(Span, Convention)> = None;
    let mut set = |span: Span, new: Convention, mistakes: &mut Mistakes| {
        if convention.is_some() {
            mistakes.add(syn::Error::new(
                span,
                "a result crosses in one way: keep one of `status`, `buffer`, `in_out` and #[json]",
            ));
        }
        convention = Some((span, new));
    };
    for attribute in attributes.extract_if(.., |attribute| {
        is(attribute.path(), "host") || is(attribute.path(), "json")
    }) {
        let Some(arguments) = mistakes.keep(attributes::arguments(&attribute)) else {
            continue;
        };
        if is(attribute.path(), "json") {
            if !arguments.is_empty() {
                mistakes.at(&arguments, "#[json] has no options");
            }
            set(attribute.path().span(), Convention::Json, mistakes);
            continue;
        }
        options(arguments, mistakes, |meta, mistakes| {
            let span = meta.path.span();
            if meta.path.is_ident("name") {
                given_once(meta, name.is_some(), mistakes);
                name = attributes::name(meta, mistakes)?;
            } else if meta.path.is_ident("permission") {
                given_once(meta, permission.is_some(), mistakes);
                permission = attributes::name(meta, mistakes)?;
            } else if meta.path.is_ident("status") {
                let status = status(meta, mistakes)?;
                set(span, status, mistakes);
            } else if meta.path.is_ident("buffer") {
                let buffer = buffer(meta, mistakes)?;
                set(span, buffer, mistakes);
            } else if meta.path.is_ident("in_out") {
                let in_out = in_out(meta, mistakes)?;
                set(span, in_out, mistakes);
            } else {
                return unknown(
                    meta,
                    "there is no such option in #[host]; the options are `name = \"…\"`, `permission = \"…\"`, `status`, `status(…)`, `buffer`, `buffer(…)`, `in_out` and `in_out(…)`",
                    mistakes,
                );
            }
            Ok(())
        });
    }
    FunctionOptions {
        name: name.map(|name| name.value()),
        permission: permission.map(|permission| permission.value()),
        convention: convention.map_or(Convention::Plain, |(_, convention)| convention),
    }
}

/// `status` or `status(ok = 1)`
fn status(meta: &ParseNestedMeta<'_>, mistakes: &mut Mistakes) -> syn::Result<Convention> {
    let mut ok = None;
    if meta.input.peek(Paren) {
        meta.parse_nested_meta(|meta| {
            if !meta.path.is_ident("ok") {
                return unknown(
                    &meta,
                    "there is no such option in `status`; the only option is `ok = 0`",
                    mistakes,
                );
            }
            given_once(&meta, ok.is_some(), mistakes);
            ok = Some(number::<i32>(&meta)?);
            Ok(())
        })?;
    }
    Ok(Convention::Status {
        ok: ok.unwrap_or(0),
    })
}

/// `buffer` or `buffer(initial = 256, max = 65536, short = "needed", absent = -1)`
fn buffer(meta: &ParseNestedMeta<'_>, mistakes: &mut Mistakes) -> syn::Result<Convention> {
    let (mut initial, mut max, mut absent) = (None, None, None);
    let mut short = None::<LitStr>;
    if meta.input.peek(Paren) {
        meta.parse_nested_meta(|meta| {
            if meta.path.is_ident("initial") {
                given_once(&meta, initial.is_some(), mistakes);
                initial = Some(number::<u32>(&meta)?);
            } else if meta.path.is_ident("max") {
                given_once(&meta, max.is_some(), mistakes);
                max = Some(number::<u32>(&meta)?);
            } else if meta.path.is_ident("absent") {
                given_once(&meta, absent.is_some(), mistakes);
                absent = Some(number::<i32>(&meta)?);
            } else if meta.path.is_ident("short") {
                given_once(&meta, short.is_some(), mistakes);
                short = Some(meta.value()?.parse()?);
            } else {
                return unknown(
                    &meta,
                    "there is no such option in `buffer`; the options are `initial = 256`, `max = 1048576`, `short = \"needed\"` and `absent = -1`",
                    mistakes,
                );
            }
            Ok(())
        })?;
    }
    let span = meta.path.span();
    let (initial, max) = sizes(span, initial, max, mistakes);
    let short = short.and_then(|literal| {
        let value = literal.value();
        let found = Short::ALL.iter().find(|(name, _)| *name == value);
        if found.is_none() {
            mistakes.at(
                &literal,
                "a host says that a buffer is too small by the size that it needs: write \"needed\"; by its negative: \"negated\"; or not at all: \"truncated\"",
            );
        }
        found.map(|(_, short)| *short)
    });
    Ok(Convention::Buffer {
        initial,
        max,
        short: short.unwrap_or(Short::Needed),
        // No host means this by it.
        absent: absent.unwrap_or(i32::MIN),
    })
}

/// `in_out` or `in_out(initial = 256, max = 65536, short = -1, absent = 1)`
fn in_out(meta: &ParseNestedMeta<'_>, mistakes: &mut Mistakes) -> syn::Result<Convention> {
    let (mut initial, mut max, mut short, mut absent) = (None, None, None, None);
    if meta.input.peek(Paren) {
        meta.parse_nested_meta(|meta| {
            if meta.path.is_ident("initial") {
                given_once(&meta, initial.is_some(), mistakes);
                initial = Some(number::<u32>(&meta)?);
            } else if meta.path.is_ident("max") {
                given_once(&meta, max.is_some(), mistakes);
                max = Some(number::<u32>(&meta)?);
            } else if meta.path.is_ident("short") {
                given_once(&meta, short.is_some(), mistakes);
                short = Some(number::<i32>(&meta)?);
            } else if meta.path.is_ident("absent") {
                given_once(&meta, absent.is_some(), mistakes);
                absent = Some(number::<i32>(&meta)?);
            } else {
                return unknown(
                    &meta,
                    "there is no such option in `in_out`; the options are `initial = 256`, `max = 1048576`, `short = -1` and `absent = 1`",
                    mistakes,
                );
            }
            Ok(())
        })?;
    }
    let span = meta.path.span();
    let (initial, max) = sizes(span, initial, max, mistakes);
    let (short, absent) = (short.unwrap_or(-1), absent.unwrap_or(1));
    if short == 0 || absent == 0 || short == absent {
        mistakes.add(syn::Error::new(
            span,
            "0 stands for a result, `short` for a buffer that is too small and `absent` for no result: give each a number of its own",
        ));
    }
    Ok(Convention::InOut {
        initial,
        max,
        short,
        absent,
    })
}

/// The sizes of a buffer, at first and at most.
fn sizes(
    span: Span,
    initial: Option<u32>,
    max: Option<u32>,
    mistakes: &mut Mistakes,
) -> (u32, u32) {
    let (initial, max) = (initial.unwrap_or(256), max.unwrap_or(1 << 20));
    if initial == 0 || initial > max || max > MAX_BUFFER {
        mistakes.add(syn::Error::new(
            span,
            format!("a buffer has at least 1 byte, `initial` is at most `max`, and `max` is at most {MAX_BUFFER}"),
        ));
    }
    (initial, max)
}

fn number<T>(meta: &ParseNestedMeta<'_>) -> syn::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let input = meta.value()?;
    let minus: Option<Token![-]> = input.parse()?;
    let literal: LitInt = input.parse()?;
    let digits = literal.base10_digits();
    let signed = match minus {
        Some(_) => format!("-{digits}"),
        None => digits.to_owned(),
    };
    signed
        .parse()
        .map_err(|error| syn::Error::new(literal.span(), error))
}

fn argument(input: &mut syn::PatType, mistakes: &mut Mistakes) -> Option<HostArgument> {
    let (mut json, mut out) = (None, None);
    for attribute in input.attrs.extract_if(.., |attribute| {
        is(attribute.path(), "json") || is(attribute.path(), "out")
    }) {
        let path = attribute.path();
        let place = if is(path, "json") {
            &mut json
        } else {
            &mut out
        };
        *place = Some(path.span());
        if let Some(arguments) = mistakes.keep(attributes::arguments(&attribute))
            && !arguments.is_empty()
        {
            mistakes.at(arguments, "this attribute has no options");
        }
    }
    let Pat::Ident(pat) = &*input.pat else {
        mistakes.at(
            &input.pat,
            "give the argument a name: hosts and failures speak of it by that",
        );
        return None;
    };
    if let Type::ImplTrait(ty) = &*input.ty {
        mistakes.at(
            ty,
            "an import has one type: write the type itself instead of `impl`",
        );
        return None;
    }
    let passing = match &*input.ty {
        Type::Reference(reference) if reference.mutability.is_some() => {
            Passing::LentMut((*reference.elem).clone())
        }
        Type::Reference(reference) => Passing::Lent((*reference.elem).clone()),
        ty => Passing::Passed(ty.clone()),
    };
    let in_place = matches!(passing, Passing::LentMut(_));
    if let Some(span) = json
        && in_place
    {
        mistakes.add(syn::Error::new(
            span,
            "JSON cannot be changed in place: take the argument by `&`, and return what comes of it",
        ));
    }
    if let Some(span) = out
        && !in_place
    {
        mistakes.add(syn::Error::new(
            span,
            "the host writes to what is marked #[out]: take it by `&mut`",
        ));
    }
    Some(HostArgument {
        ident: pat.ident.clone(),
        ty: (*input.ty).clone(),
        passing,
        json: json.is_some(),
        out: out.is_some(),
    })
}

/// Two functions cannot have one import.
fn twins(functions: &[HostFunction], mistakes: &mut Mistakes) {
    for (nth, function) in functions.iter().enumerate() {
        let twin = functions.iter().take(nth).any(|earlier| {
            // Under `cfg`, only one of them may be there.
            earlier.cfgs.is_empty() && function.cfgs.is_empty() && earlier.import == function.import
        });
        if twin {
            mistakes.at(
                &function.ident,
                format!(
                    "another function has the import `{}` already; write #[host(name = \"…\")] at one of them",
                    function.import
                ),
            );
        }
    }
}

/// `TextTools` to `text_tools`
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut previous_lower = false;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let next_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        if character.is_uppercase() && !snake.is_empty() && (previous_lower || next_lower) {
            snake.push('_');
        }
        previous_lower = !character.is_uppercase();
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn a_traits_module_has_its_name_in_snake_case() {
        for (name, expected) in [
            ("Text", "text"),
            ("TextTools", "text_tools"),
            ("HTTPClient", "http_client"),
            ("Md5", "md5"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }
}
