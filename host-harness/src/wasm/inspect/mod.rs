//! What a module is, found out without compiling or running it: its outside, what it needs, how it keeps to the ABI, and where it calls what.
//!
//! ```
//! use plugin_sdk_harness::inspect::Inspection;
//!
//! let wasm = wat::parse_str(r#"(module (import "wbg" "now" (func)) (memory (export "memory") 1))"#)?;
//! let inspection = Inspection::of(&wasm)?;
//! assert_eq!(inspection.memory().unwrap().initial, 1);
//! assert_eq!(inspection.imports()[0].import.to_string(), "`now` of `wbg`");
//!
//! // It is no plugin: it says no version of the ABI.
//! let failures = inspection.failures();
//! assert_eq!(failures[0].code(), "missing_export");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod code;
mod names;
mod proposals;
mod unsupported;
mod work;

use std::cell::OnceCell;

use wasmparser::{
    BinaryReader, Data, DataKind, FuncType, KnownCustom, NameSectionReader, Operator, Parser,
    Payload,
};

use crate::contract::{self, Contract};
use crate::failure::{Failure, Import};
use crate::limits::ModuleLimits;
use crate::manifest::{Manifest, ManifestError, Warning};
use crate::triage::{self, ExportType, Interface};

pub use code::Code;
pub use names::Function;
pub use proposals::Proposal;
pub use unsupported::Unsupported;

/// What is known of a module's bytes.
///
/// Making one reads the module's outside, which takes microseconds; [`code`](Self::code) reads all of it.
pub struct Inspection<'a> {
    wasm: &'a [u8],
    limits: ModuleLimits,
    interface: Interface<'a>,
    imports: Vec<Imported>,
    sections: Vec<Section<'a>>,
    data: Vec<&'a [u8]>,
    /// The lowest address that the module's data are put to, where it is a number.
    lowest_data: Option<u32>,
    names: OnceCell<Vec<Option<String>>>,
    name_section: Option<&'a [u8]>,
}

/// Something that a module imports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// What it is called.
    pub import: Import,
    /// What it is, in words: `a function (i32, i32) -> i64`.
    pub ty: String,
    /// The number that the module knows the function by; `None` if it is none.
    pub function: Option<u32>,
}

/// Something that a module exports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exported {
    /// Its name, as the module has it: it may have characters that a terminal acts on.
    pub name: String,
    /// What it is, in words.
    pub ty: String,
}

/// A linear memory, in pages of 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// What it has from the beginning.
    pub initial: u64,
    /// What it may grow to by the module's own word.
    pub maximum: Option<u64>,
}

/// A part of the module's file.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Section<'a> {
    /// Its name: `code`, `data`, … or that of a custom section.
    pub name: &'a str,
    /// Whether it is a custom section.
    pub custom: bool,
    /// Its size in bytes.
    pub bytes: usize,
}

impl<'a> Inspection<'a> {
    /// Reads the outside of a module.
    ///
    /// # Errors
    ///
    /// Where the bytes are something else than a module, or a part of one: the failure says what they are. Where they are more than [`ModuleLimits`] allow unless set.
    pub fn of(wasm: &'a [u8]) -> Result<Self, Failure> {
        Self::within(wasm, ModuleLimits::default())
    }

