//! Capsules as files: read, written, and kept in a folder of a bounded size.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Capsule, CapsuleError, FORMAT};
use crate::observe::transcript::hex;
use crate::text;

/// The number of capsules that this process has begun to write.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// The largest capsule, in bytes: 32 MiB.
pub const MAX_BYTES: u64 = 32 << 20;

/// The most capsules that a folder keeps.
const MAX_FILES: usize = 100;

/// The end of the names of capsules in a folder.
const EXTENSION: &str = ".capsule.json";

/// The most characters of each part of a name.
const MAX_NAME: usize = 40;

/// The number of characters of a checksum in a name.
const MAX_HASH: usize = 12;

impl Capsule {
    /// Reads a capsule from a file, which may have at most [`MAX_BYTES`].
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or is too large, and those of
    /// [`from_json`](Capsule::from_json).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CapsuleError> {
        let path = path.as_ref();
        let found = path.metadata().map_err(|error| unusable(path, error))?;
        // Opening a pipe blocks until a writer opens its other end.
        if !found.is_file() {
            return Err(unusable(path, "it is not a file"));
        }
        within(found.len())?;
        let file = fs::File::open(path).map_err(|error| unusable(path, error))?;
        let mut json = Vec::new();
        let read = file.take(MAX_BYTES + 1).read_to_end(&mut json);
        read.map_err(|error| unusable(path, error))?;
        Self::from_json(&json)
    }

    /// Reads a capsule from JSON. It may be of any origin.
    ///
    /// # Errors
    ///
    /// Fails if it is too large, not a capsule, or one of another format.
    ///
    /// ```
    /// use plugin_sdk_harness::capsule::{Capsule, CapsuleError};
    ///
    /// let error = Capsule::from_json(br#"{"format": 2}"#).unwrap_err();
    /// assert_eq!(error, CapsuleError::Format { found: 2, supported: 1 });
    /// ```
    pub fn from_json(json: &[u8]) -> Result<Self, CapsuleError> {
        #[derive(Deserialize)]
        struct Head {
            format: u64,
        }
        within(json.len() as u64)?;
        let Head { format: found } = decoded(json)?;
        if found != u64::from(FORMAT) {
            return Err(CapsuleError::Format {
                found,
                supported: FORMAT,
            });
        }
        decoded(json)
    }

    /// Returns the capsule as JSON.
    ///
    /// # Errors
    ///
    /// Fails if it is too large to be read again.
    pub fn to_json(&self) -> Result<Vec<u8>, CapsuleError> {
        let mut json = serde_json::to_vec_pretty(self).map_err(CapsuleError::malformed)?;
        json.push(b'\n');
        within(json.len() as u64)?;
        Ok(json)
    }

    /// Writes the capsule to a file, and creates its folder if that does not exist.
    ///
    /// # Errors
    ///
    /// Fails if the capsule is too large, if the file cannot be written, or if the path is that of
    /// something else, such as a pipe, which the file would replace.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), CapsuleError> {
        let (path, json) = (path.as_ref(), self.to_json()?);
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(unusable(path, "it is not a file"));
        }
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(|error| unusable(folder, error))?;
        }
        // Never half written: another process may read the folder, and another thread may write the
        // same capsule.
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let mut beginning = path.as_os_str().to_owned();
        beginning.push(format!(".{}-{number}.tmp", std::process::id()));
        let beginning = PathBuf::from(beginning);
        let written = fs::write(&beginning, json).and_then(|()| fs::rename(&beginning, path));
        written.map_err(|error| {
            let _ = fs::remove_file(&beginning);
            unusable(path, error)
        })
    }

    /// Returns the file name of the capsule in a folder. The same failure has the same name in
    /// every run, so that a test that fails again replaces its capsule.
    fn file_name(&self) -> String {
        let member = |name: &str| {
            let failure = self.failure.as_ref()?;
            failure.get(name)?.as_str()
        };
        let plugin = match self.module.path.as_deref().and_then(Path::file_stem) {
            _ if !self.module.id.is_empty() => self.module.id.clone(),
            Some(stem) => stem.to_string_lossy().into_owned(),
            None => "plugin".to_owned(),
        };
        let during = self.command.as_deref().or_else(|| member("export"));
        let code = member("code").unwrap_or("ok");
        // Not the transcript's text, which shows only the beginnings of values.
        let transcript = serde_json::to_string(&self.transcript).unwrap_or_default();
        let message = member("message").unwrap_or_default();
        let content = [&transcript, &self.host, &self.module.sha256, code, message].concat();
        let hash: String = checksum(content.as_bytes())
            .chars()
            .take(MAX_HASH)
            .collect();
        let parts = [&plugin, during.unwrap_or("load"), code].map(name_part);
        format!("{}-{hash}{EXTENSION}", parts.join("-"))
    }
}

/// Writes a capsule to a folder and returns its path. The oldest capsules there make room.
pub(crate) fn keep(capsule: &Capsule, folder: &Path) -> Result<PathBuf, CapsuleError> {
    let path = folder.join(capsule.file_name());
    capsule.write(&path)?;
    make_room(folder, &path);
    Ok(path)
}

/// Removes the oldest capsules of a folder if there are too many. One that cannot be removed stays.
fn make_room(folder: &Path, newest: &Path) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    let mut capsules: Vec<(SystemTime, PathBuf)> = files
        .filter_map(|file| {
            let file = file.ok()?;
            let is_capsule = file.file_name().to_str()?.ends_with(EXTENSION);
            let modified = file.metadata().ok()?.modified().ok()?;
            (is_capsule && file.path() != newest).then(|| (modified, file.path()))
        })
        .collect();
    let excess = (capsules.len() + 1).saturating_sub(MAX_FILES);
    capsules.sort();
    for (_, oldest) in capsules.iter().take(excess) {
        let _ = fs::remove_file(oldest);
    }
}

/// Returns the SHA-256 of bytes in hexadecimal.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns a part of a file name that is valid on every system.
fn name_part(text: &str) -> String {
    let kept = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' => c,
        _ => '_',
    };
    text.chars().take(MAX_NAME).map(kept).collect()
}

fn decoded<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, CapsuleError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let decoded = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = text::one_line(&error.path().to_string(), 100);
        match path.as_str() {
            "." => CapsuleError::malformed(error.inner()),
            path => CapsuleError::malformed(format_args!("`{path}`: {}", error.inner())),
        }
    })?;
    deserializer.end().map_err(CapsuleError::malformed)?;
    Ok(decoded)
}

fn within(bytes: u64) -> Result<(), CapsuleError> {
    match bytes > MAX_BYTES {
        true => Err(CapsuleError::TooLarge {
            bytes,
            limit: MAX_BYTES,
        }),
        false => Ok(()),
    }
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> CapsuleError {
    CapsuleError::Io {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
