//! `cargo plugin call`

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory};
use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Problem};
use plugin_sdk_harness::{Failure, Module, Plugin};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::flags::{Bytes, Contents, Element, Flags, contents, document};
use crate::host_options::{self, HostOptions, Loaded};
use crate::project::{Features, Project, RELEASE};
use crate::quantities;
use crate::schema::Schemas;
use crate::target_host::{self, Host};
use crate::terminal::{Form, HEADING, Terminal, Verdict};
use crate::text;

/// Calls a command of a plugin, with flags made from the command's own description
#[derive(clap::Args)]
#[command(
    disable_help_flag = true,
    override_usage = "cargo plugin call [OPTIONS] <FILE> [OPTIONS] <COMMAND> [ARGUMENTS]\n       cargo plugin call <FILE> --help\n       cargo plugin call <FILE> <COMMAND> --help",
    after_help = "Options stand before COMMAND; what stands behind it are the command's own arguments."
)]
pub struct Call {
    /// The plugin's `.wasm` file, or the folder of a plugin's project, which is built
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
    /// Tells what the call has cost, on standard error
    #[arg(long)]
    stats: bool,
    /// Shows each call between host and plugin, on standard error
    #[arg(long)]
    trace: bool,
    /// The host that is played to the plugin [default: the one that it is made for]
    #[arg(long = "host", value_name = "HOST", value_parser = target_host::parser(), hide_possible_values = true)]
    played: Option<Host>,
    #[command(flatten)]
    host: HostOptions,
    /// Prints help: of this command, or with FILE what commands the plugin has
    #[arg(short, long)]
    help: bool,
}

impl Call {
    pub fn run(mut self, terminal: &mut Terminal) -> Result<Verdict> {
        let Some(file) = self.file.take() else {
            print_own_help();
            return Ok(Verdict::Yes);
        };
        let began = Instant::now();
        let plugin = match file.join("Cargo.toml").is_file() {
            true => self.build(&file, terminal)?,
            false => host_options::load(&file, self.played, terminal)?,
        };
        let loaded = began.elapsed();
        let (module, host) = (&plugin.module, plugin.host);
        if self.help {
            self.command.insert(0, "--help".to_owned());
        }
        let mut line = CommandLine::new(module, &file.display().to_string(), &self.command);
        let (name, input) = match line.parse(&self) {
            Ok(call) => call,
            Err(error) => line.exit(&error),
        };
        if let Err(error) = line.check(&name, &input, self.host.configuration()) {
            error.exit();
        }
        let info = line.info;
        let builder = self.host.builder(&plugin, self.stats, terminal)?;
        let builder = match self.stats {
            true => builder.statistics(),
            false => builder,
        };
        let builder = match self.trace {
            true => builder.trace_to_stderr(),
            false => builder,
        };
        let mut made = Timed {
            load: loaded,
            ..Timed::default()
        };
        let outcome = made.call(builder, host, &name, &input, info);
        let stats = self.stats.then(|| made.stats(&name)).flatten();
        match outcome {
            Ok(answer) => {
                let answer = Answer::new(answer, info);
                self.show(answer, stats, terminal)?;
                Ok(Verdict::Yes)
            }
            Err(failure) => {
                let failure = host_options::in_our_words(failure, module.manifest());
                match terminal.form() {
                    Form::Json => terminal.document(&Outcome::Failed {
                        error: &failure,
                        stats,
                    })?,
                    Form::Text => {
                        anstream::eprintln!("{}", failure.colored());
                        tell(stats);
                    }
                }
                Ok(Verdict::No)
            }
        }
    }

    /// Builds the plugin of a project for shipping, for the requested host.
    fn build(&self, folder: &Path, terminal: &Terminal) -> Result<Loaded> {
        let project = Project::at(folder)?;
        let features = project.features_for(self.played, &Features::default())?;
        terminal.status("Building", &project.title());
        let built = project.build(RELEASE, &features, terminal)?;
        let host = project.made_for(self.played, &built.wasm)?;
        host_options::load_built(built.wasm, Some(host), &project.name, terminal)
    }

