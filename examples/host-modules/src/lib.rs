//! Calls modules that its host provides, as a WasmEdge host does with its plugins: text, a cache, a database.
//!
//! Each module is a trait. What it says of arguments and results is all that the guest's functions, the host's implementation and a mock need.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// The module `my_plugin`: strings and digests.
#[host_functions(module = "my_plugin")]
pub trait Text {
    /// Reverses the bytes, in place.
    fn reverse_string(text: &mut [u8]);

    /// The MD5 digest of some bytes.
    fn compute_md5(data: &[u8], #[out] digest: &mut [u8; 16]);
}

/// The module `redis`: values by key.
#[host_functions(module = "redis", prefix = "redis_")]
pub trait Cache {
    /// The value of a key. The host is told how large the buffer for it is, which it must be to keep within it.
    #[host(buffer(initial = 128, max = 65536, absent = -1))]
    fn get(key: &str) -> Result<Option<String>>;

    /// Sets a key; the host answers with 1 if that worked.
    #[host(status(ok = 1))]
    fn set(key: &str, value: &str) -> Result<()>;
}

/// The module `database`.
#[host_functions(module = "database")]
pub trait Database {
    /// Runs a query, and tells how many rows it found.
    #[host(status)]
    fn query(sql: &str) -> Result<u32>;
}

/// Uses all three.
#[plugin]
#[derive(Default)]
pub struct HostModules;

#[plugin]
impl HostModules {
    /// The text with its characters in reverse.
    #[command]
    pub fn reverse(text: &str) -> Result<String> {
        // The host reverses bytes: those of each character are put the wrong way round first, and so come out right.
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            let mut encoded = [0; 4];
            bytes.extend(character.encode_utf8(&mut encoded).bytes().rev());
        }
        text::reverse_string(&mut bytes);
        Ok(String::from_utf8(bytes)?)
    }

    /// The MD5 digest of a text, in hexadecimal.
    #[command]
    pub fn md5(text: &str) -> String {
        let mut digest = [0; 16];
        text::compute_md5(text.as_bytes(), &mut digest);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// How many rows a query finds: the cache is asked first, and told afterwards.
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

/// How many rows there are, and how it is known.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Count {
    /// The number of rows.
    pub rows: u32,
    /// Whether the cache knew.
    pub cached: bool,
}
