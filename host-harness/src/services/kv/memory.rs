//! In memory.

use std::collections::BTreeMap;

use plugin_sdk::services::kv::Kv;
use plugin_sdk::{Error, Result};
use serde::Serialize;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::{LIMIT, Listed, check_key, taken};
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
#[derive(Clone)]
pub struct MemoryKv(Shared<State>);

struct State {
    values: BTreeMap<String, Vec<u8>>,
    bytes: u64,
    limit: u64,
}

impl MemoryKv {
    /// An empty store of at most 64 MiB.
    pub fn new() -> Self {
        MemoryKv(Shared::new(State {
            values: BTreeMap::new(),
            bytes: 0,
            limit: LIMIT,
        }))
    }

    /// Lets keys and values take so many bytes together, each entry 128 bytes more than its key and its value; what would be more is refused as `quota_exceeded`.
    pub fn limit_bytes(self, limit: u64) -> Self {
        self.0.lock().limit = limit;
        self
    }

    /// The value under a key, from JSON, or from plain text, as plugins keep it on hosts that have text; `None` where there is none, and where it is no `T`, which
    /// [`bytes`](Self::bytes) tells apart.
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

    /// Puts a value under a key, as JSON. Plugins on a host that keeps text, as CIS does, are given text by [`set_bytes`](Self::set_bytes).
    ///
    /// # Errors
    ///
    /// Those of [`set_bytes`](Self::set_bytes), and whatever keeps the value from being JSON.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        self.set_bytes(key, &serde_json::to_vec(value)?)
    }

    /// The bytes under a key.
    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.0.lock().values.get(key).cloned()
    }

    /// Puts bytes under a key.
    ///
    /// # Errors
    ///
    /// `invalid_argument` for a key that is empty or longer than 1024 bytes; `quota_exceeded`.
    pub fn set_bytes(&self, key: &str, value: &[u8]) -> Result<()> {
        check_key(key)?;
        self.0.lock().set(key, value)
    }

    /// All keys, in alphabetical order.
    pub fn keys(&self) -> Vec<String> {
        self.0.lock().values.keys().cloned().collect()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.lock().values.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut state = self.0.lock();
        state.values.clear();
        state.bytes = 0;
    }
}

impl State {
    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let before = self
            .values
            .get(key)
            .map_or(0, |before| taken(key, before.len()));
        let bytes = self.bytes - before + taken(key, value.len());
        // A store that is over its limit already may still be made smaller.
        if bytes > self.limit && bytes > self.bytes {
            return Err(error::quota_exceeded("the key-value store", self.limit));
        }
        self.values.insert(key.to_owned(), value.to_owned());
        self.bytes = bytes;
        Ok(())
    }
}

impl Default for MemoryKv {
    fn default() -> Self {
        Self::new()
    }
}

/// Keys only: values may be large.
impl std::fmt::Debug for MemoryKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl Kv for MemoryKv {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        check_key(key)?;
        Ok(self.bytes(key))
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.set_bytes(key, value)
    }

    fn delete(&mut self, key: &str) -> Result<bool, Error> {
        check_key(key)?;
        let mut state = self.0.lock();
        let Some(value) = state.values.remove(key) else {
            return Ok(false);
        };
        state.bytes -= taken(key, value.len());
        Ok(true)
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>, Error> {
        let state = self.0.lock();
        let keys = state.values.range(prefix.to_owned()..);
        let mut keys = keys
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(prefix));
        let mut listed = Listed::default();
        keys.try_for_each(|key| listed.add(key))?;
        Ok(listed.keys)
    }
}
