//! Running plugins by id: a host's plugin manager.
//!
//! A [`Registry`] loads plugins from files and folders, starts and stops them, calls them, carries
//! events between them, and replaces a plugin by a newer build between two calls.
//!
//! `discovery.rs` finds modules and reads their sidecars. `entry.rs` holds one plugin, whose
//! instances `recipe.rs` creates and `entry/lending.rs` lends to `calls.rs`. `record.rs` counts
//! their calls, and `quickness.rs` knows which calls need no thread to wait on. `config_files.rs`
//! keeps configurations, and `status.rs` has what a registry reports.

mod calls;
mod config_files;
mod discovery;
mod entry;
mod error;
mod options;
mod quickness;
mod recipe;
mod record;
mod state;
mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

use plugin_sdk::services::events::Events;
use serde_json::Value;

use crate::failure::LogLine;
use crate::run::Module;
use crate::services::EventBus;
use crate::source::Source;
use config_files::ConfigFiles;
use discovery::Found;
use entry::Entry;

pub use error::RegistryError;
pub use options::PluginOptions;
pub use state::PluginState;
pub use status::{CallFigures, Health, Notice, PluginStatus};

/// The notices that wait for a slow watcher; further ones are dropped.
const MAX_NOTICES: usize = 1000;

/// The plugins of a host, by id. Clones share them, and every method takes `&self`, so that any
/// number of threads can use one registry.
///
/// ```no_run
/// use plugin_sdk_harness::registry::{PluginOptions, Registry};
/// use serde_json::{Value, json};
///
/// let registry = Registry::new();
/// registry.add_folder("plugins", PluginOptions::new().setup(|_, plugin| plugin.grant("kv")))?;
/// for plugin in registry.list() {
///     println!("{} is {}", plugin.id, plugin.state);
/// }
///
/// let greeting: Value = registry.call("greeter", "greet", json!({"name": "Ada"}))?;
/// assert_eq!(greeting["message"], "Hello, Ada!");
///
/// // A newer build of the file takes over between two calls.
/// registry.reload("greeter")?;
/// # Ok::<(), plugin_sdk_harness::registry::RegistryError>(())
/// ```
///
/// # Instances
///
/// Each plugin has one instance, which keeps its state; its calls queue.
/// [`PluginOptions::instances`] gives a plugin without state several, so that its calls run side by
/// side. [`with_new_instance`](Registry::with_new_instance) makes calls that do not depend on
/// earlier ones. A call that traps ends its instance. The registry then creates another one, with
/// the initial state, unless that has happened [too often](PluginOptions::max_restarts): then the
/// plugin has failed, until [`start`](Registry::start) or [`reload`](Registry::reload). A call that
/// its host [interrupts](crate::Plugin::interruptible) ends its instance too, and does not count.
///
/// # Events
///
/// All plugins share one bus. Each gets the events that its manifest says it handles, and those
/// that it subscribes to. Events that a plugin emits during a call are delivered after that call,
/// before it returns; with calls at the same time, by the thread of one of them. Events for a
/// plugin that does not run wait until it starts.
///
/// # Services
///
/// A plugin has its own key-value store in memory, the computer's clock and random numbers, and a
/// log that [`watch`](Registry::watch) and [`logs`](Registry::logs) show. All of them outlive its
/// instances. [`PluginOptions::setup`] replaces them, grants permissions and sets limits.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    entries: RwLock<BTreeMap<String, Arc<Entry>>>,
    /// Files that could not be loaded, by path.
    broken: Mutex<BTreeMap<PathBuf, Broken>>,
    folders: Mutex<Vec<(PathBuf, PluginOptions)>>,
    configs: Option<ConfigFiles>,
    bus: EventBus,
    /// The place on the bus that gets every event, for watchers.
    observed: EventBus,
    watchers: Watchers,
}

/// A file that could not be loaded.
struct Broken {
    found: Found,
    error: RegistryError,
}

/// The receivers of notices.
#[derive(Clone, Default)]
pub(in crate::registry) struct Watchers(Arc<Mutex<Vec<SyncSender<Notice>>>>);

impl Watchers {
    fn send(&self, notice: &Notice) {
        lock(&self.0).retain(|watcher| {
            let sent = watcher.try_send(notice.clone());
            !matches!(sent, Err(TrySendError::Disconnected(_)))
        });
    }
}

