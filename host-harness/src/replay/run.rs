//! Runs a capsule.

use std::time::Duration;

use super::outcome::Replayed;
use crate::capsule::{Capsule, CapsuleError, provided};
use crate::failure::Failure;
use crate::hosts;
use crate::limits::Limits;
use crate::observe::transcript::{CalleeKind, Recorder, Return, Step, Transcript};
use crate::plugin::{Plugin, PluginBuilder};
use crate::source::Source;
use crate::sync::Shared;

/// The time after which a call is ended: how many times the recorded limit, and the least, for a
/// call that reached its limit or had none, and for any other, which should not take long.
const TIMES: u32 = 4;
const LEAST_TIME: Duration = Duration::from_secs(60);
const LEAST_TIME_OF_SHORT: Duration = Duration::from_secs(10);

/// The most time of a call.
const MOST_TIME: Duration = Duration::from_secs(600);

/// The most fuel of a call that had a time limit: about a minute.
const MOST_FUEL: u64 = 60_000_000_000;

/// The operation of an emulated host that creating a plugin includes.
const LOAD: &str = "load";

/// The size of a thread's stack in addition to the guest's, in bytes.
const STACK: usize = 2 << 20;

impl Capsule {
    /// Runs the calls of the capsule again, on a new instance of a module: the recorded one, or
    /// another build that should behave alike.
    ///
    /// The plugin gets the recorded answer to each of its host calls, provided that it asks for the
    /// same; services are not used. The replay ends where the plugin departs from the record.
    ///
    /// Limits of time are replayed as fuel: a call that timed out must run for as many instructions
    /// as take about that time, or reach the point in the record where it was ended.
    ///
    /// # Errors
    ///
    /// Fails if the capsule is for a host that is not known, or asks for more than a host should
    /// give for a file. Failures of the plugin, also of loading it, are part of the outcome.
    pub fn replay(&self, module: impl Into<Source>) -> Result<Replayed, CapsuleError> {
        self.replay_with(Plugin::builder(module))
    }

    /// Runs the calls again on a plugin of this builder, which sets where the plugin comes from;
    /// the capsule has all other settings. [`PluginBuilder::native`] is for a debugger.
    ///
    /// # Errors
    ///
    /// Those of [`replay`](Capsule::replay).
    pub fn replay_with(&self, builder: PluginBuilder) -> Result<Replayed, CapsuleError> {
        let limits = self.limits.to_limits()?;
        // The guest's stack may be larger than the one that this thread has.
        let stack = STACK + limits.stack_bytes;
        std::thread::scope(|threads| {
            let replay = || self.replay_here(builder, limits);
            let thread = std::thread::Builder::new().stack_size(stack);
            match thread.spawn_scoped(threads, replay) {
                Ok(running) => match running.join() {
                    Ok(replayed) => replayed,
                    Err(payload) => std::panic::resume_unwind(payload),
                },
                Err(error) => Err(CapsuleError::setting(
                    "limits.stack_bytes",
                    error.to_string(),
                )),
            }
        })
    }

    fn replay_here(
        &self,
        builder: PluginBuilder,
        limits: Limits,
    ) -> Result<Replayed, CapsuleError> {
        let recorder = Shared::new(Recorder::following(self.transcript.clone()));
        let fuel = self.fuel_in_time(&limits);
        let builder = self.set(builder, limits, &recorder, fuel)?;
        let (failure, other_plugin) = match builder.build() {
            Ok(mut plugin) => (
                self.repeat_all(&mut plugin, &recorder, fuel).err(),
                self.other_plugin(&plugin),
            ),
            Err(failure) => (Some(failure), None),
        };
        let (transcript, has_departed, is_at_cut) = {
            let recorder = recorder.lock();
            (
                recorder.transcript(),
                recorder.has_departed(),
                recorder.is_at_cut(),
            )
        };
        let transcript = transcript.without_earlier_cuts();
        let mut recorded = self.transcript.without_earlier_cuts();
        if is_at_cut {
            // Nothing is known of the rest.
            recorded.steps.truncate(transcript.steps.len());
        }
        Ok(Replayed {
            recorded,
            transcript,
            recorded_failure: self.failure.clone(),
            ends_elsewhere: !has_departed && (is_at_cut || self.ends_elsewhere()),
            failure: failure.filter(|_| !is_at_cut),
            ends_at_cut: is_at_cut,
            other_plugin,
            cut: self.transcript.cut(),
        })
    }

