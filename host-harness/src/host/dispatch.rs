//! The way of every host call: may it be called, the implementation, the answer.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use plugin_sdk::abi::{self, Packed};
use plugin_sdk::code;
use plugin_sdk::host::{Answer, Fault, HostFunction, HostFunctions};
use wasmtime::Caller;

use super::{Guest, Host, full_name};
use crate::instance::State;
use crate::observe::{Observer, Outcome};
use crate::services::{Strike, denied, with_time_left};

/// Why a host function ended the guest's call. In a box, as nearly every call has none.
#[derive(Clone, Debug)]
pub(crate) struct HostTrap(Box<Ending>);

/// See [`HostTrap`].
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// The function, as `module.name`.
    pub(crate) function: String,
    pub(crate) reason: Reason,
}

#[derive(Clone, Debug)]
pub(crate) enum Reason {
    /// An argument is none.
    Argument(String),
    /// Something failed, and the function returns nothing that could say so.
    Untold(plugin_sdk::Error),
    /// It took what was left of the call's time.
    Timeout,
}

impl HostTrap {
    #[cold]
    fn new(function: &HostFunction, reason: Reason) -> Self {
        HostTrap(Box::new(Ending {
            function: full_name(function).to_string(),
            reason,
        }))
    }

    pub(crate) fn ending(&self) -> &Ending {
        &self.0
    }
}

impl fmt::Display for HostTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host function `{}`: ", self.0.function)?;
        match &self.0.reason {
            Reason::Argument(reason) => f.write_str(reason),
            Reason::Untold(error) => fmt::Display::fmt(error, f),
            Reason::Timeout => f.write_str("it took what was left of the call's time"),
        }
    }
}

impl std::error::Error for HostTrap {}

/// Serves a call of the import with this number. Numbers and memory are as the guest made them.
#[inline]
pub(super) fn call(
    caller: &mut Caller<'_, State>,
    number: usize,
    slots: &[u64],
) -> wasmtime::Result<u64> {
    // Taken out and put back, as making a copy of a function costs more than the rest of this.
    let Some(guest) = caller
        .data_mut()
        .host
        .guest
        .take()
        .or_else(|| guest(caller))
    else {
        return Err(wasmtime::format_err!(
            "a host function was called before there was an instance"
        ));
    };
    let (memory, state) = guest.memory.data_and_store_mut(&mut *caller);
    let Some(bound) = state.host.bound.get(number) else {
        return Err(wasmtime::format_err!(
            "an import that the module does not have"
        ));
    };
    let function = bound.function;
    let slot = match answer(state, memory, number, slots) {
        Ok(Answer::Slot(slot)) => Ok(slot),
        Ok(answer) => finish(caller, &guest, function, answer, true),
        Err(trap) => Err(trap.into()),
    };
    caller.data_mut().host.guest = Some(guest);
    slot
}

/// What the host answers, and what is noted of it.
#[inline]
fn answer(
    state: &mut State,
    memory: &mut [u8],
    number: usize,
    slots: &[u64],
) -> Result<Answer, HostTrap> {
    let host = &mut state.host;
    let Some(bound) = host.bound.get(number) else {
        return Ok(Answer::Slot(0));
    };
    let (function, place, granted) = (bound.function, bound.implementation, bound.granted);
    host.history
        .call(number, slots, memory, &bound.regions, &host.clock);
    let watched = (state.observer.as_deref_mut()).map(|observer| Watched::begin(observer, host));
    let mut answered = if granted {
        let left = host.time_left();
        let strike = host.faults.strike(function.name);
        let implementation = host.implementations.get_mut(place);
        let serve = || serve(function, implementation, memory, slots, left);
        match strike {
            None => serve(),
            Some(strike) => struck(function, strike, left, serve),
        }
    } else {
        refuse(function, denied(function.permission.unwrap_or_default()))
    };
    if host.deadline != 0 && host.clock.now() >= host.deadline && answered.is_ok() {
        answered = Err(HostTrap::new(function, Reason::Timeout));
    }
    host.history.answered(&answered, &host.clock);
    if let (Some(watched), Some(observer)) = (watched, state.observer.as_deref_mut()) {
        watched.end(observer, host);
    }
    answered
}

