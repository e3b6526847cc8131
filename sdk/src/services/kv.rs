//! Values that outlive the plugin, by key. The permission is `kv`.
//!
//! ```
//! # use plugin_sdk::prelude::*;
//! # fn count() -> Result<()> {
//! let times: u32 = kv::get("times")?.unwrap_or(0);
//! kv::set("times", &(times + 1))?;
//! # Ok(())
//! # }
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::contracts::services::Kv;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::kv;
use crate::contracts::{Contract, Kept, ValueForm as _};
use crate::error::Result;

implemented_by_hosts!(Kv, AsyncKv as kv);

/// Returns the value under a key; `None` if there is no such key.
///
/// # Errors
///
/// Returns the host's error, or `bad_answer` if the value is not a `T`.
///
/// ```
/// # use plugin_sdk::{Result, kv};
/// # fn last() -> Result<Option<String>> {
/// let last: Option<String> = kv::get("last")?;
/// # Ok(last)
/// # }
/// ```
#[inline]
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    match Contract.get(key)? {
        Some(bytes) => Kept::read(&bytes, key).map(Some),
        None => Ok(None),
    }
}

/// Stores a value under a key, as JSON. Hosts that store text, such as CIS and Extism, get strings
/// as plain text.
///
/// # Errors
///
/// Returns the host's error, or one of the value if it has no form in JSON.
///
/// ```
/// # use plugin_sdk::{Result, kv};
/// # fn remember(name: &str) -> Result<()> {
/// kv::set("last", name)?;
/// kv::set("visits", &[3, 4])?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub fn set<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<()> {
    Contract.set(key, &Kept::write(value)?)
}

/// Returns the bytes under a key; `None` if there is no such key.
#[inline]
pub fn get_bytes(key: &str) -> Result<Option<Vec<u8>>> {
    Contract.get(key)
}

/// Stores bytes under a key.
#[inline]
pub fn set_bytes(key: &str, value: impl AsRef<[u8]>) -> Result<()> {
    Contract.set(key, value.as_ref())
}

/// Removes a key; returns whether it existed.
#[inline]
pub fn delete(key: &str) -> Result<bool> {
    Contract.delete(key)
}

/// Returns the keys with a prefix, in alphabetical order; all of them for `""`.
#[inline]
pub fn list(prefix: &str) -> Result<Vec<String>> {
    Contract.list(prefix)
}
