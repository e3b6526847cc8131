//! The folders in which hosts look for plugins.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::error::{Error, Result};
use crate::target_host::Host;

/// The most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// The folder of one host.
struct Place {
    /// The host's name in the harness.
    host: &'static str,
    /// The environment variable by which the host's users move the folder, and the path from there.
    moved_by: Option<(&'static str, &'static str)>,
    /// The path from the user's home folder.
    usual: &'static str,
    /// True if each plugin has a subfolder, named after its id.
    has_subfolders: bool,
}

const PLACES: [Place; 3] = [
    Place {
        host: "neotalk",
        moved_by: Some(("NEOTALK_PLUGIN_DIR", "")),
        usual: ".neotalk/plugins",
        has_subfolders: false,
    },
    Place {
        host: "musicfox",
        moved_by: Some(("MUSICFOX_ROOT", "plugins")),
        usual: ".go-musicfox/plugins",
        has_subfolders: true,
    },
    // The README of CIS's WASM runtime names no folder; this one is that of CIS's other pages.
    Place {
        host: "cis",
        moved_by: None,
        usual: ".cis/skills",
        has_subfolders: true,
    },
];

/// The place of a host's plugins on this computer.
pub struct HostFolder {
    /// The folder of all plugins.
    path: PathBuf,
    has_subfolders: bool,
}

/// Returns the names of the hosts that look for plugins in a folder.
pub fn hosts() -> impl Iterator<Item = &'static str> {
    PLACES.iter().map(|place| place.host)
}

impl HostFolder {
    /// Finds the folder of a host; `dir` takes its place.
    ///
    /// # Errors
    ///
    /// If the user has no home folder, or the host loads plugins in another way.
    pub fn of(host: Host, dir: Option<&Path>) -> Result<Self> {
        let place = PLACES.iter().find(|place| place.host == host.name);
        let place = place.ok_or_else(|| {
            Error::new(format!(
                "the host `{}` does not look for plugins in a folder",
                host.name
            ))
        })?;
        let path = match dir {
            Some(dir) => dir.to_owned(),
            None => place.path().ok_or_else(|| {
                Error::new("this user has no home folder").help("`--dir DIR` names another folder")
            })?,
        };
        Ok(HostFolder {
            path,
            has_subfolders: place.has_subfolders,
        })
    }

    /// Returns the folder for the files of one plugin.
    pub fn of_plugin(&self, id: &str) -> PathBuf {
        match self.has_subfolders {
            true => self.path.join(id),
            false => self.path.clone(),
        }
    }

    /// Returns where the sidecars of all plugins may be, given the name of one plugin's.
    pub fn sidecars(&self, name: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.path).into_iter().flatten();
        let entries = entries
            .take(MAX_ENTRIES)
            .flatten()
            .map(|entry| entry.path());
        match self.has_subfolders {
            true => entries.map(|folder| folder.join(name)).collect(),
            false => {
                let extension = Path::new(name).extension();
                entries
                    .filter(|path| path.extension() == extension)
                    .collect()
            }
        }
    }
}

impl Place {
    fn path(&self) -> Option<PathBuf> {
        let moved = self.moved_by.and_then(|(variable, below)| {
            let folder = env::var_os(variable).filter(|folder| !folder.is_empty())?;
            Some(Path::new(&folder).join(below))
        });
        // An empty `HOME` names no folder.
        let home = || env::home_dir().filter(|home| !home.as_os_str().is_empty());
        moved.or_else(|| Some(home()?.join(self.usual)))
    }
}
