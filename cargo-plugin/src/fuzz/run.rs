//! The execution of a sequence.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use plugin_sdk_harness::{Failure, FailureKind, Plugin};
use serde::Serialize;

use super::plan::{Check, Sequence, Step};
use super::properties::{self, Property, Violation};
use super::subject::{Subject, Validity};
use crate::target_host;

/// The number of times that a sequence is repeated in the search for leaks.
pub const LEAK_RUNS: u32 = 8;

/// A violation, and the step of its sequence that shows it.
#[derive(Clone, Debug)]
pub struct Finding {
    pub violation: Violation,
    /// The command or the hook that was called.
    pub callee: String,
    /// The number of the step; that after the last one is the cleanup. `None` if the plugin could
    /// not be initialised.
    pub step: Option<usize>,
    pub validity: Validity,
}

impl Finding {
    /// Returns true if both have the same cause, as far as the tool can tell.
    pub fn is_like(&self, other: &Finding) -> bool {
        let key = |finding: &Finding| (finding.violation.property, finding.violation.place.clone());
        key(self) == key(other) && self.callee == other.callee
    }
}

/// The numbers of calls of one command, by outcome.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Calls {
    pub calls: u64,
    /// Calls with arguments that the schema allows.
    pub valid: u64,
    pub results: u64,
    pub errors: u64,
}

/// The numbers of calls, by command or hook.
#[derive(Debug, Default)]
pub struct Tally(pub BTreeMap<String, Calls>);

impl Tally {
    pub fn calls(&self) -> u64 {
        self.0.values().map(|calls| calls.calls).sum()
    }

    fn count(&mut self, step: &Step, validity: Validity, answer: Result<&[u8], &Failure>) {
        let callee = match step {
            Step::Call { command, .. } => command.clone(),
            hook => format!("({})", hook.callee()),
        };
        let calls = self.0.entry(callee).or_default();
        calls.calls += 1;
        calls.valid += u64::from(validity == Validity::Valid);
        match answer {
            Ok(_) => calls.results += 1,
            Err(failure) => calls.errors += u64::from(failure.plugin_error().is_some()),
        }
    }
}

/// Runs sequences, and looks for violations of all properties but the ignored ones.
pub struct Runner<'a> {
    pub subject: &'a Subject,
    pub ignored: &'a [Property],
    /// The time after which no call begins: a hostile module may use all of its fuel in each.
    pub deadline: Option<Instant>,
}

/// The answers of a sequence, each as a hash.
type Answers = Vec<u64>;

