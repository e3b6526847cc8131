//! Classification of traps.

use plugin_sdk::abi;

use super::blueprint::Blueprint;
use crate::engine::{Cause, Ended, Trap};
use crate::failure::{Backtrace, FailureKind, Panic, Region, Stack, WayOut};
use crate::limits::Denied;
use crate::memory::range;
use crate::text;

/// The reach of a stack that grows down past address 0 before a trap: the size of one frame, in
/// bytes.
const SHADOW_STACK_REACH: u64 = 16 << 20;

/// The evidence for the cause of a trap, in addition to the engine's.
#[derive(Default)]
pub(crate) struct Evidence {
    /// The content of the panic record.
    pub(crate) panic: Option<Panic>,
    /// The argument of the plugin's own panic hook.
    pub(crate) hooked: Option<Panic>,
    /// `true` if another thread has ended the call.
    pub(crate) interrupted: bool,
}

/// Returns the kind of failure of an error of a call or of an instantiation, and the guest's stack.
pub(crate) fn classify(
    error: Ended,
    blueprint: &Blueprint,
    evidence: Evidence,
) -> (FailureKind, Backtrace) {
    let backtrace = Backtrace::new(error.frames, blueprint.compiled.symbols().cloned());
    let limits = &blueprint.limits;
    let (cause, denied) = (error.cause, error.denied);
    let Evidence {
        panic,
        hooked,
        interrupted,
    } = evidence;
    let kind = match &cause {
        Cause::Host(trap) => trap.kind(limits.timeout),
        Cause::PoolExhausted if let Some(limit) = blueprint.pool => {
            FailureKind::PoolExhausted { limit }
        }
        Cause::PoolExhausted => other(&cause),
        // Not an error of guest code but of the creation of its memory or tables.
        Cause::Other(_) => refused(denied).unwrap_or_else(|| other(&cause)),
        Cause::Trap { trap, address, .. } => match trap {
            Trap::Interrupted if interrupted => FailureKind::Cancelled,
            Trap::Interrupted if let Some(limit) = limits.timeout => FailureKind::Timeout {
                limit,
                during: None,
            },
            Trap::OutOfFuel if let Some(limit) = limits.fuel => FailureKind::OutOfFuel { limit },
            Trap::StackOverflow => FailureKind::StackOverflow(Stack::Wasm {
                limit: limits.stack_bytes as u64,
            }),
            Trap::MemoryOutOfBounds
                if let Some(address) = below_zero(error.stack_pointer, *address) =>
            {
                FailureKind::StackOverflow(Stack::Shadow { address })
            }
            _ => match panic {
                Some(panic) => FailureKind::Panic(panic),
                None if *trap == Trap::Unreachable => match hooked {
                    Some(panic) => FailureKind::Panic(panic),
                    None => {
                        let way_out = error.way_out.unwrap_or_else(|| backtrace.way_out());
                        gave_up(way_out, denied, &cause)
                    }
                },
                None => other(&cause),
            },
        },
    };
    (kind, backtrace)
}

/// Returns the kind of failure of a guest that gave up without a recorded panic, as far as the
/// names of functions show it, which a stripped module lacks.
fn gave_up(way_out: WayOut, denied: Option<Denied>, cause: &Cause) -> FailureKind {
    let unnoted = |message: &str| {
        FailureKind::Panic(Panic {
            message: message.to_owned(),
            file: String::new(),
            line: 0,
            column: 0,
        })
    };
    match way_out {
        WayOut::Panic => unnoted("(no message: the plugin's panic hook did not note it)"),
        // The runtime of Rust writes the message before it calls the hook, and gives up if that
        // panics.
        WayOut::PanicInPanic => {
            unnoted("(no message: the plugin panicked again while it was written)")
        }
        // The guest was refused memory and continued.
        WayOut::Other => other(cause),
        // A guest that was refused memory and gave up.
        WayOut::Allocation | WayOut::Unknown if let Some(refused) = refused(denied) => refused,
        WayOut::Allocation => FailureKind::Trap {
            message: "an allocation failed, though no limit had stopped it".to_owned(),
        },
        WayOut::Unknown => other(cause),
    }
}

/// Returns the failure of a refused growth.
pub(crate) fn refused(denied: Option<Denied>) -> Option<FailureKind> {
    Some(match denied? {
        Denied::Memory { requested, limit } => FailureKind::OutOfMemory { requested, limit },
        Denied::Tables { requested, limit } => FailureKind::TableTooLarge { requested, limit },
    })
}

fn other(cause: &Cause) -> FailureKind {
    FailureKind::Trap {
        message: text::from_str(&cause.to_string()),
    }
}

