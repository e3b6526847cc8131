//! Clients in Go, on wazero.
//!
//! Records are structs, choices are constants of a type of their own, and a union is an interface
//! with a struct for each variant. A value that may be absent is a pointer, unless its type has
//! `nil` already.

mod spelling;

use minijinja::Value;

use super::language::{FileNames, Identifiers, Kind, Language, Spelling, quoted};
use super::names::Case;
use crate::interface::{Element, Plugin, Type};

/// The parts of the template, in their order in a client.
const TEMPLATE: &str = concat!(
    include_str!("macros.go.jinja"),
    include_str!("errors.go.jinja"),
    include_str!("services.go.jinja"),
    include_str!("client.go.jinja"),
    include_str!("types.go.jinja"),
    include_str!("host.go.jinja"),
    include_str!("instance.go.jinja"),
    include_str!("read.go.jinja"),
    include_str!("write.go.jinja"),
);

/// Names of types, functions and constants that the template declares.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "Clock", "ErrorCode", "Events", "FileEntry", "Files", "HTTPRequest", "HTTPResponse", "Limits", "Load", "Log",
    "LogDebug", "LogError", "LogInfo", "LogLevel", "LogLine", "LogTrace", "LogWarn", "MemoryLog", "MemoryStore", "Options",
    "Panic", "PluginError", "Ptr", "Store", "Tuple1", "Tuple2", "Tuple3", "Tuple4", "Tuple5", "Tuple6", "Tuple7", "Tuple8",
    "Tuple9", "Tuple10", "Tuple11", "Tuple12", "Tuple13", "Tuple14", "Tuple15", "Tuple16",
];

/// Names of methods that the template declares, or that `go vet` gives a signature.
#[rustfmt::skip]
const METHODS: &[&str] = &[
    "Close", "Event", "LoadState", "ReadByte", "ReadRune", "SaveState", "Start", "Stop", "UnreadByte", "UnreadRune", "WriteByte",
];

/// Names of fields that the template declares.
const FIELDS: &[&str] = &["Rest"];

/// Words that are no names of packages: keywords, names that every package has, and packages that
/// the template imports.
#[rustfmt::skip]
const PACKAGES: &[&str] = &[
    "any", "api", "append", "big", "binary", "bool", "break", "byte", "bytes", "cap", "case", "chan", "clear", "close",
    "comparable", "const", "context", "continue", "copy", "default", "defer", "delete", "else", "error", "errors",
    "fallthrough", "false", "float32", "float64", "fmt", "for", "func", "go", "goto", "if", "import", "int", "int16", "int32",
    "int64", "int8", "interface", "internal", "io", "iota", "json", "len", "main", "make", "map", "maps", "math", "max", "min",
    "new", "nil", "package", "panic", "print", "rand", "range", "return", "rune", "select", "slices", "strconv", "string",
    "strings", "struct", "switch", "sync", "time", "true", "type", "uint", "uint16", "uint32", "uint64", "uint8", "utf8", "var",
    "vendor", "wazero",
];

/// The language.
pub struct Go;

impl Language for Go {
    const IDENTIFIERS: Identifiers = Identifiers {
        types: Kind {
            case: Case::Pascal,
            reserved: TYPES,
        },
        methods: Kind {
            case: Case::Pascal,
            reserved: METHODS,
        },
        fields: Kind {
            case: Case::Pascal,
            reserved: FIELDS,
        },
        variants: Kind {
            case: Case::Pascal,
            reserved: &[],
        },
        constants: Kind {
            case: Case::Pascal,
            reserved: &[],
        },
    };

    fn files(&self, names: &FileNames) -> Vec<(String, &'static str)> {
        let package = package(&names.module);
        vec![(format!("{package}/{package}.go"), TEMPLATE)]
    }

    fn spell(&self, ty: &Type, types: &dyn Spelling) -> Vec<(&'static str, String)> {
        vec![
            ("type", spelling::name(ty, types)),
            ("optional", spelling::optional(ty, types)),
            ("pointer", spelling::is_pointer(ty, types)),
            ("read", spelling::read(ty, types)),
            ("read_optional", spelling::read_optional(ty, types)),
            ("write", spelling::write(ty, types)),
        ]
    }

    fn element(&self, element: Element) -> Vec<(&'static str, String)> {
        let word = match element {
            Element::Text => "string",
            Element::U8 => "[]byte",
            Element::I8 => "[]int8",
            Element::U16 => "[]uint16",
            Element::I16 => "[]int16",
            Element::U32 => "[]uint32",
            Element::I32 => "[]int32",
            Element::U64 => "[]uint64",
            Element::I64 => "[]int64",
            Element::F32 => "[]float32",
            Element::F64 => "[]float64",
        };
        let size = match element {
            Element::Text | Element::U8 => "",
            Element::I8 => "1",
            Element::U16 | Element::I16 => "2",
            Element::U32 | Element::I32 | Element::F32 => "4",
            Element::U64 | Element::I64 | Element::F64 => "8",
        };
        vec![("type", word.to_owned()), ("size", size.to_owned())]
    }

    fn quote(&self, text: &str) -> String {
        quoted(text, |character| match u32::from(character) {
            code @ ..0x1_0000 => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        })
    }

    /// gofmt formats the comments of declarations: lines that are not indented, and have neither
    /// links nor quotation marks of its own, stay as they are.
    fn comment(&self, line: &str) -> String {
        let line = line.replace('\u{feff}', " ");
        let line = line.trim_start();
        let line = match line.starts_with('[') {
            true => line.replace("]:", "] :"),
            false => line.to_owned(),
        };
        if line.starts_with("```") {
            return String::new();
        }
        let mut safe = String::new();
        for character in line.chars() {
            if matches!(character, '`' | '\'') && safe.ends_with(character) {
                safe.push(' ');
            }
            safe.push(character);
        }
        safe
    }

    fn further(&self, plugin: &Plugin, types: &dyn Spelling) -> Vec<(&'static str, Value)> {
        vec![
            ("package", package(&plugin.id).into()),
            (
                "helpers",
                Value::from_iter(spelling::helpers(plugin, types)),
            ),
        ]
    }
}

/// Returns the name of the package: small letters and digits.
fn package(id: &str) -> String {
    let name: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) && !PACKAGES.contains(&name.as_str())
    {
        true => name,
        false => format!("plugin{name}"),
    }
}
