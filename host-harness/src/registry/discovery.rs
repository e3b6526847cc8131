//! Modules in files and folders, with the sidecars that describe them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::error::RegistryError;
use super::options::PluginOptions;
use super::state::PluginState;
use super::status::{CallFigures, PluginStatus};
use crate::hosts::{self, HostContract};
use crate::manifest::Manifest;
use crate::run::Module;
use crate::source::Source;
use crate::text;

/// The most entries that a folder of plugins may have, with those of its subfolders.
const MAX_ENTRIES: usize = 10_000;

/// The largest sidecar or saved configuration, in bytes.
const MAX_TEXT: u64 = 1 << 20;

/// The longest id, in bytes.
const MAX_ID: usize = 128;

/// A module that may be loaded.
pub(super) struct Found {
    source: Source,
    stamp: Option<Stamp>,
    seen_at: SystemTime,
}

/// The marks by which a registry notices that a file has changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

/// A module that has been loaded, and what describes it.
pub(super) struct Loaded {
    pub(super) id: String,
    pub(super) module: Module,
    pub(super) host: &'static HostContract,
    pub(super) description: Description,
    pub(super) source: Source,
    pub(super) stamp: Option<Stamp>,
    pub(super) loaded_at: SystemTime,
}

/// A plugin's words about itself, from its manifest or its sidecar.
#[derive(Clone, Debug, Default)]
pub(super) struct Description {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) description: String,
    pub(super) plugin_type: Option<String>,
    pub(super) authors: Vec<String>,
}

impl Found {
    pub(super) fn of(source: Source) -> Self {
        Found {
            stamp: source.file_path().and_then(stamp),
            source,
            seen_at: SystemTime::now(),
        }
    }

    pub(super) fn file(&self) -> Option<&Path> {
        self.source.file_path()
    }

    /// Returns the file's name without its extension, which is the id of a plugin that declares
    /// none.
    pub(super) fn name(&self) -> &str {
        let stem = self.file().and_then(Path::file_stem);
        stem.and_then(|stem| stem.to_str()).unwrap_or("plugin")
    }

    pub(super) fn stamp(&self) -> Option<&Stamp> {
        self.stamp.as_ref()
    }

    /// Returns the status of a file that could not be loaded.
    pub(super) fn failed(&self, error: RegistryError) -> PluginStatus {
        PluginStatus {
            id: self.name().to_owned(),
            name: self.name().to_owned(),
            version: String::new(),
            description: String::new(),
            plugin_type: None,
            authors: Vec::new(),
            host: hosts::native().name,
            file: self.file().map(Into::into),
            loaded_at: self.seen_at,
            state: PluginState::Failed,
            error: Some(error),
            reload_error: None,
            figures: CallFigures::default(),
        }
    }

    /// Loads the module for the host that it was built for, and finds out its id.
    pub(super) fn load(&self, options: &PluginOptions) -> Result<Loaded, RegistryError> {
        let (module, host) = Module::load_for_its_host(self.source.clone(), options.host)?;
        let description = match (module.manifest(), self.file()) {
            (Some(manifest), _) => Description::of(manifest),
            (None, Some(file)) => sidecar(file)?.unwrap_or_default(),
            (None, None) => Description::default(),
        };
        let id = match (&options.id, description.id.as_str()) {
            (Some(id), _) => id,
            (None, "") => self.name(),
            (None, id) => id,
        };
        check_id(id)?;
        Ok(Loaded {
            id: id.to_owned(),
            module,
            host,
            description,
            source: self.source.clone(),
            stamp: self.stamp.clone(),
            loaded_at: SystemTime::now(),
        })
    }
}

impl Description {
    fn of(manifest: &Manifest) -> Self {
        Description {
            id: manifest.id.clone(),
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            description: manifest.description.clone(),
            plugin_type: manifest.plugin_type.clone(),
            authors: manifest.authors.clone(),
        }
    }

