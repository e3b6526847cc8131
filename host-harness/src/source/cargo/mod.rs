//! Builds of the crate under test, once per process and as its author would build it.
//!
//! Cargo uses one file name for all variants of the module of a crate (other features, counted
//! allocations), so each build overwrites the module of the previous one. A module is therefore
//! read as soon as it is built. Other builds into the same target folder, in this process or in
//! another one, wait until then.

mod announcement;
pub(super) mod environment;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use serde::Deserialize;

use self::announcement::Announcement;
pub use self::environment::CargoEnvironment;
use super::clash;
use super::file::read_file;
use super::remedies;
use crate::failure::{BuildFailure, Failure, FailureKind};
use crate::sync::lock;
use crate::text;

const TARGET: &str = "wasm32-unknown-unknown";

/// The SDK's feature that counts allocations, as named on cargo's command line in the plugin's
/// crate.
const COUNT_ALLOCATIONS: &str = "plugin-sdk/count-allocations";

/// The arguments of the compiler for a module that a snapshot is taken of.
const FOR_SNAPSHOT: [&str; 2] = ["--cfg", "plugin_sdk_snapshot"];

/// The beginning of the names of features that choose a host.
const HOST_FEATURES: &str = "host-";

/// The beginning of the names of the files in a target folder that are locked while a module is
/// built there and read. Each of cargo's folders for a profile has one.
const LOCK: &str = ".plugin-sdk-harness";

/// The maximum length, in bytes, of the compiler output that a failure contains.
const MAX_OUTPUT: usize = 64 * 1024;

/// A crate to build for `wasm32-unknown-unknown`, with the options of the build.
///
/// The harness runs plain `cargo build --lib` in the crate's folder and into its own target folder,
/// so the author's `Cargo.toml`, configuration, toolchain and features apply. It builds once per
/// process, however many tests ask for the crate. Environment variables of the test that are for
/// native code do not reach the build; see [`CargoEnvironment`]. A build that takes longer than a
/// second is announced on the standard error stream.
///
/// The default profile is that of the running test: `dev`, or `release` under
/// `cargo test --release`.
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
    no_default_features: bool,
    count_allocations: bool,
    target_dir: Option<PathBuf>,
    alone: bool,
    compiler_arguments: Vec<String>,
    snapshot: bool,
    shows_output: bool,
}

/// A module that cargo has built; see [`CrateSource::compile`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BuiltModule {
    /// The path of the module. The next build into the same target folder may overwrite it.
    pub path: PathBuf,
    /// The bytes of the module.
    pub wasm: Arc<[u8]>,
}

/// The outcome of a build.
pub(crate) struct Build {
    pub(crate) module: BuiltModule,
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

/// One build: the first caller runs it, and all others wait for its result.
type Shared = Arc<OnceLock<Result<Arc<Build>, Failure>>>;

impl CrateSource {
    pub(crate) fn new(dir: impl Into<PathBuf>) -> Self {
        CrateSource {
            dir: dir.into(),
            profile: None,
            features: Vec::new(),
            no_default_features: false,
            count_allocations: false,
            target_dir: None,
            alone: false,
            compiler_arguments: Vec::new(),
            snapshot: false,
            shows_output: false,
        }
    }

    /// Builds with the profile `release`.
    pub fn release(self) -> Self {
        self.profile("release")
    }

    /// Turns on features in addition to the default ones.
    pub fn features<F: Into<String>>(mut self, features: impl IntoIterator<Item = F>) -> Self {
        self.features.extend(features.into_iter().map(Into::into));
        self
    }

    /// Passes arguments to the compiler for the crate itself, not for its dependencies.
    ///
    /// Only a module that is built [alone](CrateSource::cdylib_only) can have such arguments, so
    /// this turns that option on too.
    pub fn compiler_arguments<A: Into<String>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.compiler_arguments
            .extend(arguments.into_iter().map(Into::into));
        self.cdylib_only()
    }

    /// Turns on one more feature.
    pub(crate) fn add_feature(&mut self, feature: &str) {
        if !self.features.iter().any(|known| known == feature) {
            self.features.push(feature.to_owned());
        }
    }

    /// Returns the crate's folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Builds the crate; later calls return the result of the first one.
    pub(super) fn build(&self) -> Result<Arc<Build>, Failure> {
        static BUILDS: LazyLock<Mutex<HashMap<CrateSource, Shared>>> =
            LazyLock::new(Mutex::default);
        let build = Arc::clone(lock(&BUILDS).entry(self.clone()).or_default());
        build.get_or_init(|| Ok(Arc::new(self.run()?))).clone()
    }

