//! The model of a plugin, made from its module and its manifest.

use std::collections::HashSet;

use plugin_sdk::abi;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::{Codec, CommandInfo, ErrorInfo, Manifest, Schema};

use super::objects;
use super::reading::Reader;
use super::unions::Read;
use super::{Command, Element, ErrorCode, Event, Form, Hooks, Permission, Plugin, Type};
use crate::error::Result;

impl Plugin {
    /// Reads a plugin.
    ///
    /// # Errors
    /// If its types are too many.
    pub fn new(manifest: &Manifest, inspection: &Inspection<'_>) -> Result<Self> {
        let mut reader = Reader::new(&manifest.defs);
        let config = manifest.config.as_ref().map(Schema::as_value);
        let config = config.map(|schema| reader.read(schema, "config"));
        let mut commands = Vec::new();
        let mut omitted = Vec::new();
        for command in &manifest.commands {
            match form(command, &mut reader) {
                Some(form) => commands.push(Command {
                    name: command.name.clone(),
                    description: command.description.clone(),
                    form,
                    errors: command.errors.iter().map(ErrorCode::from).collect(),
                }),
                None => omitted.push(command.name.clone()),
            }
        }
        let errors = errors(&commands);
        let mut plugin = Plugin {
            id: match manifest.id.as_str() {
                // A plugin that was made without the SDK may have no id.
                "" => "plugin".to_owned(),
                id => id.to_owned(),
            },
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            description: manifest.description.clone(),
            types: reader.finish()?,
            config,
            commands,
            omitted,
            errors,
            ..Plugin::default()
        };
        plugin.read_events(manifest);
        plugin.read_interface(inspection);
        Ok(plugin)
    }

    fn read_events(&mut self, manifest: &Manifest) {
        self.permissions = manifest
            .permissions
            .iter()
            .map(|permission| Permission {
                name: permission.name().to_owned(),
                reason: permission.reason().unwrap_or_default().to_owned(),
            })
            .collect();
        let event = |(topic, description): (&String, &String)| Event {
            topic: topic.clone(),
            description: description.clone(),
        };
        let handles = manifest.handles.iter();
        self.handles = handles
            .map(|one| event((&one.topic, &one.description)))
            .collect();
        let emits = manifest.emits.iter();
        self.emits = emits
            .map(|one| event((&one.topic, &one.description)))
            .collect();
    }

    fn read_interface(&mut self, inspection: &Inspection<'_>) {
        let exports: Vec<String> = inspection.exports().map(|export| export.name).collect();
        let has = |name: &str| exports.iter().any(|export| export == name);
        self.hooks = Hooks {
            start: has(abi::START_EXPORT),
            stop: has(abi::STOP_EXPORT),
            event: has(abi::EVENT_EXPORT),
            state: has(abi::STATE_SAVE_EXPORT) && has(abi::STATE_LOAD_EXPORT),
        };
        for imported in inspection.imports() {
            let import = &imported.import;
            match import.module == abi::SERVICES_MODULE {
                true => {
                    let service = import.name.split('_').next().unwrap_or_default();
                    self.services.insert(service.to_owned());
                }
                false => {
                    self.imports.insert(import.module.clone());
                }
            }
        }
    }
}

/// Returns the form of a command; `None` for the binary codec.
fn form<'a>(command: &'a CommandInfo, reader: &mut Reader<'a>) -> Option<Form> {
    let element = |word: &Option<String>| word.as_deref().map(Element::parse);
    match command.codec {
        Codec::Raw => {
            let input = element(&command.input);
            let in_place = command.answers_in_place();
            Some(Form::Raw {
                input,
                output: if in_place {
                    input
                } else {
                    element(&command.output)
                },
                in_place,
            })
        }
        Codec::Json => {
            let arguments = command.arguments.as_ref().map(Schema::as_value);
            let arguments = arguments.filter(|schema| !objects::is_empty(schema));
            let result = command.result.as_ref().map(Schema::as_value);
            let name = &command.name;
            Some(Form::Typed {
                arguments: arguments
                    .map(|schema| reader.read(schema, &format!("{name} arguments"))),
                result: result.map_or(Type::Json, |schema| {
                    reader.read(schema, &format!("{name} result"))
                }),
            })
        }
        _ => None,
    }
}

/// Returns all codes of the commands, each once.
fn errors(commands: &[Command]) -> Vec<ErrorCode> {
    let mut seen = HashSet::new();
    let all = commands.iter().flat_map(|command| &command.errors);
    all.filter(|error| seen.insert(&error.code))
        .cloned()
        .collect()
}

impl From<&ErrorInfo> for ErrorCode {
    fn from(error: &ErrorInfo) -> Self {
        ErrorCode {
            code: error.code.clone(),
            description: error.description.clone(),
        }
    }
}
