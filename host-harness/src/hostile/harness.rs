//! The harness as a host under test.

use serde::Deserialize;
use serde_json::Value;

use super::case::{Call, Case, Contract, Inputs, Reads};
use super::host::Host;
use super::outcome::{Observed, Outcome};
use crate::engine::Engine;
use crate::failure::{Failure, FailureKind};
use crate::manifest::Manifest;
use crate::plugin::Plugin;
use crate::source::Source;

/// The harness as a [`Host`] under test, on one of its engines.
#[derive(Debug)]
pub struct Harness {
    engine: Engine,
    plugin: Option<Plugin>,
    failure: Option<Failure>,
}

impl Harness {
    /// Creates the harness on an engine, as a host of the SDK's own contract.
    pub fn on(engine: Engine) -> Self {
        Harness {
            engine,
            plugin: None,
            failure: None,
        }
    }

    /// Returns the failure of the last step that ended in one.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Keeps the failure, and returns its outcome.
    fn failed(&mut self, failure: Failure) -> Observed {
        let outcome = Outcome::from(failure.kind());
        self.failure = Some(failure);
        outcome.into()
    }

    fn instantiate(&self, case: &Case, module: &[u8]) -> Result<Plugin, Failure> {
        let limits = case.limits();
        let mut builder = Plugin::builder(Source::bytes(module))
            .engine(self.engine)
            .no_cache()
            .without_init()
            .timeout(limits.timeout)
            .memory_pages(limits.memory_pages)
            .table_elements(limits.table_elements)
            .stack_bytes(limits.stack_bytes)
            .max_result_bytes(limits.result_bytes);
        if let Some(fuel) = limits.fuel {
            builder = builder.fuel(fuel);
        }
        for permission in case.grants() {
            builder = builder.grant(*permission);
        }
        builder.build()
    }
}

impl Host for Harness {
    fn describe(&mut self, module: &[u8]) -> Option<Observed> {
        match Manifest::read(module) {
            Ok(Some(_)) => Some(Observed::answer(Vec::new())),
            Ok(None) => None,
            Err(_) => Some(Outcome::Refused.into()),
        }
    }

    fn load(&mut self, case: &Case, module: &[u8]) -> Observed {
        match self.instantiate(case, module) {
            Ok(plugin) => {
                self.plugin = Some(plugin);
                Observed::answer(Vec::new())
            }
            Err(failure) => {
                let refused = matches!(failure.kind(), FailureKind::OutOfBounds { .. });
                let observed = self.failed(failure);
                // The panic record is checked before anything runs.
                if refused {
                    Outcome::Refused.into()
                } else {
                    observed
                }
            }
        }
    }

    fn call(&mut self, call: &Call) -> Observed {
        let (Some(plugin), Some(export)) = (&mut self.plugin, call.export(Contract::Native)) else {
            return Outcome::Refused.into();
        };
        match answer(plugin, export, call) {
            Ok(output) => Observed::answer(output),
            Err(failure) => self.failed(failure),
        }
    }
}

/// An event as a host passes it.
#[derive(Default, Deserialize)]
struct Event {
    topic: String,
    data: Value,
}

/// Makes a call by the method of [`Plugin`] that is for it.
fn answer(plugin: &mut Plugin, export: &str, call: &Call) -> Result<Vec<u8>, Failure> {
    let nothing = |()| Vec::new();
    match (export, &call.inputs) {
        ("plugin_init", Inputs::One(config)) => {
            let config: Value = serde_json::from_slice(config).unwrap_or_default();
            plugin.init(config).map(nothing)
        }
        ("plugin_event", Inputs::One(event)) => {
            let Event { topic, data } = serde_json::from_slice(event).unwrap_or_default();
            plugin.event(&topic, data).map(nothing)
        }
        ("plugin_start", _) => plugin.start().map(nothing),
        ("plugin_stop", _) => plugin.stop().map(nothing),
        ("plugin_cleanup", _) => plugin.cleanup().map(nothing),
        ("plugin_state_save", _) => plugin.save_state(),
        (_, Inputs::Batch(inputs)) => {
            let command = export.trim_start_matches("batch_");
            let answers = plugin.call_many_raw(command, inputs)?;
            answers
                .collect::<Result<Vec<_>, _>>()
                .map(|answers| answers.concat())
        }
        (_, Inputs::One(input)) => {
            let command = export.trim_start_matches("command_");
            match call.reads {
                Reads::Bytes => plugin.call_raw(command, input).map(<[u8]>::to_vec),
                Reads::Json => {
                    let value: Value = plugin.call(command, ())?;
                    Ok(value.to_string().into_bytes())
                }
            }
        }
        (_, Inputs::None) => plugin.call_raw(export, b"").map(<[u8]>::to_vec),
    }
}
