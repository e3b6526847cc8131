//! The two ways to run a plugin: by the SDK's own ABI, and by the rules of an emulated host.

use plugin_sdk::abi::Packed;

use super::emulated::Emulated;
use crate::abi::{Callee, CommandName};
use crate::failure::{Failure, FailureKind, Region};
use crate::observe::{Census, Heap, Observer};
use crate::run::{Answers, Inputs, Instance, Sandbox, call_batch};

/// See the [module](self).
#[allow(
    clippy::large_enum_variant,
    reason = "a call through another pointer takes longer"
)]
pub(super) enum Runner {
    Own(Instance),
    Emulated(Box<Emulated>),
}

/// Does the same for both ways.
macro_rules! either {
    ($runner:expr, $it:ident => $run:expr) => {
        match $runner {
            Runner::Own($it) => $run,
            Runner::Emulated($it) => $run,
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
        }
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        match self {
            Runner::Own(instance) => &instance.sandbox,
            Runner::Emulated(emulated) => emulated.sandbox(),
        }
    }

    pub(super) fn sandbox_mut(&mut self) -> &mut Sandbox {
        match self {
            Runner::Own(instance) => &mut instance.sandbox,
            Runner::Emulated(emulated) => emulated.sandbox_mut(),
        }
    }

    pub(super) fn observer(&self) -> Option<&Observer> {
        self.sandbox().observer()
    }

    /// Returns whether every further call is refused.
    pub(super) fn is_dead(&self) -> bool {
        either!(self, it => it.is_dead())
    }

    /// Returns the number of a command. `last` is the number of the previous call.
    #[inline]
    pub(super) fn number(
        &mut self,
        command: impl CommandName,
        last: usize,
    ) -> Result<usize, Failure> {
        match self {
            Runner::Own(instance) => {
                let commands = instance.commands();
                let number = command.number_in(commands, last);
                number.ok_or_else(|| commands.unknown(command.shown()))
            }
            Runner::Emulated(emulated) => Ok(emulated.number(command, last)),
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
        }
    }

    /// Returns the bytes that a call answered with, or the error that they are.
    #[inline]
    pub(super) fn result(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        either!(self, it => it.result(callee, answer))
    }

    /// Like [`result`](Runner::result), for a result that is to be decoded.
    pub(super) fn decodable_result(
        &self,
        callee: Callee,
        answer: Packed,
    ) -> Result<&[u8], Failure> {
        let bytes = self.result(callee, answer)?;
        let bytes = self.sandbox().decodable(Region::Result, bytes);
        bytes.map_err(|kind| self.failure(callee, kind))
    }

    /// Returns the last call's arguments as the guest has left them.
    pub(super) fn arguments(&self) -> &[u8] {
        either!(self, it => it.arguments())
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
        }
    }

    /// Calls a hook without arguments, and returns its result.
    pub(super) fn hook(&mut self, name: &'static str) -> Result<&[u8], Failure> {
        let callee = Callee::Export(name);
        either!(self, it => {
            let answer = it.call_hook(name)?;
            it.result(callee, answer)
        })
    }

    /// Calls the cleanup hook, which drops the plugin's state.
    pub(super) fn cleanup(&mut self) -> Result<(), Failure> {
        either!(self, it => it.call_cleanup())
    }

    /// Returns the name of the command that is called, if it is one.
    #[inline]
    pub(super) fn command_name(&self, callee: Callee) -> &str {
        either!(self, it => it.command_name(callee))
    }

    /// Returns a failure of a call.
    pub(super) fn failure(&self, callee: Callee, kind: FailureKind) -> Failure {
        either!(self, it => it.failure(callee, kind))
    }

    /// Notes what each call leaves in the heap from now on.
    pub(super) fn begin_census(&mut self) -> Result<(), Failure> {
        self.sandbox_mut().begin_census()?;
        if let Runner::Own(instance) = self {
            instance.watch();
        }
        Ok(())
    }

    pub(super) fn end_census(&mut self) -> Census {
        let census = self.sandbox_mut().end_census();
        if let Runner::Own(instance) = self {
            instance.watch();
        }
        census
    }

    /// Returns the contents of the heap, without those of the last call.
    pub(super) fn settle(&mut self) -> Result<Heap, Failure> {
        either!(self, it => it.settle())
    }
}
