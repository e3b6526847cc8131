//! `cargo plugin install`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use plugin_sdk_harness::hosts;
use plugin_sdk_harness::manifest::Manifest;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::host_folder::{self, HostFolder};
use crate::plugin_file::{self, PluginFile};
use crate::regular_file;
use crate::sidecar::{self, HandWritten};
use crate::target_host::Host;
use crate::terminal::{GOOD, Report, Terminal, Verdict};
use crate::text;
use crate::validation::{Expectations, validate};
use crate::wasm::Anatomy;
use crate::write::replace_all;

/// Puts a plugin and its sidecar where a host looks for plugins
///
/// Checks the module as `cargo plugin validate --host` does, and writes it with the sidecar that
/// the host reads. The folders are `~/.neotalk/plugins` (or $NEOTALK_PLUGIN_DIR),
/// `~/.go-musicfox/plugins/ID` (or $MUSICFOX_ROOT/plugins/ID) and `~/.cis/skills/ID`.
#[derive(clap::Args)]
pub struct Install {
    /// The plugin's `.wasm` file, built for the host
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The host that will run the plugin
    #[arg(long, value_name = "HOST", value_parser = hosts_with_folders())]
    host: Host,
    /// The folder of the host's plugins, in place of the usual one
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Overwrites installed files that have other contents
    #[arg(long)]
    force: bool,
}

fn hosts_with_folders() -> impl TypedValueParser<Value = Host> {
    PossibleValuesParser::new(host_folder::hosts())
        .try_map(|name| hosts::find(&name).ok_or_else(|| format!("there is no host `{name}`")))
}

/// A plugin's files, ready to be written.
struct Files {
    id: String,
    title: String,
    /// Names and contents: sidecars first, so that a host that finds the module finds them too.
    all: Vec<(String, Vec<u8>)>,
}

impl Install {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let plugin = PluginFile::read(&self.file)?;
        let validation = validate(
            &plugin,
            &Expectations {
                host: self.host,
                provides: Vec::new(),
                memory_pages: None,
                max_fuel: None,
                timeout_ms: None,
                manifest_path: None,
            },
        );
        if !validation.passed {
            return terminal.show(&validation);
        }
        let files = Files::of(&plugin, self.host)?;
        let place = HostFolder::of(self.host, self.dir.as_deref())?;
        let folder = place.of_plugin(&files.id);
        if let Some(other) = namesake(&place, &folder, self.host, &files) {
            return Err(Error::new(format!("`{}` cannot be installed", files.id))
                .because(format!(
                    "`{}` describes a plugin of this id",
                    text::path(&other)
                ))
                .help("a host runs one plugin of an id: remove the other one first"));
        }
        if !self.force {
            files.expect_room(&folder)?;
        }
        replace_all(&folder, &files.all)?;
        terminal.show(&Installed {
            title: files.title,
            id: files.id,
            host: self.host.name,
            files: files
                .all
                .iter()
                .map(|(name, _)| folder.join(name))
                .collect(),
        })
    }
}

impl Files {
    fn of(plugin: &PluginFile, host: Host) -> Result<Self> {
        let inspection = plugin.inspection()?;
        let described = inspection.manifest().map_err(|reason| {
            Error::new(format!(
                "`{}` cannot be described",
                text::path(&plugin.path)
            ))
            .because(reason)
        })?;
        match described {
            Some(manifest) => Self::described(plugin, host, &manifest),
            None => Self::undescribed(plugin, host),
        }
    }

    /// Returns the module under its id, with a sidecar made from its manifest.
    fn described(plugin: &PluginFile, host: Host, manifest: &Manifest) -> Result<Self> {
        let interface = Anatomy::of(&plugin.wasm)?.interface;
        let sidecars = sidecar::of(host, manifest, &interface).into_iter();
        let mut all: Vec<(String, Vec<u8>)> = sidecars
            .map(|sidecar| (sidecar.file_name.clone(), sidecar.contents().into_bytes()))
            .collect();
        all.push((sidecar::module_file(manifest), plugin.wasm.clone()));
        Ok(Files {
            id: manifest.id.clone(),
            title: format!("{} v{}", manifest.id, text::line(&manifest.version, 60)),
            all,
        })
    }

    /// Returns the module and the sidecar that its author wrote, both under their own names.
    fn undescribed(plugin: &PluginFile, host: Host) -> Result<Self> {
        let sidecar = HandWritten::next_to(&plugin.path, host)?;
        // The path ends with a name, because it could be read.
        let module = plugin.path.file_name().unwrap_or_default();
        let module = module.to_string_lossy().into_owned();
        Ok(Files {
            title: sidecar.id.clone(),
            id: sidecar.id,
            all: vec![
                (sidecar.file_name, sidecar.contents.into_bytes()),
                (module, plugin.wasm.clone()),
            ],
        })
    }

    /// Refuses to overwrite a file with other contents.
    fn expect_room(&self, folder: &Path) -> Result<()> {
        // The module comes first, because it has a version.
        for (name, contents) in self.all.iter().rev() {
            let path = folder.join(name);
            let version = match regular_file::read(&path, plugin_file::MAX_BYTES) {
                Ok(found) if found == *contents => continue,
                Ok(found) => version_in(&found),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => String::new(),
                Err(error) => {
                    return Err(
                        Error::new(format!("cannot read `{}`", text::path(&path))).because(error)
                    );
                }
            };
            return Err(Error::new(format!("`{}` is installed already", self.id))
                .because(format!(
                    "`{}` has other contents{version}",
                    text::path(&path)
                ))
                .help("`--force` replaces it"));
        }
        Ok(())
    }
}

/// Returns the version of a module for a message; empty if it has none.
fn version_in(module: &[u8]) -> String {
    match Manifest::read(module) {
        Ok(Some(manifest)) => format!(": version {}", text::line(&manifest.version, 60)),
        _ => String::new(),
    }
}

/// Returns the sidecar of another plugin of the same id, with another name or in another folder.
fn namesake(place: &HostFolder, folder: &Path, host: Host, files: &Files) -> Option<PathBuf> {
    let (sidecar, _) = files.all.first()?;
    let own = folder.join(sidecar);
    let mut sidecars = place.sidecars(sidecar).into_iter();
    sidecars.find(|path| *path != own && sidecar::is_of_plugin(path, host, &files.id))
}

#[derive(Serialize)]
struct Installed {
    #[serde(skip)]
    title: String,
    id: String,
    host: &'static str,
    files: Vec<PathBuf>,
}

impl Report for Installed {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{GOOD}✓{GOOD:#} {} for {}", self.title, self.host)?;
        for file in &self.files {
            writeln!(out, "  {}", text::path(file))?;
        }
        Ok(())
    }
}
