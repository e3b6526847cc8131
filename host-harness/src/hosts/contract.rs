//! The contract of a host: data that the host's file fills in.

use std::time::Duration;

use plugin_sdk::abi;
use plugin_sdk::hosts::names;
use plugin_sdk::imports::{HostFunction, HostFunctions};
use wasmparser::{FuncType, ValType};

use super::emulator::{Emulation, Surroundings, Words};
use super::guest::{Allocator, GuestRules};
use crate::abi::{
    Contract, ExportedFunction, I32, check_command, check_exports, imported_function,
};
use crate::failure::{Failure, FailureKind};
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::text;
use crate::wasm::Interface;
use crate::wasm::inspect::{Imported, Inspection, Proposal};

/// The contract of a host: what it expects of a module, and what it offers.
///
/// A host's file states the fields in which the host differs from [that of the SDK's own
/// ABI](super::native).
#[non_exhaustive]
pub struct HostContract {
    /// The name on command lines, such as `native`.
    pub name: &'static str,
    /// A description in one line.
    pub summary: &'static str,
    /// The feature, in a plugin's crate and in `plugin-sdk`, that builds a plugin for it; `None`
    /// for the SDK's own ABI.
    pub feature: Option<&'static str>,
    /// The default limit of memory, in pages of 64 KiB.
    pub memory_pages: u32,
    /// The proposals of WebAssembly that it does not support.
    pub lacks: &'static [Proposal],
    /// The limits of a call.
    pub(crate) limits: HostLimits,
    /// The functions that it looks for in every module.
    pub(crate) asks: &'static [ExportedFunction],
    /// The parameters of the export with a command's name, for a host that calls commands so. The
    /// result is an `i32`.
    pub(crate) command_parameters: Option<&'static [ValType]>,
    /// The largest module that the host loads, in bytes.
    pub(crate) max_module_bytes: u64,
    /// Finds violations of further rules for modules.
    pub(crate) further_rules: fn(&Inspection<'_>) -> Vec<Failure>,
    /// The modules of its host functions.
    pub(crate) modules: &'static [&'static str],
    /// The allocator that the host uses, if it uses one.
    pub(crate) allocator: Option<Allocator>,
    /// `true` if every call gets a new instance, so that no state outlives one.
    pub(crate) fresh_instances: bool,
    /// Returns `true` for an export that the host can call as a command, in a module that describes
    /// no commands.
    pub(crate) callable: fn(&str, &FuncType) -> bool,
    /// Creates the emulator and the host's functions for one plugin.
    pub(crate) emulator: fn(Surroundings) -> Emulation,
    /// Returns the host's own words for a failure.
    pub(crate) words: fn(&FailureKind) -> Words,
}

/// The default limits of a call.
pub(crate) struct HostLimits {
    /// Fuel; `None` if it counts none.
    pub(crate) fuel: Option<u64>,
    /// Time; `None` for the default of the harness.
    pub(crate) timeout: Option<Duration>,
    /// `true` if limits in the plugin's manifest apply.
    pub(crate) asked: bool,
}

/// The imports of a module, sorted by what the host offers.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Imports {
    /// Functions that the host lacks, or has with another type.
    pub failures: Vec<Failure>,
    /// Functions that the host offers, with the permissions that they need.
    pub offered: Vec<(Imported, Option<&'static str>)>,
    /// Imports from modules of others. A program that embeds plugins may offer them all the same.
    pub others: Vec<Imported>,
}

impl HostContract {
    /// Returns whether functions of a module belong to the host, by the module's name.
    pub fn has_module(&self, module: &str) -> bool {
        self.modules.contains(&module)
    }

    /// Returns all violations of the expected exports.
    pub fn exports(&self, inspection: &Inspection<'_>) -> Vec<Failure> {
        let failures = self.violations(inspection).into_iter();
        failures.map(|failure| self.in_own_words(failure)).collect()
    }

    fn violations(&self, inspection: &Inspection<'_>) -> Vec<Failure> {
        let (bytes, limit) = (inspection.size() as u64, self.max_module_bytes);
        if bytes > limit {
            return vec![Failure::load(FailureKind::ModuleTooLarge { bytes, limit })];
        }
        if self.feature.is_none() {
            return inspection.failures_of_exports();
        }
        let interface = inspection.interface();
        let mut failures = check_exports(interface, self.asks);
        if let Some(parameters) = self.command_parameters {
            let manifest = inspection.manifest().ok().flatten();
            let commands = manifest.iter().flat_map(|manifest| &manifest.commands);
            failures.extend(commands.filter_map(|command| {
                check_command(
                    interface,
                    &names::exported(&command.name),
                    parameters,
                    &[I32],
                )
            }));
        }
        failures.extend((self.further_rules)(inspection));
        failures
    }

