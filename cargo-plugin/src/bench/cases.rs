//! The cases to measure: calls from a file, or from the plugin's own description.

use std::collections::BTreeMap;
use std::path::Path;

use plugin_sdk_harness::Module;
use plugin_sdk_harness::manifest::{Codec, CommandInfo};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::flags::{Element, contents};
use crate::host_options::Loaded;
use crate::quantities::{self, MAX_PAGES, PAGE};
use crate::schema::{Kind, Schemas};
use crate::{text, toml::to_json};

/// The name of the file of cases.
pub const FILE: &str = "plugin-bench.toml";

/// The number of elements in the input of a raw command if no input is specified.
const ELEMENTS: usize = 1024;

/// The input of a raw command that takes text if no input is specified.
const TEXT: &str = "The quick brown fox jumps over the lazy dog.\n";

/// A call to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The name in tables and in the lock file: by default the command's name.
    pub name: String,
    pub command: String,
    /// The encoded arguments.
    pub input: Vec<u8>,
    /// Commands with their arguments, called first in the same instance.
    pub before: Vec<(String, Vec<u8>)>,
    pub config: Option<Value>,
}

/// All cases to measure.
#[derive(Debug, Default)]
pub struct Cases {
    pub cases: Vec<Case>,
    /// The commands that are not measured, by name, with the reason.
    pub skipped: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    config: Option<toml::Value>,
    #[serde(default, rename = "case")]
    cases: Vec<Call>,
}

/// A command and one form of its input, with further members for a case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: Option<String>,
    config: Option<toml::Value>,
    #[serde(default)]
    before: Vec<Call>,
    command: String,
    args: Option<toml::Value>,
    input: Option<String>,
    text: Option<String>,
    numbers: Option<Vec<toml::Value>>,
    bytes: Option<u64>,
}

impl Cases {
    /// Reads the cases from a file.
    pub fn read(path: &Path, loaded: &Loaded) -> Result<Self> {
        let wrong = || Error::new(format!("cannot use the cases of `{}`", text::path(path)));
        let contents = std::fs::read_to_string(path).map_err(|error| wrong().because(error))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let listing: Listing =
            toml::from_str(&contents).map_err(|error| wrong().because(text::block(&error)))?;
        let config = listing.config.map(to_json);
        let mut cases: Vec<Case> = Vec::new();
        for call in listing.cases {
            let name = call.name.as_ref().unwrap_or(&call.command).clone();
            let in_case = |reason: String| {
                let (name, reason) = (text::line(&name, 100), text::line(&reason, 1000));
                wrong().because(format!("case `{name}`: {reason}"))
            };
            if cases.iter().any(|case| case.name == name) {
                return Err(in_case("there are two of this name".to_owned())
                    .help("`name = \"…\"` gives one of them another"));
            }
            let before = call.before.iter().map(|before| {
                if before.name.is_some() || before.config.is_some() || !before.before.is_empty() {
                    let what = "a call in `before` has only a command and its input";
                    return Err(what.to_owned());
                }
                Ok((before.command.clone(), before.input(loaded, folder)?))
            });
            cases.push(Case {
                before: before.collect::<Result<_, _>>().map_err(in_case)?,
                input: call.input(loaded, folder).map_err(in_case)?,
                name,
                command: call.command,
                config: call.config.map(to_json).or_else(|| config.clone()),
            });
        }
        if cases.is_empty() {
            return Err(wrong()
                .because("it has none")
                .help("a case is `[[case]]`, `command = \"…\"` and `args = { … }`"));
        }
        Ok(Cases {
            cases,
            skipped: BTreeMap::new(),
        })
    }

    /// Returns the cases that the plugin's description allows: each command's examples, else the
    /// simplest possible arguments.
    pub fn described(module: &Module) -> Self {
        let mut found = Cases::default();
        for command in module.commands() {
            let info = module
                .manifest()
                .and_then(|manifest| manifest.command(command));
            match inputs(module, info) {
                Ok(inputs) => found
                    .cases
                    .extend((1..).zip(inputs).map(|(nth, input)| Case {
                        name: match nth {
                            1 => command.to_owned(),
                            nth => format!("{command} {nth}"),
                        },
                        command: command.to_owned(),
                        input,
                        before: Vec::new(),
                        config: None,
                    })),
                Err(reason) => {
                    found.skipped.insert(command.to_owned(), reason);
                }
            }
        }
        found
    }
}

