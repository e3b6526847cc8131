//! Writing files so that a reader finds each one old or new, and never half of it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};
use crate::text;

/// Replaces files of a folder, given as names and contents, and creates the folder. If one of them
/// cannot be written, for example because the disk is full or a folder has its name, all of them
/// stay as they were.
///
/// The files take their places in the given order.
pub fn replace_all(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let failed = |name: &str, error: io::Error| {
        let path = folder.join(name);
        Error::new(format!("cannot write `{}`", text::path(&path))).because(error)
    };
    fs::create_dir_all(folder).map_err(|error| failed("", error))?;
    for (name, _) in files {
        if folder.join(name).is_dir() {
            return Err(failed(name, io::Error::other("it is a folder")));
        }
    }
    let mut written = Vec::new();
    for (name, contents) in files {
        let file = write(folder, contents).map_err(|error| failed(name, error))?;
        written.push((name, file));
    }
    for (name, file) in written {
        file.persist(folder.join(name))
            .map_err(|error| failed(name, error.error))?;
    }
    Ok(())
}

/// Writes a hidden file, which vanishes when it is dropped.
fn write(folder: &Path, contents: &[u8]) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    // Like any new file, not only for its owner.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".").suffix(".new").tempfile_in(folder)?;
    file.write_all(contents)?;
    // Without it, a crash could leave an empty file under the final name.
    file.as_file().sync_all()?;
    Ok(file)
}
