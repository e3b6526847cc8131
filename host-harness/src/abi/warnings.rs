//! Warnings for authors: differences between a module's manifest and its imports and exports.

use std::fmt;

use plugin_sdk::abi::{self, MANIFEST_SECTION};

use super::commands::CommandTable;
use crate::failure::Import;
use crate::manifest::Manifest;
use crate::services::Services;
use crate::text;

/// The permission of events, which a plugin also needs in order to receive them.
const EVENTS: &str = "events";

/// The maximum number of names that a warning lists.
const MAX_SHOWN: usize = 10;

/// A problem that the plugin's author should fix, but that does not stop the plugin from working.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The manifest cannot be read and is ignored.
    Manifest {
        /// The reason.
        reason: String,
    },
    /// The plugin declares a permission that it does not use.
    UnusedPermission {
        /// The permission.
        permission: String,
    },
    /// The plugin uses a permission that it does not declare.
    UndeclaredPermission {
        /// The permission.
        permission: String,
        /// The imports that need it.
        imports: Vec<String>,
    },
    /// The manifest describes items that the module does not export.
    NotExported {
        /// The missing exports: `command_<name>`, `batch_<name>`, `plugin_event`.
        exports: Vec<String>,
    },
    /// The module exports items that its manifest does not describe.
    NotDescribed {
        /// The undescribed exports.
        exports: Vec<String>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Manifest { reason } => {
                write!(
                    f,
                    "the module's section `{MANIFEST_SECTION}` is ignored: {reason}"
                )
            }
            Warning::UnusedPermission { permission } => write!(
                f,
                "the permission `{0}` is declared, and nothing uses it\n  help: remove `{0}` from `#[plugin(permissions(…))]`",
                text::name(permission)
            ),
            Warning::UndeclaredPermission {
                permission,
                imports,
            } => write!(
                f,
                "the permission `{permission}` is used, by {}, and not declared\n  help: `#[plugin(permissions({permission} = \"what for\"))]` declares it",
                imports.join(", ")
            ),
            Warning::NotExported { exports } => write!(
                f,
                "the module describes {}, and does not export {}\n  help: a tool has removed exports after linking; tell it to keep those of `docs/abi.md`",
                listed(exports),
                them(exports)
            ),
            Warning::NotDescribed { exports } => write!(
                f,
                "the module exports {}, and does not describe {}\n  help: a tool has changed the section `{MANIFEST_SECTION}` after linking, or the exports are written by hand",
                listed(exports),
                them(exports)
            ),
        }
    }
}

/// Lists the first names and the number of the others.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MAX_SHOWN);
    let shown: Vec<String> = shown
        .map(|name| format!("`{}`", text::name(name)))
        .collect();
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn them(names: &[String]) -> &'static str {
    match names {
        [_] => "it",
        _ => "them",
    }
}

/// Compares a module's manifest with its imports and exports.
pub(crate) fn warnings<'a>(
    manifest: Option<&Manifest>,
    imports: impl Iterator<Item = &'a Import>,
    commands: &CommandTable,
    hears_events: bool,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    permissions(manifest, imports, hears_events, &mut warnings);
    // A module made without the macros need not describe everything.
    if let Some(manifest) = manifest.filter(|manifest| !manifest.sdk.is_empty()) {
        exports(manifest, commands, hears_events, &mut warnings);
    }
    warnings
}

/// Compares declared and used permissions of services; leaves those of other functions to hosts.
fn permissions<'a>(
    manifest: Option<&Manifest>,
    imports: impl Iterator<Item = &'a Import>,
    hears_events: bool,
    warnings: &mut Vec<Warning>,
) {
    let declared = manifest.map_or(&[][..], |manifest| &manifest.permissions);
    let imports: Vec<&Import> = imports.collect();
    if imports.is_empty() && declared.is_empty() {
        return;
    }
    let mut of_services = Vec::new();
    let mut used: Vec<(&str, Vec<String>)> = Vec::new();
    for function in Services::functions() {
        let Some(permission) = function.permission else {
            continue;
        };
        if !of_services.contains(&permission) {
            of_services.push(permission);
        }
        let imported =
            |import: &&Import| import.name == function.name && import.module == function.module;
        if imports.iter().any(imported) {
            let name = function.name.to_owned();
            match used.iter_mut().find(|(known, _)| *known == permission) {
                Some((_, names)) => names.push(name),
                None => used.push((permission, vec![name])),
            }
        }
    }
    for name in declared.iter().map(|declared| declared.name()) {
        let is_used = used.iter().any(|(used, _)| *used == name) || hears_events && name == EVENTS;
        if of_services.contains(&name) && !is_used {
            warnings.push(Warning::UnusedPermission {
                permission: name.to_owned(),
            });
        }
    }
    for (permission, imports) in used {
        if !declared
            .iter()
            .any(|declared| declared.name() == permission)
        {
            warnings.push(Warning::UndeclaredPermission {
                permission: permission.to_owned(),
                imports,
            });
        }
    }
}

