//! Many calls at once, each by an instance of its own.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Plugin;
use super::builder::PluginBuilder;
use crate::abi::CommandName;
use crate::failure::Failure;
use crate::sync::lock;

/// The function that creates the builder of an instance.
pub(crate) type Make = Box<dyn Fn() -> PluginBuilder + Send + Sync>;

/// Instances of a plugin for calls from many threads at once.
///
/// A call takes an idle instance. If all are busy, the pool creates one, up to its size; beyond
/// that, the call waits. An instance that a call has killed is dropped, and replaced when needed. A
/// call that creates an instance may fail with the errors of [`PluginBuilder::build`].
///
/// ```
/// use plugin_sdk_harness::{Module, Pool, Source};
/// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
///
/// let module = Module::load(Source::wat(WAT))?;
/// let pool = Pool::new(2, move || module.plugin());
/// std::thread::scope(|threads| {
///     for _ in 0..4 {
///         threads.spawn(|| assert_eq!(pool.call_raw("echo", b"abc").unwrap(), b"abc"));
///     }
/// });
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
///
/// # Plugins with a state
///
/// Any instance may answer, and each has its own state. A pool is for plugins whose commands depend
/// on their arguments, on the configuration and on data of the host, not on earlier calls.
/// [`with`](Pool::with) makes several calls to the same instance; later callers find what they
/// leave in it.
///
/// Instances share data through the host functions that the closure provides: an `Arc<Mutex<T>>`
/// implements what `T` does.
pub struct Pool {
    make: Make,
    places: Mutex<Places>,
    freed: Condvar,
}

/// Idle instances, each with the thread that used it last, whose processor caches its data.
#[derive(Debug)]
pub(crate) struct Idle<P>(Vec<(ThreadId, Box<P>)>);

impl<P> Idle<P> {
    pub(crate) const fn new() -> Self {
        Idle(Vec::new())
    }

    pub(crate) fn put(&mut self, plugin: Box<P>) {
        self.0.push((std::thread::current().id(), plugin));
    }

    /// Returns the instance that this thread used last, or else the most recently used one.
    pub(crate) fn take(&mut self) -> Option<Box<P>> {
        let here = std::thread::current().id();
        let mine = self.0.iter().rposition(|(thread, _)| *thread == here);
        let place = mine.or(self.0.len().checked_sub(1))?;
        Some(self.0.swap_remove(place).1)
    }
}

struct Places {
    /// The number of calls that can begin at once.
    free: usize,
    /// The number of calls that wait.
    waiting: usize,
    /// At most as many as there are free places.
    idle: Idle<Plugin>,
}

/// The right to use one instance, returned when dropped.
pub(crate) struct Place<'a> {
    pool: &'a Pool,
    plugin: Option<Box<Plugin>>,
}

impl Pool {
    /// Creates a pool of at most `size` instances; 0 counts as 1. Instances are created when
    /// needed.
    ///
    /// All builders should have the same [`Module`](crate::Module), so that it is loaded and
    /// compiled once. With [`emulate`](PluginBuilder::emulate), the instances are for another host.
    pub fn new(size: usize, make: impl Fn() -> PluginBuilder + Send + Sync + 'static) -> Self {
        Pool {
            make: Box::new(make),
            places: Mutex::new(Places {
                free: size.max(1),
                waiting: 0,
                idle: Idle::new(),
            }),
            freed: Condvar::new(),
        }
    }

    /// Calls a command of an idle instance, like [`Plugin::call`].
    pub fn call<R: DeserializeOwned>(
        &self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.with(|plugin| plugin.call(command, args))?
    }

    /// Calls a command of an idle instance, like [`Plugin::call_binary`].
    pub fn call_binary<R: DeserializeOwned>(
        &self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.with(|plugin| plugin.call_binary(command, args))?
    }

    /// Calls a command of an idle instance, like [`Plugin::call_raw`]; the result is copied.
    pub fn call_raw(&self, command: impl CommandName, args: &[u8]) -> Result<Vec<u8>, Failure> {
        self.with(|plugin| plugin.call_raw(command, args).map(<[u8]>::to_vec))?
    }

    /// Lends an instance for several calls, or for more than its result.
    ///
    /// A closure that calls the pool waits for another instance, for ever if all instances are lent
    /// in this way. An instance is dropped if the closure panics.
    ///
    /// # Errors
    ///
    /// Those of [`PluginBuilder::build`], if an instance is created first.
    pub fn with<R>(&self, use_it: impl FnOnce(&mut Plugin) -> R) -> Result<R, Failure> {
        self.place().with(use_it)
    }

    /// Adds an idle instance to a pool in which no call has begun.
    #[cfg(feature = "registry")]
    pub(crate) fn put_idle(&self, plugin: Box<Plugin>) {
        self.lock().idle.put(plugin);
    }

    /// Takes all idle instances.
    #[cfg(feature = "registry")]
    pub(crate) fn take_idle(&self) -> Vec<Plugin> {
        let mut places = self.lock();
        std::iter::from_fn(|| places.idle.take())
            .map(|plugin| *plugin)
            .collect()
    }

    /// Takes an idle instance that satisfies a condition, if there is one.
    #[cfg(feature = "registry")]
    pub(crate) fn idle_place(&self, condition: impl Fn(&Plugin) -> bool) -> Option<Place<'_>> {
        let mut places = self.lock();
        let plugin = places.idle.take()?;
        if !condition(&plugin) {
            places.idle.put(plugin);
            return None;
        }
        places.free -= 1;
        Some(Place {
            plugin: Some(plugin),
            pool: self,
        })
    }

    /// Waits for a place, and takes an idle instance if there is one.
    pub(crate) fn place(&self) -> Place<'_> {
        let mut places = self.lock();
        while places.free == 0 {
            places.waiting += 1;
            places = self
                .freed
                .wait(places)
                .unwrap_or_else(PoisonError::into_inner);
            places.waiting -= 1;
        }
        places.free -= 1;
        Place {
            plugin: places.idle.take(),
            pool: self,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        lock(&self.places)
    }
}

impl Place<'_> {
    /// Lends the instance, which is created if the place has none yet.
    pub(crate) fn with<R>(mut self, use_it: impl FnOnce(&mut Plugin) -> R) -> Result<R, Failure> {
        let mut plugin = match self.plugin.take() {
            Some(plugin) => plugin,
            None => Box::new((self.pool.make)().build()?),
        };
        let result = use_it(&mut plugin);
        if !plugin.is_poisoned() {
            self.plugin = Some(plugin);
        }
        Ok(result)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.pool.lock();
        places.free += 1;
        if let Some(plugin) = self.plugin.take() {
            places.idle.put(plugin);
        }
        let is_awaited = places.waiting > 0;
        drop(places);
        // Saves a system call for most calls.
        if is_awaited {
            self.pool.freed.notify_one();
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let places = self.lock();
        f.debug_struct("Pool")
            .field("free", &places.free)
            .field("waiting", &places.waiting)
            .field("idle", &places.idle)
            .finish()
    }
}
