//! Runs of string characters that need no escape, read eight bytes at a time: a guest has no wider
//! registers.

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
    while let Some(&byte) = bytes.get(at) {
        if byte < b' ' || byte == b'"' || byte == b'\\' {
            break;
        }
        at += 1;
    }
    at
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

/// The most bytes that are appended piece by piece.
const SHORT: usize = 32;

/// Appends bytes. On wasm32, a copy of unknown length is an instruction that engines run as a call,
/// which is slow for a few bytes; pieces of known lengths are plain loads and stores.
#[inline]
pub fn append(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.len() > SHORT {
        out.extend_from_slice(bytes);
        return;
    }
    out.reserve(bytes.len());
    let mut rest = bytes;
    while let Some((piece, behind)) = rest.split_first_chunk::<8>() {
        out.extend_from_slice(piece);
        rest = behind;
    }
    if let Some((piece, behind)) = rest.split_first_chunk::<4>() {
        out.extend_from_slice(piece);
        rest = behind;
    }
    if let Some((piece, behind)) = rest.split_first_chunk::<2>() {
        out.extend_from_slice(piece);
        rest = behind;
    }
    if let Some(byte) = rest.first() {
        out.push(*byte);
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
            prop_assert_eq!(plain_len(&bytes), by_hand.unwrap_or(bytes.len()));
        }

        #[test]
        fn every_byte_is_appended(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut out = b"before".to_vec();
            append(&bytes, &mut out);
            prop_assert_eq!(out, [b"before", &*bytes].concat());
        }
    }
}
