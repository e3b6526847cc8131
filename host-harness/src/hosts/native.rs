//! The host of the SDK's own ABI, as this harness runs it: `docs/abi.md`.

use plugin_sdk::abi::{self, Packed};
use plugin_sdk::{Error, code};

use super::contract::{HostContract, HostLimits};
use super::emulator::{Emulation, Emulator, Words, event_object};
use super::guest::{Allocator, Guest};
use crate::abi::{FUNCTIONS, missing_hook};
use crate::failure::{Failure, Region};
use crate::limits::Limits;
use crate::wasm::inspect::Proposal;

pub(super) const CONTRACT: HostContract = HostContract {
    name: "native",
    summary: "hosts of the plugin SDK's own ABI",
    feature: None,
    memory_pages: Limits::MEMORY_PAGES,
    lacks: &[
        Proposal::Externref,
        Proposal::Threads,
        Proposal::Exceptions,
        Proposal::LegacyExceptions,
        Proposal::Gc,
        Proposal::Memory64,
        Proposal::MultiMemory,
        Proposal::WideArithmetic,
        Proposal::Other,
    ],
    limits: HostLimits {
        fuel: None,
        timeout: None,
        asked: false,
    },
    asks: &FUNCTIONS,
    command_parameters: None,
    max_module_bytes: u64::MAX,
    further_rules: |_| Vec::new(),
    modules: &[abi::SERVICES_MODULE],
    allocator: Some(Allocator {
        alloc: abi::ALLOC_EXPORT,
        free: abi::FREE_EXPORT,
        alignment: abi::ALIGNMENT,
    }),
    fresh_instances: false,
    callable: |_, _| false,
    emulator: |surroundings| Emulation::new(surroundings.services.provide(), Native),
    words: |_| Words::default(),
};

/// Emulates a host that allocates memory for every call and frees it afterwards;
/// [`Plugin`](crate::Plugin) keeps one buffer.
struct Native;

impl Emulator for Native {
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        exchange(guest, abi::INIT_EXPORT, config).map(drop)
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let export = format!("{}{name}", abi::COMMAND_EXPORT_PREFIX);
        if !guest.has(&export) {
            let error = Error::new(code::UNKNOWN_COMMAND, "the plugin has no such command");
            return Err(guest.refused(error));
        }
        guest.lend([arguments], |guest, [arguments]| {
            let answer = guest.call_named(&export, arguments)?;
            settle(guest, answer)
        })
    }

    fn start(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        hook(guest, abi::START_EXPORT)
    }

    fn stop(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        hook(guest, abi::STOP_EXPORT)
    }

    fn event(&mut self, guest: &mut Guest, topic: &str, data: &[u8]) -> Result<(), Failure> {
        expect_hook(guest, abi::EVENT_EXPORT)?;
        exchange(guest, abi::EVENT_EXPORT, &event_object(topic, data)).map(drop)
    }

    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        guest.call(abi::CLEANUP_EXPORT, ())
    }
}

/// Calls an export with bytes, and returns its result.
fn exchange(guest: &mut Guest, export: &'static str, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    guest.lend([bytes], |guest, [bytes]| {
        let answer = guest.call(export, bytes)?;
        settle(guest, answer)
    })
}

/// Returns the bytes of a result, which the guest keeps until the next call, or the error that they
/// are.
fn settle(guest: &Guest, answer: u64) -> Result<Vec<u8>, Failure> {
    let Packed {
        address,
        len,
        failed,
    } = Packed::from_bits(answer);
    let region = match failed {
        true => Region::Error,
        false => Region::Result,
    };
    match failed {
        true => Err(guest.failed(guest.read(region, address, len)?)),
        false => guest.copy(region, address, len),
    }
}

fn hook(guest: &mut Guest, export: &'static str) -> Result<(), Failure> {
    expect_hook(guest, export)?;
    let answer = guest.call(export, ())?;
    settle(guest, answer).map(drop)
}

fn expect_hook(guest: &mut Guest, export: &'static str) -> Result<(), Failure> {
    match guest.has(export) {
        true => Ok(()),
        false => Err(guest.failure(missing_hook(export))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::inspect::Inspection;

    /// Returns whether a module is expected to run, and does: one with everything that the ABI
    /// requires, and more.
    fn runs(fields: &str) -> (bool, bool) {
        let wasm = wat::parse_str(format!(
            r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
               (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
               (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup")) {fields})"#
        ))
        .unwrap();
        // Modules that cannot be read do not run either.
        let expected = Inspection::of(&wasm).is_ok_and(|inspection| {
            let code = inspection.code().unwrap();
            !CONTRACT.lacks.iter().any(|proposal| code.needs(*proposal))
        });
        let built = crate::Plugin::builder(wasm).no_cache().build();
        (expected, built.is_ok())
    }

    #[test]
    fn the_engine_refuses_the_proposals_that_the_host_lacks() {
        for (fields, runs_here) in [
            (
                "(func (param i32) (drop (i32.extend8_s (local.get 0))))",
                true,
            ),
            ("(func (result i32 i32) i32.const 1 i32.const 2)", true),
            ("(func (param funcref))", true),
            ("(func (param externref))", false),
            ("(func (local v128))", true),
            (
                "(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
                true,
            ),
            ("(func $f return_call $f)", true),
            ("(global i32 (i32.add (i32.const 1) (i32.const 2)))", true),
            ("(table 1 1 funcref) (table 1 1 funcref)", true),
            ("(tag (param i32))", false),
            ("(type (struct (field i32)))", false),
            ("(type $f (func)) (func (param (ref null $f)))", true),
            (
                "(func (param i64) (i64.add128 (local.get 0) (local.get 0) (local.get 0) (local.get 0)) drop drop)",
                false,
            ),
        ] {
            assert_eq!(runs(fields), (runs_here, runs_here), "{fields}");
        }
    }
}
