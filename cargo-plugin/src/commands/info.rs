//! `cargo plugin info`

use std::io::{self, Write};
use std::path::PathBuf;

use plugin_sdk_harness::hosts;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest};
use serde::Serialize;
use serde_json::Value;

use crate::component;
use crate::error::{Error, Result};
use crate::plugin_file::{Foreign, PluginFile};
use crate::quantities;
use crate::schema::{Member, Schemas};
use crate::sidecar::WrittenSidecar;
use crate::target_host::BuildTarget;
use crate::terminal::{HEADING, Report, Terminal, Verdict};
use crate::text;

/// Shows a plugin's description of itself, without running it
#[derive(clap::Args)]
pub struct Info {
    /// The plugin: a `.wasm` file
    file: PathBuf,
    /// Prints only the JSON Schema of a command's arguments
    #[arg(long, value_name = "COMMAND")]
    schema: Option<String>,
    /// With `--schema`: prints the schema of the command's result instead
    #[arg(long, requires = "schema")]
    result: bool,
}

impl Info {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let file = PluginFile::read(&self.file)?;
        if let Some(parts) = component::Parts::of(&file.wasm) {
            return self.component(&file, &parts, terminal);
        }
        let inspection = file.inspection()?;
        if self.schema.is_none()
            && let Some(Foreign { commands, .. }) = file.foreign(&inspection)
        {
            let module = Module::of(&file, &inspection);
            let sidecar = WrittenSidecar::find(&file.path).map_err(Error::new)?;
            return terminal.show(&ForeignReport {
                sidecar,
                commands,
                module,
            });
        }
        let manifest = file.manifest(&inspection)?;
        match &self.schema {
            Some(command) => terminal.show(&schema(&manifest, command, self.result)?),
            None => {
                let module = Module::of(&file, &inspection);
                terminal.show(&Information { manifest, module })
            }
        }
    }
}

impl Info {
    fn component(
        &self,
        file: &PluginFile,
        parts: &component::Parts<'_>,
        terminal: &mut Terminal,
    ) -> Result<Verdict> {
        let error = || {
            Error::new(format!(
                "`{}` does not describe itself",
                text::path(&file.path)
            ))
        };
        let manifest = match parts.manifest() {
            Ok(Some(manifest)) => manifest,
            Ok(None) => {
                return Err(error()
                    .because("it is a component without a section `plugin-sdk`")
                    .help("`cargo plugin build --host component` makes one that has it"));
            }
            Err(reason) => {
                return Err(error().because(format!(
                    "the component's section `plugin-sdk` cannot be read: {reason}"
                )));
            }
        };
        if let Some(command) = &self.schema {
            return terminal.show(&schema(&manifest, command, self.result)?);
        }
        let inspection =
            Inspection::of(parts.core).map_err(|failure| error().because(failure.message()))?;
        let module = Module {
            bytes: file.wasm.len(),
            host: Some(parts.kind().name()),
            ..Module::of(file, &inspection)
        };
        terminal.show(&Information { manifest, module })
    }
}

fn schema(manifest: &Manifest, name: &str, result: bool) -> Result<Document> {
    let command = manifest
        .command(name)
        .ok_or_else(|| unknown(manifest, name))?;
    let schema = match result {
        true => &command.result,
        false => &command.arguments,
    };
    match schema {
        Some(schema) => Ok(Document(manifest.standalone(schema))),
        None => Err(Error::new(format!(
            "the command `{}` takes and returns plain bytes, which have no schema",
            text::line(name, 60)
        ))),
    }
}

fn unknown(manifest: &Manifest, name: &str) -> Error {
    let commands = manifest.commands.iter();
    let commands: Vec<&str> = commands.map(|command| command.name.as_str()).collect();
    Error::no_command(name, &commands)
}

/// A JSON document that is the whole answer.
#[derive(Serialize)]
#[serde(transparent)]
struct Document(Value);

