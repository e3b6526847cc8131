//! Host modules as WasmEdge's plugins provide them (`docs/hosts/wasmedge.md`), with guests and
//! hosts that break their promises: the example `host-modules` in a host written by hand, and
//! guests written by hand in the harness with an implementation of the traits of the example.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use host_modules::{Cache, Text, cache, text};
use plugin_sdk::{Error, Result};
use plugin_sdk_harness::{Failure, FailureKind, Plugin, Source};
use plugin_sdk_tests::{Build, Host as Bare, PAGE};
use serde_json::{Value, json};
use wasmtime::{Caller, Extern, Memory};

/// The host of hostile guests, which counts its calls.
#[derive(Default)]
struct Host {
    asked: usize,
    cached: BTreeMap<String, String>,
    refuses: Option<Error>,
}

impl Host {
    fn with(key: &str, value: String) -> Self {
        Host {
            cached: BTreeMap::from([(key.to_owned(), value)]),
            ..Host::default()
        }
    }
}

impl Text for Host {
    fn reverse_string(&mut self, text: &mut [u8]) {
        self.asked += 1;
        text.reverse();
    }

    fn compute_md5(&mut self, _: &[u8], digest: &mut [u8; 16]) {
        self.asked += 1;
        digest.fill(b'd');
    }
}

impl Cache for Host {
    fn get(&mut self, key: &str) -> Result<Option<String>> {
        self.asked += 1;
        match &self.refuses {
            Some(error) => Err(error.clone()),
            None => Ok(self.cached.get(key).cloned()),
        }
    }

    fn set(&mut self, _: &str, _: &str) -> Result<()> {
        self.asked += 1;
        Ok(())
    }
}

