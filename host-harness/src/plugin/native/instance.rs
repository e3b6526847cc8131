//! Runs a plugin on the host's own target, without WebAssembly.
//!
//! Arguments and results are the same bytes as in WebAssembly, and host calls are dispatched in the
//! same way. There is no linear memory and no engine, and so no limit of memory, stack, fuel or
//! time: a debugger may stop the plugin for as long as it likes.

use plugin_sdk::abi::Packed;
use plugin_sdk::imports::HostFunctions;
use plugin_sdk::native;

use crate::abi::{Callee, CommandTable, ImportedFunction};
use crate::failure::{Backtrace, Context, Failure, FailureKind, caught};
use crate::imports::{Host, State};
use crate::limits::Limits;
use crate::observe::Observer;
use crate::observe::transcript::{Data, Recorder};
use crate::run::{Batches, MakeNative, Module, argument_len, own_error, poisoned};

/// See the [module](self).
pub(in crate::plugin) struct Native {
    guest: Box<dyn native::Guest + Send>,
    /// Serves the plugin's host calls.
    state: State,
    limits: Limits,
    commands: CommandTable,
    /// The arguments of the last call, as the plugin has left them.
    arguments: native::Buffer,
    /// The result of the last call, or its error.
    answer: Vec<u8>,
    /// The failure after which every further call is refused.
    first: Option<Failure>,
}

impl Native {
    pub(in crate::plugin) fn new(
        make: MakeNative,
        module: &Module,
        host: Host,
        limits: Limits,
        observer: Option<Box<Observer>>,
    ) -> Self {
        Native {
            guest: make(),
            state: State {
                host,
                observer,
                ..State::default()
            },
            limits,
            commands: module.contract().commands().clone(),
            arguments: native::Buffer::default(),
            answer: Vec::new(),
            first: None,
        }
    }

    pub(in crate::plugin) fn state(&self) -> &State {
        &self.state
    }

    pub(in crate::plugin) fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    pub(in crate::plugin) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(in crate::plugin) fn first(&self) -> Option<&Failure> {
        self.first.as_ref()
    }

    pub(in crate::plugin) fn is_dead(&self) -> bool {
        self.first.is_some()
    }

    /// Returns the last call's arguments as the plugin has left them.
    pub(in crate::plugin) fn arguments(&self) -> &[u8] {
        self.arguments.bytes()
    }

    /// Calls a hook without arguments.
    pub(in crate::plugin) fn call_hook(&mut self, name: &'static str) -> Result<Packed, Failure> {
        self.call(Callee::Export(name), 0, |_| {})
    }

    pub(in crate::plugin) fn call_cleanup(&mut self) -> Result<(), Failure> {
        let callee = Callee::Export(plugin_sdk::abi::CLEANUP_EXPORT);
        self.operate(
            callee,
            0,
            |_| {},
            |guest, _, _| {
                guest.cleanup();
                true
            },
        )?;
        Ok(())
    }

    pub(in crate::plugin) fn command_name(&self, callee: Callee) -> &str {
        self.commands.called(callee)
    }

    /// Runs the plugin, unless it is dead, and reports that to its observer.
    fn operate(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
        run: impl FnOnce(&mut dyn native::Guest, &mut [u8], &mut Vec<u8>) -> bool,
    ) -> Result<Packed, Failure> {
        if let Some(first) = &self.first {
            return Err(poisoned(self.commands.stage(callee), first));
        }
        argument_len(len).map_err(|kind| self.failure(callee, kind))?;
        self.arguments.resize(len);
        write(self.arguments.bytes_mut());
        self.answer.clear();
        self.state.host.begin(0);
        if let Some(observer) = &mut self.state.observer {
            let input = Data::within(self.arguments.bytes(), Recorder::MAX_VALUE);
            observer.record_call(callee, self.commands.recorded(callee), input);
            let reported = self.commands.reported(callee);
            observer.call_begins(callee, reported, self.arguments.bytes(), None);
        }
        let (guest, answer) = (&mut *self.guest, &mut self.answer);
        let arguments = self.arguments.bytes_mut();
        let succeeded =
            native::within(&mut self.state, || caught(|| run(guest, arguments, answer)));
        let outcome = succeeded
            .map(|succeeded| Packed {
                address: 0,
                len: u32::try_from(self.answer.len()).unwrap_or(u32::MAX),
                failed: !succeeded,
            })
            .map_err(|kind| self.died(callee, kind));
        self.report_end(callee, &outcome);
        outcome
    }

    /// Returns the failure that has killed the plugin.
    #[cold]
    fn died(&mut self, callee: Callee, kind: FailureKind) -> Failure {
        let host = &self.state.host;
        let failure = self.failure(callee, kind).with_context(Context {
            backtrace: Backtrace::default(),
            host_calls: host.calls(),
            logs: host.log_lines(),
            usage: None,
        });
        self.first = Some(failure.clone());
        failure
    }

    fn report_end(&mut self, callee: Callee, answer: &Result<Packed, Failure>) {
        if let Some(observer) = &mut self.state.observer {
            let answer = answer.as_ref();
            let answer = answer.map(|packed| Some((*packed, self.answer.as_slice())));
            observer.report_end(
                self.commands.reported(callee),
                answer,
                true,
                (None, 0, None),
            );
        }
    }
}

impl Batches for Native {
    fn commands(&self) -> &CommandTable {
        &self.commands
    }

    fn max_result_bytes(&self) -> u64 {
        self.limits.max_result_bytes
    }

    fn call(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure> {
        let part = match callee {
            Callee::Command(number) => native::Callee::Command(number),
            Callee::Batch(number) => native::Callee::Batch(number),
            Callee::Export(name) => native::Callee::Export(name),
        };
        self.operate(callee, len, write, |guest, arguments, answer| {
            guest.call(part, arguments, answer)
        })
    }

    fn answer(&self, _: Callee, _: Packed) -> Result<&[u8], Failure> {
        Ok(&self.answer)
    }

    fn result(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        match answer.failed {
            false => Ok(&self.answer),
            true => {
                let kind = own_error(&self.answer, self.limits.max_result_bytes);
                Err(self.failure(callee, kind))
            }
        }
    }
}

/// Returns the failure for what only a plugin in WebAssembly can do.
#[cold]
pub(in crate::plugin) fn lacks(what: &str) -> Failure {
    let reason = format!("a native plugin has no {what}: use the plugin's module instead");
    Failure::load(FailureKind::Engine { reason })
}

/// Returns all functions that a native plugin may call.
pub(in crate::plugin) fn every(functions: &[HostFunctions]) -> Vec<ImportedFunction> {
    let mut every: Vec<ImportedFunction> = Vec::new();
    // The last one with a name counts, as for a module.
    for function in functions.iter().flat_map(HostFunctions::functions).rev() {
        if !every.iter().any(|other| other.is(function)) {
            every.push(ImportedFunction::of(function));
        }
    }
    every
}
