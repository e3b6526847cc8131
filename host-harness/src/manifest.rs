//! What a module says of itself in its custom section `plugin-sdk`, and whether its imports agree.

use std::fmt;

use serde::Deserialize;

use crate::failure::Import;
use crate::services::{Permission, Services};
use crate::text;

/// The custom section's name.
pub(crate) const SECTION: &str = "plugin-sdk";

/// The largest section that is read, in bytes.
const MAX_SECTION: usize = 1 << 20;

/// The most permissions that are read, and how much of a name and of a reason, in bytes.
const MAX_PERMISSIONS: usize = 256;
const MAX_NAME: usize = 128;
const MAX_REASON: usize = 4096;

/// The permission of events, which a plugin also needs to be given some.
const EVENTS: &str = "events";

/// Something about a module that a plugin's author will want to put right, and that keeps nothing from working.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// What the module says of itself cannot be read, and is ignored.
    Manifest {
        /// What is wrong.
        reason: String,
    },
    /// The plugin declares a permission, and uses nothing that needs it.
    UnusedPermission {
        /// The permission.
        permission: String,
    },
    /// The plugin uses what needs a permission, and does not declare it.
    UndeclaredPermission {
        /// The permission.
        permission: String,
        /// The imports that need it.
        imports: Vec<String>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Manifest { reason } => {
                write!(f, "the module's section `{SECTION}` is ignored: {reason}")
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
        }
    }
}

/// What a module says of itself, as far as the harness needs it.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    permissions: Vec<Permission>,
    warnings: Vec<Warning>,
}

impl Manifest {
    /// Reads the sections of the name, of which there should be one or none, and holds them against the imports.
    pub(crate) fn of<'a>(
        sections: &[&[u8]],
        imports: impl Iterator<Item = &'a Import>,
        hears_events: bool,
    ) -> Self {
        let mut manifest = Manifest::default();
        match read(sections) {
            Ok(permissions) => manifest.permissions = permissions,
            Err(reason) => manifest.warnings.push(Warning::Manifest { reason }),
        }
        manifest.compare(imports, hears_events);
        manifest
    }

    pub(crate) fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Permissions of functions that are no service's are their hosts' affair.
    fn compare<'a>(&mut self, imports: impl Iterator<Item = &'a Import>, hears_events: bool) {
        let imports: Vec<&Import> = imports.collect();
        if imports.is_empty() && self.permissions.is_empty() {
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
        for declared in &self.permissions {
            let name = declared.name();
            let is_used =
                used.iter().any(|(used, _)| *used == name) || hears_events && name == EVENTS;
            if of_services.contains(&name) && !is_used {
                self.warnings.push(Warning::UnusedPermission {
                    permission: name.to_owned(),
                });
            }
        }
        for (permission, imports) in used {
            if !self
                .permissions
                .iter()
                .any(|declared| declared.name() == permission)
            {
                self.warnings.push(Warning::UndeclaredPermission {
                    permission: permission.to_owned(),
                    imports,
                });
            }
        }
    }
}

