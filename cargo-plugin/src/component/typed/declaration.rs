//! The declarations of a component: types in WIT, each with its form in JSON.

use plugin_sdk::hosts::component::description::{content, tagging};

use crate::interface::Tagging;

/// A type in WIT, with its form in JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    Boolean,
    /// An integer of one to eight bytes.
    Integer {
        size: usize,
        signed: bool,
    },
    Float,
    Text,
    /// JSON as text.
    Json,
    List(Box<Ty>),
    Tuple(Vec<Ty>),
    Option(Box<Ty>),
    /// An object with any names; in WIT, a list of names and values.
    Map(Box<Ty>),
    /// A declared type, by index.
    Named(usize),
}

/// A type with a name.
pub struct Declared {
    pub name: String,
    pub description: String,
    pub definition: Declaration,
}

/// The definition of a type.
pub enum Declaration {
    Record(Vec<Field>),
    Enum(Vec<Case>),
    Variant {
        /// One of [`tagging`].
        tagging: u8,
        tag: String,
        content: String,
        cases: Vec<Case>,
    },
}

/// A field of a record, or a parameter.
pub struct Field {
    /// The name in JSON.
    pub json: String,
    pub name: String,
    pub description: String,
    pub ty: Ty,
    /// True if the member may be absent; `none` then means that it is.
    pub may_be_absent: bool,
}

/// A case of an enum or a variant.
pub struct Case {
    /// The names in JSON: the first is written, all are read.
    pub json: Vec<String>,
    pub name: String,
    pub description: String,
    /// One of [`content`].
    pub content: u8,
    pub ty: Option<Ty>,
}

/// Returns the content of a case without a value, for an enum.
pub fn unit(json: Vec<String>, name: String, description: String) -> Case {
    Case {
        json,
        name,
        description,
        content: content::UNIT,
        ty: None,
    }
}

/// Returns the number that the description of a component has for a tagging.
pub fn tagging(tagging: &Tagging) -> (u8, &str, &str) {
    match tagging {
        Tagging::External => (tagging::EXTERNAL, "", ""),
        Tagging::Internal { tag } => (tagging::INTERNAL, tag, ""),
        Tagging::Adjacent { tag, content } => (tagging::ADJACENT, tag, content),
        Tagging::Untagged => (tagging::UNTAGGED, "", ""),
    }
}
