//! Linked modules, instances, and the host functions that they call.

use plugin_sdk::abi;
use wasmi::{
    AsContext, AsContextMut, Global, Instance, Linker, Memory, Module, TypedFunc, Val, WasmParams,
    WasmResults,
};

use super::super::{Caller, Cause, Ended, Error, Guest as AnyGuest, HostState, Trap};
use super::data::Data;
use super::fuel;
use super::link::slot;
use super::prepare::Evidence;
use super::reserve::Reserve;
use super::trap;
use crate::failure::Failure;

/// The most calls of a guest that its own host calls may have under way: each takes some of the
/// native stack. Such a guest's allocator calls a host function that needs the allocator.
const MAX_NESTED: u32 = 16;

/// A module whose imports are linked.
pub(crate) struct Linked<T: HostState> {
    module: Module,
    linker: Linker<Data<T>>,
    evidence: Evidence,
}

/// An instance in its store.
pub(crate) struct Store<T: HostState> {
    store: wasmi::Store<Data<T>>,
    instance: Instance,
    memory: Memory,
    evidence: Evidence,
    /// The global that the guest's last functions before a trap have marked.
    marks: Option<Global>,
}

/// The parts of an instance that host functions need.
pub(crate) struct Guest {
    memory: Memory,
    /// `None` if the emulated host does not require this export.
    alloc: Option<TypedFunc<u32, u32>>,
}

impl<T: HostState> Linked<T> {
    pub(super) fn new(module: Module, linker: Linker<Data<T>>, evidence: Evidence) -> Self {
        Linked {
            module,
            linker,
            evidence,
        }
    }

    pub(crate) fn instantiate(&self, state: T, fuel: Option<u64>) -> Result<Store<T>, Error> {
        let data = Data {
            state,
            reserve: Reserve::of(None).0,
            nested: 0,
            memory_maximum: self.evidence.memory_maximum,
        };
        let mut store = wasmi::Store::new(self.linker.engine(), data);
        store.limiter(|data| data);
        // Only the start function costs fuel, which is called afterwards.
        let _ = store.set_fuel(u64::MAX);
        let instance = self.linker.instantiate_and_start(&mut store, &self.module);
        let instance = instance.map_err(|error| {
            Error::with(Ended {
                cause: trap::cause(&error),
                frames: Some(Vec::new()),
                way_out: None,
                stack_pointer: None,
                denied: store.data_mut().state.limiter().denied(),
            })
        })?;
        let memory = instance.get_memory(&store, abi::MEMORY_EXPORT);
        let marks = self.evidence.marks();
        let marks = marks.and_then(|name| instance.get_global(&store, name));
        let mut store = Store {
            marks,
            memory: memory.ok_or_else(super::super::error::no_memory)?,
            store,
            instance,
            evidence: self.evidence.clone(),
        };
        store.begin(fuel);
        if let Some(name) = self.evidence.start() {
            let start: TypedFunc<(), ()> = store
                .instance
                .get_typed_func(&store.store, name)
                .map_err(|error| Error::new(trap::cause(&error)))?;
            store.call(&start, ())?;
        }
        Ok(store)
    }
}

impl<T: HostState> Store<T> {
    pub(crate) fn data(&self) -> &T {
        &self.store.data().state
    }

    pub(crate) fn data_mut(&mut self) -> &mut T {
        &mut self.store.data_mut().state
    }

    pub(crate) fn memory(&self) -> &[u8] {
        self.memory.data(&self.store)
    }

    pub(crate) fn memory_mut(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }

    pub(crate) fn begin(&mut self, fuel: Option<u64>) {
        let (reserve, first) = Reserve::of(fuel);
        self.store.data_mut().reserve = reserve;
        // Fails only without fuel in the engine, whose calls then have no limits.
        let _ = self.store.set_fuel(first);
        if let Some(marks) = self.marks {
            // Fails only for a constant or another type, and the global is neither.
            let _ = marks.set(&mut self.store, Val::I32(0));
        }
    }

