//! A plugin that can be called.

#[cfg(feature = "async")]
mod asynchronous;
mod builder;
mod emulated;
mod encode;
mod leaks;
mod load;
mod native;
mod pool;
mod recording;
mod repeating;
mod runner;
mod slots;
mod watching;

#[cfg(feature = "registry")]
use std::time::Duration;

use plugin_sdk::abi::{self, Packed};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::abi::{Callee, Command, CommandName, missing_hook};
use crate::failure::{Failure, FailureKind, HostCall, Stage};
use crate::hosts::HostContract;
use crate::imports::Interrupt;
use crate::run::{Answers, Inputs, Module, Sandbox, frame};
use crate::services::{InjectedFault, Services};
use encode::{Codec, Gate};
use recording::keep::{self, Recording};
use runner::Runner;

#[cfg(feature = "async")]
pub use asynchronous::{AsyncPlugin, AsyncPool};
pub use builder::PluginBuilder;
#[cfg(feature = "registry")]
pub(crate) use pool::Place;
pub use pool::Pool;

/// The largest buffer of encoded arguments that is kept for the next call, in bytes.
const MAX_KEPT: usize = 1 << 20;

/// One instance of a plugin, with its state and its memory. It runs by the SDK's own ABI, by the
/// rules of an [emulated host](PluginBuilder::build_for), or [natively](Plugin::native).
///
/// ```no_run
/// use plugin_sdk_harness::Plugin;
/// use serde_json::{Value, json};
///
/// let mut plugin = Plugin::from_crate(env!("CARGO_MANIFEST_DIR"))?;
/// let greeting: Value = plugin.call("greet", json!({"name": "Ada"}))?;
/// assert_eq!(greeting["message"], "Hello, Ada!");
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
///
/// After a trap (a panic, an exceeded limit) the instance is dead, and every further call fails
/// with [`Poisoned`](FailureKind::Poisoned). An error that the plugin returns leaves it as it is.
pub struct Plugin {
    runner: Runner,
    module: Module,
    services: Services,
    /// The number of the previous command, which is the most likely next one.
    last: usize,
    encoded: Vec<u8>,
    /// The results of a batch, gathered for a command without batch support.
    gathered: Vec<u8>,
    gate: Gate,
    /// Set if the plugin has a transcript.
    recording: Option<Box<Recording>>,
    /// `true` from the init hook to the cleanup hook.
    alive: bool,
}

impl Plugin {
    fn new(runner: Runner, module: Module, services: Services, gate: Gate) -> Self {
        Plugin {
            runner,
            module,
            services,
            last: 0,
            encoded: Vec::new(),
            gathered: Vec::new(),
            gate,
            recording: None,
            alive: false,
        }
    }

    /// Calls a command with a value that has a JSON form, and decodes its result.
    ///
    /// The arguments are an object with one member per argument, or `()` for no arguments.
    ///
    /// ```
    /// # use plugin_sdk_harness::Plugin;
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let mut plugin = Plugin::from_wat(WAT)?;
    /// let numbers: Vec<u8> = plugin.call("numbers", ())?;
    /// assert_eq!(numbers, [1, 2, 3]);
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    ///
    /// # Errors
    ///
    /// In addition to the failures of any call: [`BadArguments`](FailureKind::BadArguments) if the
    /// arguments have no JSON form, and [`NotUtf8`](FailureKind::NotUtf8),
    /// [`BadJson`](FailureKind::BadJson) or [`ResultTooLarge`](FailureKind::ResultTooLarge) if the
    /// result cannot be decoded as the requested type.
    pub fn call<R: DeserializeOwned>(
        &mut self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.call_in(Codec::Json, command, args)
    }

