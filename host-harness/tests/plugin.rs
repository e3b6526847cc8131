//! Ordinary use of a correct plugin, by its author or by a host.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod guest;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use guest::{ECHO, Guest, command, data};
use plugin_sdk_harness::{Engine, FailureKind, Interrupt, Module, Plugin, Source};
use serde_json::{Value, json};

/// A command that counts its calls and answers with the count as a digit.
const COUNT: &str = "(global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.store8 (i32.const 64) (i32.add (i32.const 48) (global.get $count))) (i64.const 0x40_0000_0001)";

fn counting() -> Guest {
    Guest::running(ECHO)
        .with("(global $count (mut i32) (i32.const 0))")
        .with(&command("count", COUNT))
        .with(&command("fail", "(i64.const 0x80_8000_0022)"))
        .with(&data(128, br#"{"code":"full","message":"enough"}"#))
}

/// A guest whose `alloc` and `free` count their calls. The commands `allocs` and `frees` answer
/// with the counts, one byte each.
fn counting_allocations() -> Guest {
    let usual = Guest::default().alloc;
    Guest {
        alloc: usual.replace(
            "(local.set $at (global.get $next))",
            "(i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1)))
             (local.set $at (global.get $next))",
        ),
        free: r#"(func (export "free") (param i32 i32)
            (i32.store8 (i32.const 65) (i32.add (i32.load8_u (i32.const 65)) (i32.const 1))))"#
            .to_owned(),
        ..Guest::running(ECHO)
            .with(&command("allocs", "i64.const 0x40_0000_0001"))
            .with(&command("frees", "i64.const 0x41_0000_0001"))
    }
}

#[test]
fn plugins_and_modules_go_from_thread_to_thread() {
    fn is_send<T: Send>() {}
    fn is_shared<T: Send + Sync + Clone>() {}
    is_send::<Plugin>();
    is_shared::<Module>();
    is_shared::<plugin_sdk_harness::Failure>();
    is_shared::<plugin_sdk_harness::Command>();

    let mut plugin = counting().plugin();
    let counted = std::thread::spawn(move || plugin.call::<u32>("count", ()).unwrap())
        .join()
        .unwrap();
    assert_eq!(counted, 1);
}

#[test]
fn state_lives_from_call_to_call_and_in_one_instance_only() {
    let module = Module::load(counting().source()).unwrap();
    let mut one = module.plugin().no_cache().build().unwrap();
    let mut other = module.plugin().no_cache().build().unwrap();
    assert_eq!(one.call::<u32>("count", ()).unwrap(), 1);
    assert_eq!(one.call::<u32>("count", ()).unwrap(), 2);
    assert_eq!(other.call::<u32>("count", ()).unwrap(), 1);
}

#[test]
fn a_thousand_instances_of_one_module_coexist() {
    let module = Module::load(counting().source()).unwrap();
    let mut plugins: Vec<Plugin> = (0..1000)
        .map(|_| module.plugin().no_cache().build().unwrap())
        .collect();
    for plugin in &mut plugins {
        assert_eq!(plugin.call_raw("run", b"mine").unwrap(), b"mine");
        assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
    }
}

#[test]
fn a_pool_reuses_its_places_and_reports_when_it_is_full() {
    // A size that no other test uses, because all pools of one size are shared.
    let module = Module::load(counting().source()).unwrap();
    let builder = || module.plugin().engine(Engine::Wasmtime).no_cache();
    let build = || builder().pooling(3).build();
    let mut plugins: Vec<Plugin> = (0..3).map(|_| build().unwrap()).collect();
    for plugin in &mut plugins {
        assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
    }
    let failure = build().unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::PoolExhausted { limit: 3 }),
        "{failure}"
    );
    plugins.pop();
    assert_eq!(
        build().unwrap().call::<u32>("count", ()).unwrap(),
        1,
        "nothing is left of the instance before"
    );
    let failure = builder().pooling(0).build().unwrap_err();
    assert_eq!(failure.code(), "pool_exhausted");
}

