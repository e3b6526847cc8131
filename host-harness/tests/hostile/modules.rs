//! Modules that are malformed or too large.

use super::*;

fn refused(bytes: impl Into<Vec<u8>>) -> Failure {
    building(Plugin::builder(bytes.into()).no_cache())
}

fn compiled(guest: &Guest) -> Vec<u8> {
    wat::parse_str(guest.wat()).unwrap()
}

#[test]
fn all_missing_imports_are_listed() {
    let imports = r#"(import "env" "a" (func)) (import "wasi_snapshot_preview1" "fd_write" (func)) (import "env" "m" (memory 1))"#;
    let failure = building(Plugin::builder(Source::wat(format!(
        r#"(module {imports} (global (export "plugin_abi_1") i32 (i32.const 16)))"#
    ))));
    let import = |module: &str, name: &str| Import {
        module: module.to_owned(),
        name: name.to_owned(),
    };
    let all = [
        import("env", "a"),
        import("wasi_snapshot_preview1", "fd_write"),
        import("env", "m"),
    ];
    let failure = assert_kind!(failure, FailureKind::MissingImports { imports } if *imports == all);
    assert!(
        failure
            .to_string()
            .contains("`fd_write` of `wasi_snapshot_preview1`"),
        "{failure}"
    );
    assert!(
        failure
            .to_string()
            .contains("--target wasm32-unknown-unknown"),
        "{failure}"
    );
}

#[test]
fn a_truncated_module_is_never_run() {
    let mut whole = compiled(&Guest::running(ECHO));
    // Nothing depends on the names of functions, which are at the end.
    whole.truncate(
        whole
            .windows(5)
            .position(|bytes| bytes == b"\x04name")
            .unwrap()
            - 2,
    );
    for cut in 0..whole.len() {
        let failure = Plugin::builder(&whole[..cut])
            .no_cache()
            .build()
            .unwrap_err();
        assert!(
            matches!(
                failure.kind(),
                FailureKind::Truncated { .. }
                    | FailureKind::NotWasm { .. }
                    | FailureKind::MissingExport { .. }
            ),
            "cut at {cut} of {}: {failure}",
            whole.len()
        );
    }
    assert_kind!(
        refused(&whole[..whole.len() - 1]),
        FailureKind::Truncated { .. }
    );
}

#[test]
fn a_module_with_one_changed_byte_never_harms_the_host() {
    let whole = compiled(&Guest::running(ECHO));
    for at in 8..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        let built = Plugin::builder(changed)
            .no_cache()
            .memory_pages(16)
            .timeout(BRIEF)
            .build();
        // It may be a module that does something else, or not a module; both are fine.
        let _ = built.map(|mut plugin| plugin.call_raw("run", b"hello").map(<[u8]>::len));
    }
    the_host_lives_on();
}

#[test]
fn a_file_above_the_size_limit_is_not_read() {
    let whole = compiled(&Guest::default());
    let limit = whole.len() as u64 - 1;
    assert_kind!(
        building(Plugin::builder(Source::bytes(whole).max_bytes(limit))),
        FailureKind::ModuleTooLarge { bytes, .. } if *bytes == limit + 1
    );
}

#[cfg(unix)]
#[test]
fn an_endless_file_is_read_only_up_to_its_limit() {
    let endless = Source::file("/dev/zero").max_bytes(10_000);
    assert_kind!(
        building(Plugin::builder(endless)),
        FailureKind::ModuleTooLarge { limit: 10_000, .. }
    );
}

#[test]
fn an_unreadable_file_is_named() {
    let failure = building(Plugin::builder(Source::file("no/such/plugin.wasm")));
    let failure = assert_kind!(failure, FailureKind::Io { .. });
    assert!(
        failure.to_string().contains("no/such/plugin.wasm"),
        "{failure}"
    );
}

#[test]
fn very_many_commands_are_listed_in_part() {
    let commands: String = (0..3000)
        .map(|n| command(&format!("c{n}"), "i64.const 0"))
        .collect();
    let failure = Guest::default()
        .with(&commands)
        .plugin()
        .call_raw("c3000", b"")
        .unwrap_err();
    assert!(failure.to_string().len() < 2000, "{failure}");
    assert_kind!(failure, FailureKind::UnknownCommand { nearest: Some(_), known, .. } if known.len() == 3000);
}

/// Functions inlined into each other, a million deep: a search for a source line that recurses
/// would overflow the stack of the host.
#[test]
fn deeply_nested_debug_info_does_not_overflow_the_stack() {
    let abbreviations = [
        // A unit, with children, that has a first address and a length.
        &[1, 0x11, 1, 0x11, 0x01, 0x12, 0x06, 0, 0][..],
        // A function, with the same.
        &[2, 0x2e, 1, 0x11, 0x01, 0x12, 0x06, 0, 0],
        // An inlined function, with children and nothing else.
        &[3, 0x1d, 1, 0, 0, 0],
    ]
    .concat();
    let everywhere = [[0; 4], 0x00ff_ffff_u32.to_le_bytes()].concat();
    let mut unit = [
        &[4, 0, 0, 0, 0, 0, 4, 1][..],
        &everywhere,
        &[2],
        &everywhere,
    ]
    .concat();
    unit.resize(1 << 20, 3);
    let information = [&(unit.len() as u32).to_le_bytes()[..], &unit].concat();
    let custom = |name: &str, bytes: &[u8]| {
        let bytes: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        format!(r#"(@custom "{name}" "{bytes}")"#)
    };
    let guest = Guest::running("unreachable")
        .with(&custom(".debug_abbrev", &abbreviations))
        .with(&custom(".debug_info", &information));
    let builder = guest.builder().engine(Engine::Wasmtime);
    let failure = assert_kind!(running_in(builder), FailureKind::Trap { .. });
    assert!(failure.to_string().contains("unreachable"), "{failure}");
    assert_eq!(failure.backtrace().len(), 1);
}

/// The name of a definition is a path here, which hides 2^40 alternatives from a check that takes
/// each reference for a name.
#[cfg(feature = "schema-checks")]
#[test]
fn schemas_with_references_into_definitions_are_not_used() {
    use serde_json::json;

    let definitions = (0..40).flat_map(|number| {
        let next = json!({"$ref": format!("#/$defs/d{}/properties/p", number + 1)});
        let doubled = json!({"properties": {"p": {"anyOf": [next.clone(), next]}}});
        let hidden = (format!("d{number}/properties/p"), json!(true));
        [(format!("d{number}"), doubled), hidden]
    });
    let last = json!({"properties": {"p": {"type": "string"}}});
    let last = [
        ("d40".to_owned(), last),
        ("d40/properties/p".to_owned(), json!(true)),
    ];
    let definitions: serde_json::Map<String, Value> = definitions.chain(last).collect();
    let line = json!({"abi": 1, "$defs": definitions, "commands": [{"name": "run", "arguments": {"$ref": "#/$defs/d0"}, "result": true}]});
    let section = format!(r#"(@custom "plugin-sdk" {:?})"#, line.to_string());
    let guest = Guest::running(ECHO).with(&section);
    let failure = assert_kind!(
        building(guest.builder().validate_schemas()),
        FailureKind::BadSchema { .. }
    );
    assert!(
        failure.to_string().contains("not defined with it"),
        "{failure}"
    );
    guest.plugin().call_raw("run", b"{}").unwrap();
}
