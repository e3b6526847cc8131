//! Builds the crate under test, once per process, as its author would.
//!
//! Cargo gives the modules of one crate in all its variants (other features, counted allocations) one file name, and whoever builds last has written
//! it. So a module is read as soon as it is built, and whoever builds into the same target folder, in this process or in another one, waits until then.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Deserialize;

use crate::clash::{self, Clash};
use crate::failure::{BuildFailure, Failure, FailureKind};
use crate::hosts;
use crate::limits::ModuleLimits;
use crate::module::Module;
use crate::source::{Source, read_file};

const TARGET: &str = "wasm32-unknown-unknown";

/// The feature of the SDK that counts allocations, as cargo is asked for it from the plugin's crate.
const COUNT_ALLOCATIONS: &str = "plugin-sdk/count-allocations";

/// The file in a target folder that is locked while a module is built there and read.
const LOCK: &str = ".plugin-sdk-harness.lock";

/// The most bytes of a compiler's output that a failure carries.
const MAX_OUTPUT: usize = 64 * 1024;

/// A crate to build for `wasm32-unknown-unknown`, and how.
///
/// It is built with plain `cargo build --lib`, in the crate's own folder and into its own target folder, so with the author's own
/// `Cargo.toml`, configuration, toolchain and features; and once per process, however many tests ask for it.
/// Unless set, the profile is that of the running test: `dev`, or `release` under `cargo test --release`.
///
/// ```no_run
/// use plugin_sdk_harness::{Plugin, Source};
///
/// let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR")).release().features(["extra"]);
/// let plugin = Plugin::builder(source).build()?;
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CrateSource {
    dir: PathBuf,
    profile: Option<String>,
    features: Vec<String>,
    default_features: bool,
    count_allocations: bool,
    target_dir: Option<PathBuf>,
    alone: bool,
    compiler_arguments: Vec<String>,
    shows_output: bool,
}

/// A module that cargo has built: see [`CrateSource::compile`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Compiled {
    /// Where cargo put it. Whoever builds into the same target folder next may put another there.
    pub path: PathBuf,
    /// The module, as it was built.
    pub wasm: Arc<[u8]>,
}

/// What a build made.
pub(crate) struct Artifact {
    pub(crate) wasm: Arc<[u8]>,
    /// The modules made of it, so that a process also compiles it only once; each with the name of the host that it is for.
    modules: Mutex<Vec<(&'static str, Module)>>,
}

impl Artifact {
    /// The module as a host sees it, made by `check` if it is the first time.
    pub(crate) fn module(
        &self,
        host: &'static str,
        limits: &ModuleLimits,
        check: impl FnOnce() -> Result<Module, Failure>,
    ) -> Result<Module, Failure> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |(name, module): &&(&str, Module)| *name == host && module.limits() == limits;
        if let Some((_, module)) = modules.iter().find(same) {
            return Ok(module.clone());
        }
        let module = check()?;
        modules.push((host, module.clone()));
        Ok(module)
    }
}

/// One build: the first to ask for it runs it, all others wait for what comes of it.
type Build = Arc<OnceLock<Result<Arc<Artifact>, Failure>>>;

impl CrateSource {
    pub(crate) fn new(dir: impl Into<PathBuf>) -> Self {
        CrateSource {
            dir: dir.into(),
            profile: None,
            features: Vec::new(),
            default_features: true,
            count_allocations: false,
            target_dir: None,
            alone: false,
            compiler_arguments: Vec::new(),
            shows_output: false,
        }
    }

    /// Builds with a profile: `dev`, `release`, or one of the author's own.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Builds with the profile `release`.
    pub fn release(self) -> Self {
        self.profile("release")
    }

    /// Turns features on, beside the default ones.
    pub fn features<F: Into<String>>(mut self, features: impl IntoIterator<Item = F>) -> Self {
        self.features.extend(features.into_iter().map(Into::into));
        self
    }

    /// Turns the default features off.
    pub fn no_default_features(mut self) -> Self {
        self.default_features = false;
        self
    }

    /// Has the plugin count its allocations, for [`Plugin::heap`](crate::Plugin::heap), [`Plugin::leaks`](crate::Plugin::leaks) and
    /// [`Plugin::expect_no_leak`](crate::Plugin::expect_no_leak).
    ///
    /// It turns on the feature `count-allocations` of `plugin-sdk`, which must be a direct dependency of the crate and go by this name. The crate
    /// must not have a global allocator of its own. This is a module of its own: those built without it are as they were.
    pub fn count_allocations(mut self) -> Self {
        self.count_allocations = true;
        self
    }

