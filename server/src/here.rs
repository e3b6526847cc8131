//! Calls on the threads of the runtime.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The interval at which the runtime is woken while a call keeps one of its threads.
const LOOK: Duration = Duration::from_millis(10);

/// Permits for calls on the threads of the runtime: for all threads but one, which answers other
/// requests even if all calls take unexpectedly long.
pub(crate) struct Here {
    permits: Semaphore,
    most: usize,
}

impl Here {
    /// Creates the permits for the current runtime; none if it has a single thread.
    pub(crate) fn new() -> Arc<Self> {
        let runtime = Handle::current();
        let most = runtime.metrics().num_workers().saturating_sub(1);
        let here = Arc::new(Here {
            permits: Semaphore::new(most),
            most,
        });
        let watched = Arc::downgrade(&here);
        let watch = thread::Builder::new()
            .name("plugin-calls".to_owned())
            .spawn(move || watch(&watched, &runtime));
        if watch.is_err() {
            here.permits.close();
        }
        here
    }

    /// Returns a permit, if there is one.
    pub(crate) fn permit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.try_acquire().ok()
    }
}

/// Wakes the runtime while calls keep its threads, until the permits are dropped.
///
/// The thread that waits for events of the network takes the first request itself, and the runtime
/// wakes another thread only when there is more to do. If that request's call takes long, there is
/// no thread left that looks for events: a task from outside wakes one.
fn watch(here: &Weak<Here>, runtime: &Handle) {
    while let Some(here) = here.upgrade() {
        if here.permits.available_permits() < here.most {
            drop(runtime.spawn(async {}));
        }
        drop(here);
        thread::sleep(LOOK);
    }
}
