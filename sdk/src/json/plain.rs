//! Runs of string characters that need no escape, read eight bytes at a time: a guest has no wider
//! registers.

use crate::memory::short::{SHORT, append_short, word};
use crate::memory::text::text_before;

/// The bytes with an escape of two characters, and the second of these. The slash, which is last,
/// needs none.
pub const ESCAPES: [(u8, u8); 8] = [
    (b'"', b'"'),
    (b'\\', b'\\'),
    (b'\n', b'n'),
    (b'\r', b'r'),
    (b'\t', b't'),
    (8, b'b'),
    (12, b'f'),
    (b'/', b'/'),
];

/// Returns the number of bytes at the start of `bytes` that are neither quotation marks nor
/// backslashes nor control characters.
#[inline]
pub fn plain_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        match marks(u64::from_le_bytes(*chunk)) {
            0 => at += 8,
            marks => return at + marks.trailing_zeros() as usize / 8,
        }
    }
    // The zeros behind the last byte count as control characters.
    let rest = bytes.get(at..).unwrap_or_default();
    at + marks(word(rest)).trailing_zeros() as usize / 8
}

/// Returns the text at the start of `bytes` before the first quotation mark, backslash, control
/// character or byte that is not UTF-8.
#[inline]
pub fn plain_text(bytes: &[u8]) -> &str {
    text_before(bytes, marks)
}

/// Returns whether two short texts are equal. The library's comparison is a call, and reads byte by
/// byte.
#[inline]
pub fn is_same(one: &str, other: &str) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let (Some((a, rest_a)), Some((b, rest_b))) =
        (one.split_first_chunk::<8>(), other.split_first_chunk::<8>())
    {
        if a != b {
            return false;
        }
        (one, other) = (rest_a, rest_b);
    }
    word(one) == word(other)
}

/// Returns the high bit of each byte that is not plain. Bytes above the lowest such byte may be
/// marked wrongly, because a borrow goes through them.
#[inline]
const fn marks(bytes: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGH_BITS: u64 = EACH << 7;
    const fn zero_bytes(bytes: u64) -> u64 {
        bytes.wrapping_sub(EACH) & !bytes
    }
    let control = bytes.wrapping_sub(EACH * b' ' as u64) & !bytes;
    let quote = zero_bytes(bytes ^ (EACH * b'"' as u64));
    let backslash = zero_bytes(bytes ^ (EACH * b'\\' as u64));
    (control | quote | backslash) & HIGH_BITS
}

/// Appends bytes. On wasm32, a copy of unknown length is an instruction that engines run as a call,
/// which is slow for a few bytes.
#[inline]
pub fn append(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.len() > SHORT {
        out.extend_from_slice(bytes);
    } else {
        append_short([0; 2], bytes, [0; 2], out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn a_run_ends_at_the_first_special_byte(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x1eu8..0x24, Just(b'\\'), b'a'..=b'z'], 0..40),
        ) {
            let by_hand = bytes
                .iter()
                .position(|byte| *byte < b' ' || b"\"\\".contains(byte));
            let len = by_hand.unwrap_or(bytes.len());
            prop_assert_eq!(plain_len(&bytes), len);
            let valid = bytes[..len].utf8_chunks().next().map_or("", |chunk| chunk.valid());
            prop_assert_eq!(plain_text(&bytes), valid);
        }

        #[test]
        fn every_byte_is_appended(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut out = b"before".to_vec();
            append(&bytes, &mut out);
            prop_assert_eq!(out, [b"before", &*bytes].concat());
        }

        #[test]
        fn texts_are_the_same_if_every_byte_is(one in "[ab\0]{0,20}", at in 0usize..20, other in "[ab\0]{1}") {
            prop_assert!(is_same(&one, &one.clone()));
            let mut changed = one.clone();
            if at < one.len() {
                changed.replace_range(at..=at, &other);
            }
            prop_assert_eq!(is_same(&one, &changed), one == changed);
            changed.push('\0');
            prop_assert!(!is_same(&one, &changed));
        }
    }
}
