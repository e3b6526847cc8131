//! The error of reading a manifest.

use std::error::Error;
use std::fmt;

use crate::failure::Failure;

/// The reason why [`Manifest::read`](super::Manifest::read) could not read a module's manifest.
///
/// Text from the module that appears in the message is bounded and free of terminal escapes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are not a valid module.
    Module(Failure),
    /// The module has several manifest sections instead of one.
    Sections {
        /// The number of sections.
        count: usize,
    },
    /// The section exceeds the maximum size.
    TooLarge {
        /// The size of the section in bytes.
        bytes: usize,
        /// The maximum size in bytes.
        limit: usize,
    },
    /// The section is not valid UTF-8.
    NotUtf8 {
        /// The number of valid bytes at its beginning.
        valid_up_to: usize,
    },
    /// A line is not a JSON object with the expected members.
    Line {
        /// The line number, counted from 1.
        line: usize,
        /// The reason.
        reason: String,
    },
    /// The manifest is for another version of the ABI.
    AbiVersion {
        /// The version in the manifest.
        found: u32,
    },
    /// The section has no line that describes the plugin itself.
    NoPlugin,
    /// The section describes several plugins.
    SeveralPlugins,
    /// Each line is valid, but the lines together are not.
    Contents {
        /// The reason.
        reason: String,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ManifestError::Module(failure) => f.write_str(&failure.message()),
            ManifestError::Sections { count } => write!(f, "there are {count} of them"),
            ManifestError::TooLarge { bytes, limit } => {
                write!(f, "it has {bytes} bytes; the limit is {limit}")
            }
            ManifestError::NotUtf8 { valid_up_to } => {
                write!(f, "it is not UTF-8 after {valid_up_to} bytes")
            }
            ManifestError::Line { line, reason } => write!(f, "line {line}: {reason}"),
            ManifestError::AbiVersion { found } => {
                write!(f, "it is for version {found} of the ABI")
            }
            ManifestError::NoPlugin => f.write_str(
                "no line of it has the member `abi`, by which a line describes the plugin itself",
            ),
            ManifestError::SeveralPlugins => f.write_str(
                "it describes several plugins; is another plugin linked into this one as a library?",
            ),
            ManifestError::Contents { reason } => f.write_str(reason),
        }
    }
}

impl Error for ManifestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ManifestError::Module(failure) => Some(failure),
            _ => None,
        }
    }
}
