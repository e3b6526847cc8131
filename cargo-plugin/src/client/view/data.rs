//! The context of templates.

use std::collections::BTreeMap;

use minijinja::Value;
use serde::Serialize;

/// The expressions that mention a type, by name.
pub type Spelled = BTreeMap<&'static str, String>;

/// The context of a template.
#[derive(Serialize)]
pub struct View {
    /// The version of this tool.
    pub tool: &'static str,
    pub id: String,
    pub name: String,
    pub version: String,
    pub class: String,
    /// The documentation of the class.
    pub about: Vec<String>,
    pub config: Option<Spelled>,
    /// `true` if the plugin cannot be initialised without a configuration.
    pub config_required: bool,
    pub types: Vec<TypeView>,
    pub commands: Vec<CommandView>,
    pub omitted: Vec<String>,
    /// The codes of the plugin's own errors.
    pub errors: Vec<ConstantView>,
    /// The codes of errors of every plugin and of clients, without those above.
    pub standard_errors: Vec<ConstantView>,
    /// The documentation of the function that passes an event.
    pub event_doc: Vec<String>,
    pub hooks: BTreeMap<&'static str, bool>,
    /// The services, with `true` for those that the plugin calls.
    pub uses: BTreeMap<&'static str, bool>,
    /// `true` if the plugin imports functions of its own host.
    pub has_imports: bool,
    /// The values that [`Language::further`](crate::client::language::Language::further) returns.
    pub further: BTreeMap<&'static str, Value>,
}

/// A type that a client declares.
#[derive(Serialize)]
pub struct TypeView {
    pub name: String,
    pub doc: Vec<String>,
    /// `record`, `choice`, `union` or `alias`.
    pub kind: &'static str,
    pub fields: Vec<FieldView>,
    pub rest: Option<Spelled>,
    /// The type of an alias.
    pub target: Option<Spelled>,
    /// The values of a choice.
    pub values: Vec<ConstantView>,
    /// `true` if the values of a choice are integers.
    pub is_integer: bool,
    /// `external`, `internal`, `adjacent` or `untagged`.
    pub tagging: &'static str,
    pub tag: String,
    pub content: String,
    pub variants: Vec<VariantView>,
}

/// A member of a record, or an argument.
#[derive(Serialize)]
pub struct FieldView {
    pub name: String,
    /// The name in JSON, as the language's types have it.
    pub key: String,
    pub doc: Vec<String>,
    pub optional: bool,
    pub nullable: bool,
    pub spelled: Spelled,
}

/// A value of a choice, or the code of an error.
#[derive(Serialize)]
pub struct ConstantView {
    pub name: String,
    /// An identifier for a constant outside of a type.
    pub full_name: String,
    /// The literal.
    pub value: String,
    pub doc: Vec<String>,
}

/// A variant of a union.
#[derive(Serialize)]
pub struct VariantView {
    pub name: String,
    /// An identifier for a type of the variant's own.
    pub type_name: String,
    /// The first name in JSON, as the language's types have it.
    pub key: String,
    /// The names in JSON, as string literals; the first is the one to write.
    pub tags: Vec<String>,
    pub doc: Vec<String>,
    /// `unit`, `value` or `fields`.
    pub kind: &'static str,
    pub value: Option<Spelled>,
    pub optional: bool,
    pub fields: Vec<FieldView>,
    pub rest: Option<Spelled>,
}

/// A command.
#[derive(Serialize)]
pub struct CommandView {
    pub name: String,
    /// The export, as a string literal.
    pub export: String,
    /// The command's name, as a string literal.
    pub key: String,
    pub doc: Vec<String>,
    pub raw: bool,
    pub in_place: bool,
    pub arguments: Option<Spelled>,
    /// The fields of the arguments, if they are a record.
    pub fields: Vec<FieldView>,
    /// The position in `types` of the arguments' record.
    pub record: Option<usize>,
    /// `true` if the command can be called without arguments.
    pub arguments_optional: bool,
    pub result: Option<Spelled>,
}
