//! Sidecars that an author has written by hand, next to a module that does not describe itself.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::{Format, KINDS};
use crate::text;

/// The description of a plugin in a sidecar.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct WrittenSidecar {
    /// The sidecar's file.
    pub file: String,
    pub id: String,
    pub name: String,
    pub version: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub plugin_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The permissions that the plugin asks for.
    pub permissions: Vec<String>,
    /// The names of the commands, if the sidecar has them.
    pub commands: Vec<String>,
    /// The schema of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_schema: Option<Value>,
}

impl WrittenSidecar {
    /// Finds the sidecar of a module: `<file>.json`, `plugin.json` or `skill.toml`.
    ///
    /// # Errors
    /// If there is one that cannot be read. The reason is in words for a report.
    pub fn find(module: &Path) -> Result<Option<Self>, String> {
        let mut places = KINDS.iter().map(|kind| (kind.next_to(module), kind.format));
        match places.find(|(path, _)| path.is_file()) {
            Some((path, format)) => Self::read(&path, format).map(Some),
            None => Ok(None),
        }
    }

    fn read(path: &Path, format: Format) -> Result<Self, String> {
        let file = text::path(path);
        let contents = super::read(path).map_err(|reason| format!("`{file}` {reason}"))?;
        let failed = |reason: String| format!("`{file}` cannot be read: {reason}");
        let document = format.parse(&contents);
        let document = document.map_err(|error| failed(text::line(&error, 500)))?;
        if !document.is_object() {
            return Err(failed("it is no object".to_owned()));
        }
        // The members of CIS's file are in tables, and the name is the id.
        let about = document.get("skill").unwrap_or(&document);
        let member = |name: &str| about.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = member("id").or_else(|| member("name")).unwrap_or_default();
        Ok(WrittenSidecar {
            file,
            name: member("name").unwrap_or_else(|| id.clone()),
            id,
            version: member("version").unwrap_or_default(),
            plugin_type: member("plugin_type").or_else(|| member("type")),
            description: member("description"),
            author: member("author"),
            permissions: permissions(document.get("permissions")),
            commands: names(document.pointer("/exports/commands"), "name"),
            config_schema: document.get("config_schema").cloned(),
        })
    }

    /// Returns what a host that reads the file requires, and it lacks.
    pub fn faults(&self) -> Vec<String> {
        let required = [
            ("id", &self.id),
            ("name", &self.name),
            ("version", &self.version),
        ];
        let missing = required.iter().filter(|(_, value)| value.is_empty());
        let mut faults: Vec<String> = missing
            .map(|(name, _)| format!("`{}` has no `{name}`", self.file))
            .collect();
        if let Err(reason) = semver::Version::parse(&self.version)
            && !self.version.is_empty()
        {
            let version = text::line(&self.version, 60);
            faults.push(format!(
                "the version `{version}` in `{}` is invalid: {reason}",
                self.file
            ));
        }
        faults
    }
}

/// Returns the names of permissions: texts, objects with an `id`, or members that are true.
fn permissions(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Object(members)) => {
            let given = members
                .iter()
                .filter(|(_, value)| **value == Value::Bool(true));
            given.map(|(name, _)| name.clone()).collect()
        }
        value => names(value, "id"),
    }
}

/// Returns the texts of an array, and the texts of a member of its objects.
fn names(value: Option<&Value>, member: &str) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    let name = |item: &Value| {
        let text = item.as_str().or_else(|| item.get(member)?.as_str());
        text.map(str::to_owned)
    };
    items.filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    fn found(name: &str, contents: &str) -> Result<Option<WrittenSidecar>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), contents).unwrap();
        let mut found = WrittenSidecar::find(&folder.path().join("plugin-a.wasm"))?;
        if let Some(found) = &mut found {
            found.file = String::new();
        }
        Ok(found)
    }

    #[test]
    fn sidecars_of_three_hosts_are_read() {
        let neotalk = r#"{"id": "weather", "name": "Weather", "version": "1.0.0", "plugin_type": "tool",
            "permissions": ["network"], "config_schema": {"type": "object"}}"#;
        let musicfox = r#"{"id": "weather", "name": "Weather", "version": "1.0.0", "type": "tool",
            "permissions": [{"id": "network", "required": true}], "config_schema": {"type": "object"}}"#;
        for (name, contents) in [("plugin-a.json", neotalk), ("plugin.json", musicfox)] {
            let found = found(name, contents).unwrap().unwrap();
            let expected = WrittenSidecar {
                id: "weather".to_owned(),
                name: "Weather".to_owned(),
                version: "1.0.0".to_owned(),
                plugin_type: Some("tool".to_owned()),
                permissions: vec!["network".to_owned()],
                config_schema: Some(json!({"type": "object"})),
                ..WrittenSidecar::default()
            };
            assert_eq!(found, expected, "{name}");
            assert_eq!(found.faults(), [""; 0]);
        }
        let skill = "[skill]\nname = \"weather\"\nversion = \"1.0\"\nauthor = \"Ada\"\n\
            [permissions]\nnetwork = true\nfilesystem = false\n\
            [[exports.commands]]\nname = \"forecast\"\n";
        let found = found("skill.toml", skill).unwrap().unwrap();
        assert_eq!((&*found.id, &*found.name), ("weather", "weather"));
        assert_eq!(found.permissions, ["network"]);
        assert_eq!(found.commands, ["forecast"]);
        assert_eq!(found.faults().len(), 1, "{:?}", found.faults());
    }

    #[test]
    fn a_file_that_is_no_sidecar_is_an_error() {
        assert_eq!(found("other.json", "{").unwrap(), None);
        for (name, contents) in [
            ("plugin.json", "{"),
            ("plugin.json", "[]"),
            ("skill.toml", "="),
        ] {
            assert!(found(name, contents).unwrap_err().contains(name));
        }
        let empty = found("plugin.json", "{}").unwrap().unwrap();
        assert_eq!(empty.faults().len(), 3);
    }
}
