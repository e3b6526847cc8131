//! Random bytes.

use crate::Result;

/// What a host implements.
pub trait Random {
    /// Fills a buffer with bytes fit for keys.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()>;
}
