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
    whole: Whole,
}

/// The form of a command's arguments as one value.
#[derive(Clone, Copy, PartialEq)]
enum Whole {
    /// An object.
    Object,
    /// A value that can only be written as JSON.
    Other,
    /// Arguments without a description.
    Unknown,
}

/// The flag of one argument.
struct Flag<'a> {
    /// The argument.
    member: Member<'a>,
    /// The flag's name without leading hyphens; unique, so it serves as the id in clap.
    long: String,
    /// The argument's schema.
    shape: Shape<'a>,
    /// The schema of one item, if the flag may be given several times.
    item: Option<Shape<'a>>,
    /// The type, if it is not scalar and the value is JSON.
    json: Option<String>,
    /// The alternatives of such a value.
    alternatives: Vec<String>,
}

impl<'a> Flags<'a> {
    /// Creates the flags for arguments, from their schema if there is one.
    pub fn new(schemas: Schemas<'a>, arguments: Option<&'a Value>) -> Self {
        let mut flags = Flags {
            flags: Vec::new(),
            whole: Whole::Unknown,
        };
        let Some(arguments) = arguments else {
            return flags;
        };
        match schemas.shape(arguments).kind {
            Kind::Object(object) => {
                flags.whole = Whole::Object;
                for member in &object.members {
                    flags.add(schemas, member, &object.members);
                }
            }
            Kind::Map(_) => flags.whole = Whole::Object,
            Kind::Any | Kind::Null | Kind::Several(_) => {}
            _ => flags.whole = Whole::Other,
        }
        flags
    }

    fn add(&mut self, schemas: Schemas<'a>, member: &Member<'a>, all: &[Member<'a>]) {
        // A name belongs to the argument that has exactly this name.
        let is_free = |name: &str| {
            !all.iter().any(|other| other.name == name)
                && !self.flags.iter().any(|flag| flag.long == name)
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
        let shape = schemas.shape(member.schema);
        let item = match shape.kind {
            Kind::List(list) => Some(schemas.shape(list.items)).filter(is_scalar),
            _ => None,
        };
        let is_json = item.is_none() && !is_scalar(&shape);
        self.flags.push(Flag {
            member: *member,
            long,
            json: is_json.then(|| schemas.expanded(member.schema)),
            alternatives: schemas.alternatives(member.schema),
            shape,
            item,
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
        command.args(self.flags.iter().map(Flag::arg)).arg(args)
    }

    /// Returns a command line with all required flags, without the command's name.
    pub fn usage(&self) -> String {
        let required = self.flags.iter().filter(|flag| flag.member.required);
        let mut usage: String = required
            .map(|flag| format!(" {}", flag.written()))
            .collect();
        if self.whole == Whole::Other {
            usage.push_str(" --args <JSON>");
        }
        usage + " [OPTIONS]"
    }

    /// Returns the arguments from a command line, merged into those `given` before the command;
    /// `None` if there are none.
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
        let mut arguments = match (
            matches.get_one::<Value>(ARGS).cloned().or(given),
            self.whole,
        ) {
            (Some(given), _) => given,
            (None, Whole::Object) => Value::Object(Map::new()),
            (None, Whole::Unknown) => return Ok(None),
            (None, Whole::Other) => return Err(missing(command, vec![format!("--{ARGS} <JSON>")])),
        };
        // A value that is not an object is passed on for the plugin to judge, unless there are
        // flags.
        let is_used = |flag: &&Flag<'_>| matches.contains_id(&flag.long);
        if !arguments.is_object() && self.flags.iter().any(|flag| is_used(&flag)) {
            arguments = Value::Object(Map::new());
        }
        if let Value::Object(members) = &mut arguments {
            for flag in self.flags.iter().filter(is_used) {
                let mut values = matches.get_many::<Value>(&flag.long).unwrap_or_default();
                let value = match flag.item {
                    Some(_) => Some(values.cloned().collect()),
                    None => values.next_back().cloned(),
                };
                members.extend(value.map(|value| (flag.member.name.to_owned(), value)));
            }
            let is_missing =
                |flag: &&Flag<'_>| flag.member.required && !members.contains_key(flag.member.name);
            let lacking = self.flags.iter().filter(is_missing);
            let lacking: Vec<String> = lacking.map(Flag::written).collect();
            if !lacking.is_empty() {
                return Err(missing(command, lacking));
            }
        }
        Ok(Some(arguments))
    }
}

impl Flag<'_> {
    /// The schema of one value that the flag takes.
    fn value(&self) -> &Shape<'_> {
        self.item.as_ref().unwrap_or(&self.shape)
    }

    /// Returns true if the flag needs no value.
    fn is_switch(&self) -> bool {
        matches!(self.shape.kind, Kind::Boolean) && !self.shape.nullable
    }

    fn separates_with_commas(&self) -> bool {
        let is_plain = |item: &Shape<'_>| {
            matches!(
                item.kind,
                Kind::Integer(_) | Kind::Number(_) | Kind::Boolean
            )
        };
        self.item.as_ref().is_some_and(is_plain)
    }

