//! An instance of a module within its limits: the parts that all calling conventions share.
//!
//! `instance.rs` uses it to call plugins of the SDK's own ABI, `hosts/` those of emulated hosts.

use plugin_sdk::abi::{self, Packed};

use super::blueprint::{Blueprint, begin};
use super::json;
use super::trap::{self, Evidence, PanicRecord};
use crate::abi::missing_heap;
use crate::engine::{Error, Func, Params, Results, Store, ticks};
use crate::failure::{Backtrace, Context, Failure, FailureKind, Quota, Region, Stage, Usage};
use crate::imports::{Host, Interrupt, State};
use crate::limits::Limits;
use crate::memory::{PAGE, range};
use crate::observe::{Census, Heap, HeapRecord, Observer};

/// An instance within its limits; see the [module](self).
pub(crate) struct Sandbox {
    pub(crate) store: Store<State>,
    /// The record of panics, if the guest has one.
    record: Option<PanicRecord>,
    /// The record of allocations, if the guest counts them.
    heap: Option<HeapRecord>,
    blueprint: Blueprint,
    /// The time limit of a call in ticks of the clock; 0 for no limit.
    pub(crate) ticks: u64,
    /// The failure that killed the instance.
    pub(crate) first: Option<Failure>,
}

impl Sandbox {
    /// Creates an instance of a module whose exports were checked. `record` is the export with the
    /// address of the panic record.
    pub(crate) fn new(
        blueprint: Blueprint,
        host: Host,
        observer: Option<Box<Observer>>,
        record: &str,
    ) -> Result<Self, Failure> {
        let store = blueprint.instantiate(host, observer);
        Self::of(blueprint, store, record)
    }

    /// Creates a sandbox from an attempt to instantiate the module.
    pub(crate) fn of(
        blueprint: Blueprint,
        store: Result<Store<State>, Error>,
        record: &str,
    ) -> Result<Self, Failure> {
        let mut store = store.map_err(|error| {
            let evidence = Evidence::default();
            let (kind, backtrace) = trap::classify(error.into_ended(), &blueprint, evidence);
            let context = Context {
                backtrace,
                ..Context::default()
            };
            Failure::new(kind, Stage::Instantiate).with_context(context)
        })?;
        let (record, heap) = (store.global(record), store.global(abi::HEAP_EXPORT));
        let bytes = store.memory();
        let failed = |kind| Failure::new(kind, Stage::Instantiate);
        let record = record.map(|address| PanicRecord::at(address, bytes));
        let record = record.transpose().map_err(failed)?;
        let heap = heap.map(|address| HeapRecord::at(address, bytes));
        let heap = heap.transpose().map_err(failed)?;
        Ok(Sandbox {
            store,
            record,
            heap,
            ticks: ticks(blueprint.limits.timeout),
            blueprint,
            first: None,
        })
    }

