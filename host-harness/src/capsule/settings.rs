//! The settings of an instance, as a capsule has them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::CapsuleError;
use crate::limits::{Limits, SchemaLimits};
use crate::permissions::Grants;

/// The largest stack that a replay may ask its host for, in bytes.
const MAX_STACK: u64 = 64 << 20;

/// The largest number of elements of tables in a replay.
const MAX_ELEMENTS: u32 = 10_000_000;

/// The most that schemas may cost in a replay: their size when compiled in bytes, and the steps to
/// validate a value.
const MAX_SCHEMAS: SchemaLimits = SchemaLimits {
    bytes: 1 << 30,
    steps: 1_000_000_000,
};

/// The permissions that were granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GrantSettings {
    /// `true` for all of them.
    #[serde(default)]
    pub all: bool,
    /// Their names.
    #[serde(default)]
    pub names: Vec<String>,
}

/// The limits of an instance, by the names of the builder's methods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LimitSettings {
    /// The linear memory, in pages of 64 KiB.
    pub memory_pages: u32,
    /// The elements of all tables.
    pub table_elements: u32,
    /// The stack of a call, in bytes.
    pub stack_bytes: u64,
    /// The fuel of a call; `None` if it was not counted.
    pub fuel: Option<u64>,
    /// The time of a call in milliseconds; `None` for no limit.
    pub timeout_ms: Option<u64>,
    /// The bytes of a result that is decoded.
    pub max_result_bytes: u64,
    /// The bytes that a host function receives.
    pub max_argument_bytes: u64,
    /// The bytes of log lines that a call forwards.
    pub max_log_bytes: u64,
    /// The host calls of a call.
    #[serde(default = "default_host_calls")]
    pub max_host_calls: u64,
    /// The bytes of compiled schemas.
    pub max_schema_bytes: u64,
    /// The steps of validating one value.
    pub max_schema_steps: u64,
}

/// The limit of capsules that were kept before there was one.
fn default_host_calls() -> u64 {
    Limits::default().max_host_calls
}

/// The state of the services in memory when the instance was created. A service that is not in
/// memory has none. A replay does not need it, since the transcript has every answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seeds {
    /// The seed of the random numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random: Option<u64>,
    /// The clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockHands>,
}

/// The state of a clock in memory, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClockHands {
    /// The time of day, since 1970-01-01 00:00 UTC.
    pub now: u64,
    /// The monotonic time.
    pub monotonic: u64,
    /// The step after every reading.
    pub step: u64,
}

impl From<&Grants> for GrantSettings {
    fn from(grants: &Grants) -> Self {
        let (all, names) = grants.granted();
        GrantSettings {
            all,
            names: names.map(str::to_owned).collect(),
        }
    }
}

impl GrantSettings {
    pub(crate) fn to_grants(&self) -> Grants {
        let mut grants = match self.all {
            true => Grants::all(),
            false => Grants::none(),
        };
        self.names
            .iter()
            .for_each(|name| grants.grant(name.as_str()));
        grants
    }
}

impl From<&Limits> for LimitSettings {
    fn from(limits: &Limits) -> Self {
        LimitSettings {
            memory_pages: limits.memory_pages,
            table_elements: limits.table_elements,
            stack_bytes: limits.stack_bytes as u64,
            fuel: limits.fuel,
            timeout_ms: limits
                .timeout
                .map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
            max_result_bytes: limits.max_result_bytes,
            max_argument_bytes: limits.max_argument_bytes,
            max_log_bytes: limits.max_log_bytes,
            max_host_calls: limits.max_host_calls,
            max_schema_bytes: limits.schemas.bytes,
            max_schema_steps: limits.schemas.steps,
        }
    }
}

impl LimitSettings {
    /// Returns the limits of a replay.
    ///
    /// # Errors
    ///
    /// Fails if they ask for more than a host should give for a file.
    pub(crate) fn to_limits(&self) -> Result<Limits, CapsuleError> {
        if self.stack_bytes > MAX_STACK {
            return Err(CapsuleError::setting(
                "limits.stack_bytes",
                format!(
                    "it is {}, and a replay has at most {MAX_STACK}",
                    self.stack_bytes
                ),
            ));
        }
        if self.table_elements > MAX_ELEMENTS {
            return Err(CapsuleError::setting(
                "limits.table_elements",
                format!(
                    "it is {}, and a replay has at most {MAX_ELEMENTS}",
                    self.table_elements
                ),
            ));
        }
        Ok(Limits {
            memory_pages: self.memory_pages.min(1 << 16),
            table_elements: self.table_elements,
            stack_bytes: self.stack_bytes as usize,
            fuel: self.fuel,
            timeout: self.timeout_ms.map(Duration::from_millis),
            max_result_bytes: self.max_result_bytes,
            max_argument_bytes: self.max_argument_bytes,
            max_log_bytes: self.max_log_bytes,
            max_host_calls: self.max_host_calls,
            schemas: SchemaLimits {
                bytes: self.max_schema_bytes.min(MAX_SCHEMAS.bytes),
                steps: self.max_schema_steps.min(MAX_SCHEMAS.steps),
            },
        })
    }
}
