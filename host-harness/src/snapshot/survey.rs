//! The parts of a module that a snapshot changes, and those that it could not hold.

use std::ops::Range;

use plugin_sdk::abi;
use wasmparser::{
    ConstExpr, DataKind, GlobalType, MemoryType, Operator, Parser, Payload, SectionLimited,
    TypeRef, ValType,
};

use super::refused;
use crate::failure::Failure;
use crate::wasm::write::entries;

/// The hint for a module that changes what is not in its memory.
const ELSEWHERE: &str = "build the plugin without a snapshot";

/// A module that a snapshot can be taken of.
#[derive(Default)]
pub(super) struct Survey<'a> {
    pub(super) wasm: &'a [u8],
    /// Each section in its order: its identifier and its contents.
    pub(super) sections: Vec<(u8, Range<usize>)>,
    /// The only memory.
    pub(super) memory: Option<MemoryType>,
    pub(super) globals: Vec<Global>,
    /// The entries of the export section.
    pub(super) exports: Option<(u32, Range<usize>)>,
    /// The entry of each export that a snapshot keeps.
    pub(super) kept: Vec<Range<usize>>,
    pub(super) exported: Vec<&'a str>,
    /// The lowest address of initial data; `None` if an address is not constant.
    lowest_data: Option<u32>,
}

/// A global of the module.
pub(super) struct Global {
    pub(super) ty: GlobalType,
    /// Its entry in the section.
    pub(super) entry: Range<usize>,
    /// The initial value, if it is a constant of type `i32`.
    initial: Option<u32>,
}

impl<'a> Survey<'a> {
    /// Surveys a valid module.
    pub(super) fn of(wasm: &'a [u8]) -> Result<Self, Failure> {
        let mut survey = Survey {
            wasm,
            lowest_data: Some(u32::MAX),
            ..Survey::default()
        };
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(|error| Failure::load(error.into()))?;
            survey.section(payload)?;
        }
        if survey.memory.is_none() {
            return Err(refused("the module has no memory of its own", ELSEWHERE));
        }
        Ok(survey)
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<(), Failure> {
        self.sections.extend(payload.as_section());
        let read = |error: wasmparser::BinaryReaderError| Failure::load(error.into());
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(read)?;
                    if !matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)) {
                        return Err(refused("the module imports more than functions", ELSEWHERE));
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory.map_err(read)?;
                    let is_usual =
                        !memory.memory64 && !memory.shared && memory.page_size_log2.is_none();
                    if !is_usual || self.memory.replace(memory).is_some() {
                        return Err(refused(
                            "a memory that is shared, large or one of several cannot be in it",
                            ELSEWHERE,
                        ));
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for (entry, global) in ranges(&section).map_err(read)? {
                    self.globals.push(Global {
                        ty: global.ty,
                        entry,
                        initial: constant(&global.init_expr),
                    });
                }
            }
            Payload::ExportSection(section) => {
                self.exports = Some(entries(&section));
                for (entry, export) in ranges(&section).map_err(read)? {
                    self.exported.push(export.name);
                    if export.name != abi::PREPARE_EXPORT {
                        self.kept.push(entry);
                    }
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    // A passive segment is unused: no instruction below refers to it.
                    if let DataKind::Active { offset_expr, .. } = segment.map_err(read)?.kind {
                        let address = constant(&offset_expr);
                        let lowest = self.lowest_data.zip(address);
                        self.lowest_data = lowest.map(|(lowest, address)| lowest.min(address));
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let mut operators = body.get_operators_reader().map_err(read)?;
                while !operators.eof() {
                    if let Some(name) = elsewhere(&operators.read().map_err(read)?) {
                        return Err(refused(
                            format!(
                                "its code has the instruction `{name}`, whose effect it cannot hold"
                            ),
                            ELSEWHERE,
                        ));
                    }
                }
            }
            _ => {}
        }
        let is_held = |global: &Global| !global.ty.mutable || is_number(global.ty.content_type);
        match self.globals.iter().all(is_held) {
            true => Ok(()),
            false => Err(refused(
                "a global that changes is neither an integer nor a float",
                ELSEWHERE,
            )),
        }
    }

    /// Returns the address where the stack ends, below which no code reads between two calls: the
    /// linker places the stack below all data, and its pointer in the first global. `None` if the
    /// module is laid out in another way.
    pub(super) fn end_of_stack(&self, pointer: u32) -> Option<u32> {
        let first = self.globals.first()?;
        let initial = first.initial.filter(|_| first.ty.mutable)?;
        (initial == pointer && self.lowest_data? >= initial).then_some(initial)
    }
}

/// Returns each entry of a section with the range of its bytes.
fn ranges<'a, T: wasmparser::FromReader<'a>>(
    section: &SectionLimited<'a, T>,
) -> wasmparser::Result<Vec<(Range<usize>, T)>> {
    let mut found: Vec<(Range<usize>, T)> = Vec::new();
    let end = section.range().end;
    for entry in section.clone().into_iter_with_offsets() {
        let (start, entry) = entry?;
        if let Some((last, _)) = found.last_mut() {
            last.end = start;
        }
        found.push((start..end, entry));
    }
    Ok(found)
}

fn is_number(ty: ValType) -> bool {
    matches!(
        ty,
        ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64
    )
}

/// Returns the value of an expression that is one constant of type `i32`.
fn constant(expression: &ConstExpr<'_>) -> Option<u32> {
    let mut operators = expression.get_operators_reader();
    let value = match operators.read().ok()? {
        Operator::I32Const { value } => value.cast_unsigned(),
        _ => return None,
    };
    matches!(operators.read(), Ok(Operator::End)).then_some(value)
}

/// Returns the name of an instruction with an effect outside memory and globals: on tables, or on
/// segments, which instances begin with whole.
fn elsewhere(operator: &Operator<'_>) -> Option<&'static str> {
    Some(match operator {
        Operator::TableCopy { .. } => "table.copy",
        Operator::TableFill { .. } => "table.fill",
        Operator::TableGrow { .. } => "table.grow",
        Operator::TableInit { .. } => "table.init",
        Operator::TableSet { .. } => "table.set",
        Operator::ElemDrop { .. } => "elem.drop",
        Operator::MemoryInit { .. } => "memory.init",
        Operator::DataDrop { .. } => "data.drop",
        _ => return None,
    })
}
