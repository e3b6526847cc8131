//! NeoTalk's contract: `docs/hosts/neotalk.md`.

use crate::{Result, host_functions};

/// What NeoTalk implements.
#[host_functions(module = "env", prefix = "neotalk_")]
pub trait NeoTalk {
    /// Takes a line: 0 debug, 1 info, 2 warn, 3 error.
    fn log(level: u32, message: &str);
    /// What was set under a key, as JSON; 1 for nothing, -1 for a buffer that is too small.
    #[host(in_out(initial = 256, max = 16777216, short = -1, absent = 1))]
    fn get_config(key: &str) -> Result<Option<Vec<u8>>>;
    /// Asks for what is at an address: the response's status, or below 0 if there is none.
    fn http_get(url: &str) -> i32;
    /// Sends a body to an address: the response's status, or below 0 if there is none.
    fn http_post(url: &str, body: &[u8]) -> i32;
    /// Milliseconds since 1970-01-01 00:00 UTC.
    fn now_ms() -> u64;
    /// 32 random bits.
    fn random() -> u32;
}

/// An implementation, ready to be linked by a host.
#[cfg(not(target_arch = "wasm32"))]
pub fn provide<T: NeoTalk + Send + 'static>(implementation: T) -> crate::host::HostFunctions {
    neo_talk::provide(implementation)
}
