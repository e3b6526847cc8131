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
use crate::failure::Failure;
use crate::instance::Callee;
use crate::plugin::Plugin;
use crate::text;

/// The fewest runs that tell a leak from what happens once.
const FEWEST_RUNS: u32 = 8;

/// The most commands that a report names.
const MAX_LISTED: usize = 10;

/// What calls left in a plugin's heap: see [`Plugin::leaks`].
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

impl Observer {
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

/// Looking for leaks.
impl Plugin {
    /// Runs some calls again and again, and tells what they leave in the plugin's heap.
    ///
    /// `calls` makes one round of calls, the same each time, of one command or of several. It is run `runs` times, rounded up to a multiple of 4 and at least 8: a
    /// quarter of them to warm up, and then twice as many and again twice as many, since what the plugin allocates once is no leak, and what it
    /// goes on allocating is. A call that fails may leak as well; `calls` decides whether it minds.
    ///
    /// The plugin must count its allocations, as it does if its crate is [built so](crate::CrateSource::count_allocations).
    ///
    /// ```no_run
    /// use plugin_sdk_harness::{Plugin, Source};
    /// use serde_json::{Value, json};
    ///
    /// let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR")).count_allocations();
    /// let mut plugin = Plugin::builder(source).build()?;
    /// let report = plugin.leaks(100, |plugin| {
    ///     plugin.call::<Value>("greet", json!({"name": "Ada"})).unwrap();
    /// })?;
    /// assert!(!report.is_leak(), "{report}");
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MissingExport`](crate::FailureKind::MissingExport) where the plugin does not count, and [`Poisoned`](crate::FailureKind::Poisoned) where it did not live to the end.
    pub fn leaks(
        &mut self,
        runs: u32,
        mut calls: impl FnMut(&mut Plugin),
    ) -> Result<LeakReport, Failure> {
        let quarter = runs.max(FEWEST_RUNS).div_ceil(4);
        self.instance.begin_census()?;
        let marks = self.marks(quarter, &mut calls);
        let census = self.instance.end_census();
        let [start, first, second, third] = marks?;
        let mut calls: Vec<CallGrowth> = census
            .calls
            .into_iter()
            .map(|(_, call)| call)
            .filter(|call| !call.growth.is_none())
            .collect();
        calls.sort_by_key(|call| std::cmp::Reverse((call.growth.bytes, call.growth.blocks)));
        Ok(LeakReport {
            runs: 4 * quarter,
            once: start.until(&first),
            later: [first.until(&second), second.until(&third)],
            calls,
        })
    }

    /// What the heap holds before all runs, after a quarter, after half and after all of them.
    fn marks(
        &mut self,
        quarter: u32,
        calls: &mut impl FnMut(&mut Plugin),
    ) -> Result<[Heap; 4], Failure> {
        let mut marks = [self.instance.settle()?; 4];
        for (mark, quarters) in marks.iter_mut().skip(1).zip([1, 1, 2]) {
            for _ in 0..quarter.saturating_mul(quarters) {
                calls(self);
            }
            *mark = self.instance.settle()?;
            if let Some(census) = self
                .instance
                .observer_mut()
                .and_then(|it| it.census.as_mut())
                && !census.warm
            {
                census.warm = true;
                census.calls.clear();
            }
        }
        Ok(marks)
    }

    /// Panics if some calls, run again and again, leave more in the plugin's heap each time: [`leaks`](Self::leaks) as an assertion.
    ///
    /// The message names the commands, and how much a call of each leaves.
    ///
    /// ```no_run
    /// # use plugin_sdk_harness::{Plugin, Source};
    /// # use serde_json::{Value, json};
    /// # let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR")).count_allocations();
    /// # let mut plugin = Plugin::builder(source).build()?;
    /// plugin.expect_no_leak(100, |plugin| {
    ///     plugin.call::<Value>("greet", json!({"name": "Ada"})).unwrap();
    /// });
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    #[track_caller]
    pub fn expect_no_leak(&mut self, runs: u32, calls: impl FnMut(&mut Plugin)) {
        match self.leaks(runs, calls) {
            Ok(report) => assert!(!report.is_leak(), "{report}"),
            Err(failure) => panic!("{failure}"),
        }
    }
}
