//! `cargo plugin call`

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use plugin_sdk_harness::capsule::Capsule;
use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Problem};
use plugin_sdk_harness::{Failure, Module, PluginBuilder};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::flags::{Bytes, Contents, Element, Flags, contents, document, usage_error};
use crate::host_options::{self, HostOptions, Loaded};
use crate::project::{Features, Project, RELEASE};
use crate::quantities;
use crate::schema::{Kind, Schemas};
use crate::target_host::{self, Host};
use crate::terminal::{Form, HEADING, Terminal, Verdict};
use crate::text;

/// Calls a command of a plugin, with flags made from the command's own description
#[derive(clap::Args)]
#[command(
    disable_help_flag = true,
    override_usage = "cargo plugin call [OPTIONS] <FILE> [OPTIONS] <COMMAND> [ARGUMENTS]\n       cargo plugin call <FILE> --help\n       cargo plugin call <FILE> <COMMAND> --help",
    after_help = "Options come before COMMAND; everything after it is an argument of the command."
)]
pub struct Call {
    /// The plugin's `.wasm` file, or a project's folder, which the tool builds
    #[arg(value_name = "FILE", required_unless_present = "help")]
    file: Option<PathBuf>,
    /// The command, and its arguments
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    command: Vec<String>,
    /// The arguments as one JSON object, as `@FILE`, or as `-` for standard input
    #[arg(long, value_name = "JSON", value_parser = document, allow_hyphen_values = true)]
    args: Option<Value>,
    /// The bytes for a raw command, from a file or `-` for standard input
    #[arg(long, value_name = "FILE", value_parser = contents, conflicts_with = "args")]
    input: Option<Contents>,
    /// Writes the result into a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Prints a result that is a string without quotes
    #[arg(short, long)]
    raw_string: bool,
    /// Reports what the call cost, on standard error
    #[arg(long)]
    stats: bool,
    /// Shows each call between host and plugin, on standard error
    #[arg(long)]
    trace: bool,
    /// Writes everything that happens to the plugin into a file, which `cargo plugin replay` runs
    /// again
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// The host to emulate [default: the one that the plugin is built for]
    #[arg(long = "host", value_name = "HOST", value_parser = target_host::parser(), hide_possible_values = true)]
    emulated: Option<Host>,
    #[command(flatten)]
    host: HostOptions,
    /// Prints help; with FILE, the plugin's commands
    #[arg(short, long)]
    help: bool,
}

impl Call {
    pub fn run(mut self, terminal: &mut Terminal) -> Result<Verdict> {
        let Some(file) = self.file.take() else {
            // The reader may close the pipe early, which is not an error.
            let _ = own_command().map(|mut call| call.print_long_help());
            return Ok(Verdict::Yes);
        };
        let began = Instant::now();
        let plugin = match file.join("Cargo.toml").is_file() {
            true => self.build(&file, terminal)?,
            false => host_options::load(&file, self.emulated, self.host.module_limits(), terminal)?,
        };
        let loaded = began.elapsed();
        if let Some(record) = &self.record
            && let (Ok(record), Ok(module)) = (record.canonicalize(), file.canonicalize())
            && record == module
        {
            let error =
                Error::new("`--record` names the plugin's own file, which it would replace");
            return Err(error.help("name another file, such as `call.json`"));
        }
        let (module, host) = (&plugin.module, plugin.host);
        if self.help {
            self.command.insert(0, "--help".to_owned());
        }
        let mut line = CommandLine::new(module, host, &file.display().to_string(), &self.command);
        let (name, input) = match line.parse(&self) {
            Ok(call) => call,
            Err(error) => line.exit(&error),
        };
        let info = line.info;
        let mut builder = self.host.builder(&plugin, self.stats, terminal)?;
        if self.stats {
            builder = builder.statistics();
        }
        if self.trace {
            builder = builder.trace_to_stderr();
        }
        if let Some(file) = &self.record {
            builder = builder.record_in(file);
        }
        let Called {
            outcome,
            stats,
            capsule,
        } = call(builder, host, &name, &input, info, loaded);
        let stats = stats.filter(|_| self.stats);
        match outcome {
            Ok(bytes) => {
                self.show(Answer::new(bytes, info), stats, terminal)?;
                // The harness writes that of a failure. The result comes first: the call may have
                // had effects, and cannot be undone if this fails.
                if let (Some(file), Some(capsule)) = (&self.record, capsule) {
                    capsule.write(file).map_err(|error| {
                        Error::new(format!("cannot write `{}`", text::path(file))).because(error)
                    })?;
                }
                Ok(Verdict::Yes)
            }
            Err(failure) => {
                let failure = host_options::in_our_words(failure, module.manifest());
                match terminal.form() {
                    Form::Json => terminal.document(&Outcome {
                        error: Some(&failure),
                        stats,
                        ..Outcome::default()
                    })?,
                    Form::Text => {
                        anstream::eprintln!("{}", failure.colored());
                        report(stats);
                    }
                }
                Ok(Verdict::No)
            }
        }
    }

