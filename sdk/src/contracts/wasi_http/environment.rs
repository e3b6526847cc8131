//! The configuration, in variables of the environment.

use crate::contracts::canonical::{Answer, text_of};
use crate::error::{Error, Result, code};
use crate::json::{self, Arena};
use crate::memory::Address;

imported! {
    "wasi:cli/environment@0.2.0":
        fn get_environment = "get-environment"(area: Address);
}

/// The variable with the configuration: a JSON object.
const CONFIG: &str = "PLUGIN_CONFIG";

/// The variable with the most detailed level of log lines.
const LOG: &str = "PLUGIN_LOG";

fn variable(name: &str) -> Result<Option<String>> {
    let mut variables = Answer::of(get_environment);
    let variables = variables.list(0, 16, |given, variable| {
        Ok((text_of(given, variable, 0)?, text_of(given, variable, 8)?))
    })?;
    let found = variables.into_iter().find(|(found, _)| found == name);
    Ok(found.map(|(_, value)| value))
}

/// Returns the plugin's configuration; no bytes if it is not set.
pub(super) fn configuration() -> Result<Vec<u8>> {
    Ok(variable(CONFIG)?.unwrap_or_default().into_bytes())
}

/// Returns the value of a member of the configuration.
pub(super) fn setting(name: &str) -> Result<Option<Vec<u8>>> {
    let configuration = configuration()?;
    if configuration.is_empty() {
        return Ok(None);
    }
    let (arena, mut setting) = (Arena::new(), None);
    let read = json::members(&configuration, &arena, |member, value| {
        if member == name {
            setting = Some(value.as_bytes().to_vec());
        }
        Ok(())
    });
    match read {
        Ok(()) => Ok(setting),
        Err(_) => Err(Error::new(
            code::BAD_ANSWER,
            "the variable `PLUGIN_CONFIG` is not a JSON object",
        )),
    }
}

/// Returns the most detailed level of log lines, as the crate `log` counts levels; `info` unless
/// set.
pub(super) fn log_level() -> u32 {
    let level = variable(LOG).ok().flatten();
    match level.as_deref() {
        Some("off") => 0,
        Some("error") => 1,
        Some("warn") => 2,
        Some("debug") => 4,
        Some("trace") => 5,
        _ => 3,
    }
}
