//! Hand-written glue for the hand-written guest: the least that a host of WebAssembly does.

use std::path::Path;

use wasmtime::error::Context as _;
use wasmtime::{Config, Engine, Instance, Memory, Module, Result, Store, TypedFunc};

/// The time limit of a call, on a clock that does not advance here.
const TICKS: u64 = 1000;

/// An instance of the guest.
pub struct Greeter {
    store: Store<()>,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    greet: TypedFunc<(u32, u32), u64>,
}

impl Greeter {
    pub fn load(file: &Path) -> Result<Self> {
        // With the checks that a time limit needs, as ours.
        let engine = Engine::new(Config::new().epoch_interruption(true))?;
        let module = Module::from_file(&engine, file)?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(TICKS);
        let instance = Instance::new(&mut store, &module, &[])?;
        Ok(Greeter {
            memory: instance
                .get_memory(&mut store, "memory")
                .context("no memory")?,
            alloc: instance.get_typed_func(&mut store, "alloc")?,
            free: instance.get_typed_func(&mut store, "free")?,
            greet: instance.get_typed_func(&mut store, "greet")?,
            store,
        })
    }

    /// Allocates, writes, calls, copies out and frees. The guest takes ownership of the arguments.
    pub fn greet(&mut self, args: &[u8]) -> Result<Vec<u8>> {
        self.store.set_epoch_deadline(TICKS);
        let args_len = u32::try_from(args.len())?;
        let args_ptr = self.alloc.call(&mut self.store, args_len)?;
        self.memory
            .write(&mut self.store, args_ptr as usize, args)?;
        let packed = self.greet.call(&mut self.store, (args_ptr, args_len))?;
        let (ptr, len) = ((packed >> 32) as u32, packed as u32);
        let result = self
            .memory
            .data(&self.store)
            .get(ptr as usize..)
            .and_then(|rest| rest.get(..len as usize))
            .context("the result is outside the memory")?
            .to_vec();
        self.free.call(&mut self.store, (ptr, len))?;
        Ok(result)
    }
}
