//! What the macros understand of an item.

use crate::documentation::Description;
use crate::schema::model::Annotations;
use crate::sdk_path::SdkPath;
use proc_macro2::Span;
use syn::{Attribute, Expr, Generics, Ident, ItemImpl, LitStr, Path, Type};

/// A function that the host can call.
pub struct Command {
    pub ident: Ident,
    /// The name after `command_`.
    pub name: String,
    pub name_span: Span,
    pub codec: Codec,
    /// Whether it takes many inputs at once, too.
    pub batch: bool,
    /// The codes that it fails with, as far as its author lists them here.
    pub errors: Vec<NamedText>,
    /// What the result is described as, if not as its type.
    pub schema: Option<Type>,
    /// Where a free command finds the SDK.
    pub sdk: SdkPath,
    pub call: Call,
}

/// A function of the author's, and how it is called.
pub struct Call {
    pub ident: Ident,
    /// `self`, if there is one.
    pub receiver: Option<syn::Receiver>,
    pub arguments: Vec<Argument>,
    /// What its doc comment says.
    pub documentation: Option<Description>,
    /// What it returns; `None` for nothing.
    pub output: Option<Type>,
    /// The `cfg` attributes that decide whether it exists.
    pub cfgs: Vec<Attribute>,
    /// What its author does not want to be told of it.
    pub allowed: Vec<Attribute>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Codec {
    Json,
    Binary,
    /// Plain bytes.
    Raw,
}

pub struct Argument {
    /// The name in the call's arguments.
    pub name: String,
    pub name_span: Span,
    /// The type, with the function's own lifetimes elided.
    pub ty: Type,
    /// `#[arg]`, if there is one.
    pub attribute: Option<Span>,
    pub default: Default,
    /// Takes the whole object.
    pub flatten: Option<Span>,
    /// What its doc comment and its author say about its values.
    pub annotations: Annotations,
    /// What it is described as, if not as its type.
    pub schema: Option<Type>,
}

pub enum Default {
    /// The argument must be given, unless its type has a value for what is missing.
    None,
    /// The type's default, by the option of this span.
    OfType(Span),
    Expr(Box<Expr>),
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum HookKind {
    Init,
    Start,
    Stop,
    Event,
    Cleanup,
}

impl HookKind {
    pub const ALL: [(&'static str, HookKind); 5] = [
        ("init", HookKind::Init),
        ("start", HookKind::Start),
        ("stop", HookKind::Stop),
        ("event", HookKind::Event),
        ("cleanup", HookKind::Cleanup),
    ];
}

/// A function that the SDK calls at a point of the plugin's life.
pub struct Hook {
    pub kind: HookKind,
    pub span: Span,
    /// Which topics an event handler takes; `None` for all, and for other hooks.
    pub pattern: Option<LitStr>,
    pub call: Call,
}

/// `#[plugin]` on a struct.
pub struct PluginStruct {
    pub ident: Ident,
    pub generics: Generics,
    /// Free commands.
    pub commands: Vec<Listed>,
    /// Whether it writes log lines.
    pub log: bool,
    /// What it says of itself.
    pub identity: Identity,
    /// What its doc comment says.
    pub documentation: Option<Description>,
    /// What its author does not want to be told of it.
    pub allowed: Vec<Attribute>,
    pub sdk: SdkPath,
}

/// A free command in its plugin's list.
pub struct Listed {
    /// The `cfg` attributes that decide whether it is listed.
    pub cfgs: Vec<Attribute>,
    pub path: Path,
}

/// What a plugin says of itself, beside what its package says.
#[derive(std::default::Default)]
pub struct Identity {
    pub id: Option<String>,
    pub name: Option<String>,
    pub version: Option<String>,
    pub plugin_type: Option<String>,
    /// What it asks of its host, and why.
    /// What it cannot do without.
    pub permissions: Vec<NamedText>,
    /// What it can do without.
    pub optional_permissions: Vec<NamedText>,
    /// Words by which people find it.
    pub tags: Vec<String>,
    pub limits: Limits,
    /// The topics of its events.
    pub emits: Vec<NamedText>,
    /// Which versions of which hosts it is for.
    pub requires: Vec<NamedText>,
}

/// How much it asks for.
#[derive(std::default::Default)]
pub struct Limits {
    pub memory_pages: Option<u64>,
    pub max_fuel: Option<u64>,
    pub timeout_ms: Option<u64>,
}

/// A name and what there is to say of it.
pub struct NamedText {
    pub name: String,
    pub text: String,
    /// Where the name stands.
    pub span: Span,
}

/// `#[plugin]` on an impl block.
pub struct PluginImpl {
    pub self_ty: Type,
    /// Whether the block is of a kind that can say anything of a plugin.
    pub inherent: bool,
    pub commands: Vec<Command>,
    pub hooks: Vec<Hook>,
    /// What macros make that are called in it, as a block of its own.
    pub made: Option<ItemImpl>,
    /// The paths of the attributes that were taken off the functions.
    pub attributes: Vec<Path>,
    /// What its author does not want to be told of it.
    pub allowed: Vec<Attribute>,
    pub sdk: SdkPath,
}
