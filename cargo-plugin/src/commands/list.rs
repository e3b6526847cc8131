//! `cargo plugin list`

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use plugin_sdk_harness::hosts;
use plugin_sdk_harness::inspect::Inspection;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::plugin_file::{Foreign, PluginFile};
use crate::quantities;
use crate::sidecar::WrittenSidecar;
use crate::terminal::{BAD, Report, Terminal, Verdict};
use crate::text;

/// Lists the plugins in a folder
///
/// Reads all files `*.wasm` in the folder, not those in folders within it. A file that is not a
/// plugin, or does not describe itself, is listed with the reason.
#[derive(clap::Args)]
pub struct List {
    /// The folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Lists only plugins of this type, such as `tool`
    #[arg(long = "type", value_name = "TYPE")]
    plugin_type: Option<String>,
}

impl List {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let mut plugins = Vec::new();
        let mut broken = Vec::new();
        for path in modules(&self.dir)? {
            match Entry::of(&path) {
                Ok(entry) => plugins.push(entry),
                Err(error) => broken.push(Broken::of(&path, &error)),
            }
        }
        let all = plugins.len();
        if let Some(only) = &self.plugin_type {
            plugins.retain(|plugin| plugin.plugin_type.as_ref() == Some(only));
        }
        plugins.sort_by_cached_key(|plugin| {
            let Entry {
                id, version, file, ..
            } = plugin;
            // Versions that are not semantic ones come first.
            let semantic = semver::Version::parse(version).ok();
            (id.clone(), semantic, version.clone(), file.clone())
        });
        broken.sort_by(|one, other| one.file.cmp(&other.file));
        terminal.show(&Listing {
            dir: text::path(&self.dir),
            hidden: all - plugins.len(),
            plugin_type: self.plugin_type,
            plugins,
            broken,
        })
    }
}

fn modules(dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: io::Error| {
        Error::new(format!("cannot list the folder `{}`", text::path(dir))).because(error)
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension() == Some(OsStr::new("wasm")) && !path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}

#[derive(Serialize)]
struct Entry {
    id: String,
    version: String,
    name: String,
    #[serde(rename = "type")]
    plugin_type: Option<String>,
    commands: usize,
    bytes: u64,
    /// The host that the module is made for.
    host: &'static str,
    file: String,
}

impl Entry {
    fn of(path: &Path) -> Result<Self> {
        let file = PluginFile::read(path)?;
        let inspection: Inspection<'_> = file.inspection()?;
        let foreign = file.foreign(&inspection);
        let sidecar = match &foreign {
            Some(_) => WrittenSidecar::find(path).map_err(Error::new)?,
            None => None,
        };
        if let (Some(Foreign { host, commands }), Some(sidecar)) = (foreign, sidecar) {
            return Ok(Entry {
                id: sidecar.id,
                name: sidecar.name,
                version: text::line(&sidecar.version, 60),
                plugin_type: sidecar.plugin_type,
                commands: commands.len(),
                bytes: inspection.size() as u64,
                host: host.name,
                file: file_name(path),
            });
        }
        let manifest = file.manifest(&inspection)?;
        let host = hosts::made_for(&inspection).unwrap_or_else(|| hosts::native());
        let failures = match host.feature {
            None => inspection.failures(),
            Some(_) => host.exports(&inspection),
        };
        if let Some(failure) = failures.first() {
            let error = Error::new(format!("`{}` is not a plugin", text::path(path)));
            return Err(error.because(failure.message()));
        }
        Ok(Entry {
            version: text::line(&manifest.version, 60),
            id: manifest.id,
            name: manifest.name,
            plugin_type: manifest.plugin_type,
            commands: manifest.commands.len(),
            bytes: inspection.size() as u64,
            host: host.name,
            file: file_name(path),
        })
    }
}

fn file_name(path: &Path) -> String {
    // Every entry of a folder has a name.
    let name = path.file_name().unwrap_or(path.as_os_str());
    text::line(&name.to_string_lossy(), 200)
}

#[derive(Serialize)]
struct Broken {
    file: String,
    reason: String,
}

impl Broken {
    fn of(path: &Path, error: &Error) -> Self {
        let reason = match error.causes() {
            [] => error.message().to_owned(),
            causes => causes.join(": "),
        };
        Broken {
            file: file_name(path),
            reason,
        }
    }
}

#[derive(Serialize)]
struct Listing {
    dir: String,
    #[serde(rename = "type")]
    plugin_type: Option<String>,
    plugins: Vec<Entry>,
    broken: Vec<Broken>,
    /// The number of plugins of other types.
    hidden: usize,
}

impl Report for Listing {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut parts = Vec::new();
        if !self.plugins.is_empty() {
            parts.push(self.table());
        }
        if let Some(ty) = self.plugin_type.as_ref().filter(|_| self.hidden > 0) {
            let plugins = match self.hidden {
                1 => "plugin is",
                _ => "plugins are",
            };
            let ty = text::line(ty, 60);
            parts.push(format!(
                "{} {plugins} of another type than `{ty}`\n",
                self.hidden
            ));
        }
        if !self.broken.is_empty() {
            let mut part = "Not plugins, or broken:\n".to_owned();
            for Broken { file, reason } in &self.broken {
                part.push_str(&format!("  {BAD}✗{BAD:#} {file}: {reason}\n"));
            }
            parts.push(part);
        }
        if parts.is_empty() {
            let dir = &self.dir;
            parts.push(format!(
                "There are no plugins in `{dir}`: it has no file `*.wasm`\n"
            ));
        }
        write!(out, "{}", parts.join("\n"))
    }
}

impl Listing {
    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING).set_header([
            "ID", "NAME", "VERSION", "TYPE", "HOST", "COMMANDS", "SIZE", "FILE",
        ]);
        for plugin in &self.plugins {
            table.add_row([
                text::line(&plugin.id, 60),
                text::line(&plugin.name, 60),
                plugin.version.clone(),
                text::line(plugin.plugin_type.as_deref().unwrap_or("-"), 60),
                plugin.host.to_owned(),
                plugin.commands.to_string(),
                quantities::bytes(plugin.bytes),
                plugin.file.clone(),
            ]);
        }
        let table = table.to_string();
        table
            .lines()
            .map(|line| format!("{}\n", line.trim()))
            .collect()
    }
}
