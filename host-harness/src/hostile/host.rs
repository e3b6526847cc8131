//! Running a case in a host.

use std::error::Error;
use std::fmt;

use super::case::{Action, Call, Case};
use super::outcome::{Observed, Outcome};

/// A host under test. [`Case::run`] runs a case in it.
///
/// An implementation reports what the host does and judges nothing. It runs the host with the
/// case's [limits](Case::limits), and in a separate process if the host may crash.
pub trait Host {
    /// Reads the module's description of itself without running it: `Answers` if there is one,
    /// `Refused` if it is invalid, and `None` if the host reads no descriptions.
    fn describe(&mut self, module: &[u8]) -> Option<Observed>;

    /// Compiles a module and creates an instance, which replaces the previous one.
    fn load(&mut self, case: &Case, module: &[u8]) -> Observed;

    /// Calls an export of the instance once.
    fn call(&mut self, call: &Call) -> Observed;
}

impl Case {
    /// Runs the case in a host.
    ///
    /// The steps after one that departs are not run, nor those after a refused module.
    ///
    /// # Errors
    ///
    /// The first step that ends in an outcome that is not [accepted](super::Expected::accepted).
    pub fn run(&self, host: &mut impl Host) -> Result<(), Departure> {
        let module = self.module();
        for (number, step) in self.steps().iter().enumerate() {
            let times = match &step.action {
                Action::Call(call) => call.times,
                _ => 1,
            };
            for _ in 0..times {
                let observed = match &step.action {
                    Action::Describe => host.describe(&module),
                    Action::Load => Some(host.load(self, &module)),
                    Action::Call(call) => Some(host.call(call)),
                };
                let Some(observed) = observed else { continue };
                if !step.expected.accepts(&observed) {
                    return Err(Departure {
                        case: self.name,
                        step: number + 1,
                        accepted: step.expected.accepted(),
                        observed,
                    });
                }
                let loading = matches!(step.action, Action::Load);
                if loading && observed.outcome != Outcome::Answers {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A step of a [`Case`] that ended in another way than is safe.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Departure {
    /// The case's name.
    pub case: &'static str,
    /// The step's number, counted from 1.
    pub step: usize,
    /// The outcomes that are safe.
    pub accepted: Vec<Outcome>,
    /// The actual end.
    pub observed: Observed,
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Departure {
            case,
            step,
            accepted,
            observed,
        } = self;
        let accepted: Vec<_> = accepted.iter().map(|outcome| outcome.word()).collect();
        write!(
            f,
            "`{case}`, step {step}: `{}` instead of `{}`",
            observed.outcome,
            accepted.join("` or `")
        )?;
        match observed.outcome {
            Outcome::Answers => write!(f, ", with {} bytes", observed.output.len()),
            _ => Ok(()),
        }
    }
}

impl Error for Departure {}
