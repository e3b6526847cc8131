//! The cost of a call from a guest to its host.

use anyhow::{Context as _, Result, ensure};
use plugin_sdk::host_functions;
use plugin_sdk_harness::{Module, Plugin};
use wasmtime::{Caller, InstancePre, Linker, Memory, Store, TypedFunc};

use crate::engine;
use crate::measure::{Contestant, Job};
use crate::modules::Modules;

/// The number of host calls in one call of the guest, large enough to make that call negligible.
const CALLS: u32 = 100;

/// Returns the answer of the host.
fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}

#[host_functions(module = "greetings")]
trait Greetings {
    fn greet(name: &str) -> plugin_sdk::Result<String>;
}

struct Host;

impl Greetings for Host {
    fn greet(&mut self, name: &str) -> plugin_sdk::Result<String> {
        Ok(greeting(name))
    }
}

/// Guests that call their hosts.
pub struct HostCalls {
    raw: InstancePre<Option<Guest>>,
    ours: Module,
}

/// The state of the hand-written host for an instance.
#[derive(Clone)]
struct Guest {
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
}

impl HostCalls {
    pub fn compile(modules: &Modules) -> Result<Self> {
        let engine = engine::plain()?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap("greetings", "greet", raw_greet)?;
        let module = wasmtime::Module::new(&engine, &modules.raw_calling)?;
        Ok(HostCalls {
            raw: linker.instantiate_pre(&module)?,
            ours: Module::load(&modules.ours_calling[..])?,
        })
    }

    pub fn jobs(&self) -> Vec<Job<'_>> {
        vec![Job::new(
            "100 host calls, short string to short string",
            || self.line_up(CALLS),
        )]
    }

    /// Returns contestants that make `calls` host calls in one call of the guest.
    pub fn line_up(&self, calls: u32) -> Result<Vec<Contestant<'_>>> {
        let answered = calls * greeting("Ada").len() as u32;
        let mut store = Store::new(self.raw.module().engine(), None);
        let instance = self.raw.instantiate(&mut store)?;
        let guest = Guest {
            memory: instance
                .get_memory(&mut store, "memory")
                .context("no memory")?,
            alloc: instance.get_typed_func(&mut store, "alloc")?,
        };
        *store.data_mut() = Some(guest);
        let command = instance.get_typed_func::<u32, u32>(&mut store, "calls")?;
        let mut raw = move || Ok(command.call(&mut store, calls)?);
        ensure!(raw()? == answered, "raw counts something else");
        let mut plugin: Plugin = self
            .ours
            .plugin()
            .no_timeout()
            .no_cache()
            .max_host_calls(u64::MAX)
            .host_functions(greetings::provide(Host))
            .build()?;
        let command = plugin.command("calls")?;
        let mut ours = move || -> Result<u32> {
            let answer = plugin.call_raw(&command, &calls.to_le_bytes())?;
            Ok(u32::from_le_bytes(answer.try_into()?))
        };
        ensure!(ours()? == answered, "ours counts something else");
        Ok(vec![
            Contestant::new("raw", raw),
            Contestant::new("ours", ours).at_most(1.15, "raw"),
        ])
    }
}

/// Reads the argument, allocates in the guest, and writes the answer, as in typical hand-written
/// code.
fn raw_greet(mut caller: Caller<'_, Option<Guest>>, ptr: u32, len: u32) -> wasmtime::Result<u64> {
    let Some(Guest { memory, alloc }) = caller.data().clone() else {
        return Err(wasmtime::format_err!("there is no instance yet"));
    };
    let name = memory
        .data(&caller)
        .get(ptr as usize..)
        .and_then(|rest| rest.get(..len as usize))
        .ok_or_else(|| wasmtime::format_err!("the name is outside the memory"))?;
    let greeting = greeting(std::str::from_utf8(name)?);
    let len = greeting.len() as u32;
    let ptr = alloc.call(&mut caller, len)?;
    memory.write(&mut caller, ptr as usize, greeting.as_bytes())?;
    Ok(u64::from(ptr) << 32 | u64::from(len))
}
