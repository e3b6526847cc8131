//! Lines of the `log` crate, sent to the host. They need no permission.
//!
//! A plugin that logs declares it with `#[plugin(log)]`; any other imports nothing for it, and need
//! not compile the `log` crate, which this crate's feature `log` brings. The lines of other crates
//! go the same way:
//!
//! ```
//! use plugin_sdk::prelude::*;
//!
//! #[plugin(log)]
//! #[derive(Default)]
//! struct Greeter;
//!
//! #[plugin]
//! impl Greeter {
//!     #[command]
//!     fn greet(&self, name: &str) -> String {
//!         log::info!("greeting {name}");
//!         format!("Hello, {name}!")
//!     }
//! }
//! ```
//!
//! The host chooses the level when the plugin is first called and at every `plugin_init`. A line
//! below that level costs one comparison, and neither a host call nor its formatting. The target is
//! the path of the module, unless the line sets one.
//!
//! The key-value pairs of a line, which the `log` crate takes with its feature `kv`, follow its
//! text: `log::info!(user = "Ada", times = 2; "greeted")` arrives as `greeted user=Ada times=2`.
//! Ambiguous strings are in quotes, as in JSON. Values captured by `:?` or `:%`, and 128-bit
//! numbers, need this crate's feature `log-values`, which adds 20 KB to a module; without it, a
//! note replaces the value.
//!
//! In a native test, the lines go to the implementation that is [installed](install) on the test's
//! thread; a test may use any other logger instead.

#[cfg(feature = "log")]
mod lines;

#[cfg(not(target_arch = "wasm32"))]
use std::cell::Cell;

#[cfg(not(target_arch = "wasm32"))]
pub use crate::contracts::services::AsyncLog;
pub use crate::contracts::services::Log;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::log;
#[cfg(all(feature = "log", target_arch = "wasm32"))]
pub use lines::log_all;
#[cfg(feature = "log")]
pub use lines::prepare;

/// The numbers of levels, as the `log` crate has them.
pub(crate) mod level {
    #![allow(dead_code, reason = "each contract needs some")]

    pub const ERROR: u32 = 1;
    pub const WARN: u32 = 2;
    pub const INFO: u32 = 3;
    pub const DEBUG: u32 = 4;
    pub const TRACE: u32 = 5;
}

/// Makes an implementation ready for a host to link.
#[cfg(not(target_arch = "wasm32"))]
pub fn provide<T: Log + Send + 'static>(implementation: T) -> crate::imports::HostFunctions {
    log::provide(implementation)
}

/// Sends the lines of this thread to an implementation while the returned value lives, unless the
/// process has another logger already.
///
/// ```
/// use plugin_sdk::services::logging::{self, Log};
///
/// struct Lines(Vec<String>);
///
/// impl Log for Lines {
///     fn max_level(&mut self) -> u32 {
///         3
///     }
///
///     fn write(&mut self, level: u32, target: &str, message: &str) {
///         self.0.push(format!("{level} {target}: {message}"));
///     }
/// }
///
/// let host = logging::install(Lines(Vec::new()));
/// plugin_sdk::log::warn!(target: "cake", "{} left", 2);
/// plugin_sdk::log::debug!("not wanted");
/// assert_eq!(host.borrow().0, ["2 cake: 2 left"]);
/// ```
#[cfg(not(target_arch = "wasm32"))]
pub fn install<T: Log + 'static>(implementation: T) -> crate::imports::Installed<T> {
    #[cfg(feature = "log")]
    lines::set_logger();
    log::install(implementation)
}

#[cfg(not(target_arch = "wasm32"))]
thread_local! {
    /// The level of the native plugin that runs on this thread.
    static LEVEL: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Sets the level of the native plugin that runs on this thread, and returns the one before.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn replace_level(level: Option<u32>) -> Option<u32> {
    LEVEL.replace(level)
}
