//! Which calls leave more in the plugin's heap than they found.
//!
//! A heap that grows is no leak yet: a table is made once, a cache fills up, a buffer finds its size. So the calls are run a quarter, half and all of the
//! number of times asked for, and it is a leak if the heap has grown from the first mark to the second *and* from the second to the third. That finds
//! what grows with every call, and what grows ever more seldom by doubling, too: twice the calls fill a vector that doubles once more.
//!
//! What a call answered with stays in the heap until the next call. It is given back before the heap is looked at, and the
//! harness's own argument buffer is left out, so that neither is taken for a leak, or for another command's.

use std::fmt::{self, Display, Formatter};

use plugin_sdk::abi::Packed;
use serde::Serialize;

use super::Observer;
use super::heap::{Growth, Heap};
use crate::abi::Callee;
use crate::text;

/// The most commands that a report names.
const MAX_LISTED: usize = 10;

/// What calls left in a plugin's heap: see [`Plugin::leaks`](crate::Plugin::leaks).
#[derive(Clone, Debug, Serialize)]
pub struct LeakReport {
    runs: u32,
    /// In the first quarter of the runs…
    once: Growth,
    /// …from there to half of them, and from there to the end.
    later: [Growth; 2],
    calls: Vec<CallGrowth>,
}

/// What the calls of one command, or of one hook, left in the plugin's heap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallGrowth {
    name: Box<str>,
    calls: u64,
    growth: Growth,
}

/// What is noted of each call while leaks are looked for.
#[derive(Default)]
pub(crate) struct Census {
    /// The heap before the call that was made last.
    before: Heap,
    /// That call, and what it answered.
    last: Option<(Callee, Box<str>, Option<Packed>)>,
    calls: Vec<(Callee, CallGrowth)>,
    /// Whether the runs to warm up are over.
    warm: bool,
}

impl Census {
    pub(super) fn answered(&mut self, callee: Callee, name: &str, answer: Option<Packed>) {
        self.last = Some((callee, name.into(), answer));
    }

    /// Books what the last call left, now that its answer is gone.
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

    /// Whether there is nothing that it observes.
    pub(crate) fn is_idle(&self) -> bool {
        self.statistics.is_none() && self.sink.is_none() && self.census.is_none()
    }

    /// The answer that is to be given back before the heap is looked at.
    pub(crate) fn unsettled(&mut self) -> Option<Packed> {
        self.census.as_mut()?.last.as_mut()?.2.take()
    }

    /// What the heap holds before the next call.
    pub(crate) fn settled(&mut self, heap: Heap) {
        if let Some(census) = &mut self.census {
            census.settle(heap);
        }
    }

    /// Whether leaks are being looked for.
    pub(crate) fn takes_census(&self) -> bool {
        self.census.is_some()
    }
}

impl LeakReport {
    /// Whether the heap went on growing.
    pub fn is_leak(&self) -> bool {
        let [earlier, later] = self.later;
        (earlier.blocks > 0 && later.blocks > 0) || (earlier.bytes > 0 && later.bytes > 0)
    }

    /// How often the calls were run.
    pub fn runs(&self) -> u32 {
        self.runs
    }

    /// What the first quarter of the runs left: caches and tables, beside its part of a leak.
    pub fn once(&self) -> Growth {
        self.once
    }

    /// What the other three quarters of the runs left.
    pub fn later(&self) -> Growth {
        let [mut growth, last] = self.later;
        growth.add(last);
        growth
    }

    /// What the calls in the other three quarters of the runs left, each command for itself, the one that left most bytes first; only those that left any.
    pub fn calls(&self) -> &[CallGrowth] {
        &self.calls
    }
}

impl CallGrowth {
    /// The command's name; for a batch or a hook the export's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// What they left, all together.
    pub fn growth(&self) -> Growth {
        self.growth
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
            "the plugin's heap goes on growing: by {blocks} blocks and {bytes} bytes in {runs} runs, after {} runs to warm up",
            self.runs / 4
        )?;
        if host_blocks > 0 {
            write!(
                f,
                "\n  {host_blocks} of the blocks were allocated by the host, for what its functions gave the guest to own"
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
            "\n  help: look for what these commands add to and never take from; state that is meant to grow needs a bound, or a run that also empties it",
        )
    }
}
