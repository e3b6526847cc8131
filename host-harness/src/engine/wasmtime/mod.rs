//! Wasmtime: compiled code, async calls, pools of instances, and a cache on disk.
//!
//! `cache.rs` keeps compiled code, `link.rs` links imports to host functions, `instance.rs` runs
//! instances, `slots.rs` has places that stay ready for instances, `asynchronous.rs` runs instances
//! on separate stacks, and `trap.rs` reads traps.

#[cfg(feature = "async")]
mod asynchronous;
mod cache;
mod instance;
mod link;
mod slots;
mod trap;

use std::num::NonZeroUsize;
use std::sync::Arc;

use wasmtime::{Config, Enabled, PoolingAllocationConfig, WasmBacktraceDetails};

use super::{Clock, EngineOptions, Entry, HostState, Pool};
use crate::abi::ImportedFunction;
use crate::failure::Failure;
use crate::limits::Limits;
use cache::CodeCache;
pub(crate) use instance::{Guest, Linked, Store};
use slots::{SLOTS, Slots};

/// The maximum number of guest frames in a failure's backtrace.
const MAX_FRAMES: usize = 64;

/// Stack reserved for host functions in an async call, in bytes. Untouched parts take no memory.
const HOST_STACK: usize = 1 << 20;

/// An engine with its cache.
pub(super) struct Engine {
    /// Creates instances in memory of their own, or in the pool that the options ask for.
    engine: wasmtime::Engine,
    /// The engine for instances in slots, where they are worthwhile. Its code is the same, so that
    /// both find it in the cache.
    slotted: Option<(wasmtime::Engine, Slots)>,
    cache: Option<CodeCache>,
}

impl Engine {
    /// Creates an engine with these options, and starts its clock if calls have a time limit.
    pub(super) fn new(options: &EngineOptions, clock: &Clock) -> Result<Self, Failure> {
        let cache = CodeCache::open(&options.cache)?;
        let mut config = Config::new();
        config
            .cache(cache.as_ref().map(|cache| cache.engines().clone()))
            .consume_fuel(options.fuel)
            .epoch_interruption(options.clock)
            .max_wasm_stack(options.stack_bytes)
            // An async call has its own stack, which host functions use too.
            .async_stack_size(options.stack_bytes.saturating_add(HOST_STACK))
            // Needed to recognise an overflow of the guest's own stack; free until a trap.
            .coredump_on_trap(true)
            .wasm_backtrace_max_frames(NonZeroUsize::new(MAX_FRAMES))
            // Whatever the variable WASMTIME_BACKTRACE_DETAILS says: see `symbols/mod.rs`.
            .wasm_backtrace_details(WasmBacktraceDetails::Disable)
            // The ABI needs a single 32-bit memory. Other features only enlarge the attack surface.
            .wasm_memory64(false)
            .wasm_multi_memory(false);
        let slotted = match options.slots && PoolingAllocationConfig::is_pagemap_scan_available() {
            true => slotted(config.clone()),
            false => None,
        };
        if let Some(pool) = options.pool {
            config.allocation_strategy(pooling(pool));
        }
        let engine = wasmtime::Engine::new(&config).map_err(Failure::engine)?;
        if options.clock {
            let slotted = slotted.as_ref().map(|(engine, _)| engine.weak());
            let engine = engine.weak();
            clock.start(move |clock| {
                let Some(engine) = engine.upgrade() else {
                    return false;
                };
                clock.advance();
                engine.increment_epoch();
                if let Some(engine) = slotted.as_ref().and_then(|engine| engine.upgrade()) {
                    engine.increment_epoch();
                }
                true
            })?;
        }
        Ok(Engine {
            engine,
            slotted,
            cache,
        })
    }

    /// Verifies the cache's entry for a module.
    pub(super) fn cached(&self, wasm: &[u8]) -> Entry {
        let check = |cache: &CodeCache| cache.check(&self.engine, wasm);
        self.cache.as_ref().map_or(Entry::Absent, check)
    }

