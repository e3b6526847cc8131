//! A plugin that other plugins use as a library.
#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Shouts and whispers.
#[plugin(commands(whisper))]
#[derive(Default)]
pub struct Lending {
    /// The number of shouts.
    pub shouts: u32,
}

#[plugin]
impl Lending {
    /// Returns a text in upper case.
    #[command]
    pub fn shout(&mut self, text: &str) -> String {
        self.shouts += 1;
        text.to_uppercase()
    }
}

/// Returns a text in lower case.
#[command]
pub fn whisper(text: &str) -> String {
    text.to_lowercase()
}
