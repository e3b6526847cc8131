//! Values by key in memory, limited in their total size.

use std::collections::BTreeMap;
use std::ops::Bound;

use plugin_sdk::Result;

use super::error;

/// The default limit of all keys and values together, in bytes.
pub(super) const LIMIT: u64 = 64 << 20;

/// The bytes that an entry counts in addition to its key and its value.
const ENTRY: u64 = 128;

/// Returns the bytes that an entry counts towards the limit.
pub(super) fn counted(key: &str, value: usize) -> u64 {
    ENTRY + key.len() as u64 + value as u64
}

/// Checks a change of the total size. A store already over its limit may still shrink.
pub(super) fn check(what: &str, before: u64, after: u64, limit: u64) -> Result<()> {
    match after > limit && after > before {
        true => Err(error::quota_exceeded(what, limit, "limit_bytes")),
        false => Ok(()),
    }
}

/// Values by key, and the bytes that they count.
pub(super) struct Values {
    entries: BTreeMap<String, Vec<u8>>,
    bytes: u64,
    pub(super) limit: u64,
}

impl Default for Values {
    fn default() -> Self {
        Values {
            entries: BTreeMap::new(),
            bytes: 0,
            limit: LIMIT,
        }
    }
}

impl Values {
    pub(super) fn entries(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.entries
    }

    pub(super) fn get(&self, key: &str) -> Option<&Vec<u8>> {
        self.entries.get(key)
    }

    /// Returns the entries whose keys begin with a prefix, in the order of their keys.
    pub(super) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let start = (Bound::Included(prefix), Bound::Unbounded);
        let from = self.entries.range::<str, _>(start);
        from.map(|(key, value)| (&**key, &**value))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    /// Sets a value; `what` names the store in the error.
    ///
    /// # Errors
    ///
    /// `quota_exceeded` beyond the limit.
    pub(super) fn set(&mut self, what: &str, key: &str, value: &[u8]) -> Result<()> {
        let replaced = self.get(key).map_or(0, |value| counted(key, value.len()));
        let bytes = self.bytes - replaced + counted(key, value.len());
        check(what, self.bytes, bytes, self.limit)?;
        self.entries.insert(key.to_owned(), error::copied(value)?);
        self.bytes = bytes;
        Ok(())
    }

    /// Removes a value, and returns whether it existed.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        let removed = self.entries.remove(key);
        if let Some(value) = &removed {
            self.bytes -= counted(key, value.len());
        }
        removed.is_some()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}
