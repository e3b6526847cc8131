//! Reads a whole module in one pass: validates it, and collects its calls, the proposals that it
//! needs, and the work that compiling it takes.

use std::collections::BTreeSet;

use wasmparser::{
    BinaryReaderError, BlockType, CompositeInnerType, ExternalKind, FuncValidatorAllocations,
    FunctionBody, GlobalType, KnownCustom, MemoryType, Name, NameSectionReader, Operator, Parser,
    Payload, RefType, TableType, TypeRef, ValType, ValidPayload, Validator, WasmFeatures,
};

use super::proposals::{self, Proposal};
use super::work::{Arity, Work};
use crate::failure::FailureKind;
use crate::limits::ModuleLimits;
use crate::wasm::within;

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
        let calls = self.calls.get(from..).unwrap_or_default().iter();
        calls
            .take_while(move |(callee, _)| *callee == function)
            .map(|(_, caller)| *caller)
    }

    /// Returns the number of functions that have a body.
    pub fn functions(&self) -> u32 {
        self.functions
    }

    fn reference(&mut self, ty: RefType) {
        if ty == RefType::EXTERNREF || ty == RefType::FUNCREF {
            self.proposals.insert(Proposal::ReferenceTypes);
            if ty == RefType::EXTERNREF {
                self.proposals.insert(Proposal::Externref);
            }
        } else if ty == RefType::EXNREF {
            self.proposals.insert(Proposal::Exceptions);
        } else {
            self.proposals.insert(Proposal::FunctionReferences);
        }
    }

    fn value(&mut self, ty: ValType) {
        match ty {
            ValType::V128 => {
                self.proposals.insert(Proposal::Simd);
            }
            ValType::Ref(ty) => self.reference(ty),
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => {}
        }
    }

    fn values(&mut self, types: &[ValType]) {
        types.iter().for_each(|ty| self.value(*ty));
    }

    fn memory(&mut self, memory: &MemoryType) {
        if memory.memory64 {
            self.proposals.insert(Proposal::Memory64);
        }
        if memory.shared {
            self.proposals.insert(Proposal::Threads);
        }
        if memory.page_size_log2.is_some() {
            self.proposals.insert(Proposal::Other);
        }
    }

    fn table(&mut self, table: &TableType) {
        if table.element_type != RefType::FUNCREF {
            self.reference(table.element_type);
        }
        if table.table64 {
            self.proposals.insert(Proposal::Memory64);
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
                        self.proposals.insert(Proposal::MultiValue);
                    }
                    BlockType::Type(ty) => self.value(*ty),
                    _ => {}
                }
            }
            Operator::CallIndirect { table_index, .. } if *table_index > 0 => {
                self.proposals.insert(Proposal::ReferenceTypes);
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
                    self.proposals.insert(Proposal::ExtendedConst);
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
pub(super) fn read(wasm: &[u8], limits: &ModuleLimits) -> Result<Code, FailureKind> {
    let mut validator = Validator::new_with_features(everything());
    let mut code = Code::default();
    let mut work = Work::default();
    // Reused from one function to the next, so that most functions need no allocation.
    let mut allocations = FuncValidatorAllocations::default();
    let mut function_number = 0;
    let (mut memories, mut tables) = (0, 0);
    let mut types = Types::default();
    let mut called = Vec::new();
    let mut globals: Vec<GlobalType> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
            let mut function = function.into_validator(allocations);
            let body = Body {
                number: function_number,
                body: &body,
                types: &types,
                module: wasm,
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
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group?.types() {
                        let mut more = false;
                        let mut arity = (0, 0);
                        match &ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => {
                                arity = (ty.params().len() as u64, ty.results().len() as u64);
                                code.values(ty.params());
                                code.values(ty.results());
                                more = !ty.params().is_empty() || ty.results().len() > 1;
                                if ty.results().len() > 1 {
                                    code.proposals.insert(Proposal::MultiValue);
                                }
                            }
                            _ => {
                                code.proposals.insert(Proposal::Gc);
                            }
                        }
                        types.known.push(Type { arity, more });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import?.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                            types.of_functions.push(ty);
                            function_number += 1;
                        }
                        TypeRef::Memory(memory) => {
                            memories += 1;
                            code.memory(&memory);
                        }
                        TypeRef::Table(table) => {
                            tables += 1;
                            code.table(&table);
                        }
                        TypeRef::Global(global) => {
                            code.value(global.content_type);
                            if global.mutable {
                                code.proposals.insert(Proposal::MutableGlobal);
                            }
                            globals.push(global);
                        }
                        TypeRef::Tag(_) => {
                            code.proposals.insert(Proposal::Exceptions);
                        }
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    types.of_functions.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    tables += 1;
                    code.table(&table?.ty);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    memories += 1;
                    code.memory(&memory?);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    code.value(global.ty.content_type);
                    code.initial(&global.init_expr)?;
                    globals.push(global.ty);
                }
            }
            Payload::TagSection(_) => {
                code.proposals.insert(Proposal::Exceptions);
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let global = globals.get(export.index as usize);
                    if export.kind == ExternalKind::Global
                        && global.is_some_and(|global| global.mutable)
                    {
                        code.proposals.insert(Proposal::MutableGlobal);
                    }
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    let element = element?;
                    match element.kind {
                        wasmparser::ElementKind::Active {
                            table_index,
                            offset_expr,
                        } => {
                            code.initial(&offset_expr)?;
                            if table_index.is_some_and(|index| index > 0) {
                                code.proposals.insert(Proposal::ReferenceTypes);
                            }
                        }
                        wasmparser::ElementKind::Passive => {
                            code.proposals.insert(Proposal::BulkMemory);
                        }
                        wasmparser::ElementKind::Declared => {
                            code.proposals.insert(Proposal::ReferenceTypes);
                        }
                    }
                }
            }
            Payload::DataCountSection { .. } => {
                code.proposals.insert(Proposal::BulkMemory);
            }
            Payload::DataSection(section) => {
                for data in section {
                    match data?.kind {
                        wasmparser::DataKind::Active { offset_expr, .. } => {
                            code.initial(&offset_expr)?
                        }
                        wasmparser::DataKind::Passive => {
                            code.proposals.insert(Proposal::BulkMemory);
                        }
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
    if memories > 1 {
        code.proposals.insert(Proposal::MultiMemory);
    }
    if tables > 1 {
        code.proposals.insert(Proposal::ReferenceTypes);
    }
    Ok(code)
}

/// Checks the lengths of names: every frame of a failure's stack has a copy of its function's name.
fn lengths_of_names(
    names: NameSectionReader<'_>,
    limits: &ModuleLimits,
) -> Result<(), FailureKind> {
    for names in names.into_iter().map_while(Result::ok) {
        let Name::Function(functions) = names else {
            continue;
        };
        for naming in functions.into_iter().map_while(Result::ok) {
            let bytes = naming.name.len() as u64;
            let things = "bytes in the name of a function";
            within(bytes, limits.name_bytes, "name_bytes", things)?;
        }
    }
    Ok(())
}

/// The information about types that precedes the code.
#[derive(Default)]
struct Types {
    known: Vec<Type>,
    /// The type of each function, imported ones first.
    of_functions: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Type {
    arity: Arity,
    /// Whether a block of this type exceeds the first version of WebAssembly, which allows one
    /// result and no parameters.
    more: bool,
}

impl Types {
    fn get(&self, ty: u32) -> Type {
        self.known.get(ty as usize).copied().unwrap_or_default()
    }

    fn of_function(&self, function: u32) -> Type {
        let ty = self.of_functions.get(function as usize);
        ty.map_or_else(Type::default, |ty| self.get(*ty))
    }

    fn of_block(&self, ty: BlockType) -> Arity {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(ty) => self.get(ty).arity,
        }
    }
}

/// A function body to read.
struct Body<'a> {
    number: u32,
    body: &'a FunctionBody<'a>,
    types: &'a Types,
    module: &'a [u8],
    limits: &'a ModuleLimits,
}

impl Body<'_> {
    fn read<T: wasmparser::WasmModuleResources>(
        &self,
        validator: &mut wasmparser::FuncValidator<T>,
        code: &mut Code,
        work: &mut Work,
        called: &mut Vec<u32>,
    ) -> Result<(), FailureKind> {
        let Body { types, limits, .. } = *self;
        let bytes = self.body.range().len() as u64;
        self.within(bytes, limits.function_bytes, "function_bytes", "bytes in")?;
        let (params, results) = types.of_function(self.number).arity;
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
            code.operator(&operator, |ty| types.get(ty).more);
            let (mut block, mut call) = (Arity::default(), Arity::default());
            match operator {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    called.push(function_index);
                    call = types.of_function(function_index).arity;
                }
                Operator::CallIndirect { type_index, .. }
                | Operator::ReturnCallIndirect { type_index, .. } => {
                    call = types.get(type_index).arity;
                }
                Operator::Block { blockty }
                | Operator::Loop { blockty }
                | Operator::If { blockty } => {
                    block = types.of_block(blockty);
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
                work.check(self.module.len(), self.number, limits)?;
            }
        }
        operators.finish()?;
        work.end();
        work.check(self.module.len(), self.number, limits)
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

    fn needs(wat: &str) -> Vec<Proposal> {
        let wasm = wat::parse_str(wat).unwrap();
        let code = read(&wasm, &ModuleLimits::default()).unwrap();
        code.proposals().collect()
    }

    /// Proposals, each with a module that needs only this one.
    const EXAMPLES: [(Proposal, &str); 15] = [
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
        (Proposal::Gc, "(type (struct (field i32)))"),
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
            let code = read(&wasm, &ModuleLimits::default()).unwrap();
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
        let code = read(&wasm, &ModuleLimits::default()).unwrap();
        assert_eq!(code.callers(0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(code.callers(1).collect::<Vec<_>>(), [2]);
        assert_eq!(code.functions(), 2);
        assert_eq!(needs("(module)"), []);
    }

    #[test]
    fn invalid_modules_are_refused() {
        let wasm = wat::parse_str("(module (func (result i32) f32.const 1))").unwrap();
        let limits = ModuleLimits::default();
        assert!(
            matches!(read(&wasm, &limits), Err(FailureKind::InvalidModule { reason }) if reason.contains("type mismatch"))
        );
    }
}
