//! The global allocator of a plugin that asks for another than std's, by a feature. `docs/allocators.md` compares them.
//!
//! A crate that depends on `plugin-sdk` cannot then choose a third one, which is why neither is on by default. Native builds keep the
//! system's allocator: what is tested there is the plugin, not its memory.

#[cfg(all(target_arch = "wasm32", feature = "wee_alloc", feature = "talc"))]
compile_error!(
    "the features `wee_alloc` and `talc` of `plugin-sdk` each set the global allocator, of which there can be one: turn one of them off, \
     preferably `wee_alloc` (docs/allocators.md says why)"
);

#[cfg(all(target_arch = "wasm32", feature = "wee_alloc", not(feature = "talc")))]
#[global_allocator]
static WEE_ALLOC: wee_alloc::WeeAlloc<'static> = wee_alloc::WeeAlloc::INIT;

#[cfg(all(target_arch = "wasm32", feature = "talc", not(feature = "wee_alloc")))]
#[global_allocator]
static TALC: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
