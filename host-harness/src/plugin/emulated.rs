//! A plugin in the hands of a host that is played: what is the same for all hosts.

use std::sync::Arc;

use plugin_sdk::abi::Packed;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::builder::{Origin, PluginBuilder, Prepared};
use super::encode::Gate;
use crate::abi::Callee;
use crate::failure::{Failure, FailureKind, HostCall, Region, Stage};
use crate::hosts::{Breaches, Emulator, Guest, HostContract, Surroundings};
use crate::memory::PAGE;
use crate::observe::{Content, Ended, Heap, Outcome, Statistics};
use crate::run::{Module, json};
use crate::services::{Fault, Services};
use crate::source::Source;

// What is asked for, as failures name it; what traps meanwhile is named by the host's own export.
const INIT: &str = "init";
const START: &str = "start";
const STOP: &str = "stop";
const EVENT: &str = "event";
const CLEANUP: &str = "cleanup";

/// A plugin in the hands of another host, which is played strictly: what [`build_on`](crate::PluginBuilder::build_on) makes.
///
/// It is called as a [`Plugin`](crate::Plugin) is, and looked into in the same way: its [services](Self::host) are in memory, whichever functions the host has for them.
/// What the host never does is [`HostLacks`](FailureKind::HostLacks), code `unsupported`; a rule that the plugin breaks is
/// [`HostContract`](FailureKind::HostContract), even where the host itself would not notice.
///
/// ```
/// use plugin_sdk_harness::{Plugin, Source, hosts};
/// use serde_json::Value;
///
/// # const WAT: &str = r#"(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 4096)) (global $alive (mut i32) (i32.const 0))
/// #   (func (export "neotalk_alloc") (param i32) (result i32) (local $at i32)
/// #     (local.set $at (global.get $top)) (global.set $top (i32.and (i32.add (local.get $at) (i32.add (local.get 0) (i32.const 15))) (i32.const -8))) (local.get $at))
/// #   (func (export "neotalk_free") (param i32 i32))
/// #   (func (export "neotalk_init") (param i32 i32) (result i32) (global.set $alive (i32.const 1)) i32.const 1)
/// #   (func (export "neotalk_command") (param i32 i32 i32 i32) (result i32) i32.const 0)
/// #   (data (i32.const 64) "{\"status\":\"pong\"}")
/// #   (func (export "neotalk_get_result") (param i32 i32) (result i32)
/// #     (if (i32.eqz (global.get $alive)) (then (return (i32.const 1))))
/// #     (i32.store (local.get 0) (i32.const 64)) (i32.store (local.get 1) (i32.const 17)) i32.const 0)
/// #   (func (export "neotalk_cleanup") (global.set $alive (i32.const 0))))"#;
/// let mut plugin = Plugin::builder(Source::wat(WAT)).build_on(hosts::neotalk())?;
/// let answer: Value = plugin.call("ping", ())?;
/// assert_eq!(answer["status"], "pong");
///
/// // NeoTalk has no events.
/// assert_eq!(plugin.event("user.created", ()).unwrap_err().code(), "unsupported");
/// plugin.finish()?;
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
pub struct Emulated {
    host: &'static HostContract,
    emulator: Box<dyn Emulator>,
    breaches: Breaches,
    guest: Guest,
    module: Module,
    services: Services,
    gate: Gate,
    /// Whether the plugin's life has begun, and not ended.
    alive: bool,
}

impl PluginBuilder {
    /// Makes an instance in the hands of another host, which is played strictly: see [`hosts`](crate::hosts).
    ///
    /// A crate is built with its feature for that host. The host's own limits hold, or those that the plugin's manifest asks for where the host reads them there,
    /// unless this builder was told others.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and where the module breaks a rule of the host's. Where a service was given that is not in memory: [`FailureKind::Service`].
    pub fn build_on(self, host: &'static HostContract) -> Result<Emulated, Failure> {
        self.emulate(host).map_err(|failure| host.tell(failure))
    }

    fn emulate(mut self, host: &'static HostContract) -> Result<Emulated, Failure> {
        let config = self.take_config()?;
        let module = match &self.origin {
            Origin::Source(source) => Module::load_for(host, Source::clone(source))?,
            Origin::Module(module) => module.seen_by(host)?,
        };
        let limits = host.limits(module.manifest());
        let described = module.manifest().is_some();
        let (mut emulator, breaches) = (None, Breaches::default());
        let prepared = self.link(module, config, limits, false, |provided, _, grants| {
            let services = provided.in_memory().map_err(Failure::load)?;
            let surroundings = Surroundings {
                services: &services,
                grants,
                breaches: &breaches,
                described,
            };
            let emulation = host.emulation(&surroundings);
            emulator = Some(emulation.emulator);
            Ok((emulation.functions, services))
        })?;
        match emulator {
            Some(emulator) => Emulated::new(host, emulator, breaches, prepared),
            None => Err(Failure::load(FailureKind::Engine {
                reason: format!("nothing plays the host `{}`", host.name),
            })),
        }
    }
}

