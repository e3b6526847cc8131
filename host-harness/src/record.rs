//! What happened during a call, as failures tell it.

use std::time::Duration;

use serde::Serialize;

/// A call of a host function.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HostCall {
    /// The function, as `module.name`.
    pub function: String,
    /// The arguments, as `name: value`, bounded.
    pub arguments: Vec<String>,
    /// What it answered, bounded: a value or an error; `None` if it never returned.
    pub outcome: Option<Result<String, String>>,
    /// How long it took, to within 10 ms; `None` for less than that.
    pub duration: Option<Duration>,
}
