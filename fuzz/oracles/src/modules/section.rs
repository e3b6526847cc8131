//! Custom sections of modules.

use std::borrow::Cow;

use wasm_encoder::{CustomSection, Module, Section};

/// Returns a module that has nothing but a custom section.
pub fn only_section(name: &str, data: &[u8]) -> Vec<u8> {
    with_section(Module::new().finish(), name, data)
}

/// Appends a custom section to a module.
pub fn with_section(mut wasm: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    let section = CustomSection {
        name: Cow::Borrowed(name),
        data: Cow::Borrowed(data),
    };
    section.append_to(&mut wasm);
    wasm
}
