//! What the host's user has set, by key. It needs no permission.
//!
//! A plugin that knows all of its configuration takes it as a whole, in `#[init]`: see [`init`](macro@crate::init).

use serde::de::DeserializeOwned;

use crate::contracts::Contract;
use crate::contracts::chosen::settings;
use crate::{Result, host_functions};

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "config_")]
pub trait Config {
    /// The value under a key, as JSON.
    fn get(key: &str) -> Result<Option<Vec<u8>>>;
}

implemented_by_hosts!(Config, AsyncConfig as config);

/// The value under a key; `None` if nobody has set it.
///
/// # Errors
///
/// Besides the host's: `bad_answer` where something else than a `T` was set.
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
        Some(bytes) => settings::read(&bytes, key).map(Some),
        None => Ok(None),
    }
}
