//! Clients in TypeScript, on the platform's own engine.
//!
//! Types are the values that `JSON.parse` returns: names in JSON are the names of members, and a
//! union is a union of objects. Only integers of more than 53 bits are different: they are
//! `bigint`, and `shape` describes where they are.

mod shapes;

use minijinja::Value;

use super::language::{FileNames, Identifiers, Kind, Language, Spelling, quoted, utf16_escape};
use super::names::Case;
use crate::interface::{Choice, Definition, Element, Form, Plugin, Type, Width};
use shapes::Shapes;

/// The parts of the template, in their order in a client.
const TEMPLATE: &str = concat!(
    include_str!("types.ts.jinja"),
    include_str!("services.ts.jinja"),
    include_str!("client.ts.jinja"),
    include_str!("instance.ts.jinja"),
    include_str!("json.ts.jinja"),
);

/// Names of types that the template declares or uses.
const TYPES: &[&str] = &[
    "Array",
    "ArrayBuffer",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "Clock",
    "DataView",
    "Error",
    "ErrorCode",
    "Events",
    "Files",
    "Float32Array",
    "Float64Array",
    "Export",
    "Function",
    "HttpRequest",
    "HttpResponse",
    "Instance",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Json",
    "Limits",
    "Log",
    "LogLevel",
    "Map",
    "Math",
    "MemoryLog",
    "MemoryStore",
    "Number",
    "Object",
    "Omit",
    "Options",
    "Panic",
    "PluginError",
    "Promise",
    "Record",
    "Returned",
    "Shape",
    "Source",
    "Store",
    "String",
    "TextDecoder",
    "TextEncoder",
    "URL",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "WebAssembly",
    "JSON",
];

/// Names of methods that the template declares or that classes give a meaning.
const METHODS: &[&str] = &[
    "close",
    "constructor",
    "event",
    "load",
    "loadState",
    "prototype",
    "saveState",
    "start",
    "stop",
    "then",
    "toJSON",
    "toString",
    "valueOf",
];

/// The language.
pub struct TypeScript {
    shapes: Shapes,
}

impl TypeScript {
    /// Reads where a plugin's types have integers of more than 53 bits.
    pub fn new(plugin: &Plugin) -> Self {
        TypeScript {
            shapes: Shapes::of(plugin),
        }
    }
}

impl Language for TypeScript {
    const IDENTIFIERS: Identifiers = Identifiers {
        types: Kind {
            case: Case::Pascal,
            reserved: TYPES,
        },
        methods: Kind {
            case: Case::Camel,
            reserved: METHODS,
        },
        fields: Kind {
            case: Case::Camel,
            reserved: &[],
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
        vec![(format!("{}.ts", names.id), TEMPLATE)]
    }

    fn spell(&self, ty: &Type, types: &dyn Spelling) -> Vec<(&'static str, String)> {
        let parts = match ty {
            Type::Option(inner) => format!("{}\nnull", spelling(inner, types)),
            other => spelling(other, types),
        };
        vec![
            ("type", spelling(ty, types)),
            // The members of a union, one per line.
            ("parts", parts),
            (
                "words",
                if is_choice(ty, types) { "yes" } else { "" }.to_owned(),
            ),
            ("shape", self.shapes.expression(ty, types)),
        ]
    }

    fn element(&self, element: Element) -> Vec<(&'static str, String)> {
        let (array, read) = match element {
            Element::Text => ("string", "decoded".to_owned()),
            Element::U8 => ("Uint8Array", "copied".to_owned()),
            other => (array(other), format!("to{}", array(other))),
        };
        let output = match element {
            Element::Text => array.to_owned(),
            _ => format!("{array}<ArrayBuffer>"),
        };
        let write = match element {
            Element::Text | Element::U8 => "",
            _ => "bytesOf",
        };
        vec![
            ("type", array.to_owned()),
            ("output", output),
            ("read", read),
            ("write", write.to_owned()),
        ]
    }

    fn quote(&self, text: &str) -> String {
        quoted(text, utf16_escape)
    }

    fn key(&self, name: &str) -> String {
        let is_identifier = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
        match is_identifier {
            true => name.to_owned(),
            false => self.quote(name),
        }
    }

    fn comment(&self, line: &str) -> String {
        line.replace("*/", "*\\/")
    }

    fn further(&self, plugin: &Plugin, types: &dyn Spelling) -> Vec<(&'static str, Value)> {
        let in_place = plugin
            .commands
            .iter()
            .any(|command| matches!(command.form, Form::Raw { in_place, .. } if in_place));
        vec![
            ("exact", self.shapes.any(plugin).into()),
            ("shapes", Value::from(self.shapes.entries(plugin, types))),
            ("helpers", Value::from(helpers(plugin))),
            ("in_place", in_place.into()),
        ]
    }
}

fn spelling(ty: &Type, types: &dyn Spelling) -> String {
    match ty {
        Type::Json => "Json".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Integer(integers) => match Width::of(integers).fits_double() {
            true => "number".to_owned(),
            false => "bigint".to_owned(),
        },
        Type::Float => "number".to_owned(),
        Type::Text => "string".to_owned(),
        Type::List(item) => match **item {
            Type::Option(_) => format!("({})[]", spelling(item, types)),
            _ => format!("{}[]", spelling(item, types)),
        },
        Type::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| spelling(item, types)).collect();
            format!("[{}]", items.join(", "))
        }
        // Not `Record`, within which a type cannot mention itself.
        Type::Map(values) => format!("{{ [name: string]: {} }}", spelling(values, types)),
        Type::Option(inner) if allows_null(inner, types) => spelling(inner, types),
        Type::Option(inner) => format!("{} | null", spelling(inner, types)),
        Type::Named(index) => types.name(*index).to_owned(),
    }
}

