//! Reads a whole module in one pass: validates it, and collects its calls, the proposals that it
//! needs, and the work that compiling it takes.

use std::collections::BTreeSet;

use wasmparser::{
    BinaryReaderError, BlockType, DataKind, ElementKind, FuncType, FuncValidatorAllocations,
    FunctionBody, KnownCustom, NameSectionReader, Operator, Parser, Payload, RefType, TableType,
    TypeRef, ValType, ValidPayload, Validator, WasmFeatures,
};

use super::proposals::{self, Proposal};
use super::work::{Arity, Work};
use crate::failure::FailureKind;
use crate::limits::ModuleLimits;
use crate::wasm::{ExportType, Interface, function_names, within};

/// The calls and the proposals in a module's code.
#[derive(Debug, Default)]
pub struct Code {
    proposals: BTreeSet<Proposal>,
    /// Pairs of caller and callee, by function index, sorted and unique.
    calls: Vec<(u32, u32)>,
    functions: u32,
}

impl Code {
    /// Returns the proposals that the module needs.
    pub fn proposals(&self) -> impl Iterator<Item = Proposal> {
        self.proposals.iter().copied()
    }

    /// Returns whether an engine needs a proposal to run the module.
    pub fn needs(&self, proposal: Proposal) -> bool {
        self.proposals.contains(&proposal)
    }

    /// Returns the functions that call a function directly, in order.
    pub fn callers(&self, function: u32) -> impl Iterator<Item = u32> {
        let from = self.calls.partition_point(|(callee, _)| *callee < function);
        let (_, calls) = self.calls.split_at(from);
        calls
            .iter()
            .take_while(move |(callee, _)| *callee == function)
            .map(|(_, caller)| *caller)
    }

    /// Returns the number of functions that have a body.
    pub fn functions(&self) -> u32 {
        self.functions
    }

    fn need(&mut self, proposal: Proposal) {
        self.proposals.insert(proposal);
    }

    fn reference(&mut self, ty: RefType) {
        if ty == RefType::EXTERNREF {
            self.need(Proposal::Externref);
        }
        self.need(match ty {
            RefType::EXTERNREF | RefType::FUNCREF => Proposal::ReferenceTypes,
            RefType::EXNREF => Proposal::Exceptions,
            _ => Proposal::FunctionReferences,
        });
    }

    fn value(&mut self, ty: ValType) {
        match ty {
            ValType::V128 => self.need(Proposal::Simd),
            ValType::Ref(ty) => self.reference(ty),
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => {}
        }
    }

    /// Adds the proposals of types, of memories and of exports.
    fn interface(&mut self, interface: &Interface<'_>) {
        for ty in &interface.types {
            let values = ty.params().iter().chain(ty.results());
            values.for_each(|ty| self.value(*ty));
            if ty.results().len() > 1 {
                self.need(Proposal::MultiValue);
            }
        }
        for global in &interface.globals {
            self.value(global.content_type);
        }
        for memory in &interface.memories {
            for (is_used, proposal) in [
                (memory.memory64, Proposal::Memory64),
                (memory.shared, Proposal::Threads),
                (memory.page_size_log2.is_some(), Proposal::Other),
                (interface.memories.len() > 1, Proposal::MultiMemory),
            ] {
                self.proposals.extend(is_used.then_some(proposal));
            }
        }
        for (_, export) in interface.exports() {
            if matches!(export, ExportType::Global(global) if global.mutable) {
                self.need(Proposal::MutableGlobal);
            }
        }
    }

    fn table(&mut self, table: &TableType) {
        if table.element_type != RefType::FUNCREF {
            self.reference(table.element_type);
        }
        if table.table64 {
            self.need(Proposal::Memory64);
        }
    }

    fn operator(&mut self, operator: &Operator<'_>, block_results: impl Fn(u32) -> bool) {
        if let Some(proposal) = proposals::of_operator(operator) {
            self.proposals.insert(proposal);
        }
        match operator {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                match blockty {
                    BlockType::FuncType(ty) if block_results(*ty) => {
                        self.need(Proposal::MultiValue);
                    }
                    BlockType::Type(ty) => self.value(*ty),
                    _ => {}
                }
            }
            Operator::CallIndirect { table_index, .. } if *table_index > 0 => {
                self.need(Proposal::ReferenceTypes);
            }
            _ => {}
        }
    }

    fn initial(&mut self, expression: &wasmparser::ConstExpr<'_>) -> Result<(), BinaryReaderError> {
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            match operators.read()? {
                Operator::I32Add
                | Operator::I32Sub
                | Operator::I32Mul
                | Operator::I64Add
                | Operator::I64Sub
                | Operator::I64Mul => {
                    self.need(Proposal::ExtendedConst);
                }
                operator => self.operator(&operator, |_| false),
            }
        }
        Ok(())
    }
}

