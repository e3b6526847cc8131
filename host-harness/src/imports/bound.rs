//! The imports of a module, bound to host functions.

use std::sync::Arc;

use plugin_sdk::host::{HostFunction, Kind, Parameter};

/// How many arguments that are bytes have their beginning kept.
pub(super) const BYTES: usize = 2;

/// An import and what it leads to.
pub(super) struct Bound {
    pub(super) function: &'static HostFunction,
    /// The place of its implementation.
    pub(super) implementation: usize,
    /// Whether it may be called.
    pub(super) granted: bool,
    /// What its calls are remembered by.
    pub(super) regions: Regions,
    /// The places of counts among its numbers, and the size of one counted item.
    pub(super) counts: Box<[(usize, u64)]>,
}

impl Bound {
    /// Returns how many bytes a call gives it.
    #[inline]
    pub(super) fn argument_bytes(&self, slots: &[u64]) -> u64 {
        let bytes = self.counts.iter().map(|(at, size)| {
            let count = slots.get(*at).copied().unwrap_or_default();
            count.saturating_mul(*size)
        });
        bytes.fold(0, u64::saturating_add)
    }
}

/// Which of a function's arguments are bytes, so far as they are kept.
#[derive(Clone, Copy, Default)]
pub(super) struct Regions(pub(super) [Option<Region>; BYTES]);

#[derive(Clone, Copy)]
pub(super) struct Region {
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
    pub(super) fn nth(&self, at: usize) -> Option<usize> {
        self.0
            .iter()
            .position(|region| region.is_some_and(|region| region.at == at))
    }
}

impl Region {
    #[inline]
    pub(super) fn extent(self, slots: &[u64]) -> (u64, u64) {
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
pub(super) fn places(function: &HostFunction) -> impl Iterator<Item = (usize, &'static Parameter)> {
    function.parameters.iter().scan(0, |next, parameter| {
        let at = *next;
        *next += parameter.types.iter().flatten().count();
        Some((at, parameter))
    })
}

/// The name of a function as failures say it.
pub(super) fn full_name(function: &HostFunction) -> Arc<str> {
    format!("{}.{}", function.module, function.name).into()
}
