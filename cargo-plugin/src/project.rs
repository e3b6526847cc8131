//! The plugin's crate, which `cargo metadata` finds and cargo builds.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cargo_metadata::{
    CrateType, Dependency, DependencyKind, Error as MetadataError, Metadata, MetadataCommand,
    Package, Target,
};
use plugin_sdk_harness::hosts;
use plugin_sdk_harness::{
    BuildFailure, CargoEnvironment, CrateSource, Failure, FailureKind, Source,
};

use crate::error::{Error, Result};
use crate::target_host::{self, BuildTarget, Host};
use crate::terminal::{Form, Terminal};
use crate::text;

const SDK: &str = "plugin-sdk";

/// The crate to work on.
#[derive(clap::Args)]
#[command(next_help_heading = "Package selection")]
pub struct Selection {
    /// The `Cargo.toml` of the plugin or its workspace [default: the one of the current folder]
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// The plugin's package, where a workspace has several
    #[arg(short, long, value_name = "NAME")]
    package: Option<String>,
}

impl Selection {
    /// Returns the name of the package that the user chose, if any.
    pub fn package(&self) -> Option<&str> {
        self.package.as_deref()
    }

    /// Returns the path of the `Cargo.toml` that the user named, if any.
    pub fn manifest_path(&self) -> Option<&Path> {
        self.manifest_path.as_deref()
    }
}

/// The features of the crate that are built.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Feature selection")]
pub struct Features {
    /// Features to turn on, separated by commas
    #[arg(short = 'F', long, value_delimiter = ',', value_name = "FEATURES")]
    features: Vec<String>,
    /// Turns the default features off
    #[arg(long)]
    no_default_features: bool,
}

impl Features {
    /// Returns these features and one more.
    fn and(&self, feature: &str) -> Self {
        let mut features = self.clone();
        if !features.features.iter().any(|known| known == feature) {
            features.features.push(feature.to_owned());
        }
        features
    }

    /// Returns the names of the features.
    pub fn names(&self) -> &[String] {
        &self.features
    }

    /// Returns true if the default features are off.
    pub fn lack_defaults(&self) -> bool {
        self.no_default_features
    }

    /// Returns the features as arguments for cargo.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if !self.features.is_empty() {
            arguments.push("--features".to_owned());
            arguments.push(self.features.join(","));
        }
        if self.no_default_features {
            arguments.push("--no-default-features".to_owned());
        }
        arguments
    }
}

/// The profile for builds that ship.
pub const RELEASE: &str = "release";

/// The profile for everyday work.
pub const DEV: &str = "dev";

/// The crate of a plugin.
///
/// The plugin's id is unknown until the crate is built: the id is in the module's manifest.
#[derive(Debug)]
pub struct Project {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: semver::Version,
    /// The package's folder.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target_dir: PathBuf,
    /// The file that the package names as its readme, or that cargo finds by default.
    pub readme: Option<PathBuf>,
    /// The file that the package names as its licence.
    pub license_file: Option<PathBuf>,
    /// The names of the features that the package defines.
    features: Vec<String>,
    /// The name under which the package depends on the SDK.
    sdk: String,
    /// The path of the `Cargo.toml` of the package.
    manifest: PathBuf,
}

/// A module that cargo built.
pub struct Built {
    /// The module as built.
    pub wasm: Arc<[u8]>,
    /// The path to which cargo wrote it.
    pub path: PathBuf,
}

impl Project {
    /// Returns the plugin's crate in a folder.
    pub fn at(folder: &Path) -> Result<Self> {
        Project::find(&Selection {
            manifest_path: Some(folder.join("Cargo.toml")),
            package: None,
        })
    }

