//! A command's arguments as flags: generated from the schema of the arguments, and converted to the
//! JSON that the command takes.
//!
//! | schema | flag |
//! |---|---|
//! | string | `--name Ada` |
//! | integer, number | `--times 2`, validated against its bounds |
//! | boolean | `--loud`, `--loud=false` |
//! | fixed set of values | `--level high` |
//! | array | `--tag a --tag b`; commas may separate values other than text: `--sizes 1,2,3` |
//! | map | `--header key=value`, once for each |
//! | object | `--limits.most 3` for each member, or the whole as JSON: `--limits '{"most":3}'` |
//! | anything else | JSON: `--shape '{"circle":{"radius":2}}'`, `--shape @shape.json` |
//!
//! Flags are merged into the object from `--args`, if given. An argument whose name cannot be a
//! flag, or is an option of this tool, is `--args.NAME`.

mod bytes;
mod help;
mod parse;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};

pub use self::bytes::{Bytes, Element};
pub use self::parse::{Contents, contents, document};

use self::parse::Parse;
use crate::schema::{Kind, Schemas, Shape};

/// The flag for all arguments at once.
pub const ARGS: &str = "args";

/// The greatest depth of objects whose members get flags.
const MAX_DEPTH: usize = 4;

/// The greatest number of flags of a command; `--args` sets anything beyond.
const MAX_FLAGS: usize = 200;

/// The flags of one command.
pub struct Flags<'a> {
    schemas: Schemas<'a>,
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

/// The flag of one argument, or of a part of one.
struct Flag<'a> {
    /// The name without leading hyphens; unique, so it serves as the id in clap.
    long: String,
    /// The name as the author wrote it, unless another flag has it.
    alias: Option<String>,
    /// The names of the members on the path to the value.
    path: Vec<&'a str>,
    schema: &'a Value,
    shape: Shape<'a>,
    /// True if the enclosing object requires the member.
    required: bool,
    form: Form,
    placeholder: String,
}

/// The form in which a flag's value is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// A single value.
    One,
    /// A switch with an optional value.
    Switch,
    /// One use per item.
    Items,
    /// One use per entry.
    Entries,
    /// JSON.
    Json,
}

impl<'a> Flags<'a> {
    /// Creates the flags for arguments, from their schema if there is one.
    pub fn new(schemas: Schemas<'a>, arguments: Option<&'a Value>) -> Self {
        let mut flags = Flags {
            schemas,
            flags: Vec::new(),
            whole: Whole::Unknown,
        };
        let Some(arguments) = arguments else {
            return flags;
        };
        let shape = schemas.shape(arguments);
        flags.whole = match shape.kind {
            Kind::Object(_) | Kind::Map(_) => Whole::Object,
            Kind::Any | Kind::Null | Kind::Several(_) => Whole::Unknown,
            _ => Whole::Other,
        };
        flags.add_members(&shape, &mut Vec::new(), &mut Vec::new());
        flags.drop_clashing_aliases();
        flags
    }

    /// Adds the flags to a command.
    pub fn add_to(&self, mut command: Command) -> Command {
        for flag in &self.flags {
            command = command.arg(flag.arg(&self.schemas));
        }
        let help = match self.flags.is_empty() {
            true => "The arguments as JSON, as `@FILE`, or as `-` for standard input",
            false => {
                "All arguments as a JSON object, as `@FILE`, or as `-` for standard input; flags come before its members"
            }
        };
        command.arg(
            Arg::new(ARGS)
                .long(ARGS)
                .value_name("JSON")
                .allow_hyphen_values(true)
                .value_parser(document)
                .help(help),
        )
    }

    /// Returns a command line with all required flags, without the command's name.
    pub fn usage(&self) -> String {
        let mut usage = String::new();
        for flag in self
            .flags
            .iter()
            .filter(|flag| flag.path.len() == 1 && flag.required)
        {
            usage.push(' ');
            usage.push_str(&flag.written());
        }
        if self.whole == Whole::Other {
            usage.push_str(" --args <JSON>");
        }
        usage.push_str(" [OPTIONS]");
        usage
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
        let given = matches.get_one::<Value>(ARGS).cloned().or(given);
        let flags = self
            .flags
            .iter()
            .filter(|flag| matches.contains_id(&flag.long));
        let flags: Vec<&Flag<'_>> = flags.collect();
        let arguments = match (given, self.whole) {
            (Some(Value::Object(members)), _) => Some(members),
            (None, Whole::Object) => Some(Map::new()),
            (None, Whole::Unknown) => None,
            (None, Whole::Other) => {
                return Err(missing(command, vec![format!("--{ARGS} <JSON>")]));
            }
            // A value that is not an object: pass it on for the plugin to judge, unless there are
            // flags.
            (Some(other), _) if flags.is_empty() => return Ok(Some(other)),
            (Some(_), _) => Some(Map::new()),
        };
        let Some(mut members) = arguments else {
            return Ok(None);
        };
        for flag in flags {
            flag.put_into(&mut members, matches);
        }
        match self.missing(&members) {
            lacking if lacking.is_empty() => Ok(Some(Value::Object(members))),
            lacking => Err(missing(command, lacking)),
        }
    }

