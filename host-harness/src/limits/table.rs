//! The table in `docs/limits.md`, to compare it with the defaults in the code. The test is in
//! `services/defaults.rs`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use super::{Limits, ModuleLimits, SchemaLimits};

/// A default, as the table shows it.
#[derive(Clone, Copy)]
pub(crate) enum DefaultValue {
    Count(u64),
    Bytes(u64),
    Seconds(u64),
    None,
}

impl DefaultValue {
    pub(crate) fn shown(self) -> String {
        match self {
            DefaultValue::Count(number) => grouped(number),
            DefaultValue::Bytes(bytes) if bytes > 0 && bytes % (1 << 20) == 0 => {
                format!("{} MiB", grouped(bytes >> 20))
            }
            DefaultValue::Bytes(bytes) if bytes > 0 && bytes % (1 << 10) == 0 => {
                format!("{} KiB", grouped(bytes >> 10))
            }
            DefaultValue::Bytes(bytes) => format!("{} bytes", grouped(bytes)),
            DefaultValue::Seconds(seconds) => format!("{seconds} s"),
            DefaultValue::None => "none".to_owned(),
        }
    }
}

/// Returns a number with commas from five digits on.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut shown = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A row of the table: the limit's default, and the settings.
pub(crate) struct Row {
    limit: String,
    pub(crate) settings: BTreeSet<String>,
}

impl Row {
    /// Returns whether the limit is these defaults.
    pub(crate) fn has(&self, defaults: &[DefaultValue]) -> bool {
        defaults
            .iter()
            .all(|default| has_number(&self.limit, &default.shown()))
    }
}

/// Returns the rows of all tables about limits.
pub(crate) fn rows() -> Vec<Row> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/limits.md");
    let text = std::fs::read_to_string(file).unwrap();
    let cells = text.lines().map(|line| line.split('|').collect::<Vec<_>>());
    cells
        .filter_map(|cells| match cells.as_slice() {
            ["", _, limit, setting, _, ""] => Some(Row {
                limit: limit.trim().to_owned(),
                settings: quoted(setting),
            }),
            _ => None,
        })
        .collect()
}

/// Returns the names in backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    let parts = cell.split('`').enumerate();
    let names = parts.filter(|(nth, _)| nth % 2 == 1);
    names.map(|(_, name)| name.to_owned()).collect()
}

/// Returns whether a text has a number that is not part of a longer one.
fn has_number(text: &str, number: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == ',';
    text.match_indices(number).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let after = rest.strip_prefix(number).unwrap_or_default();
        let mut after = after.chars();
        let follows = match after.next() {
            Some(',') => after.next().is_some_and(|next| next.is_ascii_digit()),
            next => next.is_some_and(is_part),
        };
        !before.ends_with(is_part) && !follows
    })
}

/// Returns the settings of calls and of modules, with their defaults.
pub(crate) fn defaults() -> Vec<(&'static str, Vec<DefaultValue>)> {
    use DefaultValue::{Bytes, Count, None, Seconds};
    let Limits {
        memory_pages,
        table_elements,
        stack_bytes,
        fuel,
        timeout,
        max_result_bytes,
        max_argument_bytes,
        max_log_bytes,
        max_host_calls,
        schemas: SchemaLimits { bytes, steps },
    } = Limits::default();
    let fuel = fuel.map_or(None, Count);
    let timeout = timeout.map_or(None, |timeout| Seconds(timeout.as_secs()));
    let mut all = vec![
        ("memory_pages", vec![Count(memory_pages.into())]),
        ("table_elements", vec![Count(table_elements.into())]),
        ("stack_bytes", vec![Bytes(stack_bytes as u64)]),
        ("fuel", vec![fuel]),
        ("timeout", vec![timeout]),
        ("max_result_bytes", vec![Bytes(max_result_bytes)]),
        ("max_argument_bytes", vec![Bytes(max_argument_bytes)]),
        ("max_log_bytes", vec![Bytes(max_log_bytes)]),
        ("max_host_calls", vec![Count(max_host_calls)]),
        ("max_schema_bytes", vec![Bytes(bytes)]),
        ("max_schema_steps", vec![Count(steps)]),
    ];
    let mut module = ModuleLimits::default();
    all.extend(module.by_name().map(|(name, limit)| {
        let default = match name.ends_with("_bytes") {
            true => Bytes(*limit),
            false => Count(*limit),
        };
        (name, vec![default])
    }));
    all
}

#[test]
fn limits_are_set_by_the_names_in_the_table() {
    let known = defaults();
    let mut chosen = super::Chosen::default();
    for name in super::Chosen::names() {
        assert!(known.iter().any(|(known, _)| *known == name), "{name}");
        chosen.set(name, 7).unwrap();
    }
    let Limits {
        table_elements,
        max_result_bytes,
        max_argument_bytes,
        max_log_bytes,
        max_host_calls,
        schemas: SchemaLimits { bytes, steps },
        ..
    } = chosen.over(Limits::default());
    let all = [
        table_elements.into(),
        max_result_bytes,
        max_argument_bytes,
        max_log_bytes,
        max_host_calls,
        bytes,
        steps,
    ];
    assert_eq!(all, [7; 7]);
    let unknown = |name| chosen.clone().set(name, 7).unwrap_err().to_string();
    assert_eq!(
        unknown("max_host_call"),
        "there is no limit `max_host_call`; did you mean `max_host_calls`?"
    );
    // These have options or types of their own.
    for name in ["fuel", "memory_pages", "stack_bytes", "timeout"] {
        assert!(
            unknown(name).contains("there are `table_elements`, "),
            "{name}"
        );
    }
}

#[test]
fn numbers_are_found_whole() {
    assert_eq!(
        [1000, 10_000, 1_234_567].map(grouped),
        ["1000", "10,000", "1,234,567"]
    );
    assert!(
        has_number("the last 1000, 16 MiB", "1000")
            && has_number("the last 1000, 16 MiB", "16 MiB")
    );
    assert!(
        !has_number("11,000 bytes", "1,000 bytes")
            && !has_number("1000,000", "1000")
            && !has_number("16 MiBs", "16 MiB")
    );
}
