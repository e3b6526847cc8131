//! A history of the last host calls during a call of the guest. It is cheap enough to be always on:
//! a few slots, and the first bytes of what they point to.

use plugin_sdk::imports::{Answer, HostFunction, Kind, Parameter, WasmType};

use super::bound::{BYTES, Bound, Regions, places};
use super::delivery::bytes_of;
use crate::engine::{Clock, duration, full_name};
use crate::failure::HostCall;
use crate::text;

/// The number of calls kept.
const KEPT: usize = 8;

/// The number of slots kept per call.
const SLOTS: usize = 8;

/// The number of bytes kept of each.
const HEAD: usize = 48;

/// A ring of calls, allocated only for a module with imports.
#[derive(Default)]
pub(super) struct History {
    calls: Box<[Call]>,
    /// The number of host calls since the guest's call started.
    count: usize,
}

#[derive(Clone, Copy)]
struct Call {
    import: usize,
    slots: [u64; SLOTS],
    bytes: [Head; BYTES],
    outcome: Outcome,
    /// The start of the result, if it has bytes.
    answer: Head,
    begun: u64,
    ended: u64,
}

/// The first bytes of some data. Bytes beyond its length have no meaning.
#[derive(Clone, Copy)]
struct Head {
    bytes: [u8; HEAD],
    /// The length of all the data.
    len: u64,
}

const NOTHING: Head = Head {
    bytes: [0; HEAD],
    len: 0,
};

const NO_CALL: Call = Call {
    import: 0,
    slots: [0; SLOTS],
    bytes: [NOTHING; BYTES],
    outcome: Outcome::None,
    answer: NOTHING,
    begun: 0,
    ended: 0,
};

#[derive(Clone, Copy)]
enum Outcome {
    /// The call has not returned, or has ended the guest's call.
    None,
    Slot(u64),
    Bytes,
    Error,
}

impl Head {
    /// Keeps the start of data that has `len` bytes, and may be followed by others in `bytes`.
    #[inline]
    fn keep(&mut self, bytes: &[u8], len: u64) {
        self.len = len;
        match bytes.first_chunk() {
            Some(whole) => self.bytes = *whole,
            None => copy_start(bytes, &mut self.bytes),
        }
    }

