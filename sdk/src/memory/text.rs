//! Text from bytes and from parts, in less code than the standard library has for it: its validator
//! of UTF-8 has a kilobyte of tables and code for speed, and its `concat` has code for sums of
//! lengths above the address space.

use super::short::word;

/// Returns texts as one.
pub fn join(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// Returns bytes as text; fails with the number of bytes before the first that is not UTF-8.
#[inline]
pub fn utf8(bytes: &[u8]) -> Result<&str, usize> {
    match valid_len(bytes) {
        // SAFETY: all bytes are valid.
        len if len == bytes.len() => Ok(unsafe { std::str::from_utf8_unchecked(bytes) }),
        len => Err(len),
    }
}

/// Returns bytes as text of their own; `None` if they are not UTF-8.
///
/// Inlined, so that a vector that was just made is not moved: its words are written one by one, and
/// a processor waits before it reads two of them at once.
#[inline]
pub fn utf8_owned(bytes: Vec<u8>) -> Option<String> {
    if !is_utf8(&bytes) {
        return None;
    }
    // SAFETY: all bytes are valid.
    Some(unsafe { String::from_utf8_unchecked(bytes) })
}

/// Returns whether bytes are text.
fn is_utf8(bytes: &[u8]) -> bool {
    valid_len(bytes) == bytes.len()
}

/// Returns the characters at the start of some bytes, as many as `limit` bytes hold.
pub fn beginning(bytes: &[u8], limit: usize) -> &str {
    let bytes = bytes.get(..limit).unwrap_or(bytes);
    let valid = bytes.get(..valid_len(bytes)).unwrap_or_default();
    // SAFETY: all bytes are valid.
    unsafe { std::str::from_utf8_unchecked(valid) }
}

/// Returns the characters at the start of some bytes, before the first that `marks` marks: it sets
/// the high bit of a byte in eight of them.
#[inline]
pub fn text_before(bytes: &[u8], marks: impl Fn(u64) -> u64) -> &str {
    let text = bytes.get(..len_before(bytes, marks)).unwrap_or_default();
    // SAFETY: all bytes are valid.
    unsafe { std::str::from_utf8_unchecked(text) }
}

/// Returns the number of bytes at the start that are whole characters.
#[inline]
fn valid_len(bytes: &[u8]) -> usize {
    len_before(bytes, |_| 0)
}

/// Returns the length of the [`text_before`] a mark. Whatever is marked, it ends between two
/// characters.
#[inline]
fn len_before(bytes: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let (next, len) = match rest.first_chunk() {
            Some(chunk) => (u64::from_le_bytes(*chunk), chunk.len()),
            None => (word(rest), rest.len()),
        };
        let plain = (marks(next) | next & HIGH_BITS).trailing_zeros() / 8;
        if plain as usize >= len {
            at += len;
            if at == bytes.len() {
                return at;
            }
            continue;
        }
        at += plain as usize;
        if next >> (8 * plain) & 0x80 == 0 {
            return at;
        }
        match character(bytes.get(at..).unwrap_or_default()) {
            0 => return at,
            len => at += len,
        }
    }
}

/// Returns the length of the character of several bytes at the start of some bytes; 0 if there is
/// none.
#[cold]
fn character(bytes: &[u8]) -> usize {
    let Some((&first, rest)) = bytes.split_first() else {
        return 0;
    };
    let len = match first.leading_ones() {
        0 | 1 => return 0,
        len => len as usize,
    };
    let Some(more) = rest.get(..len - 1) else {
        return 0;
    };
    let mut code = u32::from(first) & (0x7f >> len);
    for byte in more {
        if byte & 0xc0 != 0x80 {
            return 0;
        }
        code = code << 6 | u32::from(byte & 0x3f);
    }
    // A character has one form, the shortest.
    match char::from_u32(code) {
        Some(character) if character.len_utf8() == len => len,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Compares with the standard library.
    fn same(bytes: &[u8]) {
        let expected = std::str::from_utf8(bytes).map_err(|error| error.valid_up_to());
        assert_eq!(utf8(bytes), expected, "{bytes:x?}");
        assert_eq!(
            utf8_owned(bytes.to_vec()),
            String::from_utf8(bytes.to_vec()).ok()
        );
        let valid = expected.map_or_else(|valid| valid, str::len);
        assert_eq!(beginning(bytes, usize::MAX).as_bytes(), &bytes[..valid]);
    }

    #[test]
    fn every_character_is_valid_and_its_neighbours_are_not() {
        let step = if cfg!(miri) { 40_009 } else { 1 };
        for code in (0..0x20_0000u32).step_by(step) {
            // The form of two, three and four bytes, whether or not it is the right one.
            let bits = |shift: u32| (code >> shift & 0x3f) as u8 | 0x80;
            same(&[(code >> 6) as u8 | 0xc0, bits(0)]);
            same(&[(code >> 12) as u8 | 0xe0, bits(6), bits(0)]);
            same(&[(code >> 18) as u8 | 0xf0, bits(12), bits(6), bits(0)]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 20 } else { 5_000 }))]

        #[test]
        fn texts_are_valid_up_to_the_first_wrong_byte(text in "\\PC{0,20}", at in 0usize..80, byte in any::<u8>()) {
            same(text.as_bytes());
            let mut bytes = text.into_bytes();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            same(&bytes);
            bytes.truncate(at);
            same(&bytes);
            assert_eq!(beginning(&bytes, at), beginning(&bytes, usize::MAX));
        }

        #[test]
        fn any_bytes_are_judged_like_the_standard_library_does(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            same(&bytes);
        }
    }
}
