//! Clocks.

use crate::Result;

/// What a host implements.
pub trait Time {
    /// Nanoseconds since 1970-01-01 00:00 UTC.
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()>;
    /// Nanoseconds since a moment of the host's choosing; never goes back.
    fn monotonic(&mut self, nanoseconds: &mut u64) -> Result<()>;
}
