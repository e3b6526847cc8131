//! Observing a plugin: the cost of its calls, trace events at the boundary, the transcript of all
//! of them, and growth of its heap.
//!
//! `run/instance.rs` reports the start and end of each call to the [`Observer`], and the dispatch
//! of host calls does the same for those. An instance that is not observed has no observer, and
//! pays one comparison per call.

mod heap;
mod leaks;
mod rendering;
mod services;
mod statistics;
mod trace;
pub mod transcript;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use plugin_sdk::abi::Packed;

pub(crate) use heap::HeapRecord;
pub use heap::{Growth, Heap};
pub(crate) use leaks::Census;
pub use leaks::{CallGrowth, LeakReport};
use rendering::Content;
pub(crate) use services::recorded as recorded_services;
pub use statistics::{CallStatistics, Statistics, Times};
pub use trace::{Outcome, TraceEvent, TraceKind};

use crate::abi::Callee;
use crate::failure::{Failure, FailureKind};
use crate::sync::Shared;
use transcript::{Answer, Call, CalleeKind, Data, HostCall, Recorded, Recorder, Return};

/// The receiver of trace events. All instances of a cloned builder share it, so it is behind a
/// lock, held for one event at a time.
pub(crate) type Sink = Arc<Mutex<dyn FnMut(&TraceEvent<'_>) + Send>>;

/// The observations requested from a [`PluginBuilder`](crate::PluginBuilder).
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) statistics: bool,
    pub(crate) sink: Option<Sink>,
    pub(crate) transcript: bool,
    /// The recorder of a replay.
    pub(crate) follow: Option<Shared<Recorder>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("statistics", &self.statistics)
            .field("trace", &self.sink.is_some())
            .field("transcript", &self.transcript)
            .finish()
    }
}

impl Options {
    /// Creates the observer of one instance, if anything is observed.
    pub(crate) fn observer(&self) -> Option<Box<Observer>> {
        let recorder = match &self.follow {
            Some(recorder) => Some(recorder.clone()),
            None => {
                transcript::recorder_of_session().or_else(|| self.transcript.then(Shared::default))
            }
        };
        (self.statistics || self.sink.is_some() || recorder.is_some()).then(|| {
            Box::new(Observer {
                statistics: self.statistics.then(Statistics::default),
                sink: self.sink.clone(),
                recorder,
                ..Observer::default()
            })
        })
    }
}

/// The observer of one instance.
#[derive(Default)]
pub(crate) struct Observer {
    statistics: Option<Statistics>,
    sink: Option<Sink>,
    /// The recorder of the transcript, which outlives an instance that cannot be created.
    recorder: Option<Shared<Recorder>>,
    /// Set during a search for leaks.
    census: Option<Census>,
    running: Option<Running>,
    /// The number of calls in progress.
    depth: u32,
}

/// The call in progress. An instance serves one at a time.
struct Running {
    callee: Callee,
    bytes_in: usize,
    heap: Option<Heap>,
    host_calls: u64,
    since: Instant,
}

/// The outcome of a call.
struct Ended<'a> {
    pub(crate) outcome: Outcome,
    /// The result or error that the plugin returned.
    pub(crate) answer: Option<Packed>,
    pub(crate) content: Content<'a>,
    pub(crate) failure: Option<&'a Failure>,
    pub(crate) fuel: Option<u64>,
    /// The size of the memory, in pages.
    pub(crate) pages: u64,
    pub(crate) heap: Option<Heap>,
}

impl Observer {
    /// Returns the recorder of the transcript, if there is one.
    pub(crate) fn recorder(&self) -> Option<&Shared<Recorder>> {
        self.recorder.as_ref()
    }

    /// Records in the transcript that the host calls the plugin.
    pub(crate) fn record_call(&self, callee: Callee, name: &str, input: Data) {
        if let Some(recorder) = &self.recorder {
            let kind = match callee {
                Callee::Command(_) => CalleeKind::Command,
                Callee::Batch(_) => CalleeKind::Batch,
                Callee::Export(_) => CalleeKind::Hook,
            };
            recorder.lock().call(Call::new(kind, name, input));
        }
    }

