//! The description of routes, in OpenAPI 3.1.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use plugin_sdk::serving::Route;
use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Schema, definition};
use plugin_sdk_harness::registry::{PluginStatus, Registry};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::Server;
use crate::answer::json_text;

/// The length to which the name of a plugin is cut where each command repeats it, in bytes.
const MAX_NAME: usize = 256;

/// The errors of a call: their status, and when they happen.
const ERRORS: [(&str, &str); 8] = [
    ("400", "The arguments are not valid."),
    ("403", "The plugin lacks a permission."),
    ("404", "There is no such plugin or command."),
    ("413", "The body is too large."),
    ("422", "The plugin refuses, with an error of its own."),
    ("500", "The plugin has trapped."),
    (
        "503",
        "The plugin takes no calls now, or the server is busy.",
    ),
    ("504", "The call has not ended in time."),
];

/// Returns the description of the routes of a plugin that answers requests itself, as a component
/// for `wasi:http`.
pub fn of_plugin(manifest: &Manifest) -> Value {
    let mut document = Document::of([&*manifest.id].into_iter());
    document.paths.retain(|path, _| Route::of(path).is_some());
    document.add(&manifest.id, manifest);
    document.finish(&manifest.name, &manifest.version)
}

pub(crate) async fn document(State(server): State<Arc<Server>>) -> Response {
    json_text(server.openapi.get(&server.registry).await)
}

/// The document of a server, which all answers share until a plugin changes.
#[derive(Default)]
pub(crate) struct SharedDocument(Mutex<(Vec<Version>, Bytes)>);

/// A plugin's id, and the time at which its module was loaded.
type Version = (String, SystemTime);

impl SharedDocument {
    async fn get(&self, registry: &Registry) -> Bytes {
        let mut last = self.0.lock().await;
        let plugins = registry.list();
        let versions: Vec<Version> = plugins
            .iter()
            .map(|plugin| (plugin.id.clone(), plugin.loaded_at))
            .collect();
        let (of, text) = &mut *last;
        if text.is_empty() || *of != versions {
            *text = described(registry, &plugins).to_string().into();
            *of = versions;
        }
        text.clone()
    }
}

/// Returns the document for all plugins.
fn described(registry: &Registry, plugins: &[PluginStatus]) -> Value {
    let mut document = Document::of(plugins.iter().map(|plugin| &*plugin.id));
    for plugin in plugins {
        let Ok(module) = registry.module(&plugin.id) else {
            continue;
        };
        if let Some(manifest) = module.manifest() {
            document.add(&plugin.id, manifest);
        }
    }
    document.finish("Plugins", env!("CARGO_PKG_VERSION"))
}

/// A document under construction.
struct Document {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    schema_names: Names,
    operation_names: Names,
}

impl Document {
    /// Begins a document with the routes that exist for every plugin.
    fn of<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let mut schemas = Map::new();
        schemas.insert("Error".to_owned(), error_schema());
        Document {
            paths: fixed_paths(ids),
            schemas,
            schema_names: Names::default(),
            operation_names: Names::default(),
        }
    }

    /// Adds the commands of a plugin.
    fn add(&mut self, id: &str, manifest: &Manifest) {
        let names = manifest.defs.keys().map(|name| {
            let wanted = plain(&format!("{id}.{name}"));
            (&**name, self.schema_names.unique(wanted))
        });
        let renaming = Renaming {
            definitions: &manifest.defs,
            names: names.collect(),
        };
        for (name, definition) in &manifest.defs {
            if let Some(name) = renaming.names.get(&**name) {
                let definition = renaming.renamed(definition);
                self.schemas.insert(name.clone(), definition);
            }
        }
        for command in &manifest.commands {
            let path = format!("/api/plugins/{id}/commands/{}", command.name);
            let wanted = format!("{id}_{}", command.name);
            let name = self.operation_names.unique(wanted);
            let operation = operation(&name, manifest, command, &renaming);
            self.paths.insert(path, json!({"post": operation}));
        }
    }

    fn finish(self, title: &str, version: &str) -> Value {
        json!({
            "openapi": "3.1.0",
            "info": {"title": title, "version": version},
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "paths": self.paths,
            "components": {"schemas": self.schemas, "responses": error_responses()},
        })
    }
}

fn operation(
    name: &str,
    manifest: &Manifest,
    command: &CommandInfo,
    renaming: &Renaming<'_>,
) -> Value {
    let schema = |schema: &Option<Schema>| match schema {
        Some(schema) => renaming.renamed(schema.as_value()),
        None => json!({}),
    };
    let (request, result) = match command.codec {
        Codec::Json => (
            json!({"application/json": {"schema": schema(&command.arguments)}}),
            json!({"application/json": {"schema": schema(&command.result)}}),
        ),
        _ => {
            let result = match command.output.as_deref() {
                Some("text") => "text/plain",
                _ => "application/octet-stream",
            };
            (json!({"application/octet-stream": {}}), json!({result: {}}))
        }
    };
    let codes = command.errors.iter().map(|error| {
        let description = error.description.as_str();
        json!({"code": error.code, "description": description})
    });
    json!({
        "operationId": name,
        "tags": [short(&manifest.name)],
        "summary": command.description.lines().next().unwrap_or(&command.name),
        "description": command.description,
        "requestBody": {"required": needs_arguments(command), "content": request},
        "responses": responses("The result.", result),
        "x-errors": codes.collect::<Vec<Value>>(),
    })
}

/// Returns whether a command has an argument that callers must give.
fn needs_arguments(command: &CommandInfo) -> bool {
    let schema = command.arguments.as_ref().map(Schema::as_value);
    let required = schema.and_then(|schema| schema.get("required")?.as_array());
    required.is_some_and(|names| !names.is_empty())
}

