//! Every way in which a plugin can fail, in a plugin built by cargo: each is distinguished and
//! explained.
//!
//! The guest is `guests/failing`. Its commands are located by the text of their lines, so that it
//! can be changed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use failing::{Shop, shop};
use plugin_sdk_harness::{
    CrateSource, Engine, Failure, FailureKind, Frame, Plugin, PluginBuilder, Source, Stack,
};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};

#[path = "failures/exhausted.rs"]
mod exhausted;
#[path = "failures/starving.rs"]
mod starving;

const GUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/guests/failing");
const FILE: &str = "tests/guests/failing/src/lib.rs";

/// The timeout for a guest that never ends by itself.
const BRIEF: Duration = Duration::from_millis(50);

/// A host for the guest.
struct Keeper;

impl Shop for Keeper {
    fn price(&mut self, item: &str) -> plugin_sdk::Result<u32> {
        match item {
            "tea" => Ok(3),
            _ => Err(plugin_sdk::Error::new("sold_out", "there is none left")),
        }
    }

    fn wait(&mut self) {
        std::thread::sleep(Duration::from_millis(10));
    }

    fn note(&mut self, text: &str) {
        panic!("the pencil broke at {text:?}");
    }
}

fn source() -> CrateSource {
    Source::crate_dir(GUEST).profile("dev")
}

/// Builds the guest with debug information and without a timeout, so that every failure is
/// reproducible.
fn builder() -> PluginBuilder {
    Plugin::builder(source())
        .host_functions(shop::provide(Keeper))
        .memory_pages(64)
        .no_timeout()
}

#[track_caller]
fn failure_in(builder: PluginBuilder, command: &str, args: Value) -> Failure {
    let mut plugin = builder.build().unwrap();
    let failure = plugin.call::<Value>(command, args).unwrap_err();
    if failure.plugin_error().is_none() {
        assert!(
            matches!(
                plugin.call::<u32>("answer", ()).unwrap_err().kind(),
                FailureKind::Poisoned { .. }
            ),
            "the instance is dead"
        );
    }
    let mut another = self::builder().build().unwrap();
    assert_eq!(
        another.call::<u32>("answer", ()).unwrap(),
        42,
        "the host lives on"
    );
    failure
}

#[track_caller]
fn failure(command: &str, args: Value) -> Failure {
    failure_in(builder(), command, args)
}

/// Returns the number, from 1, of the only line of the guest with this text.
#[track_caller]
fn line_of(text: &str) -> u32 {
    let guest = std::fs::read_to_string(format!("{GUEST}/src/lib.rs")).unwrap();
    let lines: Vec<_> = (1u32..)
        .zip(guest.lines())
        .filter(|(_, line)| line.contains(text))
        .collect();
    assert_eq!(lines.len(), 1, "`{text}` is in {lines:?}");
    lines[0].0
}

/// Returns whether failures have the guest's stack, which depends on the engine.
fn has_stack() -> bool {
    Engine::usual().unwrap() == Engine::Wasmtime
}

/// Asserts that the stack has these functions, innermost first.
#[track_caller]
fn assert_stack(failure: &Failure, functions: &[&str]) {
    match has_stack() {
        true => assert_eq!(names(failure.backtrace()), functions, "{failure}"),
        false => assert!(failure.backtrace().is_empty(), "{failure}"),
    }
}

/// Asserts that the report shows the guest's line with this text as the place of the failure.
/// Without a stack, only a panic in the guest's own code has a place.
#[track_caller]
fn assert_points_at(failure: &Failure, text: &str) {
    let report = failure.to_string();
    let panicked_here = failure.panic().is_some_and(|panic| panic.file == FILE);
    if !has_stack() && !panicked_here {
        assert!(report.contains("`PLUGIN_SDK_ENGINE=wasmtime`"), "{report}");
        return;
    }
    let line = line_of(text);
    assert!(report.contains(&format!("--> {FILE}:{line}:")), "{report}");
    assert!(report.contains(&format!("{line} |")), "{report}");
    assert!(report.contains(text), "{report}");
    assert!(report.contains("^^^"), "{report}");
}

fn names(frames: &[Frame]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| frame.function.as_deref().unwrap_or("?"))
        .collect()
}

#[track_caller]
fn panic_message(failure: &Failure) -> &str {
    match failure.kind() {
        FailureKind::Panic(panic) => &panic.message,
        _ => panic!("{failure}"),
    }
}

mod panics {
    use super::*;

