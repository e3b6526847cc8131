//! Implementations whose functions are futures. They get copies of their arguments, so that no
//! future borrows the guest's memory.

use crate::imports::argument::LentMut;
use crate::imports::call::lend_mut;
use crate::imports::description::{CallError, Changed};
use crate::imports::region::{Region, disjoint};

fn copy_of(bytes: &[u8], region: Region) -> Changed {
    let mut changed = Changed {
        address: region.address(),
        words: vec![0; bytes.len().div_ceil(size_of::<u64>())],
        len: bytes.len(),
    };
    changed.bytes_mut().copy_from_slice(bytes);
    changed
}

/// Copies several arguments that the implementation may change.
pub fn changed<const N: usize>(
    memory: &mut [u8],
    regions: [(&'static str, Region); N],
) -> Result<[Changed; N], CallError> {
    let lent = disjoint(memory, regions)?;
    let mut copies = [const { Changed::NOTHING }; N];
    for ((copy, bytes), (name, region)) in copies.iter_mut().zip(lent).zip(regions) {
        // A copy is always aligned, so check the original.
        region.check_alignment(name)?;
        *copy = copy_of(bytes, region);
    }
    Ok(copies)
}

/// Lends an argument by exclusive reference from its copy. If the host only writes it, it begins as
/// zeros.
pub fn lend_changed<'c, T: LentMut + ?Sized>(
    changed: &'c mut Changed,
    place: (&'static str, Region),
    only_written: bool,
) -> Result<&'c mut T, CallError> {
    lend_mut(changed.bytes_mut(), place, only_written)
}

/// A value from JSON on its way between threads.
///
/// The type must be `Send`. The compiler checks that where an asynchronous implementation `T` is
/// provided, not where the trait is declared: it evaluates a bound only once everything in it is
/// known, and this one names `T`. Until then, it knows only that [`Carried`](Self::Carried) is
/// `Send`.
pub trait CrossesThreads<T: ?Sized>: Sized {
    /// The value while a future holds it.
    type Carried: Send;

    /// Moves the value into a future.
    fn carry(self) -> Self::Carried;

    /// Borrows the value from the future.
    fn lend(carried: &Self::Carried) -> &Self;

    /// Moves the value out of the future.
    fn give(carried: Self::Carried) -> Self;
}

impl<T: ?Sized, V: Send> CrossesThreads<T> for V {
    type Carried = V;

    fn carry(self) -> V {
        self
    }

    fn lend(carried: &V) -> &V {
        carried
    }

    fn give(carried: V) -> V {
        carried
    }
}
