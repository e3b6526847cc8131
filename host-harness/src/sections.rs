//! The custom sections of modules and object files.

use wasmparser::{CustomSectionReader, Parser, Payload};

/// Returns the custom sections of a module, up to the first section that cannot be read.
pub(crate) fn custom(wasm: &[u8]) -> impl Iterator<Item = CustomSectionReader<'_>> {
    sections(wasm).filter_map(|payload| match payload {
        Payload::CustomSection(section) => Some(section),
        _ => None,
    })
}

/// Returns the offset at which the function bodies of a module begin, if it has any.
#[cfg(feature = "symbols")]
pub(crate) fn code_start(wasm: &[u8]) -> Option<u64> {
    sections(wasm).find_map(|payload| match payload {
        Payload::CodeSectionStart { range, .. } => Some(range.start as u64),
        _ => None,
    })
}

fn sections(wasm: &[u8]) -> impl Iterator<Item = Payload<'_>> {
    Parser::new(0).parse_all(wasm).map_while(Result::ok)
}
