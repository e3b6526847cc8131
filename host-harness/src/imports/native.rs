//! Serves the host calls of native plugins, by the same dispatch as those of guests.

use plugin_sdk::imports::Answer;
use plugin_sdk::native::{Ending, Host, Import};

use super::dispatch;
use super::state::State;
use crate::abi::ImportedFunction;
use crate::failure::{self, FailureKind, is_unwinding, outside};

impl Host for State {
    fn call(
        &mut self,
        import: &'static Import,
        memory: &mut [u8],
        slots: &[u64],
    ) -> Result<Answer, Ending> {
        // In WebAssembly a panic is a trap, after which no destructor runs.
        if is_unwinding() {
            return Ok(Answer::Slot(0));
        }
        let answered = outside(|| self.served(import, memory, slots));
        answered.map_err(|kind| Box::new(kind) as Ending)
    }
}

impl State {
    fn served(
        &mut self,
        import: &Import,
        memory: &mut [u8],
        slots: &[u64],
    ) -> Result<Answer, FailureKind> {
        let number = self.host.number(import)?;
        let Some(begun) = dispatch::begin(self, memory, number, slots) else {
            return Err(missing(import));
        };
        dispatch::answer(self, memory, &begun, slots).map_err(|trap| trap.kind(None))
    }
}

impl super::Host {
    /// Returns the number of a function that a native plugin imports.
    fn number(&self, import: &Import) -> Result<usize, FailureKind> {
        let functions = self.bound.iter().map(|bound| bound.function);
        let mut numbered = functions.enumerate();
        let found = numbered
            .find(|(_, function)| function.name == import.name && function.module == import.module);
        let Some((number, function)) = found else {
            return Err(missing(import));
        };
        let same = function.wasm_parameters().eq(import.wasm_parameters());
        if !same || function.result != import.result {
            return Err(ImportedFunction::of_native(import).differs(function));
        }
        Ok(number)
    }
}

/// Returns the failure of a call of a function that the host does not have.
#[cold]
fn missing(import: &Import) -> FailureKind {
    FailureKind::MissingImports {
        imports: vec![failure::Import {
            module: import.module.to_owned(),
            name: import.name.to_owned(),
        }],
    }
}
