//! Snapshots of initialised plugins: modules whose memory already holds what a plugin makes before
//! its first call.
//!
//! `survey.rs` reads a module and finds what a snapshot could not hold, `rewrite.rs` writes the
//! module that is run and the one that results, and `segments.rs` makes data segments of memory.
//! The module runs in a [`Sandbox`], with a host that refuses every call.

mod rewrite;
mod segments;
mod survey;

use plugin_sdk::abi;

use crate::abi::{Contract, check_exports};
use crate::engine::{EngineOptions, Func};
use crate::failure::{Failure, FailureKind, Stage};
use crate::imports::Host;
use crate::limits::Limits;
use crate::run::{Blueprint, Module, Sandbox};
use crate::source::Binary;
use crate::wasm::examine;
use crate::wasm::inspect::Inspection;
use survey::Survey;

/// Runs a module's preparation within limits, and returns the module with the result in its memory.
pub(crate) fn take(
    binary: &Binary,
    limits: &Limits,
    options: &EngineOptions,
) -> Result<Vec<u8>, Failure> {
    let inspection = Inspection::within(&binary.wasm, binary.limits.clone())?;
    if inspection.is_snapshot() {
        return Err(refused(
            "the module is one already",
            "take it of the module that the compiler made",
        ));
    }
    let asked = [(abi::PREPARE_EXPORT, &[][..], &[][..], true)];
    let mut failures = check_exports(inspection.interface(), &asked).into_iter();
    if let Some(failure) = failures.next() {
        return Err(failure);
    }
    // Nothing below meets an invalid module.
    inspection.code()?;
    let survey = Survey::of(&binary.wasm)?;
    let open = Binary {
        wasm: rewrite::opened(&survey).into(),
        limits: binary.limits.clone(),
        path: binary.path.clone(),
        build: None,
        symbols: binary.symbols.clone(),
    };
    let contract = Contract::of_foreign(&examine(&open.wasm, &open.limits)?, |_, _| false)?;
    let module = Module::with(&open, contract);
    let compiled = module.compiled(options)?;
    let host = Host::ahead(module.contract().imports(), compiled.clock().clone());
    let blueprint = Blueprint {
        compiled,
        limits: limits.clone(),
        pool: None,
    };
    let record = match inspection.interface().export(abi::VERSION_EXPORT) {
        Some(_) => abi::VERSION_EXPORT,
        None => abi::PANIC_EXPORT,
    };
    let mut sandbox = Sandbox::new(blueprint, host, None, record)?;
    let prepare: Func<(), ()> = sandbox.export(abi::PREPARE_EXPORT)?;
    sandbox.begin();
    if let Err(error) = prepare.call(&mut sandbox.store, ()) {
        return Err(sandbox.trapped(Stage::Export(abi::PREPARE_EXPORT), error));
    }
    rewrite::closed(&survey, &mut sandbox.store)
}

fn refused(reason: impl Into<String>, help: &'static str) -> Failure {
    Failure::load(FailureKind::NoSnapshot {
        reason: reason.into(),
        help: help.to_owned(),
    })
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests;