/// A call that an observer is told of.
struct Watched {
    begun: Instant,
}

impl Watched {
    #[cold]
    fn begin(observer: &mut Observer, host: &Host) -> Self {
        if let Some(call) = host.history.latest(&host.bound) {
            observer.host_call_begins(&call.function, || call.arguments.join(", "));
        }
        Watched {
            begun: Instant::now(),
        }
    }

    #[cold]
    fn end(self, observer: &mut Observer, host: &Host) {
        let took = self.begun.elapsed();
        if let Some(call) = host.history.latest(&host.bound) {
            let (outcome, answer) = match call.outcome {
                Some(Ok(answer)) => (Outcome::Ok, answer),
                Some(Err(error)) => (Outcome::Error, error),
                None => (Outcome::Trap, String::new()),
            };
            observer.host_call_ends(&call.function, outcome, || answer, took);
        }
    }
}

/// Calls the implementation.
fn serve(
    function: &HostFunction,
    implementation: Option<&mut HostFunctions>,
    memory: &mut [u8],
    slots: &[u64],
    left: Option<Duration>,
) -> Result<Answer, HostTrap> {
    let serve = || match implementation {
        Some(implementation) => (function.serve)(implementation.erased(), memory, slots),
        None => Err(Fault::Implementation),
    };
    // Whatever state a panic leaves its implementation in is the implementation's own affair, as it is with a mutex.
    match catch_unwind(AssertUnwindSafe(|| with_time_left(left, serve))) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(fault)) => refuse_fault(function, fault),
        Err(payload) => refuse(function, panicked(function, &*payload)),
    }
}

/// Answers as a fault has it that a test has set.
#[cold]
fn struck(
    function: &HostFunction,
    strike: Strike,
    left: Option<Duration>,
    serve: impl FnOnce() -> Result<Answer, HostTrap>,
) -> Result<Answer, HostTrap> {
    if let Strike::Error(error) = strike {
        return (function.refuse)(error).or_else(|_| serve());
    }
    if let Strike::Delay(delay) = strike {
        std::thread::sleep(left.map_or(delay, |left| delay.min(left)));
        return serve();
    }
    let mut answer = serve()?;
    let instead = strike.bytes().unwrap_or_default();
    match &mut answer {
        Answer::Slot(_) | Answer::Packed { failed: true, .. } => {}
        Answer::Packed { bytes, .. } => *bytes = instead.into_owned(),
        Answer::Terminated { bytes } => {
            *bytes = instead.into_owned();
            bytes.push(0);
        }
        // The caller's room is as large as it is.
        Answer::Written { bytes, .. } => {
            for (byte, instead) in bytes.iter_mut().zip(instead.iter().cycle()) {
                *byte = *instead;
            }
        }
    }
    Ok(answer)
}

/// The calling instance's memory and allocator, where they are not at hand: a start function calls before the instance is there.
#[cold]
fn guest(caller: &mut Caller<'_, State>) -> Option<Guest> {
    let memory = caller.get_export(crate::contract::MEMORY)?.into_memory()?;
    let alloc = caller.get_export(crate::contract::ALLOC)?.into_func()?;
    let alloc = alloc.typed(&*caller).ok()?;
    Some(Guest { memory, alloc })
}

/// Tells the guest of an error, if the function has a way to.
fn refuse(function: &HostFunction, error: plugin_sdk::Error) -> Result<Answer, HostTrap> {
    (function.refuse)(error).map_err(|error| HostTrap::new(function, Reason::Untold(error)))
}

