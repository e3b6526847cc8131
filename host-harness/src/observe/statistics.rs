//! Outcomes and costs of calls.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use plugin_sdk::abi;
use serde::ser::SerializeStruct;
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

/// Outcomes and costs of a plugin's calls: see [`Plugin::statistics`](crate::Plugin::statistics).
///
/// `Display` prints a table, `serde::Serialize` writes a list with one map per command or hook that
/// was called. The size does not grow with the number of calls: about 40 KB for each of those.
#[derive(Default)]
pub struct Statistics {
    /// Sorted by rank and name.
    calls: Vec<(Rank, Box<CallStatistics>)>,
}

/// Whether it is a hook, its number among commands or hooks, and whether it is a batch.
type Rank = (bool, usize, bool);

/// Outcomes and costs of the calls of one command or one hook.
pub struct CallStatistics {
    name: Box<str>,
    calls: u64,
    errors: u64,
    traps: u64,
    failures: u64,
    host_calls: u64,
    min: Duration,
    max: Duration,
    total: Duration,
    times: Option<Histogram<u64>>,
    fuel: Option<u64>,
    max_fuel: Option<u64>,
    bytes_in: u64,
    bytes_out: u64,
    peak_pages: u64,
    heap: Option<Heap>,
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
            min: Duration::MAX,
            max: Duration::ZERO,
            total: Duration::ZERO,
            // These bounds are valid: otherwise there would just be no percentiles.
            times: Histogram::new_with_bounds(1, LONGEST, DIGITS).ok(),
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
        self.min = self.min.min(sample.took);
        self.max = self.max.max(sample.took);
        self.total = self.total.saturating_add(sample.took);
        if let Some(times) = &mut self.times {
            times.saturating_record(nanoseconds(sample.took).max(1));
        }
        if let Some(fuel) = sample.fuel {
            self.fuel = Some(self.fuel.unwrap_or_default().saturating_add(fuel));
            self.max_fuel = self.max_fuel.max(Some(fuel));
        }
        self.bytes_in = self.bytes_in.saturating_add(sample.bytes_in as u64);
        self.bytes_out = self.bytes_out.saturating_add(sample.bytes_out as u64);
        self.peak_pages = self.peak_pages.max(sample.pages);
        self.heap = sample.heap.or(self.heap);
    }

    /// Returns the command's name; for a batch or a hook, that of the export.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of calls. Calls that never reached the guest do not count: those of a
    /// dead instance, and those whose arguments have no encoded form.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Returns the number of calls that failed with an error of the plugin.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Returns the number of calls that ended in a trap: a panic, or an exceeded limit. An instance
    /// dies of it, so all its statistics have at most one.
    pub fn traps(&self) -> u64 {
        self.traps
    }

    /// Returns the number of calls that failed otherwise: an answer out of bounds, or arguments
    /// without room in the guest.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Returns the number of host functions that the guest called in them.
    pub fn host_calls(&self) -> u64 {
        self.host_calls
    }

    /// Returns the shortest time of a call. All times include host functions.
    pub fn min(&self) -> Duration {
        self.min
    }

    /// Returns the mean time of a call.
    pub fn mean(&self) -> Duration {
        let mean = self.total.as_nanos() / u128::from(self.calls.max(1));
        Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX))
    }

    /// Returns the longest time of a call.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// Returns the 99th percentile of times, accurate to one hundredth.
    pub fn p99(&self) -> Duration {
        self.percentile(99.0)
    }

    /// Returns a percentile of times, accurate to one hundredth.
    pub fn percentile(&self, percentile: f64) -> Duration {
        let time = self
            .times
            .as_ref()
            .map_or(0, |times| times.value_at_percentile(percentile));
        // The histogram is only accurate to one hundredth; the extremes are exact.
        Duration::from_nanos(time).clamp(self.min.min(self.max), self.max)
    }

    /// Returns the fuel of all calls together; `None` if it was not
    /// [counted](crate::PluginBuilder::fuel).
    pub fn fuel(&self) -> Option<u64> {
        self.fuel
    }

    /// Returns the largest fuel of a call.
    pub fn max_fuel(&self) -> Option<u64> {
        self.max_fuel
    }

    /// Returns the bytes of all arguments.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// Returns the bytes of all results and errors.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// Returns the largest size of the linear memory after a call, in pages of 64 KiB. Memory never
    /// shrinks, so it was not larger during a call.
    pub fn peak_pages(&self) -> u64 {
        self.peak_pages
    }

    /// Returns what the plugin's heap held after the last call; `None` unless the plugin [counts
    /// its allocations](crate::CrateSource::count_allocations).
    pub fn heap(&self) -> Option<Heap> {
        self.heap
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

/// Serialises all numbers by name, times in nanoseconds.
impl Serialize for CallStatistics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("CallStatistics", 16)?;
        map.serialize_field("name", &*self.name)?;
        map.serialize_field("calls", &self.calls)?;
        map.serialize_field("errors", &self.errors)?;
        map.serialize_field("traps", &self.traps)?;
        map.serialize_field("failures", &self.failures)?;
        map.serialize_field("host_calls", &self.host_calls)?;
        map.serialize_field("min_ns", &nanoseconds(self.min))?;
        map.serialize_field("mean_ns", &nanoseconds(self.mean()))?;
        map.serialize_field("p99_ns", &nanoseconds(self.p99()))?;
        map.serialize_field("max_ns", &nanoseconds(self.max))?;
        map.serialize_field("fuel", &self.fuel)?;
        map.serialize_field("max_fuel", &self.max_fuel)?;
        map.serialize_field("bytes_in", &self.bytes_in)?;
        map.serialize_field("bytes_out", &self.bytes_out)?;
        map.serialize_field("peak_pages", &self.peak_pages)?;
        map.serialize_field("heap", &self.heap)?;
        map.end()
    }
}

