//! Types in generated code: where they mention their own item, its lifetimes and its parameters.

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericParam, Generics, Ident, Lifetime, Path, Type, TypePath, TypeReference, parse_quote,
};

/// Makes types fit to stand where the item's generics are not known: `Self` is written out, and whatever lives, lives for ever.
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

/// Whether a type mentions an item, by its name or as `Self`.
pub fn mentions(ty: &Type, ident: &Ident) -> bool {
    let mut breaking = Breaking {
        ident,
        found: false,
    };
    breaking.visit_type_mut(&mut ty.clone());
    breaking.found
}

/// Puts `Recursive<…>` wherever a type mentions the item.
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
                // The author has done it.
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

/// The item's parameters that types mention outside `PhantomData`, and types that are associated with them.
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

    /// Those that were mentioned, in the order of the item's.
    pub fn parameters(&self) -> impl Iterator<Item = &Ident> {
        self.parameters
            .iter()
            .filter(|parameter| self.found.contains(parameter))
    }
}

fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
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

/// The item's generic arguments, each lifetime being `'static`.
pub fn static_arguments(generics: &Generics) -> TokenStream {
    let lifetimes = generics.params.iter().map(|parameter| match parameter {
        GenericParam::Lifetime(_) => quote!('static),
        GenericParam::Type(parameter) => {
            let ident = &parameter.ident;
            quote!(#ident)
        }
        GenericParam::Const(parameter) => {
            let ident = &parameter.ident;
            quote!(#ident)
        }
    });
    if generics.params.is_empty() {
        TokenStream::new()
    } else {
        quote!(<#(#lifetimes),*>)
    }
}