    /// Returns the name of the allocator that a host calls in the plugin, if it calls one.
    pub fn allocator(&self) -> Option<&'static str> {
        Some(self.allocator.as_ref()?.alloc)
    }

    /// Returns the rules for the guest.
    pub(crate) fn guest_rules(&'static self) -> GuestRules {
        GuestRules {
            host: self.name,
            panic_record: self.panic_record(),
            allocator: self.allocator.as_ref(),
            fresh_instances: self.fresh_instances,
        }
    }

    /// Returns the name of the export with the address of the panic record.
    pub(crate) fn panic_record(&self) -> &'static str {
        match self.feature {
            Some(_) => abi::PANIC_EXPORT,
            None => abi::VERSION_EXPORT,
        }
    }

    /// Returns the functions that the host offers to every plugin, in the order of their
    /// descriptions.
    ///
    /// ```
    /// use plugin_sdk_harness::hosts;
    ///
    /// let native = hosts::find("native").unwrap();
    /// let functions = native.functions();
    /// let set = functions.iter().find(|function| function.name == "kv_set").unwrap();
    /// assert_eq!((set.module, set.permission), ("plugin_host", Some("kv")));
    /// ```
    pub fn functions(&self) -> Vec<&'static HostFunction> {
        let emulation = (self.emulator)(Surroundings::in_memory());
        let functions = emulation.functions.iter();
        functions.flat_map(HostFunctions::functions).collect()
    }

    /// Returns the names of the exports that every module for this host has.
    pub(crate) fn required(&self) -> impl Iterator<Item = &'static str> {
        let functions = self.asks.iter().filter(|(.., required)| *required);
        functions
            .map(|(name, ..)| *name)
            .chain([self.panic_record()])
    }

    /// Compares a module's imports with the host's functions.
    pub fn imports(&self, inspection: &Inspection<'_>) -> Imports {
        let functions = self.functions();
        let mut imports = Imports::default();
        let mut missing = Vec::new();
        for imported in inspection.imports() {
            let import = &imported.import;
            if !self.has_module(&import.module) {
                imports.others.push(imported.clone());
                continue;
            }
            let known = functions
                .iter()
                .find(|function| function.name == import.name && function.module == import.module);
            let ty = inspection.import_type(import);
            let declared = ty.and_then(|ty| imported_function(import, ty));
            match (known, declared) {
                (Some(known), Some(declared)) => match declared.check(known) {
                    Ok(()) => imports.offered.push((imported.clone(), known.permission)),
                    Err(failure) => imports.failures.push(failure),
                },
                _ => missing.push(import.clone()),
            }
        }
        if !missing.is_empty() {
            imports
                .failures
                .push(Failure::load(FailureKind::MissingImports {
                    imports: missing,
                }));
        }
        imports
    }

    /// Returns the host function with the most similar name.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        let functions = self.functions().into_iter();
        let mut names: Vec<_> = functions.map(|function| function.name).collect();
        names.sort_unstable();
        text::nearest(name, names)
    }

    /// Returns the limits of a plugin with this manifest.
    pub(crate) fn limits(&self, manifest: Option<&Manifest>) -> Limits {
        let own = Limits::default();
        let asked = manifest.filter(|_| self.limits.asked);
        let asked = asked.map(|manifest| &manifest.limits);
        let timeout = asked.and_then(|asked| asked.timeout_ms);
        let timeout = timeout.map(Duration::from_millis);
        let pages = asked.and_then(|asked| asked.memory_pages);
        Limits {
            memory_pages: pages.unwrap_or(self.memory_pages),
            fuel: asked.and_then(|asked| asked.max_fuel).or(self.limits.fuel),
            timeout: timeout.or(self.limits.timeout).or(own.timeout),
            ..own
        }
    }

    /// Returns the contract of a module whose exports were checked.
    pub(crate) fn contract(&self, interface: &Interface<'_>) -> Result<Contract, Failure> {
        match self.feature {
            Some(_) => Contract::of_foreign(interface, self.callable),
            None => Contract::of(interface),
        }
    }

    /// Returns the failure for an operation that the host lacks.
    pub(crate) fn unsupported(&'static self, what: &'static str) -> FailureKind {
        self.guest_rules().unsupported(what)
    }

    /// Adds the host's own words, and a hint for this host, to a failure.
    pub(crate) fn in_own_words(&self, failure: Failure) -> Failure {
        if failure.host_says().is_some() {
            return failure;
        }
        let Words { says, hint } = (self.words)(failure.kind());
        let failure = match says {
            Some(says) => failure.with_host_says(says),
            None => failure,
        };
        match hint.or_else(|| self.nearest_import(failure.kind())) {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }

    /// Returns a hint for imports that the host lacks.
    fn nearest_import(&self, kind: &FailureKind) -> Option<String> {
        let FailureKind::MissingImports { imports } = kind else {
            return None;
        };
        // Imports from JavaScript or WASI have hints of their own.
        let own = |module: &str| self.modules.contains(&module);
        let meant = imports.iter().find_map(|import| {
            let nearest = self.nearest(&import.name)?;
            Some(format!("did you mean `{nearest}`?"))
        });
        match meant {
            None if imports.iter().all(|import| own(&import.module)) => {
                let functions = self.functions();
                let names: Vec<_> = functions.iter().map(|function| function.name).collect();
                Some(format!("the host `{}` has {}", self.name, names.join(", ")))
            }
            meant => meant,
        }
    }
}

impl std::fmt::Debug for HostContract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostContract")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
