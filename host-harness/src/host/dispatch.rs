//! The way of every host call: may it be called, the implementation, the answer.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use plugin_sdk::abi::{self, Packed};
use plugin_sdk::code;
use plugin_sdk::host::{Answer, Fault, HostFunction, Serve};
use wasmtime::Caller;

use super::{Bound, Guest, Host, full_name};
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
    let guest = guest(caller)?;
    let (memory, state) = guest.memory.data_and_store_mut(&mut *caller);
    let host = &mut state.host;
    let bound = host.called(number, slots, memory)?;
    let function = bound.function;
    let served = if bound.granted {
        let strike = host.faults.strike(function.name);
        let left = host.time_left();
        match strike {
            None => host.serve(bound, memory, slots, left),
            Some(strike) => struck(function, strike, left, || {
                host.serve(bound, memory, slots, left)
            }),
        }
    } else {
        refuse(function, denied(function.permission.unwrap_or_default()))
    };
    let mut answer = host.answered(function, served)?;
    let mut first = true;
    loop {
        let address = match wanted(&answer) {
            Some(len) => guest.alloc.call(&mut *caller, len)?,
            None => 0,
        };
        answer = match deliver(caller, &guest, function, answer, address)? {
            Delivered::Slot(slot) => return Ok(slot),
            Delivered::NoRoom { bytes } => no_room(function, bytes, first)?,
        };
        first = false;
    }
}

impl Host {
    /// A call begins.
    pub(super) fn called(
        &mut self,
        number: usize,
        slots: &[u64],
        memory: &[u8],
    ) -> wasmtime::Result<Bound> {
        self.history
            .call(number, slots, memory, &self.bound, &self.clock);
        match self.bound.get(number) {
            Some(bound) => Ok(*bound),
            None => Err(wasmtime::format_err!(
                "an import that the module does not have"
            )),
        }
    }

    /// Calls an implementation that answers at once.
    pub(super) fn serve(
        &mut self,
        bound: Bound,
        memory: &mut [u8],
        slots: &[u64],
        left: Option<Duration>,
    ) -> Result<Answer, HostTrap> {
        let implementation = self.implementations.get_mut(bound.implementation);
        let serve = || match (implementation, bound.function.serve) {
            (Some(implementation), Serve::Now(serve)) => {
                serve(implementation.erased(), memory, slots)
            }
            _ => Err(Fault::Implementation),
        };
        // Whatever state a panic leaves its implementation in is the implementation's own affair, as it is with a mutex.
        let served = catch_unwind(AssertUnwindSafe(|| with_time_left(left, serve)));
        settle(bound.function, served)
    }

    /// What a call has come to, once it is known whether there was time for it.
    pub(super) fn answered(
        &mut self,
        function: &HostFunction,
        served: Result<Answer, HostTrap>,
    ) -> Result<Answer, HostTrap> {
        let answered = match served {
            Ok(_) if self.is_late() => Err(too_late(function)),
            served => served,
        };
        self.history.answered(&answered, &self.clock);
        answered
    }
}

/// What an implementation has come to, of which the guest is told if it can be.
pub(super) fn settle(
    function: &HostFunction,
    served: std::thread::Result<Result<Answer, Fault>>,
) -> Result<Answer, HostTrap> {
    match served {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(fault)) => refuse_fault(function, fault),
        Err(payload) => refuse(function, panicked(function, &*payload)),
    }
}

#[cold]
pub(super) fn too_late(function: &HostFunction) -> HostTrap {
    HostTrap::Timeout {
        function: full_name(function).to_string(),
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
    if let Some(error) = error_instead(function, &strike) {
        return Ok(error);
    }
    if let Strike::Delay(delay) = strike {
        std::thread::sleep(left.map_or(delay, |left| delay.min(left)));
    }
    serve().map(|answer| bent(&strike, answer))
}

/// The error of a fault, if that is what it is and the function can return it.
pub(super) fn error_instead(function: &HostFunction, strike: &Strike) -> Option<Answer> {
    match strike {
        Strike::Error(error) => (function.refuse)(error.clone()).ok(),
        _ => None,
    }
}

/// An answer with the bytes of a fault, if that is what it is.
pub(super) fn bent(strike: &Strike, mut answer: Answer) -> Answer {
    let Some(instead) = strike.bytes() else {
        return answer;
    };
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
    answer
}

/// The calling instance's memory and allocator.
pub(super) fn guest(caller: &mut Caller<'_, State>) -> wasmtime::Result<Guest> {
    if let Some(guest) = &caller.data().host.guest {
        return Ok(guest.clone());
    }
    guest_to_be(caller).ok_or_else(|| {
        wasmtime::format_err!("a host function was called before there was an instance")
    })
}

#[cold]
fn guest_to_be(caller: &mut Caller<'_, State>) -> Option<Guest> {
    // A start function calls before the instance is there.
    let memory = caller.get_export(crate::contract::MEMORY)?.into_memory()?;
    let alloc = caller.get_export(crate::contract::ALLOC)?.into_func()?;
    let alloc = alloc.typed(&*caller).ok()?;
    Some(Guest { memory, alloc })
}

/// Tells the guest of an error, if the function has a way to.
pub(super) fn refuse(function: &HostFunction, error: plugin_sdk::Error) -> Result<Answer, HostTrap> {
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

/// How many bytes of the guest's an answer needs, if it needs any.
pub(super) fn wanted(answer: &Answer) -> Option<u32> {
    match answer {
        Answer::Slot(_) | Answer::Written { .. } => None,
        Answer::Packed { bytes, .. } | Answer::Terminated { bytes } => u32::try_from(bytes.len())
            .ok()
            .filter(|len| *len <= abi::MAX_LEN),
    }
}

/// What came of bringing an answer into the guest.
pub(super) enum Delivered {
    /// The function's result.
    Slot(u64),
    /// The guest has no memory for so many bytes.
    NoRoom { bytes: usize },
}

/// Brings an answer into the guest, to an address from its `alloc` if it [wanted](wanted) one; 0 is none. The memory is as it is now: `alloc` may have
/// grown it.
pub(super) fn deliver(
    caller: &mut Caller<'_, State>,
    guest: &Guest,
    function: &'static HostFunction,
    answer: Answer,
    allocated: u32,
) -> wasmtime::Result<Delivered> {
    let slot = match answer {
        Answer::Slot(slot) => slot,
        Answer::Written {
            bytes,
            address,
            slot,
        } => {
            write(caller, guest, function, address, &bytes)?;
            slot
        }
        Answer::Packed { bytes, .. } | Answer::Terminated { bytes } if allocated == 0 => {
            return Ok(Delivered::NoRoom { bytes: bytes.len() });
        }
        Answer::Packed { bytes, failed } => {
            write(caller, guest, function, allocated, &bytes)?;
            Packed {
                address: allocated,
                // No more than what `alloc` was asked for.
                len: bytes.len() as u32,
                failed,
            }
            .to_bits()
        }
        Answer::Terminated { bytes } => {
            write(caller, guest, function, allocated, &bytes)?;
            u64::from(allocated)
        }
    };
    Ok(Delivered::Slot(slot))
}

pub(super) fn write(
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
pub(super) fn no_room(
    function: &HostFunction,
    bytes: usize,
    first: bool,
) -> Result<Answer, HostTrap> {
    let error = plugin_sdk::Error::new(
        code::TOO_LARGE,
        format!("the plugin has no room for the {bytes} bytes that the host answered with"),
    );
    if first {
        return refuse(function, error);
    }
    Err(HostTrap::Untold {
        function: full_name(function).to_string(),
        error,
    })
}
