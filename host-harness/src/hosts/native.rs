//! The host of this SDK's own ABI, as this harness runs it: `docs/abi.md`.

use super::HostContract;
use crate::contract;
use crate::inspect::Proposal;
use crate::limits::Limits;
use crate::services::Services;

pub(super) const CONTRACT: HostContract = HostContract {
    name: "native",
    summary: "hosts of the plugin SDK's own ABI",
    memory_pages: Limits::MEMORY_PAGES,
    lacks: &[
        Proposal::Externref,
        Proposal::Threads,
        Proposal::Exceptions,
        Proposal::LegacyExceptions,
        Proposal::Gc,
        Proposal::Memory64,
        Proposal::MultiMemory,
        Proposal::WideArithmetic,
        Proposal::Other,
    ],
    exports: |inspection| inspection.failures_of_exports(),
    module: contract::SERVICES,
    functions: || Services::functions().collect(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Inspection;

    /// A module with all that the ABI asks for, and more.
    fn runs(fields: &str) -> (bool, bool) {
        let wasm = wat::parse_str(format!(
            r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
               (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
               (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup")) {fields})"#
        ))
        .unwrap();
        // What is not even read is not run either.
        let expected = Inspection::of(&wasm).is_ok_and(|inspection| {
            let code = inspection.code().unwrap();
            !CONTRACT.lacks.iter().any(|proposal| code.needs(*proposal))
        });
        let built = crate::Plugin::builder(wasm).no_cache().build();
        (expected, built.is_ok())
    }

    #[test]
    fn what_the_host_lacks_is_what_its_engine_refuses() {
        for (fields, runs_here) in [
            (
                "(func (param i32) (drop (i32.extend8_s (local.get 0))))",
                true,
            ),
            ("(func (result i32 i32) i32.const 1 i32.const 2)", true),
            ("(func (param funcref))", true),
            ("(func (param externref))", false),
            ("(func (local v128))", true),
            (
                "(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
                true,
            ),
            ("(func $f return_call $f)", true),
            ("(global i32 (i32.add (i32.const 1) (i32.const 2)))", true),
            ("(table 1 1 funcref) (table 1 1 funcref)", true),
            ("(tag (param i32))", false),
            ("(type (struct (field i32)))", false),
            ("(type $f (func)) (func (param (ref null $f)))", true),
            (
                "(func (param i64) (i64.add128 (local.get 0) (local.get 0) (local.get 0) (local.get 0)) drop drop)",
                false,
            ),
        ] {
            assert_eq!(runs(fields), (runs_here, runs_here), "{fields}");
        }
    }
}
