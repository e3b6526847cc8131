//! The reasons why a capsule cannot be used.

use std::fmt;
use std::path::PathBuf;

use crate::text;

/// The most bytes of a path that are shown.
const MAX_PATH: usize = 500;

/// The reason why a capsule cannot be read, written or replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CapsuleError {
    /// The file or its folder cannot be used.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's message.
        reason: String,
    },
    /// The file is too large.
    TooLarge {
        /// The size in bytes.
        bytes: u64,
        /// The limit in bytes: [`MAX_BYTES`](super::MAX_BYTES).
        limit: u64,
    },
    /// The file is not a capsule.
    Malformed {
        /// The reason, with its place in the file.
        reason: String,
    },
    /// The capsule has another format.
    Format {
        /// The capsule's format.
        found: u64,
        /// The supported format.
        supported: u32,
    },
    /// The capsule is for a host that the harness does not emulate.
    UnknownHost {
        /// The host's name.
        host: String,
    },
    /// A setting of the capsule cannot be used.
    Setting {
        /// The setting.
        setting: &'static str,
        /// The reason.
        reason: String,
    },
}

impl fmt::Display for CapsuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CapsuleError::Io { path, reason } => {
                let path = text::one_line(&path.display().to_string(), MAX_PATH);
                write!(f, "`{path}` cannot be used: {reason}")
            }
            CapsuleError::TooLarge { bytes, limit } => {
                write!(f, "the capsule has {bytes} bytes, and the limit is {limit}")
            }
            CapsuleError::Malformed { reason } => write!(f, "this is not a capsule: {reason}"),
            CapsuleError::Format { found, supported } => write!(
                f,
                "the capsule has format {found}, and this version of the harness reads format {supported}"
            ),
            CapsuleError::UnknownHost { host } => write!(
                f,
                "the capsule is of a plugin for the host `{}`, which is not known",
                text::name(host)
            ),
            CapsuleError::Setting { setting, reason } => {
                write!(f, "the capsule's `{setting}` cannot be used: {reason}")
            }
        }
    }
}

impl std::error::Error for CapsuleError {}

impl CapsuleError {
    pub(super) fn malformed(reason: impl fmt::Display) -> Self {
        CapsuleError::Malformed {
            reason: text::one_line(&text::beginning(reason, 300), 300),
        }
    }

    pub(crate) fn setting(setting: &'static str, reason: impl Into<String>) -> Self {
        CapsuleError::Setting {
            setting,
            reason: reason.into(),
        }
    }
}
