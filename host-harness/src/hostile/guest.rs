//! A guest in WebAssembly text that follows the ABI, with parts that cases replace by faulty ones.
//!
//! The tests of this crate include this file too.

/// The address of the panic record in a guest made of the usual parts.
pub const RECORD: u32 = 16;

/// The parts of a guest. Memory below 1024 is for a test's own data; `alloc` hands out the rest.
pub struct Guest {
    pub memory: String,
    pub version: String,
    pub alloc: String,
    pub free: String,
    pub init: String,
    pub cleanup: String,
    /// Everything else in the module.
    pub rest: String,
}

impl Default for Guest {
    fn default() -> Self {
        Guest {
            memory: r#"(memory (export "memory") 1)"#.to_owned(),
            version: format!(r#"(global (export "plugin_abi_1") i32 (i32.const {RECORD}))"#),
            alloc: r#"(global $next (mut i32) (i32.const 1024))
                (func $alloc (export "alloc") (param $size i32) (result i32) (local $at i32)
                    (local.set $at (global.get $next))
                    (global.set $next (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -16)))
                    (block $room
                        (br_if $room (i32.le_u (global.get $next) (i32.shl (memory.size) (i32.const 16))))
                        (br_if $room (i32.ne (i32.const -1) (memory.grow
                            (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16))))))
                        (global.set $next (local.get $at))
                        (return (i32.const 0)))
                    (local.get $at))"#
                .to_owned(),
            free: r#"(func (export "free") (param i32 i32))"#.to_owned(),
            init: r#"(func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)"#.to_owned(),
            cleanup: r#"(func (export "plugin_cleanup"))"#.to_owned(),
            rest: String::new(),
        }
    }
}

impl Guest {
    /// The usual parts and a command `run` with this body, whose parameters are `$at` and `$len`.
    pub fn running(body: &str) -> Self {
        Guest::default().with(&command("run", body))
    }

    /// The usual parts and a command `run` that answers with this number.
    pub fn answering(address: u32, len: u32, failed: bool) -> Self {
        let bits = plugin_sdk::abi::Packed {
            address,
            len,
            failed,
        }
        .to_bits();
        Guest::running(&format!("i64.const {bits:#x}"))
    }

    /// The usual parts and a command `run` that answers with this text.
    pub fn saying(text: &[u8], failed: bool) -> Self {
        Guest::answering(64, text.len() as u32, failed).with(&data(64, text))
    }

    /// The usual parts and an attack that hosts of other contracts can start too: a function with
    /// this body, whose result is packed.
    pub fn attacking(body: &str) -> Self {
        Guest::running("(call $attack)").with(&format!(
            r#"(func $attack (result i64) {body})
            (func (export "run") (result i32) (drop (call $attack)) i32.const 0)
            (func (export "run_with_bytes") (param i32) (result i32) (drop (call $attack)) i32.const 0)"#
        ))
    }

    pub fn with(mut self, rest: &str) -> Self {
        self.rest.push_str(rest);
        self
    }

    pub fn wat(&self) -> String {
        let Guest {
            memory,
            version,
            alloc,
            free,
            init,
            cleanup,
            rest,
        } = self;
        format!("(module {memory} {version} {alloc} {free} {init} {cleanup} {rest})")
    }
}

/// A command with this body.
pub fn command(name: &str, body: &str) -> String {
    format!(
        r#"(func $command_{name} (export "command_{name}") (param $at i32) (param $len i32) (result i64) {body})"#
    )
}

/// The body of a command that answers with its arguments.
pub const ECHO: &str = "(i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $len)))";

/// Bytes in memory.
pub fn data(address: u32, bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(r#"(data (i32.const {address}) "{escaped}")"#)
}

/// A guest with another `alloc`, which has this body.
pub fn alloc(body: &str) -> Guest {
    Guest {
        alloc: format!(r#"(func $alloc (export "alloc") (param i32) (result i32) {body})"#),
        ..Guest::default()
    }
}

/// The body of a function that never ends.
pub const SPIN: &str = "(loop $spin (br $spin)) unreachable";
