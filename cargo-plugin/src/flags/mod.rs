//! A command's arguments as flags: generated from the schema of the arguments, and converted to the
//! JSON that the command takes.
//!
//! | schema | flag |
//! |---|---|
//! | string | `--name Ada` |
//! | integer, number | `--times 2`, validated against its bounds |
//! | boolean | `--loud`, `--loud=false` |
//! | fixed set of values | `--level high` |
//! | array of these | `--tag a --tag b`; commas may separate numbers and booleans: `--sizes 1,2,3` |
//! | anything else | JSON: `--shape '{"circle":{"radius":2}}'`, `--shape @shape.json` |
//!
//! Flags are merged into the object from `--args`, if given. An argument whose name cannot be typed
//! as a flag, or is `args` or `help`, has none: `--args` sets it.

mod bytes;
mod parse;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};

pub use self::bytes::{Bytes, Element};
pub use self::parse::{Contents, contents, document};

use crate::schema::{Kind, Member, Schemas, Shape};
use crate::text;

/// The flag for all arguments at once.
pub const ARGS: &str = "args";

/// The greatest number of flags of a command; `--args` sets anything beyond.
const MAX_FLAGS: usize = 200;

/// The flags of one command.
pub struct Flags<'a> {
    flags: Vec<Flag<'a>>,
    /// The arguments if the command line has none.
    default: Option<Value>,
    /// True if the arguments are required, and only `--args` can give them.
    only_args: bool,
}

/// The flag of one argument.
struct Flag<'a> {
    /// The argument's name.
    name: &'a str,
    required: bool,
    /// The flag as clap knows it; its id is its name.
    arg: Arg,
}

impl<'a> Flags<'a> {
    /// Creates the flags for arguments, from their schema if there is one.
    pub fn new(schemas: Schemas<'a>, arguments: Option<&'a Value>) -> Self {
        let mut flags = Flags {
            flags: Vec::new(),
            default: None,
            only_args: false,
        };
        let Some(arguments) = arguments else {
            return flags;
        };
        let shape = schemas.shape(arguments);
        match &shape.kind {
            Kind::Object(_) | Kind::Map(_) => flags.default = Some(Value::Object(Map::new())),
            Kind::Any | Kind::Null | Kind::Several(_) => {}
            _ => flags.only_args = true,
        }
        if let Kind::Object(object) = &shape.kind {
            let members = object.members();
            for member in &members {
                flags.add(schemas, member, &members);
            }
        }
        flags
    }

    fn add(&mut self, schemas: Schemas<'a>, member: &Member<'a>, all: &[Member<'a>]) {
        // A name belongs to the argument that has exactly this name.
        let is_free = |name: &str| {
            !all.iter().any(|other| other.name == name)
                && !self.flags.iter().any(|flag| flag.id() == name)
        };
        if self.flags.len() >= MAX_FLAGS {
            return;
        }
        let usual = member.name.replace('_', "-");
        let long = match typeable(&usual) && is_free(&usual) {
            true => usual,
            false => member.name.to_owned(),
        };
        if !typeable(&long) {
            return;
        }
        self.flags.push(Flag {
            name: member.name,
            required: member.required,
            arg: arg(schemas, member, long),
        });
    }

    /// Adds the flags to a command.
    pub fn add_to(&self, command: Command) -> Command {
        let help = match self.flags.is_empty() {
            true => "The arguments as JSON, as `@FILE`, or as `-` for standard input",
            false => {
                "All arguments as a JSON object, as `@FILE`, or as `-` for standard input; flags override its members"
            }
        };
        let args = Arg::new(ARGS)
            .long(ARGS)
            .value_name("JSON")
            .allow_hyphen_values(true)
            .value_parser(document)
            .help(help);
        command
            .args(self.flags.iter().map(|flag| &flag.arg))
            .arg(args)
    }

    /// Returns a command line with all required flags, without the command's name.
    pub fn usage(&self) -> String {
        let required = self.flags.iter().filter(|flag| flag.required);
        let mut usage: String = required.map(|flag| format!(" {}", flag.arg)).collect();
        if self.only_args {
            usage.push_str(" --args <JSON>");
        }
        usage + " [OPTIONS]"
    }

    /// Returns the arguments from a command line, merged into those `given` before the command;
    /// `None` without any.
    ///
    /// # Errors
    ///
    /// Returns clap's error if a required argument is missing.
    pub fn arguments(
        &self,
        command: &mut Command,
        matches: &ArgMatches,
        given: Option<Value>,
    ) -> Result<Option<Value>, clap::Error> {
        let given = matches.get_one::<Value>(ARGS).cloned().or(given);
        let Some(mut arguments) = given.or_else(|| self.default.clone()) else {
            return match self.only_args {
                true => Err(missing_flags(command, vec![format!("--{ARGS} <JSON>")])),
                false => Ok(None),
            };
        };
        // A value that is not an object is passed on for the plugin to judge, unless there are
        // flags.
        let used = |flag: &&Flag<'_>| matches.contains_id(flag.id());
        let used: Vec<&Flag<'_>> = self.flags.iter().filter(used).collect();
        if !arguments.is_object() && !used.is_empty() {
            arguments = Value::Object(Map::new());
        }
        if let Value::Object(members) = &mut arguments {
            for flag in used {
                let mut values = matches.get_many::<Value>(flag.id()).unwrap_or_default();
                let value = match flag.arg.get_action() {
                    ArgAction::Append => Some(values.cloned().collect()),
                    _ => values.next_back().cloned(),
                };
                members.extend(value.map(|value| (flag.name.to_owned(), value)));
            }
            let is_missing = |flag: &&Flag<'_>| flag.required && !members.contains_key(flag.name);
            let missing = self.flags.iter().filter(is_missing);
            let missing: Vec<String> = missing.map(|flag| flag.arg.to_string()).collect();
            if !missing.is_empty() {
                return Err(missing_flags(command, missing));
            }
        }
        Ok(Some(arguments))
    }
}

impl Flag<'_> {
    fn id(&self) -> &str {
        self.arg.get_id().as_str()
    }
}

