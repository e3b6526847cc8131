//! The results of building a plugin's crate: the module as shipped, and its sidecars.

use std::path::PathBuf;

use plugin_sdk_harness::manifest::Manifest;
use plugin_sdk_harness::symbols_file;

use crate::component::{self, Component, Kind};
use crate::error::{Error, Result};
use crate::project::{DEV, Features, Project, RELEASE};
use crate::sidecar::{self, Sidecar};
use crate::target_host::{self, BuildTarget};
use crate::terminal::Terminal;
use crate::wasm::{self, Anatomy};
use crate::wasm_opt;

/// The hint for making a plugin describe itself.
const NO_MANIFEST: &str =
    "the plugin's crate must have a struct with `#[plugin]`, of plugin-sdk 0.1 or later";

/// The options for building a module.
#[derive(clap::Args)]
pub struct BuildOptions {
    /// Builds with the profile `release`, which is the default
    #[arg(short, long, conflicts_with = "profile")]
    release: bool,
    /// Builds with another profile, such as `dev`
    #[arg(long, value_name = "NAME", default_value = RELEASE)]
    profile: String,
    /// Makes the module smaller with `wasm-opt`, which must be installed
    #[arg(long)]
    optimize: bool,
    /// Keeps the names of functions in the module, for readable stack traces
    #[arg(long)]
    keep_names: bool,
    /// Makes the plugin now, so that new instances start with it: runs constructors and `Default`,
    /// and ships the module with the result in its memory. What needs the host or a configuration
    /// still runs in each instance
    #[arg(long)]
    snapshot: bool,
    /// The host to build for, with the plugin's feature `host-…`; give it several times for a
    /// module each [default: hosts of the SDK's own ABI]
    #[arg(long = "host", value_name = "HOST", value_parser = target_host::target_parser())]
    hosts: Vec<BuildTarget>,
    #[command(flatten)]
    features: Features,
}

