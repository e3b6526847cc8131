//! The way of every host call: may it be called, the implementation, the answer.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use plugin_sdk::abi::{self, Packed};
use plugin_sdk::code;
use plugin_sdk::host::{Answer, Fault, HostFunction, HostFunctions};
use wasmtime::Caller;

use super::{Guest, full_name};
use crate::engine::TICK;
use crate::instance::State;
use crate::services::{Strike, denied, with_time_left};

/// Why a host function ended the guest's call.
#[derive(Clone, Debug)]
pub(crate) enum HostTrap {
    /// An argument is none.
    Argument { function: String, reason: String },
    /// Something failed, and the function returns nothing that could say so.
    Untold {
        function: String,
        error: plugin_sdk::Error,
    },
    /// It took what was left of the call's time.
    Timeout { function: String },
}

impl fmt::Display for HostTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostTrap::Argument { function, reason } => {
                write!(f, "host function `{function}`: {reason}")
            }
            HostTrap::Untold { function, error } => {
                write!(f, "host function `{function}`: {error}")
            }
            HostTrap::Timeout { function } => {
                write!(
                    f,
                    "host function `{function}` took what was left of the call's time"
                )
            }
        }
    }
}

impl std::error::Error for HostTrap {}

/// Serves a call of the import with this number. Numbers and memory are as the guest made them.
pub(super) fn call(
    caller: &mut Caller<'_, State>,
    number: usize,
    slots: &[u64],
) -> wasmtime::Result<u64> {
    let Some(guest) = guest(caller) else {
        return Err(wasmtime::format_err!(
            "a host function was called before there was an instance"
        ));
    };
    let (memory, state) = guest.memory.data_and_store_mut(&mut *caller);
    let host = &mut state.host;
    host.history
        .call(number, slots, memory, &host.bound, &host.clock);
    let Some(bound) = host.bound.get(number) else {
        return Err(wasmtime::format_err!(
            "an import that the module does not have"
        ));
    };
    let function = bound.function;
    let served = if bound.granted {
        let (place, left, deadline) = (bound.implementation, host.time_left(), host.deadline);
        let strike = host.faults.strike(function.name);
        let implementation = host.implementations.get_mut(place);
        let serve = || serve(function, implementation, memory, slots, left);
        match strike {
            None => serve(),
            Some(strike) => struck(function, strike, || host.clock.passed(deadline), serve),
        }
    } else {
        refuse(function, denied(function.permission.unwrap_or_default()))
    };
    let late = host.clock.passed(host.deadline);
    let answered = match served {
        Ok(_) if late => Err(HostTrap::Timeout {
            function: full_name(function).to_string(),
        }),
        served => served,
    };
    host.history.answered(&answered, &host.clock);
    finish(caller, &guest, function, answered?, true)
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
    late: impl Fn() -> bool,
    serve: impl FnOnce() -> Result<Answer, HostTrap>,
) -> Result<Answer, HostTrap> {
    if let Strike::Error(error) = strike {
        return (function.refuse)(error).or_else(|_| serve());
    }
    if let Strike::Delay(delay) = strike {
        let begun = Instant::now();
        // The engine's clock decides, as everywhere: on a machine that is busy it is behind.
        while !late() {
            match delay.saturating_sub(begun.elapsed()) {
                Duration::ZERO => break,
                rest => std::thread::sleep(rest.min(TICK)),
            }
        }
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

/// The calling instance's memory and allocator.
fn guest(caller: &mut Caller<'_, State>) -> Option<Guest> {
    if let Some(guest) = &caller.data().host.guest {
        return Some(guest.clone());
    }
    // A start function calls before the instance is there.
    let memory = caller.get_export(crate::contract::MEMORY)?.into_memory()?;
    let alloc = caller.get_export(crate::contract::ALLOC)?.into_func()?;
    let alloc = alloc.typed(&*caller).ok()?;
    Some(Guest { memory, alloc })
}

/// Tells the guest of an error, if the function has a way to.
fn refuse(function: &HostFunction, error: plugin_sdk::Error) -> Result<Answer, HostTrap> {
    (function.refuse)(error).map_err(|error| HostTrap::Untold {
        function: full_name(function).to_string(),
        error,
    })
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
    Err(HostTrap::Argument {
        function: full_name(function).to_string(),
        reason: fault.to_string(),
    })
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
        None => Err(HostTrap::Argument {
            function: full_name(function).to_string(),
            reason: Fault::OutOfBounds {
                address,
                bytes: bytes.len() as u64,
                memory: size as u64,
            }
            .to_string(),
        }),
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
        return Err(HostTrap::Untold {
            function: full_name(function).to_string(),
            error,
        }
        .into());
    }
    let answer = refuse(function, error)?;
    finish(caller, guest, function, answer, false)
}
