//! Tools made of commands, and what a tool answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Schema};
use plugin_sdk_harness::registry::{Registry, RegistryError};
use plugin_sdk_harness::{Failure, Interrupt, Plugin};
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::answer::Explained;
use crate::calls::call_bytes;
use crate::openapi::short;

/// Permissions whose use another program can notice.
const CHANGING: [&str; 4] = ["kv", "files", "http", "events"];

/// Permissions that reach beyond this computer.
const OPEN: [&str; 2] = ["http", "ai"];

/// The members of a schema that say more than that its value is an object. Clients refuse them at
/// the top of a tool schema; the plugin's own schema is validated all the same.
const COMBINATORS: [&str; 8] = [
    "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "$ref",
];

/// The name of the only member of a result that is not an object itself.
const RESULT: &str = "result";

/// The name of the only argument of a command that takes bytes.
const INPUT: &str = "input";

/// The most bytes of JSON text that the schemas of all tools have together. Each tool has its own
/// copy of the definitions that its schemas refer to.
const MAX_SCHEMAS: usize = 8 << 20;

/// The tools of all plugins, by name.
pub(crate) struct Tools(BTreeMap<String, Arc<CommandTool>>);

/// Two commands that would be tools of the same name.
#[derive(Clone, Debug)]
pub struct ToolNameTaken {
    name: String,
    commands: [(String, String); 2],
}

impl fmt::Display for ToolNameTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(first, one), (second, other)] = &self.commands;
        write!(
            f,
            "the command `{one}` of `{first}` and the command `{other}` of `{second}` would both be the tool `{}`; serve them apart",
            self.name
        )
    }
}

impl std::error::Error for ToolNameTaken {}

/// A tool that calls a command.
pub(crate) struct CommandTool {
    plugin: String,
    command: String,
    form: Form,
    tool: Tool,
}

/// The form of the arguments and the result.
#[derive(Clone, Copy)]
enum Form {
    /// JSON; `wrapped` if the result is not an object, which MCP requires.
    Json { wrapped: bool },
    /// Bytes: text, or in base64.
    Raw {
        text_input: bool,
        text_output: bool,
        /// `true` if the answer is the changed input.
        in_place: bool,
    },
}

impl Tools {
    /// Makes tools of all commands that plugins describe.
    pub(crate) fn of(registry: &Registry) -> Result<Self, ToolNameTaken> {
        let mut tools: BTreeMap<String, Arc<CommandTool>> = BTreeMap::new();
        let mut left = MAX_SCHEMAS;
        for plugin in registry.list() {
            let Ok(module) = registry.module(&plugin.id) else {
                continue;
            };
            let Some(manifest) = module.manifest() else {
                continue;
            };
            // However much a plugin describes, there is room left for the next one.
            let mut schemas = Schemas::new(manifest, left / 2);
            let commands = manifest.commands.iter();
            // The binary codec has no names, so a value for it cannot be made from JSON.
            for command in commands.filter(|command| command.codec != Codec::Binary) {
                let tool = CommandTool::of(&plugin.id, &mut schemas, command);
                let name = tool.tool.name.to_string();
                if let Some(other) = tools.get(&name) {
                    let commands =
                        [&**other, &tool].map(|tool| (tool.plugin.clone(), tool.command.clone()));
                    return Err(ToolNameTaken { name, commands });
                }
                tools.insert(name, Arc::new(tool));
            }
            if schemas.is_full {
                log::warn!(
                    "the plugin `{}` has tools without schemas, because its schemas are too large",
                    plugin.id
                );
            }
            left -= schemas.bytes;
        }
        Ok(Tools(tools))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Arc<CommandTool>> {
        self.0.get(name)
    }

    /// Returns all tools, in the order of their names.
    pub(crate) fn list(&self) -> Vec<Tool> {
        self.0.values().map(|tool| tool.tool.clone()).collect()
    }
}

/// The schemas of one plugin's tools.
struct Schemas<'a> {
    manifest: &'a Manifest,
    /// The size of those that it has made, as JSON text.
    bytes: usize,
    max_bytes: usize,
    /// `true` once a schema was too large. No other is made then.
    is_full: bool,
}

