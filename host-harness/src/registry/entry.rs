//! One plugin of a registry: its instances, and how new ones take over.

mod lending;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use plugin_sdk::services::events::Events;
use serde_json::Value;

use super::config_files::ConfigFiles;
use super::discovery::{Description, Found, Loaded, Stamp, stamp};
use super::error::RegistryError;
use super::options::PluginOptions;
use super::quickness::Quickness;
use super::recipe::{Recipe, Shared};
use super::record::Record;
use super::state::PluginState;
use super::status::{Health, Notice, PluginStatus};
use super::{Watchers, lock};
use crate::failure::{Failure, LogLine};
use crate::plugin::{Plugin, Pool};
use crate::run::Module;
use crate::services::{EventBus, MemoryKv, RecordedLog};
use crate::source::Source;

/// A plugin.
pub(super) struct Entry {
    id: String,
    source: Source,
    options: PluginOptions,
    events: EventBus,
    logs: RecordedLog,
    watchers: Watchers,
    /// Held while the plugin is started, stopped or replaced: one change at a time. Calls do not
    /// take it.
    change: Mutex<()>,
    current: RwLock<Current>,
    /// Held during a call of a single instance, and for a moment otherwise.
    serving: Mutex<Serving>,
    record: Mutex<Record>,
    quickness: Quickness,
}

/// The module and the configuration that new instances are created from.
#[derive(Clone)]
struct Current {
    recipe: Arc<Recipe>,
    description: Arc<Description>,
    stamp: Option<Stamp>,
    loaded_at: SystemTime,
}

/// The instances that answer calls.
enum Serving {
    /// None: the plugin has failed, or its pool is stopped.
    Nothing,
    /// One with state, for which calls queue.
    One(Box<Plugin>),
    /// Several without state. Calls hold on to the pool in which they began.
    Many(Arc<Pool>),
}

impl Serving {
    /// Cleans the instances up that no call uses, after stopping them if they were started. Returns
    /// the first failure.
    fn end(self, started: bool) -> Result<(), Failure> {
        match self {
            Serving::Nothing => Ok(()),
            Serving::One(mut plugin) => end_instance(&mut plugin, started),
            Serving::Many(pool) => {
                let mut first = Ok(());
                for mut plugin in pool.take_idle() {
                    first = first.and(end_instance(&mut plugin, started));
                }
                first
            }
        }
    }
}

