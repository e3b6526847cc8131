//! The reference as Markdown.

use std::collections::BTreeMap;

use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Schema};
use pulldown_cmark::HeadingLevel;
use serde_json::Value;

use super::{anchors, prose};
use crate::quantities;
use crate::schema::{Kind, Member, Piece, Schemas, Shape};
use crate::text;

/// Returns the whole reference.
pub fn markdown(manifest: &Manifest) -> String {
    // The types are the last headings of their level. What they are called does not depend on the
    // links to them.
    let text = Page::of(manifest, BTreeMap::new()).text;
    let mut anchors = anchors::of_level(HeadingLevel::H3, &text);
    let types = anchors.split_off(anchors.len().saturating_sub(manifest.defs.len()));
    let names = manifest.defs.keys().cloned();
    Page::of(manifest, names.zip(types).collect()).text
}

struct Page<'a> {
    manifest: &'a Manifest,
    schemas: Schemas<'a>,
    /// The anchors of the named types.
    anchors: BTreeMap<String, String>,
    text: String,
}

impl<'a> Page<'a> {
    fn of(manifest: &'a Manifest, anchors: BTreeMap<String, String>) -> Self {
        let mut page = Page {
            manifest,
            schemas: Schemas::new(&manifest.defs),
            anchors,
            text: String::new(),
        };
        page.heading(1, &plain(&manifest.name));
        page.paragraph(&manifest.description, 2);
        page.facts();
        page.config();
        if !manifest.commands.is_empty() {
            page.heading(2, "Commands");
            for command in &manifest.commands {
                page.command(command);
            }
        }
        page.events();
        page.permissions();
        page.types();
        page
    }

