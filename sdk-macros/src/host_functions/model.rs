//! The model of a trait of host functions.

use syn::{Attribute, Ident, Type, TypeParamBound, Visibility};

use crate::sdk_path::SdkPath;

/// A trait whose functions a host offers to its guests.
pub struct HostTrait {
    pub ident: Ident,
    pub vis: Visibility,
    /// The type with the guests' functions: the trait's name in `snake_case`, unless its author
    /// names it.
    pub functions_type: Ident,
    /// The trait whose functions are futures: `Async` and the trait's name, unless its author names
    /// it.
    pub async_ident: Ident,
    /// The module that guests import from.
    pub import_module: String,
    /// The host identifies functions by position, so that guests import all of them in this order.
    pub positional: bool,
    pub functions: Vec<HostFunction>,
    pub sdk: SdkPath,
    /// The attributes that decide whether it exists.
    pub cfgs: Vec<Attribute>,
    /// The traits that an implementation must also implement.
    pub supertraits: Vec<TypeParamBound>,
}

pub struct HostFunction {
    pub ident: Ident,
    /// The name of the import.
    pub import: String,
    pub permission: Option<String>,
    pub arguments: Vec<HostArgument>,
    /// The return type; `None` for a function that returns nothing.
    pub output: Option<Type>,
    pub convention: Convention,
    pub docs: Vec<Attribute>,
    /// The `cfg` attributes that decide whether it exists.
    pub cfgs: Vec<Attribute>,
    /// The lints that its author allows.
    pub allowed: Vec<Attribute>,
}

pub struct HostArgument {
    pub ident: Ident,
    pub ty: Type,
    pub passing: Passing,
    pub json: bool,
    /// The host only writes to it.
    pub out: bool,
}

/// The way in which an argument is passed, with the type that implements the traits.
pub enum Passing {
    Lent(Type),
    LentMut(Type),
    Passed(Type),
}

/// The form in which a result crosses the call boundary.
pub enum Convention {
    Plain,
    Json,
    Status {
        ok: i32,
    },
    Buffer {
        initial: u32,
        max: u32,
        short: Short,
        absent: i32,
    },
    InOut {
        initial: u32,
        max: u32,
        short: i32,
        absent: i32,
    },
}

/// The answer of a host whose buffer is too small.
#[derive(Clone, Copy)]
pub enum Short {
    Needed,
    Negated,
    Truncated,
}

impl Short {
    pub const ALL: [(&'static str, Short); 3] = [
        ("needed", Short::Needed),
        ("negated", Short::Negated),
        ("truncated", Short::Truncated),
    ];
}
