//! The logger of the `log` crate that sends lines to the host.

mod pairs;

use std::cell::Cell;
use std::fmt::Write as _;

use ::log::{LevelFilter, Metadata, Record};

#[cfg(not(target_arch = "wasm32"))]
use super::LEVEL;
use super::Log;
#[cfg(target_arch = "wasm32")]
use super::level;
use crate::contracts::Contract;
use pairs::Pairs;

/// Sends the lines of the `log` crate to the host, at the level that the host wants now.
#[cfg(target_arch = "wasm32")]
#[inline]
pub fn prepare() {
    // At a second call, this logger is installed already.
    let _ = ::log::set_logger(&Logger);
    ::log::set_max_level(filter(Contract.max_level()));
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
    super::replace_level(Some(Contract.max_level()));
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn set_logger() {
    // Each thread decides about the level itself.
    if ::log::set_logger(&Logger).is_ok() {
        ::log::set_max_level(LevelFilter::Trace);
    }
}

/// Returns a level as the `log` crate has it.
#[cfg(target_arch = "wasm32")]
#[inline]
fn filter(level: u32) -> LevelFilter {
    match level {
        0 => LevelFilter::Off,
        level::ERROR => LevelFilter::Error,
        level::WARN => LevelFilter::Warn,
        level::INFO => LevelFilter::Info,
        level::DEBUG => LevelFilter::Debug,
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
        let level = metadata.level() as u32;
        if crate::imports::native::entered::is_entered() {
            return LEVEL.get().is_some_and(|wanted| level <= wanted);
        }
        crate::imports::native::is_installed::<dyn Log>() && level <= Contract.max_level()
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
