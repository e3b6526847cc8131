//! The plugins' log, on standard error.

use anstyle::{AnsiColor, Style};
use log::{Level, LevelFilter, Log, Metadata, Record};

/// The prefix that the harness adds to the targets of plugins' log lines.
const PLUGIN: &str = "plugin:";

/// A logger that shows lines from plugins only.
struct Logger;

/// Shows plugins' log lines from now on, up to a level.
pub fn show(level: LevelFilter) {
    static LOGGER: Logger = Logger;
    // Fails only if a logger is set already, and then it is this one.
    let _ = log::set_logger(&LOGGER);
    log::set_max_level(level);
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(PLUGIN)
    }

    fn log(&self, record: &Record<'_>) {
        // Users who run a plugin do not need the log of the engine or of other crates.
        let Some(target) = record.target().strip_prefix(PLUGIN) else {
            return;
        };
        let level = record.level();
        let style = style(level);
        let dimmed = Style::new().dimmed();
        anstream::eprintln!(
            "{style}{level:>5}{style:#} {dimmed}{target}:{dimmed:#} {}",
            record.args()
        );
    }

    fn flush(&self) {}
}

fn style(level: Level) -> Style {
    let color = match level {
        Level::Error => AnsiColor::Red,
        Level::Warn => AnsiColor::Yellow,
        Level::Info => AnsiColor::Green,
        Level::Debug => AnsiColor::Blue,
        Level::Trace => AnsiColor::Magenta,
    };
    color.on_default()
}
