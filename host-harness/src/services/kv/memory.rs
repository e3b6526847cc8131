//! A key-value store in memory.

use plugin_sdk::services::kv::Kv;
use plugin_sdk::{Error, Result};
use serde::Serialize;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::{KeyLimits, Listed, STORE};
use crate::services::quota::Values;
use crate::services::{Shared, error};

/// Values by key, in memory. Clones share them.
///
/// ```
/// use plugin_sdk::services::kv::Kv;
/// use plugin_sdk_harness::services::MemoryKv;
///
/// let store = MemoryKv::new();
/// store.set("visits", &3)?;
///
/// let mut plugins = store.clone();
/// assert_eq!(Kv::get(&mut plugins, "visits")?, Some(b"3".to_vec()));
/// Kv::set(&mut plugins, "last", br#""Ada""#)?;
///
/// assert_eq!(store.get("last"), Some("Ada".to_owned()));
/// store.set_bytes("last", b"Grace")?;
/// assert_eq!(store.get("last"), Some("Grace".to_owned()));
/// assert_eq!(store.keys(), ["last", "visits"]);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryKv(Shared<State>);

#[derive(Default)]
struct State {
    values: Values,
    keys: KeyLimits,
}

impl MemoryKv {
    /// Creates an empty store of at most 64 MiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the value of a key, decoded from JSON or from plain text (plugins store text on
    /// hosts that have only text). Returns `None` both for a missing key and for a value that is
    /// not a `T`; [`bytes`](Self::bytes) distinguishes the two.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let state = self.0.lock();
        let bytes = state.values.get(key)?;
        if let Ok(value) = serde_json::from_slice(bytes) {
            return Some(value);
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let text: StrDeserializer<'_, ValueError> = text.into_deserializer();
        T::deserialize(text).ok()
    }

    /// Stores a value under a key, as JSON. For plugins of a host that stores text, such as CIS,
    /// use [`set_bytes`](Self::set_bytes) with the text.
    ///
    /// # Errors
    ///
    /// Those of [`set_bytes`](Self::set_bytes), and an error for a value that JSON cannot
    /// represent.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        self.set_bytes(key, &serde_json::to_vec(value)?)
    }

    /// Returns the bytes of a key.
    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.0.lock().values.get(key).cloned()
    }

    /// Stores bytes under a key.
    ///
    /// # Errors
    ///
    /// `invalid_argument` for a key that is empty or [too long](Self::max_key_bytes);
    /// `quota_exceeded` for a write beyond the limit.
    pub fn set_bytes(&self, key: &str, value: &[u8]) -> Result<()> {
        let mut state = self.0.lock();
        state.keys.check(key)?;
        state.values.set(STORE, key, value)
    }

    /// Returns all keys, in alphabetical order.
    pub fn keys(&self) -> Vec<String> {
        self.0.lock().values.keys()
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.0.lock().values.entries().len()
    }

    /// Returns whether the store is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.0.lock().values.clear();
    }

    /// Sets the limit of keys and values together, in bytes. Each entry counts 128 bytes more than
    /// its key and its value. A write beyond the limit is refused as `quota_exceeded`.
    pub fn limit_bytes(self, limit: u64) -> Self {
        self.0.lock().values.limit = limit;
        self
    }

    /// Sets the longest key, in bytes. The default is 1024; a longer key is the error
    /// `invalid_argument`.
    pub fn max_key_bytes(self, bytes: usize) -> Self {
        self.0.lock().keys.bytes = bytes;
        self
    }

    /// Sets how many keys may be listed at once, and how many bytes of them. The default is 100,000
    /// keys and 16 MiB; more are the error `too_large`.
    pub fn max_listed(self, keys: usize, bytes: usize) -> Self {
        let mut state = self.0.lock();
        (state.keys.listed, state.keys.listed_bytes) = (keys, bytes);
        drop(state);
        self
    }
}

/// Shows only the keys, because values may be large.
impl std::fmt::Debug for MemoryKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl Kv for MemoryKv {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let state = self.0.lock();
        state.keys.check(key)?;
        state
            .values
            .get(key)
            .map(|value| error::copied(value))
            .transpose()
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.set_bytes(key, value)
    }

    fn delete(&mut self, key: &str) -> Result<bool, Error> {
        let mut state = self.0.lock();
        state.keys.check(key)?;
        Ok(state.values.remove(key))
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>, Error> {
        let state = self.0.lock();
        let mut listed = Listed::new(state.keys);
        for (key, _) in state.values.with_prefix(prefix) {
            listed.add(key)?;
        }
        Ok(listed.keys)
    }
}
