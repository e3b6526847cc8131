//! What is made of a plugin's crate: the module as it is shipped, and the files that go with it.

use std::path::PathBuf;

use plugin_sdk_harness::manifest::Manifest;

use crate::error::{Error, Result};
use crate::project::{DEV, Features, Project, RELEASE};
use crate::sidecar::{self, Sidecar};
use crate::terminal::Terminal;
use crate::wasm::{self, Anatomy};
use crate::wasm_opt;

/// What makes a plugin describe itself.
const NO_MANIFEST: &str =
    "the plugin's crate must have a struct with `#[plugin]`, of plugin-sdk 0.1 or later";

/// How a module is built.
#[derive(clap::Args)]
pub struct BuildOptions {
    /// Builds with the profile `release`, as it does anyway
    #[arg(short, long, conflicts_with = "profile")]
    release: bool,
    /// Builds with another profile of the `Cargo.toml`, such as `dev`
    #[arg(long, value_name = "NAME", default_value = RELEASE)]
    profile: String,
    /// Makes the module smaller by `wasm-opt`, which must be installed
    #[arg(long)]
    optimize: bool,
    /// Leaves the names of functions in the module, for stacks that people can read
    #[arg(long)]
    keep_names: bool,
    #[command(flatten)]
    features: Features,
}

impl BuildOptions {
    /// Where the files of a plugin go unless another folder is named: one folder for each plugin and profile, within cargo's target folder.
    pub fn folder(&self, project: &Project) -> PathBuf {
        let profile = match self.profile.as_str() {
            DEV | "test" => "debug",
            "bench" => RELEASE,
            own => own,
        };
        project.target_dir.join("plugin").join(profile)
    }
}

/// A module and its sidecars, with what they were made of.
pub struct Bundle {
    /// What the plugin says of itself.
    pub manifest: Manifest,
    /// The module as it is shipped.
    pub wasm: Vec<u8>,
    /// The module's parts, with the names that it no longer has where it was stripped.
    pub named: Anatomy,
    /// The files beside it, generated from it.
    pub sidecars: [Sidecar; 2],
}

impl Bundle {
    /// Builds the crate, and makes the rest of what came of it.
    pub fn build(project: &Project, options: &BuildOptions, terminal: &Terminal) -> Result<Self> {
        terminal.status(
            "Building",
            &format!("{} ({})", project.title(), options.profile),
        );
        // Modules of everyday work keep their names and debug information.
        let strips = !options.keep_names && options.profile != DEV;
        // The linker leaves names out last of all, and changes nothing else by it: so they are kept to see what takes the space, and left out here.
        let compiler: &[&str] = match options.profile.as_str() {
            DEV => &[],
            _ => &["-C", "strip=debuginfo"],
        };
        let built = project.build_with(&options.profile, &options.features, compiler, terminal)?;
        let mut wasm = built.wasm.to_vec();
        if options.optimize {
            wasm = wasm_opt::run(&wasm, terminal)?;
        }
        let named = Anatomy::of(&wasm)?;
        if strips {
            wasm = wasm::strip(&wasm)?;
        }
        let manifest = manifest(&wasm, &project.name)?;
        let sidecars = sidecar::all(&manifest, &named.interface);
        Ok(Bundle {
            manifest,
            wasm,
            named,
            sidecars,
        })
    }

    /// The module and its sidecars: file names and contents.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let module = (sidecar::module_file(&self.manifest), self.wasm.clone());
        let sidecars = self
            .sidecars
            .iter()
            .map(|sidecar| (sidecar.file_name.clone(), sidecar.contents().into_bytes()));
        std::iter::once(module).chain(sidecars).collect()
    }

    /// `greeter v0.1.0`, by what the plugin calls itself.
    pub fn title(&self) -> String {
        format!("{} v{}", self.manifest.id, self.manifest.version)
    }
}

/// What a module of our own building says of itself.
pub fn manifest(wasm: &[u8], package: &str) -> Result<Manifest> {
    let nameless = || {
        Error::new(format!(
            "the module of `{package}` does not say what plugin it is"
        ))
        .help(NO_MANIFEST)
    };
    let manifest = Manifest::read(wasm)
        .map_err(|error| nameless().because(format!("its section `plugin-sdk`: {error}")))?
        .ok_or_else(|| nameless().because("it has no section `plugin-sdk`"))?;
    match manifest.id.is_empty() {
        true => Err(nameless().because("its section `plugin-sdk` has no member `id`")),
        false => Ok(manifest),
    }
}