/// What is wrong with a value, the guest may hear of; a bad address, it cannot have meant.
#[cold]
fn refuse_fault(function: &HostFunction, fault: Fault) -> Result<Answer, HostTrap> {
    let told = match &fault {
        Fault::Argument { fault, .. } => matches!(**fault, Fault::Value(_)),
        fault => matches!(fault, Fault::Value(_)),
    };
    if told {
        let error = plugin_sdk::Error::new(code::INVALID_ARGUMENT, fault.to_string());
        return refuse(function, error);
    }
    Err(HostTrap::new(function, Reason::Argument(fault.to_string())))
}

#[cold]
fn panicked(function: &HostFunction, payload: &(dyn Any + Send)) -> plugin_sdk::Error {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic whose payload is not text");
    plugin_sdk::Error::new(
        "host_panicked",
        format!(
            "the host function `{}` panicked: {message}",
            full_name(function)
        ),
    )
}

/// Brings an answer into the guest. Its memory is as it is now: `alloc` may have grown it.
fn finish(
    caller: &mut Caller<'_, State>,
    guest: &Guest,
    function: &'static HostFunction,
    answer: Answer,
    first: bool,
) -> wasmtime::Result<u64> {
    match answer {
        Answer::Slot(slot) => Ok(slot),
        Answer::Written {
            bytes,
            address,
            slot,
        } => {
            write(caller, guest, function, address, &bytes)?;
            Ok(slot)
        }
        Answer::Packed { bytes, failed } => match place(caller, guest, function, &bytes)? {
            Some(address) => Ok(Packed {
                address,
                // No more than what `alloc` was asked for.
                len: bytes.len() as u32,
                failed,
            }
            .to_bits()),
            None => no_room(caller, guest, function, bytes.len(), first),
        },
        Answer::Terminated { bytes } => match place(caller, guest, function, &bytes)? {
            Some(address) => Ok(u64::from(address)),
            None => no_room(caller, guest, function, bytes.len(), first),
        },
    }
}

/// Writes bytes to memory from the guest's `alloc`; `None` if there is no room for them.
fn place(
    caller: &mut Caller<'_, State>,
    guest: &Guest,
    function: &HostFunction,
    bytes: &[u8],
) -> wasmtime::Result<Option<u32>> {
    let Some(len) = u32::try_from(bytes.len())
        .ok()
        .filter(|len| *len <= abi::MAX_LEN)
    else {
        return Ok(None);
    };
    let address = guest.alloc.call(&mut *caller, len)?;
    if address == 0 {
        return Ok(None);
    }
    write(caller, guest, function, address, bytes)?;
    Ok(Some(address))
}

fn write(
    caller: &mut Caller<'_, State>,
    guest: &Guest,
    function: &HostFunction,
    address: u32,
    bytes: &[u8],
) -> Result<(), HostTrap> {
    if bytes.is_empty() {
        return Ok(());
    }
    let memory = guest.memory.data_mut(&mut *caller);
    let size = memory.len();
    let start = address as usize;
    let place = start
        .checked_add(bytes.len())
        .and_then(|end| memory.get_mut(start..end));
    match place {
        Some(place) => {
            place.copy_from_slice(bytes);
            Ok(())
        }
        None => Err(HostTrap::new(
            function,
            Reason::Argument(
                Fault::OutOfBounds {
                    address,
                    bytes: bytes.len() as u64,
                    memory: size as u64,
                }
                .to_string(),
            ),
        )),
    }
}

/// An answer that the guest has no memory for becomes an error, which needs less.
#[cold]
fn no_room(
    caller: &mut Caller<'_, State>,
    guest: &Guest,
    function: &'static HostFunction,
    bytes: usize,
    first: bool,
) -> wasmtime::Result<u64> {
    let error = plugin_sdk::Error::new(
        code::TOO_LARGE,
        format!("the plugin has no room for the {bytes} bytes that the host answered with"),
    );
    if !first {
        return Err(HostTrap::new(function, Reason::Untold(error)).into());
    }
    let answer = refuse(function, error)?;
    finish(caller, guest, function, answer, false)
}
