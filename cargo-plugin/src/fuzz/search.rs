//! The search for violations, run by run.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::generate::Planner;
use super::plan::{Check, Step};
use super::property::Property;
use super::run::{Finding, Runner, Tally};
use super::shrink::{self, Shrunk};
use super::subject::Subject;

/// The greatest number of findings: a plugin with more has too many for one report.
const MOST_FINDINGS: usize = 20;

/// The end and the extent of a search.
pub struct Options {
    /// The seed of the first run; each later run has the next one.
    pub seed: u64,
    /// The number of runs, if it is limited.
    pub runs: Option<u64>,
    /// The time for all runs, if it is limited.
    pub time: Option<Duration>,
    /// The time for the shrinking of one finding.
    pub shrink_time: Duration,
    /// Continues after the first finding.
    pub keep_going: bool,
    /// The greatest number of calls in a run, at least one.
    pub most_calls: usize,
    pub ignored: Vec<Property>,
    /// The configuration of every run.
    pub config: Option<Value>,
}

/// A violation, with the run that found it.
pub struct Found {
    pub shrunk: Shrunk,
    pub seed: u64,
    /// The number of calls of that run, before shrinking.
    pub calls: usize,
}

/// The outcome of a search.
pub struct Outcome {
    pub found: Vec<Found>,
    pub runs: u64,
    pub tally: Tally,
    pub elapsed: Duration,
}

impl Options {
    fn is_over(&self, outcome: &Outcome) -> bool {
        let stops = !self.keep_going && !outcome.found.is_empty();
        stops
            || outcome.found.len() >= MOST_FINDINGS
            || self.runs.is_some_and(|most| outcome.runs >= most)
            || self.time.is_some_and(|time| outcome.elapsed >= time)
    }
}

/// Looks for violations by calling these commands, and reports progress after each run.
pub fn search(
    subject: &Subject,
    commands: Vec<&str>,
    options: &Options,
    mut progress: impl FnMut(&Outcome),
) -> Outcome {
    let config = options.config.clone();
    let planner = Planner::new(subject, commands, options.most_calls, config);
    let began = Instant::now();
    let runner = Runner {
        subject,
        ignored: &options.ignored,
        deadline: options.time.and_then(|time| began.checked_add(time)),
    };
    let mut outcome = Outcome {
        found: Vec::new(),
        runs: 0,
        tally: Tally::default(),
        elapsed: Duration::ZERO,
    };
    while !options.is_over(&outcome) {
        let seed = options.seed.wrapping_add(outcome.runs);
        outcome.runs += 1;
        let mut sequence = planner.plan(seed, || runner.is_over());
        if sequence.check == Check::Leaks && outcome.leaks_in(&sequence.steps) {
            sequence.check = Check::None;
        }
        if let Some(finding) = runner.run(&sequence, &mut outcome.tally)
            && !outcome.knows(&finding)
        {
            let calls = sequence.steps.len();
            let shrunk = shrink::shrink(&runner, sequence, finding, options.shrink_time);
            if !outcome.knows(&shrunk.finding) {
                outcome.found.push(Found {
                    shrunk,
                    seed,
                    calls,
                });
            }
        }
        outcome.elapsed = began.elapsed();
        progress(&outcome);
    }
    outcome
}

impl Outcome {
    fn knows(&self, finding: &Finding) -> bool {
        let mut known = self.found.iter().map(|found| &found.shrunk.finding);
        known.any(|known| known.is_like(finding))
    }

    /// Returns true if one of the calls is known to leak.
    fn leaks_in(&self, steps: &[Step]) -> bool {
        let known = self.found.iter().map(|found| &found.shrunk.finding);
        let mut leaks = known.filter(|finding| finding.violation.property == Property::Leak);
        leaks.any(|leak| steps.iter().any(|step| step.callee() == leak.callee))
    }
}