impl Emulated {
    /// Loads the plugin as the host does, and initialises it if that was asked for.
    pub(crate) fn new(
        host: &'static HostContract,
        emulator: Box<dyn Emulator>,
        breaches: Breaches,
        prepared: Prepared,
    ) -> Result<Self, Failure> {
        let Prepared {
            module,
            compiled,
            host: mut functions,
            services,
            limits,
            pool,
            observe,
            gate,
            config,
        } = prepared;
        functions.set_log(services.logs().clone());
        let mut emulated = Emulated {
            host,
            emulator,
            breaches,
            guest: Guest::new(
                host.name,
                &host.rules,
                &module,
                compiled,
                functions,
                &limits,
                pool,
            )?,
            module,
            services,
            gate,
            alive: false,
        };
        let observer = observe.observer(emulated.module.contract().commands());
        emulated.guest.sandbox_mut().store.data_mut().observer = observer;
        emulated.operate(Stage::Load, b"", nothing, |emulator, guest| {
            emulator.load(guest)
        })?;
        if let Some(config) = config {
            emulated.initialise(&config)?;
        }
        Ok(emulated)
    }

    /// Calls a command with a value that JSON can hold, and decodes its result: [`Plugin::call`](crate::Plugin::call).
    ///
    /// # Errors
    ///
    /// As there, and where the plugin breaks a rule of the host's.
    pub fn call<R: DeserializeOwned>(
        &mut self,
        command: &str,
        args: impl Serialize,
    ) -> Result<R, Failure> {
        let mut arguments = Vec::new();
        self.gate
            .write_json(command, &args, &mut arguments)
            .map_err(|kind| self.failure(command, kind))?;
        let bytes = self.call_raw(command, &arguments)?;
        let sandbox = self.guest.sandbox();
        sandbox
            .decodable(Region::Result, &bytes)
            .and_then(|bytes| json::decode(bytes, Region::Result))
            .map_err(|kind| self.failure(command, kind))
    }

    /// Calls a command with bytes, and gives those of its result.
    ///
    /// # Errors
    ///
    /// As [`call`](Emulated::call), but for what is wrong with values.
    pub fn call_raw(&mut self, command: &str, args: &[u8]) -> Result<Vec<u8>, Failure> {
        let stage = Stage::Command(command.into());
        self.expect_alive(&stage)?;
        self.operate(stage, args, Vec::as_slice, |emulator, guest| {
            emulator.command(guest, command, args)
        })
    }

