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
    /// An export that every plugin has, or a hook, by its name.
    Export(&'static str),
    /// A command, by its name without the export's prefix.
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
    /// What it answered, bounded: a value or an error; `None` if it never returned.
    ///
    /// Serialised as `{"returned": …}`, `{"error": …}` or `null`.
    #[serde(serialize_with = "outcome")]
    pub outcome: Option<Result<String, String>>,
    /// How long it took, to within 10 ms; `None` for less than that.
    ///
    /// Serialised as `duration_ms`, in milliseconds.
    #[serde(rename = "duration_ms", serialize_with = "optional_milliseconds")]
    pub duration: Option<Duration>,
}

/// A line that the plugin logged.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogLine {
    /// How grave it is.
    ///
    /// Serialised in lower case, as in `warn`.
    #[serde(serialize_with = "level")]
    pub level: log::Level,
    /// Where it comes from: a module's path unless the plugin said otherwise.
    pub target: String,
    /// What it says, bounded.
    pub message: String,
}

/// `WARN greeter: the list is empty`, free of what a terminal would act on.
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

/// What a call had used by the time that it failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// The size of the plugin's linear memory, in bytes.
    pub memory_bytes: Quota<u64>,
    /// Fuel; `None` where it is not [counted](crate::PluginBuilder::fuel).
    pub fuel: Option<Quota<u64>>,
    /// Time, to within some 10 ms; `None` where calls may take [any time](crate::PluginBuilder::no_timeout).
    ///
    /// Serialised as `time_ms`, in milliseconds.
    #[serde(rename = "time_ms", serialize_with = "used_milliseconds")]
    pub time: Option<Quota<Duration>>,
}

/// A part of what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quota<T> {
    /// How much was used.
    pub used: T,
    /// How much there is.
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
