//! The core module of a component: that of the compiler, with an export for each function.

use plugin_sdk::abi;
use plugin_sdk::hosts::component::{CONSTANTS_EXPORT, RETURN_EXPORT, SLOTS};
use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataCountSection, DataSection, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, InstructionSink, Module, RawSection,
    SectionId, TypeSection, ValType,
};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use super::kind::Kind;
use super::package::{Package, Signature};
use super::refusal::failed;
use super::section;
use crate::error::Result;

/// The allocator that every component exports.
const REALLOC_EXPORT: &str = "cabi_realloc";

/// The parts of a component that are not in its module.
pub struct Additions {
    /// The world of the component.
    pub package: Package,
    /// The description of the plugin, which its functions get.
    pub description: Vec<u8>,
    pub exports: Vec<Export>,
}

/// A function to export.
pub struct Export {
    pub signature: Signature,
    pub passes: Passes,
}

/// The numbers that an export passes to the module's entry, after the description and its length.
pub enum Passes {
    /// The position of the function in the description, and the parameters in slots. The result is
    /// an address, and another export drops what is there.
    Slots { position: usize },
    /// The parameters. There is no result.
    Parameters,
}

/// Adds exports to a module, and removes all that only other hosts look for.
///
/// # Errors
/// If the module is not one of a plugin that is made for components.
pub fn rewrite(core: &[u8], kind: Kind, additions: &Additions) -> Result<Vec<u8>> {
    let parts = Parts::read(core).map_err(|reason| failed().because(reason))?;
    parts.with(kind, additions)
}

