//! The settings of the plugin at the host, by key. They need no permission.
//!
//! A plugin that knows all of its configuration can take it as a whole, in `#[init]`: see
//! [`init`](macro@crate::init).

use serde::de::DeserializeOwned;

pub use crate::contracts::services::Config;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::config;
use crate::contracts::{Contract, Settings, ValueForm as _};
use crate::error::Result;

implemented_by_hosts!(Config, AsyncConfig as config);

/// Returns the setting under a key; `None` if it is not set.
///
/// # Errors
///
/// Returns the host's error, or `bad_answer` if the setting is not a `T`.
///
/// ```
/// # fn most() -> plugin_sdk::Result<u32> {
/// let most: u32 = plugin_sdk::config::get("most")?.unwrap_or(10);
/// # Ok(most)
/// # }
/// ```
#[inline]
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    match Contract.get(key)? {
        Some(bytes) => Settings::read(&bytes, key).map(Some),
        None => Ok(None),
    }
}
