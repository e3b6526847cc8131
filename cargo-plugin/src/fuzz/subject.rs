//! The plugin under test, and its description of itself.

use std::time::Duration;

use plugin_sdk_harness::manifest::{CommandInfo, Manifest, Problem, Schema, Validators};
use plugin_sdk_harness::{Engine, Failure, Module, Plugin, PluginBuilder};
use serde_json::Value;

use super::plan::{Input, Step, World};
use crate::error::{Error, Result};
use crate::host_options::{self, Loaded};
use crate::interface::{self, Element, Form, Hooks, STANDARD};
use crate::plugin_file::PluginFile;
use crate::schema::Schemas;
use crate::target_host::{self, Host};
use crate::text;

/// The code of the problem of a schema that cannot be used.
const BAD_SCHEMA: &str = "bad_schema";

/// Parts of the names of host functions that never fail: the standard library itself panics without
/// random numbers or a clock.
const RELIABLE: [&str; 3] = ["log", "random", "time"];

/// The greatest time of a call, far beyond what its fuel takes.
const MAX_CALL: Duration = Duration::from_secs(60);

/// The longest input that is parsed again to validate it, in bytes.
const MAX_PARSED: usize = 1 << 20;

/// The plugin under test.
pub struct Subject {
    pub module: Module,
    pub host: Host,
    /// The fuel of a call, if the plugin does not ask for a limit.
    pub fuel: u64,
    pub interface: interface::Plugin,
    pub manifest: Manifest,
    /// The host functions that faults can strike.
    pub functions: Vec<String>,
    /// `true` if leaks can be found.
    pub counts: bool,
    /// The engine of all runs.
    pub engine: Engine,
    /// The engine that the runs are compared with, or the reason why it cannot run the module.
    pub other_engine: std::result::Result<Engine, String>,
    validators: Validators,
}

/// The relation of an input to the plugin's description of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// The description allows it, so the plugin must not refuse it.
    Valid,
    /// It has another type than described, so the plugin must refuse it.
    Invalid,
    /// The plugin may take or refuse it: it breaks a constraint, which hosts check, or only the
    /// author knows.
    Unclear,
}

impl Subject {
    /// Prepares a plugin that was loaded.
    ///
    /// # Errors
    /// If it does not describe itself, or needs functions that only its own host has.
    pub fn new(loaded: &Loaded, name: &str, fuel: u64) -> Result<Self> {
        let Loaded { module, wasm, host } = loaded;
        let file = PluginFile {
            path: name.into(),
            wasm: wasm.to_vec(),
        };
        let inspection = file.inspection()?;
        let manifest = file.manifest(&inspection)?;
        let mut imports = inspection.imports().iter().map(|imported| &imported.import);
        if let Some(import) = imports.find(|import| !host.has_module(&import.module)) {
            let function = text::line(&format!("{}.{}", import.module, import.name), 200);
            return Err(Error::new(format!("`{name}` cannot run in the harness"))
                .because(format!("it imports `{function}`, which only its host has"))
                .help(
                    "its own tests can provide the function: see `PluginBuilder::host_functions`",
                ));
        }
        let interface = interface::Plugin::new(&manifest, &inspection)?;
        if interface.commands.is_empty() && interface.omitted.is_empty() {
            return Err(Error::new(format!("`{name}` has no commands")));
        }
        let functions = inspection
            .imports()
            .iter()
            .map(|imported| &imported.import.name);
        let functions = functions.filter(|name| !RELIABLE.iter().any(|part| name.contains(part)));
        let unusable = |failure: Failure| {
            Error::new(format!("`{name}` cannot be instantiated")).because_of(&failure)
        };
        let engine = Engine::usual().map_err(unusable)?;
        let other = Engine::ALL.iter().copied().find(|other| *other != engine);
        let mut subject = Subject {
            engine,
            other_engine: other.ok_or_else(|| "there is only one".to_owned()),
            validators: Validators::new(manifest.clone()),
            functions: functions.cloned().collect(),
            counts: false,
            module: module.clone(),
            host,
            fuel,
            manifest,
            interface,
        };
        if subject.is_emulated() {
            // Its contract decides which hooks its host calls.
            subject.interface.hooks = Hooks {
                start: true,
                stop: true,
                event: !subject.manifest.handles.is_empty(),
                state: false,
            };
        }
        subject.counts = subject.try_out(engine).map_err(unusable)?;
        if let Ok(other) = subject.other_engine
            && let Err(failure) = subject.try_out(other)
        {
            subject.other_engine = Err(format!("{other}: {}", failure.message()));
        }
        Ok(subject)
    }

