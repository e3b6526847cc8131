//! A plugin that needs only a log, settings and events from its host.

#![forbid(unsafe_code)]

use plugin_sdk::config;
use plugin_sdk::prelude::*;

/// Repeats audio as often as a setting says.
#[plugin(log)]
#[derive(Default)]
pub struct Jukebox {
    blocks: u32,
}

#[plugin]
impl Jukebox {
    /// Returns the block as often as the setting `times` says; once without it.
    #[command(raw)]
    pub fn process_audio(&mut self, block: &[u8]) -> Result<Vec<u8>> {
        self.blocks += 1;
        let times = config::get::<usize>("times")?.unwrap_or(1);
        Ok(block.repeat(times))
    }

    /// Returns a setting as text.
    #[command]
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        config::get(key)
    }

    /// Emits the number of blocks played.
    #[event("track.changed")]
    pub fn track_changed(&mut self, data: String) -> Result<()> {
        log::info!("next is {data}");
        events::emit("jukebox.blocks", &self.blocks)
    }

    /// Panics.
    #[command]
    pub fn kick(&self) {
        panic!("out of order");
    }
}