    fn show(&self, answer: Answer, stats: Option<Stats>, terminal: &mut Terminal) -> Result<()> {
        if let Some(path) = &self.output {
            let bytes = match &answer {
                Answer::Json(text) if self.raw_string => {
                    string_in(text).map_or(text.clone(), String::into_bytes)
                }
                Answer::Json(text) => text.clone(),
                Answer::Bytes { bytes, .. } => bytes.clone(),
            };
            std::fs::write(path, &bytes).map_err(|error| {
                Error::new(format!("cannot write `{}`", path.display())).because(error)
            })?;
            if terminal.form() == Form::Json {
                let file = path.display().to_string();
                let bytes = bytes.len() as u64;
                return terminal.document(&Outcome::Written {
                    output: Output { file, bytes },
                    stats,
                });
            }
        } else if terminal.form() == Form::Json {
            let result = answer.into_value()?;
            return terminal.document(&Outcome::Result { result, stats });
        } else {
            let is_terminal = std::io::stdout().is_terminal();
            terminal.write(&answer.printed(self.raw_string, is_terminal)?)?;
        }
        tell(stats);
        Ok(())
    }
}

/// Prints the help of `call` itself, from the parser that read the whole command line.
fn print_own_help() {
    let mut cargo = crate::Cargo::command();
    cargo.build();
    let call = cargo
        .find_subcommand_mut("plugin")
        .and_then(|plugin| plugin.find_subcommand_mut("call"));
    if let Some(call) = call {
        // The reader may close the pipe early, which is not an error.
        let _ = call.print_long_help();
    }
}

/// Returns the names of the options that go before a command.
fn own_options() -> Vec<String> {
    let mut cargo = crate::Cargo::command();
    cargo.build();
    let call = cargo
        .find_subcommand("plugin")
        .and_then(|plugin| plugin.find_subcommand("call"));
    let options = call.into_iter().flat_map(clap::Command::get_arguments);
    options
        .filter_map(|option| option.get_long())
        .map(|long| format!("--{long}"))
        .collect()
}

/// The command line after FILE, which the plugin itself describes.
struct CommandLine<'a> {
    root: clap::Command,
    words: &'a [String],
    info: Option<&'a CommandInfo>,
    manifest: Option<&'a Manifest>,
    arguments: Arguments<'a>,
}

