//! One instance of a module: its memory, its argument buffer, and the steps of a call.
//!
//! A number from the guest is only used after a check against the current size of its memory.
//! Nothing is kept from one call to the next.

use std::ops::Range;

use plugin_sdk::abi::{self, MAX_LEN, Packed};

use super::blueprint::Blueprint;
use super::sandbox::{self, Sandbox};
use super::trap;
use crate::abi::{Callee, CommandTable};
use crate::engine::{Error, Func, Params, Results};
use crate::failure::{Failure, FailureKind, Region, Stage};
use crate::imports::Host;
use crate::observe::Observer;
use crate::observe::transcript::Data;

#[cfg(feature = "async")]
mod asynchronous;
mod observed;

/// The smallest argument buffer, in bytes.
const MIN_BUFFER: u32 = 1024;

/// The size up to which an argument buffer doubles, and by which it grows from there on, in bytes.
const BUFFER_STEP: u32 = 1 << 20;

/// The bytes that an argument buffer of whole pages of the host has in addition. The guest's next
/// block would begin right behind such a buffer, at nearly the same offset in a page, and some
/// processors copy between such addresses thirty times slower: AMD Zen 4, from 4 KiB.
const APART: u32 = 2048;

type CallFunc = Func<(u32, u32), u64>;

pub(crate) struct Instance {
    pub(crate) sandbox: Sandbox,
    alloc: Func<u32, u32>,
    free: Func<(u32, u32), ()>,
    commands: CommandTable,
    /// The exports of the commands, each resolved at its first call.
    resolved: Box<[Option<CallFunc>]>,
    buffer: Buffer,
    /// `true` if the instance is alive and has no observer: a call checks both at once.
    is_ordinary: bool,
}

/// The memory from the guest's `alloc` that receives the arguments of every call. It is within the
/// linear memory, which never shrinks.
#[derive(Default)]
struct Buffer {
    address: u32,
    capacity: u32,
    /// The size of the last call's arguments.
    len: u32,
}

impl Instance {
    pub(crate) fn new(
        blueprint: Blueprint,
        commands: CommandTable,
        host: Host,
        observer: Option<Box<Observer>>,
    ) -> Result<Self, Failure> {
        let sandbox = Sandbox::new(blueprint, host, observer, abi::VERSION_EXPORT)?;
        Self::of(sandbox, commands)
    }

    /// Creates an instance from a sandbox whose exports were checked.
    fn of(mut sandbox: Sandbox, commands: CommandTable) -> Result<Self, Failure> {
        let alloc: Func<u32, u32> = sandbox.export(abi::ALLOC_EXPORT)?;
        let free = sandbox.export(abi::FREE_EXPORT)?;
        sandbox.attach(Some(alloc.clone()));
        Ok(Instance {
            resolved: vec![None; commands.len()].into(),
            is_ordinary: sandbox.observer().is_none(),
            sandbox,
            alloc,
            free,
            commands,
            buffer: Buffer::default(),
        })
    }

