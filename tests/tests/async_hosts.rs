//! Hosts on tokio: the same plugins, with async calls and async host functions.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod conventions;

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use calling::{AsyncEverything, Everything, Filter, Level, everything};
use conventions::{Host, guest};
use plugin_sdk::Result;
use plugin_sdk_harness::services::InjectedFault;
use plugin_sdk_harness::{
    AsyncPlugin, AsyncPool, Failure, FailureKind, HostCall, Module, Plugin, PluginBuilder, Pool,
    Source,
};
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify};

/// An async host of the same functions, which yields before it answers, and can wait forever on
/// request.
#[derive(Default)]
struct Waiting {
    host: Host,
    watched: Arc<Watched>,
}

/// The observable state of a host that waits forever.
#[derive(Default)]
struct Watched {
    begun: Notify,
    dropped: AtomicUsize,
}

/// Counts its drops.
struct Counted(Arc<Watched>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

macro_rules! waits {
    ($(fn $name:ident(&mut self $(, $argument:ident: $ty:ty)*) $(-> $returned:ty)?;)*) => {
        impl AsyncEverything for Waiting {
            async fn look_up(&mut self, key: &str) -> Result<Option<String>> {
                if key == "forever" {
                    let _counted = Counted(Arc::clone(&self.watched));
                    self.watched.begun.notify_one();
                    std::future::pending::<()>().await;
                }
                tokio::task::yield_now().await;
                self.host.look_up(key)
            }

            $(async fn $name(&mut self $(, $argument: $ty)*) $(-> $returned)? {
                tokio::task::yield_now().await;
                self.host.$name($($argument),*)
            })*
        }
    };
}

waits! {
    fn nothing(&mut self);
    fn numbers(&mut self, a: u8, b: i16, c: u32, d: i64, e: f32, f: f64, g: bool, h: char, i: i8, j: u64) -> f64;
    fn wide(&mut self, number: u64) -> u64;
    fn short(&mut self, number: f32) -> f32;
    fn not(&mut self, value: bool) -> bool;
    fn negate(&mut self, number: i8) -> i8;
    fn level(&mut self, level: Level) -> Level;
    fn reverse(&mut self, text: &mut [u8]);
    fn halve(&mut self, samples: &mut [f32]);
    fn digest(&mut self, data: &[u8], digest: &mut [u8; 16]);
    fn clock(&mut self, nanoseconds: &mut u64) -> Result<()>;
    fn sum(&mut self, numbers: &[f64]) -> f64;
    fn greet(&mut self, name: &str) -> String;
    fn twice(&mut self, data: Vec<u8>) -> Vec<u8>;
    fn find(&mut self, key: Option<&str>) -> Option<String>;
    fn c_upper(&mut self, text: &CStr) -> CString;
    fn c_find(&mut self, text: &CStr) -> Option<CString>;
    fn own_error(&mut self, key: &str) -> Result<u32, String>;
    fn query(&mut self, filter: &Filter, other: Filter) -> Result<BTreeMap<String, f64>>;
    fn set(&mut self, key: &str, value: &[u8]) -> Result<()>;
    fn remove(&mut self, key: &str) -> Result<()>;
    fn count(&mut self, key: &str) -> Result<u32>;
    fn fetch(&mut self, key: &str) -> Result<Option<Vec<u8>>>;
    fn fetch_negated(&mut self, key: &str) -> Result<Vec<u8>>;
    fn fetch_truncated(&mut self, key: &str) -> Result<Vec<u8>>;
    fn fetch_in_out(&mut self, key: &str) -> Result<Option<Vec<u8>>>;
    fn dangerous(&mut self, what: &str) -> Result<String>;
    fn fail(&mut self, what: &str) -> Result<String>;
    fn fail_silently(&mut self);
}

fn plain() -> PluginBuilder {
    Plugin::builder(guest()).host_functions(everything::provide(Host::default()))
}

fn waiting() -> PluginBuilder {
    Plugin::builder(guest()).host_functions(everything::provide_async(Waiting::default()))
}

/// Returns valid and invalid calls by every convention.
fn calls() -> Vec<(&'static str, Value)> {
    let mut calls = vec![
        ("numbers", json!({})),
        ("in_place", json!({})),
        ("text", json!({"name": "Ada"})),
        ("text", json!({"name": ""})),
        ("c_text", json!({"name": "there"})),
        ("c_text", json!({"name": "else"})),
        ("own_error", json!({"key": "17"})),
        ("own_error", json!({"key": "x"})),
        ("query", json!({"filter": {"name": "a", "at_least": 0.25}})),
        (
            "query",
            json!({"filter": {"name": "bad", "at_least": 0.25}}),
        ),
        ("dangerous", json!({})),
        ("fail", json!({})),
    ];
    for key in ["a", "none", "empty", "bad"] {
        calls.push(("look_up", json!({"key": key})));
    }
    for key in ["four", "full", "missing"] {
        calls.push(("statuses", json!({"key": key})));
    }
    for how in ["needed", "negated", "truncated", "in_out"] {
        for size in ["0", "3", "5", "64", "1000", "65537"] {
            calls.push(("fetch", json!({"key": size, "how": how})));
        }
    }
    calls
}

/// Returns the outcome of a call without the time that it used.
fn without_usage<T>(outcome: std::result::Result<T, Failure>) -> std::result::Result<T, String> {
    outcome.map_err(|failure| format!("{} {:?}", failure.code(), failure.kind()))
}

/// Returns the host calls of the last call without their durations.
fn timeless(plugin: &Plugin) -> Vec<HostCall> {
    let mut calls = plugin.host_calls();
    calls.iter_mut().for_each(|call| call.duration = None);
    calls
}

async fn assert_like_in_a_sync_host(builder: fn() -> PluginBuilder) {
    for granted in [false, true] {
        let grant = |builder: PluginBuilder| match granted {
            true => builder.grant("danger"),
            false => builder,
        };
        let mut expected = grant(plain()).build().unwrap();
        let mut plugin = grant(builder()).build_async().await.unwrap();
        for (command, args) in calls() {
            let outcome = without_usage(plugin.call::<Value>(command, &args).await);
            let expected_outcome = without_usage(expected.call::<Value>(command, &args));
            assert_eq!(outcome, expected_outcome, "{command} {args}");
            assert_eq!(timeless(&plugin), timeless(&expected));
        }
        assert_eq!(plugin.memory_bytes(), expected.memory_bytes());
        let failure = without_usage(plugin.call::<Value>("fail_silently", ()).await);
        assert_eq!(
            failure,
            without_usage(expected.call::<Value>("fail_silently", ()))
        );
        assert!(plugin.is_poisoned() && expected.is_poisoned());
    }
}

#[tokio::test]
async fn every_convention_works_the_same_in_async_hosts() {
    assert_like_in_a_sync_host(waiting).await;
}

#[tokio::test]
async fn a_plain_implementation_works_in_an_asynchronous_host() {
    assert_like_in_a_sync_host(plain).await;
}

#[test]
fn an_async_implementation_in_a_sync_plugin_is_refused() {
    let failure = waiting().build().unwrap_err();
    assert_eq!(failure.code(), "async_host_function");
    let message = failure.to_string();
    assert!(
        message.contains("`conventions.all_") && message.contains("`.build_async()`"),
        "{message}"
    );
}

#[tokio::test]
async fn a_test_can_inspect_the_implementation() {
    let mut plugin = waiting().build_async().await.unwrap();
    plugin.call::<Value>("numbers", ()).await.unwrap();
    let host = plugin.implementation::<Waiting>().unwrap();
    assert_eq!(host.host.calls[0], "nothing");
    plugin
        .implementation_mut::<Waiting>()
        .unwrap()
        .host
        .calls
        .clear();
    assert!(
        plugin
            .implementation::<Waiting>()
            .unwrap()
            .host
            .calls
            .is_empty()
    );
}

#[test]
fn calls_can_be_spawned_on_many_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn(async {
                    let mut plugin = waiting().build_async().await?;
                    plugin.init(json!({})).await?;
                    let text: Value = plugin.call("text", json!({"name": "Ada"})).await?;
                    let raw = plugin.call_raw("calls", b"").await?.to_vec();
                    plugin.cleanup().await?;
                    Ok::<_, Failure>((text[0].clone(), raw))
                })
            })
            .collect();
        for task in tasks {
            let (text, raw) = task.await.unwrap().unwrap();
            assert_eq!((text, &raw[..]), (json!("Hello, Ada!"), &b"0"[..]));
        }
    });
}

