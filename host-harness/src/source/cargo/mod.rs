//! Builds the crate under test, once per process, as its author would.
//!
//! Cargo gives the modules of one crate in all its variants (other features, counted allocations) one file name, and whoever builds last has written
//! it. So a module is read as soon as it is built, and whoever builds into the same target folder, in this process or in another one, waits until then.

mod announcement;
pub(super) mod environment;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Deserialize;

use self::announcement::Announcement;
pub use self::environment::CargoEnvironment;
use super::clash;
use super::file::read_file;
use super::remedies;
use crate::failure::{BuildFailure, Failure, FailureKind};
use crate::text;

const TARGET: &str = "wasm32-unknown-unknown";

/// The feature of the SDK that counts allocations, as cargo is asked for it from the plugin's crate.
const COUNT_ALLOCATIONS: &str = "plugin-sdk/count-allocations";

/// The beginning of the names of features that choose a host.
const HOST_FEATURES: &str = "host-";

/// The file in a target folder that is locked while a module is built there and read.
const LOCK: &str = ".plugin-sdk-harness.lock";

/// The most bytes of a compiler's output that a failure carries.
const MAX_OUTPUT: usize = 64 * 1024;

/// A crate to build for `wasm32-unknown-unknown`, and how.
///
/// It is built with plain `cargo build --lib`, in the crate's own folder and into its own target folder, so with the author's own
/// `Cargo.toml`, configuration, toolchain and features; and once per process, however many tests ask for it. What the environment of a test has for native code stays
/// out of it: see [`CargoEnvironment`]. A build that takes longer than a second is announced on the standard error stream.
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

/// The outcome of a build.
pub(crate) struct Build {
    pub(crate) module: Compiled,
    /// The libraries that the module was linked from.
    pub(crate) libraries: Vec<PathBuf>,
    /// The failure of a module that a check refuses, once it is known.
    refused: OnceLock<Option<Failure>>,
}

impl Build {
    /// Fails if `check` finds something wrong with the module; it is asked once.
    pub(crate) fn checked(&self, check: impl FnOnce() -> Option<Failure>) -> Result<(), Failure> {
        match self.refused.get_or_init(check) {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }
}

/// One build: the first to ask for it runs it, all others wait for what comes of it.
type Shared = Arc<OnceLock<Result<Arc<Build>, Failure>>>;

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
    pub(super) fn build(&self) -> Result<Arc<Build>, Failure> {
        static BUILDS: OnceLock<Mutex<HashMap<CrateSource, Shared>>> = OnceLock::new();
        let build = {
            let mut builds = BUILDS
                .get_or_init(Mutex::default)
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            Arc::clone(builds.entry(self.clone()).or_default())
        };
        build.get_or_init(|| Ok(Arc::new(self.run()?))).clone()
    }