#[test]
fn an_error_value_leaves_the_instance_as_it_is() {
    let mut plugin = counting().plugin();
    let failure = plugin.call::<Value>("fail", ()).unwrap_err();
    assert_eq!(failure.code(), "full");
    assert_eq!(failure.plugin_error().unwrap().message(), "enough");
    assert_eq!(
        failure.to_string(),
        "error[full]: command `fail` failed: enough",
        "without a word on what was going on"
    );
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
}

#[test]
fn after_a_trap_every_call_is_refused_with_the_first_failure() {
    let guest = counting().with(&command("crash", "unreachable"));
    let hooks = r#"(func (export "plugin_start") (result i64) i64.const 0)"#;
    let mut plugin = guest.with(hooks).plugin();
    let first = plugin.call_raw("crash", b"").unwrap_err();
    assert!(matches!(first.kind(), FailureKind::Trap { .. }), "{first}");

    let refusals = [
        plugin.call::<u32>("count", ()).unwrap_err(),
        plugin.call_raw("crash", b"").unwrap_err(),
        plugin.start().unwrap_err(),
        plugin.init(json!({})).unwrap_err(),
        plugin.cleanup().unwrap_err(),
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal.kind(), FailureKind::Poisoned { first: kept } if kept.to_string() == first.to_string()),
            "{refusal}"
        );
        let report = refusal.to_string();
        assert_eq!(report.matches(&first.message()).count(), 1, "{report}");
        assert!(
            std::error::Error::source(&refusal).is_none(),
            "a caller that prints sources as well would print the failure twice"
        );
    }
}

#[test]
fn arguments_are_written_straight_into_guest_memory() {
    let mut plugin = counting().plugin();
    let echoed = plugin
        .call_with("run", 5, |buffer| buffer.copy_from_slice(b"hello"))
        .unwrap();
    assert_eq!(echoed, b"hello");
    let of_no_bytes = plugin
        .call_with("run", 0, |buffer| assert!(buffer.is_empty()))
        .unwrap();
    assert_eq!(of_no_bytes, b"");
}