/// Returns all features that the engines in use support, and more. Another step determines which of
/// those that a module needs a host lacks.
fn everything() -> WasmFeatures {
    WasmFeatures::all()
}

/// Reads a module whose [interface](crate::wasm::examine) is within the limits.
pub(super) fn read(
    wasm: &[u8],
    interface: &Interface<'_>,
    limits: &ModuleLimits,
) -> Result<Code, FailureKind> {
    let mut validator = Validator::new_with_features(everything());
    let mut code = Code::default();
    code.interface(interface);
    let mut work = Work::of(interface);
    work.check_initial(limits)?;
    // Reused from one function to the next, so that most functions need no allocation.
    let mut allocations = FuncValidatorAllocations::default();
    let mut function_number = 0;
    let mut tables = 0;
    let mut called = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
            let mut function = function.into_validator(allocations);
            let body = Body {
                number: function_number,
                body: &body,
                interface,
                limits,
            };
            body.read(&mut function, &mut code, &mut work, &mut called)?;
            allocations = function.into_allocations();
            called.sort_unstable();
            called.dedup();
            code.calls
                .extend(called.drain(..).map(|callee| (callee, function_number)));
            code.functions += 1;
            function_number += 1;
            continue;
        }
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => function_number += 1,
                        TypeRef::Table(table) => {
                            tables += 1;
                            code.table(&table);
                        }
                        TypeRef::Global(global) if global.mutable => {
                            code.need(Proposal::MutableGlobal);
                        }
                        TypeRef::Tag(_) => code.need(Proposal::Exceptions),
                        TypeRef::Global(_) | TypeRef::Memory(_) => {}
                    }
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    tables += 1;
                    code.table(&table?.ty);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    code.initial(&global?.init_expr)?;
                }
            }
            Payload::TagSection(_) => code.need(Proposal::Exceptions),
            Payload::ElementSection(section) => {
                for element in section {
                    match element?.kind {
                        ElementKind::Active {
                            table_index,
                            offset_expr,
                        } => {
                            code.initial(&offset_expr)?;
                            if table_index.is_some_and(|index| index > 0) {
                                code.need(Proposal::ReferenceTypes);
                            }
                        }
                        ElementKind::Passive => code.need(Proposal::BulkMemory),
                        ElementKind::Declared => code.need(Proposal::ReferenceTypes),
                    }
                }
            }
            Payload::DataCountSection { .. } => code.need(Proposal::BulkMemory),
            Payload::DataSection(section) => {
                for data in section {
                    match data?.kind {
                        DataKind::Active { offset_expr, .. } => code.initial(&offset_expr)?,
                        DataKind::Passive => code.need(Proposal::BulkMemory),
                    }
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    lengths_of_names(names, limits)?;
                }
            }
            _ => {}
        }
    }
    code.calls.sort_unstable();
    if tables > 1 {
        code.need(Proposal::ReferenceTypes);
    }
    Ok(code)
}

/// Checks the lengths of names: every frame of a backtrace has a copy of the name of its function.
fn lengths_of_names(
    names: NameSectionReader<'_>,
    limits: &ModuleLimits,
) -> Result<(), FailureKind> {
    for naming in function_names(names) {
        let bytes = naming.name.len() as u64;
        let things = "bytes in the name of a function";
        within(bytes, limits.name_bytes, "name_bytes", things)?;
    }
    Ok(())
}

/// Returns the numbers of parameters and results of a function type. A module that refers to a
/// type which does not exist is refused before.
fn arity(ty: Option<&FuncType>) -> Arity {
    ty.map_or((0, 0), |ty| {
        (ty.params().len() as u64, ty.results().len() as u64)
    })
}

/// A function body to read.
struct Body<'a, 'm> {
    number: u32,
    body: &'a FunctionBody<'a>,
    interface: &'a Interface<'m>,
    limits: &'a ModuleLimits,
}

