//! Types and expressions of Java.

use std::collections::BTreeSet;

use crate::client::language::Spelling;
use crate::interface::{Plugin, Type, Use, Width};

/// Returns a type's name.
pub fn name(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Boolean => "boolean".to_owned(),
        Type::Float => "double".to_owned(),
        Type::Integer(integers) => match Range::of(Width::of(integers)) {
            Range::Int(..) => "int".to_owned(),
            Range::Long(..) => "long".to_owned(),
            Range::Big => "BigInteger".to_owned(),
        },
        other => boxed(other, types),
    }
}

/// Returns the name of a type in a generic type, or of one that has `null`.
pub fn boxed(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Json => "Object".to_owned(),
        Type::Null => "Void".to_owned(),
        Type::Boolean => "Boolean".to_owned(),
        Type::Integer(integers) => match Range::of(Width::of(integers)) {
            Range::Int(..) => "Integer".to_owned(),
            Range::Long(..) => "Long".to_owned(),
            Range::Big => "BigInteger".to_owned(),
        },
        Type::Float => "Double".to_owned(),
        Type::Text => "String".to_owned(),
        Type::List(item) => format!("List<{}>", boxed(item, types)),
        Type::Map(values) => format!("Map<String, {}>", boxed(values, types)),
        Type::Tuple(items) => {
            let names = list(items, |item| boxed(item, types));
            format!("Tuple{}<{names}>", items.len())
        }
        Type::Option(inner) => boxed(inner, types),
        Type::Named(index) => types.name(*index).to_owned(),
    }
}

/// Returns a function that reads a value.
pub fn read(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Json => "Codec::asAny".to_owned(),
        Type::Null => "Codec::asNull".to_owned(),
        Type::Boolean => "Codec::asBoolean".to_owned(),
        Type::Integer(integers) => match Range::of(Width::of(integers)) {
            Range::Int(least, most) => format!("Codec.asInteger({least}, {most})"),
            Range::Long(least, most) => format!("Codec.asLong({least}, {most})"),
            Range::Big => "Codec::asBig".to_owned(),
        },
        Type::Float => "Codec::asDouble".to_owned(),
        Type::Text => "Codec::asText".to_owned(),
        Type::List(item) => format!("Codec.asList({})", read(item, types)),
        Type::Map(values) => format!("Codec.asMap({})", read(values, types)),
        Type::Tuple(items) => {
            let reads = list(items, |item| read(item, types));
            format!("Codec.asTuple{}({reads})", items.len())
        }
        Type::Option(inner) => format!("Codec.orNull({})", read(inner, types)),
        Type::Named(index) => format!("Codec::read{}", types.name(*index)),
    }
}

/// Returns a function that appends a value.
pub fn write(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Json => "Codec::putAny".to_owned(),
        Type::Null => "Codec::putNull".to_owned(),
        Type::Boolean | Type::Integer(_) => "StringBuilder::append".to_owned(),
        Type::Float => "Codec::putDouble".to_owned(),
        Type::Text => "Codec::putText".to_owned(),
        Type::List(item) => format!("Codec.putList({})", write(item, types)),
        Type::Map(values) => format!("Codec.putMap({})", write(values, types)),
        Type::Tuple(items) => {
            let writes = list(items, |item| write(item, types));
            format!("Codec.putTuple{}({writes})", items.len())
        }
        Type::Option(inner) => format!("Codec.putOrNull({})", write(inner, types)),
        Type::Named(index) => format!("Codec::write{}", types.name(*index)),
    }
}

/// Returns the helpers of the template that a plugin's types need, by name.
pub fn helpers(plugin: &Plugin, types: &dyn Spelling) -> BTreeSet<String> {
    let mut helpers = BTreeSet::new();
    for (use_, ty) in plugin.uses() {
        let expression = match use_ {
            Use::Read | Use::ReadOptional => read(ty, types),
            Use::Write => write(ty, types),
        };
        let words = expression.split(|c: char| !c.is_ascii_alphanumeric());
        helpers.extend(words.map(str::to_owned));
    }
    helpers
}

fn list(items: &[Type], spell: impl Fn(&Type) -> String) -> String {
    items.iter().map(spell).collect::<Vec<_>>().join(", ")
}

/// The type of an integer, with the literals of its bounds.
enum Range {
    Int(&'static str, &'static str),
    Long(&'static str, &'static str),
    Big,
}

impl Range {
    fn of(width: Width) -> Self {
        match width {
            Width::U8 => Range::Int("0", "255"),
            Width::I8 => Range::Int("-128", "127"),
            Width::U16 => Range::Int("0", "65_535"),
            Width::I16 => Range::Int("-32_768", "32_767"),
            Width::I32 => Range::Int("Integer.MIN_VALUE", "Integer.MAX_VALUE"),
            Width::U32 => Range::Long("0", "4_294_967_295L"),
            Width::I64 => Range::Long("Long.MIN_VALUE", "Long.MAX_VALUE"),
            // Java has no unsigned types.
            Width::U64 | Width::U128 | Width::I128 | Width::Unbounded => Range::Big,
        }
    }
}
