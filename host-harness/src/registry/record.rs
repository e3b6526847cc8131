//! State and figures that a registry keeps for one plugin.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use super::error::RegistryError;
use super::state::PluginState;
use super::status::CallFigures;
use crate::failure::Failure;
use crate::observe::Times;

/// State and figures of one plugin.
pub(super) struct Record {
    pub(super) state: PluginState,
    /// The last failure that ended an instance.
    pub(super) failure: Option<Failure>,
    pub(super) reload_error: Option<RegistryError>,
    /// The figures, without those of `times`.
    figures: CallFigures,
    times: Times,
    /// The times of the last restarts, oldest first.
    restarts: VecDeque<Instant>,
}

impl Record {
    pub(super) fn new() -> Self {
        Record {
            state: PluginState::Loaded,
            failure: None,
            reload_error: None,
            figures: CallFigures::default(),
            times: Times::new(),
            restarts: VecDeque::new(),
        }
    }

    pub(super) fn count_call(&mut self, time: Duration, failed: bool, memory_bytes: usize) {
        self.figures.calls += 1;
        self.figures.errors += u64::from(failed);
        self.figures.memory_bytes = memory_bytes;
        self.times.count(time);
    }

    pub(super) fn count_swap(&mut self) {
        self.figures.swaps += 1;
        self.reload_error = None;
        // A new build may have mended what made the old one trap.
        self.restarts.clear();
    }

    pub(super) fn set_state(&mut self, state: PluginState) {
        match state {
            PluginState::Running => {
                self.figures.starts += 1;
                self.figures.last_start = Some(SystemTime::now());
            }
            PluginState::Stopped => {
                self.figures.stops += 1;
                self.figures.last_stop = Some(SystemTime::now());
            }
            PluginState::Loaded | PluginState::Failed => {}
        }
        self.state = state;
    }

    /// Counts a restart now, unless there were `most` of them within the last `period`. Returns
    /// whether it may happen.
    pub(super) fn may_restart(&mut self, (most, period): (usize, Duration)) -> bool {
        let now = Instant::now();
        let recent = |then: &Instant| now.duration_since(*then) < period;
        while self.restarts.front().is_some_and(|then| !recent(then)) {
            self.restarts.pop_front();
        }
        let may = self.restarts.len() < most;
        if may {
            self.restarts.push_back(now);
            self.figures.restarts += 1;
        }
        may
    }

    /// Forgets earlier restarts, because a person has started the plugin again.
    pub(super) fn forgive(&mut self) {
        self.restarts.clear();
    }

    pub(super) fn figures(&self) -> CallFigures {
        CallFigures {
            total: self.times.total,
            mean: self.times.mean(),
            p99: self.times.p99(),
            ..self.figures.clone()
        }
    }
}
