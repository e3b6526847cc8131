//! What plugins log, on standard error.

use anstyle::{AnsiColor, Style};
use log::{Level, LevelFilter, Log, Metadata, Record};

/// What the harness puts before the targets of plugins' lines.
const PLUGIN: &str = "plugin:";

/// Shows lines of plugins, and of nobody else.
struct Logger;

/// Shows what plugins log from now on, up to a level.
pub fn show(level: LevelFilter) {
    static LOGGER: Logger = Logger;
    // Fails where there is a logger already, which is this one.
    let _ = log::set_logger(&LOGGER);
    log::set_max_level(level);
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(PLUGIN)
    }

    fn log(&self, record: &Record<'_>) {
        // What the engine and others log is not for whoever runs a plugin.
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
