//! What a guest may use, and what it was refused.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// The size of a page of linear memory in bytes.
pub(crate) const PAGE: u64 = 64 * 1024;

/// What an instance and its calls may use.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) memory_pages: u32,
    pub(crate) table_elements: u32,
    pub(crate) stack_bytes: usize,
    pub(crate) fuel: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_result_bytes: u64,
    pub(crate) max_argument_bytes: u64,
    pub(crate) max_log_bytes: u64,
    pub(crate) schemas: SchemaLimits,
}

/// What the schemas of a plugin may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchemaLimits {
    /// All of them together, compiled, in bytes.
    pub(crate) bytes: u64,
    /// Holding one value against one of them: a step is about what one schema takes for one value.
    pub(crate) steps: u64,
}

impl Default for SchemaLimits {
    fn default() -> Self {
        SchemaLimits {
            bytes: 128 << 20,
            steps: 50_000_000,
        }
    }
}

/// The limits that a builder was told; all others are the host's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) memory_pages: Option<u32>,
    pub(crate) table_elements: Option<u32>,
    pub(crate) stack_bytes: Option<usize>,
    pub(crate) fuel: Option<u64>,
    /// `Some(None)` for any time.
    pub(crate) timeout: Option<Option<Duration>>,
    pub(crate) max_result_bytes: Option<u64>,
    pub(crate) max_argument_bytes: Option<u64>,
    pub(crate) max_log_bytes: Option<u64>,
    pub(crate) max_schema_bytes: Option<u64>,
    pub(crate) max_schema_steps: Option<u64>,
}

impl Chosen {
    /// These limits, but for those that were chosen.
    pub(crate) fn over(&self, limits: Limits) -> Limits {
        Limits {
            memory_pages: self.memory_pages.unwrap_or(limits.memory_pages),
            table_elements: self.table_elements.unwrap_or(limits.table_elements),
            stack_bytes: self.stack_bytes.unwrap_or(limits.stack_bytes),
            fuel: self.fuel.or(limits.fuel),
            timeout: self.timeout.unwrap_or(limits.timeout),
            max_result_bytes: self.max_result_bytes.unwrap_or(limits.max_result_bytes),
            max_argument_bytes: self.max_argument_bytes.unwrap_or(limits.max_argument_bytes),
            max_log_bytes: self.max_log_bytes.unwrap_or(limits.max_log_bytes),
            schemas: SchemaLimits {
                bytes: self.max_schema_bytes.unwrap_or(limits.schemas.bytes),
                steps: self.max_schema_steps.unwrap_or(limits.schemas.steps),
            },
        }
    }
}

impl Limits {
    /// How far memory may grow unless said otherwise, in pages.
    pub(crate) const MEMORY_PAGES: u32 = 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory_pages: Limits::MEMORY_PAGES,
            table_elements: 10_000,
            stack_bytes: 1 << 20,
            fuel: None,
            timeout: Some(Duration::from_secs(10)),
            max_result_bytes: 16 << 20,
            max_argument_bytes: 16 << 20,
            max_log_bytes: 4 << 20,
            schemas: SchemaLimits::default(),
        }
    }
}

/// Growth that was refused, in bytes of memory or elements of tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Denied {
    Memory { requested: u64, limit: u64 },
    Tables { requested: u64, limit: u64 },
}

/// Stops an instance's memory and tables from growing past their limits, and remembers the last time it did.
pub(crate) struct Limiter {
    memory_bytes: u64,
    table_elements: u64,
    /// What all tables together have.
    used_elements: u64,
    /// The last growth that was asked for, which may fail for other reasons than this limit.
    asked: Option<Denied>,
    denied: Option<Denied>,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Limiter {
            memory_bytes: u64::from(limits.memory_pages) * PAGE,
            table_elements: u64::from(limits.table_elements),
            used_elements: 0,
            asked: None,
            denied: None,
        }
    }

    /// What was refused since [`forget`](Limiter::forget).
    pub(crate) fn denied(&self) -> Option<Denied> {
        self.denied
    }

    /// At the beginning of a call.
    #[inline]
    pub(crate) fn forget(&mut self) {
        self.denied = None;
    }

    /// Decides over a growth, where `maximum` is the module's own limit or the engine's.
    fn decide(&mut self, asked: Denied, within: bool) -> bool {
        self.asked = Some(asked);
        if !within {
            self.denied = Some(asked);
        }
        within
    }
}

impl ResourceLimiter for Limiter {
    // Refusing with an error would trap; a guest is told by -1, as anywhere, and may live with it.
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let requested = desired as u64;
        let limit = maximum.map_or(self.memory_bytes, |maximum| {
            self.memory_bytes.min(maximum as u64)
        });
        Ok(self.decide(Denied::Memory { requested, limit }, requested <= limit))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.denied = self.asked;
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self.table_elements;
        let requested = self
            .used_elements
            .saturating_add(desired.saturating_sub(current) as u64);
        let allowed = self.decide(Denied::Tables { requested, limit }, requested <= limit);
        if allowed {
            self.used_elements = requested;
        }
        Ok(allowed)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.denied = self.asked;
        Ok(())
    }
}
