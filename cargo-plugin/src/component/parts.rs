//! A component that this tool made, taken apart.

use plugin_sdk::hosts::wasi_http;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::{Manifest, ManifestError};
use wasmparser::{Encoding, Parser, Payload};

use super::{Kind, SECTION, append};

/// The first eight bytes of every module.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// The parts of a component that describe it.
pub struct Parts<'a> {
    /// The plugin's module within the component.
    pub core: &'a [u8],
    /// A module that has the manifest only.
    described: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Reads a component; `None` for any other bytes, and for a component without a module.
    pub fn of(wasm: &'a [u8]) -> Option<Self> {
        let mut core = None;
        let mut described = HEADER.to_vec();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.ok()? {
                Payload::Version {
                    encoding: Encoding::Module,
                    ..
                } if depth == 0 => return None,
                Payload::ModuleSection {
                    unchecked_range, ..
                } => {
                    // The plugin's module is the first, and the encoder's own follow.
                    core = core.or(wasm.get(unchecked_range));
                    depth += 1;
                }
                Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) if depth == 0 && section.name() == SECTION => {
                    append(section.data(), &mut described);
                }
                _ => {}
            }
        }
        Some(Parts {
            core: core?,
            described,
        })
    }

    /// Returns the kind of the component.
    pub fn kind(&self) -> Kind {
        let handles = |inspection: Inspection<'_>| {
            let mut exports = inspection.exports();
            exports.any(|export| export.name.starts_with(wasi_http::INTERFACE))
        };
        match Inspection::of(self.core).is_ok_and(handles) {
            true => Kind::WasiHttp,
            false => Kind::Typed,
        }
    }

    /// Reads the manifest; `None` if the component has none.
    ///
    /// # Errors
    /// If it is invalid.
    pub fn manifest(&self) -> Result<Option<Manifest>, ManifestError> {
        Manifest::read(&self.described)
    }
}
