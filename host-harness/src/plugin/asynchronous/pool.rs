//! Many calls at once from one module, on tokio.

use std::sync::atomic::{AtomicUsize, Ordering, fence};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::coop;

use super::plugin::AsyncPlugin;
use crate::abi::CommandName;
use crate::failure::Failure;
use crate::plugin::builder::PluginBuilder;
use crate::plugin::pool::Make;
use crate::plugin::slots::{Slots, Taken};

/// A [`Pool`](crate::Pool) for async calls. A call that creates an instance may fail with the
/// errors of [`PluginBuilder::build_async`].
///
/// Calls that wait for an instance get one in the order in which they began to wait. A call whose
/// future is dropped gives its place back; its instance is dropped.
///
/// ```
/// use std::sync::Arc;
/// use plugin_sdk_harness::{AsyncPool, Module, Source};
/// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let module = Module::load(Source::wat(WAT))?;
/// let pool = Arc::new(AsyncPool::new(2, move || module.plugin()));
/// let calls = ["abc", "def", "ghi"].map(|text| {
///     let pool = Arc::clone(&pool);
///     tokio::spawn(async move { pool.call_raw("echo", text.as_bytes()).await })
/// });
/// for (call, text) in calls.into_iter().zip(["abc", "def", "ghi"]) {
///     assert_eq!(call.await.unwrap()?, text.as_bytes());
/// }
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// # }).unwrap();
/// ```
pub struct AsyncPool {
    make: Make,
    slots: Slots<AsyncPlugin>,
    /// The number of calls that wait for a slot.
    waiting: AtomicUsize,
    /// As many permits as there are slots that were set aside for the calls that wait, each for the
    /// next of them.
    set_aside: Semaphore,
}

/// A call that waits for a slot.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Waits(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The right to use one instance, returned when dropped.
struct Place<'a> {
    pool: &'a AsyncPool,
    /// `None` only while it is dropped.
    slot: Option<Taken<'a, AsyncPlugin>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let pool = self.pool;
        if !pool.is_waited_for() {
            drop(self.slot.take());
            // Either a call that began to wait meanwhile finds the slot free, or it is seen here.
            fence(Ordering::SeqCst);
            if pool.is_waited_for() {
                self.slot = pool.slots.take();
            }
        }
        if let Some(slot) = self.slot.take() {
            pool.set_aside(slot);
        }
    }
}

impl AsyncPool {
    /// Creates a pool of at most `size` instances; 0 counts as 1, and more than 65,536 as that.
    /// Instances are created when needed.
    ///
    /// All builders should have the same [`Module`](crate::Module), so that it is loaded and
    /// compiled once.
    pub fn new(size: usize, make: impl Fn() -> PluginBuilder + Send + Sync + 'static) -> Self {
        AsyncPool {
            make: Box::new(make),
            slots: Slots::new(size.clamp(1, Slots::<AsyncPlugin>::MAX)),
            waiting: AtomicUsize::new(0),
            set_aside: Semaphore::new(0),
        }
    }

    /// Calls a command of an idle instance, like [`AsyncPlugin::call`].
    pub async fn call<R: DeserializeOwned>(
        &self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.with(async |plugin| plugin.call(command, args).await)
            .await?
    }

    /// Calls a command of an idle instance, like [`AsyncPlugin::call_binary`].
    pub async fn call_binary<R: DeserializeOwned>(
        &self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.with(async |plugin| plugin.call_binary(command, args).await)
            .await?
    }

    /// Calls a command of an idle instance, like [`AsyncPlugin::call_raw`]; the result is
    /// copied.
    pub async fn call_raw(
        &self,
        command: impl CommandName,
        args: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        self.with(async |plugin| {
            let result = plugin.call_raw(command, args).await;
            result.map(<[u8]>::to_vec)
        })
        .await?
    }

    /// Lends an instance for several calls, or for more than its result. See
    /// [`Pool::with`](crate::Pool::with).
    ///
    /// # Errors
    ///
    /// Those of [`PluginBuilder::build_async`], if an instance is created first.
    pub async fn with<R>(
        &self,
        use_it: impl AsyncFnOnce(&mut AsyncPlugin) -> R,
    ) -> Result<R, Failure> {
        // A task that never waits leaves its thread to others now and then.
        coop::consume_budget().await;
        let mut place = self.place().await;
        let idle = place.slot.as_mut().and_then(|slot| slot.plugin.take());
        let mut plugin = match idle {
            Some(plugin) => plugin,
            None => Box::new((self.make)().build_async().await?),
        };
        let result = use_it(&mut plugin).await;
        if let Some(slot) = &mut place.slot
            && !plugin.is_poisoned()
        {
            slot.plugin = Some(plugin);
        }
        Ok(result)
    }

    /// Takes a place, after the calls that wait for one.
    async fn place(&self) -> Place<'_> {
        let slot = match self.is_waited_for() {
            true => None,
            false => self.slots.take(),
        };
        let slot = match slot {
            Some(slot) => slot,
            None => self.awaited_slot().await,
        };
        Place {
            pool: self,
            slot: Some(slot),
        }
    }

    async fn awaited_slot(&self) -> Taken<'_, AsyncPlugin> {
        let _waits = Waits::begin(&self.waiting);
        // A slot may have been given back before anyone could see that this call waits.
        fence(Ordering::SeqCst);
        if let Some(slot) = self.slots.take() {
            return slot;
        }
        // Given back if this call is cancelled. An error would mean a closed semaphore, and it is
        // never closed.
        let permit = self.set_aside.acquire().await.ok();
        loop {
            if let Some(slot) = self.slots.take_set_aside() {
                permit.into_iter().for_each(SemaphorePermit::forget);
                return slot;
            }
            // There is one, but others were set aside and taken during the search.
            tokio::task::yield_now().await;
        }
    }

    fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Gives a slot to the call that has waited longest. A call that is not polled keeps that one
    /// from the others, and no other.
    fn set_aside(&self, slot: Taken<'_, AsyncPlugin>) {
        slot.set_aside();
        self.set_aside.add_permits(1);
    }
}

impl std::fmt::Debug for AsyncPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsyncPool")
            .field("slots", &self.slots)
            .field("waiting", &self.waiting)
            .finish()
    }
}