    /// Creates an instance, without calling it where that is possible, and returns whether it
    /// counts its allocations.
    fn try_out(&self, engine: Engine) -> Result<bool, Failure> {
        let builder = self.builder(&World::default()).engine(engine);
        let plugin = target_host::build(builder.without_init(), self.host)?;
        Ok(plugin.heap().is_some() && !self.is_emulated())
    }

    pub fn is_emulated(&self) -> bool {
        self.host.feature.is_some()
    }

    pub fn schemas(&self) -> Schemas<'_> {
        Schemas::new(&self.manifest.defs)
    }

    /// Creates an instance in a world, and initialises it.
    pub fn instance(&self, world: &World) -> Result<Plugin, Failure> {
        target_host::build(self.builder(world), self.host)
    }

    /// Creates an instance that runs on this engine and records a transcript.
    pub fn recorded_instance(&self, world: &World, engine: Engine) -> Result<Plugin, Failure> {
        let builder = self.builder(world).engine(engine).transcript();
        target_host::build(builder, self.host)
    }

    fn builder(&self, world: &World) -> PluginBuilder {
        let mut builder = host_options::as_asked(&self.module, self.host, Some(self.fuel));
        if self.is_emulated() {
            builder = builder.fuel(self.fuel);
        }
        // Fuel limits each call, and gives the same outcome on every machine. Time is for functions
        // of the host, which cost no fuel.
        builder = builder.timeout(MAX_CALL);
        builder = match &world.grants {
            None => builder.grant_all(),
            Some(grants) => grants
                .iter()
                .fold(builder, |builder, name| builder.grant(name)),
        };
        if let Some(config) = &world.config {
            builder = builder.config(config);
        }
        for fault in &world.faults {
            builder = builder.fault(&fault.function, fault.injected());
        }
        builder
    }

    /// Returns the names of the commands that the plugin describes.
    pub fn commands(&self) -> Vec<&str> {
        let commands = self.manifest.commands.iter();
        commands.map(|command| &*command.name).collect()
    }

    /// Returns the description of a command.
    pub fn command(&self, name: &str) -> Option<&CommandInfo> {
        self.manifest.command(name)
    }

    /// Returns the form of a command's values; `None` in the binary codec.
    fn form(&self, name: &str) -> Option<&Form> {
        let mut commands = self.interface.commands.iter();
        Some(&commands.find(|command| command.name == name)?.form)
    }

    /// Returns the elements of a raw command's input and output, if they are described; `None` for
    /// any other command.
    pub fn raw(&self, name: &str) -> Option<(Option<Element>, Option<Element>)> {
        match *self.form(name)? {
            Form::Raw {
                input,
                output,
                in_place,
            } => Some((input, output.filter(|_| !in_place))),
            Form::Typed { .. } => None,
        }
    }

    /// Returns the element of a raw command's result, if it is described.
    pub fn returned(&self, name: &str) -> Option<Element> {
        match *self.form(name)? {
            Form::Raw { output, .. } => output,
            Form::Typed { .. } => None,
        }
    }

    /// Returns true if a command has arguments with names: any other may ignore its input.
    pub fn takes_values(&self, name: &str) -> bool {
        let form = self.form(name);
        matches!(
            form,
            Some(Form::Typed {
                arguments: Some(_),
                ..
            })
        )
    }

    /// Returns true if a command's values are in the binary codec.
    pub fn is_binary(&self, name: &str) -> bool {
        self.interface.omitted.iter().any(|omitted| omitted == name)
    }

    /// Returns true if a command may return an error with this code.
    pub fn declares(&self, command: &str, code: &str) -> bool {
        let declared = self.command(command).map_or(&[][..], |info| &info.errors);
        STANDARD.contains(&code) || declared.iter().any(|error| error.code == code)
    }

    /// Returns the problems of a result.
    pub fn check_result(&self, command: &str, result: &Value) -> Vec<Problem> {
        let problems = self.validators.check_result(command, result).err();
        let mut problems = problems.unwrap_or_default();
        problems.retain(|problem| problem.code != BAD_SCHEMA);
        problems
    }

    /// Returns whether the plugin must take the input of a step.
    pub fn validity(&self, step: &Step) -> Validity {
        match step {
            Step::Call { command, input } => self.validity_of(command, input),
            Step::Init(config) => self.config_validity(config),
            Step::Event { topic, data } => match self.validators.check_event(topic, data) {
                Ok(()) => Validity::Valid,
                Err(_) => Validity::Unclear,
            },
            Step::Start | Step::Stop | Step::Reload => Validity::Valid,
        }
    }

    /// Returns whether the plugin must take a configuration.
    pub fn config_validity(&self, config: &Value) -> Validity {
        let checked = self.validators.check_config(config);
        let schema = self.manifest.config.as_ref().map(Schema::as_value);
        self.judged(checked, schema, config)
    }

    fn validity_of(&self, command: &str, input: &Input) -> Validity {
        if self.is_binary(command) {
            return Validity::Unclear;
        }
        if let Some((element, _)) = self.raw(command) {
            return match (element, input) {
                (None, _) => Validity::Unclear,
                (Some(element), Input::Bytes(bytes)) => bytes_validity(element, bytes),
                (Some(_), Input::Json(_)) => Validity::Unclear,
            };
        }
        let info = self.command(command).filter(|_| self.takes_values(command));
        let schema = info.and_then(|info| info.arguments.as_ref());
        let Some(schema) = schema.map(Schema::as_value) else {
            return Validity::Unclear;
        };
        match input {
            Input::Json(value) if value.is_object() => {
                let checked = self.validators.check(command, value);
                self.judged(checked, Some(schema), value)
            }
            Input::Json(_) => Validity::Unclear,
            // Other hosts may pass anything to the plugin, or parse it themselves.
            Input::Bytes(_) if self.is_emulated() => Validity::Unclear,
            Input::Bytes(bytes) => match parse(bytes) {
                Ok(value) if self.schemas().contradicts(schema, &value) => Validity::Invalid,
                // It may repeat a member, which is invisible in the value.
                Ok(_) => Validity::Unclear,
                Err(validity) => validity,
            },
        }
    }

    /// Returns the validity of a value whose schema was checked.
    fn judged(
        &self,
        checked: std::result::Result<(), Vec<Problem>>,
        schema: Option<&Value>,
        value: &Value,
    ) -> Validity {
        let Some(schema) = schema else {
            return Validity::Unclear;
        };
        match (checked, self.schemas().contradicts(schema, value)) {
            (Ok(()), false) => Validity::Valid,
            (Err(_), true) => Validity::Invalid,
            // Schemas call 1.0 an integer, and readers of JSON do not.
            (Ok(()), true) | (Err(_), false) => Validity::Unclear,
        }
    }
}

/// Returns whether bytes consist of whole elements, or of text.
fn bytes_validity(element: Element, bytes: &[u8]) -> Validity {
    let is_valid = match element {
        Element::Text => str::from_utf8(bytes).is_ok(),
        element => bytes.len().is_multiple_of(element.size()),
    };
    match is_valid {
        true => Validity::Valid,
        false => Validity::Invalid,
    }
}

/// Parses JSON, or returns whether a plugin must refuse it.
fn parse(bytes: &[u8]) -> std::result::Result<Value, Validity> {
    // No bytes are an object without members.
    if bytes.len() > MAX_PARSED || bytes.trim_ascii().is_empty() {
        return Err(Validity::Unclear);
    }
    let Ok(text) = str::from_utf8(bytes) else {
        return Err(Validity::Invalid);
    };
    // Readers differ in how deeply values may be nested, and in which numbers they can hold.
    serde_json::from_str(text).map_err(|error| match error.is_eof() {
        true => Validity::Invalid,
        false => Validity::Unclear,
    })
}
