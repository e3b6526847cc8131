//! Outcomes and costs of calls.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use plugin_sdk::abi;
use serde::{Serialize, Serializer};

use super::heap::Heap;
use super::trace::Outcome;
use crate::abi::Callee;
use crate::memory::PAGE;
use crate::text;

/// The longest time that percentiles distinguish, in nanoseconds: an hour.
const LONGEST: u64 = 3_600_000_000_000;

/// The precision of percentiles in digits: one hundredth.
const DIGITS: u8 = 2;

/// The hooks, which a host calls like commands.
const HOOKS: [&str; 5] = [
    abi::INIT_EXPORT,
    abi::START_EXPORT,
    abi::STOP_EXPORT,
    abi::EVENT_EXPORT,
    abi::CLEANUP_EXPORT,
];

/// Outcomes and costs of calls: see [`Plugin::statistics`](crate::Plugin::statistics).
///
/// `Display` prints a table, `serde::Serialize` writes a list with one map per command or hook that
/// was called. The size does not grow with the number of calls: about 40 KB for each of those.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Sorted by rank and name.
    calls: Vec<(Rank, Box<CallStatistics>)>,
}

/// The position of a command or a hook: `true` for a hook, its number among commands or hooks, and
/// `true` for a batch.
type Rank = (bool, usize, bool);

/// Outcomes and costs of the calls of one command or one hook.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CallStatistics {
    /// The command's name; for a batch or a hook, that of the export.
    pub name: Box<str>,
    /// The number of calls. Calls that never reached the guest do not count: those of a dead
    /// instance, and those whose arguments have no encoded form.
    pub calls: u64,
    /// The number of calls that failed with an error of the plugin.
    pub errors: u64,
    /// The number of calls that ended in a trap: a panic, or an exceeded limit. A trap ends the
    /// instance, so all its statistics together have at most one.
    pub traps: u64,
    /// The number of calls that failed otherwise: an answer out of bounds, or arguments without
    /// room in the guest.
    pub failures: u64,
    /// The number of host functions that the guest called in them.
    pub host_calls: u64,
    /// The times of the calls, host functions included.
    #[serde(flatten)]
    pub times: Times,
    /// The fuel of all calls together; `None` if it was not
    /// [counted](crate::PluginBuilder::fuel).
    pub fuel: Option<u64>,
    /// The largest fuel of a call.
    pub max_fuel: Option<u64>,
    /// The bytes of all arguments.
    pub bytes_in: u64,
    /// The bytes of all results and errors.
    pub bytes_out: u64,
    /// The largest size of the linear memory after a call, in pages of 64 KiB. Memory never
    /// shrinks, so it was not larger during a call.
    pub peak_pages: u64,
    /// The contents of the heap after the last call; `None` unless the plugin [counts its
    /// allocations](crate::CrateSource::count_allocations).
    pub heap: Option<Heap>,
}

/// The times of calls.
///
/// Serialised as `min_ns`, `mean_ns`, `p99_ns` and `max_ns`, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Times {
    /// The shortest time.
    pub min: Duration,
    /// The longest time.
    pub max: Duration,
    /// The sum of all times.
    pub total: Duration,
    count: u64,
    histogram: Option<Histogram<u64>>,
}

/// One call.
pub(super) struct Sample {
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
    pub(super) fuel: Option<u64>,
    pub(super) bytes_in: usize,
    pub(super) bytes_out: usize,
    pub(super) pages: u64,
    pub(super) heap: Option<Heap>,
    pub(super) host_calls: u64,
}

impl Statistics {
    /// Returns the statistics of an instance without an observer.
    pub(super) const fn none() -> Self {
        Statistics { calls: Vec::new() }
    }

    /// Counts a call. Exports that are neither commands nor hooks are left out.
    pub(super) fn count(
        &mut self,
        callee: Callee,
        name: &str,
        count: impl FnOnce(&mut CallStatistics),
    ) {
        let rank = match callee {
            Callee::Command(number) => (false, number, false),
            Callee::Batch(number) => (false, number, true),
            Callee::Export(export) => match HOOKS.iter().position(|hook| *hook == export) {
                Some(number) => (true, number, false),
                None => return,
            },
        };
        let found = self
            .calls
            .binary_search_by(|(of, call)| (*of, &*call.name).cmp(&(rank, name)));
        let place = found.unwrap_or_else(|place| {
            let new = Box::new(CallStatistics::new(name));
            self.calls.insert(place, (rank, new));
            place
        });
        if let Some((_, call)) = self.calls.get_mut(place) {
            count(call);
        }
    }