/// Completes after the runtime has polled it ten times.
async fn others_go_on() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_computing_guest_does_not_block_the_only_thread() {
    for builder in [waiting(), waiting().no_timeout(), waiting().fuel(u64::MAX)] {
        let mut plugin = builder.build_async().await.unwrap();
        let others = tokio::spawn(others_go_on());
        // Endless: it is either dropped in the middle or ended by its timeout.
        tokio::select! {
            biased;
            outcome = plugin.call::<u64>("compute", json!({"rounds": u64::MAX})) => {
                panic!("nothing else went on until {outcome:?}")
            }
            others = others => others.unwrap(),
        }
        let failure = plugin.call::<u32>("calls", ()).await.unwrap_err();
        assert_cancelled(&failure, "compute");
    }
}

#[track_caller]
fn assert_cancelled(failure: &Failure, command: &str) {
    let FailureKind::Poisoned { first } = failure.kind() else {
        panic!("{failure}")
    };
    assert!(matches!(first.kind(), FailureKind::Cancelled), "{first}");
    assert_eq!(
        (first.code(), first.command()),
        ("cancelled", Some(command))
    );
    assert!(first.to_string().contains("was cancelled by the host"));
}

#[tokio::test]
async fn a_guest_that_computes_forever_is_stopped_by_its_timeout() {
    let builder = waiting().timeout(Duration::from_millis(30));
    let mut plugin = builder.build_async().await.unwrap();
    let others = tokio::spawn(others_go_on());
    let rounds = json!({"rounds": u64::MAX});
    let failure = plugin.call::<u64>("compute", rounds).await.unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::Timeout { during: None, .. }),
        "{failure}"
    );
    others.await.unwrap();
    assert!(plugin.is_poisoned());
}

