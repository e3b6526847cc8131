//! Properties of syntax that the author wrote.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Type, TypeImplTrait};

/// Returns the name of an identifier as hosts see it: `type` for `r#type`.
pub fn plain_name(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Returns whether two pieces of syntax are spelled alike.
pub fn same(one: &impl ToTokens, other: &impl ToTokens) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

/// Returns the items that repeat an earlier one.
pub fn repeated<T>(items: &[T], same: impl Fn(&T, &T) -> bool) -> impl Iterator<Item = &T> {
    let items = items.iter().enumerate().filter(move |(nth, item)| {
        let mut earlier = items.iter().take(*nth);
        earlier.any(|earlier| same(earlier, item))
    });
    items.map(|(_, item)| item)
}

/// Returns a type without parentheses, and without the invisible ones that macros add.
pub fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}

/// Returns the string that an expression is, through the invisible parentheses that macros add.
pub fn string(expression: &Expr) -> Option<&LitStr> {
    match expression {
        Expr::Group(group) => string(&group.expr),
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => Some(literal),
        _ => None,
    }
}

/// Returns whether a type contains `impl Trait`, so that only its function can name it.
pub fn is_opaque(ty: &Type) -> bool {
    mentions(ty).0
}

/// Returns whether a type contains `Self`.
pub fn mentions_self(ty: &Type) -> bool {
    mentions(ty).1
}

/// The presence of `impl Trait` and of `Self` in a type.
struct Mentions(bool, bool);

fn mentions(ty: &Type) -> Mentions {
    let mut mentions = Mentions(false, false);
    mentions.visit_type_mut(&mut ty.clone());
    mentions
}

impl VisitMut for Mentions {
    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        self.0 = true;
        visit_mut::visit_type_impl_trait_mut(self, ty);
    }

    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        self.1 |= ident == "Self";
    }
}
