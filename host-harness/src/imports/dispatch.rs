//! Dispatches host calls: checks the permission, calls the implementation, and has the result
//! delivered.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use plugin_sdk::code;
use plugin_sdk::imports::{Answer, CallError, HostFunction, HostFunctions, Kind, Serve};

use super::Host;
use super::bound::Bound;
use super::delivery::{bytes_of, deliver, deliver_at_once, wanted};
use super::state::State;
use super::{recording, replaying};
use crate::engine::{Caller, Guest, HostTrap, Reason, TICK, full_name};
use crate::failure;
use crate::observe::transcript::Recorded;
use crate::observe::{Observer, Outcome};
use crate::services::{Call, Strike, within};

/// Serves a call of the import with this index. Slots and memory are as the guest left them.
#[inline]
pub(super) fn call<C: Caller<State>>(
    caller: &mut C,
    number: usize,
    slots: &[u64],
) -> Result<u64, C::Error> {
    let guest = take_guest(caller)?;
    let (memory, state) = caller.memory_and_data(&guest);
    let Some(begun) = begin(state, memory, number, slots) else {
        return Err(no_import::<C>(&state.host, number));
    };
    let slot = if is_ordinary(&state.host, &begun, slots) {
        let served = serve_now(&mut state.host, memory, &begun, slots);
        // Not moved: a copy of what was just written stalls the processor.
        let at_once = match &served {
            Ok(Ok(answer)) => answer_at_once(&mut state.host, memory, answer),
            _ => None,
        };
        match at_once {
            Some(slot) => Ok(slot),
            None => {
                let answered = settle(begun.function, served);
                let answered = ended(&mut state.host, &begun, answered);
                finish(caller, &guest, begun.function, answered)
            }
        }
    } else {
        let answered = answer_specially(state, memory, &begun, slots);
        finish(caller, &guest, begun.function, answered)
    };
    caller.data_mut().host.guest = Some(guest);
    slot
}

/// Takes the calling instance's memory and allocator out of the host; the caller puts them back.
/// Copying a function would cost more than the rest of a call.
#[inline]
pub(super) fn take_guest<C: Caller<State>>(caller: &mut C) -> Result<Box<Guest>, C::Error> {
    let guest = caller.data_mut().host.guest.take();
    // A start function makes calls before the instance exists, and its parts are attached.
    match guest.or_else(|| caller.guest().map(Box::new)) {
        Some(guest) => Ok(guest),
        None => Err(C::error(
            "a host function was called before there was an instance",
        )),
    }
}

/// Returns the error of a call of an import without a binding.
#[cold]
pub(super) fn no_import<C: Caller<State>>(host: &Host, number: usize) -> C::Error {
    match host.refusal(number) {
        Some(refusal) => refusal.into(),
        None => C::error("an import that the module does not have"),
    }
}

/// A call in progress.
pub(super) struct Begun {
    /// The index of the import.
    number: usize,
    pub(super) function: &'static HostFunction,
    /// The index of its implementation.
    pub(super) place: usize,
    /// The permission that the function needs and that is not granted.
    denied: Option<&'static str>,
    /// The record of the start of the call, if there is an observer. Boxed, because it is rare.
    watched: Option<Box<Watched>>,
}

/// The start of a call that is observed.
struct Watched {
    since: Instant,
    /// The counterpart of the call in the record that a replay follows.
    recorded: Recorded,
}

/// Records that a call starts. Returns `None` if the module does not have the import.
#[inline(always)]
pub(super) fn begin(
    state: &mut State,
    memory: &[u8],
    number: usize,
    slots: &[u64],
) -> Option<Begun> {
    let host = &mut state.host;
    let bound = host.bound.get(number)?;
    let (function, place, denied) = (bound.function, bound.implementation, bound.denied);
    host.history
        .call(number, slots, memory, &bound.regions, &host.clock);
    let watched = (state.observer.as_deref_mut()).map(|observer| {
        let recorded = observer.record_host_call(|| recording::host_call(function, slots, memory));
        report_start(observer, host, recorded)
    });
    Some(Begun {
        number,
        function,
        place,
        denied,
        watched,
    })
}

/// Returns the host's result for a call.
pub(super) fn answer(
    state: &mut State,
    memory: &mut [u8],
    begun: &Begun,
    slots: &[u64],
) -> Result<Answer, HostTrap> {
    if !is_ordinary(&state.host, begun, slots) {
        return answer_specially(state, memory, begun, slots);
    }
    let served = serve_now(&mut state.host, memory, begun, slots);
    ended(&mut state.host, begun, settle(begun.function, served))
}

