//! Logs.

use std::cell::Cell;

use plugin_sdk::services::logging::Log;

use super::ring::Ring;
use super::{Shared, budget};
use crate::failure::LogLine;
use crate::text;

/// The bytes a line counts, in addition to its text, towards the limit of a call.
const LINE_BYTES: u64 = 100;

/// The default limits of kept lines, in lines and in bytes.
pub(super) const KEPT: usize = 1000;
pub(super) const KEPT_BYTES: usize = 4 << 20;

/// The kept length of a line and of its target, in bytes.
const MAX_MESSAGE: usize = 64 << 10;
const MAX_TARGET: usize = 256;

/// The last lines that plugins logged: at most 1000 lines, 4 MiB in total and 64 KiB of each line.
/// Clones share them.
///
/// ```
/// use plugin_sdk::services::logging::Log;
/// use plugin_sdk_harness::services::RecordedLog;
///
/// let logs = RecordedLog::new().level(log::LevelFilter::Info);
/// let mut plugins = logs.clone();
/// assert_eq!(plugins.max_level(), 3);
/// plugins.write(2, "greeter", "the list is empty");
///
/// assert_eq!(logs.messages(), ["the list is empty"]);
/// assert_eq!(logs.lines()[0].to_string(), "WARN greeter: the list is empty");
/// ```
#[derive(Clone, Debug)]
pub struct RecordedLog(Shared<State>);

#[derive(Debug)]
struct State {
    level: log::LevelFilter,
    lines: Ring<LogLine>,
    on_line: Option<OnLine>,
}

/// The function that is called with each line.
struct OnLine(Box<dyn Fn(&LogLine) + Send>);

impl std::fmt::Debug for OnLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnLine")
    }
}

impl RecordedLog {
    /// Creates an empty log that accepts every level.
    pub fn new() -> Self {
        RecordedLog(Shared::new(State {
            level: log::LevelFilter::Trace,
            lines: Ring::new(KEPT, KEPT_BYTES),
            on_line: None,
        }))
    }

    /// Sets how many lines are kept, and how many bytes of them. The default is 1000 lines and 4
    /// MiB. Discards the lines logged so far.
    pub fn keep(self, lines: usize, bytes: usize) -> Self {
        self.0.lock().lines = Ring::new(lines, bytes);
        self
    }

    /// Calls a function with each accepted line, when it is logged.
    ///
    /// The function must not use this log.
    pub fn on_line(self, call: impl Fn(&LogLine) + Send + 'static) -> Self {
        self.0.lock().on_line = Some(OnLine(Box::new(call)));
        self
    }

    /// Returns the lines, oldest first.
    pub fn lines(&self) -> Vec<LogLine> {
        self.0.lock().lines.iter().cloned().collect()
    }

    /// Returns the last `count` lines, oldest first.
    pub(crate) fn last(&self, count: usize) -> Vec<LogLine> {
        let state = self.0.lock();
        let earlier = state.lines.len().saturating_sub(count);
        state.lines.iter().skip(earlier).cloned().collect()
    }

    /// Returns the lines' messages, oldest first.
    pub fn messages(&self) -> Vec<String> {
        let state = self.0.lock();
        state
            .lines
            .iter()
            .map(|line| line.message.clone())
            .collect()
    }

    /// Returns whether any line contains a text.
    pub fn contains(&self, text: &str) -> bool {
        let state = self.0.lock();
        state.lines.iter().any(|line| line.message.contains(text))
    }

    /// Returns how many lines were dropped to make room.
    pub fn dropped(&self) -> u64 {
        self.0.lock().lines.dropped()
    }

    /// Removes all lines.
    pub fn clear(&self) {
        self.0.lock().lines.clear();
    }

    /// Sets the most detailed level that is accepted. A plugin reads it once, when it first logs,
    /// and then skips more detailed lines itself.
    pub fn level(self, level: log::LevelFilter) -> Self {
        self.0.lock().level = level;
        self
    }
}

impl Default for RecordedLog {
    fn default() -> Self {
        Self::new()
    }
}

impl Log for RecordedLog {
    fn max_level(&mut self) -> u32 {
        self.0.lock().level as u32
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let Some(level) = level_of(level) else {
            return;
        };
        let mut state = self.0.lock();
        if level > state.level {
            return;
        }
        let line = LogLine {
            level,
            target: start(target, MAX_TARGET).to_owned(),
            message: start(message, MAX_MESSAGE).to_owned(),
        };
        if let Some(OnLine(call)) = &state.on_line {
            call(&line);
        }
        let bytes = line.target.len() + line.message.len() + size_of::<LogLine>();
        state.lines.push(line, bytes);
    }
}

