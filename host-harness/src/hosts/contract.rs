//! The contract of a host: data that the host's file fills in.

use std::time::Duration;

use plugin_sdk::imports::HostFunction;
use wasmparser::FuncType;

use super::emulator::{Emulation, Surroundings, Words};
use super::guest::Rules;
use crate::abi::{Contract, ExportedFunction, imported_function};
use crate::failure::{Failure, FailureKind};
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::wasm::Interface;
use crate::wasm::inspect::{Imported, Inspection, Proposal};

/// What a host asks of a module that it is to run, and what it gives to it.
#[non_exhaustive]
pub struct HostContract {
    /// What it is called on command lines: `native`.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// The feature of a plugin's crate, and of `plugin-sdk`, that a plugin is built with for it; `None` for the host of the SDK's own ABI.
    pub feature: Option<&'static str>,
    /// How far it lets memory grow unless told, in pages of 64 KiB.
    pub memory_pages: u32,
    /// The proposals that it does not run.
    pub lacks: &'static [Proposal],
    /// Its limits for a call.
    pub(crate) limits: HostLimits,
    /// The functions that it looks for in every module.
    pub(crate) asks: &'static [ExportedFunction],
    /// Where a module breaks with the exports that it asks for.
    pub(crate) exports: fn(&Inspection<'_>) -> Vec<Failure>,
    /// The modules of its functions, and those functions.
    pub(crate) modules: &'static [&'static str],
    pub(crate) functions: fn() -> Vec<&'static HostFunction>,
    /// How it treats a guest's memory and instances.
    pub(crate) rules: Rules,
    /// Which exports it can call as commands in a module that describes none.
    pub(crate) callable: fn(&str, &FuncType) -> bool,
    /// What plays it.
    pub(crate) emulator: fn(&Surroundings<'_>) -> Emulation,
    /// How it tells of failures itself.
    pub(crate) words: fn(&FailureKind) -> Words,
}

/// What a host gives to each call, unless it is told otherwise.
pub(crate) struct HostLimits {
    /// Fuel; `None` where it counts none.
    pub(crate) fuel: Option<u64>,
    /// Time; `None` where the host names none, which gets that of the harness.
    pub(crate) timeout: Option<Duration>,
    /// Whether it gives what the plugin's own manifest asks for.
    pub(crate) asked: bool,
}

/// How the imports of a module and a host's functions go together.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Imports {
    /// Functions that the host has not, or has with another type.
    pub failures: Vec<Failure>,
    /// The functions that it has, with the permissions that they need.
    pub offered: Vec<(Imported, Option<&'static str>)>,
    /// What comes from modules that are not this host's own. A program that embeds plugins may offer it all the same.
    pub others: Vec<Imported>,
}

impl HostContract {
    /// Whether functions of a module are the host's own, by the module's name.
    pub fn has_module(&self, module: &str) -> bool {
        self.modules.contains(&module)
    }

    /// Everything in which a module's exports are not what the host asks for.
    pub fn exports(&self, inspection: &Inspection<'_>) -> Vec<Failure> {
        let failures = (self.exports)(inspection).into_iter();
        failures.map(|failure| self.tell(failure)).collect()
    }

    /// Returns the name of the plugin's allocator that the host calls, if it calls one.
    pub fn allocator(&self) -> Option<&'static str> {
        self.rules
            .allocator
            .as_ref()
            .map(|allocator| allocator.alloc)
    }

    /// The functions that the host offers to every plugin, in the order of their descriptions.
    ///
    /// ```
    /// use plugin_sdk_harness::hosts;
    ///
    /// let native = hosts::find("native").unwrap();
    /// let set = native.functions().into_iter().find(|function| function.name == "kv_set").unwrap();
    /// assert_eq!((set.module, set.permission), ("plugin_host", Some("kv")));
    /// ```
    pub fn functions(&self) -> Vec<&'static HostFunction> {
        (self.functions)()
    }

    /// Returns the names of the exports that every module for this host has.
    pub(crate) fn required(&self) -> impl Iterator<Item = &'static str> {
        let functions = self.asks.iter().filter(|(.., required)| *required);
        functions.map(|(name, ..)| *name).chain([self.rules.panics])
    }

    /// Holds a module's imports against the host's functions.
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

    /// The host's function with the name that is most like another one.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        self.functions()
            .into_iter()
            .map(|function| {
                (
                    strsim::damerau_levenshtein(function.name, name),
                    function.name,
                )
            })
            .filter(|(distance, nearest)| distance * 3 <= nearest.len())
            .min()
            .map(|(_, nearest)| nearest)
    }

    /// The limits of a plugin that says this of itself.
    pub(crate) fn limits(&self, manifest: Option<&Manifest>) -> Limits {
        let own = Limits::default();
        let asked = manifest
            .filter(|_| self.limits.asked)
            .map(|manifest| manifest.limits.clone())
            .unwrap_or_default();
        let timeout = asked.timeout_ms.map(Duration::from_millis);
        Limits {
            memory_pages: asked.memory_pages.unwrap_or(self.memory_pages),
            fuel: asked.max_fuel.or(self.limits.fuel),
            timeout: timeout.or(self.limits.timeout).or(own.timeout),
            ..own
        }
    }

    /// What plays it for one plugin.
    pub(crate) fn emulation(&self, surroundings: &Surroundings<'_>) -> Emulation {
        (self.emulator)(surroundings)
    }

    /// What is to be known of a module whose exports this host has found in order.
    pub(crate) fn contract(&self, interface: &Interface<'_>) -> Result<Contract, Failure> {
        match self.feature {
            Some(_) => Contract::of_foreign(interface, self.callable),
            None => Contract::of(interface),
        }
    }

    /// A failure with what the host itself would say, and what to do about it on this host.
    pub(crate) fn tell(&self, failure: Failure) -> Failure {
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

    /// What a module may have meant that imports what the host has not.
    fn nearest_import(&self, kind: &FailureKind) -> Option<String> {
        let FailureKind::MissingImports { imports } = kind else {
            return None;
        };
        // Whatever else imports from JavaScript or WASI has hints of its own.
        let own = |module: &str| self.modules.contains(&module);
        let meant = imports.iter().find_map(|import| {
            let nearest = self.nearest(&import.name)?;
            Some(format!("did you mean `{nearest}`?"))
        });
        match meant {
            None if imports.iter().all(|import| own(&import.module)) => {
                let functions = (self.functions)().into_iter();
                let names: Vec<_> = functions.map(|function| function.name).collect();
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
