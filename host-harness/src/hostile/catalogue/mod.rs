//! The cases, one module for each group.

mod allocation;
mod batches;
mod code;
mod compilation;
mod errors;
mod exports;
mod hooks;
mod imports;
mod json;
mod malformed;
mod manifests;
mod memories;
mod names;
mod panics;
mod results;
mod sections;
mod services;
mod starts;

use super::case::Case;

/// Returns all cases, group after group.
pub(super) fn all() -> Vec<Case> {
    let groups = [
        ("allocation", allocation::cases()),
        ("results", results::cases()),
        ("json", json::cases()),
        ("errors", errors::cases()),
        ("batches", batches::cases()),
        ("panics", panics::cases()),
        ("hooks", hooks::cases()),
        ("code", code::cases()),
        ("starts", starts::cases()),
        ("memories", memories::cases()),
        ("services", services::cases()),
        ("exports", exports::cases()),
        ("imports", imports::cases()),
        ("malformed", malformed::cases()),
        ("sections", sections::cases()),
        ("compilation", compilation::cases()),
        ("names", names::cases()),
        ("manifests", manifests::cases()),
    ];
    let named = |(group, cases): (&'static str, Vec<Case>)| {
        cases.into_iter().map(move |case| Case { group, ..case })
    };
    groups.into_iter().flat_map(named).collect()
}
