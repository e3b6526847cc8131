//! Files under the folders that the host grants. The permission is `files`.
//!
//! A path is relative, its first part naming a folder that was granted: `data/words.txt`.
//!
//! ```
//! # fn words() -> plugin_sdk::Result<usize> {
//! use plugin_sdk::files;
//!
//! let words = files::read_to_string("data/words.txt")?;
//! files::write("data/count.txt", words.lines().count().to_string())?;
//! # Ok(files::list("data")?.len())
//! # }
//! ```

use serde::{Deserialize, Serialize};

use crate::contracts::Contract;
use crate::error::{Error, code};
use crate::{Result, Schema, host_functions};

/// What a host implements. A path is relative, its first part naming a granted root: `data/words.txt`.
#[host_functions(module = "plugin_host", prefix = "files_", permission = "files")]
pub trait Files {
    /// A file's contents.
    fn read(path: &str) -> Result<Vec<u8>>;
    /// Makes or replaces a file.
    fn write(path: &str, contents: &[u8]) -> Result<()>;
    /// Removes a file.
    fn remove(path: &str) -> Result<()>;
    /// What is in a folder, in alphabetical order.
    #[json]
    fn list(path: &str) -> Result<Vec<Entry>>;
}

implemented_by_hosts!(Files, AsyncFiles as files);

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub folder: bool,
    /// Its size in bytes; 0 for a folder.
    pub bytes: u64,
}

/// A file's contents.
///
/// # Errors
///
/// The host's, `not_found` where there is no such file.
#[inline]
pub fn read(path: &str) -> Result<Vec<u8>> {
    Contract.read(path)
}

/// A text file's contents.
///
/// # Errors
///
/// Besides those of [`read`]: `bad_answer` where the file is not UTF-8.
#[inline]
pub fn read_to_string(path: &str) -> Result<String> {
    String::from_utf8(Contract.read(path)?)
        .map_err(|error| no_text(path, error.utf8_error().valid_up_to()))
}

#[cold]
#[inline]
fn no_text(path: &str, valid: usize) -> Error {
    Error::new(
        code::BAD_ANSWER,
        format!("the file `{path}` is no text: it is not UTF-8 after byte {valid}"),
    )
}

/// Makes or replaces a file.
///
/// # Errors
///
/// The host's.
#[inline]
pub fn write(path: &str, contents: impl AsRef<[u8]>) -> Result<()> {
    Contract.write(path, contents.as_ref())
}

/// Removes a file.
///
/// # Errors
///
/// The host's, `not_found` where there is no such file.
#[inline]
pub fn remove(path: &str) -> Result<()> {
    Contract.remove(path)
}

/// What is in a folder, in alphabetical order.
///
/// # Errors
///
/// The host's, `not_found` where there is no such folder.
#[inline]
pub fn list(path: &str) -> Result<Vec<Entry>> {
    Contract.list(path)
}