impl Body<'_, '_> {
    fn read<T: wasmparser::WasmModuleResources>(
        &self,
        validator: &mut wasmparser::FuncValidator<T>,
        code: &mut Code,
        work: &mut Work,
        called: &mut Vec<u32>,
    ) -> Result<(), FailureKind> {
        let Body {
            interface, limits, ..
        } = *self;
        let of_type = |ty: u32| arity(interface.types.get(ty as usize));
        let of_function = |number: u32| arity(interface.func_type(number as usize));
        let bytes = self.body.range().len() as u64;
        self.within(bytes, limits.function_bytes, "function_bytes", "bytes in")?;
        let (params, results) = of_function(self.number);
        let mut locals = params;
        for local in self.body.get_locals_reader()? {
            let (count, ty) = local?;
            locals += u64::from(count);
            code.value(ty);
            self.within(locals, limits.locals, "locals", "locals in")?;
        }
        let mut reader = self.body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        work.begin(locals, (params, results));
        let mut operators = wasmparser::OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            let height = validator.operand_stack_height();
            validator.op(offset, &operator)?;
            code.operator(&operator, |ty| !matches!(of_type(ty), (0, 0 | 1)));
            let (mut block, mut call) = (Arity::default(), Arity::default());
            match operator {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    called.push(function_index);
                    call = of_function(function_index);
                }
                Operator::CallIndirect { type_index, .. }
                | Operator::ReturnCallIndirect { type_index, .. } => {
                    call = of_type(type_index);
                }
                Operator::Block { blockty }
                | Operator::Loop { blockty }
                | Operator::If { blockty } => {
                    block = match blockty {
                        BlockType::Empty => (0, 0),
                        BlockType::Type(_) => (0, 1),
                        BlockType::FuncType(ty) => of_type(ty),
                    };
                }
                _ => {}
            }
            let open = validator.control_stack_height();
            self.within(
                u64::from(open.saturating_sub(1)),
                limits.nesting,
                "nesting",
                "blocks within each other in",
            )?;
            work.operator(&operator, height, open, block, call);
            let loops = work.loops() as u64;
            self.within(
                loops,
                limits.loop_nesting,
                "loop_nesting",
                "loops within each other in",
            )?;
            if work.is_due() {
                work.check(self.number, bytes, interface.code_bytes, limits)?;
            }
        }
        operators.finish()?;
        work.check(self.number, bytes, interface.code_bytes, limits)?;
        work.end();
        Ok(())
    }

    /// Checks a count in the function against its limit.
    fn within(
        &self,
        found: u64,
        limit: u64,
        setting: &'static str,
        things: &str,
    ) -> Result<(), FailureKind> {
        match found <= limit {
            true => Ok(()),
            false => within(
                found,
                limit,
                setting,
                &format!("{things} function {}", self.number),
            ),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use crate::wasm::inspect::Inspection;

    fn code_of(wasm: &[u8]) -> Result<Code, Failure> {
        Inspection::of(wasm)?.code()
    }

    fn needs(wat: &str) -> Vec<Proposal> {
        let wasm = wat::parse_str(wat).unwrap();
        let code = code_of(&wasm).unwrap();
        code.proposals().collect()
    }

    /// Proposals, each with a module that needs only this one.
    const EXAMPLES: [(Proposal, &str); 14] = [
        (
            Proposal::MutableGlobal,
            r#"(global (export "g") (mut i32) (i32.const 0))"#,
        ),
        (
            Proposal::SignExtension,
            "(func (param i32) (drop (i32.extend8_s (local.get 0))))",
        ),
        (
            Proposal::SaturatingFloatToInt,
            "(func (param f32) (drop (i32.trunc_sat_f32_s (local.get 0))))",
        ),
        (
            Proposal::BulkMemory,
            "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))",
        ),
        (
            Proposal::MultiValue,
            "(func (result i32 i32) i32.const 1 i32.const 2)",
        ),
        (Proposal::ReferenceTypes, "(func (param funcref))"),
        (
            Proposal::ExtendedConst,
            "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        ),
        (Proposal::Simd, "(func (local v128))"),
        (Proposal::TailCall, "(func $f return_call $f)"),
        (Proposal::Threads, "(memory 1 1 shared)"),
        (Proposal::Exceptions, "(tag (param i32))"),
        (Proposal::Memory64, "(memory i64 1)"),
        (Proposal::MultiMemory, "(memory 1) (memory 1)"),
        (
            Proposal::WideArithmetic,
            "(func (param i64) (i64.add128 (local.get 0) (local.get 0) (local.get 0) (local.get 0)) drop drop)",
        ),
    ];

    fn feature(proposal: Proposal) -> WasmFeatures {
        match proposal {
            Proposal::MutableGlobal => WasmFeatures::MUTABLE_GLOBAL,
            Proposal::SignExtension => WasmFeatures::SIGN_EXTENSION,
            Proposal::SaturatingFloatToInt => WasmFeatures::SATURATING_FLOAT_TO_INT,
            Proposal::BulkMemory => WasmFeatures::BULK_MEMORY,
            Proposal::MultiValue => WasmFeatures::MULTI_VALUE,
            Proposal::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
            Proposal::ExtendedConst => WasmFeatures::EXTENDED_CONST,
            Proposal::Simd => WasmFeatures::SIMD,
            Proposal::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
            Proposal::TailCall => WasmFeatures::TAIL_CALL,
            Proposal::Threads => WasmFeatures::THREADS,
            Proposal::Exceptions => WasmFeatures::EXCEPTIONS,
            Proposal::LegacyExceptions => WasmFeatures::LEGACY_EXCEPTIONS,
            Proposal::FunctionReferences => WasmFeatures::FUNCTION_REFERENCES,
            Proposal::Gc => WasmFeatures::GC,
            Proposal::Memory64 => WasmFeatures::MEMORY64,
            Proposal::MultiMemory => WasmFeatures::MULTI_MEMORY,
            Proposal::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
            _ => WasmFeatures::empty(),
        }
    }

    #[test]
    fn a_module_needs_each_proposal_it_is_invalid_without() {
        for (proposal, fields) in EXAMPLES {
            let wasm = wat::parse_str(format!("(module {fields})")).unwrap();
            let code = code_of(&wasm).unwrap();
            assert!(code.needs(proposal), "{proposal}: {:?}", code.proposals);
            let without = |proposal| everything().difference(feature(proposal));
            let valid = |features| {
                Validator::new_with_features(features)
                    .validate_all(&wasm)
                    .is_ok()
            };
            assert!(
                !valid(without(proposal)),
                "{proposal} is not what the module needs"
            );
            for other in Proposal::ALL {
                if !code.needs(*other) && !feature(*other).is_empty() {
                    assert!(valid(without(*other)), "{fields} needs {other}");
                }
            }
        }
    }

    #[test]
    fn calls_are_found_from_caller_and_callee() {
        let wasm = wat::parse_str(r#"(module (import "a" "b" (func $import)) (func $f call $import call $import) (func $g call $f call $import))"#).unwrap();
        let code = code_of(&wasm).unwrap();
        assert_eq!(code.callers(0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(code.callers(1).collect::<Vec<_>>(), [2]);
        assert_eq!(code.functions(), 2);
        assert_eq!(needs("(module)"), []);
    }

    /// Each takes the compiler some seconds, and all of them together much longer. One image
    /// replaces segments that are close to each other, as Go's linker writes them.
    #[test]
    fn parts_that_instantiation_initialises_are_work() {
        let segments = |count: usize, distance: usize| -> String {
            let segment = |nth: usize| format!("(data (i32.const {}) \"x\")", nth * distance);
            (0..count).map(segment).collect()
        };
        let globals = |count: usize| "(global i32 (i32.const 0))".repeat(count);
        let work = |fields: String| {
            let wasm = wat::parse_str(format!("(module (memory 1024) {fields})")).unwrap();
            code_of(&wasm)
                .map(drop)
                .map_err(|failure| failure.code().to_owned())
        };
        assert_eq!(work(segments(41_000, 100)), Ok(()));
        assert_eq!(work(segments(9000, 2400)), Ok(()));
        assert_eq!(work(globals(19_000)), Ok(()));
        let both = segments(9000, 2400) + &globals(19_000);
        assert_eq!(work(both), Err("module_limit".to_owned()));
    }

    #[test]
    fn calls_are_work_as_they_add_up() {
        let calls = |count: usize| {
            let calls = "call 0 ".repeat(count);
            let wasm = wat::parse_str(format!("(module (func {calls}))")).unwrap();
            code_of(&wasm)
                .map(drop)
                .map_err(|failure| failure.code().to_owned())
        };
        assert_eq!(calls(200_000), Ok(()));
        assert_eq!(calls(450_000), Err("module_limit".to_owned()));
    }

    #[test]
    fn padding_does_not_buy_work_for_the_compiler() {
        let blocks = "block end ".repeat(60_000);
        let padding = "x".repeat(4 << 20);
        let nops = "nop ".repeat(1 << 19);
        for more in [
            String::new(),
            format!("(memory 100) (data (i32.const 0) {padding:?})"),
            format!("(@custom \"padding\" {padding:?})"),
            format!("(func {nops})").repeat(4),
        ] {
            let wasm = wat::parse_str(format!("(module (func {blocks}) {more})")).unwrap();
            let failure = code_of(&wasm).unwrap_err();
            let kind = failure.kind();
            assert!(
                matches!(
                    kind,
                    FailureKind::ModuleLimit {
                        setting: "compile_work",
                        ..
                    }
                ),
                "{failure}"
            );
        }
    }

    #[test]
    fn invalid_modules_are_refused() {
        let wasm = wat::parse_str("(module (func (result i32) f32.const 1))").unwrap();
        let failure = code_of(&wasm).unwrap_err();
        assert!(
            matches!(failure.kind(), FailureKind::InvalidModule { reason } if reason.contains("type mismatch"))
        );
    }
}
