//! Inspection of a module without compiling or running it: its interface, the proposals that it
//! needs, its compliance with the ABI, and its calls.
//!
//! ```
//! use plugin_sdk_harness::inspect::Inspection;
//!
//! let text = r#"(module (import "wbg" "now" (func)) (memory (export "memory") 1))"#;
//! let wasm = wat::parse_str(text)?;
//! let inspection = Inspection::of(&wasm)?;
//! assert_eq!(inspection.memory().unwrap().initial, 1);
//! assert_eq!(inspection.imports()[0].import.to_string(), "`now` of `wbg`");
//!
//! // It is not a plugin: it does not export a version of the ABI.
//! let failures = inspection.failures();
//! assert_eq!(failures[0].code(), "missing_export");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod code;
mod image;
mod names;
mod proposals;
mod unsupported;
mod work;

use std::cell::OnceCell;

use plugin_sdk::abi;
use wasmparser::{BinaryReader, Data, DataKind, FuncType, NameSectionReader, Operator};

use super::interface::{ExportType, Interface, examine, function_names};
use super::words::in_words;
use crate::failure::{Failure, Import};
use crate::limits::ModuleLimits;

pub use super::interface::Section;
pub use code::Code;
pub use names::Function;
pub use proposals::Proposal;
pub use unsupported::Unsupported;

/// The contents of a module, read from its bytes.
///
/// Creating one reads the module's interface, which takes microseconds; [`code`](Self::code) reads
/// the whole module.
pub struct Inspection<'a> {
    wasm: &'a [u8],
    limits: ModuleLimits,
    interface: Interface<'a>,
    imports: Vec<Imported>,
    /// The functions by index, if they have names: demangling takes longer than a look.
    names: OnceCell<Vec<Option<Function>>>,
}

/// An import of the module.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The name.
    pub import: Import,
    /// The type in words: `a function (i32, i32) -> i64`.
    pub ty: String,
    /// The index of the function in the module; `None` if the import is not a function.
    pub function: Option<u32>,
}

/// An export of the module.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exported {
    /// The name as in the module: it may contain terminal escapes.
    pub name: String,
    /// The type in words.
    pub ty: String,
}

/// A linear memory, in pages of 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// The initial size.
    pub initial: u64,
    /// The maximum size that the module declares.
    pub maximum: Option<u64>,
}

impl<'a> Inspection<'a> {
    /// Reads the interface of a module.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not a module, or are truncated; the failure names what they are. Also
    /// fails if they exceed the default [`ModuleLimits`].
    pub fn of(wasm: &'a [u8]) -> Result<Self, Failure> {
        Self::within(wasm, ModuleLimits::default())
    }

    /// Reads the interface of a module, like [`of`](Self::of), within other limits.
    ///
    /// # Errors
    ///
    /// Like [`of`](Self::of).
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

    /// Returns the module's size in bytes.
    pub fn size(&self) -> usize {
        self.wasm.len()
    }

    /// Returns the sections in their order.
    pub fn sections(&self) -> &[Section<'a>] {
        &self.interface.sections
    }

    /// Returns the lowest address at which instantiation places data; `None` if no data has a
    /// constant address.
    pub(crate) fn lowest_data(&self) -> Option<u32> {
        let data = self.interface.data();
        let data = data.filter(|segment| !segment.data.is_empty());
        data.filter_map(|segment| address(&segment)).min()
    }

    /// Returns the linear memory that is exported under the name `memory`.
    pub fn memory(&self) -> Option<Memory> {
        match self.interface.export(abi::MEMORY_EXPORT)? {
            ExportType::Memory(memory) => Some(Memory {
                initial: memory.initial,
                maximum: memory.maximum,
            }),
            _ => None,
        }
    }

    /// Returns the imports.
    pub fn imports(&self) -> &[Imported] {
        &self.imports
    }

    /// Returns the exports.
    pub fn exports(&self) -> impl Iterator<Item = Exported> {
        self.interface.exports().map(|(name, ty)| Exported {
            name: name.to_owned(),
            ty: in_words(&ty),
        })
    }

    /// Returns the module's interface.
    pub(crate) fn interface(&self) -> &Interface<'a> {
        &self.interface
    }

    /// Returns the type of an imported function.
    pub(crate) fn import_type(&self, import: &Import) -> Option<&FuncType> {
        self.interface
            .imports()
            .find_map(|(found, ty)| (found == import).then_some(ty)?)
    }

    /// Returns whether the module is a snapshot of an initialised plugin.
    pub fn is_snapshot(&self) -> bool {
        let is_mark =
            |section: &Section<'_>| section.custom && section.name == abi::SNAPSHOT_SECTION;
        self.sections().iter().any(is_mark)
    }

    /// Returns whether a text is in the initial memory, such as a message that the module may panic
    /// with.
    pub fn has_text(&self, text: &str) -> bool {
        self.interface
            .data()
            .any(|data| String::from_utf8_lossy(data.data).contains(text))
    }

    /// Returns the registry packages that left a trace in the module, in the locations of their
    /// panics: name and version. A module may also contain packages that left none.
    pub fn packages(&self) -> Vec<(String, String)> {
        let mut packages = Vec::new();
        for data in self.interface.data() {
            names::packages(&String::from_utf8_lossy(data.data), &mut packages);
        }
        packages.sort();
        packages.dedup();
        packages
    }

    /// Returns whether the module has the names of its functions, which `strip` removes.
    pub fn has_names(&self) -> bool {
        self.named().next().is_some()
    }

    /// Returns a function's name, if the module has it.
    pub fn function(&self, index: u32) -> Option<Function> {
        self.named_function(index).cloned()
    }

    /// Returns all functions that have names, with their indices.
    pub fn functions(&self) -> impl Iterator<Item = (u32, Function)> {
        self.named().map(|(index, named)| (index, named.clone()))
    }

    fn named_function(&self, index: u32) -> Option<&Function> {
        self.names().get(index as usize)?.as_ref()
    }

    fn named(&self) -> impl Iterator<Item = (u32, &Function)> {
        let named = (0u32..).zip(self.names());
        named.filter_map(|(index, named)| Some((index, named.as_ref()?)))
    }

    fn names(&self) -> &[Option<Function>] {
        self.names.get_or_init(|| {
            let mut names = vec![None; self.interface.functions.len()];
            // A name section that cannot be read counts as missing.
            let section = self.interface.names.into_iter();
            let named = section.flat_map(|section| {
                function_names(NameSectionReader::new(BinaryReader::new(section, 0)))
            });
            for function in named {
                if let Some(name) = names.get_mut(function.index as usize) {
                    *name = Some(Function::named(function.name));
                }
            }
            names
        })
    }

    /// Reads and validates the whole module.
    ///
    /// # Errors
    ///
    /// Fails if the module is invalid; all proposals are accepted here, even if a host may lack
    /// them. Also fails if the module would take too long to compile.
    pub fn code(&self) -> Result<Code, Failure> {
        code::read(self.wasm, &self.interface, &self.limits).map_err(Failure::load)
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

/// Returns the address at which instantiation places data, if it is a constant.
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