impl<'a> Schemas<'a> {
    fn new(manifest: &'a Manifest, max_bytes: usize) -> Self {
        Schemas {
            manifest,
            bytes: 0,
            max_bytes,
            is_full: false,
        }
    }

    /// Returns a schema with its definitions, if it has any and there is room for it.
    fn make(&mut self, schema: Option<&Schema>) -> Option<Value> {
        if self.is_full {
            return None;
        }
        let schema = self.manifest.inlined(schema?);
        let bytes = self.bytes + schema.to_string().len();
        self.is_full = bytes > self.max_bytes;
        if self.is_full {
            return None;
        }
        self.bytes = bytes;
        Some(schema)
    }
}

impl CommandTool {
    fn of(id: &str, schemas: &mut Schemas<'_>, command: &CommandInfo) -> Self {
        let manifest = schemas.manifest;
        let (form, input, output) = match command.codec {
            Codec::Json => {
                let (output, wrapped) = output_schema(schemas.make(command.result.as_ref()));
                let input = input_schema(schemas.make(command.arguments.as_ref()));
                (Form::Json { wrapped }, input, output)
            }
            _ => {
                let is_text = |kind: &Option<String>| kind.as_deref() == Some("text");
                let form = Form::Raw {
                    text_input: is_text(&command.input),
                    text_output: is_text(&command.output),
                    in_place: command.answers_in_place(),
                };
                let input = match command.input {
                    Some(_) => object_of(INPUT, bytes_schema(is_text(&command.input))),
                    None => object([]),
                };
                (
                    form,
                    input,
                    object_of(RESULT, bytes_schema(is_text(&command.output))),
                )
            }
        };
        let name = tool_name(id, &command.name);
        let mut tool = Tool::new(name, command.description.clone(), Arc::new(input));
        tool.title = Some(format!("{}: {}", short(&manifest.name), command.name));
        tool.output_schema = Some(Arc::new(output));
        tool.annotations = Some(annotations(manifest));
        CommandTool {
            plugin: id.to_owned(),
            command: command.name.clone(),
            form,
            tool,
        }
    }

    /// Calls the command. A failure is a result too, so that the model reads it.
    pub(crate) fn call(
        &self,
        registry: &Registry,
        mut arguments: JsonObject,
        interrupt: &Interrupt,
        shared: bool,
    ) -> CallToolResult {
        let called = match self.form {
            Form::Json { wrapped } => self
                .with_instance(registry, shared, interrupt, |plugin| {
                    plugin.call::<Value>(&*self.command, &arguments)
                })
                .map(|result| match wrapped {
                    true => json!({RESULT: result}),
                    false => result,
                }),
            Form::Raw {
                text_input,
                text_output,
                in_place,
            } => {
                let input = match raw_input(arguments.remove(INPUT), text_input) {
                    Ok(input) => input,
                    Err(message) => return refusal("invalid_argument", message, None, None),
                };
                let output = self.with_instance(registry, shared, interrupt, |plugin| {
                    call_bytes(plugin, &self.command, input, in_place)
                });
                output.map(|bytes| {
                    let text = match text_output {
                        true => String::from_utf8_lossy(&bytes).into_owned(),
                        false => BASE64_STANDARD.encode(bytes),
                    };
                    json!({RESULT: text})
                })
            }
        };
        match called {
            Ok(result) => CallToolResult::structured(result),
            Err(error) => refused(&error),
        }
    }
}

impl CommandTool {
    /// Lends an instance: the plugin's own, or a new one.
    fn with_instance<R>(
        &self,
        registry: &Registry,
        shared: bool,
        interrupt: &Interrupt,
        call: impl FnOnce(&mut Plugin) -> Result<R, Failure>,
    ) -> Result<R, RegistryError> {
        match shared {
            true => registry.with_instance(&self.plugin, |plugin| {
                plugin.interruptible_unless_stateful(interrupt, call)
            }),
            false => registry
                .with_new_instance(&self.plugin, |plugin| plugin.interruptible(interrupt, call)),
        }
    }
}

