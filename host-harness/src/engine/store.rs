//! Linked modules, instances and functions of either engine.
//!
//! A variant is chosen when a module is linked, and its stores and functions have the same.

#[cfg(feature = "wasmi")]
use super::wasmi;
#[cfg(feature = "wasmtime")]
use super::wasmtime;
use super::{Error, Guest, HostState};
use crate::failure::Failure;

/// Traits in place of those of an engine that is not compiled in: every type has them.
#[cfg(not(all(feature = "wasmtime", feature = "wasmi")))]
mod absent {
    pub(crate) trait WasmParams {}
    impl<T> WasmParams for T {}
    pub(crate) trait WasmResults {}
    impl<T> WasmResults for T {}
}

#[cfg(feature = "wasmi")]
use ::wasmi as wasmi_types;
#[cfg(feature = "wasmtime")]
use ::wasmtime as wasmtime_types;
#[cfg(not(feature = "wasmi"))]
use absent as wasmi_types;
#[cfg(not(feature = "wasmtime"))]
use absent as wasmtime_types;

/// Parameters of exported functions.
pub(crate) trait Params:
    wasmtime_types::WasmParams + wasmi_types::WasmParams + 'static
{
}
impl<T: wasmtime_types::WasmParams + wasmi_types::WasmParams + 'static> Params for T {}

/// Results of exported functions.
pub(crate) trait Results:
    wasmtime_types::WasmResults + wasmi_types::WasmResults + 'static
{
}
impl<T: wasmtime_types::WasmResults + wasmi_types::WasmResults + 'static> Results for T {}

/// A compiled module with its imports, ready to instantiate.
pub(crate) enum Linked<T: HostState> {
    #[cfg(feature = "wasmtime")]
    Wasmtime(wasmtime::Linked<T>),
    #[cfg(feature = "wasmi")]
    Wasmi(wasmi::Linked<T>),
}

/// An instance, its memory and the data of its host.
pub(crate) enum Store<T: HostState> {
    #[cfg(feature = "wasmtime")]
    Wasmtime(wasmtime::Store<T>),
    #[cfg(feature = "wasmi")]
    Wasmi(Box<wasmi::Store<T>>),
}

/// An exported function with a static type.
pub(crate) enum Func<P, R> {
    #[cfg(feature = "wasmtime")]
    Wasmtime(::wasmtime::TypedFunc<P, R>),
    #[cfg(feature = "wasmi")]
    Wasmi(::wasmi::TypedFunc<P, R>),
}

/// Does the same for both engines.
macro_rules! either {
    ($kind:ident: $value:expr, $it:ident => $run:expr) => {
        match $value {
            #[cfg(feature = "wasmtime")]
            $kind::Wasmtime($it) => $run,
            #[cfg(feature = "wasmi")]
            $kind::Wasmi($it) => $run,
        }
    };
}

impl<T: HostState> Linked<T> {
    /// Creates an instance, whose start function may take this time, in ticks of the clock, and
    /// this fuel.
    pub(crate) fn instantiate(
        &self,
        data: T,
        ticks: u64,
        fuel: Option<u64>,
    ) -> Result<Store<T>, Error> {
        Ok(match self {
            #[cfg(feature = "wasmtime")]
            Linked::Wasmtime(linked) => Store::Wasmtime(linked.instantiate(data, ticks, fuel)?),
            #[cfg(feature = "wasmi")]
            Linked::Wasmi(linked) => {
                let _ = ticks;
                Store::Wasmi(Box::new(linked.instantiate(data, fuel)?))
            }
        })
    }

    /// Creates an instance for async calls: its code runs on a separate stack, which it leaves at
    /// every tick of the clock and while host functions wait.
    #[cfg(feature = "async")]
    pub(crate) async fn instantiate_async(
        &self,
        imports: &[crate::abi::ImportedFunction],
        data: T,
        fuel: Option<u64>,
    ) -> Result<Result<Store<T>, Error>, Failure> {
        match self {
            Linked::Wasmtime(linked) => {
                let store = linked.instantiate_async(imports, data, fuel).await?;
                Ok(store.map(Store::Wasmtime))
            }
            #[cfg(feature = "wasmi")]
            Linked::Wasmi(_) => Err(super::Engine::Wasmi.lacks("async calls")),
        }
    }
}

impl<T: HostState> Store<T> {
    #[inline]
    pub(crate) fn data(&self) -> &T {
        either!(Store: self, it => it.data())
    }

    #[inline]
    pub(crate) fn data_mut(&mut self) -> &mut T {
        either!(Store: self, it => it.data_mut())
    }

    /// Returns the guest's memory.
    #[inline]
    pub(crate) fn memory(&self) -> &[u8] {
        either!(Store: self, it => it.memory())
    }

    #[inline]
    pub(crate) fn memory_mut(&mut self) -> &mut [u8] {
        either!(Store: self, it => it.memory_mut())
    }

    /// Starts the time of a call, in ticks of the clock (0 for no limit), and its fuel.
    #[inline]
    pub(crate) fn begin(&mut self, ticks: u64, fuel: Option<u64>) {
        match self {
            #[cfg(feature = "wasmtime")]
            Store::Wasmtime(store) => store.begin(ticks, fuel),
            #[cfg(feature = "wasmi")]
            Store::Wasmi(store) => {
                let _ = ticks;
                store.begin(fuel);
            }
        }
    }

