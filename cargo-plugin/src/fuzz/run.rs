//! The execution of a sequence.

use std::collections::BTreeMap;
use std::time::Instant;

use plugin_sdk_harness::transcript::Transcript;
use plugin_sdk_harness::{Engine, Failure, Plugin};
use serde::Serialize;

use super::compare;
use super::plan::{Check, Sequence, Step};
use super::properties::{self, Violation};
use super::property::Property;
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
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    pub subject: &'a Subject,
    pub ignored: &'a [Property],
    /// The time after which no call begins: a hostile module may use all of its fuel in each.
    pub deadline: Option<Instant>,
}

impl Runner<'_> {
    /// Runs a sequence, with its additional check, until the first violation.
    pub fn run(&self, sequence: &Sequence, tally: &mut Tally) -> Option<Finding> {
        let (subject, world) = (self.subject, &sequence.world);
        let mut check = sequence.check;
        if check
            .property()
            .is_some_and(|property| self.ignored.contains(&property))
        {
            check = Check::None;
        }
        let plugin = match check {
            Check::Twice | Check::Engines => subject.recorded_instance(world, subject.engine),
            Check::None | Check::Leaks => subject.instance(world),
        };
        let (first, finding) = self.once(sequence, plugin, tally);
        if finding.is_some() {
            return finding;
        }
        match check {
            Check::None => None,
            Check::Twice => self.differs(sequence, &first, tally),
            Check::Engines => self.differs_elsewhere(sequence, &first, tally),
            Check::Leaks => self.leaks(sequence),
        }
    }

    fn matters(&self, violation: &Violation) -> bool {
        !self.ignored.contains(&violation.property)
    }

    /// Returns true if the time is over.
    pub fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Runs a sequence once with a new plugin, and returns the transcript, which is empty if the
    /// plugin records none.
    fn once(
        &self,
        sequence: &Sequence,
        plugin: Result<Plugin, Failure>,
        tally: &mut Tally,
    ) -> (Transcript, Option<Finding>) {
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
        let mut plugin = match plugin {
            Ok(plugin) => plugin,
            Err(failure) => {
                let transcript = compare::of_failed_init(&failure);
                let config = sequence.world.config();
                let validity = subject.config_validity(&config);
                let step = Step::Init(config);
                let violation = properties::violation(subject, &step, validity, Err(&failure));
                return (transcript, found(violation, step.callee(), None, validity));
            }
        };
        for (nth, step) in sequence.steps.iter().enumerate() {
            if self.is_over() {
                return (Transcript::default(), None);
            }
            let validity = subject.validity(step);
            let violation = call(&mut plugin, step, |answer| {
                tally.count(step, validity, answer);
                properties::violation(subject, step, validity, answer)
            });
            let finding = found(violation, step.callee(), Some(nth), validity);
            if finding.is_some() || plugin.is_poisoned() {
                return (plugin.transcript().unwrap_or_default(), finding);
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
        (plugin.transcript().unwrap_or_default(), finding)
    }

    /// Runs a sequence again on this engine, and returns the transcript; `None` if the time is
    /// over.
    fn again(&self, sequence: &Sequence, engine: Engine, tally: &mut Tally) -> Option<Transcript> {
        let plugin = self.subject.recorded_instance(&sequence.world, engine);
        let (transcript, _) = self.once(sequence, plugin, tally);
        (!self.is_over()).then_some(transcript)
    }

    /// Runs a sequence again on the same engine, and compares the two runs.
    fn differs(
        &self,
        sequence: &Sequence,
        first: &Transcript,
        tally: &mut Tally,
    ) -> Option<Finding> {
        let second = self.again(sequence, self.subject.engine, tally)?;
        let names = ["first", "second"];
        difference(sequence, Property::Repeatable, names, [first, &second])
    }

    /// Runs a sequence on the other engine, and compares the two runs.
    fn differs_elsewhere(
        &self,
        sequence: &Sequence,
        first: &Transcript,
        tally: &mut Tally,
    ) -> Option<Finding> {
        let other = *self.subject.other_engine.as_ref().ok()?;
        if compare::ends_at_own_point(first) {
            // An interpreter may take minutes to get there.
            return None;
        }
        let second = self.again(sequence, other, tally)?;
        let names = [self.subject.engine.name(), other.name()];
        let element = |command: &str| self.subject.returned(command);
        let [one, two] = [first.clone(), second].map(|run| compare::with_equal_nans(run, element));
        let finding = difference(sequence, Property::Engines, names, [&one, &two])?;
        // A sequence that differs on one engine is not repeatable.
        match self.differs(sequence, first, tally) {
            None if !self.is_over() => Some(finding),
            _ => None,
        }
    }

    /// Repeats a sequence from init to cleanup, and looks at the heap.
    fn leaks(&self, sequence: &Sequence) -> Option<Finding> {
        let mut plugin = self.subject.instance(&sequence.world).ok()?;
        let config = sequence.world.config();
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

/// Returns the finding in the first difference between two runs of a sequence.
fn difference(
    sequence: &Sequence,
    property: Property,
    names: [&str; 2],
    runs: [&Transcript; 2],
) -> Option<Finding> {
    let (violation, callee) = compare::violation(property, names, runs)?;
    Some(Finding {
        violation,
        callee,
        step: sequence.steps.len().checked_sub(1),
        validity: Validity::Unclear,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use plugin_sdk_harness::{Module, hosts};
    use serde_json::json;

    use super::super::plan::{Input, World};
    use super::*;
    use crate::host_options::Loaded;

    /// Returns a plugin whose command answers with this digit.
    fn subject(digit: u8) -> Subject {
        let wat = r#"(module (memory (export "memory") 2) (global (export "plugin_abi_1") i32 (i32.const 0))
            (func (export "alloc") (param i32) (result i32) i32.const 4096) (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
            (func (export "command_roll") (param i32 i32) (result i64) i64.const 0x40_0000_0001)
            (data (i32.const 64) "DIGIT")
            (@custom "plugin-sdk" "{\"abi\":1,\"id\":\"die\",\"name\":\"Die\",\"version\":\"1.0.0\",\"commands\":[{\"name\":\"roll\",\"arguments\":{\"type\":\"object\"},\"result\":{\"type\":\"integer\"}}]}\n"))"#;
        let wasm = wat::parse_str(wat.replace("DIGIT", &digit.to_string())).unwrap();
        let loaded = Loaded {
            module: Module::load(wasm.clone()).unwrap(),
            wasm: Arc::from(wasm),
            host: hosts::native(),
        };
        Subject::new(&loaded, "die.wasm", 1_000_000).unwrap()
    }

    /// A module cannot differ between two runs on one engine, so the first run is that of another.
    #[test]
    fn a_plugin_that_answers_differently_is_not_repeatable() {
        let roll = Step::Call {
            command: "roll".to_owned(),
            input: Input::Json(json!({})),
        };
        let sequence = Sequence {
            world: World::default(),
            steps: vec![roll; 2],
            check: Check::Twice,
        };
        let [one, other] = [1, 2].map(subject);
        let runner = |subject| Runner {
            subject,
            ignored: &[],
            deadline: None,
        };
        let tally = &mut Tally::default();
        assert!(runner(&one).run(&sequence, tally).is_none());
        let first = runner(&one).again(&sequence, one.engine, tally).unwrap();
        assert!(runner(&one).differs(&sequence, &first, tally).is_none());

        let finding = runner(&other).differs(&sequence, &first, tally).unwrap();
        assert_eq!(finding.violation.property, Property::Repeatable);
        assert_eq!((&*finding.callee, finding.step), ("roll", Some(1)));
        let message = &finding.violation.message;
        assert!(
            message.contains("first:\n  <- ok 1\nsecond:\n  <- ok 2"),
            "{message}"
        );
    }
}
