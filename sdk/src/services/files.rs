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

use crate::contracts::Contract;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::files;
pub use crate::contracts::services::{Entry, Files};
use crate::error::{Error, Result, code};

implemented_by_hosts!(Files, AsyncFiles as files);

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
