//! Clients in Java 17, on Chicory.
//!
//! Everything is within one class: records for structs, enums for choices, and a sealed interface
//! with a record for each variant of a union. A value that may be absent is `null`.

mod spelling;

use minijinja::Value;

use super::language::{FileNames, Identifiers, Kind, Language, Spelling, quoted, utf16_escape};
use super::names::Case;
use crate::interface::{Element, Plugin, Type};

/// The parts of the template, in their order in a client.
const TEMPLATE: &str = concat!(
    include_str!("macros.java.jinja"),
    include_str!("client.java.jinja"),
    include_str!("types.java.jinja"),
    include_str!("errors.java.jinja"),
    include_str!("services.java.jinja"),
    include_str!("host.java.jinja"),
    include_str!("instance.java.jinja"),
    include_str!("json.java.jinja"),
    include_str!("read.java.jinja"),
    include_str!("write.java.jinja"),
    include_str!("codec.java.jinja"),
);

/// Names of types that the template declares or uses.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "ArrayList", "AutoCloseable", "BiConsumer", "BigInteger", "Boolean", "Buffer", "ByteBuffer", "ByteOrder",
    "CharacterCodingException", "ChicoryException", "ChicoryInterruptedException", "Clock", "Codec", "CodecException", "Double",
    "Duration", "Enum", "ErrorCode", "Events", "Exception", "Export", "ExternalType", "Files", "FileEntry", "Float", "Function",
    "FunctionType", "Guest", "HostFunction", "HttpRequest", "HttpResponse", "ImportFunction", "ImportValues", "Instance",
    "Integer", "Iterable", "JsonReader", "LinkedHashMap", "Limits", "List", "Log", "LogLine", "Long", "Machine", "Map", "Memory",
    "MemoryLimits", "MemoryLog", "MemoryStore", "Number", "NumberFormatException", "Object", "Objects", "Options", "Override",
    "Panic", "Parser", "PluginException", "Record", "Runnable", "RuntimeException", "ResultTooLarge", "ScheduledThreadPoolExecutor",
    "ScheduledFuture", "SecureRandom", "Serializable", "Service", "Set", "Short", "FunctionImport", "StandardCharsets", "Store", "String",
    "StringBuilder", "SuppressWarnings", "System", "Thread", "Throwable", "TimeUnit", "TreeMap", "Tuple1", "Tuple2", "Tuple3",
    "Tuple4", "Tuple5", "Tuple6", "Tuple7", "Tuple8", "Tuple9", "Tuple10", "Tuple11", "Tuple12", "Tuple13", "Tuple14", "Tuple15",
    "Tuple16", "ValType", "Void", "Watchdog", "WasmModule",
];

/// Keywords, and names that a record or a method of the client cannot have.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class", "clone", "close", "const", "continue",
    "default", "do", "double", "else", "enum", "event", "extends", "false", "final", "finalize", "finally", "float", "for",
    "getClass", "goto", "hashCode", "if", "implements", "import", "instanceof", "int", "interface", "load", "loadState", "long",
    "native", "new", "notify", "notifyAll", "null", "package", "private", "protected", "public", "rest", "return", "saveState",
    "short", "start", "static", "stop", "strictfp", "super", "switch", "synchronized", "this", "throw", "throws", "toString",
    "transient", "true", "try", "void", "volatile", "wait", "while", "yield",
];

/// The language.
pub struct Java;

impl Language for Java {
    const IDENTIFIERS: Identifiers = Identifiers {
        types: Kind {
            case: Case::Pascal,
            reserved: TYPES,
        },
        methods: Kind {
            case: Case::Camel,
            reserved: NAMES,
        },
        fields: Kind {
            case: Case::Camel,
            reserved: NAMES,
        },
        variants: Kind {
            case: Case::Pascal,
            reserved: &[],
        },
        constants: Kind {
            case: Case::Capitals,
            reserved: &[],
        },
    };

    fn files(&self, names: &FileNames) -> Vec<(String, &'static str)> {
        let (package, class) = (package(&names.id), &names.class);
        vec![(format!("{package}/{class}.java"), TEMPLATE)]
    }

    fn spell(&self, ty: &Type, types: &dyn Spelling) -> Vec<(&'static str, String)> {
        vec![
            ("type", spelling::name(ty, types)),
            ("boxed", spelling::boxed(ty, types)),
            ("read", spelling::read(ty, types)),
            ("write", spelling::write(ty, types)),
        ]
    }

    fn element(&self, element: Element) -> Vec<(&'static str, String)> {
        let (array, accessor) = match element {
            Element::Text => ("String", ""),
            Element::U8 | Element::I8 => ("byte[]", ""),
            Element::U16 | Element::I16 => ("short[]", "Short"),
            Element::U32 | Element::I32 => ("int[]", "Int"),
            Element::U64 | Element::I64 => ("long[]", "Long"),
            Element::F32 => ("float[]", "Float"),
            Element::F64 => ("double[]", "Double"),
        };
        // Java has no unsigned arrays: the bits are the same.
        let unsigned = match element {
            Element::U8 | Element::U16 | Element::U32 | Element::U64 => "yes",
            _ => "",
        };
        vec![
            ("type", array.to_owned()),
            ("accessor", accessor.to_owned()),
            ("unsigned", unsigned.to_owned()),
        ]
    }

    fn quote(&self, text: &str) -> String {
        // `\u000a` would be a line feed before the literal is read.
        quoted(text, |character| match character {
            '\t' => "\\t".to_owned(),
            '\r' => "\\r".to_owned(),
            '\0'..='\x1f' => format!("\\{:03o}", u32::from(character)),
            other => utf16_escape(other),
        })
    }

    fn comment(&self, line: &str) -> String {
        let mut safe = String::new();
        let mut before = ' ';
        for character in line.chars() {
            match character {
                // It would begin an escape, anywhere in a file.
                '\\' => safe.push_str("&#92;"),
                '/' if before == '*' => safe.push_str("&#47;"),
                '@' => safe.push_str("&#64;"),
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                other => safe.push(other),
            }
            before = character;
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
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !NAMES.contains(&name.as_str())
        && !["com", "java", "javax"].contains(&name.as_str());
    if is_name {
        name
    } else {
        format!("plugin{name}")
    }
}