impl Report for Document {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", text::safe_json(&format!("{:#}", self.0)))
    }
}

/// Facts about the file, in addition to its manifest.
#[derive(Serialize)]
struct Module {
    file: String,
    bytes: usize,
    /// The host that the module is made for, if known.
    host: Option<&'static str>,
    /// `true` if the plugin has been made already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    snapshot: bool,
    memory_pages: Option<u64>,
    max_memory_pages: Option<u64>,
    imports: Vec<Import>,
    hooks: Vec<String>,
    sections: Vec<Section>,
}

#[derive(Serialize)]
struct Import {
    module: String,
    name: String,
    #[serde(rename = "type")]
    ty: String,
}

#[derive(Serialize)]
struct Section {
    name: String,
    bytes: usize,
}

impl Module {
    fn of(file: &PluginFile, inspection: &Inspection<'_>) -> Self {
        const HOOKS: [&str; 3] = ["plugin_start", "plugin_stop", "plugin_event"];
        let memory = inspection.memory();
        let imports = inspection.imports().iter().map(|imported| Import {
            module: imported.import.module.clone(),
            name: imported.import.name.clone(),
            ty: imported.ty.clone(),
        });
        let exports = inspection.exports().map(|export| export.name);
        let sections = inspection.sections().iter().map(|section| Section {
            name: section.name.to_owned(),
            bytes: section.bytes,
        });
        Module {
            file: text::path(&file.path),
            bytes: inspection.size(),
            host: hosts::made_for(inspection).map(|host| host.name),
            snapshot: inspection.is_snapshot(),
            memory_pages: memory.map(|memory| memory.initial),
            max_memory_pages: memory.and_then(|memory| memory.maximum),
            imports: imports.collect(),
            hooks: exports
                .filter(|name| HOOKS.contains(&name.as_str()))
                .collect(),
            sections: sections.collect(),
        }
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        line(out, "Module", &self.file)?;
        if let Some(host) = self.host.and_then(BuildTarget::find) {
            line(
                out,
                "Made for",
                &format!("{}: {}", host.name(), host.summary()),
            )?;
        }
        if self.snapshot {
            line(out, "Snapshot", "instances start with the plugin made")?;
        }
        line(out, "Size", &quantities::bytes(self.bytes as u64))?;
        if let Some(pages) = self.memory_pages {
            let kilobytes = pages.saturating_mul(64);
            line(out, "Memory Size", &format!("{kilobytes} KB"))?;
        }
        Ok(())
    }
}

/// A plugin that was not made with this SDK, and does not describe itself.
#[derive(Serialize)]
struct ForeignReport {
    /// The author's own description, in a file next to the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    sidecar: Option<WrittenSidecar>,
    /// The names of the exports that its host calls.
    commands: Vec<String>,
    module: Module,
}

