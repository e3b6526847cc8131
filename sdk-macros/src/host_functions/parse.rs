//! From a trait to the model. Takes the SDK's attributes off the trait.

use proc_macro2::{Span, TokenStream};
use quote::format_ident;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, Ident, ItemTrait, LitStr, Pat, ReturnType, Safety, TraitItem, TraitItemFn,
    Type, parse_quote,
};

use super::model::{Convention, HostArgument, HostFunction, HostTrait, Passing, Short};
use crate::mistakes::Mistakes;
use crate::options::{self, Entry, is, named};
use crate::sdk_path::SdkPath;
use crate::syntax::{plain_name, repeated};

/// The names of generated functions.
const RESERVED: [&str; 3] = ["provide", "provide_async", "install"];

/// The maximum size of the buffer for a host function's result, in bytes.
const MAX_BUFFER: u32 = 1 << 30;

/// Reads the trait, and turns it into the one that hosts implement.
pub fn host_trait(
    arguments: TokenStream,
    item: &mut ItemTrait,
    mistakes: &mut Mistakes,
) -> HostTrait {
    let options = trait_options(arguments, item, mistakes);
    mistakes.at_each(
        &item.unsafety,
        "a trait of host functions is safe to implement: remove `unsafe`",
    );
    if !item.generics.params.is_empty() {
        mistakes.at(
            &item.generics,
            "an import has one type, so a trait of host functions cannot be generic: remove these",
        );
    }
    let mut functions = Vec::new();
    for member in &mut item.items {
        match member {
            TraitItem::Fn(function) => {
                functions.extend(host_function(function, &options, mistakes))
            }
            other => mistakes.at(
                &*other,
                "a trait of host functions can only have functions: move this elsewhere",
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
        cfgs: options::conditions(&item.attrs),
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
    let (mut module, mut prefix, mut permission) = (None, None, None);
    let (mut functions, mut async_trait) = (None::<Ident>, None::<Ident>);
    let mut positional = false;
    let mut sdk = SdkPath::default();
    let before = mistakes.count();
    options::read(arguments, mistakes, |option| {
        if sdk.read(option)? {
            return Ok(());
        }
        match option.key().as_str() {
            "module" => option.name(&mut module),
            "prefix" => option.name(&mut prefix),
            "permission" => option.name(&mut permission),
            "functions" => option.value(&mut functions),
            "async_trait" => option.value(&mut async_trait),
            "positional" => option.flag(&mut positional),
            _ => option.unknown(
                "unknown option in #[host_functions]: the options are `module = \"…\"`, `prefix = \"…\"`, `permission = \"…\"`, `functions = …`, `async_trait = …`, `positional` and `crate = \"…\"`",
            ),
        }
    });
    if module.is_none() && mistakes.count() == before {
        mistakes.at(
            &item.ident,
            "name the module that guests import the functions from: `#[host_functions(module = \"my_host\")]`",
        );
    }
    let name = plain_name(&item.ident);
    let functions = functions.unwrap_or_else(|| type_name(&snake_case(&name), item.ident.span()));
    if functions == item.ident {
        mistakes.at(
            &item.ident,
            "the type with the guests' functions would have this name as well: name that type with `functions = …`",
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

/// Returns a name as an identifier, even if it is a keyword.
fn type_name(name: &str, span: Span) -> Ident {
    match name {
        "self" | "super" | "crate" => format_ident!("{name}_", span = span),
        _ if syn::parse_str::<Ident>(name).is_err() => Ident::new_raw(name, span),
        _ => Ident::new(name, span),
    }
}

/// Notes conditions on functions that the host identifies by position.
fn unconditional(functions: &[HostFunction], mistakes: &mut Mistakes) {
    mistakes.at_each(
        functions.iter().flat_map(|function| &function.cfgs),
        "functions that are imported by position always exist: remove this, or `positional`",
    );
}

fn host_function(
    function: &mut TraitItemFn,
    of_trait: &TraitOptions,
    mistakes: &mut Mistakes,
) -> Option<HostFunction> {
    let signature = &mut function.sig;
    let mut refuse = |span: Option<Span>, what: &str| {
        let message = format!("a host function is an ordinary function: remove `{what}`");
        mistakes.at_each(span, message);
    };
    refuse(signature.asyncness.map(|token| token.span), "async");
    if let Safety::Unsafe(token) = &signature.safety {
        refuse(Some(token.span), "unsafe");
    }
    refuse(signature.constness.map(|token| token.span), "const");
    let abi = signature.abi.as_ref();
    refuse(abi.map(|abi| abi.extern_token.span), "extern");
    if !signature.generics.params.is_empty() {
        mistakes.at(
            &signature.generics,
            "an import has one type, so a host function cannot be generic: elide lifetimes, and write concrete types",
        );
    }
    mistakes.at_each(
        &function.default,
        "the host implements this function: write `;` instead of a body",
    );
    let name = plain_name(&signature.ident);
    if RESERVED.contains(&name.as_str()) {
        mistakes.at(
            &signature.ident,
            format!("the macro generates a function `{name}` for hosts: rename this one, and write #[host(name = \"{name}\")] to keep the import's name"),
        );
    }
    let options = function_options(&mut function.attrs, mistakes);
    let mut arguments = Vec::new();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => mistakes.at(
                &*receiver,
                "remove `self`: guests have none, and the macro adds `&mut self` for hosts",
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
            "a status, a buffer or JSON can report an error: return a `Result`",
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
        docs: named(attrs, "doc").cloned().collect(),
        cfgs: named(attrs, "cfg").cloned().collect(),
        allowed: options::allowed(attrs),
    })
}

struct FunctionOptions {
    name: Option<String>,
    permission: Option<String>,
    convention: Convention,
}

/// Takes `#[host]` and `#[json]` off a function and reads them.
fn function_options(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> FunctionOptions {
    let (mut name, mut permission) = (None, None);
    let mut convention: Option<Convention> = None;
    let mut set = |span: Span, new: Convention, mistakes: &mut Mistakes| {
        if convention.replace(new).is_some() {
            mistakes.at(
                span,
                "a result crosses in one form: keep one of `status`, `buffer`, `in_out` and #[json]",
            );
        }
    };
    for attribute in attributes.extract_if(.., |attribute| {
        is(attribute.path(), "host") || is(attribute.path(), "json")
    }) {
        if is(attribute.path(), "json") {
            options::refuse(&attribute, mistakes);
            set(attribute.path().span(), Convention::Json, mistakes);
            continue;
        }
        let Some(arguments) = mistakes.keep(options::arguments(&attribute)) else {
            continue;
        };
        options::read(arguments, mistakes, |option| {
            let convention = match option.key().as_str() {
                "name" => return option.name(&mut name),
                "permission" => return option.name(&mut permission),
                "status" => status(option)?,
                "buffer" => buffer(option)?,
                "in_out" => in_out(option)?,
                _ => return option.unknown(
                    "unknown option in #[host]: the options are `name = \"…\"`, `permission = \"…\"`, `status`, `status(…)`, `buffer`, `buffer(…)`, `in_out` and `in_out(…)`",
                ),
            };
            set(option.span(), convention, option.mistakes);
            Ok(())
        });
    }
    FunctionOptions {
        name: name.map(|name| name.value()),
        permission: permission.map(|permission| permission.value()),
        convention: convention.unwrap_or(Convention::Plain),
    }
}

/// Reads `status` or `status(ok = 1)`.
fn status(option: &mut Entry<'_>) -> syn::Result<Convention> {
    let mut ok = None;
    option.nested(|option| match option.key().as_str() {
        "ok" => option.number(&mut ok),
        _ => option.unknown("unknown option in `status`: the only option is `ok = 0`"),
    })?;
    Ok(Convention::Status {
        ok: ok.unwrap_or(0),
    })
}

/// Reads `buffer` or `buffer(initial = 256, max = 65536, short = "needed", absent = -1)`.
fn buffer(option: &mut Entry<'_>) -> syn::Result<Convention> {
    let (mut initial, mut max, mut absent) = (None, None, None);
    let mut short = None::<LitStr>;
    option.nested(|option| match option.key().as_str() {
        "initial" => option.number(&mut initial),
        "max" => option.number(&mut max),
        "absent" => option.number(&mut absent),
        "short" => option.value(&mut short),
        _ => option.unknown(
            "unknown option in `buffer`: the options are `initial = 256`, `max = 1048576`, `short = \"needed\"` and `absent = -1`",
        ),
    })?;
    let (initial, max) = sizes(option, initial, max);
    let short = short.and_then(|literal| {
        let value = literal.value();
        let found = Short::ALL.iter().find(|(name, _)| *name == value);
        if found.is_none() {
            option.mistakes.at(
                &literal,
                "unknown answer of a host whose buffer is too small: write \"needed\" for the size that it needs, \"negated\" for the negative of that size, or \"truncated\" if it does not report it",
            );
        }
        found.map(|(_, short)| *short)
    });
    Ok(Convention::Buffer {
        initial,
        max,
        short: short.unwrap_or(Short::Needed),
        // No host returns this number.
        absent: absent.unwrap_or(i32::MIN),
    })
}

/// Reads `in_out` or `in_out(initial = 256, max = 65536, short = -1, absent = 1)`.
fn in_out(option: &mut Entry<'_>) -> syn::Result<Convention> {
    let (mut initial, mut max, mut short, mut absent) = (None, None, None, None);
    option.nested(|option| match option.key().as_str() {
        "initial" => option.number(&mut initial),
        "max" => option.number(&mut max),
        "short" => option.number(&mut short),
        "absent" => option.number(&mut absent),
        _ => option.unknown(
            "unknown option in `in_out`: the options are `initial = 256`, `max = 1048576`, `short = -1` and `absent = 1`",
        ),
    })?;
    let (initial, max) = sizes(option, initial, max);
    let (short, absent) = (short.unwrap_or(-1), absent.unwrap_or(1));
    if short == 0 || absent == 0 || short == absent {
        option.mistakes.at(
            option.meta.path.span(),
            "0 means a result, `short` a buffer that is too small, and `absent` no result: give each its own number",
        );
    }
    Ok(Convention::InOut {
        initial,
        max,
        short,
        absent,
    })
}

/// Returns the initial and the maximum size of a buffer.
fn sizes(option: &mut Entry<'_>, initial: Option<u32>, max: Option<u32>) -> (u32, u32) {
    let (initial, max) = (initial.unwrap_or(256), max.unwrap_or(1 << 20));
    if initial == 0 || initial > max || max > MAX_BUFFER {
        option.mistakes.at(
            option.meta.path.span(),
            format!("a buffer has at least 1 byte, `initial` is at most `max`, and `max` is at most {MAX_BUFFER}"),
        );
    }
    (initial, max)
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
        options::refuse(&attribute, mistakes);
    }
    let Pat::Ident(pat) = &*input.pat else {
        mistakes.at(
            &input.pat,
            "give the argument a name: descriptions and failures refer to it by name",
        );
        return None;
    };
    if let Type::ImplTrait(ty) = &*input.ty {
        mistakes.at(
            ty,
            "an import has one type: write the type instead of `impl`",
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
    mistakes.at_each(
        json.filter(|_| in_place),
        "the host cannot change JSON in place: take the argument by `&`, and return the new value",
    );
    mistakes.at_each(
        out.filter(|_| !in_place),
        "the host writes to an #[out] argument: take it by `&mut`",
    );
    Some(HostArgument {
        ident: pat.ident.clone(),
        ty: (*input.ty).clone(),
        passing,
        json: json.is_some(),
        out: out.is_some(),
    })
}

/// Notes functions with the import of an earlier one.
fn twins(functions: &[HostFunction], mistakes: &mut Mistakes) {
    for function in repeated(functions, |earlier, function| {
        // Under `cfg`, only one of them may exist.
        earlier.cfgs.is_empty() && function.cfgs.is_empty() && earlier.import == function.import
    }) {
        mistakes.at(
            &function.ident,
            format!(
                "another function already has the import `{}`: write #[host(name = \"…\")] on one of them",
                function.import
            ),
        );
    }
}

/// Returns `text_tools` for `TextTools`.
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
    fn names_of_traits_become_snake_case() {
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