#[test]
fn arguments_changed_in_place_come_back_and_can_be_viewed() {
    let invert = "(local $i i32) (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $len)))
        (i32.store8 (i32.add (local.get $at) (local.get $i))
            (i32.xor (i32.const 0xff) (i32.load8_u (i32.add (local.get $at) (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next))) i64.const 0";
    let mut plugin = Guest::running(invert).plugin();
    let mut bytes = [0u8, 1, 255];
    assert_eq!(plugin.call_in_place("run", &mut bytes).unwrap(), b"");
    assert_eq!(bytes, [255, 254, 0]);

    plugin
        .call_with("run", 2, |buffer| buffer.copy_from_slice(&[1, 2]))
        .unwrap();
    assert_eq!(plugin.arguments(), [254, 253]);
}

#[test]
fn one_argument_buffer_serves_all_calls_and_grows_when_it_must() {
    let mut plugin = counting_allocations().plugin();
    let calls = |plugin: &mut Plugin| {
        let allocs = plugin.call_raw("allocs", b"").unwrap()[0];
        (allocs, plugin.call_raw("frees", b"").unwrap()[0])
    };
    assert_eq!(
        calls(&mut plugin),
        (0, 0),
        "calls without arguments need no buffer"
    );
    for len in [1, 10, 1000, 1024] {
        plugin.call_raw("run", &vec![7; len]).unwrap();
    }
    assert_eq!(calls(&mut plugin), (1, 0), "small arguments share one");
    plugin.call_raw("run", &[7; 5000]).unwrap();
    plugin.call_raw("run", &[7; 8192]).unwrap();
    plugin.call_raw("run", b"small").unwrap();
    assert_eq!(calls(&mut plugin), (2, 1), "larger ones exchange it once");
    let large = vec![9; 5_000_000];
    assert_eq!(plugin.call_raw("run", &large).unwrap(), large);
    assert_eq!(calls(&mut plugin), (3, 2));
}

#[test]
fn memory_grows_to_its_limit_and_calls_needing_more_fail() {
    let mut plugin = counting().builder().memory_pages(20).build().unwrap();
    assert_eq!(plugin.memory_bytes(), 65_536);
    plugin.call_raw("run", &[1; 500_000]).unwrap();
    assert!(plugin.memory_bytes() > 500_000);
    let failure = plugin.call_raw("run", &[1; 2_000_000]).unwrap_err();
    assert!(
        matches!(
            failure.kind(),
            FailureKind::OutOfMemory {
                limit: 1_310_720,
                ..
            }
        ),
        "{failure}"
    );
    assert_eq!(
        plugin.call_raw("run", b"small").unwrap(),
        b"small",
        "an `alloc` that returns 0 is not a trap"
    );
}

#[test]
fn addresses_with_the_top_bit_set_are_valid() {
    let high = "(i32.store8 (i32.const 0x90000000) (i32.const 7)) (i64.const 0x9000000000000001)";
    let guest = Guest {
        memory: r#"(memory (export "memory") 40000)"#.to_owned(),
        ..Guest::running(high)
    };
    let mut plugin = guest.builder().memory_pages(40_000).build().unwrap();
    assert_eq!(plugin.call_raw("run", b"").unwrap(), [7]);
}

#[test]
fn arguments_above_the_abi_limit_are_refused_before_the_call() {
    let mut plugin = counting().plugin();
    let failure = plugin
        .call_with("run", 1 << 31, |_| unreachable!())
        .unwrap_err();
    assert!(
        matches!(
            failure.kind(),
            FailureKind::ArgumentsTooLarge {
                bytes: 0x8000_0000,
                limit: 0x7fff_ffff
            }
        ),
        "{failure}"
    );
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
}

#[test]
fn fuel_is_counted_anew_for_each_call() {
    let mut plugin = counting().builder().fuel(1000).build().unwrap();
    plugin.call_raw("count", b"").unwrap();
    let used = plugin.fuel_used().unwrap();
    assert!((1..100).contains(&used), "{used}");
    for _ in 0..200 {
        plugin.call_raw("count", b"").unwrap();
        assert_eq!(
            plugin.fuel_used(),
            Some(used),
            "the same work costs the same"
        );
    }
    assert_eq!(counting().plugin().fuel_used(), None);
}

#[test]
fn a_call_succeeds_without_a_timeout_or_with_the_longest_one() {
    for builder in [
        counting().builder().no_timeout(),
        counting().builder().timeout(Duration::MAX),
    ] {
        assert_eq!(
            builder.build().unwrap().call::<u32>("count", ()).unwrap(),
            1
        );
    }
}

#[test]
fn the_init_hook_receives_the_configuration_unchanged_or_empty() {
    // Keeps the length of its configuration for the command `run` to answer with.
    let init = r#"(func (export "plugin_init") (param i32 i32) (result i64) (i32.store8 (i32.const 64) (local.get 1)) i64.const 0)"#;
    let guest = Guest {
        init: init.to_owned(),
        ..Guest::answering(64, 1, false)
    }
    .with(&data(64, &[99]));
    let seen = |mut plugin: Plugin| plugin.call_raw("run", b"").unwrap()[0];
    assert_eq!(seen(guest.plugin()), 0);
    assert_eq!(
        seen(
            guest
                .builder()
                .config(json!({"greeting": "Hi"}))
                .build()
                .unwrap()
        ),
        17
    );
    assert_eq!(
        seen(
            guest
                .builder()
                .config(json!({"greeting": "Hi"}))
                .without_init()
                .build()
                .unwrap()
        ),
        99
    );

    let mut plugin = guest.plugin();
    plugin.init(json!({"a": 1})).unwrap();
    assert_eq!(seen(plugin), 7);
}

#[test]
fn an_init_hook_that_fails_fails_the_build() {
    let init =
        r#"(func (export "plugin_init") (param i32 i32) (result i64) i64.const 0x40_8000_0028)"#
            .to_owned();
    let error = br#"{"code":"init_failed","message":"no key"}"#;
    let failure = Guest {
        init,
        ..Guest::default()
    }
    .with(&data(64, error))
    .build()
    .unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::BadJson { .. }),
        "one byte short: {failure}"
    );

    let init =
        r#"(func (export "plugin_init") (param i32 i32) (result i64) i64.const 0x40_8000_0029)"#
            .to_owned();
    let failure = Guest {
        init,
        ..Guest::default()
    }
    .with(&data(64, error))
    .build()
    .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "error[init_failed]: `plugin_init` failed: no key"
    );
}

