//! Exports that break the ABI.

use super::*;

#[track_caller]
fn missing(guest: Guest, export: &str) {
    assert_kind!(building(guest.builder()), FailureKind::MissingExport { name, .. } if name == export);
}

#[track_caller]
fn wrong(guest: Guest, export: &str, is: &str) {
    let failure = building(guest.builder());
    assert_kind!(failure, FailureKind::WrongExport { name, found, .. } if name == export && found == is);
}

#[test]
fn a_missing_export_is_named() {
    let none = String::new;
    missing(
        Guest {
            alloc: none(),
            ..Guest::default()
        },
        "alloc",
    );
    missing(
        Guest {
            free: none(),
            ..Guest::default()
        },
        "free",
    );
    missing(
        Guest {
            init: none(),
            ..Guest::default()
        },
        "plugin_init",
    );
    missing(
        Guest {
            cleanup: none(),
            ..Guest::default()
        },
        "plugin_cleanup",
    );
}

#[test]
fn missing_or_private_memory_is_named() {
    let alloc = alloc("i32.const 0").alloc;
    missing(
        Guest {
            memory: String::new(),
            alloc: alloc.clone(),
            ..Guest::default()
        },
        "memory",
    );
    missing(
        Guest {
            memory: "(memory 1)".to_owned(),
            alloc,
            ..Guest::default()
        },
        "memory",
    );
}

#[test]
fn a_command_with_another_signature_is_refused() {
    let with = |func: &str| Guest::default().with(func);
    wrong(
        with(r#"(func (export "command_f") (param i32) (result i64) i64.const 0)"#),
        "command_f",
        "a function (i32) -> i64",
    );
    wrong(
        with(r#"(func (export "command_f") (param i64 i64) (result i64) i64.const 0)"#),
        "command_f",
        "a function (i64, i64) -> i64",
    );
    wrong(
        with(r#"(func (export "command_f") (param i32 i32))"#),
        "command_f",
        "a function (i32, i32)",
    );
    wrong(
        with(r#"(table (export "command_f") 1 funcref)"#),
        "command_f",
        "a table",
    );
}

#[test]
fn an_abi_function_with_another_signature_is_refused() {
    let alloc = r#"(func (export "alloc") (param i64) (result i64) i64.const 0)"#.to_owned();
    wrong(
        Guest {
            alloc,
            ..Guest::default()
        },
        "alloc",
        "a function (i64) -> i64",
    );
    let init = r#"(func (export "plugin_init"))"#.to_owned();
    wrong(
        Guest {
            init,
            ..Guest::default()
        },
        "plugin_init",
        "a function ()",
    );
    let free = r#"(global (export "free") i32 (i32.const 0))"#.to_owned();
    wrong(
        Guest {
            free,
            ..Guest::default()
        },
        "free",
        "a constant global of type i32",
    );
    let event = r#"(func (export "plugin_event") (result i64) i64.const 0)"#;
    wrong(
        Guest::default().with(event),
        "plugin_event",
        "a function () -> i64",
    );
}

#[test]
fn memory_of_another_kind_is_refused() {
    let memory = |memory: &str| Guest {
        memory: memory.to_owned(),
        alloc: alloc("i32.const 0").alloc,
        ..Guest::default()
    };
    wrong(
        memory(r#"(memory (export "memory") i64 1)"#),
        "memory",
        "a memory with 64-bit addresses",
    );
    wrong(
        memory(r#"(memory (export "memory") 1) (memory 1)"#),
        "memory",
        "one of 2 memories",
    );
    wrong(
        memory(r#"(memory (export "memory") 1 2 shared)"#),
        "memory",
        "a shared memory",
    );
    wrong(
        memory(r#"(memory 1) (func (export "memory"))"#),
        "memory",
        "a function ()",
    );
}

#[test]
fn a_version_export_of_another_kind_is_refused() {
    let version = |version: &str| Guest {
        version: version.to_owned(),
        ..Guest::default()
    };
    missing(version(""), "plugin_abi_1");
    wrong(
        version(r#"(global (export "plugin_abi_1") (mut i32) (i32.const 16))"#),
        "plugin_abi_1",
        "a mutable global of type i32",
    );
    wrong(
        version(r#"(global (export "plugin_abi_1") i64 (i64.const 16))"#),
        "plugin_abi_1",
        "a constant global of type i64",
    );
    wrong(
        version(r#"(func (export "plugin_abi_1"))"#),
        "plugin_abi_1",
        "a function ()",
    );
}

#[test]
fn another_version_is_recognised_by_the_name_of_its_export() {
    for (exports, found) in [
        (r#"(func (export "plugin_abi_2"))"#, "2"),
        (
            r#"(global (export "plugin_abi_1") i32 (i32.const 16)) (func (export "plugin_abi_7"))"#,
            "1 and 7",
        ),
        (r#"(func (export "plugin_abi_"))"#, ""),
    ] {
        // Nothing else in it is as in version 1.
        let failure = building(Plugin::builder(Source::wat(format!("(module {exports})"))));
        assert_kind!(failure, FailureKind::AbiVersion { found: version, supported: 1 } if version == found);
    }
    let failure = building(Plugin::builder(Source::wat(
        r#"(module (func (export "plugin_abi_\1b[2J")))"#,
    )));
    assert!(!failure.to_string().contains('\x1b'), "{failure}");
}
