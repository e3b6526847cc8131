//! The model of a plugin: the author's items, as far as the macros understand them.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Generics, Ident, ItemImpl, LitStr, Member, Path, Receiver, Type};

use super::attributes::function::{ArgumentOptions, CommandOptions};
use super::attributes::plugin::PluginOptions;
pub use super::attributes::values::{Codec, Default, Listed, NamedText};
use crate::documentation::Description;
use crate::sdk_path::SdkPath;

/// A function that a host can call by name.
pub struct Command {
    pub ident: Ident,
    /// The name after `command_`.
    pub name: String,
    pub name_span: Span,
    pub options: CommandOptions,
    pub call: Call,
}

/// A function of the author, and how to call it.
pub struct Call {
    pub ident: Ident,
    pub receiver: Option<Receiver>,
    pub arguments: Vec<Argument>,
    /// The doc comment.
    pub documentation: Option<Description>,
    /// The return type; `None` for a function that returns nothing.
    pub output: Option<Type>,
    /// The `cfg` attributes that decide whether it exists.
    pub cfgs: Vec<Attribute>,
    /// The lints that its author allows.
    pub allowed: Vec<Attribute>,
}

impl Call {
    /// Returns the span of the return type; without one, the span of the name.
    pub fn output_span(&self) -> Span {
        let output = self.output.as_ref();
        output.map_or_else(|| self.ident.span(), Spanned::span)
    }
}

/// The most arguments of a command: each has a bit in a number of 64 bits.
pub const MAX_ARGUMENTS: usize = 64;

/// The codec of hooks.
pub const HOOK_CODEC: Codec = Codec::Json;

pub struct Argument {
    /// The name in the call's arguments.
    pub name: String,
    pub name_span: Span,
    /// The type, with the function's own lifetimes elided.
    pub ty: Type,
    pub options: ArgumentOptions,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum HookKind {
    Init,
    Start,
    Stop,
    Event,
    Cleanup,
    Migrate,
}

impl HookKind {
    pub const ALL: [(&'static str, HookKind); 6] = [
        ("init", HookKind::Init),
        ("start", HookKind::Start),
        ("stop", HookKind::Stop),
        ("event", HookKind::Event),
        ("cleanup", HookKind::Cleanup),
        ("migrate", HookKind::Migrate),
    ];
}

/// The members of an event.
pub const EVENT_MEMBERS: [&str; 2] = ["topic", "data"];

/// The pattern that matches every topic.
pub const ALL_TOPICS: &str = "**";

/// A function that the SDK calls at one point in the life of a plugin.
pub struct Hook {
    pub kind: HookKind,
    pub span: Span,
    /// The topics that an event handler takes; `None` for all topics, and for other hooks.
    pub pattern: Option<LitStr>,
    pub call: Call,
}

/// `#[plugin]` on a struct.
pub struct PluginStruct {
    pub ident: Ident,
    pub generics: Generics,
    pub options: PluginOptions,
    /// The fields that belong to the plugin's state.
    pub state: Vec<StateField>,
    /// The doc comment.
    pub documentation: Option<Description>,
    /// The lints that its author allows, and the conditions under which it exists.
    pub allowed: Vec<Attribute>,
}

/// A field that is saved and loaded with the plugin's state.
pub struct StateField {
    pub member: Member,
    /// The conditions under which it exists and is loaded, and the lints that its author allows.
    pub attributes: Vec<Attribute>,
}

/// `#[plugin]` on an impl block.
pub struct PluginImpl {
    pub self_ty: Type,
    /// The block is neither generic nor of a trait, so that its hooks count.
    pub inherent: bool,
    pub commands: Vec<Command>,
    pub hooks: Vec<Hook>,
    /// The macro calls of the block, in a block of their own.
    pub made: Option<ItemImpl>,
    /// The paths of the attributes that were taken off the functions.
    pub attributes: Vec<Path>,
    /// The lints that its author allows, and the conditions under which it exists.
    pub allowed: Vec<Attribute>,
    pub sdk: SdkPath,
}
