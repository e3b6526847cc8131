//! A plugin without hooks, which creates itself at the first call.
#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Counts its calls.
#[plugin]
#[derive(Default)]
pub struct Hookless {
    calls: u64,
}

#[plugin]
impl Hookless {
    /// Returns the number of its calls since the plugin was created.
    #[command]
    pub fn count(&mut self) -> u64 {
        self.calls += 1;
        self.calls
    }
}