    fn shown(&self, as_text: bool) -> String {
        let kept = usize::try_from(self.len).unwrap_or(HEAD).min(HEAD);
        let (bytes, _) = self.bytes.split_at(kept);
        let cut = self.len > HEAD as u64;
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            // The end may be in the middle of a character.
            Err(error) if cut && error.error_len().is_none() => {
                bytes.utf8_chunks().next().map(|chunk| chunk.valid())
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

/// Copies as many items as there are, or have room. Not inlined where most copies have a fixed
/// length, which the compiler would otherwise make of any length, and slower.
#[inline(never)]
fn copy_start<T: Copy>(from: &[T], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

impl History {
    /// Allocates the history of a guest that has imports.
    pub(super) fn of(bound: &[Bound]) -> Self {
        let kept = if bound.is_empty() { 0 } else { KEPT };
        History {
            calls: vec![NO_CALL; kept].into(),
            count: 0,
        }
    }

    /// Forgets the previous call's host calls, at the start of a call.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.count = 0;
    }

    /// Records the start of a host call.
    #[inline]
    pub(super) fn call(
        &mut self,
        import: usize,
        slots: &[u64],
        memory: &[u8],
        regions: &Regions,
        clock: &Clock,
    ) {
        let Some(call) = self.calls.get_mut(self.count % KEPT) else {
            return;
        };
        self.count += 1;
        call.import = import;
        call.outcome = Outcome::None;
        call.begun = clock.now();
        if let ([first, second], [kept_first, kept_second, ..]) = (slots, &mut call.slots) {
            (*kept_first, *kept_second) = (*first, *second);
        } else {
            copy_start(slots, &mut call.slots);
        }
        for (head, region) in call.bytes.iter_mut().zip(&regions.0) {
            let Some((address, len)) = region.and_then(|region| region.extent(slots)) else {
                break;
            };
            // The failure of the call reports a range outside memory.
            head.keep(memory.get(address as usize..).unwrap_or_default(), len);
        }
    }

    /// Records the result of the latest call; `None` if it ended the guest's call.
    #[inline]
    pub(super) fn answered(&mut self, answer: Option<&Answer>, clock: &Clock) {
        let Some(call) = self.calls.get_mut(self.count.wrapping_sub(1) % KEPT) else {
            return;
        };
        call.ended = clock.now();
        call.outcome = match answer {
            Some(Answer::Slot(slot)) => Outcome::Slot(*slot),
            Some(Answer::PackedError { .. }) => Outcome::Error,
            Some(_) => Outcome::Bytes,
            None => Outcome::None,
        };
        let bytes = answer.map_or(&[][..], bytes_of);
        call.answer.keep(bytes, bytes.len() as u64);
    }

    /// Returns the number of host calls, including those that are no longer kept.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Formats the calls, oldest first.
    pub(super) fn render(&self, bound: &[Bound]) -> Vec<HostCall> {
        let first = self.count.saturating_sub(KEPT);
        (first..self.count)
            .filter_map(|nth| self.rendered(nth, bound))
            .collect()
    }

    /// Formats the latest call.
    pub(super) fn latest(&self, bound: &[Bound]) -> Option<HostCall> {
        self.rendered(self.count.checked_sub(1)?, bound)
    }

    fn rendered(&self, nth: usize, bound: &[Bound]) -> Option<HostCall> {
        let call = self.calls.get(nth % KEPT)?;
        call.render(bound.get(call.import)?)
    }
}

impl Call {
    fn render(&self, bound: &Bound) -> Option<HostCall> {
        let mut arguments = Vec::new();
        for (at, parameter) in places(bound.function) {
            let value = match bound.regions.nth(at) {
                Some(nth) => {
                    let head = self.bytes.get(nth);
                    head.map(|head| head.shown(is_text(parameter.kind)))
                }
                None => self.slots.get(at).map(|slot| number(parameter, *slot)),
            };
            arguments.push(format!(
                "{}: {}",
                parameter.name,
                value.as_deref().unwrap_or("…")
            ));
        }
        let ticks = self.ended.saturating_sub(self.begun);
        Some(HostCall {
            function: full_name(bound.function),
            arguments,
            outcome: match self.outcome {
                Outcome::None => None,
                Outcome::Slot(slot) => Some(Ok(result(bound.function, slot))),
                Outcome::Bytes => Some(Ok(self.answer.shown(true))),
                Outcome::Error => Some(Err(self.answer.shown(true))),
            },
            duration: (ticks > 0).then(|| duration(ticks)),
        })
    }
}

/// Formats a numeric result; a packed 0 is nothing.
fn result(function: &HostFunction, slot: u64) -> String {
    match function.result {
        None => String::new(),
        Some(WasmType::I64) if slot == 0 => "nothing".to_owned(),
        Some(WasmType::I64) => slot.to_string(),
        Some(WasmType::I32) => (slot as i32).to_string(),
        Some(WasmType::F32) => f32::from_bits(slot as u32).to_string(),
        Some(WasmType::F64) => f64::from_bits(slot).to_string(),
    }
}

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Json | Kind::Numbers { size: 1 })
}

fn number(parameter: &Parameter, slot: u64) -> String {
    match parameter.kind {
        Kind::Bool => (slot != 0).to_string(),
        Kind::Char => {
            char::from_u32(slot as u32).map_or_else(|| slot.to_string(), |c| format!("{c:?}"))
        }
        Kind::Signed if parameter.types.contains(&Some(WasmType::I64)) => (slot as i64).to_string(),
        Kind::Signed => (slot as i32).to_string(),
        Kind::Float if parameter.types.contains(&Some(WasmType::F32)) => {
            f32::from_bits(slot as u32).to_string()
        }
        Kind::Float => f64::from_bits(slot).to_string(),
        Kind::Unsigned => slot.to_string(),
        _ => format!("at {slot:#x}"),
    }
}
