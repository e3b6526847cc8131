//! The custom section with the manifest, which a component has outside its module.

use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{Parser, Payload};

/// The name of the section.
pub const NAME: &str = "plugin-sdk";

/// Copies the module's manifest to the component.
pub fn keep(core: &[u8], component: &mut Vec<u8>) {
    for payload in Parser::new(0).parse_all(core).map_while(Result::ok) {
        if let Payload::CustomSection(section) = payload
            && section.name() == NAME
        {
            append(section.data(), component);
        }
    }
}

/// Appends a section with a manifest.
pub fn append(manifest: &[u8], wasm: &mut Vec<u8>) {
    let section = CustomSection {
        name: NAME.into(),
        data: manifest.into(),
    };
    wasm.push(section.id());
    section.encode(wasm);
}