/// The parts of a module that change, and the others as they are.
#[derive(Default)]
struct Parts<'a> {
    types: TypeSection,
    functions: FunctionSection,
    globals: GlobalSection,
    code: CodeSection,
    data: DataSection,
    /// The exports that stay, and the functions among all of them.
    exports: Vec<(&'a str, ExportKind, u32)>,
    exported: Vec<(&'a str, u32)>,
    imported_functions: u32,
    /// Sections that stay, by number.
    kept: Vec<(u8, &'a [u8])>,
    custom: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Parts<'a> {
    fn read(core: &'a [u8]) -> Result<Self, reencode::Error> {
        let mut same = RoundtripReencoder;
        let mut parts = Parts::default();
        for payload in Parser::new(0).parse_all(core) {
            let payload = payload?;
            match &payload {
                Payload::TypeSection(section) => {
                    same.parse_type_section(&mut parts.types, section.clone())?;
                }
                Payload::FunctionSection(section) => {
                    same.parse_function_section(&mut parts.functions, section.clone())?;
                }
                Payload::GlobalSection(section) => {
                    same.parse_global_section(&mut parts.globals, section.clone())?;
                }
                Payload::CodeSectionEntry(body) => {
                    parts.code.raw(body.as_bytes());
                }
                Payload::DataSection(section) => {
                    same.parse_data_section(&mut parts.data, section.clone())?;
                }
                Payload::ExportSection(section) => {
                    for export in section.clone() {
                        let export = export?;
                        if let ExternalKind::Func = export.kind {
                            parts.exported.push((export.name, export.index));
                        }
                        if [abi::MEMORY_EXPORT, REALLOC_EXPORT].contains(&export.name) {
                            let kind = same.export_kind(export.kind)?;
                            parts.exports.push((export.name, kind, export.index));
                        }
                    }
                }
                Payload::CustomSection(section) => {
                    parts.custom.push((section.name(), section.data()));
                }
                // Counted anew, or part of the sections above.
                Payload::CodeSectionStart { .. } | Payload::DataCountSection { .. } => {}
                other => {
                    if let Payload::ImportSection(section) = other {
                        for import in section.clone().into_imports() {
                            if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import?.ty {
                                parts.imported_functions += 1;
                            }
                        }
                    }
                    if let Some((id, range)) = other.as_section() {
                        let bytes = core.get(range).unwrap_or_default();
                        parts.kept.push((id, bytes));
                    }
                }
            }
        }
        Ok(parts)
    }

    /// Returns the index of an exported function.
    fn exported(&self, kind: Kind, name: &str) -> Result<u32> {
        let found = self.exported.iter().find(|(export, _)| *export == name);
        found.map(|(_, index)| *index).ok_or_else(|| {
            failed()
                .because(format!("it does not export `{name}`"))
                .help(format!(
                    "the plugin's feature `{}` must turn on that of `plugin-sdk`, which must be \
                     as recent as this tool",
                    kind.feature()
                ))
        })
    }

    /// Returns the module with more exports.
    fn with(mut self, kind: Kind, additions: &Additions) -> Result<Vec<u8>> {
        let entry = self.exported(kind, kind.entry())?;
        let constants = self.exported(kind, CONSTANTS_EXPORT)?;
        self.exported(kind, REALLOC_EXPORT)?;
        let description = &additions.description;
        let loaded = Loaded {
            global: self.globals.len(),
            segment: self.data.len(),
            len: description.len() as i32,
        };
        self.globals.global(
            GlobalType {
                val_type: ValType::I32,
                mutable: true,
                shared: false,
            },
            &ConstExpr::i32_const(0),
        );
        self.data.passive(description.iter().copied());
        let load = self.function(&[], &[ValType::I32], |code| loaded.load(constants, code));
        let mut section = ExportSection::new();
        for (name, kind, index) in &self.exports {
            section.export(name, *kind, *index);
        }
        for Export { signature, passes } in &additions.exports {
            let Signature { export, parameters } = signature;
            let results: &[ValType] = match passes {
                Passes::Slots { .. } => &[ValType::I32],
                Passes::Parameters => &[],
            };
            let index = self.function(parameters, results, |code| {
                code.call(load).i32_const(loaded.len);
                match passes {
                    Passes::Slots { position } => {
                        code.i32_const(*position as i32);
                        slots(parameters, code);
                    }
                    Passes::Parameters => {
                        for (local, _) in (0..).zip(parameters) {
                            code.local_get(local);
                        }
                    }
                }
                code.call(entry);
            });
            section.export(export, ExportKind::Func, index);
            if let Passes::Slots { .. } = passes {
                let give_back = self.exported(kind, RETURN_EXPORT)?;
                section.export(&format!("cabi_post_{export}"), ExportKind::Func, give_back);
            }
        }
        Ok(self.encode(&section))
    }

    /// Adds a function, and returns its index.
    fn function(
        &mut self,
        parameters: &[ValType],
        results: &[ValType],
        write: impl FnOnce(&mut InstructionSink<'_>),
    ) -> u32 {
        let ty = self.types.len();
        let (parameters, results) = (parameters.iter().copied(), results.iter().copied());
        self.types.ty().function(parameters, results);
        let index = self.imported_functions + self.functions.len();
        self.functions.function(ty);
        let mut function = Function::new([]);
        let code = &mut function.instructions();
        write(code);
        code.end();
        self.code.function(&function);
        index
    }

    /// Writes the sections in the order that WebAssembly prescribes.
    fn encode(&self, exports: &ExportSection) -> Vec<u8> {
        let count = DataCountSection {
            count: self.data.len(),
        };
        let mut module = Module::new();
        for id in [
            SectionId::Type,
            SectionId::Import,
            SectionId::Function,
            SectionId::Table,
            SectionId::Memory,
            SectionId::Tag,
            SectionId::Global,
            SectionId::Export,
            SectionId::Start,
            SectionId::Element,
            SectionId::DataCount,
            SectionId::Code,
            SectionId::Data,
        ] {
            match id {
                SectionId::Type => module.section(&self.types),
                SectionId::Function => module.section(&self.functions),
                SectionId::Global => module.section(&self.globals),
                SectionId::Export => module.section(exports),
                SectionId::DataCount => module.section(&count),
                SectionId::Code => module.section(&self.code),
                SectionId::Data => module.section(&self.data),
                other => {
                    let id = other as u8;
                    for (_, data) in self.kept.iter().filter(|(kept, _)| *kept == id) {
                        module.section(&RawSection { id, data });
                    }
                    &mut module
                }
            };
        }
        for (name, data) in &self.custom {
            // The component has the manifest, where tools look for it.
            if *name != section::NAME {
                module.section(&wasm_encoder::CustomSection {
                    name: (*name).into(),
                    data: (*data).into(),
                });
            }
        }
        module.finish()
    }
}

/// The description, which is copied to memory once.
struct Loaded {
    /// The global with its address; 0 before the first call.
    global: u32,
    segment: u32,
    len: i32,
}

impl Loaded {
    /// Writes code that returns the address of the description.
    fn load(&self, constants: u32, code: &mut InstructionSink<'_>) {
        code.global_get(self.global)
            .i32_eqz()
            .if_(BlockType::Empty)
            .i32_const(self.len)
            .call(constants)
            .global_set(self.global)
            .global_get(self.global)
            .i32_const(0)
            .i32_const(self.len)
            .memory_init(0, self.segment)
            .end()
            .global_get(self.global);
    }
}

/// Writes code that passes the parameters as numbers of 64 bits, and zeros for the rest.
fn slots(parameters: &[ValType], code: &mut InstructionSink<'_>) {
    for slot in 0..SLOTS {
        let Some(ty) = parameters.get(slot) else {
            code.i64_const(0);
            continue;
        };
        code.local_get(slot as u32);
        match ty {
            ValType::I64 => {}
            ValType::F32 => {
                code.i32_reinterpret_f32().i64_extend_i32_u();
            }
            ValType::F64 => {
                code.i64_reinterpret_f64();
            }
            _ => {
                code.i64_extend_i32_u();
            }
        }
    }
}