/// The form in which the command takes its arguments.
enum Arguments<'a> {
    Values(Flags<'a>),
    Bytes(Bytes),
    /// The plugin does not describe the command.
    Unknown(Flags<'a>, Bytes),
}

/// The input of a command.
enum Input {
    Value(Option<Value>),
    Bytes(Vec<u8>),
}

static NO_DEFINITIONS: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl<'a> CommandLine<'a> {
    fn new(module: &'a Module, file: &str, words: &'a [String]) -> Self {
        let manifest = module.manifest();
        let describe = |name: &str| manifest.and_then(|manifest| manifest.command(name));
        let name = words.iter().find(|word| !word.starts_with('-'));
        let info = name.and_then(|name| describe(name));
        let definitions = manifest.map_or(&*NO_DEFINITIONS, |manifest| &manifest.defs);
        let arguments = Arguments::of(info, Schemas::new(definitions));
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
        for known in module.commands().filter(|name| typeable(name)) {
            let info = describe(known);
            let description = info.map_or("", |info| info.description.as_str());
            let mut command =
                clap::Command::new(known.to_owned()).about(text::first_line(description));
            if name.is_some_and(|name| name == known) {
                command = arguments
                    .add_to(command)
                    .override_usage(format!("{program} {known}{}", arguments.usage()))
                    .long_about(text::shown(description.trim()))
                    .after_help(after_help(info, Schemas::new(definitions)));
            }
            root = root.subcommand(command);
        }
        CommandLine {
            root,
            words,
            info,
            manifest,
            arguments,
        }
    }

    /// Parses the command and its input.
    fn parse(&mut self, call: &Call) -> Result<(String, Input), clap::Error> {
        let matches = self
            .root
            .try_get_matches_from_mut(self.words.iter().map(String::as_str))
            .map_err(|error| self.explain(error))?;
        let Some((name, matches)) = matches.subcommand() else {
            return Err(clap::Error::new(ErrorKind::MissingSubcommand).with_cmd(&self.root));
        };
        let mut unknown = clap::Command::new("call");
        let command = self.root.find_subcommand_mut(name).unwrap_or(&mut unknown);
        let input = self.arguments.input(command, matches, call)?;
        Ok((name.to_owned(), input))
    }

    /// Validates the input against the command's description, beyond the checks of each flag.
    fn check(
        &mut self,
        name: &str,
        input: &Input,
        config: Option<&Value>,
    ) -> Result<(), clap::Error> {
        let Some(manifest) = self.manifest else {
            return Ok(());
        };
        if let Some(config) = config {
            let checked = manifest.check_config(config);
            fits(checked, "the configuration does not fit", &self.root)?;
        }
        let (Input::Value(Some(arguments)), Some(command)) =
            (input, self.root.find_subcommand(name))
        else {
            return Ok(());
        };
        fits(
            manifest.check(name, arguments),
            "the arguments do not fit",
            command,
        )
    }

    /// Adds hints that clap cannot know to its errors.
    fn explain(&self, mut error: clap::Error) -> clap::Error {
        if error.kind() != ErrorKind::UnknownArgument {
            return error;
        }
        let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
            return error;
        };
        let name = argument.split('=').next().unwrap_or_default().to_owned();
        let is_one_of_both = ["--args", "--input"].contains(&name.as_str());
        if !is_one_of_both && own_options().contains(&name) {
            let tip = format!(
                "'{name}' is an option of 'cargo plugin call': put it before the command's name"
            );
            error.remove(ContextKind::SuggestedArg);
            error.insert(
                ContextKind::Suggested,
                ContextValue::StyledStrs(vec![tip.into()]),
            );
        }
        error
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

impl<'a> Arguments<'a> {
    fn of(info: Option<&'a CommandInfo>, schemas: Schemas<'a>) -> Self {
        let Some(info) = info else {
            let bytes = Bytes {
                input: None,
                required: false,
            };
            return Arguments::Unknown(Flags::new(schemas, None), bytes);
        };
        match info.codec {
            Codec::Raw => Arguments::Bytes(Bytes {
                input: info.input.as_deref().and_then(Element::named),
                required: info.input.is_some(),
            }),
            // The order of its values is their only identification, and a schema cannot express it.
            Codec::Binary => Arguments::Bytes(Bytes {
                input: None,
                required: true,
            }),
            _ => {
                let schema = info.arguments.as_ref().map(|schema| schema.as_value());
                Arguments::Values(Flags::new(schemas, schema))
            }
        }
    }

    fn add_to(&self, command: clap::Command) -> clap::Command {
        match self {
            Arguments::Values(flags) => flags.add_to(command),
            Arguments::Bytes(bytes) => bytes.add_to(command),
            Arguments::Unknown(flags, bytes) => bytes.add_to(flags.add_to(command)),
        }
    }

    fn usage(&self) -> String {
        match self {
            Arguments::Values(flags) | Arguments::Unknown(flags, _) => flags.usage(),
            Arguments::Bytes(bytes) => bytes.usage().to_owned(),
        }
    }

    fn input(
        &self,
        command: &mut clap::Command,
        matches: &ArgMatches,
        call: &Call,
    ) -> Result<Input, clap::Error> {
        match self {
            Arguments::Values(flags) => {
                if call.input.is_some() {
                    return Err(misplaced(
                        command,
                        "--input <FILE>",
                        "the command takes values: '--args @FILE' reads them as JSON",
                    ));
                }
                let arguments = flags.arguments(command, matches, call.args.clone())?;
                Ok(Input::Value(arguments))
            }
            Arguments::Bytes(raw) => {
                if call.args.is_some() {
                    return Err(misplaced(
                        command,
                        "--args <JSON>",
                        "the command takes plain bytes: '--input FILE' reads them",
                    ));
                }
                let input = raw.input(command, matches, call.input.as_ref())?;
                Ok(Input::Bytes(input.unwrap_or_default()))
            }
            Arguments::Unknown(flags, raw) => {
                match raw.input(command, matches, call.input.as_ref())? {
                    Some(input) => Ok(Input::Bytes(input)),
                    None => flags
                        .arguments(command, matches, call.args.clone())
                        .map(Input::Value),
                }
            }
        }
    }
}

fn fits(
    checked: Result<(), Vec<Problem>>,
    otherwise: &str,
    command: &clap::Command,
) -> Result<(), clap::Error> {
    let problems = checked.err().unwrap_or_default();
    // If the schema itself is invalid, the plugin judges the input.
    let problems: Vec<String> = problems
        .iter()
        .filter(|problem| problem.code != "bad_schema")
        .map(|problem| format!("  {}\n", text::shown(&problem.to_string())))
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{otherwise}:\n{}\nFor more information, try '--help'.\n",
        problems.concat()
    );
    Err(clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command))
}

