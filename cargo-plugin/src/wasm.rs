//! The binary format of a module: its sections, imports and exports, the compiler that made it, and
//! the parts that can be stripped.

use std::ops::Range;

use plugin_sdk_harness::inspect::Inspection;
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload, TypeRef};

use crate::error::{Error, Result};
use crate::text;

/// Custom sections that `strip = true` in a profile removes in addition to debug information: names
/// and notes for tools.
const FOR_TOOLS: [&str; 3] = ["name", "producers", "target_features"];

/// The size of the module header in bytes.
const HEADER: usize = 8;

/// The greatest number of function names that are read: more than a module can have functions.
const MAX_NAMES: usize = 200_000;

/// A section, including its header.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// `code`, `data`, …; the section's own name for a custom section.
    pub name: String,
    /// The section's position in the module. The first section follows the module's header.
    pub range: Range<usize>,
    /// The position of the contents, without the header.
    contents: Range<usize>,
    is_custom: bool,
}

/// A function that the module defines, as opposed to one that it imports.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The name that the compiler wrote, if the module has names.
    pub symbol: Option<String>,
    /// The function's size in the module, in bytes.
    pub bytes: usize,
}

/// The functions that a module imports and exports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interface {
    /// The imports' modules and names, in the module's order.
    pub imports: Vec<(String, String)>,
    /// The exports' names, in the module's order.
    pub exports: Vec<String>,
}

/// The parts of a module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Anatomy {
    /// The sections, in the module's order. Together with the module's header of eight bytes they
    /// make up the whole file.
    pub sections: Vec<Section>,
    /// The functions, in the module's order.
    pub functions: Vec<Function>,
    /// The imports and exports.
    pub interface: Interface,
}

impl Anatomy {
    /// Parses a module without running any of it.
    pub fn of(wasm: &[u8]) -> Result<Self> {
        let unread = || Error::new("the module cannot be read");
        // Refuse a module that exceeds the limits of every host before collecting anything from it.
        Inspection::of(wasm).map_err(|failure| unread().because(failure.message()))?;
        read(wasm).map_err(|error| unread().because(error))
    }
}

fn read(wasm: &[u8]) -> wasmparser::Result<Anatomy> {
    let mut anatomy = Anatomy::default();
    let mut end = HEADER;
    let mut names: Vec<(u32, String)> = Vec::new();
    let mut imported_functions = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Some((id, range)) = payload.as_section() {
            let (name, is_custom) = match &payload {
                Payload::CustomSection(custom) => (custom.name().to_owned(), true),
                _ => (name_of(id).to_owned(), false),
            };
            anatomy.sections.push(Section {
                name,
                range: end..range.end,
                contents: range.clone(),
                is_custom,
            });
            end = range.end;
        }
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.ty {
                        imported_functions += 1;
                        let import = (import.module.to_owned(), import.name.to_owned());
                        anatomy.interface.imports.push(import);
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == wasmparser::ExternalKind::Func {
                        anatomy.interface.exports.push(export.name.to_owned());
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len();
                anatomy.functions.push(Function {
                    symbol: None,
                    bytes: bytes + leb_len(bytes),
                });
            }
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(section) = custom.as_known() {
                    names = function_names(section);
                }
            }
            _ => {}
        }
    }
    for (index, name) in names {
        let own = index.checked_sub(imported_functions);
        let own = own.and_then(|own| usize::try_from(own).ok());
        if let Some(function) = own.and_then(|own| anatomy.functions.get_mut(own)) {
            function.symbol = Some(name);
        }
    }
    Ok(anatomy)
}

/// Returns the functions' names. An unreadable section counts as missing: names are only for
/// people.
fn function_names(section: NameSectionReader<'_>) -> Vec<(u32, String)> {
    let mut names = Vec::new();
    for subsection in section {
        if let Ok(Name::Function(functions)) = subsection {
            let known = functions.into_iter().flatten();
            let known = known.take(MAX_NAMES.saturating_sub(names.len()));
            names.extend(known.map(|naming| (naming.index, naming.name.to_owned())));
        }
    }
    names
}

/// Returns the number of bytes that a length takes in the binary format.
fn leb_len(length: usize) -> usize {
    let bits = usize::BITS - length.leading_zeros();
    (bits.max(1)).div_ceil(7) as usize
}

fn name_of(id: u8) -> &'static str {
    const NAMES: [&str; 14] = [
        "custom",
        "types",
        "imports",
        "functions",
        "tables",
        "memories",
        "globals",
        "exports",
        "start",
        "elements",
        "code",
        "data",
        "data count",
        "tags",
    ];
    NAMES.get(usize::from(id)).unwrap_or(&"unknown")
}

