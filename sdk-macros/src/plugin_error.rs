//! `#[derive(PluginError)]`

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Path, Type};

use crate::attributes;
use crate::documentation::Description;
use crate::expand::local;
use crate::manifest;
use crate::mistakes::Mistakes;
use crate::sdk_path::{SdkPath, sdk, sdk_at};

/// A variant, or a struct.
struct Kind<'a> {
    /// `Self` or `Self::Variant`
    path: TokenStream,
    fields: &'a Fields,
    code: Code<'a>,
    description: TokenStream,
}

/// Where a code comes from.
enum Code<'a> {
    Own(String),
    /// It is that of what the only field holds.
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
            description: manifest::text(Description::of(attributes).as_ref()),
        }
    }

    /// The arm of a `match` on the error, for what `held` makes of what it holds, and `own` of its own code.
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

    /// The error, holding a variable.
    fn holding(&self, variable: &Ident) -> TokenStream {
        let path = &self.path;
        match self
            .fields
            .iter()
            .next()
            .and_then(|field| field.ident.as_ref())
        {
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
    let path = sdk_path(&item, &mut mistakes);
    let kinds: Vec<Kind<'_>> = match &item.data {
        Data::Struct(data) => {
            let path = quote!(Self);
            vec![Kind::of(
                path,
                &item.ident,
                &item.attrs,
                &data.fields,
                &mut mistakes,
            )]
        }
        Data::Enum(data) => {
            for attribute in own(&item.attrs).filter(|of| !names_sdk(of)) {
                mistakes.at(
                    attribute,
                    "each variant of an enum has a code of its own: move this to the variants",
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

/// The codes for the manifest. What a type holds adds its own, but not in a generic type, whose parameters no constant can name.
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

/// The code that attributes give, or a name.
fn code<'a>(
    name: &Ident,
    attributes: &[Attribute],
    fields: &'a Fields,
    mistakes: &mut Mistakes,
) -> Code<'a> {
    let mut code: Option<LitStr> = None;
    let mut transparent: Option<Path> = None;
    let mut from = true;
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
            if meta.path.is_ident("transparent") {
                attributes::given_once(meta, transparent.is_some(), mistakes);
                transparent = Some(meta.path.clone());
                if meta.input.peek(Paren) {
                    meta.parse_nested_meta(|meta| {
                        if !meta.path.is_ident("no_from") {
                            return attributes::unknown(
                                &meta,
                                "there is no such option in `transparent(…)`; the only option is `no_from`",
                                mistakes,
                            );
                        }
                        from = false;
                        Ok(())
                    })?;
                }
                return Ok(());
            }
            if !meta.path.is_ident("code") {
                return attributes::unknown(
                    meta,
                    "there is no such option in #[plugin_error]; the options are `code = \"…\"` and `transparent`",
                    mistakes,
                );
            }
            attributes::given_once(meta, code.is_some(), mistakes);
            code = Some(meta.value()?.parse()?);
            Ok(())
        });
    }
    if let Some(transparent) = transparent {
        if let Some(code) = code {
            mistakes.at(
                code,
                "what is transparent has the code of what it holds: remove this, or `transparent`",
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
            transparent,
            "what is transparent passes on the error in its only field: give it one field",
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

/// `NotFound` → `not_found`
fn default_code(ident: &Ident) -> String {
    let mut code = String::new();
    for (nth, character) in attributes::plain_name(ident).chars().enumerate() {
        if character.is_uppercase() && nth > 0 {
            code.push('_');
        }
        code.extend(character.to_lowercase());
    }
    code
}
