//! CIS's `skill.toml`.
//!
//! The README of CIS's WASM runtime does not mention this file; its form follows CIS's own manifest
//! reader.

use plugin_sdk_harness::manifest::{CommandInfo, Manifest};
use serde_json::{Map, Value, json};

use crate::toml::from_json;
use crate::wasm::Interface;

/// The SDK's permissions, and the members that represent them.
const PERMISSIONS: [(&str, &[&str]); 4] = [
    ("kv", &["memory_read", "memory_write"]),
    ("ai", &["ai_call"]),
    ("http", &["network"]),
    ("files", &["filesystem"]),
];

/// The author of a skill that names none: the member is required.
const UNKNOWN: &str = "unknown";

pub fn document(manifest: &Manifest, interface: &Interface) -> Value {
    let skill = super::without_null(json!({
        "name": manifest.id,
        "version": manifest.version,
        "description": manifest.description,
        "author": super::author(manifest).as_deref().unwrap_or(UNKNOWN),
        "type": "wasm",
        "entry": super::module_file(manifest),
        "homepage": manifest.homepage,
        "repository": manifest.repository,
        "license": manifest.license,
    }));
    let events = manifest.handles.iter();
    let events: Vec<&str> = events.map(|handled| handled.topic.as_str()).collect();
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
    for name in manifest
        .permissions
        .iter()
        .map(|permission| permission.name())
    {
        let known = PERMISSIONS.iter().find(|(known, _)| *known == name);
        match known {
            Some((_, members)) => {
                permissions.extend(members.iter().map(|name| ((*name).to_owned(), json!(true))));
            }
            None => custom.push(name),
        }
    }
    if !custom.is_empty() {
        permissions.insert("custom".to_owned(), json!(custom));
    }
    permissions
}

fn command(command: &CommandInfo) -> Value {
    let member = |name| command.arguments.as_ref()?.as_value().get(name);
    let required = member("required").and_then(Value::as_array);
    let properties = member("properties").and_then(Value::as_object);
    let arguments = properties.into_iter().flatten().map(|(name, schema)| {
        let text = |member: &str| schema.get(member).and_then(Value::as_str);
        super::without_null(json!({
            "name": name,
            "description": text("description").unwrap_or(""),
            // The type is described elsewhere, or there are several.
            "type": text("type").unwrap_or("any"),
            "required": required.is_some_and(|required| required.contains(&json!(name))),
            "default": schema.get("default").filter(|default| from_json(default).is_some()),
        }))
    });
    json!({
        "name": command.name,
        "description": command.description,
        "args": arguments.collect::<Vec<_>>(),
    })
}
