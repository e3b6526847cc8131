//! Linear memory.

/// The size of a page of linear memory, in bytes.
pub(crate) const PAGE: u64 = 64 * 1024;

/// Copies bytes whose number the guest has chosen; `None` if the host has no memory for them.
pub(crate) fn copied(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).ok()?;
    copy.extend_from_slice(bytes);
    Some(copy)
}

/// Returns a part of memory to write to, if all of it is within bounds.
#[inline]
pub(crate) fn range_mut(memory: &mut [u8], address: u32, len: usize) -> Option<&mut [u8]> {
    let start = usize::try_from(address).ok()?;
    memory.get_mut(start..start.checked_add(len)?)
}

/// Returns a part of memory, if all of it is within bounds.
#[inline]
pub(crate) fn range(memory: &[u8], address: u32, len: u32) -> Option<&[u8]> {
    let start = usize::try_from(address).ok()?;
    memory.get(start..start.checked_add(usize::try_from(len).ok()?)?)
}
