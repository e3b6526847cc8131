//! Wasmtime: compiled code, async calls, pools of instances, and a cache on disk.
//!
//! `cache.rs` keeps compiled code, `link.rs` links imports to host functions, `instance.rs` runs
//! instances, `asynchronous.rs` runs them on separate stacks, and `trap.rs` reads traps.

#[cfg(feature = "async")]
mod asynchronous;
mod cache;
mod instance;
mod link;
mod trap;

use std::num::NonZeroUsize;

use wasmtime::{Config, PoolingAllocationConfig, WasmBacktraceDetails};

use super::{Clock, EngineOptions, Entry, HostState, Pool};
use crate::abi::ImportedFunction;
use crate::failure::{Failure, FailureKind};
use cache::CodeCache;
pub(crate) use instance::{Guest, Linked, Store};

/// The maximum number of guest frames in a failure's backtrace.
const MAX_FRAMES: usize = 64;

/// Stack reserved for host functions in an async call, in bytes. Untouched parts take no memory.
const HOST_STACK: usize = 1 << 20;

/// An engine with its cache.
pub(super) struct Engine {
    engine: wasmtime::Engine,
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
        if let Some(pool) = options.pool {
            config.allocation_strategy(pooling(pool));
        }
        let engine = wasmtime::Engine::new(&config).map_err(Failure::engine)?;
        if options.clock {
            let engine = engine.weak();
            clock.start(move |clock| {
                let Some(engine) = engine.upgrade() else {
                    return false;
                };
                clock.advance();
                engine.increment_epoch();
                true
            })?;
        }
        Ok(Engine { engine, cache })
    }

    /// Verifies the cache's entry for a module.
    pub(super) fn cached(&self, wasm: &[u8]) -> Entry {
        let check = |cache: &CodeCache| cache.check(&self.engine, wasm);
        self.cache.as_ref().map_or(Entry::Absent, check)
    }

    /// Compiles a module, or takes it from the cache, and links it to its host functions.
    pub(super) fn link<T: HostState>(
        &self,
        wasm: &[u8],
        imports: &[ImportedFunction],
        found: Entry,
    ) -> Result<Linked<T>, Failure> {
        let module = wasmtime::Module::from_binary(&self.engine, wasm).map_err(|error| {
            Failure::load(FailureKind::InvalidModule {
                reason: format!("{error:#}"),
            })
        })?;
        if let (Entry::Absent, Some(cache)) = (found, &self.cache) {
            cache.seal(&self.engine, wasm);
        }
        link::link(&self.engine, imports)
            .and_then(|linker| linker.instantiate_pre(&module))
            .map(Linked::new)
            .map_err(Failure::engine)
    }
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
        // Zeroing a little memory is faster than releasing it and faulting it in again.
        .linear_memory_keep_resident(256 * 1024)
        .table_keep_resident(16 * 1024);
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
