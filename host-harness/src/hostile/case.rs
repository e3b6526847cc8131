//! A hostile guest: its module, the steps that a host takes with it, and their outcomes.

use std::fmt;
use std::time::Duration;

use super::outcome::{Observed, Outcome};
use crate::limits::Limits as Defaults;

/// A hostile guest, with the steps that a host takes with it and the outcomes to expect.
pub struct Case {
    pub(super) name: &'static str,
    pub(super) group: &'static str,
    pub(super) about: &'static str,
    pub(super) module: Box<dyn Fn() -> Vec<u8> + Send + Sync>,
    pub(super) limits: Limits,
    pub(super) grants: &'static [&'static str],
    pub(super) portable: bool,
    pub(super) steps: Vec<Step>,
}

impl Case {
    /// Returns the case's name, in lower case with hyphens; it is unique.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the name of the group that the case belongs to, such as `allocation`.
    pub fn group(&self) -> &'static str {
        self.group
    }

    /// Returns a sentence that describes what the guest does.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Makes the module's bytes, which are the same each time. Some are not a valid module.
    pub fn module(&self) -> Vec<u8> {
        (self.module)()
    }

    /// Returns the limits to set.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the permissions to grant. A case with permissions needs a host with the
    /// [services](crate::services) of the ABI.
    pub fn grants(&self) -> &'static [&'static str] {
        self.grants
    }

    /// Returns the steps, to be taken in this order. The last one decides.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the contracts that the guest is written for: [`Contract::Native`], and the others if
    /// the attack does not depend on the contract.
    pub fn contracts(&self) -> &'static [Contract] {
        match self.portable {
            true => Contract::ALL,
            false => &[Contract::Native],
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// The limits that a host sets for a case. A host without one of them leaves it out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The time of one call, and of the start function.
    pub timeout: Duration,
    /// The fuel of one call; `None` for no limit.
    pub fuel: Option<u64>,
    /// The size of the linear memory, in pages of 64 KiB.
    pub memory_pages: u32,
    /// The elements of all tables together.
    pub table_elements: u32,
    /// The stack in bytes.
    pub stack_bytes: usize,
    /// The bytes of a result that the host decodes.
    pub result_bytes: u64,
}

/// The limits that the harness has by default.
impl Default for Limits {
    fn default() -> Self {
        let defaults = Defaults::default();
        Limits {
            timeout: defaults.timeout.unwrap_or(Duration::MAX),
            fuel: None,
            memory_pages: Defaults::MEMORY_PAGES,
            table_elements: defaults.table_elements,
            stack_bytes: defaults.stack_bytes,
            result_bytes: defaults.max_result_bytes,
        }
    }
}

/// One step of a case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// The action to take.
    pub action: Action,
    /// The outcome to expect.
    pub expected: Expected,
}

/// The action of a host in one step.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Reads the module's description of itself, without running anything.
    Describe,
    /// Compiles the module and creates an instance, which runs the module's start function.
    Load,
    /// Calls an export of the instance.
    Call(Call),
}

/// A call of an export, as the ABI describes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The export by the ABI; for another contract, see [`export`](Call::export).
    pub(super) name: String,
    /// `true` if the other contracts have an export for it.
    pub(super) portable: bool,
    /// The inputs: none for a hook that takes none, one for a call, several for a batch.
    pub inputs: Inputs,
    /// The host's use of the result.
    pub reads: Reads,
    /// The number of times to make the call. Each must have the expected outcome.
    pub times: u32,
}

impl Call {
    /// Returns the name of the export to call under a contract, if the guest has one for it.
    pub fn export(&self, contract: Contract) -> Option<&str> {
        match contract {
            Contract::Native => Some(&self.name),
            _ if !self.portable => None,
            Contract::Extism => Some("run"),
            Contract::Typst => Some("run_with_bytes"),
        }
    }
}

/// The inputs of a [`Call`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inputs {
    /// The export takes no parameters.
    None,
    /// The export takes the address and the length of these bytes.
    One(Vec<u8>),
    /// The export takes the address and the length of these inputs as the ABI's batch.
    Batch(Vec<Vec<u8>>),
}

/// A host's use of the result of a [`Call`]. It decodes an error in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reads {
    /// It reads the bytes.
    Bytes,
    /// It decodes the bytes as JSON.
    Json,
}

/// The contract of a host: the exports that it calls, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Contract {
    /// [The SDK's own ABI](https://docs.rs/plugin-sdk/latest/plugin_sdk/docs/abi/).
    Native,
    /// Extism's: functions without parameters that return a status.
    Extism,
    /// Typst's: functions that take the length of each argument and return a status.
    Typst,
}

impl Contract {
    /// All contracts.
    pub const ALL: &[Contract] = &[Contract::Native, Contract::Extism, Contract::Typst];

    /// Returns the contract's name, which is that of its [host](crate::hosts).
    pub fn name(self) -> &'static str {
        match self {
            Contract::Native => "native",
            Contract::Extism => "extism",
            Contract::Typst => "typst",
        }
    }
}

/// The outcome to expect of a step.
#[derive(Clone, Debug)]
pub struct Expected {
    pub(super) outcome: Outcome,
    pub(super) also: Vec<Outcome>,
    pub(super) output: Option<Vec<u8>>,
    pub(super) kinds: Vec<&'static str>,
    pub(super) mentions: Vec<&'static str>,
}

impl Expected {
    /// Returns the outcome in the harness.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns all outcomes that are as safe, beginning with the harness's.
    pub fn accepted(&self) -> Vec<Outcome> {
        let mut accepted = vec![self.outcome];
        for outcome in self.outcome.equivalents().iter().chain(&self.also) {
            if !accepted.contains(outcome) {
                accepted.push(*outcome);
            }
        }
        accepted
    }

    /// Returns the bytes that the call must return if it answers; `None` for any bytes.
    pub fn output(&self) -> Option<&[u8]> {
        self.output.as_deref()
    }

    /// Returns the words of the [kinds](crate::FailureKind) of failures that the harness reports,
    /// of which a less precise engine reports the later ones. A step that answers has no kinds.
    pub fn kinds(&self) -> &[&'static str] {
        &self.kinds
    }

    /// Returns texts that the harness's report contains, such as the address that it refused.
    pub fn mentions(&self) -> &[&'static str] {
        &self.mentions
    }

    /// Returns whether the end of a step is as safe as the expected one.
    pub fn accepts(&self, observed: &Observed) -> bool {
        let output = match observed.outcome {
            Outcome::Answers => self.output.as_ref(),
            _ => None,
        };
        self.accepted().contains(&observed.outcome)
            && output.is_none_or(|output| *output == observed.output)
    }
}
