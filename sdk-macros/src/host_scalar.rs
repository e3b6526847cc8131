//! `#[derive(HostScalar)]`

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Ident};

use crate::attributes;
use crate::expand::local;
use crate::mistakes::Mistakes;
use crate::sdk_path::{self, SdkPath};

/// What a `repr` crosses as.
const REPRS: [(&str, &str); 8] = [
    ("u8", "u32"),
    ("u16", "u32"),
    ("u32", "u32"),
    ("i8", "i32"),
    ("i16", "i32"),
    ("i32", "i32"),
    ("u64", "u64"),
    ("i64", "i64"),
];

pub fn host_scalar(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let path = sdk_path(&item.attrs, &mut mistakes);
    let repr = repr(&item, &mut mistakes);
    let variants = variants(&item, &mut mistakes);
    let (Some((repr, wire)), true) = (repr, mistakes.none()) else {
        return mistakes.report();
    };
    let ident = &item.ident;
    let (repr, wire) = (
        Ident::new(repr, ident.span()),
        Ident::new(wire, ident.span()),
    );
    let kind = match wire.to_string().starts_with('i') {
        true => quote!(Signed),
        false => quote!(Unsigned),
    };
    let name = sdk_path::sdk();
    let sdk = quote!(#name::host);
    let number = local("number");
    // A type that is not `Copy` is told so at its name.
    let header = quote_spanned!(ident.span()=> impl #sdk::Scalar for #ident);
    path.around(quote! {
        #[automatically_derived]
        #header {
                type Wire = ::core::primitive::#wire;
                const KIND: #sdk::Kind = #sdk::Kind::#kind;

                fn to_wire(self) -> ::core::primitive::#wire {
                    self as ::core::primitive::#repr as ::core::primitive::#wire
                }

                fn from_wire(#number: ::core::primitive::#wire) -> ::core::option::Option<Self> {
                    #(if #number == Self::#variants as ::core::primitive::#repr as ::core::primitive::#wire {
                        return ::core::option::Option::Some(Self::#variants);
                    })*
                    ::core::option::Option::None
                }
        }
    })
}

/// `#[host_scalar(crate = "…")]`
fn sdk_path(attributes: &[Attribute], mistakes: &mut Mistakes) -> SdkPath {
    let mut path = SdkPath::default();
    for attribute in attributes {
        if !attribute.path().is_ident("host_scalar") {
            continue;
        }
        let Some(arguments) = mistakes.keep(attributes::arguments(attribute)) else {
            continue;
        };
        attributes::options(arguments, mistakes, |meta, mistakes| {
            match path.read(meta, mistakes)? {
                true => Ok(()),
                false => attributes::unknown(
                    meta,
                    "there is no such option in #[host_scalar]; the only option is `crate = \"…\"`",
                    mistakes,
                ),
            }
        });
    }
    path
}

fn repr(item: &DeriveInput, mistakes: &mut Mistakes) -> Option<(&'static str, &'static str)> {
    let mut found = None;
    for attribute in &item.attrs {
        if !attribute.path().is_ident("repr") {
            continue;
        }
        // Whatever is wrong with it, the compiler says.
        let _ = attribute.parse_nested_meta(|meta| {
            let known = REPRS.iter().find(|(repr, _)| meta.path.is_ident(repr));
            found = found.or(known.copied());
            Ok(())
        });
    }
    if found.is_none() {
        mistakes.at(
            &item.ident,
            "say which numbers the variants have for the host: `#[repr(i32)]`",
        );
    }
    found
}

fn variants<'i>(item: &'i DeriveInput, mistakes: &mut Mistakes) -> Vec<&'i Ident> {
    let Data::Enum(data) = &item.data else {
        mistakes.at(
            &item.ident,
            "only an enum without fields crosses as a number; put #[json] before an argument of any other type",
        );
        return Vec::new();
    };
    if !item.generics.params.is_empty() {
        mistakes.at(
            &item.generics,
            "an enum that crosses as a number has no parameters; remove this",
        );
    }
    let mut variants = Vec::new();
    for variant in &data.variants {
        if matches!(variant.fields, Fields::Unit) {
            variants.push(&variant.ident);
        } else {
            mistakes.add(syn::Error::new(
                variant.fields.span(),
                "a number cannot hold a field; remove it",
            ));
        }
    }
    variants
}