    /// Records a call of a host function in the transcript. `call` is only called if there is one.
    /// In a replay, returns the recorded call.
    pub(crate) fn record_host_call(&self, call: impl FnOnce() -> HostCall) -> Recorded {
        match &self.recorder {
            Some(recorder) => recorder.lock().host_call(call()),
            None => Recorded::Nothing,
        }
    }

    /// Records in the transcript the answer of the latest host call that has none, and the
    /// arguments that it may have changed. `reached` is `false` if the function was not called.
    pub(crate) fn record_host_answer(
        &self,
        reached: bool,
        answer: impl FnOnce() -> (Answer, Vec<Data>),
    ) {
        if let Some(recorder) = &self.recorder {
            let (answer, changed) = answer();
            recorder.lock().host_answer(answer, changed, reached);
        }
    }

    /// Records that a call starts. Its arguments are in place.
    pub(crate) fn call_begins(
        &mut self,
        callee: Callee,
        name: &str,
        arguments: &[u8],
        heap: Option<Heap>,
    ) {
        self.trace(TraceKind::Call, name, Content::Bytes(arguments), |_| {});
        self.depth += 1;
        self.running = Some(Running {
            callee,
            bytes_in: arguments.len(),
            heap,
            host_calls: 0,
            since: Instant::now(),
        });
    }

    /// Returns how long the call has been running.
    fn elapsed(&self) -> Duration {
        self.running
            .as_ref()
            .map_or(Duration::ZERO, |running| running.since.elapsed())
    }

    /// Records the end of a call: the answer and its bytes, if the answer is valid, or the failure.
    /// `used` is the fuel, the pages and the heap.
    pub(crate) fn report_end(
        &mut self,
        name: &str,
        answer: Result<Option<(Packed, &[u8])>, &Failure>,
        is_dead: bool,
        (fuel, pages, heap): (Option<u64>, u64, Option<Heap>),
    ) {
        let took = self.elapsed();
        let message = answer.err().map_or_else(String::new, Failure::message);
        let (outcome, content) = match answer {
            Ok(Some((answer, bytes))) if answer.failed => (Outcome::Error, Content::Bytes(bytes)),
            Ok(Some((_, bytes))) => (Outcome::Ok, Content::Bytes(bytes)),
            Ok(None) => (Outcome::Failure, Content::Text("a pointer out of bounds")),
            Err(failure) => {
                let outcome = match failure.kind() {
                    FailureKind::Plugin(_) => Outcome::Error,
                    _ if is_dead => Outcome::Trap,
                    _ => Outcome::Failure,
                };
                let first_line = message.lines().next().unwrap_or("");
                (outcome, Content::Text(first_line))
            }
        };
        let ended = Ended {
            outcome,
            answer: answer.ok().flatten().map(|(answer, _)| answer),
            content,
            failure: answer.err(),
            fuel,
            pages,
            heap,
        };
        self.call_ends(name, took, ended);
    }

    /// Records that the call ended after this time.
    fn call_ends(&mut self, name: &str, took: Duration, ended: Ended<'_>) {
        if let Some(recorder) = &self.recorder {
            recorder.lock().ended(returned(&ended));
        }
        let Some(running) = self.running.take() else {
            return;
        };
        self.depth = 0;
        let growth = match (running.heap, ended.heap) {
            (Some(before), Some(after)) => Some(before.until(&after)),
            _ => None,
        };
        if let Some(statistics) = &mut self.statistics {
            statistics.count(running.callee, name, |call| {
                call.count(&statistics::Sample {
                    outcome: ended.outcome,
                    took,
                    fuel: ended.fuel,
                    bytes_in: running.bytes_in,
                    bytes_out: ended.answer.map_or(0, |answer| answer.len as usize),
                    pages: ended.pages,
                    heap: ended.heap,
                    host_calls: running.host_calls,
                });
            });
        }
        if let Some(census) = &mut self.census {
            census.answered(running.callee, name, ended.answer);
        }
        self.trace(TraceKind::Answer, name, ended.content, |event| {
            event.outcome = Some(ended.outcome);
            event.duration = Some(took);
            event.growth = growth;
        });
    }

    /// Records that the guest calls a host function. `arguments` is only called if events are
    /// traced.
    pub(crate) fn host_call_begins(&mut self, function: &str, arguments: impl FnOnce() -> String) {
        if let Some(running) = &mut self.running {
            running.host_calls += 1;
        }
        if self.sink.is_some() {
            let arguments = arguments();
            let content = Content::Text(&arguments);
            self.trace(TraceKind::HostCall, function, content, |_| {});
        }
        self.depth += 1;
    }

