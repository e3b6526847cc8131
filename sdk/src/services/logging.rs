//! Lines of the `log` crate, sent to the host. They need no permission.
//!
//! A plugin that logs declares it with `#[plugin(log)]`; any other imports nothing for it. The
//! lines of other crates go the same way:
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

mod pairs;

use std::cell::Cell;
use std::fmt::Write as _;

use ::log::{LevelFilter, Metadata, Record};

use crate::contracts::Contract;
#[cfg(not(target_arch = "wasm32"))]
pub use crate::contracts::services::AsyncLog;
pub use crate::contracts::services::Log;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::log;
use pairs::Pairs;

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
    set_logger();
    log::install(implementation)
}

/// Sends the lines of the `log` crate to the host, at the level that the host wants now.
#[cfg(target_arch = "wasm32")]
#[inline]
pub fn prepare() {
    // At a second call, this logger is installed already.
    let _ = ::log::set_logger(&Logger);
    ::log::set_max_level(wanted());
}

/// Sends all lines of the `log` crate to the host, until [`prepare`] asks for the level.
#[cfg(target_arch = "wasm32")]
pub fn log_all() {
    let _ = ::log::set_logger(&Logger);
    ::log::set_max_level(LevelFilter::Trace);
}

/// The same for a native plugin. Other plugins of the process may log at other levels.
#[cfg(not(target_arch = "wasm32"))]
pub fn prepare() {
    set_logger();
    replace_level(Some(wanted()));
}

#[cfg(not(target_arch = "wasm32"))]
fn set_logger() {
    // Each thread decides about the level itself.
    if ::log::set_logger(&Logger).is_ok() {
        ::log::set_max_level(LevelFilter::Trace);
    }
}

#[cfg(not(target_arch = "wasm32"))]
thread_local! {
    /// The level of the native plugin that runs on this thread.
    static LEVEL: Cell<Option<LevelFilter>> = const { Cell::new(None) };
}

/// Sets the level of the native plugin that runs on this thread, and returns the one before.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn replace_level(level: Option<LevelFilter>) -> Option<LevelFilter> {
    LEVEL.replace(level)
}

/// Returns the most detailed level that the host wants.
#[inline]
fn wanted() -> LevelFilter {
    match Contract.max_level() {
        0 => LevelFilter::Off,
        1 => LevelFilter::Error,
        2 => LevelFilter::Warn,
        3 => LevelFilter::Info,
        4 => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    }
}

/// The logger of every plugin that logs.
struct Logger;

thread_local! {
    /// The buffer for formatting. A line that is logged while another is being formatted gets an
    /// empty one, and leaves its own.
    static LINE: Cell<String> = const { Cell::new(String::new()) };
}

/// The largest buffer in bytes that is kept for the next line.
const MAX_KEPT: usize = 4096;

impl ::log::Log for Logger {
    #[cfg(target_arch = "wasm32")]
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= ::log::max_level()
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if crate::imports::native::entered::is_entered() {
            return LEVEL.get().is_some_and(|level| metadata.level() <= level);
        }
        crate::imports::native::is_installed::<dyn Log>() && metadata.level() <= wanted()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = LINE.try_with(Cell::take).unwrap_or_default();
        line.clear();
        // A value whose formatting fails is left out.
        let _ = line.write_fmt(*record.args());
        let _ = record.key_values().visit(&mut Pairs(&mut line));
        Contract.write(record.level() as u32, record.target(), &line);
        if line.capacity() <= MAX_KEPT {
            // A thread that is ending may have no place for it.
            let _ = LINE.try_with(|kept| kept.set(line));
        }
    }

    fn flush(&self) {}
}
