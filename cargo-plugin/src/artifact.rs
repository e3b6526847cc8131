//! What is made of a plugin's crate: the module as it is shipped, and the files that go with it.

use std::path::PathBuf;

use plugin_sdk_harness::manifest::Manifest;
use plugin_sdk_harness::symbols_file;

use crate::error::{Error, Result};
use crate::project::{DEV, Features, Project, RELEASE};
use crate::sidecar::{self, Sidecar};
use crate::target_host::{self, Host};
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
    /// The host that the plugin is made for, by its feature `host-…`; several times for a module each [default: any that runs the SDK's own ABI]
    #[arg(long = "host", value_name = "HOST", value_parser = target_host::parser())]
    hosts: Vec<Host>,
    #[command(flatten)]
    features: Features,
}

impl BuildOptions {
    /// The hosts that the plugin is made for, each once, with the features that it is built with. One that it is not ready for is an error before anything is built.
    pub fn hosts(&self, project: &Project) -> Result<Vec<(Option<Host>, Features)>> {
        let mut hosts: Vec<(Option<Host>, Features)> = Vec::new();
        for &host in &self.hosts {
            let is_same = |known: Host| known.name == host.name;
            if !hosts.iter().any(|(known, _)| known.is_some_and(is_same)) {
                let features = project.features_for(Some(host), &self.features)?;
                hosts.push((Some(host), features));
            }
        }
        if hosts.is_empty() {
            hosts.push((None, self.features.clone()));
        }
        Ok(hosts)
    }

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
    /// The host that it is made for.
    pub host: Host,
    /// What the plugin says of itself.
    pub manifest: Manifest,
    /// The module as it is shipped.
    pub wasm: Vec<u8>,
    /// The module's parts, with the names that it no longer has where it was stripped.
    pub named: Anatomy,
    /// The files beside it, generated from it.
    pub sidecars: Vec<Sidecar>,
    /// The names of its functions where it was stripped, for failures and not for hosts.
    pub symbols: Option<Vec<u8>>,
}

impl Bundle {
    /// Builds the crate for one host, and makes the rest of what came of it. Where nobody says which, it is the one that the crate's features choose.
    pub fn build(
        project: &Project,
        options: &BuildOptions,
        (host, features): &(Option<Host>, Features),
        terminal: &Terminal,
    ) -> Result<Self> {
        let what = match host.filter(|host| host.feature.is_some()) {
            Some(host) => format!(
                "{} ({}, for {})",
                project.title(),
                options.profile,
                host.name
            ),
            None => format!("{} ({})", project.title(), options.profile),
        };
        terminal.status("Building", &what);
        // Modules of everyday work keep their names and debug information.
        let strips = !options.keep_names && options.profile != DEV;
        // The linker leaves names out last of all, and changes nothing else by it: so they are kept to see what takes the space, and left out here.
        let compiler: &[&str] = match options.profile.as_str() {
            DEV => &[],
            _ => &["-C", "strip=debuginfo"],
        };
        let built = project.build_with(&options.profile, features, compiler, terminal)?;
        let mut wasm = built.wasm.to_vec();
        let host = project.made_for(*host, &wasm)?;
        if options.optimize {
            wasm = wasm_opt::run(&wasm, terminal)?;
        }
        let named = Anatomy::of(&wasm)?;
        let mut symbols = None;
        if strips {
            let stripped = wasm::strip(&wasm)?;
            symbols = symbols_file(&wasm, &stripped);
            wasm = stripped;
        }
        let manifest = manifest(&wasm, &project.name)?;
        let sidecars = sidecar::of(host, &manifest, &named.interface);
        Ok(Bundle {
            host,
            manifest,
            wasm,
            named,
            sidecars,
            symbols,
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

    /// The host's name in files and folders, so that modules for several hosts do not take each other's place; `None` for those of the SDK's own ABI.
    pub fn mark(&self) -> Option<&'static str> {
        self.host.feature.map(|_| self.host.name)
    }

    /// `greeter v0.1.0`, by what the plugin calls itself; with the host's name, where that is not one of the SDK's own ABI.
    pub fn title(&self) -> String {
        let title = format!("{} v{}", self.manifest.id, self.manifest.version);
        match self.mark() {
            Some(host) => format!("{title} for {host}"),
            None => title,
        }
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
