//! A recorded transcript that a replay follows.

use std::collections::VecDeque;

use super::{Answer, HostCall, Return, Step, Transcript};

/// The steps of a recorded transcript that a replay has not reached.
pub(crate) struct Tape {
    steps: VecDeque<Step>,
    departed: bool,
    /// `true` once the current call has reached the end of its record.
    at_end: bool,
    /// `true` once a call needs steps that were not kept.
    at_cut: bool,
}

/// The recorded counterpart of a host call.
#[derive(Debug)]
pub(crate) enum Recorded {
    /// Nothing: this is not a replay.
    Nothing,
    /// The same call, with its answer.
    Call(Box<HostCall>),
    /// Nothing: the call of the plugin was ended from outside here, or the rest was not kept.
    End,
    /// Another step: the replay has departed from the record.
    Departed,
}

impl Recorded {
    /// Returns whether the recorded call has reached its function.
    pub(crate) fn reached(&self) -> bool {
        match self {
            Recorded::Call(call) => call.reached,
            Recorded::Nothing | Recorded::End | Recorded::Departed => true,
        }
    }
}

/// The codes of failures in a replay for an [end in time](Return::is_end_in_time): it measures fuel
/// instead.
const ENDED_BY_FUEL: [&str; 2] = ["out_of_fuel", "timeout"];

impl Tape {
    pub(crate) fn new(transcript: Transcript) -> Self {
        Tape {
            steps: transcript.steps.into(),
            departed: false,
            at_end: false,
            at_cut: false,
        }
    }

    /// Follows a call of the plugin.
    pub(super) fn call(&mut self) {
        while let Some(Step::Cut(_)) = self.steps.front() {
            // Earlier calls that were not kept.
            self.steps.pop_front();
        }
        let next = self.steps.pop_front();
        self.departed |= !matches!(next, Some(Step::Call(_)));
        self.at_end = false;
    }

    /// Follows the end of a call of the plugin. Returns the recorded end if it stands for this one:
    /// a time limit is another one in a replay, and a call that needs steps that were not kept ends
    /// there.
    pub(super) fn ended(&mut self, end: &Return) -> Option<Return> {
        while let Some(step) = self.steps.pop_front() {
            match step {
                Step::Return(recorded) => {
                    return Some(recorded).filter(|recorded| self.is_same(recorded, end));
                }
                // A host call that the plugin has not made this time.
                Step::HostCall(_) => self.departed = true,
                Step::Call(_) | Step::Cut(_) => {}
            }
        }
        None
    }

    fn is_same(&self, recorded: &Return, end: &Return) -> bool {
        let by_fuel =
            matches!(end, Return::Failure { code, .. } if ENDED_BY_FUEL.contains(&code.as_str()));
        let in_time = recorded.is_end_in_time() && (self.at_end || by_fuel);
        !self.departed && (self.at_cut || in_time)
    }

    /// Returns the recorded counterpart of a host call.
    pub(super) fn host_call(&mut self, call: &HostCall) -> Recorded {
        match self.steps.front() {
            _ if self.at_end => return Recorded::End,
            Some(Step::HostCall(recorded)) if !self.departed && recorded.asks_the_same(call) => {}
            Some(Step::Return(end)) if end.is_end_in_time() => {
                self.at_end = true;
                return Recorded::End;
            }
            None => {
                self.at_end = true;
                return Recorded::End;
            }
            Some(Step::Cut(_)) => {
                self.at_end = true;
                self.at_cut = true;
                return Recorded::End;
            }
            _ => {
                self.departed = true;
                return Recorded::Departed;
            }
        }
        match self.steps.pop_front() {
            Some(Step::HostCall(recorded)) => {
                // A call that never returned, or whose answer was not kept.
                self.at_end |= matches!(recorded.answer, None | Some(Answer::Timeout));
                Recorded::Call(Box::new(recorded))
            }
            _ => Recorded::Departed,
        }
    }

    pub(super) fn has_departed(&self) -> bool {
        self.departed
    }

    pub(super) fn is_at_cut(&self) -> bool {
        self.at_cut && !self.departed
    }
}
