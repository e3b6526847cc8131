//! Files in memory.

use std::collections::BTreeMap;

use plugin_sdk::Result;
use plugin_sdk::services::files::{Entry, Files};

use super::{
    Access, Limits, Place, is_file, is_folder, no_such_file, no_such_folder, not_granted,
    read_only, roots,
};
use crate::services::{Shared, error};

const NAME: &str = "MemoryFiles";

/// The default limit of all files together, in bytes.
const LIMIT: u64 = 64 << 20;

/// The bytes a file counts in addition to its path and its contents.
const ENTRY: u64 = 128;

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
#[derive(Clone)]
pub struct MemoryFiles(Shared<State>);

struct State {
    roots: BTreeMap<String, Access>,
    files: BTreeMap<String, Vec<u8>>,
    bytes: u64,
    limit: u64,
    limits: Limits,
}

impl MemoryFiles {
    /// Creates a service without folders and files, with room for 64 MiB.
    pub fn new() -> Self {
        MemoryFiles(Shared::new(State {
            roots: BTreeMap::new(),
            files: BTreeMap::new(),
            bytes: 0,
            limit: LIMIT,
            limits: Limits::default(),
        }))
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
        self.0.lock().roots.insert(name.to_owned(), access);
        self
    }

    /// Sets the limit of all files together, in bytes. Each file counts 128 bytes more than its
    /// path and its contents. A write beyond the limit is refused as `quota_exceeded`.
    pub fn limit_bytes(self, limit: u64) -> Self {
        self.0.lock().limit = limit;
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
        self.0.lock().files.keys().cloned().collect()
    }
}

impl State {
    /// Checks that a folder is granted with at least this access.
    fn allow(&self, place: &Place<'_>, access: Access) -> Result<()> {
        match self.roots.get(place.root) {
            None => Err(not_granted(
                place.root,
                self.roots.keys().map(String::as_str),
                NAME,
            )),
            Some(Access::ReadOnly) if access == Access::ReadWrite => {
                Err(read_only(place.root, NAME))
            }
            Some(_) => Ok(()),
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        self.files
            .range(inside.clone()..)
            .next()
            .is_some_and(|(found, _)| found.starts_with(&inside))
    }

    fn write(&mut self, path: &str, contents: &[u8], access: Access) -> Result<()> {
        let place = Place::file(path)?;
        self.allow(&place, access)?;
        self.limits.check_file(contents.len() as u64)?;
        if self.is_folder(path) {
            return Err(is_folder(path));
        }
        if let Some(file) = folders_of(path).find(|folder| self.files.contains_key(*folder)) {
            return Err(is_file(file));
        }
        let before = self.files.get(path).map_or(0, |file| taken(path, file));
        let bytes = self.bytes - before + taken(path, contents);
        if bytes > self.limit && bytes > self.bytes {
            return Err(error::quota_exceeded("the files", self.limit));
        }
        self.files.insert(path.to_owned(), contents.to_owned());
        self.bytes = bytes;
        Ok(())
    }
}

/// Returns the folders that contain a path, innermost first: `a/b` and `a` for `a/b/c`.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/'), |(folder, _)| folder.rsplit_once('/'))
        .map(|(folder, _)| folder)
}

fn taken(path: &str, contents: &[u8]) -> u64 {
    ENTRY + path.len() as u64 + contents.len() as u64
}

impl Default for MemoryFiles {
    fn default() -> Self {
        Self::new()
    }
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
            Some(contents) => Ok(contents.clone()),
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
            Some(contents) => {
                state.bytes -= taken(path, &contents);
                Ok(())
            }
            None if state.is_folder(path) => Err(is_folder(path)),
            None => Err(no_such_file(path)),
        }
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>> {
        let state = self.0.lock();
        if path.is_empty() {
            return Ok(roots(state.roots.keys().map(String::as_str)));
        }
        let place = Place::parse(path)?;
        state.allow(&place, Access::ReadOnly)?;
        let inside = format!("{path}/");
        let mut entries: Vec<Entry> = Vec::new();
        for (found, contents) in state.files.range(inside.clone()..) {
            let Some(rest) = found.strip_prefix(&inside) else {
                break;
            };
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
            return Err(match state.files.contains_key(path) {
                true => is_file(path),
                false => no_such_folder(path),
            });
        }
        // Paths sort differently from names: `a-b` precedes `a/b`.
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }
}