    #[test]
    fn a_panic_is_reported_with_message_place_and_functions() {
        let failure = failure("panic", json!({"name": "Ada"}));
        let panic = failure.panic().unwrap();
        assert_eq!(panic.message, "no such thing: Ada");
        assert_eq!(
            (panic.file.as_str(), panic.line),
            (FILE, line_of("panic!(\"no such thing"))
        );
        assert_eq!(
            (failure.code(), failure.command()),
            ("panic", Some("panic"))
        );

        let functions = [
            "failing::inner",
            "failing::inlined",
            "failing::outer",
            "failing::Failing::panic",
        ];
        assert_stack(&failure, &functions);
        if !has_stack() {
            return;
        }
        let frames = failure.backtrace();
        assert_eq!(
            frames.iter().map(|frame| frame.inlined).collect::<Vec<_>>(),
            [false, true, false, false]
        );
        assert_eq!(
            frames
                .iter()
                .map(|frame| frame.line.unwrap())
                .collect::<Vec<_>>(),
            [
                line_of("panic!(\"no such thing"),
                line_of("inner(black_box(name))"),
                line_of("    inlined(name)"),
                line_of("outer(name);")
            ]
        );
        assert!(
            frames
                .iter()
                .all(|frame| frame.file.as_deref().unwrap().ends_with(FILE))
        );

        let all = names(failure.full_backtrace());
        assert!(all.len() > frames.len());
        assert!(all.iter().any(|name| name.contains("panicking")), "{all:?}");
        assert!(all.contains(&"command_panic"), "{all:?}");
    }

