//! The parts of the binary format that changed modules are written with.

use std::ops::Range;

use wasmparser::SectionLimited;

// Identifiers of sections.
pub(crate) const CUSTOM: u8 = 0;
pub(crate) const MEMORIES: u8 = 5;
pub(crate) const GLOBALS: u8 = 6;
pub(crate) const EXPORTS: u8 = 7;
pub(crate) const START: u8 = 8;
pub(crate) const CODE: u8 = 10;
pub(crate) const DATA: u8 = 11;
pub(crate) const DATA_COUNT: u8 = 12;

/// The kind of an export that is a global.
pub(crate) const GLOBAL: u8 = 3;

/// The size of the header of a module, in bytes.
pub(crate) const HEADER: usize = 8;

/// Returns the number of entries in a section, and the range of their bytes.
pub(crate) fn entries<T>(section: &SectionLimited<'_, T>) -> (u32, Range<usize>) {
    let range = section.original_position()..section.range().end;
    (section.count(), range)
}

/// Writes a section with more entries.
pub(crate) fn more(
    out: &mut Vec<u8>,
    id: u8,
    wasm: &[u8],
    entries: Option<&(u32, Range<usize>)>,
    added: usize,
    new: &[u8],
) {
    let (count, range) = entries.cloned().unwrap_or_default();
    let mut contents = Vec::new();
    number(&mut contents, count as usize + added);
    contents.extend_from_slice(wasm.get(range).unwrap_or_default());
    contents.extend_from_slice(new);
    section(out, id, &contents);
}

pub(crate) fn section(out: &mut Vec<u8>, id: u8, contents: &[u8]) {
    out.push(id);
    number(out, contents.len());
    out.extend_from_slice(contents);
}

/// Writes an entry of the export section.
pub(crate) fn export(out: &mut Vec<u8>, name: &str, kind: u8, index: u32) {
    number(out, name.len());
    out.extend_from_slice(name.as_bytes());
    out.push(kind);
    number(out, index as usize);
}

/// Writes an unsigned number in LEB128.
pub(crate) fn number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes a signed number in LEB128.
pub(crate) fn signed(out: &mut Vec<u8>, mut number: i64) {
    // Until the rest is the sign of the last byte, which has it in its bit 6.
    while !(-0x40..0x40).contains(&number) {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8 & 0x7f);
}

#[cfg(test)]
mod tests {
    use wasmparser::BinaryReader;

    use super::*;

    #[test]
    fn signed_numbers_are_read_as_they_were_written() {
        let powers = (0..63).map(|bit| 1i64 << bit);
        let near = powers.flat_map(|power| [power - 1, power, -power, -power - 1]);
        for number in near.chain([i64::MIN, i64::MAX]) {
            let mut bytes = Vec::new();
            signed(&mut bytes, number);
            let mut reader = BinaryReader::new(&bytes, 0);
            assert_eq!(reader.read_var_i64().unwrap(), number);
            assert!(reader.eof(), "{number}: {bytes:?}");
        }
    }
}
