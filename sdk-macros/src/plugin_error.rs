//! `#[derive(PluginError)]`

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr};

use crate::attributes;
use crate::documentation::Description;
use crate::manifest;
use crate::mistakes::Mistakes;
use crate::sdk_path::SdkPath;

pub fn derive(item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut codes: Vec<TokenStream> = Vec::new();
    let mut coded = |code: &str, attributes: &[Attribute]| {
        let description = manifest::text(Description::of(attributes).as_ref());
        codes.push(quote!(__plugin_sdk::ErrorCode { code: #code, description: #description }));
    };
    let sdk = sdk_path(&item, &mut mistakes);
    let arms: Vec<TokenStream> = match &item.data {
        Data::Struct(data) => {
            refuse_on_fields(&data.fields, &mut mistakes);
            let code =
                code(&item.attrs, &mut mistakes).unwrap_or_else(|| default_code(&item.ident));
            coded(&code, &item.attrs);
            vec![quote!(_ => #code)]
        }
        Data::Enum(data) => {
            for attribute in own(&item.attrs).filter(|of| !names_sdk(of)) {
                mistakes.at(
                    attribute,
                    "each variant of an enum has a code of its own: move this to the variants",
                );
            }
            data.variants
                .iter()
                .map(|variant| {
                    let ident = &variant.ident;
                    refuse_on_fields(&variant.fields, &mut mistakes);
                    let code =
                        code(&variant.attrs, &mut mistakes).unwrap_or_else(|| default_code(ident));
                    let fields = match &variant.fields {
                        Fields::Unit => quote!(),
                        Fields::Unnamed(_) => quote!((..)),
                        Fields::Named(_) => quote!({ .. }),
                    };
                    coded(&code, &variant.attrs);
                    quote!(Self::#ident #fields => #code)
                })
                .collect()
        }
        Data::Union(data) => {
            mistakes.at(
                data.union_token,
                "an error is a struct or an enum: make this one",
            );
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
    sdk.around(quote! {
        #[automatically_derived]
        impl #generics __plugin_sdk::PluginError for #ident #arguments #bounds {
            fn code(&self) -> &::core::primitive::str {
                #body
            }
        }

        #[automatically_derived]
        impl #generics __plugin_sdk::ErrorCodes for #ident #arguments #bounds {
            const CODES: &'static [__plugin_sdk::ErrorCode] = &[#(#codes),*];
        }
    })
}

/// Whether an attribute is `#[plugin_error(crate = "…")]`.
fn names_sdk(attribute: &Attribute) -> bool {
    let mut path = SdkPath::default();
    let read =
        attribute.parse_nested_meta(|meta| match path.read(&meta, &mut Mistakes::default())? {
            true => Ok(()),
            false => Err(meta.error("another option")),
        });
    read.is_ok() && path.is_given()
}

/// Where the SDK is, as the item says.
fn sdk_path(item: &DeriveInput, mistakes: &mut Mistakes) -> SdkPath {
    let mut path = SdkPath::default();
    for attribute in own(&item.attrs).filter(|of| names_sdk(of)) {
        let read = attribute.parse_nested_meta(|meta| path.read(&meta, mistakes).map(drop));
        mistakes.keep(read);
    }
    path
}

fn own(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("plugin_error"))
}

fn refuse_on_fields(fields: &Fields, mistakes: &mut Mistakes) {
    for attribute in fields.iter().flat_map(|field| own(&field.attrs)) {
        mistakes.at(
            attribute,
            "an error has one code, whatever its fields: move this to the variant or the struct",
        );
    }
}

/// The code that an attribute gives.
fn code(attributes: &[Attribute], mistakes: &mut Mistakes) -> Option<String> {
    let mut code: Option<LitStr> = None;
    for attribute in own(attributes).filter(|of| !names_sdk(of)) {
        let Some(arguments) = mistakes.keep(attributes::arguments(attribute)) else {
            continue;
        };
        if arguments.is_empty() {
            mistakes.at(
                attribute,
                "there is no code in this: write #[plugin_error(code = \"…\")]",
            );
        }
        attributes::options(arguments, mistakes, |meta, mistakes| {
            if !meta.path.is_ident("code") {
                return attributes::unknown(
                    meta,
                    "there is no such option in #[plugin_error]; the only option is `code = \"…\"`",
                    mistakes,
                );
            }
            attributes::given_once(meta, code.is_some(), mistakes);
            code = Some(meta.value()?.parse()?);
            Ok(())
        });
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