impl Report for ForeignReport {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        self.module.text(out)?;
        writeln!(
            out,
            "\nIt was not made with plugin-sdk, and does not describe itself."
        )?;
        if let Some(sidecar) = &self.sidecar {
            heading(out, &format!("Described by {}", sidecar.file), false)?;
            let permissions = sidecar.permissions.join(", ");
            let facts = [
                ("ID", Some(&sidecar.id)),
                ("Name", Some(&sidecar.name)),
                ("Version", Some(&sidecar.version)),
                ("Type", sidecar.plugin_type.as_ref()),
                ("Description", sidecar.description.as_ref()),
                ("Author", sidecar.author.as_ref()),
                ("Permissions", Some(&permissions)),
            ];
            for (name, fact) in facts {
                if let Some(fact) = fact.filter(|fact| !fact.is_empty()) {
                    line(out, name, &text::line(fact, 500))?;
                }
            }
        }
        heading(out, "Commands", self.commands.is_empty())?;
        for command in &self.commands {
            writeln!(out, "  {}", text::line(command, 200))?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Information {
    #[serde(flatten)]
    manifest: Manifest,
    module: Module,
}

impl Report for Information {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Information { manifest, module } = self;
        writeln!(
            out,
            "{HEADING}Plugin Information{HEADING:#}\n==================\n"
        )?;
        identity(out, manifest)?;
        requirements(out, manifest)?;
        if let Some(config) = &manifest.config {
            heading(out, "Config Schema", false)?;
            let schema = manifest.standalone(config);
            for line in text::lines(&format!("{schema:#}")) {
                writeln!(out, "{line}")?;
            }
        }
        heading(out, "Commands", manifest.commands.is_empty())?;
        for (nth, info) in manifest.commands.iter().enumerate() {
            if nth > 0 {
                writeln!(out)?;
            }
            command(out, manifest, info)?;
        }
        types(out, manifest)?;
        events(out, manifest)?;
        writeln!(out)?;
        module.text(out)
    }
}

/// Writes a heading, unless the list below it is empty.
fn heading(out: &mut dyn Write, heading: &str, is_empty: bool) -> io::Result<()> {
    match is_empty {
        true => Ok(()),
        false => writeln!(out, "\n{HEADING}{heading}:{HEADING:#}"),
    }
}

fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    let name = format!("{name}:");
    writeln!(out, "{name:<16} {}", text::line(value, 1000))
}

/// Writes one line of a list under a heading.
fn item(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    let name = format!("{}:", text::line(name, 60));
    writeln!(out, "  {name:<15} {}", text::line(value, 300))
}

fn indented(out: &mut dyn Write, description: &str) -> io::Result<()> {
    text::lines(description).try_for_each(|line| writeln!(out, "      {line}"))
}

fn identity(out: &mut dyn Write, manifest: &Manifest) -> io::Result<()> {
    line(out, "ID", &manifest.id)?;
    line(out, "Name", &manifest.name)?;
    line(out, "Version", &manifest.version)?;
    if let Some(plugin_type) = &manifest.plugin_type {
        line(out, "Type", plugin_type)?;
    }
    for (nth, description) in text::lines(&manifest.description).enumerate() {
        match nth {
            0 => line(out, "Description", &description)?,
            _ if description.is_empty() => writeln!(out)?,
            _ => writeln!(out, "{:<16} {description}", "")?,
        }
    }
    let authors = manifest.authors.join(", ");
    for (name, value) in [
        ("Author", Some(&authors)),
        ("Homepage", manifest.homepage.as_ref()),
        ("Repository", manifest.repository.as_ref()),
        ("License", manifest.license.as_ref()),
        ("SDK", Some(&manifest.sdk)),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            line(out, name, value)?;
        }
    }
    Ok(())
}

fn requirements(out: &mut dyn Write, manifest: &Manifest) -> io::Result<()> {
    heading(out, "Requirements", manifest.requires.is_empty())?;
    for (host, version) in &manifest.requires {
        item(out, host, version)?;
    }
    heading(out, "Permissions", false)?;
    if manifest.permissions.is_empty() {
        writeln!(out, "  none")?;
    }
    for permission in &manifest.permissions {
        let reason = text::line(permission.reason().unwrap_or("no reason given"), 280);
        item(
            out,
            permission.name(),
            &match permission.is_optional() {
                true => format!("{reason} (optional)"),
                false => reason,
            },
        )?;
    }
    let limits: Vec<_> = quantities::limits(&manifest.limits).collect();
    heading(out, "Limits asked for", limits.is_empty())?;
    for (name, limit) in limits {
        item(out, name, &limit)?;
    }
    Ok(())
}