fn misplaced(command: &mut clap::Command, flag: &str, tip: &str) -> clap::Error {
    let usage = command.render_usage();
    let mut error = clap::Error::new(ErrorKind::UnknownArgument).with_cmd(command);
    error.insert(
        ContextKind::InvalidArg,
        ContextValue::String(flag.to_owned()),
    );
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![tip.to_owned().into()]),
    );
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    error
}

/// Returns true if a command's name can be typed in a command line and shown safely.
fn typeable(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && name.len() <= 200 && text::shown(name) == name
}

/// Returns `Greeter 0.1.0: Greets people, and counts them.`
fn about(manifest: &Manifest) -> String {
    let mut about = text::line(&manifest.name, 80);
    if !manifest.version.is_empty() {
        about.push_str(&format!(" {}", text::line(&manifest.version, 40)));
    }
    let description = text::first_line(&manifest.description);
    match (about.is_empty(), description.is_empty()) {
        (false, false) => format!("{about}: {description}"),
        (false, true) => about,
        (true, _) => description,
    }
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
    if let Some(result) = &info.result {
        help.push_str(&format!(
            "{HEADING}Result:{HEADING:#} {}\n",
            schemas.outlined(result.as_value())
        ));
        let parts = schemas.parts(result.as_value()).into_iter();
        let rows = parts.map(|part| [part.path, part.ty, part.description]);
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
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .min(40)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut lines = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("  {cell:width$}"));
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

/// A call, and the time that each of its parts took.
#[derive(Default)]
struct Timed {
    load: Duration,
    prepare: Duration,
    call: Duration,
    plugin: Option<Plugin>,
}

impl Timed {
    fn call(
        &mut self,
        builder: plugin_sdk_harness::PluginBuilder,
        host: Host,
        name: &str,
        input: &Input,
        info: Option<&CommandInfo>,
    ) -> Result<Vec<u8>, Failure> {
        let began = Instant::now();
        let mut plugin = target_host::build(builder, host)?;
        target_host::start(&mut plugin)?;
        self.prepare = began.elapsed();
        let bytes = match input {
            Input::Value(None) => Vec::new(),
            // Input parsed from JSON also has a JSON form.
            Input::Value(Some(value)) => value.to_string().into_bytes(),
            Input::Bytes(bytes) => bytes.clone(),
        };
        let changed = info.is_some_and(|info| info.in_place && info.output.is_none());
        let plugin = self.plugin.insert(plugin);
        let began = Instant::now();
        let answered = plugin.call_raw(name, &bytes).map(<[u8]>::to_vec);
        self.call = began.elapsed();
        let mut answer = answered?;
        if changed {
            answer = plugin.arguments().to_vec();
        }
        // End the plugin's life as any host would.
        target_host::end(plugin)?;
        Ok(answer)
    }

    fn stats(&self, name: &str) -> Option<Stats> {
        let calls = self.plugin.as_ref()?.statistics().command(name);
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
        Some(Stats {
            load_ms: milliseconds(self.load),
            prepare_ms: milliseconds(self.prepare),
            call_ms: milliseconds(self.call),
            fuel: calls.and_then(|calls| calls.fuel),
            memory_pages: calls.map_or(0, |calls| calls.peak_pages),
            host_calls: calls.map_or(0, |calls| calls.host_calls),
            result_bytes: calls.map_or(0, |calls| calls.bytes_out),
        })
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

fn tell(stats: Option<Stats>) {
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
    for (what, much) in rows {
        anstream::eprintln!("{HEADING:#}{what:>12}  {much}");
    }
}

/// The answer of a command.
enum Answer {
    Json(Vec<u8>),
    Bytes {
        bytes: Vec<u8>,
        element: Option<Element>,
    },
}

impl Answer {
    fn new(bytes: Vec<u8>, info: Option<&CommandInfo>) -> Self {
        let is_json = match info.map(|info| info.codec) {
            Some(Codec::Json) => true,
            Some(_) => false,
            None => serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok(),
        };
        if is_json {
            return Answer::Json(bytes);
        }
        let named = info.and_then(|info| {
            let changed = info.input.as_ref().filter(|_| info.in_place);
            info.output.as_ref().or(changed)
        });
        Answer::Bytes {
            bytes,
            element: named.and_then(|name| Element::named(name)),
        }
    }

    /// Returns the bytes to print: readable for people, and unchanged for programs.
    fn printed(self, raw_string: bool, is_terminal: bool) -> Result<Vec<u8>> {
        let mut printed = match self {
            Answer::Json(text) => match string_in(&text).filter(|_| raw_string) {
                Some(string) if is_terminal => text::shown(&string).into_bytes(),
                Some(string) => string.into_bytes(),
                None if is_terminal => pretty(&text)?,
                None => text,
            },
            Answer::Bytes { bytes, .. } if !is_terminal => return Ok(bytes),
            Answer::Bytes { bytes, element } => {
                let numbers = element.filter(|element| *element != Element::U8);
                match (
                    numbers.and_then(|element| element.decode(&bytes)),
                    String::from_utf8(bytes),
                ) {
                    (Some(numbers), _) => Value::Array(numbers).to_string().into_bytes(),
                    (None, Ok(text)) => text::shown(&text).into_bytes(),
                    (None, Err(error)) => {
                        let count = error.as_bytes().len();
                        return Err(Error::new(format!("the result is {count} bytes that are no text"))
                            .help("`--output FILE`, before the command, writes them into a file; a pipe takes them, too"));
                    }
                }
            }
        };
        if !printed.is_empty() && !printed.ends_with(b"\n") {
            printed.push(b'\n');
        }
        Ok(printed)
    }

    fn into_value(self) -> Result<Value> {
        match self {
            Answer::Json(text) => parse(&text),
            Answer::Bytes { bytes, element } => {
                if let Some(numbers) = element.and_then(|element| element.decode(&bytes)) {
                    return Ok(Value::Array(numbers));
                }
                Ok(match String::from_utf8(bytes) {
                    Ok(text) => Value::String(text),
                    Err(error) => {
                        Value::Array(error.as_bytes().iter().map(|byte| (*byte).into()).collect())
                    }
                })
            }
        }
    }
}

fn parse(text: &[u8]) -> Result<Value> {
    match text {
        // Empty output means no value.
        [] => Ok(Value::Null),
        text => serde_json::from_slice(text)
            .map_err(|error| Error::new("the plugin's result is not JSON").because(error)),
    }
}

/// Returns the string in a JSON text, if it is a string.
fn string_in(text: &[u8]) -> Option<String> {
    serde_json::from_slice(text).ok()
}

/// Formats JSON for people, with everything escaped that a terminal would interpret.
fn pretty(text: &[u8]) -> Result<Vec<u8>> {
    Ok(text::safe_json(&format!("{:#}", parse(text)?)).into_bytes())
}

/// The outcome in JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Result {
        result: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        stats: Option<Stats>,
    },
    Written {
        output: Output,
        #[serde(skip_serializing_if = "Option::is_none")]
        stats: Option<Stats>,
    },
    Failed {
        error: &'a Failure,
        #[serde(skip_serializing_if = "Option::is_none")]
        stats: Option<Stats>,
    },
}

#[derive(Serialize)]
struct Output {
    file: String,
    bytes: u64,
}
