//! Many calls at once from one module, on tokio.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::plugin::AsyncPlugin;
use crate::abi::CommandName;
use crate::failure::Failure;
use crate::plugin::builder::PluginBuilder;
use crate::plugin::pool::Make;
use crate::plugin::slots::Slots;

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
    /// As many permits as there are free slots, or fewer.
    permits: Semaphore,
    slots: Slots<AsyncPlugin>,
}

impl AsyncPool {
    /// Creates a pool of at most `size` instances; 0 counts as 1, and more than 65,536 as that.
    /// Instances are created when needed.
    ///
    /// All builders should have the same [`Module`](crate::Module), so that it is loaded and
    /// compiled once.
    pub fn new(size: usize, make: impl Fn() -> PluginBuilder + Send + Sync + 'static) -> Self {
        let size = size.clamp(1, Slots::<AsyncPlugin>::MAX);
        AsyncPool {
            make: Box::new(make),
            permits: Semaphore::new(size),
            slots: Slots::new(size),
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
        // Returned when dropped, after the slot. An error would mean a closed semaphore, and it is
        // never closed.
        let _permit = self.permits.acquire().await.ok();
        let mut slot = loop {
            match self.slots.take() {
                Some(slot) => break slot,
                // There is a free slot, but others were taken and given back during the search.
                None => tokio::task::yield_now().await,
            }
        };
        let mut plugin = match slot.plugin.take() {
            Some(plugin) => plugin,
            None => Box::new((self.make)().build_async().await?),
        };
        let result = use_it(&mut plugin).await;
        if !plugin.is_poisoned() {
            slot.plugin = Some(plugin);
        }
        Ok(result)
    }
}

impl std::fmt::Debug for AsyncPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsyncPool")
            .field("slots", &self.slots)
            .finish()
    }
}
