//! `#[derive(PluginError)]`

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Type};

use crate::documentation::{Description, text};
use crate::mistakes::Mistakes;
use crate::options::{self, Entry, named};
use crate::sdk_path::{SdkPath, sdk, sdk_at};
use crate::syntax::plain_name;
use crate::tokens::local;

/// A variant, or a struct.
struct Kind<'a> {
    /// `Self` or `Self::Variant`
    path: TokenStream,
    fields: &'a Fields,
    code: Code<'a>,
    description: TokenStream,
}

/// The origin of a code.
enum Code<'a> {
    Own(String),
    /// The code of the error in the only field.
    Held {
        ty: &'a Type,
        from: bool,
    },
}

impl<'a> Kind<'a> {
    fn of(
        path: TokenStream,
        name: &Ident,
        attributes: &[Attribute],
        fields: &'a Fields,
        mistakes: &mut Mistakes,
    ) -> Self {
        refuse_on_fields(fields, mistakes);
        Kind {
            path,
            fields,
            code: code(name, attributes, fields, mistakes),
            description: text(Description::of(attributes).as_ref()),
        }
    }

    /// Returns the arm of a `match` on the error: `held` for the type of the error that it holds,
    /// or `own` for its own code.
    fn arm(
        &self,
        held: impl FnOnce(TokenStream) -> TokenStream,
        own: impl FnOnce(&str) -> TokenStream,
    ) -> TokenStream {
        let path = &self.path;
        match &self.code {
            Code::Own(code) => {
                let fields = match self.fields {
                    Fields::Unit => quote!(),
                    Fields::Unnamed(_) => quote!((..)),
                    Fields::Named(_) => quote!({ .. }),
                };
                let value = own(code);
                quote!(#path #fields => #value)
            }
            Code::Held { ty, .. } => {
                let span = ty.span();
                let (at, value) = (sdk_at(span), local("held"));
                let pattern = self.holding(&value);
                let value = held(quote_spanned!(span=> <#ty as #at::Held>));
                quote!(#pattern => #value)
            }
        }
    }

    /// Returns the error with `variable` in its field, as a pattern or an expression.
    fn holding(&self, variable: &Ident) -> TokenStream {
        let path = &self.path;
        let field = self.fields.iter().next();
        match field.and_then(|field| field.ident.as_ref()) {
            Some(name) => quote!(#path { #name: #variable }),
            None => quote!(#path(#variable)),
        }
    }
}

pub fn derive(item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let paths: Vec<Attribute> = own(&item.attrs)
        .filter(|of| names_sdk(of))
        .cloned()
        .collect();
    let path = SdkPath::of(&paths, "plugin_error", &mut mistakes);
    let kinds: Vec<Kind<'_>> = match &item.data {
        Data::Struct(data) => {
            let (path, fields) = (quote!(Self), &data.fields);
            let kind = Kind::of(path, &item.ident, &item.attrs, fields, &mut mistakes);
            vec![kind]
        }
        Data::Enum(data) => {
            for attribute in own(&item.attrs).filter(|of| !names_sdk(of)) {
                mistakes.at(
                    attribute,
                    "each variant of an enum has its own code: move this to the variants",
                );
            }
            let variants = data.variants.iter().map(|variant| {
                let ident = &variant.ident;
                let path = quote!(Self::#ident);
                Kind::of(path, ident, &variant.attrs, &variant.fields, &mut mistakes)
            });
            variants.collect()
        }
        Data::Union(data) => {
            mistakes.at(
                &data.union_token,
                "an error is a struct or an enum: make this one of them",
            );
            Vec::new()
        }
    };
    if !mistakes.is_empty() {
        return mistakes.report();
    }
    let ident = &item.ident;
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    let matched = |arms: Vec<TokenStream>| match arms.is_empty() {
        true => quote!(match *self {}),
        false => quote!(match self { #(#arms),* }),
    };
    let held = local("held");
    let code = kinds
        .iter()
        .map(|kind| kind.arm(|of| quote!(#of::code(#held)), |code| code.to_token_stream()));
    let code = matched(code.collect());
    let passes_on = kinds
        .iter()
        .any(|kind| matches!(kind.code, Code::Held { .. }));
    let passed_on = passes_on.then(|| {
        let none = |_: &str| quote!(::core::option::Option::None);
        let arms = |function: &str, wrap: &dyn Fn(TokenStream) -> TokenStream| {
            let function = Ident::new(function, proc_macro2::Span::call_site());
            let arms = kinds
                .iter()
                .map(|kind| kind.arm(|of| wrap(quote!(#of::#function(#held))), none));
            matched(arms.collect())
        };
        let details = arms("details", &|value| value);
        let error = arms(
            "to_error",
            &|value| quote!(::core::option::Option::Some(#value)),
        );
        let sdk = sdk();
        quote! {
            fn details(&self) -> ::core::option::Option<#sdk::Value> {
                #details
            }

            fn passed_on(&self) -> ::core::option::Option<__plugin_sdk::Error> {
                #error
            }
        }
    });
    let codes = codes(&kinds, item.generics.params.is_empty());
    let made = kinds.iter().filter_map(|kind| match &kind.code {
        Code::Held { ty, from: true } => {
            let of = kind.holding(&held);
            Some(quote! {
                #[automatically_derived]
                impl #generics ::core::convert::From<#ty> for #ident #arguments #bounds {
                    fn from(#held: #ty) -> Self {
                        #of
                    }
                }
            })
        }
        _ => None,
    });
    path.around(quote! {
        #[automatically_derived]
        impl #generics __plugin_sdk::PluginError for #ident #arguments #bounds {
            fn code(&self) -> &::core::primitive::str {
                #code
            }

            #passed_on
        }

        #[automatically_derived]
        impl #generics __plugin_sdk::ErrorCodes for #ident #arguments #bounds {
            const CODES: &'static [__plugin_sdk::ErrorCode] = #codes;
        }

        #(#made)*
    })
}

/// Returns the codes for the manifest. They include those of the errors that it holds, but not for
/// a generic type, whose parameters no constant can name.
fn codes(kinds: &[Kind<'_>], concrete: bool) -> TokenStream {
    let own = |kind: &Kind<'_>| match &kind.code {
        Code::Own(code) => {
            let description = &kind.description;
            Some(quote!(__plugin_sdk::ErrorCode { code: #code, description: #description }))
        }
        Code::Held { .. } => None,
    };
    if !concrete || kinds.iter().all(|kind| matches!(kind.code, Code::Own(_))) {
        let codes = kinds.iter().filter_map(own);
        return quote!(&[#(#codes),*]);
    }
    let sdk = sdk();
    let lists = kinds.iter().map(|kind| match &kind.code {
        Code::Own(_) => {
            let code = own(kind);
            quote!(&[#code])
        }
        Code::Held { ty, .. } => quote!(#sdk::CodesOf::<#ty>::CODES),
    });
    quote! {
        {
            #[allow(unused_imports)]
            use #sdk::NoCodes as _;
            const LISTS: &[&[__plugin_sdk::ErrorCode]] = &[#(#lists),*];
            const ALL: &[__plugin_sdk::ErrorCode] = &#sdk::join_codes::<{ #sdk::count_codes(LISTS) }>(LISTS);
            ALL
        }
    }
}

/// Returns whether an attribute is `#[plugin_error(crate = "…")]`.
fn names_sdk(attribute: &Attribute) -> bool {
    let mut sdk = SdkPath::default();
    let read = attribute.parse_nested_meta(|meta| {
        let mistakes = &mut Mistakes::default();
        match sdk.read(&mut Entry {
            meta: &meta,
            mistakes,
        })? {
            true => Ok(()),
            false => Err(meta.error("another option")),
        }
    });
    read.is_ok() && sdk.is_given()
}

fn own(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    named(attributes, "plugin_error")
}

fn refuse_on_fields(fields: &Fields, mistakes: &mut Mistakes) {
    for attribute in fields.iter().flat_map(|field| own(&field.attrs)) {
        mistakes.at(
            attribute,
            "an error has one code for all its fields: move this to the variant or the struct",
        );
    }
}

/// Returns the code that attributes give, or one from the name.
fn code<'a>(
    name: &Ident,
    attributes: &[Attribute],
    fields: &'a Fields,
    mistakes: &mut Mistakes,
) -> Code<'a> {
    let mut code: Option<LitStr> = None;
    let mut transparent = None;
    let mut from = true;
    for attribute in own(attributes).filter(|of| !names_sdk(of)) {
        let Some(arguments) = mistakes.keep(options::arguments(attribute)) else {
            continue;
        };
        if arguments.is_empty() {
            mistakes.at(
                attribute,
                "this attribute has no code: write #[plugin_error(code = \"…\")]",
            );
        }
        options::read(arguments, mistakes, |option| {
            match option.key().as_str() {
            "transparent" => {
                option.once(transparent.is_some());
                transparent = Some(option.meta.path.clone());
                option.nested(|option| match option.key().as_str() {
                    "no_from" => {
                        from = false;
                        Ok(())
                    }
                    _ => option.unknown(
                        "unknown option in `transparent(…)`: the only option is `no_from`",
                    ),
                })
            }
            "code" => option.value(&mut code),
            _ => option.unknown(
                "unknown option in #[plugin_error]: the options are `code = \"…\"` and `transparent`",
            ),
        }
        });
    }
    if let Some(transparent) = transparent {
        if let Some(code) = code {
            mistakes.at(
                &code,
                "a transparent error has the code of the error that it holds: remove this, or `transparent`",
            );
        }
        let mut all = fields.iter();
        if let (Some(field), None) = (all.next(), all.next()) {
            let is_from = |attribute: &Attribute| attribute.path().is_ident("from");
            return Code::Held {
                ty: &field.ty,
                from: from && !field.attrs.iter().any(is_from),
            };
        }
        mistakes.at(
            &transparent,
            "a transparent error passes on the error in its only field: give it one field",
        );
        return Code::Own(String::new());
    }
    let Some(code) = code else {
        return Code::Own(default_code(name));
    };
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
    Code::Own(code.value())
}

/// Returns `not_found` for `NotFound`.
fn default_code(ident: &Ident) -> String {
    let mut code = String::new();
    for (nth, character) in plain_name(ident).chars().enumerate() {
        if character.is_uppercase() && nth > 0 {
            code.push('_');
        }
        code.extend(character.to_lowercase());
    }
    code
}
