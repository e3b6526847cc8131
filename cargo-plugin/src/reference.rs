//! A plugin's manifest as a reference for people, in Markdown.

use std::fmt::Write;

use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Schema};
use serde_json::{Map, Value};

/// From which number on a bound is that of a 64-bit type, and says nothing to people.
const HUGE: f64 = 9.0e18;

/// What begins a reference to another schema of the manifest.
const DEFS: &str = "#/$defs/";

/// The whole reference.
pub fn markdown(manifest: &Manifest) -> String {
    let mut page = Page::default();
    page.heading(1, &manifest.name);
    page.paragraph(&manifest.description);
    page.facts(manifest);
    page.config(manifest);
    if !manifest.commands.is_empty() {
        page.heading(2, "Commands");
        for command in &manifest.commands {
            page.command(command, manifest);
        }
    }
    page.events(manifest);
    page.permissions(manifest);
    page.types(manifest);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Adds a block, and an empty line before it.
    fn block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, level: usize, title: &str) {
        self.block(&format!("{} {}", "#".repeat(level), line(title)));
    }

    fn paragraph(&mut self, markdown: &str) {
        let text = text(markdown);
        if !text.trim().is_empty() {
            self.block(&text);
        }
    }

    fn table(&mut self, columns: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        let mut table = String::new();
        let _ = writeln!(table, "| {} |", columns.join(" | "));
        let _ = writeln!(table, "|{}", "---|".repeat(columns.len()));
        for row in rows {
            let _ = writeln!(table, "| {} |", row.join(" | "));
        }
        self.block(&table);
    }

    fn facts(&mut self, manifest: &Manifest) {
        let fact = |name: &str, value: &str| vec![name.to_owned(), cell(value)];
        let mut facts = vec![
            fact("id", &format!("`{}`", manifest.id)),
            fact("version", &manifest.version),
        ];
        let mut say = |name: &str, value: Option<String>| {
            facts.extend(
                value
                    .filter(|value| !value.is_empty())
                    .map(|value| fact(name, &value)),
            );
        };
        say("type", manifest.plugin_type.clone());
        say("authors", Some(manifest.authors.join(", ")));
        say("licence", manifest.license.clone());
        say("homepage", manifest.homepage.clone());
        say("repository", manifest.repository.clone());
        for (host, version) in &manifest.requires {
            say("needs", Some(format!("{host} {version}")));
        }
        let limits = &manifest.limits;
        say(
            "memory",
            limits
                .memory_pages
                .map(|pages| format!("{pages} pages of 64 KiB")),
        );
        say("fuel", limits.max_fuel.map(|fuel| format!("{fuel} a call")));
        say(
            "time",
            limits.timeout_ms.map(|time| format!("{time} ms a call")),
        );
        self.table(&["", ""], &facts);
    }

    fn config(&mut self, manifest: &Manifest) {
        if let Some(config) = &manifest.config {
            self.heading(2, "Configuration");
            self.shape(config.as_value(), manifest, "member");
        }
    }

    fn command(&mut self, command: &CommandInfo, manifest: &Manifest) {
        self.heading(3, &format!("`{}`", command.name));
        self.paragraph(&command.description);
        match command.codec {
            Codec::Raw => self.raw(command),
            _ => self.typed(command, manifest),
        }
        if command.batch {
            self.block("It takes many inputs in one call.");
        }
        let errors: Vec<Vec<String>> = command
            .errors
            .iter()
            .map(|error| vec![format!("`{}`", cell(&error.code)), cell(&error.description)])
            .collect();
        self.table(&["error", "meaning"], &errors);
    }

    fn raw(&mut self, command: &CommandInfo) {
        let bytes = |element: &Option<String>| match element.as_deref() {
            None => "nothing".to_owned(),
            Some("text") => "text".to_owned(),
            Some("u8") => "bytes".to_owned(),
            Some(number) => format!("numbers of the type `{}`, little-endian", cell(number)),
        };
        let mut says = format!(
            "Takes {}; gives {}.",
            bytes(&command.takes),
            bytes(&command.gives)
        );
        if command.in_place {
            says.push_str(" What it takes is changed in place.");
        }
        self.block(&says);
    }

    fn typed(&mut self, command: &CommandInfo, manifest: &Manifest) {
        if let Some(arguments) = &command.arguments {
            self.shape(arguments.as_value(), manifest, "argument");
        }
        if let Some(result) = command.result.as_ref().map(Schema::as_value)
            && result.get("type").and_then(Value::as_str) != Some("null")
        {
            self.block(&format!("Gives {}.", type_of(result)));
        }
        if command.codec == Codec::Binary {
            self.block("Values cross in the SDK's binary codec.");
        }
    }

    /// A table of an object's members, or the type in words.
    fn shape(&mut self, schema: &Value, manifest: &Manifest, what: &str) {
        let target = resolve(schema, manifest);
        let Some(properties) = target.get("properties").and_then(Value::as_object) else {
            return self.block(&format!("Takes {}.", type_of(schema)));
        };
        self.table(&[what, "type", "", "meaning"], &members(target, properties));
    }

    fn events(&mut self, manifest: &Manifest) {
        let handled: Vec<Vec<String>> = manifest
            .handles
            .iter()
            .map(|handled| {
                let data = handled.data.as_ref().map(|data| type_of(data.as_value()));
                vec![
                    format!("`{}`", cell(&handled.topic)),
                    data.unwrap_or_default(),
                    cell(&handled.description),
                ]
            })
            .collect();
        let emitted: Vec<Vec<String>> = manifest
            .emits
            .iter()
            .map(|emitted| {
                vec![
                    format!("`{}`", cell(&emitted.topic)),
                    cell(&emitted.description),
                ]
            })
            .collect();
        if !handled.is_empty() || !emitted.is_empty() {
            self.heading(2, "Events");
            self.table(&["handles", "data", "meaning"], &handled);
            self.table(&["emits", "meaning"], &emitted);
        }
    }

    fn permissions(&mut self, manifest: &Manifest) {
        if manifest.permissions.is_empty() {
            return;
        }
        self.heading(2, "Permissions");
        let permissions: Vec<Vec<String>> = manifest
            .permissions
            .iter()
            .map(|permission| {
                vec![
                    format!("`{}`", cell(permission.name())),
                    cell(permission.reason().unwrap_or_default()),
                ]
            })
            .collect();
        self.table(&["permission", "what for"], &permissions);
    }

    fn types(&mut self, manifest: &Manifest) {
        if manifest.defs.is_empty() {
            return;
        }
        self.heading(2, "Types");
        for (name, schema) in &manifest.defs {
            self.heading(3, name);
            self.paragraph(
                schema
                    .get("description")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            );
            match schema.get("properties").and_then(Value::as_object) {
                Some(properties) => {
                    self.table(
                        &["member", "type", "", "meaning"],
                        &members(schema, properties),
                    );
                }
                None => self.block(&format!("{}.", sentence(&type_of(schema)))),
            }
        }
    }
}

