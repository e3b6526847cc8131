//! The model of a schema.

use proc_macro2::Span;
use syn::{Attribute, Generics, Ident, Type, WherePredicate};

use crate::documentation::Description;
use crate::sdk_path::SdkPath;

/// A type with the derive.
pub struct Item {
    pub ident: Ident,
    pub generics: Generics,
    /// Its name among the definitions.
    pub name: String,
    pub annotations: Annotations,
    /// The type that describes it, in both directions; `from` and `into` describe one each.
    pub with: Option<Type>,
    pub from: Option<Type>,
    pub into: Option<Type>,
    /// The option that makes an enum cross as the number of its variant.
    pub by_number: Option<Span>,
    /// The integer type of `#[repr]`.
    pub repr: Option<Ident>,
    pub transparent: bool,
    /// The bounds of the type parameters, instead of those that follow from their use.
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
    /// An item with a mistake.
    Nothing,
}

pub enum Fields {
    Unit,
    /// `None` if the field is neither read nor written.
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
    /// The type that describes its content.
    pub with: Option<Type>,
    /// The directions in which the author's functions convert its content.
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
    /// serde has a value for a missing field.
    pub optional: bool,
    /// That value is the `Default` of its type.
    pub default_of_type: bool,
    pub sometimes_written: bool,
    pub flatten: bool,
}

impl Field {
    /// Returns the type that describes it.
    pub fn described(&self) -> &Type {
        self.with.as_ref().unwrap_or(&self.ty)
    }

    /// Returns whether its form is unknown: the author's functions read and write it.
    pub fn is_unknown(&self) -> bool {
        self.with.is_none() && self.opaque.read && self.opaque.written
    }
}

/// The directions in which an author's function converts a value.
#[derive(Clone, Copy, Default)]
pub struct Opaque {
    pub read: bool,
    pub written: bool,
}

/// The name in each direction; `None` if it is left out there.
#[derive(Clone, Default)]
pub struct Names {
    pub input: Option<String>,
    pub output: Option<String>,
    pub aliases: Vec<String>,
}

#[derive(Default)]
pub struct Annotations {
    pub description: Option<Description>,
    /// JSON, and the span of its option.
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
    /// The name of the variant of `Keyword`.
    pub keyword: &'static str,
    pub json: String,
    /// It constrains values, so that the type must be of a matching kind.
    pub constrains: bool,
    pub span: Span,
}

impl Member {
    /// Returns a keyword with the value `true`.
    pub fn flag(keyword: &'static str) -> Member {
        Member {
            keyword,
            json: "true".to_owned(),
            constrains: false,
            span: Span::call_site(),
        }
    }
}
