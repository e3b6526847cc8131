//! Identifies bytes before an engine reads them.

use std::collections::HashMap;
use std::sync::OnceLock;

use plugin_sdk::abi;
use wasmparser::{
    BinaryReaderError, Chunk, ConstExpr, Data, DataKind, DataSectionReader, Element, ElementItems,
    ElementKind, Export, ExternalKind, FuncType, GlobalType, MemoryType, Name, NameSectionReader,
    Naming, Parser, Payload, TypeRef, WasmFeatures,
};

use crate::failure::{Failure, FailureKind, Import};
use crate::limits::ModuleLimits;
use crate::text;

const MAGIC: &[u8] = b"\0asm";
const MODULE_VERSION: &[u8] = &[1, 0, 0, 0];
/// The layer field of a component, which follows its version.
const COMPONENT_LAYER: &[u8] = &[1, 0];

/// The interface of a module.
///
/// Only the names of imports are copied: whatever a small module could expand to a lot of data
/// stays in place.
#[derive(Default)]
pub(crate) struct Interface<'a> {
    /// The imports; functions with the index of their type.
    imports: Vec<(Import, Option<u32>)>,
    exports: Vec<Export<'a>>,
    /// The index of each export by its name, built on first use: hosts look up every command.
    exports_by_name: OnceLock<HashMap<&'a str, usize>>,
    pub(super) types: Vec<FuncType>,
    /// The type of each function, imports first as in every index space.
    pub(super) functions: Vec<u32>,
    pub(super) globals: Vec<GlobalType>,
    pub(crate) memories: Vec<MemoryType>,
    /// The number of imported ones, which are the first.
    pub(super) imported_memories: usize,
    /// The custom sections with the manifest.
    pub(crate) manifests: Vec<&'a [u8]>,
    /// The plugins that declare that they were built as libraries, one a line.
    libraries: &'a [u8],
    /// `true` for an object file, which is not linked yet.
    pub(crate) object: bool,
    /// All sections, in their order.
    pub(super) sections: Vec<Section<'a>>,
    data: Option<DataSectionReader<'a>>,
    /// The custom section with the names of functions.
    pub(super) names: Option<&'a [u8]>,
    /// The bytes of all functions.
    pub(super) code_bytes: u64,
    pub(super) initial: Initial,
}

/// The number of parts of a module that instantiation initialises, in addition to globals.
#[derive(Clone, Copy, Default)]
pub(super) struct Initial {
    pub(super) data_segments: u64,
    pub(super) element_segments: u64,
    pub(super) elements: u64,
    /// The bytes of code that calculates initial values.
    pub(super) bytes: u64,
}

/// A section of a module.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Section<'a> {
    /// The name: `code`, `data`, … or that of a custom section.
    pub name: &'a str,
    /// `true` for a custom section.
    pub custom: bool,
    /// The size in bytes.
    pub bytes: usize,
}