#[tokio::test]
async fn a_guest_that_yields_resumes_where_it_stopped() {
    let rounds = json!({"rounds": 4_000_000});
    let mut plugin = plain().build().unwrap();
    let expected: u64 = plugin.call("compute", &rounds).unwrap();
    let mut plugin = plain().build_async().await.unwrap();
    assert_eq!(
        plugin.call::<u64>("compute", &rounds).await.unwrap(),
        expected
    );
}

#[tokio::test]
async fn a_host_that_waits_forever_is_stopped_by_the_call_timeout() {
    let host = Waiting::default();
    let watched = Arc::clone(&host.watched);
    let mut plugin = Plugin::builder(guest())
        .host_functions(everything::provide_async(host))
        .timeout(Duration::from_millis(30))
        .build_async()
        .await
        .unwrap();
    let failure = plugin
        .call::<Value>("look_up", json!({"key": "forever"}))
        .await
        .unwrap_err();
    let FailureKind::Timeout {
        during: Some(function),
        limit,
    } = failure.kind()
    else {
        panic!("{failure}")
    };
    assert_eq!(
        (&**function, *limit),
        ("conventions.lookup", Duration::from_millis(30))
    );
    assert_eq!(watched.dropped.load(Ordering::SeqCst), 1);
    assert!(plugin.is_poisoned());
}

#[test]
fn an_aborted_task_drops_the_host_future_and_kills_the_instance() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let host = Waiting::default();
        let watched = Arc::clone(&host.watched);
        let builder = Plugin::builder(guest()).host_functions(everything::provide_async(host));
        let plugin = Arc::new(Mutex::new(builder.build_async().await.unwrap()));
        let called = Arc::clone(&plugin);
        let task = tokio::spawn(async move {
            let mut plugin = called.lock().await;
            plugin
                .call::<Value>("look_up", json!({"key": "forever"}))
                .await
        });
        watched.begun.notified().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(watched.dropped.load(Ordering::SeqCst), 1);
        let mut plugin = plugin.lock().await;
        let failure = plugin.call::<u32>("calls", ()).await.unwrap_err();
        assert_cancelled(&failure, "look_up");
        assert_cancelled(&plugin.cleanup().await.unwrap_err(), "look_up");
    });
}