    #[test]
    fn a_panic_report_reads_like_a_compiler_error() {
        let failure = failure("panic", json!({"name": "Ada"}));
        let inner = failure.panic().unwrap().line;
        let dashes = " ".repeat(inner.to_string().len());
        let stack = match failure.backtrace() {
            [_, inlined, outer, command] => {
                let [inlined, outer, command] =
                    [inlined, outer, command].map(|frame| frame.line.unwrap());
                format!(
                    "
{dashes} = note: the stack, innermost first:
{dashes}          0: failing::inner at {FILE}:{inner}:5
{dashes}          1: failing::inlined at {FILE}:{inlined}:5
{dashes}          2: failing::outer at {FILE}:{outer}:5
{dashes}          3: failing::Failing::panic at {FILE}:{command}:9"
                )
            }
            others => {
                assert!(others.is_empty() && !has_stack(), "{failure}");
                String::new()
            }
        };
        // It depends on the compiler.
        let used = failure.usage().unwrap().memory_bytes.used as f64 / f64::from(1 << 20);
        assert_eq!(
            failure.to_string(),
            format!(
                "\
error[panic]: command `panic` panicked: no such thing: Ada
{dashes}--> {FILE}:{inner}:5
{dashes} |
{inner} |     panic!(\"no such thing: {{name}}\");
{dashes} |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
{dashes} |{stack}
{dashes} = note: used {used:.1} MiB of 4 MiB of memory"
            )
        );
        assert_eq!(
            format!("{failure:?}"),
            failure.to_string(),
            "what a test's unwrap prints"
        );
    }

    #[test]
    fn a_panic_in_the_init_hook_is_attributed_to_it() {
        let failure = builder()
            .config(json!({"panic": true}))
            .build()
            .unwrap_err();
        assert_eq!(panic_message(&failure), "asked to panic");
        assert_eq!(
            (failure.command(), failure.export()),
            (None, Some("plugin_init"))
        );
        assert_stack(&failure, &["failing::Failing::new"]);
        assert_points_at(&failure, "panic!(\"asked to panic\")");
    }

    #[test]
    fn a_panic_during_another_panic_reports_both() {
        let failure = failure("panic_in_a_panic", json!({}));
        assert!(
            panic_message(&failure).contains("panicked again"),
            "{failure}"
        );
        if has_stack() {
            let names = names(failure.backtrace());
            assert_eq!(
                names.first(),
                Some(&"<failing::Unshowable as core::fmt::Display>::fmt")
            );
            assert_eq!(names.last(), Some(&"failing::Failing::panic_in_a_panic"));
        }
        assert_points_at(&failure, "panic!(\"cannot be shown\")");
    }

    #[test]
    fn a_panic_in_a_destructor_is_attributed_to_the_command() {
        let failure = failure("panic_in_drop", json!({}));
        assert_eq!(panic_message(&failure), "cannot be dropped");
        assert_points_at(&failure, "panic!(\"cannot be dropped\")");
    }

    #[test]
    fn a_panic_in_the_standard_library_is_located_at_the_call() {
        let failure = failure("unwrap", json!({}));
        assert!(
            panic_message(&failure).contains("ParseIntError"),
            "{failure}"
        );
        assert_points_at(&failure, "\"many\".parse::<u32>().unwrap()");
        assert_stack(&failure, &["failing::Failing::unwrap"]);
    }

    #[test]
    fn bad_arithmetic_and_unreachable_code_panic() {
        for (command, args, message, line) in [
            (
                "overflow",
                json!({"left": 200, "right": 100}),
                "attempt to add with overflow",
                "left + right",
            ),
            (
                "divide",
                json!({"left": 1, "right": 0}),
                "attempt to divide by zero",
                "left / right",
            ),
            (
                "unreachable",
                json!({}),
                "as its author thought",
                "unreachable!(",
            ),
        ] {
            let failure = failure(command, args);
            assert!(panic_message(&failure).contains(message), "{failure}");
            assert_points_at(&failure, line);
        }
    }

    #[test]
    fn a_panic_of_an_unsupported_std_call_names_the_replacement() {
        for (command, hint, line) in [
            (
                "instant",
                "plugin_sdk::time::monotonic()",
                "std::time::Instant::now()",
            ),
            ("sleep", "let it return", "std::thread::sleep("),
            ("spawn", "one thread", "std::thread::spawn("),
        ] {
            let failure = failure(command, json!({}));
            panic_message(&failure);
            assert!(failure.hint().unwrap().contains(hint), "{failure}");
            assert!(failure.to_string().contains("= help: "), "{failure}");
            assert_points_at(&failure, line);
            if has_stack() {
                assert!(
                    failure.to_string().contains("the panic itself is at "),
                    "{failure}"
                );
            }
        }
    }

    #[test]
    fn a_panic_is_located_with_any_kind_of_debug_information() {
        let capacity = json!({"bytes": 3_000_000_000_u32});
        for (arguments, has_lines) in [
            (&["-Cdebuginfo=1"][..], true),
            (&["-Cdebuginfo=line-tables-only"], true),
            (&["-Csymbol-mangling-version=v0"], true),
            (&["-Cstrip=debuginfo"], false),
        ] {
            let source = source().compiler_arguments(arguments.iter().copied());
            let builder = Plugin::builder(source)
                .host_functions(shop::provide(Keeper))
                .no_timeout();
            let failure = failure_in(builder, "allocate", capacity.clone());
            assert_eq!(panic_message(&failure), "capacity overflow");
            assert_stack(&failure, &["failing::Failing::allocate"]);
            if has_lines {
                assert_points_at(&failure, "Vec::<u8>::with_capacity(");
            }
        }
    }

    #[test]
    fn a_panic_has_its_line_without_debug_information() {
        let mut plugin = Plugin::builder(Source::crate_dir(GUEST).profile("guest"))
            .host_functions(shop::provide(Keeper))
            .no_timeout()
            .build()
            .unwrap();
        let failure = plugin
            .call::<()>("panic", json!({"name": "Ada"}))
            .unwrap_err();
        assert_eq!(panic_message(&failure), "no such thing: Ada");
        assert_points_at(&failure, "panic!(\"no such thing");
        let mut frames = failure.backtrace().iter();
        assert!(frames.all(|frame| frame.module_offset.is_some() && frame.file.is_none()));
        let report = failure.to_string();
        assert_eq!(
            report.contains("offsets in the module"),
            has_stack(),
            "{report}"
        );
    }
}

mod memory {
    use super::*;

    #[test]
    fn memory_above_the_limit_is_out_of_memory() {
        let failure = failure("exhaust", json!({}));
        let FailureKind::OutOfMemory { requested, limit } = *failure.kind() else {
            panic!("{failure}");
        };
        assert_eq!(limit, 64 * 65_536);
        assert!(requested > limit);
        assert!(
            failure
                .hint()
                .unwrap()
                .contains(&format!("`.memory_pages({})`", requested / 65_536))
        );
        assert_points_at(&failure, "kept.push(");
        let memory = failure.usage().unwrap().memory_bytes;
        assert_eq!(memory.limit, limit);
        assert!(
            memory.used <= limit && memory.used > limit / 2,
            "{memory:?}"
        );
    }