    /// Returns the words of a sidecar; `[skill]` of a `skill.toml` has been taken out of it.
    fn of_sidecar(document: &Value) -> Self {
        let text = |name: &str| {
            let value = document.get(name).and_then(Value::as_str);
            value.map(|value| text::beginning(value, text::MAX_SHOWN))
        };
        let id = text("id").or_else(|| text("name"));
        Description {
            id: id.clone().unwrap_or_default(),
            name: text("name").or(id).unwrap_or_default(),
            version: text("version").unwrap_or_default(),
            description: text("description").unwrap_or_default(),
            plugin_type: text("plugin_type").or_else(|| text("type")),
            authors: Vec::from_iter(text("author")),
        }
    }
}

/// Returns the state of a file; `None` if it cannot be read.
pub(super) fn stamp(file: &Path) -> Option<Stamp> {
    let found = fs::metadata(file).ok()?;
    Some(Stamp {
        modified: found.modified().ok(),
        bytes: found.len(),
    })
}

/// Returns the modules in a folder and in its subfolders, one level deep, in the order of their
/// paths.
pub(super) fn modules_in(dir: &Path) -> Result<Vec<PathBuf>, RegistryError> {
    let mut left = MAX_ENTRIES;
    let mut modules = Vec::new();
    for path in entries(dir, &mut left)? {
        if path.is_dir() {
            // A subfolder that cannot be read has no plugins for this host.
            let inner = entries(&path, &mut left).unwrap_or_default();
            modules.extend(inner.into_iter().filter(|path| is_module(path)));
        } else if is_module(&path) {
            modules.push(path);
        }
    }
    modules.sort();
    Ok(modules)
}

fn entries(dir: &Path, left: &mut usize) -> Result<Vec<PathBuf>, RegistryError> {
    let io = |error: &std::io::Error| RegistryError::io(dir, error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| io(&error))? {
        *left = left.checked_sub(1).ok_or_else(|| RegistryError::Io {
            path: dir.to_path_buf(),
            reason: format!("a folder of plugins may have {MAX_ENTRIES} entries"),
        })?;
        paths.push(entry.map_err(|error| io(&error))?.path());
    }
    Ok(paths)
}

fn is_module(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "wasm")
        && path.is_file()
}

/// Reads the sidecar of a module: `<name>.json`, `plugin.json` or `skill.toml`.
fn sidecar(module: &Path) -> Result<Option<Description>, RegistryError> {
    let beside = |name: &str| module.with_file_name(name);
    for path in [module.with_extension("json"), beside("plugin.json")] {
        if path.is_file() {
            let document: Value =
                serde_json::from_str(&read_text(&path)?).map_err(|error| invalid(&path, &error))?;
            return Ok(Some(Description::of_sidecar(&document)));
        }
    }
    let path = beside("skill.toml");
    if !path.is_file() {
        return Ok(None);
    }
    let document: Value =
        toml::from_str(&read_text(&path)?).map_err(|error| invalid(&path, &error))?;
    let skill = document.get("skill").unwrap_or(&document);
    Ok(Some(Description::of_sidecar(skill)))
}

fn invalid(path: &Path, error: &dyn std::fmt::Display) -> RegistryError {
    RegistryError::Sidecar {
        path: path.to_path_buf(),
        reason: text::beginning(error, text::MAX_SHOWN),
    }
}

/// Reads a text file of a bounded size.
pub(super) fn read_text(path: &Path) -> Result<String, RegistryError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_TEXT + 1).read_to_string(&mut text));
    let len = read.map_err(|error| RegistryError::io(path, &error))?;
    if len as u64 > MAX_TEXT {
        return Err(RegistryError::Io {
            path: path.to_path_buf(),
            reason: format!("it has more than {MAX_TEXT} bytes"),
        });
    }
    Ok(text)
}

/// Checks that an id can be the name of a file and a part of an address.
fn check_id(id: &str) -> Result<(), RegistryError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let valid = (1..=MAX_ID).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(allowed);
    match valid {
        true => Ok(()),
        false => Err(RegistryError::InvalidId {
            id: text::beginning(id, MAX_ID),
        }),
    }
}
