//! The circumstances of a failure: plain data.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::backtrace::Backtrace;
use crate::text;

/// The operation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Reading, checking and compiling the module.
    Load,
    /// Creating an instance, which runs the module's start function if it has one.
    Instantiate,
    /// A call of a hook or another export that every plugin has, by name.
    Export(&'static str),
    /// A call of a command, by its name without the export's prefix.
    Command(Arc<str>),
}

/// The context of a failure, as far as it is known.
#[derive(Clone, Default)]
pub(crate) struct Context {
    /// The guest's stack, if the guest was running.
    pub(crate) backtrace: Backtrace,
    /// The last host calls of the call, oldest first.
    pub(crate) host_calls: Vec<HostCall>,
    /// The last log lines, oldest first.
    pub(crate) logs: Vec<LogLine>,
    /// The resources that the call had used.
    pub(crate) usage: Option<Usage>,
}

/// A call of a host function.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HostCall {
    /// The function, as `module.name`.
    pub function: String,
    /// The arguments, as `name: value`, bounded.
    pub arguments: Vec<String>,
    /// The outcome, bounded: a value or an error; `None` if the call never returned.
    ///
    /// Serialised as `{"returned": …}`, `{"error": …}` or `null`.
    #[serde(serialize_with = "outcome")]
    pub outcome: Option<Result<String, String>>,
    /// The duration, to within 10 ms; `None` if it is less than that.
    ///
    /// Serialised as `duration_ms`, in milliseconds.
    #[serde(rename = "duration_ms", serialize_with = "optional_milliseconds")]
    pub duration: Option<Duration>,
}

/// A line that the plugin logged.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogLine {
    /// The severity.
    ///
    /// Serialised in lower case, as in `warn`.
    #[serde(serialize_with = "level")]
    pub level: log::Level,
    /// The origin: a module's path unless the plugin set another target.
    pub target: String,
    /// The text, bounded.
    pub message: String,
}

/// Formats the line as `WARN greeter: the list is empty`, without terminal escapes.
impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.level,
            text::name(&self.target),
            text::from_str(&self.message)
        )
    }
}

/// The resources that a call had used when it failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// The size of the linear memory, in bytes.
    pub memory_bytes: Quota<u64>,
    /// The fuel; `None` if it is not [counted](crate::PluginBuilder::fuel).
    pub fuel: Option<Quota<u64>>,
    /// The time, to within some 10 ms; `None` if calls have [no
    /// timeout](crate::PluginBuilder::no_timeout).
    ///
    /// Serialised as `time_ms`, in milliseconds.
    #[serde(rename = "time_ms", serialize_with = "used_milliseconds")]
    pub time: Option<Quota<Duration>>,
}

/// An amount used, with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quota<T> {
    /// The amount used.
    pub used: T,
    /// The limit.
    pub limit: T,
}

fn outcome<S: Serializer>(
    outcome: &Option<Result<String, String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Outcome<'a> {
        Returned(&'a str),
        Error(&'a str),
    }
    outcome
        .as_ref()
        .map(|outcome| match outcome {
            Ok(value) => Outcome::Returned(value),
            Err(error) => Outcome::Error(error),
        })
        .serialize(serializer)
}

fn level<S: Serializer>(level: &log::Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&level.as_str().to_ascii_lowercase())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn optional_milliseconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.map(milliseconds).serialize(serializer)
}

fn used_milliseconds<S: Serializer>(
    time: &Option<Quota<Duration>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.map(|time| Quota {
        used: milliseconds(time.used),
        limit: milliseconds(time.limit),
    })
    .serialize(serializer)
}
