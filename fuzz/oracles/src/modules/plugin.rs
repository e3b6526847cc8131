//! A small plugin in WebAssembly text.

/// A plugin with the exports of the ABI, and `commands` after them. Its `alloc` never frees.
pub fn plugin(commands: &str) -> String {
    format!(
        r#"(module
            (memory (export "memory") 1)
            (global (export "plugin_abi_1") i32 (i32.const 0))
            (global $next (mut i32) (i32.const 1024))
            (func $alloc (export "alloc") (param $size i32) (result i32) (local $at i32)
                (local.set $at (global.get $next))
                (global.set $next (i32.and
                    (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15))
                    (i32.const -16)))
                (if (result i32) (i32.gt_u (global.get $next) (i32.const 65536))
                    (then i32.const 0) (else (local.get $at))))
            (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)
            (func (export "plugin_cleanup"))
            {commands})"#
    )
}

/// A command that answers with its arguments.
pub const ECHO: &str = r#"
    (func (export "command_echo") (param $at i32) (param $len i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
            (i64.extend_i32_u (local.get $len))))"#;

/// A command that traps in a function with a name.
pub const TRAP: &str = r#"
    (func $inner unreachable)
    (func $outer (export "command_trap") (param i32 i32) (result i64) call $inner i64.const 0)"#;

/// A command that adds 1 to each byte of its arguments, in a loop.
#[cfg(feature = "generators")]
pub const COUNT: &str = r#"
    (func (export "command_count") (param $at i32) (param $len i32) (result i64) (local $end i32)
        (local.set $end (i32.add (local.get $at) (local.get $len)))
        (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
            (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next)))
        (i64.or
            (i64.shl (i64.extend_i32_u (i32.sub (local.get $end) (local.get $len))) (i64.const 32))
            (i64.extend_i32_u (local.get $len))))"#;
