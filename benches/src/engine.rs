//! The engines of the contestants on wasmtime 48, configured like that of plugin-sdk's harness, so
//! that only the code above them differs.

use anyhow::Result;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// The capacity of the pools, in instances.
pub const POOL: u32 = 8;

/// Returns the configuration that all engines share.
fn config() -> Config {
    let mut config = Config::new();
    config
        .max_wasm_stack(1 << 20)
        .wasm_memory64(false)
        .wasm_multi_memory(false);
    config
}

/// Creates an engine for core modules without a time limit, and for components with wasmtime's
/// defaults.
pub fn plain() -> Result<Engine> {
    Ok(Engine::new(&config())?)
}

/// Creates an engine for core modules with a time limit.
pub fn clocked() -> Result<Engine> {
    Ok(Engine::new(config().epoch_interruption(true))?)
}

/// Creates an engine for components without concurrency: wasmtime's fastest mode.
pub fn lean() -> Result<Engine> {
    Ok(Engine::new(config().concurrency_support(false))?)
}

/// Creates an engine that reserves memory for instances in advance.
pub fn pooled() -> Result<Engine> {
    with_pool(Enabled::No)
}

/// Creates the same engine, which resets only the pages that an instance has written, where the
/// system knows them.
pub fn reset_by_page() -> Result<Engine> {
    with_pool(Enabled::Auto)
}

fn with_pool(pagemap_scan: Enabled) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(POOL)
        .total_memories(POOL)
        .total_tables(POOL)
        .linear_memory_keep_resident(256 * 1024)
        .table_keep_resident(16 * 1024)
        .pagemap_scan(pagemap_scan);
    let mut config = config();
    config
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Ok(Engine::new(&config)?)
}