/// A log that forwards lines to the host's logger, that of the crate [`log`], with targets that
/// start with `plugin:`.
///
/// It forwards at most 64 KiB of a line and [`max_log_bytes`](crate::PluginBuilder::max_log_bytes)
/// of a call. After that, one more line reports that the rest is dropped.
///
/// ```
/// use plugin_sdk::services::logging::Log;
/// use plugin_sdk_harness::services::ForwardedLog;
///
/// // The level is that of the crate `log`.
/// assert_eq!(ForwardedLog.max_level(), log::max_level() as u32);
/// ForwardedLog.write(3, "greeter", "greeting Ada");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ForwardedLog;

impl Log for ForwardedLog {
    fn max_level(&mut self) -> u32 {
        log::max_level() as u32
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let Some(level) = level_of(level) else {
            return;
        };
        // Checking the level first avoids filtering the text.
        if level <= log::max_level() {
            let message = start(message, MAX_MESSAGE);
            let Some(last) = allowance(message.len() as u64) else {
                return;
            };
            let target = format!("plugin:{}", text::name(start(target, MAX_TARGET)));
            match last {
                false => log::log!(target: &target, level, "{}", text::from_str(message)),
                true => log::warn!(
                    target: &target,
                    "further lines of this call are dropped: it has logged as many bytes as `max_log_bytes` allows"
                ),
            }
        }
    }
}

thread_local! {
    /// The call that last forwarded a line, and the bytes that it has forwarded.
    static HANDED_ON: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Returns `Some(false)` for a line that may be forwarded, `Some(true)` for the first one that may
/// not, and `None` for all others.
fn allowance(bytes: u64) -> Option<bool> {
    let call = budget::current();
    let before = match HANDED_ON.get() {
        (number, bytes) if number == call.number && number != 0 => bytes,
        _ => 0,
    };
    let after = before.saturating_add(bytes).saturating_add(LINE_BYTES);
    HANDED_ON.set((call.number, after));
    match after <= call.log_bytes {
        true => Some(false),
        false => (before <= call.log_bytes).then_some(true),
    }
}

/// Returns the level with this number, or `None` for an invalid one, which a guest may pass.
fn level_of(number: u32) -> Option<log::Level> {
    log::Level::iter().find(|level| *level as u32 == number)
}

fn start(text: &str, limit: usize) -> &str {
    text.split_at(text.floor_char_boundary(limit)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_accepted_and_valid_levels_are_kept() {
        let mut logs = RecordedLog::new().level(log::LevelFilter::Warn);
        for level in [0, 1, 2, 3, 4, 5, 6, u32::MAX] {
            logs.write(level, "t", &level.to_string());
        }
        assert_eq!(logs.messages(), ["1", "2"]);
        assert!(logs.contains("2") && !logs.contains("3"));
        let mut off = RecordedLog::new().level(log::LevelFilter::Off);
        off.write(1, "t", "m");
        assert_eq!((off.max_level(), off.lines().len()), (0, 0));
    }

    #[test]
    fn endless_logging_takes_bounded_memory() {
        let mut logs = RecordedLog::new();
        let long = "ä".repeat(1 << 20);
        for _ in 0..200 {
            logs.write(3, &long, &long);
        }
        let lines = logs.lines();
        assert!(
            lines
                .iter()
                .all(|line| line.message.len() <= MAX_MESSAGE && line.target.len() <= MAX_TARGET)
        );
        assert!(lines.len() * MAX_MESSAGE <= KEPT_BYTES);
        assert_eq!(lines.len() as u64 + logs.dropped(), 200);
        for _ in 0..KEPT + 5 {
            logs.write(3, "t", "");
        }
        assert_eq!(logs.lines().len(), KEPT);
    }

    #[test]
    fn call_forwards_lines_up_to_its_limit() {
        let call = |number| budget::Call {
            number,
            log_bytes: 350,
            ..budget::Call::default()
        };
        let lines = |number| budget::within(call(number), || [20; 5].map(allowance));
        let once = [Some(false), Some(false), Some(true), None, None];
        assert_eq!(lines(1), once);
        assert_eq!(lines(1), [None; 5], "it is the same call");
        assert_eq!(lines(2), once);
    }

    #[test]
    fn keep_sets_how_many_lines_are_kept() {
        let mut logs = RecordedLog::new().keep(2, 1 << 20);
        for line in ["a", "b", "c"] {
            logs.write(3, "t", line);
        }
        assert_eq!(logs.messages(), ["b", "c"]);
    }

    #[test]
    fn displayed_line_escapes_control_characters() {
        let mut logs = RecordedLog::new();
        logs.write(1, "a\nb", "\x1b[2J");
        assert_eq!(logs.lines()[0].to_string(), "ERROR a\\nb: \\u{1b}[2J");
    }
}