#[test]
fn existing_hooks_are_called_and_missing_hooks_are_named() {
    let hooks = r#"(func (export "plugin_start") (result i64) (i32.store8 (i32.const 64) (i32.const 49)) i64.const 0)
        (func (export "plugin_event") (param i32 i32) (result i64)
            (memory.copy (i32.const 64) (local.get 0) (local.get 1)) i64.const 0)"#;
    let mut plugin = Guest::answering(64, 26, false).with(hooks).plugin();
    plugin.start().unwrap();
    assert_eq!(plugin.call_raw("run", b"").unwrap()[0], b'1');
    plugin.event("tick", json!({"n": 1})).unwrap();
    assert_eq!(
        plugin.call_raw("run", b"").unwrap(),
        br#"{"topic":"tick","data":{"n"#
    );
    let failure = plugin.stop().unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::MissingExport { name, .. } if name == "plugin_stop"),
        "{failure}"
    );
    assert!(failure.to_string().contains("`#[stop]`"), "{failure}");
    plugin.cleanup().unwrap();
}

#[test]
fn an_unknown_command_reports_the_nearest_and_all_others() {
    let mut plugin = counting().plugin();
    let failure = plugin.call_raw("cuont", b"").unwrap_err();
    assert_eq!(
        failure.to_string(),
        "error[unknown_command]: the plugin has no command `cuont`\n |\n = note: it has `count`, `fail`, `run`\n = help: did you mean `count`?"
    );
    assert_eq!(
        (failure.code(), failure.command()),
        ("unknown_command", Some("cuont"))
    );
    assert!(plugin.command("cuont").is_err());
    assert_eq!(
        plugin.commands().collect::<Vec<_>>(),
        ["count", "fail", "run"]
    );
}

#[test]
fn a_command_looked_up_once_serves_every_instance() {
    let module = Module::load(counting().source()).unwrap();
    let mut one = module.plugin().no_cache().build().unwrap();
    let mut other = counting().with(&command("a", "i64.const 0")).plugin();
    let count = one.command("count").unwrap();
    assert_eq!(count.name(), "count");
    assert_eq!(one.call::<u32>(&count, ()).unwrap(), 1);
    assert_eq!(
        other.call::<u32>(&count, ()).unwrap(),
        1,
        "in another module it is looked up by its name"
    );
}

#[test]
fn arguments_that_json_cannot_hold_are_refused_before_the_call() {
    let mut plugin = counting().plugin();
    let keyed_by_lists = std::collections::HashMap::from([(vec![1], 1)]);
    let failure = plugin.call::<Value>("count", keyed_by_lists).unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::BadArguments { .. }),
        "{failure}"
    );
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
}

#[test]
fn a_plugin_comes_from_text_bytes_or_a_file() {
    let wat = counting().wat();
    let bytes = wat::parse_str(&wat).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let cache = tempfile::tempdir().unwrap();
    for source in [
        Source::wat(wat),
        Source::from(bytes),
        Source::from(file.path()),
    ] {
        let mut plugin = Plugin::builder(source)
            .engine(Engine::Wasmtime)
            .cache_dir(cache.path())
            .build()
            .unwrap();
        assert_eq!(plugin.call_raw("run", b"abc").unwrap(), b"abc");
    }
    assert!(
        cache.path().join("engine/modules").is_dir(),
        "what was compiled is kept there"
    );
}

/// Calls of the host that end the call of the guest, after some.
#[plugin_sdk::host_functions(module = "test")]
trait Ending {
    fn tick();
}

struct Ticks {
    until: u32,
    seen: Arc<AtomicU32>,
    interrupt: Interrupt,
}

impl Ending for Ticks {
    fn tick(&mut self) {
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.until {
            self.interrupt.interrupt();
        }
    }
}

