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
    if memory.initial > host {
        findings.push(
            Finding::new(format!(
                "the module begins with {}, and the host gives {}: it runs out of memory before its first call",
                pages(memory.initial),
                pages(host)
            ))
            .help(format!("give it `memory_pages = {}` or more, or make its static data smaller", memory.initial)),
        );
    }
    if let Some(asked) = asked {
        if asked < memory.initial {
            findings.push(
                Finding::new(format!(
                    "the plugin asks for {}, and begins with {}: a host that gives what it asks for cannot load it",
                    pages(asked),
                    pages(memory.initial)
                ))
                .help(format!(
                    "ask for more, `#[plugin(limits(memory_pages = {}))]`, or link it with a smaller stack: `-C link-arg=-zstack-size=65536`",
                    memory.initial
                )),
            );
        }
        if asked > host {
            findings.push(
                Finding::new(format!(
                    "the plugin asks for {}, and the host gives {}",
                    pages(asked),
                    pages(host)
                ))
                .help(format!(
                    "start the host with `memory_pages = {asked}`, or ask for less"
                )),
            );
        }
        if let Some(maximum) = memory.maximum.filter(|maximum| *maximum < asked) {
            findings.push(
                Finding::new(format!("the plugin asks for {}, and its module allows itself {} at most", pages(asked), pages(maximum)))
                    .help("link it with a larger maximum, `-C link-arg=--max-memory=<bytes>`, or with none"),
            );
        }
    }
    let others = [
        (
            "fuel",
            "max_fuel",
            limits.and_then(|limits| limits.max_fuel),
            expectations.max_fuel,
        ),
        (
            "milliseconds",
            "timeout_ms",
            limits.and_then(|limits| limits.timeout_ms),
            expectations.timeout_ms,
        ),
    ];
    for (unit, limit, asked, host) in others {
        if let (Some(asked), Some(host)) = (
            asked,
            host.filter(|host| asked.is_some_and(|asked| asked > *host)),
        ) {
            findings.push(Finding::new(format!("the plugin asks for {asked} {unit} a call, and the host gives {host}")).help(format!("ask for less, `#[plugin(limits({limit} = {host}))]`, or start the host with more")));
        }
    }
    validation.checks.push(Check::new(
        "limits",
        ["Memory limits within range", "Limits out of range"],
        findings,
    ));
    if memory.initial >= LARGE {
        validation.warnings.push(
            Finding::new(format!("Large memory size: the module begins with {}", pages(memory.initial)))
                .help("large `static`s are part of it from the beginning; what is allocated when it is needed is not"),
        );
    }
    if let Some(fuel) = limits
        .and_then(|limits| limits.max_fuel)
        .filter(|fuel| *fuel < LITTLE_FUEL)
    {
        validation.warnings.push(
            Finding::new(format!(
                "Little fuel: the plugin asks for {fuel} a call, which few calls get by with"
            ))
            .help("`cargo plugin bench` tells how much each command uses"),
        );
    }
}
