//! A component that this tool made, taken apart.

use plugin_sdk::hosts::wasi_http;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::{Manifest, ManifestError};
use wasmparser::{Encoding, Parser, Payload};

use super::kind::Kind;
use super::section::{self, append};

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
                Payload::CustomSection(found) if depth == 0 && found.name() == section::NAME => {
                    append(found.data(), &mut described);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_components_are_taken_apart() {
        let module = wat::parse_str(r#"(module (@custom "plugin-sdk" "{}"))"#).unwrap();
        let component = wat::parse_str("(component)").unwrap();
        for bytes in [&module[..], &component, b"", b"\0asm\x0d\0\x01\0\x01\xff"] {
            assert!(Parts::of(bytes).is_none());
        }
        // The manifest is that of the component, not of a module or a component within.
        let nested = wat::parse_str(
            r#"(component
                (component (@custom "plugin-sdk" "{}"))
                (core module (@custom "plugin-sdk" "{}") (memory (export "memory") 1)))"#,
        )
        .unwrap();
        let parts = Parts::of(&nested).unwrap();
        assert!(parts.manifest().unwrap().is_none());
        assert!(Inspection::of(parts.core).unwrap().memory().is_some());
    }

    #[test]
    fn the_kind_of_a_component_is_that_of_its_export() {
        for (export, kind) in [
            ("wasi:http/incoming-handler@0.2.0#handle", Kind::WasiHttp),
            ("plugin:greeter/commands@0.1.0#greet", Kind::Typed),
        ] {
            let wat = format!(r#"(component (core module (func (export "{export}"))))"#);
            let component = wat::parse_str(wat).unwrap();
            assert_eq!(Parts::of(&component).unwrap().kind(), kind);
        }
    }
}