    /// Appends a block, after an empty line.
    fn block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, level: usize, title: &str) {
        self.block(&format!("{} {title}", "#".repeat(level)));
    }

    /// Appends an author's text, which is below a heading of this level.
    fn paragraph(&mut self, markdown: &str, level: usize) {
        if !markdown.trim().is_empty() {
            self.block(&prose::block(markdown, level));
        }
    }

    /// Appends a table, unless it has no rows.
    fn table<const N: usize>(
        &mut self,
        columns: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        // A table ends a cell at any other bar, also within code.
        let rows = rows.into_iter().map(|row| {
            let cells = row.map(|cell| cell.replace('|', "\\|"));
            format!("| {} |\n", cells.join(" | "))
        });
        let rows: String = rows.collect();
        if !rows.is_empty() {
            let heading = format!("| {} |\n|{}", columns.join(" | "), "---|".repeat(N));
            self.block(&format!("{heading}\n{rows}"));
        }
    }

    fn facts(&mut self) {
        let manifest = self.manifest;
        let mut facts = vec![
            ("id", code(&manifest.id)),
            ("version", plain(&manifest.version)),
        ];
        let authors = manifest.authors.join(", ");
        for (name, value) in [
            ("type", manifest.plugin_type.as_ref()),
            ("authors", Some(&authors)),
            ("licence", manifest.license.as_ref()),
        ] {
            let value = value.filter(|value| !value.is_empty());
            facts.extend(value.map(|value| (name, plain(value))));
        }
        for (name, address) in [
            ("homepage", &manifest.homepage),
            ("repository", &manifest.repository),
        ] {
            facts.extend(address.as_ref().map(|address| (name, link(address))));
        }
        for (host, version) in &manifest.requires {
            facts.push(("needs", plain(&format!("{host} {version}"))));
        }
        let limits = quantities::limits(&manifest.limits);
        facts.extend(limits.map(|(name, value)| (name, plain(&value))));
        let row = |(name, value): (&str, String)| [name.to_lowercase(), value];
        self.table(["", ""], facts.into_iter().map(row));
    }

    fn config(&mut self) {
        if let Some(config) = &self.manifest.config {
            self.heading(2, "Configuration");
            self.shape(config.as_value(), "member");
        }
    }

    fn command(&mut self, command: &'a CommandInfo) {
        self.heading(3, &code(&command.name));
        self.paragraph(&command.description, 3);
        match command.codec {
            Codec::Raw => self.raw(command),
            _ => self.typed(command),
        }
        if command.batch {
            self.block("Accepts many inputs in one call.");
        }
        let errors = command.errors.iter();
        self.table(
            ["error", "meaning"],
            errors.map(|error| [code(&error.code), prose::line(&error.description)]),
        );
    }

    fn raw(&mut self, command: &CommandInfo) {
        let bytes = |element: &Option<String>| match element.as_deref() {
            None => "nothing".to_owned(),
            Some("text") => "text".to_owned(),
            Some("u8") => "bytes".to_owned(),
            Some(number) => format!("numbers of the type {}, little-endian", code(number)),
        };
        let (input, output) = (bytes(&command.input), bytes(&command.output));
        let in_place = match command.in_place {
            true => " Changes its input in place.",
            false => "",
        };
        self.block(&format!("Takes {input}; returns {output}.{in_place}"));
    }

    fn typed(&mut self, command: &'a CommandInfo) {
        if let Some(arguments) = &command.arguments {
            self.shape(arguments.as_value(), "argument");
        }
        if let Some(result) = command.result.as_ref().map(Schema::as_value)
            && !matches!(self.schemas.shape(result).kind, Kind::Null)
        {
            self.block(&format!("Result: {}.", self.type_of(result)));
        }
        if command.codec == Codec::Binary {
            self.block("Its values are encoded in the SDK's binary codec.");
        }
    }

    /// Appends a table of an object's members, or else the type in words.
    fn shape(&mut self, schema: &'a Value, what: &str) {
        let shape = self.schemas.shape(schema);
        match shape.kind {
            Kind::Object(_) => {
                self.table([what, "type", "", "meaning"], self.members(&shape));
            }
            _ => self.block(&format!("Takes: {}.", self.type_of(schema))),
        }
    }

    fn events(&mut self) {
        let Manifest { handles, emits, .. } = self.manifest;
        if !handles.is_empty() || !emits.is_empty() {
            self.heading(2, "Events");
        }
        let handled: Vec<_> = handles
            .iter()
            .map(|handled| {
                let data = match &handled.data {
                    Some(data) => self.type_of(data.as_value()),
                    None => String::new(),
                };
                [
                    code(&handled.topic),
                    data,
                    prose::line(&handled.description),
                ]
            })
            .collect();
        self.table(["handles", "data", "meaning"], handled);
        let emitted = emits.iter();
        let emitted =
            emitted.map(|emitted| [code(&emitted.topic), prose::line(&emitted.description)]);
        self.table(["emits", "meaning"], emitted);
    }

    fn permissions(&mut self) {
        let permissions = &self.manifest.permissions;
        if !permissions.is_empty() {
            self.heading(2, "Permissions");
        }
        let permissions = permissions.iter().map(|permission| {
            let reason = permission.reason().map_or(String::new(), prose::line);
            [code(permission.name()), reason]
        });
        self.table(["permission", "purpose"], permissions);
    }

    /// Appends a value's alternatives, one per line.
    fn alternatives(&mut self, schema: &'a Value) {
        let lines = match self.schemas.shape(schema).kind {
            Kind::Choice(choices) => choices
                .iter()
                .map(|choice| {
                    let value = code(&text::json(choice.value));
                    match choice.description.map(prose::line) {
                        Some(description) => format!("* {value}: {description}\n"),
                        None => format!("* {value}\n"),
                    }
                })
                .collect(),
            Kind::OneOf(alternatives) => alternatives
                .iter()
                .map(|alternative| format!("* {}\n", self.type_of(alternative)))
                .collect(),
            _ => self.type_of(schema),
        };
        self.block(&lines);
    }

    fn types(&mut self) {
        let types = &self.manifest.defs;
        if !types.is_empty() {
            self.heading(2, "Types");
        }
        for (name, schema) in types {
            let shape = self.schemas.shape(schema);
            self.heading(3, &plain(name));
            if let Some(description) = shape.description {
                self.paragraph(description, 3);
            }
            match self.members(&shape) {
                none if none.is_empty() => self.alternatives(schema),
                members => self.table(["member", "type", "", "meaning"], members),
            }
        }
    }

    /// Returns the rows of a table of an object's members; empty if the value is not an object.
    fn members(&self, shape: &Shape<'a>) -> Vec<[String; 4]> {
        let Kind::Object(object) = &shape.kind else {
            return Vec::new();
        };
        let row = |member: &Member<'a>| {
            let shape = self.schemas.shape(member.schema);
            let need = match shape.default {
                Some(default) => format!("default {}", code(&text::json(default))),
                None if member.required => "required".to_owned(),
                None => String::new(),
            };
            let meaning = shape.description.map_or(String::new(), prose::line);
            [
                code(member.name),
                self.type_of(member.schema),
                need,
                meaning,
            ]
        };
        object.members().iter().map(row).collect()
    }

    /// Returns a type for use in a sentence or a table; names become links.
    fn type_of(&self, schema: &'a Value) -> String {
        let pieces = self.schemas.pieces(schema).into_iter();
        let written = pieces.map(|piece| match piece {
            Piece::Text(text) => prose::plain(&text),
            Piece::Name(name) => match self.anchors.get(&name) {
                Some(anchor) => format!("[{}](#{anchor})", prose::plain(&name)),
                None => prose::plain(&name),
            },
        });
        let mut words = vec![written.collect::<String>()];
        let shape = self.schemas.shape(schema);
        if shape.name.is_none() {
            words.extend(shape.refinements().iter().map(|words| plain(words)));
        }
        words.join(", ")
    }
}

