//! Outcomes of hostile guests, in words that fit any host.

use std::fmt;

use serde::Serialize;

use crate::failure::FailureKind;

/// The way in which a step of a [`Case`](super::Case) ends, in words that fit any host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The module was loaded, or the call returned bytes.
    Answers,
    /// The guest returned an error as its contract describes it: code and message.
    ErrorValue,
    /// The host refused the module before any of its code ran.
    Refused,
    /// The guest trapped, or a host function ended the call.
    Trap,
    /// The guest trapped and left a panic record.
    Panic,
    /// Calls nested too deeply.
    StackOverflow,
    /// The call exceeded its time.
    TimeLimit,
    /// The call exceeded its fuel.
    FuelLimit,
    /// The guest gave up because the host refused it more memory or a larger table.
    MemoryLimit,
    /// The host refused what the guest returned: an address, a length, text that is not UTF-8, JSON
    /// that does not parse, or more bytes than it accepts.
    BadResult,
    /// The host refused to call an instance that had trapped or had been interrupted.
    Dead,
    /// The host's process ended. No case accepts it.
    Crashed,
    /// The host did not end the step. No case accepts it.
    Hung,
    /// The host took more memory than the limits allow for. No case accepts it.
    Exhausted,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: &[Outcome] = &[
        Outcome::Answers,
        Outcome::ErrorValue,
        Outcome::Refused,
        Outcome::Trap,
        Outcome::Panic,
        Outcome::StackOverflow,
        Outcome::TimeLimit,
        Outcome::FuelLimit,
        Outcome::MemoryLimit,
        Outcome::BadResult,
        Outcome::Dead,
        Outcome::Crashed,
        Outcome::Hung,
        Outcome::Exhausted,
    ];

    /// Returns the outcome's word in `expected.json`, in `snake_case`.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Answers => "answers",
            Outcome::ErrorValue => "error_value",
            Outcome::Refused => "refused",
            Outcome::Trap => "trap",
            Outcome::Panic => "panic",
            Outcome::StackOverflow => "stack_overflow",
            Outcome::TimeLimit => "time_limit",
            Outcome::FuelLimit => "fuel_limit",
            Outcome::MemoryLimit => "memory_limit",
            Outcome::BadResult => "bad_result",
            Outcome::Dead => "dead",
            Outcome::Crashed => "crashed",
            Outcome::Hung => "hung",
            Outcome::Exhausted => "exhausted",
        }
    }

    /// Returns the outcome of a word.
    pub fn find(word: &str) -> Option<Self> {
        Outcome::ALL
            .iter()
            .copied()
            .find(|outcome| outcome.word() == word)
    }

    /// Returns the outcomes that are as good: a host need not know why a guest trapped, and may
    /// bound a call by time or by fuel.
    pub(super) fn equivalents(self) -> &'static [Outcome] {
        match self {
            Outcome::Panic | Outcome::StackOverflow | Outcome::MemoryLimit => &[Outcome::Trap],
            Outcome::TimeLimit => &[Outcome::FuelLimit],
            Outcome::FuelLimit => &[Outcome::TimeLimit],
            _ => &[],
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Returns the outcome of a call that failed so.
impl From<&FailureKind> for Outcome {
    fn from(kind: &FailureKind) -> Self {
        match kind {
            FailureKind::Plugin(_) | FailureKind::UnknownCommand { .. } => Outcome::ErrorValue,
            FailureKind::Panic(_) => Outcome::Panic,
            FailureKind::OutOfMemory { .. } | FailureKind::TableTooLarge { .. } => {
                Outcome::MemoryLimit
            }
            FailureKind::StackOverflow(_) => Outcome::StackOverflow,
            FailureKind::OutOfFuel { .. } | FailureKind::TooManyHostCalls { .. } => {
                Outcome::FuelLimit
            }
            FailureKind::Timeout { .. } => Outcome::TimeLimit,
            FailureKind::Poisoned { .. } => Outcome::Dead,
            FailureKind::OutOfBounds { .. }
            | FailureKind::Misaligned { .. }
            | FailureKind::AllocationFailed { .. }
            | FailureKind::NotUtf8 { .. }
            | FailureKind::BadJson { .. }
            | FailureKind::BadBinary { .. }
            | FailureKind::BadBatch { .. }
            | FailureKind::ResultTooLarge { .. }
            | FailureKind::HostOutOfMemory { .. }
            | FailureKind::ContractViolation { .. } => Outcome::BadResult,
            FailureKind::Trap { .. }
            | FailureKind::BadHostArgument { .. }
            | FailureKind::HostFunction { .. }
            | FailureKind::Cancelled => Outcome::Trap,
            // The host could not begin. All kinds are listed, so that a new one is thought of.
            FailureKind::AbiVersion { .. }
            | FailureKind::ArgumentsTooLarge { .. }
            | FailureKind::AsyncHostFunction { .. }
            | FailureKind::BadArguments { .. }
            | FailureKind::BadSchema { .. }
            | FailureKind::Build(_)
            | FailureKind::Component
            | FailureKind::Engine { .. }
            | FailureKind::InvalidModule { .. }
            | FailureKind::Io { .. }
            | FailureKind::MissingExport { .. }
            | FailureKind::MissingImports { .. }
            | FailureKind::ModuleLimit { .. }
            | FailureKind::ModuleTooLarge { .. }
            | FailureKind::NoSnapshot { .. }
            | FailureKind::NotGranted { .. }
            | FailureKind::NotWasm { .. }
            | FailureKind::PoolExhausted { .. }
            | FailureKind::SchemaMismatch { .. }
            | FailureKind::Service { .. }
            | FailureKind::Truncated { .. }
            | FailureKind::UnsupportedByHost { .. }
            | FailureKind::WrongExport { .. }
            | FailureKind::WrongImport { .. } => Outcome::Refused,
        }
    }
}

/// The end of one step in a host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observed {
    /// The outcome.
    pub outcome: Outcome,
    /// The bytes that a call returned, if it answered.
    pub output: Vec<u8>,
}

impl Observed {
    /// Creates the observation of a call that returned some bytes.
    pub fn answer(output: impl Into<Vec<u8>>) -> Self {
        Observed {
            outcome: Outcome::Answers,
            output: output.into(),
        }
    }
}

impl From<Outcome> for Observed {
    fn from(outcome: Outcome) -> Self {
        Observed {
            outcome,
            output: Vec::new(),
        }
    }
}