    fn add_members(&mut self, shape: &Shape<'a>, path: &mut Vec<&'a str>, seen: &mut Vec<&'a str>) {
        let Kind::Object(object) = &shape.kind else {
            return;
        };
        for member in &object.members {
            if self.flags.len() >= MAX_FLAGS {
                return;
            }
            path.push(member.name);
            let shape = self.schemas.shape(member.schema);
            let has_sibling = |name: &str| object.members.iter().any(|member| member.name == name);
            if let Some(long) = self.free_name(path, has_sibling) {
                let form = Form::of(&shape);
                self.flags.push(Flag {
                    alias: Some(path.join(".")).filter(|plain| *plain != long && writable(plain)),
                    long,
                    path: path.clone(),
                    schema: member.schema,
                    shape: shape.clone(),
                    required: member.required,
                    placeholder: placeholder(&self.schemas, &shape, form, member.name),
                    form,
                });
                let name = shape.name;
                let again = name.is_some_and(|name| seen.contains(&name));
                if path.len() < MAX_DEPTH && !again {
                    let outer = seen.len();
                    seen.extend(name);
                    self.add_members(&shape, path, seen);
                    seen.truncate(outer);
                }
            }
            path.pop();
        }
    }

    /// Returns an unused flag name for a member; `None` if no name can be typed.
    fn free_name(&self, path: &[&str], has_sibling: impl Fn(&str) -> bool) -> Option<String> {
        let plain = path.join(".");
        let name = path.last()?.replace('_', "-");
        // A name belongs to the member that has exactly this name.
        let usual = (path.last() == Some(&name.as_str()) || !has_sibling(&name))
            .then(|| plain.replace('_', "-"));
        let reserved = |name: &String| {
            [ARGS, "help"].contains(&name.as_str()) || name.starts_with(&format!("{ARGS}."))
        };
        let free =
            |name: &String| writable(name) && !self.flags.iter().any(|flag| flag.long == *name);
        usual
            .into_iter()
            .chain([plain.clone()])
            .filter(|name| !reserved(name))
            .chain([format!("{ARGS}.{plain}")])
            .find(free)
    }

    fn drop_clashing_aliases(&mut self) {
        let mut taken: Vec<String> = self.flags.iter().map(|flag| flag.long.clone()).collect();
        taken.extend([ARGS.to_owned(), "help".to_owned()]);
        for flag in &mut self.flags {
            flag.alias = flag.alias.take().filter(|alias| !taken.contains(alias));
            taken.extend(flag.alias.clone());
        }
    }

    /// Returns the flags for required members that are missing.
    fn missing(&self, arguments: &Map<String, Value>) -> Vec<String> {
        let mut lacking: Vec<&Flag<'_>> = Vec::new();
        for flag in self.flags.iter().filter(|flag| flag.required) {
            let is_missing = match holder(arguments, &flag.path) {
                Some((members, name)) => !members.contains_key(name),
                // The object is absent. The members that it requires are missing only if it is
                // required itself.
                None => lacking
                    .iter()
                    .any(|outer| flag.path.starts_with(&outer.path)),
            };
            if is_missing {
                lacking.push(flag);
            }
        }
        // The parts say more than the whole.
        let has_no_parts = |flag: &&&Flag<'_>| {
            !lacking
                .iter()
                .any(|part| part.path.len() > flag.path.len() && part.path.starts_with(&flag.path))
        };
        let lacking = lacking.iter().filter(has_no_parts);
        lacking.map(|flag| flag.written()).collect()
    }
}

impl Form {
    fn of(shape: &Shape<'_>) -> Self {
        let is_scalar = |value: &Value| !value.is_object() && !value.is_array();
        match &shape.kind {
            Kind::Boolean if !shape.nullable => Form::Switch,
            Kind::Boolean | Kind::Integer(_) | Kind::Number(_) | Kind::Text(_) => Form::One,
            Kind::Choice(values) if values.iter().all(|choice| is_scalar(choice.value)) => {
                Form::One
            }
            Kind::List(_) => Form::Items,
            Kind::Map(_) => Form::Entries,
            _ => Form::Json,
        }
    }
}

