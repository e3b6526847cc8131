//! Changes to a module before it is translated, so that a trap leaves the evidence that wasmtime
//! finds in its backtrace and its core dump.
//!
//! The module exports three things more:
//!
//! - its start function, which it then does not call itself: instantiation cannot be interrupted;
//! - its first global, by convention of the linker the stack pointer;
//! - a new global, in which the functions that begin a panic, or give up after a failed allocation,
//!   note that they were called. A module without names has none.
//!
//! Its memory loses the maximum size, which [`Data`](super::data::Data) enforces instead. Sections
//! that stay the same are copied.

use std::collections::BTreeSet;
use std::ops::Range;

use wasmparser::{BinaryReaderError, FunctionBody, KnownCustom, Parser, Payload, TypeRef, ValType};

use crate::failure::{WayOut, ways};
use crate::memory::PAGE;
use crate::wasm::function_names;
use crate::wasm::write::{
    CODE, EXPORTS, GLOBAL, GLOBALS, HEADER, MEMORIES, START, entries, export, more, number, section,
};

/// A module to translate.
pub(super) struct Prepared {
    pub(super) wasm: Vec<u8>,
    pub(super) evidence: Evidence,
}

/// The names of the exports that were added, and what was removed.
#[derive(Clone, Default)]
pub(super) struct Evidence {
    start: Option<Box<str>>,
    stack_pointer: Option<Box<str>>,
    marks: Option<Box<str>>,
    /// `true` if functions have names that Rust has mangled.
    is_mangled: bool,
    /// The maximum size of the memory that the module declares, in bytes.
    pub(super) memory_maximum: Option<usize>,
}

impl Evidence {
    pub(super) fn start(&self) -> Option<&str> {
        self.start.as_deref()
    }

    pub(super) fn stack_pointer(&self) -> Option<&str> {
        self.stack_pointer.as_deref()
    }

    pub(super) fn marks(&self) -> Option<&str> {
        self.marks.as_deref()
    }

    /// Returns how a guest that executed `unreachable` got there, from the value of its marks.
    pub(super) fn way_out(&self, marks: Option<u32>) -> WayOut {
        let marks = marks.unwrap_or(0);
        WayOut::of(
            (marks >= ALLOCATION).into(),
            (marks % ALLOCATION) as usize,
            self.is_mangled,
        )
    }
}

/// The kind of an export that is a function.
const FUNCTION: u8 = 0;

/// The bit that marks a failed allocation; lower ones count panics.
const ALLOCATION: u32 = 1 << 16;

/// The parts of a module that the changes depend on.
#[derive(Default)]
struct Survey<'a> {
    /// Each section but custom ones: its identifier and its contents.
    sections: Vec<(u8, Range<usize>)>,
    /// The minimum and maximum size of the only memory, in pages, if it has a maximum.
    memory: Option<(u64, u64)>,
    globals: Option<(u32, Range<usize>)>,
    exports: Option<(u32, Range<usize>)>,
    exported: BTreeSet<&'a str>,
    start: Option<u32>,
    /// `true` if the first global may be the stack pointer.
    has_stack_pointer: bool,
    imported_functions: u32,
    imported_globals: u32,
    bodies: Vec<FunctionBody<'a>>,
    /// The functions to mark.
    panics: BTreeSet<u32>,
    allocations: BTreeSet<u32>,
    is_mangled: bool,
}

/// Returns a module with the changes.
pub(super) fn prepare(wasm: &[u8]) -> Result<Prepared, BinaryReaderError> {
    let survey = Survey::of(wasm)?;
    let has_marks = !survey.panics.is_empty() || !survey.allocations.is_empty();
    let global_count = survey.globals.as_ref().map_or(0, |(count, _)| *count);
    let mark = survey.imported_globals + global_count;
    let name = |name: &str| -> Box<str> {
        let mut name = format!("plugin_sdk_harness_{name}");
        while survey.exported.contains(name.as_str()) {
            name.push('_');
        }
        name.into()
    };
    let evidence = Evidence {
        start: survey.start.map(|_| name("start")),
        stack_pointer: survey.has_stack_pointer.then(|| name("stack_pointer")),
        marks: has_marks.then(|| name("marks")),
        is_mangled: survey.is_mangled,
        memory_maximum: survey
            .memory
            .map(|(_, pages)| usize::try_from(pages.saturating_mul(PAGE)).unwrap_or(usize::MAX)),
    };

    let mut exports = Vec::new();
    let mut added = 0;
    for (name, kind, index) in [
        (evidence.start(), FUNCTION, survey.start.unwrap_or(0)),
        (evidence.stack_pointer(), GLOBAL, 0),
        (evidence.marks(), GLOBAL, mark),
    ] {
        if let Some(name) = name {
            export(&mut exports, name, kind, index);
            added += 1;
        }
    }

    let mut out = wasm.get(..HEADER).unwrap_or(wasm).to_vec();
    let mut marks_declared = !has_marks;
    for (id, range) in &survey.sections {
        // Sections are in the order of globals, exports, start; any of them may be absent.
        if *id >= GLOBALS && *id <= CODE && !marks_declared {
            if *id != GLOBALS {
                more(&mut out, GLOBALS, wasm, None, 1, &MARK);
            }
            marks_declared = true;
        }
        match (*id, survey.memory) {
            (MEMORIES, Some((minimum, _))) => {
                // One memory, without a maximum.
                let mut contents = vec![1, 0];
                number(&mut contents, minimum as usize);
                section(&mut out, MEMORIES, &contents);
            }
            (GLOBALS, _) if has_marks => {
                more(&mut out, GLOBALS, wasm, survey.globals.as_ref(), 1, &MARK)
            }
            (EXPORTS, _) => more(
                &mut out,
                EXPORTS,
                wasm,
                survey.exports.as_ref(),
                added,
                &exports,
            ),
            (START, _) => {}
            (CODE, _) if has_marks => section(&mut out, CODE, &survey.code(wasm, mark)?),
            (id, _) => section(&mut out, id, wasm.get(range.clone()).unwrap_or_default()),
        }
    }
    Ok(Prepared {
        wasm: out,
        evidence,
    })
}

