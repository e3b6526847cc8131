//! Types and expressions of Go.

use std::collections::BTreeSet;

use crate::client::language::Spelling;
use crate::interface::{Definition, Plugin, Type, Use, Width};

/// Returns a type's name.
pub fn name(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Json => "any".to_owned(),
        Type::Null => "struct{}".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Integer(integers) => integer(Width::of(integers))
            .unwrap_or("*big.Int")
            .to_owned(),
        Type::Float => "float64".to_owned(),
        Type::Text => "string".to_owned(),
        Type::List(item) => format!("[]{}", name(item, types)),
        Type::Map(values) => format!("map[string]{}", name(values, types)),
        Type::Tuple(items) => format!(
            "Tuple{}[{}]",
            items.len(),
            list(items, |item| name(item, types))
        ),
        Type::Option(inner) => optional(inner, types),
        Type::Named(index) if is_indirect(*index, types) => format!("*{}", types.name(*index)),
        Type::Named(index) => types.name(*index).to_owned(),
    }
}

/// Returns the name of the type of a value that may be absent or `null`.
pub fn optional(ty: &Type, types: &dyn Spelling) -> String {
    match has_nil(ty, types) {
        true => name(ty, types),
        false => format!("*{}", name(ty, types)),
    }
}

/// Returns `yes` if a value that may be absent is a pointer to a value that never is.
pub fn is_pointer(ty: &Type, types: &dyn Spelling) -> String {
    if has_nil(ty, types) { "" } else { "yes" }.to_owned()
}

/// Returns a function that reads a value.
pub fn read(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Json => "asAny".to_owned(),
        Type::Null => "asNull".to_owned(),
        Type::Boolean => "asBool".to_owned(),
        Type::Integer(integers) => match integer(Width::of(integers)) {
            Some(word @ ("uint8" | "uint16" | "uint32" | "uint64")) => {
                format!("asUnsigned[{word}]")
            }
            Some(word) => format!("asSigned[{word}]"),
            None => "asBig".to_owned(),
        },
        Type::Float => "asFloat".to_owned(),
        Type::Text => "asText".to_owned(),
        Type::List(item) => format!("asList({})", read(item, types)),
        Type::Map(values) => format!("asMap({})", read(values, types)),
        Type::Tuple(items) => format!(
            "asTuple{}({})",
            items.len(),
            list(items, |item| read(item, types))
        ),
        Type::Option(inner) => read_optional(inner, types),
        Type::Named(index) if is_indirect(*index, types) => {
            format!("asPointer(decode{})", types.name(*index))
        }
        Type::Named(index) => format!("decode{}", types.name(*index)),
    }
}

/// Returns a function that reads a value or `null`.
pub fn read_optional(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Json | Type::Option(_) => read(ty, types),
        _ if has_nil(ty, types) => format!("orNil({})", read(ty, types)),
        _ => format!("orNil(asPointer({}))", read(ty, types)),
    }
}

/// Returns a function that appends a value.
pub fn write(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Json => "putAny".to_owned(),
        Type::Null => "putNull".to_owned(),
        Type::Boolean => "putBool".to_owned(),
        Type::Integer(integers) => match integer(Width::of(integers)) {
            Some(word @ ("uint8" | "uint16" | "uint32" | "uint64")) => {
                format!("putUnsigned[{word}]")
            }
            Some(word) => format!("putSigned[{word}]"),
            None => "putBig".to_owned(),
        },
        Type::Float => "putFloat".to_owned(),
        Type::Text => "putText".to_owned(),
        Type::List(item) => format!("putList({})", write(item, types)),
        Type::Map(values) => format!("putMap({})", write(values, types)),
        Type::Tuple(items) => format!(
            "putTuple{}({})",
            items.len(),
            list(items, |item| write(item, types))
        ),
        Type::Option(inner) => write_option(inner, types),
        Type::Named(index) if is_indirect(*index, types) => {
            format!("putPointer(encode{})", types.name(*index))
        }
        Type::Named(index) => format!("encode{}", types.name(*index)),
    }
}

/// Returns a function that appends a value or `null`.
fn write_option(inner: &Type, types: &dyn Spelling) -> String {
    let write = write(inner, types);
    if !has_nil(inner, types) {
        return format!("putPointer({write})");
    }
    match nil(inner, types) {
        Some(Nil::List) => format!("putListOrNull({write})"),
        Some(Nil::Map) => format!("putMapOrNull({write})"),
        Some(Nil::Union) => format!("putUnionOrNull({write})"),
        Some(Nil::Written) | None => write,
    }
}

fn list(items: &[Type], spell: impl Fn(&Type) -> String) -> String {
    items.iter().map(spell).collect::<Vec<_>>().join(", ")
}

/// The types that have `nil`.
enum Nil {
    List,
    Map,
    Union,
    /// `nil` is already written as `null`.
    Written,
}

fn has_nil(ty: &Type, types: &dyn Spelling) -> bool {
    nil(ty, types).is_some() || matches!(ty, Type::Named(index) if is_indirect(*index, types))
}

fn nil(ty: &Type, types: &dyn Spelling) -> Option<Nil> {
    match ty {
        Type::Json | Type::Option(_) => Some(Nil::Written),
        Type::Integer(integers) => integer(Width::of(integers))
            .is_none()
            .then_some(Nil::Written),
        Type::List(_) => Some(Nil::List),
        Type::Map(_) => Some(Nil::Map),
        Type::Named(index) => match definition(*index, types)? {
            Definition::Union(_) => Some(Nil::Union),
            // `Plugin` has no aliases that lead to themselves.
            Definition::Alias(target) => nil(target, types),
            Definition::Record(_) | Definition::Choice(_) => None,
        },
        Type::Null | Type::Boolean | Type::Float | Type::Text | Type::Tuple(_) => None,
    }
}

/// Returns whether a type is mentioned by a pointer, because its values would contain themselves.
fn is_indirect(index: usize, types: &dyn Spelling) -> bool {
    let has_size = match definition(index, types) {
        Some(Definition::Record(_)) => true,
        Some(Definition::Alias(target)) => nil(target, types).is_none(),
        _ => false,
    };
    has_size && types.is_within_itself(index)
}

fn definition(index: usize, types: &dyn Spelling) -> Option<&Definition> {
    Some(&types.plugin().types.get(index)?.definition)
}

/// Returns the type of an integer of at most 64 bits.
fn integer(width: Width) -> Option<&'static str> {
    Some(match width {
        Width::U8 => "uint8",
        Width::I8 => "int8",
        Width::U16 => "uint16",
        Width::I16 => "int16",
        Width::U32 => "uint32",
        Width::I32 => "int32",
        Width::U64 => "uint64",
        Width::I64 => "int64",
        Width::U128 | Width::I128 | Width::Unbounded => return None,
    })
}

/// Returns the helpers of the template that a plugin's types need, by name.
pub fn helpers(plugin: &Plugin, types: &dyn Spelling) -> BTreeSet<String> {
    let mut helpers = BTreeSet::new();
    for (use_, ty) in plugin.uses() {
        let expression = match use_ {
            Use::Read => read(ty, types),
            Use::ReadOptional => read_optional(ty, types),
            Use::Write => write(ty, types),
        };
        let words = expression.split(|c: char| !c.is_ascii_alphanumeric());
        helpers.extend(words.map(str::to_owned));
    }
    helpers
}