    /// Builds the plugin of a project for shipping, for the requested host.
    fn build(&self, folder: &Path, terminal: &Terminal) -> Result<Loaded> {
        let project = Project::at(folder)?;
        let features = project.features_for(self.emulated, &Features::default())?;
        terminal.status("Building", &project.title());
        let built = project.build(RELEASE, &features, terminal)?;
        let host = project.made_for(self.emulated, &built.wasm)?;
        let limits = self.host.module_limits();
        host_options::load_built(built.wasm, Some(host), limits, &project.name, terminal)
    }

    fn show(&self, answer: Answer, stats: Option<Stats>, terminal: &mut Terminal) -> Result<()> {
        let mut outcome = Outcome {
            stats,
            ..Outcome::default()
        };
        let is_json = terminal.form() == Form::Json;
        if let Some(path) = &self.output {
            let string = answer.string().filter(|_| self.raw_string);
            let bytes = string.map_or(answer.bytes, String::into_bytes);
            std::fs::write(path, &bytes).map_err(|error| {
                Error::new(format!("cannot write `{}`", path.display())).because(error)
            })?;
            let file = path.display().to_string();
            outcome.output = Some(json!({"file": file, "bytes": bytes.len()}));
        } else if is_json {
            outcome.result = Some(answer.into_value()?);
        } else {
            let is_terminal = std::io::stdout().is_terminal();
            terminal.write(&answer.printed(self.raw_string, is_terminal)?)?;
        }
        match is_json {
            true => terminal.document(&outcome)?,
            false => report(stats),
        }
        Ok(())
    }
}

/// Returns `call` itself, as part of the parser that reads the whole command line.
fn own_command() -> Option<clap::Command> {
    let mut cargo = crate::Cargo::command();
    cargo.build();
    let plugin = cargo.find_subcommand("plugin")?;
    plugin.find_subcommand("call").cloned()
}

/// The command line after FILE, which the plugin itself describes.
struct CommandLine<'a> {
    root: clap::Command,
    words: &'a [String],
    info: Option<&'a CommandInfo>,
    manifest: Option<&'a Manifest>,
    /// The flags for values and for bytes: both if the plugin does not describe the command.
    values: Option<Flags<'a>>,
    bytes: Option<Bytes>,
}

/// The greatest number of members that the help lists of a result.
const MAX_MEMBERS: usize = 100;

