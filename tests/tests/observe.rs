//! Observation of a plugin by the harness, and batch calls.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;

use plugin_sdk_harness::{CrateSource, Plugin, PluginBuilder, Source};
use serde::Deserialize;

#[path = "observe/batch.rs"]
mod batch;
#[path = "observe/callgrind.rs"]
mod callgrind;
mod conventions;
#[path = "observe/debugging.rs"]
mod debugging;
#[path = "observe/instructions.rs"]
mod instructions;
#[path = "observe/leaks.rs"]
mod leaks;
#[path = "observe/natively.rs"]
mod natively;
#[path = "observe/statistics.rs"]
mod statistics;
#[path = "observe/trace.rs"]
mod trace;
#[path = "observe/twins.rs"]
mod twins;

fn guest() -> CrateSource {
    let dir: PathBuf = plugin_sdk_tests::root().join("tests/guests/observed");
    Source::crate_dir(dir)
}

fn observed() -> PluginBuilder {
    Plugin::builder(guest())
}

fn counting() -> PluginBuilder {
    Plugin::builder(guest().count_allocations())
}

#[derive(Debug, Deserialize, PartialEq)]
struct Greeting {
    message: String,
    greeted: u64,
}

impl Greeting {
    fn new(name: &str, greeted: u64) -> Self {
        Greeting {
            message: format!("Hello, {name}!"),
            greeted,
        }
    }
}
