//! Limits of modules and of running guests, and the record of refused growth.

#[cfg(test)]
pub(crate) mod table;

use std::fmt;
use std::time::Duration;

use crate::memory::PAGE;
use crate::text;

/// Limits for the parts of a module. A host reads and compiles a module before any of its code
/// runs.
///
/// A module beyond a limit fails with [`FailureKind::ModuleLimit`](crate::FailureKind::ModuleLimit)
/// before it costs anything: items are counted before they are collected, and code that would take
/// too long to compile is not compiled. The defaults leave room for compiled interpreters.
/// [`Source::limits`](crate::Source::limits) sets other limits.
///
/// ```
/// use plugin_sdk_harness::{FailureKind, Module, ModuleLimits, Source};
///
/// let mut limits = ModuleLimits::default();
/// limits.globals = 1;
/// let two = r#"(module (global i32 (i32.const 0)) (global i32 (i32.const 0)))"#;
/// let failure = Module::load(Source::wat(two).limits(limits)).unwrap_err();
/// let kind = failure.kind();
/// assert!(matches!(kind, FailureKind::ModuleLimit { setting: "globals", limit: 1, .. }));
/// assert_eq!(failure.message(), "the module has 2 globals; the limit is 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleLimits {
    /// Function types: 10,000.
    pub types: u64,
    /// Parameters and results of one type: 300.
    pub type_values: u64,
    /// Imports: 1000.
    pub imports: u64,
    /// Functions defined in the module: 100,000.
    pub functions: u64,
    /// Tables: 100.
    pub tables: u64,
    /// Memories, of which the ABI allows one: 100.
    pub memories: u64,
    /// Globals: 20,000.
    pub globals: u64,
    /// Exception tags: 1000.
    pub tags: u64,
    /// Exports: 20,000.
    pub exports: u64,
    /// Segments that fill tables: 10,000.
    pub element_segments: u64,
    /// Elements of all these segments: 20,000.
    pub elements: u64,
    /// Segments that fill memory: 100,000. Go's linker writes tens of thousands.
    pub data_segments: u64,
    /// Bytes of code that calculates initial values of globals and elements, and the places of
    /// segments, all together: 512 KiB.
    pub initial_bytes: u64,
    /// Custom sections: 1000.
    pub custom_sections: u64,
    /// Bytes of the debug name of one function: 64 KiB.
    pub name_bytes: u64,
    /// Bytes of one function: 1 MiB.
    pub function_bytes: u64,
    /// Bytes of all functions: 16 MiB.
    pub code_bytes: u64,
    /// Locals of one function, including its parameters: 20,000.
    pub locals: u64,
    /// Nested blocks, loops and `if`s: 10,000.
    pub nesting: u64,
    /// Nested loops: 64.
    pub loop_nesting: u64,
    /// Work for the compiler in addition to what any module of the same size takes: 3,000,000
    /// units, of about a microsecond each on one core of a small machine, plus 6 for each byte of
    /// its functions. A single function may take as much with its own bytes. The work is estimated
    /// from the number of values alive in each block and the number that each branch carries.
    pub compile_work: u64,
}

impl ModuleLimits {
    /// Returns every limit with its name, for a host whose users set limits by name.
    ///
    /// ```
    /// use plugin_sdk_harness::ModuleLimits;
    ///
    /// let mut limits = ModuleLimits::default();
    /// if let Some((_, limit)) = limits.by_name().find(|(name, _)| *name == "globals") {
    ///     *limit = 50_000;
    /// }
    /// assert_eq!(limits.globals, 50_000);
    /// ```
    pub fn by_name(&mut self) -> impl Iterator<Item = (&'static str, &mut u64)> {
        let ModuleLimits {
            types,
            type_values,
            imports,
            functions,
            tables,
            memories,
            globals,
            tags,
            exports,
            element_segments,
            elements,
            data_segments,
            initial_bytes,
            custom_sections,
            name_bytes,
            function_bytes,
            code_bytes,
            locals,
            nesting,
            loop_nesting,
            compile_work,
        } = self;
        [
            ("types", types),
            ("type_values", type_values),
            ("imports", imports),
            ("functions", functions),
            ("tables", tables),
            ("memories", memories),
            ("globals", globals),
            ("tags", tags),
            ("exports", exports),
            ("element_segments", element_segments),
            ("elements", elements),
            ("data_segments", data_segments),
            ("initial_bytes", initial_bytes),
            ("custom_sections", custom_sections),
            ("name_bytes", name_bytes),
            ("function_bytes", function_bytes),
            ("code_bytes", code_bytes),
            ("locals", locals),
            ("nesting", nesting),
            ("loop_nesting", loop_nesting),
            ("compile_work", compile_work),
        ]
        .into_iter()
    }
}