/// Returns a guest of one page whose command `run` makes one call. Its memory is filled with `#`,
/// except for the key `key` at its beginning.
fn guest(call: &str) -> String {
    format!(
        r#"(module
            (import "my_plugin" "reverse_string" (func $reverse (param i32 i32)))
            (import "my_plugin" "compute_md5" (func $md5 (param i32 i32 i32)))
            (import "redis" "redis_get" (func $get (param i32 i32 i32 i32) (result i32)))
            (import "redis" "redis_set" (func $set (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1 1) (global (export "plugin_abi_1") i32 (i32.const 0))
            (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
            (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
            (data (i32.const 64) "key")
            (func $digit (param i32) (result i64) (i64.store8 (i32.const 128) (i64.add (i64.const 48) (i64.extend_i32_s (local.get 0)))) (i64.const 0x80_0000_0001))
            (func (export "command_peek") (param i32 i32) (result i64) i64.const 0x200_0000_0040)
            (func (export "command_run") (param i32 i32) (result i64)
                (memory.fill (i32.const 512) (i32.const 35) (i32.const 64))
                {call}))"#
    )
}

fn plugin(call: &str, host: fn() -> Host) -> Plugin {
    let built = Plugin::builder(Source::wat(guest(call)))
        .no_cache()
        .host_functions(text::provide(host()))
        .host_functions(cache::provide(host()))
        .build();
    built.unwrap()
}

/// Returns the outcome of the call, and the number of calls to the host.
fn run(call: &str) -> (std::result::Result<Vec<u8>, Failure>, usize) {
    let mut plugin = plugin(call, Host::default);
    let outcome = plugin.call_raw("run", b"").map(<[u8]>::to_vec);
    let asked = plugin.implementation::<Host>().unwrap().asked;
    (outcome, asked)
}

#[test]
fn an_address_out_of_bounds_ends_the_call_before_the_host_runs() {
    for call in [
        "(call $reverse (i32.const 65530) (i32.const 7)) i64.const 0",
        "(call $reverse (i32.const 0) (i32.const -1)) i64.const 0",
        // Their sum exceeds 32 bits.
        "(call $reverse (i32.const -1) (i32.const -1)) i64.const 0",
        "(call $md5 (i32.const -16) (i32.const 16) (i32.const 512)) i64.const 0",
        // The digest would not fit.
        "(call $md5 (i32.const 64) (i32.const 3) (i32.const 65521)) i64.const 0",
        "(call $digit (call $get (i32.const 65530) (i32.const 64) (i32.const 512) (i32.const 64)))",
        "(call $digit (call $set (i32.const 64) (i32.const 3) (i32.const 65536) (i32.const 1)))",
    ] {
        let (outcome, asked) = run(call);
        let failure = outcome.unwrap_err();
        assert!(
            matches!(failure.kind(), FailureKind::BadHostArgument { .. }),
            "{call}: {failure}"
        );
        assert_eq!(asked, 0, "{call}");
    }
    // The last bytes of the memory belong to the guest, and zero bytes may have any address.
    for call in [
        "(call $reverse (i32.const 65530) (i32.const 6)) i64.const 0",
        "(call $reverse (i32.const 65537) (i32.const 0)) i64.const 0",
        "(call $md5 (i32.const 64) (i32.const 3) (i32.const 65520)) i64.const 0",
    ] {
        let (outcome, _) = run(call);
        outcome.unwrap_or_else(|failure| panic!("{call}: {failure}"));
    }
}

/// The guest gets an error for an invalid value, if the function has a number for that; the host
/// does not see the value.
#[test]
fn a_non_text_key_is_an_error_before_the_host_runs() {
    let (outcome, asked) = run(
        "(i32.store8 (i32.const 64) (i32.const 255)) (call $digit (call $get (i32.const 64) (i32.const 3) (i32.const 512) (i32.const 64)))",
    );
    // 48, less the five of `invalid_argument`.
    assert_eq!((outcome.unwrap(), asked), (b"+".to_vec(), 0));
}

/// The document's `redis_get` copies a value of any length to an address. Here the guest passes the
/// capacity, and no more is ever written.
#[test]
fn a_value_larger_than_the_buffer_only_reports_its_size() {
    let call =
        "(call $digit (call $get (i32.const 64) (i32.const 3) (i32.const 512) (i32.const 4)))";
    let host = || Host::with("key", "12345".to_owned());
    let mut plugin = plugin(call, host);
    assert_eq!(plugin.call_raw("run", b"").unwrap(), b"5");
    assert_eq!(plugin.call_raw("peek", b"").unwrap(), [b'#'; 64]);

    let fits = call.replace("(i32.const 4)", "(i32.const 5)");
    let mut plugin = self::plugin(&fits, host);
    assert_eq!(plugin.call_raw("run", b"").unwrap(), b"5");
    let written = plugin.call_raw("peek", b"").unwrap();
    assert_eq!(written, [&b"12345"[..], &[b'#'; 59]].concat());
}

/// A buffer that is not entirely inside the guest's memory: nothing is written outside it.
#[test]
fn a_value_that_would_reach_out_of_the_memory_ends_the_call() {
    let call =
        "(call $digit (call $get (i32.const 64) (i32.const 3) (i32.const 65532) (i32.const 64)))";
    let mut plugin = plugin(call, || Host::with("key", "12345".to_owned()));
    let failure = plugin.call_raw("run", b"").unwrap_err();
    assert_eq!(failure.code(), "bad_host_argument", "{failure}");
    assert!(failure.message().contains("redis_get"), "{failure}");
}

#[test]
fn the_documents_redis_get_without_a_size_is_refused_on_load() {
    let wat = guest("i64.const 0").replace(
        r#""redis_get" (func $get (param i32 i32 i32 i32)"#,
        r#""redis_get" (func $get (param i32 i32 i32)"#,
    );
    let built = Plugin::builder(Source::wat(wat))
        .no_cache()
        .host_functions(text::provide(Host::default()))
        .host_functions(cache::provide(Host::default()))
        .build();
    let failure = built.unwrap_err();
    assert_eq!(failure.code(), "wrong_import");
    let message = failure.to_string();
    assert!(
        message.contains("(i32, i32, i32, i32) -> i32")
            && message.contains("(i32, i32, i32) -> i32"),
        "{message}"
    );
}

/// WasmEdge's categories and codes, each with its equivalent.
#[test]
fn every_error_code_of_wasmedge_has_an_equivalent() {
    // `MemoryOutOfBounds` caused by the guest itself.
    let (outcome, _) = run("(drop (i32.load (i32.const 65536))) i64.const 0");
    assert_eq!(outcome.unwrap_err().code(), "trap");
    // `Unreachable`.
    let (outcome, _) = run("unreachable");
    assert_eq!(outcome.unwrap_err().code(), "trap");
    // `CostLimitExceeded` and `Interrupted`.
    let spins = guest("(loop (br 0)) i64.const 0");
    let ends =
        |builder: fn(plugin_sdk_harness::PluginBuilder) -> plugin_sdk_harness::PluginBuilder| {
            let built = Plugin::builder(Source::wat(&*spins)).no_cache();
            let built = builder(built)
                .host_functions(text::provide(Host::default()))
                .host_functions(cache::provide(Host::default()))
                .build();
            built
                .unwrap()
                .call_raw("run", b"")
                .unwrap_err()
                .code()
                .to_owned()
        };
    assert_eq!(ends(|builder| builder.fuel(10_000)), "out_of_fuel");
    assert_eq!(
        ends(|builder| builder.timeout(std::time::Duration::from_millis(1))),
        "timeout"
    );
    // `UnknownImport`.
    let lacks = Plugin::builder(Source::wat(guest("i64.const 0"))).no_cache();
    let failure = lacks
        .host_functions(text::provide(Host::default()))
        .build()
        .unwrap_err();
    assert_eq!(failure.code(), "missing_imports");
    assert!(failure.message().contains("redis_get"), "{failure}");
    // `FuncNotFound`.
    let mut plugin = plugin("i64.const 0", Host::default);
    assert_eq!(
        plugin.call_raw("runs", b"").unwrap_err().code(),
        "unknown_command"
    );
    // `UserLevelError`, with one of the host's own numbers.
    let refuses =
        "(call $digit (call $get (i32.const 64) (i32.const 3) (i32.const 512) (i32.const 64)))";
    let mut plugin = self::plugin(refuses, || Host {
        refuses: Some(Error::from_status(-9)),
        ..Host::default()
    });
    // 48, less nine.
    assert_eq!(plugin.call_raw("run", b"").unwrap(), b"'");
}

/// A host written by hand in an unsafe style: the answer of its `redis_get`, and what it writes.
struct Careless {
    answers: fn(capacity: i32, call: usize) -> i32,
    /// The bytes that it writes, whatever the buffer's capacity.
    writes: &'static [u8],
    set: i32,
    /// The capacities of its calls.
    capacities: Vec<i32>,
}

impl Careless {
    fn get(&mut self, memory: &mut [u8], address: i32, capacity: i32) -> i32 {
        let address = address as u32 as usize;
        memory[address..address + self.writes.len()].copy_from_slice(self.writes);
        self.capacities.push(capacity);
        (self.answers)(capacity, self.capacities.len())
    }
}

fn memory(caller: &mut Caller<'_, Careless>) -> Memory {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => memory,
        _ => unreachable!("the guest has a memory"),
    }
}

/// Runs the example in that host, and returns the answer of `count`, whether it failed, and the
/// capacities that it passed.
fn count_with(careless: Careless) -> (Value, bool, Vec<i32>) {
    let module = Build::of("host-modules").dev().module();
    let mut host = Bare::with(&module, careless, |linker| {
        linker
            .func_wrap("my_plugin", "reverse_string", |_: i32, _: i32| {})
            .unwrap()
            .func_wrap("my_plugin", "compute_md5", |_: i32, _: i32, _: i32| {})
            .unwrap()
            .func_wrap("database", "query", |_: i32, _: i32| 3)
            .unwrap()
            .func_wrap(
                "redis",
                "redis_get",
                |mut caller: Caller<'_, Careless>, _: i32, _: i32, address: i32, capacity: i32| {
                    let memory = memory(&mut caller);
                    let (memory, careless) = memory.data_and_store_mut(&mut caller);
                    careless.get(memory, address, capacity)
                },
            )
            .unwrap()
            .func_wrap(
                "redis",
                "redis_set",
                |caller: Caller<'_, Careless>, _: i32, _: i32, _: i32, _: i32| caller.data().set,
            )
            .unwrap();
    });
    let answer = host.json("count", json!({"sql": "select 1"}));
    let value = serde_json::from_slice(&answer.bytes).unwrap();
    assert!(host.pages() * PAGE < 4 << 20, "{} pages", host.pages());
    (
        value,
        answer.packed.failed,
        std::mem::take(&mut host.store.data_mut().capacities),
    )
}

fn careless(answers: fn(capacity: i32, call: usize) -> i32) -> Careless {
    Careless {
        answers,
        writes: b"",
        set: 1,
        capacities: Vec::new(),
    }
}

#[test]
fn retries_with_larger_buffers_are_limited() {
    // It reports the true size: 1000 bytes, which are digits.
    let grows = Careless {
        writes: b"0000000007",
        ..careless(|capacity, _| if capacity < 1000 { 1000 } else { 10 })
    };
    let (value, failed, capacities) = count_with(grows);
    assert_eq!((value, failed), (json!({"rows": 7, "cached": true}), false));
    assert_eq!(capacities, [128, 1000]);

    // It always requires one byte more than the capacity, until no more memory is available.
    let (value, failed, capacities) = count_with(careless(|capacity, _| capacity + 1));
    assert_eq!(
        (&value["code"], failed),
        (&json!("too_large"), true),
        "{value}"
    );
    assert_eq!(capacities.last(), Some(&65_536));
    assert!(capacities.len() < 20, "{capacities:?}");

    // It claims more bytes than any buffer holds.
    for answers in [|_, _| i32::MAX, |_, _| 65_537] as [fn(i32, usize) -> i32; 2] {
        let (value, failed, capacities) = count_with(careless(answers));
        assert_eq!(
            (&value["code"], failed),
            (&json!("too_large"), true),
            "{value}"
        );
        assert_eq!(capacities, [128]);
    }
}

#[test]
fn invalid_host_numbers_are_errors_for_the_plugin() {
    for (status, code) in [
        (i32::MIN, "status"),
        (-2, "permission_denied"),
        (-9, "status"),
    ] {
        let answers: fn(i32, usize) -> i32 = match status {
            i32::MIN => |_, _| i32::MIN,
            -2 => |_, _| -2,
            _ => |_, _| -9,
        };
        let (value, failed, _) = count_with(careless(answers));
        assert_eq!((&value["code"], failed), (&json!(code), true), "{value}");
        assert_eq!(value["details"]["status"], status);
    }
    // The document's 0 for a failure, and numbers that it does not define.
    for set in [0, 2, -1] {
        let (value, failed, _) = count_with(Careless {
            set,
            ..careless(|_, _| -1)
        });
        assert!(failed, "{value}");
        assert_eq!(value["details"]["status"], set);
    }
    let bytes = Careless {
        writes: b"\xff\xfe",
        ..careless(|_, _| 2)
    };
    let (value, failed, _) = count_with(bytes);
    assert_eq!(
        (&value["code"], failed),
        (&json!("bad_answer"), true),
        "{value}"
    );
}