    /// Builds into a folder other than the one that cargo would choose.
    pub fn target_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.target_dir = Some(dir.into());
        self
    }

    /// Builds the module alone, as what is shipped is built: `cargo rustc --lib --crate-type cdylib`.
    ///
    /// Cargo leaves link-time optimisation out where it also makes the Rust library (`rlib`) that a plugin's tests link, so this module is
    /// smaller.
    pub fn cdylib_alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Gives the compiler arguments for the crate itself, not for its dependencies. Only a module that is built [alone](CrateSource::cdylib_alone) can have
    /// them, so this asks for that, too.
    pub fn compiler_arguments<A: Into<String>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.compiler_arguments
            .extend(arguments.into_iter().map(Into::into));
        self.cdylib_alone()
    }

    /// Lets people see what cargo tells, as it comes, on the standard error stream; a failure then carries nothing of it.
    pub fn show_output(mut self) -> Self {
        self.shows_output = true;
        self
    }

    /// Builds the module now, whether this process has built it before or not, and reads it.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Build`] where it cannot be built, [`FailureKind::Io`] where it cannot be read.
    ///
    /// ```no_run
    /// use plugin_sdk_harness::Source;
    ///
    /// let built = Source::crate_dir("plugins/greeter").release().cdylib_alone().compile()?;
    /// println!("{}: {} bytes", built.path.display(), built.wasm.len());
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn compile(&self) -> Result<Compiled, Failure> {
        self.run()
    }

    /// See [`Source::max_bytes`].
    pub fn max_bytes(self, bytes: u64) -> Source {
        Source::from(self).max_bytes(bytes)
    }

    /// Turns one more feature on.
    pub(crate) fn add_feature(&mut self, feature: &str) {
        if !self.features.iter().any(|known| known == feature) {
            self.features.push(feature.to_owned());
        }
    }

    /// The crate's folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What the crate builds to; from the second call on, what the first one came to.
    pub(crate) fn build(&self) -> Result<Arc<Artifact>, Failure> {
        static BUILDS: OnceLock<Mutex<HashMap<CrateSource, Build>>> = OnceLock::new();
        let build = {
            let mut builds = BUILDS
                .get_or_init(Mutex::default)
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            Arc::clone(builds.entry(self.clone()).or_default())
        };
        build
            .get_or_init(|| {
                Ok(Arc::new(Artifact {
                    wasm: self.run()?.wasm,
                    modules: Mutex::default(),
                }))
            })
            .clone()
    }

    fn run(&self) -> Result<Compiled, Failure> {
        // The lock of the folder is for other processes, and there are folders in which no file can be locked.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let made = self.make();
            made.map_err(|failure| Failure::load(FailureKind::Build(failure)))
        };
        let mut lock = self.lock();
        let mut made = make()?;
        if lock.is_none() {
            // There was no target folder yet. Only cargo makes it as it should be; and now there is nothing left to build.
            lock = self.lock();
            made = make()?;
        }
        let (path, libraries) = made;
        // It was made by the author's own compiler, from the author's own code: it is no larger than they can have wanted it.
        let wasm = read_file(&path, u64::MAX)?;
        let clash = clash::settled(&wasm, &libraries);
        drop(lock);
        if let Some(clash) = clash {
            return Err(Failure::load(FailureKind::Build(clash.into())));
        }
        Ok(Compiled { path, wasm })
    }

    /// Waits until nobody else is between building into the same target folder and reading what was built.
    ///
    /// `None` where there is no such folder yet, and where no file in it can be locked.
    fn lock(&self) -> Option<File> {
        let dir = match &self.target_dir {
            Some(dir) => self.dir.join(dir),
            None => self.usual_target_dir()?,
        };
        let file = File::create(dir.join(LOCK)).ok()?;
        file.lock().ok()?;
        Some(file)
    }

    /// Where cargo builds to if nobody says anything else.
    fn usual_target_dir(&self) -> Option<PathBuf> {
        #[derive(Deserialize)]
        struct Metadata {
            target_directory: PathBuf,
        }
        let output = self
            .cargo("metadata")
            .args(["--no-deps", "--format-version=1"])
            .output()
            .ok()?;
        let metadata: Metadata = serde_json::from_slice(&output.stdout).ok()?;
        Some(metadata.target_directory)
    }

    /// The module, and the libraries that it was linked from.
    fn make(&self) -> Result<(PathBuf, Vec<PathBuf>), BuildFailure> {
        let manifest = self.dir.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(BuildFailure::NoCrate {
                dir: self.dir.clone(),
            });
        }
        let mut command = self.command();
        if self.shows_output {
            command.stderr(Stdio::inherit());
        }
        let output = command.output().map_err(|error| BuildFailure::NoCargo {
            program: command.get_program().to_string_lossy().into_owned(),
            reason: error.to_string(),
        })?;
        if !output.status.success() {
            return Err(self.refused(&command, manifest, &output));
        }
        artifacts(&output.stdout, &manifest).ok_or_else(|| {
            if declares_package(&manifest) {
                BuildFailure::NotCdylib { manifest }
            } else {
                BuildFailure::Workspace {
                    dir: self.dir.clone(),
                }
            }
        })
    }

    fn command(&self) -> Command {
        let mut command = match self.alone {
            true => self.cargo("rustc"),
            false => self.cargo("build"),
        };
        command.args([
            "--lib",
            "--message-format=json-render-diagnostics",
            "--target",
            TARGET,
        ]);
        if self.alone {
            command.args(["--crate-type", "cdylib"]);
        }
        if !self.shows_output {
            command.arg("--color=never");
        }
        command
            .arg("--profile")
            .arg(self.profile.as_deref().unwrap_or(running_profile()));
        let mut features = self.features.join(",");
        if self.count_allocations {
            features.push(',');
            features.push_str(COUNT_ALLOCATIONS);
        }
        if !features.is_empty() {
            command.arg("--features").arg(features);
        }
        if !self.default_features {
            command.arg("--no-default-features");
        }
        if let Some(dir) = &self.target_dir {
            command.arg("--target-dir").arg(dir);
        }
        if !self.compiler_arguments.is_empty() {
            command.arg("--").args(&self.compiler_arguments);
        }
        command
    }

    /// Cargo in the crate's folder, as its author would run it there.
    fn cargo(&self, subcommand: &str) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command.current_dir(&self.dir).arg(subcommand);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(describes_running_crate) {
                command.env_remove(name);
            }
        }
        command
    }

    /// Whether the compiler itself says that it has nothing to build for WebAssembly with; asked only after a build that nobody has read.
    fn lacks_target(&self) -> bool {
        let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(program)
            .current_dir(&self.dir)
            .args(["--print", "target-libdir", "--target", TARGET])
            .output();
        output.is_ok_and(|output| {
            let dir = String::from_utf8_lossy(&output.stdout).into_owned();
            output.status.success() && !Path::new(dir.trim_end()).is_dir()
        })
    }

    fn refused(&self, command: &Command, manifest: PathBuf, output: &Output) -> BuildFailure {
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("target may not be installed") || self.shows_output && self.lacks_target()
        {
            return BuildFailure::MissingTarget {
                toolchain: std::env::var("RUSTUP_TOOLCHAIN").ok(),
            };
        }
        if text.contains("no library targets found") {
            return match declares_package(&manifest) {
                true => BuildFailure::NotCdylib { manifest },
                false => BuildFailure::Workspace {
                    dir: self.dir.clone(),
                },
            };
        }
        if let Some(clash) = clash::reported(&text) {
            return clash.into();
        }
        if let Some(feature) = missing_feature(&text) {
            return BuildFailure::NoFeature {
                manifest,
                feature: feature.to_owned(),
            };
        }
        BuildFailure::Failed {
            command: shown(command),
            output: last_bytes(&text),
        }
    }
}

