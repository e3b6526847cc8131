//! A host that has no memory left for what a guest gives it. Allocations of a size that a guest
//! chooses fail with a value; a failed one of another size ends the process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use plugin_sdk_harness::services::{DatabaseKv, MemoryFiles};
use plugin_sdk_harness::{Engine, Failure, FailureKind, Plugin, PluginBuilder, Source, hosts};

thread_local! {
    /// The size from which this thread's allocations fail.
    static REFUSED: Cell<usize> = const { Cell::new(usize::MAX) };
}

struct Refusing;

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

fn is_refused(size: usize) -> bool {
    REFUSED
        .try_with(Cell::get)
        .is_ok_and(|refused| size >= refused)
}

// SAFETY: passes every call on to the system's allocator, or returns null, which means that there
// is no memory.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match is_refused(layout.size()) {
            true => std::ptr::null_mut(),
            // SAFETY: the caller's promise is the same.
            false => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match is_refused(layout.size()) {
            true => std::ptr::null_mut(),
            // SAFETY: the caller's promise is the same.
            false => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match is_refused(size) {
            true => std::ptr::null_mut(),
            // SAFETY: the caller's promise is the same.
            false => unsafe { System.realloc(block, layout, size) },
        }
    }
}

/// Runs something on a host without memory for blocks of this size.
fn without<R>(bytes: usize, run: impl FnOnce() -> R) -> R {
    struct Restore;
    impl Drop for Restore {
        fn drop(&mut self) {
            REFUSED.set(usize::MAX);
        }
    }
    let _restore = Restore;
    REFUSED.set(bytes);
    run()
}

/// The bytes that the guest gives its host.
const GIVEN: usize = 2 << 20;

/// A size that only these bytes reach.
const LARGE: usize = 1 << 20;

/// A guest that gives its host many bytes in several ways.
fn builder(engine: Engine) -> PluginBuilder {
    let wat = format!(
        r#"(module
          (import "plugin_host" "kv_set" (func $kv_set (param i32 i32 i32 i32) (result i64)))
          (import "plugin_host" "kv_get" (func $kv_get (param i32 i32) (result i64)))
          (import "plugin_host" "files_write" (func $files_write (param i32 i32 i32 i32) (result i64)))
          (import "plugin_host" "files_read" (func $files_read (param i32 i32) (result i64)))
          (memory (export "memory") 100)
          (global (export "plugin_abi_1") i32 (i32.const 16))
          (data (i32.const 128) "data/x")
          (func (export "alloc") (param i32) (result i32) i32.const 3145728)
          (func (export "free") (param i32 i32))
          (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)
          (func (export "plugin_cleanup"))
          (func (export "command_set") (param i32 i32) (result i64)
            (call $kv_set (i32.const 128) (i32.const 4) (i32.const 65536) (i32.const {GIVEN})))
          (func (export "command_get") (param i32 i32) (result i64)
            (call $kv_get (i32.const 128) (i32.const 4)))
          (func (export "command_write") (param i32 i32) (result i64)
            (call $files_write (i32.const 128) (i32.const 6) (i32.const 65536) (i32.const {GIVEN})))
          (func (export "command_read") (param i32 i32) (result i64)
            (call $files_read (i32.const 128) (i32.const 6)))
          (func (export "command_give") (param i32 i32) (result i64)
            (i64.const {})))"#,
        (65536_u64 << 32) | GIVEN as u64
    );
    Plugin::builder(Source::wat(wat))
        .engine(engine)
        .grant_all()
        .files(MemoryFiles::new().read_write("data"))
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Failure>) {
    let failure = outcome.map(drop).unwrap_err();
    let error = failure.plugin_error();
    let error = error.unwrap_or_else(|| panic!("{failure}"));
    assert_eq!(error.code(), "unavailable", "{failure}");
    assert!(error.message().contains("no memory left"), "{failure}");
}

#[test]
fn host_without_memory_for_a_guests_bytes_lives_on() {
    for engine in Engine::ALL
        .iter()
        .copied()
        .filter(|engine| engine.is_available())
    {
        let mut plugin = builder(engine).build().unwrap();
        for (give, take) in [("set", "get"), ("write", "read")] {
            refused(without(LARGE, || plugin.call_raw(give, b"").map(drop)));
            plugin.call_raw(give, b"").unwrap();
            refused(without(LARGE, || plugin.call_raw(take, b"").map(drop)));
            assert_eq!(plugin.call_raw(take, b"").unwrap().len(), GIVEN, "{take}");
        }
        // The bytes stay in the guest's memory.
        let given = without(LARGE, || plugin.call_raw("give", b"").map(<[u8]>::len));
        assert_eq!(given.unwrap(), GIVEN);
        let all = without(LARGE, || {
            let answers = plugin.call_many_raw("give", [""; 3]);
            answers.map(|answers| answers.count())
        });
        let failure = all.unwrap_err();
        let kind = failure.kind();
        assert!(
            matches!(kind, FailureKind::HostOutOfMemory { .. }),
            "{failure}"
        );
        assert_eq!(plugin.call_many_raw("give", [""; 3]).unwrap().count(), 3);
    }
}

#[test]
fn stores_and_hosts_without_memory_for_bytes_live_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = DatabaseKv::open(folder.path().join("kv.redb")).unwrap();
    let mut plugin = builder(Engine::Wasmtime).kv(store).build().unwrap();
    plugin.call_raw("set", b"").unwrap();
    refused(without(LARGE, || plugin.call_raw("get", b"").map(drop)));
    assert_eq!(plugin.call_raw("get", b"").unwrap().len(), GIVEN);

    let mut plugin = builder(Engine::Wasmtime)
        .build_for(hosts::native())
        .unwrap();
    let given = without(LARGE, || plugin.call_raw("give", b"").map(<[u8]>::len));
    let failure = given.unwrap_err();
    let kind = failure.kind();
    assert!(
        matches!(kind, FailureKind::HostOutOfMemory { .. }),
        "{failure}"
    );
    assert_eq!(plugin.call_raw("give", b"").unwrap().len(), GIVEN);
}

#[test]
fn memory_that_the_system_refuses_is_out_of_memory() {
    let wat = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 16))
        (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
        (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
        (func (export "command_grow") (param i32 i32) (result i64)
          (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable)) i64.const 0))"#;
    let builder = Plugin::builder(Source::wat(wat)).engine(Engine::Wasmi);
    let mut plugin = builder.build().unwrap();
    let failure = without(LARGE, || plugin.call_raw("grow", b"").map(drop)).unwrap_err();
    let kind = failure.kind();
    assert!(matches!(kind, FailureKind::OutOfMemory { .. }), "{failure}");
}