/// Returns whether a call is neither observed, refused nor struck by a fault.
#[inline(always)]
fn is_ordinary(host: &Host, begun: &Begun, slots: &[u64]) -> bool {
    begun.watched.is_none() && host.faults.is_empty() && admits(host, begun, slots)
}

/// Serves an ordinary call.
#[inline(always)]
fn serve_now(host: &mut Host, memory: &mut [u8], begun: &Begun, slots: &[u64]) -> Served {
    let call = host.call(host.time_left());
    let implementation = host.implementations.get_mut(begun.place);
    serve_caught(begun.function, implementation, memory, slots, call)
}

/// Ends an ordinary call whose result came in time and needs no memory from the guest's allocator.
/// Returns the slot that the function returns.
#[inline(always)]
fn answer_at_once(host: &mut Host, memory: &mut [u8], answer: &Answer) -> Option<u64> {
    if host.is_late() {
        return None;
    }
    let slot = deliver_at_once(host, memory, answer)?;
    host.history.answered(Some(answer), &host.clock);
    Some(slot)
}

/// Returns the host's result for a call that is observed, refused or struck by a fault. Apart, so
/// that ordinary calls do not pay for it.
#[cold]
fn answer_specially(
    state: &mut State,
    memory: &mut [u8],
    begun: &Begun,
    slots: &[u64],
) -> Result<Answer, HostTrap> {
    // Before a replay answers: it has the same limit.
    if let Some(trap) = too_many(&state.host, begun) {
        return end(state, memory, begun, slots, false, Err(trap));
    }
    if let Some(watched) = &begun.watched
        && let Some(answered) = replayed(state, memory, begun, slots, &watched.recorded)
    {
        let reached = watched.recorded.reached();
        return end(state, memory, begun, slots, reached, answered);
    }
    let (function, host) = (begun.function, &mut state.host);
    if let Some(refused) = refused(host, begun, slots) {
        return end(state, memory, begun, slots, false, refused);
    }
    let (call, deadline) = (host.call(host.time_left()), host.deadline);
    let strike = host.faults.strike(function.name);
    let instead = strike
        .as_ref()
        .and_then(|strike| error_instead(function, strike));
    let reached = instead.is_none();
    let implementation = host.implementations.get_mut(begun.place);
    let serve = || serve(function, implementation, memory, slots, call);
    let answered = match (instead, strike) {
        (Some(error), _) => Ok(error),
        (None, None) => serve(),
        (None, Some(strike)) => struck(strike, || host.clock.passed(deadline), serve),
    };
    end(state, memory, begun, slots, reached, answered)
}

/// Returns the recorded answer to a call in a replay. A function of an emulated host is called
/// nevertheless, since its host works with what the function leaves behind.
#[cold]
fn replayed(
    state: &mut State,
    memory: &mut [u8],
    begun: &Begun,
    slots: &[u64],
    recorded: &Recorded,
) -> Option<Result<Answer, HostTrap>> {
    let (function, host) = (begun.function, &mut state.host);
    let recorded = match recorded {
        Recorded::Nothing => return None,
        Recorded::Call(recorded) => recorded,
        Recorded::End => return Some(Err(too_late(function))),
        Recorded::Departed => return Some(Err(replaying::departed(function))),
    };
    if recorded.reached && host.is_served_in_replays(begun.place, function) {
        let call = host.call(host.time_left());
        let implementation = host.implementations.get_mut(begun.place);
        // The recorded answer counts, which may contain an injected fault.
        let _ = serve(function, implementation, memory, slots, call);
    }
    let has_departed = |observer: &Observer| {
        let recorder = observer.recorder();
        recorder.is_some_and(|recorder| recorder.lock().has_departed())
    };
    Some(match state.observer.as_deref().is_some_and(has_departed) {
        true => Err(replaying::departed(function)),
        false => replaying::answer(function, slots, memory, recorded),
    })
}

/// Records the result of a call, or a timeout if it returned too late. `reached` is `false` if the
/// implementation was not called.
#[inline]
pub(super) fn end(
    state: &mut State,
    memory: &[u8],
    begun: &Begun,
    slots: &[u64],
    reached: bool,
    answered: Result<Answer, HostTrap>,
) -> Result<Answer, HostTrap> {
    let host = &mut state.host;
    let answered = ended(host, begun, answered);
    if let (Some(watched), Some(observer)) = (&begun.watched, state.observer.as_deref_mut()) {
        observer.record_host_answer(reached, || {
            recording::host_answer(begun.function, slots, memory, &answered)
        });
        report_end(observer, host, watched.since);
    }
    answered
}

/// Notes the result of a call, or a timeout if it returned too late.
fn ended(
    host: &mut Host,
    begun: &Begun,
    mut answered: Result<Answer, HostTrap>,
) -> Result<Answer, HostTrap> {
    if host.is_late() && answered.is_ok() {
        answered = Err(too_late(begun.function));
    }
    host.history.answered(answered.as_ref().ok(), &host.clock);
    answered
}

