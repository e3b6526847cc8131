//! The errors for modules that cannot become components.

use std::collections::BTreeSet;

use plugin_sdk_harness::inspect::Inspection;

use crate::error::{Error, Result};
use crate::text;

/// Returns the error for a module that cannot become a component.
pub fn failed() -> Error {
    Error::new("the module cannot become a component")
}

/// Returns the error for a component that the encoder refuses.
pub fn invalid(reason: impl std::fmt::Display) -> Error {
    failed().because(format!("{reason:#}"))
}

/// Returns the interfaces that a module imports; `known` returns those that a component may have.
///
/// # Errors
/// If the module imports another.
pub fn imported_interfaces(
    module: &Inspection<'_>,
    known: impl Fn(&str) -> Option<String>,
) -> Result<BTreeSet<String>> {
    let imports = module.imports().iter();
    let interfaces = imports.map(|imported| {
        let module = &imported.import.module;
        known(module).ok_or_else(|| {
            let module = text::line(module, 60);
            invalid(format!("it imports functions of the module `{module}`")).help(
                "a component has the services of plugin-sdk only: leave out `#[host_functions]` of \
                 other modules, and crates that import JavaScript or WASI",
            )
        })
    });
    interfaces.collect()
}
