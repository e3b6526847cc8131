//! From syntax to the model, with every mistake.

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, ItemFn, LitStr, Path, parse_quote};

use super::model::Twin;
use crate::mistakes::Mistakes;
use crate::options::{self, Entry};

/// The options of the attribute.
#[derive(Default)]
struct Options {
    plugin: Option<Path>,
    native_only: Option<LitStr>,
    wasm_only: Option<LitStr>,
    harness: Option<Path>,
}

/// Reads a twin test. `#[ignore]` moves from the function to its tests.
pub fn twin(arguments: TokenStream, function: &mut ItemFn, mistakes: &mut Mistakes) -> Twin {
    let given = Options::read(arguments, mistakes);
    if let (Some(_), Some(only)) = (&given.native_only, &given.wasm_only) {
        mistakes.at(
            only,
            "a test runs in one of the two at least: remove `native_only` or `wasm_only`",
        );
    }
    if given.plugin.is_none() && given.wasm_only.is_none() {
        mistakes.at(
            &function.sig.ident,
            "a twin test needs the type of its plugin, to run it natively: `#[plugin_sdk_harness::test(MyPlugin)]`",
        );
    }
    signature(function, mistakes);
    Twin {
        ident: function.sig.ident.clone(),
        argument: argument(function),
        plugin: given.plugin,
        native: given.wasm_only.is_none(),
        wasm: given.native_only.is_none(),
        conditions: options::conditions(&function.attrs),
        ignored: ignored(&mut function.attrs, mistakes),
        harness: given
            .harness
            .unwrap_or_else(|| parse_quote!(::plugin_sdk_harness)),
    }
}

impl Options {
    fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut read = Options::default();
        options::read(arguments, mistakes, |option| {
            match option.key().as_str() {
            "native_only" => reason(option, &mut read.native_only),
            "wasm_only" => reason(option, &mut read.wasm_only),
            "crate" if option.meta.input.peek(syn::Token![=]) => {
                let literal: LitStr = option.meta.value()?.parse()?;
                let path = literal.parse_with(Path::parse_mod_style).map_err(|_| {
                    let message = "expected the path of the harness: `crate = \"kit::plugin_sdk_harness\"`";
                    syn::Error::new(literal.span(), message)
                })?;
                read.harness = Some(path);
                Ok(())
            }
            _ if option.meta.input.peek(syn::Token![=]) || option.has_parentheses() => option
                .unknown(
                    "unknown option: the options of a twin test are the plugin's type, `native_only = \"…\"`, `wasm_only = \"…\"` and `crate = \"…\"`",
                ),
            _ => {
                if read.plugin.is_some() {
                    option.mistake("a twin test has one plugin: remove this type");
                }
                read.plugin = Some(option.meta.path.clone());
                Ok(())
            }
        }
        });
        read
    }
}

/// Reads `= "reason"`.
fn reason(option: &mut Entry<'_>, slot: &mut Option<LitStr>) -> syn::Result<()> {
    if !option.meta.input.peek(syn::Token![=]) {
        let key = option.key();
        return option.unknown(format!(
            "say why the other run is left out: `{key} = \"the reason\"`"
        ));
    }
    option.value(slot)?;
    if let Some(literal) = slot.as_ref().filter(|it| it.value().trim().is_empty()) {
        let message = "write the reason: a reader has to know why the other run is left out";
        option.mistakes.at(literal, message);
    }
    Ok(())
}

fn signature(function: &ItemFn, mistakes: &mut Mistakes) {
    let signature = &function.sig;
    if let Some(token) = &signature.asyncness {
        mistakes.at(
            token,
            "a twin test is not async: its calls return when they are done",
        );
    }
    if !signature.generics.params.is_empty() {
        mistakes.at(
            &signature.generics,
            "a twin test has no parameters of types, lifetimes or constants: remove these",
        );
    }
    let mut inputs = signature.inputs.iter();
    let wanted = "write `plugin: &mut Plugin`, or `builder: PluginBuilder` to choose its configuration, grants and mocks";
    match inputs.next() {
        None => mistakes.at(
            &signature.ident,
            format!("a twin test takes its plugin: {wanted}"),
        ),
        Some(FnArg::Receiver(receiver)) => mistakes.at(
            receiver,
            format!("a twin test is a free function and takes its plugin: {wanted}"),
        ),
        Some(FnArg::Typed(_)) => {}
    }
    mistakes.at_each(
        inputs,
        "a twin test has one argument, its plugin: remove this one",
    );
}

/// Returns where the type of the argument is.
fn argument(function: &ItemFn) -> proc_macro2::Span {
    match function.sig.inputs.first() {
        Some(FnArg::Typed(argument)) => argument.ty.span(),
        _ => function.sig.ident.span(),
    }
}

/// Takes `#[ignore]` off the function, and refuses other attributes of tests.
fn ignored(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> Vec<Attribute> {
    for attribute in &*attributes {
        if attribute.path().is_ident("test") {
            let message = "this attribute makes the tests already: remove #[test]";
            mistakes.at(attribute.path(), message);
        } else if attribute.path().is_ident("should_panic") {
            let message = "two runs that panic cannot be compared: expect the failure of the call, as in `plugin.call::<Value>(…).unwrap_err()`";
            mistakes.at(attribute.path(), message);
        }
    }
    attributes
        .extract_if(.., |attribute| attribute.path().is_ident("ignore"))
        .collect()
}