    #[test]
    fn one_large_refused_allocation_is_out_of_memory() {
        let failure = failure("allocate", json!({"bytes": 1_900_000_000}));
        assert!(
            matches!(failure.kind(), FailureKind::OutOfMemory { .. }),
            "{failure}"
        );
        assert_points_at(&failure, "Vec::<u8>::with_capacity(");
    }

    #[test]
    fn an_allocation_of_more_than_there_can_be_is_a_panic() {
        let failure = failure("allocate", json!({"bytes": 3_000_000_000_u32}));
        assert_eq!(panic_message(&failure), "capacity overflow");
        assert_points_at(&failure, "Vec::<u8>::with_capacity(");
    }

    #[test]
    fn a_refused_allocation_is_a_value_to_fallible_callers() {
        let mut plugin = builder().build().unwrap();
        assert!(
            !plugin
                .call::<bool>("reserve", json!({"bytes": 1_900_000_000}))
                .unwrap()
        );
        assert_eq!(plugin.call::<u32>("answer", ()).unwrap(), 42);
    }

    #[test]
    fn an_earlier_refusal_is_not_blamed_for_a_later_abort() {
        let failure = failure("reserve_and_abort", json!({"bytes": 1_900_000_000}));
        assert!(
            matches!(failure.kind(), FailureKind::Trap { .. }),
            "{failure}"
        );
    }

    #[test]
    fn an_allocation_failure_without_a_refusal_is_described() {
        let failure = failure("give_up", json!({}));
        assert!(
            matches!(failure.kind(), FailureKind::Trap { message } if message.contains("an allocation failed")),
            "{failure}"
        );
        assert_points_at(&failure, "std::alloc::handle_alloc_error(");
    }
}

mod errors {
    use super::*;

    #[test]
    fn the_error_of_a_service_keeps_its_code_in_other_types() {
        for command in ["ask_by_anyhow", "ask_and_return"] {
            let failure = failure(command, json!({}));
            assert_eq!(failure.code(), "permission_denied", "{failure}");
            let FailureKind::Plugin(error) = failure.kind() else {
                panic!("{failure}");
            };
            assert_eq!(error.message(), "nothing was read");
            assert_eq!(error.permission_denied().unwrap().permission, "kv");
        }
    }
}

#[test]
fn a_panic_under_the_plugins_own_hook_is_reported_normally() {
    for (args, message, line) in [
        (
            json!({"chained": true}),
            "under a hook",
            "None => panic!(\"under",
        ),
        (
            json!({"chained": false}),
            "under a hook",
            "None => panic!(\"under",
        ),
        (
            json!({"chained": false, "text": "Ada"}),
            "under a hook: Ada",
            "panic!(\"under a hook: {text}",
        ),
    ] {
        for profile in ["dev", "guest"] {
            let source = source().profile(profile);
            let builder = Plugin::builder(source)
                .host_functions(shop::provide(Keeper))
                .no_timeout();
            let failure = failure_in(builder, "panic_under_a_hook", args.clone());
            assert_eq!(panic_message(&failure), message, "{profile}: {failure}");
            let panic = failure.panic().unwrap();
            assert_eq!((panic.file.as_str(), panic.line), (FILE, line_of(line)));
            assert!(
                failure.logs()[0]
                    .message
                    .starts_with("own hook: panicked at")
            );
        }
    }
}

#[test]
fn a_large_plugin_is_created_in_place() {
    let mut plugin = builder().build().unwrap();
    assert_eq!(plugin.call::<usize>("kept", ()).unwrap(), 200_000);
}

#[test]
fn the_pairs_of_a_log_line_reach_the_host() {
    let mut plugin = builder().build().unwrap();
    let args = json!({"user": "Ada", "times": 2});
    plugin.call::<()>("log_pairs", args).unwrap();
    assert_eq!(
        plugin.services().logs().messages(),
        [
            "greeted user=Ada times=2",
            "all kinds half=0.5 whole=2.0 tenth=0.1 narrow=0.1 sum=0x1.3333333333334p-2 low=-9223372036854775808 \
             high=18446744073709551615 yes=true letter=x word=\"two words\" number=\"2\"",
            "checked Ada attempts=2",
            "captured shown=(shown with plugin-sdk's feature `log-values`)",
        ]
    );
}

mod limits {
    use super::*;

