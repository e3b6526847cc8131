//! The end of a call from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A handle that ends a plugin's call from another thread: see
/// [`Plugin::interruptible`](crate::Plugin::interruptible). Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Creates a handle that has not been used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the call, within about 20 ms.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether [`interrupt`](Interrupt::interrupt) was called.
    pub fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