    /// Finds the plugin's crate as cargo finds a package.
    pub fn find(selection: &Selection) -> Result<Self> {
        let here = env::current_dir()
            .map_err(|error| Error::new("there is no current folder").because(error))?;
        let metadata = metadata(selection.manifest_path.as_deref())?;
        let place = match &selection.manifest_path {
            Some(manifest) => here.join(manifest),
            None => here.join("Cargo.toml"),
        };
        let package = match &selection.package {
            Some(name) => named(&metadata, name)?,
            None => nearest(&metadata, &place)?,
        };
        if let Some(lack) = lack(package) {
            return Err(lack.error(package, &metadata));
        }
        let root = match package.manifest_path.parent() {
            Some(parent) => parent.as_std_path().to_owned(),
            None => PathBuf::new(),
        };
        let sdk = package
            .dependencies
            .iter()
            .find(|dependency| is_sdk(dependency));
        let sdk = sdk.and_then(|dependency| dependency.rename.clone());
        Ok(Project {
            features: package.features.keys().cloned().collect(),
            sdk: sdk.unwrap_or_else(|| SDK.to_owned()),
            manifest: package.manifest_path.clone().into(),
            name: package.name.to_string(),
            version: package.version.clone(),
            target_dir: metadata.target_directory.clone().into(),
            readme: package.readme.as_ref().map(|file| root.join(file)),
            license_file: package.license_file.as_ref().map(|file| root.join(file)),
            root,
        })
    }

    /// Returns the features for building the plugin for a host: those given, and the one that
    /// chooses the host's contract. Without a host, returns the given features.
    pub fn features_for(
        &self,
        target: Option<impl Into<BuildTarget>>,
        features: &Features,
    ) -> Result<Features> {
        let target = target.map(Into::into);
        let chosen = target.and_then(|target| Some((target, target.feature()?)));
        let Some((target, feature)) = chosen else {
            return Ok(features.clone());
        };
        if self.features.iter().any(|known| known == feature) {
            return Ok(features.and(feature));
        }
        let (line, manifest) = (self.feature_line(feature), self.manifest.display());
        let message = format!(
            "the plugin `{}` cannot be built for the host `{}`",
            self.name,
            target.name()
        );
        Err(Error::new(message)
            .because(format!("it has no feature `{feature}`: {manifest}"))
            .help(match self.features.is_empty() {
                true => format!("add these lines to it:\n\n  [features]\n  {line}"),
                false => format!("add this line to its `[features]`:\n\n  {line}"),
            }))
    }

    /// Returns the host that a freshly built module is made for; fails if it is not the requested
    /// one. A feature may exist and choose no contract, and a default feature may choose one
    /// unasked.
    pub fn made_for(&self, host: Option<Host>, wasm: &[u8]) -> Result<Host> {
        let found = target_host::host(wasm);
        let (Some(found), Some(host)) = (found, host) else {
            return Ok(host.or(found).unwrap_or_else(|| hosts::native()));
        };
        if found.name == host.name {
            return Ok(host);
        }
        let error = Error::new(format!(
            "the module built from `{}` is not a plugin for the host `{}`",
            self.name, host.name
        ))
        .because(target_host::mismatch(found));
        Err(match (host.feature, found.feature) {
            (Some(feature), _) => error.help(format!(
                "the feature must select that host in the SDK:\n\n  {}",
                self.feature_line(feature)
            )),
            (None, Some(feature)) => error.help(format!(
                "no feature may turn `{feature}` on by default: `--host {}` does that",
                found.name
            )),
            (None, None) => error,
        })
    }

    /// Returns the line of `Cargo.toml` that lets a plugin be built for a host.
    pub fn feature_line(&self, feature: &str) -> String {
        format!("{feature} = [\"{}/{feature}\"]", self.sdk)
    }

    /// Builds the module for shipping: alone, without a Rust library from the same build, so that
    /// link-time optimisation works.
    pub fn build(&self, profile: &str, features: &Features, terminal: &Terminal) -> Result<Built> {
        self.compile(self.source(profile, features).cdylib_only(), terminal)
    }

    /// Builds the module together with the Rust library, as the crate's tests do, so that they find
    /// it built.
    pub fn build_for_tests(
        &self,
        profile: &str,
        features: &Features,
        terminal: &Terminal,
    ) -> Result<Built> {
        self.compile(self.source(profile, features), terminal)
    }

    /// Builds the module so that it counts its allocations, in which leaks can be found.
    pub fn build_to_count(
        &self,
        profile: &str,
        features: &Features,
        terminal: &Terminal,
    ) -> Result<Built> {
        let source = self.source(profile, features).count_allocations();
        self.compile(source, terminal)
    }

