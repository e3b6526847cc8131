//! The guest of an emulated host.
//!
//! A number from the guest is only used after a check against the current size of its memory.

use std::collections::BTreeMap;
use std::ops::Range;

use plugin_sdk::code;
use serde::Deserialize;
use serde_json::{Value, json};

use super::exports::Exports;
use crate::engine::{Params, Results};
use crate::failure::{Failure, FailureKind, Region, Stage};
use crate::imports::Host;
use crate::manifest::Manifest;
use crate::memory::{copied, range_mut};
use crate::observe::Observer;
use crate::run::{Blueprint, Module, Sandbox, argument_len, refused};

/// The rules of a host for the guest.
#[derive(Clone, Copy)]
pub(crate) struct GuestRules {
    /// The host's name.
    pub(crate) host: &'static str,
    /// The name of the export with the address of the panic record.
    pub(crate) panic_record: &'static str,
    /// The allocator that the host uses, if it uses one.
    pub(crate) allocator: Option<&'static Allocator>,
    /// `true` if every call gets a new instance.
    pub(crate) fresh_instances: bool,
}

/// The exports with which a host allocates and frees memory of the guest.
pub(crate) struct Allocator {
    /// `(size: i32) -> i32`; 0 if there is no room.
    pub(crate) alloc: &'static str,
    /// `(address: i32)` or `(address: i32, size: i32)`, whichever the module has.
    pub(crate) free: &'static str,
    /// The alignment of addresses.
    pub(crate) alignment: u32,
}

impl GuestRules {
    /// Returns the failure of a plugin that breaks a rule.
    pub(crate) fn violation(&self, rule: &'static str, found: impl Into<String>) -> FailureKind {
        FailureKind::ContractViolation {
            host: self.host,
            rule,
            found: found.into(),
        }
    }

    /// Returns the failure for an operation that the host lacks.
    pub(crate) fn unsupported(&self, what: &'static str) -> FailureKind {
        FailureKind::UnsupportedByHost {
            host: self.host,
            what,
        }
    }
}

/// See the [module](self).
pub(crate) struct Guest {
    rules: GuestRules,
    module: Module,
    pub(crate) sandbox: Sandbox,
    exports: Exports,
    /// The current operation, for failures.
    during: Stage,
    /// The blocks that the guest has allocated for the host and the host has not freed: addresses
    /// and sizes.
    blocks: BTreeMap<u32, u32>,
}

impl Guest {
    pub(crate) fn new(
        rules: GuestRules,
        blueprint: Blueprint,
        module: &Module,
        functions: Host,
        observer: Option<Box<Observer>>,
    ) -> Result<Self, Failure> {
        let sandbox = Sandbox::new(blueprint, functions, observer, rules.panic_record)?;
        let mut guest = Guest {
            rules,
            module: module.clone(),
            sandbox,
            exports: Exports::default(),
            during: Stage::Load,
            blocks: BTreeMap::new(),
        };
        guest.attach()?;
        Ok(guest)
    }

    /// Begins an operation of the host, with the time and the fuel of a call.
    pub(crate) fn begin(&mut self, during: Stage) -> Result<(), Failure> {
        self.during = during;
        if self.rules.fresh_instances {
            self.renew()?;
        }
        self.sandbox.enter(|| self.during.clone())
    }

    /// Replaces the instance by a new one with the same host; no state of the guest remains.
    fn renew(&mut self) -> Result<(), Failure> {
        let state = self.sandbox.store.data_mut();
        let (functions, observer) = (std::mem::take(&mut state.host), state.observer.take());
        let blueprint = self.sandbox.blueprint().clone();
        match Sandbox::new(blueprint, functions, observer, self.rules.panic_record) {
            Ok(sandbox) => {
                self.sandbox = sandbox;
                self.exports = Exports::default();
                self.blocks.clear();
                self.attach()
            }
            Err(failure) => {
                // The host functions are lost with it.
                self.sandbox.first = Some(failure.clone());
                Err(failure)
            }
        }
    }

