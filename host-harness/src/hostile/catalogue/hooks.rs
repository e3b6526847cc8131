//! Hooks that never end, trap or lie.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::{ECHO, Guest, SPIN};

const INIT: &str = "plugin_init";

fn init(body: &'static str) -> Guest {
    Guest {
        init: format!(r#"(func (export "plugin_init") (param i32 i32) (result i64) {body})"#),
        ..Guest::running(ECHO)
    }
}

fn hook(export: &str, parameters: &str, body: &str) -> Guest {
    let hook = format!(r#"(func (export "{export}") {parameters} (result i64) {body})"#);
    Guest::running(ECHO).with(&hook)
}

const BYTES: &str = "(param i32 i32)";

pub(super) fn cases() -> Vec<Case> {
    const EVENT: &[u8] = br#"{"topic":"a.b","data":1}"#;
    vec![
        case("init-never-ends", "The init hook never returns.")
            .guest(|| init(SPIN))
            .brief()
            .hook(
                INIT,
                Some(b"{}"),
                time_limit().naming(&["`plugin_init` took longer"]),
            ),
        case("init-traps", "The init hook traps.")
            .guest(|| init("unreachable"))
            .hook(INIT, Some(b"{}"), trap())
            .call("run", b"hello", dead()),
        case(
            "init-outside-memory",
            "The init hook returns bytes outside memory.",
        )
        .guest(|| init("i64.const 0x20000_0000_0001"))
        .hook(INIT, Some(b"{}"), out_of_bounds()),
        case(
            "init-error-outside-memory",
            "The init hook returns an error outside memory.",
        )
        .guest(|| init("i64.const -1"))
        .hook(INIT, Some(b"{}"), out_of_bounds()),
        case(
            "init-takes-all-memory",
            "The init hook asks for all memory, and traps without it.",
        )
        .guest(|| {
            init(
                "(if (i32.eq (memory.grow (i32.const 60000)) (i32.const -1))
                (then unreachable)) i64.const 0",
            )
        })
        .hook(INIT, Some(b"{}"), memory_limit()),
        case("start-hook-never-ends", "The start hook never returns.")
            .guest(|| hook("plugin_start", "", SPIN))
            .brief()
            .hook("plugin_start", None, time_limit()),
        case(
            "start-hook-outside-memory",
            "The start hook returns an error outside memory.",
        )
        .guest(|| hook("plugin_start", "", "i64.const 0x10000_8000_0001"))
        .hook("plugin_start", None, out_of_bounds()),
        case("stop-hook-traps", "The stop hook traps.")
            .guest(|| hook("plugin_stop", "", "unreachable"))
            .hook("plugin_stop", None, trap())
            .call("run", b"hello", dead()),
        case("event-hook-never-ends", "The event hook never returns.")
            .guest(|| hook("plugin_event", BYTES, SPIN))
            .brief()
            .hook("plugin_event", Some(EVENT), time_limit()),
        case(
            "event-hook-recurses",
            "The event hook calls itself endlessly.",
        )
        .guest(|| {
            hook("plugin_event", BYTES, "(call $recurse) i64.const 0")
                .with("(func $recurse (call $recurse))")
        })
        .hook("plugin_event", Some(EVENT), stack_overflow()),
        case("state-outside-memory", "The saved state is outside memory.")
            .guest(|| {
                hook("plugin_state_save", "", "i64.const 0xffff0000_0000_ffff").with(
                    r#"(func (export "plugin_state_load") (param i32 i32) (result i64)
                        i64.const 0)"#,
                )
            })
            .hook("plugin_state_save", None, out_of_bounds()),
        case("cleanup-never-ends", "The cleanup hook never returns.")
            .guest(|| Guest {
                cleanup: r#"(func (export "plugin_cleanup") (loop $spin (br $spin)))"#.to_owned(),
                ..Guest::running(ECHO)
            })
            .brief()
            .hook("plugin_cleanup", None, time_limit())
            .call("run", b"", dead()),
        case("cleanup-traps", "The cleanup hook traps.")
            .guest(|| Guest {
                cleanup: r#"(func (export "plugin_cleanup") unreachable)"#.to_owned(),
                ..Guest::running(ECHO)
            })
            .hook("plugin_cleanup", None, trap()),
    ]
}