impl Call {
    fn input(&self, loaded: &Loaded, folder: &Path) -> Result<Vec<u8>, String> {
        let module = &loaded.module;
        if !module.commands().any(|command| command == self.command) {
            let all: Vec<String> = module.commands().map(str::to_owned).collect();
            return Err(format!(
                "the plugin has no command `{}`: it has {}",
                text::line(&self.command, 100),
                text::listed(&all)
            ));
        }
        let Call {
            args,
            input,
            text: words,
            numbers,
            bytes,
            ..
        } = self;
        match (args, input, words, numbers, bytes) {
            (None, None, None, None, None) => Ok(Vec::new()),
            (Some(args), None, None, None, None) => {
                Ok(to_json(args.clone()).to_string().into_bytes())
            }
            (None, Some(path), None, None, None) => {
                contents(&folder.join(path).display().to_string()).map(|contents| contents.0)
            }
            (None, None, Some(words), None, None) => Ok(words.clone().into_bytes()),
            (None, None, None, None, Some(bytes)) => zeros(*bytes, loaded),
            (None, None, None, Some(numbers), None) => {
                let element = module
                    .manifest()
                    .and_then(|manifest| manifest.command(&self.command)?.input.as_deref())
                    .and_then(Element::named)
                    .filter(|element| *element != Element::Text)
                    .ok_or("the plugin does not describe it as taking numbers")?;
                let numbers = numbers.iter().cloned().map(to_json);
                let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
                element.encode(numbers.iter().map(String::as_str))
            }
            _ => Err(
                "it has more than one of `args`, `input`, `text`, `numbers` and `bytes`".to_owned(),
            ),
        }
    }
}

/// Returns this many bytes, unless they exceed the plugin's memory.
fn zeros(bytes: u64, loaded: &Loaded) -> Result<Vec<u8>, String> {
    let manifest = loaded.module.manifest();
    let asked = manifest.and_then(|manifest| manifest.limits.memory_pages);
    let pages = asked.unwrap_or(0).max(loaded.host.memory_pages);
    let memory = u64::from(pages).min(MAX_PAGES) * PAGE;
    match usize::try_from(bytes) {
        Ok(count) if bytes <= memory => Ok(vec![0; count]),
        _ => Err(format!(
            "`bytes = {bytes}` exceeds the plugin's memory of {}",
            quantities::bytes(memory)
        )),
    }
}

/// Returns possible inputs of a command, or the reason why none is known.
fn inputs(module: &Module, info: Option<&CommandInfo>) -> Result<Vec<Vec<u8>>, String> {
    let (Some(manifest), Some(info)) = (module.manifest(), info) else {
        return Err("the plugin does not describe it".to_owned());
    };
    match info.codec {
        Codec::Binary => Err(
            "its arguments use the binary codec: give their bytes with `input` in a case"
                .to_owned(),
        ),
        Codec::Raw => Ok(vec![match info.input.as_deref().map(Element::named) {
            None => Vec::new(),
            Some(Some(Element::Text)) => TEXT.repeat(ELEMENTS / TEXT.len()).into_bytes(),
            Some(Some(number)) => number.encode(std::iter::repeat_n("0", ELEMENTS))?,
            Some(None) => return Err("it takes bytes of an unknown kind".to_owned()),
        }]),
        _ => {
            let Some(arguments) = info.arguments.as_ref().map(|schema| schema.as_value()) else {
                return Ok(vec![Vec::new()]);
            };
            let schemas = Schemas::new(&manifest.defs);
            let shape = schemas.shape(arguments);
            let examples: Vec<Value> = match shape.examples {
                [] => schemas.example(arguments).into_iter().collect(),
                examples => examples.to_vec(),
            };
            if examples.is_empty() {
                return Err(match shape.kind {
                    Kind::Object(_) => "one of its arguments has no example".to_owned(),
                    _ => "its arguments have no example".to_owned(),
                });
            }
            let inputs = examples
                .iter()
                .map(|example| example.to_string().into_bytes());
            Ok(inputs.collect())
        }
    }
}