#[cfg(feature = "wasmi")]
#[test]
fn an_interrupt_on_wasmi_ends_a_call_between_host_calls() {
    let ticking = r#"(import "test" "tick" (func $tick)) (memory (export "memory") 1)"#;
    let guest = Guest {
        memory: ticking.to_owned(),
        ..Guest::running("(loop (call $tick) (br 0)) unreachable")
    };
    let (seen, interrupt) = (Arc::new(AtomicU32::new(0)), Interrupt::new());
    let ticks = Ticks {
        until: 3,
        seen: seen.clone(),
        interrupt: interrupt.clone(),
    };
    let mut plugin = guest
        .builder()
        .engine(Engine::Wasmi)
        .host_functions(ending::provide(ticks))
        .build()
        .unwrap();
    let ended = plugin.interruptible(&interrupt, |plugin| {
        plugin.call_raw("run", b"").map(<[u8]>::to_vec)
    });
    assert!(matches!(ended.unwrap_err().kind(), FailureKind::Cancelled));
    assert_eq!(seen.load(Ordering::Relaxed), 3);
}

#[cfg(feature = "wasmi")]
#[test]
fn a_growth_that_a_slice_of_fuel_cannot_pay_traps_on_wasmi() {
    const ELEMENTS: u32 = 5_000_000;
    let body = format!(
        "(local $left i32)
         (local.set $left (i32.load (local.get $at)))
         (loop (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
         (drop (table.grow $table (ref.null func) (i32.const {ELEMENTS})))
         (i32.store (i32.const 64) (table.size $table))
         i64.const 0x40_0000_0004"
    );
    let guest = Guest::running(&body).with("(table $table 0 funcref)");
    let module = Module::load(guest.source()).unwrap();
    // After some number of rounds, less fuel is left in the slice than the growth costs.
    for rounds in (5_000u32..200_000).step_by(1_000) {
        let builder = module.plugin().engine(Engine::Wasmi);
        let mut plugin = builder.table_elements(ELEMENTS).build().unwrap();
        match plugin.call_raw("run", &rounds.to_le_bytes()) {
            Ok(size) => assert_eq!(size, ELEMENTS.to_le_bytes()),
            Err(failure) => {
                let said = failure.to_string();
                let cause = "a table grew when a slice of fuel had ended";
                assert!(said.contains(cause), "{said}");
                return;
            }
        }
    }
    panic!("no slice of fuel ended at the growth");
}

#[cfg(feature = "wasmi")]
#[test]
fn what_an_engine_lacks_is_an_error_that_names_the_other() {
    let module = Module::load(counting().source()).unwrap();
    let builder = || module.plugin().engine(Engine::Wasmi);
    let folder = tempfile::tempdir().unwrap();
    for (builder, lacks) in [
        (builder().pooling(1), "pool of slots for instances"),
        (builder().cache_dir(folder.path()), "cache of compiled code"),
    ] {
        let failure = builder.build().unwrap_err();
        assert_eq!(failure.code(), "engine");
        let message = failure.message();
        for part in [lacks, "`wasmi`", "`.engine(Engine::Wasmtime)`"] {
            assert!(message.contains(part), "{message}");
        }
    }
    let mut plugin = builder().build().unwrap();
    assert_eq!(plugin.call::<u32>("count", ()).unwrap(), 1);
}

#[test]
fn a_new_instance_has_nothing_of_earlier_ones_with_many_alive() {
    // Answers with a byte of data and one without, changes both, and grows the memory.
    let body = r#"(i32.store8 (i32.const 64) (i32.load8_u (i32.const 3000)))
        (i32.store8 (i32.const 65) (i32.load8_u (i32.const 60000)))
        (i32.store8 (i32.const 3000) (i32.const 33)) (i32.store8 (i32.const 60000) (i32.const 33))
        (drop (memory.grow (i32.const 1))) (i64.const 0x40_0000_0002)"#;
    let guest = Guest::running(ECHO).with(&command("spoil", body));
    let module = Module::load(guest.with(&data(3000, b"x")).source()).unwrap();
    let make = || module.plugin().no_cache().build().unwrap();
    for _ in 0..3 {
        // More than the slots that stay ready for instances.
        let mut plugins: Vec<Plugin> = std::iter::repeat_with(make).take(100).collect();
        let size = plugins[0].memory_bytes();
        for plugin in &mut plugins {
            assert_eq!(plugin.memory_bytes(), size);
            assert_eq!(plugin.call_raw("spoil", b"").unwrap(), b"x\0");
            assert!(plugin.memory_bytes() > size);
        }
    }
}
