//! `cargo plugin validate`

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::plugin_file::PluginFile;
use crate::project::{Features, Project, RELEASE, Selection};
use crate::target_host::{self, Host};
use crate::terminal::{Terminal, Verdict};
use crate::validation::{Expectations, validate};

/// Checks a plugin file, without running it
///
/// Checks its format, exports and imports, the limits that it asks for, its manifest, its sidecar,
/// and imports that come from its dependencies.
#[derive(clap::Args)]
pub struct Validate {
    /// The plugin's `.wasm` file [default: the release build of the project in the current folder]
    #[arg(conflicts_with_all = ["package", "features", "no_default_features"])]
    file: Option<PathBuf>,
    /// Shows all details
    #[arg(short, long)]
    verbose: bool,
    /// The host that will run the plugin
    #[arg(long, value_name = "HOST", default_value = "native", value_parser = target_host::parser())]
    host: Host,
    /// A module of further functions that the host offers; may be given several times
    #[arg(long, value_name = "MODULE")]
    provides: Vec<String>,
    /// The memory that the host gives, in pages of 64 KiB
    #[arg(long, value_name = "PAGES")]
    memory_pages: Option<u32>,
    /// The fuel that the host gives to a call
    #[arg(long, value_name = "FUEL")]
    max_fuel: Option<u64>,
    /// The host's time limit for a call, in milliseconds
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u64>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    features: Features,
}

impl Validate {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let (file, manifest_path) = match &self.file {
            Some(file) => {
                let manifest = self.selection.manifest_path();
                (PluginFile::read(file)?, manifest.map(Path::to_owned))
            }
            None => {
                let project = Project::find(&self.selection)?;
                (self.build(&project, terminal)?, Some(project.manifest()))
            }
        };
        let mut validation = validate(
            &file,
            &Expectations {
                host: self.host,
                provides: self.provides,
                memory_pages: self.memory_pages,
                max_fuel: self.max_fuel,
                timeout_ms: self.timeout_ms,
                manifest_path,
            },
        );
        validation.verbose = self.verbose;
        terminal.show(&validation)
    }

    /// Builds a project's plugin for shipping, for the host.
    fn build(&self, project: &Project, terminal: &Terminal) -> Result<PluginFile> {
        let features = project.features_for(Some(self.host), &self.features)?;
        terminal.status("Building", &project.title());
        let built = project.build(RELEASE, &features, terminal)?;
        Ok(PluginFile {
            path: built.path,
            wasm: built.wasm.to_vec(),
        })
    }
}