impl Runner<'_> {
    /// Runs a sequence, with its additional check, until the first violation.
    pub fn run(&self, sequence: &Sequence, tally: &mut Tally) -> Option<Finding> {
        let (first, finding) = self.once(sequence, tally);
        if finding.is_some() {
            return finding;
        }
        match sequence.check {
            Check::None => None,
            Check::Twice => self.differs(sequence, &first, tally),
            Check::Leaks => self.leaks(sequence),
        }
        .filter(|finding| self.matters(&finding.violation))
    }

    fn matters(&self, violation: &Violation) -> bool {
        !self.ignored.contains(&violation.property)
    }

    /// Returns true if the time is over.
    pub fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Runs a sequence once.
    fn once(&self, sequence: &Sequence, tally: &mut Tally) -> (Answers, Option<Finding>) {
        let mut answers = Vec::new();
        let subject = self.subject;
        let found = |violation: Option<Violation>, callee: &str, step, validity| {
            let violation = violation.filter(|violation| self.matters(violation))?;
            Some(Finding {
                violation,
                callee: callee.to_owned(),
                step,
                validity,
            })
        };
        let mut plugin = match subject.instance(&sequence.world) {
            Ok(plugin) => plugin,
            Err(failure) => {
                let config = sequence.world.config.clone();
                let config = config.unwrap_or_else(|| serde_json::json!({}));
                let validity = subject.config_validity(&config);
                let step = Step::Init(config);
                answers.push(hash(Err(&failure)));
                let violation = properties::violation(subject, &step, validity, Err(&failure));
                return (answers, found(violation, step.callee(), None, validity));
            }
        };
        for (nth, step) in sequence.steps.iter().enumerate() {
            if self.is_over() {
                return (answers, None);
            }
            let validity = subject.validity(step);
            let violation = call(&mut plugin, step, |answer| {
                answers.push(hash(answer));
                tally.count(step, validity, answer);
                properties::violation(subject, step, validity, answer)
            });
            let finding = found(violation, step.callee(), Some(nth), validity);
            if finding.is_some() || plugin.is_poisoned() {
                return (answers, finding);
            }
        }
        let ended = target_host::end(&mut plugin);
        let violation = ended.err().and_then(|failure| {
            properties::violation(subject, &Step::Stop, Validity::Valid, Err(&failure))
        });
        let finding = found(
            violation,
            "cleanup",
            Some(sequence.steps.len()),
            Validity::Valid,
        );
        (answers, finding)
    }

    /// Runs a sequence again, and compares the answers.
    fn differs(&self, sequence: &Sequence, first: &Answers, tally: &mut Tally) -> Option<Finding> {
        let (second, _) = self.once(sequence, tally);
        if self.is_over() {
            return None;
        }
        let same = first
            .iter()
            .zip(&second)
            .take_while(|(one, other)| one == other);
        let nth = same.count();
        if nth == first.len() && nth == second.len() {
            return None;
        }
        let message = "the same calls on a fresh instance gave another answer";
        let violation = Violation::new(Property::Repeatable, message.to_owned());
        Some(Finding {
            violation,
            callee: sequence
                .steps
                .get(nth)
                .map_or("cleanup", Step::callee)
                .to_owned(),
            step: Some(nth),
            validity: Validity::Unclear,
        })
    }

    /// Repeats a sequence from init to cleanup, and looks at the heap.
    fn leaks(&self, sequence: &Sequence) -> Option<Finding> {
        let mut plugin = self.subject.instance(&sequence.world).ok()?;
        let config = sequence.world.config.clone();
        let config = config.unwrap_or_else(|| serde_json::json!({}));
        let report = plugin.leaks(LEAK_RUNS, |plugin| {
            // Each outcome was judged before.
            let _ = plugin.init(&config);
            for step in sequence.steps.iter().take_while(|_| !self.is_over()) {
                call(plugin, step, |_| ());
            }
            let _ = plugin.cleanup();
        });
        let report = report
            .ok()
            .filter(plugin_sdk_harness::LeakReport::is_leak)?;
        // After shrinking, usually only one call is left.
        let hooks = ["plugin_init", "plugin_cleanup"];
        let mut growing = report.calls.iter().map(|call| &*call.name);
        let callee = growing.find(|name| !hooks.contains(name));
        let callee = callee.or(sequence.steps.first().map(Step::callee));
        Some(Finding {
            callee: callee.unwrap_or("init").to_owned(),
            violation: Violation::new(Property::Leak, report.to_string()),
            step: sequence.steps.len().checked_sub(1),
            validity: Validity::Unclear,
        })
    }
}

/// Makes a call, and passes its answer on.
fn call<R>(
    plugin: &mut Plugin,
    step: &Step,
    judge: impl FnOnce(Result<&[u8], &Failure>) -> R,
) -> R {
    let outcome = match step {
        Step::Call { command, input } => {
            return match plugin.call_raw(command.as_str(), &input.bytes()) {
                Ok(bytes) => judge(Ok(bytes)),
                Err(failure) => judge(Err(&failure)),
            };
        }
        Step::Init(config) => plugin.init(config),
        Step::Start => plugin.start(),
        Step::Stop => plugin.stop(),
        Step::Event { topic, data } => plugin.event(topic, data),
        Step::Reload => match plugin.save_state() {
            Ok(state) => plugin.load_state(&state),
            // There is no state before `init` and after a failed one.
            Err(failure) if failure.plugin_error().is_some() => Ok(()),
            Err(failure) => Err(failure),
        },
    };
    judge(outcome.as_ref().map(|()| &[][..]))
}

fn hash(answer: Result<&[u8], &Failure>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match answer {
        Ok(bytes) => bytes.hash(&mut hasher),
        Err(failure) => match failure.kind() {
            FailureKind::Plugin(error) => {
                let details = error.details().map(|details| details.to_string());
                (error.code(), error.message(), details).hash(&mut hasher);
            }
            _ => failure.message().hash(&mut hasher),
        },
    }
    hasher.finish()
}
