//! Wasmi: an interpreter that builds in seconds, for the tests of plugins.
//!
//! `prepare.rs` makes a module export what the interpreter itself does not know of a trap,
//! `link.rs` links imports to host functions, `instance.rs` runs instances, `fuel.rs` makes time
//! limits of slices of fuel, `data.rs` has the limits of memory and tables, and `trap.rs` reads
//! errors.

mod data;
mod fuel;
mod instance;
mod link;
mod prepare;
mod reserve;
mod trap;

use wasmi::{CompilationMode, Config, CustomFuelCosts};

use super::{Clock, EngineOptions, HostState};
use crate::abi::ImportedFunction;
use crate::failure::{Failure, FailureKind};
pub(crate) use instance::{Guest, Linked, Store};

/// The smallest stack frame that is expected, in bytes: it turns a limit of the stack into a depth
/// of calls.
const FRAME: usize = 32;

/// The smallest stack of values, in bytes.
const MIN_STACK: usize = 1024;

/// An engine.
pub(super) struct Engine(wasmi::Engine);

impl Engine {
    /// Creates an engine with these options, and starts its clock if calls have a time limit.
    pub(super) fn new(options: &EngineOptions, clock: &Clock) -> Result<Self, Failure> {
        let mut config = Config::default();
        config
            .consume_fuel(options.fuel || options.clock)
            // Only what a call does costs fuel, so that the first call costs as much as the next.
            .fuel_cost(CustomFuelCosts {
                bytes_copied_per_fuel: 4096,
                fuel_per_bytes_translated: 0,
                fuel_per_bytes_validated: 0,
            })
            .compilation_mode(CompilationMode::LazyTranslation)
            .ignore_custom_sections(true)
            .set_min_stack_height(MIN_STACK)
            .set_max_stack_height(options.stack_bytes.max(MIN_STACK))
            .set_max_recursion_depth(options.stack_bytes / FRAME)
            // The ABI needs a single memory. Other features only enlarge the attack surface.
            .wasm_multi_memory(false);
        let engine = wasmi::Engine::new(&config);
        if options.clock {
            let engine = engine.weak();
            clock.start(move |clock| {
                clock.advance();
                engine.upgrade().is_some()
            })?;
        }
        Ok(Engine(engine))
    }

    /// Translates a module, which was validated, and links it to its host functions.
    pub(super) fn link<T: HostState>(
        &self,
        wasm: &[u8],
        imports: &[ImportedFunction],
    ) -> Result<Linked<T>, Failure> {
        let prepared = prepare::prepare(wasm).map_err(|error| Failure::load(error.into()))?;
        let module = wasmi::Module::new(&self.0, &prepared.wasm).map_err(|error| {
            Failure::load(FailureKind::InvalidModule {
                reason: format!("wasmi does not run it: {error}"),
            })
        })?;
        let linker = link::link(&self.0, imports).map_err(Failure::engine)?;
        Ok(Linked::new(module, linker, prepared.evidence))
    }
}
