//! One plugin on every host: everything that a plugin can do is done on each of them. The results
//! are the table in `docs/hosts/conformance.md`.
//!
//! A cell of the table has one of three values. *Passed*: the behaviour is the same as on the host
//! of the SDK's own ABI. *Unsupported*: the host lacks the service, and the plugin gets an error of
//! that code. A number: the behaviour does not apply to the host, by one of the
//! [`RULES`](rules::RULES) listed below the table. A rule for something that works is an error as
//! well.
//!
//! With the variable `PLUGIN_SDK_SNAPSHOT`, all hosts load snapshots of the plugin, and the results
//! must be the same. Two of them do so in every run.
//!
//! Most hosts are emulated by the harness. The hosts in Go are real ones, and have columns of their
//! own, next to those of their emulators: where they disagree, the emulator is wrong.
//!
//! `UPDATE_CONFORMANCE=1 cargo test --test conformance` rewrites the table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod behaviours;
mod emulated;
mod host;
mod page;
mod real;
mod rules;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_tests::not_run;
use serde_json::Value;

use behaviours::{Asks, BEHAVIOURS, Behaviour, fails};
use emulated::Emulated;
use host::Host;
use page::Column;
use rules::{REAL, RULES, Rule, services};

/// The result of a behaviour on a host.
pub enum Cell {
    /// The behaviour is the same as on the host of the SDK's own ABI.
    Passed,
    /// The host lacks the service.
    Unsupported,
    /// Excluded by the rule of this number.
    NotApplicable(usize),
    /// The behaviour differs, in these words.
    Failed(String),
}

/// Returns the panic message of a check, if it panics.
fn outcome(check: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(check)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without a message")
            .to_owned()
    })
}

/// Returns the only cell that the table may have, if the behaviour is as on the host of the SDK's
/// own ABI.
fn expected(behaviour: &Behaviour, contract: &HostContract, is_real: bool) -> Cell {
    let applies = |rule: &Rule| rule.host == contract.name || is_real && rule.host == REAL;
    match behaviour.asks {
        Asks::Service(service, _) if !services(contract.name).contains(&service) => {
            Cell::Unsupported
        }
        Asks::This(asked) => RULES
            .iter()
            .position(|rule| applies(rule) && rule.asked.contains(&asked))
            .map_or(Cell::Passed, Cell::NotApplicable),
        _ => Cell::Passed,
    }
}

fn cell(behaviour: &Behaviour, host: &dyn Host) -> Cell {
    let expected = expected(behaviour, host.contract(), host.is_real());
    let outcome = match (&expected, &behaviour.asks) {
        (Cell::Unsupported, Asks::Service(_, calls)) => {
            outcome(|| expect_unsupported(host, calls()))
        }
        _ => outcome(|| (behaviour.check)(host)),
    };
    match (expected, outcome) {
        (Cell::NotApplicable(rule), Err(_)) => Cell::NotApplicable(rule),
        (Cell::NotApplicable(_), Ok(())) => {
            Cell::Failed("a rule excludes this behaviour, but it works".to_owned())
        }
        (expected, Ok(())) => expected,
        (_, Err(why)) => Cell::Failed(why),
    }
}

fn expect_unsupported(host: &dyn Host, calls: Vec<(&str, Value)>) {
    let mut plugin = host.plugin();
    for (command, arguments) in calls {
        fails(plugin.call::<Value>(command, arguments), "unsupported");
    }
}

/// Returns the contracts that the guest has a feature for, and that of the SDK's own ABI.
fn covered() -> Vec<&'static HostContract> {
    let manifest = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/guests/conformance/Cargo.toml"
    ))
    .unwrap();
    let offered = |contract: &&'static HostContract| match contract.feature {
        Some(feature) => manifest.contains(&format!("\n{feature} = ")),
        None => true,
    };
    hosts::all().iter().filter(offered).collect()
}

/// The hosts that are programs in `hosts/go`.
const IN_GO: [&str; 2] = ["toolfs", "musicfox"];

#[test]
fn every_behaviour_matches_the_table() {
    let real = real::hosts().unwrap_or_else(|reason| {
        not_run(&format!("conformance of the hosts in Go: {reason}"));
        Vec::new()
    });
    let (columns, failures): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let mut running: BTreeMap<&str, _> = real
            .iter()
            .map(|host| (host.contract().name, scope.spawn(|| column(host))))
            .collect();
        let mut columns = Vec::new();
        for contract in covered() {
            columns.push(column(&Emulated::new(contract)));
            if let Some(running) = running.remove(contract.name) {
                columns.push(running.join().unwrap());
            } else if IN_GO.contains(&contract.name) {
                columns.push((not_run_column(contract), String::new()));
            }
        }
        columns.into_iter().unzip()
    });
    let failures = failures.concat();
    let table = page::page(&columns);
    println!("{table}");
    assert!(failures.is_empty(), "\n{failures}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hosts/conformance.md");
    if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == table,
        "docs/hosts/conformance.md is out of date: `UPDATE_CONFORMANCE=1 cargo test --test conformance` rewrites it"
    );
}

/// Of a host that calls each command by an export of its own, and of one with a contract of its own
/// that creates an instance for every call.
#[test]
fn snapshots_on_two_hosts_match_the_table() {
    for contract in [hosts::native(), hosts::typst()] {
        let (_, failures) = column(&Emulated::new(contract).on_snapshots());
        assert!(failures.is_empty(), "\n{failures}");
    }
}

/// Returns a host's column of the table, and its failures.
fn column(host: &dyn Host) -> (Column, String) {
    let name = host::column(host.contract(), host.is_real());
    let mut failures = String::new();
    let cells = BEHAVIOURS
        .iter()
        .map(|behaviour| {
            let cell = cell(behaviour, host);
            if let Cell::Failed(why) = &cell {
                let why = why.replace('\n', "\n    ");
                writeln!(failures, "{name}: {}\n    {why}\n", behaviour.name).unwrap();
            }
            cell
        })
        .collect();
    (Column { name, cells }, failures)
}

/// Returns the column of a real host that does not run. The page has no other, since a test that
/// fails does not write it.
fn not_run_column(contract: &HostContract) -> Column {
    let cells = BEHAVIOURS.iter();
    Column {
        name: host::column(contract, true),
        cells: cells
            .map(|behaviour| expected(behaviour, contract, true))
            .collect(),
    }
}

#[test]
fn every_rule_names_a_known_host_and_requirement() {
    for Rule { host, asked, .. } in RULES {
        assert!(*host == REAL || hosts::find(host).is_some(), "{host}");
        for asked in *asked {
            let is_asked = |behaviour: &Behaviour| matches!(behaviour.asks, Asks::This(this) if this == *asked);
            assert!(BEHAVIOURS.iter().any(is_asked), "{asked}");
        }
    }
}
