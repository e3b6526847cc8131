//! A plugin whose host calls back into it. Its one import is written by hand, without the SDK.

use std::cell::Cell;

use plugin_sdk::prelude::*;

#[cfg(target_arch = "wasm32")]
#[link(wasm_import_module = "test")]
unsafe extern "C" {
    /// Makes the host call the plugin that is calling it.
    safe fn call_back();
}

/// Does nothing on native targets.
#[cfg(not(target_arch = "wasm32"))]
fn call_back() {}

/// Calls its host from every possible place.
#[plugin]
pub struct Reentrant {
    calls: Cell<u32>,
    calls_back_at_the_end: bool,
}

/// The moments at which to call the host.
#[derive(Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// While the plugin is being created.
    pub at_init: bool,
    /// While it is being cleaned up, and while it is being dropped.
    pub at_the_end: bool,
}

#[plugin]
impl Reentrant {
    /// Creates the plugin.
    #[init]
    pub fn new(config: Config) -> Self {
        if config.at_init {
            call_back();
        }
        Reentrant {
            calls: Cell::new(0),
            calls_back_at_the_end: config.at_the_end,
        }
    }

    /// Returns the number of successful calls.
    #[command]
    pub fn calls(&self) -> u32 {
        self.calls.get()
    }

    /// Calls the host, and then returns its argument.
    #[command]
    pub fn around(&mut self, text: &str) -> String {
        call_back();
        self.calls.set(self.calls.get() + 1);
        text.to_owned()
    }

    /// Calls the host, and then returns its arguments as they are afterwards.
    #[command(raw)]
    pub fn around_raw<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        call_back();
        self.calls.set(self.calls.get() + 1);
        bytes
    }

    /// Calls the host if the configuration asks for it.
    #[cleanup]
    pub fn end(&mut self) {
        if self.calls_back_at_the_end {
            call_back();
        }
    }
}

impl Drop for Reentrant {
    fn drop(&mut self) {
        if self.calls_back_at_the_end {
            call_back();
        }
    }
}
