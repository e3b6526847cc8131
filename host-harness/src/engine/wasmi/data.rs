//! The data of a store, and its limits of memory and tables.

use wasmi::ResourceLimiter;
use wasmi::errors::{MemoryError, TableError};
// The one type of this trait that wasmi itself does not export.
use wasmi_core::LimiterError;

use super::super::HostState;
use super::reserve::Reserve;

/// See the [module](self).
pub(super) struct Data<T> {
    pub(super) state: T,
    pub(super) reserve: Reserve,
    /// The number of calls of the guest that host functions have under way.
    pub(super) nested: u32,
    /// The maximum size of the memory that the module declares, in bytes. The interpreter does not
    /// know it, because it would refuse larger ones without asking.
    pub(super) memory_maximum: Option<usize>,
}

impl<T: HostState> ResourceLimiter for Data<T> {
    // An error would trap. A refusal returns -1 to the guest, which can handle it.
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let maximum = self.memory_maximum;
        Ok(self.state.limiter().allows_memory(desired, maximum))
    }

    fn memory_grow_failed(&mut self, error: &MemoryError) -> Result<(), LimiterError> {
        match error {
            // With another slice of fuel, the instruction runs again.
            MemoryError::OutOfFuel { .. } => self.state.limiter().growth_postponed(),
            _ => self.state.limiter().growth_failed(),
        }
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.state.limiter().allows_table(current, desired))
    }

    fn table_grow_failed(&mut self, error: &TableError) -> Result<(), LimiterError> {
        match error {
            // Unlike `memory.grow`, wasmi 2.0 does not save the position of this instruction: a
            // resumed call would continue elsewhere. An error makes it a trap.
            TableError::OutOfFuel { .. } => {
                self.state.limiter().growth_postponed();
                Err(LimiterError::ResourceLimiterDeniedAllocation)
            }
            _ => {
                self.state.limiter().growth_failed();
                Ok(())
            }
        }
    }

    fn instances(&self) -> usize {
        1
    }

    // Limits of the module bound their numbers.
    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}
