//! The imports of a module, bound to host functions.

use plugin_sdk::imports::{HostFunction, Kind, Parameter};

/// The number of byte arguments per call whose start is kept.
pub(super) const BYTES: usize = 2;

/// An import and its binding.
pub(super) struct Bound {
    pub(super) function: &'static HostFunction,
    /// The index of its implementation.
    pub(super) implementation: usize,
    /// The permission that the function needs and that is not granted.
    pub(super) denied: Option<&'static str>,
    /// The arguments to record in the history.
    pub(super) regions: Regions,
    /// The indices of counts among its slots, and the size of one counted item.
    pub(super) counts: Box<[(usize, u64)]>,
}

impl Bound {
    /// Returns the number of bytes that a call passes to the function.
    #[inline]
    pub(super) fn argument_bytes(&self, slots: &[u64]) -> u64 {
        let bytes = self.counts.iter().map(|(at, size)| {
            // A count that is missing would exceed any limit.
            let count = slots.get(*at).copied().unwrap_or(u64::MAX);
            count.saturating_mul(*size)
        });
        bytes.fold(0, u64::saturating_add)
    }
}

/// The byte arguments of a function that are kept.
#[derive(Clone, Copy, Default)]
pub(super) struct Regions(pub(super) [Option<Region>; BYTES]);

#[derive(Clone, Copy)]
pub(super) struct Region {
    /// The index of the address among the slots.
    at: usize,
    /// The number of bytes, or of bytes per item if there is a count.
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

    /// Returns which kept argument has its address in this slot.
    pub(super) fn nth(&self, at: usize) -> Option<usize> {
        self.0
            .iter()
            .position(|region| region.is_some_and(|region| region.at == at))
    }
}

impl Region {
    #[inline]
    pub(super) fn extent(self, slots: &[u64]) -> Option<(u64, u64)> {
        let address = *slots.get(self.at)?;
        let len = match self.counted {
            false => self.size,
            true => slots.get(self.at + 1)?.saturating_mul(self.size),
        };
        Some((address, len))
    }
}

/// Returns the byte arguments of a function.
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

/// Returns the indices of counts among a function's slots, and the size of one counted item.
pub(super) fn counts(function: &HostFunction) -> impl Iterator<Item = (usize, u64)> {
    let counted = of_bytes(function).filter(|region| region.counted);
    counted.map(|region| (region.at + 1, region.size))
}

/// Returns a function's parameters, with the index of the first slot of each.
pub(super) fn places(function: &HostFunction) -> impl Iterator<Item = (usize, &'static Parameter)> {
    function.parameters.iter().scan(0, |next, parameter| {
        let at = *next;
        *next += parameter.types.iter().flatten().count();
        Some((at, parameter))
    })
}