impl Registry {
    /// Creates an empty registry, which keeps configurations in memory.
    pub fn new() -> Self {
        Self::with(None)
    }

    /// Creates an empty registry that keeps each configuration set by
    /// [`set_config`](Registry::set_config) in a file `<id>.json` of this folder, so that it
    /// outlives the process. It takes precedence over [`PluginOptions::config`].
    pub fn with_config_dir(dir: impl Into<PathBuf>) -> Self {
        Self::with(Some(ConfigFiles::new(dir.into())))
    }

    fn with(configs: Option<ConfigFiles>) -> Self {
        let bus = EventBus::new();
        let mut observed = bus.join();
        // The pattern of all topics is valid, and the first subscription is within the quota.
        let subscribed = observed.subscribe("**");
        debug_assert!(subscribed.is_ok(), "{subscribed:?}");
        Registry(Arc::new(Inner {
            entries: RwLock::default(),
            broken: Mutex::default(),
            folders: Mutex::default(),
            configs,
            bus,
            observed,
            watchers: Watchers::default(),
        }))
    }

    /// Loads a plugin, and starts it unless the options say otherwise. Returns its id: that of the
    /// options, its manifest or its sidecar, or else the file's name.
    ///
    /// A module that was built for another host runs by that host's rules.
    ///
    /// # Errors
    ///
    /// [`DuplicateId`](RegistryError::DuplicateId) if a plugin of this id is loaded already, and a
    /// [failure](RegistryError::Plugin) of the module, its init hook or its start hook.
    pub fn load(
        &self,
        source: impl Into<Source>,
        options: PluginOptions,
    ) -> Result<String, RegistryError> {
        self.load_found(&Found::of(source.into()), options)
    }

    /// Loads all modules of a folder and of its subfolders, one level deep, and remembers the
    /// folder for [`refresh`](Registry::refresh). Returns the ids of the plugins that it loaded.
    ///
    /// A module that cannot be loaded does not keep the others from running:
    /// [`list`](Registry::list) has it as failed.
    ///
    /// # Errors
    ///
    /// [`Io`](RegistryError::Io) if the folder cannot be read.
    pub fn add_folder(
        &self,
        dir: impl Into<PathBuf>,
        options: PluginOptions,
    ) -> Result<Vec<String>, RegistryError> {
        let dir = dir.into();
        let loaded = self.load_folder(&dir, &options)?;
        lock(&self.0.folders).push((dir, options));
        Ok(loaded)
    }

    /// Looks at all files again: reloads the plugins whose file has changed, and loads new files of
    /// the [folders](Registry::add_folder). Returns the plugins that are new or changed.
    ///
    /// A plugin whose new file is broken stays as it is; its [status](Registry::status) has the
    /// failure. A plugin whose file is gone stays until it is [unloaded](Registry::unload); a file
    /// that could not be loaded is forgotten when it is gone.
    pub fn refresh(&self) -> Vec<(String, Result<(), RegistryError>)> {
        lock(&self.0.broken).retain(|file, _| file.is_file());
        let mut changes = Vec::new();
        for entry in self.entries() {
            if entry.file_has_changed() {
                let outcome = self.reload_entry(&entry);
                changes.push((entry.id().to_owned(), outcome));
            }
        }
        let folders = lock(&self.0.folders).clone();
        for (dir, options) in folders {
            match self.load_folder(&dir, &options) {
                Ok(loaded) => changes.extend(loaded.into_iter().map(|id| (id, Ok(())))),
                Err(error) => changes.push((dir.display().to_string(), Err(error))),
            }
        }
        changes
    }

    /// Returns all plugins in the order of their ids, and after them the files that could not be
    /// loaded.
    pub fn list(&self) -> Vec<PluginStatus> {
        let entries = self.entries();
        let mut all: Vec<_> = entries.iter().map(|entry| entry.status()).collect();
        let broken = lock(&self.0.broken);
        all.extend(broken.values().map(|broken| {
            let error = broken.error.clone();
            broken.found.failed(error)
        }));
        all
    }

