//! The configuration that the host's user has set.

use plugin_sdk::Result;
use plugin_sdk::services::config::Config;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Shared;

/// Configuration values by key. Clones share them.
///
/// A key is the name of a member. A key that is not is treated as a path: `limits.most` is the
/// member `most` of the object `limits`. Any other key has no value.
///
/// ```
/// use plugin_sdk::services::config::Config;
/// use plugin_sdk_harness::services::MapConfig;
/// use serde_json::json;
///
/// let config = MapConfig::new(json!({"greeting": "Hi", "limits": {"most": 3}, "a.b": true}));
/// let mut plugins = config.clone();
/// assert_eq!(plugins.get("greeting")?, Some(br#""Hi""#.to_vec()));
/// assert_eq!(plugins.get("limits.most")?, Some(b"3".to_vec()));
/// assert_eq!(plugins.get("a.b")?, Some(b"true".to_vec()));
/// assert_eq!(plugins.get("limits.least")?, None);
///
/// config.set("greeting", "Hello");
/// assert_eq!(plugins.get("greeting")?, Some(br#""Hello""#.to_vec()));
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct MapConfig(Shared<Map<String, Value>>);

impl MapConfig {
    /// Creates a configuration from an object; any other value has no keys.
    pub fn new(config: impl Serialize) -> Self {
        match serde_json::to_value(config) {
            Ok(Value::Object(members)) => MapConfig(Shared::new(members)),
            _ => Self::default(),
        }
    }

    /// Parses a configuration from text. Text other than an object has no keys.
    pub(crate) fn from_json(text: &[u8]) -> Self {
        MapConfig(Shared::new(members(text)))
    }

    /// Replaces the configuration and returns the previous one.
    pub(crate) fn replace(&self, text: &[u8]) -> Map<String, Value> {
        std::mem::replace(&mut *self.0.lock(), members(text))
    }

    /// Restores a configuration that was replaced.
    pub(crate) fn restore(&self, before: Map<String, Value>) {
        *self.0.lock() = before;
    }

    /// Sets a member, whose name is not treated as a path. A value that JSON cannot represent
    /// removes it.
    pub fn set(&self, key: &str, value: impl Serialize) {
        let mut members = self.0.lock();
        match serde_json::to_value(value) {
            Ok(value) => members.insert(key.to_owned(), value),
            Err(_) => members.remove(key),
        };
    }

    /// Removes a member and returns whether it existed.
    pub fn remove(&self, key: &str) -> bool {
        self.0.lock().remove(key).is_some()
    }

    /// Returns the value of a key, as the plugin sees it.
    pub fn value(&self, key: &str) -> Option<Value> {
        find(&self.0.lock(), key).cloned()
    }
}

/// Returns a setting as text: hosts whose settings are text read other values as JSON.
pub(crate) fn setting(config: &mut impl Config, key: &str) -> Option<String> {
    let value = config.get(key).ok().flatten()?;
    Some(match serde_json::from_slice(&value) {
        Ok(Value::String(text)) => text,
        _ => String::from_utf8_lossy(&value).into_owned(),
    })
}

fn members(text: &[u8]) -> Map<String, Value> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(members)) => members,
        // No text, or any other value.
        _ => Map::new(),
    }
}

fn find<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    if let Some(value) = members.get(key) {
        return Some(value);
    }
    let mut path = key.split('.');
    let first = members.get(path.next()?)?;
    path.try_fold(first, |value, name| value.as_object()?.get(name))
}

impl std::fmt::Debug for MapConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&*self.0.lock(), f)
    }
}

impl Config for MapConfig {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        let members = self.0.lock();
        let Some(value) = find(&members, key) else {
            return Ok(None);
        };
        Ok(Some(serde_json::to_vec(value)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_precede_paths_and_paths_cross_only_objects() {
        let config =
            MapConfig::new(json!({"a": {"b": {"c": 1}, "": 2}, "a.b": 3, "list": [4], "n": null}));
        assert_eq!(config.value("a.b"), Some(json!(3)));
        assert_eq!(config.value("a.b.c"), Some(json!(1)));
        assert_eq!(config.value("a."), Some(json!(2)));
        assert_eq!(config.value("n"), Some(Value::Null));
        for nothing in ["", ".", "a.b.c.d", "list.0", "b", ".a"] {
            assert_eq!(config.value(nothing), None, "{nothing:?}");
        }
        assert!(config.remove("a.b") && !config.remove("a.b"));
        assert_eq!(config.value("a.b"), Some(json!({"c": 1})));
    }

    #[test]
    fn configuration_other_than_an_object_has_no_keys() {
        assert_eq!(MapConfig::new("text").value("text"), None);
        assert_eq!(MapConfig::new(()).value(""), None);
    }
}
