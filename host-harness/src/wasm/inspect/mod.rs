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

use plugin_sdk::abi;
use wasmparser::{BinaryReader, Data, DataKind, FuncType, NameSectionReader, Operator};

use super::interface::{ExportType, Interface, examine};
use super::words::in_words;
use crate::failure::{Failure, Import};
use crate::limits::ModuleLimits;

pub use super::interface::Section;
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
    names: OnceCell<Vec<Option<String>>>,
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
        let interface = examine(wasm, &limits)?;
        Ok(Inspection {
            wasm,
            limits,
            imports: imports(&interface),
            interface,
            names: OnceCell::new(),
        })
    }

    /// The module's size in bytes.
    pub fn size(&self) -> usize {
        self.wasm.len()
    }

    /// Its sections, in their order.
    pub fn sections(&self) -> &[Section<'a>] {
        self.interface.sections()
    }

    /// The lowest address that data are put to when the module is instantiated; `None` where it has none, or has them put to where only the engine knows.
    pub(crate) fn lowest_data(&self) -> Option<u32> {
        let data = self.interface.data();
        let data = data.filter(|segment| !segment.data.is_empty());
        data.filter_map(|segment| address(&segment)).min()
    }

    /// The linear memory that it exports under the name `memory`.
    pub fn memory(&self) -> Option<Memory> {
        match self.interface.export(abi::MEMORY_EXPORT)? {
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
            ty: in_words(&ty),
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

    /// Whether a text is in the memory that the module begins with, such as a message that it may panic with.
    pub fn has_text(&self, text: &str) -> bool {
        self.interface
            .data()
            .any(|data| String::from_utf8_lossy(data.data).contains(text))
    }

    /// The packages of registries that left a trace in the module, in the places of their panics: name and version. A package may be in the module without one.
    pub fn packages(&self) -> Vec<(String, String)> {
        let mut packages = Vec::new();
        for data in self.interface.data() {
            names::packages(&String::from_utf8_lossy(data.data), &mut packages);
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
            let Some(section) = self.interface.names() else {
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
            .field("sections", &self.sections())
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
                in_words(&ExportType::Func(ty))
            }),
            function: ty.map(|_| {
                functions += 1;
                functions - 1
            }),
        })
        .collect()
}
