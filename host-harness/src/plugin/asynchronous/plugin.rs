//! A plugin whose calls are futures.

use std::ops::Deref;

use plugin_sdk::abi;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::abi::{Callee, CommandName};
use crate::failure::{Failure, FailureKind};
use crate::plugin::Plugin;
use crate::plugin::builder::{PluginBuilder, Prepared};
use crate::plugin::encode::Codec;
use crate::plugin::native::instance as native;
use crate::plugin::recording::keep;
use crate::plugin::runner::Runner;
use crate::run::Instance;
use crate::services::InjectedFault;

/// One instance of a plugin whose calls are futures, for hosts on tokio:
/// [`build_async`](PluginBuilder::build_async) creates it.
///
/// ```
/// use plugin_sdk_harness::{Plugin, Source};
/// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mut plugin = Plugin::builder(Source::wat(WAT)).build_async().await?;
/// let numbers: Vec<u8> = plugin.call("numbers", ()).await?;
/// assert_eq!(numbers, [1, 2, 3]);
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// # }).unwrap();
/// ```
///
/// It dereferences to [`Plugin`] for everything that needs no call: names, sizes, records of the
/// last call.
///
/// The futures are `Send` if their arguments are. Dropping a future cancels its call: pending host
/// functions are dropped, the plugin's code is unwound without running, and the instance is dead,
/// because its state may be half changed. Every further call fails with
/// [`Poisoned`](FailureKind::Poisoned) by [`Cancelled`](FailureKind::Cancelled).
pub struct AsyncPlugin(Plugin);

impl PluginBuilder {
    /// Creates the plugin for async calls and async host functions. An
    /// [emulated](PluginBuilder::emulate) host has neither.
    ///
    /// The module is loaded and compiled on a thread for blocking work.
    ///
    /// # Errors
    ///
    /// Those of [`build`](PluginBuilder::build).
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub async fn build_async(self) -> Result<AsyncPlugin, Failure> {
        let prepared = tokio::task::spawn_blocking(|| self.prepare(true)).await;
        let Prepared {
            module,
            blueprint,
            host,
            services,
            observer,
            gate,
            config,
            recording,
            ..
        } = match prepared {
            Ok(prepared) => prepared?,
            Err(error) => match error.try_into_panic() {
                Ok(payload) => std::panic::resume_unwind(payload),
                Err(error) => {
                    let reason = format!("the runtime is shutting down: {error}");
                    return Err(Failure::load(FailureKind::Engine { reason }));
                }
            },
        };
        let blueprint = blueprint.ok_or_else(|| native::lacks("async calls"))?;
        let instance = Instance::new_async(blueprint, &module, host, observer).await;
        let instance = instance.map_err(|failure| keep::kept(recording.as_deref(), failure))?;
        let mut plugin = AsyncPlugin(Plugin::new(Runner::Own(instance), module, services, gate));
        plugin.0.recording = recording;
        if let Some(config) = config {
            let callee = Callee::Export(abi::INIT_EXPORT);
            plugin.call_encoded(callee, config, |_| Ok(())).await?;
        }
        Ok(plugin)
    }
}

impl AsyncPlugin {
    /// As [`Plugin::call`], with the same errors.
    pub async fn call<R: DeserializeOwned>(
        &mut self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.call_in(Codec::Json, command, args).await
    }

    /// As [`Plugin::call_binary`], with the same errors.
    pub async fn call_binary<R: DeserializeOwned>(
        &mut self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.call_in(Codec::Binary, command, args).await
    }

    /// As [`Plugin::call_raw`], with the same errors.
    pub async fn call_raw(
        &mut self,
        command: impl CommandName,
        args: &[u8],
    ) -> Result<&[u8], Failure> {
        let callee = self.0.callee(command)?;
        let write = |buffer: &mut [u8]| buffer.copy_from_slice(args);
        let instance = self.0.runner.own()?;
        let answer = instance.call_async(callee, args.len(), write).await;
        self.0.answered(callee, answer)
    }

    /// As [`Plugin::init`], with the same errors.
    pub async fn init(&mut self, config: impl Serialize) -> Result<(), Failure> {
        let callee = Callee::Export(abi::INIT_EXPORT);
        let encoded = self
            .0
            .encode(callee, |gate, _, text| gate.write_config(&config, text))?;
        self.call_encoded(callee, encoded, |_| Ok(())).await
    }

    /// As [`Plugin::start`], with the same errors.
    pub async fn start(&mut self) -> Result<(), Failure> {
        self.hook(abi::START_EXPORT).await
    }

    /// As [`Plugin::stop`], with the same errors.
    pub async fn stop(&mut self) -> Result<(), Failure> {
        self.hook(abi::STOP_EXPORT).await
    }

    /// As [`Plugin::event`], with the same errors.
    pub async fn event(&mut self, topic: &str, data: impl Serialize) -> Result<(), Failure> {
        self.0.expect_hook(abi::EVENT_EXPORT)?;
        let callee = Callee::Export(abi::EVENT_EXPORT);
        let encoded = self
            .0
            .encode(callee, |gate, _, text| gate.write_event(topic, data, text))?;
        self.call_encoded(callee, encoded, |_| Ok(())).await
    }

    /// As [`Plugin::cleanup`], with the same errors.
    pub async fn cleanup(&mut self) -> Result<(), Failure> {
        let outcome = self.0.runner.own()?.call_cleanup_async().await;
        self.0.kept(outcome)
    }

    /// As [`Plugin::deliver_events`], with the same errors and panics.
    pub async fn deliver_events(&mut self) -> Result<usize, Failure> {
        let bus = self.0.services().events().clone();
        let waiting = bus.waiting();
        for _ in 0..waiting {
            if let Some(event) = bus.take_one() {
                self.event(&event.topic, &event.data).await?;
            }
        }
        Ok(waiting)
    }

    /// As [`Plugin::fault`].
    pub fn fault(&mut self, function: &str, fault: InjectedFault) {
        self.0.fault(function, fault);
    }

    /// As [`Plugin::clear_faults`].
    pub fn clear_faults(&mut self) {
        self.0.clear_faults();
    }

    /// As [`Plugin::implementation_mut`].
    pub fn implementation_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.0.implementation_mut()
    }

    async fn call_in<R: DeserializeOwned>(
        &mut self,
        codec: Codec,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        let callee = self.0.callee(command)?;
        let encoded = self.0.encode(callee, |gate, command, bytes| {
            gate.write(codec, command, &args, bytes)
        })?;
        self.call_encoded(callee, encoded, |bytes| codec.read(bytes))
            .await
    }

    async fn hook(&mut self, name: &'static str) -> Result<(), Failure> {
        self.0.expect_hook(name)?;
        let instance = self.0.runner.own()?;
        let answer = instance.call_hook_async(name).await;
        self.0.answered(Callee::Export(name), answer).map(drop)
    }

    async fn call_encoded<R>(
        &mut self,
        callee: Callee,
        encoded: Vec<u8>,
        decode: impl FnOnce(&[u8]) -> Result<R, FailureKind>,
    ) -> Result<R, Failure> {
        let write = |buffer: &mut [u8]| buffer.copy_from_slice(&encoded);
        let instance = self.0.runner.own()?;
        let answer = instance.call_async(callee, encoded.len(), write).await;
        self.0.decode(callee, encoded, answer, decode)
    }
}

/// Gives access to everything that needs no call.
impl Deref for AsyncPlugin {
    type Target = Plugin;

    fn deref(&self) -> &Plugin {
        &self.0
    }
}

impl std::fmt::Debug for AsyncPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AsyncPlugin").field(&self.0).finish()
    }
}
