//! A plugin without any hook: it makes itself at the first call.
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
    /// How often this was called since the plugin was made.
    #[command]
    pub fn count(&mut self) -> u64 {
        self.calls += 1;
        self.calls
    }
}
