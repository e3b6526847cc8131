//! Modules of a few thousand bytes that would take their host minutes or gigabytes: to read, to
//! compile, to name.

use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::{Module, ModuleLimits};

use super::*;

/// Returns the failure of a module that must be refused before it is compiled, and the setting of
/// the limit that it exceeds.
#[track_caller]
fn refused(guest: &Guest) -> (Failure, &'static str) {
    let failure = building(guest.builder());
    let FailureKind::ModuleLimit { setting, .. } = failure.kind() else {
        panic!("{failure}");
    };
    let setting = *setting;
    assert!(
        failure
            .hint()
            .unwrap()
            .contains(&format!("ModuleLimits::{setting}")),
        "{failure}"
    );
    (failure, setting)
}

fn repeat(count: usize, of: &str) -> String {
    of.repeat(count)
}

fn each(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(of).collect()
}

/// Adds 1 to a local.
fn changed(local: usize) -> String {
    format!("(local.set {local} (i32.add (local.get {local}) (i32.const 1)))")
}

fn stored(locals: usize) -> String {
    each(locals, |local| {
        format!("(i32.store (i32.const 0) (local.get {local}))")
    })
}

/// A word that no tool knows.
const UNKNOWN: &str = "(i32.load (i32.const 0))";

fn function(locals: usize, body: &str) -> Guest {
    let locals = repeat(locals, "i32 ");
    Guest::default().with(&format!("(func $callee) (func (local {locals}) {body})"))
}

/// Each would take tens of seconds to hours.
#[test]
fn modules_that_are_hard_to_compile_are_refused() {
    let loops = |count: usize, locals: usize| {
        let inner = each(locals, changed);
        let ends = repeat(count, &format!("{UNKNOWN} br_if 0 end "));
        function(
            locals,
            &format!("{} {inner} {ends}", repeat(count, "loop ")),
        )
    };
    let in_arms = |arms: usize, locals: usize, around: &str, end: &str| {
        let blocks = repeat(arms, "block ");
        let targets = each(arms, |arm| format!("{arm} "));
        let bodies = each(arms, |arm| {
            let out = arms - arm - 1;
            format!("end {} br {out} ", changed(arm % locals))
        });
        let body = format!(
            "{around} block {blocks} {UNKNOWN} br_table {targets} {arms} {bodies} end {end} {}",
            stored(locals)
        );
        function(locals, &body)
    };
    let bombs = [
        (
            "nested loops around many locals",
            loops(60, 1000),
            "compile_work",
        ),
        ("deeply nested loops", loops(200, 500), "loop_nesting"),
        (
            "nested loops around nothing",
            loops(10_000, 1),
            "loop_nesting",
        ),
        (
            "loops one after the other",
            function(0, &repeat(8000, &format!("loop {UNKNOWN} br_if 0 end "))),
            "compile_work",
        ),
        (
            "blocks within each other",
            function(
                0,
                &format!("{} {}", repeat(100_000, "block "), repeat(100_000, "end ")),
            ),
            "nesting",
        ),
        (
            "blocks one after the other",
            function(0, &repeat(100_000, "block end ")),
            "compile_work",
        ),
        (
            "many branches to one place, each with other values",
            function(
                100,
                &format!(
                    "block {} end {}",
                    each(10_000, |n| format!(
                        "{} {UNKNOWN} br_if 0 ",
                        changed(n % 100)
                    )),
                    stored(100)
                ),
            ),
            "compile_work",
        ),
        (
            "a switch whose arms set many locals",
            in_arms(1000, 1000, "", ""),
            "compile_work",
        ),
        (
            "values that live through very many blocks",
            function(
                5000,
                &format!(
                    "{} {} {}",
                    each(5000, |local| format!("(local.set {local} {UNKNOWN})")),
                    repeat(10_000, &format!("{UNKNOWN} if call $callee end ")),
                    stored(5000)
                ),
            ),
            "compile_work",
        ),
        (
            "operands that live through very many blocks",
            function(
                0,
                &format!(
                    "{} {} {}",
                    repeat(5000, UNKNOWN),
                    repeat(9000, &format!("{UNKNOWN} if call $callee end ")),
                    repeat(5000, "drop ")
                ),
            ),
            "compile_work",
        ),
        (
            "blocks that take and give many values",
            Guest::default().with(&format!(
                "(type $t (func (param {0}) (result {0}))) (func {1} {2} {3})",
                repeat(100, "i32 "),
                repeat(100, UNKNOWN),
                repeat(3000, &format!("block (type $t) {UNKNOWN} br_if 0 end ")),
                repeat(100, "drop "),
            )),
            "compile_work",
        ),
        (
            "calls that hand on many values",
            Guest::default().with(&format!(
                "(func $f (param {0}) (result {0}) {1}) (func {2} {3} {4})",
                repeat(150, "i32 "),
                each(150, |n| format!("local.get {n} ")),
                repeat(150, UNKNOWN),
                repeat(5000, "call $f "),
                repeat(150, "drop "),
            )),
            "compile_work",
        ),
        (
            "indirect calls without end",
            Guest::default().with(&format!(
                "(table 1 funcref) (func {})",
                repeat(50_000, "(call_indirect (i32.const 0))")
            )),
            "compile_work",
        ),
        (
            "functions without end",
            Guest::default().with(&repeat(60_000, "(func)")),
            "compile_work",
        ),
        ("very many locals", function(20_001, ""), "locals"),
        (
            "one very long function",
            function(1, &repeat(150_000, &changed(0))),
            "function_bytes",
        ),
    ];
    for (what, guest, limit) in &bombs {
        let (failure, setting) = refused(guest);
        assert_eq!(setting, *limit, "{what}: {failure}");
    }
}