/// Returns whether the permission of a call is granted, its arguments are not too large, and the
/// guest may make another.
#[inline]
fn admits(host: &Host, begun: &Begun, slots: &[u64]) -> bool {
    let bytes = |bound: &Bound| bound.argument_bytes(slots);
    begun.denied.is_none()
        && host.calls_made() <= host.host_calls
        && (host.bound.get(begun.number).map(bytes))
            .is_none_or(|bytes| bytes <= host.argument_bytes)
}

/// Returns the result of a call whose permission is not granted, or whose arguments are too large.
///
/// With arguments that are too large, a function whose signature has no error is called anyway if
/// it only takes bytes; if it parses JSON, the guest's call ends.
#[inline]
pub(super) fn refused(
    host: &Host,
    begun: &Begun,
    slots: &[u64],
) -> Option<Result<Answer, HostTrap>> {
    match admits(host, begun, slots) {
        true => None,
        false => refusal(host, begun, slots),
    }
}

/// Returns the end of a call that has made more host calls than it may.
#[inline]
pub(super) fn too_many(host: &Host, begun: &Begun) -> Option<HostTrap> {
    let limit = host.host_calls;
    (host.calls_made() > limit).then(|| HostTrap::new(begun.function, Reason::TooMany { limit }))
}

#[cold]
fn refusal(host: &Host, begun: &Begun, slots: &[u64]) -> Option<Result<Answer, HostTrap>> {
    if let Some(permission) = begun.denied {
        return Some(refuse(begun.function, host.grant_hint.denied(permission)));
    }
    let bytes = host.bound.get(begun.number)?.argument_bytes(slots);
    let (function, limit) = (begun.function, host.argument_bytes);
    let error = plugin_sdk::Error::new(
        code::TOO_LARGE,
        format!(
            "`{}` was given {bytes} bytes, and the limit is {limit}; the host's setting is `max_argument_bytes`",
            full_name(function)
        ),
    )
    .with_details(&serde_json::json!({ "limit": limit }));
    let mut kinds = function.parameters.iter().map(|parameter| parameter.kind);
    match (function.refuse)(error) {
        Ok(answer) => Some(Ok(answer)),
        Err(error) if kinds.any(|kind| kind == Kind::Json) => {
            Some(Err(HostTrap::new(function, Reason::Failed(error))))
        }
        Err(_) => None,
    }
}

#[cold]
pub(super) fn too_late(function: &HostFunction) -> HostTrap {
    HostTrap::new(function, Reason::Timeout)
}

/// Reports the start of a call to an observer.
#[cold]
fn report_start(observer: &mut Observer, host: &Host, recorded: Recorded) -> Box<Watched> {
    if let Some(call) = host.history.latest(&host.bound) {
        observer.host_call_begins(&call.function, || call.arguments.join(", "));
    }
    Box::new(Watched {
        since: Instant::now(),
        recorded,
    })
}

/// Reports the end of a call to an observer.
#[cold]
fn report_end(observer: &mut Observer, host: &Host, since: Instant) {
    let took = since.elapsed();
    if let Some(call) = host.history.latest(&host.bound) {
        let (outcome, answer) = match call.outcome {
            Some(Ok(answer)) => (Outcome::Ok, answer),
            Some(Err(error)) => (Outcome::Error, error),
            None => (Outcome::Trap, String::new()),
        };
        observer.host_call_ends(&call.function, outcome, || answer, took);
    }
}

/// The outcome of an implementation, which may have panicked.
type Served = std::thread::Result<Result<Answer, CallError>>;

/// Calls a synchronous implementation, and converts its outcome.
pub(super) fn serve(
    function: &HostFunction,
    implementation: Option<&mut HostFunctions>,
    memory: &mut [u8],
    slots: &[u64],
    call: Call,
) -> Result<Answer, HostTrap> {
    let served = serve_caught(function, implementation, memory, slots, call);
    settle(function, served)
}

/// Calls a synchronous implementation.
#[inline(always)]
fn serve_caught(
    function: &HostFunction,
    implementation: Option<&mut HostFunctions>,
    memory: &mut [u8],
    slots: &[u64],
    call: Call,
) -> Served {
    let serve = || match (implementation, function.serve) {
        (Some(implementation), Serve::Now(serve)) => serve(implementation.erased(), memory, slots),
        _ => Err(CallError::Implementation),
    };
    // The implementation is responsible for its state after a panic, as with a mutex.
    catch_unwind(AssertUnwindSafe(|| within(call, serve)))
}

