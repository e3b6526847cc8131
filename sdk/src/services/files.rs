//! Files in the folders that the host grants. The permission is `files`.
//!
//! A path is relative and begins with the name of a granted folder: `data/words.txt`.
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

/// Returns the contents of a file.
///
/// # Errors
///
/// Returns the host's error, `not_found` if there is no such file.
#[inline]
pub fn read(path: &str) -> Result<Vec<u8>> {
    Contract.read(path)
}

/// Returns the contents of a text file.
///
/// # Errors
///
/// The same as for [`read`], and `bad_answer` if the file is not UTF-8.
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
        format!("the file `{path}` is not text: it is not UTF-8 after byte {valid}"),
    )
}

/// Creates or replaces a file.
#[inline]
pub fn write(path: &str, contents: impl AsRef<[u8]>) -> Result<()> {
    Contract.write(path, contents.as_ref())
}

/// Removes a file.
///
/// # Errors
///
/// Returns the host's error, `not_found` if there is no such file.
#[inline]
pub fn remove(path: &str) -> Result<()> {
    Contract.remove(path)
}

/// Returns the entries of a folder, in alphabetical order.
///
/// # Errors
///
/// Returns the host's error, `not_found` if there is no such folder.
#[inline]
pub fn list(path: &str) -> Result<Vec<Entry>> {
    Contract.list(path)
}
