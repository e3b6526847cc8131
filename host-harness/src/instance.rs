//! One instance of a module: its memory, its argument buffer, and the way a call takes.
//!
//! Whatever a guest gives is a number until it has been held against the memory as it is then; nothing here is kept over a call.

use std::ops::Range;
use std::sync::Arc;

use plugin_sdk::abi::{self, Packed};
use wasmtime::{Memory, Store, TypedFunc, WasmParams};

use crate::command;
use crate::contract;
use crate::engine::{engine_failure, ticks};
use crate::failure::{Backtrace, Context, Failure, FailureKind, Region, Stage};
use crate::host::Host;
use crate::json;
use crate::limits::{Limiter, Limits, PAGE};
use crate::module::Compiled;
use crate::observe::{HeapRecord, Observer};
use crate::record::{Usage, Used};
use crate::symbols::Symbols;
use crate::trap::{self, Evidence, PanicRecord};

#[cfg(feature = "async")]
mod asynchronous;
mod observed;

/// The smallest argument buffer, in bytes.
const MIN_BUFFER: u32 = 1024;

/// Up to this size an argument buffer grows to the next power of two, from there on by this much.
const BUFFER_STEP: u32 = 1 << 20;

type CallFunc = TypedFunc<(u32, u32), u64>;

/// What a store holds beside the guest.
pub(crate) struct State {
    limiter: Limiter,
    pub(crate) host: Host,
    /// When a call that can be waited for must have ended.
    #[cfg(feature = "async")]
    pub(crate) deadline: Option<tokio::time::Instant>,
    /// What watches the instance, if anybody does.
    pub(crate) observer: Option<Box<Observer>>,
}

pub(crate) struct Instance {
    store: Store<State>,
    instance: wasmtime::Instance,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    record: PanicRecord,
    /// Where the guest counts its allocations, if it does.
    heap: Option<HeapRecord>,
    commands: command::Table,
    /// The commands' exports, each resolved when it is first called.
    resolved: Box<[Option<CallFunc>]>,
    buffer: Buffer,
    limits: Limits,
    pool: Option<u32>,
    /// The time of a call in ticks of the engine's clock; 0 for any.
    ticks: u64,
    /// What failures find source lines by.
    symbols: Option<Arc<Symbols>>,
    /// The trap that killed the instance.
    first: Option<Failure>,
    /// Whether the instance lives and nobody watches it: one question for a call to ask.
    is_ordinary: bool,
}

/// Memory from the guest's `alloc` that every call's arguments are written to. It lies within the memory, which never shrinks.
#[derive(Default)]
struct Buffer {
    address: u32,
    capacity: u32,
    /// How much of it the last call's arguments took.
    len: u32,
}

/// An export to call, in a form that costs nothing where no failure has to name it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Callee {
    Command(usize),
    /// Many inputs of a command that has an export for it.
    Batch(usize),
    Export(&'static str),
}

impl Instance {
    pub(crate) fn new(
        compiled: &Compiled,
        commands: command::Table,
        host: Host,
        limits: &Limits,
        pool: Option<u32>,
    ) -> Result<Self, Failure> {
        let mut store = new_store(compiled, host, limits);
        begin(&mut store, ticks(limits.timeout), limits.fuel);
        let instance = compiled.pre().instantiate(&mut store);
        Self::of(compiled, store, instance, commands, limits, pool)
    }

