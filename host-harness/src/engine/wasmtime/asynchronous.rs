//! Async calls, which the engine runs on separate stacks.

use wasmtime::{AsContextMut, TypedFunc, UpdateDeadline, WasmParams, WasmResults};

use super::super::{AsyncCaller, Error, Guest, HostState};
use super::instance::{self, Linked, Store};
use super::{link, trap};
use crate::abi::ImportedFunction;
use crate::failure::Failure;

impl<T: HostState> Linked<T> {
    /// Creates an instance, which takes turns with other tasks.
    pub(crate) async fn instantiate_async(
        &self,
        imports: &[ImportedFunction],
        data: T,
        fuel: Option<u64>,
    ) -> Result<Result<Store<T>, Error>, Failure> {
        let (ready, slot) = self.next()?;
        let pre = match ready.pre_async.get() {
            Some(pre) => pre,
            None => {
                let module = ready.pre.module();
                let pre = link::link_async(module.engine(), imports)
                    .and_then(|linker| linker.instantiate_pre(module))
                    .map_err(Failure::engine)?;
                ready.pre_async.get_or_init(|| pre)
            }
        };
        let mut store = ready.store(data);
        store.epoch_deadline_callback(|store| {
            Ok(match store.data().must_end() {
                true => UpdateDeadline::Interrupt,
                false => UpdateDeadline::Yield(1),
            })
        });
        instance::begin(&mut store, 1, fuel);
        let instance = pre.instantiate_async(&mut store).await;
        Ok(Store::of(slot, store, instance))
    }
}

impl<T: HostState> Store<T> {
    pub(crate) async fn call_async<P, R>(
        &mut self,
        func: &TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Error>
    where
        P: WasmParams + Sync,
        R: WasmResults + Sync,
    {
        let result = func.call_async(&mut self.store, params).await;
        result.map_err(|error| trap::read(&error, &mut self.store))
    }
}

impl<T: HostState> AsyncCaller<T> for wasmtime::Caller<'_, T> {
    async fn alloc_async(&mut self, guest: &Guest, len: u32) -> wasmtime::Result<u32> {
        match instance::alloc(guest) {
            Some(alloc) => alloc.call_async(self.as_context_mut(), len).await,
            None => Ok(0),
        }
    }
}
