//! Many calls at once, each by an instance of its own.

use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Condvar, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Plugin;
use super::builder::PluginBuilder;
use super::slots::{Slots, Taken};
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
    slots: Slots<Plugin>,
    /// The number of calls that wait for a slot. Changed under the gate.
    waiting: AtomicUsize,
    gate: Mutex<()>,
    freed: Condvar,
}

/// The right to use one instance, returned when dropped.
pub(crate) struct Place<'a> {
    pool: &'a Pool,
    /// `None` only while it is dropped.
    slot: Option<Taken<'a, Plugin>>,
}

impl Pool {
    /// Creates a pool of at most `size` instances; 0 counts as 1, and more than 65,536 as that.
    /// Instances are created when needed.
    ///
    /// All builders should have the same [`Module`](crate::Module), so that it is loaded and
    /// compiled once. With [`emulate`](PluginBuilder::emulate), the instances are for another host.
    pub fn new(size: usize, make: impl Fn() -> PluginBuilder + Send + Sync + 'static) -> Self {
        Pool {
            make: Box::new(make),
            slots: Slots::new(size.clamp(1, Slots::<Plugin>::MAX)),
            waiting: AtomicUsize::new(0),
            gate: Mutex::new(()),
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
        if let Some(mut slot) = self.slots.take() {
            slot.plugin = Some(plugin);
        }
    }

    /// Takes all idle instances.
    #[cfg(feature = "registry")]
    pub(crate) fn take_idle(&self) -> Vec<Plugin> {
        let idle = || {
            let mut place = self.idle_place(|_| true)?;
            let plugin = place.slot.as_mut()?.plugin.take();
            plugin.map(|plugin| *plugin)
        };
        std::iter::from_fn(idle).collect()
    }

    /// Takes an idle instance that satisfies a condition, if there is one.
    #[cfg(feature = "registry")]
    pub(crate) fn idle_place(&self, condition: impl Fn(&Plugin) -> bool) -> Option<Place<'_>> {
        let slot = self.slots.take_idle(condition)?;
        Some(Place {
            pool: self,
            slot: Some(slot),
        })
    }

    /// Waits for a place, and takes an idle instance if there is one.
    pub(crate) fn place(&self) -> Place<'_> {
        let slot = self.slots.take().unwrap_or_else(|| self.wait());
        Place {
            pool: self,
            slot: Some(slot),
        }
    }

    /// Waits for a free slot.
    #[cold]
    fn wait(&self) -> Taken<'_, Plugin> {
        let mut gate = lock(&self.gate);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // Either this call sees a slot that is given back, or the call that gives it back sees that
        // this one waits.
        fence(Ordering::SeqCst);
        loop {
            if let Some(slot) = self.slots.take() {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                return slot;
            }
            let freed = self.freed.wait(gate);
            gate = freed.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Wakes a call that waits for a slot, after one was given back.
    fn wake(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            drop(lock(&self.gate));
            self.freed.notify_one();
        }
    }
}

impl Place<'_> {
    /// Lends the instance, which is created if the place has none yet.
    pub(crate) fn with<R>(mut self, use_it: impl FnOnce(&mut Plugin) -> R) -> Result<R, Failure> {
        let plugin = self.slot.as_mut().and_then(|slot| slot.plugin.take());
        let mut plugin = match plugin {
            Some(plugin) => plugin,
            None => Box::new((self.pool.make)().build()?),
        };
        let result = use_it(&mut plugin);
        if let Some(slot) = self.slot.as_mut().filter(|_| !plugin.is_poisoned()) {
            slot.plugin = Some(plugin);
        }
        Ok(result)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        drop(self.slot.take());
        self.pool.wake();
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("slots", &self.slots)
            .field("waiting", &self.waiting)
            .finish()
    }
}
