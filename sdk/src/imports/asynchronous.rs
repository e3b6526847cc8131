//! Implementations whose functions are futures: what they are given is a copy, so that the guest's memory is nobody's while they wait.

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

/// Copies of several arguments that the implementation may change.
pub fn changed<const N: usize>(
    memory: &mut [u8],
    regions: [(&'static str, Region); N],
) -> Result<[Changed; N], CallError> {
    let lent = disjoint(memory, regions)?;
    let mut copies = [const { Changed::NOTHING }; N];
    for ((copy, bytes), (name, region)) in copies.iter_mut().zip(lent).zip(regions) {
        // A copy is aligned, wherever the guest's bytes are.
        region.check_alignment(name)?;
        *copy = copy_of(bytes, region);
    }
    Ok(copies)
}

/// An argument by exclusive reference, out of its copy. What the host only writes begins as zeros.
pub fn lend_changed<'c, T: LentMut + ?Sized>(
    changed: &'c mut Changed,
    place: (&'static str, Region),
    only_written: bool,
) -> Result<&'c mut T, CallError> {
    lend_mut(changed.bytes_mut(), place, only_written)
}

/// A value that crossed as JSON, on its way between threads.
///
/// Its type must be `Send` for this, which is asked where an asynchronous implementation `T` is provided, not where the trait is declared: the compiler looks at a
/// bound only once all that it names is known, and this one names `T`. Until then it knows of [`Carried`](Self::Carried) only that it is `Send`.
pub trait CrossesThreads<T: ?Sized>: Sized {
    /// The value while a future holds it.
    type Carried: Send;

    /// Into a future.
    fn carry(self) -> Self::Carried;

    /// Out of the future, by reference.
    fn lend(carried: &Self::Carried) -> &Self;

    /// Out of the future.
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
