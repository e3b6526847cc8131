//! A plugin run by an emulated host: the parts that are the same for all hosts.

use std::sync::Arc;

use plugin_sdk::abi::{self, Packed};
use serde::Serialize;

use super::encode::Gate;
use crate::abi::{Callee, CommandName, CommandTable, missing_heap};
use crate::failure::{Failure, FailureKind, Stage};
use crate::hosts::{Breaches, Emulator, Guest, HostContract, event_object, split_event_object};
use crate::observe::transcript::{Data, Recorder, Return};
use crate::observe::{Heap, Observer};
use crate::run::{Answers, Inputs, Sandbox, frame, gather};

/// The operations of every host, as failures and traces name them, by the export of the SDK's own
/// ABI. A trap names the host's own export.
pub(super) const OPERATIONS: [(&str, &str); 5] = [
    (abi::INIT_EXPORT, "init"),
    (abi::START_EXPORT, "start"),
    (abi::STOP_EXPORT, "stop"),
    (abi::EVENT_EXPORT, "event"),
    (abi::CLEANUP_EXPORT, "cleanup"),
];

/// The first operation, before there is a plugin.
const LOAD: Callee = Callee::Export("load");

/// See the [module](self).
pub(super) struct Emulated {
    host: &'static HostContract,
    emulator: Box<dyn Emulator>,
    breaches: Breaches,
    guest: Guest,
    commands: CommandTable,
    /// The last command that was called and is not in the table: a module that does not describe
    /// itself may have it. Its number follows those of the table.
    unlisted: Arc<str>,
    /// The last call's arguments and its result.
    arguments: Vec<u8>,
    answer: Vec<u8>,
    /// `true` if the last command changes its arguments in place, and answers with them.
    in_place: bool,
    /// `true` from the plugin's initialisation to its cleanup.
    alive: bool,
}

impl Emulated {
    /// Loads the plugin as the host does.
    pub(super) fn new(
        host: &'static HostContract,
        emulator: Box<dyn Emulator>,
        breaches: Breaches,
        guest: Guest,
    ) -> Result<Self, Failure> {
        let commands = guest.module().contract().commands().clone();
        let mut emulated = Emulated {
            host,
            emulator,
            breaches,
            guest,
            commands,
            unlisted: "".into(),
            arguments: Vec::new(),
            answer: Vec::new(),
            in_place: false,
            alive: false,
        };
        emulated.operate(LOAD, b"", nothing, |emulator, guest| emulator.load(guest))?;
        Ok(emulated)
    }