    /// Returns the statistics of a command by its name, of a batch (`batch_greet`) or a hook
    /// (`plugin_init`) by that of its export; `None` if it was not called.
    pub fn command(&self, name: &str) -> Option<&CallStatistics> {
        self.iter().find(|call| &*call.name == name)
    }

    /// Returns all commands and hooks that were called: commands in alphabetical order, then hooks.
    pub fn iter(&self) -> impl Iterator<Item = &CallStatistics> {
        self.calls.iter().map(|(_, call)| &**call)
    }
}

impl CallStatistics {
    fn new(name: &str) -> Self {
        CallStatistics {
            name: name.into(),
            calls: 0,
            errors: 0,
            traps: 0,
            failures: 0,
            host_calls: 0,
            times: Times::new(),
            fuel: None,
            max_fuel: None,
            bytes_in: 0,
            bytes_out: 0,
            peak_pages: 0,
            heap: None,
        }
    }

    pub(super) fn count(&mut self, sample: &Sample) {
        self.calls += 1;
        match sample.outcome {
            Outcome::Ok => {}
            Outcome::Error => self.errors += 1,
            Outcome::Trap => self.traps += 1,
            Outcome::Failure => self.failures += 1,
        }
        self.host_calls = self.host_calls.saturating_add(sample.host_calls);
        self.times.count(sample.took);
        if let Some(fuel) = sample.fuel {
            self.fuel = Some(self.fuel.map_or(fuel, |sum| sum.saturating_add(fuel)));
            self.max_fuel = self.max_fuel.max(Some(fuel));
        }
        self.bytes_in = self.bytes_in.saturating_add(sample.bytes_in as u64);
        self.bytes_out = self.bytes_out.saturating_add(sample.bytes_out as u64);
        self.peak_pages = self.peak_pages.max(sample.pages);
        self.heap = sample.heap.or(self.heap);
    }
}

impl Times {
    /// Creates the times of no calls.
    pub(crate) fn new() -> Self {
        Times {
            min: Duration::MAX,
            max: Duration::ZERO,
            total: Duration::ZERO,
            count: 0,
            // These bounds are valid: otherwise there would just be no percentiles.
            histogram: Histogram::new_with_bounds(1, LONGEST, DIGITS).ok(),
        }
    }

    pub(crate) fn count(&mut self, took: Duration) {
        self.min = self.min.min(took);
        self.max = self.max.max(took);
        self.total = self.total.saturating_add(took);
        self.count += 1;
        if let Some(histogram) = &mut self.histogram {
            histogram.saturating_record(nanoseconds(took).max(1));
        }
    }

    /// Returns the mean time of a call.
    pub fn mean(&self) -> Duration {
        let mean = self.total.as_nanos() / u128::from(self.count.max(1));
        Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX))
    }

    /// Returns the 99th percentile of times, accurate to one hundredth.
    pub fn p99(&self) -> Duration {
        self.percentile(99.0)
    }

    /// Returns a percentile of times, accurate to one hundredth.
    pub fn percentile(&self, percentile: f64) -> Duration {
        let histogram = self.histogram.as_ref();
        let time = histogram.map_or(0, |times| times.value_at_percentile(percentile));
        // The histogram is only accurate to one hundredth; the extremes are exact.
        Duration::from_nanos(time).clamp(self.min.min(self.max), self.max)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Serialises a list of all commands and hooks that were called.
impl Serialize for Statistics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let times = [
            ("min_ns", self.min),
            ("mean_ns", self.mean()),
            ("p99_ns", self.p99()),
            ("max_ns", self.max),
        ];
        serializer.collect_map(times.map(|(name, time)| (name, nanoseconds(time))))
    }
}

/// Formats a table in plain text, without columns of numbers that were not counted.
impl Display for Statistics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.calls.is_empty() {
            return f.write_str("no calls were counted: build the plugin with `.statistics()`");
        }
        let mut columns = COLUMNS.to_vec();
        columns.retain(|(_, cell)| self.iter().any(|call| cell(call).is_some()));
        let mut table = Table::new();
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_header(columns.iter().map(|(name, _)| name));
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for call in self.iter() {
            let cells = columns.iter().map(|(_, cell)| cell(call));
            table.add_row(cells.map(|cell| cell.unwrap_or_else(|| "0".to_owned())));
        }
        Display::fmt(&table, f)
    }
}