static NO_DEFINITIONS: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl<'a> CommandLine<'a> {
    fn new(module: &'a Module, host: Host, file: &str, words: &'a [String]) -> Self {
        let manifest = module.manifest();
        let describe = |name: &str| manifest.and_then(|manifest| manifest.command(name));
        let name = words.iter().find(|word| !word.starts_with('-'));
        let info = name.and_then(|name| describe(name));
        let definitions = manifest.map_or(&*NO_DEFINITIONS, |manifest| &manifest.defs);
        let schemas = Schemas::new(definitions);
        let (values, bytes) = flags(info, schemas);
        let program = format!("cargo plugin call {}", text::line(file, 300));
        let mut root = clap::Command::new("call")
            .bin_name(program.clone())
            .no_binary_name(true)
            .disable_help_subcommand(true)
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand_value_name("COMMAND")
            .subcommand_help_heading("Commands")
            .override_usage(format!("{program} <COMMAND> [ARGUMENTS]"));
        if let Some(manifest) = manifest {
            root = root.about(about(manifest));
        }
        // Most hosts pass the name of a command to the plugin. A module that does not describe
        // itself has no list of them, so any name may be one.
        let is_open = host.feature.is_some() && module.commands().next().is_none();
        let any = name.map(String::as_str).filter(|_| is_open);
        for known in module.commands().chain(any).filter(|name| typeable(name)) {
            let info = describe(known);
            let description = info.map_or("", |info| info.description.as_str());
            let mut command =
                clap::Command::new(known.to_owned()).about(text::first_line(description));
            if name.is_some_and(|name| name == known) {
                if let Some(values) = &values {
                    command = values.add_to(command);
                }
                if let Some(bytes) = &bytes {
                    command = bytes.add_to(command);
                }
                let usage = match (&values, &bytes) {
                    (Some(values), _) => values.usage(),
                    (None, bytes) => bytes.map_or("", Bytes::usage).to_owned(),
                };
                command = command
                    .override_usage(format!("{program} {known}{usage}"))
                    .long_about(text::shown(description.trim()))
                    .after_help(after_help(info, schemas));
            }
            root = root.subcommand(command);
        }
        CommandLine {
            root,
            words,
            info,
            manifest,
            values,
            bytes,
        }
    }

    /// Returns the command and its input, validated against the plugin's description.
    fn parse(&mut self, call: &Call) -> Result<(String, Vec<u8>), clap::Error> {
        let matches = self
            .root
            .try_get_matches_from_mut(self.words.iter().map(String::as_str))
            .map_err(|error| self.explain(error))?;
        let Some((name, matches)) = matches.subcommand() else {
            return Err(clap::Error::new(ErrorKind::MissingSubcommand).with_cmd(&self.root));
        };
        let mut unknown = clap::Command::new("call");
        let command = self.root.find_subcommand_mut(name).unwrap_or(&mut unknown);
        if let (Some(manifest), Some(config)) = (self.manifest, call.host.configuration()) {
            let checked = manifest.check_config(config);
            fits(checked, "the configuration does not fit", command)?;
        }
        let misplaced = match (&self.values, &self.bytes) {
            (Some(_), None) if call.input.is_some() => Some((
                "--input <FILE>",
                "the command takes values: '--args @FILE' reads them as JSON",
            )),
            (None, Some(_)) if call.args.is_some() => Some((
                "--args <JSON>",
                "the command takes plain bytes: '--input FILE' reads them",
            )),
            _ => None,
        };
        if let Some((flag, tip)) = misplaced {
            let flag = ContextValue::String(flag.to_owned());
            let error = usage_error(command, ErrorKind::UnknownArgument, flag);
            return Err(with_tip(error, tip.to_owned()));
        }
        if let Some(bytes) = self.bytes
            && let Some(input) = bytes.input(command, matches, call.input.as_ref())?
        {
            return Ok((name.to_owned(), input));
        }
        let values = self.values.as_ref();
        let arguments = values.map(|flags| flags.arguments(command, matches, call.args.clone()));
        let arguments = arguments.transpose()?.flatten();
        if let (Some(manifest), Some(arguments)) = (self.manifest, &arguments) {
            let checked = manifest.check(name, arguments);
            fits(checked, "the arguments do not fit", command)?;
        }
        // Input parsed from JSON also has a JSON form.
        let input = arguments.map_or(String::new(), |arguments| arguments.to_string());
        Ok((name.to_owned(), input.into_bytes()))
    }

    /// Adds a tip that clap cannot know to its error.
    fn explain(&self, mut error: clap::Error) -> clap::Error {
        let name = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(flag)) if error.kind() == ErrorKind::UnknownArgument => {
                flag.split('=').next().unwrap_or_default().to_owned()
            }
            _ => return error,
        };
        let is_own = |call: clap::Command| {
            let mut options = call.get_arguments().filter_map(clap::Arg::get_long);
            options.any(|long| name.strip_prefix("--") == Some(long))
        };
        let is_one_of_both = ["--args", "--input"].contains(&name.as_str());
        if is_one_of_both || !own_command().is_some_and(is_own) {
            return error;
        }
        error.remove(ContextKind::SuggestedArg);
        let tip = format!(
            "'{name}' is an option of 'cargo plugin call': put it before the command's name"
        );
        with_tip(error, tip)
    }

    /// Ends the process as clap does, with help or with an error.
    fn exit(&self, error: &clap::Error) -> ! {
        if error.kind() == ErrorKind::InvalidSubcommand {
            let _ = error.print();
            let mut list = String::new();
            for command in self.root.get_subcommands() {
                list.push_str(&format!("\n  {}", command.get_name()));
            }
            match list.is_empty() {
                true => anstream::eprintln!("\nThe plugin has no commands."),
                false => anstream::eprintln!("\n{HEADING}Commands:{HEADING:#}{list}"),
            }
            std::process::exit(error.exit_code());
        }
        error.exit()
    }
}

