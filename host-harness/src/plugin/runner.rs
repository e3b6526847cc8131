//! The ways to run a plugin: by the SDK's own ABI, by the rules of an emulated host, and natively.

use plugin_sdk::abi::Packed;

use super::emulated::Emulated;
use super::native::instance::Native;
use crate::abi::{Callee, CommandName, CommandTable, missing_heap};
use crate::failure::{Failure, FailureKind, Region};
use crate::imports::{Host, Interrupt};
use crate::limits::Limits;
use crate::observe::{Census, Heap, Observer};
use crate::run::{Answers, Batches, Inputs, Instance, Sandbox, call_batch, within};

/// See the [module](self).
#[allow(
    clippy::large_enum_variant,
    reason = "a call through another pointer takes longer"
)]
pub(super) enum Runner {
    Own(Instance),
    Emulated(Box<Emulated>),
    Native(Box<Native>),
}

/// Does the same for all ways.
macro_rules! any {
    ($runner:expr, $it:ident => $run:expr) => {
        match $runner {
            Runner::Own($it) => $run,
            Runner::Emulated($it) => $run,
            Runner::Native($it) => $run,
        }
    };
}

impl Runner {
    /// Returns the instance of a plugin that runs by the SDK's own ABI.
    #[cfg(feature = "async")]
    pub(super) fn own(&mut self) -> Result<&mut Instance, Failure> {
        match self {
            Runner::Own(instance) => Ok(instance),
            Runner::Emulated(emulated) => Err(emulated.lacks("async calls")),
            Runner::Native(_) => Err(super::native::instance::lacks("async calls")),
        }
    }

    /// Returns the sandbox of a plugin in WebAssembly.
    pub(super) fn sandbox(&self) -> Option<&Sandbox> {
        match self {
            Runner::Own(instance) => Some(&instance.sandbox),
            Runner::Emulated(emulated) => Some(emulated.sandbox()),
            Runner::Native(_) => None,
        }
    }

    pub(super) fn sandbox_mut(&mut self) -> Option<&mut Sandbox> {
        match self {
            Runner::Own(instance) => Some(&mut instance.sandbox),
            Runner::Emulated(emulated) => Some(emulated.sandbox_mut()),
            Runner::Native(_) => None,
        }
    }

    /// Returns the host functions of the instance.
    pub(super) fn host(&self) -> &Host {
        match self {
            Runner::Own(instance) => instance.sandbox.host(),
            Runner::Emulated(emulated) => emulated.sandbox().host(),
            Runner::Native(native) => &native.state().host,
        }
    }

