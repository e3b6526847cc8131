//! A guest that calls its host, as a plugin of plugin-sdk.

use plugin_sdk::prelude::*;

/// The functions of the host.
#[host_functions(module = "greetings")]
pub trait Greetings {
    /// Greets someone.
    fn greet(name: &str) -> Result<String>;
}

/// Calls its host.
#[plugin]
#[derive(Default)]
pub struct Calling;

#[plugin]
impl Calling {
    /// Calls the host `times` times and returns the total length of its answers.
    #[command(raw)]
    pub fn calls(times: &[u32]) -> Result<[u32; 1]> {
        let mut length = 0;
        for _ in 0..times.first().copied().unwrap_or_default() {
            length += greetings::greet("Ada")?.len() as u32;
        }
        Ok([length])
    }
}