    /// Calls a command for many inputs in the way that the host has for that, and gives the bytes of all results.
    ///
    /// # Errors
    ///
    /// Where the host has no such way, and as [`call_raw`](Emulated::call_raw); then there is no result of any input.
    pub fn call_many_raw(
        &mut self,
        command: &str,
        inputs: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Vec<Vec<u8>>, Failure> {
        let inputs: Vec<_> = inputs.into_iter().collect();
        let inputs: Vec<&[u8]> = inputs.iter().map(AsRef::as_ref).collect();
        let stage = Stage::Command(command.into());
        self.expect_alive(&stage)?;
        let all = inputs.concat();
        self.operate(stage, &all, nothing, |emulator, guest| {
            emulator.batch(guest, command, &inputs)
        })
    }

    /// The names of the commands that the plugin describes, in alphabetical order. It may have others, where it does not describe itself.
    pub fn commands(&self) -> impl ExactSizeIterator<Item = &str> {
        self.module.commands()
    }

    /// Initialises the plugin with a configuration.
    ///
    /// # Errors
    ///
    /// Where the plugin refuses, or breaks a rule of the host's.
    pub fn init(&mut self, config: impl Serialize) -> Result<(), Failure> {
        let mut text = Vec::new();
        let written = self.gate.write_config(&config, &mut text);
        written.map_err(|kind| Failure::new(kind, Stage::Export(INIT)))?;
        let lookup = self.services.configuration();
        // Looked up by key it is the same, and the plugin may do that.
        let before = lookup.as_ref().map(|lookup| lookup.replace(&text));
        let outcome = self.initialise(&text);
        if let (Err(_), Some(lookup), Some(before)) = (&outcome, lookup, before) {
            lookup.restore(before);
        }
        outcome
    }

    fn initialise(&mut self, config: &[u8]) -> Result<(), Failure> {
        let stage = Stage::Export(INIT);
        self.operate(stage, config, nothing, |emulator, guest| {
            emulator.init(guest, config)
        })?;
        self.alive = true;
        Ok(())
    }

    /// Starts the plugin.
    ///
    /// # Errors
    ///
    /// Where the host never does that, and whatever the plugin comes to.
    pub fn start(&mut self) -> Result<(), Failure> {
        let stage = Stage::Export(START);
        self.expect_alive(&stage)?;
        self.operate(stage, b"", nothing, |emulator, guest| emulator.start(guest))
    }

    /// Stops the plugin.
    ///
    /// # Errors
    ///
    /// Where the host never does that, and whatever the plugin comes to.
    pub fn stop(&mut self) -> Result<(), Failure> {
        let stage = Stage::Export(STOP);
        self.expect_alive(&stage)?;
        self.operate(stage, b"", nothing, |emulator, guest| emulator.stop(guest))
    }

    /// Gives the plugin an event.
    ///
    /// # Errors
    ///
    /// Where the host has no events, and whatever the plugin comes to.
    pub fn event(&mut self, topic: &str, data: impl Serialize) -> Result<(), Failure> {
        let stage = Stage::Export(EVENT);
        self.expect_alive(&stage)?;
        let mut text = Vec::new();
        let written = self.gate.write_event_data(topic, data, &mut text);
        written.map_err(|kind| Failure::new(kind, stage.clone()))?;
        self.operate(stage, &text, nothing, |emulator, guest| {
            emulator.event(guest, topic, &text)
        })
    }

    /// Ends the plugin's life, and looks for what it has left undone: memory that it allocated for its host and that is not given back, and whatever else the host's rules ask.
    ///
    /// # Errors
    ///
    /// What the plugin comes to, and the first rule that it has broken.
    pub fn cleanup(&mut self) -> Result<(), Failure> {
        let stage = Stage::Export(CLEANUP);
        self.expect_alive(&stage)?;
        self.alive = false;
        self.operate(stage, b"", nothing, |emulator, guest| {
            emulator.cleanup(guest)?;
            emulator.finish(guest)?;
            guest.unfreed().map_or(Ok(()), Err)
        })
    }

    /// As [`cleanup`](Emulated::cleanup), for a test's last line.
    ///
    /// # Errors
    ///
    /// As there; and what killed the plugin, if anything did.
    pub fn finish(mut self) -> Result<(), Failure> {
        match &self.guest.sandbox().first {
            Some(first) => Err(first.clone()),
            None if self.alive => self.cleanup(),
            None => Ok(()),
        }
    }

    /// The size of the plugin's linear memory in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.guest.sandbox().memory_bytes()
    }

    /// The fuel that the last call used; `None` where neither the host nor the builder counts any.
    pub fn fuel_used(&self) -> Option<u64> {
        self.guest.sandbox().fuel_used()
    }

    /// What the plugin's heap holds; `None` unless it [counts that](crate::CrateSource::count_allocations).
    pub fn heap(&self) -> Option<Heap> {
        self.guest.sandbox().heap()
    }

    /// What the calls so far came to and cost, each command and operation for itself: see [`Plugin::statistics`](crate::Plugin::statistics).
    pub fn statistics(&self) -> &Statistics {
        Statistics::of_observer(self.guest.sandbox().store.data().observer.as_deref())
    }

    /// Whether the instance is dead, so that every further call is refused as [`Poisoned`](FailureKind::Poisoned). On a host that makes an instance for every call, none is.
    pub fn is_poisoned(&self) -> bool {
        self.guest.sandbox().is_dead() && !self.guest.is_renewed()
    }

    /// The services, which are all in memory.
    pub fn host(&self) -> &Services {
        &self.services
    }

