//! The same jobs as an Extism plug-in, by Extism's own host, on the wasmtime that it brings.

use anyhow::Result;
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};

/// A compiled plug-in.
pub struct Compiled(CompiledPlugin);

impl Compiled {
    pub fn compile(wasm: &[u8]) -> Result<Self> {
        let manifest = Manifest::new([Wasm::data(wasm)]);
        Ok(Compiled(
            PluginBuilder::new(manifest)
                .with_wasi(false)
                .with_cache_disabled()
                .compile()?,
        ))
    }

    pub fn instance(&self) -> Result<Plugin> {
        Plugin::new_from_compiled(&self.0)
    }
}
