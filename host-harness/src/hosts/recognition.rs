//! The host that a module is made for, recognised by what only one host asks for.

use std::cmp::Ordering;

use super::all;
use super::contract::HostContract;
use crate::wasm::inspect::Inspection;

/// Returns the host that a module is made for; `None` if the module has nothing that only one host
/// asks for or offers, or as much for several hosts.
///
/// The module need not be valid for the host: one that lacks most exports is recognised by the
/// rest.
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
    let mut best: Option<(Marks, &'static HostContract)> = None;
    let mut tied = false;
    for host in all() {
        let own = host
            .required()
            .filter(|name| !is_asked_by_another(host, name));
        let exported = own.filter(|name| inspection.interface().export(name).is_some());
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

/// The marks of one host in a module.
#[derive(Clone, Copy)]
struct Marks {
    found: usize,
    in_order: bool,
}

impl Marks {
    /// Returns the order of marks: a host that can run the module comes first.
    fn rank(self) -> (bool, usize) {
        (self.in_order, self.found)
    }
}

fn is_of_one_host(module: &str) -> bool {
    let offering = all().iter().filter(|host| host.has_module(module));
    offering.count() == 1
}

fn is_asked_by_another(host: &HostContract, name: &str) -> bool {
    let mut others = all().iter().filter(|other| other.name != host.name);
    others.any(|other| other.required().any(|asked| asked == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a mark of its own, a host's plugins could not be distinguished from others.
    #[test]
    fn every_host_has_a_mark_of_its_own() {
        for host in all() {
            let mut asked = host.required();
            assert!(
                asked.any(|name| !is_asked_by_another(host, name))
                    || host.modules.iter().any(|module| is_of_one_host(module)),
                "{}",
                host.name
            );
        }
    }

    #[test]
    fn a_module_with_all_required_names_is_made_for_that_host() {
        for host in all() {
            let exports: String = host
                .required()
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