/// Returns the flags for a command's values, for its bytes, or for both if the plugin does not
/// describe the command.
fn flags<'a>(
    info: Option<&'a CommandInfo>,
    schemas: Schemas<'a>,
) -> (Option<Flags<'a>>, Option<Bytes>) {
    let schema = info.and_then(|info| info.arguments.as_ref());
    let values = Flags::new(schemas, schema.map(|schema| schema.as_value()));
    let mut bytes = Bytes {
        input: None,
        required: info.is_some(),
    };
    match info.map(|info| (info.codec, info.input.as_deref())) {
        None => (Some(values), Some(bytes)),
        Some((Codec::Raw, input)) => {
            bytes.input = input.and_then(Element::named);
            bytes.required = input.is_some();
            (None, Some(bytes))
        }
        // The order of its values is their only identification, and a schema cannot express it.
        Some((Codec::Binary, _)) => (None, Some(bytes)),
        Some(_) => (Some(values), None),
    }
}

fn fits(
    checked: Result<(), Vec<Problem>>,
    otherwise: &str,
    command: &clap::Command,
) -> Result<(), clap::Error> {
    let problems = checked.err().unwrap_or_default();
    // If the schema itself is invalid, the plugin judges the input.
    let problems = problems
        .iter()
        .filter(|problem| problem.code != "bad_schema");
    let problems: String = problems
        .map(|problem| format!("  {}\n", text::shown(&problem.message)))
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let message = format!("{otherwise}:\n{problems}\nFor more information, try '--help'.\n");
    Err(clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command))
}

fn with_tip(mut error: clap::Error, tip: String) -> clap::Error {
    let tips = ContextValue::StyledStrs(vec![tip.into()]);
    error.insert(ContextKind::Suggested, tips);
    error
}

/// Returns true if a command's name can be typed in a command line and shown safely.
fn typeable(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && name.len() <= 200 && text::shown(name) == name
}

/// Returns `Greeter 0.1.0: Greets people, and counts them.`
fn about(manifest: &Manifest) -> String {
    let name = text::line(&manifest.name, 80);
    let version = text::line(&manifest.version, 40);
    let title = format!("{name} {version}").trim().to_owned();
    let mut parts = vec![title, text::first_line(&manifest.description)];
    parts.retain(|part| !part.is_empty());
    parts.join(": ")
}

