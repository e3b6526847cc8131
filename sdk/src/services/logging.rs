//! The `log` crate's lines, to the host. They need no permission.
//!
//! A plugin that writes any says so, `#[plugin(log)]`; one that does not imports nothing for it. The lines of other crates go the same way:
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
//! The host says how detailed the lines are to be, when the plugin is first called and at every `plugin_init`. A line that it does not want costs a comparison, and
//! neither a host call nor its formatting. The target is the module's path, unless the line gives one.
//!
//! A line's key-value pairs, which the `log` crate takes with its feature `kv`, follow its text: `log::info!(user = "Ada", times = 2; "greeted")` arrives as
//! `greeted user=Ada times=2`. Strings that could be mistaken for something else stand in quotes, as in JSON. What a pair captures by `:?`, `:%` or as a 128-bit number
//! needs this crate's feature `log-values`, since it costs a module 20 KB; without it, the pair says so.
//!
//! In a native test the lines go to the implementation that is [installed](install) on the test's thread; a test may have any other logger instead.

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

/// An implementation, ready to be linked by a host.
#[cfg(not(target_arch = "wasm32"))]
pub fn provide<T: Log + Send + 'static>(implementation: T) -> crate::imports::HostFunctions {
    log::provide(implementation)
}

/// Makes the lines of this thread go to an implementation, for as long as the returned value lives, unless the process has another logger already.
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
    // Each thread asks its own implementation.
    if ::log::set_logger(&Logger).is_ok() {
        ::log::set_max_level(LevelFilter::Trace);
    }
    log::install(implementation)
}

/// Makes the `log` crate's lines go to the host, as detailed as the host wants them now.
#[inline]
pub fn prepare() {
    // At a second time the logger is there already, and is this one.
    let _ = ::log::set_logger(&Logger);
    ::log::set_max_level(wanted());
}

/// The most detailed lines that the host wants.
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

/// The logger of every plugin that has one.
struct Logger;

thread_local! {
    /// Lines are formatted here. A line within a line's formatting finds an empty one, and leaves its own.
    static LINE: Cell<String> = const { Cell::new(String::new()) };
}

/// A longer line's memory is not kept, in bytes.
const MAX_KEPT: usize = 4096;

impl ::log::Log for Logger {
    #[cfg(target_arch = "wasm32")]
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= ::log::max_level()
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        crate::imports::native::is_installed::<dyn Log>() && metadata.level() <= wanted()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = LINE.try_with(Cell::take).unwrap_or_default();
        line.clear();
        // What a value's own formatting refuses is left out.
        let _ = line.write_fmt(*record.args());
        let _ = record.key_values().visit(&mut Pairs(&mut line));
        Contract.write(record.level() as u32, record.target(), &line);
        if line.capacity() <= MAX_KEPT {
            // On a thread that ends there may be no place for it any more.
            let _ = LINE.try_with(|kept| kept.set(line));
        }
    }

    fn flush(&self) {}
}
