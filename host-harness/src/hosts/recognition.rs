//! Which host a module is made for, told by what it has that only one host asks for.

use std::cmp::Ordering;

use super::all;
use super::contract::HostContract;
use crate::failure::FailureKind;
use crate::wasm::inspect::Inspection;

/// A module that has nothing, so that a host says of it all that it asks for.
const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

/// The host that a module is made for; `None` where it has nothing that one host alone asks for or offers, and where it has as much of several.
///
/// It need not be in order: a module that lacks most of what a host asks for is recognised by the rest.
///
/// ```
/// use plugin_sdk_harness::{hosts, inspect::Inspection};
///
/// let made_for = |wat: &str| {
///     let wasm = wat::parse_str(wat).unwrap();
///     let inspection = Inspection::of(&wasm).unwrap();
///     hosts::made_for(&inspection).map(|host| host.name)
/// };
/// assert_eq!(made_for(r#"(module (func (export "skill_init")))"#), Some("cis"));
/// assert_eq!(made_for(r#"(module (import "plugin_host" "kv_get" (func)))"#), Some("native"));
/// // Several hosts have functions in the module `env`, and several ask for `malloc`.
/// assert_eq!(made_for(r#"(module (import "env" "log" (func)) (func (export "malloc")))"#), None);
/// ```
pub fn made_for(inspection: &Inspection<'_>) -> Option<&'static HostContract> {
    let asked: Vec<Vec<String>> = all().iter().map(asked_for).collect();
    let by_another = |host: &HostContract, name: &str| {
        let mut others = all().iter().zip(&asked);
        others.any(|(other, asked)| other.name != host.name && asked.iter().any(|own| own == name))
    };
    let mut best: Option<(Marks, &'static HostContract)> = None;
    let mut tied = false;
    for (host, asked) in all().iter().zip(&asked) {
        let own = asked.iter().filter(|name| !by_another(host, name));
        let exported = own.filter(|name| inspection.exports().any(|export| export.name == **name));
        let imported = inspection.imports().iter().filter(|imported| {
            let module = imported.import.module.as_str();
            host.has_module(module) && is_of_one_host(module)
        });
        let marks = Marks {
            found: exported.count() + imported.count(),
            in_order: host.exports(inspection).is_empty(),
        };
        if marks.found == 0 {
            continue;
        }
        match best.map(|(most, _)| marks.rank().cmp(&most.rank())) {
            Some(Ordering::Less) => {}
            Some(Ordering::Equal) => tied = true,
            Some(Ordering::Greater) | None => {
                best = Some((marks, host));
                tied = false;
            }
        }
    }
    best.filter(|_| !tied).map(|(_, host)| host)
}

/// What a module has that one host alone has to do with.
#[derive(Clone, Copy)]
struct Marks {
    found: usize,
    in_order: bool,
}

impl Marks {
    /// A module that a host can run is made for it, whatever else it may look like.
    fn rank(self) -> (bool, usize) {
        (self.in_order, self.found)
    }
}

fn is_of_one_host(module: &str) -> bool {
    let offering = all().iter().filter(|host| host.has_module(module));
    offering.count() == 1
}

/// The names of all exports that a host asks for.
fn asked_for(host: &HostContract) -> Vec<String> {
    let failures = Inspection::of(EMPTY).map(|empty| (host.exports)(&empty));
    let failures = failures.into_iter().flatten();
    failures
        .filter_map(|failure| match failure.kind() {
            FailureKind::MissingExport { name, .. } => Some(name.clone()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the recognition goes by: without something of its own, a host's plugins could not be told from others.
    #[test]
    fn every_host_asks_for_something_or_offers_something_that_no_other_does() {
        for host in all() {
            let asked = asked_for(host);
            let others: Vec<String> = all()
                .iter()
                .filter(|other| other.name != host.name)
                .flat_map(asked_for)
                .collect();
            assert!(
                asked.iter().any(|name| !others.contains(name))
                    || host.modules.iter().any(|module| is_of_one_host(module)),
                "{}",
                host.name
            );
        }
    }

    /// A module that exports all that a host asks for, as far as names go.
    #[test]
    fn a_module_with_all_the_names_that_a_host_asks_for_is_made_for_it() {
        for host in all() {
            let names: std::collections::BTreeSet<String> = asked_for(host).into_iter().collect();
            let exports: String = names
                .iter()
                .map(|name| format!("(func (export \"{name}\"))"))
                .collect();
            let own = host.modules.iter().filter(|module| is_of_one_host(module));
            let imports: String = own
                .map(|module| format!("(import \"{module}\" \"f\" (func))"))
                .collect();
            let wasm = wat::parse_str(format!("(module {imports} {exports})")).unwrap();
            let inspection = Inspection::of(&wasm).unwrap();
            assert_eq!(
                made_for(&inspection).map(|found| found.name),
                Some(host.name)
            );
        }
    }
}
