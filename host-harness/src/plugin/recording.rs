//! Keeping failures as capsules.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Plugin;
use super::builder::PluginBuilder;
use crate::capsule::{
    self, Capsule, CapsuleError, ClockHands, FORMAT, GrantSettings, LimitSettings, ModuleRecord,
    Seeds,
};
use crate::failure::{Failure, FailureKind};
use crate::observe::transcript::{Call, CalleeKind, Data, Recorder, Step, Transcript};
use crate::permissions::Grants;
use crate::run::Module;
use crate::services::Services;
use crate::sync::Shared;

/// The variable that names a folder for capsules.
const FOLDER: &str = "PLUGIN_SDK_RECORD";

/// A function that removes secrets from data; see [`PluginBuilder::redact`].
type Redact = Arc<dyn Fn(&str, &mut Vec<u8>) + Send + Sync>;

/// The settings for keeping capsules.
#[derive(Clone, Default)]
pub(super) struct Options {
    place: Option<Place>,
    redact: Option<Redact>,
}

/// The place of capsules.
#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    File(PathBuf),
}

/// The parts of a plugin's capsules that are known when its instance is created.
#[derive(Clone)]
pub(super) struct Recording {
    options: Options,
    recorder: Shared<Recorder>,
    /// Without failure and transcript.
    base: Box<Capsule>,
}

impl PluginBuilder {
    /// Keeps every failure in this folder, as a [capsule](crate::capsule) that
    /// `cargo plugin replay` runs again. The folder is created when it is needed.
    ///
    /// The default is the value of the variable `PLUGIN_SDK_RECORD`; without one, nothing is kept.
    /// The same failure replaces its capsule of an earlier run, and at most 100 capsules stay.
    /// A failure's report names its capsule, and [`Failure::capsule`] returns the path.
    ///
    /// A capsule has the configuration, all inputs, and all data that passed between the plugin and
    /// its host. [`redact`](Self::redact) removes secrets.
    ///
    /// ```no_run
    /// # use plugin_sdk_harness::{Plugin, Source};
    /// let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
    /// let mut plugin = Plugin::builder(source).record("target/failures").build()?;
    /// let failure = plugin.call_raw("average", b"[]").unwrap_err();
    /// println!("{}", failure.capsule().unwrap().display());
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn record(mut self, folder: impl Into<PathBuf>) -> Self {
        self.recording.place = Some(Place::Folder(folder.into()));
        self
    }

    /// Keeps a failure in this file, like [`record`](Self::record). A later one replaces it.
    pub fn record_in(mut self, file: impl Into<PathBuf>) -> Self {
        self.recording.place = Some(Place::File(file.into()));
        self
    }

    /// Passes all data of a capsule to a function before it is written, which removes secrets from
    /// it.
    ///
    /// The function gets the name of the data and its bytes: `config`, `greet.input` for a
    /// command, `http_send.head` for an argument of a host function, `kv_get.answer`, `result`,
    /// `error`, or `failure` for texts of the failure. A replay gives the changed answers to the
    /// plugin. So replace a secret by the same text everywhere; a plugin that depends on it may
    /// otherwise depart from its record.
    ///
    /// ```no_run
    /// # use plugin_sdk_harness::{Plugin, Source};
    /// # let source = Source::crate_dir("");
    /// let key = std::env::var("API_KEY").unwrap_or_default();
    /// let builder = Plugin::builder(source).record("target/failures");
    /// let builder = builder.redact(move |_name, bytes| {
    ///     let text = String::from_utf8_lossy(bytes);
    ///     if !key.is_empty() && text.contains(&key) {
    ///         *bytes = text.replace(&key, &"x".repeat(key.len())).into_bytes();
    ///     }
    /// });
    /// ```
    pub fn redact(mut self, redact: impl Fn(&str, &mut Vec<u8>) + Send + Sync + 'static) -> Self {
        self.recording.redact = Some(Arc::new(redact));
        self
    }
}

impl Plugin {
    /// Returns a capsule of everything that happened to the plugin so far. `None` unless it was
    /// built with [`record`](PluginBuilder::record) or [`transcript`](PluginBuilder::transcript).
    ///
    /// ```
    /// # use plugin_sdk_harness::{Plugin, Source};
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let source = Source::wat(WAT);
    /// let mut plugin = Plugin::builder(source.clone()).transcript().build()?;
    /// plugin.call_raw("echo", b"hello")?;
    /// assert!(plugin.capsule().unwrap().replay(source)?.is_same());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn capsule(&self) -> Option<Capsule> {
        let recording = self.recording.as_deref()?;
        Some(recording.capsule(None, None))
    }

    /// Keeps the failure of an outcome.
    #[inline]
    pub(super) fn kept<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        outcome.map_err(|failure| self.keep(failure))
    }

    /// Keeps a failure, if failures are kept.
    #[cold]
    pub(super) fn keep(&self, failure: Failure) -> Failure {
        match &self.recording {
            Some(recording) => recording.keep(failure, None),
            None => failure,
        }
    }

    /// Keeps a failure of a call that did not reach the plugin.
    #[cold]
    pub(super) fn keep_refused(&self, failure: Failure, name: &str, input: &[u8]) -> Failure {
        let Some(recording) = &self.recording else {
            return failure;
        };
        let refused = Call::new(
            CalleeKind::Command,
            name,
            Data::within(input, Recorder::MAX_VALUE),
        );
        recording.keep(failure, Some(refused))
    }
}

