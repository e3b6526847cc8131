//! Time and fuel of calls: guest code gets fuel in slices, and between two slices the clock is
//! read.

use wasmi::{AsContextMut, TypedFunc, TypedResumableCall, WasmParams, WasmResults};

use super::super::{Cause, HostState, Trap};
use super::data::Data;
use super::trap;

/// The fuel of a slice, which takes at most some milliseconds. A single instruction for whole
/// ranges of memory may need more.
const SLICE: u64 = 100_000;

/// The fuel of the current call that its store does not have yet; `None` if it is not limited.
pub(super) struct Reserve(Option<u64>);

impl Reserve {
    /// Returns the reserve of a call with this fuel, and the call's first slice.
    #[inline]
    pub(super) fn of(fuel: Option<u64>) -> (Self, u64) {
        let first = fuel.map_or(SLICE, |fuel| fuel.min(SLICE));
        (Reserve(fuel.map(|fuel| fuel - first)), first)
    }

    /// Returns the fuel that is left altogether.
    pub(super) fn left(&self, in_store: u64) -> Option<u64> {
        Some(self.0?.saturating_add(in_store))
    }

    /// Returns the fuel for another slice of at least `required`, or `None` if too little is left.
    fn refill(&mut self, in_store: u64, required: u64) -> Option<u64> {
        let slice = required.max(SLICE);
        let Some(left) = self.0 else {
            return Some(slice);
        };
        let left = left.saturating_add(in_store);
        let slice = slice.min(left);
        self.0 = Some(left - slice);
        (slice >= required).then_some(slice)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_add_up_to_the_fuel_of_the_call() {
        let (mut reserve, first) = Reserve::of(Some(SLICE + 10));
        assert_eq!(first, SLICE);
        assert_eq!(reserve.left(7), Some(17));
        assert_eq!(reserve.refill(7, 12), Some(17));
        assert_eq!(reserve.left(0), Some(0));
        assert_eq!(reserve.refill(0, 1), None);
    }

    #[test]
    fn a_large_instruction_gets_a_large_slice() {
        let (mut reserve, _) = Reserve::of(None);
        assert_eq!(reserve.refill(3, 5 * SLICE), Some(5 * SLICE));
        let (mut reserve, _) = Reserve::of(Some(3 * SLICE));
        assert_eq!(reserve.refill(0, 2 * SLICE), Some(2 * SLICE));
        assert_eq!(reserve.refill(0, 1), None);
    }
}