    /// What came of instantiating the module, whose exports have been checked.
    fn of(
        compiled: &Compiled,
        mut store: Store<State>,
        instance: wasmtime::Result<wasmtime::Instance>,
        commands: command::Table,
        limits: &Limits,
        pool: Option<u32>,
    ) -> Result<Self, Failure> {
        let instance = match instance {
            Ok(instance) => instance,
            Err(error) => {
                let evidence = Evidence {
                    denied: store.data().limiter.denied(),
                    ..Evidence::default()
                };
                let backtrace = trap::backtrace(&error, compiled.symbols());
                let kind = trap::classify(&error, limits, pool, &backtrace, evidence);
                let context = Context {
                    backtrace,
                    ..Context::default()
                };
                return Err(Failure::new(kind, Stage::Instantiate).with_context(context));
            }
        };
        // The contract holds all of these: an error here would be the engine's.
        let missing = || {
            engine_failure(wasmtime::format_err!(
                "an export that was there is not there any more"
            ))
        };
        let memory = instance
            .get_memory(&mut store, contract::MEMORY)
            .ok_or_else(missing)?;
        let alloc = instance
            .get_typed_func(&mut store, contract::ALLOC)
            .map_err(engine_failure)?;
        let free = instance
            .get_typed_func(&mut store, contract::FREE)
            .map_err(engine_failure)?;
        store.data_mut().host.attach(memory, alloc.clone());
        let record = instance
            .get_global(&mut store, contract::VERSION_EXPORT)
            .ok_or_else(missing)?;
        let address = record.get(&mut store).i32().ok_or_else(missing)?;
        let record = PanicRecord::at(address as u32, memory.data(&store))
            .map_err(|kind| Failure::new(kind, Stage::Instantiate))?;
        let heap = instance
            .get_global(&mut store, abi::HEAP_EXPORT)
            .and_then(|heap| heap.get(&mut store).i32())
            .map(|address| HeapRecord::at(address as u32, memory.data(&store)))
            .transpose()
            .map_err(|kind| Failure::new(kind, Stage::Instantiate))?;
        Ok(Instance {
            resolved: vec![None; commands.len()].into(),
            store,
            instance,
            memory,
            alloc,
            free,
            record,
            heap,
            commands,
            buffer: Buffer::default(),
            limits: limits.clone(),
            pool,
            ticks: ticks(limits.timeout),
            symbols: compiled.symbols().cloned(),
            first: None,
            is_ordinary: true,
        })
    }

