//! Calls that can be waited for: on stacks of their own, which the engine leaves at every tick of its clock and while the host's functions wait.
//!
//! The steps of a call are the same; what is here is where they wait.

use plugin_sdk::abi::Packed;
use tokio::time::Instant;
use wasmtime::UpdateDeadline;

use super::{Callee, Instance, State, begin, new_store};
use crate::contract;
use crate::engine::{Clock, ticks};
use crate::failure::{Failure, FailureKind};
use crate::host::Host;
use crate::limits::Limits;
use crate::module::{Compiled, Module};

/// When the call that is running must have ended.
#[derive(Default)]
pub(crate) struct Deadline {
    /// The tick of the engine's clock, for the guest's code; 0 for never.
    tick: u64,
    /// The same for what the host waits for.
    at: Option<Instant>,
    clock: Clock,
}

impl Deadline {
    pub(crate) fn at(&self) -> Option<Instant> {
        self.at
    }

    fn begin(&mut self, limits: &Limits, ticks: u64) {
        self.tick = match ticks {
            0 => 0,
            ticks => self.clock.now().saturating_add(ticks),
        };
        self.at = limits
            .timeout
            .and_then(|timeout| Instant::now().checked_add(timeout));
    }

    fn has_passed(&self) -> bool {
        self.tick != 0 && self.clock.now() >= self.tick
    }
}

/// A call that has begun: unless it [ends](Running::end), it was cancelled, and nobody knows what the guest had done by then.
struct Running<'a> {
    instance: &'a mut Instance,
    callee: Callee,
    ended: bool,
}

impl Running<'_> {
    fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let cancelled = self.instance.failure(self.callee, FailureKind::Cancelled);
            self.instance.first.get_or_insert(cancelled);
        }
    }
}

impl Instance {
    pub(crate) async fn new_async(
        module: &Module,
        compiled: &Compiled,
        host: Host,
        limits: &Limits,
        pool: Option<u32>,
    ) -> Result<Self, Failure> {
        let contract = module.contract();
        let pre = compiled.pre_async(contract.imports())?;
        let mut store = new_store(compiled, host, limits);
        store.data_mut().deadline.clock = compiled.clock().clone();
        store.epoch_deadline_callback(|store| {
            Ok(match store.data().deadline.has_passed() {
                true => UpdateDeadline::Interrupt,
                false => UpdateDeadline::Yield(1),
            })
        });
        begin_async(&mut store, ticks(limits.timeout), limits);
        let instance = pre.instantiate_async(&mut store).await;
        Self::of(store, instance, contract.commands().clone(), limits, pool)
    }

    /// As [`call`](Instance::call).
    pub(crate) async fn call_async(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure> {
        let running = self.enter_async(callee)?;
        let answer = running.instance.run_async(callee, len, write).await;
        running.end();
        answer
    }

    /// As [`call_hook`](Instance::call_hook).
    pub(crate) async fn call_hook_async(&mut self, name: &'static str) -> Result<Packed, Failure> {
        let callee = Callee::Export(name);
        let running = self.enter_async(callee)?;
        let answer = running.instance.run_export_async::<u64>(callee, name).await;
        running.end();
        answer.map(Packed::from_bits)
    }

    /// As [`call_cleanup`](Instance::call_cleanup).
    pub(crate) async fn call_cleanup_async(&mut self) -> Result<(), Failure> {
        let (callee, name) = (Callee::Export(contract::CLEANUP), contract::CLEANUP);
        let running = self.enter_async(callee)?;
        let answer = running.instance.run_export_async::<()>(callee, name).await;
        running.end();
        answer
    }

    fn enter_async(&mut self, callee: Callee) -> Result<Running<'_>, Failure> {
        self.enter(callee)?;
        begin_turns(&mut self.store, self.ticks, &self.limits);
        Ok(Running {
            instance: self,
            callee,
            ended: false,
        })
    }

    async fn run_async(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure> {
        if len > self.buffer.capacity as usize {
            self.grow_buffer_async(callee, len).await?;
        }
        self.place(len, write);
        let func = match callee {
            Callee::Command(number) => match self.resolved.get(number) {
                Some(Some(func)) => func.clone(),
                _ => self.resolve(number)?,
            },
            Callee::Export(name) => self.export(name)?,
        };
        let answer = func.call_async(&mut self.store, self.buffer.params()).await;
        self.answered(callee, answer)
    }

    async fn run_export_async<R: wasmtime::WasmResults + Sync>(
        &mut self,
        callee: Callee,
        name: &'static str,
    ) -> Result<R, Failure> {
        let func = self.export::<(), R>(name)?;
        let answer = func.call_async(&mut self.store, ()).await;
        answer.map_err(|error| self.trapped(callee, &error))
    }

    async fn grow_buffer_async(&mut self, callee: Callee, len: usize) -> Result<(), Failure> {
        let capacity = self.capacity_for(callee, len)?;
        if let Some(old) = self.buffer.take() {
            let freed = self.free.call_async(&mut self.store, old).await;
            freed.map_err(|error| self.trapped(callee, &error))?;
        }
        let allocated = self.alloc.call_async(&mut self.store, capacity).await;
        self.new_buffer(callee, allocated, capacity)
    }
}

fn begin_async(store: &mut wasmtime::Store<State>, ticks: u64, limits: &Limits) {
    begin(store, ticks, limits.fuel);
    begin_turns(store, ticks, limits);
}

/// The guest's code runs to the clock's next tick, and on from there when its turn comes again.
fn begin_turns(store: &mut wasmtime::Store<State>, ticks: u64, limits: &Limits) {
    store.set_epoch_deadline(1);
    store.data_mut().deadline.begin(limits, ticks);
}
