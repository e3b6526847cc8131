//! Components: modules that were built with a feature for one of the [kinds](Kind), with the
//! functions of that kind in place of the SDK's ABI.
//!
//! | file | |
//! |---|---|
//! | `kind` | the kinds, and what each adds to the module |
//! | `typed` | the kind with a typed function for each command |
//! | `wasi_http` | the kind that answers HTTP requests |
//! | `package` | a world, as the component model's tools read it |
//! | `wit`, `names` | the parts of WIT that all worlds have in common |
//! | `bytes` | the parts of descriptions |
//! | `rewrite` | the core module, with an export for each function |
//! | `parts` | a component, taken apart |
//!
//! The guest's sides are `plugin_sdk::hosts::component` and `plugin_sdk::hosts::wasi_http`.

mod bytes;
mod kind;
mod names;
mod package;
mod parts;
mod rewrite;
mod typed;
mod wasi_http;
mod wit;

use std::collections::BTreeSet;

use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;
use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::error::{Error, Result};
use crate::text;
pub use kind::Kind;
pub use parts::Parts;

/// The custom section with the manifest.
const SECTION: &str = "plugin-sdk";

/// A component, and the package that describes it.
pub struct Component {
    pub wasm: Vec<u8>,
    pub wit: String,
}

/// Makes a component from a module that was built with the feature of its kind.
///
/// # Errors
/// If the module was not, or if its types are too many.
pub fn encode(kind: Kind, core: &[u8], manifest: &Manifest) -> Result<Component> {
    let inspection = Inspection::of(core).map_err(|failure| failed().because(failure.message()))?;
    let additions = kind.additions(manifest, &inspection)?;
    let package = &additions.package;
    let mut wasm = rewrite::rewrite(core, kind, &additions)?;
    let wit = package.print().map_err(invalid)?;
    package.embed(&mut wasm).map_err(invalid)?;
    let encoder = ComponentEncoder::default().validate(true);
    let mut component = encoder
        .module(&wasm)
        .and_then(|mut encoder| encoder.encode())
        .map_err(invalid)?;
    keep_manifest(core, &mut component);
    Ok(Component {
        wasm: component,
        wit,
    })
}

fn failed() -> Error {
    Error::new("the module cannot become a component")
}

/// The error for a component that the encoder refuses.
fn invalid(reason: impl std::fmt::Display) -> Error {
    failed().because(format!("{reason:#}"))
}

/// Returns the interfaces that a module imports; `known` returns those that a component may have.
fn imported_interfaces(
    module: &Inspection<'_>,
    known: impl Fn(&str) -> Option<String>,
) -> Result<BTreeSet<String>> {
    let imports = module.imports().iter();
    let interfaces = imports.map(|imported| {
        let module = &imported.import.module;
        known(module).ok_or_else(|| {
            let module = text::line(module, 60);
            invalid(format!("it imports functions of the module `{module}`")).help(
                "a component has the services of plugin-sdk only: leave out `#[host_functions]` of \
                 other modules, and crates that import JavaScript or WASI",
            )
        })
    });
    interfaces.collect()
}

/// Copies the module's manifest to the component.
fn keep_manifest(core: &[u8], component: &mut Vec<u8>) {
    for payload in Parser::new(0).parse_all(core).map_while(Result::ok) {
        if let Payload::CustomSection(section) = payload
            && section.name() == SECTION
        {
            append(section.data(), component);
        }
    }
}

/// Appends a section with a manifest.
fn append(manifest: &[u8], wasm: &mut Vec<u8>) {
    let section = CustomSection {
        name: SECTION.into(),
        data: manifest.into(),
    };
    wasm.push(section.id());
    section.encode(wasm);
}