/// Formats a table in plain text, without columns of numbers that were not counted.
impl Display for Statistics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.calls.is_empty() {
            return f.write_str("no calls were counted: build the plugin with `.statistics()`");
        }
        let any = |has: fn(&CallStatistics) -> bool| self.iter().any(has);
        let columns: Vec<&Column> = COLUMNS
            .iter()
            .filter(|column| column.always || any(column.has))
            .collect();
        let mut table = Table::new();
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_header(columns.iter().map(|column| column.name));
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for call in self.iter() {
            table.add_row(columns.iter().map(|column| (column.cell)(call)));
        }
        Display::fmt(&table, f)
    }
}

struct Column {
    name: &'static str,
    always: bool,
    /// Whether there is anything to show.
    has: fn(&CallStatistics) -> bool,
    cell: fn(&CallStatistics) -> String,
}

impl Column {
    const fn always(name: &'static str, cell: fn(&CallStatistics) -> String) -> Self {
        Column {
            name,
            always: true,
            has: |_| true,
            cell,
        }
    }

    const fn seldom(
        name: &'static str,
        has: fn(&CallStatistics) -> bool,
        cell: fn(&CallStatistics) -> String,
    ) -> Self {
        Column {
            name,
            always: false,
            has,
            cell,
        }
    }
}

const COLUMNS: [Column; 16] = [
    Column::always("command", |call| text::name(&call.name)),
    Column::always("calls", |call| call.calls.to_string()),
    Column::always("errors", |call| call.errors.to_string()),
    Column::always("traps", |call| call.traps.to_string()),
    Column::seldom(
        "failures",
        |call| call.failures > 0,
        |call| call.failures.to_string(),
    ),
    Column::seldom(
        "host calls",
        |call| call.host_calls > 0,
        |call| call.host_calls.to_string(),
    ),
    Column::always("min", |call| shown(call.min)),
    Column::always("mean", |call| shown(call.mean())),
    Column::always("p99", |call| shown(call.p99())),
    Column::always("max", |call| shown(call.max)),
    Column::seldom(
        "fuel/call",
        |call| call.fuel.is_some(),
        |call| {
            let each = call.fuel.map(|fuel| fuel / call.calls.max(1));
            each.map_or_else(String::new, |fuel| fuel.to_string())
        },
    ),
    Column::always("bytes in", |call| call.bytes_in.to_string()),
    Column::always("bytes out", |call| call.bytes_out.to_string()),
    Column::always("memory", |call| kibibytes(call.peak_pages * PAGE)),
    Column::seldom(
        "live blocks",
        |call| call.heap.is_some(),
        |call| {
            call.heap
                .map_or_else(String::new, |heap| heap.live_blocks.to_string())
        },
    ),
    Column::seldom(
        "live bytes",
        |call| call.heap.is_some(),
        |call| {
            call.heap
                .map_or_else(String::new, |heap| heap.live_bytes.to_string())
        },
    ),
];

fn shown(time: Duration) -> String {
    format!("{time:.1?}")
}

fn kibibytes(bytes: u64) -> String {
    format!("{} KiB", bytes / 1024)
}

impl fmt::Debug for Statistics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for CallStatistics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallStatistics")
            .field("name", &self.name)
            .field("calls", &self.calls)
            .field("errors", &self.errors)
            .field("traps", &self.traps)
            .field("mean", &self.mean())
            .finish_non_exhaustive()
    }
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
    fn times_are_exact_at_the_extremes_and_within_a_hundredth_between() {
        let mut call = CallStatistics::new("run");
        for time in (1..=1000).map(|time| time * 1000) {
            call.count(&sample(time));
        }
        assert_eq!(call.min(), Duration::from_micros(1));
        assert_eq!(call.max(), Duration::from_millis(1));
        assert_eq!(call.mean(), Duration::from_nanos(500_500));
        let p99 = call.p99().as_nanos().abs_diff(990_000);
        assert!(p99 <= 9_900, "{:?}", call.p99());
        assert_eq!(call.percentile(100.0), call.max());
    }

    #[test]
    fn times_beyond_all_bounds_are_counted_and_statistics_do_not_grow() {
        let mut call = CallStatistics::new("run");
        let cells = |call: &CallStatistics| call.times.as_ref().unwrap().distinct_values();
        let before = cells(&call);
        for took in [Duration::ZERO, Duration::MAX, Duration::from_secs(7200)] {
            call.count(&Sample { took, ..sample(0) });
        }
        assert_eq!(call.calls(), 3);
        assert_eq!((call.min(), call.max()), (Duration::ZERO, Duration::MAX));
        assert_eq!(cells(&call), before);
    }

    #[test]
    fn outcomes_and_amounts_are_summed_up_each_for_itself() {
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
        assert_eq!((call.calls(), call.errors()), (5, 2));
        assert_eq!((call.traps(), call.failures()), (1, 1));
        assert_eq!((call.fuel(), call.max_fuel()), (Some(65), Some(30)));
        assert_eq!((call.bytes_in(), call.bytes_out()), (5, 10));
        assert_eq!(call.peak_pages(), 3);
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
