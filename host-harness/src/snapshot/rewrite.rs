//! The module that is run, whose globals can be read, and the snapshot that results.

use plugin_sdk::abi;
use wasmparser::ValType;

use super::survey::{Global, Survey};
use super::{refused, segments};
use crate::engine::Store;
use crate::failure::Failure;
use crate::imports::State;
use crate::memory::PAGE;
use crate::wasm::write::{
    CODE, CUSTOM, DATA, DATA_COUNT, EXPORTS, GLOBAL, GLOBALS, HEADER, MEMORIES, START, export,
    more, number, section, signed,
};

/// The most data segments of a snapshot: few hosts accept more than 100,000.
const MAX_SEGMENTS: usize = 10_000;

// Instructions of initial values.
const I32_CONST: u8 = 0x41;
const I64_CONST: u8 = 0x42;
const F32_CONST: u8 = 0x43;
const F64_CONST: u8 = 0x44;
const END: u8 = 0x0b;

/// Returns the module with an export for each global that can change.
pub(super) fn opened(survey: &Survey<'_>) -> Vec<u8> {
    let (mut added, mut new) = (0, Vec::new());
    for (index, _) in mutable(survey) {
        export(&mut new, &exported(survey, index), GLOBAL, index);
        added += 1;
    }
    let mut out = survey.header();
    for (id, contents) in survey.contents() {
        match id {
            EXPORTS => more(
                &mut out,
                EXPORTS,
                survey.wasm,
                survey.exports.as_ref(),
                added,
                &new,
            ),
            id => section(&mut out, id, contents),
        }
    }
    out
}

/// Returns the module with the memory and the globals of an instance, and without what has run.
pub(super) fn closed(survey: &Survey<'_>, store: &mut Store<State>) -> Result<Vec<u8>, Failure> {
    let globals = globals(survey, store)?;
    let pointer = globals.stack_pointer;
    let memory = store.memory();
    let unused = pointer.and_then(|pointer| survey.end_of_stack(pointer));
    let unused = (unused.unwrap_or(0) as usize).min(memory.len());
    let (_, used) = memory.split_at(unused);
    let mut out = survey.header();
    for (id, contents) in survey.contents() {
        match id {
            MEMORIES => section(&mut out, MEMORIES, &memory_of(survey, memory.len())),
            GLOBALS => section(&mut out, GLOBALS, &globals.section),
            EXPORTS => section(&mut out, EXPORTS, &exports(survey)),
            START | DATA | DATA_COUNT => {}
            CODE => {
                section(&mut out, CODE, contents);
                section(&mut out, DATA, &data(used, unused));
            }
            id => section(&mut out, id, contents),
        }
    }
    let mut mark = Vec::new();
    number(&mut mark, abi::SNAPSHOT_SECTION.len());
    mark.extend_from_slice(abi::SNAPSHOT_SECTION.as_bytes());
    section(&mut out, CUSTOM, &mark);
    Ok(out)
}

impl<'a> Survey<'a> {
    fn header(&self) -> Vec<u8> {
        self.wasm.get(..HEADER).unwrap_or(self.wasm).to_vec()
    }

    fn contents(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let sections = self.sections.iter();
        sections.map(|(id, range)| (*id, self.wasm.get(range.clone()).unwrap_or_default()))
    }
}

fn mutable<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = (u32, &'s Global)> {
    (0..)
        .zip(&survey.globals)
        .filter(|(_, global)| global.ty.mutable)
}

/// Returns the name under which a global is exported while the module runs.
fn exported(survey: &Survey<'_>, index: u32) -> String {
    let mut name = format!("plugin_sdk_harness_global_{index}");
    while survey.exported.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// The globals of a snapshot.
struct Globals {
    section: Vec<u8>,
    /// The value of the first global, if it can be the stack pointer.
    stack_pointer: Option<u32>,
}

fn globals(survey: &Survey<'_>, store: &mut Store<State>) -> Result<Globals, Failure> {
    let mut globals = Globals {
        section: Vec::new(),
        stack_pointer: None,
    };
    let out = &mut globals.section;
    number(out, survey.globals.len());
    for (index, global) in (0..).zip(&survey.globals) {
        if !global.ty.mutable {
            let entry = survey.wasm.get(global.entry.clone());
            out.extend_from_slice(entry.unwrap_or_default());
            continue;
        }
        let value = store.global_bits(&exported(survey, index));
        let value =
            value.ok_or_else(|| refused("a global is gone", "this is a fault of the harness"))?;
        let is_mutable = 1;
        match global.ty.content_type {
            ValType::I64 => {
                out.extend_from_slice(&[0x7e, is_mutable, I64_CONST]);
                signed(out, value.cast_signed());
            }
            ValType::F32 => {
                out.extend_from_slice(&[0x7d, is_mutable, F32_CONST]);
                out.extend_from_slice(&(value as u32).to_le_bytes());
            }
            ValType::F64 => {
                out.extend_from_slice(&[0x7c, is_mutable, F64_CONST]);
                out.extend_from_slice(&value.to_le_bytes());
            }
            // The survey refuses all other types.
            _ => {
                out.extend_from_slice(&[0x7f, is_mutable, I32_CONST]);
                signed(out, (value as u32).cast_signed().into());
                if index == 0 {
                    globals.stack_pointer = Some(value as u32);
                }
            }
        }
        out.push(END);
    }
    Ok(globals)
}

/// Returns the section of the memory, which begins as large as it has become.
fn memory_of(survey: &Survey<'_>, bytes: usize) -> Vec<u8> {
    let maximum = survey.memory.and_then(|memory| memory.maximum);
    let mut contents = vec![1, u8::from(maximum.is_some())];
    number(&mut contents, bytes / PAGE as usize);
    if let Some(maximum) = maximum {
        // Of a memory with 32-bit addresses.
        number(&mut contents, maximum as usize);
    }
    contents
}

fn exports(survey: &Survey<'_>) -> Vec<u8> {
    let mut contents = Vec::new();
    number(&mut contents, survey.kept.len());
    for entry in &survey.kept {
        contents.extend_from_slice(survey.wasm.get(entry.clone()).unwrap_or_default());
    }
    contents
}

/// Returns the section of data for a memory, whose first bytes are at `address`.
fn data(memory: &[u8], address: usize) -> Vec<u8> {
    let ranges = segments::of(memory, MAX_SEGMENTS);
    let mut contents = Vec::new();
    number(&mut contents, ranges.len());
    for range in ranges {
        // Addresses have 32 bits, and a constant is signed.
        let start = ((address + range.start) as u32).cast_signed();
        contents.extend_from_slice(&[0, I32_CONST]);
        signed(&mut contents, start.into());
        contents.push(END);
        number(&mut contents, range.len());
        contents.extend_from_slice(memory.get(range).unwrap_or_default());
    }
    contents
}
