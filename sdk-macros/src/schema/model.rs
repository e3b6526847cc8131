//! What a schema is made of, as the derive understands it.

use proc_macro2::Span;
use syn::{Attribute, Generics, Ident, Type, WherePredicate};

use crate::documentation::Description;
use crate::sdk_path::SdkPath;

/// The item that the derive stands at.
pub struct Item {
    pub ident: Ident,
    pub generics: Generics,
    /// What it is called among definitions.
    pub name: String,
    pub annotations: Annotations,
    /// A type that it is described as, in both directions or one.
    pub with: Option<Type>,
    pub from: Option<Type>,
    pub into: Option<Type>,
    /// Where its author says that it crosses as the number of its variant.
    pub by_number: Option<Span>,
    /// The type that the compiler keeps the number in, as `#[repr]` says.
    pub repr: Option<Ident>,
    pub transparent: bool,
    /// What must hold of the type parameters, instead of what their uses tell.
    pub bound: Option<Vec<WherePredicate>>,
    /// The lints that the author allows.
    pub allowed: Vec<Attribute>,
    pub sdk: SdkPath,
    pub body: Body,
}

pub enum Body {
    Struct {
        fields: Fields,
        closed: bool,
    },
    Enum(Enum),
    /// What has been complained of.
    Nothing,
}

pub enum Fields {
    Unit,
    /// `None` where the field is never read nor written.
    Newtype(Option<Box<Field>>),
    Tuple(Vec<Field>),
    Named(Vec<Field>),
}

impl Fields {
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        let (one, more): (&[Field], &[Field]) = match self {
            Fields::Unit | Fields::Newtype(None) => (&[], &[]),
            Fields::Newtype(Some(field)) => (std::slice::from_ref(&**field), &[]),
            Fields::Tuple(fields) | Fields::Named(fields) => (&[], fields),
        };
        one.iter().chain(more)
    }
}

pub struct Enum {
    pub representation: Representation,
    pub variants: Vec<Variant>,
    pub closed: bool,
}

pub enum Representation {
    External,
    Internal { tag: String },
    Adjacent { tag: String, content: String },
    Untagged,
}

pub struct Variant {
    pub ident: Ident,
    pub names: Names,
    pub annotations: Annotations,
    pub fields: Fields,
    /// What its content is described as.
    pub with: Option<Type>,
    /// Whether functions of the author's read or write its content.
    pub opaque: Opaque,
    pub other: bool,
    pub untagged: bool,
}

/// A field that is read or written.
pub struct Field {
    pub names: Names,
    pub ty: Type,
    pub annotations: Annotations,
    pub with: Option<Type>,
    pub opaque: Opaque,
    /// Whether serde has something to take if it is missing.
    pub optional: bool,
    /// Whether that is what `Default` of its type says.
    pub default_of_type: bool,
    pub sometimes_written: bool,
    pub flatten: bool,
}

impl Field {
    /// The type that it is described as.
    pub fn described(&self) -> &Type {
        self.with.as_ref().unwrap_or(&self.ty)
    }

    /// Whether nothing about its type is told.
    pub fn says_nothing(&self) -> bool {
        self.with.is_none() && self.opaque.read && self.opaque.written
    }
}

/// In which directions a function of the author's stands between a value and its form.
#[derive(Clone, Copy, Default)]
pub struct Opaque {
    pub read: bool,
    pub written: bool,
}

/// What something is called in each direction; `None` where it is left out.
#[derive(Clone, Default)]
pub struct Names {
    pub input: Option<String>,
    pub output: Option<String>,
    pub aliases: Vec<String>,
}

#[derive(Default)]
pub struct Annotations {
    pub description: Option<Description>,
    /// JSON.
    pub default: Option<(String, Span)>,
    pub members: Vec<Member>,
}

impl Annotations {
    pub fn is_empty(&self) -> bool {
        self.description.is_none() && self.default.is_none() && self.members.is_empty()
    }

    pub fn get(&self, keyword: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.keyword == keyword)
    }
}

/// A keyword of JSON Schema with its value.
pub struct Member {
    /// The variant of `Keyword`.
    pub keyword: &'static str,
    pub json: String,
    /// Whether it limits the values of a type, which must be of a kind that it is for.
    pub constrains: bool,
    pub span: Span,
}

impl Member {
    /// `true`, about what is described.
    pub fn flag(keyword: &'static str) -> Member {
        Member {
            keyword,
            json: "true".to_owned(),
            constrains: false,
            span: Span::call_site(),
        }
    }
}