#[tokio::test]
async fn faults_affect_async_hosts_like_others() {
    let struck = |builder: PluginBuilder| {
        builder
            .fault(
                "lookup",
                InjectedFault::error("unavailable", "gone").times(1),
            )
            .fault("lookup", InjectedFault::bad_bytes().times(1))
            .fault(
                "lookup",
                InjectedFault::delay(Duration::from_millis(1)).times(1),
            )
            .fault("lookup", InjectedFault::oversized(100 << 20).times(1))
    };
    let code = |outcome: std::result::Result<Value, Failure>| match outcome {
        Ok(_) => String::new(),
        Err(failure) => failure.code().to_owned(),
    };
    let key = json!({"key": "a"});
    let mut plugin = struck(plain()).build().unwrap();
    let expected: Vec<_> = (0..5).map(|_| code(plugin.call("look_up", &key))).collect();
    assert_eq!(expected, ["unavailable", "bad_answer", "", "too_large", ""]);
    for builder in [plain, waiting] {
        let mut plugin = struck(builder()).build_async().await.unwrap();
        for expected in &expected {
            assert_eq!(code(plugin.call("look_up", &key).await), *expected);
        }
        plugin.fault("*", InjectedFault::error("unavailable", "all gone"));
        let outcome = plugin.call("look_up", &key).await;
        assert_eq!(code(outcome), "unavailable");
        plugin.clear_faults();
        assert_eq!(code(plugin.call("look_up", &key).await), "");
    }
}

#[tokio::test]
async fn observers_are_notified_of_cancelled_calls() {
    let mut plugin = waiting().statistics().build_async().await.unwrap();
    plugin.call::<u32>("calls", ()).await.unwrap();
    tokio::select! {
        biased;
        outcome = plugin.call::<Value>("look_up", json!({"key": "forever"})) => panic!("{outcome:?}"),
        () = others_go_on() => {}
    }
    let statistics = plugin.statistics();
    let calls = |name: &str| {
        let command = statistics.command(name).unwrap();
        (command.calls, command.traps)
    };
    assert_eq!((calls("calls"), calls("look_up")), ((1, 0), (1, 1)));
}

#[tokio::test]
async fn hooks_are_called_and_missing_ones_are_reported() {
    let listener = concat!(env!("CARGO_MANIFEST_DIR"), "/guests/listener");
    let builder = Plugin::builder(Source::crate_dir(listener));
    let mut plugin = builder.build_async().await.unwrap();
    let ada = json!({"name": "Ada"});
    plugin.event("user.created", &ada).await.unwrap();
    let heard: Vec<String> = plugin.call("heard", ()).await.unwrap();
    assert_eq!(heard[0], "created Ada");
    let failure = plugin.start().await.unwrap_err();
    assert_eq!(failure.code(), "missing_export");

    let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/guests/contract");
    let builder = Plugin::builder(Source::crate_dir(contract)).without_init();
    let mut plugin = builder.build_async().await.unwrap();
    plugin.init(json!({"name": "late"})).await.unwrap();
    plugin.start().await.unwrap();
    plugin.stop().await.unwrap();
    plugin.cleanup().await.unwrap();
}

#[tokio::test]
async fn a_future_that_was_never_polled_has_called_nothing() {
    let mut plugin = plain().build_async().await.unwrap();
    drop(plugin.call::<u32>("calls", ()));
    assert_eq!(plugin.call::<u32>("calls", ()).await.unwrap(), 0);
}