fn members(schema: &Value, properties: &Map<String, Value>) -> Vec<Vec<String>> {
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    properties
        .iter()
        .map(|(name, property)| {
            let need = match property.get("default") {
                Some(default) => format!("default {}", code(default)),
                None if required(name) => "required".to_owned(),
                None => String::new(),
            };
            let description = property.get("description").and_then(Value::as_str);
            vec![
                format!("`{}`", cell(name)),
                type_of(property),
                need,
                cell(description.unwrap_or_default()),
            ]
        })
        .collect()
}

/// What a reference refers to, one step far: there is a name for everything that refers to itself.
fn resolve<'a>(schema: &'a Value, manifest: &'a Manifest) -> &'a Value {
    let name = schema.get("$ref").and_then(Value::as_str);
    let name = name.and_then(|reference| reference.strip_prefix(DEFS));
    name.and_then(|name| manifest.defs.get(name))
        .unwrap_or(schema)
}

/// A type in a few words, as part of a sentence or of a table.
fn type_of(schema: &Value) -> String {
    let Some(members) = schema.as_object() else {
        return "anything".to_owned();
    };
    if let Some(name) = members.get("$ref").and_then(Value::as_str) {
        let name = name.strip_prefix(DEFS).unwrap_or(name);
        return format!("[{}](#{})", cell(name), anchor(name));
    }
    if let Some(value) = members.get("const") {
        return code(value);
    }
    if let Some(values) = members.get("enum").and_then(Value::as_array) {
        return values.iter().map(code).collect::<Vec<_>>().join(" or ");
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = members.get(choice).and_then(Value::as_array) {
            return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    match members.get("type") {
        Some(Value::String(name)) => of_kind(name, members),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .map(|name| of_kind(name, members))
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "anything".to_owned(),
    }
}

fn of_kind(kind: &str, members: &Map<String, Value>) -> String {
    match kind {
        "integer" | "number" => format!("{kind}{}", bounds(members, "minimum", "maximum")),
        "string" => {
            let mut words = format!("string{}", bounds(members, "minLength", "maxLength"));
            if let Some(format) = members.get("format").and_then(Value::as_str) {
                let _ = write!(words, " ({})", cell(format));
            }
            if let Some(pattern) = members.get("pattern") {
                let _ = write!(words, " like {}", code(pattern));
            }
            words
        }
        "array" => match (members.get("prefixItems"), members.get("items")) {
            (Some(Value::Array(items)), _) => {
                let items: Vec<String> = items.iter().map(type_of).collect();
                format!("array of {}", items.join(", then "))
            }
            (_, Some(items)) => format!("array of {}", type_of(items)),
            _ => "array".to_owned(),
        },
        "object" => match (
            members.get("properties"),
            members.get("additionalProperties"),
        ) {
            (Some(Value::Object(properties)), _) if !properties.is_empty() => {
                let names: Vec<String> = properties
                    .iter()
                    .map(|(name, property)| format!("`{}`: {}", cell(name), type_of(property)))
                    .collect();
                format!("object with {}", names.join(", "))
            }
            (_, Some(values @ Value::Object(_))) => {
                format!("object whose members are {}", type_of(values))
            }
            _ => "object".to_owned(),
        },
        other => other.to_owned(),
    }
}

/// Bounds that are an author's or a small type's, not those of every 64-bit number.
fn bounds(members: &Map<String, Value>, least: &str, most: &str) -> String {
    let bound = |name: &str| {
        let number = members.get(name)?;
        (number.as_f64()?.abs() < HUGE).then(|| number.to_string())
    };
    match (bound(least), bound(most)) {
        (Some(least), Some(most)) => format!(" {least} to {most}"),
        (Some(least), None) => format!(" from {least}"),
        (None, Some(most)) => format!(" up to {most}"),
        (None, None) => String::new(),
    }
}

/// JSON as code in a table.
fn code(value: &Value) -> String {
    format!("`{}`", cell(&value.to_string()))
}

/// As Markdown renderers make an anchor of a heading.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '))
        .map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Text without what a terminal would act on.
fn text(markdown: &str) -> String {
    markdown
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect()
}

fn line(markdown: &str) -> String {
    text(markdown)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn cell(markdown: &str) -> String {
    line(markdown).replace('|', "\\|")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_told_in_words() {
        for (schema, words) in [
            (json!(true), "anything"),
            (
                json!({"type": "integer", "minimum": 0, "maximum": 255}),
                "integer 0 to 255",
            ),
            (
                json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
                "integer from 0",
            ),
            (
                json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX}),
                "integer",
            ),
            (
                json!({"type": ["string", "null"], "maxLength": 9}),
                "string up to 9 or null",
            ),
            (json!({"type": "string", "format": "uri"}), "string (uri)"),
            (
                json!({"type": "array", "items": {"$ref": "#/$defs/A b"}}),
                "array of [A b](#a-b)",
            ),
            (json!({"enum": ["a|b", 1]}), "`\"a\\|b\"` or `1`"),
            (
                json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
                "object whose members are boolean",
            ),
            (
                json!({"type": "object", "additionalProperties": false}),
                "object",
            ),
            (
                json!({"oneOf": [{"const": "x"}, {"type": "null"}]}),
                "`\"x\"` or null",
            ),
        ] {
            assert_eq!(type_of(&schema), words, "{schema}");
        }
    }

    #[test]
    fn the_reference_of_a_plugin() {
        let manifest: Manifest = serde_json::from_value(json!({
            "abi": 1, "sdk": "0.1.0", "id": "greeter", "name": "Greeter", "version": "0.1.0", "type": "tool",
            "description": "Greets people, and counts them.", "license": "MIT OR Apache-2.0",
            "permissions": [{"name": "kv", "reason": "remembers who was greeted"}],
            "config": {"$ref": "#/$defs/Config"},
            "commands": [
                {"name": "filter", "codec": "raw", "description": "Filters samples.", "takes": "f32", "gives": "f32", "in_place": true},
                {"name": "greet", "description": "Greets someone by name.\n\nWhoever it is.", "batch": true,
                 "arguments": {"type": "object", "properties": {
                    "name": {"type": "string", "description": "Who\nis greeted"},
                    "times": {"type": "integer", "minimum": 0, "maximum": 255, "default": 1}}, "required": ["name"], "additionalProperties": false},
                 "result": {"$ref": "#/$defs/Greeting"},
                 "errors": [{"code": "name_empty", "description": "There is no name."}]},
                {"name": "reset", "arguments": {"type": "object", "properties": {}, "additionalProperties": false}, "result": {"type": "null"}},
            ],
            "handles": [{"topic": "user.*", "description": "Welcomes users.", "data": {"type": "string"}}],
            "emits": [{"topic": "guest.greeted", "description": "Somebody was greeted."}],
            "$defs": {
                "Config": {"type": "object", "properties": {"limit": {"type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX}}},
                "Greeting": {"description": "What a greeted person gets.", "type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
                "Mood": {"enum": ["good", "bad"]},
            },
        }))
        .unwrap();
        insta::assert_snapshot!(markdown(&manifest));
    }
}