impl Options {
    /// Fills in the environment's setting.
    pub(super) fn settled(mut self) -> Self {
        if self.place.is_none() {
            let folder = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty());
            self.place = folder.map(|folder| Place::Folder(folder.into()));
        }
        self
    }

    /// Returns whether capsules are kept.
    pub(super) fn keeps(&self) -> bool {
        self.place.is_some()
    }

    /// Keeps the failure of a module that was not loaded or not prepared.
    pub(super) fn keep_unloaded(&self, failure: Failure, base: Capsule) -> Failure {
        let recording = Recording {
            options: self.clone(),
            recorder: Shared::default(),
            base: Box::new(base),
        };
        recording.keep(failure, None)
    }

    /// Writes a capsule to its place.
    fn write(&self, capsule: &mut Capsule) -> Result<Option<PathBuf>, CapsuleError> {
        if let Some(redact) = &self.redact {
            capsule.redact(&**redact);
        }
        match &self.place {
            None => Ok(None),
            Some(Place::Folder(folder)) => capsule::keep(capsule, folder).map(Some),
            Some(Place::File(file)) => {
                capsule.write(file)?;
                Ok(Some(file.clone()))
            }
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("place", &self.place)
            .field("redact", &self.redact.is_some())
            .finish()
    }
}

impl Recording {
    pub(super) fn new(options: Options, recorder: Shared<Recorder>, base: Capsule) -> Self {
        Recording {
            options,
            recorder,
            base: Box::new(base),
        }
    }

    fn capsule(&self, failure: Option<&Failure>, refused: Option<Call>) -> Capsule {
        let transcript = self.recorder.lock().transcript();
        let called = transcript.steps.iter().rev().find_map(|step| match step {
            Step::Call(call) => Some(call),
            _ => None,
        });
        let called = refused.as_ref().or(called);
        let command = called.filter(|call| call.callee != CalleeKind::Hook);
        Capsule {
            command: command.map(|call| call.name.clone()),
            failure: failure.map(Failure::to_json),
            refused,
            transcript,
            ..(*self.base).clone()
        }
    }

    /// Keeps a failure, unless it is kept already or only the consequence of one that is.
    pub(super) fn keep(&self, failure: Failure, refused: Option<Call>) -> Failure {
        let is_consequence = matches!(failure.kind(), FailureKind::Poisoned { .. });
        if !self.options.keeps() || failure.capsule().is_some() || is_consequence {
            return failure;
        }
        let mut capsule = self.capsule(Some(&failure), refused);
        match self.options.write(&mut capsule) {
            Ok(Some(path)) => failure.with_capsule(path),
            Ok(None) => failure,
            Err(error) => {
                log::warn!("a failure could not be kept: {error}");
                failure
            }
        }
    }
}

/// Returns a capsule without a failure and a transcript.
pub(super) fn base(module: ModuleRecord, host: &str, grants: &Grants) -> Capsule {
    Capsule {
        format: FORMAT,
        harness: env!("CARGO_PKG_VERSION").to_owned(),
        module,
        host: host.to_owned(),
        command: None,
        config: Data::default(),
        grants: GrantSettings::from(grants),
        limits: LimitSettings::from(&crate::limits::Limits::default()),
        seeds: Seeds::default(),
        require_permissions: false,
        validate_schemas: false,
        functions: Vec::new(),
        redacted: false,
        failure: None,
        refused: None,
        transcript: Transcript::default(),
    }
}

/// Describes the bytes of a module.
pub(super) fn module_record(
    wasm: &[u8],
    path: Option<&Path>,
    crate_dir: Option<&Path>,
) -> ModuleRecord {
    ModuleRecord {
        sha256: capsule::checksum(wasm),
        bytes: wasm.len() as u64,
        path: path.map(Path::to_owned),
        crate_dir: crate_dir.map(Path::to_owned),
        ..ModuleRecord::default()
    }
}

/// Describes a loaded module.
pub(super) fn loaded_record(module: &Module) -> ModuleRecord {
    let manifest = module.manifest();
    ModuleRecord {
        id: manifest.map_or_else(String::new, |manifest| manifest.id.clone()),
        version: manifest.map_or_else(String::new, |manifest| manifest.version.clone()),
        ..module_record(module.bytes(), module.path(), module.crate_dir())
    }
}

/// Returns the state of the services in memory.
pub(super) fn seeds(services: &Services) -> Seeds {
    Seeds {
        random: services.seed(),
        clock: services.hands().map(|(now, monotonic, step)| ClockHands {
            now,
            monotonic,
            step,
        }),
    }
}
