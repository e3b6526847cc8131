//! Links a module's imports to the dispatch of host calls, once for all its instances.

use plugin_sdk::imports::WasmType;
use wasmtime::{Caller, Engine, FuncType, Linker, Val, ValType};

use super::super::HostState;
use crate::abi::ImportedFunction;

/// Creates a linker with every import of a module.
pub(super) fn link<T: HostState>(
    engine: &Engine,
    imports: &[ImportedFunction],
) -> wasmtime::Result<Linker<T>> {
    link_with(engine, imports, link_one)
}

/// Creates a linker with every import of a module, as asynchronous functions.
#[cfg(feature = "async")]
pub(super) fn link_async<T: HostState>(
    engine: &Engine,
    imports: &[ImportedFunction],
) -> wasmtime::Result<Linker<T>> {
    link_with(engine, imports, link_one_async)
}

fn link_with<T: HostState>(
    engine: &Engine,
    imports: &[ImportedFunction],
    link_one: fn(&mut Linker<T>, usize, &ImportedFunction) -> wasmtime::Result<()>,
) -> wasmtime::Result<Linker<T>> {
    let mut linker = Linker::new(engine);
    // A module may import a function twice.
    linker.allow_shadowing(true);
    for (number, import) in imports.iter().enumerate() {
        link_one(&mut linker, number, import)?;
    }
    Ok(linker)
}

/// Functions of up to six integers are linked with static types, so that calls need not pass tagged
/// values.
macro_rules! typed {
    ($wrap:ident, $linker:ident, $import:ident, $number:ident) => {
        typed!(@each $wrap, $linker, $import, $number, () (a) (a b) (a b c) (a b c d) (a b c d e) (a b c d e f));
    };
    (@each $wrap:ident, $linker:ident, $import:ident, $number:ident, $(($($slot:ident)*))*) => {
        match ($import.parameters.len(), $import.result) {
            $(
                (count, None) if count == typed!(@count $($slot)*) => {
                    return $wrap!($linker, $import, $number, ($($slot)*), (), drop);
                }
                (count, Some(WasmType::I32)) if count == typed!(@count $($slot)*) => {
                    return $wrap!($linker, $import, $number, ($($slot)*), u32, |slot| slot as u32);
                }
                (count, Some(WasmType::I64)) if count == typed!(@count $($slot)*) => {
                    return $wrap!($linker, $import, $number, ($($slot)*), u64, |slot| slot);
                }
            )*
            _ => {}
        }
    };
    (@integer $slot:ident) => { u32 };
    (@count) => { 0 };
    (@count $first:ident $($rest:ident)*) => { 1 + typed!(@count $($rest)*) };
}

macro_rules! wrap {
    ($linker:ident, $import:ident, $number:ident, ($($slot:ident)*), $result:ty, $convert:expr) => {
        $linker.func_wrap(
            &$import.module,
            &$import.name,
            move |mut caller: Caller<'_, T>, $($slot: u32),*| -> wasmtime::Result<$result> {
                T::serve(&mut caller, $number, &[$(u64::from($slot)),*]).map($convert)
            },
        ).map(drop)
    };
}

fn link_one<T: HostState>(
    linker: &mut Linker<T>,
    number: usize,
    import: &ImportedFunction,
) -> wasmtime::Result<()> {
    if is_plain(import) {
        typed!(wrap, linker, import, number);
    }
    let result = import.result;
    linker.func_new(
        &import.module,
        &import.name,
        ty(import, linker.engine()),
        move |mut caller, parameters, results| {
            let slots: Vec<u64> = parameters.iter().map(slot).collect();
            let answer = T::serve(&mut caller, number, &slots)?;
            give(results, result, answer);
            Ok(())
        },
    )?;
    Ok(())
}

#[cfg(feature = "async")]
macro_rules! wrap_async {
    ($linker:ident, $import:ident, $number:ident, ($($slot:ident)*), $result:ty, $convert:expr) => {
        $linker.func_wrap_async(
            &$import.module,
            &$import.name,
            move |mut caller: Caller<'_, T>, ($($slot,)*): ($(typed!(@integer $slot),)*)| {
                Box::new(async move {
                    let slots = [$(u64::from($slot)),*];
                    let answer: wasmtime::Result<$result> =
                        T::serve_async(&mut caller, $number, &slots).await.map($convert);
                    answer
                })
            },
        ).map(drop)
    };
}

#[cfg(feature = "async")]
fn link_one_async<T: HostState>(
    linker: &mut Linker<T>,
    number: usize,
    import: &ImportedFunction,
) -> wasmtime::Result<()> {
    if is_plain(import) {
        typed!(wrap_async, linker, import, number);
    }
    let result = import.result;
    linker.func_new_async(
        &import.module,
        &import.name,
        ty(import, linker.engine()),
        move |mut caller, parameters, results| {
            Box::new(async move {
                let slots: Vec<u64> = parameters.iter().map(slot).collect();
                let answer = T::serve_async(&mut caller, number, &slots).await?;
                give(results, result, answer);
                Ok(())
            })
        },
    )?;
    Ok(())
}

/// Returns whether all parameters are 32-bit integers, as in nearly all imports.
fn is_plain(import: &ImportedFunction) -> bool {
    import.parameters.iter().all(|ty| *ty == WasmType::I32)
}

fn ty(import: &ImportedFunction, engine: &Engine) -> FuncType {
    let parameters = import.parameters.iter().map(|ty| val_type(*ty));
    FuncType::new(engine, parameters, import.result.map(val_type))
}

fn give(results: &mut [Val], result: Option<WasmType>, answer: u64) {
    if let (Some(place), Some(ty)) = (results.first_mut(), result) {
        *place = val(ty, answer);
    }
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
    match *value {
        Val::I32(number) => u64::from(number as u32),
        Val::I64(number) => number as u64,
        Val::F32(bits) => u64::from(bits),
        Val::F64(bits) => bits,
        // Imports with values of other types are not linked.
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
