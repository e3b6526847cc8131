//! The capsules of a plugin: their settings, their contents, and the files that keep them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// A function that removes secrets from data; see
/// [`PluginBuilder::redact`](crate::PluginBuilder::redact).
pub(super) type Redact = Arc<dyn Fn(&str, &mut Vec<u8>) + Send + Sync>;

/// The settings for keeping capsules.
#[derive(Clone, Default)]
pub(in crate::plugin) struct Options {
    pub(super) place: Option<Place>,
    pub(super) redact: Option<Redact>,
}

/// The place of capsules.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Folder(PathBuf),
    File(PathBuf),
}

/// The parts of a plugin's capsules that are known when its instance is created.
pub(in crate::plugin) struct Recording {
    options: Options,
    recorder: Shared<Recorder>,
    /// `None` for a module that was not loaded, which `base` describes.
    module: Option<Module>,
    /// Without module, failure and transcript.
    base: Capsule,
}

impl Options {
    /// Fills in the environment's setting.
    pub(in crate::plugin) fn settled(mut self) -> Self {
        if self.place.is_none() {
            let folder = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty());
            self.place = folder.map(|folder| Place::Folder(folder.into()));
        }
        self
    }

    /// Returns whether capsules are kept.
    pub(in crate::plugin) fn keeps(&self) -> bool {
        self.place.is_some()
    }

    /// Keeps the failure of a module that was not loaded or not prepared.
    pub(in crate::plugin) fn keep_unloaded(&self, failure: Failure, base: Capsule) -> Failure {
        let recording = Recording {
            options: self.clone(),
            recorder: Shared::default(),
            module: None,
            base,
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
    pub(in crate::plugin) fn new(
        options: Options,
        recorder: Shared<Recorder>,
        module: Module,
        base: Capsule,
    ) -> Self {
        Recording {
            options,
            recorder,
            module: Some(module),
            base,
        }
    }

    pub(super) fn capsule(&self, failure: Option<&Failure>, refused: Option<Call>) -> Capsule {
        let transcript = self.recorder.lock().transcript();
        let called = transcript.steps.iter().rev().find_map(|step| match step {
            Step::Call(call) => Some(call),
            _ => None,
        });
        let called = refused.as_ref().or(called);
        let command = called.filter(|call| call.callee != CalleeKind::Hook);
        Capsule {
            module: match &self.module {
                Some(module) => loaded_record(module),
                None => self.base.module.clone(),
            },
            command: command.map(|call| call.name.clone()),
            failure: failure.map(Failure::to_json),
            refused,
            transcript,
            ..self.base.clone()
        }
    }

    /// Keeps a failure, unless it is kept already or only the consequence of one that is.
    pub(in crate::plugin) fn keep(&self, failure: Failure, refused: Option<Call>) -> Failure {
        let is_consequence = matches!(failure.kind(), FailureKind::Poisoned { .. });
        if !self.options.keeps() || failure.capsule().is_some() || is_consequence {
            return failure;
        }
        let mut capsule = self.capsule(Some(&failure), refused);
        match self.options.write(&mut capsule).transpose() {
            Some(written) => failure.with_capsule(written.map_err(|error| error.to_string())),
            None => failure,
        }
    }
}

/// Keeps a failure, if failures are kept.
#[cold]
pub(in crate::plugin) fn kept(recording: Option<&Recording>, failure: Failure) -> Failure {
    match recording {
        Some(recording) => recording.keep(failure, None),
        None => failure,
    }
}

/// Returns a capsule without a failure and a transcript.
pub(in crate::plugin) fn base(module: ModuleRecord, host: &str, grants: &Grants) -> Capsule {
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
pub(in crate::plugin) fn module_record(
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
pub(in crate::plugin) fn loaded_record(module: &Module) -> ModuleRecord {
    let manifest = module.manifest();
    ModuleRecord {
        id: manifest.map_or_else(String::new, |manifest| manifest.id.clone()),
        version: manifest.map_or_else(String::new, |manifest| manifest.version.clone()),
        ..module_record(module.bytes(), module.path(), module.crate_dir())
    }
}

/// Returns the state of the services in memory.
pub(in crate::plugin) fn seeds(services: &Services) -> Seeds {
    Seeds {
        random: services.seed(),
        clock: services.hands().map(|(now, monotonic, step)| ClockHands {
            now,
            monotonic,
            step,
        }),
    }
}
