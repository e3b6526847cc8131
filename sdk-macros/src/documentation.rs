//! What doc comments say.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit};

use crate::json;

/// A text about an item of the author's.
pub enum Description {
    Text(String),
    /// An expression that only the compiler knows the text of.
    Expression(TokenStream),
}

impl Description {
    /// What the doc comments of an item say; their lines begin with a space that is not meant.
    pub fn of(attributes: &[Attribute]) -> Option<Self> {
        let lines = attributes.iter().filter_map(|attribute| {
            let meta = attribute.meta.require_name_value().ok()?;
            meta.path.is_ident("doc").then_some(&meta.value)
        });
        let mut text = String::new();
        let mut expressions: Vec<TokenStream> = Vec::new();
        for (nth, line) in lines.enumerate() {
            if nth > 0 {
                text.push('\n');
            }
            match literal(line) {
                Some(literal) => text.push_str(literal.strip_prefix(' ').unwrap_or(&literal)),
                None => {
                    let before = std::mem::take(&mut text);
                    expressions.push(quote!(#before));
                    expressions.push(line.to_token_stream());
                }
            }
        }
        if expressions.is_empty() {
            let text = text.trim();
            return (!text.is_empty()).then(|| Description::Text(text.to_owned()));
        }
        expressions.push(quote!(#text));
        Some(Description::Expression(quote!(
            ::core::concat!(#(#expressions),*)
        )))
    }

    /// The call that gives it to annotations.
    pub fn annotation(&self) -> TokenStream {
        match self {
            Description::Text(text) => {
                let text = json::string(text);
                quote!(.described(#text))
            }
            Description::Expression(text) => quote!(.described_raw(#text)),
        }
    }
}

/// As an expression of type `&'static str`.
impl ToTokens for Description {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Description::Text(text) => text.to_tokens(tokens),
            Description::Expression(text) => text.to_tokens(tokens),
        }
    }
}

fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Group(group) => literal(&group.expr),
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => Some(literal.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_doc_comment_is_one_text_without_its_indentation() {
        let comment: [Attribute; 4] = [
            parse_quote!(#[doc = " One."]),
            parse_quote!(#[doc = ""]),
            parse_quote!(#[doc = "   two"]),
            parse_quote!(#[doc = " "]),
        ];
        let Some(Description::Text(text)) = Description::of(&comment) else {
            panic!("literals are a text");
        };
        assert_eq!(text, "One.\n\n  two");
        assert!(Description::of(&[parse_quote!(#[doc = " "])]).is_none());
    }

    #[test]
    fn lines_that_only_the_compiler_knows_are_left_to_it() {
        let comment: [Attribute; 2] = [
            parse_quote!(#[doc = " One."]),
            parse_quote!(#[doc = include_str!("a.md")]),
        ];
        let description = Description::of(&comment).map(ToTokens::into_token_stream);
        let expected = quote!(::core::concat!("One.\n", include_str!("a.md"), ""));
        assert_eq!(
            description.map(|tokens| tokens.to_string()),
            Some(expected.to_string())
        );
    }
}
