//! Time and fuel of calls: guest code gets fuel in slices, and between two slices the clock is
//! read.

use wasmi::{AsContextMut, TypedFunc, TypedResumableCall, WasmParams, WasmResults};

use super::super::{Cause, HostState, Trap};
use super::data::Data;
use super::trap;

/// Calls a function, in as many slices as it takes.
pub(super) fn call<T, P, R>(
    func: &TypedFunc<P, R>,
    mut context: impl AsContextMut<Data = Data<T>>,
    params: P,
) -> Result<R, Cause>
where
    T: HostState,
    P: WasmParams,
    R: WasmResults,
{
    let mut called = func.call_resumable(context.as_context_mut(), params);
    loop {
        match called.map_err(|error| trap::cause(&error))? {
            TypedResumableCall::Finished(result) => return Ok(result),
            TypedResumableCall::HostTrap(ended) => return Err(trap::cause(ended.host_error())),
            TypedResumableCall::OutOfFuel(paused) => {
                refuel(context.as_context_mut(), paused.required_fuel())?;
                called = paused.resume(context.as_context_mut());
            }
        }
    }
}

/// Gives the call another slice, unless it is over.
fn refuel<T: HostState>(
    mut context: wasmi::StoreContextMut<'_, Data<T>>,
    required: u64,
) -> Result<(), Cause> {
    if context.data().state.must_end() {
        return Err(Cause::trap(Trap::Interrupted, "interrupt"));
    }
    let in_store = context.get_fuel().unwrap_or(0);
    let slice = context.data_mut().reserve.refill(in_store, required);
    // Fails only without fuel in the engine, where no call runs out of it.
    let _ = context.set_fuel(slice.unwrap_or(0));
    match slice {
        Some(_) => Ok(()),
        None => Err(Cause::trap(
            Trap::OutOfFuel,
            "all fuel consumed by WebAssembly",
        )),
    }
}