fn definition<'t>(ty: &Type, types: &'t dyn Spelling) -> Option<&'t Definition> {
    let Type::Named(index) = ty else {
        return None;
    };
    Some(&types.plugin().types.get(*index)?.definition)
}

/// Returns whether `null` is already a value of a type with a name.
fn allows_null(ty: &Type, types: &dyn Spelling) -> bool {
    matches!(
        definition(ty, types),
        Some(Definition::Alias(Type::Null | Type::Json | Type::Option(_)))
    )
}

/// Returns whether a type is one of several texts.
fn is_choice(ty: &Type, types: &dyn Spelling) -> bool {
    matches!(
        definition(ty, types),
        Some(Definition::Choice(Choice::Texts(_)))
    )
}

fn array(element: Element) -> &'static str {
    match element {
        Element::Text | Element::U8 => "Uint8Array",
        Element::I8 => "Int8Array",
        Element::U16 => "Uint16Array",
        Element::I16 => "Int16Array",
        Element::U32 => "Uint32Array",
        Element::I32 => "Int32Array",
        Element::U64 => "BigUint64Array",
        Element::I64 => "BigInt64Array",
        Element::F32 => "Float32Array",
        Element::F64 => "Float64Array",
    }
}

/// Returns the functions that the plugin's raw commands need.
fn helpers(plugin: &Plugin) -> Vec<String> {
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for command in &plugin.commands {
        if let Form::Raw { input, output, .. } = command.form {
            inputs.extend(input);
            outputs.extend(output);
        }
    }
    outputs.sort();
    outputs.dedup();
    let is_number = |element: &Element| !matches!(element, Element::Text | Element::U8);
    let mut helpers = Vec::new();
    if inputs.iter().any(is_number) {
        helpers.push(
            "function bytesOf(numbers: ArrayBufferView): Uint8Array {\n  \
             return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);\n}"
                .to_owned(),
        );
    }
    for element in &outputs {
        helpers.push(match element {
            Element::U8 => "function copied(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {\n  return bytes.slice();\n}".to_owned(),
            Element::Text => "function decoded(bytes: Uint8Array): string {\n  return decoder.decode(bytes);\n}".to_owned(),
            other => {
                let array = array(*other);
                format!(
                    "function to{array}(bytes: Uint8Array<ArrayBuffer>): {array}<ArrayBuffer> {{\n  \
                     return new {array}(whole(bytes, {array}.BYTES_PER_ELEMENT));\n}}"
                )
            }
        });
    }
    if outputs.iter().any(is_number) {
        helpers.push(
            "function whole(bytes: Uint8Array<ArrayBuffer>, size: number): ArrayBuffer {\n  \
             if (bytes.length % size === 0) return bytes.slice().buffer;\n  \
             throw new PluginError(\"bad_answer\", `the result has ${bytes.length} bytes, which are no numbers of ${size} bytes`);\n}"
                .to_owned(),
        );
    }
    helpers
}