/// The type of an export, in the detail that checks of the ABI need.
pub(crate) enum ExportType<'a> {
    Func(&'a FuncType),
    Global(&'a GlobalType),
    Memory(&'a MemoryType),
    Other(&'static str),
}

/// Reads the interface of a module, or identifies what the bytes are instead.
///
/// Function bodies are skipped: they are validated before the module is compiled.
pub(crate) fn examine<'a>(
    bytes: &'a [u8],
    limits: &ModuleLimits,
) -> Result<Interface<'a>, Failure> {
    header(bytes).map_err(Failure::load)?;
    let sections = Sections {
        interface: Interface::default(),
        limits,
        declared: 0,
        bodies: 0,
        announced: 0,
        data: 0,
        custom: 0,
    };
    sections.read(bytes).map_err(Failure::load)
}

/// Returns the names of functions in a name section, up to the first that cannot be read.
pub(crate) fn function_names(section: NameSectionReader<'_>) -> impl Iterator<Item = Naming<'_>> {
    let parts = section.into_iter().map_while(Result::ok);
    let functions = parts.filter_map(|names| match names {
        Name::Function(functions) => Some(functions),
        _ => None,
    });
    functions.flat_map(|names| names.into_iter().map_while(Result::ok))
}

/// Checks the first bytes.
fn header(bytes: &[u8]) -> Result<(), FailureKind> {
    let (magic, version) = bytes.split_at(bytes.len().min(MAGIC.len()));
    if magic != MAGIC {
        if !magic.is_empty() && MAGIC.starts_with(magic) {
            return Err(FailureKind::Truncated {
                bytes: bytes.len() as u64,
            });
        }
        return Err(FailureKind::NotWasm {
            found: something_else(bytes),
        });
    }
    match version.get(..4) {
        None => Err(FailureKind::Truncated {
            bytes: bytes.len() as u64,
        }),
        Some(MODULE_VERSION) => Ok(()),
        Some(other) if other.ends_with(COMPONENT_LAYER) => Err(FailureKind::Component),
        Some(other) => {
            let version = other
                .iter()
                .rev()
                .fold(0u32, |number, byte| number << 8 | u32::from(*byte));
            Err(FailureKind::NotWasm {
                found: format!("WebAssembly of version {version}, and only version 1 is known"),
            })
        }
    }
}

/// Identifies other files that users pass instead of a module.
fn something_else(bytes: &[u8]) -> String {
    let text = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    let starts = |prefix: &[u8]| {
        text.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let found = match bytes {
        [] => "empty: it has no bytes at all",
        [0x1f, 0x8b, ..] => "gzip data; unpack it first",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd data; unpack it first",
        [b'P', b'K', 3, 4, ..] => "a zip archive; unpack it first",
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] | [0xcf, 0xfa, 0xed, 0xfe, ..] => {
            "a native program or library; build it with `--target wasm32-unknown-unknown`"
        }
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => {
            "a static library; a plugin's crate-type is `cdylib`"
        }
        [b'B', b'C', 0xc0, 0xde, ..] => "LLVM bitcode, not a linked module",
        _ if starts(b"<!doctype")
            || starts(b"<html")
            || starts(b"<head")
            || starts(b"<?xml")
            || starts(b"<!--") =>
        {
            "an HTML page, perhaps an error page that was downloaded in its place"
        }
        _ if starts(b"(module") || starts(b"(;") || starts(b";;") => {
            "WebAssembly text; load it with `Plugin::from_wat` or `Source::wat`"
        }
        _ if starts(b"(component") => "a component in text form, and plugins are core modules",
        _ if starts(b"version https://git-lfs") => {
            "a Git LFS pointer; `git lfs pull` fetches the file itself"
        }
        _ if starts(b"{") => "a JSON document",
        _ => return format!("something that begins with {}", beginning(bytes)),
    };
    found.to_owned()
}

fn beginning(bytes: &[u8]) -> String {
    let first = bytes.get(..16).unwrap_or(bytes);
    match std::str::from_utf8(first) {
        Ok(first) => format!("{:?}", text::one_line(first, 16)),
        Err(_) => {
            let hex: Vec<String> = first.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("the bytes {}", hex.join(" "))
        }
    }
}

impl<'a> Interface<'a> {
    /// Returns the imports, functions with their types.
    pub(crate) fn imports(&self) -> impl Iterator<Item = (&Import, Option<&FuncType>)> {
        let imports = self.imports.iter();
        imports.map(|(import, ty)| (import, ty.and_then(|ty| self.types.get(ty as usize))))
    }

    /// Returns the crate of a plugin that was built into this module as a library, if there is one.
    pub(crate) fn library(&self) -> Option<String> {
        let first = self.libraries.split(|byte| *byte == b'\n').next()?;
        (!first.is_empty()).then(|| text::name(&String::from_utf8_lossy(first)))
    }

    /// Returns the data segments, up to the first that cannot be read.
    pub(crate) fn data(&self) -> impl Iterator<Item = Data<'a>> {
        let section = self.data.clone();
        section.into_iter().flatten().map_while(Result::ok)
    }

    pub(crate) fn exports(&self) -> impl Iterator<Item = (&'a str, ExportType<'_>)> {
        self.exports
            .iter()
            .map(|export| (export.name, self.type_of(export)))
    }

    pub(crate) fn export(&self, name: &str) -> Option<ExportType<'_>> {
        let by_name = self.exports_by_name.get_or_init(|| {
            let exports = self.exports.iter().enumerate().rev();
            exports.map(|(nth, export)| (export.name, nth)).collect()
        });
        let export = self.exports.get(*by_name.get(name)?)?;
        Some(self.type_of(export))
    }

    fn type_of(&self, export: &Export<'_>) -> ExportType<'_> {
        let index = export.index as usize;
        let known = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                self.func_type(index).map(ExportType::Func)
            }
            ExternalKind::Global => self.globals.get(index).map(ExportType::Global),
            ExternalKind::Memory => self.memories.get(index).map(ExportType::Memory),
            ExternalKind::Table => Some(ExportType::Other("a table")),
            ExternalKind::Tag => Some(ExportType::Other("a tag")),
        };
        known.unwrap_or(ExportType::Other("an index that does not exist"))
    }

    pub(super) fn func_type(&self, index: usize) -> Option<&FuncType> {
        self.types.get(*self.functions.get(index)? as usize)
    }

    fn import(&mut self, import: wasmparser::Import<'_>) {
        let mut function = None;
        match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                self.functions.push(ty);
                function = Some(ty);
            }
            TypeRef::Global(ty) => self.globals.push(ty),
            TypeRef::Memory(ty) => {
                self.memories.push(ty);
                self.imported_memories += 1;
            }
            TypeRef::Table(_) | TypeRef::Tag(_) => {}
        }
        let (module, name) = (import.module.to_owned(), import.name.to_owned());
        self.imports.push((Import { module, name }, function));
    }
}

