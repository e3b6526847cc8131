//! Links a module's imports to the dispatch of host calls, once for all its instances.

use plugin_sdk::host::{HostFunction, WasmType};
use wasmtime::{Caller, Engine, FuncType, Linker, Val, ValType};

use super::dispatch;
use crate::failure::{Failure, FailureKind};
use crate::instance::State;

/// A function that a module imports, as the module declares it.
#[derive(Clone, Debug)]
pub(crate) struct ImportedFunction {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) parameters: Box<[WasmType]>,
    pub(crate) result: Option<WasmType>,
}

impl ImportedFunction {
    /// Whether this is the function that is imported.
    pub(super) fn is(&self, function: &HostFunction) -> bool {
        self.name == function.name && self.module == function.module
    }

    /// Whether it is of the type that the host has it in.
    pub(super) fn check(&self, function: &HostFunction) -> Result<(), Failure> {
        if self
            .parameters
            .iter()
            .copied()
            .eq(function.wasm_parameters())
            && self.result == function.result
        {
            return Ok(());
        }
        Err(Failure::load(FailureKind::WrongImport {
            import: crate::failure::Import {
                module: self.module.clone(),
                name: self.name.clone(),
            },
            expected: signature(function.wasm_parameters(), function.result),
            found: signature(self.parameters.iter().copied(), self.result),
        }))
    }

    /// Whether all its numbers are integers of 32 bits, as nearly always.
    fn plain(&self) -> bool {
        self.parameters.iter().all(|ty| *ty == WasmType::I32)
    }
}

fn signature(parameters: impl Iterator<Item = WasmType>, result: Option<WasmType>) -> String {
    let name = |ty| match ty {
        WasmType::I32 => "i32",
        WasmType::I64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    };
    let parameters: Vec<&str> = parameters.map(name).collect();
    match result {
        Some(result) => format!("({}) -> {}", parameters.join(", "), name(result)),
        None => format!("({})", parameters.join(", ")),
    }
}

/// A linker that has every import of a module.
pub(crate) fn link(
    engine: &Engine,
    imports: &[ImportedFunction],
) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    // A module may import a function twice.
    linker.allow_shadowing(true);
    for (number, import) in imports.iter().enumerate() {
        link_one(&mut linker, engine, number, import)?;
    }
    Ok(linker)
}

/// Functions of up to six integers get a type of their own, which saves every call from passing tagged values.
macro_rules! typed {
    ($linker:ident, $import:ident, $number:ident, $(($($slot:ident)*))*) => {
        match ($import.parameters.len(), $import.result) {
            $(
                (count, None) if count == typed!(@count $($slot)*) => {
                    $linker.func_wrap(&$import.module, &$import.name,
                        move |mut caller: Caller<'_, State>, $($slot: u32),*| -> wasmtime::Result<()> {
                            dispatch::call(&mut caller, $number, &[$(u64::from($slot)),*]).map(drop)
                        })?;
                    return Ok(());
                }
                (count, Some(WasmType::I32)) if count == typed!(@count $($slot)*) => {
                    $linker.func_wrap(&$import.module, &$import.name,
                        move |mut caller: Caller<'_, State>, $($slot: u32),*| -> wasmtime::Result<u32> {
                            dispatch::call(&mut caller, $number, &[$(u64::from($slot)),*]).map(|slot| slot as u32)
                        })?;
                    return Ok(());
                }
                (count, Some(WasmType::I64)) if count == typed!(@count $($slot)*) => {
                    $linker.func_wrap(&$import.module, &$import.name,
                        move |mut caller: Caller<'_, State>, $($slot: u32),*| -> wasmtime::Result<u64> {
                            dispatch::call(&mut caller, $number, &[$(u64::from($slot)),*])
                        })?;
                    return Ok(());
                }
            )*
            _ => {}
        }
    };
    (@count) => { 0 };
    (@count $first:ident $($rest:ident)*) => { 1 + typed!(@count $($rest)*) };
}

fn link_one(
    linker: &mut Linker<State>,
    engine: &Engine,
    number: usize,
    import: &ImportedFunction,
) -> wasmtime::Result<()> {
    if import.plain() {
        typed!(linker, import, number, () (a) (a b) (a b c) (a b c d) (a b c d e) (a b c d e f));
    }
    let ty = FuncType::new(
        engine,
        import.parameters.iter().map(|ty| val_type(*ty)),
        import.result.map(val_type),
    );
    let result = import.result;
    linker.func_new(
        &import.module,
        &import.name,
        ty,
        move |mut caller, parameters, results| {
            let slots: Vec<u64> = parameters.iter().map(slot).collect();
            let answer = dispatch::call(&mut caller, number, &slots)?;
            if let (Some(place), Some(ty)) = (results.first_mut(), result) {
                *place = val(ty, answer);
            }
            Ok(())
        },
    )?;
    Ok(())
}

fn val_type(ty: WasmType) -> ValType {
    match ty {
        WasmType::I32 => ValType::I32,
        WasmType::I64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}

fn slot(value: &Val) -> u64 {
    match *value {
        Val::I32(number) => u64::from(number as u32),
        Val::I64(number) => number as u64,
        Val::F32(bits) => u64::from(bits),
        Val::F64(bits) => bits,
        // No import of another type is linked.
        _ => 0,
    }
}

fn val(ty: WasmType, slot: u64) -> Val {
    match ty {
        WasmType::I32 => Val::I32(slot as i32),
        WasmType::I64 => Val::I64(slot as i64),
        WasmType::F32 => Val::F32(slot as u32),
        WasmType::F64 => Val::F64(slot),
    }
}
