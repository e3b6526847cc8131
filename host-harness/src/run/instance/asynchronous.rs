//! Async calls: they run on separate stacks, which the engine leaves at every tick of its clock
//! and while host functions wait.
//!
//! The steps of a call are the same; only the waiting is here.

use plugin_sdk::abi::{self, Packed};

use super::Instance;
use crate::abi::Callee;
use crate::engine::Results;
use crate::failure::{Backtrace, Failure, FailureKind};
use crate::imports::Host;
use crate::observe::Observer;
use crate::observe::transcript::Data;
use crate::run::blueprint::Blueprint;
use crate::run::module::Module;
use crate::run::sandbox::Sandbox;

/// A call that has begun. Unless it [ends](Running::end), it was cancelled, in an unknown state of
/// the guest.
struct Running<'a> {
    instance: &'a mut Instance,
    callee: Callee,
    /// `true` if the observer knows that it has begun.
    watched: bool,
    ended: bool,
}

impl Running<'_> {
    fn begin_crossing(&mut self, has_arguments: bool) {
        self.instance.begin_crossing(self.callee, has_arguments);
        self.watched = true;
    }

    fn end(mut self, answer: Result<Packed, &Failure>) {
        self.instance.end_crossing(self.callee, answer);
        self.ended = true;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let instance = &mut *self.instance;
            let cancelled = instance
                .failure(self.callee, FailureKind::Cancelled)
                .with_context(instance.sandbox.context(Backtrace::default()));
            let cancelled = instance.sandbox.first.get_or_insert(cancelled).clone();
            if self.watched {
                instance.end_crossing(self.callee, Err(&cancelled));
            }
        }
    }
}

impl Instance {
    pub(crate) async fn new_async(
        blueprint: Blueprint,
        module: &Module,
        host: Host,
        observer: Option<Box<Observer>>,
    ) -> Result<Self, Failure> {
        let imports = module.contract().imports();
        let store = blueprint.instantiate_async(imports, host, observer).await?;
        let commands = module.contract().commands().clone();
        let sandbox = Sandbox::of(blueprint, store, abi::VERSION_EXPORT)?;
        Self::of(sandbox, commands)
    }

    /// Calls an export, like [`call`](Instance::call).
    pub(crate) async fn call_async(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure> {
        let mut running = self.enter_async(callee)?;
        let input = running.instance.record_input(callee, len, write);
        let write = |place: &mut [u8]| input.write(place);
        let placed = running.instance.place_async(callee, len, write).await;
        running.begin_crossing(placed.is_ok());
        let answer = match placed {
            Ok(()) => running.instance.run_async(callee).await,
            Err(failure) => Err(failure),
        };
        running.end(answer.as_ref().copied());
        answer
    }

    /// Calls a hook, like [`call_hook`](Instance::call_hook).
    pub(crate) async fn call_hook_async(&mut self, name: &'static str) -> Result<Packed, Failure> {
        let callee = Callee::Export(name);
        let mut running = self.enter_async(callee)?;
        running.instance.record_call(callee, Data::default());
        running.begin_crossing(false);
        let bits = running.instance.run_export_async::<u64>(callee, name).await;
        let answer = bits.map(Packed::from_bits);
        running.end(answer.as_ref().copied());
        answer
    }

    /// Calls the cleanup hook, like [`call_cleanup`](Instance::call_cleanup).
    pub(crate) async fn call_cleanup_async(&mut self) -> Result<(), Failure> {
        let (callee, name) = (Callee::Export(abi::CLEANUP_EXPORT), abi::CLEANUP_EXPORT);
        let mut running = self.enter_async(callee)?;
        running.instance.record_call(callee, Data::default());
        running.begin_crossing(false);
        let answer = running.instance.run_export_async::<()>(callee, name).await;
        running.end(answer.as_ref().map(|()| Packed::from_bits(0)));
        answer
    }

    fn enter_async(&mut self, callee: Callee) -> Result<Running<'_>, Failure> {
        self.enter(callee)?;
        let timeout = self.sandbox.limits().timeout;
        // Its code runs to the next tick of the clock, and continues at its next turn.
        self.sandbox.store.begin_turn();
        self.sandbox.store.data_mut().begin_turns(timeout);
        Ok(Running {
            instance: self,
            callee,
            watched: false,
            ended: false,
        })
    }

    async fn place_async(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<(), Failure> {
        if len > self.buffer.capacity as usize {
            self.grow_buffer_async(callee, len).await?;
        }
        self.write(callee, len, write)
    }

    async fn grow_buffer_async(&mut self, callee: Callee, len: usize) -> Result<(), Failure> {
        let capacity = self.capacity_for(callee, len)?;
        if let Some(old) = self.buffer.take() {
            let freed = self.free.call_async(&mut self.sandbox.store, old).await;
            freed.map_err(|error| self.trapped(callee, error))?;
        }
        let allocated = self
            .alloc
            .call_async(&mut self.sandbox.store, capacity)
            .await;
        self.new_buffer(callee, allocated, capacity)
    }

    async fn run_async(&mut self, callee: Callee) -> Result<Packed, Failure> {
        let params = self.buffer.params();
        let answer = match callee {
            // Not cloned: all instances would share the counter of its references.
            Callee::Command(number) if let Some(Some(func)) = self.resolved.get(number) => {
                func.call_async(&mut self.sandbox.store, params).await
            }
            callee => {
                self.func(callee)?
                    .call_async(&mut self.sandbox.store, params)
                    .await
            }
        };
        self.answered(callee, answer)
    }

    async fn run_export_async<R: Results + Sync>(
        &mut self,
        callee: Callee,
        name: &'static str,
    ) -> Result<R, Failure> {
        let func = self.sandbox.export::<(), R>(name)?;
        let answer = func.call_async(&mut self.sandbox.store, ()).await;
        answer.map_err(|error| self.trapped(callee, error))
    }
}