impl Default for ModuleLimits {
    fn default() -> Self {
        ModuleLimits {
            types: 10_000,
            type_values: 300,
            imports: 1000,
            functions: 100_000,
            tables: 100,
            memories: 100,
            globals: 20_000,
            tags: 1000,
            exports: 20_000,
            element_segments: 10_000,
            elements: 20_000,
            data_segments: 100_000,
            initial_bytes: 512 << 10,
            custom_sections: 1000,
            name_bytes: 64 << 10,
            function_bytes: 1 << 20,
            code_bytes: 16 << 20,
            locals: 20_000,
            nesting: 10_000,
            loop_nesting: 64,
            compile_work: 3_000_000,
        }
    }
}

/// Limits of an instance and its calls.
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
    pub(crate) max_host_calls: u64,
    pub(crate) schemas: SchemaLimits,
}

/// Limits for the schemas of a plugin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchemaLimits {
    /// The compiled size of all schemas together, in bytes.
    pub(crate) bytes: u64,
    /// The steps to validate one value against a schema. A step is about the work for one schema
    /// and one value.
    pub(crate) steps: u64,
}

impl Default for SchemaLimits {
    fn default() -> Self {
        SchemaLimits {
            bytes: 128 << 20,
            steps: 20_000_000,
        }
    }
}

/// The limits set on a builder; all others are the host's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) memory_pages: Option<u32>,
    pub(crate) table_elements: Option<u32>,
    pub(crate) stack_bytes: Option<usize>,
    pub(crate) fuel: Option<u64>,
    /// `Some(None)` means no timeout.
    pub(crate) timeout: Option<Option<Duration>>,
    pub(crate) max_result_bytes: Option<u64>,
    pub(crate) max_argument_bytes: Option<u64>,
    pub(crate) max_log_bytes: Option<u64>,
    pub(crate) max_host_calls: Option<u64>,
    pub(crate) max_schema_bytes: Option<u64>,
    pub(crate) max_schema_steps: Option<u64>,
}

/// A function that sets one limit.
type Setter = fn(&mut Chosen, u64);

impl Chosen {
    /// The limits that [`PluginBuilder::limit`](crate::PluginBuilder::limit) sets.
    const BY_NAME: &[(&str, Setter)] = &[
        ("table_elements", |chosen, value| {
            chosen.table_elements = Some(u32::try_from(value).unwrap_or(u32::MAX));
        }),
        ("max_result_bytes", |chosen, value| {
            chosen.max_result_bytes = Some(value);
        }),
        ("max_argument_bytes", |chosen, value| {
            chosen.max_argument_bytes = Some(value);
        }),
        ("max_log_bytes", |chosen, value| {
            chosen.max_log_bytes = Some(value);
        }),
        ("max_host_calls", |chosen, value| {
            chosen.max_host_calls = Some(value);
        }),
        ("max_schema_bytes", |chosen, value| {
            chosen.max_schema_bytes = Some(value);
        }),
        ("max_schema_steps", |chosen, value| {
            chosen.max_schema_steps = Some(value);
        }),
    ];

    /// Returns the names of these limits.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::BY_NAME.iter().map(|(name, _)| *name)
    }

    /// Sets a limit by its name. Values beyond the type's range count as its maximum.
    pub(crate) fn set(&mut self, name: &str, value: u64) -> Result<(), UnknownLimit> {
        let known = Self::BY_NAME.iter().find(|(known, _)| *known == name);
        let (_, set) = known.ok_or_else(|| UnknownLimit(name.to_owned()))?;
        set(self, value);
        Ok(())
    }

    /// Chooses all limits.
    pub(crate) fn all(limits: &Limits) -> Self {
        Chosen {
            memory_pages: Some(limits.memory_pages),
            table_elements: Some(limits.table_elements),
            stack_bytes: Some(limits.stack_bytes),
            fuel: limits.fuel,
            timeout: Some(limits.timeout),
            max_result_bytes: Some(limits.max_result_bytes),
            max_argument_bytes: Some(limits.max_argument_bytes),
            max_log_bytes: Some(limits.max_log_bytes),
            max_host_calls: Some(limits.max_host_calls),
            max_schema_bytes: Some(limits.schemas.bytes),
            max_schema_steps: Some(limits.schemas.steps),
        }
    }

    /// Returns these limits, with the chosen ones replaced.
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
            max_host_calls: self.max_host_calls.unwrap_or(limits.max_host_calls),
            schemas: SchemaLimits {
                bytes: self.max_schema_bytes.unwrap_or(limits.schemas.bytes),
                steps: self.max_schema_steps.unwrap_or(limits.schemas.steps),
            },
        }
    }
}

