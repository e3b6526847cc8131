//! Files in granted folders.

#[cfg(feature = "files-directory")]
mod directory;
mod memory;

#[cfg(feature = "files-directory")]
pub use directory::DirectoryFiles;
pub use memory::MemoryFiles;

use std::collections::BTreeMap;

use plugin_sdk::services::files::Entry;
use plugin_sdk::{Error, Result, code};
use serde_json::json;

use super::error;

/// The longest path and the longest name in it, in bytes.
const MAX_PATH: usize = 1024;
const MAX_NAME: usize = 255;

/// Limits of files and folders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The largest file that may be read or written, in bytes.
    pub(super) file: u64,
    /// The most entries of a folder that may be visited.
    pub(super) entries: usize,
    /// The most bytes that one call may write to the file system.
    #[cfg_attr(not(any(test, feature = "files-directory")), expect(dead_code))]
    pub(super) written: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            file: 16 << 20,
            entries: 10_000,
            written: 256 << 20,
        }
    }
}

impl Limits {
    fn check_file(self, bytes: u64) -> Result<()> {
        match bytes > self.file {
            true => Err(error::too_large("the file", self.file, "max_file_bytes")),
            false => Ok(()),
        }
    }

    /// Checks that one more entry of a folder may be visited.
    fn check_entries(self, before: usize, path: &str) -> Result<()> {
        if before < self.entries {
            return Ok(());
        }
        let message = format!(
            "the folder {} has more than {} entries; the host's setting is `max_entries`",
            error::quoted(path),
            self.entries
        );
        Err(Error::new(code::TOO_LARGE, message))
    }
}

/// A plugin's path, parsed. It has no `..` and is not absolute, so that both implementations behave
/// the same to a plugin. What confines [`DirectoryFiles`] to its folder is the operating system.
struct Place<'a> {
    /// The name of the granted folder.
    root: &'a str,
    /// The path within it; empty for the folder itself.
    within: &'a str,
}

/// The access that a plugin has to a granted folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    ReadOnly,
    ReadWrite,
}

impl<'a> Place<'a> {
    fn parse(path: &'a str) -> Result<Self> {
        let refused = |why: &str| {
            Err(error::invalid(format!(
                "the path {} {why}; a path is a granted folder's name and names in it, such as `data/words.txt`",
                error::quoted(path)
            )))
        };
        if path.is_empty() {
            return refused("is empty");
        }
        if path.len() > MAX_PATH {
            return refused(&format!("has more than {MAX_PATH} bytes"));
        }
        if path.starts_with('/') {
            return refused("is absolute");
        }
        for name in path.split('/') {
            match name {
                "" => return refused("has an empty name in it"),
                "." | ".." => return refused(&format!("has `{name}` in it")),
                _ if name.contains(['\\', '\0', ':']) => {
                    return refused("has a backslash, a colon or a zero in it");
                }
                _ if name.len() > MAX_NAME => {
                    return refused(&format!("has a name of more than {MAX_NAME} bytes in it"));
                }
                _ => {}
            }
        }
        let (root, within) = path.split_once('/').unwrap_or((path, ""));
        Ok(Place { root, within })
    }

    /// Parses the path of a file, which cannot be a granted folder itself.
    fn file(path: &'a str) -> Result<Self> {
        let place = Place::parse(path)?;
        match place.within {
            "" => Err(is_folder(path)),
            _ => Ok(place),
        }
    }
}

/// Granted folders by name, each with the access to it and the folder itself.
type Roots<T> = BTreeMap<String, (Access, T)>;

/// Returns the granted folder of a path, if it is granted with at least this access.
/// `implementation` is the service that grants folders.
fn granted<'a, T>(
    roots: &'a Roots<T>,
    place: &Place<'_>,
    access: Access,
    implementation: &str,
) -> Result<&'a T> {
    let folder = place.root;
    let (message, grant) = match roots.get(folder) {
        None => {
            let names: Vec<&str> = roots.keys().map(String::as_str).collect();
            let names = match names.as_slice() {
                [] => "none".to_owned(),
                names => names.join(", "),
            };
            let folder = error::quoted(folder);
            let message = format!("no folder {folder} is granted (granted: {names})");
            (message, "read_only")
        }
        Some((Access::ReadOnly, _)) if access == Access::ReadWrite => {
            let message = format!("the folder {} may only be read", error::quoted(folder));
            (message, "read_write")
        }
        Some((_, root)) => return Ok(root),
    };
    let grant = format!("{implementation}.{grant}({folder:?}, …)");
    Err(Error::new(code::PERMISSION_DENIED, message)
        .with_details(&json!({ "permission": "files", "folder": folder, "grant": grant })))
}

pub(crate) fn no_such_file(path: &str) -> Error {
    error::not_found(format!("there is no file {}", error::quoted(path)))
}

fn no_such_folder(path: &str) -> Error {
    error::not_found(format!("there is no folder {}", error::quoted(path)))
}

fn is_folder(path: &str) -> Error {
    error::invalid(format!("{} is a folder, not a file", error::quoted(path)))
}

fn is_file(path: &str) -> Error {
    error::invalid(format!("{} is a file, not a folder", error::quoted(path)))
}

/// Returns the granted folders, as the entries of the path "".
fn list_roots<T>(roots: &Roots<T>) -> Vec<Entry> {
    let names = roots.keys().cloned();
    names
        .map(|name| Entry {
            name,
            folder: true,
            bytes: 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_into_granted_folder_and_rest() {
        for (path, root, within) in [
            ("data", "data", ""),
            ("data/a", "data", "a"),
            ("data/a/b.txt", "data", "a/b.txt"),
            ("data/...", "data", "..."),
            ("data/a b", "data", "a b"),
            ("data/ä", "data", "ä"),
        ] {
            let place = Place::parse(path).unwrap();
            assert_eq!((place.root, place.within), (root, within), "{path}");
        }
        for path in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "data/..",
            "data/../x",
            "data/./x",
            "./data",
            "data//x",
            "data/",
            "a\\b",
            "C:/x",
            "data/C:x",
            "data/a\0b",
            &"x/".repeat(600),
            &format!("data/{}", "x".repeat(256)),
        ] {
            let error = Place::parse(path).map(|_| ()).unwrap_err();
            assert_eq!(error.code(), "invalid_argument", "{path:?}");
        }
    }
}
