//! The limits that the plugin asks for: their fit with the module and the host.

use super::{Check, Finding, Subject, Validation};
use crate::quantities::pages;

/// The number of pages from which a module's initial memory is large.
const LARGE: u64 = 32;

/// The amount of fuel below which hardly any call can finish.
const LITTLE_FUEL: u64 = 10_000;

pub fn check(subject: &Subject<'_>, validation: &mut Validation) {
    let Some(memory) = subject.inspection.memory() else {
        // The check of the exports reports this.
        return;
    };
    let expectations = subject.expectations;
    let host = u64::from(
        expectations
            .memory_pages
            .unwrap_or(expectations.host.memory_pages),
    );
    let limits = subject.manifest.map(|manifest| &manifest.limits);
    let asked = limits.and_then(|limits| limits.memory_pages).map(u64::from);
    let mut findings = Vec::new();
    let mut add = |message, help| findings.push(Finding::new(message).help(help));
    let (begins, gives) = (pages(memory.initial), pages(host));
    if memory.initial > host {
        add(
            format!(
                "the module begins with {begins}, and the host gives {gives}: it runs out of memory before its first call"
            ),
            format!(
                "give it `memory_pages = {}` or more, or make its static data smaller",
                memory.initial
            ),
        );
    }
    if let Some(asked) = asked {
        let asks = pages(asked);
        if asked < memory.initial {
            add(
                format!(
                    "the plugin asks for {asks}, and begins with {begins}: a host that gives what it asks for cannot load it"
                ),
                format!(
                    "ask for more, `#[plugin(limits(memory_pages = {}))]`, or link it with a smaller stack: `-C link-arg=-zstack-size=65536`",
                    memory.initial
                ),
            );
        }
        if asked > host {
            add(
                format!("the plugin asks for {asks}, and the host gives {gives}"),
                format!("start the host with `memory_pages = {asked}`, or ask for less"),
            );
        }
        if let Some(maximum) = memory.maximum.filter(|maximum| *maximum < asked) {
            let most = pages(maximum);
            add(
                format!("the plugin asks for {asks}, and its module allows itself {most} at most"),
                "link it with a larger maximum, `-C link-arg=--max-memory=<bytes>`, or with none"
                    .to_owned(),
            );
        }
    }
    let fuel = limits.and_then(|limits| limits.max_fuel);
    let timeout = limits.and_then(|limits| limits.timeout_ms);
    for (unit, limit, asked, host) in [
        ("fuel", "max_fuel", fuel, expectations.max_fuel),
        (
            "milliseconds",
            "timeout_ms",
            timeout,
            expectations.timeout_ms,
        ),
    ] {
        if let Some((asked, host)) = asked.zip(host).filter(|(asked, host)| asked > host) {
            add(
                format!("the plugin asks for {asked} {unit} a call, and the host gives {host}"),
                format!(
                    "ask for less, `#[plugin(limits({limit} = {host}))]`, or start the host with more"
                ),
            );
        }
    }
    validation.checks.push(Check::new(
        "limits",
        ["Memory limits within range", "Limits out of range"],
        findings,
    ));
    if memory.initial >= LARGE {
        let message = format!("Large memory size: the module begins with {begins}");
        validation.warnings.push(Finding::new(message).help(
            "large `static`s take memory from the beginning; allocated memory only when it is needed",
        ));
    }
    if let Some(fuel) = fuel.filter(|fuel| *fuel < LITTLE_FUEL) {
        let message =
            format!("Little fuel: the plugin asks for {fuel} a call, which is too little for most");
        let help = "`cargo plugin bench` measures how much each command uses";
        validation.warnings.push(Finding::new(message).help(help));
    }
}
