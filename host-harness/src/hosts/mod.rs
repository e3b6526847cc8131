//! The hosts that plugins are made for: what each asks of a module, and an emulator of each that plays it strictly.
//!
//! A plugin that is built for a host is tested as that host will run it, in its order of calls, by its rules of memory and within its limits, and with its functions
//! alone; where the host itself would crash, or go on with bytes that are not its own, the emulator says what is wrong:
//!
//! ```no_run
//! use plugin_sdk_harness::{Plugin, Source, hosts};
//! use serde_json::{Value, json};
//!
//! // Built with the plugin's feature `host-neotalk`.
//! let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
//! let mut plugin = Plugin::builder(source).config(json!({"greeting": "Hi"})).build_on(hosts::neotalk())?;
//! let greeting: Value = plugin.call("greet", json!({"name": "Ada"}))?;
//! assert_eq!(greeting["message"], "Hi, Ada!");
//! assert!(plugin.host().logs().contains("greeting Ada"));
//! plugin.finish()?;
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! ```
//!
//! What each asks of a module can be asked without running it:
//!
//! ```
//! use plugin_sdk_harness::{hosts, inspect::Inspection};
//!
//! let wasm = wat::parse_str(r#"(module (import "plugin_host" "kv_gte" (func)) (memory (export "memory") 1))"#)?;
//! let native = hosts::find("native").unwrap();
//! let imports = native.imports(&Inspection::of(&wasm)?);
//! assert_eq!(imports.failures[0].code(), "missing_imports");
//! assert_eq!(native.nearest("kv_gte"), Some("kv_get"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # One file for each host
//!
//! A host's file has its [`HostContract`], a constant, and its emulator, which is three things:
//!
//! * **Its functions**: an implementation of the `#[host_functions]` traits in `plugin_sdk::hosts::<name>`, on top of the [services](crate::services) in memory.
//!   It gets clones of their handles, and asks the grants for itself, for its own types have their own ways to say no.
//! * **Its calls**: an `Emulator` (`emulator.rs`), which says how this host begins a plugin, initialises it, runs a command and takes its result, and so on. It has only a
//!   `Guest` (`guest.rs`) to do that with: call an export, read and write memory with every range checked, allocate by whichever export the contract names.
//!   Each method of the trait is one thing that a host does; what a host never does, it leaves out. What must outlive one call is its own field, and what its functions share with it
//!   (an input that the guest pulls, an output that it pushes) is behind an `Arc<Mutex<…>>` that both have.
//! * **Its words** for failures, where its documents tell them.
//!
//! All the rest is the same for all (`emulated.rs`): limits, fuel, time, traps, panics, grants, faults, the history of host calls, the log, schemas, failures.

mod cis;
mod emulated;
mod emulator;
mod extism;
mod guest;
mod musicfox;
mod native;
mod neomind;
mod neotalk;
mod recognition;
mod toolfs;
mod typst;

use std::time::Duration;

use plugin_sdk::imports::HostFunction;
use wasmparser::FuncType;

use crate::contract::{self, Contract};
use crate::failure::{Failure, FailureKind};
use crate::inspect::{Imported, Inspection, Proposal};
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::triage::Interface;

pub use emulated::Emulated;
pub(crate) use emulator::{Breaches, Emulation, Emulator, Surroundings, Words};
pub(crate) use guest::{Allocator, Guest};
pub use recognition::made_for;

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
    limits: HostLimits,
    /// Where a module breaks with the exports that it asks for.
    exports: fn(&Inspection<'_>) -> Vec<Failure>,
    /// The modules of its functions, and those functions.
    modules: &'static [&'static str],
    functions: fn() -> Vec<&'static HostFunction>,
    /// How it gets memory of the guest's, if it does.
    allocator: Option<Allocator>,
    /// The export that tells where a guest notes its panics.
    panics: &'static str,
    /// Whether it makes an instance anew for every call, so that no state outlives one.
    fresh_instances: bool,
    /// Which exports it can call as commands in a module that describes none.
    callable: fn(&str, &FuncType) -> bool,
    /// What plays it.
    emulator: fn(&Surroundings<'_>) -> Emulation,
    /// How it tells of failures itself.
    words: fn(&FailureKind) -> Words,
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

/// One line for each host: its module, which is its name, and what it is.
macro_rules! hosts {
    ($($name:ident: $what:literal;)*) => {
        static ALL: &[HostContract] = &[$($name::CONTRACT),*];

        $(
            #[doc = concat!("The host ", $what)]
            pub fn $name() -> &'static HostContract {
                static CONTRACT: HostContract = $name::CONTRACT;
                &CONTRACT
            }
        )*
    };
}

hosts! {
    native: "of the SDK's own ABI: `docs/abi.md`.";
    neotalk: "NeoTalk: `docs/hosts/neotalk.md`.";
    cis: "CIS: `docs/hosts/cis.md`.";
    musicfox: "go-musicfox v2: `docs/hosts/musicfox.md`.";
    neomind: "of NeoMind's extensions: `docs/hosts/neomind.md`.";
    toolfs: "ToolFS: `docs/hosts/toolfs.md`.";
    extism: "Extism: `docs/hosts/extism.md`.";
    typst: "Typst: `docs/hosts/typst.md`.";
}

/// All hosts that are known, that of the SDK's own ABI first.
pub fn all() -> &'static [HostContract] {
    ALL
}

/// The host of a name.
pub fn find(name: &str) -> Option<&'static HostContract> {
    all().iter().find(|host| host.name == name)
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
        self.allocator.as_ref().map(|allocator| allocator.alloc)
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
            let declared = ty.and_then(|ty| contract::imported_function(import, ty));
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