    /// Builds the module now, even if this process has built it before, and reads it.
    pub(crate) fn run(&self) -> Result<Build, Failure> {
        // The lock file only excludes other processes, and some file systems do not support locks.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = lock(&ONE_AT_A_TIME);
        let _announcement = (!self.shows_output).then(|| Announcement::of(&self.title()));
        let make = || {
            let made = self.make();
            made.map_err(|failure| Failure::load(FailureKind::Build(failure)))
        };
        let mut lock = self.lock();
        let mut made = make()?;
        if lock.is_none() {
            // There was no target folder to lock. Only cargo creates one correctly, so the first
            // build did. The second build, under the lock, has nothing left to do.
            lock = self.lock();
            made = make()?;
        }
        let (path, libraries) = made;
        // The author's compiler built the module from the author's code, so its size is trusted.
        let wasm = read_file(&path, u64::MAX)?;
        drop(lock);
        Ok(Build {
            module: BuiltModule { path, wasm },
            libraries,
            refused: OnceLock::new(),
        })
    }

    /// Locks the profile's folder in the target folder; waits while another process builds there
    /// and reads its module.
    ///
    /// Returns `None` if the target folder does not exist yet or no file in it can be locked.
    fn lock(&self) -> Option<File> {
        let dir = match &self.target_dir {
            Some(dir) => self.dir.join(dir),
            None => self.metadata()?.target_directory,
        };
        let file = File::create(dir.join(lock_name(self.chosen_profile()))).ok()?;
        file.lock().ok()?;
        Some(file)
    }

    /// Returns a title of the build for users.
    fn title(&self) -> String {
        let name = self.dir.canonicalize().ok();
        let name = name.as_deref().and_then(Path::file_name);
        let name = text::name(&name.unwrap_or(self.dir.as_os_str()).to_string_lossy());
        format!("{name} for {TARGET} (profile {})", self.chosen_profile())
    }

    fn metadata(&self) -> Option<Metadata> {
        let output = CargoEnvironment::for_module()
            .cargo(&self.dir)
            .args(["metadata", "--no-deps", "--format-version=1"])
            .output()
            .ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }

