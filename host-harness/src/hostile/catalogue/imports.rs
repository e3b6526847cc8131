//! Imports that no host has, or that it has with another type.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::Guest;

fn imports(
    name: &'static str,
    about: &'static str,
    imports: impl Into<String>,
    expected: Expected,
) -> Case {
    let imports = imports.into();
    let guest = move || Guest {
        memory: format!(r#"{imports} (memory (export "memory") 1)"#),
        ..Guest::default()
    };
    case(name, about).guest(guest).load(expected)
}

pub(super) fn cases() -> Vec<Case> {
    let missing = |names: &[&'static str]| refused("missing_imports").naming(names);
    let wrong = || refused("wrong_import").naming(&["log_max_level"]);
    vec![
        imports(
            "import-of-an-unknown-function",
            "A function is imported that no host has.",
            r#"(import "env" "a" (func))"#,
            missing(&["`a`", "`env`"]),
        ),
        imports(
            "import-of-wasi",
            "A function of WASI is imported.",
            r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32)
                (result i32)))"#,
            missing(&["fd_write", "--target wasm32-unknown-unknown"]),
        ),
        case("import-of-a-memory", "The memory is imported.")
            .guest(|| Guest {
                memory: r#"(import "env" "memory" (memory 1)) (export "memory" (memory 0))"#
                    .to_owned(),
                ..Guest::default()
            })
            .load(missing(&["`memory`"])),
        imports(
            "import-of-a-table",
            "A table is imported.",
            r#"(import "env" "table" (table 1 funcref))"#,
            missing(&["`table`"]),
        ),
        imports(
            "import-of-a-global",
            "A global is imported.",
            r#"(import "env" "global" (global i32))"#,
            missing(&["`global`"]),
        ),
        imports(
            "import-of-an-unknown-service",
            "A service is imported that does not exist.",
            r#"(import "plugin_host" "run_program" (func (param i32 i32) (result i64)))"#,
            missing(&["run_program"]),
        ),
        imports(
            "import-of-another-type",
            "A service is imported with another type.",
            r#"(import "plugin_host" "log_max_level" (func (param i64) (result i32)))"#,
            wrong(),
        ),
        imports(
            "import-as-two-types",
            "A service is imported twice, once with another type.",
            r#"(import "plugin_host" "log_max_level" (func (result i32)))
                (import "plugin_host" "log_max_level" (func (param f64)))"#,
            wrong(),
        ),
        imports(
            "import-of-a-service-as-a-global",
            "A service is imported as a global.",
            r#"(import "plugin_host" "log_max_level" (global i32))"#,
            missing(&["log_max_level"]),
        ),
        imports(
            "import-of-no-name",
            "A function without a name is imported from a module without a name.",
            r#"(import "" "" (func))"#,
            missing(&[]),
        ),
        imports(
            "import-with-escapes",
            "The names of an import have terminal escapes and bidirectional controls.",
            r#"(import "\1b[2J" "\c2\9b\e2\80\ae" (func))"#,
            missing(&["\\u{1b}[2J", "\\u{9b}"]),
        ),
        imports(
            "import-of-a-long-name",
            "The name of an import has 60,000 bytes.",
            format!(r#"(import "env" "{}" (func))"#, "x".repeat(60_000)),
            missing(&["xxx"]),
        ),
        imports(
            "import-of-too-many",
            "There are 1001 imports.",
            r#"(import "env" "a" (func))"#.repeat(1001),
            refused("module_limit").naming(&["ModuleLimits::imports"]),
        ),
    ]
}