    /// Returns the blueprint, for another instance.
    pub(crate) fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.blueprint.limits
    }

    /// Sets the fuel of the next calls, if fuel is counted.
    pub(crate) fn set_fuel(&mut self, fuel: u64) {
        if let Some(limit) = &mut self.blueprint.limits.fuel {
            *limit = fuel;
        }
    }

    /// Gives host functions access to the guest's memory, to its allocator if it has one, and to
    /// its room for short answers.
    pub(crate) fn attach(&mut self, alloc: Option<Func<u32, u32>>) {
        let guest = self.store.guest(alloc);
        let room = self.store.global(abi::ROOM_EXPORT);
        // Memory never shrinks.
        let room = room.filter(|room| self.bytes(*room, abi::ROOM_SIZE).is_some());
        self.host_mut().attach(guest, room);
    }

    /// Starts the time and the fuel of a call.
    #[inline]
    pub(crate) fn begin(&mut self) {
        begin(&mut self.store, self.ticks, self.blueprint.limits.fuel);
    }

    /// Begins a call, unless the instance is dead.
    #[inline]
    pub(crate) fn enter(&mut self, stage: impl FnOnce() -> Stage) -> Result<(), Failure> {
        if let Some(first) = &self.first {
            return Err(poisoned(stage(), first));
        }
        self.begin();
        Ok(())
    }

    /// Sets the handle that can end calls from now on; `None` removes it. The engine checks it at
    /// each tick of the clock.
    pub(crate) fn interrupt_by(&mut self, interrupt: Option<Interrupt>) {
        self.store.data_mut().interrupt = interrupt;
        self.store.end_at_ticks();
    }

    /// Returns an export, if it is a function of this type.
    pub(crate) fn export<P: Params, R: Results>(
        &mut self,
        name: &str,
    ) -> Result<Func<P, R>, Failure> {
        self.store.func(name)
    }

    /// Returns the number of parameters of an exported function, if there is one of this name.
    pub(crate) fn parameters(&mut self, name: &str) -> Option<usize> {
        self.store.parameters(name)
    }

    /// Classifies a trap, and marks the instance as dead.
    #[cold]
    pub(crate) fn trapped(&mut self, stage: Stage, error: Error) -> Failure {
        let error = error.into_ended();
        let memory = self.store.memory();
        let hooked = |pointer| trap::panic_on_stack(memory, pointer);
        let evidence = Evidence {
            panic: self.record.as_ref().and_then(|record| record.read(memory)),
            hooked: error.stack_pointer.and_then(hooked),
            interrupted: self.store.data().is_interrupted(),
        };
        let (kind, backtrace) = trap::classify(error, &self.blueprint, evidence);
        let context = self.context(backtrace);
        let failure = Failure::new(kind, stage).with_context(context);
        self.first = Some(failure.clone());
        failure
    }

    /// Returns whether every further call is refused.
    pub(crate) fn is_dead(&self) -> bool {
        self.first.is_some()
    }

    /// Returns the bytes at an address, if they are within the current memory. Zero bytes may have
    /// any address.
    #[inline]
    pub(crate) fn bytes(&self, address: u32, len: u32) -> Option<&[u8]> {
        match len {
            0 => Some(&[]),
            len => range(self.store.memory(), address, len),
        }
    }

    pub(crate) fn out_of_bounds(&self, region: Region, address: u32, len: u32) -> FailureKind {
        FailureKind::OutOfBounds {
            region,
            address,
            len,
            memory: self.memory_bytes() as u64,
        }
    }

    /// Returns the plugin's own error, from its JSON form in the SDK.
    pub(crate) fn own_error(&self, error: &[u8]) -> FailureKind {
        own_error(error, self.limits().max_result_bytes)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.store.memory().len()
    }

    /// Returns the contents of the guest's heap, if the guest counts its allocations.
    pub(crate) fn heap(&self) -> Option<Heap> {
        self.heap.as_ref()?.read(self.store.memory())
    }

    pub(crate) fn counts_allocations(&self) -> bool {
        self.heap.is_some()
    }

    /// Returns the fuel that the last call used; `None` if fuel is not counted.
    pub(crate) fn fuel_used(&self) -> Option<u64> {
        let fuel = self.limits().fuel?;
        Some(fuel.saturating_sub(self.store.fuel_left()?))
    }

    /// Returns the circumstances of the call, for a failure.
    pub(crate) fn context(&self, backtrace: Backtrace) -> Context {
        Context {
            backtrace,
            host_calls: self.host().calls(),
            logs: self.host().log_lines(),
            usage: Some(self.usage()),
        }
    }

    /// Returns the resources that the call has used so far.
    fn usage(&self) -> Usage {
        let limits = self.limits();
        let fuel = self.fuel_used().zip(limits.fuel);
        Usage {
            memory_bytes: Quota {
                used: self.memory_bytes() as u64,
                limit: u64::from(limits.memory_pages) * PAGE,
            },
            fuel: fuel.map(|(used, limit)| Quota { used, limit }),
            time: limits.timeout.map(|limit| Quota {
                used: self.host().elapsed(self.ticks),
                limit,
            }),
        }
    }

    pub(crate) fn observer(&self) -> Option<&Observer> {
        self.store.data().observer.as_deref()
    }

    pub(crate) fn observer_mut(&mut self) -> Option<&mut Observer> {
        self.store.data_mut().observer.as_deref_mut()
    }

    /// Runs a report to the observer, if there is one.
    pub(crate) fn report(&mut self, report: impl FnOnce(&mut Observer, &Sandbox)) {
        if let Some(mut observer) = self.store.data_mut().observer.take() {
            report(&mut observer, self);
            self.store.data_mut().observer = Some(observer);
        }
    }

    /// Reports the end of a call to an observer: the answer and its bytes, if the answer is valid,
    /// or the failure.
    pub(crate) fn report_end(
        &self,
        observer: &mut Observer,
        name: &str,
        answer: Result<Option<(Packed, &[u8])>, &Failure>,
    ) {
        let used = (
            self.fuel_used(),
            self.memory_bytes() as u64 / PAGE,
            self.heap(),
        );
        observer.report_end(name, answer, self.is_dead(), used);
    }

    /// Notes what each call leaves in the heap from now on.
    pub(crate) fn begin_census(&mut self) -> Result<(), Failure> {
        if !self.counts_allocations() {
            return Err(Failure::load(missing_heap()));
        }
        let observer = &mut self.store.data_mut().observer;
        observer.get_or_insert_default().begin_census();
        Ok(())
    }

    pub(crate) fn end_census(&mut self) -> Census {
        let place = &mut self.store.data_mut().observer;
        let Some(observer) = place else {
            // No census has begun.
            return Census::default();
        };
        let census = observer.end_census();
        place.take_if(|observer| observer.is_idle());
        census
    }

    /// Returns the host functions of the instance.
    pub(crate) fn host(&self) -> &Host {
        &self.store.data().host
    }

    pub(crate) fn host_mut(&mut self) -> &mut Host {
        &mut self.store.data_mut().host
    }
}

/// Returns the plugin's own error, from its JSON form in the SDK.
pub(crate) fn own_error(error: &[u8], limit: u64) -> FailureKind {
    within(Region::Error, error.len(), limit)
        .and_then(|()| json::decode(error, Region::Error))
        .map_or_else(|kind| kind, FailureKind::Plugin)
}

/// Checks that a result or an error is not larger than its limit.
pub(crate) fn within(region: Region, bytes: usize, limit: u64) -> Result<(), FailureKind> {
    match bytes as u64 {
        bytes if bytes > limit => Err(FailureKind::ResultTooLarge {
            region,
            bytes,
            limit,
        }),
        _ => Ok(()),
    }
}

/// Returns the failure of a call to a dead instance.
#[cold]
pub(crate) fn poisoned(stage: Stage, first: &Failure) -> Failure {
    let first = first.clone();
    Failure::new(FailureKind::Poisoned { first }, stage)
}
