//! Files under the folders that the host grants.

use serde::{Deserialize, Serialize};

use crate::Result;

/// What a host implements. A path is relative, its first part naming a granted root: `data/words.txt`.
pub trait Files {
    /// A file's contents.
    fn read(&mut self, path: &str) -> Result<Vec<u8>>;
    /// Makes or replaces a file.
    fn write(&mut self, path: &str, contents: &[u8]) -> Result<()>;
    /// Removes a file.
    fn remove(&mut self, path: &str) -> Result<()>;
    /// What is in a folder, in alphabetical order.
    fn list(&mut self, path: &str) -> Result<Vec<Entry>>;
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub folder: bool,
    /// Its size in bytes; 0 for a folder.
    pub bytes: u64,
}
