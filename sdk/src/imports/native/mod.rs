//! Host functions on native targets. A call goes to the host of the plugin that runs on this thread
//! ([`entered`]), or else to the implementation that a test has [installed](Installed).

#[cfg(not(target_arch = "wasm32"))]
pub mod entered;
mod installed;

pub use installed::Installed;
#[cfg(not(target_arch = "wasm32"))]
pub use installed::{call, install, is_installed};