    /// Gives host functions access to the instance's memory and allocator.
    fn attach(&mut self) -> Result<(), Failure> {
        let alloc = match self.allocator() {
            Some(allocator) => Some(self.sandbox.export(allocator.alloc)?),
            None => None,
        };
        self.sandbox.attach(alloc);
        Ok(())
    }

    pub(crate) fn module(&self) -> &Module {
        &self.module
    }

    /// Returns whether the module has a function of this name.
    pub(crate) fn has(&mut self, export: &str) -> bool {
        let parameters = self.exports.parameters(&mut self.sandbox, export);
        parameters.is_some()
    }

    /// Calls an export, whose type the contract has checked.
    pub(crate) fn call<P: Params, R: Results>(
        &mut self,
        export: &'static str,
        params: P,
    ) -> Result<R, Failure> {
        let func = self.exports.func::<P, R>(&mut self.sandbox, export)?;
        func.call(&mut self.sandbox.store, params).map_err(|error| {
            let stage = self.stage(export);
            self.sandbox.trapped(stage, error)
        })
    }

    /// Calls an export whose name only the plugin knows.
    pub(crate) fn call_named<P: Params, R: Results>(
        &mut self,
        export: &str,
        params: P,
    ) -> Result<R, Failure> {
        let func = self.exports.func::<P, R>(&mut self.sandbox, export)?;
        let called = func.call(&mut self.sandbox.store, params);
        called.map_err(|error| self.sandbox.trapped(self.during.clone(), error))
    }

    /// Returns the stage of a call: the command, or else the export.
    fn stage(&self, export: &'static str) -> Stage {
        match &self.during {
            Stage::Command(name) => Stage::Command(name.clone()),
            _ => Stage::Export(export),
        }
    }

    /// Returns the bytes at an address; `region` is their purpose.
    pub(crate) fn read(&self, region: Region, address: u32, len: u32) -> Result<&[u8], Failure> {
        self.sandbox.bytes(address, len).ok_or_else(|| {
            let kind = self.sandbox.out_of_bounds(region, address, len);
            self.failure(kind)
        })
    }

    /// Returns the bytes from an address up to the first zero, at most `most`.
    pub(crate) fn read_terminated(
        &self,
        region: Region,
        address: u32,
        most: u32,
    ) -> Result<&[u8], Failure> {
        let memory = self.sandbox.store.memory();
        let from = match memory.get(address as usize..) {
            None | Some([]) => {
                return Err(self.failure(self.sandbox.out_of_bounds(region, address, 1)));
            }
            Some(from) => from,
        };
        let within = from.get(..most as usize).unwrap_or(from);
        let end = within.iter().position(|byte| *byte == 0);
        end.and_then(|end| within.get(..end)).ok_or_else(|| {
            self.breaks(
                "text without a length ends with a zero byte",
                format!(
                    "the text at address {address:#x} does not end within {} bytes",
                    within.len()
                ),
            )
        })
    }

    /// Returns the number at an address.
    pub(crate) fn read_u32(&self, region: Region, address: u32) -> Result<u32, Failure> {
        let bytes = self.read(region, address, 4)?;
        Ok(bytes.try_into().map_or(0, u32::from_le_bytes))
    }

    /// Reads bytes whose address is in the high half of a number, and their length in the low half.
    pub(crate) fn read_packed(&self, region: Region, packed: u64) -> Result<&[u8], Failure> {
        self.read(region, (packed >> 32) as u32, packed as u32)
    }

    /// Copies the bytes at an address; `region` is their purpose.
    pub(crate) fn copy(&self, region: Region, address: u32, len: u32) -> Result<Vec<u8>, Failure> {
        copied(self.read(region, address, len)?).ok_or_else(|| {
            let bytes = u64::from(len);
            self.failure(FailureKind::HostOutOfMemory { bytes })
        })
    }

    /// Copies bytes whose address is in the high half of a number, and their length in the low
    /// half.
    pub(crate) fn copy_packed(&self, region: Region, packed: u64) -> Result<Vec<u8>, Failure> {
        self.copy(region, (packed >> 32) as u32, packed as u32)
    }

