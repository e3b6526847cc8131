//! Leaks in a plugin's heap.

use plugin_sdk_harness::{FailureKind, Growth, LeakReport, Plugin};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};

use super::{counting, guest, observed};

fn call(plugin: &mut Plugin, command: &str, arguments: Value) {
    plugin.call::<Value>(command, arguments).unwrap();
}

fn report(runs: u32, calls: impl FnMut(&mut Plugin)) -> LeakReport {
    let mut plugin = counting().build().unwrap();
    plugin.leaks(runs, calls).unwrap()
}

/// Returns the blocks and bytes that a call of each command left.
fn each(report: &LeakReport) -> Vec<(&str, i64, i64)> {
    let calls = report.calls.iter();
    calls
        .map(|call| {
            let Growth { blocks, bytes, .. } = call.growth;
            let calls = call.calls as i64;
            (&*call.name, blocks / calls, bytes / calls)
        })
        .collect()
}

#[test]
fn a_plugin_without_counters_reports_no_heap_and_gives_a_hint() {
    let mut plugin = observed().build().unwrap();
    assert_eq!(plugin.heap(), None);
    let failure = plugin.leaks(10, |_| unreachable!()).unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::MissingExport { name, .. } if name == "plugin_heap_1"),
        "{failure}"
    );
    assert!(
        failure.to_string().contains(".count_allocations()"),
        "{failure}"
    );
}

#[test]
fn the_heap_is_counted_with_every_allocator() {
    for feature in [None, Some("std-allocator"), Some("talc"), Some("wee_alloc")] {
        let source = guest().count_allocations().features(feature);
        let mut plugin = Plugin::builder(source).build().unwrap();
        plugin.call_raw("fill", &100u32.to_le_bytes()).unwrap();
        let before = plugin.heap().unwrap();
        plugin.call_raw("fill", &1000u32.to_le_bytes()).unwrap();
        let after = plugin.heap().unwrap();
        let growth = before.until(&after);
        assert_eq!((growth.blocks, growth.bytes), (0, 900), "{feature:?}");
        assert_eq!(after.allocations, before.allocations + 1);
        assert_eq!(after.allocated_bytes, before.allocated_bytes + 1000);
        assert!(after.peak_bytes >= after.live_bytes);
        assert_eq!(after.host_blocks, 1, "the argument buffer");
    }
}

#[test]
fn a_plugin_built_without_counters_does_not_have_them() {
    let counts = |build: Build| {
        let module = build.module();
        module
            .exports()
            .any(|export| export.name() == "plugin_heap_1")
    };
    assert!(!counts(Build::of("observed")));
    assert!(counts(
        Build::of("observed").feature("plugin-sdk/count-allocations")
    ));
}

#[test]
fn a_lost_block_is_found_with_its_command_and_size() {
    let report = report(40, |plugin| {
        call(plugin, "greet", json!({"name": "Ada"}));
        call(plugin, "lose", json!({}));
        plugin.call_raw("echo", b"whatever").unwrap();
    });
    assert!(report.is_leak(), "{report}");
    assert_eq!(each(&report), [("lose", 1, 24)]);
    assert_eq!(report.runs, 40);
    assert_eq!((report.later().blocks, report.later().bytes), (30, 720));
    let text = report.to_string();
    assert!(
        text.contains("by 30 blocks and 720 bytes in 30 runs"),
        "{text}"
    );
    assert!(
        text.contains("`lose`: 1.0 blocks and 24.0 bytes a call"),
        "{text}"
    );
}

#[test]
fn answers_of_changing_size_are_not_leaks() {
    let mut len = 0u32;
    let report = report(16, |plugin| {
        len += 10;
        plugin.call_raw("fill", &len.to_le_bytes()).unwrap();
        // Larger arguments need a larger buffer, which belongs to the harness.
        plugin
            .call_raw("echo", &vec![0; 100 * len as usize])
            .unwrap();
    });
    assert!(!report.is_leak(), "{report}");
    assert_eq!(each(&report), []);
}

#[test]
fn bounded_growth_is_not_a_leak_but_slowing_growth_is() {
    let mut key = 0;
    let cache = report(64, |plugin| {
        key += 1;
        call(plugin, "cached", json!({"key": key}));
    });
    assert!(!cache.is_leak(), "{cache}");
    assert!(cache.once.blocks >= 10, "{cache}");
    assert!(cache.to_string().starts_with("no leak"), "{cache}");

    let list = report(64, |plugin| call(plugin, "note", json!({"number": 7})));
    assert!(list.is_leak(), "{list}");
    assert_eq!(list.calls.len(), 1);
    assert_eq!(&*list.calls[0].name, "note");
    assert_eq!(list.later().blocks, 0, "it is one block, which doubles");
}

