//! The error of reading a manifest.

use crate::failure::Failure;

/// The reason why [`Manifest::read`](super::Manifest::read) could not read a module's manifest.
///
/// Text from the module that appears in the message is bounded and free of terminal escapes.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are not a valid module.
    #[error("{}", .0.message())]
    Module(#[source] Failure),
    /// The module has several manifest sections instead of one.
    #[error("there are {count} of them")]
    Sections {
        /// The number of sections.
        count: usize,
    },
    /// The section exceeds the maximum size.
    #[error("it has {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// The size of the section in bytes.
        bytes: usize,
        /// The maximum size in bytes.
        limit: usize,
    },
    /// The section is not valid UTF-8.
    #[error("it is not UTF-8 after {valid_up_to} bytes")]
    NotUtf8 {
        /// The number of valid bytes at its beginning.
        valid_up_to: usize,
    },
    /// A line is not a JSON object with the expected members.
    #[error("line {line}: {reason}")]
    Line {
        /// The line number, counted from 1.
        line: usize,
        /// The reason.
        reason: String,
    },
    /// The manifest is for another version of the ABI.
    #[error("it is for version {found} of the ABI")]
    AbiVersion {
        /// The version in the manifest.
        found: u32,
    },
    /// The section has no line that describes the plugin itself.
    #[error("no line of it has the member `abi`, by which a line describes the plugin itself")]
    NoPlugin,
    /// The section describes several plugins.
    #[error("it describes several plugins; is another plugin linked into this one as a library?")]
    SeveralPlugins,
    /// Each line is valid, but the lines together are not.
    #[error("{reason}")]
    Contents {
        /// The reason.
        reason: String,
    },
}
