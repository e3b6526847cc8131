//! A reference page for people in Markdown, written from a plugin's manifest.

use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Schema};
use serde_json::Value;

use crate::quantities;
use crate::schema::{Kind, Member, Schemas, Shape};
use crate::text;

/// Returns the whole reference.
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
    /// Appends a block, after an empty line.
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
        if !markdown.trim().is_empty() {
            self.block(&text::shown(markdown));
        }
    }

    /// Appends a table, unless it has no rows.
    fn table<const N: usize>(
        &mut self,
        columns: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let rows = rows
            .into_iter()
            .map(|row| format!("| {} |\n", row.join(" | ")));
        let rows: String = rows.collect();
        if !rows.is_empty() {
            let heading = format!("| {} |\n|{}", columns.join(" | "), "---|".repeat(N));
            self.block(&format!("{heading}\n{rows}"));
        }
    }

    fn facts(&mut self, manifest: &Manifest) {
        let authors = manifest.authors.join(", ");
        let mut facts = vec![
            ("id", format!("`{}`", manifest.id)),
            ("version", manifest.version.clone()),
        ];
        for (name, value) in [
            ("type", manifest.plugin_type.as_ref()),
            ("authors", Some(&authors)),
            ("licence", manifest.license.as_ref()),
            ("homepage", manifest.homepage.as_ref()),
            ("repository", manifest.repository.as_ref()),
        ] {
            let value = value.filter(|value| !value.is_empty());
            facts.extend(value.map(|value| (name, value.clone())));
        }
        for (host, version) in &manifest.requires {
            facts.push(("needs", format!("{host} {version}")));
        }
        facts.extend(quantities::limits(&manifest.limits));
        let row = |(name, value): (&str, String)| [name.to_lowercase(), cell(&value)];
        self.table(["", ""], facts.into_iter().map(row));
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
            self.block("Accepts many inputs in one call.");
        }
        let errors = command.errors.iter();
        self.table(
            ["error", "meaning"],
            errors.map(|error| [code(&error.code), cell(&error.description)]),
        );
    }

    fn raw(&mut self, command: &CommandInfo) {
        let bytes = |element: &Option<String>| match element.as_deref() {
            None => "nothing".to_owned(),
            Some("text") => "text".to_owned(),
            Some("u8") => "bytes".to_owned(),
            Some(number) => format!("numbers of the type `{}`, little-endian", cell(number)),
        };
        let (input, output) = (bytes(&command.input), bytes(&command.output));
        let in_place = match command.in_place {
            true => " Changes its input in place.",
            false => "",
        };
        self.block(&format!("Takes {input}; returns {output}.{in_place}"));
    }

    fn typed(&mut self, command: &CommandInfo, manifest: &Manifest) {
        if let Some(arguments) = &command.arguments {
            self.shape(arguments.as_value(), manifest, "argument");
        }
        let schemas = Schemas::new(&manifest.defs);
        if let Some(result) = command.result.as_ref().map(Schema::as_value)
            && !matches!(schemas.shape(result).kind, Kind::Null)
        {
            self.block(&format!("Result: {}.", type_of(schemas, result)));
        }
        if command.codec == Codec::Binary {
            self.block("Its values are encoded in the SDK's binary codec.");
        }
    }

    /// Appends a table of an object's members, or else the type in words.
    fn shape(&mut self, schema: &Value, manifest: &Manifest, what: &str) {
        let schemas = Schemas::new(&manifest.defs);
        let shape = schemas.shape(schema);
        match shape.kind {
            Kind::Object(_) => {
                self.table([what, "type", "", "meaning"], members(schemas, &shape));
            }
            _ => self.block(&format!("Takes: {}.", type_of(schemas, schema))),
        }
    }

    fn events(&mut self, manifest: &Manifest) {
        let schemas = Schemas::new(&manifest.defs);
        if !manifest.handles.is_empty() || !manifest.emits.is_empty() {
            self.heading(2, "Events");
        }
        let handled = manifest.handles.iter().map(|handled| {
            let data = match &handled.data {
                Some(data) => type_of(schemas, data.as_value()),
                None => String::new(),
            };
            [code(&handled.topic), data, cell(&handled.description)]
        });
        self.table(["handles", "data", "meaning"], handled);
        let emitted = manifest.emits.iter();
        let emitted = emitted.map(|emitted| [code(&emitted.topic), cell(&emitted.description)]);
        self.table(["emits", "meaning"], emitted);
    }

    fn permissions(&mut self, manifest: &Manifest) {
        if !manifest.permissions.is_empty() {
            self.heading(2, "Permissions");
        }
        let permissions = manifest.permissions.iter().map(|permission| {
            let reason = permission.reason().map_or(String::new(), cell);
            [code(permission.name()), reason]
        });
        self.table(["permission", "purpose"], permissions);
    }

    /// Appends a value's alternatives, one per line.
    fn alternatives(&mut self, schemas: Schemas<'_>, schema: &Value) {
        let lines = match schemas.shape(schema).kind {
            Kind::Choice(choices) => choices
                .iter()
                .map(|choice| {
                    let value = code(&text::json(choice.value));
                    match choice.description.map(cell) {
                        Some(description) => format!("* {value}: {description}\n"),
                        None => format!("* {value}\n"),
                    }
                })
                .collect(),
            Kind::OneOf(alternatives) => alternatives
                .iter()
                .map(|alternative| format!("* {}\n", type_of(schemas, alternative)))
                .collect(),
            _ => type_of(schemas, schema),
        };
        self.block(&lines);
    }

    fn types(&mut self, manifest: &Manifest) {
        if !manifest.defs.is_empty() {
            self.heading(2, "Types");
        }
        let schemas = Schemas::new(&manifest.defs);
        for (name, schema) in &manifest.defs {
            let shape = schemas.shape(schema);
            self.heading(3, name);
            if let Some(description) = shape.description {
                self.paragraph(description);
            }
            match members(schemas, &shape) {
                none if none.is_empty() => self.alternatives(schemas, schema),
                members => self.table(["member", "type", "", "meaning"], members),
            }
        }
    }
}

