//! The form in which a transcript has host calls: values instead of addresses.

use plugin_sdk::Error;
use plugin_sdk::imports::{self, Form, HostFunction, Kind, Parameter, WasmType};

use super::bound::places;
use crate::engine::{HostTrap, Reason, full_name};
use crate::memory::range;
use crate::observe::transcript::{Answer, Argument, Data, HostCall, Recorder, Value};

/// The name of the argument with the size of the guest's buffer for a result.
const ROOM: &str = "room";

/// Returns a call as the guest makes it.
#[cold]
pub(super) fn host_call(function: &HostFunction, slots: &[u64], memory: &[u8]) -> HostCall {
    let mut arguments = Vec::with_capacity(function.parameters.len());
    for (at, parameter) in places(function) {
        let slots = slots.get(at..).unwrap_or_default();
        arguments.push(Argument::new(
            parameter.name,
            value(parameter, slots, memory),
        ));
    }
    if function.form == Form::Buffer {
        let (_, room) = place_of_result(function, slots);
        arguments.push(Argument::new(ROOM, Value::Unsigned(room.into())));
    }
    HostCall::new(&*full_name(function), arguments)
}

/// Returns the answer to a call, and the arguments that the host may have changed.
#[cold]
pub(super) fn host_answer(
    function: &HostFunction,
    slots: &[u64],
    memory: &[u8],
    answered: &Result<imports::Answer, HostTrap>,
) -> (Answer, Vec<Data>) {
    let answer = match answered {
        Ok(answer) => of_answer(answer),
        Err(trap) => match &trap.ending().reason {
            Reason::Argument(reason) => Answer::BadArgument(reason.clone()),
            Reason::Failed(error) => Answer::Failed(data(&error.to_json())),
            Reason::Timeout => Answer::Timeout,
            Reason::TooMany { .. } => {
                let kind = "too_many_host_calls";
                Answer::Failed(data(&Error::new(kind, trap.to_string()).to_json()))
            }
            // Nothing observes the preparation of a snapshot.
            Reason::Ahead => Answer::Failed(Data::default()),
        },
    };
    let changed = in_place(function).map(|(at, parameter)| {
        let bytes = bytes(parameter, slots.get(at..).unwrap_or_default(), memory);
        data(bytes.unwrap_or_default())
    });
    (answer, changed.collect())
}

fn of_answer(answer: &imports::Answer) -> Answer {
    match answer {
        imports::Answer::Slot(number) => Answer::Number(*number),
        imports::Answer::Packed { bytes } => Answer::Bytes(data(bytes)),
        imports::Answer::PackedError { bytes } => Answer::Error(data(bytes)),
        imports::Answer::Terminated { bytes } => Answer::Terminated(data(bytes)),
        imports::Answer::Block { bytes } => Answer::Block(data(bytes)),
        imports::Answer::Written { bytes, slot, .. } => Answer::Written {
            data: data(bytes),
            number: *slot,
        },
        imports::Answer::InOut { bytes, short, .. } => Answer::InOut {
            data: data(bytes),
            short: *short,
        },
    }
}

/// Returns the arguments that the host may change, with the index of the first slot of each.
pub(super) fn in_place(
    function: &HostFunction,
) -> impl Iterator<Item = (usize, &'static Parameter)> {
    places(function).filter(|(_, parameter)| parameter.in_place)
}

/// Returns the value of an argument whose slots come first.
fn value(parameter: &Parameter, slots: &[u64], memory: &[u8]) -> Value {
    let first = slots.first().copied().unwrap_or_default();
    match parameter.kind {
        Kind::Bool => Value::Bool(first != 0),
        Kind::Char => match char::from_u32(first as u32) {
            Some(value) => Value::Char(value),
            None => Value::Invalid,
        },
        Kind::Signed if parameter.types.contains(&Some(WasmType::I64)) => {
            Value::Signed(first as i64)
        }
        Kind::Signed => Value::Signed(i64::from(first as i32)),
        Kind::Float if parameter.types.contains(&Some(WasmType::F32)) => Value::F32(first as u32),
        Kind::Float => Value::F64(first),
        Kind::Text | Kind::Json | Kind::Numbers { .. } | Kind::Fixed { .. } | Kind::CText => {
            match bytes(parameter, slots, memory) {
                // No value is at address 0, except for one without bytes.
                _ if first == 0 && !parameter.in_place => Value::Nothing,
                Some(bytes) if parameter.only_written => Value::Room(bytes.len() as u64),
                Some(bytes) => Value::Data(data(bytes)),
                None => Value::Invalid,
            }
        }
        _ => Value::Unsigned(first),
    }
}

/// Returns the bytes of an argument in memory.
fn bytes<'m>(parameter: &Parameter, slots: &[u64], memory: &'m [u8]) -> Option<&'m [u8]> {
    let address = *slots.first()? as u32;
    if parameter.kind == Kind::CText {
        let text = memory.get(address as usize..)?;
        return text.get(..text.iter().position(|byte| *byte == 0)?);
    }
    match u32::try_from(size(parameter, slots)?).ok()? {
        // Zero bytes may have any address.
        0 => Some(&[]),
        len => range(memory, address, len),
    }
}

/// Returns the number of bytes of an argument in memory that has a length.
pub(super) fn size(parameter: &Parameter, slots: &[u64]) -> Option<u64> {
    Some(match parameter.kind {
        Kind::Text | Kind::Json => *slots.get(1)?,
        Kind::Numbers { size } => slots.get(1)?.checked_mul(u64::from(size))?,
        Kind::Fixed { bytes } => u64::from(bytes),
        _ => return None,
    })
}

/// Returns the slots after the arguments: the address of the guest's buffer for the result and the
/// second number, of the functions that have them.
pub(super) fn place_of_result(function: &HostFunction, slots: &[u64]) -> (u32, u32) {
    let arguments = function.parameters.iter();
    let at = arguments.flat_map(|it| it.types).flatten().count();
    let slot = |at: usize| slots.get(at).map_or(0, |slot| *slot as u32);
    (slot(at), slot(at + 1))
}

fn data(bytes: &[u8]) -> Data {
    Data::within(bytes, Recorder::MAX_VALUE)
}
