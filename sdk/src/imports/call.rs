//! Reads the arguments of a call on the host's side.

use std::any::Any;

use crate::imports::argument::{Crosses, Lent, LentMut, Passed};
use crate::imports::description::{CallError, Parameter};
use crate::imports::region::Region;
use crate::imports::wire::Wire;

impl Parameter {
    /// Describes an argument by shared reference.
    pub const fn lent<C, T: Lent<C> + ?Sized>(name: &'static str) -> Self {
        Parameter {
            name,
            kind: T::KIND,
            types: [T::First::TYPE, T::Second::TYPE],
            in_place: false,
            only_written: false,
        }
    }

    /// Describes an argument by exclusive reference.
    pub const fn lent_mut<T: LentMut + ?Sized>(name: &'static str) -> Self {
        Parameter {
            name,
            kind: T::KIND,
            types: [T::First::TYPE, T::Second::TYPE],
            in_place: true,
            only_written: false,
        }
    }

    /// Describes an argument by exclusive reference that the host only writes.
    pub const fn out<T: LentMut + ?Sized>(name: &'static str) -> Self {
        Parameter {
            only_written: true,
            ..Parameter::lent_mut::<T>(name)
        }
    }

    /// Describes an argument by value.
    pub const fn passed<T: Crosses>(name: &'static str) -> Self {
        Parameter {
            name,
            kind: T::KIND,
            types: [T::First::TYPE, T::Second::TYPE],
            in_place: false,
            only_written: false,
        }
    }
}

/// The numbers of a call, read one argument at a time.
pub struct Call<'s> {
    slots: &'s [u64],
}

impl<'s> Call<'s> {
    /// Takes the numbers that the guest passed.
    pub fn new(slots: &'s [u64]) -> Self {
        Call { slots }
    }

    /// Returns the next number if this type crosses.
    #[inline]
    pub fn slot<W: Wire>(&mut self) -> u64 {
        if W::TYPE.is_none() {
            return 0;
        }
        let Some((first, rest)) = self.slots.split_first() else {
            return 0;
        };
        self.slots = rest;
        *first
    }

    /// Reads an argument by shared reference.
    #[inline]
    pub fn lent<'m, C, T: Lent<C> + ?Sized>(
        &mut self,
        memory: &'m [u8],
        name: &'static str,
    ) -> Result<T::Read<'m>, CallError> {
        let (first, second) = (self.slot::<T::First>(), self.slot::<T::Second>());
        T::read(memory, first, second).map_err(|fault| fault.of(name))
    }

    /// Reads an argument by value.
    #[inline]
    pub fn passed<'m, 'r, T: Passed<'r>>(
        &mut self,
        memory: &'m [u8],
        name: &'static str,
    ) -> Result<T::Read<'m>, CallError> {
        let (first, second) = (self.slot::<T::First>(), self.slot::<T::Second>());
        T::read(memory, first, second).map_err(|fault| fault.of(name))
    }

    /// Returns the place of an argument by exclusive reference.
    #[inline]
    pub fn place<T: LentMut + ?Sized>(&mut self, name: &'static str) -> (&'static str, Region) {
        let (first, second) = (self.slot::<T::First>(), self.slot::<T::Second>());
        (name, T::region(first, second))
    }
}

/// Lends an argument by exclusive reference. If the host only writes it, it begins as zeros.
#[inline]
pub fn lend_mut<'m, T: LentMut + ?Sized>(
    bytes: &'m mut [u8],
    (name, region): (&'static str, Region),
    only_written: bool,
) -> Result<&'m mut T, CallError> {
    if only_written {
        bytes.fill(0);
    }
    let misaligned = CallError::Misaligned {
        address: region.address,
        alignment: region.alignment,
    };
    T::lend(bytes).ok_or_else(|| misaligned.of(name))
}

/// Returns the implementation as its own type.
#[inline]
pub fn implementation<T: 'static>(erased: &mut (dyn Any + Send)) -> Result<&mut T, CallError> {
    erased.downcast_mut().ok_or(CallError::Implementation)
}