/// A mutable global of type `i32` with the value 0.
const MARK: [u8; 5] = [0x7f, 1, 0x41, 0, 0x0b];

impl<'a> Survey<'a> {
    fn of(wasm: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut survey = Survey::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            if let Some((id, range)) = payload.as_section()
                && id != 0
            {
                survey.sections.push((id, range));
            }
            match payload {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        match import?.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => {
                                survey.imported_functions += 1;
                            }
                            TypeRef::Global(_) => survey.imported_globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::MemorySection(section) if section.count() == 1 => {
                    for memory in section {
                        let memory = memory?;
                        survey.memory = memory
                            .maximum
                            .filter(|_| !memory.memory64 && !memory.shared)
                            .filter(|_| memory.page_size_log2.is_none())
                            .map(|maximum| (memory.initial, maximum));
                    }
                }
                Payload::GlobalSection(section) => {
                    survey.globals = Some(entries(&section));
                    let first = section.into_iter().next().transpose()?;
                    survey.has_stack_pointer = survey.imported_globals == 0
                        && first.is_some_and(|first| {
                            first.ty.mutable && first.ty.content_type == ValType::I32
                        });
                }
                Payload::ExportSection(section) => {
                    survey.exports = Some(entries(&section));
                    for export in section {
                        survey.exported.insert(export?.name);
                    }
                }
                Payload::StartSection { func, .. } => survey.start = Some(func),
                Payload::CodeSectionEntry(body) => survey.bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for naming in function_names(names) {
                            survey.is_mangled |= ways::is_mangled(naming.name);
                            if ways::is_failed_allocation(naming.name) {
                                survey.allocations.insert(naming.index);
                            } else if ways::is_panic(naming.name) {
                                survey.panics.insert(naming.index);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(survey)
    }

    /// Returns the contents of the code section, with code that marks some functions.
    fn code(&self, wasm: &[u8], mark: u32) -> Result<Vec<u8>, BinaryReaderError> {
        let mut code = Vec::new();
        number(&mut code, self.bodies.len());
        for (nth, body) in self.bodies.iter().enumerate() {
            let range = body.range();
            let index = self.imported_functions.saturating_add(nth as u32);
            let noted = match () {
                () if self.allocations.contains(&index) => marking(mark, OR, ALLOCATION),
                () if self.panics.contains(&index) => marking(mark, ADD, 1),
                () => Vec::new(),
            };
            let start = body.get_operators_reader()?.original_position();
            let parts = [
                wasm.get(range.start..start).unwrap_or_default(),
                &noted,
                wasm.get(start..range.end).unwrap_or_default(),
            ];
            number(&mut code, parts.iter().map(|part| part.len()).sum());
            parts.iter().for_each(|part| code.extend_from_slice(part));
        }
        Ok(code)
    }
}

// Instructions.
const ADD: u8 = 0x6a;
const OR: u8 = 0x72;
const GLOBAL_GET: u8 = 0x23;
const GLOBAL_SET: u8 = 0x24;
const CONST: u8 = 0x41;

/// Returns code that combines a global with a constant, a power of two.
fn marking(global: u32, operator: u8, constant: u32) -> Vec<u8> {
    let mut code = vec![GLOBAL_GET];
    number(&mut code, global as usize);
    code.push(CONST);
    // A signed number: the next bit must be there, and zero.
    match constant {
        1 => code.push(1),
        _ => code.extend_from_slice(&[0x80, 0x80, 0x04]),
    }
    code.extend_from_slice(&[operator, GLOBAL_SET]);
    number(&mut code, global as usize);
    code
}
