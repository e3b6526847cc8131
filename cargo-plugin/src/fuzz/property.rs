//! The properties that hold for every plugin, whatever it does.

use serde::Serialize;

/// A property of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// No call panics, traps, or returns an address outside the memory
    Trap,
    /// No call exceeds the limit of fuel or of memory
    Limits,
    /// Each result matches its schema
    Result,
    /// Each error has a code that the command declares, or one of the SDK's
    ErrorCode,
    /// Arguments that the schema allows are not refused as malformed
    ValidArguments,
    /// Arguments of another type than described are refused
    InvalidArguments,
    /// A saved state can be loaded again
    State,
    /// A sequence of calls, repeated from init to cleanup, leaves nothing in the heap
    Leak,
    /// The same calls on a fresh instance give the same answers, host calls and log lines
    Repeatable,
    /// The same calls on another engine give the same answers, host calls and log lines
    Engines,
    /// The rules of the emulated host hold
    Contract,
}

impl Property {
    /// Returns the violation in words, after the name of what was called.
    pub fn broken(self) -> &'static str {
        match self {
            Property::Trap => "does not return",
            Property::Limits => "exceeds a limit",
            Property::Result => "returns what its description does not allow",
            Property::ErrorCode => "fails with a code that it does not declare",
            Property::ValidArguments => "refuses arguments that its description allows",
            Property::InvalidArguments => "takes arguments that its description does not allow",
            Property::State => "does not load the state that the plugin saved",
            Property::Leak => "leaks memory",
            Property::Repeatable => "does not repeat its answers",
            Property::Engines => "depends on the engine",
            Property::Contract => "breaks a rule of its host",
        }
    }
}
