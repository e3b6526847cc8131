//! Keeps documents for a host: text by key, in the host's key-value store, which outlives the
//! plugin.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// The prefix of every key, so that several plugins can share one store.
const PREFIX: &str = "my-plugin/";

/// Keeps text by key.
#[plugin(type = "storage_backend", permissions(kv = "keeps the documents"))]
#[derive(Default)]
pub struct MyPlugin;

/// The amount of stored data.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Usage {
    /// The number of documents.
    pub documents: u64,
    /// Their total length in bytes.
    pub bytes: u64,
}

#[plugin]
impl MyPlugin {
    /// Stores a document under a key, replacing the previous one.
    #[command(errors(key_empty = "the key is empty"))]
    pub fn put(key: &str, text: &str) -> Result<()> {
        kv::set_bytes(&checked(key)?, text)
    }

    /// Returns the document under a key, if there is one.
    #[command(errors(key_empty = "the key is empty", not_text = "the stored bytes are not text"))]
    pub fn get(key: &str) -> Result<Option<String>> {
        read(&checked(key)?)
    }

    /// Removes the document under a key, and returns whether there was one.
    #[command(errors(key_empty = "the key is empty"))]
    pub fn delete(key: &str) -> Result<bool> {
        kv::delete(&checked(key)?)
    }

    /// Lists the keys that begin with a prefix, in alphabetical order.
    #[command]
    pub fn list(#[arg(default)] prefix: String) -> Result<Vec<String>> {
        let keys = kv::list(&format!("{PREFIX}{prefix}"))?;
        let own = keys.iter().filter_map(|key| key.strip_prefix(PREFIX));
        Ok(own.map(str::to_owned).collect())
    }

    /// Returns the amount of stored data.
    #[command]
    pub fn usage() -> Result<Usage> {
        let mut usage = Usage {
            documents: 0,
            bytes: 0,
        };
        for key in kv::list(PREFIX)? {
            usage.documents += 1;
            usage.bytes += kv::get_bytes(&key)?.map_or(0, |text| text.len() as u64);
        }
        Ok(usage)
    }
}

/// Returns the key as it is in the host's store.
fn checked(key: &str) -> Result<String> {
    match key {
        "" => Err(Error::new("key_empty", "a document needs a key")),
        key => Ok(format!("{PREFIX}{key}")),
    }
}

fn read(key: &str) -> Result<Option<String>> {
    let Some(bytes) = kv::get_bytes(key)? else {
        return Ok(None);
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Error::new("not_text", format!("what is under `{key}` is not text"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_must_not_be_empty_and_gets_the_prefix() {
        assert_eq!(checked("").unwrap_err().code(), "key_empty");
        assert_eq!(checked("a/b").unwrap(), "my-plugin/a/b");
    }
}
