//! Answers host calls from a recorded transcript.

use plugin_sdk::imports::{self, HostFunction};
use plugin_sdk::{Error, code};

use super::recording::{in_place, place_of_result, size};
use crate::engine::{HostTrap, Reason};
use crate::memory::range_mut;
use crate::observe::transcript::{Answer, Data, HostCall};

/// Returns the recorded answer to a call that asks for the same, and changes the arguments that the
/// host has changed.
pub(super) fn answer(
    function: &HostFunction,
    slots: &[u64],
    memory: &mut [u8],
    recorded: &HostCall,
) -> Result<imports::Answer, HostTrap> {
    for ((at, parameter), changed) in in_place(function).zip(&recorded.changed) {
        let slots = slots.get(at..).unwrap_or_default();
        let len = size(parameter, slots).unwrap_or_default();
        let (Some(bytes), Some(address)) = (changed.bytes(), slots.first()) else {
            return Err(unusable(function, "the bytes that it changed are missing"));
        };
        let place = match bytes.len() as u64 == len {
            true => range_mut(memory, *address as u32, bytes.len()),
            false => None,
        };
        match place {
            Some(place) => place.copy_from_slice(bytes),
            None if len == 0 && bytes.is_empty() => {}
            None => return Err(unusable(function, "the bytes that it changed do not fit")),
        }
    }
    let bytes = |data: &Data| match data.bytes() {
        Some(bytes) => Ok(bytes.to_vec()),
        None => Err(unusable(function, "the bytes of its answer are missing")),
    };
    let (address, size) = place_of_result(function, slots);
    Ok(match &recorded.answer {
        Some(Answer::Number(number)) => imports::Answer::Slot(*number),
        Some(Answer::Bytes(data)) => imports::Answer::Packed {
            bytes: bytes(data)?,
        },
        Some(Answer::Error(data)) => imports::Answer::PackedError {
            bytes: bytes(data)?,
        },
        Some(Answer::Terminated(data)) => imports::Answer::Terminated {
            bytes: bytes(data)?,
        },
        Some(Answer::Block(data)) => imports::Answer::Block {
            bytes: bytes(data)?,
        },
        Some(Answer::Written { data, number }) => imports::Answer::Written {
            bytes: bytes(data)?,
            address,
            slot: *number,
        },
        Some(Answer::InOut { data, short }) => imports::Answer::InOut {
            bytes: bytes(data)?,
            address,
            size,
            short: *short,
        },
        Some(Answer::BadArgument(reason)) => {
            return Err(HostTrap::new(function, Reason::Argument(reason.clone())));
        }
        Some(Answer::Failed(data)) => {
            let error = Error::from_json(&bytes(data)?);
            let error = error.ok_or_else(|| unusable(function, "its error is malformed"))?;
            return Err(HostTrap::new(function, Reason::Failed(error)));
        }
        Some(Answer::Timeout) | None => return Err(HostTrap::new(function, Reason::Timeout)),
    })
}

/// Returns the end of a call that asks for something else than in the record.
pub(super) fn departed(function: &HostFunction) -> HostTrap {
    unusable(function, "the plugin made another call than in the record")
}

fn unusable(function: &HostFunction, what: &'static str) -> HostTrap {
    let error = Error::new(code::UNAVAILABLE, what);
    HostTrap::new(function, Reason::Failed(error.context("replay")))
}
