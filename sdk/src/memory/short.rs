//! Copies of a few bytes, which the writer of JSON makes most of the time.

/// The most bytes for [`append_short`].
pub const SHORT: usize = 32;

/// Appends at most [`SHORT`] bytes between two others on each side; zeros among these are left out.
///
/// The bytes are copied in pieces of fixed sizes, two of which may overlap.
#[inline]
pub fn append_short(before: [u8; 2], bytes: &[u8], after: [u8; 2], out: &mut Vec<u8>) {
    /// Copies the last `N` bytes of `len`, and then the first, which are soon read as a word: a
    /// processor waits before it reads a word that two copies have written.
    #[inline(always)]
    unsafe fn copy<const N: usize>(from: *const u8, to: *mut u8, len: usize) {
        // SAFETY: the caller guarantees that both places have `len` bytes, at least `N`.
        unsafe {
            let first = from.cast::<[u8; N]>().read();
            let last = from.add(len - N).cast::<[u8; N]>().read();
            to.add(len - N).cast::<[u8; N]>().write(last);
            to.cast::<[u8; N]>().write(first);
        }
    }
    /// Writes a byte, and returns the place behind it; the same place for a zero.
    unsafe fn put(byte: u8, to: *mut u8) -> *mut u8 {
        // SAFETY: the caller guarantees that one byte can be written.
        unsafe {
            to.write(byte);
            to.add(usize::from(byte != 0))
        }
    }
    let len = bytes.len().min(SHORT);
    out.reserve(len + before.len() + after.len());
    let from = bytes.as_ptr();
    // SAFETY: `len` bytes can be read; they and four more can be written behind the vector's own.
    // Each copy writes all bytes: it has at least half of them.
    unsafe {
        let start = out.as_mut_ptr().add(out.len());
        let to = put(before[1], put(before[0], start));
        match len {
            16.. => copy::<16>(from, to, len),
            8.. => copy::<8>(from, to, len),
            4.. => copy::<4>(from, to, len),
            2.. => copy::<2>(from, to, len),
            1 => copy::<1>(from, to, len),
            0 => {}
        }
        let end = put(after[1], put(after[0], to.add(len)));
        out.set_len(out.len() + end.offset_from_unsigned(start));
    }
}

/// Appends the lowest bytes of a number, at most eight.
#[inline]
pub fn append_word(word: u64, len: usize, out: &mut Vec<u8>) {
    let bytes = word.to_le_bytes();
    out.reserve(bytes.len());
    // SAFETY: all bytes can be written behind the vector's own, and `len` of them at most count.
    unsafe {
        let end = out.as_mut_ptr().add(out.len());
        end.cast::<[u8; 8]>().write(bytes);
        out.set_len(out.len() + len.min(bytes.len()));
    }
}

/// Returns fewer than eight bytes as the lower bytes of a number, whose other bytes are zero.
#[inline]
pub fn word(bytes: &[u8]) -> u64 {
    let bits = |at: usize| 8 * at as u32;
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        // The bytes that both have are the same.
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last).wrapping_shl(bits(bytes.len() - 4));
    }
    let middle = bytes.len() / 2;
    match (bytes.first(), bytes.get(middle), bytes.last()) {
        (Some(first), Some(half), Some(last)) => {
            let (first, half, last) = (u64::from(*first), u64::from(*half), u64::from(*last));
            first | half << bits(middle) | last << bits(bytes.len() - 1)
        }
        _ => 0,
    }
}
