//! The last host calls of a guest's call, kept so cheaply that they can always be kept: some numbers, and the beginning of what they point to.

use plugin_sdk::abi::Packed;
use plugin_sdk::host::{Answer, Kind, Parameter};

use super::dispatch::HostTrap;
use super::{Bound, full_name};
use crate::engine::{Clock, TICK};
use crate::record::HostCall;
use crate::text;

/// How many calls are kept.
const KEPT: usize = 8;

/// How many numbers of a call are kept.
const SLOTS: usize = 8;

/// How many arguments that are bytes have their beginning kept.
const BYTES: usize = 2;

/// How much of them.
const HEAD: usize = 48;

#[derive(Default)]
pub(super) struct History {
    calls: Vec<Call>,
    /// Where the next call goes, once the list is full.
    next: usize,
}

#[derive(Clone, Copy)]
struct Call {
    import: usize,
    slots: [u64; SLOTS],
    bytes: [Head; BYTES],
    outcome: Outcome,
    begun: u64,
    ended: u64,
}

/// The beginning of some bytes.
#[derive(Clone, Copy)]
struct Head {
    bytes: [u8; HEAD],
    /// How many there are of them all.
    len: u64,
}

const NOTHING: Head = Head {
    bytes: [0; HEAD],
    len: 0,
};

#[derive(Clone, Copy)]
enum Outcome {
    /// It has not returned, or has ended the guest's call.
    None,
    Slot(u64),
    Bytes(Head),
    Error(Head),
}

impl Head {
    fn of(bytes: &[u8]) -> Self {
        let mut head = Head {
            bytes: [0; HEAD],
            len: bytes.len() as u64,
        };
        for (kept, byte) in head.bytes.iter_mut().zip(bytes) {
            *kept = *byte;
        }
        head
    }

    fn shown(&self, as_text: bool) -> String {
        let kept = usize::try_from(self.len).unwrap_or(HEAD).min(HEAD);
        let bytes = self.bytes.get(..kept).unwrap_or_default();
        let cut = self.len > HEAD as u64;
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            // The end may be in the middle of a character.
            Err(error) if cut && error.error_len().is_none() => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                std::str::from_utf8(valid).ok()
            }
            Err(_) => None,
        };
        let dots = if cut { "…" } else { "" };
        match valid {
            Some(valid) if as_text => format!("{:?}{dots}", text::one_line(valid, HEAD)),
            _ => format!("{} bytes", self.len),
        }
    }
}

impl History {
    /// Another call of the guest's: what it called before is of no interest.
    pub(super) fn begin(&mut self) {
        self.calls.clear();
        self.next = 0;
    }

    /// A call begins.
    #[inline]
    pub(super) fn call(
        &mut self,
        import: usize,
        slots: &[u64],
        memory: &[u8],
        bound: &[Bound],
        clock: &Clock,
    ) {
        let mut call = Call {
            import,
            slots: [0; SLOTS],
            bytes: [NOTHING; BYTES],
            outcome: Outcome::None,
            begun: clock.now(),
            ended: 0,
        };
        for (kept, slot) in call.slots.iter_mut().zip(slots) {
            *kept = *slot;
        }
        let parameters = bound
            .get(import)
            .map_or(&[][..], |bound| bound.function.parameters);
        let mut at = 0;
        let mut kept = call.bytes.iter_mut();
        for parameter in parameters {
            if let Some((address, len)) = region(parameter, at, slots)
                && let Some(head) = kept.next()
            {
                let start = address as usize;
                let end = start.saturating_add(len.min(HEAD as u64) as usize);
                if let Some(bytes) = memory.get(start..end) {
                    *head = Head::of(bytes);
                }
                head.len = len;
            }
            at += parameter.types.iter().flatten().count();
        }
        if self.calls.len() < KEPT {
            self.calls.push(call);
            self.next = self.calls.len() % KEPT;
        } else {
            if let Some(oldest) = self.calls.get_mut(self.next) {
                *oldest = call;
            }
            self.next = (self.next + 1) % KEPT;
        }
    }

