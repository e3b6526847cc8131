//! `#[derive(PluginError)]`

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr};

use crate::attributes;
use crate::mistakes::Mistakes;

pub fn derive(item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let own_code = code(&item.attrs, &mut mistakes);
    let arms: Vec<TokenStream> = match &item.data {
        Data::Struct(_) => {
            let code = own_code.unwrap_or_else(|| default_code(&item.ident));
            vec![quote!(_ => #code)]
        }
        Data::Enum(data) => {
            if own_code.is_some() {
                mistakes.at(
                    &item.ident,
                    "each variant of an enum has a code of its own: move #[plugin_error(code = \"…\")] to the variants",
                );
            }
            data.variants
                .iter()
                .map(|variant| {
                    let ident = &variant.ident;
                    let code =
                        code(&variant.attrs, &mut mistakes).unwrap_or_else(|| default_code(ident));
                    let fields = match &variant.fields {
                        Fields::Unit => quote!(),
                        Fields::Unnamed(_) => quote!((..)),
                        Fields::Named(_) => quote!({ .. }),
                    };
                    quote!(Self::#ident #fields => #code)
                })
                .collect()
        }
        Data::Union(data) => {
            mistakes.at(data.union_token, "an error is a struct or an enum");
            Vec::new()
        }
    };
    if !mistakes.none() {
        return mistakes.report();
    }
    let ident = &item.ident;
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    let body = if arms.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(#arms),* })
    };
    quote! {
        #[automatically_derived]
        impl #generics ::plugin_sdk::PluginError for #ident #arguments #bounds {
            fn code(&self) -> &::core::primitive::str {
                #body
            }
        }
    }
}

/// The code that an attribute gives.
fn code(attributes: &[Attribute], mistakes: &mut Mistakes) -> Option<String> {
    let mut code: Option<LitStr> = None;
    for attribute in attributes {
        if !attributes::is(attribute, "plugin_error") {
            continue;
        }
        let read = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("code") {
                return Err(meta.error(
                    "there is no such option in #[plugin_error]; the option is `code = \"…\"`",
                ));
            }
            code = Some(meta.value()?.parse()?);
            Ok(())
        });
        mistakes.keep(read);
    }
    let code = code?;
    let is_snake_case = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if code.value().is_empty() || !is_snake_case(&code.value()) {
        mistakes.at(
            &code,
            "a code is for programs: write lower-case letters, digits and underscores, such as \"not_found\"",
        );
    }
    Some(code.value())
}

/// `NotFound` → `not_found`
fn default_code(ident: &syn::Ident) -> String {
    let mut code = String::new();
    for (nth, character) in attributes::plain_name(ident).chars().enumerate() {
        if character.is_uppercase() && nth > 0 {
            code.push('_');
        }
        code.extend(character.to_lowercase());
    }
    code
}
