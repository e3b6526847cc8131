//! The search for leaks.

use super::Plugin;
use crate::failure::Failure;
use crate::observe::{Heap, LeakReport};

/// The fewest runs that distinguish a leak from one-time growth.
const FEWEST_RUNS: u32 = 8;

impl Plugin {
    /// Repeats some calls, and returns the growth that they leave in the plugin's heap.
    ///
    /// `calls` makes one round of calls, the same each time, of one command or several. It runs
    /// `runs` times, rounded up to a multiple of 4 and at least 8: a quarter to warm up, then twice
    /// as many, and again twice as many. Memory that the plugin allocates once is not a leak;
    /// memory that it keeps allocating is. A call that fails may leak as well; `calls` decides
    /// whether a failure matters.
    ///
    /// The plugin must count its allocations, so its crate must be [built to
    /// count](crate::CrateSource::count_allocations).
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
    /// [`MissingExport`](crate::FailureKind::MissingExport) if the plugin does not count, and
    /// [`Poisoned`](crate::FailureKind::Poisoned) if it died meanwhile.
    pub fn leaks(
        &mut self,
        runs: u32,
        mut calls: impl FnMut(&mut Plugin),
    ) -> Result<LeakReport, Failure> {
        let quarter = runs.max(FEWEST_RUNS).div_ceil(4);
        self.runner.begin_census()?;
        let marks = self.marks(quarter, &mut calls);
        let census = self.runner.end_census();
        Ok(LeakReport::new(quarter, marks?, census))
    }

    /// Measures the heap before all runs, and after a quarter, half and all of them.
    fn marks(
        &mut self,
        quarter: u32,
        calls: &mut impl FnMut(&mut Plugin),
    ) -> Result<[Heap; 4], Failure> {
        let mut marks = [self.runner.settle()?; 4];
        for (mark, quarters) in marks.iter_mut().skip(1).zip([1, 1, 2]) {
            for _ in 0..quarter.saturating_mul(quarters) {
                calls(self);
            }
            *mark = self.runner.settle()?;
            if let Some(observer) = self.runner.observer_mut() {
                observer.warmed_up();
            }
        }
        Ok(marks)
    }

    /// Panics if repeated calls leave ever more in the plugin's heap: [`leaks`](Self::leaks) as an
    /// assertion.
    ///
    /// The message names the commands and how much each call leaves.
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