    /// Builds the module now, whether this process has built it before or not, and reads it.
    pub(crate) fn run(&self) -> Result<Build, Failure> {
        // The lock of the folder is for other processes, and there are folders in which no file can be locked.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let _announcement = (!self.shows_output).then(|| Announcement::of(&self.title()));
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
        drop(lock);
        Ok(Build {
            module: Compiled { path, wasm },
            libraries,
            refused: OnceLock::new(),
        })
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

    /// What is built, for people.
    fn title(&self) -> String {
        let name = self.dir.canonicalize().ok();
        let name = name.as_deref().and_then(Path::file_name);
        let name = text::name(&name.unwrap_or(self.dir.as_os_str()).to_string_lossy());
        format!("{name} for {TARGET} (profile {})", self.chosen_profile())
    }

    /// Where cargo builds to if nobody says anything else.
    fn usual_target_dir(&self) -> Option<PathBuf> {
        Some(self.metadata()?.target_directory)
    }

    fn metadata(&self) -> Option<Metadata> {
        let mut command = self.cargo("metadata", &CargoEnvironment::for_module());
        let output = command
            .args(["--no-deps", "--format-version=1"])
            .output()
            .ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }

    /// The module, and the libraries that it was linked from.
    fn make(&self) -> Result<(PathBuf, Vec<PathBuf>), BuildFailure> {
        let manifest = self.dir.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(BuildFailure::NoCrate {
                dir: self.dir.clone(),
            });
        }
        let environment = CargoEnvironment::for_module();
        let mut command = self.command(&environment);
        let output = match self.shows_output {
            true => shown_output(&mut command),
            false => command.output(),
        };
        let output = output.map_err(|error| BuildFailure::NoCargo {
            program: command.get_program().to_string_lossy().into_owned(),
            reason: error.to_string(),
        })?;
        if !output.status.success() {
            return Err(self.refused(&command, &environment, manifest, &output));
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

    /// The profile that was asked for, or that of the running test.
    fn chosen_profile(&self) -> &str {
        self.profile.as_deref().unwrap_or(running_profile())
    }

    fn command(&self, environment: &CargoEnvironment) -> Command {
        let lints = environment.lints();
        let has_arguments = !lints.is_empty() || !self.compiler_arguments.is_empty();
        let mut command = match self.alone || has_arguments {
            true => self.cargo("rustc", environment),
            false => self.cargo("build", environment),
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
        command.arg("--profile").arg(self.chosen_profile());
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
        if has_arguments {
            command.arg("--").args(&self.compiler_arguments).args(lints);
        }
        command
    }

    /// Cargo in the crate's folder, as its author would run it there.
    fn cargo(&self, subcommand: &str, environment: &CargoEnvironment) -> Command {
        let mut command = environment.cargo(&self.dir);
        command.arg(subcommand);
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

    fn refused(
        &self,
        command: &Command,
        environment: &CargoEnvironment,
        manifest: PathBuf,
        output: &Output,
    ) -> BuildFailure {
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
        let help = match dependency_that_failed(&text) {
            None => None,
            Some(dependency) => self
                .united_features(&dependency)
                .or_else(|| remedies::of(&dependency).map(str::to_owned)),
        };
        BuildFailure::Failed {
            command: shown(command),
            output: match self.shows_output {
                true => String::new(),
                false => last_bytes(&text),
            },
            note: environment.withheld(),
            help,
        }
    }

    /// What to do about a dependency that did not build with features that only the tests want: cargo unites them with those of the module unless the workspace
    /// has a resolver that does not.
    fn united_features(&self, dependency: &str) -> Option<String> {
        let metadata = self.metadata()?;
        let own = self.dir.join("Cargo.toml").canonicalize().ok()?;
        let is_own = |package: &&MetadataPackage| {
            package
                .manifest_path
                .canonicalize()
                .is_ok_and(|path| path == own)
        };
        let package = metadata.packages.iter().find(is_own)?;
        if package.name == dependency {
            return None;
        }
        let for_tests = package
            .dependencies
            .iter()
            .any(|dependency| dependency.kind.as_deref() == Some("dev"));
        let root = metadata.workspace_root.join("Cargo.toml");
        if !for_tests || !unites_features(&std::fs::read_to_string(&root).ok()?) {
            return None;
        }
        Some(format!(
            "`{dependency}` was built with the features that `[dev-dependencies]` ask for, because the workspace has an old resolver: add `resolver = \"3\"` to \
             `[workspace]` in `{}`",
            root.display()
        ))
    }
}

/// What `cargo metadata` tells, as far as it matters here.
#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
    workspace_root: PathBuf,
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<MetadataDependency>,
}

#[derive(Deserialize)]
struct MetadataDependency {
    kind: Option<String>,
}

/// Whether cargo unites features of dev-dependencies with those of a build without tests, going by the workspace's `Cargo.toml`: its resolver is of version 1.
fn unites_features(manifest: &str) -> bool {
    let mut table = "";
    let mut edition = None;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            table = line;
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_start_matches(['"', '\'']);
        match (table, key.trim()) {
            ("[workspace]" | "[package]", "resolver") | ("", "workspace.resolver") => {
                return value.starts_with('1');
            }
            ("[package]", "edition") => edition = value.get(..4),
            _ => {}
        }
    }
    // A workspace without a package of its own takes the first one.
    !matches!(edition, Some("2021" | "2024"))
}

/// The crate that the compiler refused.
fn dependency_that_failed(output: &str) -> Option<String> {
    let (_, told) = output.split_once("could not compile `")?;
    let (name, _) = told.split_once('`')?;
    Some(text::name(name))
}

/// Runs cargo as if it had this program's standard error stream, and returns what it wrote there too.
fn shown_output(command: &mut Command) -> io::Result<Output> {
    let terminal = io::stderr().is_terminal();
    if terminal && std::env::var_os("CARGO_TERM_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    if terminal && std::env::var_os("CARGO_TERM_PROGRESS_WHEN").is_none() {
        command
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "80");
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stderr = child.stderr.take();
    let showing = std::thread::spawn(move || stderr.map(show).unwrap_or_default());
    let mut output = child.wait_with_output()?;
    output.stderr = showing.join().unwrap_or_default();
    Ok(output)
}

/// Copies a stream to the standard error stream, and keeps its end.
fn show(mut stream: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        let part = buffer.get(..read).unwrap_or_default();
        // Whoever has closed the stream does not want to see it.
        let _ = io::stderr().write_all(part);
        kept.extend_from_slice(part);
        if kept.len() > 2 * MAX_OUTPUT {
            kept.drain(..kept.len() - MAX_OUTPUT);
        }
    }
    kept
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

/// Returns the feature for a host that a crate does not offer, if cargo complains of that.
fn missing_feature(output: &str) -> Option<&str> {
    let (_, feature) = output.split_once("does not contain this feature: ")?;
    let feature = feature.lines().next()?.trim();
    feature.starts_with(HOST_FEATURES).then_some(feature)
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
    fn an_old_resolver_is_told_by_the_workspaces_manifest() {
        for (manifest, expected) in [
            ("[workspace]\nmembers = [\"a\"]\n", true),
            (
                "[workspace]\nresolver = \"1\"\n[package]\nedition = \"2024\"\n",
                true,
            ),
            ("[workspace]\nresolver = \"2\"\n", false),
            ("[workspace]\n  resolver='3'\n", false),
            ("[package]\nedition = \"2024\"\n[workspace]\n", false),
            ("[package]\nedition = \"2018\"\n", true),
            ("[package]\nname = \"old\"\n", true),
        ] {
            assert_eq!(unites_features(manifest), expected, "{manifest}");
        }
    }
}
