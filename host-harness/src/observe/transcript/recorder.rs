//! Records a transcript within bounds.

use std::collections::VecDeque;

use super::tape::{Recorded, Tape};
use super::{Answer, Call, Cut, Data, HostCall, Return, Step, Transcript};

/// The bounds of one call: its steps, and the bytes of data in them.
const CALL: Bounds = Bounds {
    steps: 10_000,
    bytes: 4 << 20,
};

/// The bounds of all calls between the first and the current one.
const BETWEEN: Bounds = Bounds {
    steps: 20_000,
    bytes: 8 << 20,
};

#[derive(Clone, Copy)]
struct Bounds {
    steps: usize,
    bytes: u64,
}

/// Records a [`Transcript`]. In a replay, it also follows the one that is replayed.
#[derive(Default)]
pub(crate) struct Recorder {
    /// The creation of the instance and the first call, which usually initialises the plugin.
    first: Option<Section>,
    /// Calls after the first one that are not kept any more.
    removed: Cut,
    between: VecDeque<Section>,
    between_steps: usize,
    between_bytes: u64,
    /// The steps since the last call ended.
    current: Section,
    /// The indices in the current section of the host calls that have not returned, innermost last;
    /// `None` for one that was not kept.
    open: Vec<Option<usize>>,
    /// The record that a replay follows.
    tape: Option<Tape>,
}

/// The steps up to the end of a call.
#[derive(Default)]
struct Section {
    steps: Vec<Step>,
    /// The bytes of data in the steps.
    bytes: u64,
    /// The steps after these that were not kept.
    cut: Cut,
}

impl Recorder {
    /// The most bytes of one value that are kept.
    pub(crate) const MAX_VALUE: usize = CALL.bytes as usize;

    /// Creates the recorder of a replay.
    pub(crate) fn following(transcript: Transcript) -> Self {
        Recorder {
            tape: Some(Tape::new(transcript)),
            ..Recorder::default()
        }
    }

    /// Returns whether this is a replay that has departed from its record.
    pub(crate) fn has_departed(&self) -> bool {
        self.tape.as_ref().is_some_and(Tape::has_departed)
    }

    /// Returns whether this is a replay that needs steps which were not kept, and cannot go on.
    pub(crate) fn is_at_cut(&self) -> bool {
        self.tape.as_ref().is_some_and(Tape::is_at_cut)
    }

    /// Returns the transcript so far.
    pub(crate) fn transcript(&self) -> Transcript {
        let mut steps = Vec::new();
        if let Some(first) = &self.first {
            first.append_to(&mut steps);
        }
        self.removed.append_to(&mut steps);
        for section in &self.between {
            section.append_to(&mut steps);
        }
        self.current.append_to(&mut steps);
        Transcript { steps }
    }

    /// Records that the host calls the plugin.
    pub(crate) fn call(&mut self, call: Call) {
        self.open.clear();
        if let Some(tape) = &mut self.tape {
            tape.call();
        }
        self.current.push_edge(Step::Call(call));
    }

    /// Records that the plugin's call ends.
    pub(crate) fn ended(&mut self, mut end: Return) {
        self.open.clear();
        if let Some(recorded) = self.tape.as_mut().and_then(|tape| tape.ended(&end)) {
            end = recorded;
        }
        let mut ended = std::mem::take(&mut self.current);
        if ended.cut != Cut::default() {
            ended.steps.push(Step::Cut(std::mem::take(&mut ended.cut)));
        }
        ended.push_edge(Step::Return(end));
        if self.first.is_none() {
            self.first = Some(ended);
            return;
        }
        self.between_steps += ended.steps.len();
        self.between_bytes = self.between_bytes.saturating_add(ended.bytes);
        self.between.push_back(ended);
        // The call that has just ended stays, whatever its size.
        while self.between.len() > 1
            && (self.between_steps > BETWEEN.steps || self.between_bytes > BETWEEN.bytes)
            && let Some(oldest) = self.between.pop_front()
        {
            self.between_steps -= oldest.steps.len();
            self.between_bytes -= oldest.bytes;
            self.removed.add(oldest.steps.len() as u64, oldest.bytes);
        }
    }

    /// Records that a host function is called. In a replay, returns the recorded call.
    pub(crate) fn host_call(&mut self, call: HostCall) -> Recorded {
        let recorded = match &mut self.tape {
            Some(tape) => tape.host_call(&call),
            None => Recorded::Nothing,
        };
        let kept = self.current.push_host_call(call);
        self.open.push(kept);
        recorded
    }

    /// Records the answer of the innermost host call, and the arguments that it may have changed.
    pub(crate) fn host_answer(&mut self, answer: Answer, changed: Vec<Data>, reached: bool) {
        let Some(kept) = self.open.pop() else {
            return;
        };
        let bytes = sum(changed.iter().chain(answer.data()));
        let section = &mut self.current;
        let step = kept.and_then(|kept| section.steps.get_mut(kept));
        match step {
            Some(Step::HostCall(call)) if section.bytes.saturating_add(bytes) <= CALL.bytes => {
                section.bytes += bytes;
                call.answer = Some(answer);
                call.changed = changed;
                call.reached = reached;
            }
            // A call whose answer is not kept cannot be repeated, nor can any after it.
            _ => section.cut.add(0, bytes),
        }
    }
}

