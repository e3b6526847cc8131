//! Places of values that crossed the boundary.

/// The place of a value: the slots of flat parameters that begin with its own, or its bytes and
/// those behind.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Slots(&'a [u64]),
    Memory(&'a [u8]),
}

impl<'a> Place<'a> {
    /// Returns the place of a part.
    pub(crate) fn part(self, position: usize, slot: usize) -> Self {
        match self {
            Place::Slots(slots) => Place::Slots(slots.get(slot..).unwrap_or_default()),
            Place::Memory(bytes) => Place::Memory(bytes.get(position..).unwrap_or_default()),
        }
    }

    /// Returns the number of `size` bytes, at most eight, without a sign.
    pub(crate) fn number(self, size: usize) -> u64 {
        let mut number = [0; 8];
        let little_endian;
        let bytes = match self {
            Place::Slots(slots) => {
                little_endian = slots.first().copied().unwrap_or_default().to_le_bytes();
                &little_endian
            }
            Place::Memory(bytes) => bytes,
        };
        for (to, from) in number.iter_mut().zip(bytes.iter().take(size)) {
            *to = *from;
        }
        u64::from_le_bytes(number)
    }

    /// Returns the address and the length of a text or list.
    pub(crate) fn range(self) -> (u32, usize) {
        let len = self.part(4, 1).number(4);
        (self.number(4) as u32, len as usize)
    }
}
