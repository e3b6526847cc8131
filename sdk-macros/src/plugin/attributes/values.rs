//! The values of options of attributes.

use proc_macro2::Span;
use syn::{Attribute, Expr, Path};

/// The encoding of arguments and results.
#[derive(Clone, Copy, PartialEq)]
pub enum Codec {
    Json,
    Binary,
    /// Plain bytes.
    Raw,
}

/// The value of an argument that callers leave out.
pub enum Default {
    /// Callers must give the argument, unless its type has a value for missing ones.
    None,
    /// The type's default, by the option at this span.
    OfType(Span),
    Expr(Box<Expr>),
}

/// A free command in the list of its plugin.
pub struct Listed {
    /// The `cfg` attributes that decide whether the plugin lists it.
    pub cfgs: Vec<Attribute>,
    pub path: Path,
}

/// The plugin's description of itself, where it adds to or replaces that of its package.
#[derive(std::default::Default)]
pub struct Identity {
    pub id: Option<String>,
    pub name: Option<String>,
    pub version: Option<String>,
    pub plugin_type: Option<String>,
    /// The permissions that it cannot work without, with reasons.
    pub permissions: Vec<NamedText>,
    /// The permissions that it can work without, with reasons.
    pub optional_permissions: Vec<NamedText>,
    /// Words that help people find it.
    pub tags: Vec<String>,
    pub limits: Limits,
    /// The topics of the events that it emits.
    pub emits: Vec<NamedText>,
    /// The versions of the hosts that it needs.
    pub requires: Vec<NamedText>,
}

/// The limits that a plugin asks for.
#[derive(std::default::Default)]
pub struct Limits {
    pub memory_pages: Option<u64>,
    pub max_fuel: Option<u64>,
    pub timeout_ms: Option<u64>,
}

/// A name with a text about it.
pub struct NamedText {
    pub name: String,
    pub text: String,
    /// The span of the name.
    pub span: Span,
}