impl BuildOptions {
    /// Returns the hosts that the plugin is built for, each once, with the features for it. Fails
    /// before anything is built if the plugin does not support one of them.
    pub fn hosts(&self, project: &Project) -> Result<Vec<(Option<BuildTarget>, Features)>> {
        let mut hosts: Vec<(Option<BuildTarget>, Features)> = Vec::new();
        for &host in &self.hosts {
            let is_same = |known: BuildTarget| known.name() == host.name();
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

    /// Returns the default folder for a plugin's files: one for each plugin and profile, within
    /// cargo's target folder.
    pub fn folder(&self, project: &Project) -> PathBuf {
        let profile = match self.profile.as_str() {
            DEV | "test" => "debug",
            "bench" => RELEASE,
            own => own,
        };
        project.target_dir.join("plugin").join(profile)
    }
}

/// A module and its sidecars, with the data that they were made from.
pub struct Bundle {
    /// The host that the module is made for.
    pub host: BuildTarget,
    /// The plugin's manifest.
    pub manifest: Manifest,
    /// The module as shipped, possibly within a component.
    pub wasm: Vec<u8>,
    /// The component that is shipped instead of the module.
    pub component: Option<Component>,
    /// The module's parts, with the names from before stripping.
    pub named: Anatomy,
    /// The files next to the module, generated from the manifest.
    pub sidecars: Vec<Sidecar>,
    /// The names of a stripped module's functions, for failures and not for hosts.
    pub symbols: Option<Vec<u8>>,
}

impl Bundle {
    /// Builds the crate for one host, and makes the rest of the bundle from the result. Without a
    /// host, builds for the one that the crate's features choose.
    pub fn build(
        project: &Project,
        options: &BuildOptions,
        (host, features): &(Option<BuildTarget>, Features),
        terminal: &Terminal,
    ) -> Result<Self> {
        let what = match host.filter(|host| host.feature().is_some()) {
            Some(host) => format!(
                "{} ({}, for {})",
                project.title(),
                options.profile,
                host.name()
            ),
            None => format!("{} ({})", project.title(), options.profile),
        };
        terminal.status("Building", &what);
        // Modules for everyday work keep their names and debug information.
        let strips = !options.keep_names && options.profile != DEV;
        // The linker strips names as its last step, and this changes nothing else. So names are
        // kept to measure the parts, and stripped here. Without debug information, the linker can
        // write every address in as few bytes as it needs: a tenth of a module.
        let compiler: &[&str] = match options.profile.as_str() {
            DEV => &[],
            _ => &[
                "-C",
                "strip=debuginfo",
                "-C",
                "link-arg=--compress-relocations",
            ],
        };
        let source = project.source(&options.profile, features);
        let source = source.compiler_arguments(compiler.iter().copied());
        let source = match options.snapshot {
            true => source.snapshot(),
            false => source,
        };
        let built = project.compile(source, terminal)?;
        let mut wasm = built.wasm.to_vec();
        let host = made_for(project, *host, &wasm)?;
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
        if options.snapshot && manifest.config.is_some() {
            terminal.warning(
                "the `#[init]` hook is not in the snapshot: each instance runs it with its own configuration",
            );
        }
        let (sidecars, component) = match host {
            BuildTarget::Host(host) => (sidecar::of(host, &manifest, &named.interface), None),
            BuildTarget::Component(kind) => {
                let component = component::encode(kind, &wasm, &manifest)?;
                (Vec::new(), Some(component))
            }
        };
        Ok(Bundle {
            host,
            manifest,
            wasm,
            component,
            named,
            sidecars,
            symbols,
        })
    }

    /// Returns the names and contents of the shipped file and those next to it.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let file = sidecar::module_file(&self.manifest);
        if let Some(Component { wasm, wit }) = &self.component {
            let wit = wit.clone().into_bytes();
            return vec![
                (file, wasm.clone()),
                (format!("{}.wit", self.manifest.id), wit),
            ];
        }
        let module = (file, self.wasm.clone());
        let sidecars = self
            .sidecars
            .iter()
            .map(|sidecar| (sidecar.file_name.clone(), sidecar.contents().into_bytes()));
        std::iter::once(module).chain(sidecars).collect()
    }

    /// Returns the host's name for files and folders, so that modules for several hosts do not
    /// overwrite each other; `None` for the SDK's own ABI.
    pub fn mark(&self) -> Option<&'static str> {
        self.host.feature().map(|_| self.host.name())
    }

    /// Returns `greeter v0.1.0`, with the plugin's id; adds the host's name unless it uses the
    /// SDK's own ABI.
    pub fn title(&self) -> String {
        let title = format!("{} v{}", self.manifest.id, self.manifest.version);
        match self.mark() {
            Some(host) => format!("{title} for {host}"),
            None => title,
        }
    }
}

/// Returns the target that a freshly built module is made for; fails if it is not the requested
/// one, as [`Project::made_for`] does.
fn made_for(project: &Project, target: Option<BuildTarget>, wasm: &[u8]) -> Result<BuildTarget> {
    if let Some(made) = Kind::of(wasm).map(BuildTarget::Component)
        && target.is_none_or(|target| target.name() == made.name())
    {
        return Ok(made);
    }
    let host = match target {
        Some(BuildTarget::Host(host)) => Some(host),
        None => None,
        Some(BuildTarget::Component(kind)) => {
            let error = Error::new(format!(
                "the module built from `{}` cannot become a component",
                project.name
            ));
            return Err(error.help(format!(
                "the feature must select components in the SDK:\n\n  {}",
                project.feature_line(kind.feature())
            )));
        }
    };
    project.made_for(host, wasm).map(BuildTarget::Host)
}

/// Reads the manifest of a module that the tool built.
pub fn manifest(wasm: &[u8], package: &str) -> Result<Manifest> {
    let nameless = || {
        Error::new(format!(
            "the module of `{package}` does not describe itself"
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