/// Describes a command's result, and the errors that it may return.
fn after_help(info: Option<&CommandInfo>, schemas: Schemas<'_>) -> String {
    let Some(info) = info else {
        return "The plugin does not describe this command.".to_owned();
    };
    let mut help = String::new();
    let bytes =
        |name: &str| Element::named(name).map_or_else(|| text::line(name, 40), Element::words);
    if info.codec == Codec::Raw {
        if let Some(takes) = &info.input {
            help.push_str(&format!("{HEADING}Takes:{HEADING:#} {}\n", bytes(takes)));
        }
        let gives = match (&info.output, info.in_place, &info.input) {
            (Some(gives), _, _) => bytes(gives),
            (None, true, Some(_)) => "what it takes, changed".to_owned(),
            (None, _, _) => "nothing".to_owned(),
        };
        help.push_str(&format!("{HEADING}Result:{HEADING:#} {gives}\n"));
    }
    if info.codec == Codec::Binary {
        help.push_str(
            "Its arguments cross in the SDK's binary codec, whose bytes `--input` reads.\n",
        );
    }
    if let Some(result) = info.result.as_ref().map(|result| result.as_value()) {
        let members = match schemas.shape(result).kind {
            Kind::List(list) => schemas.members(list.items),
            _ => schemas.members(result),
        };
        let ty = match members.is_empty() {
            true => schemas.expanded(result),
            false => schemas.named(result),
        };
        help.push_str(&format!("{HEADING}Result:{HEADING:#} {ty}\n"));
        let rows = members.iter().take(MAX_MEMBERS).map(|member| {
            let description = schemas.shape(member.schema).description;
            [
                text::line(member.name, 60),
                schemas.expanded(member.schema),
                description.map(text::first_line).unwrap_or_default(),
            ]
        });
        help.push_str(&columns(&rows.collect::<Vec<_>>()));
    }
    if !info.errors.is_empty() {
        help.push_str(&format!("\n{HEADING}Errors:{HEADING:#}\n"));
        let rows = info.errors.iter().map(|error| {
            let description = text::first_line(&error.description);
            [text::line(&error.code, 60), description]
        });
        help.push_str(&columns(&rows.collect::<Vec<_>>()));
    }
    help.trim_end().to_owned()
}

/// Formats rows in columns; the last column may have any width.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width).min(40);
        }
    }
    let mut lines = String::new();
    for row in rows {
        let cells = row.iter().zip(widths);
        let line: String = cells
            .map(|(cell, width)| format!("  {cell:width$}"))
            .collect();
        lines.push_str(&format!("{}\n", line.trim_end()));
    }
    lines
}

/// The outcome of a call. There is more to know if the instance has started.
struct Called {
    outcome: Result<Vec<u8>, Failure>,
    stats: Option<Stats>,
    /// Set if the call is recorded.
    capsule: Option<Capsule>,
}

/// Calls a command of a new instance.
fn call(
    builder: PluginBuilder,
    host: Host,
    name: &str,
    input: &[u8],
    info: Option<&CommandInfo>,
    load: Duration,
) -> Called {
    let began = Instant::now();
    let started = target_host::build(builder, host).and_then(|mut plugin| {
        target_host::start(&mut plugin)?;
        Ok(plugin)
    });
    let mut plugin = match started {
        Ok(plugin) => plugin,
        Err(failure) => {
            return Called {
                outcome: Err(failure),
                stats: None,
                capsule: None,
            };
        }
    };
    let prepared = Instant::now();
    let is_changed = info.is_some_and(CommandInfo::answers_in_place);
    let mut answer = plugin.call_raw(name, input).map(<[u8]>::to_vec);
    let call = prepared.elapsed();
    if is_changed && answer.is_ok() {
        answer = Ok(plugin.arguments().to_vec());
    }
    // End the plugin's life as any host would.
    let answer = answer.and_then(|answer| target_host::end(&mut plugin).map(|()| answer));
    let calls = plugin.statistics().command(name);
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    let stats = Stats {
        load_ms: milliseconds(load),
        prepare_ms: milliseconds(prepared - began),
        call_ms: milliseconds(call),
        fuel: calls.and_then(|calls| calls.fuel),
        memory_pages: calls.map_or(0, |calls| calls.peak_pages),
        host_calls: calls.map_or(0, |calls| calls.host_calls),
        result_bytes: calls.map_or(0, |calls| calls.bytes_out),
    };
    let capsule = plugin.capsule();
    Called {
        outcome: answer,
        stats: Some(stats),
        capsule,
    }
}

/// The cost of a call.
#[derive(Clone, Copy, Serialize)]
struct Stats {
    /// The time to read the file and check the module.
    load_ms: f64,
    /// The time to compile the module or find it in the cache, to create an instance, and to run
    /// its hooks.
    prepare_ms: f64,
    call_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    memory_pages: u64,
    host_calls: u64,
    result_bytes: u64,
}

