//! A small language in which the catalogue is written.

use std::time::Duration;

use super::case::{Action, Call, Case, Expected, Inputs, Limits, Reads, Step};
use super::guest::Guest;
use super::outcome::Outcome;

/// The timeout for a guest that never ends by itself. All others have the default, which is ample
/// on a loaded machine.
const BRIEF: Duration = Duration::from_millis(50);

/// Begins a case, whose module has no bytes yet.
pub(super) fn case(name: &'static str, about: &'static str) -> Case {
    Case {
        name,
        group: "",
        about,
        module: Box::new(Vec::new),
        limits: Limits::default(),
        grants: &[],
        portable: false,
        steps: Vec::new(),
    }
}

impl Case {
    /// Sets the bytes of the module.
    pub(super) fn bytes(mut self, module: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.module = Box::new(module);
        self
    }

    /// Sets the module, as text.
    pub(super) fn text(self, text: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.bytes(move || compiled(&text()))
    }

    /// Sets the module, as a guest of the usual parts, some of which are replaced.
    pub(super) fn guest(self, guest: impl Fn() -> Guest + Send + Sync + 'static) -> Self {
        self.text(move || guest().wat())
    }

    pub(super) fn limit(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Sets a short timeout.
    pub(super) fn brief(self) -> Self {
        self.limit(|limits| limits.timeout = BRIEF)
    }

    /// Sets fuel, and a timeout for hosts without fuel that is ample with it.
    pub(super) fn fuel(self, fuel: u64) -> Self {
        self.limit(|limits| {
            limits.fuel = Some(fuel);
            limits.timeout = Duration::from_secs(1);
        })
    }

    pub(super) fn granted(mut self, permissions: &'static [&'static str]) -> Self {
        self.grants = permissions;
        self
    }

    pub(super) fn describe(self, expected: Expected) -> Self {
        self.step(Action::Describe, expected)
    }

    /// Loads the module. A host may always refuse a module that would fail later.
    pub(super) fn load(self, expected: Expected) -> Self {
        let expected = match expected.outcome {
            Outcome::Answers => expected,
            _ => expected.or(&[Outcome::Refused]),
        };
        self.step(Action::Load, expected)
    }

    /// Calls the command `run` without arguments.
    pub(super) fn runs(self, expected: Expected) -> Self {
        self.call("run", b"", expected)
    }

    /// Calls the attack without arguments, under whichever contract.
    pub(super) fn attack(self, expected: Expected) -> Self {
        let call = Call {
            portable: true,
            ..command("run", Reads::Bytes, b"")
        };
        self.portable().calling(call, expected)
    }

    /// Declares that the attack does not depend on the contract.
    pub(super) fn portable(mut self) -> Self {
        self.portable = true;
        self
    }

    /// Calls the command `run` without arguments, and decodes its result.
    pub(super) fn decode(self, expected: Expected) -> Self {
        self.calling(command("run", Reads::Json, b""), expected)
    }

    pub(super) fn call(self, name: &str, input: &[u8], expected: Expected) -> Self {
        self.calling(command(name, Reads::Bytes, input), expected)
    }

    /// Calls the command `run` many times.
    pub(super) fn repeat(self, times: u32, expected: Expected) -> Self {
        let call = Call {
            times,
            ..command("run", Reads::Bytes, b"")
        };
        self.calling(call, expected)
    }

    pub(super) fn batch(self, inputs: &[&[u8]], expected: Expected) -> Self {
        let inputs = inputs.iter().map(|input| input.to_vec()).collect();
        let call = Call {
            name: "batch_run".to_owned(),
            inputs: Inputs::Batch(inputs),
            ..command("run", Reads::Bytes, b"")
        };
        self.calling(call, expected)
    }

    /// Calls a hook, with or without bytes.
    pub(super) fn hook(self, export: &str, input: Option<&[u8]>, expected: Expected) -> Self {
        let call = Call {
            name: export.to_owned(),
            inputs: input.map_or(Inputs::None, |input| Inputs::One(input.to_vec())),
            ..command("run", Reads::Bytes, b"")
        };
        self.calling(call, expected)
    }

    fn calling(self, call: Call, expected: Expected) -> Self {
        let loaded = self
            .steps
            .iter()
            .any(|step| matches!(step.action, Action::Load));
        let case = match loaded {
            true => self,
            false => self.load(answers()),
        };
        case.step(Action::Call(call), expected)
    }

    fn step(mut self, action: Action, expected: Expected) -> Self {
        self.steps.push(Step { action, expected });
        self
    }
}

fn command(name: &str, reads: Reads, input: &[u8]) -> Call {
    Call {
        name: format!("command_{name}"),
        portable: false,
        inputs: Inputs::One(input.to_vec()),
        reads,
        times: 1,
    }
}

/// Compiles a module's text. A test compiles all texts of the catalogue.
pub(super) fn compiled(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("a module of the kit: {error}"))
}

/// Expects an answer of any bytes.
pub(super) fn answers() -> Expected {
    Expected {
        outcome: Outcome::Answers,
        also: Vec::new(),
        output: None,
        kinds: Vec::new(),
        mentions: Vec::new(),
    }
}

/// Expects an answer of these bytes.
pub(super) fn answers_with(output: &[u8]) -> Expected {
    Expected {
        output: Some(output.to_vec()),
        ..answers()
    }
}

/// Expects an outcome, and in the harness a failure of this kind.
pub(super) fn ends(outcome: Outcome, kind: &'static str) -> Expected {
    Expected {
        outcome,
        kinds: vec![kind],
        ..answers()
    }
}

pub(super) fn bad_result(kind: &'static str) -> Expected {
    ends(Outcome::BadResult, kind)
}

pub(super) fn out_of_bounds() -> Expected {
    bad_result("out_of_bounds")
}

pub(super) fn refused(kind: &'static str) -> Expected {
    ends(Outcome::Refused, kind)
}

/// Expects that the description of a plugin is refused, which is not a failure of the plugin.
pub(super) fn refused_unread() -> Expected {
    Expected {
        outcome: Outcome::Refused,
        ..answers()
    }
}

pub(super) fn trap() -> Expected {
    ends(Outcome::Trap, "trap")
}

pub(super) fn time_limit() -> Expected {
    ends(Outcome::TimeLimit, "timeout")
}

pub(super) fn fuel_limit() -> Expected {
    ends(Outcome::FuelLimit, "out_of_fuel")
}

pub(super) fn memory_limit() -> Expected {
    ends(Outcome::MemoryLimit, "out_of_memory")
}

pub(super) fn stack_overflow() -> Expected {
    ends(Outcome::StackOverflow, "stack_overflow")
}

/// Expects an error value with this code.
pub(super) fn error_value(code: &'static str) -> Expected {
    ends(Outcome::ErrorValue, code)
}

pub(super) fn dead() -> Expected {
    ends(Outcome::Dead, "poisoned")
}

impl Expected {
    /// Accepts other outcomes that are as safe.
    pub(super) fn or(mut self, outcomes: &[Outcome]) -> Self {
        self.also.extend(outcomes);
        self
    }

    /// Accepts the kind that a less precise engine reports.
    pub(super) fn or_kind(mut self, kind: &'static str) -> Self {
        self.kinds.push(kind);
        self
    }

    /// Expects these texts in the harness's report.
    pub(super) fn naming(mut self, texts: &[&'static str]) -> Self {
        self.mentions.extend(texts);
        self
    }
}
