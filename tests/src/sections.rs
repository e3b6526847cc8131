//! The sections of a module.

/// A section of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// The number of its kind: 0 custom, 10 code, 11 data.
    pub id: u8,
    /// The name of a custom section; empty for others.
    pub name: &'a str,
    /// The contents.
    pub bytes: &'a [u8],
    /// Its length in the module, including its header.
    pub len: usize,
}

/// Splits a module into its sections. Returns `None` if the bytes are not a module.
pub fn sections(wasm: &[u8]) -> Option<Vec<Section<'_>>> {
    let mut rest = wasm.strip_prefix(b"\0asm\x01\0\0\0")?;
    let mut sections = Vec::new();
    while let Some((&id, sized)) = rest.split_first() {
        let (size, contents) = number(sized)?;
        let (mut bytes, next) = contents.split_at_checked(size)?;
        let mut name = "";
        if id == 0 {
            let (len, named) = number(bytes)?;
            let (start, own) = named.split_at_checked(len)?;
            (name, bytes) = (str::from_utf8(start).ok()?, own);
        }
        sections.push(Section {
            id,
            name,
            bytes,
            len: rest.len() - next.len(),
        });
        rest = next;
    }
    Some(sections)
}

/// Reads an unsigned number in LEB128, and returns it with the remaining bytes.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (nth, byte) in bytes.iter().enumerate() {
        number |= usize::from(byte & 0x7f).checked_shl(7 * u32::try_from(nth).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(nth + 1..)?));
        }
    }
    None
}
