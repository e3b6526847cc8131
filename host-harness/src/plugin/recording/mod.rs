//! Keeping failures as capsules.

pub(super) mod keep;

use std::path::PathBuf;
use std::sync::Arc;

use super::Plugin;
use super::builder::PluginBuilder;
use crate::capsule::Capsule;
use crate::failure::Failure;
use crate::observe::transcript::{Call, CalleeKind, Data, Recorder};
use keep::Place;

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
        keep::kept(self.recording.as_deref(), failure)
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
