//! Linked modules, instances, and the host functions that they call.

use std::sync::{Arc, OnceLock};

use plugin_sdk::abi;
use wasmtime::{
    AsContextMut, Engine, InstancePre, Memory, ResourceLimiter, TypedFunc, UpdateDeadline,
    WasmParams, WasmResults,
};

use super::super::{Caller, Cause, Error, Guest as AnyGuest, HostState};
use super::link::{link, slot};
use super::slots::{Slot, Slots};
use super::trap;
use crate::abi::ImportedFunction;
use crate::failure::{Failure, FailureKind};
use crate::limits::Limiter;

/// A module whose imports are linked.
pub(crate) struct Linked<T: HostState> {
    /// For instances in slots.
    slotted: Option<(Ready<T>, Slots)>,
    /// For all other instances, created when the first one needs it.
    own: OnceLock<Ready<T>>,
    engine: Engine,
    wasm: Arc<[u8]>,
    imports: Arc<[ImportedFunction]>,
}

/// A module that an engine has compiled.
pub(super) struct Ready<T: HostState> {
    pub(super) pre: InstancePre<T>,
    /// The module linked for async calls, created when the first instance needs it.
    #[cfg(feature = "async")]
    pub(super) pre_async: OnceLock<InstancePre<T>>,
}

/// An instance in its store.
pub(crate) struct Store<T: HostState> {
    pub(super) store: wasmtime::Store<T>,
    instance: wasmtime::Instance,
    memory: Memory,
    /// Dropped last.
    _slot: Option<Slot>,
}

/// The parts of an instance that host functions need.
pub(crate) struct Guest {
    memory: Memory,
    /// `None` if the emulated host does not require this export.
    pub(super) alloc: Option<TypedFunc<u32, u32>>,
}

impl<T: HostState> Linked<T> {
    /// Compiles a module for instances in slots, if there are any and it fits, or else for
    /// instances in memory of their own.
    pub(super) fn new(
        engine: &Engine,
        slotted: Option<&(Engine, Slots)>,
        wasm: &Arc<[u8]>,
        imports: &[ImportedFunction],
    ) -> Result<Self, Failure> {
        let mut linked = Linked {
            slotted: None,
            own: OnceLock::new(),
            engine: engine.clone(),
            wasm: Arc::clone(wasm),
            imports: imports.into(),
        };
        let ready = slotted.and_then(|(engine, slots)| {
            let ready = linked.compiled(engine).ok()?;
            Some((ready, slots.clone()))
        });
        match ready {
            Some(ready) => linked.slotted = Some(ready),
            None => {
                linked.own()?;
            }
        }
        Ok(linked)
    }

    fn own(&self) -> Result<&Ready<T>, Failure> {
        match self.own.get() {
            Some(ready) => Ok(ready),
            None => {
                let ready = self.compiled(&self.engine)?;
                Ok(self.own.get_or_init(|| ready))
            }
        }
    }

    fn compiled(&self, engine: &Engine) -> Result<Ready<T>, Failure> {
        let module = wasmtime::Module::from_binary(engine, &self.wasm).map_err(|error| {
            Failure::load(FailureKind::InvalidModule {
                reason: format!("{error:#}"),
            })
        })?;
        let pre = link(engine, &self.imports)
            .and_then(|linker| linker.instantiate_pre(&module))
            .map_err(Failure::engine)?;
        Ok(Ready {
            pre,
            #[cfg(feature = "async")]
            pre_async: OnceLock::new(),
        })
    }

    /// Returns the compiled module for the next instance, and its slot if it gets one.
    pub(super) fn next(&self) -> Result<(&Ready<T>, Option<Slot>), Failure> {
        if let Some((ready, slots)) = &self.slotted
            && let Some(slot) = slots.take()
        {
            return Ok((ready, Some(slot)));
        }
        Ok((self.own()?, None))
    }

    pub(crate) fn instantiate(
        &self,
        data: T,
        ticks: u64,
        fuel: Option<u64>,
    ) -> Result<Store<T>, Error> {
        let next = self.next();
        let (ready, slot) = next.map_err(|failure| Error::new(Cause::Other(failure.message())))?;
        let mut store = ready.store(data);
        begin(&mut store, ticks, fuel);
        let instance = ready.pre.instantiate(&mut store);
        Store::of(slot, store, instance)
    }
}

impl<T: HostState> Ready<T> {
    pub(super) fn store(&self, data: T) -> wasmtime::Store<T> {
        let mut store = wasmtime::Store::new(self.pre.module().engine(), data);
        store.limiter(|data| data.limiter());
        store
    }
}