    /// Begins the turn of an async call, which ends at the next tick of the clock.
    #[cfg(feature = "async")]
    pub(crate) fn begin_turn(&mut self) {
        self.begin(1, None);
    }

    /// Returns the fuel that the current call has left; `None` if fuel is not counted.
    pub(crate) fn fuel_left(&self) -> Option<u64> {
        either!(Store: self, it => it.fuel_left())
    }

    /// Ends calls from now on at the first tick of the clock at which they
    /// [must](HostState::must_end) end.
    pub(crate) fn end_at_ticks(&mut self) {
        match self {
            #[cfg(feature = "wasmtime")]
            Store::Wasmtime(store) => store.end_at_ticks(),
            // It always does.
            #[cfg(feature = "wasmi")]
            Store::Wasmi(_) => {}
        }
    }

    /// Returns the value of an exported global of type `i32`.
    pub(crate) fn global(&mut self, name: &str) -> Option<u32> {
        either!(Store: self, it => it.global(name))
    }

    /// Returns the bits of an exported global, which is an integer or a float.
    pub(crate) fn global_bits(&mut self, name: &str) -> Option<u64> {
        either!(Store: self, it => it.global_bits(name))
    }

    /// Returns the number of parameters of an exported function.
    pub(crate) fn parameters(&mut self, name: &str) -> Option<usize> {
        either!(Store: self, it => it.parameters(name))
    }

    /// Returns an exported function, if it has this type.
    pub(crate) fn func<P: Params, R: Results>(
        &mut self,
        name: &str,
    ) -> Result<Func<P, R>, Failure> {
        Ok(match self {
            #[cfg(feature = "wasmtime")]
            Store::Wasmtime(store) => Func::Wasmtime(store.func(name)?),
            #[cfg(feature = "wasmi")]
            Store::Wasmi(store) => Func::Wasmi(store.func(name)?),
        })
    }

    /// Returns the parts of the instance that host functions need, with its allocator if it has
    /// one.
    pub(crate) fn guest(&self, alloc: Option<Func<u32, u32>>) -> Guest {
        match self {
            #[cfg(feature = "wasmtime")]
            Store::Wasmtime(store) => Guest::Wasmtime(store.guest(alloc.and_then(Func::wasmtime))),
            #[cfg(feature = "wasmi")]
            Store::Wasmi(store) => Guest::Wasmi(store.guest(alloc.and_then(Func::wasmi))),
        }
    }
}

impl<P, R> Func<P, R> {
    #[cfg(feature = "wasmtime")]
    fn wasmtime(self) -> Option<::wasmtime::TypedFunc<P, R>> {
        match self {
            Func::Wasmtime(func) => Some(func),
            #[cfg(feature = "wasmi")]
            Func::Wasmi(_) => None,
        }
    }

    #[cfg(feature = "wasmi")]
    fn wasmi(self) -> Option<::wasmi::TypedFunc<P, R>> {
        match self {
            Func::Wasmi(func) => Some(func),
            #[cfg(feature = "wasmtime")]
            Func::Wasmtime(_) => None,
        }
    }
}

impl<P: Params, R: Results> Func<P, R> {
    /// Calls the function in the store that it is from.
    #[inline]
    pub(crate) fn call<T: HostState>(&self, store: &mut Store<T>, params: P) -> Result<R, Error> {
        match (self, store) {
            #[cfg(feature = "wasmtime")]
            (Func::Wasmtime(func), Store::Wasmtime(store)) => store.call(func, params),
            #[cfg(feature = "wasmi")]
            (Func::Wasmi(func), Store::Wasmi(store)) => store.call(func, params),
            #[cfg(all(feature = "wasmtime", feature = "wasmi"))]
            _ => Err(stray()),
        }
    }

    /// Calls the function like [`call`](Func::call), on a separate stack.
    #[cfg(feature = "async")]
    pub(crate) async fn call_async<T: HostState>(
        &self,
        store: &mut Store<T>,
        params: P,
    ) -> Result<R, Error>
    where
        P: Sync,
        R: Sync,
    {
        match (self, store) {
            (Func::Wasmtime(func), Store::Wasmtime(store)) => store.call_async(func, params).await,
            #[cfg(feature = "wasmi")]
            _ => Err(stray()),
        }
    }
}

/// Returns the error for a function of one engine in a store of another.
#[cfg(feature = "wasmi")]
#[allow(dead_code, reason = "not with a single engine")]
#[cold]
fn stray() -> Error {
    Error::new(super::Cause::Other(
        "a function was called in a store of another engine".to_owned(),
    ))
}

// Not derived: that would ask the same of `P` and `R`.
impl<P, R> Clone for Func<P, R> {
    fn clone(&self) -> Self {
        match self {
            #[cfg(feature = "wasmtime")]
            Func::Wasmtime(func) => Func::Wasmtime(func.clone()),
            #[cfg(feature = "wasmi")]
            Func::Wasmi(func) => Func::Wasmi(*func),
        }
    }
}
