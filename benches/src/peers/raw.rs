//! The baseline: a hand-written guest, and the host that people write for it.

use anyhow::{Context as _, Result};
use wasmtime::{Engine, InstancePre, Linker, Memory, Module, Store, TypedFunc};

/// The time limit of a call, on a clock that does not advance here.
const TICKS: u64 = 1000;

/// A compiled hand-written guest.
pub struct Raw {
    pre: InstancePre<()>,
    clocked: bool,
}

impl Raw {
    pub fn compile(engine: &Engine, wasm: &[u8]) -> Result<Self> {
        let module = Module::new(engine, wasm)?;
        Ok(Raw {
            pre: Linker::new(engine).instantiate_pre(&module)?,
            clocked: false,
        })
    }

    /// Gives each call a time limit; the engine must have epochs.
    pub fn clocked(self) -> Self {
        Raw {
            clocked: true,
            ..self
        }
    }

    /// Returns `command` of a new instance.
    pub fn instance(&self, command: &str) -> Result<Instance> {
        let mut store = Store::new(self.pre.module().engine(), ());
        if self.clocked {
            store.set_epoch_deadline(TICKS);
        }
        let instance = self.pre.instantiate(&mut store)?;
        Ok(Instance {
            memory: instance
                .get_memory(&mut store, "memory")
                .context("no memory")?,
            alloc: instance.get_typed_func(&mut store, "alloc")?,
            free: instance.get_typed_func(&mut store, "free")?,
            command: instance.get_typed_func(&mut store, command)?,
            store,
            clocked: self.clocked,
        })
    }
}

/// One command of one instance.
pub struct Instance {
    store: Store<()>,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    command: TypedFunc<(u32, u32), u64>,
    clocked: bool,
}

impl Instance {
    /// Allocates, writes, calls, copies out and frees. The guest takes ownership of the arguments.
    pub fn call(&mut self, args: &[u8]) -> Result<Vec<u8>> {
        if self.clocked {
            self.store.set_epoch_deadline(TICKS);
        }
        let args_len = args.len() as u32;
        let args_ptr = self.alloc.call(&mut self.store, args_len)?;
        self.memory
            .write(&mut self.store, args_ptr as usize, args)?;
        let packed = self.command.call(&mut self.store, (args_ptr, args_len))?;
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
