//! The hosts that plugins are made for, and what each asks of a module: one file each.
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

mod native;

use plugin_sdk::host::HostFunction;

use crate::contract;
use crate::failure::{Failure, FailureKind};
use crate::inspect::{Imported, Inspection, Proposal};

/// What a host asks of a module that it is to run.
#[non_exhaustive]
pub struct HostContract {
    /// What it is called on command lines: `native`.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// How far it lets memory grow unless told, in pages of 64 KiB.
    pub memory_pages: u32,
    /// The proposals that it does not run.
    pub lacks: &'static [Proposal],
    /// Where a module breaks with the exports that it asks for.
    exports: fn(&Inspection<'_>) -> Vec<Failure>,
    /// The module of its functions, and those functions.
    module: &'static str,
    functions: fn() -> Vec<&'static HostFunction>,
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

/// All hosts that are known.
pub fn all() -> &'static [HostContract] {
    static ALL: [HostContract; 1] = [native::CONTRACT];
    &ALL
}

/// The host of a name.
pub fn find(name: &str) -> Option<&'static HostContract> {
    all().iter().find(|host| host.name == name)
}

impl HostContract {
    /// Everything in which a module's exports are not what the host asks for.
    pub fn exports(&self, inspection: &Inspection<'_>) -> Vec<Failure> {
        (self.exports)(inspection)
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
            if import.module != self.module {
                imports.others.push(imported.clone());
                continue;
            }
            let known = functions
                .iter()
                .find(|function| function.name == import.name);
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
}

impl std::fmt::Debug for HostContract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostContract")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