impl Entry {
    pub(super) fn new(
        loaded: Loaded,
        options: PluginOptions,
        saved_config: Option<Value>,
        mut events: EventBus,
        watchers: Watchers,
    ) -> Result<Self, RegistryError> {
        if let Some(manifest) = loaded.module.manifest() {
            for handler in &manifest.handles {
                let subscribed = events.subscribe(&handler.topic);
                subscribed.map_err(RegistryError::Service)?;
            }
        }
        let logs = RecordedLog::new().on_line({
            let (id, watchers) = (loaded.id.clone(), watchers.clone());
            move |line| {
                watchers.send(&Notice::Logged {
                    id: id.clone(),
                    line: line.clone(),
                });
            }
        });
        let recipe = Recipe {
            id: loaded.id.clone(),
            module: loaded.module,
            host: loaded.host,
            config: saved_config.or_else(|| options.config_of(&loaded.id).cloned()),
            setup: Arc::clone(&options.setup),
            shared: Shared {
                kv: MemoryKv::new(),
                logs: logs.clone(),
                events: events.clone(),
            },
        };
        let entry = Entry {
            id: loaded.id,
            source: loaded.source,
            events,
            logs,
            watchers,
            change: Mutex::new(()),
            current: RwLock::new(Current {
                recipe: Arc::new(recipe),
                description: Arc::new(loaded.description),
                stamp: loaded.stamp,
                loaded_at: loaded.loaded_at,
            }),
            serving: Mutex::new(Serving::Nothing),
            record: Mutex::new(Record::new()),
            quickness: Quickness::default(),
            options,
        };
        let start = entry.options.start;
        let first = entry.make(&entry.current().recipe, start)?;
        *lock(&entry.serving) = first;
        if start {
            entry.set_state(PluginState::Running);
        }
        Ok(entry)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn file(&self) -> Option<&Path> {
        self.source.file_path()
    }

    /// Returns whether the file is another one than the one that was last loaded or tried.
    pub(super) fn file_has_changed(&self) -> bool {
        // A file that is gone for a moment, while a compiler replaces it, has not changed yet.
        let now = self.file().and_then(stamp);
        now.is_some() && now != self.current().stamp
    }

    pub(super) fn module(&self) -> Module {
        self.current().recipe.module.clone()
    }

    pub(super) fn config(&self) -> Value {
        let current = self.current();
        current.recipe.config.clone().unwrap_or(Value::Null)
    }

    pub(super) fn logs(&self) -> Vec<LogLine> {
        self.logs.lines()
    }

    pub(super) fn state(&self) -> PluginState {
        lock(&self.record).state
    }

    pub(super) fn health(&self) -> Health {
        let record = lock(&self.record);
        Health {
            state: record.state,
            failure: record.failure.clone(),
        }
    }

    pub(super) fn status(&self) -> PluginStatus {
        let current = self.current();
        let record = lock(&self.record);
        let description = &*current.description;
        PluginStatus {
            id: self.id.clone(),
            name: match description.name.as_str() {
                "" => self.id.clone(),
                name => name.to_owned(),
            },
            version: description.version.clone(),
            description: description.description.clone(),
            plugin_type: description.plugin_type.clone(),
            authors: description.authors.clone(),
            host: current.recipe.host.name,
            file: self.file().map(Path::to_path_buf),
            loaded_at: current.loaded_at,
            state: record.state,
            error: match record.state {
                PluginState::Failed => record.failure.clone().map(RegistryError::Plugin),
                _ => None,
            },
            reload_error: record.reload_error.clone(),
            figures: record.figures(),
        }
    }

    /// Delivers the events that wait for the plugin, if it runs.
    pub(super) fn deliver_events(&self) {
        if self.state() != PluginState::Running {
            return;
        }
        for _ in 0..self.events.waiting() {
            let Some(event) = self.events.take_one() else {
                break;
            };
            let delivered = self.with_instance(|plugin| match plugin.has_event_hook() {
                true => plugin.event(&event.topic, &event.data),
                false => Ok(()),
            });
            if let Err(error) = delivered {
                let topic = crate::text::name(&event.topic);
                self.notify_failure(&format!("event `{topic}`: {error}"));
            }
        }
    }

    pub(super) fn start(&self) -> Result<(), RegistryError> {
        let _change = lock(&self.change);
        lock(&self.record).forgive();
        let recipe = self.current().recipe;
        if self.state() == PluginState::Running {
            return Ok(());
        }
        let failed = self.state() == PluginState::Failed;
        let mut serving = lock(&self.serving);
        let mut old = Serving::Nothing;
        match &mut *serving {
            Serving::One(plugin) => {
                if let Err(failure) = plugin.start_if_supported() {
                    if plugin.is_poisoned() {
                        *serving = Serving::Nothing;
                        self.fail(failure.clone());
                    }
                    return Err(failure.into());
                }
            }
            Serving::Nothing | Serving::Many(_) => {
                let fresh = self.make(&recipe, true)?;
                old = std::mem::replace(&mut *serving, fresh);
            }
        }
        self.set_state(PluginState::Running);
        drop(serving);
        // A pool that has failed, or one that was never started.
        self.end_replaced(old, failed);
        Ok(())
    }

    pub(super) fn stop(&self) -> Result<(), RegistryError> {
        let _change = lock(&self.change);
        self.stop_changing()
    }

    /// Stops the plugin while the lock for changes is held.
    fn stop_changing(&self) -> Result<(), RegistryError> {
        if self.state() != PluginState::Running {
            return Ok(());
        }
        let mut serving = lock(&self.serving);
        self.set_state(PluginState::Stopped);
        let stopped = match &mut *serving {
            Serving::Nothing => Ok(()),
            Serving::One(plugin) => plugin.stop_if_supported(),
            Serving::Many(_) => {
                let pool = std::mem::replace(&mut *serving, Serving::Nothing);
                pool.end(true)
            }
        };
        Ok(stopped?)
    }

    /// Stops the plugin and cleans it up, for good.
    pub(super) fn end(&self) -> Result<(), RegistryError> {
        let _change = lock(&self.change);
        let failed = self.state() == PluginState::Failed;
        let stopped = self.stop_changing();
        let last = std::mem::replace(&mut *lock(&self.serving), Serving::Nothing);
        stopped.and(last.end(failed).map_err(RegistryError::Plugin))
    }

    /// Reads the module again and lets it take over.
    pub(super) fn reload(&self) -> Result<(), RegistryError> {
        let _change = lock(&self.change);
        let found = Found::of(self.source.clone());
        // A broken file is not tried again until it changes.
        write(&self.current).stamp = found.stamp().cloned();
        let replaced = self.reloaded(&found);
        if let Err(error) = &replaced {
            lock(&self.record).reload_error = Some(error.clone());
        }
        replaced
    }

    fn reloaded(&self, found: &Found) -> Result<(), RegistryError> {
        let loaded = found.load(&self.options)?;
        if loaded.id != self.id {
            return Err(RegistryError::IdChanged {
                id: self.id.clone(),
                new: loaded.id,
            });
        }
        let mut next = self.current();
        let mut recipe = Recipe::clone(&next.recipe);
        recipe.module = loaded.module;
        recipe.host = loaded.host;
        next.recipe = Arc::new(recipe);
        next.description = Arc::new(loaded.description);
        next.stamp = loaded.stamp;
        next.loaded_at = loaded.loaded_at;
        self.replace(next, || Ok(()))
    }

    /// Lets an instance with another configuration take over, and saves the configuration.
    pub(super) fn set_config(
        &self,
        config: &Value,
        files: Option<&ConfigFiles>,
    ) -> Result<(), RegistryError> {
        let _change = lock(&self.change);
        let mut next = self.current();
        let mut recipe = Recipe::clone(&next.recipe);
        recipe.config = Some(config.clone());
        next.recipe = Arc::new(recipe);
        self.replace(next, || match files {
            Some(files) => files.write(&self.id, config),
            None => Ok(()),
        })
    }

    /// Creates instances, carries the state over, and lets them take over between two calls.
    /// `commit` runs when nothing else can fail.
    fn replace(
        &self,
        next: Current,
        commit: impl FnOnce() -> Result<(), RegistryError>,
    ) -> Result<(), RegistryError> {
        let start = match self.state() {
            PluginState::Running | PluginState::Failed => true,
            PluginState::Loaded | PluginState::Stopped => false,
        };
        let mut fresh = self.make(&next.recipe, start)?;
        let mut serving = lock(&self.serving);
        if let (Serving::One(old), Serving::One(new)) = (&mut *serving, &mut fresh)
            && let Err(failure) = carry_state(old, new)
        {
            // The old module's own code may have trapped while it saved the state.
            if old.is_poisoned() {
                self.restart(&mut serving, Some(&failure));
            }
            drop(serving);
            self.end_replaced(fresh, start);
            return Err(failure.into());
        }
        if let Err(error) = commit() {
            drop(serving);
            self.end_replaced(fresh, start);
            return Err(error);
        }
        *write(&self.current) = next;
        let old = std::mem::replace(&mut *serving, fresh);
        drop(serving);
        lock(&self.record).count_swap();
        if self.state() == PluginState::Failed {
            self.set_state(PluginState::Running);
        }
        self.end_replaced(old, start);
        Ok(())
    }

    /// Ends instances in whose place others answer, so that a failing hook changes nothing.
    fn end_replaced(&self, instances: Serving, started: bool) {
        if let Err(failure) = instances.end(started) {
            self.notify_failure(&failure.message());
        }
    }

    /// Creates instances that have not taken over yet.
    fn make(&self, recipe: &Arc<Recipe>, start: bool) -> Result<Serving, RegistryError> {
        let first = Box::new(recipe.build(start)?);
        let Some(size) = self.options.instances else {
            return Ok(Serving::One(first));
        };
        let recipe = Arc::clone(recipe);
        let pool = Pool::new(size, move || recipe.builder(start));
        pool.put_idle(first);
        Ok(Serving::Many(Arc::new(pool)))
    }

    fn set_state(&self, state: PluginState) {
        lock(&self.record).set_state(state);
        self.watchers.send(&Notice::State {
            id: self.id.clone(),
            state,
        });
    }

    fn notify_failure(&self, message: &str) {
        self.watchers.send(&Notice::Failed {
            id: self.id.clone(),
            message: message.to_owned(),
        });
    }

    fn expect_running(&self) -> Result<(), RegistryError> {
        match self.state() {
            PluginState::Running => Ok(()),
            PluginState::Loaded | PluginState::Stopped | PluginState::Failed => {
                Err(self.not_running())
            }
        }
    }

    fn not_running(&self) -> RegistryError {
        let record = lock(&self.record);
        RegistryError::NotRunning {
            id: self.id.clone(),
            state: record.state,
            failure: match record.state {
                PluginState::Failed => record.failure.clone(),
                _ => None,
            },
        }
    }

    fn current(&self) -> Current {
        read(&self.current).clone()
    }
}

/// Saves the state of one instance and loads it into another, if both can.
fn carry_state(old: &mut Plugin, new: &mut Plugin) -> Result<(), Failure> {
    match !old.is_poisoned() && old.has_state() && new.has_state() {
        true => new.load_state(&old.save_state()?),
        false => Ok(()),
    }
}

/// Cleans an instance up, after stopping it if it was started.
fn end_instance(plugin: &mut Plugin, started: bool) -> Result<(), Failure> {
    if plugin.is_poisoned() {
        return Ok(());
    }
    if started {
        plugin.stop_if_supported()?;
    }
    plugin.cleanup()
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