    /// Compiles a module, or takes it from the cache, and links it to its host functions.
    pub(super) fn link<T: HostState>(
        &self,
        wasm: &Arc<[u8]>,
        imports: &[ImportedFunction],
        found: Entry,
    ) -> Result<Linked<T>, Failure> {
        let slotted = self.slotted.as_ref();
        let slotted = slotted.filter(|(_, slots)| slots.are_free());
        let linked = Linked::new(&self.engine, slotted, wasm, imports)?;
        if let (Entry::Absent, Some(cache)) = (found, &self.cache) {
            cache.seal(&self.engine, wasm);
        }
        Ok(linked)
    }
}

/// Returns an engine for instances in slots, if there is address space for it.
fn slotted(mut config: Config) -> Option<(wasmtime::Engine, Slots)> {
    config.allocation_strategy(pooling(Pool {
        instances: SLOTS,
        table_elements: Limits::default().table_elements as usize,
    }));
    let engine = wasmtime::Engine::new(&config).ok()?;
    Some((engine, Slots::new()))
}

fn pooling(pool: Pool) -> PoolingAllocationConfig {
    let instances = pool.instances;
    let mut config = PoolingAllocationConfig::new();
    config
        .total_core_instances(instances)
        .total_memories(instances)
        .total_tables(instances)
        .total_stacks(instances)
        .table_elements(pool.table_elements)
        // Zeroing a little memory is faster than releasing it and faulting it in again, above all
        // where the system knows which pages were written.
        .linear_memory_keep_resident(256 * 1024)
        .table_keep_resident(16 * 1024)
        .pagemap_scan(Enabled::Auto);
    config
}

#[cfg(test)]
mod tests {
    use super::super::CacheDir;
    use super::*;

    fn options(cache: CacheDir) -> EngineOptions {
        EngineOptions {
            engine: crate::Engine::Wasmtime,
            fuel: false,
            clock: false,
            stack_bytes: 1 << 20,
            slots: true,
            pool: None,
            cache,
        }
    }

    fn engine(options: &EngineOptions) -> Result<Engine, Failure> {
        Engine::new(options, &Clock::default())
    }

    #[test]
    fn compiled_modules_are_cached_for_the_next_engine() {
        let dir = tempfile::tempdir().unwrap();
        let counts = |options: &EngineOptions| {
            let engine = engine(options).unwrap();
            wasmtime::Module::new(
                &engine.engine,
                wat::parse_str("(module (func nop))").unwrap(),
            )
            .unwrap();
            let cache = engine.cache.as_ref().unwrap().engines();
            (cache.cache_hits(), cache.cache_misses())
        };
        let plain = options(CacheDir::At(dir.path().to_path_buf()));
        assert_eq!(counts(&plain), (0, 1), "the first engine compiles");
        assert_eq!(counts(&plain), (1, 0), "the second one finds it");
        let fuelled = EngineOptions {
            fuel: true,
            ..plain.clone()
        };
        assert_eq!(counts(&fuelled), (0, 1), "other settings make other code");
        assert_eq!(counts(&plain), (1, 0), "and leave the first alone");

        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(
            counts(&options(CacheDir::At(elsewhere.path().to_path_buf()))),
            (0, 1),
            "another folder knows nothing"
        );
    }

    #[test]
    fn clock_thread_ends_with_its_engine() {
        let new = engine(&EngineOptions {
            clock: true,
            ..options(CacheDir::Off)
        })
        .unwrap();
        let engine = new.engine.weak();
        drop(new);
        // The clock's thread holds a reference to the engine only while it ticks.
        while engine.upgrade().is_some() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn unusable_explicit_cache_folder_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = engine(&options(CacheDir::At(file.path().join("cache"))))
            .err()
            .unwrap();
        assert_eq!(failure.code(), "engine");
    }
}
