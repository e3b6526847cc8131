//! Why a manifest cannot be read.

use std::fmt;

use crate::failure::Failure;

/// Why [`Manifest::read`](super::Manifest::read) could not read what a module says of itself.
///
/// Whatever text of the module's is in the message is bounded and free of terminal escapes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are no module.
    Module(Failure),
    /// There are several sections, and a module has one.
    Sections {
        /// How many there are.
        count: usize,
    },
    /// The section is larger than what is read.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// How many bytes are read.
        limit: usize,
    },
    /// The section is not text.
    NotUtf8 {
        /// How many of its bytes are.
        valid_up_to: usize,
    },
    /// A line is not a JSON object with the members that it should have.
    Line {
        /// Which one, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is for another version of the ABI.
    AbiVersion {
        /// Which one.
        found: u32,
    },
    /// There is a description of commands, and none of the plugin that they belong to.
    NoPlugin,
    /// The section describes several plugins.
    SeveralPlugins,
    /// The lines can be read, and what they say together cannot be.
    Contents {
        /// What is wrong.
        reason: String,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ManifestError::Module(failure) => f.write_str(&failure.message()),
            ManifestError::Sections { count } => write!(f, "there are {count} of them"),
            ManifestError::TooLarge { bytes, limit } => {
                write!(f, "it has {bytes} bytes, and {limit} are read")
            }
            ManifestError::NotUtf8 { valid_up_to } => {
                write!(f, "it is not UTF-8 after {valid_up_to} bytes")
            }
            ManifestError::Line { line, reason } => write!(f, "line {line}: {reason}"),
            ManifestError::AbiVersion { found } => {
                write!(f, "it is for version {found} of the ABI")
            }
            ManifestError::NoPlugin => {
                f.write_str("no line of it has the member `abi`, as that of the plugin itself has")
            }
            ManifestError::SeveralPlugins => f.write_str(
                "it describes several plugins; is another plugin linked into this one as a library?",
            ),
            ManifestError::Contents { reason } => f.write_str(reason),
        }
    }
}

impl std::error::Error for ManifestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ManifestError::Module(failure) => Some(failure),
            _ => None,
        }
    }
}
