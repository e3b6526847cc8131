//! A plugin whose functions other plugins use.
#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Shouts.
#[plugin(commands(whisper))]
#[derive(Default)]
pub struct Lending {
    /// How often it has shouted.
    pub shouts: u32,
}

#[plugin]
impl Lending {
    /// In capitals.
    #[command]
    pub fn shout(&mut self, text: &str) -> String {
        self.shouts += 1;
        text.to_uppercase()
    }
}

/// In small letters.
#[command]
pub fn whisper(text: &str) -> String {
    text.to_lowercase()
}