    pub(crate) fn fuel_left(&self) -> Option<u64> {
        let in_store = self.store.get_fuel().ok()?;
        self.store.data().reserve.left(in_store)
    }

    pub(crate) fn global(&self, name: &str) -> Option<u32> {
        let global = self.instance.get_global(&self.store, name)?;
        global.get(&self.store).i32().map(i32::cast_unsigned)
    }

    pub(crate) fn global_bits(&self, name: &str) -> Option<u64> {
        let global = self.instance.get_global(&self.store, name)?;
        Some(slot(&global.get(&self.store)))
    }

    pub(crate) fn parameters(&self, name: &str) -> Option<usize> {
        let func = self.instance.get_func(&self.store, name)?;
        Some(func.ty(&self.store).params().len())
    }

    pub(crate) fn func<P: WasmParams, R: WasmResults>(
        &self,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Failure> {
        self.instance
            .get_typed_func(&self.store, name)
            .map_err(Failure::engine)
    }

    pub(crate) fn guest(&self, alloc: Option<TypedFunc<u32, u32>>) -> Guest {
        Guest {
            memory: self.memory,
            alloc,
        }
    }

    pub(crate) fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        func: &TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Error> {
        fuel::call(func, &mut self.store, params).map_err(|cause| self.ended(cause))
    }

    #[cold]
    fn ended(&mut self, cause: Cause) -> Error {
        let global = |name: Option<&str>| self.global(name?);
        Error::with(Ended {
            cause,
            frames: None,
            stack_pointer: global(self.evidence.stack_pointer()),
            way_out: Some(self.evidence.way_out(global(self.evidence.marks()))),
            denied: self.data_mut().limiter().denied(),
        })
    }
}

impl<T: HostState> Caller<T> for wasmi::Caller<'_, Data<T>> {
    type Error = wasmi::Error;

    fn data_mut(&mut self) -> &mut T {
        &mut self.data_mut().state
    }

    fn memory_and_data<'a>(&'a mut self, guest: &AnyGuest) -> (&'a mut [u8], &'a mut T) {
        match guest {
            AnyGuest::Wasmi(guest) => {
                let (memory, data) = guest.memory.data_and_store_mut(self.as_context_mut());
                (memory, &mut data.state)
            }
            #[cfg(feature = "wasmtime")]
            AnyGuest::Wasmtime(_) => (&mut [], &mut self.data_mut().state),
        }
    }

    fn alloc(&mut self, guest: &AnyGuest, len: u32) -> Result<u32, wasmi::Error> {
        let alloc = match guest {
            AnyGuest::Wasmi(guest) => guest.alloc,
            #[cfg(feature = "wasmtime")]
            AnyGuest::Wasmtime(_) => None,
        };
        let Some(alloc) = alloc else {
            return Ok(0);
        };
        if self.data().nested == MAX_NESTED {
            let overflow = Cause::trap(Trap::StackOverflow, "call stack exhausted");
            return Err(wasmi::Error::host(overflow));
        }
        self.data_mut().nested += 1;
        let allocated = fuel::call(&alloc, self.as_context_mut(), len);
        self.data_mut().nested -= 1;
        allocated.map_err(wasmi::Error::host)
    }

    #[cold]
    fn guest(&mut self) -> Option<AnyGuest> {
        let memory = self.get_export(abi::MEMORY_EXPORT)?.into_memory()?;
        let alloc = self.get_export(abi::ALLOC_EXPORT);
        let alloc = alloc.and_then(|alloc| alloc.into_func()?.typed(self.as_context()).ok());
        Some(AnyGuest::Wasmi(Guest { memory, alloc }))
    }

    fn error(reason: &'static str) -> wasmi::Error {
        wasmi::Error::host(Cause::Other(reason.to_owned()))
    }
}
