//! Guests from the parts of the kit of hostile guests.
#![allow(dead_code, reason = "each of the tests uses a part of it")]

#[path = "../../src/hostile/guest.rs"]
mod parts;

pub use parts::*;
use plugin_sdk_harness::{Failure, Plugin, PluginBuilder, Source};

impl Guest {
    pub fn source(&self) -> Source {
        Source::wat(self.wat())
    }

    /// Returns a builder of an instance that uses no cache on disk.
    pub fn builder(&self) -> PluginBuilder {
        Plugin::builder(self.source()).no_cache()
    }

    pub fn build(&self) -> Result<Plugin, Failure> {
        self.builder().build()
    }

    pub fn plugin(&self) -> Plugin {
        self.build().unwrap()
    }
}
