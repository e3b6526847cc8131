//! The engines that contestants on wasmtime 48 run on: set up as plugin-sdk's harness sets up its own, so that only what lies above them differs.

use anyhow::Result;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How many instances the pools have room for.
pub const POOL: u32 = 8;

/// What all have in common.
fn config() -> Config {
    let mut config = Config::new();
    config
        .max_wasm_stack(1 << 20)
        .wasm_memory64(false)
        .wasm_multi_memory(false);
    config
}

/// For core modules that may take any time, and for components as wasmtime runs them unless told otherwise.
pub fn plain() -> Result<Engine> {
    Ok(Engine::new(&config())?)
}

/// For core modules under a time limit.
pub fn clocked() -> Result<Engine> {
    Ok(Engine::new(config().epoch_interruption(true))?)
}

/// For components that need no concurrency: the fastest that wasmtime can run them.
pub fn lean() -> Result<Engine> {
    Ok(Engine::new(config().concurrency_support(false))?)
}

/// With room for instances reserved beforehand.
pub fn pooled() -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(POOL)
        .total_memories(POOL)
        .total_tables(POOL)
        .linear_memory_keep_resident(256 * 1024)
        .table_keep_resident(16 * 1024);
    let mut config = config();
    config
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Ok(Engine::new(&config)?)
}