    #[test]
    fn the_limit_of_the_wasm_stack_is_reported() {
        let failure = failure_in(builder().stack_bytes(100_000), "recurse", json!({}));
        assert!(
            matches!(
                failure.kind(),
                FailureKind::StackOverflow(Stack::Wasm { limit: 100_000 })
            ),
            "{failure}"
        );
        assert!(failure.hint().unwrap().contains("`.stack_bytes(n)`"));
        assert!(failure.backtrace().len() <= 64);
        let report = failure.to_string();
        assert_eq!(report.contains("failing::descend"), has_stack(), "{report}");
        // A recursion is one line.
        assert_eq!(report.contains("times more"), has_stack(), "{report}");
    }

    #[test]
    fn the_limit_of_the_stack_in_memory_is_reported() {
        let failure = failure("recurse_widely", json!({}));
        assert!(
            matches!(
                failure.kind(),
                FailureKind::StackOverflow(Stack::Shadow { .. })
            ),
            "{failure}"
        );
        assert!(failure.hint().unwrap().contains("zstack-size"));
        let innermost = names(failure.backtrace()).first().copied();
        assert_eq!(innermost, has_stack().then_some("failing::descend_widely"));
    }

    #[test]
    fn exhausted_fuel_reports_the_limit_and_where_it_was_spent() {
        let failure = failure_in(builder().fuel(10_000_000), "spin", json!({}));
        assert!(
            matches!(failure.kind(), FailureKind::OutOfFuel { limit: 10_000_000 }),
            "{failure}"
        );
        let fuel = failure.usage().unwrap().fuel.unwrap();
        assert_eq!((fuel.used, fuel.limit), (10_000_000, 10_000_000));
        let outermost = names(failure.backtrace()).last().copied();
        assert_eq!(outermost, has_stack().then_some("failing::Failing::spin"));
        assert!(
            failure.to_string().contains("10000000 of 10000000 fuel"),
            "{failure}"
        );
    }

    #[test]
    fn a_timeout_in_the_plugins_own_code_reports_the_place() {
        let failure = failure_in(builder().timeout(BRIEF), "spin", json!({}));
        assert!(
            matches!(
                failure.kind(),
                FailureKind::Timeout {
                    limit: BRIEF,
                    during: None
                }
            ),
            "{failure}"
        );
        assert!(failure.hint().unwrap().contains("`.timeout(duration)`"));
        let time = failure.usage().unwrap().time.unwrap();
        assert_eq!(time.limit, BRIEF);
        assert!(time.used >= BRIEF, "{time:?}");
        let outermost = names(failure.backtrace()).last().copied();
        assert_eq!(outermost, has_stack().then_some("failing::Failing::spin"));
    }

    #[test]
    fn too_many_host_calls_are_reported_with_the_setting() {
        for engine in [Engine::Wasmtime, Engine::Wasmi] {
            let builder = builder().engine(engine).max_host_calls(2);
            let failure = failure_in(builder, "wait", json!({}));
            assert!(
                matches!(failure.kind(), FailureKind::TooManyHostCalls { limit: 2, during } if during == "shop.wait"),
                "{failure}"
            );
            assert!(failure.hint().unwrap().contains("`.max_host_calls(n)`"));
            assert_eq!(failure.host_calls().len(), 3);
        }
    }

    #[test]
    fn a_timeout_in_a_host_function_names_it() {
        let failure = failure_in(builder().timeout(BRIEF), "wait", json!({}));
        assert!(
            matches!(failure.kind(), FailureKind::Timeout { limit: BRIEF, during: Some(function) } if function == "shop.wait"),
            "{failure}"
        );
        assert_points_at(&failure, "shop::wait();");
        assert_eq!(failure.host_calls().last().unwrap().function, "shop.wait");
    }
}

mod host_functions {
    use super::*;

    #[test]
    fn only_the_last_host_calls_appear_in_the_report() {
        let mut items = vec!["coffee"; 20];
        items.push("tea");
        let failure = failure("buy", json!({"items": items}));
        assert_eq!(panic_message(&failure), "no money");
        let calls = failure.host_calls();
        assert_eq!(calls.len(), 8);
        assert_eq!(calls[7].function, "shop.price");
        assert_eq!(calls[7].arguments, ["item: \"tea\""]);
        assert!(calls[7].outcome.as_ref().unwrap().is_ok(), "{:?}", calls[7]);
        let refused = calls[6].outcome.as_ref().unwrap().as_ref().unwrap_err();
        assert!(refused.contains("sold_out"), "{refused}");
        let logs = failure.logs();
        assert_eq!(
            (logs.len(), logs[15].message.as_str()),
            (16, "on the list: tea")
        );
        assert_eq!(logs[15].target, "failing");
        let report = failure.to_string();
        assert!(report.contains("the last calls to the host"), "{report}");
        assert_eq!(report.matches("shop.price(item: ").count(), 8, "{report}");
    }