/// Returns the address below 0 that a stack has reached, if it has: by its pointer, or by the
/// address of a fault.
///
/// An instruction for whole ranges of memory has no such address, and a function that calls no
/// other does not move the pointer.
fn below_zero(stack_pointer: Option<u32>, fault: Option<u64>) -> Option<u64> {
    const END: u64 = 1 << 32;
    // Also above the end: an access adds its offset to the wrapped pointer without wrapping again.
    let reach = END - SHADOW_STACK_REACH..END + SHADOW_STACK_REACH;
    let pointer = stack_pointer.map(u64::from);
    [pointer, fault]
        .into_iter()
        .flatten()
        .find(|address| reach.contains(address))
}

/// The place where a guest records its panics.
pub(crate) struct PanicRecord {
    address: u32,
}

impl PanicRecord {
    /// Checks the record's address against the memory of a new instance; memory only grows later.
    pub(crate) fn at(address: u32, memory: &[u8]) -> Result<Self, FailureKind> {
        let len = abi::PANIC_RECORD_SIZE;
        if range(memory, address, len).is_none() {
            let memory = memory.len() as u64;
            return Err(FailureKind::OutOfBounds {
                region: Region::PanicRecord,
                address,
                len,
                memory,
            });
        }
        Ok(PanicRecord { address })
    }

    /// Returns the recorded panic, unless the record is all zero.
    pub(crate) fn read(&self, memory: &[u8]) -> Option<Panic> {
        let record = range(memory, self.address, abi::PANIC_RECORD_SIZE)?;
        if record.iter().all(|byte| *byte == 0) {
            return None;
        }
        let (numbers, _) = record.as_chunks();
        let [message, message_len, file, file_len, line, column] =
            *<&[[u8; 4]; 6]>::try_from(numbers).ok()?;
        let [message, message_len] = [message, message_len].map(u32::from_le_bytes);
        let [file, file_len] = [file, file_len].map(u32::from_le_bytes);
        Some(Panic {
            message: text_at(memory, "message", message, message_len),
            file: text_at(memory, "file name", file, file_len),
            line: u32::from_le_bytes(line),
            column: u32::from_le_bytes(column),
        })
    }
}

/// Finds the argument of a panic hook, for a plugin with its own hook and an empty record: the
/// standard library's `PanicHookInfo` is on the stack until the guest gives up. It has a reference
/// to a payload next to a reference to a place, and everything they refer to must be plausible.
pub(crate) fn panic_on_stack(memory: &[u8], stack_pointer: u32) -> Option<Panic> {
    /// The frames below the hook's caller are few and small, in bytes.
    const SEARCHED: u32 = 16 << 10;
    let word = |address: u32| {
        let bytes = range(memory, address, 4)?;
        bytes.try_into().ok().map(u32::from_le_bytes)
    };
    let words = |address: u32, nth: u32| word(address.checked_add(4 * nth)?);
    let text = |address: u32, len: u32| {
        let bytes = range(memory, address, len)?;
        let start = bytes.get(..bytes.len().min(abi::MAX_PANIC_MESSAGE))?;
        let whole = start.utf8_chunks().next()?;
        (whole.valid().len() + 4 > start.len()).then(|| whole.valid().to_owned())
    };
    let place = |address: u32| {
        let file = text(words(address, 0)?, words(address, 1)?)?;
        let (line, column) = (words(address, 2)?, words(address, 3)?);
        let is_one =
            file.ends_with(".rs") && (1..1 << 24).contains(&line) && (1..1 << 16).contains(&column);
        is_one.then_some((file, line, column))
    };
    let message = |payload: u32, vtable: u32| match (words(vtable, 1)?, words(vtable, 2)?) {
        // A `&str`, and a `String`, whose capacity comes first.
        (8, 4) => text(words(payload, 0)?, words(payload, 1)?),
        (12, 4) => text(words(payload, 1)?, words(payload, 2)?),
        _ => None,
    };
    let start = stack_pointer.checked_next_multiple_of(4)?;
    (start..start.checked_add(SEARCHED)?)
        .step_by(4)
        .find_map(|at| {
            let message = message(words(at, 0)?, words(at, 1)?)?;
            let before = at.checked_sub(4).and_then(word);
            let (file, line, column) = [words(at, 2), before]
                .into_iter()
                .flatten()
                .find_map(place)?;
            Some(Panic {
                message: text::from_str(&message),
                file: text::from_str(&file),
                line,
                column,
            })
        })
}

/// Returns text that the record points to, or the reason for its absence in parentheses.
fn text_at(memory: &[u8], what: &str, address: u32, len: u32) -> String {
    match range(memory, address, len) {
        Some(bytes) => text::from_bytes(bytes),
        None => format!("(the {what} is out of bounds: {len} bytes at address {address:#x})"),
    }
}