    pub(super) fn host_mut(&mut self) -> &mut Host {
        match self {
            Runner::Own(instance) => instance.sandbox.host_mut(),
            Runner::Emulated(emulated) => emulated.sandbox_mut().host_mut(),
            Runner::Native(native) => &mut native.state_mut().host,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        match self {
            Runner::Own(instance) => instance.sandbox.limits(),
            Runner::Emulated(emulated) => emulated.sandbox().limits(),
            Runner::Native(native) => native.limits(),
        }
    }

    /// Returns the failure that killed the instance.
    pub(super) fn first(&self) -> Option<&Failure> {
        match self {
            Runner::Own(instance) => instance.sandbox.first.as_ref(),
            Runner::Emulated(emulated) => emulated.sandbox().first.as_ref(),
            Runner::Native(native) => native.first(),
        }
    }

    pub(super) fn observer(&self) -> Option<&Observer> {
        match self {
            Runner::Native(native) => native.state().observer.as_deref(),
            _ => self.sandbox()?.observer(),
        }
    }

    pub(super) fn observer_mut(&mut self) -> Option<&mut Observer> {
        match self {
            Runner::Native(native) => native.state_mut().observer.as_deref_mut(),
            _ => self.sandbox_mut()?.observer_mut(),
        }
    }

    /// Sets the handle that can end calls from now on; `None` removes it. Nothing can end a call of
    /// a native plugin.
    pub(super) fn interrupt_by(&mut self, interrupt: Option<Interrupt>) {
        if let Some(sandbox) = self.sandbox_mut() {
            sandbox.interrupt_by(interrupt);
        }
    }

    /// Returns whether every further call is refused.
    pub(super) fn is_dead(&self) -> bool {
        any!(self, it => it.is_dead())
    }

    /// Returns the number of a command. `last` is the number of the previous call.
    #[inline]
    pub(super) fn number(
        &mut self,
        command: impl CommandName,
        last: usize,
    ) -> Result<usize, Failure> {
        let of = |commands: &CommandTable| {
            let number = command.number_in(commands, last);
            number.ok_or_else(|| commands.unknown(command.shown()))
        };
        match self {
            Runner::Own(instance) => of(instance.commands()),
            Runner::Emulated(emulated) => Ok(emulated.number(command, last)),
            Runner::Native(native) => of(native.commands()),
        }
    }

    /// Calls an export with arguments that `write` writes; [`result`](Runner::result) takes the
    /// answer.
    #[inline]
    pub(super) fn call(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure> {
        match self {
            Runner::Own(instance) => instance.call(callee, len, write),
            Runner::Emulated(emulated) => {
                let mut arguments = vec![0; len];
                write(&mut arguments);
                emulated.call(callee, arguments)
            }
            Runner::Native(native) => native.call(callee, len, write),
        }
    }

    /// Returns the bytes that a call answered with, or the error that they are.
    #[inline]
    pub(super) fn result(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        any!(self, it => it.result(callee, answer))
    }

    /// Like [`result`](Runner::result), for a result that is to be decoded.
    pub(super) fn decodable_result(
        &self,
        callee: Callee,
        answer: Packed,
    ) -> Result<&[u8], Failure> {
        let bytes = self.result(callee, answer)?;
        let limit = self.limits().max_result_bytes;
        match within(Region::Result, bytes.len(), limit) {
            Ok(()) => Ok(bytes),
            Err(kind) => Err(self.failure(callee, kind)),
        }
    }

    /// Returns the last call's arguments as the guest has left them.
    pub(super) fn arguments(&self) -> &[u8] {
        any!(self, it => it.arguments())
    }

    /// Calls a command with many inputs.
    pub(super) fn batch<'a>(
        &'a mut self,
        number: usize,
        inputs: Inputs<'_>,
        gathered: &'a mut Vec<u8>,
        decoded: bool,
    ) -> Result<Answers<'a>, Failure> {
        match self {
            Runner::Own(instance) => call_batch(instance, number, inputs, gathered, decoded),
            Runner::Emulated(emulated) => emulated.batch(number, inputs, gathered),
            Runner::Native(native) => call_batch(&mut **native, number, inputs, gathered, decoded),
        }
    }

    /// Calls a hook without arguments, and returns its result.
    pub(super) fn hook(&mut self, name: &'static str) -> Result<&[u8], Failure> {
        let callee = Callee::Export(name);
        any!(self, it => {
            let answer = it.call_hook(name)?;
            it.result(callee, answer)
        })
    }

    /// Calls the cleanup hook, which drops the plugin's state.
    pub(super) fn cleanup(&mut self) -> Result<(), Failure> {
        any!(self, it => it.call_cleanup())
    }

    /// Returns the name of the command that is called, if it is one.
    #[inline]
    pub(super) fn command_name(&self, callee: Callee) -> &str {
        any!(self, it => it.command_name(callee))
    }

    /// Returns a failure of a call.
    pub(super) fn failure(&self, callee: Callee, kind: FailureKind) -> Failure {
        any!(self, it => it.failure(callee, kind))
    }

    /// Notes what each call leaves in the heap from now on.
    pub(super) fn begin_census(&mut self) -> Result<(), Failure> {
        match self.sandbox_mut() {
            Some(sandbox) => sandbox.begin_census()?,
            None => return Err(Failure::load(missing_heap())),
        }
        if let Runner::Own(instance) = self {
            instance.watch();
        }
        Ok(())
    }

    pub(super) fn end_census(&mut self) -> Census {
        let sandbox = self.sandbox_mut();
        let census = sandbox.map_or_else(Census::default, Sandbox::end_census);
        if let Runner::Own(instance) = self {
            instance.watch();
        }
        census
    }

    /// Returns the contents of the heap, without those of the last call.
    pub(super) fn settle(&mut self) -> Result<Heap, Failure> {
        match self {
            Runner::Own(instance) => instance.settle(),
            Runner::Emulated(emulated) => emulated.settle(),
            Runner::Native(_) => Err(Failure::load(missing_heap())),
        }
    }
}
