//! The types of a host function: how its arguments and its result cross the call boundary.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::model::{Convention, HostArgument, HostFunction, Passing, Short};
use crate::sdk_path;
use crate::syntax::plain_name;
use crate::tokens::{local, placed};

/// Returns the path of the module for host functions.
pub fn sdk() -> TokenStream {
    let sdk = sdk_path::sdk();
    quote!(#sdk::host)
}

pub fn parameters(function: &HostFunction) -> impl Iterator<Item = TokenStream> {
    function
        .arguments
        .iter()
        .map(|HostArgument { ident, ty, .. }| quote!(#ident: #ty))
}

pub fn output(function: &HostFunction) -> Option<TokenStream> {
    function.output.as_ref().map(|ty| quote!(-> #ty))
}

pub fn returned_span(function: &HostFunction) -> Span {
    let output = function.output.as_ref();
    output.map_or_else(|| function.ident.span(), Spanned::span)
}

pub fn returned_type(function: &HostFunction) -> TokenStream {
    match &function.output {
        Some(ty) => ty.to_token_stream(),
        None => quote!(()),
    }
}

/// Returns `<Type as Returned<Convention>>`.
pub fn returned(function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    let (ty, convention) = (returned_type(function), convention(function));
    let span = returned_span(function);
    let as_returned = placed(quote!(as #sdk::Returned), span);
    quote_spanned!(span=> <#ty #as_returned<#convention>>)
}

pub fn convention(function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    match function.convention {
        Convention::Plain => quote!(#sdk::Plain),
        Convention::Json => quote!(#sdk::AsJson),
        Convention::Status { ok } => quote!(#sdk::Status<#ok>),
        Convention::Buffer {
            initial,
            max,
            short,
            absent,
        } => {
            let short = match short {
                Short::Needed => quote!(NEEDED),
                Short::Negated => quote!(NEGATED),
                Short::Truncated => quote!(TRUNCATED),
            };
            quote!(#sdk::Buffer<#initial, #max, { #sdk::#short }, #absent>)
        }
        Convention::InOut {
            initial,
            max,
            short,
            absent,
        } => quote!(#sdk::InOut<#initial, #max, #short, #absent>),
    }
}

/// An argument, with the trait that defines how it crosses.
pub struct Crossing<'a> {
    pub argument: &'a HostArgument,
    /// The type that implements the trait.
    pub ty: &'a Type,
    /// `<Type as Trait>`
    pub as_trait: TokenStream,
    /// The trait's parameter, which selects the encoding.
    pub convention: TokenStream,
    pub how: How,
}

#[derive(Clone, Copy, PartialEq)]
pub enum How {
    Lent,
    LentMut,
    Passed,
    /// Passed by value, but read like a lent argument.
    JsonByValue,
}

impl<'a> Crossing<'a> {
    pub fn of(argument: &'a HostArgument) -> Self {
        let (ty, how) = match &argument.passing {
            Passing::Lent(ty) => (ty, How::Lent),
            Passing::LentMut(ty) => (ty, How::LentMut),
            Passing::Passed(ty) if argument.json => (ty, How::JsonByValue),
            Passing::Passed(ty) => (ty, How::Passed),
        };
        let span = ty.span();
        let sdk = sdk();
        let convention = match argument.json {
            true => quote!(#sdk::AsJson),
            false => quote!(#sdk::Plain),
        };
        let trait_ = match how {
            How::Lent | How::JsonByValue => quote!(as #sdk::Lent<#convention>),
            How::LentMut => quote!(as #sdk::LentMut),
            How::Passed => quote!(as #sdk::Crosses),
        };
        let trait_ = placed(trait_, span);
        Crossing {
            as_trait: quote_spanned!(span=> <#ty #trait_>),
            argument,
            ty,
            convention,
            how,
        }
    }

    pub fn name(&self) -> String {
        plain_name(&self.argument.ident)
    }

    /// Returns the variable that holds it.
    pub fn variable(&self, nth: usize) -> Ident {
        local(&format!("argument_{nth}"))
    }

    /// Returns its description for hosts.
    pub fn parameter(&self) -> TokenStream {
        let sdk = sdk();
        let Crossing { ty, convention, .. } = self;
        let name = self.name();
        match self.how {
            How::Lent | How::JsonByValue => {
                quote!(#sdk::Parameter::lent::<#convention, #ty>(#name))
            }
            How::LentMut if self.argument.out => quote!(#sdk::Parameter::out::<#ty>(#name)),
            How::LentMut => quote!(#sdk::Parameter::lent_mut::<#ty>(#name)),
            How::Passed => quote!(#sdk::Parameter::passed::<#ty>(#name)),
        }
    }
}

pub fn crossings(function: &HostFunction) -> Vec<Crossing<'_>> {
    function.arguments.iter().map(Crossing::of).collect()
}
