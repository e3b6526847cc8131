//! What the host's user has set.

use crate::Result;

/// What a host implements.
pub trait Config {
    /// The value under a key, as JSON.
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>>;
}
