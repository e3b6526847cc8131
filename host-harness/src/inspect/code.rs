//! All of a module in one go: validated, and looked through for calls and for what it needs of an engine.

use std::collections::BTreeSet;

use wasmparser::{
    BinaryReaderError, BlockType, CompositeInnerType, ExternalKind, FuncValidatorAllocations,
    FunctionBody, GlobalType, MemoryType, Operator, Parser, Payload, RefType, TableType, TypeRef,
    ValType, ValidPayload, Validator, WasmFeatures,
};

use super::proposals::{self, Proposal};

/// What a module's code is made of.
#[derive(Debug, Default)]
pub struct Code {
    proposals: BTreeSet<Proposal>,
    /// Who calls whom, by number and in order, without repetitions.
    calls: Vec<(u32, u32)>,
    functions: u32,
}

impl Code {
    /// The proposals that the module needs.
    pub fn proposals(&self) -> impl Iterator<Item = Proposal> {
        self.proposals.iter().copied()
    }

    /// Whether an engine needs a proposal to run the module.
    pub fn needs(&self, proposal: Proposal) -> bool {
        self.proposals.contains(&proposal)
    }

    /// The functions that call a function directly, in order.
    pub fn callers(&self, function: u32) -> impl Iterator<Item = u32> {
        let calls = self.calls.iter();
        calls.filter_map(move |(caller, callee)| (*callee == function).then_some(*caller))
    }

    /// How many functions have a body.
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

/// What the engines know that are in use, and more: which of it a host has is told apart later.
fn everything() -> WasmFeatures {
    WasmFeatures::all()
}

pub(super) fn read(wasm: &[u8]) -> Result<Code, BinaryReaderError> {
    let mut validator = Validator::new_with_features(everything());
    let mut code = Code::default();
    // Kept from one function to the next: nothing is allocated for most of them.
    let mut allocations = FuncValidatorAllocations::default();
    let mut function_number = 0;
    let (mut memories, mut tables) = (0, 0);
    // Types of blocks by number: whether they are more than the first version has, which is one result and no parameters.
    let mut several = Vec::new();
    let mut called = Vec::new();
    let mut globals: Vec<GlobalType> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
            let mut function = function.into_validator(allocations);
            body_of(&body, &mut function, &mut code, &several, &mut called)?;
            allocations = function.into_allocations();
            called.sort_unstable();
            called.dedup();
            code.calls
                .extend(called.drain(..).map(|callee| (function_number, callee)));
            code.functions += 1;
            function_number += 1;
            continue;
        }
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group?.types() {
                        let mut more = false;
                        match &ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => {
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
                        several.push(more);
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => function_number += 1,
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
            _ => {}
        }
    }
    if memories > 1 {
        code.proposals.insert(Proposal::MultiMemory);
    }
    if tables > 1 {
        code.proposals.insert(Proposal::ReferenceTypes);
    }
    Ok(code)
}

fn body_of<T: wasmparser::WasmModuleResources>(
    body: &FunctionBody<'_>,
    validator: &mut wasmparser::FuncValidator<T>,
    code: &mut Code,
    several: &[bool],
    called: &mut Vec<u32>,
) -> Result<(), BinaryReaderError> {
    let mut reader = body.get_binary_reader();
    for local in body.get_locals_reader()? {
        code.value(local?.1);
    }
    validator.read_locals(&mut reader)?;
    let mut operators = wasmparser::OperatorsReader::new(reader);
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        validator.op(offset, &operator)?;
        code.operator(&operator, |ty| {
            several.get(ty as usize).copied().unwrap_or(false)
        });
        match operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                called.push(function_index);
            }
            _ => {}
        }
    }
    operators.finish()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn needs(wat: &str) -> Vec<Proposal> {
        let code = read(&wat::parse_str(wat).unwrap()).unwrap();
        code.proposals().collect()
    }

    /// Each with a module that needs it and nothing else.
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
    fn a_module_needs_what_the_validator_refuses_it_without() {
        for (proposal, fields) in EXAMPLES {
            let wasm = wat::parse_str(format!("(module {fields})")).unwrap();
            let code = read(&wasm).unwrap();
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
    fn calls_are_known_by_both_ends() {
        let wasm = wat::parse_str(r#"(module (import "a" "b" (func $import)) (func $f call $import call $import) (func $g call $f call $import))"#).unwrap();
        let code = read(&wasm).unwrap();
        assert_eq!(code.callers(0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(code.callers(1).collect::<Vec<_>>(), [2]);
        assert_eq!(code.functions(), 2);
        assert_eq!(needs("(module)"), []);
    }

    #[test]
    fn what_is_not_valid_is_not_read() {
        let wasm = wat::parse_str("(module (func (result i32) f32.const 1))").unwrap();
        assert!(read(&wasm).unwrap_err().message().contains("type mismatch"));
    }
}
