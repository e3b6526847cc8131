//! `#[derive(HostScalar)]`: an enum that crosses the call boundary as a number.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident};

use crate::mistakes::Mistakes;
use crate::options::named;
use crate::sdk_path::{self, SdkPath};
use crate::tokens::local;

/// The types of `#[repr]`, and the type that crosses the call boundary for each.
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

pub fn derive(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let path = SdkPath::of(&item.attrs, "host_scalar", &mut mistakes);
    let repr = repr(&item, &mut mistakes);
    let variants = variants(&item, &mut mistakes);
    let (Some((repr, wire)), true) = (repr, mistakes.is_empty()) else {
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
    // An error about a type that is not `Copy` points at its name.
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

fn repr(item: &DeriveInput, mistakes: &mut Mistakes) -> Option<(&'static str, &'static str)> {
    let mut found = None;
    for attribute in named(&item.attrs, "repr") {
        // The compiler reports a wrong one.
        let _ = attribute.parse_nested_meta(|meta| {
            let known = REPRS.iter().find(|(repr, _)| meta.path.is_ident(repr));
            found = found.or(known.copied());
            Ok(())
        });
    }
    if found.is_none() {
        mistakes.at(
            &item.ident,
            "choose a number type for the variants: `#[repr(i32)]`",
        );
    }
    found
}

fn variants<'i>(item: &'i DeriveInput, mistakes: &mut Mistakes) -> Vec<&'i Ident> {
    let Data::Enum(data) = &item.data else {
        mistakes.at(
            &item.ident,
            "only an enum without fields crosses as a number: put #[json] on an argument of any other type",
        );
        return Vec::new();
    };
    if !item.generics.params.is_empty() {
        mistakes.at(
            &item.generics,
            "an enum that crosses as a number has no parameters: remove these",
        );
    }
    let mut variants = Vec::new();
    for variant in &data.variants {
        if matches!(variant.fields, Fields::Unit) {
            variants.push(&variant.ident);
        } else {
            mistakes.at(
                variant.fields.span(),
                "a number cannot hold a field: remove it",
            );
        }
    }
    variants
}