    /// The host that is played.
    pub fn contract(&self) -> &'static HostContract {
        self.host
    }

    /// Makes a function of the host's fail from now on, by the name of its import: see [`Fault`].
    pub fn fault(&mut self, function: &str, fault: Fault) {
        let host = self.guest.sandbox_mut().host_mut();
        host.faults().add(function, fault);
    }

    /// Lifts all faults.
    pub fn clear_faults(&mut self) {
        self.guest.sandbox_mut().host_mut().faults().clear();
    }

    /// The host's functions that the last call has called, oldest first; no more than the last 8.
    pub fn host_calls(&self) -> Vec<HostCall> {
        self.guest.sandbox().host().calls()
    }

    /// How many times the last call has called the host's functions.
    pub fn host_calls_made(&self) -> u64 {
        self.guest.sandbox().host().calls_made()
    }

    /// The module that this is an instance of.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The one way of everything that the host does: its turn begins, with the time and the fuel of a call; what goes wrong is told in its words, too.
    ///
    /// Whoever watches sees the arguments, and of what comes of it what `shown` picks.
    fn operate<R>(
        &mut self,
        stage: Stage,
        arguments: &[u8],
        shown: fn(&R) -> &[u8],
        run: impl FnOnce(&mut dyn Emulator, &mut Guest) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let begun = self.guest.begin(stage.clone());
        begun.map_err(|failure| self.host.tell(failure))?;
        self.crossing_begins(&stage, arguments);
        let outcome = run(&mut *self.emulator, &mut self.guest);
        let outcome = match (self.breaches.take(), &self.guest.sandbox().first) {
            // What killed the plugin says more.
            (Some((rule, found)), None) => Err(self.guest.breaks(rule, found)),
            _ => outcome,
        };
        let outcome = outcome.map_err(|failure| self.host.tell(failure));
        self.crossing_ends(&stage, outcome.as_ref().map(shown));
        outcome
    }

    /// Tells whoever watches what the host is about to do.
    fn crossing_begins(&mut self, stage: &Stage, arguments: &[u8]) {
        let (callee, name) = self.callee(stage);
        let heap = self.guest.sandbox().heap();
        if let Some(observer) = &mut self.guest.sandbox_mut().store.data_mut().observer {
            observer.call_begins(callee, &name, arguments, heap);
        }
    }

    /// Tells whoever watches what came of it.
    fn crossing_ends(&mut self, stage: &Stage, outcome: Result<&[u8], &Failure>) {
        let (_, name) = self.callee(stage);
        let sandbox = self.guest.sandbox_mut();
        let Some(mut observer) = sandbox.store.data_mut().observer.take() else {
            return;
        };
        let message = outcome.err().map(Failure::message).unwrap_or_default();
        let (ended, content) = match outcome {
            Ok(bytes) => (Outcome::Ok, Content::Bytes(bytes)),
            Err(failure) => {
                let ended = match failure.kind() {
                    FailureKind::Plugin(_) => Outcome::Error,
                    _ if sandbox.is_dead() => Outcome::Trap,
                    _ => Outcome::Failure,
                };
                let first_line = message.lines().next().unwrap_or_default();
                (ended, Content::Text(first_line))
            }
        };
        let ended = Ended {
            outcome: ended,
            answer: outcome.ok().map(|bytes| Packed {
                address: 0,
                len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                failed: false,
            }),
            content,
            fuel: sandbox.fuel_used(),
            pages: sandbox.memory_bytes() as u64 / PAGE,
            heap: sandbox.heap(),
        };
        let took = observer.elapsed();
        observer.call_ends(&name, took, ended);
        sandbox.store.data_mut().observer = Some(observer);
    }

    /// What a stage is to whoever watches.
    fn callee(&self, stage: &Stage) -> (Callee, Arc<str>) {
        match stage {
            Stage::Command(name) => {
                let number = self.module.contract().commands().find(name);
                let callee = number.map_or(Callee::Export("command"), Callee::Command);
                (callee, Arc::clone(name))
            }
            Stage::Export(name) => (Callee::Export(name), (*name).into()),
            Stage::Load | Stage::Instantiate => (Callee::Export("load"), "load".into()),
        }
    }

    /// No host calls a plugin that it has not initialised, or whose life it has ended.
    fn expect_alive(&self, stage: &Stage) -> Result<(), Failure> {
        if self.alive {
            return Ok(());
        }
        let kind = FailureKind::HostLacks {
            host: self.host.name,
            what: "calls before it has initialised a plugin, or after its cleanup",
        };
        Err(Failure::new(kind, stage.clone()))
    }

    fn failure(&self, command: &str, kind: FailureKind) -> Failure {
        self.host
            .tell(Failure::new(kind, Stage::Command(command.into())))
    }
}

/// Of what comes of most operations there is nothing to see.
fn nothing<R>(_: &R) -> &[u8] {
    &[]
}

impl std::fmt::Debug for Emulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulated")
            .field("host", &self.host)
            .field("module", &self.module)
            .field("memory_bytes", &self.memory_bytes())
            .finish()
    }
}
