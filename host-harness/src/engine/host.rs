//! The traits between an engine and the host functions that guest code calls.

use super::ending::HostTrap;
#[cfg(feature = "wasmi")]
use super::wasmi;
#[cfg(feature = "wasmtime")]
use super::wasmtime;
use crate::limits::Limiter;

/// The data of a store in addition to the guest, which serves the guest's host calls.
pub(crate) trait HostState: Sized + Send + 'static {
    /// Returns the limits of memory and tables.
    fn limiter(&mut self) -> &mut Limiter;

    /// Returns whether the current call must end: it is too late, or another thread has ended it.
    fn must_end(&self) -> bool;

    /// Serves a call of the import with this index. Slots and memory are as the guest left them.
    fn serve<C: Caller<Self>>(
        caller: &mut C,
        number: usize,
        slots: &[u64],
    ) -> Result<u64, C::Error>;

    /// Serves a call like [`serve`](HostState::serve), and waits where that would block.
    #[cfg(feature = "async")]
    fn serve_async<C: AsyncCaller<Self>>(
        caller: &mut C,
        number: usize,
        slots: &[u64],
    ) -> impl Future<Output = Result<u64, C::Error>> + Send;
}

/// The instance that calls a host function.
pub(crate) trait Caller<T> {
    /// An error that ends the guest's call.
    type Error: From<HostTrap>;

    fn data_mut(&mut self) -> &mut T;

    /// Returns the guest's memory together with the data of its store.
    fn memory_and_data<'a>(&'a mut self, guest: &Guest) -> (&'a mut [u8], &'a mut T);

    /// Allocates memory with the guest's allocator; returns 0 if it has none.
    fn alloc(&mut self, guest: &Guest, len: u32) -> Result<u32, Self::Error>;

    /// Looks up the calling instance's memory and allocator.
    fn guest(&mut self) -> Option<Guest>;

    /// Returns an error of the harness, which no guest causes.
    fn error(reason: &'static str) -> Self::Error;
}

/// A caller whose guest can run on a separate stack.
#[cfg(feature = "async")]
pub(crate) trait AsyncCaller<T>: Caller<T, Error: Send> + Send {
    /// Allocates memory like [`alloc`](Caller::alloc).
    fn alloc_async(
        &mut self,
        guest: &Guest,
        len: u32,
    ) -> impl Future<Output = Result<u32, Self::Error>> + Send;
}

/// The parts of the calling instance that a host function needs. A store has one instance, so these
/// are the caller's.
pub(crate) enum Guest {
    #[cfg(feature = "wasmtime")]
    Wasmtime(wasmtime::Guest),
    #[cfg(feature = "wasmi")]
    Wasmi(wasmi::Guest),
}