/// Returns the responses of an operation: its result, and the errors.
fn responses(description: &str, content: Value) -> Value {
    let mut responses = Map::new();
    let ok = json!({"description": description, "content": content});
    responses.insert("200".to_owned(), ok);
    for (status, _) in ERRORS {
        let error = json!({"$ref": format!("#/components/responses/{status}")});
        responses.insert(status.to_owned(), error);
    }
    Value::Object(responses)
}

/// Returns the responses that all operations share.
fn error_responses() -> Map<String, Value> {
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}});
    let errors = ERRORS.iter().map(|(status, description)| {
        let error = json!({"description": description, "content": content});
        ((*status).to_owned(), error)
    });
    errors.collect()
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["success", "error"],
        "properties": {
            "success": {"const": false},
            "error": {
                "type": "object",
                "required": ["code", "message", "request_id"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "request_id": {"type": "string"},
                    "reason": {"type": "string"},
                    "details": {},
                    "hint": {"type": "string"},
                },
            },
        },
    })
}

/// Returns the routes that exist for every plugin, with the ids of those that are there now as
/// examples.
fn fixed_paths<'a>(ids: impl Iterator<Item = &'a str>) -> Map<String, Value> {
    let examples: Map<String, Value> = ids
        .map(|id| (id.to_owned(), json!({"value": id})))
        .collect();
    let id = json!({
        "name": "id", "in": "path", "required": true,
        "schema": {"type": "string"}, "examples": examples,
    });
    let data = json!({
        "application/json": {"schema": {
            "type": "object",
            "required": ["success", "data"],
            "properties": {"success": {"const": true}, "data": {"type": "object"}},
        }},
    });
    let call = json!({
        "type": "object",
        "required": ["command"],
        "properties": {"command": {"type": "string"}, "args": {}},
    });
    let query = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
    let operation = |summary: &str, parameters: &Value, body: Option<&Value>| {
        let mut members = Map::new();
        members.insert("summary".to_owned(), summary.into());
        members.insert("parameters".to_owned(), parameters.clone());
        members.extend(body.map(|schema| {
            let content = json!({"application/json": {"schema": schema}});
            (
                "requestBody".to_owned(),
                json!({"required": true, "content": content}),
            )
        }));
        members.insert("responses".to_owned(), responses(summary, data.clone()));
        Value::Object(members)
    };
    let (all, one) = (
        json!([query("type"), query("state"), query("enabled")]),
        json!([id]),
    );
    let get = |summary: &str| json!({"get": operation(summary, &one, None)});
    let post = |summary: &str| json!({"post": operation(summary, &one, None)});
    let paths = [
        (
            "/api/plugins",
            json!({"get": operation("Lists the plugins.", &all, None)}),
        ),
        ("/api/plugins/{id}", get("Returns a plugin.")),
        ("/api/plugins/{id}/health", get("Returns the health.")),
        (
            "/api/plugins/{id}/config",
            json!({
                "get": operation("Returns the configuration.", &one, None),
                "put": operation("Replaces the configuration.", &one, Some(&json!({}))),
            }),
        ),
        (
            "/api/plugins/{id}/command",
            json!({"post": operation("Calls a command.", &one, Some(&call))}),
        ),
        ("/api/plugins/{id}/start", post("Starts a plugin.")),
        ("/api/plugins/{id}/stop", post("Stops a plugin.")),
        ("/api/plugins/{id}/reload", post("Reloads a plugin.")),
    ];
    paths
        .map(|(path, item)| (path.to_owned(), item))
        .into_iter()
        .collect()
}

/// Returns a name of the characters that the name of a component may have.
fn plain(name: &str) -> String {
    let plain = |byte: char| match byte {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => byte,
        _ => '_',
    };
    name.chars().map(plain).collect()
}

/// The names that are taken, with the last number that was added to each.
#[derive(Default)]
struct Names(HashMap<String, u32>);

impl Names {
    /// Takes a name, with a number if it is taken.
    fn unique(&mut self, name: String) -> String {
        let mut number = *self.0.entry(name.clone()).or_default();
        let mut unique = name.clone();
        if number > 0 {
            while self.0.contains_key(&unique) {
                number += 1;
                unique = format!("{name}_{number}");
            }
            self.0.insert(unique.clone(), 1);
        }
        self.0.insert(name, number.max(1));
        unique
    }
}

/// Returns the beginning of the name of a plugin, for a place that each command has.
pub(crate) fn short(name: &str) -> &str {
    let end = name.floor_char_boundary(MAX_NAME);
    name.get(..end).unwrap_or(name)
}

/// The names that a plugin's definitions have in the document.
struct Renaming<'a> {
    definitions: &'a Map<String, Value>,
    names: HashMap<&'a str, String>,
}

impl Renaming<'_> {
    /// Returns a schema whose references name the definitions of the document. Manifests are
    /// bounded in size and nesting.
    fn renamed(&self, schema: &Value) -> Value {
        match schema {
            Value::Object(members) => {
                let members = members.iter().map(|(name, member)| match member {
                    Value::String(target) if name == "$ref" => {
                        let target = self.reference(target).unwrap_or_else(|| target.clone());
                        (name.clone(), Value::from(target))
                    }
                    member => (name.clone(), self.renamed(member)),
                });
                Value::Object(members.collect())
            }
            Value::Array(elements) => elements
                .iter()
                .map(|element| self.renamed(element))
                .collect(),
            other => other.clone(),
        }
    }

    fn reference(&self, target: &str) -> Option<String> {
        let (name, _) = definition(target, self.definitions)?;
        let name = self.names.get(name)?;
        Some(format!("#/components/schemas/{name}"))
    }
}
