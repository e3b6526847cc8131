//! Inspecting a module against the ABI.

use super::check::{Contract, violations};
use super::warnings::Warning;
use crate::failure::Failure;
use crate::wasm::inspect::Inspection;

impl Inspection<'_> {
    /// Returns everything in which the module breaks with version 1 of the ABI, most important
    /// first. A module without such a failure can be loaded.
    pub fn failures(&self) -> Vec<Failure> {
        let found = violations(self.interface());
        found.into_iter().map(Failure::load).collect()
    }

    /// Like [`failures`](Self::failures), without those that concern imports.
    pub(crate) fn failures_of_exports(&self) -> Vec<Failure> {
        let mut failures = self.failures();
        failures.retain(|failure| failure.code() != "missing_imports");
        failures
    }

    /// Returns what [`Module::warnings`](crate::Module::warnings) does; no warnings for a module
    /// that cannot be loaded.
    pub fn warnings(&self) -> Vec<Warning> {
        match Contract::of(self.interface()) {
            Ok(contract) => contract.warnings().to_vec(),
            Err(_) => Vec::new(),
        }
    }
}
