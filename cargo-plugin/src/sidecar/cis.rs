//! CIS's `skill.toml`.
//!
//! The README of CIS's WASM runtime does not mention this file; its form follows CIS's own manifest
//! reader.

use plugin_sdk_harness::manifest::{CommandInfo, Manifest};
use serde_json::{Map, Value, json};

use crate::wasm::Interface;

/// The SDK's permissions, and the members that represent them.
const PERMISSIONS: [(&str, &[&str]); 4] = [
    ("kv", &["memory_read", "memory_write"]),
    ("ai", &["ai_call"]),
    ("http", &["network"]),
    ("files", &["filesystem"]),
];

/// The author of a skill that names none: the member is required.
const NOBODY: &str = "unknown";

pub fn document(manifest: &Manifest, interface: &Interface) -> Value {
    let skill = [
        ("name", Some(json!(manifest.id))),
        ("version", Some(json!(manifest.version))),
        ("description", Some(json!(manifest.description))),
        (
            "author",
            Some(json!(super::author(manifest).as_deref().unwrap_or(NOBODY))),
        ),
        ("type", Some(json!("wasm"))),
        ("entry", Some(json!(super::module_file(manifest)))),
        ("homepage", manifest.homepage.clone().map(Value::from)),
        ("repository", manifest.repository.clone().map(Value::from)),
        ("license", manifest.license.clone().map(Value::from)),
    ];
    let said = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
    let skill: Map<String, Value> = skill.into_iter().filter_map(said).collect();
    let events: Vec<&str> = manifest
        .handles
        .iter()
        .map(|handled| handled.topic.as_str())
        .collect();
    let commands: Vec<Value> = manifest.commands.iter().map(command).collect();
    json!({
        "skill": skill,
        "permissions": permissions(manifest),
        "exports": {"functions": interface.exports, "events": events, "commands": commands},
    })
}

/// Returns the permissions: those with a member in CIS are true there, and the others are custom
/// ones.
fn permissions(manifest: &Manifest) -> Map<String, Value> {
    let mut permissions = Map::new();
    let mut custom = Vec::new();
    for permission in &manifest.permissions {
        match PERMISSIONS
            .iter()
            .find(|(name, _)| *name == permission.name())
        {
            Some((_, members)) => {
                for member in *members {
                    permissions.insert((*member).to_owned(), json!(true));
                }
            }
            None => custom.push(permission.name()),
        }
    }
    if !custom.is_empty() {
        permissions.insert("custom".to_owned(), json!(custom));
    }
    permissions
}

fn command(command: &CommandInfo) -> Value {
    let schema = command.arguments.as_ref().map(|schema| schema.as_value());
    let required = schema
        .and_then(|schema| schema.get("required"))
        .and_then(Value::as_array);
    let properties = schema
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object);
    let arguments = properties.into_iter().flatten().map(|(name, schema)| {
        let text = |member: &str| schema.get(member).and_then(Value::as_str);
        let mut argument = json!({
            "name": name,
            "description": text("description").unwrap_or_default(),
            // The type is described elsewhere, or there are several.
            "type": text("type").unwrap_or("any"),
            "required": required.is_some_and(|required| required.contains(&json!(name))),
        });
        // TOML has no null.
        if let (Some(default), Value::Object(argument)) = (
            schema.get("default").filter(|default| has_no_null(default)),
            &mut argument,
        ) {
            argument.insert("default".to_owned(), default.clone());
        }
        argument
    });
    json!({
        "name": command.name,
        "description": command.description,
        "args": arguments.collect::<Vec<_>>(),
    })
}

fn has_no_null(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().all(has_no_null),
        Value::Object(members) => members.values().all(has_no_null),
        _ => true,
    }
}