/// Returns the rows of a table of an object's members; empty if the value is not an object.
fn members(schemas: Schemas<'_>, shape: &Shape<'_>) -> Vec<[String; 4]> {
    let Kind::Object(object) = &shape.kind else {
        return Vec::new();
    };
    let row = |member: &Member<'_>| {
        let shape = schemas.shape(member.schema);
        let need = match shape.default {
            Some(default) => format!("default {}", code(&text::json(default))),
            None if member.required => "required".to_owned(),
            None => String::new(),
        };
        let meaning = shape.description.map_or(String::new(), cell);
        [
            code(member.name),
            type_of(schemas, member.schema),
            need,
            meaning,
        ]
    };
    object.members.iter().map(row).collect()
}

/// Returns a type for use in a sentence or a table; names become links.
fn type_of(schemas: Schemas<'_>, schema: &Value) -> String {
    let link = |name: &str| format!("[{name}](#{})", anchor(name));
    let mut words = vec![schemas.named_by(schema, &link)];
    let shape = schemas.shape(schema);
    if shape.name.is_none() {
        words.extend(shape.refinements());
    }
    cell(&words.join(", "))
}

/// Formats text as code in a table.
fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

/// Returns the anchor that Markdown renderers make from a heading.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '))
        .map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

fn line(markdown: &str) -> String {
    let words = text::shown(markdown);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
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
    fn types_are_words_and_named_types_are_links() {
        let definitions = json!({"A b": {"type": "string"}});
        let schemas = Schemas::new(definitions.as_object().unwrap());
        for (schema, words) in [
            (
                json!({"type": "integer", "minimum": 0, "maximum": 255}),
                "u8",
            ),
            (json!({"type": "string", "format": "uri"}), "string (uri)"),
            (
                json!({"type": "array", "items": {"$ref": "#/$defs/A b"}}),
                "[[A b](#a-b)]",
            ),
            (json!({"enum": ["a|b", 1]}), "\"a\\|b\" \\| 1"),
        ] {
            assert_eq!(type_of(schemas, &schema), words, "{schema}");
        }
    }

    #[test]
    fn reference_of_a_plugin_matches_its_snapshot() {
        let manifest: Manifest = serde_json::from_value(json!({
            "abi": 1, "sdk": "0.1.0", "id": "greeter", "name": "Greeter", "version": "0.1.0", "type": "tool",
            "description": "Greets people, and counts them.", "license": "MIT OR Apache-2.0",
            "permissions": [{"name": "kv", "reason": "remembers who was greeted"}],
            "config": {"$ref": "#/$defs/Config"},
            "commands": [
                {"name": "filter", "codec": "raw", "description": "Filters samples.", "input": "f32", "output": "f32", "in_place": true},
                {"name": "greet", "description": "Greets someone by name.\n\nIn any language.", "batch": true,
                 "arguments": {"type": "object", "properties": {
                    "name": {"type": "string", "description": "Who\nis greeted"},
                    "times": {"type": "integer", "minimum": 0, "maximum": 255, "default": 1}}, "required": ["name"], "additionalProperties": false},
                 "result": {"$ref": "#/$defs/Greeting"},
                 "errors": [{"code": "name_empty", "description": "There is no name."}]},
                {"name": "reset", "arguments": {"type": "object", "properties": {}, "additionalProperties": false}, "result": {"type": "null"}},
            ],
            "handles": [{"topic": "user.*", "description": "Welcomes users.", "data": {"type": "string"}}],
            "emits": [{"topic": "guest.greeted", "description": "A person was greeted."}],
            "$defs": {
                "Config": {"type": "object", "properties": {"limit": {"type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX}}},
                "Greeting": {"description": "The answer to a greeting.", "type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
                "Mood": {"oneOf": [{"const": "good", "description": "All is well."}, {"const": "bad"}]},
            },
        }))
        .unwrap();
        insta::assert_snapshot!(markdown(&manifest));
    }
}
