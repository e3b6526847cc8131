//! Reads what wasmtime knows of a trap.

use wasmtime::{
    AsContextMut, FrameInfo, Mutability, PoolConcurrencyLimitError, Trap as Code, WasmBacktrace,
    WasmCoreDump,
};

use super::super::{Cause, Ended, Error, HostState, HostTrap, Trap};
use crate::failure::RawFrame;
use crate::text;

/// The largest description of a memory fault by the engine, in bytes.
const MAX_FAULT: usize = 100;

/// Returns the reason of an error of a call or of an instantiation.
#[cold]
pub(super) fn read<T: HostState>(
    error: &wasmtime::Error,
    mut store: impl AsContextMut<Data = T>,
) -> Error {
    let frames = error
        .downcast_ref::<WasmBacktrace>()
        .map_or_else(Vec::new, |backtrace| {
            backtrace.frames().iter().map(frame).collect()
        });
    Error::with(Ended {
        cause: cause(error),
        frames: Some(frames),
        way_out: None,
        denied: store.as_context_mut().data_mut().limiter().denied(),
        stack_pointer: stack_pointer(error, store),
    })
}

fn cause(error: &wasmtime::Error) -> Cause {
    if error.is::<PoolConcurrencyLimitError>() {
        return Cause::PoolExhausted;
    }
    if let Some(trap) = error.downcast_ref::<HostTrap>() {
        return Cause::Host(trap.clone());
    }
    let Some(code) = error.downcast_ref::<Code>() else {
        // Not an error of guest code but of the creation of its memory or tables.
        return Cause::Other(error.root_cause().to_string());
    };
    Cause::Trap {
        trap: match code {
            Code::Interrupt => Trap::Interrupted,
            Code::OutOfFuel => Trap::OutOfFuel,
            Code::StackOverflow => Trap::StackOverflow,
            Code::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
            Code::UnreachableCodeReached => Trap::Unreachable,
            _ => Trap::Other,
        },
        message: code
            .to_string()
            .trim_start_matches("wasm trap: ")
            .to_owned(),
        address: fault_address(error),
    }
}

fn frame(frame: &FrameInfo) -> RawFrame {
    RawFrame {
        function: frame.func_name().map(str::to_owned),
        function_index: frame.func_index(),
        module_offset: frame.module_offset().map(|offset| offset as u64),
    }
}

/// Returns the guest's stack pointer: by convention of the linker the first global, which must be
/// mutable.
///
/// It is not exported, but a core dump has it.
fn stack_pointer(error: &wasmtime::Error, mut store: impl AsContextMut) -> Option<u32> {
    let first = error.downcast_ref::<WasmCoreDump>()?.globals().first()?;
    if first.ty(&store).mutability() != Mutability::Var {
        return None;
    }
    first.get(&mut store).i32().map(i32::cast_unsigned)
}

/// Returns the address of a memory fault. The engine has it only as text.
///
/// The causes include the backtrace and the core dump, which show names from the guest: only the
/// beginning of each cause is written.
fn fault_address(error: &wasmtime::Error) -> Option<u64> {
    let fault = error
        .chain()
        .map(|cause| text::beginning(cause, MAX_FAULT))
        .find(|text| text.starts_with("memory fault"))?;
    let (_, from_number) = fault.split_once("0x")?;
    let number = from_number.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    u64::from_str_radix(number, 16).ok()
}
