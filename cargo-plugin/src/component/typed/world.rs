//! A component in terms of WIT: its functions, and the types that they name.

use std::collections::BTreeSet;

use plugin_sdk::hosts::component::description::function;

use super::super::names::Scope;
use super::declaration::{Declaration, Declared, Field, Ty};
use super::types::Types;
use crate::interface::{self, Definition, Element, Form, Plugin, Type};

/// The functions and types of a component.
pub struct World {
    pub id: String,
    pub version: String,
    pub description: String,
    /// The declared types, in an order in which each mentions earlier ones only.
    pub types: Vec<Declared>,
    /// The type of errors, among them.
    pub error: Ty,
    pub functions: Vec<Function>,
    /// The interfaces of `plugin-sdk:host` that the plugin calls.
    pub services: BTreeSet<String>,
}

/// A function of the component.
pub struct Function {
    pub name: String,
    /// The name by which the plugin knows a command.
    pub command: String,
    pub description: String,
    /// One of [`function`].
    pub kind: u8,
    pub parameters: Parameters,
    pub result: Outcome,
}

/// The parameters of a function.
pub enum Parameters {
    /// Each is a member of the arguments.
    Members(Vec<Field>),
    /// One parameter is the whole of the arguments.
    Whole { name: &'static str, ty: Ty },
    /// Bytes, in elements of one type.
    Raw(Option<Element>),
}

/// The result of a function that does not fail.
pub enum Outcome {
    Typed(Option<Ty>),
    Raw(Option<Element>),
}

/// The names that no command can have: of the functions for the plugin's life, and of the types
/// that every plugin has.
const RESERVED: [&str; 7] = ["init", "start", "stop", "event", "cleanup", "error", "json"];

impl World {
    /// Makes a world from a plugin's description.
    pub fn new(plugin: &Plugin, services: BTreeSet<String>) -> Self {
        let mut names = Scope::without(&RESERVED);
        let commands: Vec<String> = plugin
            .commands
            .iter()
            .map(|command| names.take_as(&command.name, "command"))
            .collect();
        let omitted: Vec<String> = plugin
            .omitted
            .iter()
            .map(|name| names.take_as(name, "command"))
            .collect();
        let mut types = Types::new(plugin, names);
        let error = types.declare(error());
        let mut functions = hooks(plugin, &mut types);
        let named = plugin.commands.iter().zip(commands);
        functions.extend(named.map(|(command, name)| of_command(command, name, &mut types)));
        let binary = plugin.omitted.iter().zip(omitted);
        functions.extend(binary.map(|(command, name)| of_binary(command, name)));
        World {
            id: plugin.id.clone(),
            version: plugin.version.clone(),
            description: plugin.description.clone(),
            error,
            functions,
            types: types.declared,
            services,
        }
    }

    /// Returns a declared type.
    pub fn declared(&self, index: usize) -> Option<&Declared> {
        self.types.get(index)
    }
}

/// Returns the type of errors, as every plugin returns them.
fn error() -> Declared {
    let field = |name: &str, description: &str, ty, may_be_absent| Field {
        json: name.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        ty,
        may_be_absent,
    };
    Declared {
        name: "error".to_owned(),
        description: "The reason why a call failed.".to_owned(),
        definition: Declaration::Record(vec![
            field("code", "A word for programs.", Ty::Text, false),
            field("message", "A sentence for people.", Ty::Text, false),
            field(
                "details",
                "Anything else, as JSON.",
                Ty::Option(Box::new(Ty::Json)),
                true,
            ),
            field(
                "source",
                "The messages of the errors that caused this one, the nearest first.",
                Ty::List(Box::new(Ty::Text)),
                true,
            ),
        ]),
    }
}

fn hooks(plugin: &Plugin, types: &mut Types<'_>) -> Vec<Function> {
    let hook = |name: &str, kind, description: &str, parameters| Function {
        name: name.to_owned(),
        command: String::new(),
        description: description.to_owned(),
        kind,
        parameters,
        result: Outcome::Typed(None),
    };
    let none = || Parameters::Members(Vec::new());
    let config = match &plugin.config {
        Some(config) => Parameters::Whole {
            name: "config",
            ty: types.of(config),
        },
        None => none(),
    };
    let mut hooks = vec![hook(
        "init",
        function::INIT,
        "Makes the plugin anew. A plugin that can begin without a configuration does so at the \
         first call.",
        config,
    )];
    let optional = [
        (
            plugin.hooks.start,
            "start",
            function::START,
            "Starts the plugin.",
        ),
        (
            plugin.hooks.stop,
            "stop",
            function::STOP,
            "Stops the plugin.",
        ),
    ];
    for (exists, name, kind, description) in optional {
        if exists {
            hooks.push(hook(name, kind, description, none()));
        }
    }
    if plugin.hooks.event {
        let parameter = |name: &str, ty| Field {
            json: name.to_owned(),
            name: name.to_owned(),
            description: String::new(),
            ty,
            may_be_absent: false,
        };
        let event = vec![parameter("topic", Ty::Text), parameter("data", Ty::Json)];
        hooks.push(hook(
            "event",
            function::EVENT,
            "Passes an event to the plugin.",
            Parameters::Members(event),
        ));
    }
    hooks.push(hook(
        "cleanup",
        function::CLEANUP,
        "Ends the plugin's life.",
        none(),
    ));
    hooks
}

fn of_command(command: &interface::Command, name: String, types: &mut Types<'_>) -> Function {
    let (kind, parameters, result) = match &command.form {
        Form::Typed { arguments, result } => (
            function::COMMAND,
            parameters(arguments.as_ref(), types),
            Outcome::Typed(match result {
                Type::Null => None,
                result => Some(types.of(result)),
            }),
        ),
        Form::Raw {
            input,
            output,
            in_place,
        } => (
            match in_place {
                true => function::IN_PLACE,
                false => function::RAW,
            },
            Parameters::Raw(*input),
            Outcome::Raw(*output),
        ),
    };
    let mut description = command.description.clone();
    for error in &command.errors {
        let line = format!("\n\nFails with `{}`: {}", error.code, error.description);
        description.push_str(&line);
    }
    Function {
        name,
        command: command.name.clone(),
        description,
        kind,
        parameters,
        result,
    }
}

/// Returns a function for a command in the SDK's binary codec, which has no form in WIT.
fn of_binary(command: &str, name: String) -> Function {
    Function {
        name,
        command: command.to_owned(),
        description: "Takes and returns bytes in the binary codec of plugin-sdk.".to_owned(),
        kind: function::RAW,
        parameters: Parameters::Raw(Some(Element::U8)),
        result: Outcome::Raw(Some(Element::U8)),
    }
}

fn parameters(arguments: Option<&Type>, types: &mut Types<'_>) -> Parameters {
    match arguments {
        None => Parameters::Members(Vec::new()),
        Some(Type::Named(index)) => match types.definition(*index) {
            Some(Definition::Record(record)) if record.rest.is_none() => {
                Parameters::Members(types.fields(record))
            }
            _ => whole(&Type::Named(*index), types),
        },
        Some(ty) => whole(ty, types),
    }
}

fn whole(ty: &Type, types: &mut Types<'_>) -> Parameters {
    Parameters::Whole {
        name: "arguments",
        ty: types.of(ty),
    }
}
