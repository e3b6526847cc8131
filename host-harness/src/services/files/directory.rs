//! Files in folders of the file system.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use plugin_sdk::services::files::{Entry, Files};
use plugin_sdk::{Error, Result};

use super::{
    Access, Limits, Place, Roots, granted, is_file, is_folder, list_roots, no_such_file,
    no_such_folder,
};
use crate::failure::Failure;
use crate::services::budget::{self, Deadline};
use crate::services::error;
use crate::source::unusable_file;

const NAME: &str = "DirectoryFiles";

/// Folders of the file system, each granted under a name.
///
/// A plugin cannot leave them: the operating system resolves every path beneath the folder that was
/// opened when it was granted. So neither `..` nor a symbolic link leads out of it, not even a link
/// that appears between a check and a use. Links that stay within the folder work.
///
/// Files of more than 16 MiB are neither read nor written
/// ([`max_file_bytes`](Self::max_file_bytes)), and folders of more than 10,000 entries are not
/// listed ([`max_entries`](Self::max_entries)). One call of a plugin writes at most 256 MiB
/// ([`max_written_bytes`](Self::max_written_bytes)). What all calls together leave in a folder is
/// not limited here; if that matters, grant a folder with a quota. Writing creates missing folders
/// and is not atomic.
///
/// ```
/// use plugin_sdk::services::files::Files;
/// use plugin_sdk_harness::services::DirectoryFiles;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # std::fs::write(folder.path().join("words.txt"), "one two").unwrap();
/// # let path = folder.path();
/// let mut files = DirectoryFiles::new().read_only("assets", path)?;
///
/// assert_eq!(files.read("assets/words.txt").unwrap(), b"one two");
/// assert_eq!(files.write("assets/words.txt", b"").unwrap_err().code(), "permission_denied");
/// assert_eq!(files.read("assets/../secret").unwrap_err().code(), "invalid_argument");
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct DirectoryFiles {
    roots: Roots<Arc<Dir>>,
    limits: Limits,
    written: Written,
}

/// The bytes that the last call which wrote anything has written.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    call: u64,
    bytes: u64,
}

/// The bytes that each name in the path of a written file counts: the block of a small file, or of
/// a folder that may be created.
const NAME_BYTES: u64 = 4096;

impl Written {
    /// Counts a write towards the limit of its call.
    fn count(&mut self, path: &str, contents: &[u8], limit: u64) -> Result<()> {
        let call = budget::current().number;
        if self.call != call || call == 0 {
            *self = Written { call, bytes: 0 };
        }
        let names = path.split('/').count() as u64;
        let bytes = self.bytes + names * NAME_BYTES + contents.len() as u64;
        if bytes > limit {
            let what = "the files that one call writes";
            return Err(error::quota_exceeded(what, limit, "max_written_bytes"));
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl DirectoryFiles {
    /// Creates a service without folders.
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants read access to a folder, under a name.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Io`](crate::FailureKind::Io) if the folder cannot be opened.
    pub fn read_only(self, name: &str, path: impl AsRef<Path>) -> Result<Self, Failure> {
        self.grant(name, path.as_ref(), Access::ReadOnly)
    }

    /// Grants read and write access to a folder, under a name.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Io`](crate::FailureKind::Io) if the folder cannot be opened.
    pub fn read_write(self, name: &str, path: impl AsRef<Path>) -> Result<Self, Failure> {
        self.grant(name, path.as_ref(), Access::ReadWrite)
    }

    fn grant(mut self, name: &str, path: &Path, access: Access) -> Result<Self, Failure> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(|error| unusable_file(path, error))?;
        self.roots.insert(name.to_owned(), (access, Arc::new(dir)));
        Ok(self)
    }

    /// Returns the granted folder of a path, if it is granted with at least this access.
    fn root(&self, place: &Place<'_>, access: Access) -> Result<&Dir> {
        granted(&self.roots, place, access, NAME).map(|dir| &**dir)
    }

    /// Sets the largest file that may be read or written, in bytes. A larger one is the error
    /// `too_large`.
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.limits.file = bytes;
        self
    }