impl From<Clash> for BuildFailure {
    fn from(clash: Clash) -> Self {
        let Clash { symbol, dependency } = clash;
        BuildFailure::Clash { symbol, dependency }
    }
}

/// Whether cargo sets a variable to describe the crate whose test is running.
///
/// Left in place they would differ from those of a build in the author's shell, and build scripts that watch them would run anew each
/// time. What the author sets to configure cargo (`RUSTFLAGS`, `CARGO_TARGET_DIR`, `CARGO_PROFILE_…`) stays.
fn describes_running_crate(name: &str) -> bool {
    const NAMES: [&str; 7] = [
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_MANIFEST_LINKS",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "OUT_DIR",
    ];
    NAMES.contains(&name) || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_BIN_")
}

/// The profile that the running program was built with, which shows in the path that cargo gave it.
fn running_profile() -> &'static str {
    static PROFILE: OnceLock<String> = OnceLock::new();
    PROFILE.get_or_init(|| {
        let program = std::env::current_exe().unwrap_or_default();
        profile_of(&program, |dir| dir.is_dir()).unwrap_or_else(|| "dev".to_owned())
    })
}

/// `…/target/<folder>/deps/<program>`, or without `deps` for a binary, or with `examples` for an example.
fn profile_of(program: &Path, is_dir: impl Fn(&Path) -> bool) -> Option<String> {
    let parent = program.parent()?;
    let inner = ["deps", "examples"]
        .iter()
        .any(|name| parent.ends_with(name));
    let folder = if inner { parent.parent()? } else { parent };
    if !inner && !is_dir(&folder.join("deps")) {
        return None;
    }
    match folder.file_name()?.to_str()? {
        "debug" => Some("dev".to_owned()),
        own => Some(own.to_owned()),
    }
}