/// Reports the cost to people on standard error.
fn report(stats: Option<Stats>) {
    let Some(stats) = stats else {
        return;
    };
    let milliseconds = |time: f64| quantities::time(Duration::from_secs_f64(time / 1000.0));
    let mut rows = vec![
        ("load", milliseconds(stats.load_ms)),
        ("prepare", milliseconds(stats.prepare_ms)),
        ("call", milliseconds(stats.call_ms)),
    ];
    rows.extend(stats.fuel.map(|fuel| ("fuel", fuel.to_string())));
    rows.push(("memory", format!("{} pages of 64 KiB", stats.memory_pages)));
    rows.push(("host calls", stats.host_calls.to_string()));
    rows.push(("result", format!("{} bytes", stats.result_bytes)));
    for (name, amount) in rows {
        anstream::eprintln!("{HEADING:#}{name:>12}  {amount}");
    }
}

/// The answer of a command.
struct Answer {
    bytes: Vec<u8>,
    is_json: bool,
    /// The elements of an answer that is not JSON, if known.
    element: Option<Element>,
}

impl Answer {
    fn new(bytes: Vec<u8>, info: Option<&CommandInfo>) -> Self {
        let is_json = match info.map(|info| info.codec) {
            Some(codec) => codec == Codec::Json,
            None => serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok(),
        };
        let named = info.and_then(|info| {
            let changed = info.input.as_ref().filter(|_| info.in_place);
            info.output.as_ref().or(changed)
        });
        Answer {
            bytes,
            is_json,
            element: named.and_then(|name| Element::named(name)),
        }
    }

    /// Returns the string that the answer is in JSON, if it is one.
    fn string(&self) -> Option<String> {
        let text = self.is_json.then_some(&self.bytes)?;
        serde_json::from_slice(text).ok()
    }

    /// Returns the numbers of an answer that is not JSON.
    fn numbers(&self) -> Option<Value> {
        let element = self.element.filter(|_| !self.is_json)?;
        element.decode(&self.bytes).map(Value::Array)
    }

    /// Returns the bytes to print: readable for people, and unchanged for programs.
    fn printed(self, raw_string: bool, is_terminal: bool) -> Result<Vec<u8>> {
        let string = self.string().filter(|_| raw_string);
        let is_number = self.element != Some(Element::U8);
        let mut printed = match (string, is_terminal) {
            (Some(string), true) => text::shown(&string).into_bytes(),
            (Some(string), false) => string.into_bytes(),
            (None, false) if self.is_json => self.bytes,
            (None, false) => return Ok(self.bytes),
            (None, true) if self.is_json => {
                // Everything is escaped that a terminal would interpret.
                let value = self.into_value()?;
                text::safe_json(&format!("{value:#}")).into_bytes()
            }
            (None, true) => match self.numbers().filter(|_| is_number) {
                Some(numbers) => numbers.to_string().into_bytes(),
                None => {
                    let text = String::from_utf8(self.bytes).map_err(|error| {
                        let count = error.as_bytes().len();
                        Error::new(format!("the result is {count} bytes that are not text")).help(
                            "`--output FILE` before the command writes them to a file; or use a pipe",
                        )
                    })?;
                    text::shown(&text).into_bytes()
                }
            },
        };
        if !printed.is_empty() && !printed.ends_with(b"\n") {
            printed.push(b'\n');
        }
        Ok(printed)
    }

    fn into_value(self) -> Result<Value> {
        if self.is_json {
            return match self.bytes.as_slice() {
                // Empty output means no value.
                [] => Ok(Value::Null),
                text => serde_json::from_slice(text)
                    .map_err(|error| Error::new("the plugin's result is not JSON").because(error)),
            };
        }
        if let Some(numbers) = self.numbers() {
            return Ok(numbers);
        }
        Ok(String::from_utf8(self.bytes)
            .map_or_else(|error| json!(error.as_bytes()), Value::String))
    }
}

/// The outcome in JSON: a result, a file, or an error.
#[derive(Default, Serialize)]
struct Outcome<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Stats>,
}