    /// Calls an export that takes arguments: `write` gets as many bytes of guest memory as there are of them.
    ///
    /// What the guest answered is for [`result`](Instance::result) to look at.
    #[inline]
    pub(crate) fn call(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure> {
        if !self.is_ordinary {
            return self.call_observed(callee, len, write);
        }
        begin(&mut self.store, self.ticks, self.limits.fuel);
        self.place(callee, len, write)?;
        self.run(callee)
    }

    /// Writes the arguments into the guest's memory.
    // Always, here and below: that a watched call needs them too must not take them out of a call that nobody watches.
    #[inline(always)]
    fn place(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<(), Failure> {
        if len > self.buffer.capacity as usize {
            self.grow_buffer(callee, len)?;
        }
        self.write(len, write);
        Ok(())
    }

    /// Writes the arguments into the buffer, which is large enough.
    #[inline]
    fn write(&mut self, len: usize, write: impl FnOnce(&mut [u8])) {
        // Not above the capacity, which is a u32.
        self.buffer.len = len as u32;
        let place = self.buffer.place();
        write(
            self.memory
                .data_mut(&mut self.store)
                .get_mut(place)
                .unwrap_or_default(),
        );
    }

    /// Calls an export whose arguments are in place.
    #[inline(always)]
    fn run(&mut self, callee: Callee) -> Result<Packed, Failure> {
        let params = self.buffer.params();
        let answer = match callee {
            Callee::Command(number) if let Some(Some(func)) = self.resolved.get(number) => {
                func.call(&mut self.store, params)
            }
            callee => self.func(callee)?.call(&mut self.store, params),
        };
        self.answered(callee, answer)
    }

    /// The export of a callee, looked up.
    #[cold]
    fn func(&mut self, callee: Callee) -> Result<CallFunc, Failure> {
        match callee {
            Callee::Command(number) => self.resolve(number),
            Callee::Batch(number) => self.batch(number),
            Callee::Export(name) => self.export(name),
        }
    }

    /// What the guest answered, or what became of it.
    #[inline]
    fn answered(
        &mut self,
        callee: Callee,
        answer: wasmtime::Result<u64>,
    ) -> Result<Packed, Failure> {
        match answer {
            Ok(bits) => Ok(Packed::from_bits(bits)),
            Err(error) => Err(self.trapped(callee, &error)),
        }
    }

    /// Calls a hook without arguments.
    pub(crate) fn call_hook(&mut self, name: &'static str) -> Result<Packed, Failure> {
        let callee = Callee::Export(name);
        self.enter(callee)?;
        self.settle_last(callee)?;
        self.begin_crossing(callee, false);
        let bits = self.call_export::<_, u64>(callee, name, ());
        let answer = bits.map(Packed::from_bits);
        self.end_crossing(callee, answer.as_ref().copied());
        answer
    }

    /// The bytes that a call answered with, in the memory as it is now, or the error that they are.
    #[inline]
    pub(crate) fn result(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        if !answer.failed
            && let Some(bytes) = self.bytes(answer.address, answer.len)
        {
            return Ok(bytes);
        }
        Err(self.no_result(callee, answer))
    }

    /// The bytes that a call answered with, result or error.
    pub(crate) fn answer(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        match self.bytes(answer.address, answer.len) {
            Some(bytes) => Ok(bytes),
            None => Err(self.no_result(callee, answer)),
        }
    }

    /// As [`result`](Instance::result), and short enough to be decoded.
    pub(crate) fn decodable_result(
        &self,
        callee: Callee,
        answer: Packed,
    ) -> Result<&[u8], Failure> {
        let bytes = self.result(callee, answer)?;
        self.decodable(Region::Result, bytes)
            .map_err(|kind| self.failure(callee, kind))
    }

    /// Calls `plugin_cleanup`, the only export that answers nothing.
    pub(crate) fn call_cleanup(&mut self) -> Result<(), Failure> {
        let callee = Callee::Export(contract::CLEANUP);
        self.enter(callee)?;
        self.settle_last(callee)?;
        self.begin_crossing(callee, false);
        let answer = self.call_export(callee, contract::CLEANUP, ());
        let nothing = Packed::from_bits(0);
        self.end_crossing(callee, answer.as_ref().map(|()| nothing));
        answer
    }

    fn call_export<P: WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        callee: Callee,
        name: &str,
        params: P,
    ) -> Result<R, Failure> {
        let func = self.export::<P, R>(name)?;
        func.call(&mut self.store, params)
            .map_err(|error| self.trapped(callee, &error))
    }

    /// The last call's arguments, as they are now.
    pub(crate) fn arguments(&self) -> &[u8] {
        self.memory
            .data(&self.store)
            .get(self.buffer.place())
            .unwrap_or_default()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    /// What the last call used; nothing where fuel is not counted.
    pub(crate) fn fuel_used(&self) -> Option<u64> {
        Some(
            self.limits
                .fuel?
                .saturating_sub(self.store.get_fuel().ok()?),
        )
    }

    /// What is going on in the call, for a failure to tell of.
    fn context(&self, backtrace: Backtrace) -> Context {
        Context {
            backtrace,
            host_calls: self.host().calls(),
            logs: self.host().log_lines(),
            usage: Some(self.usage()),
        }
    }

    /// What the call has used so far.
    fn usage(&self) -> Usage {
        let fuel = self.fuel_used().zip(self.limits.fuel);
        Usage {
            memory_bytes: Used {
                used: self.memory_bytes() as u64,
                limit: u64::from(self.limits.memory_pages) * PAGE,
            },
            fuel: fuel.map(|(used, limit)| Used { used, limit }),
            time: self.limits.timeout.map(|limit| Used {
                used: self.host().elapsed(self.ticks),
                limit,
            }),
        }
    }

    /// Whether every further call is refused.
    pub(crate) fn is_dead(&self) -> bool {
        self.first.is_some()
    }

    /// What the plugin's imports lead to.
    pub(crate) fn host(&self) -> &Host {
        &self.store.data().host
    }

    pub(crate) fn host_mut(&mut self) -> &mut Host {
        &mut self.store.data_mut().host
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn commands(&self) -> &command::Table {
        &self.commands
    }

    /// A failure of a call.
    pub(crate) fn failure(&self, callee: Callee, kind: FailureKind) -> Failure {
        Failure::new(kind, self.stage(callee))
    }

    /// Begins a call, unless the instance is dead.
    #[inline]
    fn enter(&mut self, callee: Callee) -> Result<(), Failure> {
        if let Some(first) = &self.first {
            return Err(self.poisoned(callee, first));
        }
        begin(&mut self.store, self.ticks, self.limits.fuel);
        Ok(())
    }

    #[cold]
    fn poisoned(&self, callee: Callee, first: &Failure) -> Failure {
        let first = first.clone();
        self.failure(callee, FailureKind::Poisoned { first })
    }

    /// Exchanges the argument buffer for a larger one, on the call's account.
    #[cold]
    fn grow_buffer(&mut self, callee: Callee, len: usize) -> Result<(), Failure> {
        let capacity = self.capacity_for(callee, len)?;
        if let Some(old) = self.buffer.take() {
            let freed = self.free.call(&mut self.store, old);
            freed.map_err(|error| self.trapped(callee, &error))?;
        }
        let allocated = self.alloc.call(&mut self.store, capacity);
        self.new_buffer(callee, allocated, capacity)
    }

    /// How large a buffer for so many bytes is to be.
    fn capacity_for(&self, callee: Callee, len: usize) -> Result<u32, Failure> {
        match u32::try_from(len).ok().filter(|len| *len <= abi::MAX_LEN) {
            Some(len) => Ok(buffer_capacity(len)),
            None => {
                let kind = FailureKind::ArgumentsTooLarge {
                    bytes: len as u64,
                    limit: u64::from(abi::MAX_LEN),
                };
                Err(self.failure(callee, kind))
            }
        }
    }

    /// Takes what `alloc` gave, if it is what was asked for.
    fn new_buffer(
        &mut self,
        callee: Callee,
        allocated: wasmtime::Result<u32>,
        capacity: u32,
    ) -> Result<(), Failure> {
        let address = allocated.map_err(|error| self.trapped(callee, &error))?;
        if address == 0 {
            let kind = trap::refused(self.store.data().limiter.denied())
                .unwrap_or(FailureKind::AllocationFailed { bytes: capacity });
            return Err(self.failure(callee, kind));
        }
        if address % abi::ALIGNMENT != 0 {
            return Err(self.failure(callee, FailureKind::Misaligned { address }));
        }
        if self.bytes(address, capacity).is_none() {
            let kind = self.out_of_bounds(Region::Arguments, address, capacity);
            return Err(self.failure(callee, kind));
        }
        self.buffer = Buffer {
            address,
            capacity,
            len: 0,
        };
        Ok(())
    }

    /// The error that the guest answered with, or what is wrong with its answer.
    #[cold]
    fn no_result(&self, callee: Callee, answer: Packed) -> Failure {
        let Packed {
            address,
            len,
            failed,
        } = answer;
        let kind = match self.bytes(address, len) {
            Some(bytes) => self
                .decodable(Region::Error, bytes)
                .and_then(|bytes| json::decode(bytes, Region::Error))
                .map_or_else(|kind| kind, FailureKind::Plugin),
            None if failed => self.out_of_bounds(Region::Error, address, len),
            None => self.out_of_bounds(Region::Result, address, len),
        };
        self.failure(callee, kind)
    }

    /// The bytes, unless they are more than the host decodes.
    fn decodable<'a>(&self, region: Region, bytes: &'a [u8]) -> Result<&'a [u8], FailureKind> {
        let limit = self.limits.max_result_bytes;
        match bytes.len() as u64 {
            len if len > limit => Err(FailureKind::ResultTooLarge {
                region,
                bytes: len,
                limit,
            }),
            _ => Ok(bytes),
        }
    }

    /// The bytes at an address, if they lie within the memory as it is now. No bytes lie anywhere.
    #[inline]
    fn bytes(&self, address: u32, len: u32) -> Option<&[u8]> {
        match len {
            0 => Some(&[]),
            len => trap::range(self.memory.data(&self.store), address, len),
        }
    }

    fn out_of_bounds(&self, region: Region, address: u32, len: u32) -> FailureKind {
        FailureKind::OutOfBounds {
            region,
            address,
            len,
            memory: self.memory_bytes() as u64,
        }
    }

    #[cold]
    fn resolve(&mut self, number: usize) -> Result<CallFunc, Failure> {
        let func: CallFunc = self
            .instance
            .get_typed_func(&mut self.store, self.commands.export(number))
            .map_err(engine_failure)?;
        if let Some(place) = self.resolved.get_mut(number) {
            *place = Some(func.clone());
        }
        Ok(func)
    }

    #[cold]
    fn batch(&mut self, number: usize) -> Result<CallFunc, Failure> {
        let commands = self.commands.clone();
        self.export(commands.batch_export(number).unwrap_or_default())
    }

    fn export<P: WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Failure> {
        self.instance
            .get_typed_func(&mut self.store, name)
            .map_err(engine_failure)
    }

    /// Tells what a trap was, and marks the instance as dead.
    #[cold]
    fn trapped(&mut self, callee: Callee, error: &wasmtime::Error) -> Failure {
        let evidence = Evidence {
            denied: self.store.data().limiter.denied(),
            panic: self.record.read(self.memory.data(&self.store)),
            stack_pointer: trap::stack_pointer(error, &mut self.store),
        };
        let backtrace = trap::backtrace(error, self.symbols.as_ref());
        let kind = trap::classify(error, &self.limits, self.pool, &backtrace, evidence);
        let context = self.context(backtrace);
        let failure = self.failure(callee, kind).with_context(context);
        self.first = Some(failure.clone());
        self.is_ordinary = false;
        failure
    }

    /// The name of the command that is called, if it is one.
    #[inline]
    pub(crate) fn command_name(&self, callee: Callee) -> &str {
        match callee {
            Callee::Export(_) => "",
            Callee::Command(number) | Callee::Batch(number) => {
                self.commands.name(number).map_or("", |name| name)
            }
        }
    }

    /// What is going on in a call.
    pub(crate) fn stage(&self, callee: Callee) -> Stage {
        match callee {
            Callee::Export(name) => Stage::Export(name),
            Callee::Command(number) | Callee::Batch(number) => self
                .commands
                .name(number)
                .cloned()
                .map_or(Stage::Load, Stage::Command),
        }
    }
}

impl Buffer {
    #[inline]
    fn place(&self) -> Range<usize> {
        let address = self.address as usize;
        address..address + self.len as usize
    }

