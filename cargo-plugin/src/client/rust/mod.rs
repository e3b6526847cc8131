//! Clients in Rust, on `plugin-sdk-harness`.
//!
//! Types are structs and enums with serde's derives, which read and write the forms that the
//! plugin's own types have.

use minijinja::Value;

use super::language::{FileNames, Identifiers, Kind, Language, Spelling, quoted};
use super::names::Case;
use crate::interface::{Element, Plugin, Type, Width};
use crate::schema::{Integers, Whole};

const TEMPLATE: &str = include_str!("client.rs.jinja");

/// Names of types that the template or the language's prelude declares.
const TYPES: &[&str] = &[
    "BTreeMap",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Deserialize",
    "Drop",
    "Err",
    "ErrorCode",
    "Failure",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "Into",
    "None",
    "Number",
    "Ok",
    "Option",
    "PartialEq",
    "Plugin",
    "PluginBuilder",
    "Result",
    "Self",
    "Send",
    "Serialize",
    "Some",
    "Source",
    "String",
    "Sync",
    "ToString",
    "TryFrom",
    "Value",
    "Vec",
];

/// Keywords, and names that have a meaning in declarations of the template.
const FIELDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "rest", "return", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Keywords, and names of functions that the template declares.
const METHODS: &[&str] = &[
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "close",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "event",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "load",
    "load_state",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "plugin",
    "priv",
    "pub",
    "ref",
    "return",
    "save_state",
    "self",
    "start",
    "static",
    "stop",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// The language.
pub struct Rust;

impl Language for Rust {
    const IDENTIFIERS: Identifiers = Identifiers {
        types: Kind {
            case: Case::Pascal,
            reserved: TYPES,
        },
        fields: Kind {
            case: Case::Snake,
            reserved: FIELDS,
        },
        methods: Kind {
            case: Case::Snake,
            reserved: METHODS,
        },
        variants: Kind {
            case: Case::Pascal,
            reserved: &["Self"],
        },
        constants: Kind {
            case: Case::Pascal,
            reserved: &["Other", "Self"],
        },
    };

    fn files(&self, names: &FileNames) -> Vec<(String, &'static str)> {
        vec![(format!("{}.rs", names.module), TEMPLATE)]
    }

    fn spell(&self, ty: &Type, types: &dyn Spelling) -> Vec<(&'static str, String)> {
        let spelled = spelling(ty, types, true);
        let optional = match ty {
            Type::Option(_) => spelled.clone(),
            _ => format!("Option<{spelled}>"),
        };
        vec![("type", spelled), ("optional", optional)]
    }

    fn element(&self, element: Element) -> Vec<(&'static str, String)> {
        let number = match element {
            Element::Text => "text",
            Element::U8 => "u8",
            Element::I8 => "i8",
            Element::U16 => "u16",
            Element::I16 => "i16",
            Element::U32 => "u32",
            Element::I32 => "i32",
            Element::U64 => "u64",
            Element::I64 => "i64",
            Element::F32 => "f32",
            Element::F64 => "f64",
        };
        vec![("element", number.to_owned())]
    }

    fn quote(&self, text: &str) -> String {
        quoted(text, |character| character.escape_unicode().to_string())
    }

    fn comment(&self, line: &str) -> String {
        line.to_owned()
    }

    fn further(&self, plugin: &Plugin, _: &dyn Spelling) -> Vec<(&'static str, Value)> {
        let has = |test: fn(&Type) -> bool| plugin.mentioned().iter().any(|ty| ty.contains(test));
        vec![
            ("json", has(|ty| matches!(ty, Type::Json)).into()),
            (
                "numbers",
                has(|ty| matches!(ty, Type::Integer(integers) if Width::of(integers) == Width::I128 && fits_number(integers)))
                    .into(),
            ),
            ("maps", (has(|ty| matches!(ty, Type::Map(_))) || plugin.has_rest()).into()),
        ]
    }
}

/// Returns whether the integers are those of `i64` and `u64`.
fn fits_number(integers: &Integers) -> bool {
    let ends = (
        Whole::from(i128::from(i64::MIN)),
        Whole::from(i128::from(u64::MAX)),
    );
    let (lowest, highest) = (integers.lowest, integers.highest);
    lowest.is_some_and(|lowest| lowest >= ends.0)
        && highest.is_some_and(|highest| highest <= ends.1)
}

/// Writes a type. One that is `inline` is a part of the value around it, and in a box if that is a
/// value of the same type.
fn spelling(ty: &Type, types: &dyn Spelling, inline: bool) -> String {
    match ty {
        Type::Json => "Value".to_owned(),
        Type::Null => "()".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Integer(integers) => match Width::of(integers) {
            Width::U8 => "u8",
            Width::I8 => "i8",
            Width::U16 => "u16",
            Width::I16 => "i16",
            Width::U32 => "u32",
            Width::I32 => "i32",
            Width::U64 => "u64",
            Width::I64 => "i64",
            Width::U128 => "u128",
            // serde cannot read an `i128` in an enum with a tag, which may have this type.
            Width::I128 if fits_number(integers) => "Number",
            Width::I128 | Width::Unbounded => "i128",
        }
        .to_owned(),
        Type::Float => "f64".to_owned(),
        Type::Text => "String".to_owned(),
        Type::List(item) => format!("Vec<{}>", spelling(item, types, false)),
        Type::Map(values) => format!("BTreeMap<String, {}>", spelling(values, types, false)),
        Type::Option(inner) => format!("Option<{}>", spelling(inner, types, inline)),
        Type::Tuple(items) => {
            let items = items.iter().map(|item| spelling(item, types, inline));
            let items: Vec<String> = items.collect();
            match items.as_slice() {
                [only] => format!("({only},)"),
                items => format!("({})", items.join(", ")),
            }
        }
        Type::Named(index) if inline && types.is_within_itself(*index) => {
            format!("Box<{}>", types.name(*index))
        }
        Type::Named(index) => types.name(*index).to_owned(),
    }
}
