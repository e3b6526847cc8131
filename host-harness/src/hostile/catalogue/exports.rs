//! Exports that are missing or of another type.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::{ECHO, Guest, command};

fn guest(
    name: &'static str,
    about: &'static str,
    change: impl Fn(&mut Guest) + Send + Sync + 'static,
    expected: Expected,
) -> Case {
    let guest = move || {
        let mut guest = Guest::running(ECHO);
        change(&mut guest);
        guest
    };
    case(name, about).guest(guest).load(expected)
}

fn extra(
    name: &'static str,
    about: &'static str,
    export: &'static str,
    found: &'static str,
) -> Case {
    guest(
        name,
        about,
        |guest| guest.rest.push_str(export),
        refused("wrong_export").naming(&[found]),
    )
}

fn version(
    name: &'static str,
    about: &'static str,
    export: &'static str,
    expected: Expected,
) -> Case {
    guest(
        name,
        about,
        |guest| guest.version = export.to_owned(),
        expected,
    )
}

/// A module with nothing but this export.
fn alone(
    name: &'static str,
    about: &'static str,
    export: &'static str,
    expected: Expected,
) -> Case {
    case(name, about)
        .text(move || format!("(module {export})"))
        .load(expected)
}

pub(super) fn cases() -> Vec<Case> {
    let missing = |name: &'static str| refused("missing_export").naming(&[name]);
    let wrong = |found: &'static str| refused("wrong_export").naming(&[found]);
    vec![
        guest(
            "export-alloc-missing",
            "There is no `alloc`.",
            |guest| guest.alloc.clear(),
            missing("alloc"),
        ),
        guest(
            "export-free-missing",
            "There is no `free`.",
            |guest| guest.free.clear(),
            missing("free"),
        ),
        guest(
            "export-init-missing",
            "There is no `plugin_init`.",
            |guest| guest.init.clear(),
            missing("plugin_init"),
        ),
        guest(
            "export-cleanup-missing",
            "There is no `plugin_cleanup`.",
            |guest| guest.cleanup.clear(),
            missing("plugin_cleanup"),
        ),
        case("export-memory-missing", "There is no memory at all.")
            .guest(|| Guest {
                memory: String::new(),
                alloc: r#"(func (export "alloc") (param i32) (result i32) i32.const 0)"#.to_owned(),
                ..Guest::default()
            })
            .load(missing("memory")),
        guest(
            "export-alloc-of-64-bits",
            "`alloc` takes and returns a 64-bit number.",
            |guest| {
                guest.alloc =
                    r#"(func (export "alloc") (param i64) (result i64) i64.const 0)"#.to_owned();
            },
            wrong("(i64) -> i64"),
        ),
        guest(
            "export-init-without-parameters",
            "`plugin_init` takes and returns nothing.",
            |guest| {
                guest.init = r#"(func (export "plugin_init"))"#.to_owned();
            },
            wrong("plugin_init"),
        ),
        guest(
            "export-free-that-is-a-global",
            "`free` is a global.",
            |guest| {
                guest.free = r#"(global (export "free") i32 (i32.const 0))"#.to_owned();
            },
            wrong("a constant global of type i32"),
        ),
        extra(
            "export-event-without-parameters",
            "`plugin_event` takes nothing.",
            r#"(func (export "plugin_event") (result i64) i64.const 0)"#,
            "() -> i64",
        ),
        extra(
            "export-command-of-one-parameter",
            "A command takes one number.",
            r#"(func (export "command_f") (param i32) (result i64) i64.const 0)"#,
            "(i32) -> i64",
        ),
        extra(
            "export-command-of-64-bits",
            "A command takes 64-bit numbers.",
            r#"(func (export "command_f") (param i64 i64) (result i64) i64.const 0)"#,
            "(i64, i64) -> i64",
        ),
        extra(
            "export-command-of-floats",
            "A command takes and returns floats.",
            r#"(func (export "command_f") (param f32 f32) (result f64) f64.const 0)"#,
            "(f32, f32) -> f64",
        ),
        extra(
            "export-command-of-many-results",
            "A command returns two numbers.",
            r#"(func (export "command_f") (param i32 i32)
                (result i64 i64) i64.const 0 i64.const 0)"#,
            "(i64, i64)",
        ),
        extra(
            "export-command-without-a-result",
            "A command returns nothing.",
            r#"(func (export "command_f") (param i32 i32))"#,
            "(i32, i32)",
        ),
        extra(
            "export-command-that-is-a-table",
            "A command is a table.",
            r#"(table (export "command_f") 1 funcref)"#,
            "a table",
        ),
        extra(
            "export-command-that-is-a-global",
            "A command is a global.",
            r#"(global (export "command_f") i64 (i64.const 0))"#,
            "a constant global of type i64",
        ),
        extra(
            "export-command-that-is-the-memory",
            "A command is the memory.",
            r#"(export "command_f" (memory 0))"#,
            "a memory",
        ),
        guest(
            "export-command-with-escapes",
            "A command's name has terminal escapes, bidirectional controls and 60,000 bytes.",
            |guest| {
                let name = format!("command_\\1b[2J\\c2\\9b\\e2\\80\\ae{}", "x".repeat(60_000));
                guest.rest.push_str(&format!(
                    r#"(func (export "{name}") (param i32) (result i64) i64.const 0)"#
                ));
            },
            refused("wrong_export").naming(&["\\u{1b}[2J"]),
        ),
        guest(
            "export-three-thousand-commands",
            "There are 3000 commands.",
            |guest| {
                let commands: String = (0..3000)
                    .map(|n| command(&format!("c{n}"), "i64.const 0"))
                    .collect();
                guest.rest.push_str(&commands);
            },
            answers(),
        ),
        version(
            "version-missing",
            "No export names the version of the ABI.",
            "",
            missing("plugin_abi_1"),
        ),
        version(
            "version-mutable",
            "The global of the version is mutable.",
            r#"(global (export "plugin_abi_1") (mut i32) (i32.const 16))"#,
            wrong("a mutable global of type i32"),
        ),
        version(
            "version-of-64-bits",
            "The global of the version has 64 bits.",
            r#"(global (export "plugin_abi_1") i64 (i64.const 16))"#,
            wrong("a constant global of type i64"),
        ),
        version(
            "version-that-is-a-function",
            "The export of the version is a function.",
            r#"(func (export "plugin_abi_1"))"#,
            wrong("plugin_abi_1"),
        ),
        alone(
            "version-2",
            "The module is for a later version of the ABI.",
            r#"(func (export "plugin_abi_2"))"#,
            refused("abi_version").naming(&["2"]),
        ),
        alone(
            "version-1-and-7",
            "The module claims to be for two versions of the ABI.",
            r#"(global (export "plugin_abi_1") i32 (i32.const 16)) (func
                (export "plugin_abi_7"))"#,
            refused("abi_version").naming(&["1 and 7"]),
        ),
        alone(
            "version-without-a-number",
            "The export of the version has no number.",
            r#"(func (export "plugin_abi_"))"#,
            refused("abi_version"),
        ),
        alone(
            "version-with-escapes",
            "The export of the version has terminal escapes.",
            r#"(func (export "plugin_abi_\1b[2J"))"#,
            refused("abi_version").naming(&["\\u{1b}[2J"]),
        ),
    ]
}