#[test]
fn batches_and_hooks_are_checked_too() {
    let report = report(8, |plugin| {
        plugin.call_many_raw("remember", ["one", "two"]).unwrap();
        plugin.start().unwrap();
    });
    assert!(report.is_leak(), "{report}");
    assert_eq!(&*report.calls[0].name, "batch_remember");
    assert!(report.calls.len() == 1, "{report}");
}

#[test]
fn an_expectation_passes_without_leaks_and_names_any_leak() {
    let mut plugin = counting().build().unwrap();
    plugin.expect_no_leak(20, |plugin| call(plugin, "greet", json!({"name": "Ada"})));
    // Failing calls must not leak either.
    plugin.expect_no_leak(20, |plugin| {
        plugin
            .call::<Value>("greet", json!({"name": ""}))
            .unwrap_err();
        plugin
            .call::<Value>("greet", json!({"surname": ""}))
            .unwrap_err();
        plugin.stop().unwrap_err();
    });
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        plugin.expect_no_leak(20, |plugin| {
            plugin.call_raw("remember", b"for ever").unwrap();
        });
    }));
    let text = *panic.unwrap_err().downcast::<String>().unwrap();
    assert!(text.contains("`remember`: 1.0 blocks and"), "{text}");
}

#[test]
fn a_plugin_that_dies_during_the_check_is_reported() {
    let mut plugin = counting().build().unwrap();
    let failure = plugin
        .leaks(10, |plugin| {
            let _ = plugin.call::<Value>("panic", json!({}));
        })
        .unwrap_err();
    assert_eq!(failure.code(), "poisoned");
}

#[test]
fn looking_for_leaks_is_not_charged_to_the_last_call() {
    let timeout = std::time::Duration::from_secs(1);
    let mut plugin = counting().timeout(timeout).build().unwrap();
    let mut runs = 0;
    plugin
        .leaks(8, |plugin| {
            plugin.call_raw("fill", &8u32.to_le_bytes()).unwrap();
            runs += 1;
            if runs == 8 {
                // The heap is checked later than any call could still run.
                std::thread::sleep(2 * timeout);
            }
        })
        .unwrap();
}

#[test]
fn concurrent_builds_of_two_variants_stay_separate() {
    std::thread::scope(|scope| {
        for nth in 0..4 {
            scope.spawn(move || {
                let builder = if nth % 2 == 0 { observed() } else { counting() };
                let plugin = builder.build().unwrap();
                assert_eq!(plugin.heap().is_some(), nth % 2 == 1);
            });
        }
    });
}

/// Returns a guest whose heap record is at this address.
fn with_record_at(address: u32) -> Result<Plugin, plugin_sdk_harness::Failure> {
    Plugin::from_wat(&format!(
        r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
            (global (export "plugin_heap_1") i32 (i32.const {address}))
            (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
            (data (i32.const 512) "\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00\05\00\00\00\06\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff")
            (func (export "command_run") (param i32 i32) (result i64) i64.const 0))"#
    ))
}

#[test]
fn a_heap_record_is_read_per_abi_and_checked_against_memory() {
    let heap = with_record_at(512).unwrap().heap().unwrap();
    assert_eq!((heap.live_blocks, heap.live_bytes), (1, 2));
    assert_eq!((heap.peak_bytes, heap.host_blocks), (3, 4));
    assert_eq!(heap.allocations, 6 << 32 | 5);
    assert_eq!(heap.allocated_bytes, u64::MAX);
    for address in [65_536 - 31, 65_536, u32::MAX] {
        let failure = with_record_at(address).unwrap_err();
        assert_eq!(failure.code(), "out_of_bounds", "{failure}");
        assert!(failure.to_string().contains("the heap record"), "{failure}");
    }
}

#[test]
fn a_heap_export_of_another_type_is_refused() {
    let failure = Plugin::from_wat(
        r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
            (global (export "plugin_heap_1") (mut i32) (i32.const 0))
            (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup")))"#,
    )
    .unwrap_err();
    assert_eq!(failure.code(), "wrong_export", "{failure}");
}

#[test]
fn false_counters_do_not_affect_the_host() {
    // The counters never change, whichever command is called.
    let mut plugin = with_record_at(512).unwrap();
    let report = plugin
        .leaks(8, |plugin| {
            plugin.call_raw("run", b"").unwrap();
        })
        .unwrap();
    assert!(!report.is_leak());
}