    #[test]
    fn a_host_function_that_panics_fails_the_call_only() {
        let failure = failure("note", json!({"text": "twice"}));
        let FailureKind::HostFunction { function, error } = failure.kind() else {
            panic!("{failure}");
        };
        assert_eq!(function, "shop.note");
        assert!(error.message().contains("the pencil broke at"), "{failure}");
        assert_points_at(&failure, "shop::note(text);");
    }

    #[test]
    fn an_address_out_of_bounds_is_reported_as_such() {
        let wat = r#"(module (import "shop" "note" (func $note (param i32 i32)))
            (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
            (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
            (func (export "command_lie") (param i32 i32) (result i64) (call $note (i32.const 65530) (i32.const 100)) i64.const 0))"#;
        let mut plugin = Plugin::builder(Source::wat(wat))
            .host_functions(shop::provide(Keeper))
            .build()
            .unwrap();
        let failure = plugin.call_raw("lie", b"").unwrap_err();
        assert!(
            matches!(failure.kind(), FailureKind::BadHostArgument { function, .. } if function == "shop.note"),
            "{failure}"
        );
        assert!(
            failure.message().contains("text"),
            "the argument is named: {failure}"
        );
    }
}

#[test]
fn an_abort_without_a_message_reports_the_place() {
    let failure = failure("abort", json!({}));
    assert!(
        matches!(failure.kind(), FailureKind::Trap { message } if message.contains("unreachable")),
        "{failure}"
    );
    assert!(failure.hint().unwrap().contains("std::process::abort"));
    assert_points_at(&failure, "// Without a message.");
}

#[test]
fn an_error_returned_by_the_plugin_is_shown_alone() {
    let failure = failure("refuse", json!({}));
    assert_eq!(
        failure.to_string(),
        "error[refused]: command `refuse` failed: asked to refuse"
    );
    assert!(failure.backtrace().is_empty());
}

#[test]
fn a_dead_instance_reports_its_cause_of_death_once() {
    let mut plugin = builder().build().unwrap();
    let first = plugin
        .call::<()>("panic", json!({"name": "Ada"}))
        .unwrap_err();
    for _ in 0..2 {
        let failure = plugin.call::<u32>("answer", ()).unwrap_err();
        assert!(
            matches!(failure.kind(), FailureKind::Poisoned { .. }),
            "{failure}"
        );
        assert_eq!(failure.hint().unwrap(), "build a new `Plugin`");
        let report = failure.to_string();
        assert!(
            report.starts_with("error[poisoned]: command `answer` was not called"),
            "{report}"
        );
        assert_eq!(report.matches("no such thing: Ada").count(), 1, "{report}");
        assert!(
            report.contains(&format!("note[panic]: {}", first.message())),
            "{report}"
        );
        assert_eq!(failure.to_json()["first"], first.to_json());
    }
}

#[test]
fn a_file_shows_offsets_and_shows_lines_only_if_trusted() {
    let wasm = Build::of("failing").dev().wasm().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), wasm).unwrap();
    let panic_in = |source: Source| {
        let builder = Plugin::builder(source)
            .host_functions(shop::provide(Keeper))
            .no_timeout();
        failure_in(builder, "panic", json!({"name": "Ada"}))
    };

    let plain = panic_in(Source::file(file.path()));
    let functions = [
        "failing::inner",
        "failing::outer",
        "failing::Failing::panic",
    ];
    assert_stack(&plain, &functions);
    assert!(
        plain
            .backtrace()
            .iter()
            .all(|frame| frame.file.is_none() && frame.module_offset.is_some())
    );
    let report = plain.to_string();
    assert!(
        report.contains(&format!("--> {FILE}:")),
        "the panic reports its own place: {report}"
    );
    assert!(
        !report.contains("^^^"),
        "no file is read for a module of unknown origin: {report}"
    );

    let trusted = panic_in(Source::file(file.path()).trust_debug_info());
    assert!(trusted.backtrace().iter().all(|frame| frame.line.is_some()));
    assert!(
        !trusted.to_string().contains("^^^"),
        "its sources are anybody's: {trusted}"
    );
}