    /// As [`of`](Self::of), within other limits.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn within(wasm: &'a [u8], limits: ModuleLimits) -> Result<Self, Failure> {
        let interface = triage::examine(wasm, &limits)?;
        let mut inspection = Inspection {
            wasm,
            limits,
            imports: imports(&interface),
            interface,
            sections: Vec::new(),
            data: Vec::new(),
            lowest_data: None,
            names: OnceCell::new(),
            name_section: None,
        };
        for payload in Parser::new(0).parse_all(wasm) {
            inspection.section(payload.map_err(|error| Failure::load(error.into()))?);
        }
        Ok(inspection)
    }

    fn section(&mut self, payload: Payload<'a>) {
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
        match &payload {
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(_) = section.as_known() {
                    self.name_section = Some(section.data());
                }
                self.sections.push(Section {
                    name: section.name(),
                    custom: true,
                    bytes: section.range().len(),
                });
                return;
            }
            Payload::DataSection(section) => {
                for segment in section.clone().into_iter().flatten() {
                    self.data.push(segment.data);
                    let address = address(&segment).filter(|_| !segment.data.is_empty());
                    self.lowest_data = self.lowest_data.into_iter().chain(address).min();
                }
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            self.sections.push(Section {
                name: NAMES.get(usize::from(id)).copied().unwrap_or("unknown"),
                custom: false,
                bytes: range.len(),
            });
        }
    }

    /// The module's size in bytes.
    pub fn size(&self) -> usize {
        self.wasm.len()
    }

    /// Its sections, in their order.
    pub fn sections(&self) -> &[Section<'a>] {
        &self.sections
    }

    /// The lowest address that data are put to when the module is instantiated; `None` where it has none, or has them put to where only the engine knows.
    pub(crate) fn lowest_data(&self) -> Option<u32> {
        self.lowest_data
    }

    /// The linear memory that it exports under the name `memory`.
    pub fn memory(&self) -> Option<Memory> {
        match self.interface.export(contract::MEMORY)? {
            ExportType::Memory(memory) => Some(Memory {
                initial: memory.initial,
                maximum: memory.maximum,
            }),
            _ => None,
        }
    }

    /// What it imports.
    pub fn imports(&self) -> &[Imported] {
        &self.imports
    }

    /// What it exports.
    pub fn exports(&self) -> impl Iterator<Item = Exported> {
        self.interface.exports().map(|(name, ty)| Exported {
            name: name.to_owned(),
            ty: contract::in_words(&ty),
        })
    }

    /// The module's outside.
    pub(crate) fn interface(&self) -> &Interface<'a> {
        &self.interface
    }

    /// The type of an imported function.
    pub(crate) fn import_type(&self, import: &Import) -> Option<&FuncType> {
        self.interface
            .imports()
            .find_map(|(found, ty)| (found == import).then_some(ty)?)
    }

    /// Everything in which the module breaks with version 1 of the ABI, most important first. A module without such a failure can be loaded.
    pub fn failures(&self) -> Vec<Failure> {
        let found = contract::violations(&self.interface);
        found.into_iter().map(Failure::load).collect()
    }

    /// As [`failures`](Self::failures), without what concerns imports.
    pub(crate) fn failures_of_exports(&self) -> Vec<Failure> {
        let mut failures = self.failures();
        failures.retain(|failure| failure.code() != "missing_imports");
        failures
    }

    /// What the module says of itself; `None` where it says nothing.
    ///
    /// # Errors
    ///
    /// Where what it says cannot be read.
    pub fn manifest(&self) -> Result<Option<Manifest>, ManifestError> {
        Manifest::of_sections(self.interface.manifests())
    }

    /// As [`Module::warnings`](crate::Module::warnings); none where the module cannot be loaded.
    pub fn warnings(&self) -> Vec<Warning> {
        match Contract::of(&self.interface) {
            Ok(contract) => contract.warnings().to_vec(),
            Err(_) => Vec::new(),
        }
    }

    /// Whether a text is in the memory that the module begins with, such as a message that it may panic with.
    pub fn has_text(&self, text: &str) -> bool {
        self.data
            .iter()
            .any(|data| String::from_utf8_lossy(data).contains(text))
    }

    /// The packages of registries that left a trace in the module, in the places of their panics: name and version. A package may be in the module without one.
    pub fn packages(&self) -> Vec<(String, String)> {
        let mut packages = Vec::new();
        for data in &self.data {
            names::packages(&String::from_utf8_lossy(data), &mut packages);
        }
        packages.sort();
        packages.dedup();
        packages
    }

    /// Whether the module has the names of its functions, which `strip` removes.
    pub fn has_names(&self) -> bool {
        self.names().iter().any(Option::is_some)
    }

    /// A function's name, if the module has it.
    pub fn function(&self, index: u32) -> Option<Function> {
        let name = self.names().get(index as usize)?.as_deref()?;
        Some(Function::named(name))
    }

    /// All functions that have names, with their numbers.
    pub fn functions(&self) -> impl Iterator<Item = (u32, Function)> {
        (0u32..).zip(self.names()).filter_map(|(index, name)| {
            let name = name.as_deref()?;
            Some((index, Function::named(name)))
        })
    }

    fn names(&self) -> &[Option<String>] {
        self.names.get_or_init(|| {
            let count = self.interface.functions();
            let mut names = vec![None; count];
            let Some(section) = self.name_section else {
                return names;
            };
            let reader = NameSectionReader::new(BinaryReader::new(section, 0));
            // A name section that cannot be read is as good as none.
            for subsection in reader.into_iter().flatten() {
                if let wasmparser::Name::Function(functions) = subsection {
                    for function in functions.into_iter().flatten() {
                        if let Some(name) = names.get_mut(function.index as usize) {
                            *name = Some(function.name.to_owned());
                        }
                    }
                }
            }
            names
        })
    }

    /// Reads and validates all of the module.
    ///
    /// # Errors
    ///
    /// Where it is not valid, by the whole of WebAssembly: what a host cannot run of it is another question. Where it would take too long to compile.
    pub fn code(&self) -> Result<Code, Failure> {
        code::read(self.wasm, &self.limits).map_err(Failure::load)
    }
}

impl std::fmt::Debug for Inspection<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspection")
            .field("size", &self.size())
            .field("imports", &self.imports)
            .field("sections", &self.sections)
            .finish()
    }
}

/// Where data are put to when the module is instantiated, where that is a plain number.
fn address(segment: &Data<'_>) -> Option<u32> {
    let DataKind::Active { offset_expr, .. } = &segment.kind else {
        return None;
    };
    match offset_expr.get_operators_reader().read().ok()? {
        Operator::I32Const { value } => Some(value.cast_unsigned()),
        _ => None,
    }
}

fn imports(interface: &Interface<'_>) -> Vec<Imported> {
    let mut functions = 0;
    interface
        .imports()
        .map(|(import, ty)| Imported {
            import: import.clone(),
            ty: ty.map_or("no function".to_owned(), |ty| {
                contract::in_words(&ExportType::Func(ty))
            }),
            function: ty.map(|_| {
                functions += 1;
                functions - 1
            }),
        })
        .collect()
}