/// A reader of the sections of a module.
struct Sections<'a, 'l> {
    interface: Interface<'a>,
    /// The limits that a section's counts are checked against before any of its items are
    /// collected.
    limits: &'l ModuleLimits,
    /// The number of declared functions, each of which must have a body.
    declared: u32,
    bodies: u32,
    /// The number of announced data segments, if the module announces it.
    announced: u32,
    data: u32,
    custom: u64,
}

impl<'a> Sections<'a, '_> {
    fn read(mut self, bytes: &'a [u8]) -> Result<Interface<'a>, FailureKind> {
        let truncated = FailureKind::Truncated {
            bytes: bytes.len() as u64,
        };
        let mut parser = Parser::new(0);
        // By default the parser accepts proposals that the engine does not support. Some of these
        // encode long names in few bytes.
        parser.set_features(WasmFeatures::default());
        let mut rest = bytes;
        // Without `eof` the parser itself reports that it needs more bytes than are present.
        while !rest.is_empty() {
            let (consumed, payload) = match parser.parse(rest, false)? {
                Chunk::Parsed { consumed, payload } => (consumed, payload),
                Chunk::NeedMoreData(_) => return Err(truncated),
            };
            self.section(payload)?;
            rest = match rest.get(consumed..) {
                Some(rest) => rest,
                None => return Err(truncated),
            };
        }
        if self.bodies < self.declared || self.data < self.announced {
            return Err(truncated);
        }
        Ok(self.interface)
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<(), FailureKind> {
        self.list(&payload);
        let (interface, limits) = (&mut self.interface, self.limits);
        let counted = |count: u32, limit: u64, setting: &'static str| {
            let things = setting.replace('_', " ");
            within(u64::from(count), limit, setting, &things)
        };
        match payload {
            Payload::TypeSection(section) => {
                counted(section.count(), limits.types, "types")?;
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty?;
                    let values = ty.params().len() + ty.results().len();
                    within(
                        values as u64,
                        limits.type_values,
                        "type_values",
                        "parameters and results in one type",
                    )?;
                    interface.types.push(ty);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    interface.import(import?);
                    let count = interface.imports.len() as u64;
                    within(count, limits.imports, "imports", "imports or more")?;
                }
            }
            Payload::FunctionSection(section) => {
                self.declared = section.count();
                counted(section.count(), limits.functions, "functions")?;
                collect(section, &mut interface.functions)?;
            }
            Payload::TableSection(section) => {
                counted(section.count(), limits.tables, "tables")?;
            }
            Payload::MemorySection(section) => {
                counted(section.count(), limits.memories, "memories")?;
                collect(section, &mut interface.memories)?;
            }
            Payload::TagSection(section) => counted(section.count(), limits.tags, "tags")?,
            Payload::GlobalSection(section) => {
                counted(section.count(), limits.globals, "globals")?;
                for global in section {
                    let global = global?;
                    self.interface.globals.push(global.ty);
                    self.initial(&global.init_expr)?;
                }
            }
            Payload::ExportSection(section) => {
                counted(section.count(), limits.exports, "exports")?;
                collect(section, &mut interface.exports)?;
            }
            Payload::ElementSection(section) => {
                counted(section.count(), limits.element_segments, "element_segments")?;
                interface.initial.element_segments = section.count().into();
                for segment in section {
                    self.segment(segment?)?;
                }
            }
            Payload::CodeSectionStart { size, .. } => {
                interface.code_bytes = size.into();
                within(
                    size.into(),
                    limits.code_bytes,
                    "code_bytes",
                    "bytes of functions",
                )?;
            }
            // The section's own count is not used: the module may be truncated after it.
            Payload::CodeSectionEntry(_) => self.bodies += 1,
            Payload::DataCountSection { count, .. } => self.announced = count,
            Payload::DataSection(section) => {
                self.data = section.count();
                counted(section.count(), limits.data_segments, "data_segments")?;
                interface.data = Some(section.clone());
                interface.initial.data_segments = section.count().into();
                for segment in section {
                    if let DataKind::Active { offset_expr, .. } = segment?.kind {
                        self.initial(&offset_expr)?;
                    }
                }
            }
            Payload::CustomSection(section) => {
                self.custom += 1;
                let limit = limits.custom_sections;
                within(
                    self.custom,
                    limit,
                    "custom_sections",
                    "custom sections or more",
                )?;
                match section.name() {
                    abi::MANIFEST_SECTION => interface.manifests.push(section.data()),
                    abi::LIBRARY_SECTION => interface.libraries = section.data(),
                    "linking" => interface.object = true,
                    "name" => interface.names = Some(section.data()),
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl<'a> Sections<'a, '_> {
    /// Counts the elements of a segment.
    fn segment(&mut self, segment: Element<'a>) -> Result<(), FailureKind> {
        if let ElementKind::Active { offset_expr, .. } = &segment.kind {
            self.initial(offset_expr)?;
        }
        let count = match &segment.items {
            ElementItems::Functions(items) => items.count(),
            ElementItems::Expressions(_, items) => items.count(),
        };
        let elements = &mut self.interface.initial.elements;
        *elements += u64::from(count);
        within(
            *elements,
            self.limits.elements,
            "elements",
            "elements or more",
        )?;
        if let ElementItems::Expressions(_, items) = segment.items {
            for item in items {
                self.initial(&item?)?;
            }
        }
        Ok(())
    }

    /// Counts the bytes of the code of an initial value.
    fn initial(&mut self, value: &ConstExpr<'_>) -> Result<(), FailureKind> {
        let bytes = &mut self.interface.initial.bytes;
        *bytes += value.get_binary_reader().bytes_remaining() as u64;
        let things = "bytes or more that calculate initial values";
        within(*bytes, self.limits.initial_bytes, "initial_bytes", things)
    }

    /// Records a section's name and size.
    fn list(&mut self, payload: &Payload<'a>) {
        const NAMES: [&str; 14] = [
            "custom",
            "type",
            "import",
            "function",
            "table",
            "memory",
            "global",
            "export",
            "start",
            "element",
            "code",
            "data",
            "data count",
            "tag",
        ];
        let section = match payload {
            Payload::CustomSection(section) => Section {
                name: section.name(),
                custom: true,
                bytes: section.range().len(),
            },
            payload => {
                let Some((id, range)) = payload.as_section() else {
                    return;
                };
                Section {
                    name: NAMES.get(usize::from(id)).copied().unwrap_or("unknown"),
                    custom: false,
                    bytes: range.len(),
                }
            }
        };
        self.interface.sections.push(section);
    }
}

/// Checks a count against its limit.
pub(crate) fn within(
    found: u64,
    limit: u64,
    setting: &'static str,
    things: &str,
) -> Result<(), FailureKind> {
    match found <= limit {
        true => Ok(()),
        false => Err(FailureKind::ModuleLimit {
            setting,
            what: format!("has {found} {things}"),
            limit,
        }),
    }
}

fn collect<T>(
    items: impl IntoIterator<Item = Result<T, BinaryReaderError>>,
    into: &mut Vec<T>,
) -> Result<(), FailureKind> {
    for item in items {
        into.push(item?);
    }
    Ok(())
}

/// Creates the failure for an invalid or truncated module.
impl From<BinaryReaderError> for FailureKind {
    fn from(error: BinaryReaderError) -> Self {
        FailureKind::InvalidModule {
            reason: format!("{} at byte {}", error.message(), error.offset()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> String {
        match examine(bytes, &ModuleLimits::default()) {
            Ok(_) => "a module".to_owned(),
            Err(failure) => match failure.kind() {
                FailureKind::NotWasm { found } => found.clone(),
                _ => failure.code().to_owned(),
            },
        }
    }

    #[test]
    fn other_file_formats_are_identified() {
        for (bytes, expected) in [
            (&b""[..], "empty"),
            (b"\0asm\x01\0\0\0", "a module"),
            (b"\0as", "truncated"),
            (b"\0asm\x01\0", "truncated"),
            (b"\0asm\x0d\0\x01\0", "component"),
            (b"\0asm\x02\0\0\0", "WebAssembly of version 2"),
            (b"  <!DOCTYPE html><title>404</title>", "an HTML page"),
            (b"\xef\xbb\xbf<html>", "an HTML page"),
            (b"\n(module)", "WebAssembly text"),
            (b"(component)", "a component in text form"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"\x7fELF\x02", "a native program"),
            (b"!<arch>\n", "a static library"),
            (
                b"version https://git-lfs.github.com/spec/v1",
                "a Git LFS pointer",
            ),
            (b"{\"a\":1}", "a JSON document"),
            (b"hello", "something that begins with \"hello\""),
            (
                b"\xff\xfe\x1b",
                "something that begins with the bytes ff fe 1b",
            ),
        ] {
            assert!(
                kind(bytes).starts_with(expected),
                "{bytes:?} is {:?}, not {expected:?}",
                kind(bytes)
            );
        }
    }

    #[test]
    fn elements_and_initial_values_are_counted_over_all_sections() {
        let mut limits = ModuleLimits::default();
        (limits.elements, limits.initial_bytes) = (4, 20);
        let exceeded = |fields: &str| {
            let wasm = wat::parse_str(format!("(module {fields})")).unwrap();
            let failure = examine(&wasm, &limits).map(|_| ()).err()?;
            match failure.kind() {
                FailureKind::ModuleLimit { setting, .. } => Some(*setting),
                _ => Some("another failure"),
            }
        };
        let sum = |count: usize| {
            let ones = "(i32.const 1) (i32.add) ".repeat(count);
            format!("(i32.const 1) {ones}")
        };
        for (fields, setting) in [
            (
                "(func $f) (elem func $f $f) (elem func $f $f)".to_owned(),
                None,
            ),
            (
                "(func $f) (elem func $f $f) (elem func $f $f $f)".to_owned(),
                Some("elements"),
            ),
            (
                "(elem funcref (ref.null func) (ref.null func))".to_owned(),
                None,
            ),
            (format!("(global i32 {})", sum(5)), None),
            (format!("(global i32 {})", sum(6)), Some("initial_bytes")),
            (
                format!("(memory 1) (data (offset {}) \"\")", sum(6)),
                Some("initial_bytes"),
            ),
            (
                format!(
                    "(table 9 funcref) (func $f) (elem (offset {}) func $f)",
                    sum(6)
                ),
                Some("initial_bytes"),
            ),
            (
                format!("(global i32 {}) (global i32 {})", sum(2), sum(3)),
                Some("initial_bytes"),
            ),
            (
                format!("(global i32 {}) (elem funcref (ref.null func))", sum(5)),
                Some("initial_bytes"),
            ),
        ] {
            assert_eq!(exceeded(&fields), setting, "{fields}");
        }
    }

    #[test]
    fn a_truncated_module_is_never_accepted_with_its_functions() {
        let module = wat::parse_str(
            r#"(module (memory (export "memory") 1) (func (export "f") (param i32) (result i32) local.get 0)
               (data (i32.const 0) "twelve bytes"))"#,
        )
        .unwrap();
        assert_eq!(kind(&module), "a module");
        let code_ends = module
            .windows(4)
            .position(|bytes| bytes == [0, 0x20, 0, 0x0b])
            .unwrap()
            + 4;
        // Before its functions are declared, a module that ends after a section is complete, if of
        // little use.
        let declared = module
            .windows(4)
            .position(|bytes| bytes == [3, 2, 1, 0])
            .unwrap()
            + 4;
        for cut in declared..module.len() {
            let expected = if cut == code_ends {
                "a module"
            } else {
                "truncated"
            };
            assert_eq!(
                kind(&module[..cut]),
                expected,
                "cut at {cut} of {}",
                module.len()
            );
        }
    }
}