/// Compares described and exported names, both in alphabetical order.
fn exports(
    manifest: &Manifest,
    commands: &CommandTable,
    hears_events: bool,
    warnings: &mut Vec<Warning>,
) {
    let described = |name: &str| {
        let place = manifest
            .commands
            .binary_search_by(|command| (*command.name).cmp(name));
        place.ok().and_then(|place| manifest.commands.get(place))
    };
    let command_export = |name: &str| format!("{}{name}", abi::COMMAND_EXPORT_PREFIX);
    let batch_export = |name: &str| format!("{}{name}", abi::BATCH_EXPORT_PREFIX);
    let mut not_exported = Vec::new();
    let mut not_described = Vec::new();
    for command in &manifest.commands {
        match commands.find(&command.name) {
            None => not_exported.push(command_export(&command.name)),
            Some(number) if command.batch && commands.batch_export(number).is_none() => {
                not_exported.push(batch_export(&command.name));
            }
            Some(_) => {}
        }
    }
    for (number, name) in commands.names().enumerate() {
        match described(name) {
            None => not_described.push(command_export(name)),
            Some(command) if !command.batch && commands.batch_export(number).is_some() => {
                not_described.push(batch_export(name));
            }
            Some(_) => {}
        }
    }
    match (manifest.handles.is_empty(), hears_events) {
        (false, false) => not_exported.push(abi::EVENT_EXPORT.to_owned()),
        (true, true) => not_described.push(abi::EVENT_EXPORT.to_owned()),
        _ => {}
    }
    if !not_exported.is_empty() {
        warnings.push(Warning::NotExported {
            exports: not_exported,
        });
    }
    if !not_described.is_empty() {
        warnings.push(Warning::NotDescribed {
            exports: not_described,
        });
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn warnings_of(
        manifest: Option<Value>,
        imports: &[&str],
        commands: &[&str],
        batches: &[&str],
        hears_events: bool,
    ) -> Vec<String> {
        let manifest = manifest.map(|manifest| serde_json::from_value(manifest).unwrap());
        let imports: Vec<Import> = imports
            .iter()
            .map(|name| Import {
                module: "plugin_host".to_owned(),
                name: (*name).to_owned(),
            })
            .collect();
        let commands = CommandTable::new(commands.to_vec(), batches.to_vec());
        let warnings = warnings(manifest.as_ref(), imports.iter(), &commands, hears_events);
        warnings.iter().map(Warning::to_string).collect()
    }

    fn of_permissions(declared: &[&str], imports: &[&str], hears_events: bool) -> Vec<String> {
        let declared = declared
            .iter()
            .map(|name| json!({"name": name, "reason": ""}));
        let manifest = json!({"abi": 1, "permissions": declared.collect::<Vec<_>>()});
        warnings_of(Some(manifest), imports, &[], &[], hears_events)
    }

    #[test]
    fn declared_and_used_permissions_should_match() {
        let [unused] = &of_permissions(&["kv"], &["log_write"], false)[..] else {
            panic!()
        };
        assert!(
            unused.contains("`kv` is declared, and nothing uses it"),
            "{unused}"
        );
        let [undeclared] =
            &warnings_of(None, &["kv_get", "kv_set", "random_fill"], &[], &[], false)[..]
        else {
            panic!()
        };
        assert!(
            undeclared.contains("used, by kv_get, kv_set, and not"),
            "{undeclared}"
        );
        assert_eq!(
            of_permissions(&["kv"], &["kv_get", "http_send"], false).len(),
            1
        );
        assert_eq!(warnings_of(None, &["config_get"], &[], &[], false), [""; 0]);
    }

    #[test]
    fn event_handlers_use_events_and_foreign_names_are_ignored() {
        assert_eq!(of_permissions(&["events", "x.y"], &[], true), [""; 0]);
        assert_eq!(of_permissions(&["events", "x.y"], &[], false).len(), 1);
    }

    #[test]
    fn described_and_exported_items_should_match() {
        let manifest = json!({"abi": 1, "sdk": "0.1.0", "handles": [{"topic": "**"}], "commands": [
            {"name": "a", "batch": true}, {"name": "b"}, {"name": "c", "batch": true},
        ]});
        let warnings = warnings_of(
            Some(manifest.clone()),
            &[],
            &["b", "c", "d"],
            &["b", "d"],
            false,
        );
        let [not_exported, not_described] = &warnings[..] else {
            panic!("{warnings:?}")
        };
        assert!(
            not_exported.contains(
                "describes `command_a`, `batch_c`, `plugin_event`, and does not export them"
            ),
            "{not_exported}"
        );
        assert!(
            not_described.contains("exports `batch_b`, `command_d`, and does not describe them"),
            "{not_described}"
        );
        assert_eq!(
            warnings_of(Some(manifest), &[], &["a", "b", "c"], &["a", "c"], true),
            [""; 0]
        );
    }

    #[test]
    fn modules_made_without_the_sdk_get_no_export_warnings() {
        assert_eq!(
            warnings_of(Some(json!({"abi": 1})), &[], &["a"], &["a"], true),
            [""; 0]
        );
        assert_eq!(warnings_of(None, &[], &["a"], &[], true), [""; 0]);
    }

    #[test]
    fn warnings_with_many_names_list_only_some() {
        let names: Vec<String> = (100..200).map(|number| format!("c{number}")).collect();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        let warnings = warnings_of(
            Some(json!({"abi": 1, "sdk": "0.1.0"})),
            &[],
            &names,
            &[],
            false,
        );
        assert!(
            warnings[0].contains("`command_c109` and 90 more, and does not"),
            "{}",
            warnings[0]
        );
    }
}
