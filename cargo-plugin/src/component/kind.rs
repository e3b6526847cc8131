//! The kinds of components.

use plugin_sdk::hosts::{component, wasi_http};
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;

use super::package::Package;
use super::rewrite::Export;
use crate::error::Result;

/// A kind of components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A typed function for each command.
    Typed,
    /// One function that answers HTTP requests.
    WasiHttp,
}

/// What a kind adds to a module.
pub struct Additions {
    /// The world of the component.
    pub package: Package,
    /// The description of the plugin, which its functions get.
    pub description: Vec<u8>,
    pub exports: Vec<Export>,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 2] = [Kind::Typed, Kind::WasiHttp];

    /// Returns the name on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Typed => "component",
            Kind::WasiHttp => "wasi-http",
        }
    }

    /// Returns the feature, of the plugin and of `plugin-sdk`, that makes a module for it.
    pub fn feature(self) -> &'static str {
        match self {
            Kind::Typed => "host-component",
            Kind::WasiHttp => "host-wasi-http",
        }
    }

    /// Returns a description in one line.
    pub fn summary(self) -> &'static str {
        match self {
            Kind::Typed => "a WebAssembly component, for runtimes of the component model",
            Kind::WasiHttp => {
                "a component that answers HTTP requests, for Spin, wasmCloud and `wasmtime serve`"
            }
        }
    }

    /// Returns the export of the module that the functions of the component call.
    pub fn entry(self) -> &'static str {
        match self {
            Kind::Typed => component::CALL_EXPORT,
            Kind::WasiHttp => wasi_http::HANDLE_EXPORT,
        }
    }

    /// Returns the kind that a module was built for.
    pub fn of(wasm: &[u8]) -> Option<Self> {
        let inspection = Inspection::of(wasm).ok()?;
        Kind::ALL.into_iter().find(|kind| {
            let mut exports = inspection.exports();
            exports.any(|export| export.name == kind.entry())
        })
    }

    /// Makes what a module needs to become a component.
    ///
    /// # Errors
    /// If the module imports what no such component has, or if its types are too many.
    pub fn additions(self, manifest: &Manifest, module: &Inspection<'_>) -> Result<Additions> {
        match self {
            Kind::Typed => super::typed::additions(manifest, module),
            Kind::WasiHttp => super::wasi_http::additions(manifest, module),
        }
    }
}
