//! Values by key.

#[cfg(feature = "kv-database")]
mod database;
mod memory;
#[cfg(feature = "kv-redis")]
pub(super) mod redis;

#[cfg(feature = "kv-database")]
pub use database::DatabaseKv;
pub use memory::MemoryKv;
#[cfg(feature = "kv-redis")]
pub use redis::RedisKv;

use plugin_sdk::Result;

use super::budget::Deadline;
use super::error;

/// The name of a store in errors.
const STORE: &str = "the key-value store";

/// Limits of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyLimits {
    /// The longest key, in bytes.
    pub(super) bytes: usize,
    /// The most keys of one listing, and the most bytes of them.
    pub(super) listed: usize,
    pub(super) listed_bytes: usize,
}

impl Default for KeyLimits {
    fn default() -> Self {
        KeyLimits {
            bytes: 1024,
            listed: 100_000,
            listed_bytes: 16 << 20,
        }
    }
}

impl KeyLimits {
    fn check(self, key: &str) -> Result<()> {
        match key.len() {
            0 => Err(error::invalid("a key must not be empty".to_owned())),
            len if len > self.bytes => Err(error::invalid(format!(
                "the key {} has {len} bytes, and {} are allowed; the host's setting is `max_key_bytes`",
                error::quoted(key),
                self.bytes
            ))),
            _ => Ok(()),
        }
    }
}

/// The keys collected for a listing.
struct Listed {
    keys: Vec<String>,
    bytes: usize,
    limits: KeyLimits,
    deadline: Deadline,
}

impl Listed {
    fn new(limits: KeyLimits) -> Self {
        Listed {
            keys: Vec::new(),
            bytes: 0,
            limits,
            deadline: Deadline::of_call(),
        }
    }

    fn add(&mut self, key: &str) -> Result<()> {
        self.bytes += key.len();
        let (keys, bytes) = (self.limits.listed, self.limits.listed_bytes);
        if self.keys.len() == keys || self.bytes > bytes {
            return Err(plugin_sdk::Error::new(
                plugin_sdk::code::TOO_LARGE,
                format!(
                    "more than {keys} keys start with this prefix, or they have more than {bytes} bytes; use a longer prefix, or the host's setting `max_listed`"
                ),
            ));
        }
        self.deadline.check("listing the keys")?;
        self.keys.push(key.to_owned());
        Ok(())
    }
}