    /// Calls a command that has `codec = "binary"`, and decodes its result.
    ///
    /// The codec has no names: the arguments are a tuple, or a struct with the arguments as fields,
    /// in their order. None can be left out.
    ///
    /// ```no_run
    /// # use plugin_sdk_harness::Plugin;
    /// # let mut plugin = Plugin::from_file("statistics.wasm")?;
    /// let numbers = [1.0, 2.0, 6.0];
    /// let mean: f64 = plugin.call_binary("mean", (&numbers[..],))?;
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`call`](Plugin::call), with [`BadBinary`](FailureKind::BadBinary) if the result
    /// cannot be decoded as the requested type.
    pub fn call_binary<R: DeserializeOwned>(
        &mut self,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        self.call_in(Codec::Binary, command, args)
    }

    /// Calls a command with bytes, and returns a view of the result in the guest's memory.
    ///
    /// Nothing is allocated, and only the arguments are copied. An emulated host copies both.
    ///
    /// ```
    /// # use plugin_sdk_harness::Plugin;
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let mut plugin = Plugin::from_wat(WAT)?;
    /// assert_eq!(plugin.call_raw("echo", b"abc")?, b"abc");
    ///
    /// // A command that is called very often may be looked up once.
    /// let echo = plugin.command("echo")?;
    /// assert_eq!(plugin.call_raw(&echo, b"abc")?, b"abc");
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    #[inline]
    pub fn call_raw(&mut self, command: impl CommandName, args: &[u8]) -> Result<&[u8], Failure> {
        self.call_with(command, args.len(), |buffer| buffer.copy_from_slice(args))
    }

    /// Calls a command with `len` bytes of arguments that `write` writes straight into the guest's
    /// memory.
    ///
    /// The buffer has undefined contents before.
    ///
    /// ```
    /// # use plugin_sdk_harness::Plugin;
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let mut plugin = Plugin::from_wat(WAT)?;
    /// let echoed = plugin.call_with("echo", 1024, |buffer| buffer.fill(7))?;
    /// assert_eq!(echoed, [7; 1024]);
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    #[inline]
    pub fn call_with(
        &mut self,
        command: impl CommandName,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<&[u8], Failure> {
        let callee = self.callee(command)?;
        let answer = self.runner.call(callee, len, write);
        self.answered(callee, answer)
    }

    /// Calls a raw command that changes its arguments in place, and copies them back.
    ///
    /// [`call_with`](Plugin::call_with) and [`arguments`](Plugin::arguments) do the same without a
    /// copy.
    ///
    /// ```
    /// # use plugin_sdk_harness::Plugin;
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let mut plugin = Plugin::from_wat(WAT)?;
    /// let mut bytes = *b"abc";
    /// plugin.call_in_place("clear", &mut bytes)?;
    /// assert_eq!(bytes, [0, 0, 0]);
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn call_in_place(
        &mut self,
        command: impl CommandName,
        bytes: &mut [u8],
    ) -> Result<&[u8], Failure> {
        let callee = self.callee(command)?;
        let answer = self
            .runner
            .call(callee, bytes.len(), |buffer| buffer.copy_from_slice(bytes));
        if answer.is_ok() {
            bytes.copy_from_slice(self.runner.arguments());
        }
        self.answered(callee, answer)
    }

    /// Calls a command with many inputs at once, each as for [`call`](Plugin::call), and decodes
    /// all results.
    ///
    /// A command with `#[command(batch)]` is called once for all of them, which amortises the cost
    /// of crossing into the guest. Any other is called once for each, with the same results. An
    /// input that fails with an error of the plugin has that error as its result, and the others
    /// proceed; likewise an input that [does not match the schema](FailureKind::SchemaMismatch).
    /// [`max_result_bytes`](PluginBuilder::max_result_bytes) applies to all results together. A
    /// command with batch support has the time and the fuel of one call for all of them. An
    /// emulated host calls batches in its own way, or not at all.
    ///
    /// ```no_run
    /// # use plugin_sdk_harness::Plugin;
    /// # use serde_json::{Value, json};
    /// # let mut plugin = Plugin::from_file("greeter.wasm")?;
    /// let names = ["Ada", "Grace", ""];
    /// let inputs = names.map(|name| json!({"name": name}));
    /// let greetings = plugin.call_many::<Value>("greet", inputs)?;
    /// assert_eq!(greetings[0].as_ref().unwrap()["message"], "Hello, Ada!");
    /// assert_eq!(greetings[2].as_ref().unwrap_err().code(), "name_empty");
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Failures that do not belong to one input: [`BadArguments`](FailureKind::BadArguments) if an
    /// input has no JSON form, a trap, or a number of results other than that of the inputs
    /// ([`BadBatch`](FailureKind::BadBatch)). Then there are no results, although the plugin may
    /// have processed some inputs.
    pub fn call_many<R: DeserializeOwned>(
        &mut self,
        command: impl CommandName,
        inputs: impl IntoIterator<Item = impl Serialize>,
    ) -> Result<Vec<Result<R, Failure>>, Failure> {
        self.call_many_in(Codec::Json, command, inputs)
    }

    /// Calls a command that has `codec = "binary"` with many inputs at once, each as for
    /// [`call_binary`](Plugin::call_binary): see [`call_many`](Plugin::call_many).
    pub fn call_many_binary<R: DeserializeOwned>(
        &mut self,
        command: impl CommandName,
        inputs: impl IntoIterator<Item = impl Serialize>,
    ) -> Result<Vec<Result<R, Failure>>, Failure> {
        self.call_many_in(Codec::Binary, command, inputs)
    }

    /// Calls a command with many inputs of plain bytes at once, and returns views of the results:
    /// [`call_many`](Plugin::call_many) for bytes.
    ///
    /// The results of a command with batch support are views of guest memory. Otherwise they
    /// are gathered in the host's memory, and all of them together may have
    /// [`max_result_bytes`](PluginBuilder::max_result_bytes).
    ///
    /// ```
    /// # use plugin_sdk_harness::Plugin;
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let mut plugin = Plugin::from_wat(WAT)?;
    /// let echoes: Result<Vec<&[u8]>, _> = plugin.call_many_raw("echo", ["one", "two"])?.collect();
    /// assert_eq!(echoes?, [b"one", b"two"]);
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn call_many_raw(
        &mut self,
        command: impl CommandName,
        inputs: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Answers<'_>, Failure> {
        self.callee(command)?;
        let inputs: Vec<_> = inputs.into_iter().collect();
        let inputs: Vec<&[u8]> = inputs.iter().map(AsRef::as_ref).collect();
        self.call_batch(Inputs::Separate(&inputs), false)
    }

    /// Returns the last call's arguments as they are now in the guest's memory: as changed by a
    /// command that works in place.
    pub fn arguments(&self) -> &[u8] {
        self.runner.arguments()
    }

    /// Looks a command up, for later calls without a look-up by name.
    ///
    /// # Errors
    ///
    /// [`UnknownCommand`](FailureKind::UnknownCommand), which names the most similar command. On an
    /// emulated host, the commands are those that the plugin describes; it may have others.
    pub fn command(&self, name: &str) -> Result<Command, Failure> {
        self.module.contract().commands().command(name)
    }

    /// Returns the names of the commands, in alphabetical order. On an emulated host, a plugin that
    /// does not describe itself may have others.
    pub fn commands(&self) -> impl ExactSizeIterator<Item = &str> {
        self.module.commands()
    }

    /// Calls the init hook with a configuration, which resets the plugin's state. If it fails, the
    /// old state stays.
    pub fn init(&mut self, config: impl Serialize) -> Result<(), Failure> {
        let lookup = self.services.configuration();
        let mut before = None;
        let outcome = self.call_encoded(
            Callee::Export(abi::INIT_EXPORT),
            |gate, _, text| {
                gate.write_config(&config, text)?;
                // The hook may look the configuration up by key.
                before = lookup.as_ref().map(|lookup| lookup.replace(text));
                Ok(())
            },
            |_| Ok(()),
        );
        match (&outcome, lookup, before) {
            (Ok(()), ..) => self.alive = true,
            (Err(_), Some(lookup), Some(before)) => lookup.restore(before),
            (Err(_), ..) => {}
        }
        outcome
    }

    /// Calls the start hook.
    ///
    /// # Errors
    ///
    /// [`MissingExport`](FailureKind::MissingExport) if the plugin has no such hook, or
    /// [`UnsupportedByHost`](FailureKind::UnsupportedByHost) if an emulated host never calls it.
    pub fn start(&mut self) -> Result<(), Failure> {
        self.hook(abi::START_EXPORT)
    }

    /// Calls the start hook, if the plugin has one and its host calls it.
    pub(crate) fn start_if_supported(&mut self) -> Result<(), Failure> {
        match self.start() {
            Err(failure) if is_unsupported_hook(&failure) => Ok(()),
            outcome => outcome,
        }
    }

    /// Calls the stop hook, if the plugin has one and its host calls it.
    #[cfg(feature = "registry")]
    pub(crate) fn stop_if_supported(&mut self) -> Result<(), Failure> {
        match self.stop() {
            Err(failure) if is_unsupported_hook(&failure) => Ok(()),
            outcome => outcome,
        }
    }

    /// Returns whether the plugin can save its state, or load one; those with
    /// `#[plugin(state = "json")]` can do both.
    pub fn has_state(&self) -> bool {
        let contract = self.module.contract();
        contract.has_hook(abi::STATE_SAVE_EXPORT) && contract.has_hook(abi::STATE_LOAD_EXPORT)
    }

    /// Returns the plugin's state, for [`load_state`](Plugin::load_state) of another instance,
    /// possibly of a newer build. This instance continues.
    ///
    /// # Errors
    ///
    /// [`MissingExport`](FailureKind::MissingExport) unless the plugin has
    /// `#[plugin(state = "json")]`.
    pub fn save_state(&mut self) -> Result<Vec<u8>, Failure> {
        let name = abi::STATE_SAVE_EXPORT;
        self.expect_hook(name)?;
        let state = self.runner.hook(name).map(<[u8]>::to_vec);
        self.kept(state)
    }

    /// Replaces the plugin's state by a saved one. If that fails, the old state stays.
    ///
    /// # Errors
    ///
    /// [`MissingExport`](FailureKind::MissingExport) unless the plugin has
    /// `#[plugin(state = "json")]`, and the plugin's error if it cannot read the state.
    pub fn load_state(&mut self, state: &[u8]) -> Result<(), Failure> {
        let name = abi::STATE_LOAD_EXPORT;
        self.expect_hook(name)?;
        let callee = Callee::Export(name);
        let answer = self
            .runner
            .call(callee, state.len(), |buffer| buffer.copy_from_slice(state));
        self.answered(callee, answer)?;
        self.alive = true;
        Ok(())
    }

    /// Calls the stop hook, with the errors of [`start`](Plugin::start).
    pub fn stop(&mut self) -> Result<(), Failure> {
        self.hook(abi::STOP_EXPORT)
    }

    /// Calls the event hook with an event, with the errors of [`start`](Plugin::start).
    pub fn event(&mut self, topic: &str, data: impl Serialize) -> Result<(), Failure> {
        self.expect_hook(abi::EVENT_EXPORT)?;
        if let Runner::Emulated(emulated) = &mut self.runner {
            let outcome = emulated.event(&self.gate, topic, data);
            return self.kept(outcome);
        }
        self.call_encoded(
            Callee::Export(abi::EVENT_EXPORT),
            |gate, _, text| gate.write_event(topic, data, text),
            |_| Ok(()),
        )
    }

    /// Calls the cleanup hook, which drops the plugin's state. [`init`](Plugin::init)
    /// may begin another. An emulated host also checks that the plugin has freed the memory
    /// that it allocated for the host, and the host's other rules.
    ///
    /// Dropping a `Plugin` does not call it.
    pub fn cleanup(&mut self) -> Result<(), Failure> {
        self.alive = false;
        let outcome = self.runner.cleanup();
        self.kept(outcome)
    }

    /// Ends the plugin's life at the end of a test: calls [`cleanup`](Plugin::cleanup) unless that
    /// was called before.
    ///
    /// # Errors
    ///
    /// Those of `cleanup`, and the failure that killed the plugin, if any did.
    pub fn finish(mut self) -> Result<(), Failure> {
        match self.runner.first() {
            Some(first) => Err(first.clone()),
            None if self.alive => self.cleanup(),
            None => Ok(()),
        }
    }

    /// Returns the size of the linear memory in bytes. It never shrinks. 0 for a native plugin.
    pub fn memory_bytes(&self) -> usize {
        self.runner.sandbox().map_or(0, Sandbox::memory_bytes)
    }

    /// Returns the time limit of a call, if there is one.
    #[cfg(feature = "registry")]
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.runner.limits().timeout
    }

    /// Returns the fuel that the last call used; `None` without a limit of
    /// [`fuel`](PluginBuilder::fuel).
    pub fn fuel_used(&self) -> Option<u64> {
        self.runner.sandbox()?.fuel_used()
    }

    /// Returns whether the instance is dead, so that every further call fails with
    /// [`Poisoned`](FailureKind::Poisoned). It never is on an emulated host that creates an
    /// instance for every call.
    pub fn is_poisoned(&self) -> bool {
        self.runner.is_dead()
    }

    /// Returns the implementation of host functions of this type, if the plugin was built with one;
    /// the last of several.
    ///
    /// ```no_run
    /// # use plugin_sdk_harness::Plugin;
    /// # #[derive(Default)] struct Dictionary { looked_up: Vec<String> }
    /// # fn test(plugin: Plugin) {
    /// let dictionary = plugin.implementation::<Dictionary>().unwrap();
    /// assert_eq!(dictionary.looked_up, ["wasm"]);
    /// # }
    /// ```
    pub fn implementation<T: 'static>(&self) -> Option<&T> {
        self.runner.host().implementation()
    }

    /// Returns the same implementation, for changes.
    pub fn implementation_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.runner.host_mut().implementation_mut()
    }

    /// Returns the services in memory, for tests to inspect and change.
    ///
    /// ```no_run
    /// use plugin_sdk_harness::Plugin;
    /// use serde_json::{Value, json};
    ///
    /// # let source = plugin_sdk_harness::Source::crate_dir("");
    /// let mut plugin = Plugin::builder(source).grant("kv").build()?;
    /// let greeting: Value = plugin.call("greet", json!({"name": "Ada"}))?;
    ///
    /// assert_eq!(plugin.services().kv().get::<String>("last").as_deref(), Some("Ada"));
    /// assert!(plugin.services().logs().contains("greeting Ada"));
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Runs calls that another thread can end, through a clone of the handle. Once it has, no call
    /// in the closure begins.
    ///
    /// A call that is ended fails with [`Cancelled`](FailureKind::Cancelled), and the instance is
    /// dead. It takes effect in the plugin's own code, at a tick of the clock, about every 10 ms; a
    /// host function ends first. A plugin without a [timeout](PluginBuilder::no_timeout) has no
    /// clock, and cannot be interrupted.
    ///
    /// ```
    /// use plugin_sdk_harness::{FailureKind, Interrupt, Plugin};
    ///
    /// # const WAT: &str = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    /// #   (func (export "command_spin") (param i32 i32) (result i64) (loop (br 0)) unreachable))"#;
    /// let mut plugin = Plugin::from_wat(WAT)?;
    /// let interrupt = Interrupt::new();
    /// std::thread::scope(|threads| {
    ///     threads.spawn(|| interrupt.interrupt());
    ///     let ended = plugin.interruptible(&interrupt, |plugin| {
    ///         plugin.call_raw("spin", b"").map(<[u8]>::to_vec)
    ///     });
    ///     assert!(matches!(ended.unwrap_err().kind(), FailureKind::Cancelled));
    /// });
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the closure, and `Cancelled` if the handle was used before.
    pub fn interruptible<R>(
        &mut self,
        interrupt: &Interrupt,
        calls: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        if interrupt.is_interrupted() {
            return Err(Failure::load(FailureKind::Cancelled));
        }
        self.runner.interrupt_by(Some(interrupt.clone()));
        let result = calls(self);
        self.runner.interrupt_by(None);
        result
    }

    /// Runs calls like [`interruptible`](Plugin::interruptible), for a caller that shares the
    /// plugin with others. If the plugin [saves its state](Plugin::has_state), a call that has
    /// begun ends by itself or by its own limits: a caller that leaves does not cost the others the
    /// state.
    ///
    /// # Errors
    ///
    /// Those of [`interruptible`](Plugin::interruptible).
    pub fn interruptible_unless_stateful<R>(
        &mut self,
        interrupt: &Interrupt,
        calls: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        match self.has_state() && !interrupt.is_interrupted() {
            true => calls(self),
            false => self.interruptible(interrupt, calls),
        }
    }

    /// Injects a fault into a host function from now on, by the name of its import: see
    /// [`InjectedFault`].
    pub fn fault(&mut self, function: &str, fault: InjectedFault) {
        self.runner.host_mut().faults().add(function, fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&mut self) {
        self.runner.host_mut().faults().clear();
    }

    /// Delivers the events that wait for the plugin on the [bus](crate::services::EventBus), and
    /// returns how many there were.
    ///
    /// Events that the plugin emits meanwhile wait for the next time.
    ///
    /// # Errors
    ///
    /// That of the first event for which the hook fails. Later events still wait.
    ///
    /// # Panics
    ///
    /// Panics if the plugin was built with events that are not an `EventBus`.
    pub fn deliver_events(&mut self) -> Result<usize, Failure> {
        let bus = self.services.events().clone();
        let waiting = bus.waiting();
        for _ in 0..waiting {
            if let Some(event) = bus.take_one() {
                self.event(&event.topic, &event.data)?;
            }
        }
        Ok(waiting)
    }

    /// Returns the last host functions that the last call has called, oldest first: at most 8.
    pub fn host_calls(&self) -> Vec<HostCall> {
        self.runner.host().calls()
    }

    /// Returns how many times the last call has called host functions.
    pub fn host_calls_made(&self) -> u64 {
        self.runner.host().calls_made()
    }

    /// Returns the contract of the [emulated](PluginBuilder::build_for) host; `None` for a plugin
    /// that runs by the SDK's own ABI.
    pub fn emulated_host(&self) -> Option<&'static HostContract> {
        match &self.runner {
            Runner::Own(_) | Runner::Native(_) => None,
            Runner::Emulated(emulated) => Some(emulated.host()),
        }
    }

    /// Returns the module of this instance.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Encodes arguments, calls an export and decodes its result. The two functions define the
    /// codec.
    pub(crate) fn call_encoded<R>(
        &mut self,
        callee: Callee,
        encode: impl FnOnce(&Gate, &str, &mut Vec<u8>) -> Result<(), FailureKind>,
        decode: impl FnOnce(&[u8]) -> Result<R, FailureKind>,
    ) -> Result<R, Failure> {
        let encoded = self.encode(callee, encode)?;
        let answer = self.runner.call(callee, encoded.len(), |buffer| {
            buffer.copy_from_slice(&encoded)
        });
        self.decode(callee, encoded, answer, decode)
    }

    /// Returns the arguments of a call, validated if the host asked for that, in a buffer that
    /// [`decode`](Plugin::decode) takes back.
    pub(crate) fn encode(
        &mut self,
        callee: Callee,
        encode: impl FnOnce(&Gate, &str, &mut Vec<u8>) -> Result<(), FailureKind>,
    ) -> Result<Vec<u8>, Failure> {
        let mut encoded = std::mem::take(&mut self.encoded);
        encoded.clear();
        let command = self.runner.command_name(callee);
        match encode(&self.gate, command, &mut encoded) {
            Ok(()) => Ok(encoded),
            Err(kind) => {
                let failure = self.runner.failure(callee, kind);
                Err(self.keep_refused(failure, command, &encoded))
            }
        }
    }

    /// Returns the decoded result of a call.
    pub(crate) fn decode<R>(
        &mut self,
        callee: Callee,
        encoded: Vec<u8>,
        answer: Result<Packed, Failure>,
        decode: impl FnOnce(&[u8]) -> Result<R, FailureKind>,
    ) -> Result<R, Failure> {
        if encoded.capacity() <= MAX_KEPT {
            self.encoded = encoded;
        }
        let decoded = answer.and_then(|answer| {
            let bytes = self.runner.decodable_result(callee, answer)?;
            decode(bytes).map_err(|kind| self.runner.failure(callee, kind))
        });
        self.kept(decoded)
    }

    fn call_in<R: DeserializeOwned>(
        &mut self,
        codec: Codec,
        command: impl CommandName,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        let callee = self.callee(command)?;
        self.call_encoded(
            callee,
            |gate, command, bytes| gate.write(codec, command, &args, bytes),
            |bytes| codec.read(bytes),
        )
    }

    fn call_many_in<R: DeserializeOwned>(
        &mut self,
        codec: Codec,
        command: impl CommandName,
        inputs: impl IntoIterator<Item = impl Serialize>,
    ) -> Result<Vec<Result<R, Failure>>, Failure> {
        let callee = self.callee(command)?;
        let mut framed = std::mem::take(&mut self.encoded);
        framed.clear();
        // Failures of inputs that do not match the schema.
        let mut results: Vec<Option<Result<R, Failure>>> = Vec::new();
        let mut count = 0;
        let name = self.runner.command_name(callee);
        for input in inputs {
            let before = framed.len();
            match frame(&mut framed, |bytes| {
                self.gate.write(codec, name, &input, bytes)
            }) {
                Ok(()) => {
                    results.push(None);
                    count += 1;
                }
                Err(kind @ FailureKind::SchemaMismatch { .. }) => {
                    framed.truncate(before);
                    results.push(Some(Err(self.runner.failure(callee, kind))));
                }
                Err(FailureKind::BadArguments { reason }) => {
                    let reason = format!("input {} of the batch: {reason}", results.len());
                    let kind = FailureKind::BadArguments { reason };
                    return Err(self.runner.failure(callee, kind));
                }
                Err(kind) => return Err(self.runner.failure(callee, kind)),
            }
        }
        if count > 0 || results.is_empty() {
            let inputs = Inputs::Framed {
                bytes: &framed,
                count,
            };
            let mut answers = self.call_batch(inputs, true)?;
            let mut asked = results.iter_mut().filter(|result| result.is_none());
            while let (Some(answer), Some(result)) = (answers.next(), asked.next()) {
                *result = Some(
                    answer
                        .and_then(|bytes| codec.read(bytes).map_err(|kind| answers.failure(kind))),
                );
            }
        }
        if framed.capacity() <= MAX_KEPT {
            self.encoded = framed;
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Calls the command that was looked up last with many inputs.
    fn call_batch(&mut self, inputs: Inputs<'_>, decoded: bool) -> Result<Answers<'_>, Failure> {
        if self.gathered.capacity() > MAX_KEPT {
            self.gathered = Vec::new();
        }
        let Plugin {
            runner,
            gathered,
            recording,
            ..
        } = self;
        let answers = runner.batch(self.last, inputs, gathered, decoded);
        answers.map_err(|failure| keep::kept(recording.as_deref(), failure))
    }

    /// Returns the bytes that a call answered with, or keeps its failure.
    #[inline]
    fn answered(&self, callee: Callee, answer: Result<Packed, Failure>) -> Result<&[u8], Failure> {
        match answer.and_then(|answer| self.runner.result(callee, answer)) {
            Ok(bytes) => Ok(bytes),
            Err(failure) => Err(self.keep(failure)),
        }
    }

    #[inline]
    pub(crate) fn callee(&mut self, command: impl CommandName) -> Result<Callee, Failure> {
        self.last = self.runner.number(command, self.last)?;
        Ok(Callee::Command(self.last))
    }

    /// Calls a hook without arguments.
    fn hook(&mut self, name: &'static str) -> Result<(), Failure> {
        self.expect_hook(name)?;
        let outcome = self.runner.hook(name).map(drop);
        self.kept(outcome)
    }

    /// Returns whether the plugin can get events.
    #[cfg(feature = "registry")]
    pub(crate) fn has_event_hook(&self) -> bool {
        self.expect_hook(abi::EVENT_EXPORT).is_ok()
    }

    pub(crate) fn expect_hook(&self, name: &'static str) -> Result<(), Failure> {
        // An emulated host decides for itself whether it calls the hook.
        if self.module.contract().has_hook(name) || self.emulated_host().is_some() {
            return Ok(());
        }
        Err(Failure::new(missing_hook(name), Stage::Export(name)))
    }
}

/// Returns whether a hook failed because the plugin has none, or because its host calls none.
fn is_unsupported_hook(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::MissingExport { .. } | FailureKind::UnsupportedByHost { .. }
    )
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("module", &self.module)
            .field("memory_bytes", &self.memory_bytes())
            .field("limits", self.runner.limits())
            .finish()
    }
}