/// Returns a minimal module that runs the body.
fn hostile(imports: &str, body: &str) -> Source {
    Source::wat(format!(
        r#"(module {imports}
            (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
            (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
            (func $run (export "command_run") (param i32 i32) (result i64) {body}))"#
    ))
}

#[tokio::test]
async fn a_bad_argument_to_an_async_host_fails_before_the_host_runs() {
    const IMPORTS: &str = r#"
        (import "conventions" "all_halve" (func $halve (param i32 i32)))
        (import "conventions" "all_digest" (func $digest (param i32 i32 i32)))
        (import "conventions" "all_greet" (func $greet (param i32 i32) (result i64)))"#;
    for (body, expected) in [
        (
            "(call $halve (i32.const 65536) (i32.const 1))",
            "`samples`: it has 4 bytes",
        ),
        (
            "(call $halve (i32.const 64) (i32.const -1))",
            "`samples`: it has 17179869180 bytes",
        ),
        (
            "(call $halve (i32.const 66) (i32.const 1))",
            "`samples`: its address 0x42 is not a multiple of 4",
        ),
        (
            "(call $digest (i32.const 64) (i32.const 65536) (i32.const 64))",
            "`data`: it has 65536",
        ),
        (
            "(drop (call $greet (i32.const -1) (i32.const 2)))",
            "`name`: it has 2 bytes",
        ),
    ] {
        for builder in [
            everything::provide(Host::default()),
            everything::provide_async(Waiting::default()),
        ] {
            let source = hostile(IMPORTS, &format!("{body} i64.const 0"));
            let builder = Plugin::builder(source).host_functions(builder);
            let mut plugin = builder.build_async().await.unwrap();
            let failure = plugin.call_raw("run", b"").await.unwrap_err();
            assert_eq!(failure.code(), "bad_host_argument", "{failure}");
            assert!(failure.to_string().contains(expected), "{failure}");
        }
    }
}

#[tokio::test]
async fn traps_are_classified_as_in_sync_hosts() {
    for (body, fuel, code) in [
        ("unreachable", None, "trap"),
        ("(loop (br 0)) unreachable", Some(10_000), "out_of_fuel"),
        (
            "(call $run (i32.const 0) (i32.const 0))",
            None,
            "stack_overflow",
        ),
        (
            "(i64.const 0) (drop (i32.load (i32.const 65536)))",
            None,
            "trap",
        ),
        (
            "(if (i32.eq (memory.grow (i32.const 5000)) (i32.const -1)) (then unreachable)) i64.const 0",
            None,
            "out_of_memory",
        ),
        ("(i64.const 0x7000_0000_0000_0010)", None, "out_of_bounds"),
    ] {
        let builder = || {
            let builder = Plugin::builder(hostile("", body)).memory_pages(16);
            match fuel {
                Some(fuel) => builder.fuel(fuel),
                None => builder,
            }
        };
        let mut expected = builder().build().unwrap();
        let mut plugin = builder().build_async().await.unwrap();
        let outcome = without_usage(plugin.call_raw("run", b"").await);
        assert!(
            outcome.as_ref().unwrap_err().starts_with(code),
            "{outcome:?}"
        );
        assert_eq!(outcome, without_usage(expected.call_raw("run", b"")));
    }
}

#[tokio::test]
async fn too_many_host_calls_end_an_async_call() {
    const WIDE: &str = r#"(import "conventions" "all_wide" (func $wide (param i64) (result i64)))"#;
    let source = hostile(
        WIDE,
        "(loop (drop (call $wide (i64.const 1))) (br 0)) unreachable",
    );
    let host = everything::provide_async(Waiting::default());
    let builder = Plugin::builder(source)
        .host_functions(host)
        .max_host_calls(2);
    let mut plugin = builder.build_async().await.unwrap();
    let failure = plugin.call_raw("run", b"").await.unwrap_err();
    assert_eq!(failure.code(), "too_many_host_calls", "{failure}");
    assert_eq!(failure.host_calls().len(), 3);
}

#[tokio::test]
async fn a_start_function_may_wait_for_its_host() {
    let source = Source::wat(
        r#"(module (import "conventions" "all_wide" (func $wide (param i64) (result i64)))
            (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
            (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
            (func $start (i64.store (i32.const 64) (call $wide (i64.const 0x3635))))
            (func (export "command_run") (param i32 i32) (result i64) i64.const 0x40_0000_0002)
            (start $start))"#,
    );
    let host = everything::provide_async(Waiting::default());
    let mut plugin = Plugin::builder(source)
        .host_functions(host)
        .build_async()
        .await
        .unwrap();
    assert_eq!(plugin.call_raw("run", b"").await.unwrap(), b"56");
}

#[tokio::test]
async fn ten_thousand_async_host_calls_do_not_grow_memory() {
    let mut plugin = waiting().build_async().await.unwrap();
    let mut after = Vec::new();
    for _ in 0..2 {
        for _ in 0..1250 {
            let name = json!({"name": "Ada"});
            plugin.call::<Value>("text", name).await.unwrap();
        }
        after.push(plugin.memory_bytes());
    }
    assert_eq!(after[0], after[1]);
}

/// Counts the instances created for a pool.
fn counting(
    created: &Arc<AtomicUsize>,
    builder: impl Fn() -> PluginBuilder + Send + Sync + 'static,
) -> impl Fn() -> PluginBuilder + Send + Sync + 'static {
    let created = Arc::clone(created);
    move || {
        created.fetch_add(1, Ordering::SeqCst);
        builder()
    }
}

#[test]
fn a_pool_serves_many_threads_within_its_size() {
    let created = Arc::default();
    let pool = Pool::new(3, counting(&created, plain));
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for _ in 0..20 {
                    let text: Value = pool.call("text", json!({"name": "Ada"})).unwrap();
                    assert_eq!(text[0], "Hello, Ada!");
                }
            });
        }
    });
    let created = created.load(Ordering::SeqCst);
    assert!((1..=3).contains(&created), "{created}");
}