impl Limits {
    /// The default limit of linear memory, in pages.
    pub(crate) const MEMORY_PAGES: u32 = 1024;

    /// The fuel of calls that are not expected to run out of it. A report names no such limit.
    pub(crate) const PLENTY_OF_FUEL: u64 = u64::MAX / 2;
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
            max_host_calls: 10_000_000,
            schemas: SchemaLimits::default(),
        }
    }
}

/// The error for a name that [`PluginBuilder::limit`](crate::PluginBuilder::limit) does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLimit(String);

impl fmt::Display for UnknownLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no limit `{}`; ", text::name(&self.0))?;
        match text::nearest(&self.0, Chosen::names()) {
            Some(nearest) => write!(f, "did you mean `{nearest}`?"),
            None => {
                let names: Vec<_> = Chosen::names().map(|name| format!("`{name}`")).collect();
                write!(f, "there are {}", names.join(", "))
            }
        }
    }
}

impl std::error::Error for UnknownLimit {}

/// Refused growth, in bytes of memory or elements of tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Denied {
    Memory { requested: u64, limit: u64 },
    Tables { requested: u64, limit: u64 },
}

/// Keeps an instance's memory and tables within their limits, and records the last refusal.
#[derive(Default)]
pub(crate) struct Limiter {
    memory_bytes: u64,
    table_elements: u64,
    /// The elements of all tables together.
    used_elements: u64,
    /// The elements among them that the last request added.
    added_elements: u64,
    /// The last requested growth, which may fail for reasons other than this limit.
    asked: Option<Denied>,
    denied: Option<Denied>,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Limiter {
            memory_bytes: u64::from(limits.memory_pages) * PAGE,
            table_elements: u64::from(limits.table_elements),
            used_elements: 0,
            added_elements: 0,
            asked: None,
            denied: None,
        }
    }

    /// Returns the last growth refused since [`forget`](Limiter::forget).
    pub(crate) fn denied(&self) -> Option<Denied> {
        self.denied
    }

    /// Forgets the last refusal, at the start of a call.
    #[inline]
    pub(crate) fn forget(&mut self) {
        self.denied = None;
    }

    /// Records the requested growth, and the refusal if it is not within the limit.
    fn decide(&mut self, asked: Denied, within: bool) -> bool {
        self.asked = Some(asked);
        self.added_elements = 0;
        if !within {
            self.denied = Some(asked);
        }
        within
    }

    /// Decides about growth of memory to `desired` bytes. `maximum` is the limit of the module or
    /// of the engine.
    pub(crate) fn allows_memory(&mut self, desired: usize, maximum: Option<usize>) -> bool {
        let requested = desired as u64;
        let limit = maximum.map_or(self.memory_bytes, |maximum| {
            self.memory_bytes.min(maximum as u64)
        });
        self.decide(Denied::Memory { requested, limit }, requested <= limit)
    }

    /// Decides about growth of a table to `desired` elements.
    pub(crate) fn allows_table(&mut self, current: usize, desired: usize) -> bool {
        let limit = self.table_elements;
        let requested = self
            .used_elements
            .saturating_add(desired.saturating_sub(current) as u64);
        let allowed = self.decide(Denied::Tables { requested, limit }, requested <= limit);
        if allowed {
            self.added_elements = requested - self.used_elements;
            self.used_elements = requested;
        }
        allowed
    }

    /// Records that growth within the limits has failed.
    pub(crate) fn growth_failed(&mut self) {
        self.growth_postponed();
        self.denied = self.asked;
    }

    /// Records that growth within the limits did not happen, and will be requested again.
    pub(crate) fn growth_postponed(&mut self) {
        self.used_elements -= std::mem::take(&mut self.added_elements);
    }
}
