//! Values that outlive the plugin, by key.

use crate::Result;

/// What a host implements.
pub trait Kv {
    /// The bytes under a key.
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>>;
    /// Puts bytes under a key.
    fn set(&mut self, key: &str, value: &[u8]) -> Result<()>;
    /// Forgets a key; whether there was one.
    fn delete(&mut self, key: &str) -> Result<bool>;
    /// The keys that begin with a prefix, in alphabetical order.
    fn list(&mut self, prefix: &str) -> Result<Vec<String>>;
}
