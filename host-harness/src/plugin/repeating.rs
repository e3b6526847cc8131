//! Calls of a record, repeated.

use plugin_sdk::abi::{self, ItemHeader, Packed};
use serde_json::Value;

use super::Plugin;
use super::emulated::OPERATIONS;
use super::runner::Runner;
use crate::abi::Callee;
use crate::failure::{Failure, Region};
use crate::observe::transcript::{Call, CalleeKind};
use crate::run::{Inputs, json};

/// The exports that are not among the operations of emulated hosts.
const STATE: [&str; 2] = [abi::STATE_SAVE_EXPORT, abi::STATE_LOAD_EXPORT];

impl Plugin {
    /// Makes a recorded call again. `failed` is the code of its recorded failure: a result may only
    /// have failed when the host decoded it.
    pub(crate) fn repeat(&mut self, call: &Call, failed: Option<&str>) -> Result<(), Failure> {
        let len = usize::try_from(call.input.len()).unwrap_or(usize::MAX);
        // Input that was not kept was too large for the plugin, or the replay will depart.
        let input = call.input.bytes().unwrap_or_default();
        let write = |place: &mut [u8]| {
            if let Some(place) = place.get_mut(..input.len()) {
                place.copy_from_slice(input);
            }
        };
        match call.callee {
            CalleeKind::Command => {
                let callee = self.callee(call.name.as_str())?;
                let answer = self.runner.call(callee, len, write)?;
                self.check_result(callee, answer, failed)
            }
            CalleeKind::Batch => {
                self.callee(call.name.as_str())?;
                let inputs = Inputs::Framed {
                    bytes: input,
                    count: items(input),
                };
                self.runner
                    .batch(self.last, inputs, &mut self.gathered, failed.is_some())
                    .map(drop)
            }
            CalleeKind::Hook => self.repeat_hook(call, len, write),
        }
    }

    /// Makes a call again that the host refused before it reached the plugin.
    pub(crate) fn repeat_refused(&mut self, call: &Call) -> Result<(), Failure> {
        let arguments = call.input.bytes().unwrap_or_default();
        let arguments: Value = serde_json::from_slice(arguments).unwrap_or_default();
        self.call::<Value>(call.name.as_str(), arguments).map(drop)
    }

    /// Sets the fuel of the next calls.
    pub(crate) fn set_fuel(&mut self, fuel: u64) {
        if let Some(sandbox) = self.runner.sandbox_mut() {
            sandbox.set_fuel(fuel);
        }
    }

    fn repeat_hook(
        &mut self,
        call: &Call,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<(), Failure> {
        let name = call.name.as_str();
        let mut operations = OPERATIONS.into_iter();
        let operation = operations.find(|(export, own)| [*export, *own].contains(&name));
        let state = STATE.into_iter().find(|export| *export == name);
        let Some(export) = operation.map(|(export, _)| export).or(state) else {
            return Err(self.module.contract().commands().unknown(&call.name));
        };
        let callee = Callee::Export(export);
        match (export, &mut self.runner) {
            (abi::EVENT_EXPORT, Runner::Emulated(emulated)) => {
                emulated.repeat_event(call.input.bytes().unwrap_or_default())
            }
            (abi::CLEANUP_EXPORT, runner) => runner.cleanup(),
            (abi::START_EXPORT | abi::STOP_EXPORT | abi::STATE_SAVE_EXPORT, _) => {
                self.expect_hook(export)?;
                self.runner.hook(export).map(drop)
            }
            (export, _) => {
                // Every plugin has the init hook.
                if export != abi::INIT_EXPORT {
                    self.expect_hook(export)?;
                }
                let answer = self.runner.call(callee, len, write)?;
                self.runner.result(callee, answer).map(drop)
            }
        }
    }

    /// Reads the result of a repeated call as far as the recorded failure needs it.
    fn check_result(
        &self,
        callee: Callee,
        answer: Packed,
        failed: Option<&str>,
    ) -> Result<(), Failure> {
        let decoded = match failed {
            Some("result_too_large" | "not_utf8" | "bad_json") => {
                self.runner.decodable_result(callee, answer)?
            }
            _ => return self.runner.result(callee, answer).map(drop),
        };
        // A result of another type than the host asked for is valid here: only the host knows it.
        let decoded = json::decode::<serde::de::IgnoredAny>(decoded, Region::Result);
        decoded
            .map(drop)
            .map_err(|kind| self.runner.failure(callee, kind))
    }
}

/// Returns the number of inputs of a batch.
fn items(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((_, _, rest)) = ItemHeader::split(bytes) {
        bytes = rest;
        count += 1;
    }
    count
}