impl Section {
    /// Adds the beginning or the end of a call, without its data if there is no room for it.
    fn push_edge(&mut self, mut step: Step) {
        if self.bytes.saturating_add(step.bytes()) > CALL.bytes {
            step.drop_data();
        }
        self.bytes += step.bytes();
        self.steps.push(step);
    }

    /// Adds a host call and returns its index, if there is room for it. There are no gaps: after
    /// the first step that is not kept, none is kept.
    fn push_host_call(&mut self, call: HostCall) -> Option<usize> {
        let (step, index) = (Step::HostCall(call), self.steps.len());
        let bytes = step.bytes();
        let has_room = index < CALL.steps && self.bytes.saturating_add(bytes) <= CALL.bytes;
        if self.cut != Cut::default() || !has_room {
            self.cut.add(1, bytes);
            return None;
        }
        self.bytes += bytes;
        self.steps.push(step);
        Some(index)
    }

    fn append_to(&self, steps: &mut Vec<Step>) {
        steps.extend_from_slice(&self.steps);
        self.cut.append_to(steps);
    }
}

impl Cut {
    fn add(&mut self, steps: u64, bytes: u64) {
        self.steps = self.steps.saturating_add(steps);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn append_to(self, steps: &mut Vec<Step>) {
        if self != Cut::default() {
            steps.push(Step::Cut(self));
        }
    }
}

impl Step {
    /// Returns the bytes of data that are kept in the step.
    fn bytes(&self) -> u64 {
        match self {
            Step::Return(Return::Failure { message, .. }) => message.len() as u64,
            step => sum(step.data()),
        }
    }

    /// Keeps only the number of the bytes.
    fn drop_data(&mut self) {
        if let Step::Call(Call { input: data, .. })
        | Step::Return(Return::Ok(data) | Return::Error(data)) = self
        {
            *data = Data::cut(data.len());
        }
    }
}

fn kept(data: &Data) -> u64 {
    data.bytes().map_or(0, |bytes| bytes.len() as u64)
}

fn sum<'a>(data: impl Iterator<Item = &'a Data>) -> u64 {
    data.map(kept).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::super::{Argument, CalleeKind, Value};
    use super::*;

    fn call(recorder: &mut Recorder, input: &[u8]) {
        recorder.call(Call {
            callee: CalleeKind::Command,
            name: "c".to_owned(),
            input: input.into(),
        });
    }

    fn host_call(recorder: &mut Recorder, argument: &[u8], answer: &[u8]) {
        let value = Value::Data(argument.into());
        recorder.host_call(HostCall::new("m.f", vec![Argument::new("a", value)]));
        recorder.host_answer(Answer::Bytes(answer.into()), Vec::new(), true);
    }

    fn end(recorder: &mut Recorder) {
        recorder.ended(Return::Ok(Data::from(&b""[..])));
    }

    #[test]
    fn oldest_calls_after_the_first_make_room() {
        let mut recorder = Recorder::default();
        let mebibyte = vec![b'x'; 1 << 20];
        for input in [&b"first"[..], &mebibyte, b"x"] {
            call(&mut recorder, input);
            end(&mut recorder);
        }
        assert_eq!(recorder.transcript().cut(), None);
        for _ in 0..8 {
            call(&mut recorder, &mebibyte);
            end(&mut recorder);
        }
        call(&mut recorder, b"last");
        let transcript = recorder.transcript();
        let cut = Cut {
            steps: 4,
            bytes: (1 << 20) + 1,
        };
        assert_eq!(transcript.cut(), Some(cut));
        assert_eq!(transcript.steps[2], Step::Cut(cut));
        assert_eq!(transcript.steps.len(), 2 + 1 + 8 * 2 + 1);
    }

    #[test]
    fn a_call_keeps_its_first_host_calls_and_its_end() {
        let mut recorder = Recorder::default();
        call(&mut recorder, b"");
        for _ in 0..CALL.steps + 10 {
            host_call(&mut recorder, b"key", b"value");
        }
        end(&mut recorder);
        let transcript = recorder.transcript();
        assert_eq!(transcript.steps.len(), CALL.steps + 2);
        let [.., Step::Cut(cut), Step::Return(_)] = transcript.steps.as_slice() else {
            panic!("{transcript}");
        };
        assert_eq!((cut.steps, cut.bytes), (11, 11 * 8));
    }

    #[test]
    fn nothing_is_kept_after_an_answer_without_room() {
        let mut recorder = Recorder::default();
        let large = vec![0; Recorder::MAX_VALUE];
        call(&mut recorder, &[b'x'; 10]);
        host_call(&mut recorder, b"key", &large);
        host_call(&mut recorder, b"key", b"value");
        end(&mut recorder);
        let transcript = recorder.transcript();
        let answers: Vec<_> = transcript.host_calls().map(|call| &call.answer).collect();
        assert_eq!(answers, [&None]);
        assert_eq!(transcript.cut().unwrap().bytes, large.len() as u64 + 8);
    }
}