    /// Returns the source of the module, which has options of its own.
    pub fn source(&self, profile: &str, features: &Features) -> CrateSource {
        let source = Source::crate_dir(&self.root)
            .profile(profile)
            .features(features.features.iter().cloned());
        match features.no_default_features {
            true => source.no_default_features(),
            false => source,
        }
    }

    /// Builds the module of a [`source`](Project::source).
    ///
    /// People see cargo's output; if a program reads the result, an error includes it.
    pub fn compile(&self, source: CrateSource, terminal: &Terminal) -> Result<Built> {
        let source = match terminal.form() {
            Form::Text => source.show_output(),
            Form::Json => source,
        };
        let compiled = source
            .compile()
            .map_err(|failure| build_failed(&failure, &self.name))?;
        Ok(Built {
            wasm: compiled.wasm,
            path: compiled.path,
        })
    }

    /// Returns the path of the `Cargo.toml` of the package.
    pub fn manifest(&self) -> PathBuf {
        self.manifest.clone()
    }

    /// Returns a cargo command in the package's folder, as the author would run it.
    pub fn cargo(&self) -> Command {
        CargoEnvironment::for_host().cargo(&self.root)
    }

    /// Returns `name v0.1.0`, as cargo shows packages.
    pub fn title(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }
}

/// The property of a plugin that a package lacks.
enum Lack {
    Sdk,
    Library,
    Cdylib,
}

impl Lack {
    fn error(self, package: &Package, metadata: &Metadata) -> Error {
        let (manifest, name) = (&package.manifest_path, &package.name);
        let (message, reason, help) = match self {
            Lack::Sdk => (
                format!("the package `{name}` is not a plugin"),
                format!("it does not depend on `{SDK}`: {manifest}"),
                match plugins(metadata).as_slice() {
                    [] => "`cargo plugin new NAME` creates a plugin; `cargo add plugin-sdk` is the first step to turn a package into one".to_owned(),
                    several => choose(several),
                },
            ),
            Lack::Library => (
                format!("the package `{name}` has no library that could be a plugin"),
                format!("there is no `src/lib.rs` next to {manifest}"),
                "a plugin is a library with `#[plugin]` in it: move it to `src/lib.rs`".to_owned(),
            ),
            Lack::Cdylib => (
                format!("the library of the package `{name}` does not become a WebAssembly module"),
                format!("its crate types lack `cdylib`: {manifest}"),
                "add these lines to it:\n\n  [lib]\n  crate-type = [\"cdylib\", \"rlib\"]".to_owned(),
            ),
        };
        Error::new(message).because(reason).help(help)
    }
}

fn is_sdk(dependency: &Dependency) -> bool {
    dependency.kind == DependencyKind::Normal && dependency.name == SDK
}

/// Returns what a package lacks to be a plugin.
fn lack(package: &Package) -> Option<Lack> {
    if !package.dependencies.iter().any(is_sdk) {
        return Some(Lack::Sdk);
    }
    let is_library = |target: &&Target| {
        target.is_lib()
            || target.is_rlib()
            || target.is_cdylib()
            || target.is_dylib()
            || target.is_staticlib()
    };
    match package.targets.iter().find(is_library) {
        None => Some(Lack::Library),
        Some(library) if library.crate_types.contains(&CrateType::CDyLib) => None,
        Some(_) => Some(Lack::Cdylib),
    }
}

/// Returns the names of the plugins in a workspace.
fn plugins(metadata: &Metadata) -> Vec<&str> {
    let mut names: Vec<&str> = metadata
        .packages
        .iter()
        .filter(|package| lack(package).is_none())
        .map(|package| package.name.as_str())
        .collect();
    names.sort_unstable();
    names
}

fn choose(plugins: &[&str]) -> String {
    match plugins {
        [one] => format!("`-p {one}` chooses the plugin of this workspace"),
        several => format!(
            "`-p NAME` chooses one of the workspace's plugins: {}",
            several.join(", ")
        ),
    }
}