impl<T: HostState> Store<T> {
    /// Takes the result of an attempt to instantiate the module. `slot` comes first, because it is
    /// then dropped last.
    pub(super) fn of(
        slot: Option<Slot>,
        mut store: wasmtime::Store<T>,
        instance: wasmtime::Result<wasmtime::Instance>,
    ) -> Result<Self, Error> {
        let instance = instance.map_err(|error| trap::read(&error, &mut store))?;
        let memory = instance.get_memory(&mut store, abi::MEMORY_EXPORT);
        let memory = memory.ok_or_else(super::super::error::no_memory)?;
        Ok(Store {
            store,
            instance,
            memory,
            _slot: slot,
        })
    }

    #[inline]
    pub(crate) fn data(&self) -> &T {
        self.store.data()
    }

    #[inline]
    pub(crate) fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    #[inline]
    pub(crate) fn memory(&self) -> &[u8] {
        self.memory.data(&self.store)
    }

    #[inline]
    pub(crate) fn memory_mut(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }

    #[inline]
    pub(crate) fn begin(&mut self, ticks: u64, fuel: Option<u64>) {
        begin(&mut self.store, ticks, fuel);
    }

    pub(crate) fn fuel_left(&self) -> Option<u64> {
        self.store.get_fuel().ok()
    }

    pub(crate) fn end_at_ticks(&mut self) {
        self.store.epoch_deadline_callback(|store| {
            Ok(match store.data().must_end() {
                true => UpdateDeadline::Interrupt,
                false => UpdateDeadline::Continue(1),
            })
        });
    }

    pub(crate) fn global(&mut self, name: &str) -> Option<u32> {
        let global = self.instance.get_global(&mut self.store, name)?;
        global.get(&mut self.store).i32().map(i32::cast_unsigned)
    }

    pub(crate) fn global_bits(&mut self, name: &str) -> Option<u64> {
        let global = self.instance.get_global(&mut self.store, name)?;
        Some(slot(&global.get(&mut self.store)))
    }

    pub(crate) fn parameters(&mut self, name: &str) -> Option<usize> {
        let func = self.instance.get_func(&mut self.store, name)?;
        Some(func.ty(&self.store).params().len())
    }

    pub(crate) fn func<P: WasmParams, R: WasmResults>(
        &mut self,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Failure> {
        self.instance
            .get_typed_func(&mut self.store, name)
            .map_err(Failure::engine)
    }

    pub(crate) fn guest(&self, alloc: Option<TypedFunc<u32, u32>>) -> Guest {
        Guest {
            memory: self.memory,
            alloc,
        }
    }

    #[inline]
    pub(crate) fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        func: &TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Error> {
        let result = func.call(&mut self.store, params);
        result.map_err(|error| trap::read(&error, &mut self.store))
    }
}

#[inline]
pub(super) fn begin<T>(store: &mut wasmtime::Store<T>, ticks: u64, fuel: Option<u64>) {
    if ticks != 0 {
        store.set_epoch_deadline(ticks);
    }
    if let Some(fuel) = fuel {
        // Fails only without fuel in the engine, which was created for these limits.
        let _ = store.set_fuel(fuel);
    }
}

impl<T: HostState> Caller<T> for wasmtime::Caller<'_, T> {
    type Error = wasmtime::Error;

    #[inline]
    fn data_mut(&mut self) -> &mut T {
        self.data_mut()
    }

    #[inline]
    fn memory_and_data<'a>(&'a mut self, guest: &AnyGuest) -> (&'a mut [u8], &'a mut T) {
        match guest {
            AnyGuest::Wasmtime(guest) => guest.memory.data_and_store_mut(self.as_context_mut()),
            #[cfg(feature = "wasmi")]
            AnyGuest::Wasmi(_) => (&mut [], self.data_mut()),
        }
    }

    #[inline]
    fn alloc(&mut self, guest: &AnyGuest, len: u32) -> wasmtime::Result<u32> {
        match alloc(guest) {
            Some(alloc) => alloc.call(self.as_context_mut(), len),
            None => Ok(0),
        }
    }

    #[cold]
    fn guest(&mut self) -> Option<AnyGuest> {
        let memory = self.get_export(abi::MEMORY_EXPORT)?.into_memory()?;
        let alloc = self.get_export(abi::ALLOC_EXPORT);
        let alloc = alloc.and_then(|alloc| alloc.into_func()?.typed(&*self).ok());
        Some(AnyGuest::Wasmtime(Guest { memory, alloc }))
    }

    fn error(reason: &'static str) -> wasmtime::Error {
        wasmtime::Error::msg(reason)
    }
}

/// Returns the guest's allocator, if it has one.
#[inline]
pub(super) fn alloc(guest: &AnyGuest) -> Option<&TypedFunc<u32, u32>> {
    match guest {
        AnyGuest::Wasmtime(guest) => guest.alloc.as_ref(),
        #[cfg(feature = "wasmi")]
        AnyGuest::Wasmi(_) => None,
    }
}

impl ResourceLimiter for Limiter {
    // An error would trap. A refusal returns -1 to the guest, which can handle it.
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.allows_memory(desired, maximum))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.growth_failed();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.allows_table(current, desired))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.growth_failed();
        Ok(())
    }
}