    /// What a call passes to an export.
    #[inline]
    fn params(&self) -> (u32, u32) {
        (self.address, self.len)
    }

    /// Forgets the memory, which is to be freed if there is any.
    fn take(&mut self) -> Option<(u32, u32)> {
        let old = std::mem::take(self);
        (old.capacity > 0).then_some((old.address, old.capacity))
    }

    /// Whether an address lies in it.
    fn contains(&self, address: u32) -> bool {
        address
            .checked_sub(self.address)
            .is_some_and(|offset| offset < self.capacity)
    }
}

fn new_store(compiled: &Compiled, host: Host, limits: &Limits) -> Store<State> {
    let state = State {
        limiter: Limiter::new(limits),
        host,
        #[cfg(feature = "async")]
        deadline: None,
        observer: None,
    };
    let mut store = Store::new(compiled.pre().module().engine(), state);
    store.limiter(|state| &mut state.limiter);
    store
}

/// Gives a call its time and its fuel.
#[inline]
fn begin(store: &mut Store<State>, ticks: u64, fuel: Option<u64>) {
    if ticks != 0 {
        store.set_epoch_deadline(ticks);
    }
    if let Some(fuel) = fuel {
        // Fails only for an engine without fuel, and the engine was made for these limits.
        let _ = store.set_fuel(fuel);
    }
    let state = store.data_mut();
    state.limiter.forget();
    state.host.begin(ticks);
}

fn buffer_capacity(len: u32) -> u32 {
    if len <= BUFFER_STEP {
        len.next_power_of_two().max(MIN_BUFFER)
    } else {
        len.div_ceil(BUFFER_STEP)
            .saturating_mul(BUFFER_STEP)
            .min(abi::MAX_LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_never_smaller_than_asked_for_nor_larger_than_the_abi_allows() {
        for len in [
            1,
            1024,
            1025,
            65_537,
            BUFFER_STEP,
            BUFFER_STEP + 1,
            abi::MAX_LEN - 1,
            abi::MAX_LEN,
        ] {
            let capacity = buffer_capacity(len);
            assert!(
                (len..=abi::MAX_LEN).contains(&capacity),
                "{len} -> {capacity}"
            );
            assert!(
                capacity - len <= len.max(BUFFER_STEP),
                "{len} -> {capacity}"
            );
        }
        assert_eq!(buffer_capacity(1), MIN_BUFFER);
        assert_eq!(buffer_capacity(1500), 2048);
    }
}
