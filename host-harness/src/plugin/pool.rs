//! Many calls at once from one module, each by an instance of its own.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Plugin;
use super::builder::PluginBuilder;
use crate::abi::CommandName;
use crate::failure::Failure;

/// What makes a pool's instances.
pub(crate) type Make = Box<dyn Fn() -> PluginBuilder + Send + Sync>;

/// Instances of a plugin for calls from many threads at once.
///
/// A call takes an instance that has nothing to do. If there is none, one is made, up to the pool's size, and from there on the call waits. An instance that
/// a call has killed is thrown away, and another one made when it is needed.
///
/// ```
/// use plugin_sdk_harness::{Module, Pool, Source};
/// # const WAT: &str = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
/// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
/// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
/// #   (func (export "command_echo") (param i32 i32) (result i64)
/// #     (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;
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
/// Which instance answers is not said, and each has a state of its own. A pool is for plugins whose commands depend on their arguments, on the
/// configuration and on what the host keeps, not on earlier calls. [`with`](Pool::with) makes several calls by the same instance; what they leave in it is
/// there for whoever gets it next.
///
/// What the instances have in common, they have in the host functions that the closure provides: an `Arc<Mutex<T>>` implements what `T` does.
pub struct Pool {
    make: Make,
    places: Mutex<Places>,
    freed: Condvar,
}

/// Instances that have nothing to do, each with the thread that used it last: what it needs is in that one's processor.
#[derive(Debug)]
pub(crate) struct Idle<P>(Vec<(ThreadId, Box<P>)>);

impl<P> Idle<P> {
    pub(crate) const fn new() -> Self {
        Idle(Vec::new())
    }

    pub(crate) fn put(&mut self, plugin: Box<P>) {
        self.0.push((std::thread::current().id(), plugin));
    }

    /// The one that this thread used last if it is there, else the one that was used last of all.
    pub(crate) fn take(&mut self) -> Option<Box<P>> {
        let here = std::thread::current().id();
        let mine = self.0.iter().rposition(|(thread, _)| *thread == here);
        let place = mine.or(self.0.len().checked_sub(1))?;
        Some(self.0.swap_remove(place).1)
    }
}

struct Places {
    /// How many calls can begin at once.
    free: usize,
    /// How many wait for that.
    waiting: usize,
    /// No more than there are free places.
    idle: Idle<Plugin>,
}

/// The right to have one instance, given back when it is dropped.
struct Place<'a> {
    pool: &'a Pool,
    plugin: Option<Box<Plugin>>,
}

impl Pool {
    /// A pool of at most so many instances, 0 being taken for 1. None is made before it is needed.
    ///
    /// What the closure returns should have the same [`Module`](crate::Module), so that it is loaded and compiled once.
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

    /// As [`Plugin::call`], by whichever instance has nothing to do.
    ///
    /// # Errors
    ///
    /// As `Plugin::call`, and where an instance must be made first, as [`PluginBuilder::build`].
    pub fn call<R: DeserializeOwned>(
        &self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.with(|plugin| plugin.call(command, args))?
    }

    /// As [`Plugin::call_binary`], by whichever instance has nothing to do.
    ///
    /// # Errors
    ///
    /// As `Plugin::call_binary`, and where an instance must be made first, as [`PluginBuilder::build`].
    pub fn call_binary<R: DeserializeOwned>(
        &self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.with(|plugin| plugin.call_binary(command, args))?
    }

    /// As [`Plugin::call_raw`], by whichever instance has nothing to do; the result is copied.
    ///
    /// # Errors
    ///
    /// As `Plugin::call_raw`, and where an instance must be made first, as [`PluginBuilder::build`].
    pub fn call_raw(&self, command: impl CommandName, args: &[u8]) -> Result<Vec<u8>, Failure> {
        self.with(|plugin| plugin.call_raw(command, args).map(<[u8]>::to_vec))?
    }

    /// Lends an instance for several calls, or for more than its result.
    ///
    /// Whoever calls the pool from within waits for another instance, and forever if every one waits so. An instance is thrown away if the closure panics.
    ///
    /// # Errors
    ///
    /// Where an instance must be made first, as [`PluginBuilder::build`].
    pub fn with<R>(&self, use_it: impl FnOnce(&mut Plugin) -> R) -> Result<R, Failure> {
        let mut place = self.place();
        let mut plugin = match place.plugin.take() {
            Some(plugin) => plugin,
            None => Box::new((self.make)().build()?),
        };
        let result = use_it(&mut plugin);
        if !plugin.is_poisoned() {
            place.plugin = Some(plugin);
        }
        Ok(result)
    }

    /// Waits for a place, and for an instance if there is one for it.
    fn place(&self) -> Place<'_> {
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
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.pool.lock();
        places.free += 1;
        if let Some(plugin) = self.plugin.take() {
            places.idle.put(plugin);
        }
        let anybody_waits = places.waiting > 0;
        drop(places);
        // A call to the system, which nearly every call of a plugin can do without.
        if anybody_waits {
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