    /// Makes the settings of the capsule.
    fn set(
        &self,
        builder: PluginBuilder,
        mut limits: Limits,
        recorder: &Shared<Recorder>,
        fuel: Option<u64>,
    ) -> Result<PluginBuilder, CapsuleError> {
        let host = hosts::find(&self.host).ok_or_else(|| CapsuleError::UnknownHost {
            host: self.host.clone(),
        })?;
        let least = match (fuel, limits.timeout) {
            (None, Some(_)) => LEAST_TIME_OF_SHORT,
            _ => LEAST_TIME,
        };
        let time = limits.timeout.unwrap_or_default().saturating_mul(TIMES);
        limits.timeout = Some(time.clamp(least, MOST_TIME));
        if fuel.is_some() && limits.fuel.is_none() {
            limits.fuel = Some(Limits::PLENTY_OF_FUEL);
        }
        let mut builder = builder
            .replaying(recorder.clone())
            .encoded_config(self.config.bytes().unwrap_or_default().to_vec())
            .exact_limits(&limits)
            .grants(self.grants.to_grants())
            .without_init();
        if host.feature.is_some() {
            builder = builder.emulate(host);
        }
        if self.require_permissions {
            builder = builder.require_permissions();
        }
        #[cfg(feature = "schema-checks")]
        if self.validate_schemas {
            builder = builder.validate_schemas();
        }
        if !self.functions.is_empty() {
            builder = builder.host_functions(provided(&self.functions)?);
        }
        Ok(builder)
    }

    /// Makes all calls, up to one that departs from the record.
    fn repeat_all(
        &self,
        plugin: &mut Plugin,
        recorder: &Shared<Recorder>,
        fuel: Option<u64>,
    ) -> Result<(), Failure> {
        let mut outcome = Ok(());
        let steps = &self.transcript.steps;
        for (at, step) in steps.iter().enumerate() {
            let Step::Call(call) = step else { continue };
            if call.callee == CalleeKind::Hook && call.name == LOAD {
                continue;
            }
            if let Some(fuel) = fuel {
                let end = steps.iter().skip(at).find_map(|step| match step {
                    Step::Return(end) => Some(end),
                    _ => None,
                });
                let is_in_time = end.is_none_or(Return::is_end_in_time);
                plugin.set_fuel(if is_in_time {
                    fuel
                } else {
                    self.limits.fuel.unwrap_or(Limits::PLENTY_OF_FUEL)
                });
            }
            let is_last = !steps
                .iter()
                .skip(at + 1)
                .any(|step| matches!(step, Step::Call(_)));
            let failed = self.code().filter(|_| is_last && self.refused.is_none());
            outcome = plugin.repeat(call, failed);
            let recorder = recorder.lock();
            if recorder.has_departed() || recorder.is_at_cut() {
                return outcome;
            }
        }
        match &self.refused {
            Some(call) => plugin.repeat_refused(call),
            None => outcome,
        }
    }

    /// Returns the recorded id and that of another plugin, if this is another one.
    fn other_plugin(&self, plugin: &Plugin) -> Option<[String; 2]> {
        let recorded = &self.module.id;
        let found = &plugin.module().manifest()?.id;
        let is_other = !recorded.is_empty() && recorded != found;
        is_other.then(|| [recorded, found].map(String::clone))
    }

    /// Returns the code of the recorded failure.
    fn code(&self) -> Option<&str> {
        self.failure.as_ref()?.get("kind")?.as_str()
    }

    /// Returns the fuel for calls that were ended by a limit of time, if there are any.
    fn fuel_in_time(&self, limits: &Limits) -> Option<u64> {
        let in_time = self.transcript.steps.iter().any(|step| match step {
            Step::Return(end) => end.is_end_in_time(),
            _ => false,
        });
        let time = limits.timeout.unwrap_or(LEAST_TIME);
        // About one instruction in each nanosecond.
        let fuel = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        in_time.then(|| fuel.clamp(1, MOST_FUEL))
    }

    /// Returns whether the recorded failure is one that a replay cannot have itself.
    fn ends_elsewhere(&self) -> bool {
        let last = self.transcript.steps.last();
        let in_time = matches!(last, Some(Step::Return(end)) if end.is_end_in_time());
        let decoding = ["bad_json", "bad_binary", "bad_arguments"];
        in_time || self.code().is_some_and(|code| decoding.contains(&code))
    }
}

impl Transcript {
    /// Returns the transcript without the places of calls that were not kept.
    fn without_earlier_cuts(&self) -> Transcript {
        let mut steps = self.steps.clone();
        steps.retain(|step| !matches!(step, Step::Cut(_)));
        Transcript { steps }
    }
}
