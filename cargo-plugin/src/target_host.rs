//! The hosts that a plugin can be made for: their names on the command line, and their detection
//! from a module. The harness defines all of them, except for the runtimes of components.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::{Failure, FailureKind, Plugin, PluginBuilder};

use crate::component;
use crate::error::{Error, Result};

/// A host known to the harness.
pub type Host = &'static HostContract;

/// The target of a plugin's build.
#[derive(Clone, Copy)]
pub enum BuildTarget {
    /// A host that runs modules.
    Host(Host),
    /// A runtime of the component model.
    Component(component::Kind),
}

impl BuildTarget {
    /// Returns the name on command lines.
    pub fn name(self) -> &'static str {
        match self {
            BuildTarget::Host(host) => host.name,
            BuildTarget::Component(kind) => kind.name(),
        }
    }

    /// Returns the feature that builds a plugin for it; `None` for the SDK's own ABI.
    pub fn feature(self) -> Option<&'static str> {
        match self {
            BuildTarget::Host(host) => host.feature,
            BuildTarget::Component(kind) => Some(kind.feature()),
        }
    }

    /// Returns a description in one line.
    pub fn summary(self) -> &'static str {
        match self {
            BuildTarget::Host(host) => host.summary,
            BuildTarget::Component(kind) => kind.summary(),
        }
    }

    /// Returns the target of a name.
    pub fn find(name: &str) -> Option<Self> {
        let mut kinds = component::Kind::ALL.into_iter();
        match kinds.find(|kind| kind.name() == name) {
            Some(kind) => Some(BuildTarget::Component(kind)),
            None => hosts::find(name).map(BuildTarget::Host),
        }
    }
}

impl From<Host> for BuildTarget {
    fn from(host: Host) -> Self {
        BuildTarget::Host(host)
    }
}

/// Returns the features of plugins that choose what they are built for.
pub fn features() -> impl Iterator<Item = &'static str> {
    let hosts = hosts::all().iter().filter_map(|host| host.feature);
    hosts.chain(component::Kind::ALL.map(component::Kind::feature))
}

/// Returns a parser for the names of hosts.
pub fn parser() -> impl TypedValueParser<Value = Host> {
    PossibleValuesParser::new(names())
        .try_map(|name| hosts::find(&name).ok_or_else(|| format!("there is no host `{name}`")))
}

/// Returns a parser for the names of all that a plugin can be built for.
pub fn target_parser() -> impl TypedValueParser<Value = BuildTarget> {
    let components =
        component::Kind::ALL.map(|kind| PossibleValue::new(kind.name()).help(kind.summary()));
    PossibleValuesParser::new(names().chain(components)).try_map(|name| {
        BuildTarget::find(&name).ok_or_else(|| format!("there is no host `{name}`"))
    })
}

fn names() -> impl Iterator<Item = PossibleValue> {
    let hosts = hosts::all().iter();
    hosts.map(|host| PossibleValue::new(host.name).help(host.summary))
}

/// Creates a plugin with the SDK's own ABI or under the rules of another host, and initialises it.
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

/// Returns the host that a module is made for; `None` if the bytes are not a module, or the host is
/// unknown.
pub fn host(wasm: &[u8]) -> Option<Host> {
    hosts::made_for(&Inspection::of(wasm).ok()?)
}

/// Rejects a module that is made for another host. Accepts one whose host is unknown, and leaves it
/// to later checks.
pub fn expect(expected: Host, wasm: &[u8], file: &str) -> Result<()> {
    match host(wasm) {
        Some(found) if found.name != expected.name => Err(Error::new(format!(
            "`{file}` is not made for the host `{}`",
            expected.name
        ))
        .because(mismatch(found))
        .help(advice(found, expected))),
        _ => Ok(()),
    }
}

/// Rejects a module that is made for a host other than the SDK's own; the error begins with `what`.
pub fn expect_own(wasm: &[u8], what: &str) -> Result<()> {
    match host(wasm).filter(|host| host.feature.is_some()) {
        None => Ok(()),
        Some(host) => Err(Error::new(what)
            .because(format!("it is built for the host `{}`", host.name))
            .help("build it without a feature `host-…`")),
    }
}

/// Returns the message about a module that is made for this host instead of the requested one.
pub fn mismatch(found: Host) -> String {
    format!(
        "this module is made for `{}`: {}",
        found.name, found.summary
    )
}

/// Returns the hint for a module that is made for a host other than the expected one.
pub fn advice(found: Host, expected: Host) -> String {
    format!(
        "`--host {}` names the host that it is made for; `cargo plugin build --host {}` makes one for `{}`",
        found.name, expected.name, expected.name
    )
}
