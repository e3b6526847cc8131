//! The kinds of components.

use plugin_sdk::hosts::{component, wasi_http};
use plugin_sdk_harness::inspect::Inspection;

/// A kind of components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A typed function for each command.
    Typed,
    /// One function that answers HTTP requests.
    WasiHttp,
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
}
