//! Reports of an instance to its observer. Calls without an observer run none of this.

use plugin_sdk::abi::{self, Packed};

use super::Instance;
use crate::abi::{Callee, missing_heap};
use crate::failure::Failure;
use crate::memory::PAGE;
use crate::observe::{Content, Ended, Heap, Observer, Options, Outcome};
use crate::run::sandbox::poisoned;

impl Instance {
    /// Attaches an observer, if the options ask for one.
    pub(crate) fn observe(&mut self, options: &Options) {
        self.sandbox.store.data_mut().observer = options.observer();
        self.watch();
    }

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
        let placed = self.place(callee, len, write);
        self.begin_crossing(callee, placed.is_ok());
        let answer = placed.and_then(|()| self.run(callee));
        self.end_crossing(callee, answer.as_ref().copied());
        answer
    }

    /// Reports the beginning of a call. Its arguments are in the buffer, if it has any.
    pub(super) fn begin_crossing(&mut self, callee: Callee, has_arguments: bool) {
        let Some(mut observer) = self.sandbox.store.data_mut().observer.take() else {
            return;
        };
        let arguments = match has_arguments {
            true => self.arguments(),
            false => &[],
        };
        observer.call_begins(
            callee,
            self.crossing_name(callee),
            arguments,
            self.sandbox.heap(),
        );
        self.sandbox.store.data_mut().observer = Some(observer);
    }

    pub(super) fn end_crossing(&mut self, callee: Callee, answer: Result<Packed, &Failure>) {
        let Some(mut observer) = self.sandbox.store.data_mut().observer.take() else {
            return;
        };
        let took = observer.elapsed();
        let explanation = answer.err().map(Failure::message).unwrap_or_default();
        let lies_somewhere =
            |answer: Packed| Some((answer, self.sandbox.bytes(answer.address, answer.len)?));
        let (outcome, content) = match answer.map(lies_somewhere) {
            Ok(Some((answer, bytes))) if answer.failed => (Outcome::Error, Content::Bytes(bytes)),
            Ok(Some((_, bytes))) => (Outcome::Ok, Content::Bytes(bytes)),
            Ok(None) => (Outcome::Failure, Content::Text("a pointer out of bounds")),
            Err(_) => {
                let outcome = match self.sandbox.first {
                    Some(_) => Outcome::Trap,
                    None => Outcome::Failure,
                };
                let first_line = explanation.lines().next().unwrap_or_default();
                (outcome, Content::Text(first_line))
            }
        };
        let ended = Ended {
            outcome,
            answer: answer
                .ok()
                .and_then(lies_somewhere)
                .map(|(answer, _)| answer),
            content,
            fuel: self.sandbox.fuel_used(),
            pages: self.sandbox.memory_bytes() as u64 / PAGE,
            heap: self.sandbox.heap(),
        };
        observer.call_ends(self.crossing_name(callee), took, ended);
        self.sandbox.store.data_mut().observer = Some(observer);
    }

    /// Returns the name of a callee in reports: batches differ from single calls.
    fn crossing_name(&self, callee: Callee) -> &str {
        match callee {
            Callee::Command(number) => self.commands.name(number).map_or("", |name| &**name),
            Callee::Batch(number) => self.commands.batch_export(number).unwrap_or_default(),
            Callee::Export(name) => name,
        }
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

    /// Frees the last result in the guest, and returns what the heap then holds without the argument
    /// buffer.
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
                .map_err(|error| self.trapped(callee, &error))?;
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