    /// Calls an export with arguments: `write` gets `len` bytes of guest memory.
    ///
    /// [`result`](Instance::result) takes the answer.
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
        self.sandbox.begin();
        self.place(callee, len, write)?;
        self.run(callee)
    }

    /// Writes the arguments into the guest's memory.
    // Always inlined, here and below: that observed calls share this code must not make others
    // slower.
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
        self.write(callee, len, write)
    }

    /// Writes the arguments into the buffer, which is large enough.
    #[inline]
    fn write(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<(), Failure> {
        // At most the capacity, which is a u32.
        self.buffer.len = len as u32;
        if len == 0 {
            // Looking the memory up takes a tenth of such a call.
            write(&mut []);
            return Ok(());
        }
        let memory = self.sandbox.store.memory_mut();
        match memory.get_mut(self.buffer.place()) {
            Some(place) => {
                write(place);
                Ok(())
            }
            None => Err(self.no_buffer(callee, self.buffer.address, self.buffer.len)),
        }
    }

    /// Returns the failure of a buffer that is not within the memory.
    #[cold]
    fn no_buffer(&self, callee: Callee, address: u32, len: u32) -> Failure {
        let kind = self.sandbox.out_of_bounds(Region::Arguments, address, len);
        self.failure(callee, kind)
    }

    /// Calls an export whose arguments are in place.
    #[inline(always)]
    fn run(&mut self, callee: Callee) -> Result<Packed, Failure> {
        let params = self.buffer.params();
        let answer = match callee {
            Callee::Command(number) if let Some(Some(func)) = self.resolved.get(number) => {
                func.call(&mut self.sandbox.store, params)
            }
            callee => self.func(callee)?.call(&mut self.sandbox.store, params),
        };
        self.answered(callee, answer)
    }

    /// Looks up the export of a callee.
    #[cold]
    fn func(&mut self, callee: Callee) -> Result<CallFunc, Failure> {
        match callee {
            Callee::Command(number) => self.resolve(number),
            Callee::Batch(number) => self.batch(number),
            Callee::Export(name) => self.sandbox.export(name),
        }
    }

    /// Returns the guest's answer, or the failure.
    #[inline]
    fn answered(&mut self, callee: Callee, answer: Result<u64, Error>) -> Result<Packed, Failure> {
        match answer {
            Ok(bits) => Ok(Packed::from_bits(bits)),
            Err(error) => Err(self.trapped(callee, error)),
        }
    }

    /// Calls a hook without arguments.
    pub(crate) fn call_hook(&mut self, name: &'static str) -> Result<Packed, Failure> {
        let callee = Callee::Export(name);
        self.enter(callee)?;
        self.settle_last(callee)?;
        self.record_call(callee, Data::default());
        self.begin_crossing(callee, false);
        let bits = self.call_export::<_, u64>(callee, name, ());
        let answer = bits.map(Packed::from_bits);
        self.end_crossing(callee, answer.as_ref().copied());
        answer
    }

    /// Returns the result of a call, a view of the current memory, or the error that it is.
    #[inline]
    pub(crate) fn result(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        if !answer.failed
            && let Some(bytes) = self.sandbox.bytes(answer.address, answer.len)
        {
            return Ok(bytes);
        }
        Err(self.no_result(callee, answer))
    }

    /// Returns the bytes that a call returned, as its result or its error.
    pub(crate) fn answer(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        match self.sandbox.bytes(answer.address, answer.len) {
            Some(bytes) => Ok(bytes),
            None => Err(self.no_result(callee, answer)),
        }
    }

    /// Calls the cleanup hook, the only export without a result.
    pub(crate) fn call_cleanup(&mut self) -> Result<(), Failure> {
        let callee = Callee::Export(abi::CLEANUP_EXPORT);
        self.enter(callee)?;
        self.settle_last(callee)?;
        self.record_call(callee, Data::default());
        self.begin_crossing(callee, false);
        let answer = self.call_export(callee, abi::CLEANUP_EXPORT, ());
        let nothing = Packed::from_bits(0);
        self.end_crossing(callee, answer.as_ref().map(|()| nothing));
        answer
    }

    fn call_export<P: Params, R: Results>(
        &mut self,
        callee: Callee,
        name: &str,
        params: P,
    ) -> Result<R, Failure> {
        let func = self.sandbox.export::<P, R>(name)?;
        func.call(&mut self.sandbox.store, params)
            .map_err(|error| self.trapped(callee, error))
    }

    /// Returns the last call's arguments as they are now.
    pub(crate) fn arguments(&self) -> &[u8] {
        self.buffer.contents(&self.sandbox)
    }

    /// Returns whether every further call is refused.
    pub(crate) fn is_dead(&self) -> bool {
        self.sandbox.is_dead()
    }

    pub(crate) fn commands(&self) -> &CommandTable {
        &self.commands
    }

    /// Returns a failure of a call.
    pub(crate) fn failure(&self, callee: Callee, kind: FailureKind) -> Failure {
        Failure::new(kind, self.stage(callee))
    }

    /// Begins a call, unless the instance is dead.
    #[inline]
    fn enter(&mut self, callee: Callee) -> Result<(), Failure> {
        match &self.sandbox.first {
            Some(first) => Err(sandbox::poisoned(self.stage(callee), first)),
            None => {
                self.sandbox.begin();
                Ok(())
            }
        }
    }

    /// Replaces the argument buffer by a larger one, within the limits of the call.
    #[cold]
    fn grow_buffer(&mut self, callee: Callee, len: usize) -> Result<(), Failure> {
        let capacity = self.capacity_for(callee, len)?;
        if let Some(old) = self.buffer.take() {
            let freed = self.free.call(&mut self.sandbox.store, old);
            freed.map_err(|error| self.trapped(callee, error))?;
        }
        let allocated = self.alloc.call(&mut self.sandbox.store, capacity);
        self.new_buffer(callee, allocated, capacity)
    }

    /// Returns the capacity of a buffer for this many bytes.
    fn capacity_for(&self, callee: Callee, len: usize) -> Result<u32, Failure> {
        argument_len(len)
            .map(buffer_capacity)
            .map_err(|kind| self.failure(callee, kind))
    }

    /// Takes the result of `alloc`, if it is valid.
    fn new_buffer(
        &mut self,
        callee: Callee,
        allocated: Result<u32, Error>,
        capacity: u32,
    ) -> Result<(), Failure> {
        let address = allocated.map_err(|error| self.trapped(callee, error))?;
        if address == 0 {
            let kind = trap::refused(self.sandbox.store.data().limiter.denied())
                .unwrap_or(FailureKind::AllocationFailed { bytes: capacity });
            return Err(self.failure(callee, kind));
        }
        if address % abi::ALIGNMENT != 0 {
            return Err(self.failure(callee, FailureKind::Misaligned { address }));
        }
        if self.sandbox.bytes(address, capacity).is_none() {
            return Err(self.no_buffer(callee, address, capacity));
        }
        self.buffer = Buffer {
            address,
            capacity,
            len: 0,
        };
        Ok(())
    }

    /// Returns the error of the guest, or the failure of an invalid answer.
    #[cold]
    fn no_result(&self, callee: Callee, answer: Packed) -> Failure {
        let region = match answer.failed {
            true => Region::Error,
            false => Region::Result,
        };
        let Packed { address, len, .. } = answer;
        let kind = match self.sandbox.bytes(address, len) {
            Some(bytes) => self.sandbox.own_error(bytes),
            None => self.sandbox.out_of_bounds(region, address, len),
        };
        self.failure(callee, kind)
    }

    #[cold]
    fn resolve(&mut self, number: usize) -> Result<CallFunc, Failure> {
        let func: CallFunc = self.sandbox.export(self.commands.export(number))?;
        if let Some(place) = self.resolved.get_mut(number) {
            *place = Some(func.clone());
        }
        Ok(func)
    }

    #[cold]
    fn batch(&mut self, number: usize) -> Result<CallFunc, Failure> {
        match self.commands.batch_export(number) {
            Some(export) => self.sandbox.export(export),
            None => Err(Failure::engine("the command has no export for batches")),
        }
    }

    /// Classifies a trap, and marks the instance as dead.
    #[cold]
    fn trapped(&mut self, callee: Callee, error: Error) -> Failure {
        self.is_ordinary = false;
        let stage = self.stage(callee);
        self.sandbox.trapped(stage, error)
    }

    /// Returns the name of the called command, if it is one.
    #[inline]
    pub(crate) fn command_name(&self, callee: Callee) -> &str {
        self.commands.called(callee)
    }

    /// Returns the stage of a call, for failures.
    pub(crate) fn stage(&self, callee: Callee) -> Stage {
        self.commands.stage(callee)
    }
}

