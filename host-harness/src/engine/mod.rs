//! WebAssembly engines, few per process and shared, with their epoch clocks.

mod cache;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use wasmtime::{Config, Engine, EngineWeak, PoolingAllocationConfig, WasmBacktraceDetails};

use crate::failure::{Failure, FailureKind};
use cache::CodeCache;
pub(crate) use cache::{CacheDir, Entry};

/// The interval of an engine's clock, and so the precision of timeouts.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The maximum number of guest frames in a failure's backtrace.
const MAX_FRAMES: usize = 64;

/// Stack reserved for host functions in an async call, in bytes. Untouched parts take no memory.
const HOST_STACK: usize = 1 << 20;

/// The options of an engine. A module is compiled separately for each combination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineOptions {
    pub(crate) fuel: bool,
    pub(crate) clock: bool,
    pub(crate) stack_bytes: usize,
    pub(crate) pool: Option<Pool>,
    pub(crate) cache: CacheDir,
}

/// A preallocated pool of slots for instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) instances: u32,
    pub(crate) table_elements: usize,
}

/// Returns the duration of a number of ticks.
pub(crate) fn duration(ticks: u64) -> Duration {
    TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// The tick counter of an engine's clock, cheap to read; always 0 if calls have no timeout.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns whether a deadline has passed; 0 means no deadline.
    #[inline]
    pub(crate) fn passed(&self, deadline: u64) -> bool {
        deadline != 0 && self.now() >= deadline
    }
}

/// An engine, shared by all modules with the same options.
pub(crate) struct SharedEngine {
    engine: Engine,
    clock: Clock,
    cache: Option<CodeCache>,
}

impl SharedEngine {
    /// Returns the engine with these options; creates it if no module uses one at the moment.
    pub(crate) fn with(options: &EngineOptions) -> Result<Arc<Self>, Failure> {
        static ENGINES: Mutex<Vec<(EngineOptions, Weak<SharedEngine>)>> = Mutex::new(Vec::new());
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|(_, engine)| engine.strong_count() > 0);
        let existing = engines
            .iter()
            .find(|(with, _)| with == options)
            .and_then(|(_, engine)| engine.upgrade());
        if let Some(engine) = existing {
            return Ok(engine);
        }
        let engine = Arc::new(Self::new(options)?);
        engines.push((options.clone(), Arc::downgrade(&engine)));
        Ok(engine)
    }

    fn new(options: &EngineOptions) -> Result<Self, Failure> {
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
        let engine = Engine::new(&config).map_err(Failure::engine)?;
        let clock = Clock::default();
        if options.clock {
            start_clock(engine.weak(), clock.clone())?;
        }
        Ok(SharedEngine {
            engine,
            clock,
            cache,
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the cache of compiled code, if the engine has one.
    pub(crate) fn cache(&self) -> Option<&CodeCache> {
        self.cache.as_ref()
    }
}

/// Converts a timeout to ticks; 0 means no limit.
///
/// Adds one tick because the first one may come at once, so that a call never gets less time.
pub(crate) fn ticks(timeout: Option<Duration>) -> u64 {
    let Some(timeout) = timeout else { return 0 };
    let ticks = timeout
        .as_nanos()
        .div_ceil(TICK.as_nanos())
        .saturating_add(1);
    // Stays far below the range of the epoch counter, to which the ticks are added.
    u64::try_from(ticks)
        .unwrap_or(u64::MAX)
        .min(u64::from(u32::MAX))
}

/// Starts a thread that ticks until the engine is no longer in use.
fn start_clock(engine: EngineWeak, clock: Clock) -> Result<(), Failure> {
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            clock.0.fetch_add(1, Ordering::Relaxed);
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    let thread = std::thread::Builder::new()
        .name("plugin-clock".to_owned())
        .spawn(tick);
    match thread {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::load(FailureKind::Engine {
            reason: format!("no thread for its clock: {error}"),
        })),
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
    use super::*;

    fn options(cache: CacheDir) -> EngineOptions {
        EngineOptions {
            fuel: false,
            clock: false,
            stack_bytes: 1 << 20,
            pool: None,
            cache,
        }
    }

    #[test]
    fn compiled_modules_are_cached_for_the_next_engine() {
        let dir = tempfile::tempdir().unwrap();
        let counts = |options: &EngineOptions| {
            let shared = SharedEngine::new(options).unwrap();
            wasmtime::Module::new(
                shared.engine(),
                wat::parse_str("(module (func nop))").unwrap(),
            )
            .unwrap();
            let cache = shared.cache.as_ref().unwrap().engines();
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
    fn engines_with_equal_options_are_shared_until_unused() {
        let options = EngineOptions {
            stack_bytes: 123_456,
            ..options(CacheDir::Off)
        };
        let one = SharedEngine::with(&options).unwrap();
        let other = SharedEngine::with(&options).unwrap();
        assert!(Arc::ptr_eq(&one, &other));
        let gone = Arc::downgrade(&one);
        drop((one, other));
        assert!(gone.upgrade().is_none());
    }

    #[test]
    fn clock_thread_ends_with_its_engine() {
        let shared = SharedEngine::new(&EngineOptions {
            clock: true,
            ..options(CacheDir::Off)
        })
        .unwrap();
        let engine = shared.engine().weak();
        drop(shared);
        // The clock's thread holds a reference to the engine only while it ticks.
        while engine.upgrade().is_some() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn unusable_explicit_cache_folder_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = SharedEngine::new(&options(CacheDir::At(file.path().join("cache"))))
            .err()
            .unwrap();
        assert_eq!(failure.code(), "engine");
    }

    #[test]
    fn ticks_are_never_too_few_and_never_overflow() {
        assert_eq!(ticks(None), 0);
        assert_eq!(ticks(Some(Duration::ZERO)), 1);
        assert_eq!(ticks(Some(Duration::from_millis(1))), 2);
        assert_eq!(ticks(Some(Duration::from_millis(10))), 2);
        assert_eq!(ticks(Some(Duration::from_secs(1))), 101);
        assert_eq!(ticks(Some(Duration::MAX)), u64::from(u32::MAX));
    }
}