/// Large code as compilers emit it for interpreters, state machines and unoptimised builds.
#[test]
fn large_code_of_ordinary_shape_is_compiled() {
    let arms = 300;
    let interpreter = format!(
        "loop block {} {UNKNOWN} br_table {} {arms} {} end end {}",
        repeat(arms, "block "),
        each(arms, |arm| format!("{arm} ")),
        each(arms, |arm| format!(
            "end {} br {} ",
            changed(arm % 40),
            arms - arm
        )),
        stored(40)
    );
    let unoptimised = format!(
        "loop {} {UNKNOWN} br_if 0 end",
        each(2000, |local| {
            format!(
                "(local.set {local} {UNKNOWN}) block (br_if 0 (local.get {local})) call $callee end "
            )
        })
    );
    for guest in [
        function(40, &interpreter),
        function(2000, &unoptimised),
        function(
            0,
            &format!("{} {}", repeat(3000, "block "), repeat(3000, "end ")),
        ),
    ] {
        guest.plugin();
    }
}

#[test]
fn an_exceeded_limit_is_named() {
    let few = || {
        let mut limits = ModuleLimits::default();
        for limit in [
            &mut limits.tables,
            &mut limits.tags,
            &mut limits.element_segments,
            &mut limits.data_segments,
            &mut limits.custom_sections,
        ] {
            *limit = 1;
        }
        limits.imports = 2;
        limits.exports = 8;
        limits.globals = 3;
        limits.functions = 8;
        limits.types = 6;
        limits.type_values = 4;
        limits.name_bytes = 20;
        limits.function_bytes = 200;
        limits.locals = 6;
        limits.nesting = 4;
        limits.loop_nesting = 2;
        limits
    };
    let guest = Guest::running("i64.const 0");
    assert!(
        Module::load(guest.source().limits(few()))
            .unwrap()
            .plugin()
            .build()
            .is_ok()
    );
    let more = [
        ("types", repeat(7, "(type (func))")),
        (
            "type_values",
            "(type (func (param i32 i32 i32) (result i32 i32)))".to_owned(),
        ),
        ("functions", repeat(8, "(func)")),
        ("tables", repeat(2, "(table 1 funcref)")),
        ("tags", repeat(2, "(tag)")),
        ("globals", repeat(3, "(global i32 (i32.const 0))")),
        (
            "exports",
            each(8, |n| format!("(export \"{n}\" (global 0))")),
        ),
        (
            "element_segments",
            "(table 1 funcref) (elem func) (elem func)".to_owned(),
        ),
        ("data_segments", repeat(2, "(data \"\")")),
        (
            "custom_sections",
            each(2, |n| format!("(@custom \"{n}\" \"\")")),
        ),
        (
            "name_bytes",
            "(func $a_function_with_a_long_name)".to_owned(),
        ),
        ("function_bytes", format!("(func {})", repeat(200, "nop "))),
        (
            "locals",
            "(func (local i32 i32 i32 i32 i32 i32 i32))".to_owned(),
        ),
        (
            "nesting",
            "(func block block block block block end end end end end)".to_owned(),
        ),
        (
            "loop_nesting",
            "(func loop loop loop end end end)".to_owned(),
        ),
    ];
    for (setting, fields) in more {
        let source = Guest::running("i64.const 0").with(&fields).source();
        let load = |limits| {
            Module::load(source.clone().limits(limits))?
                .plugin()
                .no_cache()
                .build()
        };
        let failure = load(few()).unwrap_err();
        let exceeded = assert_kind!(failure, FailureKind::ModuleLimit { setting: exceeded, .. } if *exceeded == setting);
        assert!(exceeded.message().contains("; the limit is "), "{exceeded}");
    }
    let imports = Source::wat(format!(
        "(module {})",
        repeat(3, r#"(import "a" "b" (func))"#)
    ));
    let failure = Module::load(imports.limits(few())).unwrap_err();
    assert_kind!(
        failure,
        FailureKind::ModuleLimit {
            setting: "imports",
            limit: 2,
            ..
        }
    );
}

/// A module with a section that announces so many items, each of these bytes.
fn with_section(id: u8, count: usize, of: &[u8]) -> Vec<u8> {
    fn leb(mut number: usize, into: &mut Vec<u8>) {
        while number > 0x7f {
            into.push(number as u8 | 0x80);
            number >>= 7;
        }
        into.push(number as u8);
    }
    let mut body = Vec::new();
    leb(count, &mut body);
    body.extend(of.repeat(count));
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    wasm.push(id);
    leb(body.len(), &mut wasm);
    wasm.extend(body);
    wasm
}

#[test]
fn millions_of_section_entries_are_refused_uncollected() {
    const MANY: usize = 1 << 20;
    for (id, of, setting) in [
        (1, &b"\x60\0\0"[..], "types"),
        (2, b"\0\0\0\0", "imports"),
        (3, b"\0", "functions"),
        (4, b"\x70\0\0", "tables"),
        (5, b"\0\0", "memories"),
        (6, b"\x7f\0\x41\0\x0b", "globals"),
        (7, b"\0\0\0", "exports"),
        (9, b"\x01\0\0", "element_segments"),
        (11, b"\x01\0", "data_segments"),
        (13, b"\0\0", "tags"),
    ] {
        let wasm = with_section(id, MANY, of);
        let failure = Inspection::of(&wasm).unwrap_err();
        let failure = assert_kind!(failure, FailureKind::ModuleLimit { setting: exceeded, .. } if *exceeded == setting);
        assert!(failure.message().len() < 200, "{failure}");
        // It may announce them and have none.
        let failure = Inspection::of(&with_section(id, MANY, b"")).unwrap_err();
        let codes = ["module_limit", "invalid_module", "truncated"];
        assert!(codes.contains(&failure.code()), "{failure}");
    }
    let mut customs = b"\0asm\x01\0\0\0".to_vec();
    customs.extend(b"\0\x01\0".repeat(MANY));
    let failure = Inspection::of(&customs).unwrap_err();
    assert_kind!(
        failure,
        FailureKind::ModuleLimit {
            setting: "custom_sections",
            ..
        }
    );
}

/// A C++ symbol of some hundred bytes that a demangler expands to 16⁹ words, and similar ones.
fn bombs_of_names() -> Vec<String> {
    let cpp = (1..10).fold("_Z1f1AIiiE".to_owned(), |name, level| {
        let before = match level {
            1 => "S_".to_owned(),
            _ => format!("S{}_", level - 2),
        };
        format!("{name}S_I{}E", before.repeat(16))
    });
    // Each level refers twice to the one before.
    let rust = (0..60).fold("Cs1234_4shop".to_owned(), |name, _| {
        let longer = format!("INvCs1234_4shop4sell{name}{name}E");
        longer.chars().take(4000).collect()
    });
    vec![
        cpp,
        format!("_R{rust}"),
        format!("_R{}", "I".repeat(4000)),
        format!("_ZN{}E", "1a".repeat(20_000)),
        format!("$s{}", "4main1aSi".repeat(500)),
        "x".repeat(60_000),
        "\u{1b}[2J\u{1b}]0;\u{9b}\u{202e}".repeat(100),
    ]
}

#[test]
fn names_that_expand_endlessly_are_shown_in_bounded_time() {
    for name in bombs_of_names() {
        let body = format!(
            "(func $run (@name {name:?}) (export \"command_run\") (param i32 i32) (result i64)"
        );
        for end in [
            "unreachable)",
            "(drop (i32.load (i32.const 0x20000000))) i64.const 0)",
        ] {
            let guest = Guest::default().with(&format!("{body} {end}"));
            let failure = assert_kind!(running(&guest), FailureKind::Trap { .. });
            for shown in [failure.to_string(), failure.to_json().to_string()] {
                assert!(shown.len() < 10_000, "{} bytes for {name:.60}", shown.len());
                assert!(
                    !shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']),
                    "{shown:.200}"
                );
            }
            let wasm = wat::parse_str(guest.wat()).unwrap();
            let inspection = Inspection::of(&wasm).unwrap();
            for (_, function) in inspection.functions() {
                assert!(function.path.len() < 2000, "{} bytes", function.path.len());
                assert!(!function.path.contains('\u{1b}'));
            }
            inspection.unsupported(&inspection.code().unwrap());
        }
    }
}

#[test]
fn an_overlong_name_is_refused() {
    let name = "x".repeat(70_000);
    let guest = Guest::running("i64.const 0").with(&format!("(func (@name \"{name}\"))"));
    assert_eq!(refused(&guest).1, "name_bytes");
}

#[test]
fn nested_text_is_refused() {
    let deep = |open: &str, inner: &str, close: &str| {
        let nested = format!("{}{inner}{}", open.repeat(100_000), close.repeat(100_000));
        Source::wat(format!("(module (func {nested}))"))
    };
    for source in [
        deep("(", "", ")"),
        deep("(block ", "", ")"),
        deep("(i32.eqz ", "(i32.const 0)", ")"),
        deep("(if (i32.const 0) (then ", "", "))"),
        deep("(@a ", "", ")"),
        deep("(; ", "", ";)"),
        Source::wat("(".repeat(1_000_000)),
        Source::wat(format!("(module {}", "(rec ".repeat(100_000))),
        Source::wat(format!("(module (func \"{}", "x".repeat(1_000_000))),
    ] {
        let failure = building(Plugin::builder(source));
        assert!(
            failure.to_string().len() < 10_000,
            "{} bytes",
            failure.to_string().len()
        );
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe.wasm");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let failure = building(Plugin::builder(Source::file(&pipe)));
    let failure = assert_kind!(failure, FailureKind::Io { .. });
    assert!(failure.message().contains("it is a pipe"), "{failure}");

    let round = dir.path().join("round.wasm");
    std::os::unix::fs::symlink(&round, &round).unwrap();
    for path in [dir.path(), &round, &dir.path().join("round.wasm/x")] {
        let failure = building(Plugin::builder(Source::file(path)));
        assert_kind!(failure, FailureKind::Io { .. });
    }
}