#[test]
fn a_pool_runs_one_call_per_place_concurrently() {
    let pool = Pool::new(3, plain);
    // Passed only when all of them have arrived.
    let all = std::sync::Barrier::new(3);
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| pool.with(|_| all.wait()).unwrap());
        }
    });
}

#[test]
fn a_pool_replaces_dead_instances_and_loses_no_place() {
    let created = Arc::default();
    let pool = Pool::new(1, counting(&created, plain));
    assert_eq!(pool.call::<u32>("calls", ()).unwrap(), 0);
    let failure = pool.call::<Value>("fail_silently", ()).unwrap_err();
    assert_eq!(failure.code(), "host_function");
    assert_eq!(pool.call::<u32>("calls", ()).unwrap(), 0);
    assert_eq!(created.load(Ordering::SeqCst), 2);
    // An error that the plugin returns kills no instance.
    pool.call::<Value>("look_up", json!({"key": "bad"}))
        .unwrap_err();
    assert_eq!(pool.call::<u32>("calls", ()).unwrap(), 0);
    assert_eq!(created.load(Ordering::SeqCst), 2);

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pool.with(|_| panic!("the caller's own"))
    }));
    assert!(panicked.is_err());
    assert_eq!(pool.call_raw("calls", b"").unwrap(), b"0");
    assert_eq!(created.load(Ordering::SeqCst), 3);
}

#[test]
fn a_pool_that_cannot_create_instances_fails_every_time() {
    let pool = Pool::new(1, || Plugin::builder(guest()));
    for _ in 0..3 {
        let failure = pool.call::<u32>("calls", ()).unwrap_err();
        assert_eq!(failure.code(), "missing_imports");
    }
    let pool = Pool::new(1, || panic!("the closure's own"));
    for _ in 0..2 {
        let call = || pool.call::<u32>("calls", ());
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err());
    }
}

#[test]
fn a_pool_on_tokio_serves_many_tasks_within_its_size() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let created = Arc::default();
        let module = Module::load(guest()).unwrap();
        let builder = move || {
            module
                .plugin()
                .host_functions(everything::provide_async(Waiting::default()))
        };
        let pool = Arc::new(AsyncPool::new(3, counting(&created, builder)));
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move {
                    let name = json!({"name": "Ada"});
                    pool.call::<Value>("text", name).await
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap()[0], "Hello, Ada!");
        }
        let created = created.load(Ordering::SeqCst);
        assert!((1..=3).contains(&created), "{created}");
    });
}