fn command(out: &mut dyn Write, manifest: &Manifest, info: &CommandInfo) -> io::Result<()> {
    let schemas = Schemas::new(&manifest.defs);
    let arguments = info.arguments.as_ref().map(|schema| schema.as_value());
    let members = arguments.map_or(Vec::new(), |schema| schemas.members(schema));
    writeln!(out, "  {}", signature(info, &members, schemas))?;
    indented(out, &info.description)?;
    for member in &members {
        if let Some(description) = member.schema.get("description").and_then(Value::as_str) {
            let name = text::line(member.name, 60);
            writeln!(out, "      - {name}: {}", joined(description))?;
        }
    }
    if info.batch {
        writeln!(out, "      takes batches")?;
    }
    for error in &info.errors {
        let separator = if error.description.is_empty() {
            ""
        } else {
            ": "
        };
        let code = text::line(&error.code, 60);
        let description = joined(&error.description);
        writeln!(out, "      error {code}{separator}{description}")?;
    }
    Ok(())
}

/// Joins the lines of a text.
fn joined(text: &str) -> String {
    text::lines(text).collect::<Vec<_>>().join(" ")
}

/// Returns `greet(name: string, times: u8 = 1) -> Greeting`.
fn signature(command: &CommandInfo, members: &[Member<'_>], schemas: Schemas<'_>) -> String {
    let name = text::line(&command.name, 60);
    if command.codec == Codec::Raw {
        let raw = |ty: &Option<String>| ty.as_deref().map(|ty| text::line(ty, 20));
        let takes = match (raw(&command.input), command.in_place) {
            (Some(takes), true) => format!("{takes}…, in place"),
            (Some(takes), false) => format!("{takes}…"),
            (None, _) => String::new(),
        };
        let gives = raw(&command.output).map_or(String::new(), |gives| format!(" -> {gives}…"));
        return format!("{name}({takes}){gives} [raw]");
    }
    let member = |member: &Member<'_>| {
        let optional = if member.required { "" } else { "?" };
        let (optional, default) = match member.schema.get("default") {
            Some(value) => ("", format!(" = {}", text::json(value))),
            None => (optional, String::new()),
        };
        let name = text::line(member.name, 60);
        format!(
            "{name}{optional}: {}{default}",
            schemas.named(member.schema)
        )
    };
    let takes = match &command.arguments {
        // Arguments without named members: their type, or nothing if the object can have no
        // members.
        Some(schema) if members.is_empty() => match schemas.named(schema.as_value()) {
            none if none == "{}" => String::new(),
            whole => whole,
        },
        _ => members.iter().map(member).collect::<Vec<_>>().join(", "),
    };
    let result = command.result.as_ref();
    let gives = result.map(|schema| schemas.named(schema.as_value()));
    let gives = gives
        .filter(|gives| gives != "null")
        .map_or(String::new(), |gives| format!(" -> {gives}"));
    let codec = match command.codec {
        Codec::Binary => " [binary]",
        _ => "",
    };
    format!("{name}({takes}){gives}{codec}")
}

fn types(out: &mut dyn Write, manifest: &Manifest) -> io::Result<()> {
    heading(out, "Types", manifest.defs.is_empty())?;
    let schemas = Schemas::new(&manifest.defs);
    for (name, schema) in &manifest.defs {
        let ty = schemas.named(schema);
        writeln!(out, "  {} = {ty}", text::line(name, 60))?;
        if let Some(description) = schema.get("description").and_then(Value::as_str) {
            indented(out, description)?;
        }
    }
    Ok(())
}

fn events(out: &mut dyn Write, manifest: &Manifest) -> io::Result<()> {
    let schemas = Schemas::new(&manifest.defs);
    heading(out, "Events handled", manifest.handles.is_empty())?;
    for handled in &manifest.handles {
        write!(out, "  {}", text::line(&handled.topic, 100))?;
        if let Some(data) = &handled.data {
            write!(out, ": {}", schemas.named(data.as_value()))?;
        }
        writeln!(out)?;
        indented(out, &handled.description)?;
    }
    heading(out, "Events emitted", manifest.emits.is_empty())?;
    for emitted in &manifest.emits {
        writeln!(out, "  {}", text::line(&emitted.topic, 100))?;
        indented(out, &emitted.description)?;
    }
    Ok(())
}
