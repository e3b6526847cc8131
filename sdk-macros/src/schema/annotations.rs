//! Descriptions, defaults and constraints in generated code.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::model::Annotations;
use crate::documentation::Description;
use crate::tokens::option;

/// Returns checks of constraints against a type, each with the span of its constraint.
pub fn fitting(annotations: &Annotations, ty: &TokenStream) -> TokenStream {
    let checks = fits(annotations, ty);
    let checks = checks.map(|(check, span)| quote_spanned!(span=> const _: () = #check;));
    checks.collect()
}

/// Returns the expressions that check constraints against a type, and the span of each.
pub fn fits(
    annotations: &Annotations,
    ty: &TokenStream,
) -> impl Iterator<Item = (TokenStream, Span)> {
    let constraints = annotations
        .members
        .iter()
        .filter(|member| member.constrains);
    constraints.map(move |member| {
        let keyword = Ident::new(member.keyword, Span::call_site());
        let number = member.json.parse::<i128>().ok();
        let number = option(number.map(Literal::i128_unsuffixed));
        let check = quote_spanned! {member.span=>
            __plugin_sdk::schema::fits::<#ty>(__plugin_sdk::schema::Keyword::#keyword, #number)
        };
        (check, member.span)
    })
}

/// Returns a node with its annotations.
pub fn annotated(of: &Annotations, default: Option<TokenStream>, node: TokenStream) -> TokenStream {
    match annotations(of, default) {
        None => node,
        Some(annotations) => quote! {
            const {
                &__plugin_sdk::schema::Node::Annotated {
                    annotations: const { &#annotations },
                    node: #node,
                }
            }
        },
    }
}

/// Returns the annotations as an expression; `None` for empty ones.
pub fn annotations(of: &Annotations, default: Option<TokenStream>) -> Option<TokenStream> {
    if of.is_empty() && default.is_none() {
        return None;
    }
    let mut expression = quote!(__plugin_sdk::schema::Annotations::NONE);
    expression.extend(of.description.as_ref().map(Description::annotation));
    if let Some(default) = default {
        expression.extend(quote!(.default(#default)));
    }
    if !of.members.is_empty() {
        let members = of.members.iter().map(|member| {
            let keyword = Ident::new(member.keyword, Span::call_site());
            let json = &member.json;
            quote!(__plugin_sdk::schema::Member(__plugin_sdk::schema::Keyword::#keyword, #json))
        });
        expression.extend(quote!(.with(&[#(#members),*])));
    }
    Some(expression)
}
