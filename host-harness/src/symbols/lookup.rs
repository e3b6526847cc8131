//! Function names from a file next to the module, and functions and lines from debug information.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian};

use super::names::{self, Found};
use super::{Symbol, Symbols};
use crate::sections;

/// Parsed debug information.
pub(crate) struct Lines<'a> {
    context: Context<EndianSlice<'a, LittleEndian>>,
    /// The offset of the code section, which the offsets in debug information are relative to.
    code: u64,
}

impl Symbols {
    fn found(&self) -> &Found {
        self.names.get_or_init(|| match &self.place {
            Some(place) => names::find(&self.wasm, place),
            None => Found::Nothing,
        })
    }

    /// Returns the names of functions that the module itself does not name, by index.
    pub(crate) fn names(&self, functions: &BTreeSet<u32>) -> BTreeMap<u32, String> {
        match self.found() {
            Found::Names(file) if !functions.is_empty() => names::of(file, functions),
            _ => BTreeMap::new(),
        }
    }

    /// Explains what is missing to name a stripped module's functions.
    pub(crate) fn lack(&self) -> Option<String> {
        let shown = |file: &Path| {
            let name = file.file_name().unwrap_or(file.as_os_str());
            crate::text::name(&name.to_string_lossy())
        };
        match (self.found(), &self.place) {
            (Found::OfAnother(file), _) => Some(format!(
                "`{}` exists, but it has the names of another build",
                shown(file)
            )),
            (Found::Nothing, Some(place)) => Some(format!(
                "`{}`, which `cargo plugin build` writes next to the module, is missing",
                shown(&names::expected(place))
            )),
            _ => None,
        }
    }

    /// Reads the debug information, if there is any.
    pub(crate) fn lines(&self) -> Option<Lines<'_>> {
        if !self.trusted {
            return None;
        }
        let sections: Vec<(&str, &[u8])> = sections::custom(&self.wasm)
            .filter(|section| section.name().starts_with(".debug_"))
            .map(|section| (section.name(), section.data()))
            .collect();
        if sections.is_empty() {
            return None;
        }
        let code = sections::code_start(&self.wasm)?;
        let load = |id: addr2line::gimli::SectionId| {
            let section = sections.iter().find(|(name, _)| *name == id.name());
            let data = section.map_or(&[][..], |(_, data)| data);
            Ok::<_, addr2line::gimli::Error>(EndianSlice::new(data, LittleEndian))
        };
        let context = Context::from_dwarf(Dwarf::load(load).ok()?).ok()?;
        Some(Lines { context, code })
    }
}

impl Lines<'_> {
    /// Returns the functions at an offset in the module, innermost first. All but the last are
    /// inlined.
    pub(crate) fn at(&self, offset: u64) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        let Some(probe) = offset.checked_sub(self.code) else {
            return symbols;
        };
        let Ok(mut frames) = self.context.find_frames(probe).skip_all_loads() else {
            return symbols;
        };
        while let Ok(Some(frame)) = frames.next() {
            let name = frame.function.as_ref().and_then(|function| {
                let name = function.raw_name().ok()?;
                Some(name.into_owned())
            });
            let location = frame.location.as_ref();
            symbols.push(Symbol {
                function: name,
                file: location.and_then(|place| place.file).map(str::to_owned),
                line: location
                    .and_then(|place| place.line)
                    .filter(|line| *line > 0),
                column: location
                    .and_then(|place| place.column)
                    .filter(|column| *column > 0),
            });
        }
        symbols
    }
}
