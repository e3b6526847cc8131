//! A plugin that needs no more of its host than a log, settings and events.

#![forbid(unsafe_code)]

use plugin_sdk::config;
use plugin_sdk::prelude::*;

/// Plays what it is given as often as a setting says.
#[plugin(log)]
#[derive(Default)]
pub struct Jukebox {
    blocks: u32,
}

#[plugin]
impl Jukebox {
    /// The block as often as the setting `times` says, `once` where there is none.
    #[command(raw)]
    pub fn process_audio(&mut self, block: &[u8]) -> Result<Vec<u8>> {
        self.blocks += 1;
        let times = config::get::<usize>("times")?.unwrap_or(1);
        Ok(block.repeat(times))
    }

    /// A setting that is text.
    #[command]
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        config::get(key)
    }

    /// Tells how many blocks have been played.
    #[event("track.changed")]
    pub fn track_changed(&mut self, data: String) -> Result<()> {
        log::info!("next is {data}");
        events::emit("jukebox.blocks", &self.blocks)
    }

    /// Breaks.
    #[command]
    pub fn kick(&self) {
        panic!("out of order");
    }
}