    /// Records the outcome of a host function.
    pub(crate) fn host_call_ends(
        &mut self,
        function: &str,
        outcome: Outcome,
        answer: impl FnOnce() -> String,
        took: Duration,
    ) {
        self.depth = self.depth.saturating_sub(1);
        if self.sink.is_some() {
            let answer = answer();
            let content = Content::Text(&answer);
            self.trace(TraceKind::HostAnswer, function, content, |event| {
                event.outcome = Some(outcome);
                event.duration = Some(took);
            });
        }
    }

    /// Passes an event to the sink, if there is one.
    fn trace<'a>(
        &self,
        direction: TraceKind,
        function: &'a str,
        content: Content<'a>,
        complete: impl FnOnce(&mut TraceEvent<'a>),
    ) {
        if let Some(sink) = &self.sink {
            let mut event = TraceEvent::new(direction, self.depth, function, content);
            complete(&mut event);
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            sink(&event);
        }
    }
}

/// Returns the outcome of a call as the transcript has it.
fn returned(ended: &Ended<'_>) -> Return {
    let data = |bytes: &[u8]| Data::within(bytes, Recorder::MAX_VALUE);
    match (ended.failure, ended.outcome, ended.content) {
        (Some(failure), ..) => Return::of(failure),
        (None, Outcome::Ok, Content::Bytes(bytes)) => Return::Ok(data(bytes)),
        (None, Outcome::Error, Content::Bytes(bytes)) => Return::Error(data(bytes)),
        (None, _, content) => Return::Failure {
            code: "out_of_bounds".to_owned(),
            message: content.to_string(),
        },
    }
}

impl Statistics {
    /// Returns the statistics of an observer, or empty ones without an observer.
    pub(crate) fn of_observer(observer: Option<&Observer>) -> &Self {
        static NONE: Statistics = Statistics::none();
        observer
            .and_then(|observer| observer.statistics.as_ref())
            .unwrap_or(&NONE)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn ended(bytes: &[u8]) -> Ended<'_> {
        Ended {
            outcome: Outcome::Ok,
            answer: None,
            content: Content::Bytes(bytes),
            failure: None,
            fuel: None,
            pages: 1,
            heap: None,
        }
    }

    #[test]
    fn host_calls_are_traced_and_counted_within_their_command() {
        let (lines, seen) = mpsc::channel();
        let sink: Sink = Arc::new(Mutex::new(move |crossing: &TraceEvent<'_>| {
            let line = format!("{} {crossing}", crossing.depth);
            lines.send(line).unwrap();
        }));
        let options = Options {
            statistics: true,
            sink: Some(sink),
            ..Options::default()
        };
        let mut observer = options.observer().unwrap();
        let took = Duration::from_micros(2);
        observer.call_begins(Callee::Command(0), "greet", b"{}", None);
        for key in ["last", "first\x1b[2J"] {
            observer.host_call_begins("kv_get", || format!("{key:?}"));
            observer.host_call_ends("kv_get", Outcome::Error, || "denied".to_owned(), took);
        }
        observer.call_ends("greet", took, ended(b"null"));
        observer.call_begins(Callee::Command(0), "greet", b"", None);

        let seen: Vec<String> = seen.try_iter().collect();
        assert_eq!(
            seen,
            [
                "0 -> greet {}",
                r#"1   <- kv_get "last""#,
                "1   -> kv_get error denied (2.0µs)",
                r#"1   <- kv_get "first\u{1b}[2J""#,
                "1   -> kv_get error denied (2.0µs)",
                "0 <- greet ok null (2.0µs)",
                "0 -> greet",
            ]
        );
        let statistics = observer.statistics.as_ref().unwrap();
        assert_eq!(statistics.command("greet").unwrap().host_calls, 2);
    }

    #[test]
    fn untraced_host_calls_are_not_formatted() {
        let options = Options {
            statistics: true,
            ..Options::default()
        };
        let mut observer = options.observer().unwrap();
        observer.host_call_begins("kv_get", || unreachable!());
        observer.host_call_ends("kv_get", Outcome::Ok, || unreachable!(), Duration::ZERO);
        assert!(Options::default().observer().is_none());
    }
}