    /// Returns the state and the figures of a plugin.
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin), which names the most similar id.
    pub fn status(&self, id: &str) -> Result<PluginStatus, RegistryError> {
        Ok(self.entry(id)?.status())
    }

    /// Returns whether a plugin runs, and the failure if it has one.
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin).
    pub fn health(&self, id: &str) -> Result<Health, RegistryError> {
        Ok(self.entry(id)?.health())
    }

    /// Returns the module of a plugin, with its manifest.
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin).
    pub fn module(&self, id: &str) -> Result<Module, RegistryError> {
        Ok(self.entry(id)?.module())
    }

    /// Returns the last lines that a plugin logged, oldest first: at most 1000.
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin).
    pub fn logs(&self, id: &str) -> Result<Vec<LogLine>, RegistryError> {
        Ok(self.entry(id)?.logs())
    }

    /// Returns the configuration of a plugin; `null` if it has none.
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin).
    pub fn config(&self, id: &str) -> Result<Value, RegistryError> {
        Ok(self.entry(id)?.config())
    }

    /// Replaces the configuration of a plugin: validates it against the plugin's schema, creates an
    /// instance with it, saves it, and lets the new instance take over as
    /// [`reload`](Registry::reload) does.
    ///
    /// # Errors
    ///
    /// A configuration that does not match the schema or that the init hook refuses, or a file that
    /// cannot be written. Then the old configuration and the old instance stay.
    pub fn set_config(&self, id: &str, config: &Value) -> Result<(), RegistryError> {
        let entry = self.entry(id)?;
        entry.set_config(config, self.0.configs.as_ref())?;
        self.deliver();
        Ok(())
    }

    /// Starts a plugin that was stopped, or that has failed. A stopped instance keeps its state;
    /// one that has failed is replaced.
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin), and the failure of a hook.
    pub fn start(&self, id: &str) -> Result<(), RegistryError> {
        let entry = self.entry(id)?;
        entry.start()?;
        entry.deliver_events();
        self.deliver();
        Ok(())
    }

    /// Stops a plugin: waits for its calls, and calls its stop hook. Further calls fail with
    /// [`NotRunning`](RegistryError::NotRunning).
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin), and the failure of the stop hook. The
    /// plugin is stopped all the same.
    pub fn stop(&self, id: &str) -> Result<(), RegistryError> {
        self.entry(id)?.stop()
    }

    /// Reads a plugin's module again and lets a new instance take over between two calls.
    ///
    /// The new instance is created next to the old one, with the same configuration, and its init
    /// and start hooks run. Then calls wait for a moment while the state moves over, if both
    /// modules can [save and load it](crate::Plugin::save_state). Calls that have begun end on the
    /// old instance, whose stop and cleanup hooks run at last.
    ///
    /// # Errors
    ///
    /// Everything that can go wrong with the new module, its hooks and the state. The old instance
    /// then stays, with its state.
    pub fn reload(&self, id: &str) -> Result<(), RegistryError> {
        let entry = self.entry(id)?;
        let reloaded = self.reload_entry(&entry);
        self.deliver();
        reloaded
    }

    /// Stops a plugin, calls its cleanup hook, and forgets it. Its saved configuration stays.
    ///
    /// # Errors
    ///
    /// [`UnknownPlugin`](RegistryError::UnknownPlugin), and the failure of a hook. The plugin is
    /// unloaded all the same.
    pub fn unload(&self, id: &str) -> Result<(), RegistryError> {
        let entry = self.entry(id)?;
        self.write_entries().remove(id);
        let ended = entry.end();
        self.notify(Notice::Unloaded { id: id.to_owned() });
        ended
    }

    /// Ends all plugins: waits for their calls, and calls their stop and cleanup hooks. Returns the
    /// failures of the hooks, by id.
    pub fn shut_down(&self) -> Vec<(String, RegistryError)> {
        let entries = std::mem::take(&mut *self.write_entries());
        entries
            .into_iter()
            .filter_map(|(id, entry)| entry.end().err().map(|error| (id, error)))
            .collect()
    }

    /// Returns what happens from now on: changes of state, log lines and events. A watcher that
    /// falls 1000 notices behind misses later ones.
    pub fn watch(&self) -> Receiver<Notice> {
        let (sender, receiver) = sync_channel(MAX_NOTICES);
        lock(&self.0.watchers.0).push(sender);
        receiver
    }

    fn reload_entry(&self, entry: &Entry) -> Result<(), RegistryError> {
        let outcome = entry.reload();
        self.notify(match &outcome {
            Ok(()) => Notice::Reloaded {
                id: entry.id().to_owned(),
            },
            Err(error) => Notice::Failed {
                id: entry.id().to_owned(),
                message: error.to_string(),
            },
        });
        outcome
    }

    fn load_folder(
        &self,
        dir: &Path,
        options: &PluginOptions,
    ) -> Result<Vec<String>, RegistryError> {
        let files = discovery::modules_in(dir)?;
        // A file that another thread loads meanwhile is refused, because its id is taken.
        let entries = self.entries();
        let known: BTreeSet<&Path> = entries.iter().filter_map(|entry| entry.file()).collect();
        // An id is for one module.
        let mut options = options.clone();
        options.id = None;
        let mut loaded = Vec::new();
        for file in files {
            if known.contains(&*file) {
                continue;
            }
            let source = Source::file(file.clone()).limits(options.module_limits.clone());
            let found = Found::of(source);
            // A broken file is tried again only if it has changed, or if its id is free now.
            let same = lock(&self.0.broken).get(&file).is_some_and(|broken| {
                let stays = match &broken.error {
                    RegistryError::DuplicateId { id, .. } => self.find(id).is_some(),
                    _ => true,
                };
                stays && broken.found.stamp() == found.stamp()
            });
            if same {
                continue;
            }
            match self.load_found(&found, options.clone()) {
                Ok(id) => loaded.push(id),
                Err(error) => {
                    self.notify(Notice::Failed {
                        id: found.name().to_owned(),
                        message: error.to_string(),
                    });
                    lock(&self.0.broken).insert(file, Broken { found, error });
                }
            }
        }
        Ok(loaded)
    }

    fn load_found(&self, found: &Found, options: PluginOptions) -> Result<String, RegistryError> {
        let loaded = found.load(&options)?;
        if let Some(other) = self.find(&loaded.id) {
            return Err(RegistryError::duplicate(
                &loaded.id,
                other.file(),
                found.file(),
            ));
        }
        let saved = match &self.0.configs {
            Some(configs) => configs.read(&loaded.id)?,
            None => None,
        };
        let watchers = self.0.watchers.clone();
        let entry = Entry::new(loaded, options, saved, self.0.bus.join(), watchers)?;
        let id = entry.id().to_owned();
        let mut entries = self.write_entries();
        // Another thread may have loaded the same plugin meanwhile.
        if let Some(other) = entries.get(&id) {
            return Err(RegistryError::duplicate(&id, other.file(), found.file()));
        }
        entries.insert(id.clone(), Arc::new(entry));
        drop(entries);
        if let Some(file) = found.file() {
            lock(&self.0.broken).remove(file);
        }
        self.notify(Notice::Loaded { id: id.clone() });
        self.deliver();
        Ok(id)
    }

    fn notify(&self, notice: Notice) {
        self.0.watchers.send(&notice);
    }

    fn entry(&self, id: &str) -> Result<Arc<Entry>, RegistryError> {
        self.find(id).ok_or_else(|| {
            let entries = self.entries();
            RegistryError::unknown(id, entries.iter().map(|entry| entry.id()))
        })
    }

    fn find(&self, id: &str) -> Option<Arc<Entry>> {
        let entries = self.0.entries.read();
        let entries = entries.unwrap_or_else(PoisonError::into_inner);
        entries.get(id).cloned()
    }

    fn entries(&self) -> Vec<Arc<Entry>> {
        let entries = self.0.entries.read();
        let entries = entries.unwrap_or_else(PoisonError::into_inner);
        entries.values().cloned().collect()
    }

    fn write_entries(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<String, Arc<Entry>>> {
        let entries = self.0.entries.write();
        entries.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries = self.entries();
        let plugins = entries
            .iter()
            .map(|entry| (entry.id().to_owned(), entry.state()));
        f.debug_map().entries(plugins).finish()
    }
}

/// Locks a mutex. A panic under the lock leaves what it protects valid: each change is one
/// assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks a mutex like [`lock`], unless it is locked.
fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