fn read(sections: &[&[u8]]) -> Result<Vec<Permission>, String> {
    #[derive(Deserialize)]
    struct Document {
        abi: u32,
        #[serde(default)]
        permissions: Vec<Declared>,
    }

    #[derive(Deserialize)]
    struct Declared {
        name: String,
        reason: String,
    }

    let section = match sections {
        [] => return Ok(Vec::new()),
        [section] => *section,
        several => return Err(format!("there are {} of them", several.len())),
    };
    if section.len() > MAX_SECTION {
        return Err(format!(
            "it has {} bytes, and {MAX_SECTION} are read",
            section.len()
        ));
    }
    let document: Document = serde_json::from_slice(section).map_err(|error| {
        let reason = error.to_string();
        match reason.starts_with("trailing characters") {
            true => format!("{reason}; is another plugin linked into this one as a library?"),
            false => text::from_str(&reason),
        }
    })?;
    if document.abi != plugin_sdk::abi::VERSION {
        return Err(format!("it is for version {} of the ABI", document.abi));
    }
    if document.permissions.len() > MAX_PERMISSIONS {
        return Err(format!(
            "it declares {} permissions, and {MAX_PERMISSIONS} are read",
            document.permissions.len()
        ));
    }
    let mut permissions: Vec<Permission> = Vec::new();
    for Declared { name, reason } in document.permissions {
        if name.is_empty() || name.len() > MAX_NAME || reason.len() > MAX_REASON {
            return Err(format!(
                "the permission `{}` has no name, or one that is too long, or too long a reason",
                text::name(&name)
            ));
        }
        if permissions.iter().any(|known| known.name() == name) {
            return Err(format!(
                "it declares the permission `{}` twice",
                text::name(&name)
            ));
        }
        permissions.push(Permission::new(name, Some(reason)));
    }
    Ok(permissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(sections: &[&str], imports: &[&str], hears_events: bool) -> Manifest {
        let sections: Vec<&[u8]> = sections.iter().map(|text| text.as_bytes()).collect();
        let imports: Vec<Import> = imports
            .iter()
            .map(|name| Import {
                module: "plugin_host".to_owned(),
                name: (*name).to_owned(),
            })
            .collect();
        Manifest::of(&sections, imports.iter(), hears_events)
    }

    fn warnings(sections: &[&str], imports: &[&str]) -> Vec<String> {
        let manifest = manifest(sections, imports, false);
        manifest.warnings.iter().map(Warning::to_string).collect()
    }

    const KV: &str = r#"{"abi":1,"permissions":[{"name":"kv","reason":"remembers"}]}"#;

    #[test]
    fn permissions_are_read_with_their_reasons() {
        let manifest = manifest(&[KV], &["kv_get", "log_write"], false);
        assert_eq!(manifest.warnings, []);
        let [kv] = manifest.permissions() else {
            panic!("{manifest:?}")
        };
        assert_eq!((kv.name(), kv.reason()), ("kv", Some("remembers")));
        assert_eq!(kv.to_string(), "kv: remembers");
    }

    #[test]
    fn what_is_declared_and_what_is_used_should_be_the_same() {
        let [unused] = &warnings(&[KV], &["log_write"])[..] else {
            panic!()
        };
        assert!(
            unused.contains("`kv` is declared, and nothing uses it"),
            "{unused}"
        );
        let [undeclared] = &warnings(&[], &["kv_get", "kv_set", "random_fill"])[..] else {
            panic!()
        };
        assert!(
            undeclared.contains("used, by kv_get, kv_set, and not"),
            "{undeclared}"
        );
        assert_eq!(warnings(&[KV], &["kv_get", "http_send"]).len(), 1);
        assert_eq!(warnings(&[], &["config_get"]), [""; 0]);
    }

    #[test]
    fn hearing_events_is_a_use_and_other_hosts_permissions_are_their_affair() {
        let events =
            r#"{"abi":1,"permissions":[{"name":"events","reason":""},{"name":"x.y","reason":""}]}"#;
        assert_eq!(manifest(&[events], &[], true).warnings, []);
        assert_eq!(manifest(&[events], &[], false).warnings.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_a_warning_and_nothing_else() {
        let twice = KV.repeat(2);
        let many = format!(
            r#"{{"abi":1,"permissions":[{}]}}"#,
            vec![r#"{"name":"a","reason":""}"#; 300].join(",")
        );
        let same = r#"{"abi":1,"permissions":[{"name":"a","reason":""},{"name":"a","reason":""}]}"#;
        let nested = format!(r#"{{"abi":1,"later":{}"#, "[".repeat(100_000));
        for (section, expected) in [
            ("", "EOF"),
            ("{", "EOF"),
            (&*twice, "linked into this one as a library"),
            (&*nested, "EOF"),
            (r#"{"abi":2}"#, "version 2"),
            (r#"{"abi":1,"permissions":[{"name":""}]}"#, "missing field"),
            (
                r#"{"abi":1,"permissions":[{"name":"","reason":""}]}"#,
                "has no name",
            ),
            (&*many, "300 permissions"),
            (same, "`a` twice"),
            (&*" ".repeat(MAX_SECTION + 1), "are read"),
        ] {
            let [warning] = &warnings(&[section], &[])[..] else {
                panic!("{section}")
            };
            assert!(warning.contains(expected), "{warning}");
        }
        assert!(warnings(&[KV, KV], &[])[0].contains("there are 2"));
        assert_eq!(
            manifest(&[r#"{"abi":1,"later":true}"#], &[], false).warnings,
            []
        );
    }
}
