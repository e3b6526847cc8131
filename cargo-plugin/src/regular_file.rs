//! Reading files that any program may have put in place of regular ones.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Reads a regular file of at most `max_bytes`. Opening a pipe would block until a writer opens its
/// other end, and a device may never end.
///
/// # Errors
///
/// [`FileTooLarge`](ErrorKind::FileTooLarge) for a larger file.
pub fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(Error::other("it is not a file"));
    }
    let mut contents = Vec::new();
    File::open(path)?
        .take(max_bytes + 1)
        .read_to_end(&mut contents)?;
    match contents.len() as u64 > max_bytes {
        true => {
            let message = format!("it has more than {} MiB", max_bytes >> 20);
            Err(Error::new(ErrorKind::FileTooLarge, message))
        }
        false => Ok(contents),
    }
}