/// Removes names, debug information and notes for tools from a module. The result is byte for byte
/// the module that cargo builds with `strip = true` and the same flags.
pub fn strip(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut stripped = bytes(wasm, 0..HEADER)?.to_vec();
    for section in Anatomy::of(wasm)?.sections {
        let is_for_tools =
            FOR_TOOLS.contains(&section.name.as_str()) || section.name.starts_with(".debug_");
        if !(section.is_custom && is_for_tools) {
            stripped.extend_from_slice(bytes(wasm, section.range)?);
        }
    }
    Ok(stripped)
}

/// Returns the contents of the custom sections with a name.
pub fn custom_sections(wasm: &[u8], name: &str) -> Result<Vec<u8>> {
    let mut sections = Anatomy::of(wasm)?.sections;
    sections.retain(|section| section.is_custom && section.name == name);
    let contents = sections
        .into_iter()
        .map(|section| bytes(wasm, section.contents));
    Ok(contents.collect::<Result<Vec<_>>>()?.concat())
}

/// Returns a part of a module.
fn bytes(wasm: &[u8], range: Range<usize>) -> Result<&[u8]> {
    wasm.get(range)
        .ok_or_else(|| Error::new("the module cannot be read").because("it ends early"))
}

/// Returns the version of the compiler that made a module, from the section `producers`.
pub fn compiler(wasm: &[u8]) -> Option<String> {
    let sections = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let producers = sections.filter_map(|payload| match payload {
        Payload::CustomSection(section) => match section.as_known() {
            KnownCustom::Producers(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    });
    let fields = producers.flat_map(|fields| fields.into_iter().filter_map(Result::ok));
    let tools = fields
        .filter(|field| field.name == "processed-by")
        .flat_map(|field| field.values.into_iter().filter_map(Result::ok));
    let rustc = tools.into_iter().find(|tool| tool.name == "rustc");
    rustc.map(|rustc| text::line(rustc.version, 100))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    /// Returns `(module (import "host" "log" (func)) (memory (export "memory") 1) (func
    /// $hello::greet (export "greet") nop))` and a custom section from the author.
    fn module() -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, contents: &[u8]| {
            wasm.push(id);
            wasm.push(contents.len() as u8);
            wasm.extend_from_slice(contents);
        };
        section(1, b"\x01\x60\0\0");
        section(2, b"\x01\x04host\x03log\0\0");
        section(3, b"\x01\0");
        section(5, b"\x01\0\x01");
        section(7, b"\x02\x06memory\x02\0\x05greet\0\x01");
        section(10, b"\x01\x03\0\x01\x0b");
        section(0, b"\x0aplugin-sdk{}");
        section(0, b"\x04name\x01\x0f\x01\x01\x0chello::greet");
        section(0, b"\x0b.debug_info!");
        wasm
    }

    #[test]
    fn sections_cover_the_whole_module() {
        let wasm = module();
        let anatomy = Anatomy::of(&wasm).unwrap();
        let mut end = 8;
        for section in &anatomy.sections {
            assert_eq!(section.range.start, end, "{}", section.name);
            end = section.range.end;
        }
        assert_eq!(end, wasm.len());
        assert_eq!(anatomy.sections[5].name, "code");
        assert_eq!(anatomy.sections[6].name, "plugin-sdk");
    }

    #[test]
    fn functions_keep_their_names_with_any_imports() {
        let anatomy = Anatomy::of(&module()).unwrap();
        assert_eq!(
            anatomy.functions,
            [Function {
                symbol: Some("hello::greet".to_owned()),
                bytes: 4
            }]
        );
        assert_eq!(
            anatomy.interface.imports,
            [("host".to_owned(), "log".to_owned())]
        );
        assert_eq!(anatomy.interface.exports, ["greet"]);
    }

    #[test]
    fn stripping_keeps_the_authors_sections() {
        let stripped = strip(&module()).unwrap();
        let anatomy = Anatomy::of(&stripped).unwrap();
        let names: Vec<&str> = anatomy
            .sections
            .iter()
            .map(|section| &*section.name)
            .collect();
        assert_eq!(
            names.join(" "),
            "types imports functions memories exports code plugin-sdk"
        );
        assert_eq!(strip(&stripped).unwrap(), stripped);
    }

    #[test]
    fn invalid_module_is_an_error() {
        for bytes in [&b""[..], b"\0asm", b"hello world", &module()[..30]] {
            assert!(Anatomy::of(bytes).is_err());
        }
    }
}
