//! The hosts that a plugin can be made for: on the command line, and by its module. All of them are those that the harness knows.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::{Failure, FailureKind, Plugin, PluginBuilder};

use crate::error::{Error, Result};

/// A host that is known.
pub type Host = &'static HostContract;

/// Reads a host's name.
pub fn parser() -> impl TypedValueParser<Value = Host> {
    let names = hosts::all()
        .iter()
        .map(|host| PossibleValue::new(host.name).help(host.summary));
    PossibleValuesParser::new(names)
        .map(|name| hosts::find(&name).unwrap_or_else(|| hosts::native()))
}

/// Creates a plugin, run by the SDK's own ABI or by the rules of another host, and initialises it.
pub fn build(builder: PluginBuilder, host: Host) -> Result<Plugin, Failure> {
    match host.feature {
        None => builder.build(),
        Some(_) => builder.build_for(host),
    }
}

/// Starts a plugin: the results of its commands may depend on it.
pub fn start(plugin: &mut Plugin) -> Result<(), Failure> {
    optional(plugin.start())
}

/// Ends a plugin's life as its host would.
pub fn end(plugin: &mut Plugin) -> Result<(), Failure> {
    optional(plugin.stop())?;
    plugin.cleanup()
}

/// A missing hook, or one that the host does not call, counts as success.
fn optional(hook: Result<(), Failure>) -> Result<(), Failure> {
    match hook {
        Err(failure)
            if matches!(
                failure.kind(),
                FailureKind::MissingExport { .. } | FailureKind::UnsupportedByHost { .. }
            ) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

/// The host that a module is made for; `None` where it is no module, or none that can be told.
pub fn host(wasm: &[u8]) -> Option<Host> {
    hosts::made_for(&Inspection::of(wasm).ok()?)
}

/// Refuses a module that is made for another host. One that cannot be told is left to whoever looks closer.
pub fn expect(expected: Host, wasm: &[u8], file: &str) -> Result<()> {
    match host(wasm) {
        Some(found) if found.name != expected.name => Err(Error::new(format!(
            "`{file}` is not made for the host `{}`",
            expected.name
        ))
        .because(said(found))
        .help(advice(found, expected))),
        _ => Ok(()),
    }
}

/// What is said of a module that is made for this host, where another is asked for.
pub fn said(found: Host) -> String {
    format!(
        "this module is made for `{}`: {}",
        found.name, found.summary
    )
}

/// What to do about a module of another host than the one that was expected.
pub fn advice(found: Host, expected: Host) -> String {
    format!(
        "`--host {}` takes it for what it is; `cargo plugin build --host {}` makes one for `{}`",
        found.name, expected.name, expected.name
    )
}
