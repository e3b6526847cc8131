//! `cargo plugin info`

use std::io::{self, Write};
use std::path::PathBuf;

use plugin_sdk_harness::hosts;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::plugin_file::{Foreign, PluginFile};
use crate::quantities;
use crate::schema::{Member, Schemas};
use crate::terminal::{HEADING, Report, Terminal, Verdict};
use crate::text;

/// Tells what a plugin says of itself, without running it
#[derive(clap::Args)]
pub struct Info {
    /// The plugin: a `.wasm` file
    file: PathBuf,
    /// Prints the JSON Schema of a command's arguments, and nothing else
    #[arg(long, value_name = "COMMAND")]
    schema: Option<String>,
    /// With `--schema`: that of the command's result
    #[arg(long, requires = "schema")]
    result: bool,
}

impl Info {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let file = PluginFile::read(&self.file)?;
        let inspection = file.inspection()?;
        if self.schema.is_none()
            && let Some(Foreign { commands, .. }) = file.foreign(&inspection)
        {
            let module = Module::of(&file, &inspection);
            terminal.show(&ForeignReport { commands, module })?;
            return Ok(Verdict::Yes);
        }
        let manifest = file.manifest(&inspection)?;
        match &self.schema {
            Some(command) => terminal.show(&schema(&manifest, command, self.result)?)?,
            None => {
                let module = Module::of(&file, &inspection);
                terminal.show(&Information { manifest, module })?;
            }
        }
        Ok(Verdict::Yes)
    }
}

fn schema(manifest: &Manifest, name: &str, result: bool) -> Result<Document> {
    let Some(command) = manifest.command(name) else {
        return Err(unknown(manifest, name));
    };
    let schema = if result {
        &command.result
    } else {
        &command.arguments
    };
    match schema {
        Some(schema) => Ok(Document(manifest.standalone(schema))),
        None => Err(Error::new(format!(
            "the command `{}` takes and gives plain bytes, which have no schema",
            text::line(name, 60)
        ))),
    }
}

fn unknown(manifest: &Manifest, name: &str) -> Error {
    let error = Error::new(format!(
        "the plugin has no command `{}`",
        text::line(name, 60)
    ));
    let names: Vec<&str> = manifest
        .commands
        .iter()
        .map(|command| command.name.as_str())
        .collect();
    let nearest = names
        .iter()
        .min_by_key(|known| strsim::damerau_levenshtein(known, name));
    let is_near =
        |known: &&&str| strsim::damerau_levenshtein(known, name) * 3 <= known.len().max(3);
    match (nearest.filter(is_near), names.is_empty()) {
        (Some(nearest), _) => error.help(format!("did you mean `{}`?", text::line(nearest, 60))),
        (None, true) => error.help("it has no commands at all"),
        (None, false) => error.help(format!("it has {}", text::line(&names.join(", "), 500))),
    }
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
        let memory = inspection.memory();
        let imports = inspection.imports().iter().map(|imported| Import {
            module: imported.import.module.clone(),
            name: imported.import.name.clone(),
            ty: imported.ty.clone(),
        });
        let hooks = inspection.exports().map(|export| export.name);
        let sections = inspection.sections().iter().map(|section| Section {
            name: section.name.to_owned(),
            bytes: section.bytes,
        });
        Module {
            file: text::path(&file.path),
            bytes: inspection.size(),
            host: hosts::made_for(inspection).map(|host| host.name),
            memory_pages: memory.map(|memory| memory.initial),
            max_memory_pages: memory.and_then(|memory| memory.maximum),
            imports: imports.collect(),
            hooks: hooks
                .filter(|name| {
                    ["plugin_start", "plugin_stop", "plugin_event"].contains(&name.as_str())
                })
                .collect(),
            sections: sections.collect(),
        }
    }
}

impl Module {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        line(out, "Module", &self.file)?;
        if let Some(host) = self.host.and_then(hosts::find) {
            line(out, "Made for", &format!("{}: {}", host.name, host.summary))?;
        }
        line(out, "Size", &quantities::bytes(self.bytes as u64))?;
        if let Some(pages) = self.memory_pages {
            line(
                out,
                "Memory Size",
                &format!("{} KB", pages.saturating_mul(64)),
            )?;
        }
        Ok(())
    }
}

/// A plugin that was not made with this SDK, and does not describe itself.
#[derive(Serialize)]
struct ForeignReport {
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
        if !self.commands.is_empty() {
            writeln!(out, "\n{HEADING}Commands:{HEADING:#}")?;
            for command in &self.commands {
                writeln!(out, "  {}", text::line(command, 200))?;
            }
        }
        Ok(())
    }
}

struct Information {
    manifest: Manifest,
    module: Module,
}

/// Serializes the manifest's own document with the additional member `module`.
impl Serialize for Information {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Both<'a> {
            #[serde(flatten)]
            manifest: &'a Manifest,
            module: &'a Module,
        }
        let both = Both {
            manifest: &self.manifest,
            module: &self.module,
        };
        both.serialize(serializer)
    }
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
            writeln!(out, "\n{HEADING}Config Schema:{HEADING:#}")?;
            let schema = manifest.standalone(config);
            for line in text::lines(&format!("{schema:#}")) {
                writeln!(out, "{line}")?;
            }
        }
        if !manifest.commands.is_empty() {
            writeln!(out, "\n{HEADING}Commands:{HEADING:#}")?;
            for (nth, info) in manifest.commands.iter().enumerate() {
                if nth > 0 {
                    writeln!(out)?;
                }
                command(out, manifest, info)?;
            }
        }
        types(out, manifest)?;
        events(out, manifest)?;
        writeln!(out)?;
        module.text(out)
    }
}

fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(
        out,
        "{:<16} {}",
        format!("{name}:"),
        text::line(value, 1000)
    )
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
    if !manifest.authors.is_empty() {
        line(out, "Author", &manifest.authors.join(", "))?;
    }
    for (name, value) in [
        ("Homepage", &manifest.homepage),
        ("Repository", &manifest.repository),
        ("License", &manifest.license),
    ] {
        if let Some(value) = value {
            line(out, name, value)?;
        }
    }
    if !manifest.sdk.is_empty() {
        line(out, "SDK", &manifest.sdk)?;
    }
    Ok(())
}

fn requirements(out: &mut dyn Write, manifest: &Manifest) -> io::Result<()> {
    if !manifest.requires.is_empty() {
        writeln!(out, "\n{HEADING}Requirements:{HEADING:#}")?;
        for (host, version) in &manifest.requires {
            let name = format!("{}:", text::line(host, 60));
            writeln!(out, "  {name:<15} {}", text::line(version, 100))?;
        }
    }
    writeln!(out, "\n{HEADING}Permissions:{HEADING:#}")?;
    if manifest.permissions.is_empty() {
        writeln!(out, "  none")?;
    }
    for permission in &manifest.permissions {
        let name = format!("{}:", text::line(permission.name(), 60));
        let optional = if permission.is_optional() {
            " (optional)"
        } else {
            ""
        };
        writeln!(
            out,
            "  {name:<15} {}{optional}",
            text::line(permission.reason().unwrap_or("no reason given"), 300)
        )?;
    }
    let limits = [
        (
            "Memory:",
            manifest
                .limits
                .memory_pages
                .map(|pages| quantities::pages(pages.into())),
        ),
        (
            "Fuel:",
            manifest
                .limits
                .max_fuel
                .map(|fuel| format!("{fuel} a call")),
        ),
        (
            "Time:",
            manifest
                .limits
                .timeout_ms
                .map(|time| format!("{time} ms a call")),
        ),
    ];
    if limits.iter().any(|(_, limit)| limit.is_some()) {
        writeln!(out, "\n{HEADING}Limits asked for:{HEADING:#}")?;
        for (name, limit) in limits {
            if let Some(limit) = limit {
                writeln!(out, "  {name:<15} {limit}")?;
            }
        }
    }
    Ok(())
}

fn command(out: &mut dyn Write, manifest: &Manifest, info: &CommandInfo) -> io::Result<()> {
    let schemas = Schemas::new(&manifest.defs);
    let arguments = info.arguments.as_ref().map(|schema| schema.as_value());
    let members = arguments.map_or(Vec::new(), |schema| schemas.members(schema));
    writeln!(out, "  {}", signature(info, &members, schemas))?;
    for line in text::lines(&info.description) {
        writeln!(out, "      {line}")?;
    }
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
        let separator = match error.description.is_empty() {
            true => "",
            false => ": ",
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
        let default = member.schema.get("default");
        let default = default.map(|value| format!(" = {}", text::json(value)));
        let optional = match (member.required, &default) {
            (false, None) => "?",
            _ => "",
        };
        format!(
            "{}{optional}: {}{}",
            text::line(member.name, 60),
            schemas.named(member.schema),
            default.unwrap_or_default()
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
    if manifest.defs.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEADING}Types:{HEADING:#}")?;
    let schemas = Schemas::new(&manifest.defs);
    for (name, schema) in &manifest.defs {
        let ty = schemas.named(schema);
        writeln!(out, "  {} = {ty}", text::line(name, 60))?;
        for line in text::lines(
            schema
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        ) {
            writeln!(out, "      {line}")?;
        }
    }
    Ok(())
}

fn events(out: &mut dyn Write, manifest: &Manifest) -> io::Result<()> {
    if !manifest.handles.is_empty() {
        writeln!(out, "\n{HEADING}Events handled:{HEADING:#}")?;
    }
    for handled in &manifest.handles {
        let data = handled.data.as_ref();
        let data = data.map(|data| Schemas::new(&manifest.defs).named(data.as_value()));
        event(out, &handled.topic, data, &handled.description)?;
    }
    if !manifest.emits.is_empty() {
        writeln!(out, "\n{HEADING}Events emitted:{HEADING:#}")?;
    }
    for emitted in &manifest.emits {
        event(out, &emitted.topic, None, &emitted.description)?;
    }
    Ok(())
}

fn event(
    out: &mut dyn Write,
    topic: &str,
    data: Option<String>,
    description: &str,
) -> io::Result<()> {
    let data = data.map_or(String::new(), |data| format!(": {data}"));
    writeln!(out, "  {}{data}", text::line(topic, 100))?;
    for line in text::lines(description) {
        writeln!(out, "      {line}")?;
    }
    Ok(())
}
