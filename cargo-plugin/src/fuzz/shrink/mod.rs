//! The reduction of a sequence to the little that shows a violation.
//!
//! Calls go first, then what is unusual about the host, then the values of the calls that are left.
//! A candidate replaces the sequence if it shows the same violation. No candidate depends on how a
//! value was made, so shrinking needs only the sequence.

mod bytes;
mod values;

use std::time::{Duration, Instant};

use super::plan::{Check, Input, Sequence, Step};
use super::property::Property;
use super::run::{Finding, Runner, Tally};

/// The greatest number of candidates for one violation.
const MOST_CANDIDATES: u32 = 5_000;

/// The greatest number of rounds: calls that are needed for one value may not be for another.
const MOST_ROUNDS: u32 = 4;

/// A violation, and the smallest sequence that is known to show it.
pub struct Shrunk {
    pub sequence: Sequence,
    pub finding: Finding,
    /// The number of sequences that were tried.
    pub candidates: u32,
}

/// Reduces a sequence, for at most this long.
pub fn shrink(runner: &Runner<'_>, sequence: Sequence, finding: Finding, time: Duration) -> Shrunk {
    let deadline = Instant::now().checked_add(time);
    let mut search = Search {
        runner: Runner {
            deadline,
            ..*runner
        },
        best: Shrunk {
            sequence,
            finding,
            candidates: 0,
        },
    };
    search.cut();
    for _ in 0..MOST_ROUNDS {
        let before = search.best.sequence.clone();
        search.remove_calls();
        search.simplify_world();
        search.simplify_values();
        if search.best.sequence == before {
            break;
        }
    }
    search.best
}

struct Search<'a> {
    /// It stops at the end of the time for shrinking.
    runner: Runner<'a>,
    best: Shrunk,
}

impl Search<'_> {
    /// Adopts a sequence if it shows the same violation.
    fn accepts(&mut self, candidate: Sequence) -> bool {
        if candidate == self.best.sequence {
            return false;
        }
        self.best.candidates += 1;
        let Some(finding) = self.runner.run(&candidate, &mut Tally::default()) else {
            return false;
        };
        let best = &self.best.finding;
        // A leak may be attributed to any of the calls.
        let is_same = match best.violation.property {
            Property::Leak => finding.violation.property == Property::Leak,
            _ => finding.is_like(best) && finding.validity == best.validity,
        };
        if is_same {
            self.best.sequence = candidate;
            self.best.finding = finding;
        }
        is_same
    }

    /// Adopts the sequence as changed by `change`, if that shows the same violation.
    fn changed(&mut self, change: impl FnOnce(&mut Sequence)) -> bool {
        if self.best.candidates >= MOST_CANDIDATES || self.runner.is_over() {
            return false;
        }
        let mut candidate = self.best.sequence.clone();
        change(&mut candidate);
        self.accepts(candidate)
    }

    /// Removes everything after the violation.
    fn cut(&mut self) {
        let finding = &self.best.finding;
        let needed = finding.step.map_or(0, |step| step + 1);
        let property = finding.violation.property;
        let needs_check = self.best.sequence.check.property() == Some(property);
        self.changed(|sequence| {
            if !needs_check {
                sequence.steps.truncate(needed);
                sequence.check = Check::None;
            }
        });
    }

    fn remove_calls(&mut self) {
        let mut size = self.best.sequence.steps.len();
        while size > 0 {
            let mut at = 0;
            while at < self.best.sequence.steps.len() {
                let is_removed = self.changed(|sequence| {
                    let end = sequence.steps.len().min(at + size);
                    sequence.steps.drain(at..end);
                });
                if !is_removed {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    fn simplify_world(&mut self) {
        self.changed(|sequence| sequence.world.faults.clear());
        for nth in (0..self.best.sequence.world.faults.len()).rev() {
            self.changed(|sequence| drop(sequence.world.faults.remove(nth)));
        }
        for nth in 0..self.best.sequence.world.faults.len() {
            self.changed(|sequence| {
                if let Some(fault) = sequence.world.faults.get_mut(nth) {
                    fault.after = 0;
                }
            });
        }
        self.changed(|sequence| sequence.world.grants = None);
        self.changed(|sequence| sequence.world.config = None);
    }

    fn simplify_values(&mut self) {
        let runner = self.runner;
        let is_over = || runner.is_over();
        if let Some(config) = self.best.sequence.world.config.clone() {
            values::simplify(&config, is_over, |config| {
                self.changed(|sequence| sequence.world.config = Some(config.clone()))
            });
        }
        for nth in 0..self.best.sequence.steps.len() {
            let Some(step) = self.best.sequence.steps.get(nth).cloned() else {
                break;
            };
            let mut replace = |step: Step| {
                self.changed(|sequence| {
                    if let Some(old) = sequence.steps.get_mut(nth) {
                        *old = step;
                    }
                })
            };
            match step {
                Step::Call { command, input } => {
                    let call = |input| Step::Call {
                        command: command.clone(),
                        input,
                    };
                    match input {
                        Input::Json(value) => values::simplify(&value, is_over, |value| {
                            replace(call(Input::Json(value.clone())))
                        }),
                        Input::Bytes(bytes) => bytes::simplify(&bytes, |bytes| {
                            replace(call(Input::Bytes(bytes.to_vec())))
                        }),
                    }
                }
                Step::Init(config) => {
                    values::simplify(&config, is_over, |config| {
                        replace(Step::Init(config.clone()))
                    });
                }
                Step::Event { topic, data } => values::simplify(&data, is_over, |data| {
                    replace(Step::Event {
                        topic: topic.clone(),
                        data: data.clone(),
                    })
                }),
                Step::Start | Step::Stop | Step::Reload => {}
            }
        }
    }
}