impl Buffer {
    #[inline]
    fn place(&self) -> Range<usize> {
        let address = self.address as usize;
        address..address + self.len as usize
    }

    /// Returns the arguments as they are now.
    fn contents<'a>(&self, sandbox: &'a Sandbox) -> &'a [u8] {
        let memory = sandbox.store.memory();
        // A buffer is within the memory, which never shrinks.
        memory.get(self.place()).unwrap_or(&[])
    }

    /// Returns the parameters of an export.
    #[inline]
    fn params(&self) -> (u32, u32) {
        (self.address, self.len)
    }

    /// Takes the memory, if there is any, to be freed.
    fn take(&mut self) -> Option<(u32, u32)> {
        let old = std::mem::take(self);
        (old.capacity > 0).then_some((old.address, old.capacity))
    }

    /// Returns whether an address is in the buffer.
    fn contains(&self, address: u32) -> bool {
        address
            .checked_sub(self.address)
            .is_some_and(|offset| offset < self.capacity)
    }
}

fn buffer_capacity(len: u32) -> u32 {
    let rounded = if len <= BUFFER_STEP {
        len.next_power_of_two().max(MIN_BUFFER)
    } else {
        len.div_ceil(BUFFER_STEP).saturating_mul(BUFFER_STEP)
    };
    match rounded.is_multiple_of(2 * APART) {
        true => rounded.saturating_add(APART).min(MAX_LEN),
        false => rounded,
    }
}

/// Checks that arguments are not longer than the ABI allows, and returns their length.
pub(crate) fn argument_len(bytes: usize) -> Result<u32, FailureKind> {
    let len = u32::try_from(bytes).ok();
    len.filter(|len| *len <= MAX_LEN)
        .ok_or(FailureKind::ArgumentsTooLarge {
            bytes: bytes as u64,
            limit: u64::from(MAX_LEN),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_at_least_the_requested_and_at_most_the_abi_size() {
        for len in [
            1,
            1024,
            1025,
            65_537,
            BUFFER_STEP,
            BUFFER_STEP + 1,
            MAX_LEN - 1,
            MAX_LEN,
        ] {
            let capacity = buffer_capacity(len);
            assert!((len..=MAX_LEN).contains(&capacity), "{len} -> {capacity}");
            assert!(
                capacity - len <= len.max(BUFFER_STEP) + APART,
                "{len} -> {capacity}"
            );
            assert!(!capacity.is_multiple_of(4096), "{len} -> {capacity}");
        }
        assert_eq!(buffer_capacity(1), MIN_BUFFER);
        assert_eq!(buffer_capacity(1500), 2048);
    }
}
