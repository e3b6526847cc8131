//! Values by key.

#[cfg(feature = "kv-database")]
mod database;
mod memory;
#[cfg(feature = "kv-redis")]
mod redis;

#[cfg(feature = "kv-database")]
pub use database::DatabaseKv;
pub use memory::MemoryKv;
#[cfg(feature = "kv-redis")]
pub use redis::RedisKv;

use plugin_sdk::Result;

use super::error;

/// The longest key, in bytes.
const MAX_KEY: usize = 1024;

/// The name of a store in errors.
const STORE: &str = "the key-value store";

/// The most keys of one listing, and the most bytes of them.
const MAX_LISTED: usize = 100_000;
const MAX_LISTED_BYTES: usize = 16 << 20;

fn check_key(key: &str) -> Result<()> {
    match key.len() {
        0 => Err(error::invalid("a key must not be empty".to_owned())),
        len if len > MAX_KEY => Err(error::invalid(format!(
            "the key {} has {len} bytes, and {MAX_KEY} are allowed",
            error::quoted(key)
        ))),
        _ => Ok(()),
    }
}

/// The keys collected for a listing.
#[derive(Default)]
struct Listed {
    keys: Vec<String>,
    bytes: usize,
}

impl Listed {
    fn add(&mut self, key: &str) -> Result<()> {
        self.bytes += key.len();
        if self.keys.len() == MAX_LISTED || self.bytes > MAX_LISTED_BYTES {
            return Err(plugin_sdk::Error::new(
                plugin_sdk::code::TOO_LARGE,
                format!(
                    "more than {MAX_LISTED} keys start with this prefix, or they have more than {MAX_LISTED_BYTES} bytes; use a longer prefix"
                ),
            ));
        }
        self.keys.push(key.to_owned());
        Ok(())
    }
}
