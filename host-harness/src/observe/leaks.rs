//! Finds calls that leave allocations in the plugin's heap.
//!
//! A heap that grows does not always leak: a table is created once, a cache fills up, a buffer
//! reaches its size. So the calls are run a quarter, half and all of the requested number of times.
//! It is a leak if the heap has grown from the first mark to the second *and* from the second to
//! the third. This finds both what grows with every call and what grows ever more rarely by
//! doubling: twice as many calls double a vector once more.
//!
//! The result of a call stays in the heap until the next call. It is freed before the heap is
//! measured, and the harness's argument buffer is not counted, so that neither looks like a leak or
//! counts towards another command.

use std::fmt::{self, Display, Formatter};

use plugin_sdk::abi::Packed;
use serde::Serialize;

use super::Observer;
use super::heap::{Growth, Heap};
use crate::abi::Callee;
use crate::text;

/// The most commands that a report names.
const MAX_LISTED: usize = 10;

/// The growth that repeated calls leave in a plugin's heap; see
/// [`Plugin::leaks`](crate::Plugin::leaks).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LeakReport {
    /// The number of times that the calls were run.
    pub runs: u32,
    /// The growth in the first quarter of the runs: caches and tables, and that quarter's share of
    /// a leak.
    pub once: Growth,
    /// The growth up to half of the runs, and from there to the end.
    later: [Growth; 2],
    /// The growth per command in the other three quarters of the runs, sorted by bytes, largest
    /// first. Commands without growth are left out.
    pub calls: Vec<CallGrowth>,
}

/// The growth that the calls of one command or hook leave in the plugin's heap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallGrowth {
    /// The command's name; for a batch or a hook, the export's.
    pub name: Box<str>,
    /// The number of calls.
    pub calls: u64,
    /// The total growth of all calls.
    pub growth: Growth,
}

/// The growth recorded for each call during a search for leaks.
#[derive(Default)]
pub(crate) struct Census {
    /// The heap before the latest call.
    before: Heap,
    /// The latest call, and its result.
    last: Option<(Callee, Box<str>, Option<Packed>)>,
    calls: Vec<(Callee, CallGrowth)>,
    /// `true` once the warm-up runs are over.
    warm: bool,
}

impl Census {
    pub(super) fn answered(&mut self, callee: Callee, name: &str, answer: Option<Packed>) {
        self.last = Some((callee, name.into(), answer));
    }

    /// Records the growth of the latest call, now that its result is freed.
    fn settle(&mut self, heap: Heap) {
        let growth = self.before.until(&heap);
        self.before = heap;
        let Some((callee, name, _)) = self.last.take() else {
            return;
        };
        let index = match self.calls.iter().position(|(known, _)| *known == callee) {
            Some(index) => index,
            None => {
                let first = CallGrowth {
                    name,
                    calls: 0,
                    growth: Growth::default(),
                };
                self.calls.push((callee, first));
                self.calls.len() - 1
            }
        };
        if let Some((_, call)) = self.calls.get_mut(index) {
            call.calls += 1;
            call.growth.add(growth);
        }
    }
}

impl LeakReport {
    /// Makes the report of four times `quarter` runs: `marks` is the heap before them, after a
    /// quarter, after half and after all of them.
    pub(crate) fn new(quarter: u32, marks: [Heap; 4], census: Census) -> Self {
        let [start, first, second, third] = marks;
        let mut calls: Vec<CallGrowth> = census
            .calls
            .into_iter()
            .map(|(_, call)| call)
            .filter(|call| !call.growth.is_none())
            .collect();
        calls.sort_by_key(|call| std::cmp::Reverse((call.growth.bytes, call.growth.blocks)));
        LeakReport {
            runs: 4 * quarter,
            once: start.until(&first),
            later: [first.until(&second), second.until(&third)],
            calls,
        }
    }
}

impl Observer {
    /// Forgets what was noted so far when the first runs are over, which only warm up.
    pub(crate) fn warmed_up(&mut self) {
        if let Some(census) = &mut self.census
            && !census.warm
        {
            census.warm = true;
            census.calls.clear();
        }
    }

    pub(crate) fn begin_census(&mut self) {
        self.census = Some(Census::default());
    }

    pub(crate) fn end_census(&mut self) -> Census {
        self.census.take().unwrap_or_default()
    }

    /// Returns whether nothing is observed.
    pub(crate) fn is_idle(&self) -> bool {
        self.statistics.is_none()
            && self.sink.is_none()
            && self.recorder.is_none()
            && self.census.is_none()
    }

    /// Takes the result that must be freed before the heap is measured.
    pub(crate) fn unsettled(&mut self) -> Option<Packed> {
        self.census.as_mut()?.last.as_mut()?.2.take()
    }

    /// Records the heap before the next call.
    pub(crate) fn settled(&mut self, heap: Heap) {
        if let Some(census) = &mut self.census {
            census.settle(heap);
        }
    }

    /// Returns whether a search for leaks is running.
    pub(crate) fn takes_census(&self) -> bool {
        self.census.is_some()
    }
}

impl LeakReport {
    /// Returns whether the heap kept growing.
    pub fn is_leak(&self) -> bool {
        let [earlier, later] = self.later;
        (earlier.blocks > 0 && later.blocks > 0) || (earlier.bytes > 0 && later.bytes > 0)
    }

    /// Returns the growth in the other three quarters of the runs.
    pub fn later(&self) -> Growth {
        let [mut growth, last] = self.later;
        growth.add(last);
        growth
    }
}

impl Display for LeakReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Growth {
            blocks,
            bytes,
            host_blocks,
        } = self.later();
        let runs = self.runs - self.runs / 4;
        if !self.is_leak() {
            return write!(
                f,
                "no leak: the plugin's heap stopped growing within {} runs, after {} blocks and {} bytes",
                self.runs, self.once.blocks, self.once.bytes
            );
        }
        write!(
            f,
            "the plugin's heap keeps growing: by {blocks} blocks and {bytes} bytes in {runs} runs, after {} runs to warm up",
            self.runs / 4
        )?;
        if host_blocks > 0 {
            write!(
                f,
                "\n  {host_blocks} of the blocks were allocated by the host, for values that its functions gave the guest to own"
            )?;
        }
        for call in self.calls.iter().take(MAX_LISTED) {
            let each = |number: i64| number as f64 / call.calls.max(1) as f64;
            write!(
                f,
                "\n  `{}`: {:.1} blocks and {:.1} bytes a call",
                text::name(&call.name),
                each(call.growth.blocks),
                each(call.growth.bytes)
            )?;
        }
        if let Some(more) = self.calls.len().checked_sub(MAX_LISTED + 1) {
            write!(f, "\n  and {} more", more + 1)?;
        }
        f.write_str(
            "\n  help: look for state that these commands add to and never remove from; state that is meant to grow needs a bound, or a run that also empties it",
        )
    }
}
