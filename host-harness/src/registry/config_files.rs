//! Configurations that outlive the process.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use serde_json::Value;

use super::discovery::read_text;
use super::error::RegistryError;

/// A folder with the configuration of each plugin.
pub(super) struct ConfigFiles(PathBuf);

impl ConfigFiles {
    pub(super) fn new(dir: PathBuf) -> Self {
        ConfigFiles(dir)
    }

    /// Reads the saved configuration of a plugin. Its id can be the name of a file.
    pub(super) fn read(&self, id: &str) -> Result<Option<Value>, RegistryError> {
        let path = self.path(id);
        match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            _ => {}
        }
        let text = read_text(&path)?;
        let config = serde_json::from_str(&text).map_err(|error| RegistryError::Io {
            path,
            reason: format!("the saved configuration is not valid JSON: {error}"),
        })?;
        Ok(Some(config))
    }

    /// Saves a configuration. If that fails, the saved one stays.
    pub(super) fn write(&self, id: &str, config: &Value) -> Result<(), RegistryError> {
        let path = self.path(id);
        let new = self.0.join(format!("{id}.json.new"));
        let written = fs::create_dir_all(&self.0).and_then(|()| {
            let mut file = File::create(&new)?;
            file.write_all(format!("{config:#}\n").as_bytes())?;
            // Without it, a crash could leave an empty file under the final name.
            file.sync_all()?;
            fs::rename(&new, &path)
        });
        written.map_err(|error| {
            // The error that matters is the first one.
            let _ = fs::remove_file(&new);
            RegistryError::io(&path, &error)
        })
    }

    fn path(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.json"))
    }
}
