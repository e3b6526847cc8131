//! Amounts in human-readable form: bytes, pages, counts, times.

use std::time::Duration;

use indicatif::{BinaryBytes, HumanCount};
use plugin_sdk_harness::manifest::Limits;

/// The size of a page of linear memory in bytes.
pub const PAGE: u64 = 64 << 10;

/// The most pages of a linear memory with 32-bit addresses.
pub const MAX_PAGES: u64 = 1 << 16;

/// Formats a size: `46.77 KiB`.
pub fn bytes(count: u64) -> String {
    BinaryBytes(count).to_string()
}

/// Formats the difference between two sizes: `+1.20 KiB (+2.6%)`.
pub fn change(before: u64, after: u64) -> String {
    let (sign, difference) = match after >= before {
        true => ('+', after - before),
        false => ('-', before - after),
    };
    let share = 100.0 * difference as f64 / before.max(1) as f64;
    match difference {
        0 => "no change".to_owned(),
        difference => format!("{sign}{} ({sign}{share:.1}%)", bytes(difference)),
    }
}

/// Formats pages of linear memory: `17 pages (1088 KiB)`.
pub fn pages(count: u64) -> String {
    let kib = count.saturating_mul(PAGE / 1024);
    let unit = if count == 1 { "page" } else { "pages" };
    match kib {
        0..10_240 => format!("{count} {unit} ({kib} KiB)"),
        kib => format!("{count} {unit} ({} MiB)", kib / 1024),
    }
}

/// Formats a count: `1,234,567`.
pub fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// Formats the limits that a plugin asks for, each with its name.
pub fn limits(limits: &Limits) -> impl Iterator<Item = (&'static str, String)> {
    let limits = [
        (
            "Memory",
            limits.memory_pages.map(|count| pages(count.into())),
        ),
        ("Fuel", limits.max_fuel.map(|fuel| format!("{fuel} a call"))),
        (
            "Time",
            limits.timeout_ms.map(|time| format!("{time} ms a call")),
        ),
    ];
    limits
        .into_iter()
        .filter_map(|(name, limit)| Some((name, limit?)))
}

/// Formats a time: `12.3 µs`.
pub fn time(time: Duration) -> String {
    let number = time.as_secs_f64();
    match time.as_nanos() {
        nanoseconds @ 0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} µs", number * 1e6),
        1_000_000..1_000_000_000 => format!("{:.1} ms", number * 1e3),
        _ => format!("{number:.2} s"),
    }
}

/// Parses a time from the command line: `500ms`, `30s`, `2m`.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .trim_end_matches(|character: char| character.is_ascii_alphabetic())
        .len();
    let (digits, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" | "min" => 60.0,
        _ => {
            return Err(format!(
                "`{unit}` is not a unit of time: write `ms`, `s` or `m`"
            ));
        }
    };
    let number: f64 = digits
        .parse()
        .map_err(|_| "expected a number and a unit, such as `500ms` or `30s`".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn times_are_formatted_and_parsed_with_units() {
        for (text, milliseconds) in [("500ms", 500), ("2", 2000), ("1.5s", 1500), ("2m", 120_000)] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(parse_time(text).unwrap(), expected, "{text}");
        }
        for wrong in ["", "s", "1h", "-1s", "1e400", "one second"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
        for (nanoseconds, shown) in [
            (999, "999 ns"),
            (1_500, "1.5 µs"),
            (2_000_000, "2.0 ms"),
            (3_456_000_000, "3.46 s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanoseconds)), shown);
        }
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(change(1024, 1536), "+512 B (+50.0%)");
        assert_eq!(change(2048, 1024), "-1.00 KiB (-50.0%)");
        assert_eq!(change(7, 7), "no change");
        assert_eq!(change(0, 7), "+7 B (+700.0%)");
    }
}