    /// The latest call has been answered.
    #[inline]
    pub(super) fn answered(&mut self, answer: &Result<Answer, HostTrap>, clock: &Clock) {
        let latest = (self.next + KEPT - 1) % KEPT;
        let Some(call) = self.calls.get_mut(latest) else {
            return;
        };
        call.ended = clock.now();
        call.outcome = match answer {
            Ok(Answer::Slot(slot)) => Outcome::Slot(*slot),
            Ok(Answer::Packed {
                bytes,
                failed: true,
            }) => Outcome::Error(Head::of(bytes)),
            Ok(
                Answer::Packed { bytes, .. }
                | Answer::Terminated { bytes }
                | Answer::Written { bytes, .. },
            ) => Outcome::Bytes(Head::of(bytes)),
            Err(_) => Outcome::None,
        };
    }

    /// The calls, oldest first, as they are shown.
    pub(super) fn render(&self, bound: &[Bound]) -> Vec<HostCall> {
        let (late, early) = self.calls.split_at(self.next.min(self.calls.len()));
        let calls = early.iter().chain(late);
        calls
            .filter_map(|call| call.render(bound.get(call.import)?))
            .collect()
    }
}

impl Call {
    fn render(&self, bound: &Bound) -> Option<HostCall> {
        let mut at = 0;
        let mut heads = self.bytes.iter();
        let mut arguments = Vec::new();
        for parameter in bound.function.parameters {
            let value = match region(parameter, at, &self.slots) {
                Some(_) => heads.next().map(|head| head.shown(is_text(parameter.kind))),
                None => self.slots.get(at).map(|slot| number(parameter.kind, *slot)),
            };
            arguments.push(format!(
                "{}: {}",
                parameter.name,
                value.as_deref().unwrap_or("…")
            ));
            at += parameter.types.iter().flatten().count();
        }
        let ticks = self.ended.saturating_sub(self.begun);
        Some(HostCall {
            function: full_name(bound.function).to_string(),
            arguments,
            outcome: match self.outcome {
                Outcome::None => None,
                Outcome::Slot(slot) if bound.function.result.is_none() => {
                    let _ = slot;
                    Some(Ok(String::new()))
                }
                Outcome::Slot(slot)
                    if bound.function.result == Some(plugin_sdk::host::WasmType::I64) =>
                {
                    Some(Ok(match Packed::from_bits(slot) {
                        Packed {
                            address: 0, len: 0, ..
                        } => "nothing".to_owned(),
                        _ => slot.to_string(),
                    }))
                }
                Outcome::Slot(slot) => Some(Ok((slot as i32).to_string())),
                Outcome::Bytes(head) => Some(Ok(head.shown(true))),
                Outcome::Error(head) => Some(Err(head.shown(true))),
            },
            duration: (ticks > 0)
                .then(|| TICK.saturating_mul(ticks.min(u64::from(u32::MAX)) as u32)),
        })
    }
}

fn is_text(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Text | Kind::CText | Kind::Json | Kind::Numbers { size: 1 }
    )
}

/// Where an argument's bytes are, if it is bytes.
fn region(parameter: &Parameter, at: usize, slots: &[u64]) -> Option<(u64, u64)> {
    let address = *slots.get(at)?;
    let second = || slots.get(at + 1).copied();
    Some(match parameter.kind {
        Kind::Text | Kind::Json => (address, second()?),
        Kind::Numbers { size } => (address, second()?.saturating_mul(u64::from(size))),
        Kind::Fixed { bytes } => (address, u64::from(bytes)),
        _ => return None,
    })
}

fn number(kind: Kind, slot: u64) -> String {
    match kind {
        Kind::Bool => (slot != 0).to_string(),
        Kind::Char => {
            char::from_u32(slot as u32).map_or_else(|| slot.to_string(), |c| format!("{c:?}"))
        }
        Kind::Signed => (slot as i32).to_string(),
        Kind::Float => f64::from_bits(slot).to_string(),
        Kind::CText => format!("text at {slot:#x}"),
        _ => slot.to_string(),
    }
}