    pub(super) fn host(&self) -> &'static HostContract {
        self.host
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.guest.sandbox
    }

    pub(super) fn sandbox_mut(&mut self) -> &mut Sandbox {
        &mut self.guest.sandbox
    }

    /// Returns whether every further call is refused, which no host does that makes an instance for
    /// every call.
    pub(super) fn is_dead(&self) -> bool {
        self.sandbox().is_dead() && !self.host.fresh_instances
    }

    /// Returns the number of a command, which need not be in the table.
    pub(super) fn number(&mut self, command: impl CommandName, last: usize) -> usize {
        let number = command.number_in(&self.commands, last);
        number.unwrap_or_else(|| {
            if *self.unlisted != *command.shown() {
                self.unlisted = command.shown().into();
            }
            self.commands.len()
        })
    }

    fn name(&self, number: usize) -> &Arc<str> {
        self.commands.name(number).unwrap_or(&self.unlisted)
    }

    pub(super) fn command_name(&self, callee: Callee) -> &str {
        match callee {
            Callee::Command(number) | Callee::Batch(number) => self.name(number),
            Callee::Export(_) => "",
        }
    }

    fn stage(&self, callee: Callee) -> Stage {
        match callee {
            Callee::Command(number) | Callee::Batch(number) => {
                Stage::Command(Arc::clone(self.name(number)))
            }
            LOAD => Stage::Load,
            Callee::Export(export) => {
                let operation = OPERATIONS.iter().find(|(own, _)| *own == export);
                Stage::Export(operation.map_or(export, |(_, name)| name))
            }
        }
    }

    /// Returns a failure in the host's words.
    pub(super) fn failure(&self, callee: Callee, kind: FailureKind) -> Failure {
        self.host
            .in_own_words(Failure::new(kind, self.stage(callee)))
    }

    /// Returns the failure for what the host never does.
    #[cfg(feature = "async")]
    pub(super) fn lacks(&self, what: &'static str) -> Failure {
        self.host
            .in_own_words(Failure::load(self.host.unsupported(what)))
    }

    /// Runs a command, or an operation of the host that has no event.
    pub(super) fn call(&mut self, callee: Callee, arguments: Vec<u8>) -> Result<Packed, Failure> {
        let answer = match callee {
            Callee::Command(number) | Callee::Batch(number) => {
                let name = Arc::clone(self.name(number));
                let answer = self.operate(callee, &arguments, Vec::as_slice, |emulator, guest| {
                    emulator.command(guest, &name, &arguments)
                });
                let described = self.guest.manifest().and_then(|it| it.command(&name));
                self.in_place = described.is_some_and(|command| command.in_place);
                self.arguments = arguments;
                answer?
            }
            Callee::Export(export) => {
                self.operate(
                    callee,
                    &arguments,
                    nothing,
                    |emulator, guest| match export {
                        abi::INIT_EXPORT => emulator.init(guest, &arguments),
                        abi::START_EXPORT => emulator.start(guest),
                        abi::STOP_EXPORT => emulator.stop(guest),
                        _ => Err(guest.lacks("this export")),
                    },
                )?;
                self.alive |= export == abi::INIT_EXPORT;
                Vec::new()
            }
        };
        self.answer = answer;
        Ok(packed(&self.answer).0)
    }

    /// Calls a hook without arguments.
    pub(super) fn call_hook(&mut self, name: &'static str) -> Result<Packed, Failure> {
        self.call(Callee::Export(name), Vec::new())
    }

    /// Returns the last call's result.
    pub(super) fn result(&self, _: Callee, _: Packed) -> Result<&[u8], Failure> {
        Ok(&self.answer)
    }

    /// Returns the last call's arguments as the plugin has left them.
    pub(super) fn arguments(&self) -> &[u8] {
        match self.in_place && self.answer.len() == self.arguments.len() {
            true => &self.answer,
            false => &self.arguments,
        }
    }

    /// Runs a command for many inputs in the host's own way.
    pub(super) fn batch<'a>(
        &'a mut self,
        number: usize,
        inputs: Inputs<'_>,
        gathered: &'a mut Vec<u8>,
    ) -> Result<Answers<'a>, Failure> {
        let callee = Callee::Batch(number);
        let name = Arc::clone(self.name(number));
        let inputs = inputs.separate();
        let mut framed = Vec::new();
        for input in &inputs {
            let framed = frame(&mut framed, |bytes| {
                bytes.extend_from_slice(input);
                Ok(())
            });
            framed.map_err(|kind| self.failure(callee, kind))?;
        }
        let results = self.operate(callee, &framed, nothing, |emulator, guest| {
            emulator.batch(guest, &name, &inputs)
        })?;
        let limit = self.sandbox().limits().max_result_bytes;
        gather(&results, gathered, limit, self.stage(callee))
    }

    /// Passes an event to the plugin.
    pub(super) fn event(
        &mut self,
        gate: &Gate,
        topic: &str,
        data: impl Serialize,
    ) -> Result<(), Failure> {
        let callee = Callee::Export(abi::EVENT_EXPORT);
        self.expect_alive(callee)?;
        let mut text = Vec::new();
        gate.write_event_data(topic, data, &mut text)
            .map_err(|kind| Failure::new(kind, self.stage(callee)))?;
        self.encoded_event(topic, &text)
    }

    /// Passes a recorded event to the plugin again.
    pub(super) fn repeat_event(&mut self, event: &[u8]) -> Result<(), Failure> {
        self.expect_alive(Callee::Export(abi::EVENT_EXPORT))?;
        let (topic, data) = split_event_object(event).unwrap_or_default();
        self.encoded_event(&topic, data)
    }

    /// Passes an event with encoded data to the plugin.
    fn encoded_event(&mut self, topic: &str, data: &[u8]) -> Result<(), Failure> {
        let callee = Callee::Export(abi::EVENT_EXPORT);
        let event = event_object(topic, data);
        self.operate(callee, &event, nothing, |emulator, guest| {
            emulator.event(guest, topic, data)
        })
    }

    /// Ends the plugin's life, and checks its duties: memory that it allocated for its host is
    /// freed, and the host's rules are kept.
    pub(super) fn call_cleanup(&mut self) -> Result<(), Failure> {
        let callee = Callee::Export(abi::CLEANUP_EXPORT);
        let outcome = self.operate(callee, b"", nothing, |emulator, guest| {
            emulator.cleanup(guest)?;
            guest.unfreed().map_or(Ok(()), Err)
        });
        self.alive = false;
        outcome
    }

    /// Reports the heap after the last call, while leaks are looked for. An emulator frees what it
    /// has allocated for a call before the call ends.
    pub(super) fn settle(&mut self) -> Result<Heap, Failure> {
        if let Some(first) = &self.sandbox().first {
            return Err(first.clone());
        }
        let heap = self.sandbox().heap();
        let heap = heap.ok_or_else(|| Failure::load(missing_heap()))?;
        if let Some(observer) = self.sandbox_mut().observer_mut() {
            observer.settled(heap);
        }
        Ok(heap)
    }

    /// Runs one operation of the host, with the time and the fuel of a call. An observer sees the
    /// arguments, and of the outcome what `shown` picks. Failures are also in the host's words.
    fn operate<R>(
        &mut self,
        callee: Callee,
        arguments: &[u8],
        shown: fn(&R) -> &[u8],
        run: impl FnOnce(&mut dyn Emulator, &mut Guest) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.expect_alive(callee)?;
        let observer = self.sandbox().observer();
        if observer.is_some_and(Observer::takes_census) {
            self.settle()?;
        }
        let stage = self.stage(callee);
        let name: Arc<str> = match &stage {
            Stage::Command(name) => Arc::clone(name),
            Stage::Export(name) => (*name).into(),
            Stage::Load | Stage::Instantiate => "load".into(),
        };
        let observer = self.sandbox().observer().filter(|_| !self.is_dead());
        // A new instance that cannot be created takes the observer with it.
        let recorder = observer.and_then(Observer::recorder).cloned();
        if let Some(observer) = observer {
            observer.record_call(callee, &name, Data::within(arguments, Recorder::MAX_VALUE));
        }
        if let Err(failure) = self.guest.begin(stage) {
            let failure = self.host.in_own_words(failure);
            if let Some(recorder) = recorder {
                recorder.lock().ended(Return::of(&failure));
            }
            return Err(failure);
        }
        self.sandbox_mut().report(|observer, sandbox| {
            observer.call_begins(callee, &name, arguments, sandbox.heap());
        });
        let outcome = run(&mut *self.emulator, &mut self.guest);
        let outcome = match (self.breaches.take(), &self.sandbox().first) {
            // The reason why a plugin died is more precise.
            (Some((rule, found)), None) => Err(self.guest.breaks(rule, found)),
            _ => outcome,
        };
        let outcome = outcome.map_err(|failure| self.host.in_own_words(failure));
        self.sandbox_mut().report(|observer, sandbox| {
            let answer = outcome.as_ref().map(|result| Some(packed(shown(result))));
            sandbox.report_end(observer, &name, answer);
        });
        outcome
    }

    /// Refuses calls before the host has initialised the plugin, and after its cleanup.
    fn expect_alive(&self, callee: Callee) -> Result<(), Failure> {
        if self.alive || matches!(callee, LOAD | Callee::Export(abi::INIT_EXPORT)) {
            return Ok(());
        }
        let what = "calls before it has initialised a plugin, or after its cleanup";
        Err(Failure::new(
            self.host.unsupported(what),
            self.stage(callee),
        ))
    }
}

/// Returns the form of a result that instances of the SDK's own ABI return, and its bytes.
fn packed(bytes: &[u8]) -> (Packed, &[u8]) {
    let answer = Packed {
        address: 0,
        len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        failed: false,
    };
    (answer, bytes)
}

/// Shows nothing of an outcome.
fn nothing<R>(_: &R) -> &[u8] {
    &[]
}
