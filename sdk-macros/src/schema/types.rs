//! Types in generated code that mention their own item, its lifetimes and its parameters.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericParam, Generics, Ident, Lifetime, Path, Type, TypePath, TypeReference, parse_quote,
};

use crate::syntax::bare;

/// A visitor that adapts types for use outside the item's generics: writes `Self` out, and makes
/// every lifetime `'static`.
pub struct WrittenOut<'a> {
    pub ident: &'a Ident,
    pub arguments: &'a TokenStream,
}

impl VisitMut for WrittenOut<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        lifetime.ident = Ident::new("static", lifetime.ident.span());
    }

    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        if ty.lifetime.is_none() {
            ty.lifetime = Some(parse_quote!('static));
        }
        visit_mut::visit_type_reference_mut(self, ty);
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
        if let Type::Path(TypePath {
            qself: None, path, ..
        }) = ty
            && path.is_ident("Self")
        {
            let Self { ident, arguments } = self;
            *ty = parse_quote!(#ident #arguments);
        }
    }
}

/// Returns whether a type mentions an item, by its name or as `Self`.
pub fn mentions(ty: &Type, ident: &Ident) -> bool {
    let mut breaking = Breaking {
        ident,
        found: false,
    };
    breaking.visit_type_mut(&mut ty.clone());
    breaking.found
}

/// Wraps every mention of the item in `Recursive<…>`.
pub fn break_cycles(ty: &mut Type, ident: &Ident) {
    Breaking {
        ident,
        found: false,
    }
    .visit_type_mut(ty);
}

struct Breaking<'a> {
    ident: &'a Ident,
    found: bool,
}

impl Breaking<'_> {
    fn is_item(&self, path: &Path) -> bool {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        match names.as_slice() {
            [name] => name == "Self" || *self.ident == name,
            [first, .., name] => (first == "self" || first == "crate") && *self.ident == name,
            [] => false,
        }
    }
}

impl VisitMut for Breaking<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(TypePath {
            qself: None, path, ..
        }) = ty
        {
            if is_recursive(path) {
                // The author wrapped it.
                return;
            }
            if self.is_item(path) {
                self.found = true;
                *ty = parse_quote!(__plugin_sdk::schema::Recursive<#ty>);
                return;
            }
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

fn is_recursive(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|last| last.ident == "Recursive")
}

/// The item's parameters that types mention outside `PhantomData`, and the associated types of
/// these parameters.
#[derive(Default)]
pub struct Used {
    parameters: Vec<Ident>,
    found: Vec<Ident>,
    pub associated: Vec<TypePath>,
}

impl Used {
    pub fn of(generics: &Generics) -> Used {
        Used {
            parameters: generics
                .type_params()
                .map(|parameter| parameter.ident.clone())
                .collect(),
            ..Used::default()
        }
    }

    pub fn note(&mut self, ty: &Type) {
        let mut ty = ty.clone();
        if let Type::Path(path) = bare(&ty)
            && path.path.segments.len() > 1
            && let Some(first) = path.path.segments.first()
            && self.parameters.contains(&first.ident)
        {
            self.associated.push(path.clone());
        }
        self.visit_type_mut(&mut ty);
    }

    /// Returns the mentioned parameters, in the item's order.
    pub fn parameters(&self) -> impl Iterator<Item = &Ident> {
        self.parameters
            .iter()
            .filter(|parameter| self.found.contains(parameter))
    }
}

impl VisitMut for Used {
    fn visit_path_mut(&mut self, path: &mut Path) {
        let last = path.segments.last();
        if last.is_some_and(|last| last.ident == "PhantomData") {
            return;
        }
        if let Some(ident) = path.get_ident()
            && self.parameters.contains(ident)
        {
            self.found.push(ident.clone());
        }
        visit_mut::visit_path_mut(self, path);
    }
}

/// Returns the item's generic arguments, with `'static` for each lifetime.
pub fn static_arguments(generics: &Generics) -> TokenStream {
    let lifetimes = generics.params.iter().map(|parameter| match parameter {
        GenericParam::Lifetime(_) => quote!('static),
        GenericParam::Type(parameter) => parameter.ident.to_token_stream(),
        GenericParam::Const(parameter) => parameter.ident.to_token_stream(),
    });
    if generics.params.is_empty() {
        TokenStream::new()
    } else {
        quote!(<#(#lifetimes),*>)
    }
}
