//! A plugin's file, read without being run.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;
use plugin_sdk_harness::{Failure, Module, hosts};

use crate::error::{Error, Result};
use crate::project::{Features, Project, RELEASE};
use crate::regular_file;
use crate::target_host::Host;
use crate::terminal::Terminal;
use crate::text;

/// The largest file that is read, which is the harness's default limit for a module.
pub const MAX_BYTES: u64 = 64 << 20;

/// A plugin that was not made with this SDK.
pub struct Foreign {
    pub host: Host,
    /// The commands that its host can call.
    pub commands: Vec<String>,
}

/// The bytes of a file of any kind.
pub struct PluginFile {
    pub path: PathBuf,
    pub wasm: Vec<u8>,
}

impl PluginFile {
    pub fn read(path: &Path) -> Result<Self> {
        let failed = || Error::new(format!("cannot read `{}`", text::path(path)));
        if path.is_dir() {
            return Err(failed().because("it is a folder").help(format!(
                "`cargo plugin list --dir {}` lists the plugins in it",
                text::path(path)
            )));
        }
        let wasm = regular_file::read(path, MAX_BYTES).map_err(|error| {
            match (error.kind(), path.extension()) {
                (ErrorKind::NotFound, Some(wasm)) if wasm == "wasm" => failed()
                    .because(error)
                    .help("`cargo plugin build` builds the plugin of this folder"),
                (ErrorKind::FileTooLarge, _) => {
                    failed().because(format!("{error}, and no plugin is as large"))
                }
                _ => failed().because(error),
            }
        })?;
        let path = path.to_owned();
        Ok(PluginFile { path, wasm })
    }

    /// Reads a file, or builds the plugin in a project's folder for shipping.
    pub fn read_or_build(path: &Path, terminal: &Terminal) -> Result<Self> {
        if !path.join("Cargo.toml").is_file() {
            return Self::read(path);
        }
        let project = Project::at(path)?;
        terminal.status("Building", &project.title());
        let built = project.build(RELEASE, &Features::default(), terminal)?;
        Ok(PluginFile {
            path: path.to_owned(),
            wasm: built.wasm.to_vec(),
        })
    }

    /// Inspects the module; an error for commands that need a valid module.
    pub fn inspection(&self) -> Result<Inspection<'_>> {
        Inspection::of(&self.wasm).map_err(|failure| self.no_module(&failure))
    }

    /// Reads the module's manifest; an error for commands that need one.
    pub fn manifest(&self, inspection: &Inspection<'_>) -> Result<Manifest> {
        let error = || {
            Error::new(format!(
                "`{}` does not describe itself",
                text::path(&self.path)
            ))
        };
        match inspection.manifest() {
            Ok(Some(manifest)) => Ok(manifest),
            Ok(None) => Err(match self.foreign(inspection) {
                Some(Foreign { host, commands }) => error().because(format!(
                    "it is made for `{}` without this SDK; `cargo plugin call` calls {}",
                    host.name,
                    match commands.is_empty() {
                        true => "no function of it".to_owned(),
                        false => text::line(&commands.join(", "), 500),
                    }
                )),
                None => error()
                    .because("it has no section `plugin-sdk`")
                    .help(NO_SECTION),
            }),
            Err(reason) => {
                Err(error().because(format!("its section `plugin-sdk` cannot be read: {reason}")))
            }
        }
    }

    /// Returns the known facts about a plugin that does not describe itself and is made for a host
    /// other than the SDK's.
    pub fn foreign(&self, inspection: &Inspection<'_>) -> Option<Foreign> {
        if !matches!(inspection.manifest(), Ok(None)) {
            return None;
        }
        let host = hosts::made_for(inspection).filter(|host| host.feature.is_some())?;
        let module = Module::load_for(host, &*self.wasm).ok()?;
        let commands = module.commands().map(str::to_owned).collect();
        Some(Foreign { host, commands })
    }

    fn no_module(&self, failure: &Failure) -> Error {
        let error = Error::new(format!("`{}` is not a plugin", text::path(&self.path)));
        not_loaded(error, &self.wasm, failure)
    }
}

/// Adds the reason why bytes are not a module that can be used.
pub fn not_loaded(error: Error, wasm: &[u8], failure: &Failure) -> Error {
    match is_text(wasm) {
        true => error
            .because("it is WebAssembly text, not a module")
            .help("`wasm-tools parse FILE.wat -o FILE.wasm` makes a module of it"),
        false => error.because_of(failure),
    }
}

/// Returns true if bytes begin like a module in text format.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    ["(module", "(;", ";;"]
        .iter()
        .any(|begin| start.starts_with(begin.as_bytes()))
}

/// The hint for keeping or adding the section.
pub const NO_SECTION: &str = "`wasm-strip` without `--keep-section=plugin-sdk` and `llvm-strip --strip-all` remove it; `strip = true` in the profile and \
`wasm-opt --strip-debug` keep it. A plugin that was not made with plugin-sdk does not have it";