    /// Writes bytes to an address.
    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Failure> {
        let memory = self.sandbox.store.memory_mut();
        match range_mut(memory, address, bytes.len()) {
            Some(place) => place.copy_from_slice(bytes),
            None if bytes.is_empty() => {}
            None => {
                let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                let kind = self.sandbox.out_of_bounds(Region::Arguments, address, len);
                return Err(self.failure(kind));
            }
        }
        Ok(())
    }

    /// Returns the host's allocator, if the module has its exports.
    fn allocator(&mut self) -> Option<&'static Allocator> {
        let allocator = self.rules.allocator?;
        self.has(allocator.alloc).then_some(allocator)
    }

    /// Allocates memory of the guest, which belongs to the host until it [frees](Guest::free) it.
    pub(crate) fn alloc(&mut self, len: u32) -> Result<u32, Failure> {
        let Some(allocator) = self.allocator() else {
            let name = self
                .rules
                .allocator
                .map_or("alloc", |allocator| allocator.alloc);
            return Err(self.breaks(
                "a host writes only into memory that the plugin has allocated for it",
                format!("it exports no `{name}`, so there is no place for the host's {len} bytes"),
            ));
        };
        let Allocator {
            alloc, alignment, ..
        } = *allocator;
        let address: u32 = self.call(alloc, len)?;
        if address == 0 {
            let denied = self.sandbox.store.data().limiter.denied();
            let kind = refused(denied).unwrap_or(FailureKind::AllocationFailed { bytes: len });
            return Err(self.failure(kind));
        }
        if !address.is_multiple_of(alignment) {
            return Err(self.breaks(
                "memory that is allocated for the host is aligned",
                format!(
                    "`{alloc}` returned address {address:#x}, which is not a multiple of {alignment}"
                ),
            ));
        }
        self.adopt(alloc, address, len)?;
        Ok(address)
    }

    /// Notes memory that `export` has allocated for the host.
    fn adopt(&mut self, export: &str, address: u32, len: u32) -> Result<(), Failure> {
        if self.sandbox.bytes(address, len).is_none() {
            return Err(self.breaks(
                "memory that is allocated for the host is within the plugin's memory",
                format!(
                    "`{export}` returned {len} bytes at address {address:#x}, but the memory has {} bytes",
                    self.sandbox.memory_bytes()
                ),
            ));
        }
        if len == 0 {
            // Zero bytes overlap nothing, and a guest may always return the same address for them.
            return Ok(());
        }
        let new = span(address, len);
        let before = self
            .blocks
            .range(..u32::try_from(new.end).unwrap_or(u32::MAX));
        let overlapped = before
            .map(|(address, len)| span(*address, *len))
            .next_back();
        if let Some(old) = overlapped.filter(|old| old.end > new.start) {
            return Err(self.breaks(
                "memory that the host has not freed is its own",
                format!(
                    "`{export}` returned {len} bytes at address {address:#x}, which overlap the {} at {:#x} that the host has not freed",
                    old.end - old.start,
                    old.start
                ),
            ));
        }
        self.blocks.insert(address, len);
        Ok(())
    }

    /// Frees memory of the guest with the host's export for that.
    pub(crate) fn free(&mut self, address: u32) -> Result<(), Failure> {
        let Some(len) = self.blocks.remove(&address) else {
            return Ok(());
        };
        let Some(allocator) = self.rules.allocator else {
            return Ok(());
        };
        let free = allocator.free;
        match self.exports.parameters(&mut self.sandbox, free) {
            None => Ok(()),
            Some(1) => self.call(free, address),
            Some(_) => self.call(free, (address, len)),
        }
    }

    /// Copies bytes into memory of the guest and returns their address and length, until they are
    /// [freed](Guest::free). Zero bytes need no memory, and have address 0.
    pub(crate) fn place(&mut self, bytes: &[u8]) -> Result<(u32, u32), Failure> {
        if bytes.is_empty() {
            return Ok((0, 0));
        }
        let len = argument_len(bytes.len()).map_err(|kind| self.failure(kind))?;
        let address = self.alloc(len)?;
        self.write(address, bytes)?;
        Ok((address, len))
    }

    /// [Places](Guest::place) some bytes for a call of the guest, and frees them after it, unless
    /// the guest trapped.
    pub(crate) fn lend<const N: usize, R>(
        &mut self,
        bytes: [&[u8]; N],
        call: impl FnOnce(&mut Guest, [(u32, u32); N]) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let mut placed = [(0, 0); N];
        for (place, bytes) in placed.iter_mut().zip(bytes) {
            *place = self.place(bytes)?;
        }
        let outcome = call(self, placed);
        if self.sandbox.is_dead() {
            return outcome;
        }
        let freed = placed
            .iter()
            .try_for_each(|(address, _)| self.free(*address));
        outcome.and_then(|result| freed.map(|()| result))
    }

    /// Returns a failure if memory that was allocated for the host is not freed. A plugin that
    /// counts its allocations also reports memory that the host has handed to it.
    pub(crate) fn unfreed(&self) -> Option<Failure> {
        let Some((address, len)) = self.blocks.first_key_value() else {
            let kept = self.sandbox.heap().map_or(0, |heap| heap.host_blocks);
            return (kept > 0).then(|| {
                self.breaks(
                    "all that the host allocates for the plugin is freed",
                    format!("{kept} blocks with results of host functions are not"),
                )
            });
        };
        Some(self.breaks(
            "all that the plugin allocates for the host is freed",
            format!(
                "{} of its blocks are not, the first being {len} bytes at address {address:#x}",
                self.blocks.len()
            ),
        ))
    }

    /// Returns the plugin's manifest.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        self.module.manifest()
    }

    /// Returns a failure of the current operation.
    pub(crate) fn failure(&self, kind: FailureKind) -> Failure {
        Failure::new(kind, self.during.clone())
    }

    /// Returns the plugin's own error as a failure.
    pub(crate) fn refused(&self, error: plugin_sdk::Error) -> Failure {
        self.failure(FailureKind::Plugin(error))
    }

    /// Returns the plugin's own error, from its JSON form in the SDK.
    pub(crate) fn failed(&self, error: &[u8]) -> Failure {
        self.failure(self.sandbox.own_error(error))
    }

    /// Returns the failure of a plugin that breaks a rule of the host.
    pub(crate) fn breaks(&self, rule: &'static str, found: impl Into<String>) -> Failure {
        let context = self.sandbox.context(Default::default());
        self.failure(self.rules.violation(rule, found))
            .with_context(context)
    }

    /// Reads a number from the guest that is 1 for yes and 0 for no, by a rule of the host.
    pub(crate) fn yes_or_no(
        &self,
        rule: &'static str,
        number: impl Into<i64>,
    ) -> Result<bool, Failure> {
        match number.into() {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.breaks(rule, format!("it returned {other}"))),
        }
    }

    /// Returns the failure for an operation that the host lacks.
    pub(crate) fn lacks(&self, what: &'static str) -> Failure {
        self.failure(self.rules.unsupported(what))
    }
}

/// The plugin's own error, as hosts read it that have its message under `error`.
#[derive(Deserialize)]
pub(crate) struct OwnError {
    pub(super) error: String,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) details: Option<Value>,
    #[serde(default)]
    pub(super) source: Vec<String>,
}

impl OwnError {
    /// Returns the error as a failure.
    pub(crate) fn into_failure(self, guest: &Guest) -> Failure {
        // The SDK's form of an error has the same members under other names.
        let error = json!({
            "code": self.code.as_deref().unwrap_or(code::FAILED),
            "message": self.error,
            "details": self.details,
            "source": self.source,
        });
        guest.failed(error.to_string().as_bytes())
    }
}

/// Returns the range of a block.
fn span(address: u32, len: u32) -> Range<u64> {
    let start = u64::from(address);
    start..start + u64::from(len)
}
