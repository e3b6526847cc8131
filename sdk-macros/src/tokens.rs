//! Parts that all expansions consist of.
//!
//! Local variables have spans of their own ([`local`]), so that the author's expressions cannot
//! see them. Code that requires a trait of an author's type has the span of that type, down
//! to its variables ([`local_at`]), and names the trait that it requires: the compiler then reports
//! one error, at the author's type.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Path};

use crate::mistakes::Mistakes;
use crate::sdk_path::SdkPath;
use crate::syntax::plain_name;

/// Returns the author's item, the code generated for it, and its mistakes.
///
/// An item with mistakes gets a placeholder for its generated code, so that other items do not
/// cause errors about missing code.
pub fn emit(
    item: impl ToTokens,
    generated: Option<TokenStream>,
    mistakes: &Mistakes,
) -> TokenStream {
    let mistakes = mistakes.report();
    quote!(#item #generated #mistakes)
}

/// Returns the same tokens, all with one span.
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

/// Returns a variable that the author's expressions cannot see. Its name begins with `__`, so that
/// no constant of the author has it: a pattern would refer to that constant.
pub fn local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}

/// Returns a variable that the compiler can point at in errors about the author's code at `span`.
pub fn local_at(name: &str, span: Span) -> Ident {
    format_ident!("__{name}", span = span)
}

/// Returns an author's name for use in generated code: same position and meaning, but lints ignore
/// it.
pub fn ours(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::call_site().located_at(name.span()));
    name
}

/// Returns an impl that the compiler can point at as a whole.
pub fn implementation(header: TokenStream, body: TokenStream, span: Span) -> TokenStream {
    let header = placed(header, span);
    let mut body = Group::new(Delimiter::Brace, body);
    body.set_span(span);
    quote!(#header #body)
}

/// Returns an `Option` expression.
pub fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// Returns the condition for exports: only the crate that is the plugin exports. See "A plugin as a
/// library" in the documentation of `plugin-sdk`.
pub fn if_exported() -> TokenStream {
    quote!(#[cfg(all(target_arch = "wasm32", not(feature = "library")))])
}

/// Returns the condition for code that runs plugins without WebAssembly.
pub fn if_native() -> TokenStream {
    quote!(#[cfg(not(target_arch = "wasm32"))])
}

/// Returns the condition for handlers of many inputs: only exports and native builds use them.
pub fn if_called() -> TokenStream {
    quote!(#[cfg(not(all(target_arch = "wasm32", feature = "library")))])
}

/// Returns the condition for descriptions: a build without a manifest needs no schemas.
pub fn if_described() -> TokenStream {
    quote!(#[cfg(not(plugin_sdk_undescribed))])
}

/// Returns the condition for the parts of a module that a snapshot is taken from.
pub fn if_snapshot() -> TokenStream {
    quote!(#[cfg(all(target_arch = "wasm32", plugin_sdk_snapshot, not(feature = "library")))])
}

/// Returns generated items in a nameless constant, where they share no names with the author's.
pub fn hidden(sdk: &SdkPath, attributes: &[Attribute], items: TokenStream) -> TokenStream {
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

/// Returns the name of the marker type that represents a free command. The function's own name can
/// also be the name of a module, a crate, a type or a macro.
pub fn marker_name(function: &Ident) -> Ident {
    let name = plain_name(function);
    format_ident!("__command_{name}", span = function.span())
}

/// Returns the path of the marker of the free command at `command`.
pub fn marker_of(command: &Path) -> Path {
    let mut marker = command.clone();
    if let Some(last) = marker.segments.last_mut() {
        last.ident = marker_name(&last.ident);
    }
    marker
}