    /// Runs cargo and returns the module's path and those of the libraries linked into it.
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
        artifacts(&output.stdout, &manifest).ok_or_else(|| self.no_module(manifest))
    }

    /// Returns the failure of a build without a module.
    fn no_module(&self, manifest: PathBuf) -> BuildFailure {
        match declares_package(&manifest) {
            true => BuildFailure::NotCdylib { manifest },
            false => BuildFailure::Workspace {
                dir: self.dir.clone(),
            },
        }
    }

    /// Returns the requested profile, or else that of the running test.
    fn chosen_profile(&self) -> &str {
        self.profile.as_deref().unwrap_or(running_profile())
    }

    fn command(&self, environment: &CargoEnvironment) -> Command {
        let lints = environment.lints();
        let has_arguments = !lints.is_empty() || !self.compiler_arguments.is_empty();
        let mut command = environment.cargo(&self.dir);
        command.args([
            match self.alone || has_arguments {
                true => "rustc",
                false => "build",
            },
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
        if self.no_default_features {
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

    /// Asks the compiler whether its standard library for WebAssembly is missing.
    ///
    /// Needed only if cargo's output went to the user instead of the harness.
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
            return self.no_module(manifest);
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
        let help = dependency_that_failed(&text).and_then(|dependency| {
            let remedy = || remedies::of(&dependency).map(str::to_owned);
            self.united_features(&dependency).or_else(remedy)
        });
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

    /// Returns a hint if a dependency may have failed to build because of features that only the
    /// tests need.
    ///
    /// Cargo unites those with the module's features if the workspace has an old resolver.
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

    /// Builds with a profile: `dev`, `release`, or a custom one.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Turns the default features off.
    pub fn no_default_features(mut self) -> Self {
        self.no_default_features = true;
        self
    }

    /// Builds the plugin so that it counts its allocations.
    ///
    /// [`Plugin::heap`](crate::Plugin::heap), [`Plugin::leaks`](crate::Plugin::leaks) and
    /// [`Plugin::expect_no_leak`](crate::Plugin::expect_no_leak) need these counts. The option
    /// turns on the feature `count-allocations` of `plugin-sdk`, which must be a direct dependency
    /// of the crate under this name. The crate must not define a global allocator. The result is a
    /// separate module; builds without the option are unaffected.
    pub fn count_allocations(mut self) -> Self {
        self.count_allocations = true;
        self
    }

    /// Builds the plugin for a snapshot, and loads the snapshot: a module in whose memory the
    /// plugin has been made already. See
    /// [`PluginBuilder::snapshot`](crate::PluginBuilder::snapshot).
    ///
    /// The tests of a plugin run on snapshots without this option if the variable
    /// `PLUGIN_SDK_SNAPSHOT` is set.
    pub fn snapshot(mut self) -> Self {
        self.snapshot = true;
        let is_flag = |argument: &String| argument == FOR_SNAPSHOT[1];
        match self.compiler_arguments.iter().any(is_flag) {
            true => self,
            false => self.compiler_arguments(FOR_SNAPSHOT),
        }
    }

    /// Returns whether a snapshot of the module is to be loaded.
    pub(crate) fn takes_snapshot(&self) -> bool {
        self.snapshot
    }

    /// Sets the target folder, instead of the one that cargo would choose.
    pub fn target_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.target_dir = Some(dir.into());
        self
    }

    /// Builds only the module, as for a release: `cargo rustc --lib --crate-type cdylib`.
    ///
    /// The module is smaller this way: cargo skips link-time optimisation when it also builds the
    /// Rust library (`rlib`) that a plugin's tests link.
    pub fn cdylib_only(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Forwards cargo's output to the standard error stream as it arrives.
    ///
    /// A failure then contains none of it.
    pub fn show_output(mut self) -> Self {
        self.shows_output = true;
        self
    }
}

/// The part of the output of `cargo metadata` that the harness uses.
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

/// Returns whether a workspace's `Cargo.toml` selects version 1 of the resolver.
///
/// That version applies the features of dev-dependencies to builds without tests too.
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
    // A workspace without a package defaults to version 1.
    !matches!(edition, Some("2021" | "2024"))
}

/// Returns the name of the crate that did not compile.
fn dependency_that_failed(output: &str) -> Option<String> {
    let (_, rest) = output.split_once("could not compile `")?;
    let (name, _) = rest.split_once('`')?;
    Some(text::name(name))
}

/// Runs cargo, forwards its standard error stream to this program's, and also returns the output.
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
    let Some(stderr) = child.stderr.take() else {
        return child.wait_with_output();
    };
    let showing = std::thread::spawn(move || show(stderr));
    let mut output = child.wait_with_output()?;
    output.stderr = showing
        .join()
        .map_err(|_| io::Error::other("the thread that shows cargo's output panicked"))?;
    Ok(output)
}

/// Copies a stream to the standard error stream and returns the end of it.
fn show(mut stream: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        let (part, _) = buffer.split_at(read);
        // If the standard error stream is closed, its owner does not want the output.
        let _ = io::stderr().write_all(part);
        kept.extend_from_slice(part);
        if kept.len() > 2 * MAX_OUTPUT {
            kept.drain(..kept.len() - MAX_OUTPUT);
        }
    }
    kept
}

/// Returns the name of the file that is locked for builds with a profile.
fn lock_name(profile: &str) -> String {
    let folder = match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    };
    format!("{LOCK}-{folder}.lock")
}

/// Returns the profile that the running program was built with, taken from the program's path.
fn running_profile() -> &'static str {
    static PROFILE: OnceLock<String> = OnceLock::new();
    PROFILE.get_or_init(|| {
        let program = std::env::current_exe().ok();
        let profile = program.and_then(|program| profile_of(&program, |dir| dir.is_dir()));
        profile.unwrap_or_else(|| "dev".to_owned())
    })
}

/// Returns the profile in the path `…/target/<folder>/deps/<program>`.
///
/// The path of a binary has no `deps`; that of an example has `examples` instead.
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

/// The part of a line of cargo's machine-readable output that the harness uses.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Returns the module among the artifacts of a build, and the libraries of the other crates.
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

/// Returns whether a `Cargo.toml` declares a package, not only a workspace.
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
    let words: Vec<String> = std::iter::once("cargo".to_owned()).chain(words).collect();
    words.join(" ")
}

/// Returns the last [`MAX_OUTPUT`] bytes of an output, where the errors are.
fn last_bytes(text: &str) -> String {
    let from = text.ceil_char_boundary(text.len().saturating_sub(MAX_OUTPUT));
    text.split_at(from).1.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_path_determines_the_profile() {
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
    fn workspace_manifest_determines_the_resolver() {
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
