//! Errors of a registry.

use std::fmt;
use std::path::{Path, PathBuf};

use super::state::PluginState;
use crate::failure::Failure;
use crate::text;

/// The reason why a [`Registry`](super::Registry) could not do something.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RegistryError {
    /// No plugin has this id.
    UnknownPlugin {
        /// The id.
        id: String,
        /// The most similar id.
        similar: Option<String>,
    },
    /// The plugin does not run, so it takes no calls.
    NotRunning {
        /// The plugin's id.
        id: String,
        /// Its state.
        state: PluginState,
        /// The failure that ended it.
        failure: Option<Failure>,
    },
    /// Two plugins have the same id.
    DuplicateId {
        /// The id.
        id: String,
        /// The file of the loaded plugin; `None` if it did not come from a file.
        first: Option<PathBuf>,
        /// The file of the other one.
        second: Option<PathBuf>,
    },
    /// A reloaded module has another id.
    IdChanged {
        /// The plugin's id.
        id: String,
        /// The id of the new module.
        new: String,
    },
    /// An id that cannot be the name of a file.
    InvalidId {
        /// The id, shortened.
        id: String,
    },
    /// A sidecar that is not valid.
    Sidecar {
        /// The file.
        path: PathBuf,
        /// The reason why it is not valid.
        reason: String,
    },
    /// A file or a folder that cannot be read or written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        reason: String,
    },
    /// A topic or data of an event that are not valid.
    Service(plugin_sdk::Error),
    /// The failure of a module, a hook or a call.
    Plugin(Failure),
}

impl RegistryError {
    /// Returns the failure of the plugin, if that is the reason.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            RegistryError::Plugin(failure) => Some(failure),
            RegistryError::NotRunning { failure, .. } => failure.as_ref(),
            _ => None,
        }
    }

    /// Returns the reason as a stable word in `snake_case`: that of the failure, or of the variant.
    pub fn code(&self) -> &str {
        match self {
            RegistryError::UnknownPlugin { .. } => "unknown_plugin",
            RegistryError::NotRunning { .. } => "not_running",
            RegistryError::DuplicateId { .. } => "duplicate_id",
            RegistryError::IdChanged { .. } => "id_changed",
            RegistryError::InvalidId { .. } => "invalid_id",
            RegistryError::Sidecar { .. } => "sidecar",
            RegistryError::Io { .. } => "io",
            RegistryError::Service(error) => error.code(),
            RegistryError::Plugin(failure) => failure.code(),
        }
    }

    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        RegistryError::Io {
            path: path.to_path_buf(),
            reason: error.to_string(),
        }
    }

    pub(super) fn unknown<'a>(id: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let similar = text::nearest(id, known).map(str::to_owned);
        RegistryError::UnknownPlugin {
            id: text::name(id),
            similar,
        }
    }

    pub(super) fn duplicate(id: &str, first: Option<&Path>, second: Option<&Path>) -> Self {
        RegistryError::DuplicateId {
            id: id.to_owned(),
            first: first.map(Path::to_path_buf),
            second: second.map(Path::to_path_buf),
        }
    }
}

impl From<Failure> for RegistryError {
    fn from(failure: Failure) -> Self {
        RegistryError::Plugin(failure)
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = |file: &Option<PathBuf>| match file {
            Some(path) => format!("`{}`", path.display()),
            None => "a module in memory".to_owned(),
        };
        match self {
            RegistryError::UnknownPlugin { id, similar } => {
                write!(f, "there is no plugin `{id}`")?;
                match similar {
                    Some(similar) => write!(f, "; did you mean `{similar}`?"),
                    None => Ok(()),
                }
            }
            RegistryError::NotRunning { id, state, failure } => {
                write!(f, "the plugin `{id}` is {state}")?;
                if let Some(failure) = failure {
                    write!(f, " ({})", failure.message())?;
                }
                f.write_str("; start it first")
            }
            RegistryError::DuplicateId { id, first, second } => write!(
                f,
                "{} and {} are both the plugin `{id}`; unload or rename one of them",
                file(first),
                file(second)
            ),
            RegistryError::IdChanged { id, new } => write!(
                f,
                "the new module of the plugin `{id}` is the plugin `{new}`; load it as another plugin"
            ),
            RegistryError::InvalidId { id } => write!(
                f,
                "`{id}` is not a plugin's id: it needs 1 to 128 letters, digits, `-`, `_` or `.`, and no `.` at its beginning"
            ),
            RegistryError::Sidecar { path, reason } => {
                write!(
                    f,
                    "`{}` does not describe a plugin: {reason}",
                    path.display()
                )
            }
            RegistryError::Io { path, reason } => write!(f, "`{}`: {reason}", path.display()),
            RegistryError::Service(error) => f.write_str(error.message()),
            RegistryError::Plugin(failure) => f.write_str(&failure.message()),
        }
    }
}

impl std::error::Error for RegistryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RegistryError::Plugin(failure) => Some(failure),
            _ => None,
        }
    }
}
