//! Links a module's imports to the dispatch of host calls, once for all its instances.

use plugin_sdk::imports::WasmType;
use wasmi::errors::LinkerError;
use wasmi::{Engine, F32, F64, FuncType, Linker, Val, ValType};

use super::super::{Cause, HostState, Trap};
use super::data::Data;
use crate::abi::ImportedFunction;

/// Creates a linker with every import of a module.
pub(super) fn link<T: HostState>(
    engine: &Engine,
    imports: &[ImportedFunction],
) -> Result<Linker<Data<T>>, LinkerError> {
    let mut linker = Linker::new(engine);
    // A module may import a function twice.
    linker.allow_shadowing(true);
    for (number, import) in imports.iter().enumerate() {
        let result = import.result;
        linker.func_new(
            &import.module,
            &import.name,
            ty(import),
            move |mut caller, parameters, results| {
                let slots: Vec<u64> = parameters.iter().map(slot).collect();
                let answer = T::serve(&mut caller, number, &slots)?;
                // A slice of fuel has room for thousands of host calls.
                if caller.data().state.must_end() {
                    let cause = Cause::trap(Trap::Interrupted, "interrupt");
                    return Err(wasmi::Error::host(cause));
                }
                if let (Some(place), Some(ty)) = (results.first_mut(), result) {
                    *place = val(ty, answer);
                }
                Ok(())
            },
        )?;
    }
    Ok(linker)
}

fn ty(import: &ImportedFunction) -> FuncType {
    let parameters: Vec<ValType> = import.parameters.iter().copied().map(val_type).collect();
    let result: Vec<ValType> = import.result.into_iter().map(val_type).collect();
    FuncType::new(parameters, result)
}

fn val_type(ty: WasmType) -> ValType {
    match ty {
        WasmType::I32 => ValType::I32,
        WasmType::I64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}

pub(super) fn slot(value: &Val) -> u64 {
    match value {
        Val::I32(number) => u64::from(number.cast_unsigned()),
        Val::I64(number) => number.cast_unsigned(),
        Val::F32(number) => u64::from(number.to_bits()),
        Val::F64(number) => number.to_bits(),
        // Imports with values of other types are not linked.
        _ => 0,
    }
}

fn val(ty: WasmType, slot: u64) -> Val {
    match ty {
        WasmType::I32 => Val::I32(slot as i32),
        WasmType::I64 => Val::I64(slot.cast_signed()),
        WasmType::F32 => Val::F32(F32::from_bits(slot as u32)),
        WasmType::F64 => Val::F64(F64::from_bits(slot)),
    }
}