fn arg<'a>(schemas: Schemas<'a>, member: &Member<'a>, long: String) -> Arg {
    let shape = schemas.shape(member.schema);
    let item = match shape.kind {
        Kind::List(list) => Some(schemas.shape(list.items)).filter(is_scalar),
        _ => None,
    };
    let value = item.as_ref().unwrap_or(&shape);
    let is_switch = item.is_none() && matches!(shape.kind, Kind::Boolean) && !shape.nullable;
    let has_no_commas = matches!(
        value.kind,
        Kind::Integer(_) | Kind::Number(_) | Kind::Boolean
    );
    // In brackets, like clap's own.
    let mut notes = Vec::new();
    let json = |value| text::json(value).trim_matches('"').to_owned();
    notes.extend(
        shape
            .default
            .map(|value| format!("[default: {}]", json(value))),
    );
    match &item {
        Some(_) if has_no_commas => notes.push("[several: with commas, or a flag each]".to_owned()),
        Some(_) => notes.push("[several: a flag each]".to_owned()),
        None if is_scalar(&shape) => {}
        None => notes.push(format!(
            "[JSON or @FILE: {}]",
            schemas.expanded(member.schema)
        )),
    }
    let constraints = item.iter().chain([&shape]).flat_map(Shape::constraints);
    notes.extend(constraints.map(|constraint| format!("[{constraint}]")));
    let example = shape.examples.first();
    notes.extend(example.map(|value| format!("[example: {}]", json(value))));

    let description = shape.description.unwrap_or_default().trim();
    let short = [text::first_line(description), notes.join(" ")];
    let full = [
        text::shown(description),
        schemas.parts(member.schema),
        notes.join("\n"),
    ];
    let mut arg = Arg::new(long.clone())
        .value_name(placeholder(value, member.name))
        // clap needs the number to display the flag.
        .num_args(1)
        .allow_negative_numbers(true)
        .value_parser(parse::parser(value))
        .help(joined(&short, " "))
        .long_help(joined(&full, "\n\n"));
    if item.is_some() {
        arg = arg.action(ArgAction::Append);
        if has_no_commas {
            arg = arg.value_delimiter(',');
        }
    }
    if is_switch {
        arg = arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true");
    }
    if member.name != long {
        arg = arg.alias(member.name.to_owned());
    }
    arg.long(long)
}

/// Joins the parts that are not empty.
fn joined(parts: &[String], between: &str) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.cloned().collect::<Vec<_>>().join(between)
}

fn placeholder(shape: &Shape<'_>, name: &str) -> String {
    let word = match &shape.kind {
        Kind::Boolean => "true|false",
        Kind::Integer(_) => "INTEGER",
        Kind::Number(_) => "NUMBER",
        Kind::Text(_) => "TEXT",
        _ if is_scalar(shape) => &name.to_uppercase().replace('-', "_"),
        _ => "JSON",
    };
    word.to_owned()
}

/// Returns true if each value can be written as a word.
fn is_scalar(shape: &Shape<'_>) -> bool {
    match &shape.kind {
        Kind::Boolean | Kind::Integer(_) | Kind::Number(_) | Kind::Text(_) => true,
        Kind::Choice(choices) => parse::names(choices).is_some(),
        _ => false,
    }
}

/// Returns true if a flag can have the name, and can be typed.
fn typeable(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"='\"`\\".contains(&byte);
    let is_reserved = ["", ARGS, "help"].contains(&name);
    !is_reserved && name.len() <= 80 && !name.starts_with('-') && name.bytes().all(allowed)
}

/// Returns clap's error for missing required flags.
fn missing_flags(command: &mut Command, flags: Vec<String>) -> clap::Error {
    let kind = ErrorKind::MissingRequiredArgument;
    usage_error(command, kind, ContextValue::Strings(flags))
}

/// Returns clap's error for wrong or missing flags, with the usage.
pub fn usage_error(command: &mut Command, kind: ErrorKind, flags: ContextValue) -> clap::Error {
    let usage = ContextValue::StyledStr(command.render_usage());
    let mut error = clap::Error::new(kind).with_cmd(command);
    error.insert(ContextKind::InvalidArg, flags);
    error.insert(ContextKind::Usage, usage);
    error
}

#[cfg(test)]
mod tests;
