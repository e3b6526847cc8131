//! Components: modules that were built with a feature for one of the [kinds](Kind), with the
//! functions of that kind instead of the ABI of plugin-sdk.
//!
//! | file | |
//! |---|---|
//! | `kind` | the kinds, and what each adds to the module |
//! | `typed` | the kind with a typed function for each command |
//! | `wasi_http` | the kind that answers HTTP requests |
//! | `package` | a world, as the component model's tools read it |
//! | `wit`, `names` | the parts of WIT that all worlds have in common |
//! | `bytes` | the parts of descriptions |
//! | `refusal` | the errors for modules that cannot become components |
//! | `rewrite` | the core module, with an export for each function |
//! | `section` | the custom section with the manifest |
//! | `parts` | a component, taken apart |
//!
//! The guest's sides are `plugin_sdk::hosts::component` and `plugin_sdk::hosts::wasi_http`.

mod bytes;
mod kind;
mod names;
mod package;
mod parts;
mod refusal;
mod rewrite;
mod section;
mod typed;
mod wasi_http;
mod wit;

use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;
use wit_component::ComponentEncoder;

use crate::error::Result;
pub use kind::Kind;
pub use parts::Parts;
use refusal::{failed, invalid};

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
    let additions = match kind {
        Kind::Typed => typed::additions(manifest, &inspection),
        Kind::WasiHttp => wasi_http::additions(manifest, &inspection),
    }?;
    let package = &additions.package;
    let mut wasm = rewrite::rewrite(core, kind, &additions)?;
    let wit = package.print().map_err(invalid)?;
    package.embed(&mut wasm).map_err(invalid)?;
    let encoder = ComponentEncoder::default().validate(true);
    let mut component = encoder
        .module(&wasm)
        .and_then(|mut encoder| encoder.encode())
        .map_err(invalid)?;
    section::keep(core, &mut component);
    Ok(Component {
        wasm: component,
        wit,
    })
}