/// Returns a failure as a result, with its code, its details and what to do next.
fn refused(error: &RegistryError) -> CallToolResult {
    let Explained {
        message,
        details,
        hint,
    } = Explained::of(error);
    refusal(error.code(), message, details, hint)
}

fn refusal(
    code: &str,
    message: String,
    details: Option<Value>,
    hint: Option<String>,
) -> CallToolResult {
    let mut error = Map::new();
    error.insert("code".to_owned(), code.into());
    error.insert("message".to_owned(), message.into());
    error.extend(details.map(|details| ("details".to_owned(), details)));
    error.extend(hint.map(|hint| ("hint".to_owned(), hint.into())));
    CallToolResult::error(vec![ContentBlock::text(Value::Object(error).to_string())])
}

/// Returns the bytes that a raw command gets.
fn raw_input(argument: Option<Value>, is_text: bool) -> Result<Vec<u8>, String> {
    match argument {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if is_text => Ok(text.into_bytes()),
        Some(Value::String(text)) => BASE64_STANDARD
            .decode(text)
            .map_err(|error| format!("`{INPUT}` is not base64: {error}")),
        Some(_) => Err(format!("`{INPUT}` is not a string")),
    }
}

/// Returns a name that every client accepts: letters, digits, `_` and `-`.
fn tool_name(id: &str, command: &str) -> String {
    let plain = |byte: char| match byte {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => byte,
        _ => '_',
    };
    format!("{id}_{command}").chars().map(plain).collect()
}

/// Returns what a client may expect of a tool, from what the plugin may do.
fn annotations(manifest: &Manifest) -> ToolAnnotations {
    let asks = |names: &[&str]| {
        let mut permissions = manifest.permissions.iter();
        permissions.any(|permission| names.contains(&permission.name()))
    };
    ToolAnnotations::new()
        .read_only(!asks(&CHANGING))
        .destructive(asks(&CHANGING))
        .open_world(asks(&OPEN))
}

fn bytes_schema(is_text: bool) -> Value {
    match is_text {
        true => json!({"type": "string"}),
        false => json!({"type": "string", "contentEncoding": "base64"}),
    }
}

/// Returns the schema of an object with these members.
fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> JsonObject {
    let mut object = Map::new();
    object.insert("type".to_owned(), "object".into());
    object.extend(
        members
            .into_iter()
            .map(|(name, member)| (name.to_owned(), member)),
    );
    object
}

/// Returns the schema of an object with one member, which is required.
fn object_of(name: &str, schema: Value) -> JsonObject {
    object([
        ("properties", json!({name: schema})),
        ("required", json!([name])),
    ])
}

/// Returns the schema of the arguments as a plain object.
fn input_schema(schema: Option<Value>) -> JsonObject {
    match schema {
        Some(Value::Object(mut members)) => {
            for combinator in COMBINATORS {
                members.remove(combinator);
            }
            members.insert("type".to_owned(), "object".into());
            members
        }
        _ => object([]),
    }
}

/// Returns the schema of the result, and whether it is wrapped because it is not a
/// plain object.
fn output_schema(schema: Option<Value>) -> (JsonObject, bool) {
    let mut schema = schema.unwrap_or(json!({}));
    if let Value::Object(members) = &schema
        && members.get("type") == Some(&"object".into())
        && !COMBINATORS.iter().any(|name| members.contains_key(*name))
    {
        return (members.clone(), false);
    }
    // References begin at the top of a document.
    let definitions = schema
        .as_object_mut()
        .and_then(|members| members.remove("$defs"));
    let mut wrapped = object_of(RESULT, schema);
    wrapped.extend(definitions.map(|definitions| ("$defs".to_owned(), definitions)));
    (wrapped, true)
}