/// Returns text as code.
fn code(text: &str) -> String {
    let text = one_line(text);
    // The delimiter is longer than any run of backticks within.
    let mut runs = text.split(|c| c != '`').map(str::len);
    let longest = runs.by_ref().max().unwrap_or(0);
    match longest {
        0 => format!("`{text}`"),
        _ => {
            let delimiter = "`".repeat(longest + 1);
            format!("{delimiter} {text} {delimiter}")
        }
    }
}

/// Returns text that is not Markdown, in one line.
fn plain(text: &str) -> String {
    prose::plain(&one_line(text))
}

/// Returns the address of a web page as a link, and another one as text.
fn link(address: &str) -> String {
    let is_web = ["https://", "http://"]
        .iter()
        .any(|begin| address.starts_with(begin));
    let is_plain =
        !address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>|".contains(c));
    match is_web && is_plain {
        true => format!("<{address}>"),
        false => plain(address),
    }
}

fn one_line(text: &str) -> String {
    let words = text::shown(text);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_words_and_named_types_are_links() {
        let manifest = json!({"abi": 1, "id": "a", "name": "A", "version": "1.0.0",
            "$defs": {"A b": {"type": "string"}}});
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        let schemas = [
            json!({"type": "integer", "minimum": 0, "maximum": 255}),
            json!({"type": "string", "format": "uri"}),
            json!({"type": "array", "items": {"$ref": "#/$defs/A b"}}),
            json!({"enum": ["a|b", "*`<b>", 1]}),
        ];
        let anchors = BTreeMap::from([("A b".to_owned(), "a-b-1".to_owned())]);
        let page = Page::of(&manifest, anchors);
        let words = schemas.each_ref().map(|schema| page.type_of(schema));
        assert_eq!(
            words,
            [
                "u8",
                "string (uri)",
                "[[A b](#a-b-1)]",
                "\"a|b\" | \"\\*\\`\\<b>\" | 1"
            ]
        );
        assert_eq!(code("a`b|"), "`` a`b| ``");
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