    fn arg(&self) -> Arg {
        let arg = Arg::new(self.long.clone())
            .long(self.long.clone())
            .value_name(self.placeholder())
            .allow_negative_numbers(true)
            .value_parser(parse::parser(self.value()))
            .help(self.help());
        let arg = match self.long_help() {
            long if long.is_empty() => arg,
            long => arg.long_help(long),
        };
        let arg = match self.member.name {
            name if name == self.long => arg,
            name => arg.alias(name.to_owned()),
        };
        let arg = match self.separates_with_commas() {
            true => arg.value_delimiter(','),
            false => arg,
        };
        match (&self.item, self.is_switch()) {
            (Some(_), _) => arg.action(ArgAction::Append),
            (None, true) => arg
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true"),
            (None, false) => arg,
        }
    }

    fn placeholder(&self) -> String {
        let word = match &self.value().kind {
            _ if self.json.is_some() => "JSON",
            Kind::Boolean => "true|false",
            Kind::Integer(_) => "INTEGER",
            Kind::Number(_) => "NUMBER",
            Kind::Text(_) => "TEXT",
            _ => {
                let name = text::line(self.member.name, 40).to_uppercase();
                return name.replace(['-', ' '], "_");
            }
        };
        word.to_owned()
    }

    /// Returns the flag as written in a command line.
    fn written(&self) -> String {
        let (long, placeholder) = (&self.long, self.placeholder());
        match self.is_switch() {
            true => format!("--{long}[=<{placeholder}>]"),
            false => format!("--{long} <{placeholder}>"),
        }
    }

    /// Returns the help in one line.
    fn help(&self) -> String {
        let description = self.shape.description.map(text::first_line);
        let mut parts: Vec<String> = description.into_iter().collect();
        parts.extend(self.particulars());
        parts.join(" ").trim_start().to_owned()
    }

    /// Returns the help in full.
    fn long_help(&self) -> String {
        let description = self.shape.description.unwrap_or_default().trim();
        let alternatives = self.alternatives.iter();
        let alternatives: String = alternatives.map(|one| format!("\n- {one}")).collect();
        let alternatives = match alternatives.as_str() {
            "" => String::new(),
            lines => format!("One of:{lines}"),
        };
        let particulars = self.particulars().join("\n");
        let mut paragraphs = vec![text::shown(description), alternatives, particulars];
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        paragraphs.join("\n\n")
    }

    /// Returns the flag's particulars, in brackets like clap's own.
    fn particulars(&self) -> Vec<String> {
        let value = |value| text::json(value).trim_matches('"').to_owned();
        let default = self
            .shape
            .default
            .map(|it| format!("default: {}", value(it)));
        let several = match (&self.item, self.separates_with_commas()) {
            (Some(_), true) => Some("several: with commas, or a flag each".to_owned()),
            (Some(_), false) => Some("several: a flag each".to_owned()),
            (None, _) => None,
        };
        let json = self.json.as_ref().map(|ty| format!("JSON or @FILE: {ty}"));
        let example = self.shape.examples.first();
        let mut particulars: Vec<String> = [default, several, json].into_iter().flatten().collect();
        particulars.extend(self.item.iter().flat_map(Shape::constraints));
        particulars.extend(self.shape.constraints());
        particulars.extend(example.map(|it| format!("example: {}", value(it))));
        let bracketed = particulars.iter().map(|it| format!("[{it}]"));
        bracketed.collect()
    }
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
pub fn missing(command: &mut Command, flags: Vec<String>) -> clap::Error {
    let usage = command.render_usage();
    let mut error = clap::Error::new(ErrorKind::MissingRequiredArgument).with_cmd(command);
    error.insert(ContextKind::InvalidArg, ContextValue::Strings(flags));
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    error
}

#[cfg(test)]
mod tests;
