//! Sequences of calls, as data.

use plugin_sdk_harness::services::InjectedFault;
use serde::Serialize;
use serde_json::{Value, json};

use super::property::Property;
use crate::text;

/// The greatest length of an input in a report, in bytes.
const MAX_SHOWN: usize = 400;

/// A sequence of calls of one instance, and the world in which they happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    pub world: World,
    pub steps: Vec<Step>,
    pub check: Check,
}

/// The check that a sequence gets after it has run without a finding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    None,
    /// Runs the sequence again on a fresh instance, which must do the same.
    Twice,
    /// Runs the sequence on the harness's other engine, which must do the same.
    Engines,
    /// Repeats the sequence, after which the heap must not have grown.
    Leaks,
}

impl Check {
    /// Returns the property that the check is for.
    pub fn property(self) -> Option<Property> {
        match self {
            Check::None => None,
            Check::Twice => Some(Property::Repeatable),
            Check::Engines => Some(Property::Engines),
            Check::Leaks => Some(Property::Leak),
        }
    }
}

/// The host of a sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// The configuration; `None` for that of a host without one.
    pub config: Option<Value>,
    /// The permissions that are granted; `None` for all.
    pub grants: Option<Vec<String>>,
    pub faults: Vec<Fault>,
}

/// A fault of the host that strikes every call of a function after some calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub function: String,
    pub strike: Strike,
    pub after: u64,
}

/// The effect of a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strike {
    /// An error with this code.
    Error(&'static str),
    /// This many bytes instead of the function's own.
    Oversized(usize),
    /// Bytes that are neither text nor JSON.
    BadBytes,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Call {
        command: String,
        input: Input,
    },
    /// Initialises the plugin again, with another configuration.
    Init(Value),
    Start,
    Stop,
    Event {
        topic: String,
        data: Value,
    },
    /// Saves the state and loads it again.
    Reload,
}

/// The input of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Json(Value),
    Bytes(Vec<u8>),
}

impl Input {
    /// Returns the bytes that the plugin gets.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Input::Json(value) => value.to_string().into_bytes(),
            Input::Bytes(bytes) => bytes.clone(),
        }
    }

    /// Formats the input in one line.
    fn shown(&self) -> String {
        match self {
            Input::Json(value) => text::line(&value.to_string(), MAX_SHOWN),
            Input::Bytes(bytes) => {
                let first = bytes.get(..MAX_SHOWN / 4).unwrap_or(bytes);
                let more = if first.len() < bytes.len() { "…" } else { "" };
                let plural = if bytes.len() == 1 { "" } else { "s" };
                format!(
                    "b\"{}\"{more} ({} byte{plural})",
                    first.escape_ascii(),
                    bytes.len()
                )
            }
        }
    }
}

impl Step {
    /// Returns the name of what is called: a command, or a hook.
    pub fn callee(&self) -> &str {
        match self {
            Step::Call { command, .. } => command,
            Step::Init(_) => "init",
            Step::Start => "start",
            Step::Stop => "stop",
            Step::Event { .. } => "event",
            Step::Reload => "load_state",
        }
    }

    /// Formats the call in one line.
    pub fn shown(&self) -> String {
        match self {
            Step::Call { command, input } => {
                format!("{} {}", text::line(command, MAX_SHOWN), input.shown())
            }
            Step::Init(config) => format!("(init) {}", text::line(&config.to_string(), MAX_SHOWN)),
            Step::Start => "(start)".to_owned(),
            Step::Stop => "(stop)".to_owned(),
            Step::Event { topic, data } => format!(
                "(event) {} {}",
                text::line(topic, MAX_SHOWN),
                text::line(&data.to_string(), MAX_SHOWN)
            ),
            Step::Reload => "(save and load the state)".to_owned(),
        }
    }
}

impl Fault {
    /// Returns the fault as the harness injects it.
    pub fn injected(&self) -> InjectedFault {
        let fault = match self.strike {
            Strike::Error(code) => InjectedFault::error(code, "injected by `cargo plugin fuzz`"),
            Strike::Oversized(bytes) => InjectedFault::oversized(bytes),
            Strike::BadBytes => InjectedFault::bad_bytes(),
        };
        fault.after(self.after)
    }

    fn shown(&self) -> String {
        let strike = match self.strike {
            Strike::Error(code) => format!("fails with `{code}`"),
            Strike::Oversized(bytes) => format!("returns {bytes} bytes"),
            Strike::BadBytes => "returns bytes that cannot be decoded".to_owned(),
        };
        let after = match self.after {
            0 => String::new(),
            calls => format!(" after {calls} calls"),
        };
        format!("`{}` {strike}{after}", text::line(&self.function, 100))
    }
}

impl World {
    /// Returns the configuration that the plugin gets.
    pub fn config(&self) -> Value {
        self.config.clone().unwrap_or_else(|| json!({}))
    }

    /// Describes what differs from an ordinary host, in one line each.
    pub fn shown(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(config) = self.config.as_ref().filter(|config| !is_empty(config)) {
            let config = text::line(&config.to_string(), MAX_SHOWN);
            lines.push(format!("with the configuration {config}"));
        }
        if let Some(grants) = &self.grants {
            lines.push(match grants.as_slice() {
                [] => "with no permission granted".to_owned(),
                grants => format!(
                    "with only these permissions granted: {}",
                    text::line(&grants.join(", "), MAX_SHOWN)
                ),
            });
        }
        let faults = self.faults.iter();
        lines.extend(faults.map(|fault| format!("where {}", fault.shown())));
        lines
    }
}

/// Returns true if a configuration is the one that a plugin without one gets.
pub fn is_empty(config: &Value) -> bool {
    config.as_object().is_some_and(serde_json::Map::is_empty)
}

/// A step in a report.
#[derive(Serialize)]
pub struct Shown {
    pub callee: String,
    pub call: String,
}

impl From<&Step> for Shown {
    fn from(step: &Step) -> Self {
        Shown {
            callee: text::line(step.callee(), MAX_SHOWN),
            call: step.shown(),
        }
    }
}