/// A column's name, and its cell for a call; `None` if there is nothing to show.
type Column = (&'static str, fn(&CallStatistics) -> Option<String>);

const COLUMNS: [Column; 16] = [
    ("command", |call| Some(text::name(&call.name))),
    ("calls", |call| Some(call.calls.to_string())),
    ("errors", |call| Some(call.errors.to_string())),
    ("traps", |call| Some(call.traps.to_string())),
    ("failures", |call| counted(call.failures)),
    ("host calls", |call| counted(call.host_calls)),
    ("min", |call| shown(call.times.min)),
    ("mean", |call| shown(call.times.mean())),
    ("p99", |call| shown(call.times.p99())),
    ("max", |call| shown(call.times.max)),
    ("fuel/call", |call| {
        Some((call.fuel? / call.calls.max(1)).to_string())
    }),
    ("bytes in", |call| Some(call.bytes_in.to_string())),
    ("bytes out", |call| Some(call.bytes_out.to_string())),
    ("memory", |call| {
        Some(format!("{} KiB", call.peak_pages * PAGE / 1024))
    }),
    ("live blocks", |call| {
        Some(call.heap?.live_blocks.to_string())
    }),
    ("live bytes", |call| Some(call.heap?.live_bytes.to_string())),
];

fn counted(number: u64) -> Option<String> {
    (number > 0).then(|| number.to_string())
}

fn shown(time: Duration) -> Option<String> {
    Some(format!("{time:.1?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(nanoseconds: u64) -> Sample {
        Sample {
            outcome: Outcome::Ok,
            took: Duration::from_nanos(nanoseconds),
            fuel: None,
            bytes_in: 1,
            bytes_out: 2,
            pages: 3,
            heap: None,
            host_calls: 0,
        }
    }

    #[test]
    fn extreme_times_are_exact_and_others_within_a_hundredth() {
        let mut call = CallStatistics::new("run");
        for time in (1..=1000).map(|time| time * 1000) {
            call.count(&sample(time));
        }
        assert_eq!(call.times.min, Duration::from_micros(1));
        assert_eq!(call.times.max, Duration::from_millis(1));
        assert_eq!(call.times.mean(), Duration::from_nanos(500_500));
        let p99 = call.times.p99().as_nanos().abs_diff(990_000);
        assert!(p99 <= 9_900, "{:?}", call.times.p99());
        assert_eq!(call.times.percentile(100.0), call.times.max);
    }

    #[test]
    fn extreme_times_are_counted_and_statistics_do_not_grow() {
        let mut call = CallStatistics::new("run");
        let cells =
            |call: &CallStatistics| call.times.histogram.as_ref().unwrap().distinct_values();
        let before = cells(&call);
        for took in [Duration::ZERO, Duration::MAX, Duration::from_secs(7200)] {
            call.count(&Sample { took, ..sample(0) });
        }
        assert_eq!(call.calls, 3);
        assert_eq!(
            (call.times.min, call.times.max),
            (Duration::ZERO, Duration::MAX)
        );
        assert_eq!(cells(&call), before);
    }

    #[test]
    fn outcomes_and_amounts_are_summed_separately() {
        let mut call = CallStatistics::new("run");
        for (outcome, fuel) in [
            (Outcome::Ok, 10),
            (Outcome::Error, 30),
            (Outcome::Error, 20),
            (Outcome::Failure, 0),
            (Outcome::Trap, 5),
        ] {
            call.count(&Sample {
                outcome,
                fuel: Some(fuel),
                ..sample(1)
            });
        }
        assert_eq!((call.calls, call.errors), (5, 2));
        assert_eq!((call.traps, call.failures), (1, 1));
        assert_eq!((call.fuel, call.max_fuel), (Some(65), Some(30)));
        assert_eq!((call.bytes_in, call.bytes_out), (5, 10));
        assert_eq!(call.peak_pages, 3);
    }

    #[test]
    fn the_table_leaves_out_what_was_not_counted_and_filters_names() {
        let mut statistics = Statistics::default();
        statistics.count(Callee::Command(1), "run\x1b[2J", |call| {
            call.count(&sample(1500));
        });
        let table = statistics.to_string();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3, "{table}");
        assert!(lines[0].contains("bytes in") && !table.contains("fuel"));
        assert!(lines[2].contains("run\\u{1b}[2J") && lines[2].contains("1.5µs"));
        assert!(!table.contains("quiet"));
    }
}