impl<'a> Flag<'a> {
    fn arg(&self, schemas: &Schemas<'a>) -> Arg {
        let arg = Arg::new(self.long.clone())
            .long(self.long.clone())
            .value_name(self.placeholder.clone())
            .help(help::short(self, schemas));
        let arg = match help::long(self, schemas) {
            long if long.is_empty() => arg,
            long => arg.long_help(long),
        };
        let arg = match &self.alias {
            Some(alias) => arg.alias(alias.clone()),
            None => arg,
        };
        match (self.form, &self.shape.kind) {
            (Form::Switch, _) => Parse::of(&self.shape).parser(
                arg.num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("true"),
            ),
            (Form::Items, Kind::List(list)) => {
                let item = schemas.shape(list.items);
                let arg = arg.action(ArgAction::Append);
                let arg = match item.has_no_commas() {
                    true => arg.value_delimiter(','),
                    false => arg,
                };
                Parse::of(&item).parser(arg)
            }
            (Form::Entries, Kind::Map(values)) => {
                let value = Parse::of(&schemas.shape(values));
                arg.action(ArgAction::Append)
                    .value_parser(move |text: &str| value.entry(text))
            }
            _ => Parse::of(&self.shape).parser(arg),
        }
    }

    /// Returns the flag as written in a command line.
    fn written(&self) -> String {
        let Flag {
            long, placeholder, ..
        } = self;
        match self.form {
            Form::Switch => format!("--{long}[=<{placeholder}>]"),
            _ => format!("--{long} <{placeholder}>"),
        }
    }

    /// Sets the arguments that the command line gives.
    fn put_into(&self, arguments: &mut Map<String, Value>, matches: &ArgMatches) {
        let mut values = matches.get_many::<Value>(&self.long).unwrap_or_default();
        put(arguments, &self.path, |place| match self.form {
            Form::One | Form::Switch | Form::Json => {
                if let Some(value) = values.next_back() {
                    *place = value.clone();
                }
            }
            Form::Items => *place = Value::Array(values.cloned().collect()),
            Form::Entries => {
                let mut map = place.as_object().cloned().unwrap_or_default();
                for entry in values.filter_map(Value::as_object) {
                    map.extend(entry.clone());
                }
                *place = Value::Object(map);
            }
        });
    }
}

fn placeholder(schemas: &Schemas<'_>, shape: &Shape<'_>, form: Form, name: &str) -> String {
    let item = match shape.kind {
        Kind::List(list) => schemas.shape(list.items),
        _ => shape.clone(),
    };
    let word = match (form, &item.kind) {
        (Form::Entries, _) => "KEY=VALUE",
        (Form::Switch, _) | (_, Kind::Boolean) => "true|false",
        (_, Kind::Integer(_)) => "INTEGER",
        (_, Kind::Number(_)) => "NUMBER",
        (_, Kind::Text(_)) => "TEXT",
        (_, Kind::Choice(_)) if Form::of(&item) == Form::One => {
            return crate::text::line(name, 40)
                .to_uppercase()
                .replace(['-', ' '], "_");
        }
        _ => "JSON",
    };
    word.to_owned()
}

/// Returns true if a name can be typed after two hyphens.
fn writable(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"='\"`\\".contains(&byte);
    !name.is_empty() && name.len() <= 80 && !name.starts_with('-') && name.bytes().all(allowed)
}

/// Returns the object that contains a member, and the member's name.
fn holder<'v, 'n>(
    mut members: &'v Map<String, Value>,
    path: &[&'n str],
) -> Option<(&'v Map<String, Value>, &'n str)> {
    let (name, parents) = path.split_last()?;
    for parent in parents {
        members = members.get(*parent)?.as_object()?;
    }
    Some((members, name))
}

/// Changes a member, after creating it and its enclosing objects if they are missing.
fn put(members: &mut Map<String, Value>, path: &[&str], change: impl FnOnce(&mut Value)) {
    match path {
        [] => {}
        [name] => change(members.entry(*name).or_insert(Value::Null)),
        [parent, rest @ ..] => match members.get_mut(*parent) {
            Some(Value::Object(inner)) => put(inner, rest, change),
            // A flag for a part overrides the value given for the whole.
            _ => {
                let mut inner = Map::new();
                put(&mut inner, rest, change);
                members.insert((*parent).to_owned(), Value::Object(inner));
            }
        },
    }
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
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