/// A line of cargo's machine-readable output, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// The module among the artifacts of a build, and the other crates' libraries.
fn artifacts(messages: &[u8], manifest: &Path) -> Option<(PathBuf, Vec<PathBuf>)> {
    let same = |path: &Path| match (path.canonicalize(), manifest.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => path == manifest,
    };
    let (own, others): (Vec<_>, Vec<_>) = messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .partition(|message| same(&message.manifest_path));
    let files = |messages: Vec<Message>, wanted: &'static str| {
        let files = messages.into_iter().flat_map(|message| message.filenames);
        files.filter(move |file| {
            file.extension()
                .is_some_and(|extension| extension == wanted)
        })
    };
    let module = files(own, "wasm").next()?;
    Some((module, files(others, "rlib").collect()))
}

/// The feature for a host that a crate does not offer, if that is what cargo complains of.
fn missing_feature(output: &str) -> Option<&'static str> {
    let (_, told) = output.split_once("does not contain this feature: ")?;
    let told = told.lines().next()?.trim();
    let mut features = hosts::all().iter().filter_map(|host| host.feature);
    features.find(|feature| *feature == told)
}

/// Whether a manifest is that of a crate, not of a workspace alone.
fn declares_package(manifest: &Path) -> bool {
    std::fs::read_to_string(manifest).is_ok_and(|text| {
        text.lines()
            .any(|line| line.trim_start().starts_with("[package]"))
    })
}

fn shown(command: &Command) -> String {
    let words = command
        .get_args()
        .map(|word| word.to_string_lossy().into_owned());
    std::iter::once("cargo".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The end of an output, where the errors are.
fn last_bytes(text: &str) -> String {
    let mut from = text.len().saturating_sub(MAX_OUTPUT);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.split_at(from).1.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_that_of_the_running_test() {
        let profile = |path: &str, has_deps: bool| profile_of(Path::new(path), |_| has_deps);
        assert_eq!(
            profile("/p/target/debug/deps/plugin-1a2b", true).as_deref(),
            Some("dev")
        );
        assert_eq!(
            profile("/p/target/release/deps/plugin-1a2b", true).as_deref(),
            Some("release")
        );
        assert_eq!(
            profile("/p/target/x86_64-unknown-linux-gnu/ci/deps/plugin", true).as_deref(),
            Some("ci")
        );
        assert_eq!(
            profile("/p/target/debug/examples/demo", true).as_deref(),
            Some("dev")
        );
        assert_eq!(
            profile("/p/target/release/demo", true).as_deref(),
            Some("release")
        );
        assert_eq!(profile("/tmp/rustdoctestXy/rust_out", false), None);
        assert_eq!(profile("/usr/bin/host", false), None);
    }

    #[test]
    fn the_running_crates_variables_are_not_passed_on_and_the_authors_are() {
        for name in [
            "CARGO_PKG_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_BIN_EXE_tool",
            "OUT_DIR",
        ] {
            assert!(describes_running_crate(name), "{name}");
        }
        for name in [
            "CARGO",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_PROFILE_DEV_OPT_LEVEL",
        ] {
            assert!(!describes_running_crate(name), "{name}");
        }
    }
}