/// Converts the outcome of an implementation to a result, or to an error for the guest if the
/// function's signature has one.
pub(super) fn settle(function: &HostFunction, served: Served) -> Result<Answer, HostTrap> {
    match served {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(fault)) => refuse_fault(function, fault),
        Err(payload) => refuse(function, panicked(function, &*payload)),
    }
}

/// Serves a call with an injected fault other than an error.
#[cold]
fn struck(
    strike: Strike,
    late: impl Fn() -> bool,
    serve: impl FnOnce() -> Result<Answer, HostTrap>,
) -> Result<Answer, HostTrap> {
    if let Strike::Delay(delay) = strike {
        let begun = Instant::now();
        // The engine's clock decides, as everywhere: on a busy machine it runs late.
        while !late() {
            match delay.saturating_sub(begun.elapsed()) {
                Duration::ZERO => break,
                rest => std::thread::sleep(rest.min(TICK)),
            }
        }
        return serve();
    }
    serve().map(|answer| bent(&strike, answer))
}

/// Returns the error of an injected fault, if it has one and the function can return it.
pub(super) fn error_instead(function: &HostFunction, strike: &Strike) -> Option<Answer> {
    match strike {
        Strike::Error(error) => (function.refuse)(error.clone()).ok(),
        _ => None,
    }
}

/// Replaces the bytes of a result by those of an injected fault, if it has any.
pub(super) fn bent(strike: &Strike, mut answer: Answer) -> Answer {
    let Some(instead) = strike.bytes() else {
        return answer;
    };
    match &mut answer {
        Answer::Slot(_) | Answer::PackedError { .. } => {}
        Answer::Packed { bytes } | Answer::InOut { bytes, .. } => {
            *bytes = instead.into_owned();
        }
        Answer::Block { bytes } => *bytes = instead.into_owned(),
        Answer::Terminated { bytes } => {
            *bytes = instead.into_owned();
            bytes.push(0);
        }
        // The guest's buffer has a fixed length.
        Answer::Written { bytes, .. } => {
            for (byte, instead) in bytes.iter_mut().zip(instead.iter().cycle()) {
                *byte = *instead;
            }
        }
    }
    answer
}

/// Returns an error to the guest, if the function's signature has one.
pub(super) fn refuse(
    function: &HostFunction,
    error: plugin_sdk::Error,
) -> Result<Answer, HostTrap> {
    (function.refuse)(error).map_err(|error| HostTrap::new(function, Reason::Failed(error)))
}

/// Returns an invalid value to the guest as an error. An invalid address is a bug in the guest, so
/// it ends the call.
#[cold]
fn refuse_fault(function: &HostFunction, fault: CallError) -> Result<Answer, HostTrap> {
    let is_reported = match &fault {
        CallError::Argument { fault, .. } => matches!(**fault, CallError::Value(_)),
        fault => matches!(fault, CallError::Value(_)),
    };
    if is_reported {
        let error = plugin_sdk::Error::new(code::INVALID_ARGUMENT, fault.to_string());
        return refuse(function, error);
    }
    Err(HostTrap::new(function, Reason::Argument(fault.to_string())))
}

#[cold]
fn panicked(function: &HostFunction, payload: &(dyn Any + Send)) -> plugin_sdk::Error {
    let message = failure::message(payload);
    plugin_sdk::Error::new(
        "host_panicked",
        format!(
            "the host function `{}` panicked: {message}",
            full_name(function)
        ),
    )
}

/// Delivers a result to the guest.
fn finish<C: Caller<State>>(
    caller: &mut C,
    guest: &Guest,
    function: &'static HostFunction,
    answered: Result<Answer, HostTrap>,
) -> Result<u64, C::Error> {
    let mut answer = answered?;
    let mut first = true;
    loop {
        let (memory, state) = caller.memory_and_data(guest);
        if let Some(slot) = deliver_at_once(&state.host, memory, &answer) {
            return Ok(slot);
        }
        let address = match wanted(&answer) {
            Some(len) => caller.alloc(guest, len)?,
            None => 0,
        };
        match deliver(caller, guest, function, &answer, address)? {
            Some(slot) => return Ok(slot),
            None => answer = no_room(function, &answer, first)?,
        }
        first = false;
    }
}

/// Replaces a result that the guest has no memory for by an error, which needs less.
#[cold]
pub(super) fn no_room(
    function: &HostFunction,
    answer: &Answer,
    first: bool,
) -> Result<Answer, HostTrap> {
    let bytes = bytes_of(answer).len();
    let error = plugin_sdk::Error::new(
        code::TOO_LARGE,
        format!("the plugin has no room for the {bytes} bytes that the host returned"),
    );
    if first {
        return refuse(function, error);
    }
    Err(HostTrap::new(function, Reason::Failed(error)))
}