    /// Sets how many entries of a folder may be visited to list it. A folder with more is the error
    /// `too_large`. Entries that a plugin could not open count too, such as dangling links.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.limits.entries = entries;
        self
    }

    /// Sets how many bytes one call of a plugin may write, in all folders together. The default is
    /// 256 MiB. Each write counts 4 KiB more for every name in its path, since it may create the
    /// folders. More are the error `quota_exceeded`.
    pub fn max_written_bytes(mut self, bytes: u64) -> Self {
        self.limits.written = bytes;
        self
    }
}

impl Files for DirectoryFiles {
    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        let place = Place::file(path)?;
        let dir = self.root(&place, Access::ReadOnly)?;
        let wrong = |error: io::Error| explain(&error, path, no_such_file);
        regular_file(dir.metadata(place.within).map_err(wrong)?, path)?;
        let file = dir.open(place.within).map_err(wrong)?;
        let mut contents = Vec::new();
        file.take(self.limits.file.saturating_add(1))
            .read_to_end(&mut contents)
            .map_err(wrong)?;
        self.limits.check_file(contents.len() as u64)?;
        Ok(contents)
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<()> {
        let place = Place::file(path)?;
        let dir = granted(&self.roots, &place, Access::ReadWrite, NAME)?;
        self.limits.check_file(contents.len() as u64)?;
        self.written
            .count(place.within, contents, self.limits.written)?;
        let wrong = |error: io::Error| explain(&error, path, no_such_file);
        if let Ok(metadata) = dir.metadata(place.within) {
            regular_file(metadata, path)?;
        }
        if let Some((folder, _)) = place.within.rsplit_once('/') {
            dir.create_dir_all(folder).map_err(wrong)?;
        }
        dir.write(place.within, contents).map_err(wrong)
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        let place = Place::file(path)?;
        let dir = self.root(&place, Access::ReadWrite)?;
        let wrong = |error: io::Error| explain(&error, path, no_such_file);
        // A link itself is removed, not its target.
        if dir.symlink_metadata(place.within).map_err(wrong)?.is_dir() {
            return Err(is_folder(path));
        }
        dir.remove_file(place.within).map_err(wrong)
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>> {
        if path.is_empty() {
            return Ok(list_roots(&self.roots));
        }
        let place = Place::parse(path)?;
        let dir = self.root(&place, Access::ReadOnly)?;
        let wrong = |error: io::Error| explain(&error, path, no_such_folder);
        let within = match place.within {
            "" => ".",
            within => within,
        };
        if !dir.metadata(within).map_err(wrong)?.is_dir() {
            return Err(is_file(path));
        }
        let folder = dir.open_dir(within).map_err(wrong)?;
        let mut entries = Vec::new();
        let deadline = Deadline::of_call();
        for (number, entry) in folder.entries().map_err(wrong)?.enumerate() {
            self.limits.check_entries(number, path)?;
            deadline.check("listing the folder")?;
            // A plugin could not name a file whose name is not UTF-8, and the target of a link that
            // leads outside does not exist for it.
            let Ok(name) = entry.map_err(wrong)?.file_name().into_string() else {
                continue;
            };
            // Relative to the granted folder: a link may lead to another folder in it.
            let Ok(metadata) = dir.metadata(format!("{within}/{name}")) else {
                continue;
            };
            let is_folder = metadata.is_dir();
            entries.push(Entry {
                name,
                folder: is_folder,
                bytes: if is_folder { 0 } else { metadata.len() },
            });
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }
}

/// Checks that an entry is a regular file. Plugins cannot open pipes and devices: opening one may
/// block forever.
fn regular_file(metadata: cap_std::fs::Metadata, path: &str) -> Result<()> {
    if metadata.is_dir() {
        return Err(is_folder(path));
    }
    if !metadata.is_file() {
        return Err(error::invalid(format!(
            "{} is neither a file nor a folder",
            error::quoted(path)
        )));
    }
    Ok(())
}

fn explain(error: &io::Error, path: &str, missing: fn(&str) -> Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => missing(path),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => error::invalid(format!(
            "a part of {} is a file, not a folder",
            error::quoted(path)
        )),
        io::ErrorKind::IsADirectory => is_folder(path),
        // Paths that leave the granted folder end here, as do those that the operating system
        // denies.
        io::ErrorKind::PermissionDenied => Error::new(
            plugin_sdk::code::PERMISSION_DENIED,
            format!(
                "{} leads out of the granted folder, or the host may not use it",
                error::quoted(path)
            ),
        ),
        _ => error::unavailable(&format!("{} cannot be used", error::quoted(path)), error),
    }
}