#[tokio::test]
async fn a_pool_on_tokio_runs_one_call_per_place_concurrently() {
    let pool = AsyncPool::new(3, waiting);
    let all = tokio::sync::Barrier::new(3);
    let one = || pool.with(async |_: &mut AsyncPlugin| all.wait().await.is_leader());
    let (a, b, c) = tokio::join!(one(), one(), one());
    let leaders = [a, b, c].map(std::result::Result::unwrap);
    assert_eq!(leaders.iter().filter(|leader| **leader).count(), 1);
}

#[tokio::test]
async fn a_pool_on_tokio_serves_calls_in_the_order_in_which_they_began_to_wait() {
    let pool = AsyncPool::new(1, waiting);
    let order = std::sync::Mutex::new(Vec::new());
    let call = async |number: u32, meanwhile: bool| {
        let served = pool.with(async |_: &mut AsyncPlugin| {
            order.lock().unwrap().push(number);
            if meanwhile {
                others_go_on().await;
            }
        });
        served.await.unwrap();
    };
    let first = async {
        call(0, true).await;
        // The instance is free again, and others wait for it.
        call(4, false).await;
    };
    let cancelled = async {
        tokio::select! {
            biased;
            () = call(5, false) => panic!("the only instance is busy"),
            () = tokio::task::yield_now() => {}
        }
    };
    tokio::join!(
        first,
        call(1, true),
        cancelled,
        call(2, false),
        call(3, false)
    );
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_call_that_is_not_polled_keeps_one_place_of_a_pool_on_tokio_from_others() {
    let pool = AsyncPool::new(2, waiting);
    let call = || pool.with(async |_: &mut AsyncPlugin| others_go_on().await);
    let mut forgotten = std::pin::pin!(pool.with(async |_: &mut AsyncPlugin| ()));
    let both = async { tokio::join!(call(), call()) };
    let begins_to_wait = async {
        tokio::select! {
            biased;
            _ = &mut forgotten => panic!("both instances are busy"),
            () = tokio::task::yield_now() => {}
        }
    };
    let (served, ()) = tokio::join!(both, begins_to_wait);
    assert!(served.0.is_ok() && served.1.is_ok());
    let others = async { tokio::join!(call(), call(), call()) };
    let limit = Duration::from_secs(60);
    let others = tokio::time::timeout(limit, others).await;
    assert!(others.is_ok_and(|(a, b, c)| a.is_ok() && b.is_ok() && c.is_ok()));
    forgotten.await.unwrap();
}

#[test]
fn a_pool_on_tokio_wakes_every_call_that_waits() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let pool = Arc::new(AsyncPool::new(2, waiting));
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move {
                    for _ in 0..200 {
                        pool.with(async |_: &mut AsyncPlugin| tokio::task::yield_now().await)
                            .await
                            .unwrap();
                    }
                })
            })
            .collect();
        let limit = Duration::from_secs(60);
        let all = async {
            for task in tasks {
                task.await.unwrap();
            }
        };
        tokio::time::timeout(limit, all).await.unwrap();
        let idle = "Slots { free: 2, idle: 2 }, waiting: 0";
        assert!(format!("{pool:?}").contains(idle), "{pool:?}");
    });
}

#[tokio::test]
async fn a_pool_on_tokio_recovers_the_place_of_a_cancelled_call() {
    let created = Arc::default();
    let pool = AsyncPool::new(1, counting(&created, waiting));
    assert_eq!(pool.call::<u32>("calls", ()).await.unwrap(), 0);
    tokio::select! {
        biased;
        outcome = pool.call::<Value>("look_up", json!({"key": "forever"})) => panic!("{outcome:?}"),
        () = others_go_on() => {}
    }
    assert_eq!(pool.call_raw("calls", b"").await.unwrap(), b"0");
    assert_eq!(created.load(Ordering::SeqCst), 2);
    let failure = pool.call::<Value>("fail_silently", ()).await;
    assert_eq!(failure.unwrap_err().code(), "host_function");
    assert_eq!(pool.call::<u32>("calls", ()).await.unwrap(), 0);
    assert_eq!(created.load(Ordering::SeqCst), 3);
}
