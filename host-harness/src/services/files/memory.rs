//! Files in memory.

use plugin_sdk::Result;
use plugin_sdk::services::files::{Entry, Files};

use super::{
    Access, Limits, Place, Roots, granted, is_file, is_folder, list_roots, no_such_file,
    no_such_folder,
};
use crate::services::quota::Values;
use crate::services::{Shared, error};

const NAME: &str = "MemoryFiles";

/// Files in memory, under folders that are granted by name. Clones share them. A folder exists as
/// long as it is not empty.
///
/// ```
/// use plugin_sdk::services::files::Files;
/// use plugin_sdk_harness::services::MemoryFiles;
///
/// let files = MemoryFiles::new()
///     .read_write("data")
///     .read_only("assets")
///     .with_file("assets/words.txt", "one two")?;
///
/// let mut plugins = files.clone();
/// assert_eq!(plugins.read("assets/words.txt")?, b"one two");
/// plugins.write("data/out.txt", b"two")?;
/// assert_eq!(plugins.write("assets/words.txt", b"").unwrap_err().code(), "permission_denied");
///
/// assert_eq!(files.contents("data/out.txt"), Some(b"two".to_vec()));
/// assert_eq!(files.paths(), ["assets/words.txt", "data/out.txt"]);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryFiles(Shared<State>);

#[derive(Default)]
struct State {
    roots: Roots<()>,
    files: Values,
    limits: Limits,
}

impl MemoryFiles {
    /// Creates a service without folders and files, with room for 64 MiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants read access to a folder.
    pub fn read_only(self, name: &str) -> Self {
        self.grant(name, Access::ReadOnly)
    }

    /// Grants read and write access to a folder.
    pub fn read_write(self, name: &str) -> Self {
        self.grant(name, Access::ReadWrite)
    }

    fn grant(self, name: &str, access: Access) -> Self {
        let mut state = self.0.lock();
        state.roots.insert(name.to_owned(), (access, ()));
        drop(state);
        self
    }

    /// Adds a file to a granted folder.
    ///
    /// # Errors
    ///
    /// The same as when a plugin writes the file, except that read-only folders are allowed.
    pub fn with_file(self, path: &str, contents: impl AsRef<[u8]>) -> Result<Self> {
        self.0
            .lock()
            .write(path, contents.as_ref(), Access::ReadOnly)?;
        Ok(self)
    }

    /// Returns the contents of a file.
    pub fn contents(&self, path: &str) -> Option<Vec<u8>> {
        self.0.lock().files.get(path).cloned()
    }

    /// Returns the paths of all files, in alphabetical order.
    pub fn paths(&self) -> Vec<String> {
        self.0.lock().files.keys()
    }

    /// Sets the limit of all files together, in bytes. Each file counts 128 bytes more than its
    /// path and its contents. A write beyond the limit is refused as `quota_exceeded`.
    pub fn limit_bytes(self, limit: u64) -> Self {
        self.0.lock().files.limit = limit;
        self
    }

    /// Sets the largest file, in bytes. The default is 16 MiB; a larger file is the error
    /// `too_large`.
    pub fn max_file_bytes(self, bytes: u64) -> Self {
        self.0.lock().limits.file = bytes;
        self
    }

    /// Sets how many entries of a folder may be listed. The default is 10,000; a folder with more
    /// is the error `too_large`.
    pub fn max_entries(self, entries: usize) -> Self {
        self.0.lock().limits.entries = entries;
        self
    }
}

impl State {
    /// Checks that a folder is granted with at least this access.
    fn allow(&self, place: &Place<'_>, access: Access) -> Result<()> {
        granted(&self.roots, place, access, NAME).copied()
    }

    fn is_folder(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        self.files.with_prefix(&inside).next().is_some()
    }

    fn write(&mut self, path: &str, contents: &[u8], access: Access) -> Result<()> {
        let place = Place::file(path)?;
        self.allow(&place, access)?;
        self.limits.check_file(contents.len() as u64)?;
        if self.is_folder(path) {
            return Err(is_folder(path));
        }
        if let Some(file) = folders_of(path).find(|folder| self.files.get(folder).is_some()) {
            return Err(is_file(file));
        }
        self.files.set("the files", path, contents)
    }
}

/// Returns the folders that contain a path, innermost first: `a/b` and `a` for `a/b/c`.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/'), |(folder, _)| folder.rsplit_once('/'))
        .map(|(folder, _)| folder)
}

/// Shows only the paths, because contents may be large.
impl std::fmt::Debug for MemoryFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.paths()).finish()
    }
}

impl Files for MemoryFiles {
    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        let place = Place::file(path)?;
        let state = self.0.lock();
        state.allow(&place, Access::ReadOnly)?;
        match state.files.get(path) {
            Some(contents) => error::copied(contents),
            None if state.is_folder(path) => Err(is_folder(path)),
            None => Err(no_such_file(path)),
        }
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<()> {
        self.0.lock().write(path, contents, Access::ReadWrite)
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        let place = Place::file(path)?;
        let mut state = self.0.lock();
        state.allow(&place, Access::ReadWrite)?;
        match state.files.remove(path) {
            true => Ok(()),
            false if state.is_folder(path) => Err(is_folder(path)),
            false => Err(no_such_file(path)),
        }
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>> {
        let state = self.0.lock();
        if path.is_empty() {
            return Ok(list_roots(&state.roots));
        }
        let place = Place::parse(path)?;
        state.allow(&place, Access::ReadOnly)?;
        let inside = format!("{path}/");
        let mut entries: Vec<Entry> = Vec::new();
        for (found, contents) in state.files.with_prefix(&inside) {
            let (_, rest) = found.split_at(inside.len());
            let (name, folder) = match rest.split_once('/') {
                Some((name, _)) => (name, true),
                None => (rest, false),
            };
            if entries
                .last()
                .is_some_and(|last| last.folder && last.name == name)
            {
                continue;
            }
            state.limits.check_entries(entries.len(), path)?;
            entries.push(Entry {
                name: name.to_owned(),
                folder,
                bytes: if folder { 0 } else { contents.len() as u64 },
            });
        }
        if entries.is_empty() && !place.within.is_empty() {
            return Err(match state.files.get(path) {
                Some(_) => is_file(path),
                None => no_such_folder(path),
            });
        }
        // Paths sort differently from names: `a-b` precedes `a/b`.
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }
}
