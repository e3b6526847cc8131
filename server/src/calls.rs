//! Calls of plugins, and other work that may take long: their threads and their limits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use plugin_sdk_harness::registry::{Registry, RegistryError};
use plugin_sdk_harness::{Failure, Interrupt, Plugin};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::timeout;

use crate::Server;
use crate::answer::ApiError;
use crate::here::Here;

/// The longest time that a request waits for room before it is refused.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// The number of times that a call looks for a free instance before it gets a thread to wait on.
const LOOKS: usize = 4;

impl Server {
    /// Calls a plugin.
    ///
    /// To pass a call to another thread and its result back takes several times as long as a short
    /// call. So one that is likely to be short runs on the thread of its request.
    pub(crate) async fn call<R, F>(self: &Arc<Self>, id: String, call: F) -> Result<R, ApiError>
    where
        R: Send + 'static,
        F: FnOnce(&mut Plugin) -> Result<R, Failure> + Send + 'static,
    {
        let permit = self.permit().await?;
        let mut call = call;
        for _ in 0..LOOKS {
            match self.call_here(&id, call) {
                Ok(result) => return result,
                Err(back) => call = back,
            }
            yield_now().await;
        }
        self.spawn(permit, move |registry| registry.with_instance(&id, call))
            .await
    }

    /// Runs other work that may take long.
    pub(crate) async fn run<R: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Registry) -> Result<R, RegistryError> + Send + 'static,
    ) -> Result<R, ApiError> {
        let permit = self.permit().await?;
        self.spawn(permit, work).await
    }

    /// Returns a permit for a stream of events.
    pub(crate) fn stream_permit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            let message = "the server has as many streams of events as it can";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message)
        })
    }

    /// Waits until another call may begin.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let permit = Arc::clone(&self.calls).acquire_owned();
        match timeout(PATIENCE, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                let message = "the server is busy with other calls";
                Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message))
            }
        }
    }

    /// Calls a plugin on this thread, unless that may take long, or too many threads of the runtime
    /// are in calls.
    fn call_here<R, F>(&self, id: &str, call: F) -> Result<Result<R, ApiError>, F>
    where
        F: FnOnce(&mut Plugin) -> Result<R, Failure>,
    {
        let Some(_permit) = self.here.get_or_init(Here::new).permit() else {
            return Err(call);
        };
        let limit = self.options.call_timeout;
        let called = catch_unwind(AssertUnwindSafe(|| {
            self.registry.with_instance_if_quick(id, limit, call)
        }));
        match called {
            Ok(result) => result.map(|result| Ok(result?)),
            Err(_) => Ok(Err(panicked())),
        }
    }

    /// Runs work on a thread for blocking work.
    async fn spawn<R: Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        work: impl FnOnce(&Registry) -> Result<R, RegistryError> + Send + 'static,
    ) -> Result<R, ApiError> {
        let registry = self.registry.clone();
        let task = spawn_blocking(move || {
            let result = work(&registry);
            drop(permit);
            result
        });
        match timeout(self.options.call_timeout, task).await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(_)) => Err(panicked()),
            Err(_) => {
                let message = "the call has not ended in time";
                Err(ApiError::new(StatusCode::GATEWAY_TIMEOUT, message))
            }
        }
    }
}

/// Ends a call when it is dropped. After the call, that has no effect.
pub(crate) struct Abandoned(pub(crate) Interrupt);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

fn panicked() -> ApiError {
    let message = "the host's part of the call has panicked";
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, message)
}

/// Calls a command that takes bytes. If it answers in place, the answer is the changed input.
pub(crate) fn call_bytes(
    plugin: &mut Plugin,
    command: &str,
    mut input: Vec<u8>,
    in_place: bool,
) -> Result<Vec<u8>, Failure> {
    if in_place {
        plugin.call_in_place(command, &mut input)?;
        return Ok(input);
    }
    plugin.call_raw(command, &input).map(<[u8]>::to_vec)
}