/// Returns cargo's metadata for a workspace's members only: cargo resolves and downloads nothing,
/// and writes no `Cargo.lock`.
pub fn own_metadata(manifest_path: Option<&Path>) -> std::result::Result<Metadata, MetadataError> {
    let mut command = MetadataCommand::new();
    command.no_deps().cargo_path(CargoEnvironment::program());
    if let Some(path) = manifest_path {
        command.manifest_path(path);
    }
    let mut command = command.cargo_command();
    CargoEnvironment::for_host().apply(&mut command);
    let output = command.output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(MetadataError::CargoMetadata { stderr });
    }
    MetadataCommand::parse(std::str::from_utf8(&output.stdout)?)
}

fn metadata(manifest_path: Option<&Path>) -> Result<Metadata> {
    if let Some(path) = manifest_path
        && path.file_name().is_none_or(|name| name != "Cargo.toml")
    {
        return Err(Error::new(format!(
            "`{}` is not the path of a `Cargo.toml`",
            path.display()
        ))
        .help(format!(
            "did you mean `--manifest-path {}`?",
            path.join("Cargo.toml").display()
        )));
    }
    own_metadata(manifest_path).map_err(|error| match error {
        MetadataError::CargoMetadata { stderr } => {
            let reason = stderr.trim().trim_start_matches("error: ").to_owned();
            let nowhere = reason.starts_with("could not find `Cargo.toml`");
            let error = Error::new("there is no project here").because(reason);
            match nowhere {
                true => error.help(
                    "`cargo plugin new NAME` creates one; `--manifest-path PATH` names one elsewhere",
                ),
                false => error,
            }
        }
        MetadataError::Io(error) => Error::new("cannot run cargo")
            .because(error)
            .help("install Rust with rustup, or set the variable CARGO to the path of cargo"),
        other => Error::new("cargo's output cannot be read").because(other),
    })
}

/// Returns the package with a name.
fn named<'a>(metadata: &'a Metadata, name: &str) -> Result<&'a Package> {
    let mut packages = metadata.packages.iter();
    if let Some(package) = packages.find(|package| package.name == name) {
        return Ok(package);
    }
    let plugins = plugins(metadata);
    let close = text::nearest(name, plugins.iter().copied());
    let error =
        Error::new(format!("there is no package `{name}` in this workspace")).because(format!(
            "its `Cargo.toml` is {}",
            metadata.workspace_root.join("Cargo.toml")
        ));
    Err(match (close, plugins.as_slice()) {
        (Some(close), _) => error.help(format!("did you mean `{close}`?")),
        (None, []) => error,
        (None, several) => error.help(choose(several)),
    })
}

/// Returns the package of a `Cargo.toml` or of the folder that would contain it; for a workspace
/// without a root package, its only plugin.
fn nearest<'a>(metadata: &'a Metadata, manifest: &Path) -> Result<&'a Package> {
    let place = manifest.parent().unwrap_or(manifest);
    let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let holds_place = |package: &&Package| {
        package
            .manifest_path
            .parent()
            .and_then(|folder| folder.as_std_path().canonicalize().ok())
            .is_some_and(|folder| place.starts_with(folder))
    };
    let innermost = metadata
        .packages
        .iter()
        .filter(holds_place)
        .max_by_key(|package| package.manifest_path.as_str().len());
    if let Some(package) = innermost {
        return Ok(package);
    }
    let plugins = plugins(metadata);
    match plugins.as_slice() {
        [one] => named(metadata, one),
        [] => Err(Error::new("there is no plugin in this workspace")
            .because(format!(
                "none of its packages has a library of the type `cdylib` and depends on `{SDK}`: {}",
                metadata.workspace_root.join("Cargo.toml")
            ))
            .help("`cargo plugin new NAME` creates a plugin")),
        several => Err(Error::new(format!("this workspace has {} plugins", several.len()))
            .help(choose(several))),
    }
}

fn build_failed(failure: &Failure, name: &str) -> Error {
    let FailureKind::Build(BuildFailure::Failed {
        command,
        output,
        note,
        help,
    }) = failure.kind()
    else {
        return Error::new(format!("the plugin `{name}` cannot be built")).because_of(failure);
    };
    let mut error = Error::new(format!("the plugin `{name}` does not build"))
        .because(format!("`{command}` failed"));
    let output = Some(output.trim_end()).filter(|output| !output.is_empty());
    for cause in output.into_iter().chain(note.as_deref()) {
        error = error.because(cause);
    }
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}
