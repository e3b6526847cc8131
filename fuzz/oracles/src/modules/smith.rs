//! Modules that `wasm-smith` generates with the exports of a plugin.
//!
//! Their `alloc`, hooks and commands do anything. Calls must end in an answer or a classified
//! failure, and in the same one on both engines.

use std::convert::Infallible;
use std::sync::LazyLock;

use arbitrary::Unstructured;
use plugin_sdk::abi;
use plugin_sdk_harness::{Engine, Module, PluginBuilder, Source};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{ConstExpr, GlobalSection};
use wasm_smith::Config;
use wasmparser::{Parser, Payload};

use super::engines::{Call, compare, is_common, outcomes};
use super::load::described;
use crate::Verdict;

/// The exports that every module has, each with any body.
static EXPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = r#"(module
        (memory (export "memory") 1)
        (global (export "plugin_abi_1") i32 (i32.const 0))
        (func (export "alloc") (param i32) (result i32) unreachable)
        (func (export "free") (param i32 i32))
        (func (export "plugin_init") (param i32 i32) (result i64) unreachable)
        (func (export "plugin_cleanup"))
        (func (export "command_one") (param i32 i32) (result i64) unreachable)
        (func (export "command_two") (param i32 i32) (result i64) unreachable))"#;
    wat::parse_str(text).unwrap_or_default()
});

/// The calls of each module. One needs no memory for its arguments.
const CALLS: [Call<'static>; 4] = [
    ("one", b""),
    ("two", b"arguments"),
    ("one", b"12"),
    ("two", b""),
];

/// The number of instructions, about, after which generated code traps.
const FUEL: u32 = 10_000;

fn config() -> Config {
    Config {
        exports: Some(EXPORTS.clone()),
        canonicalize_nans: true,
        max_imports: 0,
        max_memories: 1,
        max_memory32_bytes: 8 << 16,
        max_instructions: 400,
        allow_start_export: true,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        multi_value_enabled: true,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        custom_page_sizes_enabled: false,
        ..Config::default()
    }
}

/// Returns the module that an input describes; `None` if it is too short.
fn generated(input: &[u8]) -> Option<Vec<u8>> {
    let mut choices = Unstructured::new(input);
    let mut module = wasm_smith::Module::new(config(), &mut choices).ok()?;
    module.ensure_termination(FUEL).ok()?;
    with_panic_record(&module.to_bytes())
}

/// Sets the address of the panic record to 0. With any other number, hardly a module would have an
/// instance.
fn with_panic_record(wasm: &[u8]) -> Option<Vec<u8>> {
    let mut setting = RecordAtZero {
        globals: 0,
        record: record(wasm)?,
    };
    let mut module = wasm_encoder::Module::new();
    let written = setting.parse_core_module(&mut module, Parser::new(0), wasm);
    written.ok().map(|()| module.finish())
}

/// Returns the index of the global with the address of the panic record.
fn record(wasm: &[u8]) -> Option<u32> {
    let exports = Parser::new(0).parse_all(wasm).find_map(|part| match part {
        Ok(Payload::ExportSection(exports)) => Some(exports),
        _ => None,
    });
    let export = exports?.into_iter().flatten();
    let mut named = export.filter(|export| export.name == abi::VERSION_EXPORT);
    named.next().map(|export| export.index)
}

/// Copies a module except for the value of one global.
struct RecordAtZero {
    globals: u32,
    record: u32,
}

impl Reencode for RecordAtZero {
    type Error = Infallible;

    fn parse_global(
        &mut self,
        globals: &mut GlobalSection,
        global: wasmparser::Global<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        let index = self.globals;
        self.globals += 1;
        if index != self.record {
            return reencode::utils::parse_global(self, globals, global);
        }
        let ty = self.global_type(global.ty)?;
        globals.global(ty, &ConstExpr::i32_const(0));
        Ok(())
    }
}

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let Some(wasm) = generated(input) else {
        return Ok(());
    };
    let is_common = is_common(&wasm);
    match Module::load(Source::bytes(wasm)) {
        Ok(module) => {
            // Few init hooks with any body succeed, and no command is called after one that fails.
            let set_up = match input.first() {
                Some(0..32) => |plugin| plugin,
                _ => PluginBuilder::without_init,
            };
            let wasmtime = outcomes(&module, Engine::Wasmtime, set_up, &CALLS)?;
            let wasmi = outcomes(&module, Engine::Wasmi, set_up, &CALLS)?;
            match is_common {
                true => compare("on wasmi", &wasmtime, &wasmi),
                false => Ok(()),
            }
        }
        Err(failure) => described(&failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_modules_are_plugins_with_outcomes() {
        let mut random = fastrand::Rng::with_seed(1);
        let (mut loaded, mut answers) = (0, 0);
        for _ in 0..20 {
            let input: Vec<u8> = std::iter::repeat_with(|| random.u8(..))
                .take(2000)
                .collect();
            let Some(wasm) = generated(&input) else {
                continue;
            };
            let Ok(module) = Module::load(Source::bytes(wasm)) else {
                continue;
            };
            loaded += 1;
            let set_up = PluginBuilder::without_init;
            let outcomes = outcomes(&module, Engine::Wasmi, set_up, &CALLS).expect("texts");
            answers += outcomes.len();
        }
        assert!(loaded >= 5, "{loaded} modules");
        assert!(answers > loaded, "{answers} outcomes of {loaded} modules");
    }
}
