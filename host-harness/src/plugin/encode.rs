//! The encoding of values for a plugin, and their validation if the host asks for it.

use std::fmt::Display;

use plugin_sdk::binary;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{FailureKind, Region};
use crate::limits::SchemaLimits;
#[cfg(feature = "schema-checks")]
use crate::manifest::Checks;
use crate::run::json;

/// Encodes values, and validates them against the plugin's own schemas if the host asks for it.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    #[cfg(feature = "schema-checks")]
    checks: Option<std::sync::Arc<Checks>>,
    #[cfg(feature = "schema-checks")]
    limits: SchemaLimits,
}

/// The codecs of values.
#[derive(Clone, Copy)]
pub(crate) enum Codec {
    Json,
    Binary,
}

impl Codec {
    /// Decodes a result.
    pub(crate) fn read<R: DeserializeOwned>(self, bytes: &[u8]) -> Result<R, FailureKind> {
        match self {
            Codec::Json => json::decode(bytes, Region::Result),
            Codec::Binary => binary::read(bytes).map_err(|fault| FailureKind::BadBinary {
                reason: fault.to_string(),
            }),
        }
    }
}

/// The argument of an event hook.
#[derive(Serialize)]
struct Event<'a, T> {
    topic: &'a str,
    data: T,
}

impl Gate {
    /// Appends the arguments of a command.
    pub(crate) fn write(
        &self,
        codec: Codec,
        command: &str,
        arguments: &impl Serialize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), FailureKind> {
        match codec {
            Codec::Json => {
                let written = write_json(arguments, bytes)?;
                self.check(|checks, limits| checks.json(command, written, limits))
            }
            Codec::Binary => {
                self.check(|checks, limits| checks.binary(command, arguments, limits))?;
                binary::write(arguments, bytes).map_err(bad_arguments)
            }
        }
    }

    /// Appends a configuration.
    pub(crate) fn write_config(
        &self,
        config: &impl Serialize,
        text: &mut Vec<u8>,
    ) -> Result<(), FailureKind> {
        let written = write_json(config, text)?;
        self.check(|checks, limits| checks.config(written, limits))
    }

    /// Appends an event.
    pub(crate) fn write_event(
        &self,
        topic: &str,
        data: impl Serialize,
        text: &mut Vec<u8>,
    ) -> Result<(), FailureKind> {
        let written = write_json(&Event { topic, data }, text)?;
        self.check(|checks, limits| checks.event(topic, written, limits))
    }

    /// Appends the data of an event alone, for a host that passes the topic separately.
    pub(crate) fn write_event_data(
        &self,
        topic: &str,
        data: impl Serialize,
        text: &mut Vec<u8>,
    ) -> Result<(), FailureKind> {
        self.check(|checks, limits| {
            let (data, mut event) = (&data, Vec::new());
            let written = write_json(&Event { topic, data }, &mut event)?;
            checks.event(topic, written, limits)
        })?;
        serde_json::to_writer(text, &data).map_err(bad_arguments)
    }

    /// Validates an encoded configuration.
    pub(crate) fn check_config(&self, text: &[u8]) -> Result<(), FailureKind> {
        self.check(|checks, limits| checks.config(text, limits))
    }
}

#[cfg(feature = "schema-checks")]
impl Gate {
    pub(crate) fn with(checks: std::sync::Arc<Checks>, limits: SchemaLimits) -> Self {
        Gate {
            checks: Some(checks),
            limits,
        }
    }

    #[inline]
    fn check(
        &self,
        check: impl FnOnce(&Checks, &SchemaLimits) -> Result<(), FailureKind>,
    ) -> Result<(), FailureKind> {
        match self.checks.as_deref() {
            Some(checks) => check(checks, &self.limits),
            None => Ok(()),
        }
    }
}

/// A type without values: without the feature there are no schemas.
#[cfg(not(feature = "schema-checks"))]
enum Checks {}

#[cfg(not(feature = "schema-checks"))]
impl Checks {
    fn json(&self, _: &str, _: &[u8], _: &SchemaLimits) -> Result<(), FailureKind> {
        match *self {}
    }

    fn binary(&self, _: &str, _: &impl Serialize, _: &SchemaLimits) -> Result<(), FailureKind> {
        match *self {}
    }

    fn config(&self, _: &[u8], _: &SchemaLimits) -> Result<(), FailureKind> {
        match *self {}
    }

    fn event(&self, _: &str, _: &[u8], _: &SchemaLimits) -> Result<(), FailureKind> {
        match *self {}
    }
}

#[cfg(not(feature = "schema-checks"))]
impl Gate {
    fn check(
        &self,
        _: impl FnOnce(&Checks, &SchemaLimits) -> Result<(), FailureKind>,
    ) -> Result<(), FailureKind> {
        Ok(())
    }
}

fn bad_arguments(error: impl Display) -> FailureKind {
    let reason = error.to_string();
    FailureKind::BadArguments { reason }
}

/// Appends a value as JSON, and returns the appended bytes.
fn write_json<'a>(value: &impl Serialize, text: &'a mut Vec<u8>) -> Result<&'a [u8], FailureKind> {
    let before = text.len();
    json::encode(value, text).map_err(bad_arguments)?;
    // Encoding only appends.
    let (_, written) = text.split_at(before);
    Ok(written)
}
