//! Calls modules that its host provides, like the plugins of a WasmEdge host: text, a cache, a
//! database.
//!
//! Each module is a trait. Its signatures define the guest's functions, the host's implementation
//! and the mock.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// The module `my_plugin`: strings and digests.
#[host_functions(module = "my_plugin")]
pub trait Text {
    /// Reverses the bytes, in place.
    fn reverse_string(text: &mut [u8]);

    /// Computes the MD5 digest of some bytes.
    fn compute_md5(data: &[u8], #[out] digest: &mut [u8; 16]);
}

/// The module `redis`: values by key.
#[host_functions(module = "redis", prefix = "redis_")]
pub trait Cache {
    /// Returns the value of a key. The host receives the size of the buffer and must not exceed it.
    #[host(buffer(initial = 128, max = 65536, absent = -1))]
    fn get(key: &str) -> Result<Option<String>>;

    /// Sets a key; the host returns 1 on success.
    #[host(status(ok = 1))]
    fn set(key: &str, value: &str) -> Result<()>;
}

/// The module `database`.
#[host_functions(module = "database")]
pub trait Database {
    /// Runs a query and returns the number of rows.
    #[host(status)]
    fn query(sql: &str) -> Result<u32>;
}

/// Uses all three.
#[plugin]
#[derive(Default)]
pub struct HostModules;

#[plugin]
impl HostModules {
    /// Returns the text with its characters in reverse.
    #[command]
    pub fn reverse(text: &str) -> Result<String> {
        // The host reverses bytes: reversing the bytes of each character first restores the
        // characters.
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            let mut encoded = [0; 4];
            bytes.extend(character.encode_utf8(&mut encoded).bytes().rev());
        }
        text::reverse_string(&mut bytes);
        Ok(String::from_utf8(bytes)?)
    }

    /// Returns the MD5 digest of a text, in hexadecimal.
    #[command]
    pub fn md5(text: &str) -> String {
        let mut digest = [0; 16];
        text::compute_md5(text.as_bytes(), &mut digest);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the number of rows that a query finds. Reads the cache first and updates it
    /// afterwards.
    #[command]
    pub fn count(sql: &str) -> Result<Count> {
        if let Some(rows) = cache::get(sql)? {
            let rows = rows.parse()?;
            return Ok(Count { rows, cached: true });
        }
        let rows = database::query(sql)?;
        cache::set(sql, &rows.to_string())?;
        Ok(Count {
            rows,
            cached: false,
        })
    }
}

/// A number of rows, and its origin.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Count {
    /// The number of rows.
    pub rows: u32,
    /// The number comes from the cache.
    pub cached: bool,
}
