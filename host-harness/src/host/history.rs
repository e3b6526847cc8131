//! The last host calls of a guest's call, kept so cheaply that they can always be kept: some numbers, and the beginning of what they point to.

use plugin_sdk::imports::{Answer, HostFunction, Kind, Parameter, WasmType};

use super::dispatch::HostTrap;
use super::{Bound, full_name};
use crate::engine::{Clock, duration};
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

/// A ring of calls, made when there is something to import.
#[derive(Default)]
pub(super) struct History {
    calls: Box<[Call]>,
    /// How many there have been since the guest's call began.
    count: usize,
}

#[derive(Clone, Copy)]
struct Call {
    import: usize,
    slots: [u64; SLOTS],
    bytes: [Head; BYTES],
    outcome: Outcome,
    /// The beginning of the answer, where that is bytes.
    answer: Head,
    begun: u64,
    ended: u64,
}

/// The beginning of some bytes. Those behind it are of another call.
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

const NO_CALL: Call = Call {
    import: 0,
    slots: [0; SLOTS],
    bytes: [NOTHING; BYTES],
    outcome: Outcome::None,
    answer: NOTHING,
    begun: 0,
    ended: 0,
};

/// Which of a function's arguments are bytes, so far as they are kept.
#[derive(Clone, Copy, Default)]
pub(super) struct Regions([Option<Region>; BYTES]);

#[derive(Clone, Copy)]
struct Region {
    /// The place of its address among the numbers.
    at: usize,
    /// How many bytes there are, or how many for each that is counted.
    size: u64,
    counted: bool,
}

impl Regions {
    pub(super) fn of(function: &HostFunction) -> Self {
        let mut regions = Regions::default();
        for (kept, region) in regions.0.iter_mut().zip(of_bytes(function)) {
            *kept = Some(region);
        }
        regions
    }

    /// The argument whose address is the number at this place.
    fn nth(&self, at: usize) -> Option<usize> {
        self.0
            .iter()
            .position(|region| region.is_some_and(|region| region.at == at))
    }
}

impl Region {
    #[inline]
    fn extent(self, slots: &[u64]) -> (u64, u64) {
        let address = slots.get(self.at).copied().unwrap_or_default();
        let len = match self.counted {
            false => self.size,
            true => slots
                .get(self.at + 1)
                .map_or(0, |count| count.saturating_mul(self.size)),
        };
        (address, len)
    }
}

/// The arguments of a function that are bytes.
fn of_bytes(function: &HostFunction) -> impl Iterator<Item = Region> {
    places(function).filter_map(|(at, parameter)| {
        let (size, counted) = match parameter.kind {
            Kind::Text | Kind::Json => (1, true),
            Kind::Numbers { size } => (u64::from(size), true),
            Kind::Fixed { bytes } => (u64::from(bytes), false),
            _ => return None,
        };
        Some(Region { at, size, counted })
    })
}

/// Returns the places of counts among a function's numbers, and the size of one counted item.
pub(super) fn counts(function: &HostFunction) -> impl Iterator<Item = (usize, u64)> {
    let counted = of_bytes(function).filter(|region| region.counted);
    counted.map(|region| (region.at + 1, region.size))
}

/// A function's arguments, with the place of the first number of each.
fn places(function: &HostFunction) -> impl Iterator<Item = (usize, &'static Parameter)> {
    function.parameters.iter().scan(0, |next, parameter| {
        let at = *next;
        *next += parameter.types.iter().flatten().count();
        Some((at, parameter))
    })
}

#[derive(Clone, Copy)]
enum Outcome {
    /// It has not returned, or has ended the guest's call.
    None,
    Slot(u64),
    Bytes,
    Error,
}

impl Head {
    #[inline]
    fn keep(&mut self, bytes: &[u8], len: u64) {
        let kept = bytes.len().min(HEAD);
        if let (Some(place), Some(bytes)) = (self.bytes.get_mut(..kept), bytes.get(..kept)) {
            place.copy_from_slice(bytes);
        }
        self.len = len;
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
    /// Room for the calls of a guest that can make any.
    pub(super) fn of(bound: &[Bound]) -> Self {
        let kept = if bound.is_empty() { 0 } else { KEPT };
        History {
            calls: vec![NO_CALL; kept].into(),
            count: 0,
        }
    }

    /// Another call of the guest's: what it called before is of no interest.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.count = 0;
    }

    /// A call begins.
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
        for (kept, slot) in call.slots.iter_mut().zip(slots) {
            *kept = *slot;
        }
        for (head, region) in call.bytes.iter_mut().zip(&regions.0) {
            let Some(region) = region else { break };
            let (address, len) = region.extent(slots);
            // A range that lies elsewhere is told by its failure.
            let start = address as usize;
            let end = start.saturating_add(len.min(HEAD as u64) as usize);
            head.keep(memory.get(start..end).unwrap_or_default(), len);
        }
    }

    /// The latest call has been answered.
    #[inline]
    pub(super) fn answered(&mut self, answer: &Result<Answer, HostTrap>, clock: &Clock) {
        let Some(call) = self.calls.get_mut(self.count.wrapping_sub(1) % KEPT) else {
            return;
        };
        call.ended = clock.now();
        let (outcome, bytes) = match answer {
            Ok(Answer::Slot(slot)) => (Outcome::Slot(*slot), &[][..]),
            Ok(Answer::Packed {
                bytes,
                failed: true,
            }) => (Outcome::Error, &**bytes),
            Ok(
                Answer::Packed { bytes, .. }
                | Answer::Terminated { bytes }
                | Answer::Block { bytes }
                | Answer::Written { bytes, .. }
                | Answer::InOut { bytes, .. },
            ) => (Outcome::Bytes, &**bytes),
            Err(_) => (Outcome::None, &[][..]),
        };
        call.outcome = outcome;
        call.answer.keep(bytes, bytes.len() as u64);
    }

    /// How many calls there have been, those that are not kept included.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The calls, oldest first, as they are shown.
    pub(super) fn render(&self, bound: &[Bound]) -> Vec<HostCall> {
        let first = self.count.saturating_sub(KEPT);
        (first..self.count)
            .filter_map(|nth| self.rendered(nth, bound))
            .collect()
    }

    /// The latest call, as it is shown.
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
            function: full_name(bound.function).to_string(),
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

/// A result that is a number; a packed one of 0 is nothing.
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
