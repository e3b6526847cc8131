//! Modules of a few thousand bytes that would take their host minutes or gigabytes: to read, to
//! compile, to name.

use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::{Module, ModuleLimits};

use super::*;

fn repeat(count: usize, of: &str) -> String {
    of.repeat(count)
}

fn each(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(of).collect()
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

#[cfg(feature = "hostile")]
#[test]
fn names_that_expand_endlessly_are_listed_in_bounded_time() {
    let cases = plugin_sdk_harness::hostile::cases().iter();
    for case in cases.filter(|case| case.group() == "names") {
        let wasm = case.module();
        let Ok(inspection) = Inspection::of(&wasm) else {
            continue;
        };
        for (_, function) in inspection.functions() {
            assert!(function.path.len() < 2000, "{} bytes", function.path.len());
            assert!(!function.path.contains('\u{1b}'));
        }
        if let Ok(code) = inspection.code() {
            inspection.unsupported(&code);
        }
    }
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
