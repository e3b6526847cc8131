//! Reports of an instance to its observer. Calls without an observer run none of this.

use plugin_sdk::abi::{self, Packed};

use super::Instance;
use crate::abi::{Callee, missing_heap};
use crate::failure::Failure;
use crate::observe::transcript::{Data, Recorder};
use crate::observe::{Heap, Observer};
use crate::run::sandbox::poisoned;

impl Instance {
    /// Updates the instance after an observer was attached or removed.
    pub(crate) fn watch(&mut self) {
        self.is_ordinary = self.sandbox.first.is_none() && self.sandbox.observer().is_none();
    }

    /// Calls an export of an instance that has an observer, or is dead.
    #[cold]
    pub(super) fn call_observed(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure> {
        self.enter(callee)?;
        self.settle_last(callee)?;
        let input = self.record_input(callee, len, write);
        let placed = self.place(callee, len, |place| input.write(place));
        self.begin_crossing(callee, placed.is_ok());
        let answer = placed.and_then(|()| self.run(callee));
        self.end_crossing(callee, answer.as_ref().copied());
        answer
    }

    /// Records a call in the transcript, if there is one. The guest may have no room for the input,
    /// so the host writes it to its own memory first.
    pub(super) fn record_input<W: FnOnce(&mut [u8])>(
        &mut self,
        callee: Callee,
        len: usize,
        write: W,
    ) -> Input<W> {
        let recorder = self.sandbox.observer().and_then(Observer::recorder);
        if recorder.is_none() {
            return Input::Unwritten(write);
        }
        if len > Recorder::MAX_VALUE {
            self.record_call(callee, Data::cut(len as u64));
            return Input::Unwritten(write);
        }
        let mut input = vec![0; len];
        write(&mut input);
        self.record_call(callee, input.as_slice().into());
        Input::Written(input)
    }

    /// Records a call in the transcript, if there is one.
    pub(super) fn record_call(&self, callee: Callee, input: Data) {
        if let Some(observer) = self.sandbox.observer() {
            observer.record_call(callee, self.commands.recorded(callee), input);
        }
    }

    /// Reports the beginning of a call. Its arguments are in the buffer, if it has any.
    pub(super) fn begin_crossing(&mut self, callee: Callee, has_arguments: bool) {
        let (commands, buffer) = (&self.commands, &self.buffer);
        self.sandbox.report(|observer, sandbox| {
            let arguments = match has_arguments {
                true => buffer.contents(sandbox),
                false => &[],
            };
            let name = commands.reported(callee);
            observer.call_begins(callee, name, arguments, sandbox.heap());
        });
    }

    pub(super) fn end_crossing(&mut self, callee: Callee, answer: Result<Packed, &Failure>) {
        let commands = &self.commands;
        self.sandbox.report(|observer, sandbox| {
            let answer =
                answer.map(|answer| Some((answer, sandbox.bytes(answer.address, answer.len)?)));
            sandbox.report_end(observer, commands.reported(callee), answer);
        });
    }

    /// Settles the last call while leaks are looked for.
    pub(super) fn settle_last(&mut self, callee: Callee) -> Result<(), Failure> {
        if self.sandbox.observer().is_some_and(Observer::takes_census) {
            self.settle()?;
            // Settling does not count towards any call.
            self.enter(callee)?;
        }
        Ok(())
    }

    /// Frees the last result in the guest, and returns what the heap then holds without the
    /// argument buffer.
    pub(crate) fn settle(&mut self) -> Result<Heap, Failure> {
        let callee = Callee::Export(abi::FREE_EXPORT);
        if let Some(first) = &self.sandbox.first {
            return Err(poisoned(self.stage(callee), first));
        }
        let answer = self.sandbox.observer_mut().and_then(Observer::unsettled);
        if let Some(Packed { address, len, .. }) = answer
            && !self.buffer.contains(address)
            && len > 0
        {
            self.sandbox.begin();
            self.free
                .call(&mut self.sandbox.store, (address, len))
                .map_err(|error| self.trapped(callee, error))?;
        }
        let mut heap = self
            .sandbox
            .heap()
            .ok_or_else(|| Failure::load(missing_heap()))?;
        if self.buffer.capacity > 0 {
            heap.live_blocks = heap.live_blocks.saturating_sub(1);
            heap.host_blocks = heap.host_blocks.saturating_sub(1);
            heap.live_bytes = heap.live_bytes.saturating_sub(self.buffer.capacity);
        }
        if let Some(observer) = self.sandbox.observer_mut() {
            observer.settled(heap);
        }
        Ok(heap)
    }
}

/// The input of a call, before it is in the guest's memory.
pub(super) enum Input<W> {
    Written(Vec<u8>),
    Unwritten(W),
}

impl<W: FnOnce(&mut [u8])> Input<W> {
    pub(super) fn write(self, place: &mut [u8]) {
        match self {
            Input::Written(input) => place.copy_from_slice(&input),
            Input::Unwritten(write) => write(place),
        }
    }
}
